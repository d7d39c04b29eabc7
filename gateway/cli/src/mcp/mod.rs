//! `vraftls mcp`: serves coding agents over the Model Context Protocol, on standard input and output.
//!
//! It is a client of the gateway as the other commands are, and a server of the protocol by its Rust SDK. Standard output is the
//! protocol's alone.

mod agent;
mod arguments;
mod outlines;
mod places;
mod problems;
mod server;
mod texts;
mod tools;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use rmcp::service::{QuitReason, ServerInitializeError, serve_server};

use crate::exit::Exit;
use crate::folder::{FolderArguments, canonical};
use crate::serving::asked_to_end;
use agent::Agent;
use server::Server;

#[derive(Args)]
pub(crate) struct McpArguments {
    /// The folder that the agent works in
    #[arg(default_value = ".")]
    directory: PathBuf,

    /// Seconds that an answer may take
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    deadline: u64,

    #[command(flatten)]
    folder: FolderArguments,
}

pub(crate) fn run(arguments: McpArguments) -> anyhow::Result<Exit> {
    let root = canonical(&arguments.directory)?;
    let agent = Arc::new(Agent::new(root, arguments.folder, std::time::Duration::from_secs(arguments.deadline)));
    let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
    let ran = runtime.block_on(serve(agent));
    // A read of standard input that waits cannot be called off: without this the process would live until the agent's next byte.
    runtime.shutdown_background();
    ran
}

async fn serve(agent: Arc<Agent>) -> anyhow::Result<Exit> {
    // The agent's first question finds the folder read, or being read.
    let warmed = agent.clone();
    let warming = tokio::spawn(async move { warmed.warm_up().await });
    let served = tokio::select! {
        served = talk(agent.clone()) => served,
        () = asked_to_end() => Ok(()),
    };
    let warmed = warming.await;
    let closed = agent.close().await;
    served?;
    warmed.context("opening the folder failed")?;
    closed?;
    Ok(Exit::Done)
}

/// Speaks the protocol until the agent hangs up.
async fn talk(agent: Arc<Agent>) -> anyhow::Result<()> {
    let streams = (tokio::io::stdin(), tokio::io::stdout());
    let running = match serve_server(Server::new(agent), streams).await {
        Ok(running) => running,
        // It looked whether there is a server, and left.
        Err(ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
        Err(error) => return Err(error).context("the agent does not begin as the protocol says"),
    };
    match running.waiting().await.context("serving the agent failed")? {
        QuitReason::JoinError(error) => Err(error).context("serving the agent failed"),
        _ => Ok(()),
    }
}
