//! Where replicas are and who leads.

use anyhow::bail;
use serde::Deserialize;
use serde_json::{Value, json};
use vraftls_node::server::client::{Method, Sent};

use super::shown::{Shown, wait_until};
use crate::admin_arguments::{Asker, explained};
use crate::exit::Exit;
use crate::workspace::say;

#[derive(Deserialize)]
struct Begun {
    r#move: u64,
}

#[derive(Deserialize)]
struct Rebalanced {
    begun: usize,
}

/// Begins to give a group one more replica.
pub(super) async fn add(
    asker: &Asker,
    group: u32,
    node: u64,
    instead_of: Option<u64>,
    wait: bool,
) -> anyhow::Result<Exit> {
    begin(asker, group, json!({"add": node, "remove": instead_of})).await?;
    if wait {
        wait_until(asker, |shown| Ok(under_way(shown, group))).await?;
    }
    Ok(Exit::Done)
}

/// Begins to take a replica of a group away.
pub(super) async fn remove(asker: &Asker, group: u32, node: u64, wait: bool) -> anyhow::Result<Exit> {
    begin(asker, group, json!({"remove": node})).await?;
    if wait {
        wait_until(asker, |shown| Ok(under_way(shown, group))).await?;
    }
    Ok(Exit::Done)
}

/// Waits until a replica votes.
pub(super) async fn promote(asker: &Asker, group: u32, node: u64) -> anyhow::Result<Exit> {
    wait_until(asker, |shown| {
        let left = under_way(shown, group);
        let is_coming = shown.change(group).is_some_and(|change| change.add == Some(node));
        if !is_coming && !shown.has_replica(group, node) {
            bail!("node {node} neither has nor gets a replica of group {group}; `vraftls cluster add {group} {node}` gives it one");
        }
        Ok(left.filter(|_| is_coming))
    })
    .await?;
    say(&format!("node {node} has a replica of group {group} that votes"));
    Ok(Exit::Done)
}

fn under_way(shown: &Shown, group: u32) -> Option<String> {
    shown.change(group).map(|change| format!("group {group}: {}", super::status::in_words(change)))
}

#[expect(clippy::print_stdout, reason = "the answer of the command")]
async fn begin(asker: &Asker, group: u32, what: Value) -> anyhow::Result<()> {
    let path = format!("/v1/groups/{group}/moves");
    let Begun { r#move } = asker.ask(Method::POST, &path, Sent::json(&what)?).await.map_err(explained)?;
    println!("move {move} of group {group} begins", r#move = r#move);
    Ok(())
}

/// Lets another replica lead.
pub(super) async fn transfer_leader(asker: &Asker, group: u32, node: u64) -> anyhow::Result<Exit> {
    let path = format!("/v1/groups/{group}/leader");
    asker.change(Method::POST, &path, Sent::json(&json!({"to": node}))?).await.map_err(explained)?;
    Ok(Exit::Done)
}

/// Looks whether anything should be elsewhere.
#[expect(clippy::print_stdout, reason = "the answer of the command")]
pub(super) async fn rebalance(asker: &Asker) -> anyhow::Result<Exit> {
    let Rebalanced { begun } = asker.ask(Method::POST, "/v1/rebalance", Sent::Nothing).await.map_err(explained)?;
    println!("{begun} changes begin");
    Ok(Exit::Done)
}
