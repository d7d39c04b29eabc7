//! What a push did, in words and as JSON.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use vraftls_node::LocalFiles;
use vraftls_proto::Revisions;
use vraftls_vfs::{ContentDigest, VfsPath};

use super::progress::say;
use super::target::Target;
use crate::exit::Exit;

/// A file that somebody else changed meanwhile.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Conflicting {
    /// What was found, for people.
    pub(super) why: String,
    /// What is there; none where no file is.
    pub(super) there: Option<ContentDigest>,
}

/// What a push did.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Summary {
    /// Files that the folder has, as far as they can be taken in.
    pub(super) n_files: u64,
    /// Files written and removed: what the workspace has there now.
    pub(super) done: BTreeMap<VfsPath, Option<ContentDigest>>,
    /// How many bytes of contents went with commits, and how many before them.
    pub(super) bytes_inline: u64,
    pub(super) bytes_put: u64,
    /// Files that somebody else changed meanwhile.
    pub(super) conflicts: BTreeMap<VfsPath, Conflicting>,
    /// What was not taken in, each with its reason.
    pub(super) left_out: Vec<String>,
    /// How much more was left out than is told.
    pub(super) n_untold: u64,
    /// What kept files from being committed, by group.
    pub(super) failed: Vec<String>,
    /// Since when it can be read.
    pub(super) revisions: Revisions,
    /// How long it took.
    pub(super) took: Duration,
}

impl Summary {
    /// What came of a part.
    pub(super) fn add(&mut self, part: Self) {
        self.done.extend(part.done);
        self.bytes_inline += part.bytes_inline;
        self.bytes_put += part.bytes_put;
        self.conflicts.extend(part.conflicts);
        self.left_out.extend(part.left_out);
        self.failed.extend(part.failed);
        self.revisions.raise_all(&part.revisions);
    }

    /// What a look at the folder found.
    pub(super) fn take_in(&mut self, found: LocalFiles) {
        self.n_files = found.digests.len() as u64;
        self.n_untold = found.n_skipped.saturating_sub(found.skipped.len() as u64);
        // It may be the second look, or sending found the same.
        let new: Vec<String> = found.skipped.into_iter().filter(|reason| !self.left_out.contains(reason)).collect();
        self.left_out.extend(new);
    }

    /// Whether nothing was done, and nothing kept it from being done.
    pub(super) fn is_empty(&self) -> bool {
        self.done.is_empty() && self.conflicts.is_empty() && self.failed.is_empty()
    }

    fn n_written(&self) -> usize {
        self.done.values().flatten().count()
    }

    fn n_removed(&self) -> usize {
        self.done.len() - self.n_written()
    }

    /// How the command ends.
    pub(super) fn exit(&self) -> Exit {
        if !self.failed.is_empty() {
            return Exit::CouldNotRun;
        }
        let is_whole = self.conflicts.is_empty() && self.left_out.is_empty() && self.n_untold == 0;
        if is_whole { Exit::Done } else { Exit::Found }
    }

    /// As JSON.
    pub(super) fn json(&self, target: &Target) -> Value {
        let revisions: BTreeMap<String, u64> =
            self.revisions.iter().map(|(group, revision)| (group.to_string(), revision.0)).collect();
        let conflicts =
            self.conflicts.iter().map(|(path, conflict)| json!({"path": path.as_str(), "why": conflict.why}));
        json!({
            "workspace": {"id": target.id.0, "name": target.name.as_str()},
            "files": self.n_files,
            "written": self.n_written(),
            "removed": self.n_removed(),
            "bytes_inline": self.bytes_inline,
            "bytes_put": self.bytes_put,
            "conflicts": conflicts.collect::<Vec<_>>(),
            "left_out": self.left_out,
            "left_out_untold": self.n_untold,
            "failed": self.failed,
            "revisions": revisions,
            "seconds": self.took.as_secs_f64(),
        })
    }

    /// Tells a person what did not go as it should, a line each.
    pub(super) fn complain(&self) {
        for reason in &self.left_out {
            say(&format!("left out: {reason}"));
        }
        if self.n_untold > 0 {
            say(&format!("left out: {} more", self.n_untold));
        }
        for (path, Conflicting { why, .. }) in &self.conflicts {
            say(&format!("conflict: {path}: {why}; it was left as it is"));
        }
        if !self.conflicts.is_empty() {
            say(
                "somebody else changed these files meanwhile: look at them and push again, or overwrite them with --force",
            );
        }
        for reason in &self.failed {
            say(&format!("error: {reason}"));
        }
        if !self.failed.is_empty() {
            say("what was committed stays; push again to send the rest");
        }
    }

    /// In words.
    pub(super) fn text(&self, target: &Target) -> String {
        let (n_written, n_removed, name) = (self.n_written(), self.n_removed(), &target.name);
        let kib = (self.bytes_inline + self.bytes_put).div_ceil(1024);
        let seconds = self.took.as_secs_f64();
        format!(
            "`{name}`: {n_written} files written ({kib} KiB sent), {n_removed} removed, of {} in {seconds:.1} s",
            self.n_files
        )
    }
}
