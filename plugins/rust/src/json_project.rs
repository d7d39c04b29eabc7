//! `rust-project.json`: the crates of a workspace that another build system has, in rust-analyzer's format.
//!
//! Paths that leave the workspace name nothing here; what the file says of a compiler's place is left to the host.

use std::collections::BTreeSet;

use ra_ap_ide_db::base_db::CrateOrigin;
use serde::Deserialize;

use crate::cargo::joined;
use crate::graph::Building;

/// The crates.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Project {
    #[serde(default)]
    crates: Vec<Crate>,
}

#[derive(Debug, Deserialize)]
struct Crate {
    display_name: Option<String>,
    root_module: String,
    edition: Option<String>,
    version: Option<String>,
    #[serde(default)]
    deps: Vec<Dependency>,
    is_workspace_member: Option<bool>,
    #[serde(default)]
    cfg: Vec<String>,
    #[serde(default)]
    is_proc_macro: bool,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    #[serde(rename = "crate")]
    place: usize,
    name: String,
}

/// Reads it, if it is well-formed.
pub(crate) fn read(text: &str) -> Option<Project> {
    serde_json::from_str(text).ok()
}

/// Adds its crates.
pub(crate) fn add(building: &mut Building<'_>, project: &Project, standard: &Vec<(&'static str, usize, bool)>) {
    let mut places = Vec::new();
    for data in &project.crates {
        let is_member = data.is_workspace_member.unwrap_or(true);
        let mut cfg = building.cfg(&BTreeSet::new(), is_member);
        cfg.extend(data.cfg.iter().map(|option| match option.split_once('=') {
            Some((key, value)) => (key.to_owned(), Some(value.trim_matches('"').to_owned())),
            None => (option.clone(), None),
        }));
        let name = data.display_name.as_deref().unwrap_or("crate");
        let edition = data.edition.as_deref().unwrap_or("2021");
        let origin = CrateOrigin::Local { repo: None, name: None };
        let path = joined("", &data.root_module);
        let place = path.and_then(|path| building.add(&path, name, data.version.as_deref(), edition, cfg, origin));
        places.push(place);
    }
    for (data, place) in project.crates.iter().zip(&places) {
        let Some(user) = place else { continue };
        building.use_standard(*user, standard, data.is_proc_macro);
        for dependency in &data.deps {
            if let Some(Some(used)) = places.get(dependency.place) {
                building.connect_crates(*user, *used, &dependency.name);
            }
        }
    }
}
