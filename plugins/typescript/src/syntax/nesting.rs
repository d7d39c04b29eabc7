//! A guard against code that is nested so deeply that a recursive parser runs out of stack.
//!
//! A sandboxed stack cannot grow, and running out of it costs the whole warm instance. One pass over bytes counts open brackets
//! and, within a statement, the operators that nest without brackets; it knows comments and strings, and errs on the side of
//! refusing where a regular expression looks like one.

/// Constructs within one another.
const DEPTH_MAX: u32 = 256;
/// Links of a chain of operators, calls and members, which make a tree as deep as they are many.
const CHAIN_MAX: u32 = 1500;
/// Words that open an operand or a statement without a bracket, between two ends of statements.
const WORDS_MAX: u32 = 256;
/// `else if` in a file: nobody can tell by bytes which of them are one chain.
const ELSE_IFS_MAX: u32 = 1500;

/// Such words.
const WORDS: [&[u8]; 10] =
    [b"typeof", b"void", b"await", b"delete", b"new", b"else", b"keyof", b"if", b"readonly", b"while"];

/// Bytes that may go on with an expression over the end of a line.
const GO_ON: &[u8] = b".?+-*/%&|^<>=:),];";

/// Whether a text nests deeper than the stack bears.
pub(crate) fn is_too_deep(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut scan = Scan { last: b';', ..Scan::default() };
    let mut at = 0;
    while at < bytes.len() {
        at = scan.step(bytes, at);
        let too_many = scan.chain > CHAIN_MAX || scan.words > WORDS_MAX || scan.else_ifs > ELSE_IFS_MAX;
        if scan.depth > DEPTH_MAX || too_many {
            return true;
        }
    }
    false
}

/// What closes all brackets that a text leaves open, the innermost first. What is too deep is left open.
pub(crate) fn closing(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut scan = Scan { last: b';', ..Scan::default() };
    let mut at = 0;
    while at < bytes.len() && scan.depth <= DEPTH_MAX {
        at = scan.step(bytes, at);
    }
    let close = |open: &u8| match open {
        b'(' => ")",
        b'[' => "]",
        b'{' => "}",
        _ => "}`",
    };
    scan.open.iter().rev().map(close).collect()
}

#[derive(Default)]
struct Scan {
    depth: u32,
    /// The brackets that are open, and `$` for an embedded expression of a template.
    open: Vec<u8>,
    chain: u32,
    words: u32,
    else_ifs: u32,
    after_else: bool,
    looked_to: usize,
    last: u8,
    /// The depths at which the embedded expressions of templates began.
    templates: Vec<u32>,
}

