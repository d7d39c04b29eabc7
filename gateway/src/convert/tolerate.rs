//! What new editors say and this server's types do not know: none of it is a reason to refuse a whole session, or a request.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use tower_lsp_server::ls_types::{ClientCapabilities, TraceValue};

/// How deep a capability is looked for that is not understood. What is odd further down takes what it is in with it.
const DEPTH_MAX: usize = 4;

/// Makes a request's parameters what this server's types know, as far as nothing is lost by it that is read.
pub(crate) fn tolerate(method: &str, params: &mut Value) {
    match method {
        "initialize" => drop_unknown_abilities(params),
        "textDocument/codeAction" => flatten_messages(params),
        "codeAction/resolve" => {
            flatten_messages(params);
            drop_old_edit(params);
        }
        // The library takes one tag where the protocol has a list. None is read.
        "typeHierarchy/supertypes" | "typeHierarchy/subtypes" => {
            if let Some(item) = params.get_mut("item").and_then(Value::as_object_mut) {
                item.remove("tags");
            }
        }
        _ => {}
    }
}

/// An action of ours, which has data, gets its edit when it is resolved; since version 3.18 the one before may have snippets.
fn drop_old_edit(action: &mut Value) {
    if let Some(action) = action.as_object_mut()
        && action.get("data").is_some_and(|data| !data.is_null())
    {
        action.remove("edit");
    }
}

/// Takes out of the parameters of `initialize` the capabilities that are not understood, as if the editor had not named them, a kind of
/// tracing that is not known, and a process that no machine has.
fn drop_unknown_abilities(params: &mut Value) {
    let Some(params) = params.as_object_mut() else { return };
    if params.get("processId").is_some_and(|id| id.is_i64() && u32::deserialize(id).is_err()) {
        params.remove("processId");
    }
    if params.get("trace").is_some_and(|trace| TraceValue::deserialize(trace).is_err()) {
        params.remove("trace");
    }
    if let Some(Value::Object(capabilities)) = params.get_mut("capabilities")
        && !is_understood(&Value::Object(capabilities.clone()), &[])
    {
        prune(capabilities, &mut Vec::new());
    }
}

/// Makes the messages of diagnostics that an editor hands back plain texts: since version 3.18 they may be marked up, and some of them
/// are other servers' own.
fn flatten_messages(params: &mut Value) {
    let context = params.get_mut("context").and_then(|context| context.get_mut("diagnostics"));
    let found = if context.is_some() { context } else { params.get_mut("diagnostics") };
    for diagnostic in found.and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(message) = diagnostic.get_mut("message")
            && message.get("kind").is_some_and(Value::is_string)
            && let Some(text @ Value::String(_)) = message.get_mut("value")
        {
            *message = text.take();
        }
    }
}

/// Removes what is not understood of the members at a path.
fn prune(members: &mut Map<String, Value>, path: &mut Vec<String>) {
    members.retain(|name, member| {
        path.push(name.clone());
        let mut understood = is_understood(member, path);
        if let Value::Object(inner) = member
            && !understood
            && path.len() < DEPTH_MAX
        {
            prune(inner, path);
            understood = is_understood(member, path);
        }
        path.pop();
        understood
    });
}

/// Whether capabilities are that consist of a value at a path.
fn is_understood(value: &Value, path: &[String]) -> bool {
    let capabilities = path.iter().rev().fold(value.clone(), |inner, name| json!({ name: inner }));
    ClientCapabilities::deserialize(capabilities).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tolerated(mut capabilities: Value) -> Value {
        let mut params = json!({"capabilities": capabilities.take()});
        drop_unknown_abilities(&mut params);
        params["capabilities"].take()
    }

    #[test]
    fn what_is_understood_stays_as_it_is() {
        let known =
            json!({"textDocument": {"foldingRange": {"lineFoldingOnly": true}}, "experimental": {"a": [1]}, "new": 1});
        assert_eq!(tolerated(known.clone()), known);
        assert_eq!(tolerated(json!(3)), json!(3), "that is no set of capabilities at all");
    }

    #[test]
    fn only_what_is_not_understood_goes() {
        let kinds = |set: Value| json!({"lineFoldingOnly": true, "foldingRangeKind": {"valueSet": set}});
        let given = json!({
            "textDocument": {"foldingRange": kinds(json!(["comment", "custom"])), "hover": {"contentFormat": ["markdown"]}, "rename": 1},
            "window": {"workDoneProgress": true},
        });
        let expected = json!({
            "textDocument": {"foldingRange": {"lineFoldingOnly": true, "foldingRangeKind": {}}, "hover": {"contentFormat": ["markdown"]}},
            "window": {"workDoneProgress": true},
        });
        assert_eq!(tolerated(given), expected);
    }

    #[test]
    fn marked_up_messages_become_their_texts() {
        let diagnostics =
            json!([{"message": {"kind": "markdown", "value": "*a*"}}, {"message": "b"}, {"message": {"value": ""}}, 3]);
        let expected = json!([{"message": "*a*"}, {"message": "b"}, {"message": {"value": ""}}, 3]);
        for (mut params, path) in [
            (json!({"context": {"diagnostics": diagnostics}}), "/context/diagnostics"),
            (json!({"title": "", "diagnostics": diagnostics}), "/diagnostics"),
        ] {
            flatten_messages(&mut params);
            assert_eq!(params.pointer(path), Some(&expected));
        }
        flatten_messages(&mut json!([]));
    }

    #[test]
    fn what_is_not_read_may_be_of_a_newer_version() {
        let mut item = json!({"item": {"name": "a", "tags": [1]}});
        tolerate("typeHierarchy/subtypes", &mut item);
        assert_eq!(item, json!({"item": {"name": "a"}}));
        for (data, is_kept) in [(None, true), (Some(Value::Null), true), (Some(json!({})), false)] {
            let mut action = json!({"title": "", "edit": {"documentChanges": [3]}});
            if let Some(data) = data {
                action["data"] = data;
            }
            tolerate("codeAction/resolve", &mut action);
            assert_eq!(action.get("edit").is_some(), is_kept);
        }
    }

    #[test]
    fn a_kind_of_tracing_or_a_process_that_is_not_known_is_none() {
        for (name, value, stays) in [
            ("trace", json!("verbose"), true),
            ("trace", json!("compact"), false),
            ("processId", json!(1), true),
            ("processId", json!(-1), false),
            ("processId", json!("one"), true),
        ] {
            let mut params = json!({"capabilities": {}, name: value});
            drop_unknown_abilities(&mut params);
            assert_eq!(params.get(name).is_some(), stays, "{name} {value}");
        }
    }
}
