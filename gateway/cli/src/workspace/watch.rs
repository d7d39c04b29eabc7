//! `vraftls workspace watch`: a push, and another one whenever files change.
//!
//! File events say where to look. From time to time the whole folder is compared with what the cluster has by then. What somebody else
//! changed there is left as it is and told, until the file is changed here again: two who watch do not overwrite each other's work.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;
use vraftls_node::{LocalWatch, Seen};
use vraftls_vfs::{ContentDigest, VfsPath};

use super::PushArguments;
use super::changes::{Change, Changes};
use super::libraries;
use super::progress::say;
use super::push::Pusher;
use super::summary::Summary;
use crate::exit::Exit;
use crate::serving::asked_to_end;

/// How often the whole folder is compared with the whole workspace.
const RECONCILE_INTERVAL: Duration = Duration::from_secs(120);

/// How soon what could not be committed is tried again; twice as long each time, up to the interval above.
const RETRY_INTERVAL_MIN: Duration = Duration::from_secs(5);

/// How often the folder is looked at in a row because directories came up that were not watched.
const N_LOOKS_MAX: usize = 4;

type Files = BTreeMap<VfsPath, ContentDigest>;

/// Runs the command.
pub(super) async fn run(arguments: &PushArguments) -> anyhow::Result<Exit> {
    let (pusher, base) = Pusher::start(arguments).await?;
    // What is installed seldom changes: whoever changes it pushes again.
    if arguments.libraries
        && let Some((target, summary)) = libraries::push(arguments, &pusher).await?
    {
        say(&summary.text(&target));
        summary.complain();
    }
    let events = LocalWatch::new(&pusher.root, pusher.wants());
    let known = Known { base: base.files, ..Known::default() };
    let mut watch = Watch { pusher, events, known, as_json: arguments.json };
    tokio::select! {
        ended = watch.run() => ended,
        () = asked_to_end() => Ok(Exit::Done),
    }
}

/// A folder that is watched.
struct Watch {
    pusher: Pusher,
    events: LocalWatch,
    known: Known,
    as_json: bool,
}

/// What is known of both sides.
#[derive(Debug, Default)]
struct Known {
    /// What the workspace has, as far as was heard.
    base: Files,
    /// What the folder had when it was looked at.
    here: Files,
    /// Files that somebody else changed in the workspace, with what the folder had then: left alone until that is something else.
    left: BTreeMap<VfsPath, Option<ContentDigest>>,
}

impl Known {
    /// Takes in what the workspace has by now. Gives what somebody else changed there that is not here as well.
    fn hear(&mut self, now: Files) -> Vec<VfsPath> {
        let paths: BTreeSet<&VfsPath> = self.base.keys().chain(now.keys()).collect();
        let is_theirs = |path: &&VfsPath| {
            let now = now.get(*path);
            self.base.get(*path) != now && self.here.get(*path) != now
        };
        let theirs: Vec<VfsPath> = paths.into_iter().filter(is_theirs).cloned().collect();
        for path in &theirs {
            self.left.insert(path.clone(), self.here.get(path).copied());
        }
        self.base = now;
        theirs
    }

    /// Takes what was left alone out of what has to be done, unless it is something else here by now.
    fn without_left(&mut self, mut changes: Changes) -> Changes {
        let here = &self.here;
        self.left.retain(|path, was| here.get(path) == was.as_ref());
        changes.retain(|path, _| !self.left.contains_key(path));
        changes
    }

    /// Takes in what a push did.
    fn note(&mut self, summary: &Summary) {
        for (path, now) in &summary.done {
            set(&mut self.base, path, *now);
        }
        for (path, conflict) in &summary.conflicts {
            set(&mut self.base, path, conflict.there);
            self.left.insert(path.clone(), self.here.get(path).copied());
        }
    }
}

fn set(files: &mut Files, path: &VfsPath, now: Option<ContentDigest>) {
    match now {
        Some(digest) => drop(files.insert(path.clone(), digest)),
        None => drop(files.remove(path)),
    }
}

