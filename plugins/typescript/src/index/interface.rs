//! A hash of what other files can see of this one: all of its text but layout and the bodies of functions whose result is
//! written down. JavaScript is seen with its bodies, since they add members to objects.

use crate::module::{Function, Module, Range};

/// FNV-1a: the same on every machine.
struct Hasher(u64);

impl Hasher {
    fn write(&mut self, byte: u8) {
        self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
}

pub(super) fn hash(module: &Module) -> u64 {
    let hides = |function: &Function| {
        let ret = function.ret.filter(|_| function.has_body && !module.is_js)?;
        Some(body(module, module.type_spans[ret.index()].end, function.span))
    };
    let mut hidden: Vec<Range> = module.functions.iter().filter_map(hides).collect();
    hidden.sort();
    let mut hasher = Hasher(0xcbf2_9ce4_8422_2325);
    let bytes = module.text.as_bytes();
    let (mut at, mut next) = (0, 0);
    let mut space = false;
    while at < bytes.len() {
        while hidden.get(next).is_some_and(|range| (range.start as usize) < at) {
            next += 1;
        }
        if let Some(range) = hidden.get(next)
            && range.start as usize == at
            && range.end as usize > at
        {
            hasher.write(u8::MAX);
            at = range.end as usize;
            next += 1;
            continue;
        }
        let byte = bytes[at];
        at += 1;
        if byte.is_ascii_whitespace() {
            space = true;
            continue;
        }
        if std::mem::take(&mut space) {
            hasher.write(b' ');
        }
        hasher.write(byte);
    }
    hasher.0
}

/// The body of a function: from the brace behind the type of its result to its end.
fn body(module: &Module, head_end: u32, full: Range) -> Range {
    let head_end = head_end.min(full.end);
    let rest = module.text.get(head_end as usize..full.end as usize).unwrap_or_default();
    let start = rest.find('{').map_or(full.end, |open| head_end + open as u32 + 1);
    Range { start, end: full.end.max(start) }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::hash;
    use crate::lower::lower;

    fn of(text: &str) -> u64 {
        hash(&lower("a.ts", &Rc::from(text)))
    }

    #[test]
    fn bodies_behind_a_written_result_do_not_count() {
        let with =
            |ret: &str, body: &str| format!("export function f(a: number){ret} {{\n{body}\n}}\nexport const x = 1;\n");
        assert_eq!(of(&with(": void", "a;")), of(&with(": void", "if (a) { a; }")));
        assert_ne!(of(&with("", "return a;")), of(&with("", "return [a];")), "the result follows from the body");
        let object = |ty: &str| with(&format!(": {{\n  b: {ty};\n}}"), "return g();");
        assert_ne!(of(&object("string")), of(&object("number")), "a type has braces too");
        assert_eq!(of("const a = 1;\n"), of("const a   = 1;\n\n"));
        assert_ne!(of("export const a = 1;"), of("export const a = 2;"));
    }
}
