//! Names in scope at a place, in the order in which Python looks them up.
//!
//! The scope is found by syntax and, where nothing has been written yet, by indentation. Names come from the engine's
//! tables of bindings without inferring types, so the answer is fast in a file that was never checked.

use ruff_python_ast::find_node::covering_node;
use ruff_python_ast::token::TokenKind;
use ruff_python_ast::{self as ast, AnyNodeRef, ExceptHandler, Stmt, StmtClassDef};
use ruff_text_size::{Ranged, TextRange, TextSize};
use rustc_hash::FxHashSet;
use ty_python_core::definition::{Definition, DefinitionKind};
use ty_python_core::scope::{FileScopeId, NodeWithScopeRef, ScopeKind};
use ty_python_core::{ProgramFile, global_scope, place_table, semantic_index, use_def_map};

use super::proposal::{Group, Origin, Proposal, Subject};
use super::resemblance::Resemblance;
use super::strings_of_decorators;
use super::usage::Usage;
use crate::project::Source;

/// Names that every module has without binding them.
const IMPLICIT_GLOBALS: [&str; 6] = ["__name__", "__file__", "__doc__", "__package__", "__spec__", "__dict__"];

/// The rank of names that are bound further down: behind all scopes.
const LATER: u16 = u16::MAX;

/// A name in scope.
pub(super) struct InScope<'db> {
    pub(super) name: String,
    /// How many scopes further out it is bound.
    pub(super) depth: u16,
    pub(super) definition: Definition<'db>,
    /// Whether it is bound only further down in the scope of the place itself.
    pub(super) later: bool,
}

/// The names in scope at a place, builtins not among them. `word` is being written and does not count as a binding.
pub(super) fn names<'db>(source: &Source<'db>, word: TextRange) -> Vec<InScope<'db>> {
    let db = source.model.db();
    let file = source.model.program_file();
    let index = semantic_index(db, file);
    let mut seen = FxHashSet::default();
    let mut names = Vec::new();
    let scope = scope_at(source, word);
    for (depth, (scope_id, scope)) in index.visible_ancestor_scopes(scope).enumerate() {
        let table = index.place_table(scope_id);
        let is_lazy_end = depth == 0 && scope.kind() != ScopeKind::Module;
        for symbol in table.symbols() {
            let name = symbol.name().as_str();
            let definitions = definitions_of(source, scope_id, name, word);
            let Some(&(definition, _)) = definitions.first() else { continue };
            if seen.insert(name.to_owned()) {
                let later = is_lazy_end && definitions.iter().all(|(_, start)| *start > word.end());
                names.push(InScope { name: name.to_owned(), depth: depth as u16, definition, later });
            }
        }
    }
    names
}

/// The definitions of a name in a scope with their offsets, but for the word at the place.
fn definitions_of<'db>(
    source: &Source<'db>,
    scope: FileScopeId,
    name: &str,
    word: TextRange,
) -> Vec<(Definition<'db>, TextSize)> {
    let db = source.model.db();
    let scope = scope.to_scope_id(db, source.model.program_file());
    visible_definitions(source, scope, name)
        .into_iter()
        .map(|definition| (definition, definition.kind(db).target_range(&source.parsed)))
        .filter(|(_, range)| *range != word || word.is_empty())
        .map(|(definition, range)| (definition, range.start()))
        .collect()
}

/// What binds or declares a name anywhere in a scope.
fn visible_definitions<'db>(
    source: &Source<'db>,
    scope: ty_python_core::scope::ScopeId<'db>,
    name: &str,
) -> Vec<Definition<'db>> {
    let db = source.model.db();
    let Some(symbol) = place_table(db, scope).symbol_id(name) else { return Vec::new() };
    let map = use_def_map(db, scope);
    let bindings = map.reachable_symbol_bindings(symbol).filter_map(|binding| binding.binding.definition());
    let declarations =
        map.reachable_symbol_declarations(symbol).filter_map(|declaration| declaration.declaration.definition());
    bindings.chain(declarations).filter(|definition| definition.kind(db).is_user_visible()).collect()
}

/// Proposals for the names in scope and for builtins.
pub(super) fn proposals<'db>(source: &Source<'db>, word: TextRange) -> Vec<Proposal<'db>> {
    let usage = Usage::of_names(source, word);
    let resemblance = Resemblance::before(source, word.start(), None);
    let weight = |name: &str| usage.weight(name).saturating_add(resemblance.weight(name));
    let mut proposals = Vec::new();
    let mut seen = FxHashSet::default();
    let about = |name: &str| Subject::Name { offset: word.start().to_u32(), name: name.to_owned() };
    for found in names(source, word) {
        // What is bound further down can only be meant in a loop.
        let depth = if found.later { LATER } else { found.depth };
        proposals.push(
            Proposal::new(found.name.as_str(), Origin::Definition(found.definition), Group::Scope(depth))
                .with_weight(weight(&found.name))
                .about(about(&found.name)),
        );
        seen.insert(found.name);
    }
    for name in IMPLICIT_GLOBALS {
        if seen.insert(name.to_owned()) {
            proposals.push(Proposal::new(name, Origin::Kind(super::kinds::VARIABLE), Group::Builtin));
        }
    }
    for (name, definition) in builtins(source) {
        if seen.insert(name.clone()) {
            let proposal = Proposal::new(name.as_str(), Origin::Definition(definition), Group::Builtin);
            proposals.push(proposal.with_weight(weight(&name)).about(about(&name)));
        }
    }
    proposals
}

