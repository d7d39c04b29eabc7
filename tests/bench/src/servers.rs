//! The servers that are measured, and how each is started.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};

use crate::outside::{PythonEnvironment, Shelf};

/// A server that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub(crate) enum Server {
    /// Ours.
    Vraftls,
    /// Native, with the inference that ours runs in the sandbox: the difference is what the sandbox and the log cost.
    Ty,
    /// Says what is right.
    Pyright,
}

impl Server {
    pub(crate) const ALL: [Self; 3] = [Self::Vraftls, Self::Ty, Self::Pyright];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Vraftls => "vraftls",
            Self::Ty => "ty",
            Self::Pyright => "pyright",
        }
    }

    /// Whether it keeps data from one start to the next.
    pub(crate) fn keeps_data(self) -> bool {
        self == Self::Vraftls
    }
}

/// Where the servers are.
#[derive(Debug)]
pub(crate) struct Programs {
    vraftls: PathBuf,
    ty: PathBuf,
    pyright: PathBuf,
    python: PythonEnvironment,
}

impl Programs {
    /// Fetches what is not ours.
    pub(crate) fn fetch(shelf: &Shelf, vraftls: PathBuf) -> Result<Self> {
        let python = shelf.python()?;
        Ok(Self { vraftls, ty: python.ty(), pyright: shelf.pyright()?, python })
    }

    pub(crate) fn python(&self) -> &PythonEnvironment {
        &self.python
    }

    /// How a server is started, with what it keeps in `data`.
    pub(crate) fn command(&self, server: Server, data: &Path) -> Result<Command> {
        let mut command = match server {
            Server::Vraftls => {
                ensure!(self.vraftls.exists(), "{} is not built", self.vraftls.display());
                let mut command = Command::new(&self.vraftls);
                command.args(["lsp", "--data-dir"]).arg(data);
                command
            }
            Server::Ty => {
                let mut command = Command::new(&self.ty);
                command.arg("server");
                command
            }
            Server::Pyright => {
                let mut command = Command::new("node");
                command.arg(&self.pyright).arg("--stdio");
                command
            }
        };
        self.python.activate(&mut command)?;
        Ok(command)
    }
}
