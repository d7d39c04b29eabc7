//! Which analyzer serves which file.

use std::sync::Arc;

use vraftls_proto::OverlaySet;
use vraftls_vfs::{ContentDigest, VfsPath};

use crate::Analyzer;

/// The analyzers that are loaded, at one moment.
pub(crate) struct Analyzers {
    list: Vec<Arc<dyn Analyzer>>,
    /// Grows with every replacement.
    pub(crate) generation: u64,
}

/// An analyzer with the language in which it serves a file.
#[derive(Clone)]
pub(crate) struct Served {
    pub(crate) analyzer: Arc<dyn Analyzer>,
    pub(crate) language: Arc<str>,
}

impl Analyzers {
    pub(crate) fn new(list: Vec<Arc<dyn Analyzer>>, generation: u64) -> Self {
        Self { list, generation }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<dyn Analyzer>> {
        self.list.iter()
    }

    /// Whether the others are versions of the very same analyzers.
    pub(crate) fn are_versions_of(&self, others: &Self) -> bool {
        let same =
            |(one, other): (&Arc<dyn Analyzer>, &Arc<dyn Analyzer>)| one.description().id == other.description().id;
        self.list.len() == others.list.len() && self.list.iter().zip(&others.list).all(same)
    }

    /// Whether some analyzer reads files of this path.
    pub(crate) fn reads(&self, path: &str) -> bool {
        self.list.iter().any(|analyzer| analyzer.description().reads(path))
    }

    /// Of what the facts of a file depend beside its name and contents.
    pub(crate) fn indexed_by(&self, path: &VfsPath) -> Option<(ContentDigest, Arc<str>)> {
        self.by_path(path).map(|served| (served.analyzer.digest(), served.language))
    }

    /// The first analyzer that serves files of this path.
    pub(crate) fn by_path(&self, path: &VfsPath) -> Option<Served> {
        self.list.iter().find_map(|analyzer| {
            let language = analyzer.description().language_of(path.as_str())?;
            Some(Served { analyzer: Arc::clone(analyzer), language: language.id.as_str().into() })
        })
    }

    /// The first analyzer that serves a file by its path, or else by what the session's editor says it is: only for
    /// buffers of that session, because nobody else knows.
    pub(crate) fn in_session(&self, path: &VfsPath, overlays: &OverlaySet) -> Option<Served> {
        self.by_path(path).or_else(|| {
            let language = Arc::clone(&overlays.get(path)?.language);
            let speaks = |analyzer: &&Arc<dyn Analyzer>| {
                analyzer.description().languages.iter().any(|known| *known.id == *language)
            };
            let analyzer = Arc::clone(self.list.iter().find(speaks)?);
            Some(Served { analyzer, language })
        })
    }
}
