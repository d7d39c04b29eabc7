//! What is known of what a file defines itself: signatures, documentation, and what it extends.

use ty_python_core::definition::{Definition, DefinitionKind};
use ty_python_semantic::ResolvedDefinition;
use vraftls_guest_sdk::{Failure, TargetDescription};

use super::targets::Targets;
use crate::inheritance::{self, Base};
use crate::occurrence::look_at;
use crate::project::{PythonProject, Source};
use crate::{hover, resolve};

/// After how many definitions it is asked whether anybody still waits: a signature may take inference of other files.
const DEFINITIONS_BETWEEN_LOOKS: usize = 8;

/// Descriptions of the file's own targets, and pairs of such a target and what it extends or overrides.
pub(super) fn known<'db>(
    project: &'db PythonProject,
    source: &Source<'db>,
    targets: &mut Targets<'db>,
) -> Result<(Vec<TargetDescription>, Vec<u32>), Failure> {
    let mut descriptions = Vec::new();
    let mut relations = Vec::new();
    // What is put into the table meanwhile lies in other files, or is what is around it there.
    for number in 0..targets.all().len() {
        let target = &targets.all()[number];
        if target.file != source.file || !target.is_seen() {
            continue;
        }
        if number % DEFINITIONS_BETWEEN_LOOKS == 0 {
            project.check_cancelled()?;
        }
        let number = number as u32;
        let (focus, definition) = (target.focus, target.definition);
        let Some(definition) = definition else {
            let module = ResolvedDefinition::Module(project.program_file(source.file));
            let documentation = focus.is_empty().then(|| hover::documentation(project, &[module])).flatten();
            descriptions.extend(documentation.map(|documentation| TargetDescription {
                target: number,
                signature: String::new(),
                documentation,
            }));
            continue;
        };
        let known = look_at(source, focus.start(), |at| {
            (at.range == focus).then(|| hover::describe(project, source, at)).flatten()
        });
        descriptions.extend(known.flatten().map(|known| TargetDescription {
            target: number,
            signature: known.signature,
            documentation: known.documentation,
        }));
        for above in above(project, source, definition) {
            for other in targets.of(&ResolvedDefinition::Definition(above)) {
                if *other != number {
                    relations.extend([number, *other]);
                }
            }
        }
    }
    Ok((descriptions, relations))
}

/// What a class names as its bases, and what a method overrides.
fn above<'db>(project: &'db PythonProject, source: &Source<'db>, definition: Definition<'db>) -> Vec<Definition<'db>> {
    let db = project.db();
    match definition.kind(db) {
        DefinitionKind::Class(_) => {
            let classes = inheritance::bases(db, definition).into_iter().filter_map(|base| match base {
                Base::Class(class) => Some(class),
                Base::Object | Base::Unknown => None,
            });
            classes.collect()
        }
        DefinitionKind::Function(_) => {
            let name = source.slice(resolve::name_range(db, definition));
            let class = inheritance::class_around(db, definition);
            class.map(|class| inheritance::member_above(db, class, name)).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}
