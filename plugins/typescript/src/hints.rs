//! Hints between characters: names of parameters before arguments, types behind names that have none written.

use vraftls_guest_sdk::{Failure, HintPart, InlayHint, Padding, Span, TextEdit};

use crate::eval::Type;
use crate::module::{DeclKind, ExprId, ExprKind, Literal, Module};
use crate::project::TypeScriptProject;
use crate::store::FileId;

/// InlayHintKind of a type and of a parameter.
const TYPE: u32 = 1;
const PARAMETER: u32 = 2;
/// A type longer than this is no hint.
const TYPE_BYTES_MAX: usize = 60;

pub(crate) fn inlay_hints(project: &TypeScriptProject, path: &str, span: Span) -> Result<Vec<InlayHint>, Failure> {
    let (file, module) = project.question(path, None)?;
    if span.start > span.end
        || !module.text.is_char_boundary(span.start as usize)
        || !module.text.is_char_boundary(span.end as usize)
    {
        return Err(Failure::InvalidInput(format!("{}..{} is no part of the file", span.start, span.end)));
    }
    let inside = |offset: u32| span.start <= offset && offset <= span.end;
    let mut found = Vec::new();
    for (place, expr) in module.exprs.iter().enumerate() {
        if let ExprKind::Call { callee, arguments, is_new, .. } = &expr.kind
            && inside(expr.span.start.max(span.start))
            && expr.span.end >= span.start
            && !arguments.is_empty()
        {
            project.store().check_cancelled()?;
            project.store().begin();
            let call = (ExprId(place as u32), *callee, *is_new);
            parameter_hints(project, file, &module, call, arguments, &mut found);
        }
    }
    for decl in &module.decls {
        if inside(decl.span.end) && decl.span.start < decl.span.end {
            project.store().check_cancelled()?;
            project.store().begin();
            found.extend(type_hint(project, file, &module, decl));
        }
    }
    found.retain(|hint: &InlayHint| inside(hint.offset));
    found.sort_by_key(|hint| (hint.offset, hint.kind));
    found.dedup_by_key(|hint| (hint.offset, hint.kind));
    Ok(found)
}

fn parameter_hints(
    project: &TypeScriptProject,
    file: FileId,
    module: &std::rc::Rc<Module>,
    (call, callee, is_new): (ExprId, ExprId, bool),
    arguments: &[ExprId],
    found: &mut Vec<InlayHint>,
) {
    let store = project.store();
    let worth = |argument: &ExprId| is_plain(module, *argument);
    if !arguments.iter().any(worth) {
        return;
    }
    let callee = store.expr_type(file, callee);
    let signatures = store.signatures(&callee, is_new);
    let Some(signature) = store.choose(file, module, call, &signatures) else { return };
    let Some(of) = store.module(signature.file).filter(|_| signature.file != store.id(crate::store::BUILTINS)) else {
        return;
    };
    for (param, argument) in of.function(signature.function).params.iter().zip(arguments) {
        if param.rest {
            break;
        }
        let text = module.slice(module.expr(*argument).span);
        let says_it = text.to_lowercase().ends_with(&param.name.to_lowercase()) || param.name.len() < 2;
        if !worth(argument) || says_it || param.name.starts_with(['{', '[']) {
            continue;
        }
        let location = param.decl.map(|decl| {
            let known = of.decl(decl);
            store.location(signature.file, known.span, known.full)
        });
        found.push(InlayHint {
            offset: module.expr(*argument).span.start,
            parts: vec![HintPart { label: format!("{}:", param.name), location }],
            kind: PARAMETER,
            padding: Padding::RIGHT,
            edits: Vec::new(),
        });
    }
}

/// Whether an argument does not say what it is for: a literal.
fn is_plain(module: &Module, expr: ExprId) -> bool {
    match &module.expr(expr).kind {
        ExprKind::Literal(literal) => !matches!(literal, Literal::Regex),
        ExprKind::Arithmetic(left, right, false) if left == right => is_plain(module, *left),
        ExprKind::Object(_) | ExprKind::Array(_) | ExprKind::Function(_) | ExprKind::Not(_) => true,
        ExprKind::Ident(crate::module::Ident::Free(name, _)) => &**name == "undefined",
        _ => false,
    }
}

fn type_hint(
    project: &TypeScriptProject,
    file: FileId,
    module: &Module,
    decl: &crate::module::Decl,
) -> Option<InlayHint> {
    let is_variable = matches!(decl.kind, DeclKind::Const | DeclKind::Let | DeclKind::Var | DeclKind::Parameter);
    if !is_variable || decl.ty.is_some() || decl.import.is_some() || module.is_declaration {
        return None;
    }
    let value = decl.value?;
    if says_its_type(module, value) {
        return None;
    }
    let store = project.store();
    let ty = store.symbol_type(file, decl.symbol?).widened();
    let is_weak = ty.is_any() || matches!(ty, Type::Never | Type::Function(_) | Type::Value(..) | Type::Module(_));
    if is_weak {
        return None;
    }
    let text = store.show(&ty);
    if text.len() > TYPE_BYTES_MAX || text.contains('…') {
        return None;
    }
    let offset = decl.span.end;
    // Where the name is part of a pattern or an arrow without brackets, no type can be written.
    let writable = !decl.flags.destructured && !module.is_js && decl.kind != DeclKind::Parameter;
    let edit = TextEdit { span: Span { start: offset, end: offset }, new_text: format!(": {text}") };
    Some(InlayHint {
        offset,
        parts: vec![HintPart { label: format!(": {text}"), location: None }],
        kind: TYPE,
        padding: Padding::empty(),
        edits: if writable { vec![edit] } else { Vec::new() },
    })
}

/// Whether the value shows what type the name has.
fn says_its_type(module: &Module, value: ExprId) -> bool {
    match &module.expr(value).kind {
        ExprKind::Literal(_)
        | ExprKind::Function(_)
        | ExprKind::Class(_)
        | ExprKind::Object(_)
        | ExprKind::As(_)
        | ExprKind::Not(_)
        | ExprKind::Require(_) => true,
        ExprKind::Parameter(function, _) => module.function(*function).expr.is_none(),
        ExprKind::Call { is_new, .. } => *is_new,
        ExprKind::Same(inner) => says_its_type(module, *inner),
        ExprKind::Default(_, default) => says_its_type(module, *default),
        _ => false,
    }
}
