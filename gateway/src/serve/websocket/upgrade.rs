//! The HTTP request that turns a connection into a WebSocket, and who may make it.
//!
//! A browser lets every page connect to the machine it runs on, and says only in the `Origin` header which page asks. So a page is
//! refused unless it comes from this machine, from an editor, or is named by the admin; and a request must name the server as this
//! machine, since a stranger's domain name can point here too. Programs that are no browsers send no origin. Where a token is asked
//! for, it is in the `Authorization` header.

use std::net::IpAddr;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::{HeaderMap, HeaderName, StatusCode, header};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async_with_config};

use super::socket_config;
use crate::{Options, TokenCheck};

/// Origins whose pages are part of an editor.
const EDITOR_SCHEMES: [&str; 2] = ["vscode-webview", "vscode-file"];

/// Why a connection did not become a WebSocket.
#[derive(Debug, thiserror::Error)]
pub enum UpgradeError {
    /// What came is no such request, or the connection failed.
    #[error("it did not ask for a WebSocket as it should: {0}")]
    Handshake(String),
    /// The request did not come in time.
    #[error("it did not ask for a WebSocket in time")]
    TooLate,
}

/// What a request must show.
#[derive(Clone, Copy, Default)]
pub(in crate::serve) struct Terms<'a> {
    /// Whether the server may be called by any name.
    pub(in crate::serve) any_host: bool,
    /// Knows the tokens of which one must be shown, if one must.
    pub(in crate::serve) token: Option<&'a TokenCheck>,
}

/// Answers the request, within the deadline of a connection's first message.
pub(in crate::serve) async fn accept<S>(
    stream: S,
    options: &Options,
    terms: &Terms<'_>,
) -> Result<WebSocketStream<S>, UpgradeError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    // The library wants its own response type as the error, which is large because it is a whole HTTP response.
    #[expect(clippy::result_large_err, reason = "the shape that the library's callback has")]
    let check = |request: &Request, mut response: Response| match refusal(request.headers(), options, terms) {
        Some(refusal) => Err(refused(refusal)),
        None => {
            // Some clients insist on one of the protocols that they name.
            if let Some(protocol) = first_protocol(request.headers()) {
                response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, protocol);
            }
            Ok(response)
        }
    };
    let upgrading = accept_hdr_async_with_config(stream, check, Some(socket_config(&options.limits)));
    let upgraded = tokio::time::timeout(options.timing.first_message_deadline, upgrading).await;
    upgraded.map_err(|_| UpgradeError::TooLate)?.map_err(|error| UpgradeError::Handshake(error.to_string()))
}

/// Why a request is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Refusal {
    /// It comes from where it may not.
    Forbidden(&'static str),
    /// It shows no token.
    Unauthorized,
}

fn refused(refusal: Refusal) -> ErrorResponse {
    let (status, reason) = match refusal {
        Refusal::Forbidden(reason) => (StatusCode::FORBIDDEN, reason),
        Refusal::Unauthorized => {
            (StatusCode::UNAUTHORIZED, "show a certificate, or a token: `Authorization: Bearer TOKEN`")
        }
    };
    let mut response = ErrorResponse::new(Some(reason.to_owned()));
    *response.status_mut() = status;
    if status == StatusCode::UNAUTHORIZED {
        let bearer = header::HeaderValue::from_static("Bearer");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, bearer);
    }
    response
}

fn first_protocol(headers: &HeaderMap) -> Option<header::HeaderValue> {
    let named = headers.get(header::SEC_WEBSOCKET_PROTOCOL)?.to_str().ok()?;
    header::HeaderValue::from_str(named.split(',').next()?.trim()).ok()
}

/// Why a request is refused, if it is.
fn refusal(headers: &HeaderMap, options: &Options, terms: &Terms<'_>) -> Option<Refusal> {
    if let Some(reason) = stranger(headers, &options.websocket_origins, terms.any_host || options.any_host) {
        return Some(Refusal::Forbidden(reason));
    }
    let check = terms.token?;
    let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(bearer);
    if shown.is_some_and(|token| check(token)) { None } else { Some(Refusal::Unauthorized) }
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Why a request comes from where it may not, if it does.
fn stranger(headers: &HeaderMap, allowed: &[String], any_host: bool) -> Option<&'static str> {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if !any_host && !text(header::HOST).is_some_and(|host| is_this_machine(host_of(host))) {
        return Some("the request does not name this machine as its host");
    }
    let origin = text(header::ORIGIN)?;
    if allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin)) {
        return None;
    }
    let is_known = origin.split_once("://").is_some_and(|(scheme, host)| {
        let is_local_page = matches!(scheme, "http" | "https") && is_this_machine(host_of(host));
        is_local_page || EDITOR_SCHEMES.contains(&scheme)
    });
    if is_known { None } else { Some("pages of this origin may not connect") }
}

/// A host without its port.
fn host_of(authority: &str) -> &str {
    if let Some(rest) = authority.strip_prefix('[') {
        return rest.split_once(']').map_or("", |(host, _)| host);
    }
    authority.rsplit_once(':').map_or(authority, |(host, _)| host)
}

fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(host: &str, origin: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        headers
    }

    #[test]
    fn programs_and_pages_of_this_machine_may_connect() {
        for origin in [
            None,
            Some("http://localhost:3000"),
            Some("https://127.0.0.1"),
            Some("http://[::1]:80"),
            Some("vscode-webview://0a1b2c"),
            Some("https://ide.example"),
        ] {
            for host in ["127.0.0.1:9257", "localhost", "LOCALHOST:1", "[::1]:9257"] {
                let known = ["https://ide.example".to_owned()];
                assert_eq!(stranger(&headers(host, origin), &known, false), None, "{origin:?}");
            }
        }
    }

    #[test]
    fn other_pages_and_other_names_may_not() {
        for origin in [
            "https://ide.example",
            "http://localhost.example",
            "http://127.0.0.1.example:80",
            "null",
            "",
            "file://",
            "http://user@evil:80",
        ] {
            for any_host in [false, true] {
                assert!(stranger(&headers("127.0.0.1:1", Some(origin)), &[], any_host).is_some(), "{origin}");
            }
        }
        for host in ["evil.example", "evil.example:9257", "", "[::1", "10.0.0.1"] {
            assert!(stranger(&headers(host, None), &[], false).is_some(), "{host}");
            assert_eq!(stranger(&headers(host, None), &[], true), None, "{host}");
        }
        assert!(stranger(&HeaderMap::new(), &[], false).is_some());
    }

    #[test]
    fn a_token_is_shown_where_one_is_asked_for() {
        let check: TokenCheck = std::sync::Arc::new(|token| token == "right");
        let (options, terms) = (Options::default(), Terms { any_host: true, token: Some(&check) });
        let with = |authorization: Option<&str>, origin| {
            let mut headers = headers("gateway.example", origin);
            if let Some(authorization) = authorization {
                headers.insert(header::AUTHORIZATION, authorization.parse().unwrap());
            }
            refusal(&headers, &options, &terms)
        };
        for right in ["Bearer right", "bearer  right "] {
            assert_eq!(with(Some(right), None), None, "{right}");
        }
        for wrong in [None, Some(""), Some("Bearer"), Some("Bearer "), Some("Bearer wrong"), Some("Basic right")] {
            assert_eq!(with(wrong, None), Some(Refusal::Unauthorized), "{wrong:?}");
        }
        assert!(matches!(with(Some("Bearer right"), Some("https://evil.example")), Some(Refusal::Forbidden(_))));
    }
}
