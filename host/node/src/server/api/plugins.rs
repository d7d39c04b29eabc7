//! Plugins are pushed, made active, rolled back and removed, while the cluster serves.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use vraftls_meta::{Applied, Component, Plugin, Request as Change, Word};
use vraftls_vfs::ContentDigest;

use super::{other_answer, word};
use crate::server::admin::Pushed;
use crate::server::body;
use crate::server::error::{ApiError, json};
use crate::server::routes::Shared;

#[derive(Serialize)]
struct PluginShown {
    plugin: String,
    active: Option<String>,
    /// What was active before, the last one at the end.
    previous: Vec<String>,
    components: Vec<ComponentShown>,
}

#[derive(Serialize)]
struct ComponentShown {
    digest: String,
    size_bytes: u64,
    version: String,
}

#[derive(Serialize)]
struct PushedShown {
    plugin: String,
    #[serde(flatten)]
    component: ComponentShown,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Activate {
    digest: String,
}

#[derive(Serialize)]
struct Active {
    active: Option<String>,
}

impl PluginShown {
    fn new(name: &Word, plugin: &Plugin) -> Self {
        Self {
            plugin: name.to_string(),
            active: plugin.active.map(|digest| digest.to_string()),
            previous: plugin.previous.iter().map(ContentDigest::to_string).collect(),
            components: plugin.components.iter().map(ComponentShown::new).collect(),
        }
    }
}

impl ComponentShown {
    fn new(component: &Component) -> Self {
        let Component { digest, size_bytes, version } = component;
        Self { digest: digest.to_string(), size_bytes: *size_bytes, version: version.to_string() }
    }
}

/// Takes a component, which stays inactive.
pub(in crate::server) async fn push(State(shared): State<Arc<Shared>>, request: Request) -> Result<Response, ApiError> {
    let upload = body::component(request, &shared.config.bounds)?;
    let Pushed { plugin, component } = shared.admin.push_plugin(upload).await?;
    let shown = PushedShown { plugin: plugin.to_string(), component: ComponentShown::new(&component) };
    Ok((StatusCode::CREATED, json(&shown)).into_response())
}

/// All of them.
pub(in crate::server) async fn list(State(shared): State<Arc<Shared>>) -> Response {
    let metadata = shared.admin.metadata();
    json(&metadata.plugins().iter().map(|(name, plugin)| PluginShown::new(name, plugin)).collect::<Vec<_>>())
}

/// Lets all nodes use a component.
pub(in crate::server) async fn activate(
    State(shared): State<Arc<Shared>>,
    Path(plugin): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let plugin = word(&plugin)?;
    let Activate { digest } = body::json(request, &shared.config.bounds).await?;
    let digest = digest.parse().map_err(|_| ApiError::malformed("a digest has 64 hexadecimal digits"))?;
    active(shared.admin.change(Change::ActivatePlugin { plugin, digest }).await?)
}

/// Lets all nodes use the component that was active before.
pub(in crate::server) async fn roll_back(
    State(shared): State<Arc<Shared>>,
    Path(plugin): Path<String>,
) -> Result<Response, ApiError> {
    let plugin = word(&plugin)?;
    let known = shared.admin.metadata().plugins().get(&plugin).cloned();
    let known = known.ok_or_else(|| ApiError::not_found("no_such_plugin", format!("there is no plugin {plugin}")))?;
    let Some(now) = known.active else {
        return Err(ApiError::new(StatusCode::CONFLICT, "nothing_to_roll_back_to", "no component is active"));
    };
    active(shared.admin.change(Change::RollBackPlugin { plugin, active: now }).await?)
}

fn active(applied: Applied) -> Result<Response, ApiError> {
    match applied {
        Applied::PluginActive { digest } => Ok(json(&Active { active: digest.map(|digest| digest.to_string()) })),
        _ => Err(other_answer()),
    }
}

/// Forgets one with all its components.
pub(in crate::server) async fn remove(
    State(shared): State<Arc<Shared>>,
    Path(plugin): Path<String>,
) -> Result<StatusCode, ApiError> {
    shared.admin.change(Change::RemovePlugin { plugin: word(&plugin)? }).await?;
    Ok(StatusCode::NO_CONTENT)
}
