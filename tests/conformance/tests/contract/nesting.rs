//! Deep nesting: a parser that descends by calling itself must stop before its stack does.
//!
//! How deep an analyzer goes is its own business beyond what people write: it may refuse in words, and must not lose its
//! instance. The facts are never refused, because a file without facts is found by nobody.

use vraftls_conformance::{Engine, Files, every_component};
use vraftls_query::Fault;
use vraftls_wasm::LimitName;

use crate::support::{about, at, complaint, shown};

/// What has to be answered. Compilers give up there or not much deeper: CPython at 100 blocks and 200 brackets.
const ANSWERED_DEPTH: usize = 50;
/// What may be refused. Generated sources reach hundreds; the last is there to break what only has a large stack.
const REFUSED_DEPTHS: [usize; 3] = [500, 5_000, 100_000];
/// What opens a level, what is innermost, and what closes a level, in the words of many languages.
const NESTS: [(&str, &str, &str); 11] = [
    ("(", "1", ")"),
    ("[", "", "]"),
    ("{", "", "}"),
    ("a(", "", ")"),
    ("a[", "0", "]"),
    ("{a: ", "1", "}"),
    ("-", "1", ""),
    ("not ", "a", ""),
    ("a.", "a", ""),
    ("lambda: ", "1", ""),
    ("1 if a else ", "1", ""),
];

fn nested((open, inner, close): (&str, &str, &str), depth: usize) -> String {
    format!("x = {}{inner}{}\n", open.repeat(depth), close.repeat(depth))
}

/// Blocks inside each other by indentation, which costs the square of the depth in bytes.
fn indented(depth: usize) -> String {
    const BLOCKS_MAX: usize = 1_000;
    let depth = depth.min(BLOCKS_MAX);
    let lines = (0..depth).map(|level| format!("{}if a:\n", " ".repeat(level)));
    lines.collect::<String>() + &" ".repeat(depth) + "a\n"
}

/// Whether the analyzer itself said that it is too much, so that its instance lives.
pub(crate) fn is_refusal(fault: &Fault) -> bool {
    let of_host = [LimitName::Memory, LimitName::EnginesMemory, LimitName::Stack, LimitName::Time];
    matches!(fault, Fault::Limit(what) if of_host.iter().all(|limit| limit.as_str() != what))
}

#[test]
fn deeply_nested_files_are_answered_or_refused_in_words() {
    every_component(|component, wrong| {
        let path = component.path("deep");
        let mut files = Files::new([]);
        let mut engine = Engine::open(component, files.clone());
        for depth in [ANSWERED_DEPTH].into_iter().chain(REFUSED_DEPTHS) {
            for text in NESTS.into_iter().map(|nest| nested(nest, depth)).chain([indented(depth)]) {
                let shown = || format!("depth {depth}: {}", shown(&text));
                if let Err(fault) = component.index(&path, &text) {
                    wrong.push(format!("index: {fault}: {}", shown()));
                }
                files = files.with(&path, &text);
                engine.show(files.clone());
                let at_middle = at(&path, text.len() as u32 / 2).into_iter().take(1);
                for question in about(&path).into_iter().chain(at_middle) {
                    let asked = format!("{question:?}");
                    let outcome = engine.ask(question);
                    let is_refused = depth > ANSWERED_DEPTH && outcome.as_ref().is_err_and(is_refusal);
                    let complaint = complaint(&outcome).filter(|_| !is_refused);
                    wrong.extend(complaint.map(|why| format!("{asked}: {why}: {}", shown())));
                }
            }
        }
    });
}
