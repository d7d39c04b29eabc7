//! The call around a place: its signatures, and which parameter is being written.

use std::rc::Rc;

use vraftls_guest_sdk::{Failure, Parameter, Signature, SignatureHelp};

use crate::eval;
use crate::hover;
use crate::module::{ExprId, ExprKind, Module};
use crate::project::TypeScriptProject;
use crate::scratch;
use crate::store::FileId;

/// Characters that ask for signature help.
pub(crate) const TRIGGERS: [&str; 3] = ["(", ",", "<"];

pub(crate) fn help(project: &TypeScriptProject, path: &str, offset: u32) -> Result<Option<SignatureHelp>, Failure> {
    let (_, module) = project.question(path, Some(offset))?;
    // What is being typed is rarely complete: the call is closed for the question.
    Ok(scratch::for_call(project.store(), path, &module.text, offset, |file, module, offset| {
        let call = innermost(module, offset)?;
        described(project, file, module, call, offset)
    }))
}

/// The innermost call whose arguments the offset lies in.
fn innermost(module: &Module, offset: u32) -> Option<ExprId> {
    let mut best: Option<(u32, ExprId)> = None;
    for (place, expr) in module.exprs.iter().enumerate() {
        let ExprKind::Call { callee, .. } = &expr.kind else { continue };
        let after = module.expr(*callee).span.end;
        let inside =
            after < offset && offset <= expr.span.end && !(offset == expr.span.end && closed(module, expr.span.end));
        let length = expr.span.end - expr.span.start;
        if inside && best.is_none_or(|(known, _)| length < known) {
            best = Some((length, ExprId(place as u32)));
        }
    }
    best.map(|(_, call)| call)
}

fn closed(module: &Module, end: u32) -> bool {
    module.text.get(..end as usize).is_some_and(|text| text.ends_with(')'))
}

fn described(
    project: &TypeScriptProject,
    file: FileId,
    module: &Rc<Module>,
    call: ExprId,
    offset: u32,
) -> Option<SignatureHelp> {
    let store = project.store();
    let ExprKind::Call { callee, arguments, is_new, .. } = &module.expr(call).kind else { return None };
    let callee_type = store.expr_type(file, *callee);
    let signatures = store.signatures(&store.non_null(&callee_type), *is_new);
    if signatures.is_empty() {
        return None;
    }
    let active = active_argument(module, *callee, arguments, offset);
    let chosen = store.choose(file, module, call, &signatures);
    let position = |signature: &eval::Signature| {
        chosen.as_ref().is_some_and(|chosen| chosen.file == signature.file && chosen.function == signature.function)
    };
    let fits = |signature: &eval::Signature| {
        store.module(signature.file).is_some_and(|module| {
            let params = &module.function(signature.function).params;
            params.len() > active as usize || params.last().is_some_and(|param| param.rest)
        })
    };
    let first = signatures.iter().position(|signature| position(signature) && fits(signature));
    let first = first.or_else(|| signatures.iter().position(fits)).unwrap_or_default();
    let shown = signatures.iter().map(|signature| shown(project, signature, active)).collect();
    Some(SignatureHelp { signatures: shown, active: first as u32 })
}

/// Which argument the offset is at: commas before it at the top of the list.
fn active_argument(module: &Module, callee: ExprId, arguments: &[ExprId], offset: u32) -> u32 {
    let mut active = 0;
    let mut from = module.expr(callee).span.end;
    for argument in arguments {
        let span = module.expr(*argument).span;
        if offset <= span.end {
            break;
        }
        from = span.end;
        let between = module.text.get(from as usize..offset as usize).unwrap_or_default();
        if between.contains(',') {
            active += 1;
        }
    }
    let _ = from;
    active.min(arguments.len() as u32)
}

fn shown(project: &TypeScriptProject, signature: &eval::Signature, active: u32) -> Signature {
    let store = project.store();
    let text = store.show_signature(signature, 4, ": ");
    let module = store.module(signature.file);
    let function = module.as_ref().map(|module| module.function(signature.function));
    let documentation = module
        .as_ref()
        .zip(function.and_then(|function| function.decl))
        .map(|(module, decl)| hover::documentation_of(module, module.decl(decl).doc))
        .unwrap_or_default();
    let rest = function.is_some_and(|function| function.params.last().is_some_and(|param| param.rest));
    let count = text.params.len() as u32;
    let active_parameter = if active < count {
        Some(active)
    } else if rest {
        count.checked_sub(1)
    } else {
        None
    };
    let parameters = text.params.iter().map(|(start, end)| Parameter {
        start: *start as u32,
        end: *end as u32,
        documentation: String::new(),
    });
    Signature { label: text.text.clone(), documentation, parameters: parameters.collect(), active_parameter }
}
