//! The questions that whoever is no node of a cluster asks one, and their answers, as bytes.
//!
//! Each question is a type that implements [`Question`]: its number, its answer, whether it belongs among small or among bulky
//! traffic, and how many bytes either may have. [`encode`] and [`decode`] put a version byte before the postcard format.
//!
//! | question | asks for |
//! |---|---|
//! | [`Analyzers`], [`Workspaces`] | what there is |
//! | [`Ask`], [`AskWithout`] | an answer about source code |
//! | [`FileText`], [`TreePage`], [`Watch`], [`Current`], [`CurrentByLease`] | files, and when they change |
//! | [`Missing`], [`Put`], [`OpenSession`], [`Commit`] | the four steps of a push |
//! | [`SessionEnded`] | nothing: it says that a session is over |
//!
//! What travels is versioned: variants are only ever appended, anything else is a new version, and `tests/golden` holds bytes that
//! must stay readable. Decoding never panics, whatever the bytes are, and holds no more memory than a fixed multiple of them.
//!
//! This module knows no connection, no retries and no routes. Groups, nodes and epochs are plain numbers here.

mod ask;
mod cluster_info;
mod codec;
mod files;
mod push;
mod question;

pub use ask::{Ask, AskAnswer, AskWithout, OverlayRef, Resolution, Unpacked};
pub use cluster_info::{
    ClusterInfo, ClusterInfoError, GroupInfo, N_SLOTS, NodeInfo, NodeKindInfo, SlotsInfo, WorkspaceInfo,
};
pub use codec::{DecodeError, EncodeError, VERSION, decode, encode};
pub use files::{Current, CurrentByLease, FileText, FolderPhase, TreeFile, TreePage, TreePageAnswer, Watch, Watched};
pub use push::{Blob, Commit, CommitError, GroupError, Missing, OpenSession, Put};
pub use question::{
    Analyzers, BULK_BYTES_MAX, FIRST_NODE_METHOD, Question, SMALL_BYTES_MAX, SessionEnded, Workspaces, method,
};
