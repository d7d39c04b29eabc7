//! What stands at a place in a file: a name, an attribute, the name of a definition, a part of an import. Purely syntactic,
//! but for strings, where only the engine knows which of them are annotations. What a thing means is told by `resolve`.

use ruff_python_ast::find_node::{CoveringNode, covering_node};
use ruff_python_ast::token::{Token, TokenKind, Tokens};
use ruff_python_ast::{
    Alias, AnyNodeRef, Expr, ExprAttribute, ExprCall, ExprContext, ExprName, ExprRef, ExprStringLiteral, ExprSubscript,
    Identifier, Keyword, ModExpression, PatternMatchClass, StmtImportFrom,
};
use ruff_python_parser::{Parsed, parse_string_annotation};
use ruff_text_size::{Ranged, TextRange, TextSize};
use ty_python_core::semantic_index;
use ty_python_semantic::SemanticModel;

use crate::annotation;
use crate::project::Source;

/// What stands at a place.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Occurrence<'ast> {
    /// A name in an expression, read or written.
    Name(&'ast ExprName),
    /// The attribute of an expression, read or written.
    Attribute(&'ast ExprAttribute),
    /// The name of what the syntax around it defines: a function, a class, a parameter, the name after `as`, a captured
    /// pattern, a type parameter.
    Definition,
    /// The name of an argument of a call.
    Keyword { keyword: &'ast Keyword, call: &'ast ExprCall },
    /// The name of an attribute in a class pattern.
    PatternKeyword { attribute: &'ast Identifier, pattern: &'ast PatternMatchClass },
    /// A component of a module's name in an import.
    Module(ModulePath<'ast>),
    /// A name that is imported from a module, as the module calls it.
    ImportedName { import: &'ast StmtImportFrom, alias: &'ast Alias },
    /// The name that an import gives to what it brings in.
    ImportAlias { import: Option<&'ast StmtImportFrom>, alias: &'ast Alias },
    /// A name in a `global` or `nonlocal` statement.
    Scoped(&'ast Identifier),
    /// An entry of `__all__`.
    Exported(&'ast ExprStringLiteral),
    /// An entry of `__slots__`.
    Slot(&'ast ExprStringLiteral),
    /// A string as the key of a subscript.
    Key { key: &'ast ExprStringLiteral, subscript: &'ast ExprSubscript },
}

/// A module's name up to the component that was asked about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ModulePath<'ast> {
    /// The components so far, joined by dots.
    pub(crate) name: &'ast str,
    /// How many dots stand before it.
    pub(crate) level: u32,
    /// The import that would bind a name to the module, where it has no `as` and this is its first component.
    pub(crate) binds: bool,
}

/// An occurrence, and all that is needed to ask what it means.
pub(crate) struct At<'ast, 'db> {
    /// What it is.
    pub(crate) occurrence: Occurrence<'ast>,
    /// Its name.
    pub(crate) range: TextRange,
    /// The syntax around it.
    pub(crate) node: &'ast CoveringNode<'ast>,
    /// Who knows what it means. Inside a string annotation this is another one than the file's.
    pub(crate) model: &'ast SemanticModel<'db>,
    /// Whether it stands in a string.
    pub(crate) in_string: bool,
}

/// Looks at what stands at the offset, or ends there. None where that has no name.
pub(crate) fn look_at<'db, R>(
    source: &Source<'db>,
    offset: TextSize,
    look: impl FnOnce(&At<'_, 'db>) -> R,
) -> Option<R> {
    look_into(&source.model, source.parsed.syntax().into(), source.parsed.tokens(), source, offset, false, look)
}

fn look_into<'db, R>(
    model: &SemanticModel<'db>,
    root: AnyNodeRef<'_>,
    tokens: &Tokens,
    source: &Source<'db>,
    offset: TextSize,
    in_string: bool,
    look: impl FnOnce(&At<'_, 'db>) -> R,
) -> Option<R> {
    let token = naming_token(tokens, offset)?;
    if !root.range().contains_range(token.range()) {
        return None;
    }
    let node = covering_node(root, token.range());
    if let AnyNodeRef::StringLiteral(_) | AnyNodeRef::ExprStringLiteral(_) = node.node() {
        let literal = node.ancestors().find_map(AnyNodeRef::expr_string_literal)?;
        if annotation::may_be_annotation(&node)
            && let Some((annotation, inner)) = enter_annotation(source, model, literal, in_string)
        {
            let root = annotation.syntax().into();
            return look_into(&inner, root, annotation.tokens(), source, offset, true, look);
        }
        let (occurrence, range) = of_string(literal, &node)?;
        return range
            .contains_inclusive(offset)
            .then(|| look(&At { occurrence, range, node: &node, model, in_string: true }));
    }
    let (occurrence, range) = of_node(&node, token.range(), source)?;
    Some(look(&At { occurrence, range, node: &node, model, in_string }))
}

/// The token that can name something: the one that begins at the offset or contains it, else the one that ends there.
fn naming_token(tokens: &Tokens, offset: TextSize) -> Option<Token> {
    let after = tokens.partition_point(|token| token.start() <= offset);
    // Between two tokens there may be any number of empty ones, that end blocks and lines.
    let near = tokens[..after].iter().rev().take_while(|token| token.end() >= offset);
    near.copied()
        .find(|token| matches!(token.kind(), TokenKind::Name | TokenKind::String) || token.kind().is_soft_keyword())
}

/// The syntax inside a string, if the engine reads it as an annotation.
pub(crate) fn enter_annotation<'db>(
    source: &Source<'db>,
    model: &SemanticModel<'db>,
    literal: &ExprStringLiteral,
    in_string: bool,
) -> Option<(Parsed<ModExpression>, SemanticModel<'db>)> {
    let part = literal.as_single_part_string()?;
    parse_string_annotation(&source.text, part).ok()?;
    // The engine insists that the string lies in a scope; inside an annotation the outer string does.
    if !in_string {
        let index = semantic_index(model.db(), model.program_file());
        index.try_expression_scope_id(&ExprRef::from(literal))?;
    }
    model.enter_string_annotation(literal)
}

fn of_string<'ast>(
    literal: &'ast ExprStringLiteral,
    node: &CoveringNode<'ast>,
) -> Option<(Occurrence<'ast>, TextRange)> {
    let part = literal.as_single_part_string()?;
    let range = part.content_range();
    // With escapes the text is not the name, and cannot be selected or replaced as one.
    if range.len().to_usize() != part.value.len() {
        return None;
    }
    let mut around = node.ancestors().skip_while(|node| node.expr_string_literal().is_none()).skip(1).peekable();
    if let Some(AnyNodeRef::ExprSubscript(subscript)) = around.peek().copied() {
        let is_key = subscript.slice.range() == literal.range();
        return is_key.then_some((Occurrence::Key { key: literal, subscript }, range));
    }
    for node in around {
        let list = match node {
            AnyNodeRef::ExprList(_) | AnyNodeRef::ExprTuple(_) | AnyNodeRef::ExprSet(_) | AnyNodeRef::ExprDict(_) => {
                continue;
            }
            AnyNodeRef::ExprBinOp(_) | AnyNodeRef::Arguments(_) => continue,
            AnyNodeRef::StmtAssign(assign) => assign.targets.first()?,
            AnyNodeRef::StmtAnnAssign(assign) => &assign.target,
            AnyNodeRef::StmtAugAssign(assign) => &assign.target,
            AnyNodeRef::ExprCall(call) => match &*call.func {
                Expr::Attribute(method) => &method.value,
                _ => return None,
            },
            _ => return None,
        };
        let Expr::Name(list) = list else { return None };
        return match list.id.as_str() {
            "__all__" => Some((Occurrence::Exported(literal), range)),
            "__slots__" => Some((Occurrence::Slot(literal), range)),
            _ => None,
        };
    }
    None
}

