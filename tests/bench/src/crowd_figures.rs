//! What is shown of many editors at once, and what must be reached.

use std::time::Duration;

use crate::crowd::CrowdFigures;
use crate::measures::Verdict;

/// How much longer than the half of the answers to one session alone the slowest hundredth may take in a crowd.
const SLOWER_MAX: f64 = 10.0;
/// What one more idle session may cost.
const IDLE_MIB_MAX: f64 = 5.0;
/// What may be left when a crowd has gone, as a share of what was there before it came; and what one more crowd may add to
/// that. Warm engines and caches keep within their budgets what they were given, whoever asked.
const LEFT_SHARE_MAX: f64 = 1.1;
const LEFT_AGAIN_SHARE_MAX: f64 = 1.02;

/// One figure.
pub(crate) struct CrowdMeasure {
    /// Its name in JSON.
    pub(crate) key: &'static str,
    /// Its name for people, with the unit.
    pub(crate) title: String,
    /// Digits after the point.
    pub(crate) digits: usize,
    pub(crate) figure: f64,
    pub(crate) verdict: Option<Verdict>,
}

/// All figures, in the order in which they are shown.
pub(crate) fn crowd_measures(crowd: &CrowdFigures) -> Vec<CrowdMeasure> {
    let row = |key: &'static str, title: &str, digits: usize, figure: f64| CrowdMeasure {
        key,
        title: title.to_owned(),
        digits,
        figure,
        verdict: None,
    };
    let alone = millis(crowd.alone.percentile(50));
    let crowded = millis(crowd.crowded.percentile(99));
    let memory = &crowd.memory;
    let share = |part: u64, whole: u64| part as f64 / whole.max(1) as f64;
    let title = format!("questions a second, {:.1} s thought", crowd.think.as_secs_f64());
    vec![
        CrowdMeasure {
            title,
            ..row("questions_a_second", "", 1, crowd.crowded.count() as f64 / crowd.took.as_secs_f64())
        },
        row("alone_p50_ms", "definition alone p50 (ms)", 2, alone),
        row("alone_p99_ms", "definition alone p99 (ms)", 1, millis(crowd.alone.percentile(99))),
        row("crowded_p50_ms", "definition in the crowd p50 (ms)", 2, millis(crowd.crowded.percentile(50))),
        row("crowded_p99_ms", "definition in the crowd p99 (ms)", 1, crowded),
        row("slower", "its p99 in times of the p50 alone", 2, crowded / alone).at_most(SLOWER_MAX),
        row("longest_wait_p50_ms", "longest wait of a session, p50 (ms)", 0, millis(crowd.longest.percentile(50))),
        row("longest_wait_ms", "longest wait of all (ms)", 0, millis(crowd.longest.percentile(100))),
        row("answered_min", "answers of the session that had the fewest", 0, crowd.n_answered_min as f64)
            .at_least(crowd.n_asked as f64),
        row("wrong", "wrong answers", 0, crowd.wrong.len() as f64).at_most(0.0),
        row("errors", "errors", 0, crowd.errors.len() as f64).at_most(0.0),
        row("idle_session_mib", "one more idle session (MiB)", 2, crowd.idle_session_bytes() / mib(1))
            .at_most(IDLE_MIB_MAX),
        row("resident_before_mib", "resident before they come (MiB)", 0, memory.before.resident as f64 / mib(1)),
        row("resident_idle_mib", "resident with all idle (MiB)", 0, memory.idle.resident as f64 / mib(1)),
        row("resident_busy_mib", "resident with all answered (MiB)", 0, memory.busy.resident as f64 / mib(1)),
        row("resident_left_mib", "resident when they have left (MiB)", 0, memory.left.resident as f64 / mib(1)),
        row(
            "resident_left_again_mib",
            "resident when a second crowd has left (MiB)",
            0,
            memory.left_again.resident as f64 / mib(1),
        ),
        row("kept_before_mib", "of it kept answers before (MiB)", 1, memory.before.caches as f64 / mib(1)),
        row("kept_left_mib", "of it kept answers when they have left (MiB)", 1, memory.left.caches as f64 / mib(1)),
        row("kept_left_again_mib", "of it kept answers in the end (MiB)", 1, memory.left_again.caches as f64 / mib(1)),
        row("analyzers_before_mib", "of it analyzers before (MiB)", 0, memory.before.analyzers as f64 / mib(1)),
        row(
            "analyzers_left_mib",
            "of it analyzers when they have left (MiB)",
            0,
            memory.left.analyzers as f64 / mib(1),
        ),
        row(
            "analyzers_left_again_mib",
            "of it analyzers in the end (MiB)",
            0,
            memory.left_again.analyzers as f64 / mib(1),
        ),
        row("left_share", "of what was there before, without both", 3, share(memory.left.rest(), memory.before.rest()))
            .at_most(LEFT_SHARE_MAX),
        row(
            "left_again_share",
            "after a second crowd, of after the first",
            3,
            share(memory.left_again.rest(), memory.left.rest()),
        )
        .at_most(LEFT_AGAIN_SHARE_MAX),
    ]
}

impl CrowdMeasure {
    fn at_most(self, bound: f64) -> Self {
        let met = (!self.figure.is_nan()).then_some(self.figure <= bound);
        Self { verdict: Some(Verdict { bar: format!("<= {bound}"), met }), ..self }
    }

    fn at_least(self, bound: f64) -> Self {
        Self { verdict: Some(Verdict { bar: format!(">= {bound}"), met: Some(self.figure >= bound) }), ..self }
    }
}

fn millis(time: Option<Duration>) -> f64 {
    time.map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
}

fn mib(count: u64) -> f64 {
    (count << 20) as f64
}
