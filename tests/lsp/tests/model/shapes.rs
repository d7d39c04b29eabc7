//! Every request once to the shipped Python analyzer, by editors that can everything and by one that can nothing: what comes back has
//! the shape that the protocol gives it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use vraftls_harness::{LspClient, Project, Server, at, range};

use super::in_tree;
use super::judge::faults;

const TEXT: &str = "\
import os
from .model import Order, OrderLine


class Big(Order):
    \"\"\"Many lines.\"\"\"

    def weight(self, factor: int) -> int:
        made = self.doubled(factor)
        return made

    def doubled(self, value: int) -> int:
        return len(self.lines) * value


def test_it(big: Big) -> None:
    weight = big.weight(2)
    missing.name
    print(weight,  os)
";

/// What an editor can that can everything.
fn able() -> Value {
    let all_tags = json!({"valueSet": [1, 2]});
    let markup = json!(["markdown", "plaintext"]);
    json!({
        "general": {"positionEncodings": ["utf-16"], "markdown": {"parser": "marked"}},
        "window": {"workDoneProgress": true, "showDocument": {"support": true}},
        "workspace": {
            "workspaceFolders": true, "configuration": true, "applyEdit": true,
            "workspaceEdit": {"documentChanges": true, "resourceOperations": ["create", "rename", "delete"],
                "changeAnnotationSupport": {"groupsOnLabel": true}},
            "symbol": {"tagSupport": {"valueSet": [1]}, "resolveSupport": {"properties": ["location.range"]}},
            "didChangeWatchedFiles": {"dynamicRegistration": true, "relativePatternSupport": true},
            "didChangeConfiguration": {"dynamicRegistration": true},
            "semanticTokens": {"refreshSupport": true}, "inlayHint": {"refreshSupport": true},
            "codeLens": {"refreshSupport": true}, "diagnostics": {"refreshSupport": true},
            "fileOperations": {"willRename": true, "didRename": true, "didCreate": true, "didDelete": true},
        },
        "textDocument": {
            "completion": {"contextSupport": true, "completionItem": {
                "snippetSupport": true, "documentationFormat": markup, "deprecatedSupport": true, "tagSupport": {"valueSet": [1]},
                "insertReplaceSupport": true, "labelDetailsSupport": true, "preselectSupport": true,
                "resolveSupport": {"properties": ["documentation", "detail", "additionalTextEdits"]}}},
            "hover": {"contentFormat": markup},
            "signatureHelp": {"contextSupport": true, "signatureInformation": {"documentationFormat": markup,
                "parameterInformation": {"labelOffsetSupport": true}, "activeParameterSupport": true}},
            "declaration": {"linkSupport": true}, "definition": {"linkSupport": true},
            "typeDefinition": {"linkSupport": true}, "implementation": {"linkSupport": true},
            "documentSymbol": {"hierarchicalDocumentSymbolSupport": true, "tagSupport": {"valueSet": [1]}},
            "codeAction": {"isPreferredSupport": true, "disabledSupport": true, "dataSupport": true,
                "resolveSupport": {"properties": ["edit"]},
                "codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["", "quickfix", "refactor", "source"]}}},
            "rename": {"prepareSupport": true, "honorsChangeAnnotations": true},
            "diagnostic": {"relatedDocumentSupport": true, "relatedInformation": true, "tagSupport": all_tags,
                "codeDescriptionSupport": true, "dataSupport": true},
            "foldingRange": {"foldingRangeKind": {"valueSet": ["comment", "imports", "region"]}, "foldingRange": {"collapsedText": true}},
            "semanticTokens": {"requests": {"range": true, "full": {"delta": true}}, "formats": ["relative"],
                "tokenTypes": ["class", "function", "method", "variable", "parameter", "namespace", "property"],
                "tokenModifiers": ["declaration", "definition"], "multilineTokenSupport": true},
            "inlayHint": {"resolveSupport": {"properties": ["tooltip", "textEdits", "label.location", "label.tooltip"]}},
            "documentLink": {"tooltipSupport": true},
        },
        "experimental": {"commands": {"commands": ["vraftls.showReferences", "vraftls.runTest"]}},
    })
}

/// The first place of a word in [`TEXT`], and some characters further.
fn place(word: &str, further: u32) -> (u32, u32) {
    let (before, _) = TEXT.split_once(word).unwrap();
    let column = before.len() - before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() as u32, column as u32 + further)
}

/// An editor that asks everything once.
struct Script<'a> {
    client: &'a mut LspClient,
    uri: String,
    /// How many requests of each method had a result in which there was something.
    found: BTreeMap<String, usize>,
}

