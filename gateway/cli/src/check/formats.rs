//! How the findings of a tree are printed: for people, and for the tools that people's CI hands them to.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use vraftls_index::Diagnostic;
use vraftls_text::LineIndex;

use super::FileReport;
use crate::place::line_and_column;
use crate::render;

/// Where a finding is; lines and columns from 1, columns in characters.
struct Region {
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
}

/// All findings with their places, in the order of the files.
fn findings(reports: &[FileReport]) -> impl Iterator<Item = (&str, &Diagnostic, Region)> {
    reports.iter().flat_map(|report| {
        let lines = LineIndex::new(&report.text);
        report.found.iter().map(move |found| {
            let (line, column) = line_and_column(&lines, found.span.start());
            let (end_line, end_column) = line_and_column(&lines, found.span.end());
            (report.path.as_str(), found, Region { line, column, end_line, end_column })
        })
    })
}

/// For people: source lines, and how many there are of what.
pub(super) fn text(reports: &[FileReport]) -> String {
    let mut text = String::new();
    for report in reports {
        for found in report.found.iter() {
            text.push_str(&render::diagnostic(report.path.as_str(), &report.text, found));
            text.push_str("\n\n");
        }
    }
    let count = |severity: u8| {
        reports.iter().flat_map(|report| report.found.iter()).filter(|found| found.severity == severity).count()
    };
    text.push_str(&format!("{} files checked: {} errors, {} warnings", reports.len(), count(1), count(2)));
    text
}

/// One array of objects.
pub(super) fn json(reports: &[FileReport]) -> Value {
    let each = findings(reports).map(|(path, found, region)| {
        json!({
            "file": path, "line": region.line, "column": region.column, "end_line": region.end_line,
            "end_column": region.end_column, "severity": render::severity_name(found.severity), "code": found.code,
            "message": found.message,
        })
    });
    each.collect()
}

/// Workflow commands, which GitHub shows beside the lines of a change ("Workflow commands for GitHub Actions").
pub(super) fn github(reports: &[FileReport]) -> String {
    let lines = findings(reports).map(|(path, found, region)| {
        let command = match found.severity {
            1 => "error",
            2 => "warning",
            _ => "notice",
        };
        let file = github_property(path);
        let Region { line, column, end_line, end_column } = region;
        // Columns are shown only for findings within one line.
        let columns = if line == end_line { format!(",col={column},endColumn={end_column}") } else { String::new() };
        let title = if found.code.is_empty() { "vraftls" } else { &found.code };
        let (title, message) = (github_property(title), github_data(&found.message));
        format!("::{command} file={file},line={line},endLine={end_line}{columns},title={title}::{message}\n")
    });
    lines.collect()
}

fn github_data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn github_property(text: &str) -> String {
    github_data(text).replace(':', "%3A").replace(',', "%2C")
}

/// A log of the Static Analysis Results Interchange Format 2.1.0 (OASIS), which code scanning services read.
pub(super) fn sarif(reports: &[FileReport]) -> Value {
    let codes: BTreeSet<&str> =
        findings(reports).map(|(_, found, _)| &*found.code).filter(|code| !code.is_empty()).collect();
    let help = |code: &str| {
        let mut urls =
            findings(reports).filter(|(_, found, _)| *found.code == *code).map(|(_, found, _)| &*found.code_url);
        urls.find(|url| !url.is_empty())
    };
    let rules = codes.iter().map(|code| match help(code) {
        Some(url) => json!({ "id": code, "helpUri": url }),
        None => json!({ "id": code }),
    });
    let rules: Vec<Value> = rules.collect();
    let results = findings(reports).map(|(path, found, region)| {
        let level = match found.severity {
            1 => "error",
            2 => "warning",
            _ => "note",
        };
        let mut result = json!({
            "level": level,
            "message": { "text": found.message },
            "locations": [{ "physicalLocation": {
                "artifactLocation": { "uri": uri_reference(path), "uriBaseId": "SRCROOT" },
                "region": {
                    "startLine": region.line, "startColumn": region.column,
                    "endLine": region.end_line, "endColumn": region.end_column,
                },
            } }],
        });
        if let Some(rule_idx) = codes.iter().position(|code| **code == *found.code) {
            result["ruleId"] = (&*found.code).into();
            result["ruleIndex"] = rule_idx.into();
        }
        result
    });
    let results: Vec<Value> = results.collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "vraftls", "version": env!("CARGO_PKG_VERSION"), "rules": rules } },
            // As our columns are: a character each, whatever its bytes.
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

/// A relative path as a URI reference (RFC 3986): whatever is not unreserved is escaped, byte by byte.
fn uri_reference(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use vraftls_text::Span;
    use vraftls_vfs::VfsPath;

    use super::*;

    fn report() -> Vec<FileReport> {
        let found = |span: (u32, u32), severity: u8, code: &str, message: &str| Diagnostic {
            span: Span::new(span.0, span.1).expect("in order"),
            severity,
            code: code.into(),
            code_url: if code == "rule" { "https://rules.example/rule".to_owned() } else { String::new() },
            message: message.into(),
            unnecessary: false,
            deprecated: false,
            related: Vec::new(),
        };
        let found = vec![
            found((3, 4), 1, "rule", "100% wrong,\nand: more"),
            found((0, 6), 2, "", "over two lines"),
            found((0, 2), 4, "hint", "so"),
        ];
        let path = VfsPath::new("dir/a,b \u{e9}.py").expect("a path");
        vec![FileReport { path, text: Arc::from("\u{e9}\nx = 1\n"), found: found.into() }]
    }

    #[test]
    fn github_reads_one_line_a_finding() {
        let expected = "::error file=dir/a%2Cb \u{e9}.py,line=2,endLine=2,col=1,endColumn=2,title=rule::100%25 wrong,%0Aand: more\n\
                        ::warning file=dir/a%2Cb \u{e9}.py,line=1,endLine=2,title=vraftls::over two lines\n";
        let printed = github(&report());
        assert!(printed.starts_with(expected), "{printed}");
        assert_eq!(printed.lines().count(), 3);
    }

    #[test]
    fn sarif_names_rules_files_and_characters() {
        let log = sarif(&report());
        let run = &log["runs"][0];
        assert_eq!(
            run["tool"]["driver"]["rules"],
            json!([
                { "id": "hint" }, { "id": "rule", "helpUri": "https://rules.example/rule" },
            ])
        );
        let first = &run["results"][0];
        assert_eq!(
            (&first["ruleId"], &first["ruleIndex"], &first["level"]),
            (&json!("rule"), &json!(1), &json!("error"))
        );
        let place = &first["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "dir/a%2Cb%20%C3%A9.py");
        assert_eq!(place["region"], json!({ "startLine": 2, "startColumn": 1, "endLine": 2, "endColumn": 2 }));
        assert_eq!(run["results"][1].get("ruleId"), None);
        assert_eq!(run["results"][2]["level"], "note");
    }

    #[test]
    fn json_is_an_array_and_text_ends_with_the_sum() {
        assert_eq!(json(&report())[0]["line"], 2);
        assert!(text(&report()).ends_with("1 files checked: 1 errors, 1 warnings"));
        assert_eq!(json(&[]), json!([]));
    }
}
