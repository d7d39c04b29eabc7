//! Types and signatures as people write them.

use super::{Callable, Env, Signature, Type};
use crate::module::{Decl, DeclKind};
use crate::store::{FileId, Store};

/// How deep a type is written out.
const DEPTH_MAX: u32 = 4;
/// So many members are written out.
const MEMBERS_MAX: usize = 12;
/// A text longer than this is cut.
const BYTES_MAX: usize = 600;

/// A signature as it is shown, with where its parameters stand in it.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    pub(crate) text: String,
    pub(crate) params: Vec<(usize, usize)>,
}

impl Store {
    pub(crate) fn show(&self, ty: &Type) -> String {
        let mut text = self.show_at(ty, DEPTH_MAX);
        if text.len() > BYTES_MAX {
            text.truncate(crate::syntax::floor(&text, BYTES_MAX));
            text.push('…');
        }
        text
    }

    fn show_at(&self, ty: &Type, depth: u32) -> String {
        if depth == 0 && is_made_of_others(ty) {
            return "…".to_owned();
        }
        let depth = depth.saturating_sub(1);
        match ty {
            Type::Any => "any".to_owned(),
            Type::Unknown => "unknown".to_owned(),
            Type::Never => "never".to_owned(),
            Type::Undefined => "undefined".to_owned(),
            Type::Null => "null".to_owned(),
            Type::String => "string".to_owned(),
            Type::Number => "number".to_owned(),
            Type::Boolean => "boolean".to_owned(),
            Type::BigInt => "bigint".to_owned(),
            Type::Symbol => "symbol".to_owned(),
            Type::ObjectKeyword => "object".to_owned(),
            Type::StringLiteral(text) => format!("{text:?}"),
            Type::NumberLiteral(text) => text.to_string(),
            Type::BooleanLiteral(value) => value.to_string(),
            Type::Named(named) => {
                let name = self.symbol_name(named.file, named.symbol);
                match (&*name, named.arguments.as_slice()) {
                    ("Array", [element]) => {
                        let inner = self.show_at(element, depth);
                        let composite = matches!(element, Type::Union(_) | Type::Function(_) | Type::Intersection(_));
                        if composite { format!("({inner})[]") } else { format!("{inner}[]") }
                    }
                    (_, []) => name,
                    (_, arguments) => {
                        let all: Vec<String> = arguments.iter().map(|ty| self.show_at(ty, depth)).collect();
                        format!("{name}<{}>", all.join(", "))
                    }
                }
            }
            Type::Value(file, symbol) => match self.signatures(ty, false).as_slice() {
                [] => format!("typeof {}", self.symbol_name(*file, *symbol)),
                [first, ..] => self.show_signature(first, depth, " => ").text,
            },
            Type::Enum(file, symbol) | Type::Made(file, symbol) => self.symbol_name(*file, *symbol),
            Type::Function(callable) => self.show_callable(callable, depth),
            Type::Shape(_) => self.show_members(ty, depth),
            Type::Module(file) => format!("typeof import({:?})", self.path(*file)),
            Type::Ambient(file, decl) | Type::Param(file, decl) => {
                self.module(*file).map(|module| module.decl(*decl).name.to_string()).unwrap_or_default()
            }
            Type::Tuple(types) => {
                let all: Vec<String> = types.iter().map(|ty| self.show_at(ty, depth)).collect();
                format!("[{}]", all.join(", "))
            }
            Type::Union(types) => {
                let all: Vec<String> = types
                    .iter()
                    .map(|ty| {
                        let text = self.show_at(ty, depth);
                        if matches!(ty, Type::Function(_)) { format!("({text})") } else { text }
                    })
                    .collect();
                all.join(" | ")
            }
            Type::Intersection(types) => {
                let all: Vec<String> = types.iter().map(|ty| self.show_at(ty, depth)).collect();
                all.join(" & ")
            }
            Type::Dictionary(inner) => format!("{{ [key: string]: {} }}", self.show_at(inner, depth)),
        }
    }

