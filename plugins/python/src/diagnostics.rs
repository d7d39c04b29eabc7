//! All findings of one file: syntax, types and semantics as the engine reports them, and code that nothing reaches or reads.

use ruff_db::diagnostic::{Annotation, Diagnostic as Finding, DiagnosticTag, Severity, Span as Place, UnifiedFile};
use ruff_db::files::File;
use ruff_text_size::TextRange;
use ty_python_core::Db as _;
use ty_python_semantic::Db as _;
use ty_python_semantic::types::ide_support::{UnreachableKind, unreachable_ranges, unused_bindings};
use vraftls_guest_sdk::{Diagnostic, Failure, Related};

use crate::actions;
use crate::imports::unused::unused_imports;
use crate::project::{PythonProject, span};
use crate::scopes;

const ERROR: u32 = 1;
const WARNING: u32 = 2;
const INFORMATION: u32 = 3;
const HINT: u32 = 4;

const UNNECESSARY: u32 = 1;
const DEPRECATED: u32 = 2;

/// All findings of one file, sorted by place. None in libraries: who reads them cannot change them.
pub(crate) fn diagnostics(project: &PythonProject, path: &str) -> Result<Vec<Diagnostic>, Failure> {
    let file = project.file(path)?;
    let db = project.db();
    if !db.should_check_file(file) {
        return Ok(Vec::new());
    }
    // A check cannot be stopped, so what takes long is done before.
    if let Ok(source) = project.source(path) {
        scopes::infer(project, &source)?;
    }
    let mut found: Vec<Diagnostic> =
        db.check_file(file).iter().map(|finding| convert(project, file, finding)).collect();
    // That a file cannot be read is a finding too, and then the only one.
    if let Ok(source) = project.source(path) {
        found.extend(hints(project, file));
        found.extend(unused_imports(&source, path).into_iter().map(|unused| {
            hint(unused.range, actions::UNUSED_IMPORT, format!("`{}` is imported but never used", unused.title))
        }));
    }
    found.sort_by(|a, b| {
        (a.span.start, a.span.end, a.severity, &a.code).cmp(&(b.span.start, b.span.end, b.severity, &b.code))
    });
    Ok(found)
}

fn convert(project: &PythonProject, file: File, finding: &Finding) -> Diagnostic {
    let severity = match finding.severity() {
        Severity::Fatal | Severity::Error => ERROR,
        Severity::Warning => WARNING,
        Severity::Info => INFORMATION,
    };
    let tags = finding.primary_tags().unwrap_or_default().iter().fold(0, |bits, tag| match tag {
        DiagnosticTag::Unnecessary => bits | UNNECESSARY,
        DiagnosticTag::Deprecated => bits | DEPRECATED,
    });
    let others = finding.secondary_annotations().filter_map(|annotation| related(project, annotation, None));
    let explained = finding.sub_diagnostics().iter().flat_map(|sub| {
        let primary = sub
            .primary_annotation()
            .and_then(|annotation| related(project, annotation, Some(sub.concise_message().to_string())));
        primary
            .into_iter()
            .chain(sub.secondary_annotations().filter_map(|annotation| related(project, annotation, None)))
    });
    let range =
        finding.primary_span().filter(|place| place.file() == &UnifiedFile::Ty(file)).and_then(|place| place.range());
    Diagnostic {
        span: span(range.unwrap_or_default()),
        severity,
        code: finding.id().as_str().to_owned(),
        code_url: finding.documentation_url().unwrap_or_default().to_owned(),
        message: message(finding),
        tags,
        related: others.chain(explained).collect(),
    }
}

/// The message, and what its notes add that has no place of its own.
fn message(finding: &Finding) -> String {
    let mut message = finding.concise_message().to_string();
    for note in finding.sub_diagnostics().iter().filter(|note| note.primary_annotation().is_none()) {
        message.push('\n');
        message.push_str(&note.concise_message().to_string());
    }
    message
}

fn related(project: &PythonProject, annotation: &Annotation, message: Option<String>) -> Option<Related> {
    let place: &Place = annotation.get_span();
    let UnifiedFile::Ty(file) = place.file() else { return None };
    let range = place.range()?;
    let message = message.or_else(|| annotation.get_message().map(str::to_owned)).unwrap_or_default();
    Some(Related { location: project.location(*file, range, range), message })
}

/// What an editor shows faded.
fn hints(project: &PythonProject, file: File) -> impl Iterator<Item = Diagnostic> {
    let program_file = project.program_file(file);
    let unused = unused_bindings(project.db(), program_file);
    let unreachable = unreachable_ranges(project.db(), program_file);
    let unused: Vec<_> = unused
        .iter()
        .map(|binding| hint(binding.range, "unused-binding", format!("`{}` is never read", binding.name)))
        .collect();
    let unreachable: Vec<_> = unreachable
        .iter()
        .map(|code| {
            let message = match code.kind {
                UnreachableKind::Unconditional => "this code is never reached",
                UnreachableKind::CurrentAnalysis => {
                    "this code is not reached with this version, platform and these types"
                }
            };
            hint(code.range, "unreachable-code", message.to_owned())
        })
        .collect();
    unused.into_iter().chain(unreachable)
}

fn hint(range: TextRange, code: &str, message: String) -> Diagnostic {
    Diagnostic {
        span: span(range),
        severity: HINT,
        code: code.to_owned(),
        code_url: String::new(),
        message,
        tags: UNNECESSARY,
        related: Vec::new(),
    }
}
