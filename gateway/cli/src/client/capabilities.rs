//! What a command can do with, as it tells the server: everything, in the form that loses least.

use serde_json::json;
use vraftls_gateway::ls_types::ClientCapabilities;

/// What a command can do with. Lists come whole, edits and ranges at once, and documentation as it was written.
pub(super) fn capabilities(n_symbols_max: Option<u32>) -> ClientCapabilities {
    let links = json!({"linkSupport": false});
    let formats = json!(["markdown"]);
    let capabilities = json!({
        "general": {"positionEncodings": ["utf-32"]},
        "window": {"workDoneProgress": true},
        "workspace": {"workspaceEdit": {"documentChanges": true}, "fileOperations": {"willRename": true}},
        "textDocument": {
            "definition": links, "declaration": links, "typeDefinition": links, "implementation": links,
            "hover": {"contentFormat": formats},
            "documentSymbol": {"hierarchicalDocumentSymbolSupport": true, "tagSupport": {"valueSet": [1]}},
            "completion": {"completionItem": {
                "documentationFormat": formats, "labelDetailsSupport": true, "deprecatedSupport": true,
                "tagSupport": {"valueSet": [1]},
            }},
            "signatureHelp": {"signatureInformation": {
                "documentationFormat": formats, "activeParameterSupport": true,
                "parameterInformation": {"labelOffsetSupport": true},
            }},
            "codeAction": {
                "codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}}, "isPreferredSupport": true,
            },
            "semanticTokens": {
                "requests": {"full": true, "range": true}, "tokenTypes": [], "tokenModifiers": [],
                "formats": ["relative"], "multilineTokenSupport": true, "overlappingTokenSupport": false,
            },
            // Pulled, and never sent.
            "diagnostic": {},
            "publishDiagnostics": {
                "relatedInformation": true, "codeDescriptionSupport": true, "tagSupport": {"valueSet": [1, 2]},
            },
        },
        "experimental": {
            "commands": {"commands": ["vraftls.showReferences", "vraftls.runTest"]},
            "vraftls": {"partialAnswers": true, "workspaceSymbols": n_symbols_max},
        },
    });
    serde_json::from_value(capabilities).expect("these are capabilities of the protocol")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_of_the_protocol() {
        let told = serde_json::to_value(capabilities(Some(7))).expect("they are written as JSON");
        assert_eq!(told["general"]["positionEncodings"], json!(["utf-32"]));
        assert_eq!(told["experimental"]["vraftls"]["partialAnswers"], true);
        assert_eq!(told["experimental"]["vraftls"]["workspaceSymbols"], 7);
        assert!(told["textDocument"]["diagnostic"].is_object());
    }
}
