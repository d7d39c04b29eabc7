//! Facts of files, each content once.

use std::sync::Arc;

use vraftls_cache::{Cache, FactsKey, Made, Offload, offload};
use vraftls_index::Facts;
use vraftls_proto::Fingerprint;
use vraftls_vfs::{ContentDigest, VfsPath};

use crate::analyzers::Served;
use crate::failure::Failure;
use crate::{Base, IndexDocument, ReadError};

/// Where facts come from: the cache, and an analyzer's `index` for what is not in it.
pub(crate) struct FactsSource {
    cache: Cache<Facts, Failure>,
    threads: Arc<dyn Offload>,
}

/// A file whose facts are wanted.
#[derive(Clone)]
pub(crate) struct Document {
    pub(crate) path: VfsPath,
    pub(crate) digest: ContentDigest,
    pub(crate) text: Text,
    pub(crate) served: Served,
}

/// Where the text of a document is. It is only looked at if the facts are not in the cache.
#[derive(Clone)]
pub(crate) enum Text {
    Here(Arc<str>),
    In(Arc<dyn Base>),
}

impl FactsSource {
    pub(crate) fn new(cache: Cache<Facts, Failure>, threads: Arc<dyn Offload>) -> Self {
        Self { cache, threads }
    }

    pub(crate) fn cache(&self) -> &Cache<Facts, Failure> {
        &self.cache
    }

    /// The facts of a document.
    pub(crate) async fn facts(&self, document: Document) -> Result<Arc<Facts>, Failure> {
        let make = async || {
            let text = self.text(&document).await?;
            let analyzer = &document.served.analyzer;
            let path = document.path.clone();
            let indexed =
                analyzer.index(IndexDocument { path, language: document.served.language.to_string(), text }).await;
            let fault = |fault| Failure::Analyzer(analyzer.description().id.clone(), fault);
            indexed.map(Made::Whole).map_err(fault)
        };
        self.cache.get_or_make(document.key().into(), make).await
    }

    /// The text of a document, which has the document's digest: facts are kept for ever, so a file that changed on disk
    /// since its digest was taken must not get in.
    async fn text(&self, document: &Document) -> Result<Arc<str>, Failure> {
        let base = match &document.text {
            Text::Here(text) => return Ok(Arc::clone(text)),
            Text::In(base) => Arc::clone(base),
        };
        let (path, digest) = (document.path.clone(), document.digest);
        let read = move || {
            let text = base.read(&path).map_err(|error| Failure::Read(path.clone(), error))?;
            if ContentDigest::of(text.as_bytes()) == digest {
                return Ok(text);
            }
            Err(Failure::Read(path, ReadError::Unavailable("it changed while it was looked at".to_owned())))
        };
        offload(&*self.threads, read).await?
    }
}

impl Document {
    /// Of a path only the name may matter to an analyzer, and its language: they are the settings of indexing.
    fn key(&self) -> FactsKey {
        let mut settings = Fingerprint::new("vraftls indexing settings 1");
        settings.text(&self.served.language).text(self.path.name());
        FactsKey { component: self.served.analyzer.digest(), settings: settings.finish(), content: self.digest }
    }
}
