//! Keyword arguments of the call around a place.

use ruff_text_size::{Ranged, TextRange};
use rustc_hash::FxHashSet;
use ty_python_semantic::types::ide_support::call_signature_details;

use super::kinds;
use super::proposal::{Group, Origin, Proposal, Subject};
use crate::call::call_at;
use crate::project::Source;

/// Proposals `name=` for the parameters that are not yet given, in the order of the signature.
pub(super) fn proposals<'db>(source: &Source<'db>, open: TextRange, word: TextRange) -> Vec<Proposal<'db>> {
    let Some(call) = call_at(source, open) else { return Vec::new() };
    let given: FxHashSet<&str> = call
        .arguments
        .keywords
        .iter()
        .filter_map(|keyword| keyword.arg.as_ref())
        .filter(|name| name.range != word)
        .map(|name| name.as_str())
        .collect();
    // The word at the place is an argument already, and must not count as the one that it will not be.
    let positional = call.arguments.args.iter().filter(|argument| argument.range().end() < word.start()).count();
    let mut seen = FxHashSet::default();
    let mut proposals = Vec::new();
    for details in call_signature_details(&source.model, call) {
        for (index, parameter) in details.parameters.iter().enumerate() {
            let is_name = !parameter.is_positional_only && !parameter.is_variadic && !parameter.is_keyword_variadic;
            let name = parameter.name.as_str();
            if !is_name || index < positional || given.contains(name) || !seen.insert(name.to_owned()) {
                continue;
            }
            let about = Subject::Argument { open: open.start().to_u32(), name: name.to_owned() };
            // Earlier parameters first.
            let weight = u32::MAX - proposals.len() as u32;
            proposals.push(
                Proposal::new(format!("{name}="), Origin::Kind(kinds::VARIABLE), Group::Expected)
                    .with_weight(weight)
                    .about(about),
            );
        }
    }
    proposals
}
