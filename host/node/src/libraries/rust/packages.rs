//! Which packages of registries, and which repositories, a workspace uses, and where they lie unpacked.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use semver::{Version, VersionReq};
use toml::{Table, Value};

/// Levels of directories below the root in which manifests are looked for.
const LEVELS_MAX: usize = 4;
/// Digits by which git tells revisions apart at least.
const SHORT_REVISION_MIN: usize = 7;
/// Directories that are looked through.
const DIRECTORIES_MAX: usize = 5000;

/// The directories with a `Cargo.toml`, as far as they are near the root; sorted.
pub(super) fn manifests(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![(root.to_owned(), 0)];
    let mut n_seen = 0;
    while let Some((directory, level)) = waiting.pop() {
        n_seen += 1;
        if n_seen > DIRECTORIES_MAX {
            break;
        }
        if directory.join("Cargo.toml").is_file() {
            found.push(directory.clone());
        }
        for entry in fs::read_dir(&directory).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let is_skipped = name.as_encoded_bytes().starts_with(b".") || name == "target" || name == "node_modules";
            // Links are not followed, so that none leads in a circle.
            let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if is_directory && !is_skipped && level < LEVELS_MAX {
                waiting.push((entry.path(), level + 1));
            }
        }
    }
    found.sort();
    found
}

/// The packages that are used: name and version as registries call their folders, and the folder.
pub(super) fn used(root: &Path, manifests: &[PathBuf], registries: &[PathBuf]) -> BTreeMap<String, PathBuf> {
    let mut found = BTreeMap::new();
    let mut is_locked = false;
    for text in lock_files(root, manifests) {
        is_locked = true;
        for name in locked(&text) {
            if let Some(folder) = registries.iter().map(|registry| registry.join(&name)).find(|path| path.is_dir()) {
                found.insert(name, folder);
            }
        }
    }
    if !is_locked {
        chosen(manifests, registries, &mut found);
    }
    found
}

/// The lock files of the root and of everything near it that has a manifest.
fn lock_files<'a>(root: &'a Path, manifests: &'a [PathBuf]) -> impl Iterator<Item = String> + use<'a> {
    let directories = manifests.iter().map(PathBuf::as_path).chain([root]).collect::<BTreeSet<&Path>>();
    directories.into_iter().filter_map(|directory| fs::read_to_string(directory.join("Cargo.lock")).ok())
}

/// The checkouts of repositories that lock files name: what each is called, which is the repository and the beginning of the revision's
/// digest, and its folder. In its own folder cargo keeps each repository under its name and a hash of its address, and in that each
/// revision under the beginning of its digest.
pub(super) fn repositories(root: &Path, manifests: &[PathBuf], checkouts: &Path) -> BTreeMap<String, PathBuf> {
    let wanted: BTreeSet<(String, String)> = lock_files(root, manifests).flat_map(|text| revisions(&text)).collect();
    let mut found = BTreeMap::new();
    if wanted.is_empty() {
        return found;
    }
    for (called, repository) in folders(checkouts) {
        let Some((name, _)) = called.rsplit_once('-') else { continue };
        // The address may be spelled otherwise than the folder.
        let wanted = wanted.iter().filter(|(wanted, _)| wanted.eq_ignore_ascii_case(name));
        let wanted: Vec<&str> = wanted.map(|(_, revision)| revision.as_str()).collect();
        if wanted.is_empty() {
            continue;
        }
        for (short, checkout) in folders(&repository) {
            let is_wanted = wanted.iter().any(|revision| revision.starts_with(&short));
            if is_wanted && short.len() >= SHORT_REVISION_MIN {
                found.entry(format!("{name}-{short}")).or_insert(checkout);
            }
        }
    }
    found
}

/// The folders in another one, sorted by name.
fn folders(directory: &Path) -> BTreeMap<String, PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten().filter(|entry| entry.path().is_dir());
    entries.filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path()))).collect()
}

