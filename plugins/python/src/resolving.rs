//! What all names of a file lead to, in one answer: the bulk form of `definition`, for whoever reads a whole tree. The names are
//! those of the index, and each is looked at by the same steps as if it were asked about alone.

mod known;
mod targets;

use ruff_text_size::TextSize;
use vraftls_guest_sdk::{Failure, Resolved};

use crate::occurrence::look_at;
use crate::project::PythonProject;
use crate::resolve::{self, Follow};
use crate::{index, scopes};
use targets::Targets;

/// After how many names it is asked whether anybody still waits. Inference is behind by then, and a name costs microseconds.
const NAMES_BETWEEN_LOOKS: usize = 64;

/// Where all names of the file lead.
pub(crate) fn resolve_all(project: &PythonProject, path: &str) -> Result<Resolved, Failure> {
    let source = project.source(path)?;
    scopes::infer(project, &source)?;
    let names = index::occurrences(&source.text, &source.parsed);
    let (groups, _) = names.as_chunks::<4>();
    let mut targets = Targets::new(project);
    targets.put_module(source.file);
    let mut occurrences = Vec::with_capacity(groups.len() * 5);
    let mut leads: Vec<u32> = Vec::with_capacity(groups.len());
    for (number, [start, length, _, roles]) in groups.iter().enumerate() {
        if number % NAMES_BETWEEN_LOOKS == 0 {
            project.check_cancelled()?;
        }
        let found = look_at(&source, TextSize::new(*start), |at| resolve::definitions(at, Follow::Everything));
        let first = leads.len();
        for definition in found.unwrap_or_default() {
            for target in targets.of(&definition) {
                if !leads[first..].contains(target) {
                    leads.push(*target);
                }
            }
        }
        // One name never has as many targets as 32 bits count, and the host refuses lists of a million.
        occurrences.extend([*start, *length, *roles, first as u32, (leads.len() - first) as u32]);
    }
    let (descriptions, relations) = known::known(project, &source, &mut targets)?;
    let (paths, names, targets) = targets.pack();
    Ok(Resolved { paths, names, targets, occurrences, leads, descriptions, relations })
}
