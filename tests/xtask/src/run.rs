//! `cargo xtask run [DIR]`: builds everything, starts a cluster of three nodes with a gateway on a folder, shows that it answers, and
//! says how to attach an editor.

mod client;
mod show;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::{plugins, precompile, steps, tree};

/// Which folder to serve.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The folder; without one, the small Python project that the tests use.
    directory: Option<PathBuf>,
    /// End after the demonstration instead of serving on.
    #[arg(long)]
    once: bool,
}

/// Runs until it is interrupted.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let folder = arguments.directory.clone().unwrap_or_else(|| tree::root().join("tests/projects/orders"));
    let folder = folder.canonicalize().with_context(|| format!("cannot open the folder {}", folder.display()))?;
    plugins::run(&plugins::Arguments::default())?;
    let binary = precompile::run()?;
    let mut server = Server::start(&binary, &folder)?;
    show::demonstrate(&server.address, &folder).context("the server runs, but the demonstration failed")?;
    show::how_to_attach(&binary, &folder, &server.address);
    if arguments.once {
        return Ok(());
    }
    steps::say("\nServing until you press ctrl-c.");
    let status = server.child.wait()?;
    if !status.success() {
        bail!("the server ended with {status}");
    }
    Ok(())
}

/// A cluster in one process that is ended with us.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(binary: &Path, folder: &Path) -> Result<Self> {
        let mut child = Command::new(binary)
            .arg("dev")
            .arg(folder)
            .args(["--listen", "tcp://127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", tree::shown(binary)))?;
        let output = child.stdout.take().context("its output is piped")?;
        let mut lines = BufReader::new(output).lines();
        // Where the nodes listen and what was pushed comes first.
        for line in lines.by_ref() {
            let line = line?;
            if let Some(address) = line.trim().strip_prefix("listening on tcp://") {
                let address = address.to_owned();
                // What it still says is shown, so that it never waits for a reader.
                std::thread::spawn(move || lines.map_while(Result::ok).for_each(|line| steps::say(&line)));
                return Ok(Self { child, address });
            }
            steps::say(&line);
        }
        let status = child.wait()?;
        bail!("the cluster did not start ({status})")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It keeps what it acknowledged whatever ends it.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
