//! What becomes of a component that somebody pushes, before it goes anywhere.

use vraftls_index::Description;
use vraftls_meta::{Component, Word};
use vraftls_wasm::{InvalidComponent, LoadError, Runtime, Validated};

/// A component that was found to be sound, as the metadata speaks of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Accepted {
    /// Whose it is.
    pub plugin: Word,
    /// What the metadata keeps of it.
    pub component: Component,
    /// All that it says of itself.
    pub description: Description,
}

/// Judges a component. Takes seconds where it compiles, and runs the guest: not to be called on the async runtime.
pub fn accept(runtime: &Runtime, bytes: &[u8]) -> Result<Accepted, InvalidComponent> {
    let Validated { digest, size_bytes, description, .. } = runtime.validate(bytes)?;
    let plugin = word("the identifier", &description.id)?;
    let version = word("the version", &description.version)?;
    Ok(Accepted { plugin, component: Component { digest, size_bytes, version }, description })
}

/// The metadata, addresses of the web and people name it so.
fn word(what: &str, text: &str) -> Result<Word, InvalidComponent> {
    Word::new(text).map_err(|error| LoadError::Description(format!("{what} {text:?}: {error}")).into())
}