impl Script<'_> {
    /// The result of a request, which may be none.
    async fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.client.request(method, params).await;
        let mut response = self.client.response(id).await;
        let result = response["result"].take();
        let is_empty = result.is_null() || result.as_array().is_some_and(Vec::is_empty);
        *self.found.entry(method.to_owned()).or_default() += usize::from(!is_empty);
        result
    }

    async fn ask_at(&mut self, method: &str, word: &str, further: u32, more: Value) -> Value {
        let (line, column) = place(word, further);
        let mut params = at(&self.uri, line, column);
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.ask(method, params).await
    }

    async fn ask_of_document(&mut self, method: &str, more: Value) -> Value {
        let mut params = json!({"textDocument": {"uri": self.uri}});
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.ask(method, params).await
    }

    /// Resolves each of a few.
    async fn resolve(&mut self, method: &str, all: &Value) {
        for item in all.as_array().into_iter().flatten().take(8) {
            self.ask(method, item.clone()).await;
        }
    }

    async fn run(&mut self, project: &Project) {
        self.navigates().await;
        self.completes_and_changes().await;
        self.decorates().await;
        self.asks_of_the_workspace(project).await;
    }

    async fn navigates(&mut self) {
        for method in ["declaration", "definition", "typeDefinition", "documentHighlight", "hover"] {
            let method = format!("textDocument/{method}");
            for (word, further) in
                [("Order,", 1), ("weight(2", 1), ("big.", 1), ("os\n", 0), ("len(", 1), ("\n\n\n", 1)]
            {
                self.ask_at(&method, word, further, json!({})).await;
            }
        }
        for word in ["doubled(self", "Order,"] {
            self.ask_at("textDocument/implementation", word, 1, json!({})).await;
        }
        let context = json!({"context": {"includeDeclaration": true}, "partialResultToken": "of references"});
        self.ask_at("textDocument/references", "doubled(self", 1, context).await;
        let items = self.ask_at("textDocument/prepareCallHierarchy", "doubled(self", 1, json!({})).await;
        for method in ["callHierarchy/incomingCalls", "callHierarchy/outgoingCalls"] {
            self.ask(method, json!({"item": items[0]})).await;
        }
        for (further, method) in [(1, "typeHierarchy/supertypes"), (5, "typeHierarchy/subtypes")] {
            let items = self.ask_at("textDocument/prepareTypeHierarchy", "Big(Order", further, json!({})).await;
            self.ask(method, json!({"item": items[0]})).await;
        }
    }

    async fn completes_and_changes(&mut self) {
        for (word, further) in [("self.lines", 5), ("OrderLine\n", 3), ("missing", 4), ("print(", 6)] {
            let list = self.ask_at("textDocument/completion", word, further, json!({})).await;
            let items = if list.is_array() { &list } else { &list["items"] };
            self.resolve("completionItem/resolve", items).await;
        }
        self.ask_at("textDocument/signatureHelp", "weight(2", 7, json!({})).await;
        self.ask_at("textDocument/prepareRename", "doubled(self", 1, json!({})).await;
        self.ask_at("textDocument/rename", "doubled(self", 1, json!({"newName": "twice"})).await;
        self.ask_at("textDocument/linkedEditingRange", "made = ", 1, json!({})).await;
        let options = json!({"tabSize": 4, "insertSpaces": true});
        self.ask_of_document("textDocument/formatting", json!({"options": options})).await;
        let last = range(place("print(", 0), place("os)", 3));
        self.ask_of_document("textDocument/rangeFormatting", json!({"options": options, "range": last.clone()})).await;
        self.ask_of_document("experimental/joinLines", json!({"ranges": [last]})).await;
        self.ask_at("rust-analyzer/expandMacro", "print(", 1, json!({})).await;
        let typed = json!({"ch": ":", "options": options});
        self.ask_at("textDocument/onTypeFormatting", "-> None:", 8, typed).await;
        for word in ["missing", "os\n", "Big(Order"] {
            let here = range(place(word, 0), place(word, 1));
            let context = json!({"diagnostics": [], "triggerKind": 1});
            let actions =
                self.ask_of_document("textDocument/codeAction", json!({"range": here, "context": context})).await;
            let data = |action: &&Value| action.get("data").is_some();
            let actions: Value = actions.as_array().into_iter().flatten().filter(data).cloned().collect();
            self.resolve("codeAction/resolve", &actions).await;
        }
    }

    async fn decorates(&mut self) {
        let whole = range((0, 0), (18, 0));
        self.ask_of_document("textDocument/documentSymbol", json!({})).await;
        self.ask_of_document("textDocument/foldingRange", json!({})).await;
        let positions = json!({"positions": [{"line": 8, "character": 15}, {"line": 0, "character": 0}]});
        self.ask_of_document("textDocument/selectionRange", positions).await;
        let tokens = self.ask_of_document("textDocument/semanticTokens/full", json!({})).await;
        let before = json!({"previousResultId": tokens["resultId"].as_str().unwrap_or("none")});
        self.ask_of_document("textDocument/semanticTokens/full/delta", before).await;
        self.ask_of_document("textDocument/semanticTokens/full/delta", json!({"previousResultId": "none"})).await;
        self.ask_of_document("textDocument/semanticTokens/range", json!({"range": whole})).await;
        let hints = self.ask_of_document("textDocument/inlayHint", json!({"range": whole})).await;
        self.resolve("inlayHint/resolve", &hints).await;
        let lenses = self.ask_of_document("textDocument/codeLens", json!({})).await;
        self.resolve("codeLens/resolve", &lenses).await;
        let links = self.ask_of_document("textDocument/documentLink", json!({})).await;
        self.resolve("documentLink/resolve", &links).await;
    }

    async fn asks_of_the_workspace(&mut self, project: &Project) {
        let report = self.ask_of_document("textDocument/diagnostic", json!({})).await;
        let before = json!({"previousResultId": report["resultId"].as_str().unwrap_or("none")});
        self.ask_of_document("textDocument/diagnostic", before).await;
        let pieces = json!({"previousResultIds": [], "partialResultToken": "of diagnostics", "workDoneToken": "work"});
        self.ask("workspace/diagnostic", pieces).await;
        let symbols = self.ask("workspace/symbol", json!({"query": "Ord", "partialResultToken": 7})).await;
        self.resolve("workspaceSymbol/resolve", &symbols).await;
        let files =
            json!([{"oldUri": project.uri("src/orders/model.py"), "newUri": project.uri("src/orders/models.py")}]);
        self.ask("workspace/willRenameFiles", json!({"files": files})).await;
        self.ask("shutdown", Value::Null).await;
    }
}

