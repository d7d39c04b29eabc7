//! Types in documentation comments of JavaScript: `@param`, `@returns`, `@type`, `@this`, `@typedef`.

use std::rc::Rc;

use oxc_allocator::Allocator;
use oxc_ast::ast::Statement;
use oxc_parser::Parser;
use oxc_span::SourceType;

use super::Lower;
use rustc_hash::FxHashMap;
use vraftls_guest_sdk::roles;

use crate::module::{Context, DeclKind, ExprKind, FnId, Ident, Member, Occ, Range, Shape, SymId, TyId, TypeExpr};

/// A tag with a type in braces: its name, the type's text and place, and what follows.
struct Tag<'t> {
    name: &'t str,
    ty: &'t str,
    start: usize,
    rest: &'t str,
    rest_start: usize,
}

/// What a type is put behind to be parsed.
const PREFIX: &str = "type T=";
/// Types longer than this are prose.
const TYPE_BYTES_MAX: usize = 2000;

fn tags(text: &str) -> Vec<Tag<'_>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find('@') {
        let start = from + at + 1;
        let name_end = text[start..].find(|c: char| !c.is_ascii_alphabetic()).map_or(text.len(), |end| start + end);
        from = name_end.max(start);
        let after = text[name_end..].trim_start_matches([' ', '\t']);
        let brace = text.len() - after.len();
        let Some(inner) = after.strip_prefix('{') else { continue };
        let Some(length) = closing(inner) else { continue };
        let rest_start = brace + 1 + length + 1;
        let end = text[rest_start..].find(['\n', '@']).map_or(text.len(), |end| rest_start + end);
        let rest = text[rest_start..end].trim_start();
        let rest_start = end - rest.len();
        found.push(Tag { name: &text[start..name_end], ty: &inner[..length], start: brace + 1, rest, rest_start });
        from = from.max(brace + 1 + length);
    }
    found
}

/// The length of what stands before the brace that closes.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (place, character) in text.char_indices().take(TYPE_BYTES_MAX) {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => return Some(place),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The name of a parameter as a tag has it: `name`, `[name]`, `[name=1]`. Whether it is optional.
fn param_name(rest: &str) -> (&str, bool) {
    let optional = rest.starts_with('[');
    let rest = rest.trim_start_matches('[').trim_start();
    let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$' || c == '.')).unwrap_or(rest.len());
    (&rest[..end], optional)
}

