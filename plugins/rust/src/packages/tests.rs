//! What of a workspace is used, and with which features.

use vraftls_guest_sdk::{Config, Library, MemoryWorkspace};

use super::*;
use crate::tree::{PACKAGE_KIND, REPOSITORY_KIND};

fn read(files: &[(&str, &str)], libraries: &[&str]) -> Packages {
    read_of(files, libraries, PACKAGE_KIND)
}

fn read_of(files: &[(&str, &str)], libraries: &[&str], kind: &str) -> Packages {
    let workspace = MemoryWorkspace::new(files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())));
    let library = |path: &&str| Library { path: (*path).to_owned(), kind: kind.to_owned() };
    let config =
        Config { root: String::new(), libraries: libraries.iter().map(library).collect(), settings: Vec::new() };
    let tree = Tree::list(&workspace, &config).expect("few files");
    Packages::read(&workspace, &tree, Platform::default()).expect("nobody cancels")
}

fn features(packages: &Packages, name: &str) -> Vec<String> {
    let found = packages.iter().find(|package| package.manifest.name == name);
    found.map(|package| package.features.iter().cloned().collect()).unwrap_or_default()
}

fn versions(packages: &Packages) -> Vec<String> {
    let libraries = packages.iter().filter(|package| !package.is_member);
    let mut found: Vec<String> =
        libraries.map(|package| format!("{} {}", package.manifest.name, package.manifest.version)).collect();
    found.sort();
    found
}

const ROOT: &str = "[package]\nname = 'root'\nversion = '1.0.0'\n[features]\ndefault = ['fast']\nfast = ['dep:quick', 'near?/more']\n\
    slow = ['near']\n[dependencies]\nnear = { version = '1', optional = true, default-features = false }\n\
    quick = { version = '1', optional = true, features = ['simd'] }\nalways = '0.3'";

#[test]
fn features_switch_dependencies_on() {
    let files = [
        ("Cargo.toml", ROOT),
        (
            "@lib/quick-1.0.0/Cargo.toml",
            "[package]\nname = 'quick'\nversion = '1.0.0'\n[features]\ndefault = ['std']\nstd = ['always/std']\nsimd = []\n[dependencies]\nalways = { version = '0.3', default-features = false }",
        ),
        ("@lib/near-1.0.0/Cargo.toml", "[package]\nname = 'near'\nversion = '1.0.0'\n[features]\nmore = []"),
        (
            "@lib/always-0.3.1/Cargo.toml",
            "[package]\nname = 'always'\nversion = '0.3.1'\n[features]\nstd = []\nother = []",
        ),
    ];
    let libraries = ["@lib/quick-1.0.0", "@lib/near-1.0.0", "@lib/always-0.3.1"];
    let packages = read(&files, &libraries);
    assert_eq!(features(&packages, "root"), ["default", "fast"]);
    assert_eq!(features(&packages, "quick"), ["default", "simd", "std"]);
    assert_eq!(features(&packages, "always"), ["std"]);
    assert_eq!(versions(&packages), ["always 0.3.1", "quick 1.0.0"]);
    let slow = ROOT.replace("default = ['fast']", "default = ['slow', 'fast']");
    let files: Vec<(&str, &str)> =
        files.iter().map(|(path, text)| (*path, if *path == "Cargo.toml" { slow.as_str() } else { text })).collect();
    let packages = read(&files, &libraries);
    assert_eq!(features(&packages, "near"), ["more"]);
}

#[test]
fn versions_are_those_of_the_lock_file_or_the_highest_that_will_do() {
    let manifest = "[package]\nname = 'root'\nversion = '1.0.0'\n[dependencies]\na = '1'\nb = '1'";
    let package = |version: &str, name: &str| format!("[package]\nname = '{name}'\nversion = '{version}'");
    let (a1, a12, a2) = (package("1.0.0", "a"), package("1.2.0", "a"), package("2.0.0", "a"));
    let lock = "[[package]]\nname = 'root'\nversion = '1.0.0'\ndependencies = ['a 1.0.0']\n[[package]]\nname = 'a'\nversion = '1.0.0'";
    let files = [
        ("Cargo.toml", manifest),
        ("@lib/a-1.0.0/Cargo.toml", a1.as_str()),
        ("@lib/a-1.2.0/Cargo.toml", a12.as_str()),
        ("@lib/a-2.0.0/Cargo.toml", a2.as_str()),
    ];
    let libraries = ["@lib/a-1.0.0", "@lib/a-1.2.0", "@lib/a-2.0.0"];
    let packages = read(&files, &libraries);
    assert_eq!(versions(&packages), ["a 1.2.0"]);
    assert_eq!(packages.get(0).missing.iter().copied().collect::<Vec<_>>(), [1]);
    let locked: Vec<(&str, &str)> = files.into_iter().chain([("Cargo.lock", lock)]).collect();
    assert_eq!(versions(&read(&locked, &libraries)), ["a 1.0.0"]);
}

