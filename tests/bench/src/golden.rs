//! Answers of a reference server that somebody kept: one JSON object on each line, with `file`, `line`, `character` (UTF-16),
//! `definition` and sometimes `references`, each of them `[file, line, character, ..]`, or with `error`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::agreement::{Answers, Place, Reference};
use crate::sample::Position;
use crate::trees::Tree;

/// The answers that are kept for a tree, if the directory has any: `<language>-<name>-<version>.jsonl`.
pub(crate) fn read(directory: &Path, tree: Tree) -> Result<Option<Reference>> {
    let path = directory.join(format!("{}-{}-{}.jsonl", tree.language.name(), tree.name, tree.version));
    if !path.exists() {
        return Ok(None);
    }
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    parse(&text).map(Some).with_context(|| format!("{} is not understood", path.display()))
}

fn parse(text: &str) -> Result<Reference> {
    let mut reference = Reference { positions: Vec::new(), answers: Answers::default() };
    for (index, line) in text.lines().enumerate() {
        let context = || format!("line {}", index + 1);
        let row: Value = serde_json::from_str(line).with_context(context)?;
        if row.get("error").is_some() {
            continue;
        }
        let number = reference.positions.len();
        reference.positions.push(position(&row).with_context(context)?);
        reference.answers.definitions.insert(number, places(&row["definition"]).with_context(context)?);
        if row.get("references").is_some() {
            reference.answers.references.insert(number, places(&row["references"]).with_context(context)?);
        }
    }
    // References of what is defined elsewhere depend on more than the tree.
    let inside: Vec<usize> = reference.defined_inside().collect();
    reference.answers.references.retain(|number, _| inside.contains(number));
    Ok(reference)
}

fn position(row: &Value) -> Option<Position> {
    let file = row["file"].as_str()?.to_owned();
    Some(Position { file, line: number(&row["line"])?, character: number(&row["character"])? })
}

fn places(list: &Value) -> Option<Vec<Place>> {
    let place = |item: &Value| Some((item[0].as_str()?.to_owned(), number(&item[1])?, number(&item[2])?));
    list.as_array()?.iter().map(place).collect()
}

fn number(value: &Value) -> Option<u32> {
    u32::try_from(value.as_u64()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_a_reference() -> Result<()> {
        let text = r#"{"file":"a.py","line":1,"character":2,"name":"x","definition":[["a.py",0,4,0,5]],"references":[["b.py",7,0,7,1]]}
{"file":"a.py","line":3,"character":0,"name":"y","error":"no answer"}
{"file":"a.py","line":4,"character":0,"name":"int","definition":[["outside://builtins.pyi",1,0,1,3]],"references":[["a.py",4,0,4,3]]}"#;
        let reference = parse(text)?;
        assert_eq!(reference.positions.len(), 2);
        assert_eq!(reference.answers.definitions[&0], [("a.py".to_owned(), 0, 4)]);
        assert_eq!(reference.answers.references.len(), 1);
        assert_eq!(reference.answers.references[&0], [("b.py".to_owned(), 7, 0)]);
        Ok(())
    }

    #[test]
    fn what_is_no_row_is_an_error() {
        assert!(parse(r#"{"file":"a.py","line":1}"#).is_err());
        assert!(parse("nonsense").is_err());
    }
}
