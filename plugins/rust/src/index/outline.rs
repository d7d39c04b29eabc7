//! The outline of a file: items, their members, and what macros are called at the top of a line of items.

use ra_ap_syntax::ast::{self, HasAttrs as _, HasVisibility as _};
use ra_ap_syntax::{AstNode as _, SourceFile, SyntaxNode, TextRange};
use vraftls_guest_sdk::{Symbol, SymbolFlags};

use super::span;

/// The parent of an entry at the top.
const TOP: u32 = u32::MAX;

/// SymbolKind of the protocol.
pub(crate) mod kind {
    pub(crate) const MODULE: u32 = 2;
    pub(crate) const METHOD: u32 = 6;
    pub(crate) const FIELD: u32 = 8;
    pub(crate) const ENUM: u32 = 10;
    pub(crate) const INTERFACE: u32 = 11;
    pub(crate) const FUNCTION: u32 = 12;
    pub(crate) const VARIABLE: u32 = 13;
    pub(crate) const CONSTANT: u32 = 14;
    pub(crate) const OBJECT: u32 = 19;
    pub(crate) const ENUM_MEMBER: u32 = 22;
    pub(crate) const STRUCT: u32 = 23;
    pub(crate) const TYPE_PARAMETER: u32 = 26;
}

/// The entries, parents before children, in source order.
pub(crate) fn symbols(file: &SourceFile) -> Vec<Symbol> {
    let mut found = Vec::new();
    // Nodes and the entry that they lie in; the last is looked at next.
    let mut waiting: Vec<(SyntaxNode, u32)> = vec![(file.syntax().clone(), TOP)];
    while let Some((node, parent)) = waiting.pop() {
        let mut inside = parent;
        if let Some(symbol) = symbol(&node, parent) {
            inside = u32::try_from(found.len()).unwrap_or(TOP);
            found.push(symbol);
        }
        let mut children: Vec<(SyntaxNode, u32)> = node.children().map(|child| (child, inside)).collect();
        children.reverse();
        waiting.extend(children);
    }
    found
}

/// What an outline says of a node.
pub(crate) struct Entry {
    pub(crate) name: String,
    detail: String,
    pub(crate) kind: u32,
    pub(crate) span: TextRange,
    is_exported: bool,
}

fn symbol(node: &SyntaxNode, parent: u32) -> Option<Symbol> {
    let entry = entry(node)?;
    let full = node.text_range();
    let mut traits = SymbolFlags::empty();
    if entry.is_exported {
        traits = traits | SymbolFlags::EXPORTED;
    }
    let is_deprecated = ast::AnyHasAttrs::cast(node.clone())
        .is_some_and(|node| node.attrs().any(|attribute| attribute.to_string().starts_with("#[deprecated")));
    if is_deprecated {
        traits = traits | SymbolFlags::DEPRECATED;
    }
    Some(Symbol {
        name: entry.name,
        detail: entry.detail,
        kind: entry.kind,
        parent,
        full: span(full),
        span: span(if full.contains_range(entry.span) { entry.span } else { full }),
        traits,
    })
}

fn named<N: ast::HasName>(node: &N, kind: u32, detail: String, is_exported: bool) -> Option<Entry> {
    let name = node.name()?;
    // An empty name is what the parser makes of one that is missing.
    let text = name.text().to_string();
    (!text.is_empty()).then(|| Entry { name: text, detail, kind, span: name.syntax().text_range(), is_exported })
}

/// What an outline says of a node, if it is one that outlines have.
pub(crate) fn entry(node: &SyntaxNode) -> Option<Entry> {
    let item = match ast::Item::cast(node.clone()) {
        Some(item) => item,
        None => return member(node),
    };
    match &item {
        ast::Item::Fn(function) => {
            let is_member = node.parent().and_then(ast::AssocItemList::cast).is_some();
            let kind = if is_member { kind::METHOD } else { kind::FUNCTION };
            named(function, kind, signature(function), function.visibility().is_some() || is_in_trait(node))
        }
        ast::Item::Struct(it) => named(it, kind::STRUCT, String::new(), it.visibility().is_some()),
        ast::Item::Union(it) => named(it, kind::STRUCT, String::new(), it.visibility().is_some()),
        ast::Item::Enum(it) => named(it, kind::ENUM, String::new(), it.visibility().is_some()),
        ast::Item::Trait(it) => named(it, kind::INTERFACE, String::new(), it.visibility().is_some()),
        ast::Item::Module(it) => named(it, kind::MODULE, String::new(), it.visibility().is_some()),
        ast::Item::TypeAlias(it) => {
            let is_exported = it.visibility().is_some() || is_in_trait(node);
            named(it, kind::TYPE_PARAMETER, it.ty().map(|ty| short(&ty.to_string())).unwrap_or_default(), is_exported)
        }
        ast::Item::Const(it) => {
            let is_exported = it.visibility().is_some() || is_in_trait(node);
            named(it, kind::CONSTANT, it.ty().map(|ty| short(&ty.to_string())).unwrap_or_default(), is_exported)
        }
        ast::Item::Static(it) => {
            let detail = it.ty().map(|ty| short(&ty.to_string())).unwrap_or_default();
            named(it, kind::CONSTANT, detail, it.visibility().is_some())
        }
        ast::Item::MacroRules(it) => {
            let is_exported = it.attrs().any(|attribute| attribute.to_string().starts_with("#[macro_export"));
            named(it, kind::FUNCTION, String::new(), is_exported)
        }
        ast::Item::MacroDef(it) => named(it, kind::FUNCTION, String::new(), it.visibility().is_some()),
        ast::Item::Impl(it) => {
            let target = it.self_ty()?;
            let name = match it.trait_() {
                Some(of) => format!("impl {} for {}", short(&of.to_string()), short(&target.to_string())),
                None => format!("impl {}", short(&target.to_string())),
            };
            let span = target.syntax().text_range();
            Some(Entry { name, detail: String::new(), kind: kind::OBJECT, span, is_exported: false })
        }
        _ => None,
    }
}

fn member(node: &SyntaxNode) -> Option<Entry> {
    if let Some(field) = ast::RecordField::cast(node.clone()) {
        let detail = field.ty().map(|ty| short(&ty.to_string())).unwrap_or_default();
        return named(&field, kind::FIELD, detail, field.visibility().is_some());
    }
    let variant = ast::Variant::cast(node.clone())?;
    named(&variant, kind::ENUM_MEMBER, String::new(), true)
}

fn is_in_trait(node: &SyntaxNode) -> bool {
    let list = node.parent().and_then(ast::AssocItemList::cast);
    list.and_then(|list| list.syntax().parent()).and_then(ast::Trait::cast).is_some()
}

/// `(a: u32) -> u32`.
fn signature(function: &ast::Fn) -> String {
    let parameters = function.param_list().map(|list| list.to_string()).unwrap_or_default();
    let returned = function.ret_type().map(|returned| format!(" {returned}")).unwrap_or_default();
    short(&format!("{parameters}{returned}"))
}

/// One line of a text, as long as an outline is wide.
fn short(text: &str) -> String {
    const CHARACTERS_MAX: usize = 120;

    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(CHARACTERS_MAX) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}
