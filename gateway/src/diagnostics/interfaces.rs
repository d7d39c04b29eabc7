//! What the buffers of a session show to other files, so that an edit of one asks nothing about the others where it shows the same.
//!
//! It is told by the facts of a file ([`Facts::interface_hash`]). Where that is not known, or nobody says it, it counts as another one.
//!
//! [`Facts::interface_hash`]: vraftls_index::Facts::interface_hash

use std::collections::BTreeMap;
use std::sync::Arc;

use tracing::debug;
use vraftls_proto::{Answer, OverlayFile, OverlaySet, Query};
use vraftls_vfs::{ContentDigest, VfsPath};

use crate::Folder;
use crate::convert::FilePath;
use crate::handlers::Context;
use crate::session::Mount;

/// What the buffers showed when the others were looked at last, by folder and path.
pub(super) type Shown = BTreeMap<(FilePath, VfsPath), Interface>;

/// The contents that others saw before of the files that are open now, as far as those are known; none of a file that was not there.
pub(super) type Was = BTreeMap<(FilePath, VfsPath), Option<ContentDigest>>;

/// What a file shows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Interface {
    /// None where there is no file.
    contents: Option<ContentDigest>,
    /// None where it is not known.
    hash: Option<u64>,
}

impl Interface {
    fn is_as(&self, other: &Self) -> bool {
        self.contents == other.contents || (self.hash.is_some() && self.hash == other.hash)
    }
}

/// What the buffers show now, whether other files may see a difference to what they showed before, and what they were before.
pub(super) async fn compare(cx: &Context, before: &Shown) -> (Shown, bool, Was) {
    let (mut shown, mut differs, mut all_were) = (Shown::new(), false, Was::new());
    for mount in cx.world().mounts() {
        // A folder that is still being opened is looked at as a whole when it is open.
        let Some(folder) = mount.slot.now() else { continue };
        let key = |path: &VfsPath| (mount.slot.root.clone(), path.clone());
        for (path, file) in mount.overlays.iter().filter(|(path, file)| is_read(cx, path, file)) {
            let was = match before.get(&key(path)) {
                Some(was) => *was,
                // Until it was opened, others saw the file.
                None => below(cx, &folder, mount, path).await,
            };
            let is = match was.contents == Some(file.digest) {
                true => was,
                false => of(cx, &folder, mount.overlays.clone(), path, Some(file.digest)).await,
            };
            differs |= !is.is_as(&was);
            all_were.insert(key(path), was.contents);
            shown.insert(key(path), is);
        }
        let of_folder =
            before.iter().filter(|((root, path), _)| *root == mount.slot.root && mount.overlays.get(path).is_none());
        for ((_, path), was) in of_folder {
            differs |= !below(cx, &folder, mount, path).await.is_as(was);
        }
    }
    (shown, differs, all_were)
}

/// What the file below a buffer shows.
async fn below(cx: &Context, folder: &Folder, mount: &Mount, path: &VfsPath) -> Interface {
    let overlays = Arc::new(mount.overlays.with(path.clone(), None));
    of(cx, folder, overlays, path, None).await
}

async fn of(
    cx: &Context,
    folder: &Folder,
    overlays: Arc<OverlaySet>,
    path: &VfsPath,
    contents: Option<ContentDigest>,
) -> Interface {
    let answered = match cx.ask_in(folder, overlays, Query::DocumentSymbols { path: path.clone() }).await {
        Ok(answered) => answered,
        Err(error) => {
            debug!(%path, %error, "what a file shows is not known");
            return Interface { contents, hash: None };
        }
    };
    let Answer::DocumentSymbols(symbols) = &answered.answer else { return Interface { contents, hash: None } };
    let named = answered.digests.iter().find(|(named, _)| named == path).map(|(_, digest)| *digest);
    let hash = Some(symbols.facts.interface_hash).filter(|hash| *hash != 0);
    Interface { contents: named.or(contents), hash }
}

/// Whether some analyzer reads a buffer.
fn is_read(cx: &Context, path: &VfsPath, file: &OverlayFile) -> bool {
    cx.backend().analyzers().iter().any(|analyzer| {
        analyzer.reads(path.as_str()) || analyzer.languages.iter().any(|language| *language.id == *file.language)
    })
}
