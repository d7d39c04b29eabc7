//! Who may depend on whom: the table of the design, and which outside crate belongs to which room.
//!
//! Development dependencies are free, but for rooms of `tests/`, which nothing but tests may link.

use anyhow::Result;
use vraftls_tidy::{expect_none, packages, tree};

/// Every package of the main workspace, and which of ours it may link. A new edge is a decision: change the design with it.
const ROOMS: [(&str, &[&str]); 25] = [
    ("vraftls-text", &[]),
    ("vraftls-vfs", &["vraftls-text"]),
    ("vraftls-meta", &["vraftls-vfs"]),
    ("vraftls-index", &["vraftls-text", "vraftls-vfs"]),
    ("vraftls-cache", &["vraftls-index", "vraftls-text", "vraftls-vfs"]),
    ("vraftls-proto", &["vraftls-index", "vraftls-text", "vraftls-vfs"]),
    ("vraftls-query", &["vraftls-cache", "vraftls-index", "vraftls-proto", "vraftls-text", "vraftls-vfs"]),
    ("vraftls-wasm", &["vraftls-index", "vraftls-proto", "vraftls-query", "vraftls-text", "vraftls-vfs"]),
    ("vraftls-raft", &["vraftls-vfs"]),
    ("vraftls-transport", &["vraftls-meta", "vraftls-raft"]),
    (
        "vraftls-client",
        &["vraftls-index", "vraftls-meta", "vraftls-proto", "vraftls-raft", "vraftls-transport", "vraftls-vfs"],
    ),
    ("vraftls-cluster", &["vraftls-meta", "vraftls-raft", "vraftls-transport", "vraftls-vfs"]),
    (
        "vraftls-node",
        &[
            "vraftls-cache",
            "vraftls-cluster",
            "vraftls-index",
            "vraftls-meta",
            "vraftls-proto",
            "vraftls-query",
            "vraftls-raft",
            "vraftls-text",
            "vraftls-transport",
            "vraftls-vfs",
            "vraftls-wasm",
        ],
    ),
    ("vraftls-gateway", &["vraftls-index", "vraftls-proto", "vraftls-text", "vraftls-vfs"]),
    (
        "vraftls",
        &[
            "vraftls-client",
            "vraftls-gateway",
            "vraftls-index",
            "vraftls-meta",
            "vraftls-node",
            "vraftls-proto",
            "vraftls-text",
            "vraftls-transport",
            "vraftls-vfs",
        ],
    ),
    ("vraftls-guest-sdk", &[]),
    ("vraftls-harness", &[]),
    ("vraftls-tidy", &[]),
    ("xtask", &[]),
    // These judge the whole from outside, and may link all of it.
    ("vraftls-bench", ANY),
    ("vraftls-cluster-tests", ANY),
    ("vraftls-conformance", ANY),
    ("vraftls-lsp-tests", ANY),
    ("vraftls-sim", ANY),
    ("vraftls-soak", ANY),
];

/// May link whatever it judges.
const ANY: &[&str] = &["*"];

/// Outside crates that only some rooms may link, and what that fences in.
const MONOPOLIES: [(&str, &[&str], &str); 32] = [
    ("openraft", &["vraftls-raft"], "an upgrade of openraft touches one room"),
    ("wasmtime", &["vraftls-wasm"], "one room meets the untrusted guest"),
    ("wasmtime-wasi", &["vraftls-wasm"], "one room meets the untrusted guest"),
    ("tower-lsp-server", &["vraftls-gateway"], "one room knows the protocol of editors"),
    ("tower-service", &["vraftls-gateway"], "one room knows the protocol of editors"),
    (
        "tokio-tungstenite",
        &["vraftls-gateway", "vraftls-transport"],
        "one room knows the transports of editors, one that of nodes",
    ),
    ("lsp-types", &["vraftls-gateway"], "one room knows the protocol of editors"),
    ("sled", &["vraftls-cache", "vraftls-raft"], "storage stands behind small traits"),
    (
        "tokio",
        &[
            "vraftls",
            "vraftls-cache",
            "vraftls-client",
            "vraftls-cluster",
            "vraftls-gateway",
            "vraftls-node",
            "vraftls-query",
            "vraftls-raft",
            "vraftls-transport",
            "vraftls-wasm",
        ],
        "text, state machine, index and messages are pure values",
    ),
    ("notify", &["vraftls-node"], "the node watches files, and nobody else"),
    ("ignore", &["vraftls", "vraftls-node"], "the rims read the disk"),
    ("clap", &["vraftls", "xtask"], "command lines are read in binaries"),
    ("indicatif", &["vraftls"], "the command speaks to people"),
    ("rmcp", &["vraftls"], "agents are served by a command, and by nothing else"),
    ("scip", &["vraftls"], "the command writes what other tools read"),
    ("protobuf", &["vraftls"], "the command writes what other tools read"),
    ("tracing-subscriber", &["vraftls"], "the binary decides where logs go"),
    ("imbl", &["vraftls-index", "vraftls-node", "vraftls-vfs"], "only what has snapshots is persistent"),
    ("nucleo-matcher", &["vraftls-index"], "symbols are ranked in one place"),
    ("lz4_flex", &["vraftls-cache"], "compression is the disk tier's own"),
    ("wit-bindgen", &["vraftls-guest-sdk"], "authors never see bindings"),
    (
        "serde",
        &[
            "vraftls",
            "vraftls-cluster",
            "vraftls-gateway",
            "vraftls-index",
            "vraftls-meta",
            "vraftls-node",
            "vraftls-proto",
            "vraftls-raft",
            "vraftls-text",
            "vraftls-transport",
            "vraftls-vfs",
            "vraftls-wasm",
        ],
        "inner types are not serialized by accident",
    ),
    ("axum", &["vraftls-node"], "one room is a node's door to HTTP"),
    ("hyper", &["vraftls-client", "vraftls-node"], "one room is a node's door to HTTP, and one asks there"),
    ("hyper-util", &["vraftls-client", "vraftls-node"], "one room is a node's door to HTTP, and one asks there"),
    ("prometheus-client", &["vraftls-node"], "metrics are named in one place"),
    ("rustls", &["vraftls-transport"], "one room decides which certificates are believed"),
    ("tokio-rustls", &["vraftls-transport"], "one room decides which certificates are believed"),
    ("rustix", &["vraftls-wasm"], "one room maps files over memory"),
    ("rcgen", &[], "it is for tests"),
    ("proptest", &[], "it is for tests"),
    ("expect-test", &[], "it is for tests"),
];

