//! Every message of the protocol by its own model: what is valid is never called malformed, what is malformed is never answered as
//! if it were not, and whatever the server says has the shape that the protocol gives it.
//!
//! The model is what `tests/lsp/node/model.cjs` reads from the declarations of Microsoft's protocol library.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod generate;
mod judge;
mod messages;
mod model;
mod random;
mod shapes;
mod spoil;
mod validate;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use model::{Model, Type};

/// What an editor can do.
static CLIENT_CAPABILITIES: LazyLock<Type> =
    LazyLock::new(|| Type::Reference { name: "ClientCapabilities".to_owned() });

/// The model, read once.
fn model() -> &'static Model {
    static MODEL: LazyLock<Model> = LazyLock::new(Model::read);
    &MODEL
}

/// A path from the root of the repository.
fn in_tree(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap().join(path)
}