impl Lower<'_> {
    fn pending_text(&self) -> Option<(String, u32)> {
        // A function type within a comment is documented by nothing.
        if !self.module.is_js || self.in_comment {
            return None;
        }
        let range = self.pending_doc?;
        Some((self.module.slice(range).to_owned(), range.start))
    }

    /// The type of `@type` before the current statement or member.
    pub(super) fn doc_type(&mut self) -> Option<TyId> {
        let (text, start) = self.pending_text()?;
        let tag = tags(&text).into_iter().find(|tag| tag.name == "type")?;
        self.parse_type(tag.ty, start + tag.start as u32)
    }

    /// The type of `/** @type {T} */ (…)`.
    pub(super) fn doc_cast(&mut self, start: u32) -> Option<TyId> {
        if !self.module.is_js || self.in_comment {
            return None;
        }
        let range = *self.docs.get(&start)?;
        let text = self.module.slice(range).to_owned();
        let tag = tags(&text).into_iter().find(|tag| tag.name == "type")?;
        self.parse_type(tag.ty, range.start + tag.start as u32)
    }

    /// The types of parameters that the documentation has: name, type, and whether it is optional.
    pub(super) fn documented_params(&mut self, function: FnId) -> Vec<(String, TyId, bool)> {
        if self.module.function(function).params_span.start == 0 && self.pending_doc.is_none() {
            return Vec::new();
        }
        let Some((text, start)) = self.pending_text() else { return Vec::new() };
        let mut found = Vec::new();
        let all = tags(&text);
        for tag in all.iter().filter(|tag| matches!(tag.name, "param" | "arg" | "argument")) {
            let (name, optional) = param_name(tag.rest);
            if name.contains('.') {
                continue;
            }
            let text = tag.ty.trim();
            let optional = optional || text.ends_with('=');
            let has_properties = all.iter().any(|other| {
                let inner = param_name(other.rest).0;
                inner.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'))
            });
            let ty = if has_properties && matches!(text.trim_end_matches('='), "Object" | "object") {
                Some(self.documented_properties(&all, name, start))
            } else {
                self.parse_type(tag.ty, start + tag.start as u32)
            };
            if let Some(ty) = ty {
                found.push((name.to_owned(), ty, optional));
            }
        }
        found
    }

    /// The type of an object whose properties are documented as `name.property`.
    fn documented_properties(&mut self, tags: &[Tag<'_>], name: &str, start: u32) -> TyId {
        let shape = self.push_shape(Shape::default());
        for tag in tags {
            let (path, optional) = param_name(tag.rest);
            let Some(property) = path.strip_prefix(name).and_then(|rest| rest.strip_prefix('.')) else { continue };
            if property.is_empty() || property.contains('.') {
                continue;
            }
            let at = tag.rest_start + usize::from(optional) + name.len() + 1;
            self.documented_property(tag, (property, optional), at, start, shape);
        }
        self.push_type(TypeExpr::Shape(shape), Range { start, end: start })
    }

    fn documented_property(
        &mut self,
        tag: &Tag<'_>,
        (name, optional): (&str, bool),
        at: usize,
        comment: u32,
        shape: crate::module::ShapeId,
    ) {
        let start = comment + at as u32;
        let span = Range { start, end: start + name.len() as u32 };
        let ty = self.parse_type(tag.ty, comment + tag.start as u32);
        let name = self.name(name);
        let decl = self.push_decl(Rc::clone(&name), DeclKind::Property, span, span);
        let known = &mut self.module.decls[decl.index()];
        (known.ty, known.owner, known.flags.optional) = (ty, Some(shape), optional);
        self.module.shapes[shape.index()].members.push(Member { name, decl });
    }

    /// Takes the documentation of the statement for this function: its result and its `this`.
    pub(super) fn documented_result(&mut self, function: FnId) {
        let Some((text, start)) = self.pending_text() else { return };
        self.pending_doc = None;
        for tag in tags(&text) {
            match tag.name {
                "return" | "returns" if self.module.function(function).ret.is_none() => {
                    let ty = self.parse_type(tag.ty, start + tag.start as u32);
                    self.module.functions[function.index()].ret = ty;
                }
                "this" => {
                    let ty = self.parse_type(tag.ty, start + tag.start as u32);
                    self.module.functions[function.index()].this_ty = ty;
                }
                _ => {}
            }
        }
    }

    /// The names in all documentation comments, each with the function that it documents.
    pub(super) fn documented(&mut self) {
        let mut docs: Vec<(u32, Range)> = self.docs.iter().map(|(at, range)| (*at, *range)).collect();
        docs.sort();
        if docs.is_empty() {
            return;
        }
        let mut by_doc: FxHashMap<u32, FnId> = FxHashMap::default();
        for decl in &self.module.decls {
            if let Some(function) = decl.function {
                by_doc.entry(decl.doc).or_insert(function);
            }
        }
        for (at, range) in docs {
            let function = by_doc.get(&at).copied();
            self.documented_names(function, range);
        }
    }

    /// The names in documentation: parameters behind `@param`, and what `{@link …}` names.
    pub(super) fn documented_names(&mut self, function: Option<FnId>, doc: Range) {
        let text = self.module.slice(doc).to_owned();
        let mut from = 0;
        while let Some(at) = text[from..].find('@') {
            let start = from + at + 1;
            let rest = &text[start..];
            from = start;
            if let Some(rest) = rest.strip_prefix("param") {
                if let Some(function) = function {
                    self.documented_param(function, doc.start, &text, text.len() - rest.len());
                }
            } else if let Some(rest) = rest.strip_prefix("link").filter(|_| text[..start].ends_with("{@")) {
                let rest = rest.trim_start_matches(|c: char| c.is_ascii_alphabetic()).trim_start();
                self.documented_link(doc.start, text.len() - rest.len(), rest);
            }
        }
    }

    fn documented_param(&mut self, function: FnId, doc: u32, text: &str, mut at: usize) {
        let rest = text[at..].trim_start();
        at = text.len() - rest.len();
        if let Some(inner) = rest.strip_prefix('{') {
            let Some(length) = closing(inner) else { return };
            let rest = text[at + length + 2..].trim_start();
            at = text.len() - rest.len();
        }
        let optional = usize::from(text[at..].starts_with('['));
        let (name, _) = param_name(&text[at..]);
        let name = name.split('.').next().unwrap_or_default();
        let params = &self.module.function(function).params;
        let Some(decl) = params.iter().find(|param| &*param.name == name).and_then(|param| param.decl) else { return };
        let start = doc + (at + optional) as u32;
        let span = Range { start, end: start + name.len() as u32 };
        self.occurrence(span, Occ::Fixed(decl), roles::REFERS | roles::LOCAL | roles::IN_STRING);
    }

    fn documented_link(&mut self, doc: u32, at: usize, rest: &str) {
        let mut start = doc + at as u32;
        let mut object = None;
        let end =
            rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$' | '.' | '#'))).unwrap_or(rest.len());
        for part in rest[..end].split(['.', '#']) {
            let span = Range { start, end: start + part.len() as u32 };
            start = span.end + 1;
            if part.is_empty() {
                return;
            }
            let name = self.name(part);
            let role = roles::REFERS | roles::IN_STRING;
            object = Some(match object {
                None => {
                    let bound = self.scoping.get_root_binding((*name).into());
                    let ident = match bound {
                        Some(symbol) => Ident::Local(SymId(symbol.index() as u32)),
                        None => Ident::Free(Rc::clone(&name), None),
                    };
                    let id = self.push(ExprKind::Ident(ident), span, Context::None);
                    self.occurrence(span, Occ::Ident(id), role);
                    id
                }
                Some(object) => {
                    let member = ExprKind::Member { object, name: Rc::clone(&name), name_span: span };
                    let id = self.push(member, span, Context::None);
                    self.occurrence(span, Occ::Member(id), role | roles::ATTRIBUTE);
                    id
                }
            });
        }
    }

    fn parse_type(&mut self, text: &str, start: u32) -> Option<TyId> {
        let trimmed = text.trim_start();
        let start = start + (text.len() - trimmed.len()) as u32;
        let text = trimmed.trim_end().trim_end_matches('=').trim_start_matches("...");
        if text.is_empty() || text == "*" || text.len() > TYPE_BYTES_MAX || crate::syntax::is_too_deep(text) {
            return None;
        }
        if let Some(ty) = self.old_type(text, start) {
            return Some(ty);
        }
        let source = format!("{PREFIX}{text}");
        let allocator = Allocator::default();
        let parsed = Parser::new(&allocator, &source, SourceType::ts()).parse();
        if parsed.panicked || !parsed.diagnostics.is_empty() {
            return None;
        }
        let Some(Statement::TSTypeAliasDeclaration(alias)) = parsed.program.body.first() else { return None };
        let outer = (self.shift, self.in_comment);
        self.shift = start.saturating_sub(PREFIX.len() as u32);
        self.in_comment = true;
        let ty = self.ty(&alias.type_annotation);
        (self.shift, self.in_comment) = outer;
        Some(ty)
    }

    /// The spellings of JSDoc that are no TypeScript: `String`, `Object`, `Function`, `Array`.
    fn old_type(&mut self, text: &str, start: u32) -> Option<TyId> {
        let ty = match text {
            "String" => TypeExpr::String,
            "Number" => TypeExpr::Number,
            "Boolean" | "bool" => TypeExpr::Boolean,
            "Object" | "object" | "Function" | "function" | "Mixed" | "mixed" | "any" => TypeExpr::Any,
            "Undefined" | "Void" => TypeExpr::Undefined,
            "Array" | "array" => {
                let any = self.push_type(TypeExpr::Any, Range::default());
                TypeExpr::Array(any)
            }
            _ => return None,
        };
        Some(self.push_type(ty, Range { start, end: start + text.len() as u32 }))
    }

    /// Types that comments declare: `@typedef {T} Name` and `@typedef {Object} Name` with `@property`.
    pub(super) fn declare_typedefs(&mut self) {
        if !self.module.is_js {
            return;
        }
        let mut comments: Vec<Range> = self.docs.values().copied().collect();
        comments.sort();
        for comment in comments {
            let text = self.module.slice(comment).to_owned();
            if !text.contains("@typedef") {
                continue;
            }
            let tags = tags(&text);
            let Some(typedef) = tags.iter().find(|tag| tag.name == "typedef") else { continue };
            let (name, _) = param_name(typedef.rest);
            if name.is_empty() {
                continue;
            }
            let name_start = comment.start + typedef.rest_start as u32;
            let span = Range { start: name_start, end: name_start + name.len() as u32 };
            let is_object = matches!(typedef.ty.trim(), "Object" | "object");
            let properties = tags.iter().filter(|tag| matches!(tag.name, "property" | "prop"));
            let ty = if is_object {
                let shape = self.push_shape(Shape::default());
                for tag in properties {
                    self.typedef_property(tag, comment.start, shape);
                }
                Some(self.push_type(TypeExpr::Shape(shape), span))
            } else {
                self.parse_type(typedef.ty, comment.start + typedef.start as u32)
            };
            let name = self.name(name);
            let decl = self.push_decl(Rc::clone(&name), DeclKind::Alias, span, comment);
            self.module.decls[decl.index()].ty = ty;
            let symbol = crate::module::SymId(self.module.symbols.len() as u32);
            self.module.symbols.push(crate::module::Symbol {
                name: Some(Rc::clone(&name)),
                decls: vec![decl],
                assigned: Vec::new(),
            });
            self.module.decls[decl.index()].symbol = Some(symbol);
            self.module.globals.insert(name, symbol);
        }
    }

    fn typedef_property(&mut self, tag: &Tag<'_>, comment: u32, shape: crate::module::ShapeId) {
        let (name, optional) = param_name(tag.rest);
        if name.is_empty() || name.contains('.') {
            return;
        }
        let at = tag.rest_start + usize::from(optional);
        self.documented_property(tag, (name, optional), at, comment, shape);
    }
}
