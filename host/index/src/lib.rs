//! What files say by themselves, and how what many files say is put together.
//!
//! [`Facts`] are one file's, made by an analyzer's pure `index` and valid for that content for ever. A [`ShardIndex`]
//! turns the facts of a shard's files around: from a name to the files in which it occurs, from a query to symbols.
//! Answers of several shards, or of base and overlays, are put together by one algebra ([`merge_candidates`],
//! [`merge_references`], [`merge_symbols`]): hide first, limit after.
//!
//! This room parses no source text, knows no language by name, no network and no LSP types.

mod location;

mod diagnostic;
mod facts;
mod facts_codec;

mod candidate;
mod symbol_match;

mod merge;

mod indexed_file;
mod interfaces;
mod name_table;
mod rank;
mod shard_index;

mod description;

pub use candidate::{Candidate, FileReferences, Reference};
pub use description::{Description, Features, Language};
pub use diagnostic::{Diagnostic, Related};
pub use facts::{Facts, ImportRef, Occurrence, Occurrences, Roles, Symbol, SymbolTraits};
pub use facts_codec::{DecodeFactsError, decode_facts, encode_facts};
pub use interfaces::{Interfaces, Shown};
pub use location::Location;
pub use merge::{merge_candidates, merge_references, merge_symbols};
pub use shard_index::ShardIndex;
pub use symbol_match::SymbolMatch;
