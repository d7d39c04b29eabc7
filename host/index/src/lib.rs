//! What files say by themselves, and how what many files say is put together.
//!
//! [`Facts`] are one file's, made by an analyzer's pure `index` and valid for that content for ever. A [`ShardIndex`] turns the
//! facts of a shard's files around: from a name to the files in which it occurs, from a query to symbols. Answers of several
//! shards, or of base and overlays, are put together by one algebra ([`merge`]): hide first, limit after.
//!
//! This room parses no source text, knows no language by name, no network and no LSP types.

mod description;
mod diagnostic;
mod facts;
mod location;

pub use description::{Description, Features, Language};
pub use diagnostic::{Diagnostic, Related};
pub use facts::{Facts, ImportRef, Occurrence, Occurrences, Roles, Symbol, SymbolTraits};
pub use location::Location;
