//! Where work goes that may wait for a disk: off the async threads.

use tokio::task::JoinHandle;

use crate::simulation;

/// Runs `work` on the pool for blocking work. In a simulation it runs in a task, after a while.
pub(crate) fn spawn<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    if !simulation::is_on() {
        return tokio::task::spawn_blocking(work);
    }
    tokio::spawn(async move {
        simulation::pool_takes().await;
        work()
    })
}
