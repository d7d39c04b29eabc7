//! Rust sources without a parser: what is no code is blanked, then braces are counted.

/// A function and how long it is.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The line that it begins at, counted from 1.
    pub line: usize,
    /// From the line of `fn` to that of its closing brace.
    pub n_lines: usize,
}

/// A source with every character of comments and of string and character literals replaced by a blank. Lines and offsets stay.
pub fn blank(source: &str) -> String {
    let mut code = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let n_skipped = not_code(rest, code.chars().next_back());
        if n_skipped == 0 {
            code.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let (skipped, after) = rest.split_at(n_skipped);
        // A blank for each byte: offsets stay, even where characters are longer.
        code.extend(skipped.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
        rest = after;
    }
    code
}

/// How many bytes at the front are a comment or a literal.
fn not_code(rest: &str, previous: Option<char>) -> usize {
    let in_word = previous.is_some_and(|last| last.is_alphanumeric() || last == '_');
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return block_comment(rest);
    }
    if rest.starts_with('"') {
        return quoted(rest, 1);
    }
    if rest.starts_with('\'') {
        return character(rest);
    }
    if in_word {
        return 0;
    }
    let prefix = ["br", "cr", "r", "b", "c"]
        .into_iter()
        .find(|prefix| rest.strip_prefix(prefix).is_some_and(|rest| rest.trim_start_matches('#').starts_with('"')));
    match prefix {
        Some(prefix) if prefix.ends_with('r') => raw(rest, prefix.len()),
        Some(prefix) if rest[prefix.len()..].starts_with('"') => quoted(rest, prefix.len() + 1),
        _ => 0,
    }
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        let here = &rest.as_bytes()[at..];
        if here.starts_with(b"/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if here.starts_with(b"*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

/// A string literal whose contents begin at an offset.
fn quoted(rest: &str, contents: usize) -> usize {
    let mut escaped = false;
    for (offset, byte) in rest.bytes().enumerate().skip(contents) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return offset + 1,
            _ => {}
        }
    }
    rest.len()
}

/// A raw string literal whose `#` or `"` begin at an offset.
fn raw(rest: &str, start: usize) -> usize {
    let n_hashes = rest[start..].bytes().take_while(|byte| *byte == b'#').count();
    let contents = start + n_hashes + 1;
    let end = format!("\"{}", "#".repeat(n_hashes));
    rest[contents..].find(&end).map_or(rest.len(), |at| contents + at + end.len())
}

/// A character literal; 0 for a lifetime or a label.
fn character(rest: &str) -> usize {
    let mut chars = rest.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), Some((escaped, _))) => {
            let contents = escaped + 1;
            rest[contents..].find('\'').map_or(0, |at| contents + at + 1)
        }
        (Some(_), Some((close, '\''))) => close + 1,
        _ => 0,
    }
}

/// The part of a blanked source before its tests.
pub fn without_tests(code: &str) -> &str {
    let mut offset = 0;
    while let Some(at) = code[offset..].find("#[cfg(test)]") {
        let attribute = offset + at;
        let next = code[attribute + "#[cfg(test)]".len()..].trim_start();
        let name_and_rest = next.strip_prefix("mod ").unwrap_or_default();
        let rest = name_and_rest.trim_start_matches(|next: char| next.is_alphanumeric() || next == '_');
        if rest.trim_start().starts_with('{') {
            return &code[..attribute];
        }
        offset = attribute + 1;
    }
    code
}

/// Every function with a body in a blanked source.
pub fn functions(code: &str) -> Vec<Function> {
    let mut found = Vec::new();
    let mut offset = 0;
    while let Some(at) = code[offset..].find("fn ") {
        let start = offset + at;
        offset = start + 3;
        let in_word = code[..start].ends_with(|last: char| last.is_alphanumeric() || last == '_');
        let name: String = code[offset..].chars().take_while(|next| next.is_alphanumeric() || *next == '_').collect();
        if in_word || name.is_empty() {
            continue;
        }
        if let Some(body) = body_end(&code[start..]) {
            let line = code[..start].matches('\n').count() + 1;
            let n_lines = code[start..start + body].matches('\n').count() + 1;
            found.push(Function { name, line, n_lines });
        }
    }
    found
}

/// Where the body of the function at the front ends; none if it has no body.
fn body_end(code: &str) -> Option<usize> {
    let (mut braces, mut brackets) = (0_usize, 0_usize);
    for (offset, byte) in code.bytes().enumerate() {
        match byte {
            b'(' | b'[' => brackets += 1,
            b')' | b']' => brackets = brackets.saturating_sub(1),
            // The `;` of an array type stands in brackets.
            b';' if braces == 0 && brackets == 0 => return None,
            b'{' => braces += 1,
            b'}' if braces == 1 => return Some(offset),
            b'}' => braces = braces.saturating_sub(1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_and_comments_are_blanked() {
        let source = r##"a("{", '{', '\'', b"}", r#"}""#, 'x) // }"##;
        let code = blank(source);
        assert_eq!(code.len(), source.len());
        assert_eq!(code.split_whitespace().collect::<String>(), "a(,,,,,'x)");
    }

    #[test]
    fn nested_comments_and_wide_characters_keep_offsets() {
        let source = "/* /* é */ } */ fn f() { '\u{e9}'; \"\\\"}\" }\n";
        let code = blank(source);
        assert_eq!(code.len(), source.len());
        assert_eq!(functions(&code), [Function { name: "f".to_owned(), line: 1, n_lines: 1 }]);
    }

    #[test]
    fn functions_are_measured_to_their_closing_brace() {
        let source = "trait T {\n  fn a(&self);\n  fn b(x: [u8; 2]) {\n    if x { }\n  }\n}\nconst fn c()\nwhere\n  T: U,\n{\n}\n";
        let found: Vec<_> =
            functions(source).into_iter().map(|found| (found.name, found.line, found.n_lines)).collect();
        assert_eq!(found, [("b".to_owned(), 3, 3), ("c".to_owned(), 7, 5)]);
    }

    #[test]
    fn tests_at_the_end_are_cut_off_and_declared_ones_stay() {
        assert_eq!(without_tests("a\n#[cfg(test)]\nmod tests {\n}\n"), "a\n");
        assert_eq!(without_tests("#[cfg(test)]\nmod tests;\nb"), "#[cfg(test)]\nmod tests;\nb");
    }
}
