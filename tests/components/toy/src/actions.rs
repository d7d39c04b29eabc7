//! Changes that are offered for the toy language's texts.

use vraftls_guest_sdk::{Action, Diagnostic, DocumentEdit, Failure, Move, NodeKind, Span, TextEdit};

use crate::project::{ToyProject, trailing_space};

const QUICK_FIX: &str = "quickfix";
const FIX_ALL: &str = "source.fixAll.toy";

/// Whether a kind is wanted: the kinds asked for are prefixes that end at a dot.
fn is_wanted(kinds: &[String], kind: &str) -> bool {
    let begins = |wanted: &String| {
        kind.strip_prefix(wanted.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    kinds.is_empty() || kinds.iter().any(begins)
}

impl ToyProject {
    /// A definition for each name that has none, and the end of trailing white space.
    pub(crate) fn offered(
        &mut self,
        path: &str,
        diagnostics: &[Diagnostic],
        kinds: &[String],
    ) -> Result<Vec<Action>, Failure> {
        let file = self.file(path)?;
        let mut actions = Vec::new();
        let unresolved = diagnostics.iter().enumerate().filter(|(_, found)| found.code == "unresolved");
        for (idx, found) in unresolved.filter(|_| is_wanted(kinds, QUICK_FIX)) {
            let Some(name) = file.0.get(found.span.start as usize..found.span.end as usize) else { continue };
            actions.push(Action {
                title: format!("Define `{name}`"),
                kind: QUICK_FIX.to_owned(),
                fixes: vec![idx as u32],
                preferred: true,
                edits: Vec::new(),
                token: name.as_bytes().to_vec(),
            });
        }
        let edits = trailing_space(&file.0, None);
        if !edits.is_empty() && is_wanted(kinds, FIX_ALL) {
            actions.push(Action {
                title: "Remove trailing white space".to_owned(),
                kind: FIX_ALL.to_owned(),
                fixes: Vec::new(),
                preferred: false,
                edits: vec![DocumentEdit { path: path.to_owned(), edits }],
                token: Vec::new(),
            });
        }
        Ok(actions)
    }

    /// Defines a name at the end of the document.
    pub(crate) fn define(&mut self, path: &str, token: &[u8]) -> Result<Vec<DocumentEdit>, Failure> {
        let name = String::from_utf8_lossy(token);
        if !crate::syntax::is_name(&name) {
            return Err(Failure::InvalidInput("a token of another text".to_owned()));
        }
        let end = self.file(path)?.0.len() as u32;
        let edit = TextEdit { span: Span { start: end, end }, new_text: format!("\ndef {name}\n") };
        Ok(vec![DocumentEdit { path: path.to_owned(), edits: vec![edit] }])
    }

    /// Rewrites the imports of files that move.
    pub(crate) fn follow(&mut self, moves: &[Move]) -> Result<Vec<DocumentEdit>, Failure> {
        let mut documents = Vec::new();
        for path in self.paths("") {
            self.check_cancelled()?;
            let file = self.file(&path)?;
            let edits = file
                .1
                .imports
                .iter()
                .filter_map(|word| Some(TextEdit { span: word.span, new_text: moved(&word.text, moves)? }));
            let edits: Vec<TextEdit> = edits.collect();
            if !edits.is_empty() {
                documents.push(DocumentEdit { path, edits });
            }
        }
        Ok(documents)
    }

    /// The files of the language below a directory.
    fn paths(&self, directory: &str) -> Vec<String> {
        let mut paths = Vec::new();
        for entry in self.workspace.list(directory) {
            let path = if directory.is_empty() { entry.name } else { format!("{directory}/{}", entry.name) };
            match entry.kind {
                NodeKind::Directory => paths.extend(self.paths(&path)),
                NodeKind::File if path.ends_with(".toy") => paths.push(path),
                NodeKind::File => {}
            }
        }
        paths
    }
}

/// Where a path is after the moves, if it is elsewhere: itself, or a directory around it, moved.
fn moved(path: &str, moves: &[Move]) -> Option<String> {
    moves.iter().find_map(|it| {
        let rest = path.strip_prefix(it.old_path.as_str())?;
        (rest.is_empty() || rest.starts_with('/')).then(|| format!("{}{rest}", it.new_path))
    })
}
