//! Nodes are relieved of what they have, and taken out.

use serde_json::json;
use vraftls_node::server::client::{Method, Sent};

use super::shown::wait_until;
use crate::admin_arguments::{Asker, explained};
use crate::exit::Exit;
use crate::workspace::say;

/// Takes a node out that has nothing any more.
pub(super) async fn remove(asker: &Asker, node: u64) -> anyhow::Result<Exit> {
    asker.change(Method::DELETE, &format!("/v1/nodes/{node}"), Sent::Nothing).await.map_err(explained)?;
    Ok(Exit::Done)
}

/// Relieves a node of all its replicas, or lets it have some again.
pub(super) async fn drain(asker: &Asker, node: u64, undo: bool, wait: bool) -> anyhow::Result<Exit> {
    let path = format!("/v1/nodes/{node}/drain");
    asker.change(Method::POST, &path, Sent::json(&json!({"draining": !undo}))?).await.map_err(explained)?;
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
