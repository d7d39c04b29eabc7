//! What was computed once and need not be again.
//!
//! A [`Key`] is made of digests: of the analyzer, its settings, the contents and whatever else an answer depends on. A
//! new content is a new key, so nothing is ever invalidated and going back to an old content finds what it had. A
//! [`Cache`] looks in memory ([`MemoryTier`]), then in the tiers below ([`Tier`]: this node's disk, [`DiskTier`]; later
//! other nodes), and then has it made, once for all who want it at that moment ([`SingleFlight`]).
//!
//! Invariants:
//! - Errors and answers that were cut off are never kept.
//! - Every tier is bounded in bytes. Losing one loses time and nothing else: a corrupt or unknown entry is a miss.
//! - Looking into memory never blocks. Tiers below may, and are asked on threads that may wait ([`Offload`]), never on
//!   the async runtime.
//!
//! This room knows no revisions, no engine and no network.

mod key;

mod counters;
mod tier;
mod value;

mod disk;
mod memory;

mod offload;
mod single_flight;

mod cache;

pub use cache::{Cache, Made};
pub use counters::{Counters, TierStats};
pub use disk::{DiskTier, DiskTierConfig, OpenDiskTierError};
pub use key::{AnswerKey, FactsKey, Key};
pub use memory::MemoryTier;
pub use offload::{Job, Offload, OffloadError, OffloadPool, Saturated, offload};
pub use single_flight::{FlightError, SingleFlight};
pub use tier::Tier;
pub use value::CacheValue;
