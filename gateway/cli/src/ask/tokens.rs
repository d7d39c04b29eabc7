//! The semantic tokens of a file, decoded to the names that the analyzer gives their types.

use serde::Serialize;
use vraftls_gateway::ls_types::request::SemanticTokensFullRequest;
use vraftls_gateway::ls_types::{
    SemanticToken, SemanticTokensLegend, SemanticTokensParams, SemanticTokensResult, SemanticTokensServerCapabilities,
    Uri,
};

use super::document;
use crate::client::Session;

/// A word of a file, and what it is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct Token {
    /// From 1.
    pub(crate) line: u32,
    /// From 1, in characters.
    pub(crate) column: u32,
    /// In characters; line ends count as one.
    pub(crate) length: u32,
    #[serde(rename = "type")]
    pub(crate) token_type: String,
    pub(crate) modifiers: Vec<String>,
}

/// The tokens of a file, in its order.
pub(crate) async fn tokens(session: &Session, uri: &Uri) -> anyhow::Result<Vec<Token>> {
    let params = SemanticTokensParams {
        text_document: document(uri),
        work_done_progress_params: Default::default(),
        partial_result_params: Default::default(),
    };
    let found = match session.ask::<SemanticTokensFullRequest>(params).await? {
        None => return Ok(Vec::new()),
        Some(SemanticTokensResult::Tokens(tokens)) => tokens.data,
        Some(SemanticTokensResult::Partial(_)) => anyhow::bail!("the node answered with a piece of the tokens"),
    };
    let legend = match &session.capabilities().semantic_tokens_provider {
        Some(SemanticTokensServerCapabilities::SemanticTokensOptions(options)) => &options.legend,
        Some(SemanticTokensServerCapabilities::SemanticTokensRegistrationOptions(options)) => {
            &options.semantic_tokens_options.legend
        }
        None => anyhow::bail!("the node does not say what its tokens mean"),
    };
    Ok(decode(&found, legend))
}

/// Each token is told by how far it is from the one before it.
fn decode(tokens: &[SemanticToken], legend: &SemanticTokensLegend) -> Vec<Token> {
    let (mut line, mut start) = (0_u32, 0_u32);
    let decoded = tokens.iter().map(|token| {
        if token.delta_line > 0 {
            start = 0;
        }
        line = line.saturating_add(token.delta_line);
        start = start.saturating_add(token.delta_start);
        let name = legend.token_types.get(token.token_type as usize);
        let is_set =
            |bit: usize| u32::try_from(bit).is_ok_and(|bit| bit < 32 && token.token_modifiers_bitset >> bit & 1 == 1);
        let modifiers = legend.token_modifiers.iter().enumerate().filter(|(bit, _)| is_set(*bit));
        Token {
            line: line.saturating_add(1),
            column: start.saturating_add(1),
            length: token.length,
            token_type: name.map_or("unknown", |name| name.as_str()).to_owned(),
            modifiers: modifiers.map(|(_, name)| name.as_str().to_owned()).collect(),
        }
    });
    decoded.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_decoded_to_places_and_names() {
        let legend = SemanticTokensLegend {
            token_types: vec!["class".into(), "function".into()],
            token_modifiers: vec!["definition".into(), "async".into()],
        };
        let token = |delta_line, delta_start, token_type, bits| SemanticToken {
            delta_line,
            delta_start,
            length: 3,
            token_type,
            token_modifiers_bitset: bits,
        };
        let found = decode(&[token(0, 4, 1, 3), token(0, 5, 0, 0), token(2, 1, 7, 4)], &legend);
        let expected = |line, column, token_type: &str, modifiers: &[&str]| Token {
            line,
            column,
            length: 3,
            token_type: token_type.into(),
            modifiers: modifiers.iter().map(ToString::to_string).collect(),
        };
        let functions = expected(1, 5, "function", &["definition", "async"]);
        assert_eq!(found, [functions, expected(1, 10, "class", &[]), expected(3, 2, "unknown", &[])]);
    }
}
