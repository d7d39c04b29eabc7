//! Every identifier of a file with its roles, and its imports.

use std::collections::HashMap;

use ra_ap_syntax::SyntaxKind::{FLOAT_NUMBER, IDENT, INT_NUMBER, LIFETIME_IDENT, STRING, TOKEN_TREE};
use ra_ap_syntax::ast::{self, HasName as _};
use ra_ap_syntax::{AstNode as _, NodeOrToken, SyntaxNode, SyntaxToken, T, TextRange, TextSize};
use rustc_hash::FxBuildHasher;
use vraftls_guest_sdk::{ImportRef, roles};

use super::span;

/// What was found.
#[derive(Default)]
pub(super) struct Walked {
    pub(super) names: Vec<String>,
    pub(super) occurrences: Vec<u32>,
    pub(super) imports: Vec<ImportRef>,
}

#[derive(Default)]
struct Walker {
    walked: Walked,
    known: HashMap<String, u32, FxBuildHasher>,
}

/// Walks all of a file.
pub(super) fn walk(file: &SyntaxNode) -> Walked {
    let mut walker = Walker::default();
    for element in file.descendants_with_tokens() {
        match element {
            NodeOrToken::Token(token) => walker.token(&token),
            NodeOrToken::Node(node) => {
                if let Some(tree) = ast::Use::cast(node).and_then(|import| import.use_tree()) {
                    walker.import(&tree, "");
                }
            }
        }
    }
    walker.walked
}

