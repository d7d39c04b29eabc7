//! The libraries of a folder, and how they come into the workspace beside its own.
//!
//! The list of them goes last: nodes look at none of them before it is there.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context;
use vraftls_node::LocalTree;
use vraftls_node::libraries::{self, Environment, PushedLibraries};

use super::PushArguments;
use super::changes::Changes;
use super::progress::say;
use super::push::Pusher;
use super::summary::Summary;
use super::target::Target;
use super::{base, target};
use crate::embedded::{python_hints, rust_hints};

/// Brings the libraries of the pusher's folder along; what came of it, unless there are none here and none there.
pub(super) async fn push(arguments: &PushArguments, pusher: &Pusher) -> anyhow::Result<Option<(Target, Summary)>> {
    let started = Instant::now();
    let (root, python, rust) = (pusher.root.clone(), python_hints(arguments.python.clone()), rust_hints());
    let found = tokio::task::spawn_blocking(move || libraries::discover(&root, &python, &rust, Vec::new()).own);
    let environment = found.await.context("the libraries could not be looked for")?;
    let name = pusher.target.name.of_libraries()?;
    if environment.mounts.is_empty() {
        say("the folder uses no libraries that are installed here");
        if target::find(&pusher.cluster, &name).await?.is_none() {
            return Ok(None);
        }
    }
    let target = target::find_or_make(&pusher.cluster, &arguments.admin, Some(&name), &pusher.root).await?;
    let there = if target.is_new { base::Base::default() } else { base::read(&pusher.cluster, target.id).await? };
    let mut libraries = pusher.beside(target, tree_of(environment, pusher.root.clone()));
    let (found, mut changes) = libraries.look(there.files).await;
    let list: Changes = changes.extract_if(.., |path, _| path.as_str() == PushedLibraries::FILE).collect();
    let mut summary = libraries.send(changes).await;
    if summary.failed.is_empty() {
        summary.add(libraries.send(list).await);
    }
    summary.take_in(found);
    summary.revisions.raise_all(&there.revisions);
    summary.took = started.elapsed();
    Ok(Some((libraries.target, summary)))
}

fn tree_of(environment: Environment, root: PathBuf) -> impl Fn() -> LocalTree + Send + 'static {
    move || LocalTree::of_libraries(&environment, &root)
}
