//! What a person wants to know of the thing under the pointer: its signature or type, and its documentation.

use ra_ap_ide::{FileRange, HoverConfig, HoverDocFormat, SubstTyLen, TextRange};
use vraftls_guest_sdk::{Failure, HoverInfo};

use crate::project::{Source, span};
use crate::settings::fixtures;

/// Fields and variants that a signature shows.
const MEMBERS_MAX: usize = 5;
/// Characters of what stands for a type parameter.
const SUBSTITUTED_MAX: usize = 20;

/// What is known of the thing at the offset.
pub(crate) fn hover(source: &Source<'_>, offset: u32) -> Result<Option<HoverInfo>, Failure> {
    let offset = source.offset(offset)?;
    let config = HoverConfig {
        links_in_hover: true,
        memory_layout: None,
        documentation: true,
        keywords: true,
        format: HoverDocFormat::Markdown,
        max_trait_assoc_items_count: None,
        max_fields_count: Some(MEMBERS_MAX),
        max_enum_variants_count: Some(MEMBERS_MAX),
        max_subst_ty_len: SubstTyLen::LimitTo(SUBSTITUTED_MAX),
        show_drop_glue: false,
        ra_fixture: fixtures(),
    };
    let range = FileRange { file_id: source.file, range: TextRange::empty(offset) };
    let Some(found) = source.project.ask(|analysis| analysis.hover(&config, range))? else { return Ok(None) };
    let (signature, documentation) = parts(found.info.markup.as_str());
    let is_empty = signature.is_empty() && documentation.is_empty();
    Ok((!is_empty).then(|| HoverInfo {
        span: span(found.range),
        signature,
        language: "rust".to_owned(),
        documentation,
    }))
}

/// The code that a hover begins with, and the Markdown after it.
fn parts(markup: &str) -> (String, String) {
    let mut code: Vec<&str> = Vec::new();
    let mut rest = markup.trim_start_matches('\n');
    while let Some(block) = rest.strip_prefix("```rust\n") {
        let Some((block, after)) = block.split_once("\n```") else { break };
        code.push(block);
        rest = after.trim_start_matches('\n');
    }
    let rest = rest.strip_prefix("---").unwrap_or(rest);
    (code.join("\n\n"), rest.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn code_and_documentation_are_told_apart() {
        let parts = |markup| {
            let (code, rest) = parts(markup);
            format!("{code}|{rest}")
        };
        assert_eq!(parts("```rust\na::b\n```\n\n```rust\nfn f()\n```\n\n---\n\nDoc.\n"), "a::b\n\nfn f()|Doc.");
        assert_eq!(parts("\n```rust\nfn f()\n```"), "fn f()|");
        assert_eq!(parts("Doc."), "|Doc.");
        assert_eq!(parts("```rust\nfn f("), "|```rust\nfn f(");
    }
}
