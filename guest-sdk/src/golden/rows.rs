//! The lines of a golden file.

use std::collections::BTreeSet;
use std::error::Error;

use serde_json::Value;

/// A file of the tree, a line, and a character in UTF-16.
pub(super) type Place = (String, u32, u32);

/// A position, and what the reference server said of it.
pub(super) struct Row {
    pub(super) file: String,
    pub(super) line: u32,
    pub(super) character: u32,
    name: String,
    /// Whether the reference server failed.
    pub(super) is_error: bool,
    /// In the tree.
    pub(super) definition: Vec<Place>,
    /// In the tree; none where nobody asked, and where nothing was found.
    pub(super) references: Option<BTreeSet<Place>>,
}

impl Row {
    pub(super) fn read(line: &str) -> Result<Self, Box<dyn Error>> {
        let row: Value = serde_json::from_str(line)?;
        let number = |key: &str| row[key].as_u64().and_then(|number| u32::try_from(number).ok());
        let text = |key: &str| row[key].as_str().map(str::to_owned);
        let (Some(file), Some(line), Some(character)) = (text("file"), number("line"), number("character")) else {
            return Err(format!("no position: {row}").into());
        };
        let references = row["references"].as_array().filter(|references| !references.is_empty());
        Ok(Self {
            file,
            line,
            character,
            name: text("name").unwrap_or_default(),
            is_error: !row["error"].is_null(),
            definition: row["definition"].as_array().into_iter().flatten().filter_map(place).collect(),
            references: references.map(|references| references.iter().filter_map(place).collect()),
        })
    }
}

impl std::fmt::Display for Row {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}:{}:{} {}", self.file, self.line + 1, self.character + 1, self.name)
    }
}

/// A place in the tree.
fn place(value: &Value) -> Option<Place> {
    let number = |index: usize| value[index].as_u64().and_then(|number| u32::try_from(number).ok());
    let file = value[0].as_str().filter(|file| !file.starts_with('/') && !file.contains("://"))?;
    Some((file.to_owned(), number(1)?, number(2)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_position_with_what_was_said_of_it() {
        let line = "{\"file\": \"a.py\", \"line\": 1, \"character\": 2, \"name\": \"x\", \"error\": null, \
                    \"definition\": [[\"b.py\", 3, 4, 3, 5], [\"/usr/c.py\", 0, 0, 0, 0], [\"zip://d\", 0, 0, 0, 0]], \
                    \"references\": []}";
        let row = Row::read(line).expect("a row");
        assert_eq!((row.to_string().as_str(), row.is_error, row.references.is_some()), ("a.py:2:3 x", false, false));
        assert_eq!(row.definition, [("b.py".to_owned(), 3, 4)]);
        let failed =
            Row::read("{\"file\": \"a.py\", \"line\": 0, \"character\": 0, \"error\": \"no\"}").expect("a row");
        assert!(failed.is_error && failed.definition.is_empty());
        assert!(Row::read("{\"file\": \"a.py\"}").is_err() && Row::read("").is_err());
    }
}
