//! `vraftls cluster`: how a cluster is, and what its admins can have done.

mod backup;
mod moves;
mod nodes;
mod shown;
mod status;

use clap::{Args, Subcommand};

use crate::admin_arguments::AdminArguments;
use crate::exit::Exit;

#[derive(Args)]
pub(crate) struct ClusterCommandArguments {
    #[command(subcommand)]
    command: ClusterCommand,
}

#[derive(Subcommand)]
enum ClusterCommand {
    /// Show nodes and groups; exit with 1 if a group has no leader or a node does not answer
    Status {
        /// All that the node says, as JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        admin: AdminArguments,
    },
    /// Give a group one more replica
    Add {
        /// Which group
        group: u32,
        /// The node that gets it
        node: u64,
        /// The node that loses its replica for it
        #[arg(long, value_name = "NODE")]
        instead_of: Option<u64>,
        /// Return when it is done
        #[arg(long)]
        wait: bool,
        #[command(flatten)]
        admin: AdminArguments,
    },
    /// Take a replica of a group away
    RemoveReplica {
        /// Which group
        group: u32,
        /// The node that loses it
        node: u64,
        /// Return when it is done
        #[arg(long)]
        wait: bool,
        #[command(flatten)]
        admin: AdminArguments,
    },
    /// Wait until a new replica votes: one that was added is promoted as soon as it has caught up
    Promote {
        /// Which group
        group: u32,
        /// The node that gets the replica
        node: u64,
        #[command(flatten)]
        admin: AdminArguments,
    },
    /// Take a node out for ever that has nothing any more
    Remove {
        /// Which node
        node: u64,
        #[command(flatten)]
        admin: AdminArguments,
    },
    /// Relieve a node of all its replicas
    Drain {
        /// Which node
        node: u64,
        /// Let it have replicas again
        #[arg(long, conflicts_with = "wait")]
        undo: bool,
        /// Do it even if no other node can take its replicas over, and groups have fewer of them then
        #[arg(long, conflicts_with = "undo")]
        force: bool,
        /// Return when it has nothing any more
        #[arg(long)]
        wait: bool,
        #[command(flatten)]
        admin: AdminArguments,
    },
    /// Let another replica lead a group
    TransferLeader {
        /// Which group
        group: u32,
        /// The node that is to lead it
        node: u64,
        #[command(flatten)]
        admin: AdminArguments,
    },
    /// Write everything that a running cluster has into a directory
    Backup(backup::BackupArguments),
    /// Make a new cluster of a backup: the data directory of its first node
    Restore(backup::RestoreArguments),
    /// Look now whether replicas and leaders should be elsewhere
    Rebalance {
        #[command(flatten)]
        admin: AdminArguments,
    },
}

#[tokio::main]
pub(crate) async fn run(arguments: &ClusterCommandArguments) -> anyhow::Result<Exit> {
    match &arguments.command {
        ClusterCommand::Status { json, admin } => status::run(&admin.asker()?, *json).await,
        ClusterCommand::Add { group, node, instead_of, wait, admin } => {
            moves::add(&admin.asker()?, *group, *node, *instead_of, *wait).await
        }
        ClusterCommand::RemoveReplica { group, node, wait, admin } => {
            moves::remove(&admin.asker()?, *group, *node, *wait).await
        }
        ClusterCommand::Promote { group, node, admin } => moves::promote(&admin.asker()?, *group, *node).await,
        ClusterCommand::Remove { node, admin } => nodes::remove(&admin.asker()?, *node).await,
        ClusterCommand::Drain { node, undo, force, wait, admin } => {
            let draining = if *undo { nodes::Draining::Ends } else { nodes::Draining::Begins { is_forced: *force } };
            nodes::drain(&admin.asker()?, *node, draining, *wait).await
        }
        ClusterCommand::TransferLeader { group, node, admin } => {
            moves::transfer_leader(&admin.asker()?, *group, *node).await
        }
        ClusterCommand::Backup(arguments) => backup::take_or_verify(arguments).await,
        ClusterCommand::Restore(arguments) => backup::restored(arguments).await,
        ClusterCommand::Rebalance { admin } => moves::rebalance(&admin.asker()?).await,
    }
}
