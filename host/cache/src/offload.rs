//! Work that may block, and the threads for it.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use tokio::sync::oneshot;

/// Work that may block.
pub type Job = Box<dyn FnOnce() + Send>;

/// Too much work waits already.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("too much work waits for a thread")]
pub struct Saturated;

/// Why work that was given away has no result.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum OffloadError {
    /// Too much waits already; nothing was done.
    #[error(transparent)]
    Saturated(#[from] Saturated),
    /// It panicked, or the threads ended before it was its turn.
    #[error("the work ended without a result")]
    Lost,
}

/// The port to threads that may wait for a disk.
pub trait Offload: Send + Sync {
    /// Has a job done on another thread, some time. Never blocks.
    fn submit(&self, job: Job) -> Result<(), Saturated>;
}

/// Has `work` done on a thread that may block, and waits for its result. Dropping the future does not stop work that
/// has begun.
pub async fn offload<T: Send + 'static>(
    threads: &dyn Offload,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, OffloadError> {
    let (reply, result) = oneshot::channel();
    let job = move || {
        if !reply.is_closed() {
            // Whoever asked may have gone away while it was done: then nobody wants it.
            let _ = reply.send(work());
        }
    };
    threads.submit(Box::new(job))?;
    result.await.map_err(|_| OffloadError::Lost)
}

/// A fixed number of threads with one bounded queue.
pub struct OffloadPool {
    shared: Arc<Shared>,
    n_waiting_max: usize,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    is_closed: bool,
}

impl OffloadPool {
    /// Starts `n_threads` threads, for which at most `n_waiting_max` jobs wait.
    pub fn new(n_threads: usize, n_waiting_max: usize) -> std::io::Result<Self> {
        let pool = Self { shared: Arc::default(), n_waiting_max };
        for n in 0..n_threads {
            let shared = Arc::clone(&pool.shared);
            let thread = std::thread::Builder::new().name(format!("vraftls-io-{n}"));
            thread.spawn(move || shared.work())?;
        }
        Ok(pool)
    }
}

impl Offload for OffloadPool {
    fn submit(&self, job: Job) -> Result<(), Saturated> {
        let mut queue = self.shared.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.jobs.len() >= self.n_waiting_max {
            return Err(Saturated);
        }
        queue.jobs.push_back(job);
        drop(queue);
        self.shared.changed.notify_one();
        Ok(())
    }
}

impl Drop for OffloadPool {
    /// Lets the threads end after what they do now. They are not waited for: the last owner may be one of them.
    fn drop(&mut self) {
        let mut queue = self.shared.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.is_closed = true;
        let left = std::mem::take(&mut queue.jobs);
        drop(queue);
        drop(left);
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn work(&self) {
        while let Some(job) = self.next() {
            // The panic hook has said what happened; whoever waits learns it from the closed channel.
            let _ = catch_unwind(AssertUnwindSafe(job));
        }
    }

    fn next(&self) -> Option<Job> {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = |queue: &mut Queue| queue.jobs.is_empty() && !queue.is_closed;
        let mut queue = self.changed.wait_while(queue, idle).unwrap_or_else(PoisonError::into_inner);
        queue.jobs.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn work_is_done_elsewhere() {
        let pool = OffloadPool::new(1, 8).expect("a thread starts");
        let here = std::thread::current().id();
        assert_eq!(offload(&pool, move || std::thread::current().id() != here).await, Ok(true));
    }

    #[tokio::test]
    async fn a_panic_loses_its_work_and_nothing_else() {
        let pool = OffloadPool::new(1, 8).expect("a thread starts");
        assert_eq!(offload(&pool, || panic!("on purpose")).await, Err::<(), _>(OffloadError::Lost));
        assert_eq!(offload(&pool, || 7).await, Ok(7));
    }

    #[tokio::test]
    async fn only_so_much_work_waits() {
        let pool = OffloadPool::new(1, 1).expect("a thread starts");
        let (started, has_started) = mpsc::channel();
        let (release, released) = mpsc::channel::<()>();
        let block = move || {
            started.send(()).expect("the test listens");
            let _ = released.recv();
        };
        pool.submit(Box::new(block)).expect("an empty queue takes a job");
        has_started.recv().expect("the job runs");
        pool.submit(Box::new(|| ())).expect("one may wait");
        assert_eq!(pool.submit(Box::new(|| ())), Err(Saturated));
        drop(release);
    }

    #[tokio::test]
    async fn what_nobody_waits_for_any_more_is_not_begun() {
        let pool = OffloadPool::new(1, 8).expect("a thread starts");
        let (release, released) = mpsc::channel::<()>();
        let block = move || {
            let _ = released.recv();
        };
        pool.submit(Box::new(block)).expect("an empty queue takes a job");
        let (tell, told) = mpsc::channel();
        let abandoned = offload(&pool, move || tell.send(()));
        assert!(futures_util::FutureExt::now_or_never(abandoned).is_none());
        drop(release);
        assert!(told.recv().is_err(), "the work was begun");
    }
}
