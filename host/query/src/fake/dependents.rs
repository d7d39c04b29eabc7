//! Findings that depend on what other files define.

use std::hash::{DefaultHasher, Hash, Hasher};

use vraftls_index::{Diagnostic, Facts, Location, Related};
use vraftls_vfs::VfsPath;

use super::{errors, path, read, words};
use crate::{Fault, NodeKind, View};

/// What others see of a file: the words that it defines, wherever they stand.
pub(super) fn interface_hash(facts: &Facts) -> u64 {
    let mut hasher = DefaultHasher::new();
    facts.symbols.iter().for_each(|symbol| symbol.name.hash(&mut hasher));
    hasher.finish().max(1)
}

pub(super) fn findings(view: &View, file: &VfsPath) -> Result<Vec<Diagnostic>, Fault> {
    let text = read(view, file)?;
    let mut found = errors(&text);
    let words = words(&text);
    for pair in words.windows(2) {
        let [(kind, ..), (word, span, _)] = pair else { continue };
        let place = definition(view, word);
        let diagnostic = |message: String, related: Vec<Related>| Diagnostic {
            span: *span,
            severity: 1,
            code: (*kind).to_owned(),
            code_url: String::new(),
            message,
            unnecessary: false,
            deprecated: false,
            related,
        };
        match (*kind, place) {
            ("needs", None) => found.push(diagnostic(format!("`{word}` is nowhere defined"), Vec::new())),
            ("shows", Some(location)) => {
                let related = Related { location, message: "here".to_owned() };
                found.push(diagnostic(format!("`{word}` is defined"), vec![related]));
            }
            _ => {}
        }
    }
    Ok(found)
}

/// Where a word is defined first, by path. Looks into every file, so that nothing but the view matters.
fn definition(view: &View, word: &str) -> Option<Location> {
    let mut directories = vec![String::new()];
    let mut found: Vec<Location> = Vec::new();
    while let Some(directory) = directories.pop() {
        for entry in view.list(&directory) {
            let below = if directory.is_empty() { entry.name } else { format!("{directory}/{}", entry.name) };
            match entry.kind {
                NodeKind::Directory => directories.push(below),
                NodeKind::File => {
                    let file = path(&below);
                    let text = view.read(&file).ok()?;
                    let place = words(&text).into_iter().find(|(name, _, is_defined)| *name == word && *is_defined);
                    found.extend(place.map(|(_, span, _)| Location { path: file, span, full: span }));
                }
            }
        }
    }
    found.into_iter().min_by(|a, b| a.path.cmp(&b.path))
}