fn of_node<'ast>(
    node: &CoveringNode<'ast>,
    token: TextRange,
    source: &Source<'_>,
) -> Option<(Occurrence<'ast>, TextRange)> {
    let mut ancestors = node.ancestors();
    let identifier = match ancestors.next()? {
        AnyNodeRef::ExprName(name) => return Some((Occurrence::Name(name), name.range())),
        AnyNodeRef::Identifier(identifier) => identifier,
        _ => return None,
    };
    let parent = ancestors.next()?;
    let occurrence = match parent {
        AnyNodeRef::ExprAttribute(attribute) => Occurrence::Attribute(attribute),
        AnyNodeRef::Keyword(keyword) => match (ancestors.next()?, ancestors.next()?) {
            (AnyNodeRef::Arguments(_), AnyNodeRef::ExprCall(call)) => Occurrence::Keyword { keyword, call },
            _ => return None,
        },
        AnyNodeRef::PatternKeyword(_) => match (ancestors.next()?, ancestors.next()?) {
            (AnyNodeRef::PatternArguments(_), AnyNodeRef::PatternMatchClass(pattern)) => {
                Occurrence::PatternKeyword { attribute: identifier, pattern }
            }
            _ => return None,
        },
        AnyNodeRef::StmtGlobal(_) | AnyNodeRef::StmtNonlocal(_) => Occurrence::Scoped(identifier),
        AnyNodeRef::StmtImportFrom(import) => {
            Occurrence::Module(ModulePath { name: up_to(identifier, token), level: import.level, binds: false })
        }
        AnyNodeRef::Alias(alias) => of_alias(alias, identifier, ancestors.next()?, token)?,
        _ => Occurrence::Definition,
    };
    let range = if matches!(occurrence, Occurrence::Module(_)) { token } else { identifier.range() };
    // A synthesized identifier of broken code has no text.
    (!source.slice(range).is_empty()).then_some((occurrence, range))
}

