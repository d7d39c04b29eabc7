//! Findings of one file: syntax errors, and what the engine is sure of.
//!
//! What is not run here, procedural macros and build scripts, and what is not known, packages and the standard library's
//! sources, would make names look wrong that are not. Where any of it is missing only findings are shown that hold without it,
//! and one hint in the root of each crate says what is missing.

use ra_ap_ide::{AssistResolveStrategy, Diagnostic as Found, DiagnosticCode, Severity, TextRange};
use vraftls_guest_sdk::{Diagnostic, Failure};

use crate::edits::is_read_only;
use crate::project::{Source, span};
use crate::settings;

/// DiagnosticTag bits.
const UNNECESSARY: u32 = 1;

/// Findings that need nothing but the crate's own files.
const CERTAIN: [&str; 14] = [
    "syntax-error",
    "E0583",
    "E0763",
    "E0267",
    "E0268",
    "E0426",
    "E0572",
    "E0728",
    "break-outside-of-loop",
    "inactive-code",
    "incoherent-impl",
    "undeclared-label",
    "unlinked-file",
    "unresolved-module",
];

/// All findings of a file, sorted by place.
pub(crate) fn diagnostics(source: &Source<'_>, path: &str) -> Result<Vec<Diagnostic>, Failure> {
    let config = settings::diagnostics();
    let strategy = AssistResolveStrategy::None;
    if is_read_only(path) {
        return Ok(Vec::new());
    }
    let gaps = source.project.world().gaps(path);
    let found = source.project.ask(|analysis| analysis.full_diagnostics(&config, strategy, source.file))?;
    let mut shown: Vec<Diagnostic> = Vec::new();
    for finding in found.iter().filter(|finding| finding.range.file_id == source.file) {
        if is_about_macros(finding) {
            shown.push(hint(source, finding.range.range, "procedural-macro", not_run(source, finding)));
        } else if gaps.is_none() || CERTAIN.contains(&finding.code.as_str()) {
            shown.extend(diagnostic(source, finding));
        }
    }
    // Once a crate is enough.
    if let Some(gaps) = gaps.filter(|_| source.project.world().is_root(source.file)) {
        shown.push(hint(source, TextRange::empty(0.into()), "incomplete-inference", gaps));
    }
    shown.sort_by(|a, b| {
        (a.span.start, a.span.end, a.severity, &a.code, &a.message).cmp(&(
            b.span.start,
            b.span.end,
            b.severity,
            &b.code,
            &b.message,
        ))
    });
    shown.dedup_by(|a, b| a.span.start == b.span.start && a.code == b.code && a.message == b.message);
    Ok(shown)
}

/// Whether a finding says no more than that a procedural macro was not run.
fn is_about_macros(finding: &Found) -> bool {
    let code = finding.code.as_str();
    matches!(code, "proc-macro-disabled" | "attribute-expansion-disabled" | "unresolved-proc-macro")
        || code == "macro-error" && finding.message.contains("proc")
}

fn not_run(source: &Source<'_>, finding: &Found) -> String {
    let name = source.slice(finding.range.range).trim_matches(['#', '[', ']', '!']).trim();
    let name = name.split(|character: char| "({ \n".contains(character)).next().unwrap_or_default();
    format!("`{name}` is a procedural macro, and those are not run here: what it makes is not known")
}

fn hint(source: &Source<'_>, range: TextRange, code: &str, message: String) -> Diagnostic {
    Diagnostic {
        span: span(clamped(source, range)),
        severity: 4,
        code: code.to_owned(),
        code_url: String::new(),
        message,
        tags: 0,
        related: Vec::new(),
    }
}

fn diagnostic(source: &Source<'_>, finding: &Found) -> Option<Diagnostic> {
    let severity = match finding.severity {
        Severity::Error => 1,
        Severity::Warning => 2,
        Severity::WeakWarning => 4,
        Severity::Allow => return None,
    };
    let code_url = match finding.code {
        DiagnosticCode::RustcHardError(_) | DiagnosticCode::RustcLint(_) | DiagnosticCode::Clippy(_) => {
            finding.code.url()
        }
        _ => String::new(),
    };
    Some(Diagnostic {
        span: span(clamped(source, finding.range.range)),
        severity,
        code: finding.code.as_str().to_owned(),
        code_url,
        message: message(finding),
        tags: if finding.unused { UNNECESSARY } else { 0 },
        related: Vec::new(),
    })
}

/// What a finding says. What the engine would have people set for its own server is left out.
fn message(finding: &Found) -> String {
    match finding.code.as_str() {
        "unlinked-file" => "no crate has this file: nothing is known of it beyond its syntax".to_owned(),
        _ => finding.message.clone(),
    }
}

/// The part of a range that lies in the text, on character boundaries.
fn clamped(source: &Source<'_>, range: TextRange) -> TextRange {
    let floor = |offset: usize| source.text.floor_char_boundary(offset.min(source.text.len()));
    let start = floor(range.start().into());
    let end = floor(range.end().into()).max(start);
    TextRange::new((start as u32).into(), (end as u32).into())
}
