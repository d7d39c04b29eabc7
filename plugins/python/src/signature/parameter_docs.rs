//! What a docstring says of each parameter, in the styles of Google, NumPy and Sphinx.
//!
//! A docstring is prose; where it follows none of the styles, nothing is found.

use rustc_hash::FxHashMap;

/// Descriptions by the name of the parameter, without stars.
pub(super) type ParameterDocs = FxHashMap<String, String>;

/// What the docstring says of each parameter.
pub(super) fn parameter_docs(docstring: &str) -> ParameterDocs {
    let lines: Vec<&str> = docstring.lines().collect();
    let mut docs = ParameterDocs::default();
    let mut index = 0;
    while let Some(line) = lines.get(index) {
        let rest = &lines[index + 1..];
        index += 1 + if let Some((names, text)) = field(line) {
            entry(&mut docs, names, text, rest, indent(line))
        } else if is_underlined_section(line, rest) {
            1 + numpy_section(&mut docs, &rest[1..], indent(line))
        } else if is_section(line) {
            google_section(&mut docs, rest, indent(line))
        } else {
            0
        };
    }
    docs
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

fn is_section_name(name: &str) -> bool {
    matches!(
        name.to_ascii_lowercase().as_str(),
        "args"
            | "arguments"
            | "parameters"
            | "params"
            | "keyword args"
            | "keyword arguments"
            | "other parameters"
            | "attributes"
    )
}

/// `Args:` on a line of its own.
fn is_section(line: &str) -> bool {
    line.trim().strip_suffix(':').is_some_and(is_section_name)
}

/// `Parameters` with a line of dashes below.
fn is_underlined_section(line: &str, rest: &[&str]) -> bool {
    let underlined = rest
        .first()
        .map(|next| next.trim())
        .is_some_and(|next| next.len() >= 3 && next.bytes().all(|byte| byte == b'-'));
    underlined && is_section_name(line.trim())
}

/// A Sphinx field `:param int name: text`, or an Epytext one with `@`.
fn field(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_start();
    let line = line.strip_prefix(':').or_else(|| line.strip_prefix('@'))?;
    let (head, text) = line.split_once(':')?;
    let (word, rest) = head.split_once(char::is_whitespace)?;
    let is_parameter =
        matches!(word, "param" | "parameter" | "arg" | "argument" | "key" | "keyword" | "kwarg" | "kwparam");
    let name = rest.split_whitespace().last()?;
    is_parameter.then_some((name, text))
}

/// Adds an entry of which the first line is `text`, with the deeper indented lines that follow; how many they are.
fn entry(docs: &mut ParameterDocs, names: &str, text: &str, rest: &[&str], indentation: usize) -> usize {
    let mut description = text.trim().to_owned();
    let mut taken = 0;
    for line in rest {
        // An empty line belongs to the entry if more of it follows.
        let continues = match line.trim().is_empty() {
            true => rest[taken + 1..]
                .iter()
                .find(|line| !line.trim().is_empty())
                .is_some_and(|line| indent(line) > indentation),
            false => indent(line) > indentation,
        };
        if !continues {
            break;
        }
        taken += 1;
        let line = line.trim();
        match (line.is_empty(), description.is_empty()) {
            (true, _) => description.push_str("\n\n"),
            (false, true) => description.push_str(line),
            (false, false) => {
                if !description.ends_with('\n') {
                    description.push(' ');
                }
                description.push_str(line);
            }
        }
    }
    for name in names.split(',') {
        let name = name.trim().trim_start_matches(['*', '\\', '`']).trim_end_matches('`');
        if !name.is_empty() {
            docs.entry(name.to_owned()).or_insert_with(|| description.trim().to_owned());
        }
    }
    taken
}

/// `name (type): text` entries, indented below the header; how many lines they take.
fn google_section(docs: &mut ParameterDocs, lines: &[&str], header: usize) -> usize {
    let mut index = 0;
    while let Some(line) = lines.get(index) {
        if line.trim().is_empty() {
            index += 1;
            continue;
        }
        if indent(line) <= header {
            break;
        }
        index += 1 + match google_entry(line.trim()) {
            Some((name, text)) => entry(docs, name, text, &lines[index + 1..], indent(line)),
            None => 0,
        };
    }
    index
}

/// Splits `name (Dict[str, int], optional): text`.
fn google_entry(line: &str) -> Option<(&str, &str)> {
    let mut depth = 0_u32;
    for (at, c) in line.char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            ':' if depth == 0 => {
                let head = &line[..at];
                let name = head.split_once('(').map_or(head, |(name, _)| name).trim();
                let is_name = !name.is_empty() && !name.contains(char::is_whitespace);
                return is_name.then_some((name, &line[at + 1..]));
            }
            _ => {}
        }
    }
    None
}

/// `name : type` entries at the header's indentation with indented descriptions; how many lines they take.
fn numpy_section(docs: &mut ParameterDocs, lines: &[&str], header: usize) -> usize {
    let mut index = 0;
    while let Some(line) = lines.get(index) {
        if line.trim().is_empty() {
            index += 1;
            continue;
        }
        let next_section = lines.get(index + 1).is_some_and(|next| {
            let next = next.trim();
            next.len() >= 3 && next.bytes().all(|byte| byte == b'-')
        });
        if indent(line) != header || next_section {
            break;
        }
        let names = line.split_once(':').map_or(*line, |(names, _)| names).trim();
        index += 1 + entry(docs, names, "", &lines[index + 1..], header);
    }
    index
}

#[cfg(test)]
mod tests {
    use super::*;

    fn docs(docstring: &str) -> Vec<(String, String)> {
        let mut docs: Vec<_> = parameter_docs(docstring).into_iter().collect();
        docs.sort();
        docs
    }

    fn pair(name: &str, text: &str) -> (String, String) {
        (name.to_owned(), text.to_owned())
    }

    #[test]
    fn google_style_is_read() {
        let text = "Do it.\n\n    Args:\n        a (int, optional): The first\n            of two.\n        *rest: The others.\n\n    Returns:\n        c: Nothing.\n";
        assert_eq!(docs(text), [pair("a", "The first of two."), pair("rest", "The others.")]);
    }

    #[test]
    fn numpy_style_is_read() {
        let text = "Do it.\n\n    Parameters\n    ----------\n    a : int\n        The first.\n\n        More.\n    b, c\n        Both.\n\n    Returns\n    -------\n    d : int\n        Nothing.\n";
        assert_eq!(docs(text), [pair("a", "The first.\n\nMore."), pair("b", "Both."), pair("c", "Both.")]);
    }

    #[test]
    fn sphinx_style_is_read() {
        let text = "Do it.\n\n:param a: The first.\n:param int b: The second,\n    on two lines.\n:type a: str\n:return: c: Nothing.\n";
        assert_eq!(docs(text), [pair("a", "The first."), pair("b", "The second, on two lines.")]);
    }

    #[test]
    fn prose_says_nothing() {
        assert!(docs("Note: this: is not\n    a: parameter\n").is_empty());
        assert!(docs("").is_empty());
    }
}