#[test]
fn paths_lead_to_members() {
    let files = [
        ("Cargo.toml", "[workspace]\nmembers = ['*']\n[workspace.dependencies]\nb = { path = 'b' }"),
        ("a/Cargo.toml", "[package]\nname = 'a'\n[dependencies]\nb = { workspace = true, features = ['x'] }"),
        ("b/Cargo.toml", "[package]\nname = 'b'\n[features]\nx = []\n[dev-dependencies]\na = { path = '../a' }"),
    ];
    let packages = read(&files, &[]);
    assert_eq!(features(&packages, "b"), ["x"]);
    assert_eq!((packages.get(0).uses.get(&0), packages.get(1).uses.get(&0)), (Some(&1), Some(&0)));
}

#[test]
fn packages_of_repositories_are_found_by_their_names_and_inherit_from_their_own_workspace() {
    let manifest = "[package]\nname = 'root'\nversion = '1.0.0'\n[workspace]\n[workspace.package]\nversion = '9.0.0'\n\
        [dependencies]\na = { git = 'https://x.example/tools' }";
    let old = "[package]\nname = 'a'\nversion = '0.1.0'\n[dependencies]\n";
    let files = [
        ("Cargo.toml", manifest),
        ("@lib/tools-0123abc/Cargo.toml", "[workspace.package]\nversion = '0.2.0-dev'"),
        (
            "@lib/tools-0123abc/crates/one/Cargo.toml",
            "[package]\nname = 'a'\nversion.workspace = true\n[dependencies]\nb = { path = '../two' }",
        ),
        ("@lib/tools-0123abc/crates/two/Cargo.toml", "[package]\nname = 'b'\nversion.workspace = true"),
        ("@lib/tools-0123abc/target/Cargo.toml", "[package]\nname = 'a'\nversion = '7.0.0'"),
        ("@lib/tools-fedcba9/one/Cargo.toml", old),
    ];
    let repositories = ["@lib/tools-0123abc", "@lib/tools-fedcba9"];
    assert_eq!(versions(&read_of(&files, &repositories, REPOSITORY_KIND)), ["a 0.2.0-dev", "b 0.2.0-dev"]);
    let lock = "[[package]]\nname = 'root'\nversion = '1.0.0'\ndependencies = ['a']\n\
        [[package]]\nname = 'a'\nversion = '0.1.0'\nsource = 'git+https://x.example/tools#fedcba9876'";
    let locked: Vec<(&str, &str)> = files.into_iter().chain([("Cargo.lock", lock)]).collect();
    assert_eq!(versions(&read_of(&locked, &repositories, REPOSITORY_KIND)), ["a 0.1.0"]);
    assert_eq!(read(&files, &[]).get(0).missing.len(), 1, "nobody has checked it out");
}

#[test]
fn a_repository_gives_nothing_to_who_asks_a_registry() {
    let manifest = |source: &str| format!("[package]\nname = 'root'\n[dependencies]\na = {source}");
    let (asks, patched) = (
        manifest("'1'"),
        "[[package]]\nname = 'a'\nversion = '1.0.0'\nsource = 'git+https://x.example/tools#0123abcd'",
    );
    let files =
        [("Cargo.toml", asks.as_str()), ("@lib/tools-0123abc/Cargo.toml", "[package]\nname = 'a'\nversion = '1.0.0'")];
    let repositories = ["@lib/tools-0123abc"];
    assert_eq!(versions(&read_of(&files, &repositories, REPOSITORY_KIND)), [""; 0]);
    // Its lock file says that the repository stands in for the registry.
    let patched: Vec<(&str, &str)> = files.into_iter().chain([("Cargo.lock", patched)]).collect();
    assert_eq!(versions(&read_of(&patched, &repositories, REPOSITORY_KIND)), ["a 1.0.0"]);
}