/// The definition of a name as it is seen at an offset.
pub(super) fn definition_at<'db>(source: &Source<'db>, offset: TextSize, name: &str) -> Option<Definition<'db>> {
    let found = names(source, TextRange::empty(offset)).into_iter().find(|found| found.name == name);
    found
        .map(|found| found.definition)
        .or_else(|| builtins(source).into_iter().find(|(builtin, _)| builtin == name).map(|(_, definition)| definition))
}

/// The names that the language defines, without those that only exist for type checkers.
fn builtins<'db>(source: &Source<'db>) -> Vec<(String, Definition<'db>)> {
    let model = &source.model;
    let db = model.db();
    let file = model.resolve_module(Some("builtins"), 0).and_then(|module| module.file(db));
    let Some(file) = file else { return Vec::new() };
    let scope = global_scope(db, ProgramFile::new(db, file, model.program()));
    let mut names = Vec::new();
    for symbol in place_table(db, scope).symbols() {
        let name = symbol.name().as_str();
        if name.starts_with('_') {
            continue;
        }
        let definition = visible_definitions(source, scope, name).into_iter().next();
        if let Some(definition) = definition
            && definition.is_reexported(db)
            && !definition.kind(db).is_import()
            && !is_for_type_checkers(source, definition)
        {
            names.push((name.to_owned(), definition));
        }
    }
    names
}

/// Whether a definition of a stub is marked `@type_check_only`.
fn is_for_type_checkers(source: &Source<'_>, definition: Definition<'_>) -> bool {
    let db = source.model.db();
    let parsed = ruff_db::parsed::parsed_module(db, definition.python_file(db)).load(db);
    let decorators = match definition.kind(db) {
        DefinitionKind::Function(function) => &function.node(&parsed).decorator_list,
        DefinitionKind::Class(class) => &class.node(&parsed).decorator_list,
        _ => return false,
    };
    strings_of_decorators(decorators).any(|name| name == "type_check_only")
}

/// The innermost scope at a place.
fn scope_at(source: &Source<'_>, word: TextRange) -> FileScopeId {
    let index = semantic_index(source.model.db(), source.model.program_file());
    let around = body_around(source, word.start());
    let in_expression = expression_scope(source, word)
        .filter(|(_, range)| around.as_ref().is_none_or(|(_, body)| body.contains_range(*range)))
        .and_then(|(node, _)| index.try_node_scope(node));
    in_expression
        .or_else(|| around.and_then(|(node, _)| index.try_node_scope(node)))
        .unwrap_or_else(FileScopeId::global)
}

/// The innermost lambda or comprehension around a place.
fn expression_scope<'src>(source: &'src Source<'_>, word: TextRange) -> Option<(NodeWithScopeRef<'src>, TextRange)> {
    let root: AnyNodeRef<'_> = source.parsed.syntax().into();
    if !root.range().contains_range(word) {
        return None;
    }
    covering_node(root, word).ancestors().find_map(|node| {
        let scope = match node {
            AnyNodeRef::ExprLambda(lambda) => NodeWithScopeRef::Lambda(lambda),
            AnyNodeRef::ExprListComp(comp) => NodeWithScopeRef::ListComprehension(comp),
            AnyNodeRef::ExprSetComp(comp) => NodeWithScopeRef::SetComprehension(comp),
            AnyNodeRef::ExprDictComp(comp) => NodeWithScopeRef::DictComprehension(comp),
            AnyNodeRef::ExprGenerator(comp) => NodeWithScopeRef::GeneratorExpression(comp),
            _ => return None,
        };
        Some((scope, node.range()))
    })
}

/// The innermost class or function whose body a place lies in, with the range of the definition.
pub(super) fn body_around<'src>(
    source: &'src Source<'_>,
    place: TextSize,
) -> Option<(NodeWithScopeRef<'src>, TextRange)> {
    bodies_around(source, place).pop()
}

