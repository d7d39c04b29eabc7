//! What is looked at before a request is: who asks, by which name, and how much is asked already.
//!
//! No page of a browser is a client of a node. A browser lets every page ask the machine it runs on, and says so in `Origin`; a
//! page whose own name was made to point here says its name in `Host`. Both are refused, since without certificates the transport and
//! joining ask for nothing else.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Extension, Request, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::error::ApiError;
use super::listen::Caller;
use super::routes::Shared;

/// Refuses what a page of a browser asks.
pub(super) async fn no_page(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let names = if shared.config.tls.is_some() { None } else { Some(shared.config.names.as_slice()) };
    match refused_caller(request.headers(), request.uri(), names) {
        Some(why) => ApiError::new(StatusCode::FORBIDDEN, "forbidden", why).into_response(),
        None => next.run(request).await,
    }
}

/// Lets only so many requests in, and none for ever.
pub(super) async fn in_bounds(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let Ok(_permit) = Arc::clone(&shared.requests).try_acquire_owned() else {
        return ApiError::busy("requests").into_response();
    };
    within(shared.config.bounds.request_patience, next.run(request)).await
}

/// Lets only so many components in, and none for ever.
pub(super) async fn upload_in_bounds(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let Ok(_permit) = Arc::clone(&shared.uploads).try_acquire_owned() else {
        return ApiError::busy("components on their way").into_response();
    };
    within(shared.config.bounds.upload_patience, next.run(request)).await
}

async fn within(patience: std::time::Duration, answering: impl Future<Output = Response>) -> Response {
    tokio::time::timeout(patience, answering).await.unwrap_or_else(|_| {
        let message = "it took too long; whether it happened, or happens yet, is not known";
        ApiError::new(StatusCode::GATEWAY_TIMEOUT, "outcome_unknown", message).into_response()
    })
}

/// Lets only those in who show a token of the cluster.
pub(super) async fn with_token(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let metadata = shared.admin.metadata();
    let shown = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(bearer);
    match shown.and_then(|token| metadata.token(token.as_bytes())) {
        Some(name) => {
            tracing::info!(token = %name, method = %request.method(), path = request.uri().path(), "an admin asks");
            next.run(request).await
        }
        None => {
            let message = "show a token of the cluster: `Authorization: Bearer TOKEN`";
            ApiError::new(StatusCode::UNAUTHORIZED, "unauthorized", message).into_response()
        }
    }
}

/// Lets only those in who have a certificate of the cluster, if it has any.
pub(super) async fn with_certificate(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    request: Request,
    next: Next,
) -> Response {
    if shared.config.tls.is_some() && !caller.has_certificate {
        let message = "show a certificate of the cluster's authority";
        return ApiError::new(StatusCode::FORBIDDEN, "no_certificate", message).into_response();
    }
    next.run(request).await
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Why a caller is refused, if it is. `names` are those that this machine may be called by; any, without.
fn refused_caller(headers: &HeaderMap, uri: &Uri, names: Option<&[String]>) -> Option<&'static str> {
    if headers.contains_key(header::ORIGIN) {
        return Some("pages of browsers may not ask a node");
    }
    let said = headers.get(header::HOST).map(|value| value.to_str().unwrap_or(""));
    let host = host_of(said.or(uri.authority().map(|authority| authority.as_str())).unwrap_or(""));
    let is_known = names.is_none_or(|names| {
        host.eq_ignore_ascii_case("localhost")
            || host.parse::<IpAddr>().is_ok()
            || names.iter().any(|name| name.eq_ignore_ascii_case(host))
    });
    if is_known { None } else { Some("the request calls this machine by a name that is not its own") }
}

/// A host without its port.
pub(super) fn host_of(authority: &str) -> &str {
    if let Some(rest) = authority.strip_prefix('[') {
        return rest.split_once(']').map_or("", |(host, _)| host);
    }
    authority.rsplit_once(':').map_or(authority, |(host, _)| host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(host: Option<&str>, origin: Option<&str>, names: Option<&[String]>) -> bool {
        let mut headers = HeaderMap::new();
        if let Some(host) = host {
            headers.insert(header::HOST, host.parse().unwrap());
        }
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        refused_caller(&headers, &Uri::from_static("/livez"), names).is_some()
    }

    #[test]
    fn programs_may_ask_by_a_name_of_the_machine() {
        let names = ["node-1.example".to_owned()];
        for host in ["127.0.0.1:9257", "[::1]:9257", "192.0.2.1", "LOCALHOST:1", "Node-1.example:9257"] {
            assert!(!refused(Some(host), None, Some(&names)), "{host}");
        }
    }

    #[test]
    fn pages_may_not() {
        for host in [None, Some(""), Some("stranger.example:9257"), Some("localhost.stranger.example")] {
            assert!(refused(host, None, Some(&[])), "{host:?}");
        }
        assert!(refused(Some("localhost"), Some("http://localhost"), Some(&[])));
        assert!(refused(Some("localhost"), Some("null"), None));
        assert!(!refused(Some("any.example"), None, None), "a certificate says who listens");
    }

    #[test]
    fn a_token_is_shown_as_bearer() {
        assert_eq!(bearer("Bearer abc"), Some("abc"));
        assert_eq!(bearer("bearer  abc "), Some("abc"));
        assert_eq!(bearer("Basic abc"), None);
        assert_eq!(bearer("Bearer"), None);
    }
}
