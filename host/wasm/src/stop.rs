//! Why a guest was stopped, and which fault its caller gets.

use vraftls_query::Fault;
use wasmtime::Trap;

use crate::LimitName;
use crate::counters::CounterCells;
use crate::host_state::{CallScope, HostState};
use crate::people;

/// Why the host stopped a guest: what imports return as an error, and what the clock notes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum Stop {
    /// A limit was reached.
    #[error("limit reached: {0}")]
    Limit(LimitName),
    /// It went on after its deadline.
    #[error("ran on after its deadline")]
    Deadline,
    /// It went on without anybody waiting.
    #[error("ran on after it was cancelled")]
    Cancelled,
}

/// How much of a trap's description is handed on.
const MESSAGE_BYTES_MAX: usize = 2 << 10;

/// The fault for a call that ended in an error of wasmtime. Its store is poisoned and must be dropped.
pub(crate) fn fault(error: &wasmtime::Error, state: &HostState) -> Fault {
    let (scope, counters) = (&state.scope, &*state.shared.counters);
    if error.is::<wasmtime::PoolConcurrencyLimitError>() {
        // The guest did nothing: too many instances with too many memories are alive.
        return Fault::Busy;
    }
    counters.traps.increment();
    if let Some(stop) = error.downcast_ref::<Stop>().copied().or_else(|| interrupted(error, state)) {
        return match stop {
            Stop::Limit(name) => limit(name, counters),
            Stop::Deadline => {
                counters.interrupted.increment();
                counters.limit_hit(LimitName::Time);
                Fault::Deadline(scope.waiter.time_allowed())
            }
            Stop::Cancelled => {
                counters.interrupted.increment();
                Fault::Cancelled
            }
        };
    }
    // A guest whose memory may not grow aborts; what it aborts with says less than the limit.
    if let Some(name) = state.memory.refused {
        return limit(name, counters);
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::StackOverflow) => limit(LimitName::Stack, counters),
        Some(trap) => Fault::Trap(describe(&trap.to_string(), scope)),
        None if error.is::<wasmtime_wasi::I32Exit>() => Fault::Trap(describe("it exited", scope)),
        None => lifting(&error.root_cause().to_string(), counters),
    }
}

/// Why the clock stopped a guest, if this is the trap of a poll. A guest that is stopped may still trap by itself before it polls.
fn interrupted(error: &wasmtime::Error, state: &HostState) -> Option<Stop> {
    let can_be_poll = matches!(error.downcast_ref::<Trap>(), Some(Trap::MemoryOutOfBounds));
    state.interruptible.stopped().filter(|_| can_be_poll)
}

/// The fault for an error that is no trap: the reply could not be read.
fn lifting(message: &str, counters: &CounterCells) -> Fault {
    // wasmtime keeps the type of this error to itself.
    if message.contains("hostcalls") {
        return limit(LimitName::ReplyBytes, counters);
    }
    Fault::BadReply(people::line(message, MESSAGE_BYTES_MAX))
}

pub(crate) fn limit(name: LimitName, counters: &CounterCells) -> Fault {
    counters.limit_hit(name);
    Fault::Limit(name.to_string())
}

/// A trap by itself says little (`unreachable`); what the guest logged last, a panic's message, says why.
fn describe(trap: &str, scope: &CallScope) -> String {
    let message = match &scope.last_complaint {
        Some(complaint) => format!("{trap}: {complaint}"),
        None => trap.to_owned(),
    };
    people::line(&message, MESSAGE_BYTES_MAX)
}
