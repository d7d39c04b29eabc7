//! The HTTP request that turns a connection into a WebSocket, and who may make it.
//!
//! A browser lets every page connect to the machine it runs on, and says only in the `Origin` header which page asks. So a page is
//! refused unless it comes from this machine, from an editor, or is named by the admin; and a request must name the server as this
//! machine, since a stranger's domain name can point here too. Programs that are no browsers send no origin.

use std::net::IpAddr;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::{HeaderMap, HeaderName, StatusCode, header};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, accept_hdr_async_with_config};

use crate::Options;

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

/// Answers the request, within the deadline of a connection's first message.
pub(super) async fn accept<S>(
    stream: S,
    options: &Options,
    config: WebSocketConfig,
) -> Result<WebSocketStream<S>, UpgradeError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    // The library wants its own response type as the error, which is large because it is a whole HTTP response.
    #[expect(clippy::result_large_err, reason = "the shape that the library's callback has")]
    let check = |request: &Request, mut response: Response| match refusal(request.headers(), &options.websocket_origins)
    {
        Some(reason) => Err(refused(reason)),
        None => {
            // Some clients insist on one of the protocols that they name.
            if let Some(protocol) = first_protocol(request.headers()) {
                response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, protocol);
            }
            Ok(response)
        }
    };
    let upgrading = accept_hdr_async_with_config(stream, check, Some(config));
    let upgraded = tokio::time::timeout(options.timing.first_message_deadline, upgrading).await;
    upgraded.map_err(|_| UpgradeError::TooLate)?.map_err(|error| UpgradeError::Handshake(error.to_string()))
}

fn refused(reason: &str) -> ErrorResponse {
    let mut response = ErrorResponse::new(Some(reason.to_owned()));
    *response.status_mut() = StatusCode::FORBIDDEN;
    response
}

fn first_protocol(headers: &HeaderMap) -> Option<header::HeaderValue> {
    let named = headers.get(header::SEC_WEBSOCKET_PROTOCOL)?.to_str().ok()?;
    header::HeaderValue::from_str(named.split(',').next()?.trim()).ok()
}

/// Why a request is refused, if it is.
fn refusal(headers: &HeaderMap, allowed: &[String]) -> Option<&'static str> {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if !text(header::HOST).is_some_and(|host| is_this_machine(host_of(host))) {
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
                assert_eq!(refusal(&headers(host, origin), &["https://ide.example".to_owned()]), None, "{origin:?}");
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
            assert!(refusal(&headers("127.0.0.1:1", Some(origin)), &[]).is_some(), "{origin}");
        }
        for host in ["evil.example", "evil.example:9257", "", "[::1", "10.0.0.1"] {
            assert!(refusal(&headers(host, None), &[]).is_some(), "{host}");
        }
        assert!(refusal(&HeaderMap::new(), &[]).is_some());
    }
}