/// The repositories that a lock file names, as their addresses end, with the digests of revisions.
fn revisions(text: &str) -> Vec<(String, String)> {
    let table: Table = text.parse().unwrap_or_default();
    let packages = table.get("package").and_then(Value::as_array).into_iter().flatten();
    let revision = |package: &Value| {
        let source = package.get("source")?.as_str()?.strip_prefix("git+")?;
        let (address, revision) = source.rsplit_once('#')?;
        let address = address.split('?').next().unwrap_or(address).trim_end_matches('/');
        let name = address.rsplit('/').next().unwrap_or(address);
        Some((name.strip_suffix(".git").unwrap_or(name).to_owned(), revision.to_owned()))
    };
    packages.filter_map(revision).collect()
}

/// The packages of registries that a lock file names.
fn locked(text: &str) -> Vec<String> {
    let table: Table = text.parse().unwrap_or_default();
    let packages = table.get("package").and_then(Value::as_array).into_iter().flatten();
    let name = |package: &Value| {
        let text = |key: &str| package.get(key).and_then(Value::as_str);
        let is_of_registry = text("source").is_some_and(|source| !source.starts_with("git+"));
        let (name, version) = (text("name")?, text("version")?);
        let is_plain = !name.contains(['/', '\\']) && !version.contains(['/', '\\']);
        (is_of_registry && is_plain).then(|| format!("{name}-{version}"))
    };
    packages.filter_map(name).collect()
}

/// What would be chosen without a lock file: for each dependency the highest version that is there and will do.
fn chosen(manifests: &[PathBuf], registries: &[PathBuf], found: &mut BTreeMap<String, PathBuf>) {
    if manifests.is_empty() {
        return;
    }
    let there = unpacked(registries);
    let mut waiting: Vec<(PathBuf, bool)> = manifests.iter().map(|directory| (directory.clone(), true)).collect();
    while let Some((directory, is_member)) = waiting.pop() {
        let Ok(text) = fs::read_to_string(directory.join("Cargo.toml")) else { continue };
        for (name, requirement) in dependencies(&text.parse().unwrap_or_default(), is_member) {
            let versions = there.get(&name).into_iter().flatten().rev();
            let mut versions = versions.filter(|(version, _)| requirement.matches(version));
            let Some((version, folder)) = versions.next() else { continue };
            if found.insert(format!("{name}-{version}"), folder.clone()).is_none() {
                waiting.push((folder.clone(), false));
            }
        }
    }
}

/// What lies in the registries, by name, ascending by version.
fn unpacked(registries: &[PathBuf]) -> BTreeMap<String, Vec<(Version, PathBuf)>> {
    let mut there: BTreeMap<String, Vec<(Version, PathBuf)>> = BTreeMap::new();
    for entry in registries.iter().flat_map(|registry| fs::read_dir(registry).into_iter().flatten().flatten()) {
        let Ok(called) = entry.file_name().into_string() else { continue };
        let parts = called.match_indices('-').find_map(|(at, _)| {
            let version = Version::parse(&called[at + 1..]).ok()?;
            Some((called[..at].to_owned(), version))
        });
        if let Some((name, version)) = parts {
            there.entry(name).or_default().push((version, entry.path()));
        }
    }
    there.values_mut().for_each(|versions| versions.sort());
    there
}

