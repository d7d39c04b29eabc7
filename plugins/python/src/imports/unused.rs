//! Imports that nothing in their file reads, by scopes alone: no other file is looked at.
//!
//! In doubt an import counts as used. Never told of: `from __future__`, `from m import *`, re-exports (`import a as a`, an
//! entry of `__all__`, everything in an `__init__` and in a `conftest`), imports in class bodies, imports that only try
//! whether a module is there, and lines that say `# noqa`.

use std::collections::BTreeSet;

use ruff_python_ast::token::{Token, TokenKind};
use ruff_python_ast::{Alias, ExceptHandler, Expr, Stmt, StmtTry};
use ruff_text_size::{Ranged, TextRange};
use rustc_hash::FxHashSet;
use ty_python_core::scope::{FileScopeId, NodeWithScopeRef, ScopeKind};
use ty_python_core::{SemanticIndex, semantic_index};

use super::statement::module_of;
use super::text;
use crate::index;
use crate::project::Source;

/// An import that nothing reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unused {
    /// The statement.
    pub(crate) statement: TextRange,
    /// The part of it that brings the name in.
    pub(crate) range: TextRange,
    /// What it imports, as messages call it.
    pub(crate) title: String,
}

/// The imports of a file that nothing in it reads, in their order.
pub(crate) fn unused_imports(source: &Source<'_>, path: &str) -> Vec<Unused> {
    let name = path.rsplit('/').next().unwrap_or(path);
    if name.starts_with("__init__.") || name.starts_with("conftest.") {
        return Vec::new();
    }
    let index = semantic_index(source.model.db(), source.model.program_file());
    let mut search = Search { source, index, candidates: Vec::new(), scope: FileScopeId::global() };
    search.block(source.parsed.suite());
    if search.candidates.is_empty() {
        return Vec::new();
    }
    let candidates = std::mem::take(&mut search.candidates);
    let names: FxHashSet<&str> = candidates.iter().map(|candidate| candidate.name).collect();
    let read = search.read_among(&names);
    let mentioned = search.mentioned_names();
    let is_read = |candidate: &Candidate<'_>| {
        read.contains(&(candidate.scope, candidate.name)) || mentioned.contains(candidate.name)
    };
    let read_roots: FxHashSet<&str> =
        candidates.iter().filter(|candidate| is_read(candidate)).filter_map(|candidate| candidate.root).collect();
    let mut unused: Vec<Unused> = candidates
        .iter()
        .filter(|candidate| !is_read(candidate))
        // `import a.b` also gives `a` its submodule, whatever `a` is called.
        .filter(|candidate| !candidate.is_submodule || candidate.root.is_none_or(|root| !read_roots.contains(root)))
        .map(|candidate| candidate.unused.clone())
        .filter(|unused| !is_kept(source, unused.statement, unused.range))
        .collect();
    unused.sort_by_key(|unused| unused.range.start());
    unused
}

/// An import that may be unused.
struct Candidate<'src> {
    scope: FileScopeId,
    /// The name that it binds.
    name: &'src str,
    /// The package at the top, if it imports a module by its full name.
    root: Option<&'src str>,
    /// Whether it binds the package and not the module.
    is_submodule: bool,
    unused: Unused,
}

struct Search<'src, 'db> {
    source: &'src Source<'db>,
    index: &'src SemanticIndex<'db>,
    candidates: Vec<Candidate<'src>>,
    /// Where the block that is looked at binds its names.
    scope: FileScopeId,
}

