//! What became of what an editor saved: it writes the disk itself, and the saved file differs from the base until somebody pushes it.

use std::sync::Arc;

use vraftls_node::LocalTree;
use vraftls_proto::{Author, QueryError, Save, SaveOutcome, Standing};
use vraftls_vfs::{ContentDigest, VfsPath};

use super::differences::contents;
use super::folder::RemoteFolder;

/// Says what a save met, and has the questions that come next see it.
pub(super) async fn saved(folder: &Arc<RemoteFolder>, save: Save) -> SaveOutcome {
    let written = ContentDigest::of(save.text.as_bytes());
    if !folder.is_here {
        // The disk that it was written to is of another machine.
        return SaveOutcome::Saved(written);
    }
    let before = contents_of(folder, &save.path);
    let (root, path) = (folder.root.clone(), save.path.clone());
    let read = tokio::task::spawn_blocking(move || LocalTree::new(&root).read(&path)).await;
    let wish = folder.wish();
    let outcome = match read {
        Ok(Ok(Some(bytes))) => outcome_of(&save, &bytes, before.ok().flatten()),
        Ok(Ok(None)) => SaveOutcome::Gone,
        Ok(Err(reason)) => SaveOutcome::Unreadable(reason),
        Err(error) => SaveOutcome::Unknown(error.to_string()),
    };
    // Whether somebody could look says nothing of the save.
    if let Err(error) = folder.looked(wish).await {
        tracing::debug!(%error, "a save is not seen yet");
    }
    outcome
}

/// What a file that was saved has now tells of the save. `before` is what it had when somebody looked last. Pure.
fn outcome_of(save: &Save, bytes: &[u8], before: Option<ContentDigest>) -> SaveOutcome {
    const MARK: &[u8] = "\u{feff}".as_bytes();
    if let Err(error) = std::str::from_utf8(bytes) {
        return SaveOutcome::Unreadable(error.to_string());
    }
    let now = ContentDigest::of(bytes);
    let text = save.text.as_bytes();
    let is_saved = bytes == text || bytes.strip_prefix(MARK) == Some(text) || save.recent.contains(&now);
    if !is_saved {
        return if save.base.is_exactly(now) {
            SaveOutcome::NotWritten { now }
        } else {
            SaveOutcome::Conflict { now, author: Author::Program }
        };
    }
    let is_seen =
        before.is_none_or(|before| before == now || save.base.is(Some(before)) || save.recent.contains(&before));
    if is_seen { SaveOutcome::Saved(now) } else { SaveOutcome::Replaced { now, author: Author::Program } }
}

/// How files stand.
pub(super) fn standings(folder: &RemoteFolder, paths: &[VfsPath]) -> Result<Vec<Standing>, QueryError> {
    if !folder.is_here {
        let reason = format!("{} is not on this machine", folder.root.display());
        return Err(QueryError::Unavailable(reason));
    }
    let standing = |path| Ok(Standing { contents: contents_of(folder, path)?, author: Author::Program, loss: None });
    paths.iter().map(standing).collect()
}

fn contents_of(folder: &RemoteFolder, path: &VfsPath) -> Result<Option<ContentDigest>, QueryError> {
    let view = folder.view();
    let differences = view.differences.as_ref().map_err(QueryError::clone)?;
    Ok(contents(differences, path, &view.base))
}

#[cfg(test)]
mod tests {
    use vraftls_proto::{SaveBase, SessionId};
    use vraftls_vfs::WorkspaceId;

    use super::*;

    fn digest(text: &str) -> ContentDigest {
        ContentDigest::of(text.as_bytes())
    }

    fn save(base: SaveBase, text: &str, recent: &[&str]) -> Save {
        Save {
            workspace: WorkspaceId(1),
            session: SessionId(1),
            path: VfsPath::new("a.py").expect("valid"),
            base,
            text: text.into(),
            recent: recent.iter().map(|text| digest(text)).collect(),
        }
    }

    #[test]
    fn a_save_is_judged_by_what_the_file_has_and_had() {
        let seen = SaveBase::Contents(digest("old"));
        let of = |save: &Save, now: &str, before: Option<&str>| outcome_of(save, now.as_bytes(), before.map(digest));
        let plain = save(seen, "new", &[]);
        assert_eq!(of(&plain, "new", Some("old")), SaveOutcome::Saved(digest("new")));
        assert_eq!(of(&plain, "new", None), SaveOutcome::Saved(digest("new")));
        assert_eq!(of(&plain, "new", Some("new")), SaveOutcome::Saved(digest("new")));
        assert_eq!(of(&plain, "\u{feff}new", Some("old")), SaveOutcome::Saved(digest("\u{feff}new")));
        assert_eq!(of(&save(SaveBase::Unknown, "new", &[]), "new", Some("x")), SaveOutcome::Saved(digest("new")));
        assert_eq!(of(&save(seen, "new", &["newer"]), "newer", Some("old")), SaveOutcome::Saved(digest("newer")));
        let author = Author::Program;
        assert_eq!(of(&plain, "new", Some("x")), SaveOutcome::Replaced { now: digest("new"), author });
        assert_eq!(of(&plain, "x", Some("old")), SaveOutcome::Conflict { now: digest("x"), author });
        assert_eq!(of(&plain, "old", Some("old")), SaveOutcome::NotWritten { now: digest("old") });
        assert!(matches!(outcome_of(&plain, &[0xff], None), SaveOutcome::Unreadable(_)));
    }
}