/// Rooms that judge the others.
fn is_judge(name: &str) -> bool {
    let judges = [
        "vraftls-bench",
        "vraftls-cluster-tests",
        "vraftls-conformance",
        "vraftls-harness",
        "vraftls-lsp-tests",
        "vraftls-sim",
        "vraftls-soak",
    ];
    judges.contains(&name) || ["vraftls-tidy", "xtask"].contains(&name)
}

#[test]
fn rooms_depend_only_on_the_rooms_below_them() -> Result<()> {
    let mut broken = Vec::new();
    for package in packages::of_workspace(".")? {
        let Some((_, allowed)) = ROOMS.iter().find(|(name, _)| *name == package.name) else {
            broken.push(format!("{} is not in the table", package.name));
            continue;
        };
        for dependency in package.dependencies.iter().filter(|dependency| dependency.ours) {
            if !allowed.contains(&dependency.name.as_str()) && *allowed != ANY {
                broken.push(format!("{} links {}", package.name, dependency.name));
            }
        }
    }
    expect_none(
        broken,
        "Dependencies point one way (section 2 of the design). Move the code to the room that may know both, or hand it in \
         through a trait. A new edge that is meant goes into the table of this test.",
    );
    Ok(())
}

#[test]
fn outside_crates_stay_in_their_rooms() -> Result<()> {
    let mut broken = Vec::new();
    for package in packages::of_workspace(".")? {
        for dependency in &package.dependencies {
            for (crate_name, rooms, why) in MONOPOLIES {
                let fenced = dependency.name == crate_name && !rooms.contains(&package.name.as_str());
                if fenced && !is_judge(&package.name) {
                    broken.push(format!("{} links {crate_name}, but {why}", package.name));
                }
            }
        }
    }
    expect_none(broken, "Use it through the room that owns it.");
    Ok(())
}

#[test]
fn anyhow_stays_where_nobody_matches_on_errors() -> Result<()> {
    let packages = packages::of_workspace(".")?;
    let links = |package: &&packages::Package| package.dependencies.iter().any(|found| found.name == "anyhow");
    let broken: Vec<String> = packages
        .iter()
        .filter(links)
        .filter(|package| package.name != "vraftls" && !is_judge(&package.name))
        .map(|package| format!("{} links anyhow", package.name))
        .collect();
    expect_none(broken, "Libraries have an error enum for each operation, with `thiserror`.");
    Ok(())
}

#[test]
fn plugins_see_the_sdk_and_nothing_else_of_ours() -> Result<()> {
    let mut broken = Vec::new();
    for package in packages::of_workspace("plugins")? {
        let foreign = package.dependencies.iter().filter(|found| found.ours && found.name != "vraftls-guest-sdk");
        broken.extend(foreign.map(|found| format!("{} links {}", package.name, found.name)));
    }
    expect_none(broken, "A plugin knows the contract alone: what it needs beyond that belongs into the SDK.");
    Ok(())
}

#[test]
fn every_outside_crate_has_a_reason_beside_it() -> Result<()> {
    let mut broken = Vec::new();
    for manifest in ["Cargo.toml", "plugins/Cargo.toml"] {
        let text = tree::read(manifest)?;
        let mut above = "";
        let mut in_section = false;
        for (number, line) in text.lines().enumerate() {
            if line.starts_with('[') {
                in_section = line == "[workspace.dependencies]";
            }
            let outside = in_section && line.contains(" = ") && !line.starts_with('#') && !line.contains("path = ");
            // What is of one release with the line above shares its reason.
            let same_release = version(line).is_some() && version(line) == version(above);
            if outside && !above.starts_with('#') && !same_release {
                broken.push(format!("{manifest}:{}: {line}", number + 1));
            }
            above = line;
        }
    }
    expect_none(broken, "Say in a comment above why it is worth its price.");
    Ok(())
}

/// The version that a line of a dependency table asks for.
fn version(line: &str) -> Option<&str> {
    line.split('"').nth(1).filter(|_| line.contains(" = ") && !line.starts_with('#'))
}
