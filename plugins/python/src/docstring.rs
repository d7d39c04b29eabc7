//! Docstrings as Markdown: indentation taken away, examples and literal blocks fenced, the fields of Sphinx as a list. What
//! looks like Markdown already passes through.

/// The docstring as Markdown.
pub(crate) fn to_markdown(docstring: &str) -> String {
    let lines = dedent(docstring);
    let mut out = String::with_capacity(docstring.len() + docstring.len() / 8);
    let mut rest = lines.as_slice();
    while let Some((line, after)) = rest.split_first() {
        let taken = example(rest, &mut out).or_else(|| literal_block(rest, &mut out));
        match taken {
            Some(taken) => rest = &rest[taken..],
            None => {
                text(line, &mut out);
                rest = after;
            }
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// The lines without the indentation that they share. The first line stands right after the quotes and does not count.
fn dedent(docstring: &str) -> Vec<String> {
    let expanded: Vec<String> = docstring.lines().map(|line| line.trim_end().replace('\t', "        ")).collect();
    let indent = |line: &String| line.len() - line.trim_start().len();
    let shared = expanded.iter().skip(1).filter(|line| !line.is_empty()).map(indent).min().unwrap_or(0);
    let mut lines: Vec<String> = Vec::with_capacity(expanded.len());
    for (number, line) in expanded.iter().enumerate() {
        let line = if number == 0 { line.trim_start() } else { line.get(shared..).unwrap_or_default() };
        if !(lines.is_empty() && line.is_empty()) {
            lines.push(line.to_owned());
        }
    }
    lines
}

/// An interactive example, up to the next empty line. Says how many lines it took.
fn example(lines: &[String], out: &mut String) -> Option<usize> {
    lines.first().filter(|line| line.trim_start().starts_with(">>>"))?;
    let length = lines.iter().position(String::is_empty).unwrap_or(lines.len());
    fence("python", &lines[..length], out);
    Some(length)
}

/// A paragraph that ends in `::` and the indented block after it. Says how many lines they took.
fn literal_block(lines: &[String], out: &mut String) -> Option<usize> {
    let (introduction, after) = lines.split_first()?;
    let said = introduction.strip_suffix("::").filter(|said| !said.trim_start().starts_with(".. "))?;
    let gap = after.iter().take_while(|line| line.is_empty()).count();
    let margin = introduction.len() - introduction.trim_start().len();
    let deeper = |line: &&String| line.is_empty() || line.len() - line.trim_start().len() > margin;
    let mut length = after[gap..].iter().take_while(deeper).count();
    while length > 0 && after[gap + length - 1].is_empty() {
        length -= 1;
    }
    if length == 0 {
        return None;
    }
    if !said.trim().is_empty() {
        text(&format!("{said}:"), out);
    }
    fence("python", &after[gap..gap + length], out);
    Some(1 + gap + length)
}

fn fence(language: &str, lines: &[String], out: &mut String) {
    let margin = lines.iter().filter(|line| !line.is_empty()).map(|line| line.len() - line.trim_start().len()).min();
    out.push_str("```");
    out.push_str(language);
    out.push('\n');
    for line in lines {
        out.push_str(line.get(margin.unwrap_or(0)..).unwrap_or_default());
        out.push('\n');
    }
    out.push_str("```\n");
}

/// A line of prose. Its indentation becomes hard spaces, so that four of them are no code block, and its end a hard break.
fn text(line: &str, out: &mut String) {
    if let Some(field) = field(line) {
        out.push_str(&field);
        out.push('\n');
        return;
    }
    let content = line.trim_start();
    for _ in 0..line.len() - content.len() {
        out.push_str("&nbsp;");
    }
    out.push_str(&content.replace("``", "`"));
    out.push_str(if content.is_empty() { "\n" } else { "  \n" });
}

/// A field of Sphinx, `:param int x: what it is`, as an entry of a list.
fn field(line: &str) -> Option<String> {
    let (head, said) = line.trim_start().strip_prefix(':')?.split_once(':')?;
    let mut words = head.split_whitespace();
    let kind = words.next()?;
    let known = ["param", "parameter", "arg", "raises", "raise", "return", "returns", "rtype", "type", "var", "ivar"];
    if !known.contains(&kind) {
        return None;
    }
    let named: Vec<&str> = words.collect();
    let said = said.trim().replace("``", "`");
    Some(match named.split_last() {
        None => format!("- *{kind}* {said}"),
        Some((name, [])) => format!("- *{kind}* `{name}` {said}"),
        Some((name, types)) => format!("- *{kind}* `{name}` (`{}`) {said}", types.join(" ")),
    })
}

#[cfg(test)]
mod tests {
    use super::to_markdown;

    #[test]
    fn shared_indentation_goes_and_the_rest_stays() {
        assert_eq!(to_markdown("One.\n\n    Two\n      three\n    "), "One.  \n\nTwo  \n&nbsp;&nbsp;three");
    }

    #[test]
    fn examples_and_literal_blocks_are_fenced() {
        assert_eq!(to_markdown(">>> f(1)\n2\n\nDone"), "```python\n>>> f(1)\n2\n```\n\nDone");
        assert_eq!(to_markdown("Like so::\n\n    f()\n\nDone"), "Like so:  \n```python\nf()\n```\n\nDone");
    }

    #[test]
    fn sphinx_fields_become_a_list() {
        assert_eq!(to_markdown(":param int x: the ``x``"), "- *param* `x` (`int`) the `x`");
        assert_eq!(to_markdown(":returns: it"), "- *returns* it");
    }

    #[test]
    fn characters_of_any_width_are_kept() {
        assert_eq!(to_markdown("é\n  ü\n ö"), "é  \n&nbsp;ü  \nö");
    }
}
