//! The clock that interrupts guests: looks at all that run, and rests while none does.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use wasmtime::{Engine, EngineWeak};

use crate::interrupt::Interrupt;
use crate::polling_page;

/// How often guests are looked at: a deadline is kept to this precision.
const TICK: Duration = Duration::from_millis(5);
/// Ticks without any call running after which the clock rests.
const IDLE_TICKS: u32 = 40;

/// Its thread ends when it is dropped, at the next tick or wake-up.
pub(crate) struct Clock {
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    running: Vec<Arc<Interrupt>>,
    rests: bool,
}

impl Clock {
    /// Starts the thread, which also raises the epochs of these engines where guests look at them.
    pub(crate) fn start(engines: &[&Engine]) -> std::io::Result<Arc<Self>> {
        let clock = Arc::new(Self { state: Mutex::default(), wake: Condvar::new() });
        let engines: Vec<EngineWeak> = engines.iter().map(|engine| engine.weak()).collect();
        let weak = Arc::downgrade(&clock);
        std::thread::Builder::new().name("wasm-clock".to_owned()).spawn(move || run(&weak, &engines))?;
        Ok(clock)
    }

    /// Has a guest looked at from now on.
    pub(crate) fn add(&self, interrupt: &Arc<Interrupt>) {
        let mut state = self.lock();
        state.running.push(interrupt.clone());
        if std::mem::take(&mut state.rests) {
            self.wake.notify_one();
        }
    }

    pub(crate) fn remove(&self, interrupt: &Arc<Interrupt>) {
        self.lock().running.retain(|running| !Arc::ptr_eq(running, interrupt));
    }

    /// Rests until a call runs or the clock is dropped.
    fn rest(&self) {
        let mut state = self.lock();
        if !state.running.is_empty() {
            return;
        }
        state.rests = true;
        // A bounded wait, so that the thread notices that its clock is gone.
        let wait = self.wake.wait_timeout_while(state, Duration::from_secs(1), |state| state.rests);
        wait.unwrap_or_else(PoisonError::into_inner).0.rests = false;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn run(clock: &Weak<Clock>, engines: &[EngineWeak]) {
    let mut n_idle = 0;
    loop {
        std::thread::sleep(TICK);
        let Some(clock) = clock.upgrade() else { return };
        // Not under the lock: a guest that begins or ends does not wait for the looking.
        let running = clock.lock().running.clone();
        n_idle = if running.is_empty() { n_idle + 1 } else { 0 };
        let now = Instant::now();
        running.iter().for_each(|interrupt| interrupt.look(now));
        if !polling_page::IS_AVAILABLE {
            engines.iter().filter_map(EngineWeak::upgrade).for_each(|engine| engine.increment_epoch());
        }
        if n_idle >= IDLE_TICKS {
            clock.rest();
        }
    }
}
