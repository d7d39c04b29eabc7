//! The servers that are measured, and how each is started.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};
use serde_json::json;

use crate::client::Editor;
use crate::language::Language;
use crate::outside::Shelf;

/// A server that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub(crate) enum Server {
    /// Ours.
    Vraftls,
    /// Native, with the inference that ours runs in the sandbox: the difference is what the sandbox and the log cost.
    Ty,
    /// Says what is right of Python.
    Pyright,
    /// Native, with the engine that ours runs in the sandbox. Says what is right of Rust.
    RustAnalyzer,
    /// TypeScript's own. Says what is right of TypeScript and JavaScript.
    Tsc,
}

impl Server {
    pub(crate) const ALL: [Self; 5] = [Self::Vraftls, Self::Ty, Self::Pyright, Self::RustAnalyzer, Self::Tsc];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Vraftls => "vraftls",
            Self::Ty => "ty",
            Self::Pyright => "pyright",
            Self::RustAnalyzer => "rust-analyzer",
            Self::Tsc => "tsc",
        }
    }

    /// Whether it knows a language.
    pub(crate) fn speaks(self, language: Language) -> bool {
        match self {
            Self::Vraftls => true,
            Self::Ty | Self::Pyright => language == Language::Python,
            Self::RustAnalyzer => language == Language::Rust,
            Self::Tsc => matches!(language, Language::TypeScript | Language::JavaScript),
        }
    }

    /// Whether it keeps data from one start to the next.
    pub(crate) fn keeps_data(self) -> bool {
        // Of rust-analyzer it is what cargo built for it: programs of packages that make sources.
        matches!(self, Self::Vraftls | Self::RustAnalyzer)
    }

    /// How an editor is configured that uses it.
    pub(crate) fn editor(self) -> Editor {
        let mut editor = Editor::default();
        match self {
            // The compiler's findings are no answers of the server, and take the processors that answers need.
            Self::RustAnalyzer => editor.options = json!({ "checkOnSave": false }),
            // All servers see the same packages: those that are there.
            Self::Tsc => {
                let off = json!({ "tsserver": { "automaticTypeAcquisition": { "enabled": false } } });
                editor.settings = vec![("js/ts", off)];
            }
            Self::Vraftls | Self::Ty | Self::Pyright => {}
        }
        editor
    }
}

/// Where the servers are.
#[derive(Debug)]
pub(crate) struct Programs<'a> {
    pub(crate) shelf: &'a Shelf,
    /// Ours.
    pub(crate) vraftls: PathBuf,
}

impl Programs<'_> {
    /// How a server is started for a language, with what it keeps in `data`. Fetches it if it is not ours and not there.
    pub(crate) fn command(&self, server: Server, language: Language, data: &Path) -> Result<Command> {
        let mut command = match server {
            Server::Vraftls => {
                ensure!(self.vraftls.exists(), "{} is not built", self.vraftls.display());
                let mut command = Command::new(&self.vraftls);
                command.args(["lsp", "--data-dir"]).arg(data);
                command
            }
            Server::Ty => {
                let mut command = Command::new(self.shelf.python()?.ty());
                command.arg("server");
                command
            }
            Server::Pyright => {
                let mut command = Command::new("node");
                command.arg(self.shelf.pyright()?).arg("--stdio");
                command
            }
            Server::RustAnalyzer => self.shelf.rust()?.command("rust-analyzer"),
            Server::Tsc => {
                let mut command = Command::new(self.shelf.tsc()?);
                command.args(["--lsp", "--stdio"]);
                command
            }
        };
        match language {
            Language::Python => self.shelf.python()?.activate(&mut command)?,
            Language::Rust => self.shelf.rust()?.activate(&mut command)?,
            Language::TypeScript | Language::JavaScript => {}
        }
        if server == Server::RustAnalyzer {
            // Else it builds into the tree.
            command.env("CARGO_TARGET_DIR", data);
        }
        Ok(command)
    }
}
