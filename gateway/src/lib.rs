//! The only room that knows the Language Server Protocol: sessions, overlays, transport, conversion at the edge.
//!
//! What answers is behind [`Backend`]: a node in the same process, or a cluster. This room sees neither consensus nor
//! WebAssembly nor a disk; it keeps nothing that must survive it.

mod backend;

pub use backend::{Backend, BoxFuture, Folder, FolderPhase, FolderState};
