//! The arguments of the tools, and the places that they mean.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use rmcp::schemars::{self, JsonSchema};
use serde::Deserialize;
use vraftls_gateway::ls_types::{Position, Uri};
use vraftls_gateway::uri_of_path;
use vraftls_text::LineIndex;

use crate::ask::symbols::{Outlined, outline};
use crate::client::Session;
use crate::place::Region;
use crate::source;

/// Where a name leads.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// Where it is defined
    #[default]
    Definition,
    /// Where it is declared
    Declaration,
    /// Where its type is defined
    Type,
    /// Where it is implemented
    Implementation,
}

macro_rules! at {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $name {
            /// The file, relative to the folder or absolute
            file: String,
            /// The line, from 1
            #[schemars(range(min = 1))]
            line: Option<u32>,
            /// The column of the name on that line, from 1, in characters. Without it give `symbol`
            #[schemars(range(min = 1))]
            column: Option<u32>,
            /// The name as it stands on the line (the first one if there are several; `a.b` means the `b`). Without `line`: the name of
            /// something that the file defines, for example `function` or `Class.method`
            symbol: Option<String>,
            $($(#[$field_meta])* pub(super) $field: $type,)*
        }

        impl $name {
            /// The place that is meant.
            pub(super) async fn place(&self, session: &Session) -> anyhow::Result<Meant> {
                meant(session, &self.file, self.line, self.column, self.symbol.as_deref()).await
            }
        }
    };
}

at!(DefinitionArguments {
    /// Where the name leads: `definition` if it is left out
    kind: Option<Kind>,
});

at!(ReferencesArguments {
    /// At most so many places: 100 if it is left out, 1000 at most
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<u32>,
});

at!(HoverArguments {});

at!(RenameArguments {
    /// The new name
    new_name: String,
});

/// Arguments of `symbols`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SymbolsArguments {
    /// A name, or a part of one. Without it give `file`
    pub(super) query: Option<String>,
    /// The file to outline, relative to the folder or absolute. Without it the whole folder is searched
    pub(super) file: Option<String>,
    /// At most so many symbols: 50 if it is left out, 200 at most
    #[schemars(range(min = 1, max = 200))]
    pub(super) limit: Option<u32>,
}

/// How bad a finding is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Severity {
    /// Errors only
    Error,
    /// Errors and warnings
    Warning,
    /// Remarks too
    Information,
    /// Everything
    #[default]
    Hint,
}

/// Arguments of `diagnostics`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DiagnosticsArguments {
    /// The file, relative to the folder or absolute. Without it the whole folder is checked
    pub(super) file: Option<String>,
    /// The least severity that is told: everything if it is left out
    pub(super) severity: Option<Severity>,
    /// At most so many findings: 100 if it is left out, 1000 at most
    #[schemars(range(min = 1, max = 1000))]
    pub(super) limit: Option<u32>,
}

/// The place that arguments mean.
pub(super) struct Meant {
    pub(super) uri: Uri,
    pub(super) position: Position,
}

/// A number of things to show, between one and the most.
pub(super) fn limit(wanted: Option<u32>, usual: u32, most: u32) -> anyhow::Result<usize> {
    let limit = wanted.unwrap_or(usual);
    anyhow::ensure!((1..=most).contains(&limit), "`limit` is {limit}, and may be from 1 to {most}");
    Ok(limit as usize)
}

/// The path of a file that an agent names. Fails in words if there is none.
pub(super) async fn file(session: &Session, named: &str) -> anyhow::Result<PathBuf> {
    let path = session.root().join(named);
    let (named, root) = (named.to_owned(), session.root().to_owned());
    let found = tokio::task::spawn_blocking(move || {
        let found = path.canonicalize().with_context(|| format!("there is no file `{named}` in {}", root.display()))?;
        anyhow::ensure!(!found.is_dir(), "`{named}` is a folder, not a file");
        Ok(found)
    });
    let found = found.await??;
    session.open_outside(&found).await?;
    Ok(found)
}

/// The URI of a file.
pub(super) fn uri_of(path: &Path) -> anyhow::Result<Uri> {
    uri_of_path(path).with_context(|| format!("the path {} is not UTF-8", path.display()))
}

