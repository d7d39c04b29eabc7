//! The `vraftls` command: what it can be asked, and which exit code that gives.
//!
//! Exit codes: 0 done; 1 the command ran and found errors in the sources (`check`), nothing (`query`), files that it had to leave as they
//! are (`workspace push`), or a cluster that is not well (`cluster status`); 2 it could not run.

mod admin_arguments;
mod ask;
mod attach;
mod check;
mod client;
mod cluster;
mod cluster_arguments;
mod config_file;
mod dev;
mod editor_tokens;
mod embedded;
mod entrance;
mod exit;
mod export;
mod finding;
mod folder;
mod gateway;
mod listen_address;
mod logging;
mod lsp;
mod mcp;
mod memory;
mod node;
mod place;
mod plugin;
mod preview;
mod progress;
mod query;
mod remote;
mod render;
mod serving;
mod source;
mod status;
mod tls;
mod workspace;

use clap::{Parser, Subcommand};

use crate::exit::Exit;

/// A language server that a whole team shares.
///
/// Source files live in a replicated file system, analyzers run beside them as sandboxed WebAssembly components.
/// Without a cluster a node is embedded in this process, with its data below your cache directory.
#[derive(Parser)]
#[command(name = "vraftls", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,

    /// What goes to the log on standard error: error, warn, info, debug, or filters such as `vraftls_node=debug`
    #[arg(long, global = true, value_name = "FILTER", env = "VRAFTLS_LOG", default_value = "warn")]
    log: String,
}

#[derive(Subcommand)]
enum Command {
    /// Serve editors over the Language Server Protocol
    Lsp(lsp::LspArguments),
    /// Print the diagnostics of a tree; exit with 1 if there are errors
    Check(check::CheckArguments),
    /// Ask one question about a tree
    Query(query::QueryArguments),
    /// Write what is known of a tree into a file that other tools read
    Export(export::ExportArguments),
    /// Serve coding agents over the Model Context Protocol, on standard input and output
    Mcp(mcp::McpArguments),
    /// Say how the node stands that serves a folder; exit with 1 if nobody does
    Status(status::StatusArguments),
    /// Serve editors with a cluster behind them
    Gateway(gateway::GatewayArguments),
    /// Bring together an editor on standard input and output and a gateway elsewhere
    Attach(attach::command::AttachArguments),
    /// Draw a token that lets an editor in at a gateway, and print it
    Token(editor_tokens::TokenArguments),
    /// Try a whole cluster in this process: three nodes and a gateway, on a folder
    Dev(dev::DevArguments),
    /// Run a node of a cluster
    Node(node::NodeArguments),
    /// Bring trees into a cluster
    Workspace(workspace::WorkspaceArguments),
    /// Look at a cluster, and change where its replicas are
    Cluster(cluster::ClusterCommandArguments),
    /// Look at and prepare analyzers
    Plugin(plugin::PluginArguments),
}

fn main() -> std::process::ExitCode {
    let arguments = match config_file::expand(std::env::args_os().collect()) {
        Ok(arguments) => Arguments::parse_from(arguments),
        Err(error) => {
            exit::complain(&error);
            return Exit::CouldNotRun.into();
        }
    };
    logging::start(&arguments.log);
    let ran = match arguments.command {
        Command::Lsp(arguments) => lsp::run(arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Query(arguments) => query::run(&arguments),
        Command::Export(arguments) => export::run(&arguments),
        Command::Mcp(arguments) => mcp::run(arguments),
        Command::Status(arguments) => status::run(&arguments),
        Command::Gateway(arguments) => gateway::run(&arguments),
        Command::Attach(arguments) => attach::command::run(&arguments),
        Command::Token(arguments) => editor_tokens::run(&arguments),
        Command::Dev(arguments) => dev::run(&arguments),
        Command::Node(arguments) => node::run(arguments),
        Command::Workspace(arguments) => workspace::run(&arguments),
        Command::Cluster(arguments) => cluster::run(&arguments),
        Command::Plugin(arguments) => plugin::run(&arguments),
    };
    match ran {
        Ok(exit) => exit.into(),
        Err(error) => {
            exit::complain(&error);
            Exit::CouldNotRun.into()
        }
    }
}
