//! What a command answers to what the server asks of an editor.

use serde_json::{Value, json};

/// The response to a request of the server.
pub(super) fn reply(method: &str, id: &Value, params: &Value) -> Value {
    let result = match method {
        // Nothing is configured beyond what `initialize` said.
        "workspace/configuration" => {
            let n_items = params["items"].as_array().map_or(0, Vec::len);
            Value::Array(vec![Value::Null; n_items])
        }
        "workspace/applyEdit" => json!({"applied": false, "failureReason": "a command changes no files by itself"}),
        "window/showDocument" => json!({"success": false}),
        "client/registerCapability"
        | "client/unregisterCapability"
        | "window/showMessageRequest"
        | "window/workDoneProgress/create"
        | "workspace/workspaceFolders" => Value::Null,
        refresh if refresh.starts_with("workspace/") && refresh.ends_with("/refresh") => Value::Null,
        _ => {
            let error = json!({"code": -32601, "message": format!("a command does not answer `{method}`")});
            return json!({"jsonrpc": "2.0", "id": id, "error": error});
        }
    };
    json!({"jsonrpc": "2.0", "id": id, "result": result})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_is_answered() {
        let answered = |method: &str, params: Value| reply(method, &json!("x"), &params);
        let configured = answered("workspace/configuration", json!({"items": [{}, {}]}));
        assert_eq!(configured, json!({"jsonrpc": "2.0", "id": "x", "result": [null, null]}));
        assert_eq!(answered("workspace/codeLens/refresh", Value::Null)["result"], Value::Null);
        assert_eq!(answered("workspace/applyEdit", json!({}))["result"]["applied"], false);
        assert_eq!(answered("window/unheardOf", json!({}))["error"]["code"], -32601);
    }
}
