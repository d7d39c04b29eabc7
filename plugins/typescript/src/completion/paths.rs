//! Files and packages in the name of a module.

use vraftls_guest_sdk::{CompletionItem, NodeKind};

use crate::imports;
use crate::project::TypeScriptProject;

/// CompletionItemKind of a file, a folder, a module.
const FILE: u32 = 17;
const FOLDER: u32 = 19;
const MODULE: u32 = 9;

pub(super) fn paths(project: &TypeScriptProject, path: &str, typed: &str) -> Vec<CompletionItem> {
    let workspace = &project.store().workspace;
    let (directory, _) = typed.rsplit_once('/').unwrap_or(("", typed));
    let mut found: Vec<(String, u32)> = Vec::new();
    if typed.starts_with('.') {
        let Some(directory) = beside(path, directory) else { return Vec::new() };
        for entry in workspace.list(&directory) {
            let (name, kind) = match entry.kind {
                NodeKind::Directory if entry.name == "node_modules" || entry.name.starts_with(['@', '.']) => continue,
                NodeKind::Directory => (entry.name.clone(), FOLDER),
                NodeKind::File if crate::store::is_code(&entry.name) => (imports::without_suffix(&entry.name), FILE),
                NodeKind::File if entry.name.ends_with(".json") => (entry.name.clone(), FILE),
                NodeKind::File => continue,
            };
            let own = if directory.is_empty() { entry.name.clone() } else { format!("{directory}/{}", entry.name) };
            if own != path && !found.iter().any(|(known, _)| *known == name) {
                found.push((name, kind));
            }
        }
    } else {
        for root in ["node_modules", "@lib/node_modules"] {
            let below = if directory.is_empty() { root.to_owned() } else { format!("{root}/{directory}") };
            for entry in workspace.list(&below) {
                let hidden = entry.name.starts_with('.') || entry.name == "@types";
                if matches!(entry.kind, NodeKind::Directory)
                    && !hidden
                    && !found.iter().any(|(known, _)| *known == entry.name)
                {
                    found.push((entry.name, MODULE));
                }
            }
        }
    }
    let item = |(label, kind): (String, u32)| CompletionItem {
        label,
        label_detail: String::new(),
        label_source: String::new(),
        kind,
        detail: String::new(),
        insert: String::new(),
        snippet: false,
        additional: Vec::new(),
        deprecated: false,
        token: Vec::new(),
    };
    found.into_iter().map(item).collect()
}

/// A directory as a file names it.
fn beside(path: &str, directory: &str) -> Option<String> {
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    for part in directory.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
