//! Links in the text: from the module that an import names to its file, and the web addresses of comments and strings.

use memchr::memmem;
use ruff_python_ast::token::TokenKind;
use ruff_python_ast::visitor::source_order::{SourceOrderVisitor, walk_stmt};
use ruff_python_ast::{Expr, Stmt, StmtImport, StmtImportFrom};
use ruff_text_size::{Ranged, TextRange, TextSize};
use vraftls_guest_sdk::{Failure, Link};

use crate::project::{PythonProject, Source, span};

/// How many links a file has at most. Beyond, those that come first are enough.
const LINKS_MAX: usize = 2_000;

/// The links of a file, by place.
pub(crate) fn links(project: &PythonProject, path: &str) -> Result<Vec<Link>, Failure> {
    let source = project.source(path)?;
    let mut search = Search { project, source: &source, found: Vec::new() };
    search.visit_body(source.parsed.suite());
    project.check_cancelled()?;
    search.addresses();
    let mut found = search.found;
    found.sort_by_key(|link| link.span.start);
    found.truncate(LINKS_MAX);
    Ok(found)
}

struct Search<'a, 'db> {
    project: &'db PythonProject,
    source: &'a Source<'db>,
    found: Vec<Link>,
}

impl Search<'_, '_> {
    fn import(&mut self, import: &StmtImport) {
        for alias in &import.names {
            self.module(alias.name.range(), Some(&alias.name), 0);
        }
    }

    fn import_from(&mut self, import: &StmtImportFrom) {
        let module = import.module.as_ref();
        match module {
            Some(name) => self.module(name.range(), Some(name), import.level),
            None => {
                if let Some(dots) = self.dots(import) {
                    self.module(dots, None, import.level);
                }
            }
        }
        // What is imported may itself be a module of the package.
        for alias in import.names.iter().filter(|alias| alias.name.as_str() != "*") {
            let name = match module {
                Some(package) => format!("{package}.{}", alias.name),
                None => alias.name.to_string(),
            };
            self.module(alias.name.range(), Some(&name), import.level);
        }
    }

    /// Where the dots of `from .. import x` are.
    fn dots(&self, import: &StmtImportFrom) -> Option<TextRange> {
        let tokens = self.source.parsed.tokens();
        let start = tokens.partition_point(|token| token.start() < import.start());
        let dots = tokens[start..]
            .iter()
            .skip(1)
            .take_while(|token| matches!(token.kind(), TokenKind::Dot | TokenKind::Ellipsis));
        dots.map(Ranged::range).reduce(TextRange::cover)
    }

    fn module(&mut self, range: TextRange, name: Option<&str>, level: u32) {
        let name = name.map(|name| name.split('.').map(str::trim).collect::<Vec<_>>().join("."));
        let db = self.project.db();
        let module = self.source.model.resolve_module(name.as_deref(), level);
        let Some(file) = module.and_then(|module| module.file(db)) else { return };
        if !range.is_empty() && file != self.source.file {
            let path = self.project.path_of(file);
            self.found.push(Link { span: span(range), path, url: String::new() });
        }
    }

    /// Adds the web addresses of comments and strings.
    fn addresses(&mut self) {
        let text = self.source.text.as_str();
        let tokens = self.source.parsed.tokens();
        for middle in memmem::find_iter(text.as_bytes(), "://") {
            let Some(range) = address_around(text, middle) else { continue };
            let after = tokens.partition_point(|token| token.start() <= range.start());
            let token = after.checked_sub(1).and_then(|at| tokens.get(at));
            let holds = token.is_some_and(|token| {
                let is_text = matches!(
                    token.kind(),
                    TokenKind::Comment | TokenKind::String | TokenKind::FStringMiddle | TokenKind::TStringMiddle
                );
                // What goes on behind an f-string's brace is known when it runs.
                let is_whole = token.kind() == TokenKind::String || !text[range.end().to_usize()..].starts_with('{');
                is_text && is_whole && token.range().contains_range(range)
            });
            if holds {
                let url = self.source.slice(range).to_owned();
                self.found.push(Link { span: span(range), path: String::new(), url });
            }
        }
    }
}

impl<'ast> SourceOrderVisitor<'ast> for Search<'_, '_> {
    fn visit_stmt(&mut self, statement: &'ast Stmt) {
        match statement {
            Stmt::Import(import) => self.import(import),
            Stmt::ImportFrom(import) => self.import_from(import),
            _ => walk_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, _: &'ast Expr) {}
}

/// The web address whose `://` stands at an offset.
fn address_around(text: &str, middle: usize) -> Option<TextRange> {
    let before = text.get(..middle)?;
    let scheme = ["https", "http"].into_iter().find(|scheme| before.ends_with(scheme))?;
    let start = middle - scheme.len();
    if before[..start].ends_with(char::is_alphanumeric) {
        return None;
    }
    let rest = text.get(middle + 3..)?;
    let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '`' | '{' | '}' | '|' | '\\' | '^');
    let mut address = &rest[..rest.find(ends).unwrap_or(rest.len())];
    // What ends a sentence, and a bracket that was opened before the address.
    loop {
        let closes_more = |open, close| address.ends_with(close) && !address.contains(open);
        if address.ends_with(['.', ',', ';', ':', '!', '?', '*']) || closes_more('(', ')') || closes_more('[', ']') {
            address = &address[..address.len() - 1];
        } else {
            break;
        }
    }
    let end = middle + 3 + address.len();
    let has_host = address.starts_with(|c: char| c.is_alphanumeric() || c == '[');
    let range = TextRange::new(TextSize::try_from(start).ok()?, TextSize::try_from(end).ok()?);
    has_host.then_some(range)
}

#[cfg(test)]
mod tests {
    use super::address_around;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        let middle = text.find("://").expect("the text holds an address");
        let found = address_around(text, middle).map(|range| &text[range.start().to_usize()..range.end().to_usize()]);
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn addresses_end_where_people_end_them() {
        check("see https://a.b/c.", Some("https://a.b/c"));
        check("http://a.b/c_(d), and", Some("http://a.b/c_(d)"));
        check("[a](https://a.b)", Some("https://a.b"));
        check("<https://ä.b/ü>", Some("https://ä.b/ü"));
        check("xhttps://a.b", None);
        check("https://", None);
        check("file://a", None);
    }
}
