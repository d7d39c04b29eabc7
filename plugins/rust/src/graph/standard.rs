//! The crates that come with the compiler, from their sources.

use std::collections::BTreeSet;

use vraftls_guest_sdk::Workspace;

use super::{Building, Root, Standard, language_origin};
use crate::bundled;
use crate::tree::sources_below;

/// The crates in an order in which each uses only earlier ones, and which it uses. What is behind the platform's intrinsics is
/// left out: it is larger than all the rest, and nothing that a program sees leads there by itself.
const CRATES: [(&str, &[&str]); 7] = [
    ("core", &[]),
    ("alloc", &["core"]),
    ("unwind", &["core"]),
    ("panic_unwind", &["core", "alloc", "unwind"]),
    ("std", &["core", "alloc", "unwind", "panic_unwind"]),
    ("proc_macro", &["core", "alloc", "std"]),
    ("test", &["core", "alloc", "std"]),
];

/// Those that every crate sees, and whether by name alone.
const SEEN: [(&str, bool); 5] =
    [("core", true), ("alloc", false), ("std", true), ("test", false), ("proc_macro", false)];

/// Their files.
pub(super) fn roots(workspace: &dyn Workspace, directory: &str) -> Vec<Root> {
    let root = |(name, _): &(&str, &[&str])| {
        let directory = format!("{directory}/{name}/src");
        let files = sources_below(workspace, &directory);
        Root { directory, files, is_library: true }
    };
    CRATES.iter().map(root).collect()
}

/// The files of what stands in for them.
pub(super) fn bundled_roots() -> Vec<Root> {
    let root = |name| Root { directory: bundled::path(name), files: vec![bundled::path(name)], is_library: true };
    bundled::CRATES.into_iter().map(root).collect()
}

/// Adds them, from their sources or what stands in for those; those that other crates see.
pub(super) fn add(building: &mut Building<'_>, directory: Option<&str>) -> Standard {
    let mut added: Vec<(&'static str, usize)> = Vec::new();
    for (name, uses) in CRATES {
        let cfg = building.cfg(&BTreeSet::new(), false);
        let path = match directory {
            Some(directory) => format!("{directory}/{name}/src/lib.rs"),
            None => bundled::path(name),
        };
        let Some(place) = building.add(&path, name, None, "2024", cfg, language_origin(name)) else { continue };
        for used in uses {
            if let Some((_, used_place)) = added.iter().find(|(known, _)| known == used) {
                building.connect_crates(place, *used_place, used);
            }
        }
        added.push((name, place));
    }
    let seen = |(name, is_prelude): (&'static str, bool)| {
        let (_, place) = added.iter().find(|(known, _)| *known == name)?;
        Some((name, *place, is_prelude))
    };
    SEEN.into_iter().filter_map(seen).collect()
}
