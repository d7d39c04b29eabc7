//! The names of the parameters that arguments fill, where the arguments themselves do not say.

use ruff_python_ast::{Expr, ExprCall};
use ruff_text_size::Ranged;
use ty_python_semantic::types::ide_support::inlay_hint_call_argument_details;
use vraftls_guest_sdk::{HintPart, InlayHint, Padding, Span, TextEdit};

use super::obvious::names_parameter;
use super::{Hints, PARAMETER};

impl Hints<'_, '_> {
    /// The hints of a call.
    pub(super) fn arguments(&mut self, call: &ExprCall) {
        let arguments = &call.arguments.args;
        // Inference is what costs, so calls that would have no hint are not looked at.
        if !arguments.iter().any(|argument| needs_name(call, argument)) {
            return;
        }
        let Some(details) = inlay_hint_call_argument_details(self.project.db(), &self.source.model, call) else {
            return;
        };
        for (number, argument) in arguments.iter().enumerate() {
            let Some((name, place)) = details.argument_names.get(&number) else { continue };
            if !needs_name(call, argument) || !is_worth_naming(name) || names_parameter(argument, name) {
                continue;
            }
            let location = place.map(|place| self.project.location(place.file(), place.range(), place.range()));
            let offset = argument.start().to_u32();
            // Whatever comes behind an argument with a name needs one too.
            let is_last = number + 1 == arguments.len();
            let edit = TextEdit { span: Span { start: offset, end: offset }, new_text: format!("{name}=") };
            self.found.push(InlayHint {
                offset,
                parts: vec![HintPart { label: format!("{name}="), location }],
                kind: PARAMETER,
                padding: Padding::empty(),
                edits: is_last.then_some(edit).into_iter().collect(),
            });
        }
    }
}

/// Whether it may be unclear what an argument is for.
fn needs_name(call: &ExprCall, argument: &Expr) -> bool {
    let is_alone = call.arguments.args.len() == 1 && call.arguments.keywords.is_empty();
    match argument {
        Expr::Starred(_) => false,
        // One argument is what the function is about, unless it is a mere value.
        _ if is_alone => matches!(argument, Expr::BooleanLiteral(_) | Expr::NoneLiteral(_) | Expr::NumberLiteral(_)),
        _ => true,
    }
}

/// Whether the name of a parameter says anything.
fn is_worth_naming(name: &str) -> bool {
    name.chars().count() > 1 && !name.starts_with('_')
}