/// The packages that a manifest asks registries for, on any platform and with any features; a member's for its tests too.
fn dependencies(manifest: &Table, is_member: bool) -> Vec<(String, VersionReq)> {
    let platforms = manifest.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values);
    let tables = std::iter::once(manifest).chain(platforms.filter_map(Value::as_table));
    let shared = manifest.get("workspace").and_then(Value::as_table);
    let sections: &[&str] =
        if is_member { &["dependencies", "dev-dependencies", "build-dependencies"] } else { &["dependencies"] };
    let mut found = Vec::new();
    for table in tables.chain(shared) {
        for section in sections {
            for (alias, value) in table.get(*section).and_then(Value::as_table).into_iter().flatten() {
                let text = |key: &str| value.get(key).and_then(Value::as_str);
                let Some(requirement) = value.as_str().or_else(|| text("version")) else { continue };
                let name = text("package").unwrap_or(alias);
                found.extend(VersionReq::parse(requirement).ok().map(|requirement| (name.to_owned(), requirement)));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: PathBuf, text: &str) {
        fs::create_dir_all(path.parent().expect("below the scratch directory")).expect("writable");
        fs::write(path, text).expect("writable");
    }

    fn registry(at: &Path) -> PathBuf {
        let package = |name: &str, dependencies: &str| {
            write(at.join(name).join("Cargo.toml"), &format!("[package]\nname = 'x'\n[dependencies]\n{dependencies}"));
        };
        package("a-b-1.0.0", "");
        package("a-b-1.3.0", "c = '0.2'");
        package("a-b-2.0.0", "");
        package("c-0.2.5", "");
        package("other-1.0.0", "");
        at.to_owned()
    }

    #[test]
    fn lock_files_name_what_is_used() {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        let registry = registry(&scratch.path().join("registry"));
        let root = scratch.path().join("ws");
        write(root.join("Cargo.toml"), "[workspace]");
        let lock = "[[package]]\nname = 'a-b'\nversion = '1.0.0'\nsource = 'registry+x'\n\
            [[package]]\nname = 'gone'\nversion = '1.0.0'\nsource = 'registry+x'\n[[package]]\nname = 'own'\nversion = '1.0.0'\n\
            [[package]]\nname = '../c'\nversion = '0.2.5'\nsource = 'registry+x'";
        write(root.join("Cargo.lock"), lock);
        let found = used(&root, &manifests(&root), &[registry]);
        assert_eq!(found.keys().collect::<Vec<_>>(), ["a-b-1.0.0"]);
    }

    #[test]
    fn checkouts_of_the_revisions_that_lock_files_name_are_used_as_a_whole() {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        let (root, checkouts) = (scratch.path().join("ws"), scratch.path().join("checkouts"));
        for checkout in
            ["tools-0123/aaaaaaa", "tools-0123/bbbbbbb", "tools-0123/aaa", "tools-extra-9/ccccccc", "gone-1/ddddddd"]
        {
            write(checkouts.join(checkout).join("Cargo.toml"), "[workspace]");
        }
        write(root.join("Cargo.toml"), "[package]");
        let locked = |name: &str, source: &str| {
            format!("[[package]]\nname = '{name}'\nversion = '1.0.0'\nsource = '{source}'\n")
        };
        let revision = |first: &str| first.repeat(40);
        let lock = [
            locked("one", &format!("git+https://a.example/b/Tools.git?branch=main#{}", revision("a"))),
            locked("two", &format!("git+https://a.example/b/Tools.git?branch=main#{}", revision("a"))),
            locked("extra", &format!("git+ssh://git@a.example/b/tools-extra/#{}", revision("c"))),
            locked("unknown", &format!("git+https://a.example/b/gone#{}", revision("e"))),
            locked("plain", "registry+https://a.example/index"),
            locked("bare", "git+nothing"),
        ];
        write(root.join("Cargo.lock"), &lock.concat());
        let found = repositories(&root, &manifests(&root), &checkouts);
        let folder = |checkout: &str| checkouts.join(checkout);
        let expected =
            [("tools-aaaaaaa", folder("tools-0123/aaaaaaa")), ("tools-extra-ccccccc", folder("tools-extra-9/ccccccc"))];
        assert_eq!(found, expected.map(|(name, folder)| (name.to_owned(), folder)).into());
        assert!(used(&root, &manifests(&root), &[]).is_empty());
        assert!(repositories(&root, &manifests(&root), &scratch.path().join("absent")).is_empty());
    }

    #[test]
    fn without_one_the_highest_that_will_do_is_chosen() {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        let registry = registry(&scratch.path().join("registry"));
        let root = scratch.path().join("ws");
        write(
            root.join("crates/m/Cargo.toml"),
            "[package]\nname = 'm'\n[dev-dependencies]\nz = { package = 'a-b', version = '1' }",
        );
        write(root.join("target/x/Cargo.toml"), "[package]\nname = 'x'\n[dependencies]\nother = '1'");
        let found = used(&root, &manifests(&root), &[registry]);
        assert_eq!(found.keys().collect::<Vec<_>>(), ["a-b-1.3.0", "c-0.2.5"]);
    }
}
