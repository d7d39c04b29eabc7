//! `vraftls workspace push`: a folder becomes what a workspace is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

use anyhow::ensure;
use vraftls_client::Cluster;
use vraftls_index::Description;
use vraftls_node::{LocalFiles, LocalTree};
use vraftls_vfs::{ContentDigest, VfsPath};

use super::PushArguments;
use super::base::{self, Base};
use super::changes::{Changes, compare};
use super::libraries;
use super::progress::say;
use super::send;
use super::summary::Summary;
use super::target::{self, Target};
use crate::cluster_arguments::FIRST_PATIENCE;
use crate::exit::Exit;
use crate::folder::canonical;

/// Runs the command.
#[expect(clippy::print_stdout, reason = "the answer of the command")]
pub(super) async fn run(arguments: &PushArguments) -> anyhow::Result<Exit> {
    let (mut pusher, base) = Pusher::start(arguments).await?;
    let mut summary = pusher.push(&base.files).await;
    summary.revisions.raise_all(&base.revisions);
    let libraries = if arguments.libraries { libraries::push(arguments, &pusher).await? } else { None };
    if arguments.json {
        let mut said = summary.json(&pusher.target);
        if let Some((target, summary)) = &libraries {
            said["libraries"] = summary.json(target);
        }
        println!("{said}");
    } else {
        println!("{}", summary.text(&pusher.target));
        libraries.iter().for_each(|(target, summary)| println!("{}", summary.text(target)));
    }
    summary.complain();
    libraries.iter().for_each(|(_, summary)| summary.complain());
    let exits = libraries.iter().map(|(_, summary)| summary.exit());
    Ok(exits.fold(summary.exit(), Exit::max))
}

/// Pushes one folder, once or again and again.
pub(super) struct Pusher {
    pub(super) cluster: Cluster,
    pub(super) target: Target,
    pub(super) root: PathBuf,
    analyzers: Arc<RwLock<Vec<Arc<Description>>>>,
    /// None while it is looked at.
    tree: Option<LocalTree>,
    /// What makes it anew.
    make_tree: Box<dyn Fn() -> LocalTree + Send>,
    pub(super) is_forced: bool,
}

impl Pusher {
    /// Finds the cluster and the workspace, and reads what is there.
    pub(super) async fn start(arguments: &PushArguments) -> anyhow::Result<(Self, Base)> {
        let root = canonical(&arguments.directory)?;
        let cluster = arguments.admin.connect().await?;
        let analyzers = cluster.analyzers(FIRST_PATIENCE).await?;
        ensure!(!analyzers.is_empty(), "the cluster has no analyzer, so nothing would read what is pushed");
        let target = target::find_or_make(&cluster, &arguments.admin, arguments.workspace.as_ref(), &root).await?;
        let base = if target.is_new { Base::default() } else { base::read(&cluster, target.id).await? };
        let (folder, analyzers) = (root.clone(), Arc::new(RwLock::new(analyzers)));
        let make_tree = Box::new(move || LocalTree::new(&folder));
        let (tree, is_forced) = (Some(make_tree()), arguments.force);
        Ok((Self { cluster, target, root, analyzers, tree, make_tree, is_forced }, base))
    }

    /// What pushes another tree of the same folder into another workspace.
    pub(super) fn beside(&self, target: Target, make_tree: impl Fn() -> LocalTree + Send + 'static) -> Self {
        Self {
            cluster: self.cluster.clone(),
            target,
            root: self.root.clone(),
            analyzers: Arc::clone(&self.analyzers),
            tree: Some(make_tree()),
            make_tree: Box::new(make_tree),
            is_forced: self.is_forced,
        }
    }

    /// Whether some analyzer of the cluster reads files of this path, of those that are known when that is asked.
    pub(super) fn wants(&self) -> Arc<dyn Fn(&str) -> bool + Send + Sync> {
        let analyzers = Arc::clone(&self.analyzers);
        Arc::new(move |path| {
            let analyzers = analyzers.read().unwrap_or_else(PoisonError::into_inner);
            analyzers.iter().any(|analyzer| analyzer.reads(path))
        })
    }

    /// Asks what the cluster has by now, and who analyzes there.
    pub(super) async fn ask(&self) -> anyhow::Result<Base> {
        let analyzers = self.cluster.analyzers(FIRST_PATIENCE).await?;
        *self.analyzers.write().unwrap_or_else(PoisonError::into_inner) = analyzers;
        base::read(&self.cluster, self.target.id).await
    }

    /// Brings the workspace in step with the whole folder, against a base.
    pub(super) async fn push(&mut self, base: &BTreeMap<VfsPath, ContentDigest>) -> Summary {
        let started = Instant::now();
        let (found, changes) = self.look(base.clone()).await;
        let mut summary = self.send(changes).await;
        summary.take_in(found);
        summary.took = started.elapsed();
        summary
    }

    /// Looks at the folder, and says what has to be done.
    pub(super) async fn look(&mut self, base: BTreeMap<VfsPath, ContentDigest>) -> (LocalFiles, Changes) {
        let (mut tree, wants) = (self.take_tree(), self.wants());
        let looked = tokio::task::spawn_blocking(move || {
            let found = tree.look(&*wants, &|| false);
            let changes = compare(&found.digests, &base, |path| match tree.digest(path) {
                Ok(None) => true,
                // The rules leave it out. But it may lie where nothing could be listed, or be of an analyzer that was taken away.
                Ok(Some(_)) => !found.is_partial && wants(path.as_str()),
                // What cannot be read is not gone.
                Err(_) => false,
            });
            (tree, found, changes)
        });
        let (tree, found, changes) = looked.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
        self.tree = Some(tree);
        (found, changes)
    }

    /// What these files have now; none if one of them is no file any more or cannot be read.
    pub(super) async fn digests(&mut self, paths: BTreeSet<VfsPath>) -> Option<Vec<(VfsPath, ContentDigest)>> {
        let mut tree = self.take_tree();
        let looked = tokio::task::spawn_blocking(move || {
            let digests = paths.into_iter().map(|path| Some((tree.digest(&path).ok()??, path)));
            let digests: Option<Vec<_>> = digests.map(|found| found.map(|(digest, path)| (path, digest))).collect();
            (tree, digests)
        });
        let (tree, digests) = looked.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
        self.tree = Some(tree);
        digests
    }

    /// Sends changes.
    pub(super) async fn send(&mut self, changes: Changes) -> Summary {
        if changes.is_empty() {
            return Summary::default();
        }
        tracing::info!(n = changes.len(), "files differ");
        let tree = Arc::new(self.take_tree());
        let common = send::common(&self.cluster, Arc::clone(&tree), self.target.id, self.is_forced, changes.len());
        let summary = send::send(&common, changes).await;
        common.progress.finish();
        drop(common);
        // All who shared it are done.
        self.tree = Arc::into_inner(tree);
        summary
    }

    fn take_tree(&mut self) -> LocalTree {
        self.tree.take().unwrap_or_else(|| {
            say("the folder is read again");
            (self.make_tree)()
        })
    }
}
