//! Selection that grows: the constructs around a place, innermost first. And what is edited together: the two tags of an element.

use oxc_ast::AstKind;
use oxc_ast::ast::JSXElement;
use oxc_ast_visit::{Visit, walk};
use oxc_span::{GetSpan, Span as TreeSpan};
use vraftls_guest_sdk::{Failure, Span};

use crate::project::TypeScriptProject;
use crate::syntax;

struct Around<'o> {
    offsets: &'o [u32],
    found: Vec<Vec<TreeSpan>>,
}

impl<'a> Visit<'a> for Around<'_> {
    fn enter_node(&mut self, kind: AstKind<'a>) {
        let span = kind.span();
        for (offset, found) in self.offsets.iter().zip(&mut self.found) {
            if span.start <= *offset && *offset <= span.end && span.start < span.end {
                found.push(span);
            }
        }
    }
}

pub(crate) fn selection_ranges(
    project: &TypeScriptProject,
    path: &str,
    offsets: &[u32],
) -> Result<Vec<Vec<Span>>, Failure> {
    let (_, module) = project.question(path, None)?;
    if let Some(offset) = offsets.iter().find(|offset| !module.text.is_char_boundary(**offset as usize)) {
        return Err(Failure::InvalidInput(format!("offset {offset} is not between two characters of the file")));
    }
    let found = syntax::with_tree(path, &module.text, |tree| {
        let mut around = Around { offsets, found: vec![Vec::new(); offsets.len()] };
        around.visit_program(tree.program);
        around.found
    });
    let whole = TreeSpan::new(0, module.text.len() as u32);
    let found = found.unwrap_or_else(|_| vec![Vec::new(); offsets.len()]);
    Ok(found.into_iter().map(|spans| nested(spans, whole)).collect())
}

/// From the smallest to the whole, each within the next and each once.
fn nested(mut spans: Vec<TreeSpan>, whole: TreeSpan) -> Vec<Span> {
    spans.push(whole);
    spans.sort_by_key(|span| (span.end - span.start, span.start));
    let mut kept: Vec<TreeSpan> = Vec::new();
    for span in spans {
        let fits = kept.last().is_none_or(|last| {
            span.start <= last.start && last.end <= span.end && (span.start, span.end) != (last.start, last.end)
        });
        if fits {
            kept.push(span);
        }
    }
    kept.into_iter().map(|span| Span { start: span.start, end: span.end }).collect()
}

struct Tags {
    offset: u32,
    found: Option<[TreeSpan; 2]>,
}

impl<'a> Visit<'a> for Tags {
    fn visit_jsx_element(&mut self, element: &JSXElement<'a>) {
        if let Some(closing) = &element.closing_element {
            let names = [element.opening_element.name.span(), closing.name.span()];
            if names.iter().any(|span| span.start <= self.offset && self.offset <= span.end) {
                self.found = Some(names);
            }
        }
        walk::walk_jsx_element(self, element);
    }
}

/// The ranges that are edited together with the one at the offset.
pub(crate) fn linked_ranges(project: &TypeScriptProject, path: &str, offset: u32) -> Result<Vec<Span>, Failure> {
    let (_, module) = project.question(path, Some(offset))?;
    let found = syntax::with_tree(path, &module.text, |tree| {
        let mut tags = Tags { offset, found: None };
        tags.visit_program(tree.program);
        tags.found
    });
    let names = found.ok().flatten();
    // Only tags that say the same are edited together.
    let same = names.filter(|[open, close]| {
        module.text.get(open.start as usize..open.end as usize)
            == module.text.get(close.start as usize..close.end as usize)
    });
    let spans = same.map(|names| names.map(|span| Span { start: span.start, end: span.end }).to_vec());
    Ok(spans.unwrap_or_default())
}
