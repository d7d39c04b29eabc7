//! A hash of what other files can see of this one: all of its text but the bodies of functions whose result is written down,
//! comments and layout.

use crate::module::{Module, Range};

/// FNV-1a: the same on every machine.
struct Hasher(u64);

impl Hasher {
    fn write(&mut self, byte: u8) {
        self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
}

pub(super) fn hash(module: &Module) -> u64 {
    let mut hidden: Vec<Range> = module
        .functions
        .iter()
        .filter(|function| function.has_body && function.ret.is_some() && !module.is_js)
        .map(|function| body(module, function.params_span, function.span))
        .collect();
    // What a constructor or method assigns to `this` is seen from outside only in JavaScript, or without a declaration.
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

/// The body of a function: from the brace behind its head to its end.
fn body(module: &Module, params: Range, full: Range) -> Range {
    let head = module.text.get(params.end as usize..full.end as usize).unwrap_or_default();
    // The last brace at the end of the line of the head opens the body; a head with object types is left visible.
    let open = head.find("{\n").or_else(|| head.find("{\r\n"));
    let start = open.map_or(full.end, |open| params.end + open as u32 + 1);
    Range { start, end: full.end.max(start) }
}
