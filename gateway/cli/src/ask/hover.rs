//! What is known of the thing at a place.

use serde::Serialize;
use vraftls_gateway::ls_types::request::HoverRequest;
use vraftls_gateway::ls_types::{HoverContents, HoverParams, MarkedString, Position, Uri};

use super::place_in;
use crate::client::Session;

/// What is known of a thing.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub(crate) struct Hover {
    /// In the language.
    pub(crate) signature: String,
    /// Of the signature.
    pub(crate) language: String,
    /// In Markdown.
    pub(crate) documentation: String,
}

/// Asks what is known of the thing at a place.
pub(crate) async fn hover(session: &Session, uri: &Uri, position: Position) -> anyhow::Result<Option<Hover>> {
    let params = HoverParams {
        text_document_position_params: place_in(uri, position),
        work_done_progress_params: Default::default(),
    };
    let found = session.ask::<HoverRequest>(params).await?;
    Ok(found.map(|hover| match hover.contents {
        HoverContents::Markup(content) => parts(&content.value),
        HoverContents::Scalar(marked) => parts(&text_of(marked)),
        HoverContents::Array(marked) => parts(&marked.into_iter().map(text_of).collect::<Vec<_>>().join("\n\n---\n\n")),
    }))
}

fn text_of(marked: MarkedString) -> String {
    match marked {
        MarkedString::String(text) => text,
        MarkedString::LanguageString(code) => format!("```{}\n{}\n```", code.language, code.value),
    }
}

/// The signature, which stands in a fence of its own above the documentation. The fence is longer than any inside it.
fn parts(markdown: &str) -> Hover {
    let only_documentation = || Hover { documentation: markdown.to_owned(), ..Hover::default() };
    let n_ticks = markdown.bytes().take_while(|&byte| byte == b'`').count();
    let Some((info, rest)) = markdown[n_ticks..].split_once('\n').filter(|_| n_ticks >= 3) else {
        return only_documentation();
    };
    let fence = format!("\n{}", &markdown[..n_ticks]);
    let Some((signature, below)) = rest.split_once(&fence) else { return only_documentation() };
    let documentation = below.strip_prefix("\n\n---\n\n").unwrap_or(below.trim_start());
    Hover { signature: signature.to_owned(), language: info.to_owned(), documentation: documentation.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hover(signature: &str, language: &str, documentation: &str) -> Hover {
        let (signature, language, documentation) = (signature.into(), language.into(), documentation.into());
        Hover { signature, language, documentation }
    }

    #[test]
    fn a_hover_is_taken_apart_as_it_was_put_together() {
        assert_eq!(
            parts("```python\ndef f()\n```\n\n---\n\nDoc.\n\n---\n\nMore."),
            hover("def f()", "python", "Doc.\n\n---\n\nMore.")
        );
        assert_eq!(parts("````python\na = \"```\"\n````"), hover("a = \"```\"", "python", ""));
        assert_eq!(parts("Only words."), hover("", "", "Only words."));
        assert_eq!(parts("```open"), hover("", "", "```open"));
        assert_eq!(parts("```py\nnever closed"), hover("", "", "```py\nnever closed"));
        assert_eq!(parts(""), Hover::default());
    }
}
