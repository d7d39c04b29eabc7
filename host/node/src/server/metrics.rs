//! What Prometheus asks for: numbers of this node, read when it asks.
//!
//! Names stay: dashboards and alerts are made of them. What is not known has no row, rather than a zero.

use std::fmt;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, prometheus_text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use super::admin::Admin;
use super::error::ApiError;
use super::routes::Shared;

mod node;
mod page;

use page::Page;

/// What is counted here, and where the rest is read.
pub(super) struct Metrics {
    registry: Registry,
    requests: Family<Labels, Counter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    method: &'static str,
    route: String,
    status: u16,
}

impl Metrics {
    pub(super) fn new(admin: Arc<dyn Admin>) -> Self {
        let mut registry = Registry::with_prefix("vraftls");
        let requests = Family::<Labels, Counter>::default();
        registry.register("http_requests", "Requests that were answered", requests.clone());
        registry.register_collector(Box::new(Node(admin)));
        Self { registry, requests }
    }
}

/// Answers Prometheus.
pub(super) async fn read(State(shared): State<Arc<Shared>>) -> Response {
    let mut text = String::new();
    if let Err(error) = prometheus_text::encode(&mut text, &shared.metrics.registry) {
        tracing::error!(%error, "the metrics could not be written");
        let message = "the metrics could not be written";
        return ApiError::new(axum::http::StatusCode::INTERNAL_SERVER_ERROR, "internal", message).into_response();
    }
    let mut response = text.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(prometheus_text::CONTENT_TYPE));
    response
}

/// Counts a request by what was asked, never by what a caller made up.
pub(super) async fn count(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let method = known(request.method());
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let response = next.run(request).await;
    let labels = Labels { method, route, status: response.status().as_u16() };
    shared.metrics.requests.get_or_create(&labels).inc();
    response
}

fn known(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        _ => "other",
    }
}

/// The node, as something that numbers are read from.
struct Node(Arc<dyn Admin>);

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Node(..)")
    }
}

impl Collector for Node {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut page = Page(encoder);
        let status = self.0.status();
        page.gauge("ready", "Whether the node should get work", [(vec![], u64::from(self.0.readiness().is_empty()))])?;
        node::metadata(&mut page, &self.0.metadata())?;
        node::groups(&mut page, &status)?;
        node::transport(&mut page, &status)?;
        node::log(&mut page, &status.log)?;
        if let Some(caches) = &status.caches {
            node::caches(&mut page, caches)?;
        }
        if let Some(sandbox) = &status.sandbox {
            node::sandbox(&mut page, sandbox)?;
        }
        Ok(())
    }
}
