//! Import statements: in which order they stand, where a new one goes, and which would bring in a name that is missing.
//!
//! Everything here is about the text of one file, but for [`candidates`], which asks the workspace, and [`stdlib`], which
//! reads typeshed. It refuses to know what asks: code actions and completion share it.

pub(crate) mod candidates;
pub(crate) mod insert;
pub(crate) mod order;
pub(crate) mod remove;
pub(crate) mod section;
pub(crate) mod settings;
pub(crate) mod statement;
pub(crate) mod stdlib;
pub(crate) mod text;
pub(crate) mod unused;

pub(crate) use insert::{Insertions, Wanted};
pub(crate) use section::{Section, Sections};
pub(crate) use settings::ImportSettings;