impl Scan {
    /// Takes the byte at a place, or the comment or string that begins there. Where it goes on.
    fn step(&mut self, bytes: &[u8], at: usize) -> usize {
        let byte = bytes[at];
        let next = bytes.get(at + 1).copied().unwrap_or(b' ');
        match byte {
            b'/' if next == b'/' => return find(bytes, at, b"\n"),
            b'/' if next == b'*' => return find(bytes, at + 2, b"*/") + 2,
            byte if byte.is_ascii_alphabetic() => return self.word(bytes, at),
            b'"' | b'\'' => {
                self.last = byte;
                return string_end(bytes, at);
            }
            b'`' => return self.template(bytes, at + 1),
            b'(' | b'[' | b'{' => {
                self.depth += 1;
                self.open.push(byte);
                match byte {
                    b'{' => self.words = 0,
                    _ => self.chain += 1,
                }
            }
            b'}' if self.templates.last() == Some(&self.depth) => {
                self.templates.pop();
                self.depth = self.depth.saturating_sub(1);
                self.close(b'$');
                return self.template(bytes, at + 1);
            }
            b')' | b']' | b'}' => {
                self.depth = self.depth.saturating_sub(1);
                self.close(match byte {
                    b')' => b'(',
                    b']' => b'[',
                    _ => b'{',
                });
            }
            b';' | b',' => (self.chain, self.words) = (0, 0),
            b'<' | b'!' | b'~' | b'+' | b'-' | b'?' | b'*' | b'/' | b'%' | b'&' | b'|' | b'^' | b'.' | b'=' => {
                self.chain += 1
            }
            b'\n' if self.chain > 0 && at >= self.looked_to => {
                let ends = self.last.is_ascii_alphanumeric()
                    || matches!(self.last, b')' | b']' | b'}' | b'{' | b'"' | b'\'' | b'_' | b'$');
                let blank = bytes[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
                // A run of blank lines is looked through once.
                self.looked_to = at + blank;
                let next = bytes.get(at + blank);
                if ends && next.is_none_or(|next| !GO_ON.contains(next)) {
                    self.chain = 0;
                }
            }
            _ => {}
        }
        if !byte.is_ascii_whitespace() {
            self.last = byte;
        }
        at + 1
    }

    /// Closes a bracket, and what was opened in it and never closed.
    fn close(&mut self, open: u8) {
        if let Some(place) = self.open.iter().rposition(|known| *known == open) {
            self.open.truncate(place);
        }
    }

    /// A word, to its end.
    fn word(&mut self, bytes: &[u8], at: usize) -> usize {
        let is_inside = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$');
        let length = bytes[at..].iter().take_while(|byte| is_inside(byte)).count();
        let word = &bytes[at..at + length];
        let is_member = self.last == b'.' || is_inside(&bytes[at.saturating_sub(1)]) && at > 0;
        if !is_member && WORDS.contains(&word) {
            self.words += 1;
            self.else_ifs += u32::from(self.after_else && word == b"if");
        }
        self.after_else = word == b"else";
        self.last = b'a';
        at + length
    }

    /// The text of a template, to its end or to an embedded expression.
    fn template(&mut self, bytes: &[u8], mut at: usize) -> usize {
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'\\' => at += 1,
                b'`' => {
                    self.last = b'"';
                    return at + 1;
                }
                b'$' if bytes.get(at + 1) == Some(&b'{') => {
                    self.depth += 1;
                    self.chain += 1;
                    self.open.push(b'$');
                    self.templates.push(self.depth);
                    return at + 2;
                }
                _ => {}
            }
            at += 1;
        }
        at
    }
}

fn find(bytes: &[u8], from: usize, wanted: &[u8]) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    rest.windows(wanted.len()).position(|window| window == wanted).map_or(bytes.len(), |found| from + found)
}

/// Behind the quote that closes, or at the end of the line.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let quote = bytes[start];
    let mut at = start + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 1,
            b'\n' => return at,
            byte if *byte == quote => return at + 1,
            _ => {}
        }
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_not_refused() {
        let base64 = format!("const data = \"{}\";\n", "ab+/".repeat(5000));
        let rule = format!("/*{}*/\n// {}\n", "-".repeat(5000), ".".repeat(5000));
        let lines = "call(a).then((b) => b.c)\n".repeat(5000);
        let list = format!("[{}]", "-1.5,".repeat(5000));
        let templates = "`${a} ${b}` + `${c}`;\n".repeat(3000);
        for text in [base64, rule, lines, list, templates, "if (a) { b() } else if (typeof c) { c() }\n".repeat(1000)] {
            assert!(!is_too_deep(&text), "{}", &text[..60]);
        }
    }

    #[test]
    fn what_is_open_is_closed() {
        assert_eq!(closing("f(a, { b: [c"), "]})");
        assert_eq!(closing("f(')', \"[\", /* { */ `( ${a + `${b"), "}`}`)");
        assert_eq!(closing("if (a) { b[0] } // ("), "");
        assert_eq!(closing("{ ( } ["), "]", "a bracket closes what is open in it");
        assert_eq!(closing(")]}"), "");
    }

    #[test]
    fn what_nests_without_end_is_refused() {
        for (open, close) in [
            ("(", ")"),
            ("{", "}"),
            ("[", "]"),
            ("`${", "}`"),
            ("-", ""),
            ("a.", ""),
            ("typeof ", ""),
            ("a=>", ""),
            ("if(a)", ""),
        ] {
            let text = format!("x = {}1{}", open.repeat(3000), close.repeat(3000));
            assert!(is_too_deep(&text), "{open}");
        }
    }
}
