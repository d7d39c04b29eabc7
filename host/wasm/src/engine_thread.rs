//! The thread of one engine: takes calls out of its mailbox, keeps an instance warm between them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use vraftls_query::{EngineCall, Fault, Reply};

use crate::Limits;
use crate::analyzer::Component;
use crate::call_queue::Call;
use crate::engine_instance::{EngineInstance, Failed, Instance, Maker};
use crate::engine_keeping::{self, KeepOutcome};
use crate::engines::{EngineId, Engines, Keeping, ProjectKey};
use crate::host_state::Waiter;
use crate::kept::KeptKey;
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
    pub(crate) rest: Resting,
}

/// What decides what becomes of an instance that has nothing to do: first it is told to rest, then it is kept for a later process.
#[derive(Debug, Default)]
pub(crate) struct Resting {
    /// Whether it has rested since the last call.
    rested: bool,
    /// How long it worked since it was started or kept.
    worked: Duration,
    kept: Option<Instant>,
    /// Whether it was tried since the last call.
    tried: bool,
    /// Whether it cannot be.
    impossible: bool,
}

impl Resting {
    fn note_call(&mut self, took: Duration) {
        (self.rested, self.tried) = (false, false);
        self.worked += took;
    }

    fn note_kept(&mut self) {
        (self.worked, self.kept) = (Duration::ZERO, Some(Instant::now()));
    }

    /// `ends` says that its process is about to end: then nobody is to wait long for little.
    fn is_worth_keeping(&self, limits: &Limits, ends: bool) -> bool {
        let again = match self.kept {
            None => self.worked >= limits.keep_after_work,
            Some(_) if ends => self.worked >= limits.keep_after_work * 10,
            Some(kept) => self.worked >= limits.keep_after_work && kept.elapsed() >= limits.keep_again_after,
        };
        !self.impossible && !self.tried && again
    }
}

impl EngineThread {
    /// Serves until the mailbox is closed, or until nothing was asked for long enough.
    pub(crate) fn run(mut self) {
        let limits = self.engines.context.limits.clone();
        loop {
            let (may_rest, may_keep) = (self.may_rest(), self.is_worth_keeping(false));
            let idle_max = match (may_rest, may_keep) {
                (true, _) => limits.rest_after,
                (false, true) => limits.keep_after_rest,
                (false, false) => limits.engine_idle_max,
            };
            match self.mailbox.take(idle_max) {
                Taken::Call(call) => self.serve(call),
                Taken::Idle if may_rest => self.rest(),
                Taken::Idle if may_keep => self.keep(),
                Taken::Idle if self.engines.retire(&self.key, self.id) => break,
                Taken::Idle => {}
                Taken::Closed => break,
            }
        }
        // Nobody asks this process any more, but perhaps the next.
        if self.engines.is_closed() && self.is_worth_keeping(true) {
            if self.may_rest() {
                self.rest();
            }
            self.keep();
        }
        self.drop_instance();
    }

    fn may_rest(&self) -> bool {
        !self.rest.rested && self.instance.as_ref().is_some_and(EngineInstance::can_rest)
    }

    /// Lets the instance do what can wait.
    fn rest(&mut self) {
        self.rest.rested = true;
        self.drop_if_damaged();
        let Some(instance) = &mut self.instance else { return };
        match instance.rest() {
            Ok(()) => self.component.shared.counters.engines_rested.increment(),
            // Nobody waits for it.
            Err(failed) => drop(self.after_failure(failed)),
        }
    }

    fn is_worth_keeping(&self, ends: bool) -> bool {
        let keepable = self.engines.context.keeping.as_ref().map(|keeping| self.component.loaded.keepable(keeping));
        let can = self.instance.is_some() && keepable.flatten().is_some();
        can && self.rest.is_worth_keeping(&self.engines.context.limits, ends)
    }

