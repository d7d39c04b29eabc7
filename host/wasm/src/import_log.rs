//! The import `log`: a guest's lines on the node's own log, bounded.

use crate::bindings::vraftls::analyzer::log::Level;
use crate::host_state::HostState;
use crate::people;

/// How much of a complaint is kept for the description of a trap.
const COMPLAINT_BYTES_MAX: usize = 1 << 10;

/// Writes one line, or counts it as dropped.
pub(crate) fn write(state: &mut HostState, level: Level, message: &str) {
    let limits = &state.shared.limits;
    if level == Level::Error {
        // Made fit for people only if it is ever shown: a guest may log without end.
        state.scope.last_complaint = Some(people::cut(message, COMPLAINT_BYTES_MAX).to_owned());
    }
    state.scope.log_lines = state.scope.log_lines.saturating_add(1);
    let cut = message.len() > limits.log_line_bytes_max;
    let dropped = state.scope.log_lines > limits.log_lines_max;
    if cut || dropped {
        state.shared.counters.log_lines_dropped.increment();
        state.shared.counters.limit_hit(crate::LimitName::LogLines);
    }
    if dropped {
        return;
    }
    let line = people::line(message, limits.log_line_bytes_max);
    let analyzer = &*state.shared.analyzer;
    match level {
        Level::Error => tracing::warn!(analyzer, guest_level = "error", "{line}"),
        Level::Warn => tracing::warn!(analyzer, "{line}"),
        Level::Info => tracing::info!(analyzer, "{line}"),
        Level::Debug => tracing::debug!(analyzer, "{line}"),
    }
}
