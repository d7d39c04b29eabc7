//! Findings that outlive changes of other files.
//!
//! The findings of a file depend on the file, and of all others on what they show ([`Facts::interface_hash`]). So they are kept under the
//! content of the one and the interfaces of the others, beside the key of exactly what was seen: an edit inside a function body of one
//! file asks nothing about another, unsaved or saved.
//!
//! Two things keep that sound:
//! - Positions are no part of an interface. A kept answer holds only where every file that it has a place in still has the contents
//!   that it names.
//! - An interface hash is only as good as its analyzer, and no defense against who wants two texts to have the same. So an answer that
//!   was given above unsaved buffers of other files stays with the session whose buffers they are.
//!
//! [`Facts::interface_hash`]: vraftls_index::Facts::interface_hash

use std::sync::Arc;

use vraftls_cache::{AnswerKey, Made, offload};
use vraftls_index::{Interfaces, Shown};
use vraftls_proto::{Answered, Fingerprint, Query};
use vraftls_vfs::{ContentDigest, VfsPath};

use crate::answers::CachedAnswer;
use crate::failure::Failure;
use crate::service::call::Call;
use crate::view::{file_at_hand_in, file_in};
use crate::{QueryService, is_bundled, is_outside};

impl QueryService {
    /// The findings of a file, by the key of exactly what is seen or by the interfaces of what is seen.
    pub(super) async fn findings(&self, call: &Call<'_>, exact: AnswerKey) -> Result<Arc<CachedAnswer>, Failure> {
        let exactly =
            async || self.answers.get_or_make(exact.into(), async || Ok(Made::Whole(self.ask(call).await?))).await;
        let Some(by_interfaces) = self.interface_key(call, exact).await else { return exactly().await };
        let make = async || Ok(Made::Whole(CachedAnswer::clone(&*exactly().await?)));
        let kept = self.answers.get_or_make(by_interfaces.into(), make).await?;
        if !self.holds(call, &kept.0).await? {
            return exactly().await;
        }
        let revision = call.pinned.base.revision();
        if kept.0.revision == revision {
            return Ok(kept);
        }
        Ok(Arc::new(CachedAnswer(Answered { revision, ..kept.0.clone() })))
    }

    /// The key by interfaces; nothing where they are not known.
    async fn interface_key(&self, call: &Call<'_>, exact: AnswerKey) -> Option<AnswerKey> {
        let pinned = &call.pinned;
        let index = &pinned.published.as_ref()?.index;
        let asked = call.request.query.path()?;
        let mut seen = without(index.interfaces(), asked, index.shown(asked));
        let mut is_of_session = false;
        for path in pinned.dirty.iter().filter(|path| *path != asked) {
            // Libraries have no interfaces.
            if is_outside(path) {
                return None;
            }
            seen = without(seen, path, index.shown(path));
            is_of_session = true;
            // A file that is gone shows nothing.
            let Some(unsaved) = pinned.overlays.get(path) else { continue };
            let shown = match pinned.document(path, unsaved) {
                Some(document) => match self.facts.facts(document).await {
                    Ok(facts) => Shown::of(&facts, unsaved.digest),
                    Err(_) => Shown::Contents(unsaved.digest),
                },
                None => Shown::Contents(unsaved.digest),
            };
            seen = seen.with(path, shown);
        }
        let mut print = Fingerprint::new("vraftls interfaces 1");
        print.bytes(&seen.to_bytes());
        match is_of_session {
            true => print.number(1).number(call.request.session.0),
            false => print.number(0),
        };
        Some(AnswerKey { overlays: print.finish(), generation: pinned.base.libraries_generation(), ..exact })
    }

    /// Whether every file that a kept answer has a place in still has the contents that it names.
    async fn holds(&self, call: &Call<'_>, kept: &Answered) -> Result<bool, Failure> {
        let asked = call.request.query.path();
        let is_ordinary = |(path, _): &&(VfsPath, ContentDigest)| Some(path) != asked && !is_bundled(path);
        let named: Vec<(VfsPath, ContentDigest)> = kept.digests.iter().filter(is_ordinary).cloned().collect();
        let (base, overlays) = (Arc::clone(&call.pinned.base), Arc::clone(&call.pinned.overlays));
        let mut at_hand = named
            .iter()
            .map(|(path, digest)| Some(file_at_hand_in(&*base, &overlays, path)?.map(|it| it.digest) == Some(*digest)));
        if let Some(holds) = at_hand.try_fold(true, |holds, same| Some(holds && same?)) {
            return Ok(holds);
        }
        let look = move || {
            named.iter().all(|(path, digest)| file_in(&*base, &overlays, path).map(|file| file.digest) == Some(*digest))
        };
        Ok(offload(&*self.threads, look).await?)
    }
}

/// Whether a question is answered by interfaces.
pub(super) fn is_by_interfaces(query: &Query) -> bool {
    matches!(query, Query::Diagnostics { .. })
}

fn without(seen: Interfaces, path: &VfsPath, shown: Option<Shown>) -> Interfaces {
    shown.map_or(seen, |shown| seen.without(path, shown))
}