impl<'src> Search<'src, '_> {
    fn block(&mut self, block: &'src [Stmt]) {
        for statement in block {
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &'src Stmt) {
        match statement {
            Stmt::Import(import) => {
                for alias in &import.names {
                    let name = alias.asname.as_ref().map_or(alias.name.as_str(), |name| name.as_str());
                    let is_export = alias.asname.as_ref().is_some_and(|asname| asname.as_str() == alias.name.as_str());
                    if !is_export {
                        self.candidate(import.range, alias, name.split('.').next().unwrap_or(name), String::new());
                    }
                }
            }
            Stmt::ImportFrom(import) => {
                let module = format!("{}{}", ".".repeat(import.level as usize), module_of(import));
                for alias in &import.names {
                    let is_export = alias.asname.as_ref().is_some_and(|asname| asname.as_str() == alias.name.as_str());
                    if module != "__future__" && alias.name.as_str() != "*" && !is_export {
                        let name = alias.asname.as_ref().map_or(alias.name.as_str(), |name| name.as_str());
                        self.candidate(import.range, alias, name, module.clone());
                    }
                }
            }
            Stmt::FunctionDef(function) => {
                let scope = self.index.try_node_scope(NodeWithScopeRef::Function(function));
                if let Some(scope) = scope {
                    let around = std::mem::replace(&mut self.scope, scope);
                    self.block(&function.body);
                    self.scope = around;
                }
            }
            // Names of a class body are read through the class.
            Stmt::ClassDef(class) => self.methods(&class.body),
            Stmt::Try(statement) => self.try_statement(statement),
            other => index::for_each_block(other, &mut |block| self.block(block)),
        }
    }

    fn methods(&mut self, body: &'src [Stmt]) {
        for statement in body {
            match statement {
                Stmt::FunctionDef(_) => self.statement(statement),
                Stmt::ClassDef(class) => self.methods(&class.body),
                other => index::for_each_block(other, &mut |block| self.methods(block)),
            }
        }
    }

    fn try_statement(&mut self, statement: &'src StmtTry) {
        if !statement.handlers.iter().any(catches_import_errors) {
            self.block(&statement.body);
            for ExceptHandler::ExceptHandler(handler) in &statement.handlers {
                self.block(&handler.body);
            }
        }
        self.block(&statement.orelse);
        self.block(&statement.finalbody);
    }

    fn candidate(&mut self, statement: TextRange, alias: &'src Alias, name: &'src str, module: String) {
        if name.is_empty() {
            return;
        }
        let dot = if module.is_empty() || module.ends_with('.') { "" } else { "." };
        let asname = alias.asname.as_ref().map(|asname| format!(" as {asname}")).unwrap_or_default();
        let title = format!("{module}{dot}{}{asname}", alias.name);
        let root = module.is_empty().then(|| alias.name.split('.').next()).flatten();
        let is_submodule = module.is_empty() && alias.asname.is_none() && alias.name.contains('.');
        let unused = Unused { statement, range: alias.range, title };
        self.candidates.push(Candidate { scope: self.bound_in(name), name, root, is_submodule, unused });
    }

    /// Where a name is bound that the scope binds: elsewhere, if it says `global` or `nonlocal` of it.
    fn bound_in(&self, name: &str) -> FileScopeId {
        let table = self.index.place_table(self.scope);
        match table.symbol_id(name).map(|id| table.symbol(id)) {
            Some(symbol) if symbol.is_global() => FileScopeId::global(),
            Some(symbol) if symbol.is_nonlocal() => self.binding_scope(self.scope, name),
            _ => self.scope,
        }
    }

    /// Which of the names are read, each with the scope that binds it.
    fn read_among<'a>(&self, names: &FxHashSet<&'a str>) -> FxHashSet<(FileScopeId, &'a str)> {
        let db = self.source.model.db();
        let mut read = FxHashSet::default();
        for scope in self.index.scope_ids().map(|scope| scope.file_scope_id(db)) {
            let table = self.index.place_table(scope);
            for symbol in table.symbols().filter(|symbol| symbol.is_used()) {
                let Some(&name) = names.get(symbol.name().as_str()) else { continue };
                let bound_in = if symbol.is_global() { FileScopeId::global() } else { self.binding_scope(scope, name) };
                read.insert((bound_in, name));
                // What a class body reads before it binds it comes from around the class.
                if self.index.scope(scope).kind() == ScopeKind::Class {
                    read.extend(self.index.ancestor_scopes(scope).map(|(id, _)| (id, name)));
                }
            }
        }
        read
    }

    /// The scope that binds a name as a scope sees it.
    fn binding_scope(&self, scope: FileScopeId, name: &str) -> FileScopeId {
        let binds = |id: &FileScopeId| {
            let table = self.index.place_table(*id);
            table.symbol_id(name).is_some_and(|symbol| table.symbol(symbol).is_local())
        };
        let mut scopes = self.index.visible_ancestor_scopes(scope).map(|(id, _)| id);
        scopes.find(binds).unwrap_or_else(FileScopeId::global)
    }

    /// Names in strings that are read as code; in comments about types; and where the syntax is broken, all names outside
    /// of imports.
    fn mentioned_names(&self) -> BTreeSet<&'src str> {
        let source = self.source;
        let mut mentioned: BTreeSet<&'src str> = BTreeSet::new();
        for range in index::names_in_strings(&source.text, &source.parsed) {
            mentioned.insert(source.slice(range));
        }
        let is_broken = !source.parsed.errors().is_empty();
        let mut in_import = false;
        let mut before: Option<&Token> = None;
        for token in source.parsed.tokens().iter() {
            match token.kind() {
                TokenKind::Comment if is_about_types(source.slice(token.range())) => {
                    mentioned.extend(source.slice(token.range()).split(|c: char| c != '_' && !c.is_alphanumeric()));
                }
                TokenKind::From | TokenKind::Import if begins_statement(before) => in_import = true,
                TokenKind::Newline | TokenKind::Semi => in_import = false,
                TokenKind::Name if is_broken && !in_import => {
                    mentioned.insert(source.slice(token.range()));
                }
                _ => {}
            }
            if token.kind() != TokenKind::Comment {
                before = Some(token);
            }
        }
        mentioned
    }
}

