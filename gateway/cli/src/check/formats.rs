//! How the findings of a tree are printed: for people, and for the tools that people's CI hands them to.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::FileReport;
use crate::finding::Finding;
use crate::place::Region;
use crate::render;

/// All findings with their files, in the order of the files.
fn findings(reports: &[FileReport]) -> impl Iterator<Item = (&str, &Finding)> {
    reports.iter().flat_map(|report| report.found.iter().map(|found| (report.path.as_str(), found)))
}

/// For people: source lines, and how many there are of what.
pub(super) fn text(reports: &[FileReport]) -> String {
    let mut text = String::new();
    for report in reports {
        for found in &report.found {
            text.push_str(&render::finding(&report.path, &report.text, found));
            text.push_str("\n\n");
        }
    }
    let count = |severity: u8| findings(reports).filter(|(_, found)| found.severity == severity).count();
    text.push_str(&format!("{} files checked: {} errors, {} warnings", reports.len(), count(1), count(2)));
    text
}

/// One array of objects.
pub(super) fn json(reports: &[FileReport]) -> Value {
    findings(reports).map(|(path, found)| found.json(path)).collect()
}

/// Workflow commands, which GitHub shows beside the lines of a change ("Workflow commands for GitHub Actions").
pub(super) fn github(reports: &[FileReport]) -> String {
    let lines = findings(reports).map(|(path, found)| {
        let command = match found.severity {
            1 => "error",
            2 => "warning",
            _ => "notice",
        };
        let file = github_property(path);
        let Region { line, column, end_line, end_column } = found.region;
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
        findings(reports).map(|(_, found)| &*found.code).filter(|code| !code.is_empty()).collect();
    let help = |code: &str| {
        let mut urls = findings(reports).filter(|(_, found)| *found.code == *code).map(|(_, found)| &*found.code_url);
        urls.find(|url| !url.is_empty())
    };
    let rules = codes.iter().map(|code| match help(code) {
        Some(url) => json!({ "id": code, "helpUri": url }),
        None => json!({ "id": code }),
    });
    let rules: Vec<Value> = rules.collect();
    let results = findings(reports).map(|(path, found)| {
        let level = match found.severity {
            1 => "error",
            2 => "warning",
            _ => "note",
        };
        let Region { line, column, end_line, end_column } = found.region;
        let mut result = json!({
            "level": level,
            "message": { "text": found.message },
            "locations": [{ "physicalLocation": {
                "artifactLocation": { "uri": uri_reference(path), "uriBaseId": "SRCROOT" },
                "region": {
                    "startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column,
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
    use super::*;

    fn report() -> Vec<FileReport> {
        let found = |region: [u32; 4], severity: u8, code: &str, message: &str| Finding {
            region: Region { line: region[0], column: region[1], end_line: region[2], end_column: region[3] },
            severity,
            code: code.into(),
            code_url: if code == "rule" { "https://rules.example/rule".to_owned() } else { String::new() },
            message: message.into(),
        };
        let found = vec![
            found([2, 1, 2, 2], 1, "rule", "100% wrong,\nand: more"),
            found([1, 1, 2, 4], 2, "", "over two lines"),
            found([1, 1, 1, 2], 4, "hint", "so"),
        ];
        vec![FileReport { path: "dir/a,b \u{e9}.py".to_owned(), text: "\u{e9}\nx = 1\n".to_owned(), found }]
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
