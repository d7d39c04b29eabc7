//! The replicated files: a state machine that is fed log entries and says what became of them.
//!
//! A file is `(workspace, path) -> (version, digest)`. [`State`] holds all of them in persistent maps, so that keeping an old
//! state costs nothing; [`State::apply`] is the only thing that changes it; [`Snapshot`] is what everybody reads.
//!
//! ```text
//!  Command (bytes of a log entry) --decode--> State::apply --> Response  to whoever proposed it
//!                                                |         \-> [Effect]  contents to keep, contents nobody needs any more
//!                                                v
//!                                        State::snapshot --> Snapshot    one workspace at one revision
//! ```
//!
//! Invariants, each held by a test in `tests/`:
//! - `apply` is total and deterministic: the same commands at the same log indexes give the same [`State::digest`] and the same
//!   responses on every replica. It uses no clock, no randomness, no iteration over hash maps, no floating point.
//! - A batch of file operations takes effect as a whole or not at all.
//! - A command that is proposed twice takes effect at most once, and is answered the same both times.
//! - No path is a file and a directory at once; a directory exists because files lie in it.
//! - A state that was encoded and decoded again is the same state and goes on in the same way.
//!
//! This room knows no disk, no network, no async, no consensus library and no analyzer. File contents pass through it
//! ([`Effect::Store`]) and are not kept in it.

mod path;

mod digest;
mod ids;

mod command;
mod response;

mod passed_over;
mod session;
mod state;

mod apply;
mod draft;

mod mirror;
mod snapshot;

mod command_codec;
mod state_codec;

pub use command::{Command, Contents, Expected, FileOperation, Request};
pub use command_codec::{
    BATCH_BYTES_MAX, COMMAND_BYTES_MAX, CommandLimitError, DecodeCommandError, INLINE_BYTES_MAX, split_into_batches,
};
pub use digest::{ContentDigest, ParseDigestError};
pub use ids::{
    ClientId, FileVersion, Revision, Sequence, WORKSPACE_NAME_BYTES_MAX, WorkspaceId, WorkspaceName, WorkspaceNameError,
};
pub use mirror::{Difference, MirroredWorkspace};
pub use path::{PATH_BYTES_MAX, PathError, VfsPath};
pub use response::{Applied, Conflict, Effect, Refusal, Response};
pub use session::{N_SESSIONS_MAX, Recall, SESSION_WINDOW, SessionRecord, SessionTable};
pub use snapshot::{Change, ChangeKind, DirectoryEntry, EntryKind, FileEntry, Snapshot};
pub use state::{N_PASSED_OVER_MAX, N_WORKSPACES_MAX, State};
pub use state_codec::DecodeStateError;
