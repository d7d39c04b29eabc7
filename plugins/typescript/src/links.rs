//! Links: the modules that imports name.

use vraftls_guest_sdk::{Failure, Link};

use crate::project::TypeScriptProject;

pub(crate) fn links(project: &TypeScriptProject, path: &str) -> Result<Vec<Link>, Failure> {
    let (file, module) = project.question(path, None)?;
    let store = project.store();
    let mut found = Vec::new();
    for spec in &module.specs {
        if spec.span.start >= spec.span.end {
            continue;
        }
        if let Some(target) = store.resolve(file, &spec.text) {
            found.push(Link { span: spec.span.span(), path: store.path(target).to_string(), url: String::new() });
        }
    }
    found.sort_by_key(|link| link.span.start);
    Ok(found)
}
