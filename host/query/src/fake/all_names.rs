//! Where all words of a file lead, each as if it were asked for alone.

use vraftls_index::Location;
use vraftls_proto::{Resolved, ResolvedName, Target};
use vraftls_vfs::VfsPath;

use super::{FakeAnalyzer, read, roles, words};
use crate::{Fault, View};

impl FakeAnalyzer {
    pub(super) fn all_names(&self, view: &View, path: &VfsPath) -> Result<Resolved, Fault> {
        let mut resolved = Resolved::default();
        for (word, span, is_defined) in words(&read(view, path)?) {
            let first = resolved.leads.len() as u32;
            let found = self.definition(view, path, span.start())?.map(|targets| targets.locations);
            for location in found.unwrap_or_default() {
                let number = put(&mut resolved.targets, location, word);
                resolved.leads.push(number);
            }
            let leads = (first, resolved.leads.len() as u32 - first);
            resolved.occurrences.push(ResolvedName { span, roles: roles(is_defined), leads });
        }
        Ok(resolved)
    }
}

fn put(targets: &mut Vec<Target>, location: Location, word: &str) -> u32 {
    let known = targets.iter().position(|known| known.location == location).unwrap_or_else(|| {
        let name = word.into();
        targets.push(Target { location, name, kind: 12, is_parameter: false, is_local: false, parent: None });
        targets.len() - 1
    });
    known as u32
}
