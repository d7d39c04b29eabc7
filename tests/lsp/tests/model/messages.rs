//! Messages that follow from the model alone, to a server whose analyzer answers all it can.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use vraftls_harness::{LspClient, Project, Server};

use super::generate::{Generator, Presence};
use super::judge::faults;
use super::model::{Direction, Model};
use super::random::{Random, seed};
use super::spoil::{How, Spoiled, spoil};

const INVALID_PARAMS: i64 = -32602;
const METHOD_NOT_FOUND: i64 = -32601;
const INTERNAL_ERROR: i64 = -32603;

/// Requests of each method: one with the least that it may have, one with all, and the rest with some.
const N_OF_EACH: usize = 40;

/// Members of which the server reads nothing in some requests, so that they may be anything: what is newer than its types, the tokens of
/// requests that answer at once, and the range of a symbol that it finds itself.
const NOT_READ: [&str; 6] = ["tags", "tooltip", "textEditText", "workDoneToken", "partialResultToken", "range"];

/// What refuses a well-formed request for what it says; the last for an action of another server, with edits that this one never makes.
const REFUSALS: [&str; 5] = [
    "the document has no such place",
    "data is not what it was made with",
    "name is not inside it",
    "is no word",
    "did not match any variant of untagged enum DocumentChanges",
];

fn project() -> Project {
    Project::new(&[
        ("toy.project", ""),
        ("lib.toy", "def helper # Helps.\ndef other\n"),
        ("main.toy", "import lib.toy\ndef main\n  use helper\n  use helper\n"),
    ])
}

/// The messages of the table of the documentation that nobody serves.
fn not_served() -> Vec<&'static str> {
    let table = include_str!("../../../../gateway/docs/lsp.md");
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `"));
    let not_served = rows.filter(|row| row.split('|').nth(2).is_some_and(|served| served.trim() == "no"));
    not_served.map(|row| row.split('`').next().unwrap()).collect()
}

/// The same for the shipped analyzer.
fn python_project() -> Project {
    Project::new(&[
        ("pyproject.toml", "[project]\nname = \"p\"\nversion = \"1\"\n"),
        ("lib.py", "def helper() -> int:\n    return 1\n\n\nclass A: ...\n"),
        ("main.py", "from lib import helper, A\nclass B(A): ...\nhelper(), B()\nxs = [1]\n"),
    ])
}

struct Session {
    client: LspClient,
    project: Project,
    /// Of its files.
    suffix: &'static str,
    _server: Server,
}

impl Session {
    /// With an editor that can do everything, and answers whatever a value of the right type is.
    async fn start(model: &'static Model, seed: u64) -> Self {
        Self::start_on(project(), "toy", "toy", model, seed).await
    }

    async fn start_on(
        project: Project,
        language: &'static str,
        suffix: &'static str,
        model: &'static Model,
        seed: u64,
    ) -> Self {
        let server = Server::with_plugins(&[language]);
        let mut client = server.start();
        client.record();
        for method in ["window/showMessage", "textDocument/publishDiagnostics", "$/logTrace"] {
            client.allow(method);
        }
        let main = format!("main.{suffix}");
        let uri = project.uri(&main);
        let uris = vec![uri.clone()];
        let answers = Generator::new(model, seed ^ 1, uris.clone());
        let mut random = Random(seed ^ 2);
        client.answer_with(move |request| {
            let request = model.request(request["method"].as_str().unwrap()).unwrap();
            if random.percent(20) { Err(-32803) } else { Ok(answers.value(&request.result, Presence::Some)) }
        });
        let able = Generator::new(model, seed ^ 3, uris);
        let capabilities = able.value(&super::CLIENT_CAPABILITIES, Presence::All);
        client.initialize(&project, capabilities).await;
        client.open_document(&uri, language, &project.read(&main)).await;
        Self { client, project, suffix, _server: server }
    }

    /// Sends a request. One whose answer may be held back until there is news is called off at once.
    async fn ask(&mut self, method: &str, params: Value) -> i64 {
        let id = self.client.request(method, params).await;
        if method == "workspace/diagnostic" {
            self.client.notify("$/cancelRequest", json!({"id": id})).await;
        }
        id
    }