impl Walker {
    fn token(&mut self, token: &SyntaxToken) {
        match token.kind() {
            IDENT => self.add(token.text_range(), token.text(), roles_of(token)),
            T![self] | T![Self] | T![super] | T![crate] => {
                self.add(token.text_range(), token.text(), roles::REFERS);
            }
            LIFETIME_IDENT => {
                let is_definition = token
                    .parent_ancestors()
                    .any(|node| ast::LifetimeParam::can_cast(node.kind()) || ast::Label::can_cast(node.kind()));
                let role = if is_definition { roles::DEFINES } else { roles::REFERS };
                self.add(token.text_range(), token.text(), role | roles::LOCAL);
            }
            // `x.0` is a name as well, if only of a field.
            INT_NUMBER | FLOAT_NUMBER => {
                let is_field = token.parent().is_some_and(|node| ast::NameRef::can_cast(node.kind()));
                if is_field {
                    self.add(token.text_range(), token.text(), roles::REFERS | roles::ATTRIBUTE);
                }
            }
            STRING if token.parent().is_some_and(|node| node.kind() == TOKEN_TREE) => {
                for range in names_in_string(token) {
                    let start = usize::from(range.start() - token.text_range().start());
                    let name = token.text()[start..start + usize::from(range.len())].to_owned();
                    self.add(range, &name, roles::REFERS | roles::IN_STRING);
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, range: TextRange, text: &str, roles: u32) {
        // A raw identifier means what it is without its mark.
        let (range, text) = match text.strip_prefix("r#") {
            Some(rest) => (TextRange::new(range.start() + TextSize::of("r#"), range.end()), rest),
            None => (range, text),
        };
        let next = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
        let name = match self.known.get(text) {
            Some(known) => *known,
            None => {
                self.known.insert(text.to_owned(), next);
                self.walked.names.push(text.to_owned());
                next
            }
        };
        self.walked.occurrences.extend([range.start().into(), range.len().into(), name, roles]);
    }

    fn import(&mut self, tree: &ast::UseTree, above: &str) {
        let path = tree.path().map(|path| path.syntax().text().to_string()).unwrap_or_default();
        let path: String = path.split_whitespace().collect();
        let joined = [above, path.as_str()].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("::");
        if let Some(list) = tree.use_tree_list() {
            for inner in list.use_trees() {
                self.import(&inner, &joined);
            }
            return;
        }
        let (module, names) = if tree.star_token().is_some() {
            (joined.as_str(), vec!["*".to_owned()])
        } else {
            let (module, name) = joined.rsplit_once("::").unwrap_or((joined.as_str(), ""));
            (module, if name.is_empty() { Vec::new() } else { vec![name.to_owned()] })
        };
        if !module.is_empty() {
            let written = tree.path().map_or_else(|| tree.syntax().text_range(), |path| path.syntax().text_range());
            self.walked.imports.push(ImportRef { module: module.to_owned(), span: span(written), names });
        }
    }
}

/// The names that a format string captures: `{name}` and `{name:..}`.
fn names_in_string(token: &SyntaxToken) -> Vec<TextRange> {
    let text = token.text();
    let mut found = Vec::new();
    for (at, _) in text.match_indices('{') {
        let rest = &text[at + 1..];
        let end = rest.find(|character: char| !character.is_alphanumeric() && character != '_').unwrap_or(rest.len());
        let is_name = rest.starts_with(|character: char| character.is_alphabetic() || character == '_');
        if is_name && rest[end..].starts_with(['}', ':']) {
            let start = token.text_range().start() + TextSize::of(&text[..=at]);
            found.push(TextRange::at(start, TextSize::of(&rest[..end])));
        }
    }
    found
}

fn roles_of(token: &SyntaxToken) -> u32 {
    let Some(parent) = token.parent() else { return roles::REFERS };
    if let Some(name) = ast::Name::cast(parent.clone()) {
        return roles_of_name(&name);
    }
    if !ast::NameRef::can_cast(parent.kind()) {
        return roles::REFERS;
    }
    let Some(above) = parent.parent() else { return roles::REFERS };
    if ast::FieldExpr::can_cast(above.kind()) {
        return roles::ATTRIBUTE | if is_assigned(&above) { roles::WRITES } else { roles::REFERS };
    }
    let is_member = ast::MethodCallExpr::can_cast(above.kind())
        || ast::RecordExprField::can_cast(above.kind())
        || ast::RecordPatField::can_cast(above.kind());
    if is_member {
        return roles::REFERS | roles::ATTRIBUTE;
    }
    if above.ancestors().any(|node| ast::UseTree::can_cast(node.kind())) {
        return roles::IMPORTS;
    }
    // A path of one segment that is an expression.
    let expression = above.parent().and_then(|path| path.parent());
    match expression.filter(|node| ast::PathExpr::can_cast(node.kind())) {
        Some(expression) if is_assigned(&expression) => roles::WRITES,
        _ => roles::REFERS,
    }
}

fn roles_of_name(name: &ast::Name) -> u32 {
    let Some(parent) = name.syntax().parent() else { return roles::DEFINES };
    if ast::IdentPat::can_cast(parent.kind()) {
        let parameter = parent.ancestors().find(|node| {
            ast::Param::can_cast(node.kind()) || ast::LetStmt::can_cast(node.kind()) || ast::Fn::can_cast(node.kind())
        });
        let is_parameter = parameter.is_some_and(|node| ast::Param::can_cast(node.kind()));
        return roles::DEFINES | roles::LOCAL | if is_parameter { roles::PARAMETER } else { 0 };
    }
    if ast::Rename::can_cast(parent.kind()) {
        return roles::DEFINES | roles::IMPORTS;
    }
    let is_member = ast::RecordField::can_cast(parent.kind())
        || ast::Fn::cast(parent.clone()).is_some_and(|function| {
            let list = function.syntax().parent();
            function.name().is_some() && list.is_some_and(|list| ast::AssocItemList::can_cast(list.kind()))
        });
    roles::DEFINES | if is_member { roles::ATTRIBUTE } else { 0 }
}

/// Whether an expression stands to the left of an assignment.
fn is_assigned(expression: &SyntaxNode) -> bool {
    let Some(assignment) = expression.parent().and_then(ast::BinExpr::cast) else { return false };
    let is_left = assignment.lhs().is_some_and(|left| left.syntax() == expression);
    is_left && matches!(assignment.op_kind(), Some(ast::BinaryOp::Assignment { .. }))
}
