//! What documents promise, and what no file may give away.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use vraftls_tidy::tree::File;
use vraftls_tidy::{expect_none, tree};

/// The folder of decision records.
const DECISIONS: &str = "host/docs/adr/";
/// What is text and ours, by the ends of its name.
const TEXTS: [&str; 19] = [
    ".rs",
    ".toml",
    ".md",
    ".wit",
    ".json",
    ".yml",
    ".yaml",
    ".sh",
    ".py",
    ".lua",
    ".ts",
    ".js",
    ".el",
    ".fixture",
    ".html",
    ".ci/run",
    ".gitignore",
    "LICENSE-MIT",
    "LICENSE-APACHE",
];
/// Hosts of package registries and their mirrors. Spelled in two, so that this file does not find itself.
const REGISTRIES: [(&str, &str); 9] = [
    ("index.", "crates.io"),
    ("static.", "crates.io"),
    ("registry.", "npmjs.org"),
    ("files.", "pythonhosted.org"),
    ("deb.", "debian.org"),
    ("proxy.", "golang.org"),
    ("static.", "rust-lang.org"),
    ("arti", "factory"),
    ("nexus", "3"),
];

#[test]
fn decisions_are_numbered_without_gaps() -> Result<()> {
    let mut broken = Vec::new();
    let records: Vec<File> =
        tree::files(&[".md"])?.into_iter().filter(|file| file.path.starts_with(DECISIONS)).collect();
    for (index, record) in records.iter().enumerate() {
        let number = format!("{:04}", index + 1);
        let name = &record.path[DECISIONS.len()..];
        if !name.starts_with(&format!("{number}-")) {
            broken.push(format!("{}: expected number {number} here", record.path));
        } else if !record.text.lines().next().is_some_and(|title| title.starts_with("# ") && title.contains(&number)) {
            broken.push(format!("{}: its first line is no title with the number {number}", record.path));
        }
    }
    expect_none(broken, "Decisions are named NNNN-what.md, begin with `# NNNN` or the like, and are never removed.");
    Ok(())
}

#[test]
fn documented_commands_exist() -> Result<()> {
    let known = xtask_commands()?;
    let mut broken = Vec::new();
    for file in tree::files(&[".md"])? {
        for (number, line) in file.text.lines().enumerate() {
            for (at, words) in line.match_indices("cargo xtask ") {
                let command: String = line[at + words.len()..]
                    .chars()
                    .take_while(|next| next.is_ascii_lowercase() || *next == '-')
                    .collect();
                if !command.is_empty() && !known.contains(&command) {
                    broken.push(format!("{}:{}: there is no `cargo xtask {command}`", file.path, number + 1));
                }
            }
        }
    }
    expect_none(broken, &format!("There are: {}.", known.join(", ")));
    Ok(())
}

/// The commands of xtask: the variants of its `Command`.
fn xtask_commands() -> Result<Vec<String>> {
    let source = tree::read("tests/xtask/src/main.rs")?;
    let (_, variants) = source.split_once("\nenum Command {\n").context("xtask has an enum of its commands")?;
    let (variants, _) = variants.split_once("\n}\n").context("the enum ends")?;
    let is_variant =
        |line: &&str| line.starts_with("    ") && line[4..].starts_with(|first: char| first.is_ascii_uppercase());
    let kebab = |line: &str| {
        let name = line.trim().split(|next: char| !next.is_ascii_alphanumeric()).next().unwrap_or_default();
        let word = |letter: char| if letter.is_ascii_uppercase() { format!("-{letter}") } else { letter.to_string() };
        name.chars().map(word).collect::<String>().trim_start_matches('-').to_lowercase()
    };
    Ok(variants.lines().filter(is_variant).map(kebab).collect())
}

#[test]
fn links_between_documents_lead_somewhere() -> Result<()> {
    let mut broken = Vec::new();
    for file in tree::files(&[".md"])? {
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for (number, line) in prose(&file.text) {
            for target in link_targets(line) {
                if !tree::root().join(folder).join(target).exists() {
                    broken.push(format!("{}:{number}: `{target}` does not exist", file.path));
                }
            }
        }
    }
    expect_none(broken, "Links are relative to the document.");
    Ok(())
}

/// The lines outside of code blocks, counted from 1.
fn prose(text: &str) -> Vec<(usize, &str)> {
    let mut in_code = false;
    let mut lines = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if !in_code {
            lines.push((index + 1, line));
        }
    }
    lines
}

/// The files that a line links to.
fn link_targets(line: &str) -> Vec<&str> {
    let targets = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets
        .map(|target| target.split('#').next().unwrap_or_default())
        .filter(|target| !target.is_empty() && !target.contains("://") && !target.starts_with("mailto:"))
        .collect()
}

#[test]
fn no_file_names_the_machine_it_was_written_on() -> Result<()> {
    let mut forbidden: BTreeMap<String, &str> = BTreeMap::new();
    for (first, second) in REGISTRIES {
        forbidden.insert(format!("{first}{second}"), "the host of a registry");
    }
    for folder in ["work", "root"] {
        forbidden.insert(format!("/{folder}/"), "a path of a machine");
    }
    forbidden.insert(tree::root().display().to_string(), "the path of this checkout");
    if let Some(home) = std::env::home_dir().filter(|home| home.parent().is_some()) {
        forbidden.insert(format!("{}/", home.display()), "the home of a person");
    }
    let mut broken = Vec::new();
    for file in tree::files(&TEXTS)?.iter().filter(|file| !file.path.contains("/corpus/")) {
        for (number, line) in file.text.lines().enumerate() {
            for (text, what) in &forbidden {
                if line.contains(text.as_str()) {
                    broken.push(format!("{}:{}: `{text}` is {what}", file.path, number + 1));
                }
            }
        }
    }
    expect_none(broken, "The tree must read the same on every machine.");
    Ok(())
}

#[test]
fn lock_files_come_from_the_public_registry_alone() -> Result<()> {
    let mut broken = Vec::new();
    let public = format!("source = \"registry+https://github.com/rust-lang/{}\"", "crates.io-index");
    for file in tree::files(&["Cargo.lock"])? {
        for (number, line) in file.text.lines().enumerate() {
            if line.starts_with("source = ") && line != public {
                broken.push(format!("{}:{}: {line}", file.path, number + 1));
            }
        }
    }
    expect_none(broken, "No git dependencies, no private registries: a clean clone must build anywhere.");
    Ok(())
}