fn of_alias<'ast>(
    alias: &'ast Alias,
    identifier: &'ast Identifier,
    statement: AnyNodeRef<'ast>,
    token: TextRange,
) -> Option<Occurrence<'ast>> {
    let import = match statement {
        AnyNodeRef::StmtImportFrom(import) => Some(import),
        AnyNodeRef::StmtImport(_) => None,
        _ => return None,
    };
    let is_asname = alias.asname.as_ref().is_some_and(|asname| asname.range() == identifier.range());
    Some(match import {
        import if is_asname => Occurrence::ImportAlias { import, alias },
        Some(import) => Occurrence::ImportedName { import, alias },
        None => Occurrence::Module(ModulePath {
            name: up_to(identifier, token),
            level: 0,
            binds: alias.asname.is_none() && token.start() == identifier.start(),
        }),
    })
}

/// A dotted name up to the end of one of its components.
fn up_to(dotted: &Identifier, component: TextRange) -> &str {
    let length = (component.end() - dotted.start()).to_usize();
    dotted.as_str().get(..length).unwrap_or(dotted.as_str())
}

impl At<'_, '_> {
    /// Whether the occurrence writes or deletes what it names.
    pub(crate) fn is_write(&self) -> bool {
        let stores = |context: ExprContext| matches!(context, ExprContext::Store | ExprContext::Del);
        match self.occurrence {
            Occurrence::Name(name) => stores(name.ctx),
            Occurrence::Attribute(attribute) => stores(attribute.ctx),
            Occurrence::Definition | Occurrence::ImportAlias { .. } => true,
            Occurrence::Module(module) => module.binds,
            Occurrence::ImportedName { alias, .. } => alias.asname.is_none(),
            _ => false,
        }
    }

    /// Whether the occurrence stands in an import statement.
    pub(crate) fn is_import(&self) -> bool {
        matches!(
            self.occurrence,
            Occurrence::Module(_) | Occurrence::ImportedName { .. } | Occurrence::ImportAlias { .. }
        )
    }
}
