//! The walk over the syntax tree that finds every identifier and every import.
//!
//! Statements are walked in [`statements`], expressions in [`expressions`]. Recursion is bounded: brackets, blocks and
//! prefix operators by [`super::nesting`], chains to the left (`a.b().c`, `1 + 2 + 3`) by an explicit stack.

mod expressions;
mod statements;

use ruff_python_ast::token::{TokenKind, Tokens};
use ruff_python_ast::{self as ast, Identifier, Stmt, StringLiteral};
use ruff_text_size::{Ranged, TextRange, TextSize};
use vraftls_guest_sdk::{ImportRef, roles};

use super::names::{NameId, Recorder};
use super::scopes::{ScopeKind, Scopes};
use super::{span, strings};

/// What the walk found.
pub(super) struct Walked {
    /// The table of names.
    pub(super) names: Vec<String>,
    /// Occurrences as the contract packs them.
    pub(super) occurrences: Vec<u32>,
    /// Imports in source order.
    pub(super) imports: Vec<ImportRef>,
}

/// Walks a module.
pub(super) fn walk(text: &str, tokens: &Tokens, suite: &[Stmt]) -> Walked {
    let mut walker = Walker {
        recorder: Recorder::new(text),
        scopes: Scopes::new(),
        imports: Vec::new(),
        tokens,
        reading: Reading::Code,
        string_roles: 0,
        receiver: None,
        depth: 0,
    };
    walker.body(suite);
    let (names, occurrences) = walker.recorder.pack();
    Walked { names, occurrences, imports: walker.imports }
}

/// How strings are read at the place of the walk.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// As data.
    Code,
    /// As types.
    Types,
}

struct Walker<'text> {
    recorder: Recorder<'text>,
    scopes: Scopes,
    imports: Vec<ImportRef>,
    tokens: &'text Tokens,
    reading: Reading,
    /// [`roles::IN_STRING`] within a string that is read as code, else 0.
    string_roles: u32,
    /// The name of the first parameter of the method around, by which its body reaches the object.
    receiver: Option<NameId>,
    /// Expressions around this one.
    depth: u32,
}

