//! Finds where in Python a statement or a comment can be written without changing what the rest of a text means.

use crate::language::Language;
use crate::tokens::identifiers;

/// Before the first line of a function's body.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Gap {
    /// The line before which one writes, counted from 0.
    pub(crate) line: u32,
    /// What a statement there begins with.
    pub(crate) indent: String,
}

/// The gaps of a text, in order: one for each function whose header is one line.
pub(crate) fn gaps(text: &str) -> Vec<Gap> {
    let lines: Vec<&str> = text.split('\n').collect();
    let mut found = Vec::new();
    for name in identifiers(Language::Python, text) {
        let (line, next) = (lines[name.line as usize], lines.get(name.line as usize + 1));
        let before = &text[..name.offset];
        let is_header = before.trim_end_matches(' ').ends_with("def") && line.trim_end().ends_with(':');
        let Some(next) = next.filter(|_| is_header) else { continue };
        let indent = indent(next);
        if indent.len() > self::indent(line).len() && !next.trim().is_empty() {
            found.push(Gap { line: name.line + 1, indent: indent.to_owned() });
        }
    }
    found
}

fn indent(line: &str) -> &str {
    &line[..line.len() - line.trim_start().len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_before_the_body_of_a_function() {
        let text = "class A:\n    def f(self):\n        '''def no(x):\n            1\n        '''\n\nasync def g(): # x\n    \
                    pass\ndef h(\n    a):\n    pass\ndef i():\n\n  pass\ndef j():\n  pass\n";
        let expected = [(2, "        "), (15, "  ")].map(|(line, indent)| Gap { line, indent: indent.to_owned() });
        assert_eq!(gaps(text), expected);
        assert_eq!(gaps("def f():"), []);
    }
}
