//! An analyzer that misbehaves on demand: every way in which a guest may try to stop, starve or fool its host.
//!
//! A call's behavior is the stem of the document's file name, for example `loop` for `a/loop.hostile`; where the stem is
//! `text`, the first word of the document. Behaviors of [`resources`] work in every call that names a path, the others in the
//! calls that can return what they forge. A behavior that a call does not know gets an empty answer, so a test may warm an
//! instance up with the path `calm.hostile`.
//!
//! A file that is called `sample` is what a host tries a component with that somebody hands in: [`ON_SAMPLE`] says how it is taken, and
//! a test that wants another guest changes these bytes of the component.
//!
//! The setting `open` of a project's configuration names the behavior of `open` itself.

pub mod facts;
pub mod resources;

mod project;
mod resolving;

use std::hint::black_box;
use std::sync::Arc;

use vraftls_guest_sdk::{
    Analyzer, Config, Description, Document, Facts, Failure, Features, Language, Workspace, export_analyzer,
};

pub use project::HostileProject;

/// The analyzer.
#[derive(Debug)]
pub struct Hostile;

export_analyzer!(Hostile);

/// How a sample is indexed, between a mark to find it by and dots that make room for another behavior.
pub const ON_SAMPLE: &str = "on-sample:calm....................";

impl Analyzer for Hostile {
    type Project = HostileProject;

    fn describe() -> Description {
        Description {
            id: "hostile".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            title: "Hostile".to_owned(),
            languages: vec![Language { id: "hostile".to_owned(), suffixes: vec!["hostile".to_owned()] }],
            project_files: Vec::new(),
            // All of them: 24 in this version of the contract.
            features: Features::from_bits_retain((1 << 24) - 1),
            completion_triggers: Vec::new(),
            signature_triggers: Vec::new(),
            on_type_triggers: Vec::new(),
            token_types: vec!["token".to_owned()],
            token_modifiers: Vec::new(),
        }
    }

    fn index(document: &Document) -> Result<Facts, Failure> {
        let behavior = match behavior_of(&document.path) {
            "text" => document.text.split_whitespace().next().unwrap_or_default(),
            "sample" => black_box(ON_SAMPLE).trim_start_matches("on-sample:").trim_end_matches('.'),
            stem => stem,
        };
        resources::consume(behavior);
        facts::forge(behavior, &document.text)
    }

    fn open(config: Config, workspace: Arc<dyn Workspace>) -> Result<HostileProject, Failure> {
        if let Some((_, behavior)) = config.settings.iter().find(|(key, _)| key == "open") {
            resources::consume(behavior);
        }
        Ok(HostileProject::new(workspace))
    }
}

/// The behavior that a path asks for: the stem of its file name.
fn behavior_of(path: &str) -> &str {
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    name.split_once('.').map_or(name, |(stem, _)| stem)
}