fn begins_statement(before: Option<&Token>) -> bool {
    use TokenKind::{Colon, Dedent, Indent, Newline, NonLogicalNewline, Semi};
    before.is_none_or(|token| matches!(token.kind(), Newline | NonLogicalNewline | Indent | Dedent | Semi | Colon))
}

/// `# type: List[int]`, but not `# type: ignore`.
fn is_about_types(comment: &str) -> bool {
    let text = comment.trim_start_matches('#').trim_start();
    text.strip_prefix("type:").is_some_and(|rest| !rest.trim_start().starts_with("ignore"))
}

fn catches_import_errors(ExceptHandler::ExceptHandler(handler): &ExceptHandler) -> bool {
    fn is_import_error(expression: &Expr) -> bool {
        match expression {
            Expr::Name(name) => {
                matches!(name.id.as_str(), "ImportError" | "ModuleNotFoundError" | "Exception" | "BaseException")
            }
            Expr::Tuple(tuple) => tuple.elts.iter().any(is_import_error),
            _ => false,
        }
    }
    handler.type_.as_deref().is_none_or(is_import_error)
}

/// Whether a comment says that the import shall stay: `# noqa`, alone or of the rule for unused imports.
fn is_kept(source: &Source<'_>, statement: TextRange, part: TextRange) -> bool {
    [statement.start(), part.start(), statement.end()].into_iter().any(|at| {
        let line = text::line_at(&source.text, text::line_start(&source.text, at));
        line.split_once('#').is_some_and(|(_, comment)| says_noqa(comment))
    })
}

fn says_noqa(comment: &str) -> bool {
    let lower = comment.to_ascii_lowercase();
    let Some(at) = lower.find("noqa") else { return false };
    let rest = lower[at + "noqa".len()..].trim_start();
    match rest.strip_prefix(':') {
        Some(codes) => codes.split(|c: char| c == ',' || c.is_whitespace()).any(|code| code == "f401" || code == "f"),
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::{is_about_types, says_noqa};

    #[test]
    fn only_noqa_of_unused_imports_keeps_one() {
        assert!(says_noqa(" noqa") && says_noqa("noqa: F401") && says_noqa(" NOQA:E501, F401 # why"));
        assert!(!says_noqa(" noqa: E501") && !says_noqa(" nothing"));
    }

    #[test]
    fn comments_about_types_are_known() {
        assert!(is_about_types("# type: List[int]") && !is_about_types("# type: ignore") && !is_about_types("# types"));
    }
}