    fn generator(&self, model: &'static Model, seed: u64) -> Generator<'static> {
        let uris = ["main", "lib"].map(|name| self.project.uri(&format!("{name}.{}", self.suffix))).into();
        Generator::new(model, seed, uris)
    }

    /// The session answers still, and nothing that was said in it was wrong.
    async fn finish(self, model: &Model) {
        self.finish_but(model, |_| false).await;
    }

    /// The same, but for faults that are none.
    async fn finish_but(mut self, model: &Model, is_none: impl Fn(&str) -> bool) {
        let uri = self.project.uri(&format!("main.{}", self.suffix));
        self.client.open_document(&uri, "any", "use helper\n").await;
        let symbols = json!({"textDocument": {"uri": uri}});
        self.client.ask("textDocument/documentSymbol", symbols).await;
        self.client.ask("shutdown", Value::Null).await;
        let mut faults = faults(model, self.client.recorded());
        faults.retain(|fault| !is_none(fault));
        assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
        self.client.notify("exit", Value::Null).await;
        assert!(self.client.end().await.unwrap().success());
    }
}

fn requests(model: &'static Model) -> impl Iterator<Item = &'static super::model::Request> {
    let of_editors = model.requests.iter().filter(|request| request.direction != Direction::ServerToClient);
    of_editors.filter(|request| !matches!(request.method.as_str(), "initialize" | "shutdown"))
}

#[tokio::test]
async fn valid_requests_are_never_called_malformed_and_results_have_their_type() {
    let (model, seed) = (super::model(), seed());
    hold_valid_requests(Session::start(model, seed).await, model, seed).await;
    let python = Session::start_on(python_project(), "python", "py", model, seed).await;
    hold_valid_requests(python, model, seed).await;
}

async fn hold_valid_requests(mut session: Session, model: &'static Model, seed: u64) {
    let generator = session.generator(model, seed);
    let not_served = not_served();
    let mut wrong = BTreeMap::new();
    let mut n_results: BTreeMap<&str, usize> = BTreeMap::new();
    for request in requests(model) {
        let Some(params) = &request.params else { continue };
        let method = request.method.as_str();
        let mut asked = Vec::new();
        for n in 0..N_OF_EACH {
            let presence = [Presence::Least, Presence::All, Presence::Some][n.min(2)];
            let mut value = generator.value(params, presence);
            model.check(params, &value).unwrap_or_else(|mismatch| panic!("{method} {mismatch}"));
            number_tokens(&mut value, n);
            asked.push((value.clone(), session.ask(method, value).await));
        }
        for (params, id) in asked {
            let response = session.client.response(id).await;
            let message = response["error"]["message"].as_str().unwrap_or_default();
            let is_unknown = not_served.contains(&method);
            let is_right = match response["error"]["code"].as_i64() {
                Some(METHOD_NOT_FOUND) => is_unknown,
                Some(INVALID_PARAMS) => REFUSALS.iter().any(|refusal| message.contains(refusal)),
                Some(INTERNAL_ERROR) => false,
                Some(_) => !is_unknown,
                None => {
                    *n_results.entry(method).or_default() += 1;
                    !is_unknown
                }
            };
            if !is_right {
                wrong.entry((method, message.to_owned())).or_insert(params);
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    // Of all that the analyzer can, something was found.
    assert!(n_results.len() > 30, "{n_results:?}");
    session.finish(model).await;
}

/// Gives each token a value of its own: one that is in use twice could be answered for either.
fn number_tokens(params: &mut Value, n: usize) {
    for name in ["workDoneToken", "partialResultToken"] {
        if let Some(token) = params.get_mut(name) {
            *token = if n.is_multiple_of(2) { json!(format!("{name} {n}")) } else { json!(n) };
        }
    }
}

#[tokio::test]
async fn malformed_requests_are_refused_and_never_answered_as_if_they_were_not() {
    let (model, seed) = (super::model(), seed());
    let mut session = Session::start(model, seed).await;
    let generator = session.generator(model, seed);
    let mut random = Random(seed ^ 4);
    let mut accepted = BTreeSet::new();
    let mut n_refused: BTreeMap<How, usize> = BTreeMap::new();
    for request in requests(model) {
        let Some(params) = &request.params else { continue };
        let method = request.method.as_str();
        let mut asked = Vec::new();
        for _ in 0..N_OF_EACH {
            let value = generator.value(params, Presence::Some);
            let Some(spoiled) = spoil(model, params, &value, &mut random) else { continue };
            asked.push((session.ask(method, spoiled.value.clone()).await, spoiled));
        }
        for (id, Spoiled { value, place, how }) in asked {
            let response = session.client.response(id).await;
            let code = response["error"]["code"].as_i64();
            assert_ne!(code, Some(INTERNAL_ERROR), "{method} {value}: {response}");
            let is_read = !place.split('/').any(|member| NOT_READ.contains(&member));
            if code.is_some() {
                *n_refused.entry(how).or_default() += 1;
            } else if how != How::Null && is_read && !is_enumerated(&value, &place) {
                // Editors write `null` for what they could have left out.
                accepted.insert((method, how, place));
            }
        }
    }
    assert!(accepted.is_empty(), "{accepted:#?}");
    assert!(n_refused.len() == 7 && n_refused.values().all(|n| *n > 5), "{n_refused:?}");
    // What is resolved comes back with what is not read of it.
    session.finish_but(model, |fault| fault.starts_with("the result of ") && fault.contains("/resolve ")).await;
}

/// Whether what is malformed at a place is a number that may become one of an enumeration.
fn is_enumerated(value: &Value, place: &str) -> bool {
    let number = value.pointer(place).and_then(Value::as_i64);
    let is_known = ["ind", "insertTextMode", "insertTextFormat", "severity"].iter().any(|name| place.ends_with(name));
    is_known && number.is_some_and(|number| i32::try_from(number).is_ok())
}

#[tokio::test]
async fn notifications_of_every_kind_leave_the_session_alive() {
    let (model, seed) = (super::model(), seed());
    let mut session = Session::start(model, seed).await;
    let uris = ["scratch.toy", "other.toy", "lib.toy", "no/such.toy"].map(|path| session.project.uri(path)).into();
    let generator = Generator::new(model, seed, uris);
    let mut random = Random(seed ^ 5);
    for notification in &model.notifications {
        let is_end = notification.method == "exit";
        let Some(params) = notification.params.as_ref().filter(|_| !is_end) else { continue };
        if notification.direction == Direction::ServerToClient {
            continue;
        }
        for n in 0..N_OF_EACH {
            let presence = [Presence::Least, Presence::All, Presence::Some][n.min(2)];
            let value = generator.value(params, presence);
            let spoiled = spoil(model, params, &value, &mut random);
            session.client.notify(&notification.method, value).await;
            if let Some(spoiled) = spoiled {
                session.client.notify(&notification.method, spoiled.value).await;
            }
        }
    }
    for method in ["$/unknown", "$/cancelRequest", "textDocument/unknown", "window/showMessage"] {
        session.client.notify(method, json!({"any": "thing"})).await;
    }
    session.finish(model).await;
}

#[tokio::test]
async fn editors_of_any_capabilities_are_welcome() {
    let (model, seed) = (super::model(), seed());
    let (project, server) = (project(), Server::with_plugins(&["toy"]));
    let listening = server.listen(&project).await;
    let mut random = Random(seed ^ 6);
    let request = model.request("initialize").unwrap();
    let params = request.params.as_ref().unwrap();
    let generator = Generator::new(model, seed, vec![project.root_uri()]);
    for n in 0..60 {
        let mut client = listening.connect().await;
        client.record();
        for method in ["window/showMessage", "textDocument/publishDiagnostics", "$/logTrace"] {
            client.allow(method);
        }
        let presence = [Presence::Least, Presence::All, Presence::Some][n.min(2)];
        let mut value = generator.value(params, presence);
        value["workspaceFolders"] = json!([{"uri": project.root_uri(), "name": ""}]);
        if let Some(spoiled) = spoil(model, params, &value, &mut random) {
            let id = client.request("initialize", spoiled.value.clone()).await;
            let response = client.response(id).await;
            if response.get("result").is_some() {
                // What is not understood of its abilities, it does not have; and what may be `null` may be left out.
                let Spoiled { value, place, how } = spoiled;
                let is_odd = ["/capabilities/", "/trace", "/processId"].iter().any(|of| place.starts_with(of));
                let is_none = how == How::Null || (how == How::Missing && place == "/rootUri");
                assert!(is_odd || is_none, "{place} {how:?}: {value}");
                continue;
            }
            assert_eq!(response["error"]["code"], INVALID_PARAMS, "{spoiled:?}: {response}");
        }
        let id = client.request("initialize", value.clone()).await;
        let response = client.response(id).await;
        assert!(response.get("result").is_some(), "{value}: {response}");
        client.notify("initialized", json!({})).await;
        let uri = project.uri("main.toy");
        client.open_document(&uri, "toy", &project.read("main.toy")).await;
        client.ask("textDocument/documentSymbol", json!({"textDocument": {"uri": uri}})).await;
        client.ask("shutdown", Value::Null).await;
        let faults = faults(model, client.recorded());
        assert!(faults.is_empty(), "{value}: {}", faults.join("\n"));
        client.notify("exit", Value::Null).await;
        client.end().await;
    }
}
