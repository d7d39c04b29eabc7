//! The data node: it wires the other rooms together, takes files in from the disk, and starts and ends everything in order.
//!
//! [`Node`] is what the command line and the gateway hold. It owns one data directory ([`DataDir`]), one replica of the files, the loaded
//! analyzers and the open folders. This room has no algorithm of consensus, caching or analysis.

pub mod backup;
mod bundled;
pub mod cluster;
mod config;
mod contents;
mod data_dir;
mod fetch;
mod folder;
mod folders;
pub mod libraries;
mod local_tree;
mod local_watch;
mod machine;
mod network;
mod node;
pub mod plugins;
mod references;
mod replica;
mod saves;
mod saving;
pub mod server;
mod sessions;
mod stats;
mod stop;
mod sweep;
mod tree;

pub use bundled::BundledFiles;
pub use config::NodeConfig;
pub use contents::ContentError;
pub use data_dir::{DataDir, DataDirError, Holder, Identity};
pub use folder::{FolderProgress, OpenFolder};
pub use local_tree::{LocalFiles, LocalTree};
pub use local_watch::{LocalWatch, Seen};
pub use node::{Node, OpenError, ShutdownError};
pub use stats::{FolderStats, NodeStats};
pub use sweep::SweepConfig;
pub use vraftls_cache::TierStats;

/// An error and its causes in one line, for a field of a log event.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
