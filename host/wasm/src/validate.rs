//! Judges a component that somebody hands in, before anybody is asked to rely on it.
//!
//! What [`Runtime::load`] wants of every component is wanted here too, and more: it has to index a sample in each language that it
//! declares, twice and with the same facts to the byte, because facts are kept by content and shared between nodes. What is refused
//! leaves nothing behind: only the machine code of a component that passed is kept.

use std::sync::Arc;
use std::time::Instant;

use vraftls_index::{Description, Facts, encode_facts};
use vraftls_query::{Analyzer, CancelFlag, Fault, IndexDocument};
use vraftls_vfs::{ContentDigest, VfsPath};

use crate::analyzer::{self, ComponentAnalyzer};
use crate::{LoadError, Runtime};

/// What every component begins with: the word of WebAssembly, then the version of its binary form and that it is a component.
const MAGIC: &[u8; 4] = b"\0asm";
const CORE_MODULE: [u8; 4] = [1, 0, 0, 0];

/// Something of everything that sources have. Broken source is normal input, so there is no language in which this has no facts.
const SAMPLE: &str = "# é, a comment\nimport sample\n\nname = \"text\" // 1.5e3\n\ndef run(argument):\n    return name + argument\n\n\
                      class Thing { fn run(self) -> i32 { 0 } }\n* heading\n** below\n<a href='x'>&amp;</a>\n(";

/// How many times as long as one pure call all of a component's samples may take together.
const CALLS_TIME_MAX: u32 = 2;

/// A component that may be relied on as far as can be told beforehand.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Validated {
    /// Of its bytes.
    pub digest: ContentDigest,
    /// How many bytes it is.
    pub size_bytes: u64,
    /// Who it says it is.
    pub description: Description,
    /// What it is.
    pub world: World,
}

/// The worlds of the contract.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum World {
    /// It only indexes.
    Indexer,
    /// It has projects and answers questions about them.
    Analyzer,
}

/// What is wrong with a component, for the person who handed it in.
#[derive(Debug, thiserror::Error)]
pub enum InvalidComponent {
    /// There are no bytes.
    #[error("it is empty")]
    Empty,
    /// It does not begin as WebAssembly does.
    #[error("it is no WebAssembly: it does not begin with `\\0asm`")]
    NotWasm,
    /// It is a module without the types of a component.
    #[error(
        "it is a core module and no component; build it for `wasm32-wasip2`, or wrap it with `wasm-tools component new`"
    )]
    CoreModule,
    /// It cannot be loaded.
    #[error(transparent)]
    Load(LoadError),
    /// It has no facts of a sample, which is a text as any other.
    #[error("it does not index a sample of its language `{language}`")]
    Index {
        /// The language, one of those that it declares.
        language: String,
        /// Why it does not.
        #[source]
        fault: Fault,
    },
    /// Two fresh instances had different facts of the same text.
    #[error("two instances of it say different things of the same sample of its language `{language}`")]
    Differs {
        /// The language, one of those that it declares.
        language: String,
    },
    /// Nothing is wrong with it as far as is known: there was no room to look, or the node is ending. Asking again may help.
    #[error("it could not be judged now")]
    NotJudged(#[source] Fault),
}

impl InvalidComponent {
    /// Whether it is not the component's fault, so that handing it in again may help.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::NotJudged(_))
    }
}

impl From<LoadError> for InvalidComponent {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Describe(fault) if is_passing(&fault) => Self::NotJudged(fault),
            error => Self::Load(error),
        }
    }
}

impl Runtime {
    /// Judges a component that somebody hands in. One that is found to be sound loads quickly on this machine afterwards.
    ///
    /// Takes seconds where it compiles, and runs the guest: not to be called on the async runtime.
    pub fn validate(&self, component: &[u8]) -> Result<Validated, InvalidComponent> {
        check_kind(component)?;
        let loaded = self.load_without_keeping(component)?;
        self.smoke(&loaded)?;
        self.keep_artifact(&loaded);
        let world = match loaded.component.loaded.exports.engine {
            Some(_) => World::Analyzer,
            None => World::Indexer,
        };
        let description = loaded.description().clone();
        Ok(Validated { digest: loaded.digest(), size_bytes: component.len() as u64, description, world })
    }