/// Lets an editor with these abilities ask everything. Gives how often there was something.
async fn ask_everything(capabilities: Value, traces: bool) -> BTreeMap<String, usize> {
    let project = Project::copy_of(&in_tree("tests/projects/orders"));
    let server = Server::with_plugins(&["python"]);
    let mut client = server.start();
    client.record();
    for method in ["window/showMessage", "textDocument/publishDiagnostics", "$/logTrace"] {
        client.allow(method);
    }
    client.answer_with(|request| {
        let items = request["params"]["items"].as_array();
        Ok(items.map_or(Value::Null, |items| {
            items.iter().map(|_| json!({"inlayHints": {"variableTypes": true}})).collect()
        }))
    });
    let params = json!({
        "processId": null, "rootUri": project.root_uri(), "capabilities": capabilities,
        "initializationOptions": {"diagnostics": {"mode": "workspace"}},
        "trace": if traces { "verbose" } else { "off" },
    });
    client.ask("initialize", params).await;
    client.notify("initialized", json!({})).await;
    let uri = project.uri("src/orders/extra.py");
    client.open_document(&uri, "python", TEXT).await;
    // Of what the index has, nothing is missing any more.
    let is_there = |found: &Value| found.as_array().is_some_and(|all| !all.is_empty());
    client.ask_until("workspace/symbol", json!({"query": "Customer"}), is_there).await;
    let mut script = Script { client: &mut client, uri, found: BTreeMap::new() };
    script.run(&project).await;
    let found = script.found;
    let faults = faults(super::model(), client.recorded());
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    client.notify("exit", Value::Null).await;
    client.end().await;
    found
}

/// The requests of the documentation's table that are served.
fn served() -> Vec<&'static str> {
    let rows = include_str!("../../../../gateway/docs/lsp.md").lines().filter_map(|line| line.strip_prefix("| `"));
    let cells = rows.map(|row| row.split('|').map(str::trim).collect::<Vec<_>>());
    let served =
        cells.filter(|cells| cells[1] == "request" && cells[2] != "no").map(|cells| cells[0].trim_matches('`'));
    served.filter(|method| !method.starts_with("vraftls/") && *method != "initialize").collect()
}

/// Whose results may be nothing at all: `null`, a name that stands nowhere else, or what Python's analyzer does not have.
const MAY_BE_NONE: [&str; 5] = [
    "experimental/joinLines",
    "rust-analyzer/expandMacro",
    "shutdown",
    "textDocument/linkedEditingRange",
    "textDocument/onTypeFormatting",
];

#[tokio::test]
async fn an_editor_that_can_everything_gets_what_the_protocol_says() {
    let found = ask_everything(able(), true).await;
    for method in served() {
        let n_found = found.get(method).unwrap_or_else(|| panic!("nobody asks {method} here"));
        assert!(*n_found > 0 || MAY_BE_NONE.contains(&method), "{method} finds nothing: {found:?}");
    }
}

#[tokio::test]
async fn an_editor_that_can_nothing_gets_what_the_protocol_says() {
    let found = ask_everything(json!({}), false).await;
    assert!(found["textDocument/definition"] > 0 && found["textDocument/documentSymbol"] > 0, "{found:?}");
}
