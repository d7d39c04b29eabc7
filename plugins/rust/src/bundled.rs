//! A small stand-in for the standard library, for inference where its sources are not known: signatures of what is used most.
//!
//! It stands on what rust-analyzer's own tests take for `core`. Nothing that a person sees leads into it.

use std::borrow::Cow;

use ra_ap_test_utils::MiniCore;

/// The directory of its files.
pub(crate) const DIRECTORY: &str = "@bundled";

/// Its crates.
pub(crate) const CRATES: [&str; 3] = ["core", "alloc", "std"];

/// The root file of a crate, which is all of it.
pub(crate) fn path(name: &str) -> String {
    format!("{DIRECTORY}/{name}.rs")
}

/// Where the names begin that everybody sees.
const PRELUDE: &str = "pub mod v1 {";

/// Whether a path is one of its files.
pub(crate) fn owns(path: &str) -> bool {
    path.strip_prefix(DIRECTORY).is_some_and(|rest| rest.starts_with('/'))
}

/// The text of one of its files.
pub(crate) fn text(path: &str) -> Option<Cow<'static, str>> {
    let name = path.strip_prefix(DIRECTORY)?.strip_prefix('/')?.strip_suffix(".rs")?;
    Some(match name {
        "core" => {
            // What is ours is seen by everybody, as what is theirs.
            let theirs =
                MiniCore::RAW_SOURCE.replacen(PRELUDE, &format!("{PRELUDE} pub use crate::beside::prelude::*;"), 1);
            Cow::Owned(format!("{theirs}\n{}", beside_core()))
        }
        "alloc" => Cow::Borrowed(include_str!("../bundled/alloc.rs")),
        "std" => Cow::Borrowed(include_str!("../bundled/std.rs")),
        _ => return None,
    })
}

/// Our part of `core`, without the comment that may only stand at the top of a file.
fn beside_core() -> &'static str {
    let text = include_str!("../bundled/core.rs");
    text.find("pub mod").map_or("", |start| &text[start..])
}

#[cfg(test)]
mod tests {
    use ra_ap_ide::Edition;
    use ra_ap_syntax::SourceFile;

    use super::*;

    #[test]
    fn its_files_are_rust() {
        for name in CRATES {
            let text = text(&path(name)).expect("it is there");
            let errors = SourceFile::parse(&text, Edition::CURRENT).errors();
            assert!(errors.is_empty(), "{name}: {errors:?}");
        }
        assert!(text(&path("core")).expect("it is there").contains("beside::prelude"));
        assert!(text("@bundled/other.rs").is_none() && !owns("@bundledx/core.rs") && owns("@bundled/core.rs"));
    }
}
