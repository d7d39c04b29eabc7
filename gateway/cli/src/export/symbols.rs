//! Symbols as SCIP writes them: `scheme manager package version descriptors` for what other files can name, `local N` for the rest.
//!
//! A symbol is made of names alone, so it is the same in every file that refers to it, and in every run. A file's path makes the
//! outer descriptors, and the file itself is a symbol too: modules of some languages, and nothing but a path to others.

use std::fmt::Write;

/// What all our symbols begin with.
const SCHEME: &str = "scip-vraftls";

/// What stands for a part of which nothing is known.
const UNKNOWN: &str = ".";

/// Where libraries are mounted: `@lib/MOUNT/PACKAGE/…`.
const LIBRARIES: &str = "@lib/";

/// Where the files are that an analyzer carries itself: `@bundled/PACKAGE/…`.
const BUNDLED: &str = "@bundled/";

/// A package, as package managers name it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Package {
    /// Empty if it has none.
    pub(super) name: String,
    /// Empty if it is not known.
    pub(super) version: String,
}

/// What kind of thing a descriptor names, by which it ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Suffix {
    Namespace,
    Type,
    Term,
    Method,
    TypeParameter,
    Parameter,
}

impl Suffix {
    /// Of a `SymbolKind` of the Language Server Protocol.
    pub(super) fn of(kind: u32, is_parameter: bool) -> Self {
        match (kind, is_parameter) {
            (26, true) => Self::TypeParameter,
            (_, true) => Self::Parameter,
            (1..=4, _) => Self::Namespace,
            (5 | 10 | 11 | 23 | 26, _) => Self::Type,
            (6 | 9 | 12, _) => Self::Method,
            _ => Self::Term,
        }
    }
}

/// The symbol of a file. Those of what is in it begin with it.
pub(super) fn of_file(manager: &str, tree: &Package, path: &str) -> String {
    let library;
    let (package, inside) = match (path.strip_prefix(LIBRARIES), path.strip_prefix(BUNDLED)) {
        (Some(mounted), _) => {
            // The mount says in which order libraries are searched on this machine, which is nobody else's business.
            let inside = mounted.split_once('/').map_or(mounted, |(_, inside)| inside);
            let first = inside.split('/').next().unwrap_or_default();
            let name = first.split('.').next().unwrap_or_default();
            library = Package { name: name.to_owned(), version: String::new() };
            (&library, inside)
        }
        (_, Some(bundled)) => {
            let (name, inside) = bundled.split_once('/').unwrap_or(("", bundled));
            library = Package { name: name.to_owned(), version: String::new() };
            (&library, inside)
        }
        _ => (tree, path),
    };
    let mut symbol = SCHEME.to_owned();
    for part in [manager, &package.name, &package.version] {
        // A space at an end would be read as a part of the next one's.
        let part = part.trim_matches(' ');
        symbol.push(' ');
        symbol.push_str(&if part.is_empty() { UNKNOWN.to_owned() } else { part.replace(' ', "  ") });
    }
    symbol.push(' ');
    for component in inside.split('/') {
        push(&mut symbol, component, Suffix::Namespace);
    }
    symbol
}

/// Adds a descriptor.
pub(super) fn push(symbol: &mut String, name: &str, suffix: Suffix) {
    let (before, after) = match suffix {
        Suffix::Namespace => ("", "/"),
        Suffix::Type => ("", "#"),
        Suffix::Term => ("", "."),
        Suffix::Method => ("", "()."),
        Suffix::TypeParameter => ("[", "]"),
        Suffix::Parameter => ("(", ")"),
    };
    symbol.push_str(before);
    let is_plain = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '+' | '-' | '$');
    match name {
        // The grammar has no empty name.
        "" => symbol.push_str("` `"),
        plain if plain.chars().all(is_plain) => symbol.push_str(plain),
        other => drop(write!(symbol, "`{}`", other.replace('`', "``"))),
    }
    symbol.push_str(after);
}

/// The symbol of what no other file can name, by its number in the file.
pub(super) fn local(number: usize) -> String {
    format!("local {number}")
}

#[cfg(test)]
mod tests {
    use scip::symbol::parse_symbol;

    use super::*;

    fn tree() -> Package {
        Package { name: "my app".to_owned(), version: "1.0".to_owned() }
    }

    #[test]
    fn symbols_are_made_of_the_path_and_the_names_around() {
        let mut symbol = of_file("python", &tree(), "src/shapes.py");
        assert_eq!(symbol, "scip-vraftls python my  app 1.0 src/`shapes.py`/");
        push(&mut symbol, "Circle", Suffix::Type);
        push(&mut symbol, "area", Suffix::Method);
        let mut parameter = symbol.clone();
        push(&mut parameter, "größe", Suffix::Parameter);
        assert_eq!(parameter, "scip-vraftls python my  app 1.0 src/`shapes.py`/Circle#area().(`größe`)");
        push(&mut symbol, "x", Suffix::Term);
        assert!(symbol.ends_with("area().x."));
    }

    #[test]
    fn libraries_are_packages_wherever_they_are_mounted() {
        let of = |path: &str| of_file("python", &tree(), path);
        assert_eq!(of("@lib/site-packages-1/rich/text.py"), "scip-vraftls python rich . rich/`text.py`/");
        assert_eq!(of("@lib/site-packages/six.py"), "scip-vraftls python six . `six.py`/");
        assert_eq!(of("@bundled/stdlib/os/path.pyi"), "scip-vraftls python stdlib . os/`path.pyi`/");
        assert_eq!(of_file("", &Package::default(), "a.toy"), "scip-vraftls . . . `a.toy`/");
    }

    #[test]
    fn whatever_a_name_is_made_of_can_be_read_back() {
        let names = ["a", "a.b", "`", "``", " ", "a b", "größe", "日本", "a#b", "(a)", "[a]", "a/b", "a:b!", "_$+-9"];
        let suffixes =
            [Suffix::Namespace, Suffix::Type, Suffix::Term, Suffix::Method, Suffix::TypeParameter, Suffix::Parameter];
        for name in names {
            for suffix in suffixes {
                let mut symbol =
                    of_file("m", &Package { name: format!("a{name}b"), version: " 1 2".to_owned() }, "a/b.c");
                push(&mut symbol, name, suffix);
                let parsed = parse_symbol(&symbol).unwrap_or_else(|error| panic!("{symbol}: {error:?}"));
                assert_eq!(parsed.descriptors.last().map(|last| last.name.as_str()), Some(name), "{symbol}");
                let package = parsed.package.into_option().expect("it has one");
                assert_eq!(
                    (package.name.as_str(), package.version.as_str()),
                    (&*format!("a{name}b"), "1 2"),
                    "{symbol}"
                );
            }
        }
        let mut nameless = of_file("", &Package::default(), "a");
        push(&mut nameless, "", Suffix::Term);
        assert!(parse_symbol(&nameless).is_ok(), "{nameless}");
        assert!(parse_symbol(&local(7)).is_ok());
    }
}
