//! The languages that are measured: which files are theirs, and whose word on them is taken as right.

use crate::servers::Server;

/// A language of source trees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    Python,
    Rust,
    TypeScript,
    JavaScript,
}

/// What documents of a file's suffix are called in the protocol, and whose they are.
const SUFFIXES: [(&str, &str, Language); 8] = [
    ("py", "python", Language::Python),
    ("rs", "rust", Language::Rust),
    ("ts", "typescript", Language::TypeScript),
    ("tsx", "typescriptreact", Language::TypeScript),
    ("js", "javascript", Language::JavaScript),
    ("mjs", "javascript", Language::JavaScript),
    ("cjs", "javascript", Language::JavaScript),
    ("jsx", "javascriptreact", Language::JavaScript),
];

impl Language {
    /// As it is written in the names of files with kept answers.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::Rust => "rust",
            Self::TypeScript => "typescript",
            Self::JavaScript => "javascript",
        }
    }

    /// The server whose answers are taken as right.
    pub(crate) fn judge(self) -> Server {
        match self {
            Self::Python => Server::Pyright,
            Self::Rust => Server::RustAnalyzer,
            Self::TypeScript | Self::JavaScript => Server::Tsc,
        }
    }

    /// Whether a file with this name is one of its sources.
    pub(crate) fn owns(self, file: &str) -> bool {
        known(file).is_some_and(|(_, language)| language == self)
    }

    /// What a comment begins with that ends with its line.
    pub(crate) fn comment(self) -> &'static str {
        match self {
            Self::Python => "#",
            Self::Rust | Self::TypeScript | Self::JavaScript => "//",
        }
    }
}

/// What the protocol calls a document with this name.
pub(crate) fn document_language(file: &str) -> &'static str {
    known(file).map_or("plaintext", |(name, _)| name)
}

fn known(file: &str) -> Option<(&'static str, Language)> {
    let suffix = file.rsplit_once('.')?.1;
    SUFFIXES.iter().find(|(known, ..)| *known == suffix).map(|(_, name, language)| (*name, *language))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_apart_by_their_last_suffix() {
        assert!(Language::TypeScript.owns("a/b.d.ts") && !Language::JavaScript.owns("a.ts"));
        assert!(Language::JavaScript.owns("a.test.mjs") && !Language::JavaScript.owns("js"));
        assert_eq!(document_language("a.tsx"), "typescriptreact");
        assert_eq!(document_language("a.rs.txt"), "plaintext");
    }
}
