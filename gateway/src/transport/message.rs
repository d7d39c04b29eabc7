//! What a message's content says, before anything is known of its method.

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use tower_lsp_server::jsonrpc::{Error, ErrorCode, Id, Request, Response};

use crate::convert::{repair_uris, tolerate};

/// A message from the editor.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// Wants a response.
    Request(Id, Request),
    /// Wants none.
    Notification(Request),
    /// Answers a request of ours.
    Reply(Id, Result<Value, Error>),
    /// Is none; the response says so, with the id as far as there is one (JSON-RPC 2.0, section 5.1).
    Invalid(Response),
    /// Is a response that cannot be told from any other. Answering it would be wrong.
    Meaningless(&'static str),
}

/// What kind of message a content is, as sessions read it: for tests that have no session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MessageKind {
    /// Wants a response.
    Request,
    /// Wants none.
    Notification,
    /// Answers a request of this side.
    Reply,
    /// Is none of them, and is answered by an error.
    Invalid,
    /// Is none of them, and must not be answered.
    Meaningless,
}

impl MessageKind {
    /// Reads a message's content, whatever it is.
    pub fn of(content: &[u8]) -> Self {
        match parse(content) {
            Incoming::Request(..) => Self::Request,
            Incoming::Notification(_) => Self::Notification,
            Incoming::Reply(..) => Self::Reply,
            Incoming::Invalid(_) => Self::Invalid,
            Incoming::Meaningless(_) => Self::Meaningless,
        }
    }
}

#[derive(Deserialize)]
struct Envelope {
    jsonrpc: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    id: Option<Value>,
    method: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    params: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    result: Option<Value>,
    error: Option<Value>,
}

/// Tells `null` from a missing member.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// Reads a message's content.
pub(crate) fn parse(content: &[u8]) -> Incoming {
    // Asked before decoding, which would take an array for the object's members in order.
    if content.trim_ascii_start().starts_with(b"[") {
        return invalid(Id::Null, "a message is an object; the protocol has no batches");
    }
    let envelope: Envelope = match serde_json::from_slice(content) {
        Ok(envelope) => envelope,
        Err(error) if error.is_data() => return invalid(Id::Null, "a message is an object with each member once"),
        Err(error) => {
            let error = Error { message: format!("not JSON: {error}").into(), ..Error::parse_error() };
            return Incoming::Invalid(Response::from_error(Id::Null, error));
        }
    };
    let Envelope { jsonrpc, id, method, params, result, error } = envelope;
    let id = match id {
        None => None,
        Some(Value::String(id)) => Some(Id::String(id)),
        Some(Value::Number(id)) if id.is_i64() => id.as_i64().map(Id::Number),
        Some(_) if method.is_none() => {
            return Incoming::Meaningless("a response whose id is neither a string nor an integer");
        }
        Some(_) => return invalid(Id::Null, "an id is a string or an integer"),
    };
    if jsonrpc.as_ref().and_then(Value::as_str) != Some("2.0") {
        return invalid(id.unwrap_or_default(), "the member `jsonrpc` is not \"2.0\"");
    }
    match method {
        Some(Value::String(method)) => {
            let params = params.map(|mut params| {
                repair_uris(&mut params);
                tolerate(&method, &mut params);
                params
            });
            let request = Request::build(method);
            let request = if let Some(params) = params { request.params(params) } else { request };
            match id {
                Some(id) => Incoming::Request(id.clone(), request.id(id).finish()),
                None => Incoming::Notification(request.finish()),
            }
        }
        Some(_) => invalid(id.unwrap_or_default(), "a method is a string"),
        None => reply(id, result, error),
    }
}

fn reply(id: Option<Id>, result: Option<Value>, error: Option<Value>) -> Incoming {
    match (id, result, error) {
        (Some(id), _, Some(error)) => Incoming::Reply(id, Err(client_error(&error))),
        (Some(id), Some(result), None) => Incoming::Reply(id, Ok(result)),
        (None, _, Some(_)) => Incoming::Meaningless("an error that answers no request"),
        (id, _, None) => invalid(id.unwrap_or_default(), "a message has a method, a result or an error"),
    }
}

