//! The call around a place.

use vraftls_guest_sdk::{Failure, Parameter, Signature, SignatureHelp};

use crate::project::Source;

/// Characters that ask for it as they are typed.
pub(crate) const TRIGGERS: [&str; 3] = ["(", ",", "<"];

/// The call that the offset lies in.
pub(crate) fn help(source: &Source<'_>, offset: u32) -> Result<Option<SignatureHelp>, Failure> {
    let position = source.position(offset)?;
    let Some(found) = source.project.ask(|analysis| analysis.signature_help(position))? else { return Ok(None) };
    let parameter = |range: &ra_ap_ide::TextRange| Parameter {
        start: range.start().into(),
        end: range.end().into(),
        documentation: String::new(),
    };
    let parameters: Vec<Parameter> = found.parameter_ranges().iter().map(parameter).collect();
    // The engine counts commas, also where the function takes less.
    let is_there = |active: &u32| parameters.get(*active as usize).is_some();
    let signature = Signature {
        active_parameter: found.active_parameter.and_then(|active| u32::try_from(active).ok()).filter(is_there),
        parameters,
        documentation: found.doc.map(|doc| doc.as_str().to_owned()).unwrap_or_default(),
        label: found.signature,
    };
    Ok(Some(SignatureHelp { signatures: vec![signature], active: 0 }))
}
