//! `textDocument/signatureHelp`: the call around the cursor.

use tower_lsp_server::ls_types::{
    ParameterInformation, ParameterLabel, SignatureHelp, SignatureHelpParams, SignatureInformation,
};
use vraftls_proto::{Answer, Parameter, Query, Signature};

use super::Context;
use crate::convert::to_lsp;
use crate::error::RequestError;
use crate::session::Profile;

pub(crate) async fn signature_help(
    cx: &Context,
    params: SignatureHelpParams,
) -> Result<Option<SignatureHelp>, RequestError> {
    let position = params.text_document_position_params;
    let located = cx.locate(&position.text_document.uri).await?;
    let at = located.at(position.position, cx.encoding())?;
    let answered = match cx.ask(&located, Query::SignatureHelp(at)).await {
        Err(error) if error.is_not_served() => return Ok(None),
        answered => answered?,
    };
    let help = match answered.answer {
        Answer::SignatureHelp(Some(help)) => help,
        Answer::SignatureHelp(None) => return Ok(None),
        _ => return Err(RequestError::BadAnswer),
    };
    let active = help.signatures.get(help.active as usize).and_then(|signature| signature.active_parameter);
    let signatures = help.signatures.into_iter().map(|signature| information(signature, cx.profile())).collect();
    Ok(Some(SignatureHelp { signatures, active_signature: Some(help.active), active_parameter: active }))
}

fn information(signature: Signature, profile: &Profile) -> SignatureInformation {
    let label = signature.label;
    let markdown = profile.signatures.markdown;
    let parameters = signature.parameters.into_iter().filter_map(|Parameter { label: span, documentation }| {
        let label = if profile.signatures.label_offsets {
            ParameterLabel::LabelOffsets(to_lsp::label_offsets(&label, span)?)
        } else {
            ParameterLabel::Simple(span.slice(&label)?.to_owned())
        };
        Some(ParameterInformation { label, documentation: to_lsp::documentation(documentation, markdown) })
    });
    let parameters = Some(parameters.collect());
    SignatureInformation {
        documentation: to_lsp::documentation(signature.documentation, markdown),
        parameters,
        active_parameter: signature.active_parameter.filter(|_| profile.signatures.active_parameter),
        label,
    }
}
