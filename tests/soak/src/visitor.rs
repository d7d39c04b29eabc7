//! One session: a connection with the view that belongs to it.

use serde_json::{Value, json};
use vraftls_harness::{Listening, LspClient, Project, Random, at};

use crate::dialect::Line;
use crate::expected::Expected;
use crate::view::{Buffer, View};

/// The lines that a buffer has at most, so that all questions stay quick.
const LINES_MAX: usize = 40;
/// Questions that wait for their answers at most.
const WAITING_MAX: usize = 64;
/// The code of an answer to a request that was cancelled.
const REQUEST_CANCELLED: i64 = -32800;

/// A question without its answer.
struct Asked {
    id: i64,
    method: &'static str,
    parameters: Value,
    expected: Expected,
    was_cancelled: bool,
}

/// What came of a session so far.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Answered {
    pub(crate) n_right: u64,
    pub(crate) n_cancelled: u64,
}

/// A session.
pub(crate) struct Visitor {
    /// No two sessions of a run have the same.
    tag: usize,
    client: LspClient,
    view: View,
    paths: Vec<String>,
    n_names: usize,
    waiting: Vec<Asked>,
    pub(crate) answered: Answered,
}

impl Visitor {
    /// Connects.
    pub(crate) async fn arrive(server: &Listening, project: &Project, view: View, tag: usize) -> Self {
        let capabilities = json!({"textDocument": {
            "diagnostic": {}, "hover": {"contentFormat": ["markdown"]},
            "documentSymbol": {"hierarchicalDocumentSymbolSupport": true},
        }});
        let client = server.open(project, capabilities).await;
        let paths = (0..view.disk.files.len()).map(|file| view.disk.dialect.path(file)).collect();
        Self { tag, client, view, paths, n_names: 0, waiting: Vec::new(), answered: Answered::default() }
    }

    /// Waits until the server knows every file.
    pub(crate) async fn until_all_is_known(&mut self) {
        for file in 0..self.paths.len() {
            let Some(name) = self.view.defined(file).first().map(|name| (*name).to_owned()) else { continue };
            let is_there =
                |found: &Value| found.as_array().is_some_and(|all| all.iter().any(|one| one["name"] == *name));
            self.client.ask_until("workspace/symbol", json!({"query": name}), is_there).await;
        }
    }

    /// Does one thing to the buffers. What is open stays open as often as not.
    pub(crate) async fn edit(&mut self, project: &Project, random: &mut Random, others: &[String]) {
        let file = random.below(self.paths.len());
        if !self.view.buffers.contains_key(&file) {
            return self.open(project, file, random, others).await;
        }
        match random.below(8) {
            0 => self.close(project, file).await,
            1 => self.rewrite(project, file, random, others).await,
            2 | 3 => self.delete_line(project, file, random).await,
            _ => self.insert_line(project, file, random, others).await,
        }
    }

    async fn open(&mut self, project: &Project, file: usize, random: &mut Random, others: &[String]) {
        let mut lines = self.view.disk.files[file].clone();
        // An editor that restores what was not saved opens a file with another text than the disk's.
        if random.once_in(2) {
            lines.insert(random.below(lines.len() + 1), self.new_line(file, random, others));
        }
        let uri = project.uri(&self.paths[file]);
        let text = self.view.disk.text(file, &lines);
        self.client.open_document(&uri, self.view.disk.dialect.name(), &text).await;
        self.view.buffers.insert(file, Buffer { version: 1, lines });
    }

    async fn close(&mut self, project: &Project, file: usize) {
        self.view.buffers.remove(&file);
        self.client.close_document(&project.uri(&self.paths[file])).await;
    }

    /// Replaces the whole text.
    async fn rewrite(&mut self, project: &Project, file: usize, random: &mut Random, others: &[String]) {
        let mut lines = self.view.disk.files[file].clone();
        lines.push(self.new_line(file, random, others));
        let text = self.view.disk.text(file, &lines);
        self.change(project, file, lines, json!([{"text": text}])).await;
    }

    async fn insert_line(&mut self, project: &Project, file: usize, random: &mut Random, others: &[String]) {
        let mut lines = self.view.lines(file).to_vec();
        if lines.len() >= LINES_MAX {
            return self.delete_line(project, file, random).await;
        }
        let (number, line) = (random.below(lines.len() + 1), self.new_line(file, random, others));
        let start = (self.view.disk.number(number), 0);
        let text = self.view.disk.dialect.written(&line, file).0 + "\n";
        lines.insert(number, line);
        self.change(project, file, lines, json!([vraftls_harness::edit(start, start, &text)])).await;
    }

    async fn delete_line(&mut self, project: &Project, file: usize, random: &mut Random) {
        let mut lines = self.view.lines(file).to_vec();
        if lines.is_empty() {
            return;
        }
        let number = random.below(lines.len());
        lines.remove(number);
        let (start, end) = ((self.view.disk.number(number), 0), (self.view.disk.number(number + 1), 0));
        self.change(project, file, lines, json!([vraftls_harness::edit(start, end, "")])).await;
    }

    async fn change(&mut self, project: &Project, file: usize, lines: Vec<Line>, changes: Value) {
        let buffer = self.view.buffers.get_mut(&file).unwrap();
        buffer.version += 1 + i64::from(buffer.version % 3 == 0);
        buffer.lines = lines;
        self.client.change_document(&project.uri(&self.paths[file]), buffer.version, changes).await;
    }

