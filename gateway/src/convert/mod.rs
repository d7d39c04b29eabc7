//! The edge: what the protocol says becomes what the host says, and back. Nothing else in this room converts a place.

pub(crate) mod from_lsp;
mod parts;
pub(crate) mod to_lsp;
mod tolerate;
mod uri;

pub(crate) use parts::{Across, Part, PartEdits, Parts};
pub(crate) use tolerate::tolerate;
pub(crate) use uri::{FilePath, UriError, repair_uris};
pub use uri::{path_of_uri, uri_of_path};
