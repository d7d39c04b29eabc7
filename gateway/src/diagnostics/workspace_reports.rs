//! What the last whole answer about a workspace's findings saw, so that the next one waits for news.

use std::sync::{Mutex, MutexGuard, PoisonError};

use vraftls_proto::OverlaySet;
use vraftls_vfs::{ContentDigest, Revision};

use crate::session::{Session, World};

/// What findings depend on: the files of each folder, and the buffers above.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Seen(Vec<(String, Option<Revision>, ContentDigest)>);

impl Seen {
    pub(crate) fn of(world: &World) -> Self {
        let folder = |mount: &crate::session::Mount| {
            let revision = mount.slot.now().map(|folder| folder.state.borrow().revision);
            (mount.slot.root.as_str().to_owned(), revision, OverlaySet::fingerprint(&mount.overlays))
        };
        Self(world.mounts().iter().map(folder).collect())
    }
}

/// What the last whole answer saw.
#[derive(Default)]
pub(crate) struct WorkspaceReports {
    last: Mutex<Option<Seen>>,
}

impl WorkspaceReports {
    /// A whole answer was given.
    pub(crate) fn told(&self, seen: Seen) {
        *self.lock() = Some(seen);
    }

    /// Waits for news, if the last whole answer saw all that there is to see; whether it did.
    pub(crate) async fn until_other_than(&self, session: &Session) -> bool {
        // First listen, then look: no news falls in between.
        let mut news = session.checks().news_for_many();
        let is_news = self.lock().as_ref() != Some(&Seen::of(&session.world()));
        if !is_news {
            // It fails only when the session ends, and with it whoever waits.
            drop(news.changed().await);
        }
        !is_news
    }

    fn lock(&self) -> MutexGuard<'_, Option<Seen>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