    pub(crate) fn symbol_name(&self, file: FileId, symbol: crate::module::SymId) -> String {
        let module = self.module(file);
        let name = module.and_then(|module| module.symbols.get(symbol.index())?.name.clone());
        name.map(|name| name.to_string()).unwrap_or_default()
    }

    fn show_callable(&self, callable: &Callable, depth: u32) -> String {
        let Some((file, function)) = callable.functions.first() else { return "{}".to_owned() };
        let signature = Signature { file: *file, function: *function, env: callable.env.clone(), makes: None };
        let text = self.show_signature(&signature, depth, " => ").text;
        if callable.constructs { format!("new {text}") } else { text }
    }

    fn show_members(&self, ty: &Type, depth: u32) -> String {
        let Type::Shape(shaped) = ty else { return String::new() };
        let Some(module) = self.module(shaped.file) else { return String::new() };
        let shape = module.shape(shaped.shape);
        let call = |function: &crate::module::FnId| {
            let signature = Signature { file: shaped.file, function: *function, env: shaped.env.clone(), makes: None };
            self.show_signature(&signature, depth, ": ").text
        };
        let mut parts: Vec<String> = shape.calls.iter().take(MEMBERS_MAX).map(call).collect();
        for member in shape.members.iter().take(MEMBERS_MAX) {
            let decl = module.decl(member.decl);
            let ty = self.decl_type(shaped.file, member.decl, &shaped.env).widened();
            let mark = if decl.flags.optional { "?" } else { "" };
            parts.push(format!("{}{mark}: {}", member.name, self.show_at(&ty, depth)));
        }
        if shape.members.len() > MEMBERS_MAX {
            parts.push("…".to_owned());
        }
        if parts.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", parts.join("; ")) }
    }

    /// The parameters and the result of a signature.
    pub(crate) fn show_signature(&self, signature: &Signature, depth: u32, arrow: &str) -> Shown {
        let mut shown = Shown::default();
        let Some(module) = self.module(signature.file) else { return shown };
        let function = module.function(signature.function);
        let open: Vec<&str> = function
            .type_params
            .iter()
            .filter(|param| signature.env.get(signature.file, **param).is_none())
            .map(|param| &*module.decl(*param).name)
            .collect();
        if !open.is_empty() {
            shown.text = format!("<{}>", open.join(", "));
        }
        shown.text.push('(');
        for (place, param) in function.params.iter().enumerate() {
            if place > 0 {
                shown.text.push_str(", ");
            }
            let start = shown.text.len();
            if param.rest {
                shown.text.push_str("...");
            }
            let is_pattern = param.name.starts_with(['{', '[']);
            shown.text.push_str(if is_pattern { "__0" } else { &param.name });
            if param.optional || param.default.is_some() {
                shown.text.push('?');
            }
            let ty = self.parameter_shown(signature, place as u32);
            if let Some(ty) = ty {
                shown.text.push_str(": ");
                shown.text.push_str(&self.show_at(&ty, depth));
            }
            shown.params.push((start, shown.text.len()));
        }
        shown.text.push(')');
        let result = match &signature.makes {
            Some(makes) => makes.clone(),
            None => self.return_type(signature.file, signature.function, &signature.env),
        };
        let written = function.ret.map(|ret| (module.ty(ret), module.type_spans[ret.index()]));
        shown.text.push_str(arrow);
        match written {
            Some((crate::module::TypeExpr::Predicate { .. }, span)) => shown.text.push_str(module.slice(span)),
            Some((crate::module::TypeExpr::Undefined, span)) => shown.text.push_str(module.slice(span)),
            None if matches!(result, Type::Undefined) => shown.text.push_str("void"),
            _ => shown.text.push_str(&self.show_at(&result, depth)),
        }
        shown
    }

