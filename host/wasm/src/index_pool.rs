//! The threads of pure calls.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;

use crate::Limits;
use crate::sandbox::THREAD_STACK_BYTES;

/// What a thread does.
type Job = Box<dyn FnOnce() + Send>;

/// Threads with stacks large enough for guests, and a bounded queue in front of them.
pub(crate) struct IndexPool {
    queue: Mutex<Queue>,
    wake: Condvar,
    room: Semaphore,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    closed: bool,
}

/// The pool was closed.
#[derive(Debug)]
pub(crate) struct Closed;

impl IndexPool {
    /// Starts the threads. They end when the pool is closed.
    pub(crate) fn start(limits: &Limits) -> std::io::Result<Arc<Self>> {
        let pool = Arc::new(Self {
            queue: Mutex::default(),
            wake: Condvar::new(),
            room: Semaphore::new(limits.index_queue_max),
        });
        for n in 0..limits.index_threads.max(1) {
            let pool = pool.clone();
            let thread = std::thread::Builder::new().name(format!("wasm-index-{n}")).stack_size(THREAD_STACK_BYTES);
            thread.spawn(move || pool.work())?;
        }
        Ok(pool)
    }

    /// Queues a job, waiting for room: the ingest of a large workspace is slowed down rather than refused.
    pub(crate) async fn submit(self: &Arc<Self>, job: impl FnOnce() + Send + 'static) -> Result<(), Closed> {
        let room = self.room.acquire().await.map_err(|_| Closed)?;
        // Given back when a thread takes the job up.
        room.forget();
        let pool = self.clone();
        self.push(Box::new(move || {
            pool.room.add_permits(1);
            job();
        }))
    }

    /// Runs a job on one of the threads before all that wait, and waits for it. For few and rare calls.
    pub(crate) fn run<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Result<T, Closed> {
        let (sender, receiver) = std::sync::mpsc::sync_channel(1);
        let job = move || {
            // The receiver waits below.
            let _ = sender.send(job());
        };
        let mut queue = self.lock();
        if queue.closed {
            return Err(Closed);
        }
        queue.jobs.push_front(Box::new(job));
        drop(queue);
        self.wake.notify_one();
        receiver.recv().map_err(|_| Closed)
    }

    /// Ends the threads; what waits is dropped.
    pub(crate) fn close(&self) {
        let mut queue = self.lock();
        queue.closed = true;
        let dropped = std::mem::take(&mut queue.jobs);
        drop(queue);
        drop(dropped);
        self.room.close();
        self.wake.notify_all();
    }

    fn push(&self, job: Job) -> Result<(), Closed> {
        let mut queue = self.lock();
        if queue.closed {
            return Err(Closed);
        }
        queue.jobs.push_back(job);
        drop(queue);
        self.wake.notify_one();
        Ok(())
    }

    fn work(&self) {
        while let Some(job) = self.next() {
            // A bug of the host in one job must not cost the others their thread; its asker sees its reply dropped.
            if catch_unwind(AssertUnwindSafe(job)).is_err() {
                tracing::error!("a job of the index pool panicked");
            }
        }
    }

    fn next(&self) -> Option<Job> {
        let mut queue = self.lock();
        loop {
            if queue.closed {
                return None;
            }
            if let Some(job) = queue.jobs.pop_front() {
                return Some(job);
            }
            queue = self.wake.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
