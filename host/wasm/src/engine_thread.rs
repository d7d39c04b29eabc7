//! The thread of one engine: takes calls out of its mailbox, keeps an instance warm between them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use vraftls_query::{EngineCall, Fault, Reply};

use crate::analyzer::Component;
use crate::call_queue::Call;
use crate::engine_instance::{EngineInstance, Failed, Instance};
use crate::engines::{EngineId, Engines, ProjectKey};
use crate::host_state::Waiter;
use crate::mailbox::{Job, Mailbox, Taken};
use crate::memory::MemoryGuard;

/// What the thread of an engine owns.
pub(crate) struct EngineThread {
    pub(crate) id: EngineId,
    pub(crate) key: ProjectKey,
    pub(crate) component: Arc<Component>,
    pub(crate) mailbox: Arc<Mailbox>,
    /// Linear memory of the instance in bytes, for whoever looks for engines to evict.
    pub(crate) memory_bytes: Arc<AtomicUsize>,
    pub(crate) engines: Arc<Engines>,
    pub(crate) instance: Option<EngineInstance>,
}

impl EngineThread {
    /// Serves until the mailbox is closed, or until nothing was asked for long enough.
    pub(crate) fn run(mut self) {
        let idle_max = self.engines.context.limits.engine_idle_max;
        loop {
            match self.mailbox.take(idle_max) {
                Taken::Call(call) => self.serve(call),
                Taken::Idle if self.engines.retire(&self.key, self.id) => break,
                Taken::Idle => {}
                Taken::Closed => break,
            }
        }
        self.drop_instance();
    }

    fn serve(&mut self, call: Box<Call<Job>>) {
        let counters = self.component.shared.counters.clone();
        let Job { call: question, waiter, .. } = &call.job;
        let started = Instant::now();
        counters.engine_calls.increment();
        let engines = self.engines.clone();
        let answered = {
            let _ticking = engines.context.ticker.run();
            // A bug of the host in one call must not leave the calls behind it waiting for ever.
            catch_unwind(AssertUnwindSafe(|| self.answer(question, waiter)))
        };
        let answered = answered.unwrap_or_else(|_| {
            Err(Failed { fault: Fault::Internal("the host panicked".to_owned()), instance: Instance::Lost })
        });
        let answered = answered.map_err(|failed| self.after_failure(failed));
        let memory_bytes = self.instance.as_ref().map_or(0, EngineInstance::memory_bytes);
        self.memory_bytes.store(memory_bytes, Ordering::Relaxed);
        counters.engine_time_ns.add_time(started.elapsed());
        if matches!(answered, Err(Fault::Cancelled)) && waiter.makes_way() {
            return self.mailbox.put_back(*call);
        }
        // Before the reply, so that whoever asks again at once finds the engine idle.
        self.mailbox.done();
        // The asker may have gone; then nobody is interested.
        let _ = call.job.reply.send(answered);
    }

    fn answer(&mut self, call: &EngineCall, waiter: &Waiter) -> Result<Reply, Failed> {
        let mut instance = match self.instance.take() {
            Some(instance) => instance,
            None => self.start(call, waiter)?,
        };
        let reply = instance.ask(call, waiter);
        self.instance = Some(instance);
        reply
    }

    fn start(&self, call: &EngineCall, waiter: &Waiter) -> Result<EngineInstance, Failed> {
        // Calls that were queued before the fault must not restart what is in quarantine since.
        self.engines.check_quarantine(&self.key).map_err(|fault| Failed { fault, instance: Instance::Lives })?;
        let component = &self.component;
        let context = &self.engines.context;
        let memory = MemoryGuard::engine(&component.shared.limits, self.engines.budget());
        component.shared.counters.engines_started.increment();
        EngineInstance::start(
            &context.engine,
            &component.loaded,
            &component.shared,
            memory,
            component.bundled.clone(),
            call,
            waiter,
        )
        .inspect_err(|_| component.shared.counters.engines_dropped.increment())
    }

    /// Drops an instance that cannot go on, and notes the fault.
    fn after_failure(&mut self, failed: Failed) -> Fault {
        self.component.shared.counters.fault(&failed.fault);
        if failed.instance != Instance::Lives {
            self.drop_instance();
        }
        if failed.instance == Instance::Lost {
            self.engines.note_fault(&self.key);
            tracing::warn!(analyzer = &*self.component.shared.analyzer, fault = %failed.fault, "an engine was lost");
        }
        failed.fault
    }

    fn drop_instance(&mut self) {
        if self.instance.take().is_some() {
            self.component.shared.counters.engines_dropped.increment();
        }
        self.memory_bytes.store(0, Ordering::Relaxed);
    }
}