impl Watch {
    async fn run(&mut self) -> anyhow::Result<Exit> {
        let (mut retry, mut is_first) = (RETRY_INTERVAL_MIN, true);
        let (mut seen, mut left_out) = (Seen::Anything, Vec::new());
        let mut due = Instant::now() + RECONCILE_INTERVAL;
        loop {
            let started = Instant::now();
            let mut summary = self.look(&seen).await;
            self.known.note(&summary);
            summary.took = started.elapsed();
            summary.n_files = self.known.here.len() as u64;
            // What is left out is told once.
            let is_news = seen == Seen::Anything && summary.left_out != left_out;
            if is_first || is_news || !summary.is_empty() {
                self.tell(&summary);
            }
            if is_news {
                left_out.clone_from(&summary.left_out);
            }
            let is_whole = summary.failed.is_empty();
            if !is_whole || seen == Seen::Anything {
                due = Instant::now() + if is_whole { RECONCILE_INTERVAL } else { retry };
            }
            retry = if is_whole { RETRY_INTERVAL_MIN } else { (retry * 2).min(RECONCILE_INTERVAL) };
            is_first = false;
            seen = tokio::select! {
                seen = self.events.next() => seen,
                () = tokio::time::sleep_until(due) => {
                    self.hear().await;
                    Seen::Anything
                }
            };
        }
    }

    /// Asks what the workspace has by now.
    async fn hear(&mut self) {
        match self.pusher.ask().await {
            Ok(base) if self.pusher.is_forced => self.known.base = base.files,
            Ok(base) => {
                for path in self.known.hear(base.files) {
                    say(&format!("{path} was changed by somebody else; it is left as it is until it is changed here"));
                }
            }
            Err(error) => say(&format!("error: {error:#}")),
        }
    }

    /// Looks where something may have changed, and pushes it.
    async fn look(&mut self, seen: &Seen) -> Summary {
        if let Seen::Files(paths) = seen
            && let Some(changes) = self.look_at(paths.clone()).await
        {
            let changes = self.known.without_left(changes);
            return self.pusher.send(changes).await;
        }
        let mut summary = Summary::default();
        for _ in 0..N_LOOKS_MAX {
            let (found, changes) = self.pusher.look(self.known.base.clone()).await;
            self.known.here.clone_from(&found.digests);
            // What changes between the look and the watch makes no event.
            let has_new = self.events.watch(found.directories.clone()).await;
            let changes = self.known.without_left(changes);
            let part = self.pusher.send(changes).await;
            self.known.note(&part);
            summary.add(part);
            summary.take_in(found);
            if !has_new {
                break;
            }
        }
        summary
    }

    /// What has to be done with files that are known; none where only a look at everything can tell.
    async fn look_at(&mut self, paths: BTreeSet<VfsPath>) -> Option<Changes> {
        if !paths.iter().all(|path| self.known.here.contains_key(path)) {
            return None;
        }
        let digests = self.pusher.digests(paths).await?;
        let mut changes = Changes::new();
        for (path, digest) in digests {
            let was = self.known.base.get(&path).copied();
            self.known.here.insert(path.clone(), digest);
            if was != Some(digest) {
                changes.insert(path, Change::Write { was });
            }
        }
        Some(changes)
    }

    #[expect(clippy::print_stdout, reason = "the answer of the command")]
    fn tell(&self, summary: &Summary) {
        if self.as_json {
            println!("{}", summary.json(&self.pusher.target));
        } else {
            println!("{}", summary.text(&self.pusher.target));
        }
        summary.complain();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> VfsPath {
        VfsPath::new(text).expect("a path")
    }

    fn digest(text: &str) -> ContentDigest {
        ContentDigest::of(text.as_bytes())
    }

    fn files(list: &[(&str, &str)]) -> Files {
        list.iter().map(|(name, text)| (path(name), digest(text))).collect()
    }

    #[test]
    fn what_somebody_else_changed_is_left_until_it_is_changed_here() {
        let both = files(&[("a", "1"), ("b", "1"), ("c", "1")]);
        let mut known = Known { base: both.clone(), here: both, left: BTreeMap::new() };
        known.here.insert(path("c"), digest("2"));
        // `b` is theirs; `c` is what it is here already; `d` is new there.
        let theirs = known.hear(files(&[("a", "1"), ("b", "theirs"), ("c", "2"), ("d", "new")]));
        assert_eq!(theirs, [path("b"), path("d")]);
        let changes = Changes::from([
            (path("a"), Change::Write { was: Some(digest("1")) }),
            (path("b"), Change::Write { was: Some(digest("theirs")) }),
            (path("d"), Change::Remove { was: digest("new") }),
        ]);
        let kept: Vec<_> = known.without_left(changes.clone()).into_keys().collect();
        assert_eq!(kept, [path("a")]);
        known.here.insert(path("b"), digest("3"));
        let kept: Vec<_> = known.without_left(changes).into_keys().collect();
        assert_eq!(kept, [path("a"), path("b")]);
    }
}
