//! What both sides of a session said, by the protocol's model.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use vraftls_harness::Side;

use super::model::{Direction, Model, Type};

/// All that the server said and should not have, as sentences.
pub(crate) fn faults(model: &Model, record: &[(Side, Value)]) -> Vec<String> {
    let mut judge =
        Judge { model, asked: BTreeMap::new(), answered: BTreeSet::new(), tokens: BTreeMap::new(), faults: Vec::new() };
    for (side, message) in record {
        match side {
            Side::Editor => judge.hear(message),
            Side::Server => judge.judge(message),
        }
    }
    for (id, method) in &judge.asked {
        if !judge.answered.contains(id) {
            judge.faults.push(format!("{method} with the id {id} has no response"));
        }
    }
    judge.faults
}

struct Judge<'a> {
    model: &'a Model,
    /// The method of each request of the editor.
    asked: BTreeMap<String, String>,
    answered: BTreeSet<String>,
    /// The requests whose results may come in pieces, by the token.
    tokens: BTreeMap<String, String>,
    faults: Vec<String>,
}

impl Judge<'_> {
    fn hear(&mut self, message: &Value) {
        if let (Some(id), Some(method)) = (message.get("id"), message["method"].as_str()) {
            self.asked.insert(id.to_string(), method.to_owned());
            if let Some(token) = message["params"].get("partialResultToken") {
                self.tokens.insert(token.to_string(), method.to_owned());
            }
        }
    }

    fn judge(&mut self, message: &Value) {
        let Some(object) = message.as_object() else {
            self.faults.push(format!("{message} is no object"));
            return;
        };
        if object.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
            self.faults.push(format!("{message} does not say that it is JSON-RPC 2.0"));
        }
        match (message["method"].as_str(), message.get("id")) {
            (Some(method), Some(_)) => self.judge_request(method, message),
            (Some(method), None) => self.judge_notification(method, message),
            (None, Some(id)) => self.judge_response(&id.to_string(), message),
            (None, None) => self.faults.push(format!("{message} is no message")),
        }
    }

    fn judge_request(&mut self, method: &str, message: &Value) {
        match self.model.request(method) {
            Some(request) if request.direction != Direction::ClientToServer => {
                self.judge_params(method, request.params.as_ref(), message);
            }
            _ => self.faults.push(format!("editors know no request {method}")),
        }
    }

    fn judge_notification(&mut self, method: &str, message: &Value) {
        match self.model.notification(method) {
            Some(notification) if notification.direction != Direction::ClientToServer => {
                self.judge_params(method, notification.params.as_ref(), message);
                if method == "$/progress" {
                    self.judge_progress(&message["params"]);
                }
            }
            _ => self.faults.push(format!("editors know no notification {method}")),
        }
    }

    fn judge_progress(&mut self, params: &Value) {
        let (token, value) = (params["token"].to_string(), &params["value"]);
        let checked = match self.tokens.get(&token) {
            Some(method) => self.model.check(&self.model.request(method).unwrap().partial_result, value),
            None => {
                let names = ["WorkDoneProgressBegin", "WorkDoneProgressReport", "WorkDoneProgressEnd"];
                let items = names.map(|name| Type::Reference { name: name.to_owned() }).into();
                self.model.check(&Type::Or { items }, value)
            }
        };
        if let Err(mismatch) = checked {
            self.faults.push(format!("progress {mismatch}"));
        }
    }

    fn judge_params(&mut self, method: &str, typ: Option<&Type>, message: &Value) {
        let checked = match (typ, message.get("params")) {
            (None, None | Some(Value::Null)) => return,
            (None, Some(params)) => return self.faults.push(format!("{method} has no parameters, and got {params}")),
            (Some(typ), params) => self.model.check(typ, params.unwrap_or(&Value::Null)),
        };
        if let Err(mismatch) = checked {
            self.faults.push(format!("the parameters of {method} {mismatch}"));
        }
    }

    fn judge_response(&mut self, id: &str, message: &Value) {
        let Some(method) = self.asked.get(id) else {
            self.faults.push(format!("nobody asked for {message}"));
            return;
        };
        if !self.answered.insert(id.to_owned()) {
            self.faults.push(format!("{method} has a second response: {message}"));
        }
        match (message.get("result"), message.get("error")) {
            (Some(result), None) => {
                let Some(request) = self.model.request(method) else { return };
                if let Err(mismatch) = self.model.check(&request.result, result) {
                    self.faults.push(format!("the result of {method} {mismatch}"));
                }
            }
            (None, Some(error)) if error["code"].is_i64() && error["message"].is_string() => {}
            _ => self.faults.push(format!("the response of {method} has neither a result nor an error: {message}")),
        }
    }
}
