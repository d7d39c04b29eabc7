//! What `gateway/editors` promises: that its parts agree with the server and with each other.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use serde_json::Value;
use vraftls_tidy::{expect_none, tree};

/// The folder of everything for editors.
const EDITORS: &str = "gateway/editors";
/// The editors, each with a folder and a page.
const NAMES: [&str; 5] = ["vscode", "neovim", "helix", "emacs", "zed"];
/// Settings that decide how the extension for VS Code reaches the server and what it asks, which the server never sees.
const OF_THE_EXTENSION: [&str; 7] = [
    "vraftls.cluster",
    "vraftls.dataDir",
    "vraftls.languages",
    "vraftls.server.address",
    "vraftls.server.arguments",
    "vraftls.server.path",
    "vraftls.trace.server",
];
/// Of these, those that decide neither what is started nor what is connected to.
const HARMLESS: [&str; 2] = ["vraftls.languages", "vraftls.trace.server"];
/// What an editor's own list of settings says beyond the schema.
const OF_THE_EDITOR: [&str; 2] = ["order", "scope"];

#[test]
fn every_editor_has_a_page_that_the_index_leads_to() -> Result<()> {
    let index = tree::read(&format!("{EDITORS}/README.md"))?;
    let mut broken = Vec::new();
    for name in NAMES {
        let page = format!("{EDITORS}/{name}/README.md");
        if !tree::root().join(&page).is_file() {
            broken.push(format!("{page} is missing"));
        }
        if !index.contains(&format!("({name}/README.md)")) {
            broken.push(format!("{EDITORS}/README.md does not lead to {name}/README.md"));
        }
    }
    expect_none(broken, "Each page says how, in three lines.");
    Ok(())
}

#[test]
fn the_settings_in_vs_code_are_those_of_the_server() -> Result<()> {
    let manifest: Value = serde_json::from_str(&tree::read(&format!("{EDITORS}/vscode/package.json"))?)?;
    let schema: Value = serde_json::from_str(&tree::read("gateway/docs/settings.schema.json")?)?;
    let offered = manifest["contributes"]["configuration"]["properties"].as_object().context("it has settings")?;
    let known = schema["properties"].as_object().context("it has settings")?;
    let mut broken = Vec::new();
    for (key, leaf) in known {
        let mut offered = offered.get(key).and_then(Value::as_object).cloned().unwrap_or_default();
        offered.retain(|name, _| !OF_THE_EDITOR.contains(&name.as_str()));
        if Some(&offered) != leaf.as_object() {
            broken.push(format!("{key}: {leaf} in the schema, {} in the extension", Value::from(offered)));
        }
    }
    let of_server: BTreeSet<&str> = known.keys().map(String::as_str).chain(OF_THE_EXTENSION).collect();
    let unknown = offered.keys().filter(|key| !of_server.contains(key.as_str()));
    broken.extend(unknown.map(|key| format!("{key}: the server does not know it")));
    expect_none(
        broken,
        "`gateway/docs/settings.schema.json` decides; copy its entry into the extension's package.json.",
    );
    Ok(())
}

#[test]
fn what_decides_which_program_runs_needs_trust_in_vs_code() -> Result<()> {
    let manifest: Value = serde_json::from_str(&tree::read(&format!("{EDITORS}/vscode/package.json"))?)?;
    let restricted = &manifest["capabilities"]["untrustedWorkspaces"]["restrictedConfigurations"];
    let restricted: Vec<&str> = restricted.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let free = OF_THE_EXTENSION.iter().filter(|key| !HARMLESS.contains(key) && !restricted.contains(key));
    let broken = free.map(|key| format!("{key} is not restricted")).collect();
    expect_none(broken, "A folder that nobody trusts must not choose what is started or connected to.");
    Ok(())
}

#[test]
fn every_part_has_the_version_of_the_server() -> Result<()> {
    let read_toml = |path: &str| -> Result<toml::Table> { Ok(toml::from_str(&tree::read(path)?)?) };
    let workspace = read_toml("Cargo.toml")?;
    let version = workspace["workspace"]["package"]["version"].as_str().context("a version")?;
    let mut found = Vec::new();
    for path in ["vscode/package.json", "vscode/package-lock.json"] {
        let manifest: Value = serde_json::from_str(&tree::read(&format!("{EDITORS}/{path}"))?)?;
        found.push((path, manifest["version"].as_str().map(str::to_owned)));
    }
    let zed = read_toml(&format!("{EDITORS}/zed/Cargo.toml"))?;
    found.push(("zed/Cargo.toml", zed["package"]["version"].as_str().map(str::to_owned)));
    let zed = read_toml(&format!("{EDITORS}/zed/extension.toml"))?;
    found.push(("zed/extension.toml", zed["version"].as_str().map(str::to_owned)));
    let wrong = found.into_iter().filter(|(_, found)| found.as_deref() != Some(version));
    let broken = wrong.map(|(path, found)| format!("{EDITORS}/{path}: {}", found.unwrap_or_default())).collect();
    expect_none(broken, &format!("The server's is {version}."));
    Ok(())
}

#[test]
fn helix_is_told_of_one_server_and_who_uses_it() -> Result<()> {
    let languages: toml::Table = toml::from_str(&tree::read(&format!("{EDITORS}/helix/languages.toml"))?)?;
    let server = &languages["language-server"]["vraftls"];
    assert_eq!(server["command"].as_str(), Some("vraftls"));
    assert_eq!(server["args"].as_array().map(Vec::as_slice), Some(&["lsp".into()][..]));
    for language in languages["language"].as_array().context("a list of languages")? {
        assert_eq!(language["language-servers"].as_array().map(Vec::as_slice), Some(&["vraftls".into()][..]));
    }
    Ok(())
}

#[test]
fn locked_packages_of_node_come_from_nowhere_in_particular() -> Result<()> {
    let mut broken = Vec::new();
    for file in tree::files(&["package-lock.json"])? {
        for (number, line) in file.text.lines().enumerate().filter(|(_, line)| line.contains("\"resolved\":")) {
            broken.push(format!("{}:{}: {}", file.path, number + 1, line.trim()));
        }
        let folder = file.path.trim_end_matches("package-lock.json");
        if !tree::read(&format!("{folder}.npmrc"))?.contains("omit-lockfile-registry-resolved=true") {
            broken.push(format!("{folder}.npmrc does not leave addresses out"));
        }
    }
    expect_none(
        broken,
        "A lock file names packages and their digests; where they are fetched is each machine's own business.",
    );
    Ok(())
}
