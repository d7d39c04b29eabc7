//! What a store carries: the grants and the bounds of one instance, and the call that it is in.

use std::sync::Arc;
use std::time::{Duration, Instant};

use vraftls_query::{CancelFlag, Fault, View};
use wasmtime::component::ResourceTable;
use wasmtime::{Engine, Store, UpdateDeadline};
use wasmtime_wasi::WasiCtx;

use crate::clock::Clock;
use crate::counters::CounterCells;
use crate::import_keeper::Holding;
use crate::interrupt::Interruptible;
use crate::kept::Sighted;
use crate::memory::MemoryGuard;
use crate::{Limits, import_wasi, polling_page};

/// What the instances of one component share.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    pub(crate) limits: Arc<Limits>,
    pub(crate) counters: Arc<CounterCells>,
    /// The analyzer's identifier, for the log.
    pub(crate) analyzer: Arc<str>,
    /// In what its semantic tokens may speak.
    pub(crate) legend: Legend,
}

/// How many words the tokens of an analyzer are made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Legend {
    pub(crate) n_token_types: u32,
    /// At most 32.
    pub(crate) n_token_modifiers: u32,
}

/// What a store carries.
pub(crate) struct HostState {
    pub(crate) shared: Shared,
    pub(crate) wasi: WasiCtx,
    pub(crate) table: ResourceTable,
    pub(crate) memory: MemoryGuard,
    /// What becomes of memory that the guest shows.
    pub(crate) holding: Holding,
    /// What the guest saw of the library roots, where it may be kept.
    pub(crate) sighted: Option<Sighted>,
    pub(crate) scope: CallScope,
    pub(crate) interruptible: Interruptible,
}

/// One call: what it sees, who waits for it, and how much it used up.
pub(crate) struct CallScope {
    /// What `workspace` shows; a pure call sees nothing.
    pub(crate) view: Option<View>,
    pub(crate) waiter: Waiter,
    /// Whether the guest is at what was asked, and loses nothing if it stops for something more urgent.
    pub(crate) may_make_way: bool,
    pub(crate) host_calls: u64,
    pub(crate) read_bytes: u64,
    pub(crate) log_lines: u32,
    /// What the guest logged last as an error.
    pub(crate) last_complaint: Option<String>,
}

/// Who waits for a call, and until when.
#[derive(Clone, Debug)]
pub(crate) struct Waiter {
    /// Set by the asker.
    pub(crate) cancel: CancelFlag,
    /// Set when the future that waits is dropped.
    pub(crate) gone: CancelFlag,
    /// Set when something more urgent waits for the same engine.
    pub(crate) make_way: CancelFlag,
    pub(crate) asked: Instant,
    pub(crate) deadline: Instant,
    /// How long the call may go on after the deadline or a cancel before it is trapped.
    pub(crate) grace: Duration,
}

impl Waiter {
    /// Somebody who waits for so long, and cannot be told to go but by the end of it.
    pub(crate) fn for_time(time: Duration) -> Self {
        let asked = Instant::now();
        let nobody = CancelFlag::default;
        let grace = Duration::ZERO;
        Self { cancel: nobody(), gone: nobody(), make_way: nobody(), asked, deadline: asked + time, grace }
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled() || self.gone.is_cancelled()
    }

    /// Why the call should not go on, if so: nobody waits, or not any longer.
    pub(crate) fn given_up(&self) -> Option<Fault> {
        if self.is_cancelled() {
            return Some(Fault::Cancelled);
        }
        (Instant::now() >= self.deadline).then(|| Fault::Deadline(self.time_allowed()))
    }

    /// Whether the call should stop only for another, to be run again: somebody still waits for it.
    pub(crate) fn makes_way(&self) -> bool {
        self.make_way.is_cancelled() && self.given_up().is_none()
    }

    /// How long the asker said that it would wait.
    pub(crate) fn time_allowed(&self) -> Duration {
        self.deadline.saturating_duration_since(self.asked)
    }
}

impl CallScope {
    pub(crate) fn new(view: Option<View>, waiter: Waiter) -> Self {
        Self { view, waiter, may_make_way: false, host_calls: 0, read_bytes: 0, log_lines: 0, last_complaint: None }
    }

    /// Between calls: sees nothing.
    fn idle() -> Self {
        Self::new(None, Waiter::for_time(Duration::ZERO))
    }

    /// Whether the guest should stop as soon as it can.
    pub(crate) fn should_stop(&self) -> bool {
        self.waiter.given_up().is_some() || self.may_make_way && self.waiter.make_way.is_cancelled()
    }
}

impl HostState {
    /// A store whose bounds are set before anything of the guest runs.
    pub(crate) fn store(
        engine: &Engine,
        clock: &Arc<Clock>,
        shared: &Shared,
        memory: MemoryGuard,
        scope: CallScope,
    ) -> Store<Self> {
        let limits = &shared.limits;
        let mut interruptible = Interruptible::new(clock, limits.memories_max);
        interruptible.watch(&scope.waiter);
        let interrupt = interruptible.interrupt();
        let state = Self {
            shared: shared.clone(),
            wasi: import_wasi::context(),
            table: ResourceTable::new(),
            memory,
            holding: Holding::Nothing,
            sighted: None,
            scope,
            interruptible,
        };
        let mut store = Store::new(engine, state);
        store.limiter(|state| &mut state.memory);
        store.set_hostcall_fuel(limits.reply_bytes_max);
        store.set_max_component_handles(limits.handles_max);
        polling_page::find_by_faults(&mut store, interrupt);
        if !polling_page::IS_AVAILABLE {
            store.set_epoch_deadline(1);
            store.epoch_deadline_callback(|store| match store.data().interruptible.stopped() {
                Some(stop) => Err(stop.into()),
                None => Ok(UpdateDeadline::Continue(1)),
            });
        }
        store
    }

    /// Begins a call.
    pub(crate) fn enter(&mut self, scope: CallScope) {
        self.interruptible.watch(&scope.waiter);
        self.scope = scope;
        self.memory.refused = None;
    }

    /// Ends a call. Nothing of the guest runs until the next.
    pub(crate) fn leave(&mut self) {
        self.scope = CallScope::idle();
        self.interruptible.rest();
    }
}
