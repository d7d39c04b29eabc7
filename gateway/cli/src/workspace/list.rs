//! `vraftls workspace list`.

use serde_json::{Value, json};
use vraftls_client::Cluster;
use vraftls_vfs::{WorkspaceId, WorkspaceName};

use super::base;
use crate::admin_arguments::AdminArguments;
use crate::cluster_arguments::FIRST_PATIENCE;
use crate::exit::Exit;

/// Lists the workspaces of a cluster.
#[expect(clippy::print_stdout, reason = "the answer of the command")]
pub(super) async fn run(admin: &AdminArguments, as_json: bool) -> anyhow::Result<Exit> {
    let cluster = admin.connect().await?;
    let mut listed = Vec::new();
    for (id, name) in cluster.workspaces(FIRST_PATIENCE).await? {
        listed.push(describe(&cluster, id, &name).await?);
    }
    if as_json {
        println!("{}", serde_json::to_string_pretty(&listed)?);
        return Ok(Exit::Done);
    }
    println!("{:>4}  {:<32} {:>8}  REVISIONS", "ID", "NAME", "FILES");
    for workspace in &listed {
        let name = workspace["name"].as_str().unwrap_or_default();
        let (id, files) = (workspace["id"].to_string(), workspace["files"].to_string());
        let revisions = workspace["revisions"].as_object().into_iter().flatten();
        let revisions: Vec<String> = revisions.map(|(group, revision)| format!("{group}:{revision}")).collect();
        println!("{id:>4}  {name:<32} {files:>8}  {}", revisions.join(" "));
    }
    Ok(Exit::Done)
}

async fn describe(cluster: &Cluster, id: WorkspaceId, name: &WorkspaceName) -> anyhow::Result<Value> {
    let base = base::read(cluster, id).await?;
    let revisions: serde_json::Map<String, Value> =
        base.revisions.iter().map(|(group, revision)| (group.to_string(), json!(revision.0))).collect();
    Ok(json!({"id": id.0, "name": name.as_str(), "files": base.files.len(), "revisions": revisions}))
}
