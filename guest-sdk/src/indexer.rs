//! Analyzers that only index: the trait, and its place among whole analyzers.

use std::marker::PhantomData;
use std::sync::Arc;

use crate::{Analyzer, Change, Config, Description, Document, Facts, Failure, Project, Workspace};

/// An analyzer without an engine. As a component it imports nothing, so the host may run any number of them side by side.
pub trait Indexer: 'static {
    /// Who it is. None of the engine's `features` may be set.
    fn describe() -> Description;

    /// What a document says by itself; pure and deterministic.
    fn index(document: &Document) -> Result<Facts, Failure>;
}

/// An [`Indexer`] where an [`Analyzer`] is asked for, for example by the fixture harness.
#[derive(Debug)]
pub struct IndexOnly<I>(PhantomData<I>);

/// The project of an [`IndexOnly`]: every question about it is unsupported.
#[derive(Debug)]
pub struct NoProject(());

impl<I: Indexer> Analyzer for IndexOnly<I> {
    type Project = NoProject;

    fn describe() -> Description {
        I::describe()
    }

    fn index(document: &Document) -> Result<Facts, Failure> {
        I::index(document)
    }

    fn open(_config: Config, _workspace: Arc<dyn Workspace>) -> Result<NoProject, Failure> {
        Ok(NoProject(()))
    }
}

impl Project for NoProject {
    fn update(&mut self, _changes: &[Change]) -> Result<(), Failure> {
        Ok(())
    }
}
