//! Which question is where.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::routing::{delete, get, post};
use tokio::sync::Semaphore;

use super::admin::Admin;
use super::api::{backup, groups, nodes, plugins, settings, status, tokens, workspaces};
use super::error::ApiError;
use super::listen::Ends;
use super::metrics::Metrics;
use super::{ServerConfig, guard, health, metrics, peer};

/// What all requests share.
pub(super) struct Shared {
    pub(super) config: ServerConfig,
    pub(super) admin: Arc<dyn Admin>,
    pub(super) requests: Arc<Semaphore>,
    pub(super) uploads: Arc<Semaphore>,
    pub(super) backups: Arc<Semaphore>,
    pub(super) peers: Arc<Semaphore>,
    pub(super) ends: Ends,
    pub(super) metrics: Metrics,
}

impl Shared {
    pub(super) fn new(config: ServerConfig, admin: Arc<dyn Admin>, ends: Ends) -> Self {
        let places = |n: usize| Arc::new(Semaphore::new(n));
        let bounds = &config.bounds;
        let (requests, uploads, peers) = (places(bounds.n_requests), places(bounds.n_uploads), places(bounds.n_peers));
        let backups = places(bounds.n_backups);
        let metrics = Metrics::new(Arc::clone(&admin));
        Self { config, admin, requests, uploads, backups, peers, ends, metrics }
    }
}

/// All that is answered.
pub(super) fn router(shared: Arc<Shared>) -> Router {
    let monitoring = Router::new()
        .route("/livez", get(health::livez))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(metrics::read));
    let in_bounds = from_fn_with_state(Arc::clone(&shared), guard::in_bounds);
    let uploads_in_bounds = from_fn_with_state(Arc::clone(&shared), guard::upload_in_bounds);
    let with_token = from_fn_with_state(Arc::clone(&shared), guard::with_token);
    let with_certificate = from_fn_with_state(Arc::clone(&shared), guard::with_certificate);
    // The guard that is named last looks first.
    let uploads = Router::new()
        .route("/v1/plugins", post(plugins::push))
        .route_layer(uploads_in_bounds)
        .route_layer(with_token.clone());
    let admins = admins().route_layer(in_bounds.clone()).route_layer(with_token);
    let members = Router::new()
        .route("/v1/cluster", get(status::info))
        .route("/v1/nodes", post(nodes::join))
        .route_layer(in_bounds)
        .route("/v1/peer", get(peer::upgrade))
        .route_layer(with_certificate);
    monitoring
        .merge(members)
        .merge(uploads)
        .merge(admins)
        .fallback(|| async { ApiError::not_found("no_such_route", "nothing is here") })
        .method_not_allowed_fallback(|| async {
            let message = "this cannot be done here";
            ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message)
        })
        // What is read is bounded where it is read.
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(Arc::clone(&shared), guard::no_page))
        .layer(from_fn_with_state(Arc::clone(&shared), metrics::count))
        .with_state(shared)
}

fn admins() -> Router<Arc<Shared>> {
    Router::new()
        .route("/v1/status", get(status::read))
        .route("/v1/nodes/{node}", delete(nodes::remove))
        .route("/v1/nodes/{node}/drain", post(nodes::drain))
        .route("/v1/groups/{group}/moves", post(groups::begin_move))
        .route("/v1/groups/{group}/leader", post(groups::transfer_leader))
        .route("/v1/backup/groups/{group}", get(backup::read))
        .route("/v1/rebalance", post(groups::rebalance))
        .route("/v1/workspaces", get(workspaces::list).post(workspaces::create))
        .route("/v1/workspaces/{workspace}", delete(workspaces::remove))
        .route("/v1/settings", get(settings::list))
        .route("/v1/settings/{key}", get(settings::read).put(settings::write).delete(settings::clear))
        .route("/v1/tokens", get(tokens::list).post(tokens::create))
        .route("/v1/tokens/{name}", delete(tokens::revoke))
        .route("/v1/plugins", get(plugins::list))
        .route("/v1/plugins/{plugin}", delete(plugins::remove))
        .route("/v1/plugins/{plugin}/activate", post(plugins::activate))
        .route("/v1/plugins/{plugin}/rollback", post(plugins::roll_back))
}