/// The error of an editor's response, of which only the code and the message are looked at.
fn client_error(error: &Value) -> Error {
    let code = error.get("code").and_then(Value::as_i64).map_or(ErrorCode::InternalError, ErrorCode::from);
    let message = error.get("message").and_then(Value::as_str).unwrap_or("an error without a message");
    Error { code, message: message.to_owned().into(), data: None }
}

fn invalid(id: Id, message: &'static str) -> Incoming {
    Incoming::Invalid(Response::from_error(id, Error { message: message.into(), ..Error::invalid_request() }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever comes is read, and what has a method and an id that can be answered is a request with that id or an error with it.
        #[test]
        fn any_content_is_some_message(
            content in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..60).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
                "[\\[{\\]}:,\"0-9a-z. \\\\-]{0,60}",
                r#"\{("jsonrpc":"2.0")?,?("id":(-?[0-9]{1,20}|"a"|null|1.5|\{\}))?,?("method":("x/y"|3|null))?,?("(params|result|error)":(null|\[\]|\{\}|1))?\}"#,
            ],
        ) {
            let read = parse(content.as_bytes());
            prop_assert_eq!(matches!(read, Incoming::Request(..)), MessageKind::of(content.as_bytes()) == MessageKind::Request);
            let told: Option<Value> = serde_json::from_str(&content).ok();
            match read {
                Incoming::Request(id, request) => {
                    let told = told.unwrap();
                    prop_assert_eq!(serde_json::to_value(&id).unwrap(), told["id"].clone());
                    prop_assert_eq!(request.method(), told["method"].as_str().unwrap());
                }
                Incoming::Notification(_) => prop_assert!(told.unwrap().get("id").is_none()),
                Incoming::Reply(..) => prop_assert!(told.unwrap().get("method").is_none_or(Value::is_null)),
                Incoming::Invalid(response) => prop_assert!(response.is_error()),
                Incoming::Meaningless(_) => {}
            }
        }
    }

    fn code(content: &str) -> (Id, i64) {
        match parse(content.as_bytes()) {
            Incoming::Invalid(response) => (response.id().clone(), response.error().unwrap().code.code()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_not_json_is_a_parse_error() {
        assert_eq!(code("{\"jsonrpc\":"), (Id::Null, -32700));
        assert_eq!(code(""), (Id::Null, -32700));
        assert!(matches!(parse(b"{\"a\":\"\xff\"}"), Incoming::Invalid(_)));
        assert_eq!(code(&"[".repeat(10_000)), (Id::Null, -32600));
    }

    #[test]
    fn what_is_no_request_is_an_invalid_request_with_its_id() {
        assert_eq!(code("[]"), (Id::Null, -32600));
        assert_eq!(code("3"), (Id::Null, -32600));
        assert_eq!(code("{}"), (Id::Null, -32600));
        assert_eq!(code(r#"{"jsonrpc":"2.0","id":7}"#), (Id::Number(7), -32600));
        assert_eq!(code(r#"{"jsonrpc":"1.0","id":7,"method":"x"}"#), (Id::Number(7), -32600));
        assert_eq!(code(r#"{"jsonrpc":"2.0","id":"a","method":5}"#), (Id::String("a".into()), -32600));
        assert_eq!(code(r#"{"jsonrpc":"2.0","id":1.5,"method":"x"}"#), (Id::Null, -32600));
        assert_eq!(code(r#"{"jsonrpc":"2.0","id":null,"method":"x"}"#), (Id::Null, -32600));
    }

    #[test]
    fn requests_notifications_and_replies_are_told_apart() {
        assert!(matches!(parse(br#"{"jsonrpc":"2.0","id":1,"method":"x"}"#), Incoming::Request(Id::Number(1), _)));
        assert!(matches!(parse(br#"{"jsonrpc":"2.0","method":"x","params":{}}"#), Incoming::Notification(_)));
        assert!(matches!(parse(br#"{"jsonrpc":"2.0","id":1,"result":null}"#), Incoming::Reply(_, Ok(Value::Null))));
        let error = br#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"}}"#;
        assert!(matches!(parse(error), Incoming::Reply(_, Err(error)) if error.code == ErrorCode::MethodNotFound));
        assert!(matches!(parse(br#"{"jsonrpc":"2.0","id":null,"error":{}}"#), Incoming::Meaningless(_)));
    }
}
