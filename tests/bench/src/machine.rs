//! What the figures were taken on: figures of a busy machine say little.

use std::fs;
use std::thread;

/// The load average of the last minute, where the system has a `/proc` to tell.
pub(crate) fn load() -> Option<f64> {
    fs::read_to_string("/proc/loadavg").ok()?.split_whitespace().next()?.parse().ok()
}

/// The processors, in a few words.
pub(crate) fn processors() -> String {
    let count = thread::available_parallelism().map_or_else(|_| "?".to_owned(), |count| count.to_string());
    let model = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    });
    format!("{count} x {}", model.as_deref().unwrap_or("an unknown processor"))
}

/// A load for people.
pub(crate) fn shown(load: Option<f64>) -> String {
    load.map_or_else(|| "?".to_owned(), |load| format!("{load:.2}"))
}
