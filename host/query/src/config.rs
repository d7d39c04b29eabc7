//! The bounds of answering.

use std::time::Duration;

/// The bounds of answering.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct QueryConfig {
    /// How much memory decoded facts may take.
    pub facts_memory_bytes: u64,
    /// How much memory answers may take.
    pub answers_memory_bytes: u64,
    /// How much memory the files that analyzers carry themselves may take.
    pub bundled_memory_bytes: u64,
    /// How many files of a workspace are indexed at once.
    pub n_index_parallel: usize,
    /// How many files an engine confirms in one call. Small enough that a cancel is seen soon and two instances share
    /// the work.
    pub confirm_files_per_call: usize,
    /// How many such calls of one question run at once.
    pub n_confirm_parallel: usize,
    /// How often a request is begun at most: anew when it turns out to need the index, or when files that it would edit
    /// changed.
    pub n_attempts: usize,
    /// When somebody who is told that too much is under way should ask again.
    pub busy_retry_after: Duration,
}

impl Default for QueryConfig {
    fn default() -> Self {
        Self {
            facts_memory_bytes: 32 << 20,
            answers_memory_bytes: 16 << 20,
            bundled_memory_bytes: 4 << 20,
            n_index_parallel: 4,
            confirm_files_per_call: 16,
            n_confirm_parallel: 2,
            n_attempts: 4,
            busy_retry_after: Duration::from_millis(250),
        }
    }
}