    /// Has it index a sample in every language that it declares.
    fn smoke(&self, analyzer: &ComponentAnalyzer) -> Result<(), InvalidComponent> {
        let time_max = self.limits().index_time_max * CALLS_TIME_MAX;
        let (began, languages) = (Instant::now(), &analyzer.description().languages);
        for language in languages {
            let suffix = language.suffixes.first();
            let name = suffix.map_or_else(|| "sample".to_owned(), |suffix| format!("sample.{suffix}"));
            let path = VfsPath::new(&name).map_err(|error| {
                LoadError::Description(format!("{name:?}, after a suffix of `{}`, is no path: {error}", language.id))
            })?;
            let document = Arc::new(IndexDocument { path, language: language.id.clone(), text: SAMPLE.into() });
            let index = || {
                if began.elapsed() > time_max {
                    return Err(Fault::Deadline(time_max));
                }
                let (component, context) = (analyzer.component.clone(), analyzer.context.clone());
                let document = document.clone();
                let indexed =
                    analyzer.pool.run(move || analyzer::index(&component, &context, &document, CancelFlag::default()));
                indexed.unwrap_or_else(|_| Err(analyzer::shutting_down()))
            };
            same_twice(&language.id, index)?;
        }
        Ok(())
    }
}

/// Tells what is no component at all without compiling it.
fn check_kind(bytes: &[u8]) -> Result<(), InvalidComponent> {
    if bytes.is_empty() {
        return Err(InvalidComponent::Empty);
    }
    let Some(rest) = bytes.strip_prefix(MAGIC) else { return Err(InvalidComponent::NotWasm) };
    if rest.starts_with(&CORE_MODULE) { Err(InvalidComponent::CoreModule) } else { Ok(()) }
}

/// Has something indexed twice, and compares the facts as they are stored and sent.
fn same_twice(language: &str, mut index: impl FnMut() -> Result<Facts, Fault>) -> Result<(), InvalidComponent> {
    let mut encoded = || match index() {
        Ok(facts) => Ok(encode_facts(&facts)),
        Err(fault) if is_passing(&fault) => Err(InvalidComponent::NotJudged(fault)),
        Err(fault) => Err(InvalidComponent::Index { language: language.to_owned(), fault }),
    };
    match encoded()? == encoded()? {
        true => Ok(()),
        false => Err(InvalidComponent::Differs { language: language.to_owned() }),
    }
}

/// Whether a fault says something of the host and nothing of the guest.
fn is_passing(fault: &Fault) -> bool {
    matches!(fault, Fault::Busy | Fault::Unavailable(_) | Fault::Cancelled)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(interface_hash: u64) -> Result<Facts, Fault> {
        Ok(Facts { interface_hash, ..Facts::default() })
    }

    #[test]
    fn what_says_something_else_the_second_time_is_refused() {
        let mut n = 0;
        let counting = || {
            n += 1;
            facts(n)
        };
        assert!(matches!(same_twice("x", counting), Err(InvalidComponent::Differs { language }) if language == "x"));
        assert!(same_twice("x", || facts(7)).is_ok());
    }

    #[test]
    fn what_fails_is_refused_and_what_could_not_be_tried_is_not_judged() {
        let mut first = true;
        let failing_later = || match std::mem::take(&mut first) {
            true => facts(0),
            false => Err(Fault::Trap("unreachable".into())),
        };
        assert!(matches!(same_twice("x", failing_later), Err(InvalidComponent::Index { .. })));
        let busy = same_twice("x", || Err(Fault::Busy)).unwrap_err();
        assert!(busy.is_passing());
    }
}
