//! A gateway between editors and a cluster that has one tree.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result};

use super::nodes::{Nodes, Process};
use crate::session::Session;

/// A tree that was pushed, and the gateway to it.
pub(super) struct Served {
    pub(super) nodes: Nodes,
    _gateway: Process,
    address: String,
    pub(super) root: PathBuf,
}

impl Served {
    /// Pushes a tree and starts a gateway.
    pub(super) fn start(nodes: Nodes, root: &Path) -> Result<Self> {
        let folder = root.to_str().context("the folder's name is text")?;
        nodes.run(&["workspace", "push", folder, "--workspace", "tree"])?;
        Self::over(nodes, root)
    }

    /// Starts a gateway to a tree that is there.
    pub(super) fn over(nodes: Nodes, root: &Path) -> Result<Self> {
        let mut command = nodes.command(&["gateway", "--workspace", "tree", "--listen", "tcp://127.0.0.1:0"]);
        let mut child = command.current_dir(root).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let output = child.stdout.take().context("its output is piped")?;
        let gateway = Process::from(child);
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let address =
            line.trim().strip_prefix("listening on tcp://").context("the gateway does not listen")?.to_owned();
        Ok(Self { nodes, _gateway: gateway, address, root: root.to_owned() })
    }

    /// A session of an editor.
    pub(super) fn connect(&self) -> Result<Session> {
        Session::connect(&self.address, &self.root)
    }
}
