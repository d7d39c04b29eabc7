//! Where the things are that tests run. They are built before the tests are: `cargo xtask test` does.

use std::path::{Path, PathBuf};

/// The `vraftls` binary of the profile that the test was built with, or the one that `VRAFTLS_BIN` names.
///
/// # Panics
/// If it is not built.
pub fn vraftls() -> PathBuf {
    if let Some(path) = std::env::var_os("VRAFTLS_BIN") {
        return PathBuf::from(path);
    }
    let test = std::env::current_exe().unwrap();
    // target/<profile>/deps/<test>, or target/<profile>/<binary>.
    let name = format!("vraftls{}", std::env::consts::EXE_SUFFIX);
    let found = test.ancestors().skip(1).take(2).map(|directory| directory.join(&name)).find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("`{name}` is not built beside {}; `cargo xtask test` builds it", test.display()))
}

/// The component of an analyzer: one that we ship, or one that is for tests only.
///
/// # Panics
/// If it is not built.
pub fn plugin(name: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
    let places = ["plugins", "test-components"].map(|directory| target.join(directory).join(format!("{name}.wasm")));
    let found = places.iter().find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("the plugin `{name}` is not built; `cargo xtask plugins` builds it")).clone()
}
