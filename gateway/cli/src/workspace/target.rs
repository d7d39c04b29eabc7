//! Which workspace is meant; made and removed where that is asked.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::json;
use vraftls_client::Cluster;
use vraftls_node::server::client::{AskError, Method, Sent};
use vraftls_proto::rpc::WorkspaceInfo;
use vraftls_vfs::{WorkspaceId, WorkspaceName};

use crate::admin_arguments::{AdminArguments, explained};
use crate::exit::Exit;

/// How long the question may take which workspaces there are.
const PATIENCE: Duration = Duration::from_secs(15);

/// A workspace of the cluster.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Target {
    pub(super) id: WorkspaceId,
    pub(super) name: WorkspaceName,
    /// Whether it was made just now, and so has no files.
    pub(super) is_new: bool,
}

/// The workspace of a folder: the one that is named, or the one named like the folder. Made if there is none.
pub(super) async fn find_or_make(
    cluster: &Cluster,
    admin: &AdminArguments,
    wanted: Option<&WorkspaceName>,
    root: &Path,
) -> anyhow::Result<Target> {
    let name = match wanted {
        Some(name) => name.clone(),
        None => named_like(root)?,
    };
    if let Some(id) = find(cluster, &name).await? {
        return Ok(Target { id, name, is_new: false });
    }
    match make(admin, &name).await {
        Ok(id) => Ok(Target { id, name, is_new: true }),
        // Somebody else was quicker.
        Err(AskError::Refused { code, .. }) if code == "workspace_exists" => match find(cluster, &name).await? {
            Some(id) => Ok(Target { id, name, is_new: false }),
            None => bail!("the workspace `{name}` was made by somebody else just now; push again"),
        },
        Err(error) => Err(explained(error).context(format!("the cluster has no workspace `{name}`"))),
    }
}

fn named_like(root: &Path) -> anyhow::Result<WorkspaceName> {
    let name = root.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    WorkspaceName::new(name).context("no workspace can be named like the folder; give --workspace")
}

/// A workspace, by its name.
pub(super) async fn find(cluster: &Cluster, name: &WorkspaceName) -> anyhow::Result<Option<WorkspaceId>> {
    let there = cluster.workspaces(PATIENCE).await?;
    Ok(there.into_iter().find(|(_, known)| known == name).map(|(id, _)| id))
}

async fn make(admin: &AdminArguments, name: &WorkspaceName) -> Result<WorkspaceId, AskError> {
    let other = |why: String| AskError::OtherAnswer { address: "--cluster".to_owned(), why };
    let asker = admin.asker().map_err(|error| other(format!("{error:#}")))?;
    let sent = Sent::json(&json!({"name": name.as_str()})).map_err(|error| other(error.to_string()))?;
    let made: WorkspaceInfo = asker.ask(Method::POST, "/v1/workspaces", sent).await?;
    Ok(WorkspaceId(made.id))
}

/// `vraftls workspace create`.
#[expect(clippy::print_stdout, reason = "the answer of the command")]
pub(super) async fn create(admin: &AdminArguments, name: &WorkspaceName) -> anyhow::Result<Exit> {
    let id = make(admin, name).await.map_err(explained)?;
    println!("workspace {id} `{name}`");
    Ok(Exit::Done)
}

/// `vraftls workspace remove`.
pub(super) async fn remove(admin: &AdminArguments, name: &WorkspaceName) -> anyhow::Result<Exit> {
    let asker = admin.asker()?;
    let there: Vec<WorkspaceInfo> = asker.ask(Method::GET, "/v1/workspaces", Sent::Nothing).await.map_err(explained)?;
    let found = |name: &WorkspaceName| there.iter().find(|known| known.name == name.as_str());
    let Some(own) = found(name) else {
        bail!("the cluster has no workspace `{name}`");
    };
    // The libraries first: nobody would think of them afterwards.
    let libraries = name.of_libraries().ok();
    for gone in libraries.as_ref().and_then(found).into_iter().chain([own]) {
        let path = format!("/v1/workspaces/{}", gone.id);
        asker.change(Method::DELETE, &path, Sent::Nothing).await.map_err(explained)?;
    }
    Ok(Exit::Done)
}
