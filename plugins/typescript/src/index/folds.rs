//! Foldable ranges: blocks and literals over several lines, runs of imports, comments, and regions that comments mark.

use oxc_ast::AstKind;
use oxc_ast::ast::{Program, Statement};
use oxc_ast_visit::Visit;
use oxc_span::{GetSpan, Span};

const CODE: u32 = 0;
const COMMENT: u32 = 1;
const IMPORTS: u32 = 2;
const REGION: u32 = 3;

struct Folder<'t> {
    text: &'t str,
    found: Vec<(u32, u32, u32)>,
}

impl Folder<'_> {
    fn add(&mut self, span: Span, kind: u32) {
        let inside = self.text.get(span.start as usize..span.end as usize).unwrap_or_default();
        if inside.contains('\n') {
            self.found.push((span.start, span.end, kind));
        }
    }
}

impl<'a> Visit<'a> for Folder<'_> {
    fn enter_node(&mut self, kind: AstKind<'a>) {
        let folds = matches!(
            kind,
            AstKind::BlockStatement(_)
                | AstKind::FunctionBody(_)
                | AstKind::ClassBody(_)
                | AstKind::ObjectExpression(_)
                | AstKind::ArrayExpression(_)
                | AstKind::SwitchStatement(_)
                | AstKind::TSInterfaceBody(_)
                | AstKind::TSEnumBody(_)
                | AstKind::TSModuleBlock(_)
                | AstKind::TSTypeLiteral(_)
                | AstKind::TemplateLiteral(_)
                | AstKind::JSXElement(_)
                | AstKind::JSXFragment(_)
                | AstKind::ObjectPattern(_)
        );
        if folds {
            self.add(kind.span(), CODE);
        }
    }
}

/// The folds as groups of 3: start, end, kind; ascending by start.
pub(super) fn folds(text: &str, program: &Program<'_>) -> Vec<u32> {
    let mut folder = Folder { text, found: Vec::new() };
    folder.visit_program(program);
    let mut run: Option<Span> = None;
    for statement in &program.body {
        if let Statement::ImportDeclaration(import) = statement {
            run = Some(run.map_or(import.span, |run| Span::new(run.start, import.span.end)));
        } else if let Some(run) = run.take() {
            folder.add(run, IMPORTS);
        }
    }
    if let Some(run) = run {
        folder.add(run, IMPORTS);
    }
    comments(&mut folder, program);
    let mut found = folder.found;
    found.sort_unstable();
    found.dedup_by_key(|(start, _, kind)| (*start, *kind));
    found.into_iter().flat_map(|(start, end, kind)| [start, end, kind]).collect()
}

fn comments(folder: &mut Folder<'_>, program: &Program<'_>) {
    let mut regions: Vec<u32> = Vec::new();
    let mut run: Option<Span> = None;
    for comment in &program.comments {
        if comment.is_block() {
            folder.add(comment.span, COMMENT);
            continue;
        }
        let text =
            folder.text.get(comment.span.start as usize + 2..comment.span.end as usize).unwrap_or_default().trim();
        if text.starts_with("#region") || text.starts_with("region ") {
            regions.push(comment.span.start);
        } else if (text.starts_with("#endregion") || text.starts_with("endregion"))
            && let Some(start) = regions.pop()
        {
            folder.add(Span::new(start, comment.span.end), REGION);
        }
        // Comments on lines that follow one another.
        let joined = run.filter(|run| {
            let between = folder.text.get(run.end as usize..comment.span.start as usize).unwrap_or("x");
            between.trim().is_empty() && between.matches('\n').count() == 1
        });
        match joined {
            Some(known) => run = Some(Span::new(known.start, comment.span.end)),
            None => {
                if let Some(known) = run {
                    folder.add(known, COMMENT);
                }
                run = Some(comment.span);
            }
        }
    }
    if let Some(known) = run {
        folder.add(known, COMMENT);
    }
}
