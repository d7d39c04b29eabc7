//! Gives memory back to the system after sessions ended. The system's allocator keeps pages that are free but not at its end, and
//! a process that serves many people for weeks would look as if it still had all of them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long ends of sessions are gathered, so that a crowd that leaves is one piece of work.
const GATHER: Duration = Duration::from_secs(2);

static IS_DUE: AtomicBool = AtomicBool::new(false);

/// A session ended: what it had may go back to the system soon. Costs nothing here.
pub(crate) fn session_ended() {
    let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
    if IS_DUE.swap(true, Ordering::AcqRel) {
        return;
    }
    runtime.spawn(async {
        tokio::time::sleep(GATHER).await;
        IS_DUE.store(false, Ordering::Release);
        drop(tokio::task::spawn_blocking(give_back).await);
    });
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "the C library's own call, which takes and gives no pointer")]
fn give_back() {
    // SAFETY: it takes each arena's lock itself, and frees only pages that nobody has.
    unsafe {
        libc::malloc_trim(0);
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn give_back() {}
