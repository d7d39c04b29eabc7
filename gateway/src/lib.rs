//! The only room that knows the Language Server Protocol: sessions, overlays, transport, conversion at the edge.
//!
//! What answers is behind [`Backend`]: a node in the same process, or a cluster. This room sees neither consensus nor
//! WebAssembly nor a disk; it keeps nothing that must survive it.
//!
//! ```text
//!  bytes -> transport::frame -> transport::message -> transport::main_loop -> server (LanguageServer) -> handlers/*
//!                                                        |  wire order            |                        |
//!                                                        |                        v                        v
//!  bytes <- transport::writer <- transport::outbox <-----+------------- session::World  <---- Backend::ask + convert/*
//! ```
//!
//! Invariants, each held by a test in `tests/`:
//! - A request has exactly one response, whatever is cancelled, closed or broken meanwhile.
//! - Edits apply in the order in which they came, and a request sees exactly the edits that came before it: both are read by
//!   one task, which replaces an immutable [`session::World`] at each edit and hands the current one to each request.
//! - Reading never waits for an answer, neither the backend's nor the editor's. So a cancel is heard under any load.
//! - Every place in an answer is converted with the line index of the very content that the answer names, or the request fails.
//! - Whatever is sent goes through one queue bounded in bytes; who does not read is disconnected, and nobody else notices.

mod backend;
mod client;
mod convert;
mod diagnostics;
mod error;
mod extensions;
mod handlers;
mod lines;
mod occurrences;
mod options;
mod progress;
mod saving;
mod serve;
mod server;
mod session;
mod status;
mod transport;
mod tunnel;

pub use backend::{Backend, BoxFuture, Folder, FolderPhase, FolderState};
pub use convert::{path_of_uri, uri_of_path};
pub use extensions::{
    CatchUpRequest, ExpandMacroRequest, ExpandedMacro, FilesRequest, JoinLinesParams, JoinLinesRequest, PartialAnswer,
    PartialAnswerParams, StatusRequest,
};
pub use lines::LineIndexCache;
pub use occurrences::{
    DocumentOccurrences, NameNumbers, OccurrencesParams, OccurrencesRequest, TargetDescription, TargetDocument,
    TargetNumbers,
};
pub use options::{ClientFacts, Limits, OnClient, Options, Timing};
pub use serve::{
    Admits, ByteStream, Door, Encrypt, Encrypted, SessionEnd, Speech, TokenCheck, UpgradeError, serve_connection,
    serve_guarded, serve_tcp, serve_websocket, serve_websocket_connection,
};
pub use status::{ClusterStatus, FolderStatus, PhaseStatus, SandboxStatus, Status, TierStatus};
/// The protocol's types, for clients of this gateway: they speak the version that it speaks.
pub use tower_lsp_server::ls_types;
pub use transport::{Frame, FrameError, FrameReader, MessageKind};
pub use tunnel::{TunnelError, tunnel};
