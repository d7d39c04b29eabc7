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

/// The processor time of all threads of a process that run, in seconds, where the system has a `/proc` to tell.
pub(crate) fn processor_seconds(process: u32) -> Option<f64> {
    let mut nanoseconds = 0;
    for thread in fs::read_dir(format!("/proc/{process}/task")).ok()? {
        // A thread may end while we look.
        let told = thread.ok().and_then(|thread| fs::read_to_string(thread.path().join("schedstat")).ok());
        nanoseconds += told.and_then(|told| told.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0);
    }
    Some(nanoseconds as f64 / 1e9)
}

/// A load for people.
pub(crate) fn shown(load: Option<f64>) -> String {
    load.map_or_else(|| "?".to_owned(), |load| format!("{load:.2}"))
}