    fn parameter_shown(&self, signature: &Signature, place: u32) -> Option<Type> {
        let module = self.module(signature.file)?;
        let param = module.function(signature.function).params.get(place as usize)?;
        match param.ty {
            Some(ty) => Some(self.eval(signature.file, ty, &signature.env)),
            None => {
                let decl = param.decl?;
                let ty = self.decl_type(signature.file, decl, &Env::default());
                Some(ty)
            }
        }
    }

    /// A declaration as people write it: its head, without a body.
    pub(crate) fn show_decl(&self, file: FileId, decl: &Decl, ty: &Type) -> String {
        let name = &decl.name;
        let member = |word: &str| match self.owner_name(file, decl) {
            Some(owner) => format!("({word}) {owner}.{name}"),
            None => format!("({word}) {name}"),
        };
        match decl.kind {
            DeclKind::Class => format!("class {name}{}", self.show_type_params(file, decl)),
            DeclKind::Interface => format!("interface {name}{}", self.show_type_params(file, decl)),
            DeclKind::Enum => format!("enum {name}"),
            DeclKind::EnumMember => member("enum member"),
            DeclKind::Namespace => format!("namespace {name}"),
            DeclKind::TypeParameter => format!("(type parameter) {name}"),
            DeclKind::Alias => {
                let written = decl.ty.and_then(|ty| {
                    let module = self.module(file)?;
                    Some(module.slice(module.type_spans[ty.index()]).to_owned())
                });
                let params = self.show_type_params(file, decl);
                let mut text = format!("type {name}{params} = {}", written.unwrap_or_default());
                if text.len() > BYTES_MAX {
                    text.truncate(crate::syntax::floor(&text, BYTES_MAX));
                    text.push('…');
                }
                text
            }
            DeclKind::Function => format!("function {name}{}", self.show_call(ty)),
            DeclKind::Method => format!("{}{}", member("method"), self.show_call(ty)),
            DeclKind::Constructor => format!("constructor{}", self.show_call(ty)),
            DeclKind::Getter | DeclKind::Setter | DeclKind::Property => {
                let mark = if decl.flags.optional { "?" } else { "" };
                format!("{}{mark}: {}", member("property"), self.show(ty))
            }
            DeclKind::Parameter => format!("(parameter) {name}: {}", self.show(ty)),
            DeclKind::Const => format!("const {name}: {}", self.show(ty)),
            DeclKind::Let | DeclKind::Catch => format!("let {name}: {}", self.show(ty)),
            DeclKind::Var => format!("var {name}: {}", self.show(ty)),
            DeclKind::Import => format!("(alias) {name}"),
            DeclKind::Label => format!("(label) {name}"),
        }
    }

    fn show_call(&self, ty: &Type) -> String {
        match self.signatures(ty, false).as_slice() {
            [] => "()".to_owned(),
            [only] => self.show_signature(only, DEPTH_MAX, ": ").text,
            [first, rest @ ..] => {
                let more = if rest.len() == 1 { "overload" } else { "overloads" };
                format!("{} (+{} {more})", self.show_signature(first, DEPTH_MAX, ": ").text, rest.len())
            }
        }
    }

    fn show_type_params(&self, file: FileId, decl: &Decl) -> String {
        let Some(module) = self.module(file) else { return String::new() };
        let names: Vec<&str> = decl.type_params.iter().map(|param| &*module.decl(*param).name).collect();
        if names.is_empty() { String::new() } else { format!("<{}>", names.join(", ")) }
    }

    fn owner_name(&self, file: FileId, decl: &Decl) -> Option<String> {
        let module = self.module(file)?;
        let class = module.shape(decl.owner?).decl?;
        Some(module.decl(class).name.to_string())
    }
}

/// Whether showing a type shows others: one that leads back to itself has no end.
fn is_made_of_others(ty: &Type) -> bool {
    match ty {
        Type::Named(named) => !named.arguments.is_empty(),
        Type::Value(..) | Type::Function(_) | Type::Shape(_) | Type::Tuple(_) => true,
        Type::Union(_) | Type::Intersection(_) | Type::Dictionary(_) => true,
        _ => false,
    }
}
