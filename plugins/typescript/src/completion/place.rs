//! What kind of place the cursor is at, by the text before it.

/// A place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// Behind a dot.
    Member,
    /// Where a name may stand.
    Name,
    /// In the name of a module: where it starts and ends, and what of it stands before the cursor.
    Path { start: usize, end: usize, typed: String },
    /// In a comment, a string, a number, or where a new name is made up.
    Nowhere,
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '$')
}

/// The word that the offset lies in or at the end of; may be empty.
pub(super) fn word_around(text: &str, offset: usize) -> (usize, usize) {
    let (head, tail) = text.split_at(crate::syntax::floor(text, offset));
    let start = head.len() - head.chars().rev().take_while(|c| is_word(*c)).map(char::len_utf8).sum::<usize>();
    let end = head.len() + tail.chars().take_while(|c| is_word(*c)).map(char::len_utf8).sum::<usize>();
    let start = if head[..start].ends_with('#') { start - 1 } else { start };
    (start, end)
}

/// What the lexer is in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Code,
    Line,
    Block,
    Quote(u8, usize),
    Template,
}

/// Where the lexer is at an offset. Regular expressions are told from divisions by what stands before.
fn state_at(text: &str, offset: usize) -> State {
    let bytes = text.as_bytes();
    let mut state = State::Code;
    let mut templates: Vec<u32> = Vec::new();
    let mut last = b' ';
    let mut at = 0;
    while at < offset.min(bytes.len()) {
        let byte = bytes[at];
        let next = bytes.get(at + 1).copied().unwrap_or(b' ');
        match state {
            State::Code => match byte {
                b'/' if next == b'/' => state = State::Line,
                b'/' if next == b'*' => {
                    state = State::Block;
                    at += 1;
                }
                b'/' if matches!(
                    last,
                    b'(' | b',' | b'=' | b':' | b'[' | b'!' | b'&' | b'|' | b'?' | b'{' | b'}' | b';'
                ) =>
                {
                    at = skip_regex(bytes, at);
                }
                b'"' | b'\'' => state = State::Quote(byte, at + 1),
                b'`' => state = State::Template,
                b'{' => {
                    if let Some(depth) = templates.last_mut() {
                        *depth += 1;
                    }
                }
                b'}' => match templates.last_mut() {
                    Some(0) => {
                        templates.pop();
                        state = State::Template;
                    }
                    Some(depth) => *depth -= 1,
                    None => {}
                },
                _ => {}
            },
            State::Line if byte == b'\n' => state = State::Code,
            State::Block if byte == b'*' && next == b'/' => {
                state = State::Code;
                at += 1;
            }
            State::Quote(quote, _) => match byte {
                b'\\' => at += 1,
                b'\n' => state = State::Code,
                byte if byte == quote => state = State::Code,
                _ => {}
            },
            State::Template => match byte {
                b'\\' => at += 1,
                b'`' => state = State::Code,
                b'$' if next == b'{' => {
                    templates.push(0);
                    state = State::Code;
                    at += 1;
                }
                _ => {}
            },
            State::Line | State::Block => {}
        }
        if !byte.is_ascii_whitespace() {
            last = byte;
        }
        at += 1;
    }
    state
}

fn skip_regex(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    let mut in_class = false;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\n' => return start,
            b'\\' => at += 1,
            b'[' => in_class = true,
            b']' => in_class = false,
            b'/' if !in_class => return at,
            _ => {}
        }
        at += 1;
    }
    start
}

/// What kind of place the offset is at.
pub(super) fn place(text: &str, offset: usize) -> Place {
    let offset = crate::syntax::floor(text, offset);
    match state_at(text, offset) {
        State::Code => {}
        State::Quote(quote, start) => return in_quotes(text, offset, quote, start),
        State::Line | State::Block | State::Template => return Place::Nowhere,
    }
    let (start, _) = word_around(text, offset);
    let word = &text[start..offset];
    if word.starts_with(|c: char| c.is_ascii_digit()) {
        return Place::Nowhere;
    }
    let before = text[..start].trim_end();
    if before.ends_with('.') && !before.ends_with("..") {
        let object = before[..before.len() - 1].trim_end_matches('?');
        let is_number = object.ends_with(|c: char| c.is_ascii_digit())
            && object
                .rsplit(|c: char| !is_word(c))
                .next()
                .is_some_and(|word| word.starts_with(|c: char| c.is_ascii_digit()));
        return if is_number { Place::Nowhere } else { Place::Member };
    }
    let previous = before.rsplit(|c: char| !is_word(c)).next().unwrap_or_default();
    let makes_name = ["const", "let", "var", "function", "class", "interface", "type", "enum", "namespace"];
    let on_line = !text[before.len()..start].contains('\n');
    if on_line && makes_name.contains(&previous) && before.len() < start { Place::Nowhere } else { Place::Name }
}

/// In a string: the name of a module, if the string is one.
fn in_quotes(text: &str, offset: usize, quote: u8, start: usize) -> Place {
    let before = text[..start - 1].trim_end();
    let names_module = before.ends_with("from")
        || before.ends_with("import")
        || before.ends_with("require(")
        || before.ends_with("import(");
    if !names_module {
        return Place::Nowhere;
    }
    let typed = text[start..offset].to_owned();
    let rest = &text[offset..];
    let line_end = rest.find('\n').unwrap_or(rest.len());
    let end = rest[..line_end].find(quote as char).map_or(offset, |end| offset + end);
    Place::Path { start: start + typed.rfind('/').map_or(0, |slash| slash + 1), end, typed }
}
