//! Tests as data: files, a cursor, questions and the expected answers in one text. Needs the feature `fixture`.
//!
//! ```text
//! //# a name leads to its definition in another file
//! //- a.toy
//! def one
//! //- b.toy
//! use o$0ne
//!
//! //? definition
//! a.toy:1:5 one
//! ```
//!
//! The README of this crate describes the format for authors. A [`Fixture`] is the parsed text, a [`Subject`] is the
//! analyzer that is asked, natively ([`NativeSubject`]) or as a component, and [`check`] runs all fixtures of a folder. With
//! `UPDATE_EXPECT=1` in the environment, [`check`] writes what was answered into the fixtures instead of comparing.
//!
//! While it runs, the harness holds the analyzer to the contract: facts are checked for every offset, two calls of `index`
//! must agree, and after a change of files a warm project must answer as a fresh one does.

mod ask;
mod bulk;
mod contract;
mod diff;
mod names;
mod parse;
mod render;
mod run;
mod subject;
mod workspace;

pub use bulk::check_bulk;
pub use contract::check_facts;
pub use parse::{Case, Compare, Fixture, ParseError, Question, Section, Step};
pub use run::{Mismatch, Report, check, run};
pub use subject::{NativeSubject, Subject};
pub use workspace::FixtureWorkspace;
