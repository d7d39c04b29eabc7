//! Nodes are relieved of what they have, and taken out.

use serde_json::json;
use vraftls_node::server::client::{AskError, Method, Sent};

use super::shown::wait_until;
use crate::admin_arguments::{Asker, explained};
use crate::exit::Exit;
use crate::workspace::say;

/// Takes a node out that has nothing any more.
pub(super) async fn remove(asker: &Asker, node: u64) -> anyhow::Result<Exit> {
    asker.change(Method::DELETE, &format!("/v1/nodes/{node}"), Sent::Nothing).await.map_err(explained)?;
    Ok(Exit::Done)
}

/// What becomes of a node's replicas.
#[derive(Clone, Copy)]
pub(super) enum Draining {
    /// Others get them; those that nobody can take over stay, or are given up.
    Begins { is_forced: bool },
    /// It may have some again.
    Ends,
}

/// Relieves a node of all its replicas, or lets it have some again.
pub(super) async fn drain(asker: &Asker, node: u64, draining: Draining, wait: bool) -> anyhow::Result<Exit> {
    let path = format!("/v1/nodes/{node}/drain");
    let what = match draining {
        // Nodes of the version before know no force, and need none.
        Draining::Begins { is_forced: false } => json!({"draining": true}),
        Draining::Begins { is_forced: true } => json!({"draining": true, "force": true}),
        Draining::Ends => json!({"draining": false}),
    };
    let changed = asker.change(Method::POST, &path, Sent::json(&what)?).await;
    let is_short = matches!(&changed, Err(AskError::Refused { code, .. }) if code == "fewer_replicas");
    changed.map_err(|error| match is_short {
        true => explained(error)
            .context("let another node in first (`vraftls node --join`), or say --force to have fewer replicas"),
        false => explained(error),
    })?;
    if wait {
        wait_until(asker, |shown| {
            let groups = shown.groups_on(node);
            let list: Vec<String> = groups.iter().map(ToString::to_string).collect();
            Ok((!groups.is_empty()).then(|| format!("node {node} still has groups {}", list.join(", "))))
        })
        .await?;
        say(&format!("node {node} has nothing any more; `vraftls cluster remove {node}` takes it out for ever"));
    }
    Ok(Exit::Done)
}
