//! A made-up Rust package, and what cargo and rustup would have put on a machine for it: a registry's package, a repository's checkout
//! and the sources of a toolchain. Nothing is fetched, nothing compiled.

use crate::Project;

const MANIFEST: &str = "\
[package]
name = \"app\"
version = \"0.1.0\"
edition = \"2021\"

[dependencies]
shapes = \"1\"
near = { git = \"https://git.example/tools\" }
";

const LOCK: &str = "\
[[package]]
name = \"app\"
version = \"0.1.0\"
dependencies = [\"near\", \"shapes\"]

[[package]]
name = \"near\"
version = \"0.3.0\"
source = \"git+https://git.example/tools?branch=main#fedcba9876543210fedcba9876543210fedcba98\"

[[package]]
name = \"shapes\"
version = \"1.2.0\"
source = \"registry+https://packages.example\"
";

const SHAPES_MANIFEST: &str = "\
[package]
name = \"shapes\"
edition = \"2021\"
version = \"1.2.0\"
";

const SHAPES: &str = "\
/// Round.
pub struct Circle {
    radius: u32,
}

impl Circle {
    pub fn new(radius: u32) -> Self {
        Circle { radius }
    }

    pub fn area(&self) -> u32 {
        self.radius
    }
}
";

const TOOLS_MANIFEST: &str = "\
[workspace]
members = [\"*\"]
[workspace.package]
version = \"0.3.0\"
";

const NEAR_MANIFEST: &str = "\
[package]
name = \"near\"
edition = \"2021\"
version.workspace = true
";

const NEAR: &str = "\
pub fn near() -> u32 {
    1
}
";

const CORE: &str = "\
pub mod option {
    pub enum Option<T> {
        None,
        Some(T),
    }

    impl<T> Option<T> {
        pub fn unwrap_or(self, other: T) -> T {
            loop {}
        }
    }
}

pub mod prelude {
    pub mod rust_2021 {
        pub use crate::option::Option::{self, None, Some};
    }
}
";

/// A package with this `src/main.rs`. It depends on `shapes` of a registry and on `near` of a repository.
pub fn rust_app(main: &str) -> Project {
    Project::new(&[("Cargo.toml", MANIFEST), ("Cargo.lock", LOCK), ("src/main.rs", main)])
}

/// The machine of somebody who has built [`rust_app`]: `CARGO_HOME` is its folder `cargo`, `RUSTUP_HOME` its folder `rustup`.
pub fn rust_machine() -> Project {
    let machine = Project::new(&[]);
    let write = |folder: &str, files: &[(&str, &str)]| {
        for (path, text) in files {
            machine.write(&format!("{folder}/{path}"), text);
        }
    };
    write(
        "cargo/registry/src/index.example-1/shapes-1.2.0",
        // What its makers ignore was published all the same.
        &[("Cargo.toml", SHAPES_MANIFEST), (".gitignore", "*.rs\n"), ("src/lib.rs", SHAPES)],
    );
    write(
        "cargo/git/checkouts/tools-0a1b/fedcba9",
        &[("Cargo.toml", TOOLS_MANIFEST), ("near/Cargo.toml", NEAR_MANIFEST), ("near/src/lib.rs", NEAR)],
    );
    write(
        "rustup/toolchains/stable-test/lib/rustlib/src/rust/library",
        &[("core/src/lib.rs", CORE), ("std/src/lib.rs", "pub use core::{option, prelude};\n")],
    );
    machine
}
