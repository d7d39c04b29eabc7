//! The suite that every plugin must pass, and what it stands on: components in the real sandbox over files in memory.
//!
//! - [`Component`] is a plugin that is built and loaded, with its own fixtures as the source of samples: the suite knows no
//!   language.
//! - [`Engine`] is one project of it over [`Files`], with the index that its own facts make, as on a node.
//! - [`Process`] is a plugin in a sandbox of its own, that others can go on from.
//! - [`ComponentSubject`] lets the fixtures of plugin authors ask a component what they ask natively.
//!
//! The suite itself is in `tests/`: `fixtures` holds components to the answers that their authors recorded, `contract` to what
//! the contract demands of anybody.
//!
//! What is not here: nodes, sessions, raft and the language server protocol. A plugin is judged alone.

mod component;
mod convert;
mod convert_later;
mod engine;
mod files;
mod lookup;
mod samples;
mod subject;
mod wait;

pub use component::{Component, Process, every_component};
pub use engine::Engine;
pub use files::Files;
pub use samples::Sample;
pub use subject::{ComponentProject, ComponentSubject};