async fn meant(
    session: &Session,
    named: &str,
    line: Option<u32>,
    column: Option<u32>,
    symbol: Option<&str>,
) -> anyhow::Result<Meant> {
    let path = file(session, named).await?;
    let uri = uri_of(&path)?;
    let position = match (line, column, symbol) {
        (Some(0), _, _) | (_, Some(0), _) => bail!("lines and columns count from 1"),
        (Some(line), Some(column), _) => {
            let text = source::text_of(path).await?;
            let found = line_of(&text, named, line)?;
            let n_characters = found.chars().count();
            // One behind the last: a cursor at the end of a line is at the name before it.
            anyhow::ensure!(
                column as usize <= n_characters + 1,
                "line {line} of `{named}` has only {n_characters} characters"
            );
            Position { line: line - 1, character: column - 1 }
        }
        (Some(line), None, Some(symbol)) => {
            let text = source::text_of(path).await?;
            let found = line_of(&text, named, line)?;
            let character = find_symbol(found, symbol).with_context(|| {
                format!("`{symbol}` does not stand on line {line} of `{named}`, which is: {}", found.trim())
            })?;
            Position { line: line - 1, character }
        }
        (None, None, Some(symbol)) => defined(session, &uri, named, symbol).await?,
        (None, Some(_), _) => bail!("`column` needs `line`"),
        (_, None, None) => bail!("say which name: `line` and `column`, `line` and `symbol`, or `symbol`"),
    };
    Ok(Meant { uri, position })
}

fn line_of<'a>(text: &'a str, named: &str, line: u32) -> anyhow::Result<&'a str> {
    let lines = LineIndex::new(text);
    let span = lines.line_span(line - 1).and_then(|span| span.slice(text));
    span.with_context(|| format!("`{named}` has only {} lines", lines.n_lines()))
}

/// Where a name stands in a line by itself, in characters from 0; of `a.b` where the `b` does.
fn find_symbol(line: &str, symbol: &str) -> Option<u32> {
    if symbol.is_empty() {
        return None;
    }
    let is_word = |char: char| char.is_alphanumeric() || char == '_';
    let whole = |(at, _): &(usize, &str)| {
        let before = line[..*at].chars().next_back().is_some_and(is_word) && symbol.starts_with(is_word);
        let after = line[at + symbol.len()..].chars().next().is_some_and(is_word) && symbol.ends_with(is_word);
        !before && !after
    };
    let (at, _) = line.match_indices(symbol).find(whole)?;
    let last_part = symbol.rfind('.').map_or(0, |dot| dot + 1);
    u32::try_from(line[..at + last_part].chars().count()).ok()
}

/// Where a file defines something.
async fn defined(session: &Session, uri: &Uri, named: &str, symbol: &str) -> anyhow::Result<Position> {
    let outlined = outline(session, uri).await?;
    let path: Vec<&str> = symbol.split('.').collect();
    let found = find_defined(&outlined, &path);
    let Region { line, column, .. } = found.with_context(|| {
        format!(
            "`{named}` defines no `{symbol}`; give the `line` on which it stands, or look at the outline with `symbols`"
        )
    })?;
    Ok(Position { line: line - 1, character: column - 1 })
}

/// The first symbol with this path, at the top or inside another.
fn find_defined(outlined: &[Outlined], path: &[&str]) -> Option<Region> {
    let (first, rest) = path.split_first()?;
    let here = outlined.iter().filter(|symbol| symbol.name == *first);
    let here = here.into_iter().find_map(|symbol| {
        if rest.is_empty() { Some(symbol.spot.region) } else { find_defined(&symbol.children, rest) }
    });
    here.or_else(|| outlined.iter().find_map(|symbol| find_defined(&symbol.children, path)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ask::Spot;

    #[test]
    fn names_are_found_on_lines() {
        let line = "    é = self.lines_of(lines, self.lines)";
        assert_eq!(find_symbol(line, "lines"), Some(22));
        assert_eq!(find_symbol(line, "self"), Some(8));
        assert_eq!(find_symbol(line, "self.lines"), Some(34));
        assert_eq!(find_symbol(line, "lines_of"), Some(13));
        assert_eq!(find_symbol(line, "é"), Some(4));
        for absent in ["line", "ines", "", "other", "self.l"] {
            assert_eq!(find_symbol(line, absent), None, "{absent}");
        }
    }

    #[test]
    fn definitions_are_found_by_their_names() {
        let region = |line| Region { line, column: 1, end_line: line, end_column: 2 };
        let symbol = |name: &str, line, children: Vec<Outlined>| Outlined {
            name: name.to_owned(),
            kind: "class",
            detail: String::new(),
            deprecated: false,
            spot: Spot { file: "a.py".to_owned(), region: region(line) },
            range: region(line),
            children,
        };
        let outlined = [symbol("A", 1, vec![symbol("f", 2, vec![])]), symbol("B", 3, vec![symbol("f", 4, vec![])])];
        let line = |path: &[&str]| find_defined(&outlined, path).map(|region| region.line);
        assert_eq!([line(&["A"]), line(&["B", "f"]), line(&["f"])], [Some(1), Some(4), Some(2)]);
        assert_eq!([line(&["A", "g"]), line(&["f", "A"]), line(&[""])], [None, None, None]);
    }

    #[test]
    fn limits_have_their_bounds() {
        assert_eq!(limit(None, 50, 200).ok(), Some(50));
        assert_eq!(limit(Some(200), 50, 200).ok(), Some(200));
        assert!(limit(Some(0), 50, 200).is_err() && limit(Some(201), 50, 200).is_err());
    }
}