    /// A definition of a name that nobody has, or a use: of what is defined, of what is nowhere, or of what only another
    /// session defines.
    fn new_line(&mut self, in_file: usize, random: &mut Random, others: &[String]) -> Line {
        let file = random.below(self.paths.len());
        match random.below(5) {
            0 | 1 => {
                self.n_names += 1;
                Line::Definition(format!("name_{}_{}", self.tag, self.n_names))
            }
            2 | 3 => {
                let file = if random.once_in(2) { in_file } else { file };
                let defined = self.view.defined(file);
                let name = random.one_of(&defined).copied().unwrap_or("nowhere").to_owned();
                Line::Use { file, name }
            }
            _ => Line::Use { file, name: random.one_of(others).cloned().unwrap_or_else(|| "nowhere".to_owned()) },
        }
    }

    /// The names that it defines now.
    pub(crate) fn names(&self) -> Vec<String> {
        let defined = (0..self.paths.len()).flat_map(|file| self.view.defined(file));
        defined.filter(|name| name.starts_with("name_")).map(str::to_owned).collect()
    }

    /// Sends a question whose answer is known, and does not wait for it. Perhaps it is cancelled at once.
    pub(crate) async fn ask(&mut self, project: &Project, random: &mut Random, others: &[String], cancels: bool) {
        if self.waiting.len() >= WAITING_MAX {
            self.hear_all(project).await;
        }
        let Some((method, parameters, expected)) = self.question(project, random, others) else { return };
        let id = self.client.request(method, parameters.clone()).await;
        if cancels {
            self.client.notify("$/cancelRequest", json!({"id": id})).await;
        }
        self.waiting.push(Asked { id, method, parameters, expected, was_cancelled: cancels });
    }

    /// One that the view can answer. Places are asked about in open files.
    fn question(
        &self,
        project: &Project,
        random: &mut Random,
        others: &[String],
    ) -> Option<(&'static str, Value, Expected)> {
        let open: Vec<usize> = self.view.buffers.keys().copied().collect();
        let file = *random.one_of(&open)?;
        let uri = project.uri(&self.paths[file]);
        let document = json!({"textDocument": {"uri": uri}});
        let kind = random.below(8);
        match kind {
            0 => return Some(("textDocument/documentSymbol", document, self.outline(file))),
            1 => {
                let findings = Expected::Findings(self.view.undefined(file));
                return Some(("textDocument/diagnostic", document, findings));
            }
            2 => {
                let name = if random.once_in(2) { others.to_vec() } else { self.names() };
                let name = random.one_of(&name)?.clone();
                let at = self.view.definition(&Line::Definition(name.clone()));
                return Some(("workspace/symbol", json!({"query": name}), Expected::Symbol { name, at }));
            }
            _ => {}
        }
        let lines = self.view.lines(file);
        let number = random.below(lines.len().max(1));
        let line = lines.get(number)?;
        let (_, row, column) = self.view.place(file, number, line);
        let definition = self.view.definition(line);
        let mut parameters = at(&uri, row, column);
        Some(match kind {
            3 => ("textDocument/hover", parameters, Expected::Hover(definition.map(|_| line.name().to_owned()))),
            4 => {
                let defined_in = match line {
                    Line::Use { file, .. } if !self.view.disk.dialect.is_global() => *file,
                    _ => file,
                };
                let names = self.view.defined(defined_in).into_iter().map(str::to_owned).collect();
                if matches!(line, Line::Definition(_)) || (!self.view.disk.dialect.is_global() && defined_in == file) {
                    return None;
                }
                ("textDocument/completion", parameters, Expected::Completion(names))
            }
            5 => {
                parameters["context"] = json!({"includeDeclaration": true});
                let definition = definition?;
                ("textDocument/references", parameters, Expected::Places(self.view.references(definition)))
            }
            _ => ("textDocument/definition", parameters, Expected::Places(definition.into_iter().collect())),
        })
    }

    fn outline(&self, file: usize) -> Expected {
        Expected::Outline(self.view.defined(file).into_iter().map(str::to_owned).collect())
    }

    /// Takes every answer that is still to come, and compares it.
    pub(crate) async fn hear_all(&mut self, project: &Project) {
        for asked in std::mem::take(&mut self.waiting) {
            let response = self.client.response(asked.id).await;
            if let Some(error) = response.get("error") {
                let is_cancel = asked.was_cancelled && error["code"] == REQUEST_CANCELLED;
                assert!(is_cancel, "session {}: {} {}: {error}", self.tag, asked.method, asked.parameters);
                self.answered.n_cancelled += 1;
                continue;
            }
            let (result, n_header) = (&response["result"], self.paths.len() as u32);
            if let Some(reason) = asked.expected.refuses(result, project, &self.paths, n_header) {
                let (tag, method, parameters) = (self.tag, asked.method, asked.parameters);
                let buffers = self.view.buffers.iter().map(|(file, buffer)| self.view.disk.text(*file, &buffer.lines));
                let buffers = buffers.collect::<Vec<_>>().join("----\n");
                panic!("session {tag}: {method} {parameters}: {reason}, {result} came; its buffers now:\n{buffers}");
            }
            self.answered.n_right += 1;
        }
    }

    /// Leaves as an editor does that ends.
    pub(crate) async fn leave(mut self, project: &Project) -> Answered {
        self.hear_all(project).await;
        let answered = self.answered;
        self.client.finish().await;
        answered
    }

    /// Vanishes: with a part of a frame sent, and with everything unread.
    pub(crate) async fn vanish(mut self) -> Answered {
        self.client.send_bytes(b"Content-Length: 1000\r\n\r\n{\"jsonrpc\"").await;
        self.client.kill().await;
        self.answered
    }
}