/// The classes and functions whose bodies a place lies in, from the outside, with the ranges of the definitions.
///
/// A blank line after the last statement of a body belongs to it if it is indented like one, which no range tells.
fn bodies_around<'src>(source: &'src Source<'_>, place: TextSize) -> Vec<(NodeWithScopeRef<'src>, TextRange)> {
    let column = blank_column(&source.text, place);
    let mut body: &[Stmt] = source.parsed.suite();
    let mut found = Vec::new();
    loop {
        let before = body.partition_point(|statement| statement.start() <= place);
        let Some(statement) = before.checked_sub(1).and_then(|index| body.get(index)) else { return found };
        let inside = place <= statement.end() && place > statement.start();
        let indented = column.is_some_and(|column| column > column_of(&source.text, keyword_start(statement)));
        if !inside && !indented {
            return found;
        }
        match statement {
            Stmt::FunctionDef(function) => {
                let header = function.returns.as_ref().map_or(function.parameters.end(), |returns| returns.end());
                if place < end_of_header(source, header, place) {
                    return found;
                }
                found.push((NodeWithScopeRef::Function(function), function.range.cover_offset(place)));
                body = &function.body;
            }
            Stmt::ClassDef(class) => {
                let header = class.arguments.as_ref().map_or(class.name.end(), |arguments| arguments.end());
                if place < end_of_header(source, header, place) {
                    return found;
                }
                found.push((NodeWithScopeRef::Class(class), class.range.cover_offset(place)));
                body = &class.body;
            }
            other => match last_block_before(other, place) {
                Some(block) => body = block,
                None => return found,
            },
        }
    }
}

/// The names of the functions and classes around a place, from the outside.
pub(super) fn names_around<'src>(source: &'src Source<'_>, place: TextSize) -> Vec<&'src str> {
    let name = |(scope, _): (NodeWithScopeRef<'src>, TextRange)| match scope {
        NodeWithScopeRef::Function(function) => Some(function.name.as_str()),
        NodeWithScopeRef::Class(class) => Some(class.name.as_str()),
        _ => None,
    };
    bodies_around(source, place).into_iter().filter_map(name).collect()
}

/// The innermost class in whose body a place lies, in one of its methods or not.
pub(super) fn class_around<'src>(source: &'src Source<'_>, place: TextSize) -> Option<&'src StmtClassDef> {
    bodies_around(source, place).into_iter().rev().find_map(|(scope, _)| match scope {
        NodeWithScopeRef::Class(class) => Some(class),
        _ => None,
    })
}

/// Where a statement's keyword stands, behind decorators.
fn keyword_start(statement: &Stmt) -> TextSize {
    match statement {
        Stmt::FunctionDef(function) => function.name.start(),
        Stmt::ClassDef(class) => class.name.start(),
        other => other.start(),
    }
}

/// The end of the colon that ends a header, or beyond the place if there is none before it.
fn end_of_header(source: &Source<'_>, header: TextSize, place: TextSize) -> TextSize {
    let tokens = source.parsed.tokens();
    let first = tokens.partition_point(|token| token.start() < header);
    let colon =
        tokens[first..].iter().take_while(|token| token.end() <= place).find(|token| token.kind() == TokenKind::Colon);
    colon.map_or(place + TextSize::new(1), Ranged::end)
}

/// The last block of a compound statement that begins before a place.
fn last_block_before(statement: &Stmt, place: TextSize) -> Option<&[Stmt]> {
    let mut last = None;
    let mut look = |block| {
        let first: Option<&Stmt> = <[Stmt]>::first(block);
        if first.is_some_and(|first| first.start() <= place) {
            last = Some(block);
        }
    };
    match statement {
        Stmt::If(statement) => {
            look(&statement.body[..]);
            statement.elif_else_clauses.iter().for_each(|clause| look(&clause.body));
        }
        Stmt::For(statement) => {
            look(&statement.body);
            look(&statement.orelse);
        }
        Stmt::While(statement) => {
            look(&statement.body);
            look(&statement.orelse);
        }
        Stmt::With(statement) => look(&statement.body),
        Stmt::Try(ast::StmtTry { body, handlers, orelse, finalbody, .. }) => {
            look(body);
            for ExceptHandler::ExceptHandler(handler) in handlers {
                look(&handler.body);
            }
            look(orelse);
            look(finalbody);
        }
        Stmt::Match(statement) => statement.cases.iter().for_each(|case| look(&case.body)),
        _ => {}
    }
    last
}

/// The column of a place that has nothing but white space before it on its line, in bytes.
fn blank_column(text: &str, place: TextSize) -> Option<usize> {
    let before = &text[..place.to_usize()];
    let line = &before[before.rfind(['\n', '\r']).map_or(0, |newline| newline + 1)..];
    line.chars().all(char::is_whitespace).then_some(line.len())
}

/// The width of the white space with which the line of a place begins, in bytes.
fn column_of(text: &str, place: TextSize) -> usize {
    let before = &text[..place.to_usize()];
    let line = &before[before.rfind(['\n', '\r']).map_or(0, |newline| newline + 1)..];
    line.len() - line.trim_start_matches([' ', '\t', '\x0c']).len()
}
