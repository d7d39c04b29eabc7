//! What the backend says of all words of a file: each leads where `def` stands before it. A word behind a `def` is described, and the
//! second one of a file lies in the first.

use std::sync::Arc;

use vraftls_index::{Location, Roles};
use vraftls_proto::{At, QueryError, Resolved, ResolvedName, Target, TargetDescription};
use vraftls_text::Span;
use vraftls_vfs::VfsPath;

use super::Seen;

impl Seen {
    pub(super) fn resolved(&self, path: &VfsPath) -> Result<Resolved, QueryError> {
        let text = self.text(path)?;
        let mut resolved = Resolved::default();
        let mut offset = 0;
        while offset < text.len() as u32 {
            let (word, span) = self.word(&At { path: path.clone(), offset })?;
            // A place behind a word is one of it, too.
            if span.end() == offset {
                offset += text[offset as usize..].chars().next().map_or(1, |char| char.len_utf8() as u32);
                continue;
            }
            offset = span.end();
            let first = resolved.leads.len() as u32;
            if let Some((found, full)) = self.find(&format!("def {word}")).into_iter().next() {
                let name = Span::new(full.start() + 4, full.end()).unwrap();
                resolved.leads.push(put(&mut resolved.targets, Location { path: found, span: name, full }, &word));
            }
            let leads = (first, resolved.leads.len() as u32 - first);
            resolved.occurrences.push(ResolvedName { span, roles: Roles::REFERS, leads });
        }
        for (number, target) in (0..).zip(&resolved.targets) {
            if target.location.path == *path {
                let (signature, documentation) = (format!("def {}", target.name), String::new());
                resolved.descriptions.push(TargetDescription { target: number, signature, documentation });
                resolved.relations.push((number, 0));
            }
        }
        Ok(resolved)
    }
}

fn put(targets: &mut Vec<Target>, location: Location, word: &str) -> u32 {
    let is_it = |known: &Target| known.location.path == location.path && known.location.span == location.span;
    let known = targets.iter().position(is_it).unwrap_or_else(|| {
        let parent = targets.iter().position(|known| known.location.path == location.path);
        let (name, parent) = (Arc::from(word), parent.map(|parent| parent as u32));
        targets.push(Target { location, name, kind: 12, is_parameter: false, is_local: parent.is_some(), parent });
        targets.len() - 1
    });
    known as u32
}