    /// Keeps the instance for a later process, unless a call comes.
    fn keep(&mut self) {
        // A copy of it would be taken for whole.
        self.drop_if_damaged();
        let (Some(Keeping { kept, .. }), Some(instance)) = (&self.engines.context.keeping, &mut self.instance) else {
            return;
        };
        let started = Instant::now();
        let key = KeptKey::new(&self.component.loaded.digest, &self.key.spec);
        let mailbox = self.mailbox.clone();
        let is_called = move || mailbox.load().n_waiting > 0;
        let outcome = instance.keep(kept, &key, Box::new(is_called));
        self.rest.tried = true;
        let analyzer = &*self.component.shared.analyzer;
        match outcome {
            Ok(KeepOutcome::Kept(bytes)) => {
                self.component.shared.counters.engines_kept.increment();
                self.rest.note_kept();
                tracing::debug!(analyzer, bytes, took = ?started.elapsed(), "an engine is kept");
            }
            Ok(KeepOutcome::Stopped | KeepOutcome::NotNow) => {}
            Ok(KeepOutcome::Impossible(why)) => {
                self.rest.impossible = true;
                tracing::warn!(analyzer, why, "an engine is not kept");
            }
            Err(failed) => drop(self.after_failure(failed)),
        }
    }

    fn serve(&mut self, call: Box<Call<Job>>) {
        let counters = self.component.shared.counters.clone();
        let Job { call: question, waiter, .. } = &call.job;
        let started = Instant::now();
        counters.engine_calls.increment();
        // A bug of the host in one call must not leave the calls behind it waiting for ever.
        let answered = catch_unwind(AssertUnwindSafe(|| self.answer(question, waiter)));
        let answered = answered.unwrap_or_else(|_| {
            Err(Failed { fault: Fault::Internal("the host panicked".to_owned()), instance: Instance::Lost })
        });
        let answered = answered.map_err(|failed| self.after_failure(failed));
        let memory_bytes = self.instance.as_ref().map_or(0, EngineInstance::memory_bytes);
        self.memory_bytes.store(memory_bytes, Ordering::Relaxed);
        counters.engine_time_ns.add_time(started.elapsed());
        self.rest.note_call(started.elapsed());
        if matches!(answered, Err(Fault::Cancelled)) && waiter.makes_way() {
            return self.mailbox.put_back(*call);
        }
        // Before the reply, so that whoever asks again at once finds the engine idle.
        self.mailbox.done();
        // The asker may have gone; then nobody is interested.
        let _ = call.job.reply.send(answered);
        if let (Some(Keeping { kept, .. }), Some(instance)) = (&self.engines.context.keeping, &mut self.instance) {
            instance.check_origin(kept);
        }
    }

    fn answer(&mut self, call: &EngineCall, waiter: &Waiter) -> Result<Reply, Failed> {
        self.drop_if_damaged();
        let mut instance = match self.instance.take() {
            Some(instance) => instance,
            None => self.start(call, waiter)?,
        };
        let reply = instance.ask(call, waiter);
        self.instance = Some(instance);
        reply
    }

    fn start(&mut self, call: &EngineCall, waiter: &Waiter) -> Result<EngineInstance, Failed> {
        // Calls that were queued before the fault must not restart what is in quarantine since.
        self.engines.check_quarantine(&self.key).map_err(|fault| Failed { fault, instance: Instance::Lives })?;
        let component = &self.component;
        let context = &self.engines.context;
        let memory = || MemoryGuard::engine(&component.shared.limits, self.engines.budget());
        let counters = &component.shared.counters;
        counters.engines_started.increment();
        let maker = Maker { context, component, memory: &memory };
        self.rest = Resting::default();
        let started = engine_keeping::take_up(&maker, call, waiter).and_then(|taken_up| {
            let Some(instance) = taken_up else { return EngineInstance::start(&maker, call, waiter) };
            counters.engines_taken_up.increment();
            // It is on the disk as it is.
            self.rest.note_kept();
            Ok(instance)
        });
        started.inspect_err(|_| counters.engines_dropped.increment())
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

    /// Drops an instance that was taken up from a copy which proved to be damaged.
    fn drop_if_damaged(&mut self) {
        if self.instance.as_ref().is_some_and(EngineInstance::is_damaged) {
            self.drop_instance();
        }
    }

    fn drop_instance(&mut self) {
        if self.instance.take().is_some() {
            self.component.shared.counters.engines_dropped.increment();
        }
        self.memory_bytes.store(0, Ordering::Relaxed);
    }
}