impl Walker<'_> {
    /// Records a name that is looked up in scopes.
    fn reference(&mut self, id: &str, range: TextRange, roles: u32) {
        if let Some((occurrence, name)) = self.recorder.record(id, range, roles | self.string_roles) {
            self.scopes.refer(occurrence, name);
        }
    }

    /// Records a name that is bound in the innermost scope.
    fn binding(&mut self, identifier: &Identifier, roles: u32) {
        if let Some((occurrence, name)) =
            self.recorder.record(identifier.as_str(), identifier.range, roles | self.string_roles)
        {
            self.scopes.bind(occurrence, name);
        }
    }

    /// Records a name that no scope knows: an attribute, a keyword, a module.
    fn plain(&mut self, identifier: &Identifier, roles: u32) {
        self.recorder.record(identifier.as_str(), identifier.range, roles | self.string_roles);
    }

    /// Runs `walk` with strings read in another way.
    fn with_reading(&mut self, reading: Reading, walk: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.reading, reading);
        walk(self);
        self.reading = before;
    }

    /// Runs `walk` in a scope of its own.
    fn with_scope(&mut self, kind: ScopeKind, walk: impl FnOnce(&mut Self)) {
        self.scopes.open(kind);
        walk(self);
        self.scopes.close(&mut self.recorder);
    }

    /// A string where a type is expected.
    fn string_type(&mut self, literal: &StringLiteral) {
        let Some(range) = strings::contents_range(self.recorder.text(), literal) else { return };
        if strings::is_identifier(literal.as_str()) {
            self.reference(literal.as_str(), range, roles::REFERS | roles::IN_STRING);
            return;
        }
        // A string within a type in a string is no type of its own in practice, and following it would nest without bound.
        if self.string_roles != 0 || super::is_too_deep(literal.as_str()) {
            return;
        }
        if let Ok(parsed) = ruff_python_parser::parse_string_annotation(self.recorder.text(), literal) {
            self.string_roles = roles::IN_STRING;
            self.expression(parsed.expr());
            self.string_roles = 0;
        }
    }

    /// A string that names something, as in `__all__`.
    fn string_name(&mut self, literal: &StringLiteral) {
        if strings::is_identifier(literal.as_str())
            && let Some(range) = strings::contents_range(self.recorder.text(), literal)
        {
            self.recorder.record(literal.as_str(), range, roles::REFERS | roles::IN_STRING);
        }
    }

    /// The components of a dotted module name. Gives the number of components to `visit` and what to add to the roles of
    /// each.
    fn module_name(&mut self, module: &Identifier, mut visit: impl FnMut(&mut Self, &str, TextRange, bool)) {
        let text = self.recorder.text();
        let Some(written) = text.get(module.range.start().to_usize()..module.range.end().to_usize()) else { return };
        let mut offset = module.range.start().to_usize();
        for (index, part) in written.split('.').enumerate() {
            let name = part.trim_matches(|c: char| c.is_whitespace() || c == '\\');
            // The part may be surrounded by space, and by a backslash before a new line.
            let lead = part.find(name).unwrap_or(0);
            let start = offset + lead;
            if let (Ok(start), Ok(length)) = (u32::try_from(start), u32::try_from(name.len())) {
                visit(self, name, TextRange::at(TextSize::new(start), TextSize::new(length)), index == 0);
            }
            offset += part.len() + 1;
        }
    }

    /// `import a.b as c, d`.
    fn import(&mut self, import: &ast::StmtImport) {
        for alias in &import.names {
            let binds_root = alias.asname.is_none();
            self.module_name(&alias.name, |walker, name, range, is_root| {
                if is_root && binds_root {
                    let roles = roles::IMPORTS | roles::REFERS | roles::DEFINES;
                    if let Some((occurrence, name)) = walker.recorder.record(name, range, roles) {
                        walker.scopes.bind(occurrence, name);
                    }
                } else {
                    walker.recorder.record(name, range, roles::IMPORTS | roles::REFERS);
                }
            });
            if let Some(asname) = &alias.asname {
                self.binding(asname, roles::IMPORTS | roles::DEFINES);
            }
            if !alias.name.is_empty() {
                self.imports.push(ImportRef {
                    module: dotted(alias.name.as_str()),
                    span: span(alias.name.range),
                    names: Vec::new(),
                });
            }
        }
    }

    /// `from .a.b import c as d, e`.
    fn import_from(&mut self, import: &ast::StmtImportFrom) {
        if let Some(module) = &import.module {
            self.module_name(module, |walker, name, range, _| {
                walker.recorder.record(name, range, roles::IMPORTS | roles::REFERS);
            });
        }
        let mut names = Vec::with_capacity(import.names.len());
        for alias in &import.names {
            if alias.name.is_empty() {
                continue;
            }
            names.push(alias.name.to_string());
            if alias.name.as_str() == "*" {
                continue;
            }
            match &alias.asname {
                Some(asname) => {
                    self.plain(&alias.name, roles::IMPORTS | roles::REFERS);
                    self.binding(asname, roles::IMPORTS | roles::DEFINES);
                }
                None => self.binding(&alias.name, roles::IMPORTS | roles::REFERS | roles::DEFINES),
            }
        }
        let mut module = ".".repeat(import.level as usize);
        module.push_str(&import.module.as_ref().map(|module| dotted(module.as_str())).unwrap_or_default());
        if !module.is_empty() {
            self.imports.push(ImportRef { module, span: span(self.written_module(import)), names });
        }
    }

    /// Where the module of a `from` import is written, the leading dots included.
    fn written_module(&self, import: &ast::StmtImportFrom) -> TextRange {
        let first = self.tokens.partition_point(|token| token.start() < import.range.start());
        let mut dots = self.tokens[first..]
            .iter()
            .skip(1)
            .take_while(|token| token.end() <= import.range.end() && token.kind() != TokenKind::Import)
            .filter(|token| matches!(token.kind(), TokenKind::Dot | TokenKind::Ellipsis));
        let module = import.module.as_ref().map(|module| module.range);
        if import.level == 0 {
            return module.unwrap_or(import.range);
        }
        match (dots.next(), module) {
            (Some(dot), Some(module)) => TextRange::new(dot.start(), module.end().max(dot.end())),
            (Some(dot), None) => TextRange::new(dot.start(), dots.last().unwrap_or(dot).end()),
            (None, module) => module.unwrap_or(import.range),
        }
    }
}

/// A module name without the space that may stand around its dots.
fn dotted(written: &str) -> String {
    written.chars().filter(|c| !c.is_whitespace() && *c != '\\').collect()
}
