//! Texts that are made for one question: what is being typed, completed so that it can be parsed.

use std::rc::Rc;

use crate::lower;
use crate::module::Module;
use crate::store::{FileId, Store};
use crate::syntax;

/// The name that stands in where one is being typed.
pub(crate) const PLACEHOLDER: &str = "__typed__";

/// Runs on the text with a name put where the word around the offset is. The word's start stays where it is.
pub(crate) fn for_word<R>(
    store: &Store,
    path: &str,
    text: &str,
    (start, end): (usize, usize),
    run: impl FnOnce(FileId, &Rc<Module>, u32) -> R,
) -> R {
    let word = text.get(start..end).filter(|word| !word.is_empty()).unwrap_or(PLACEHOLDER);
    let (head, tail) = (text.get(..start).unwrap_or_default(), text.get(end..).unwrap_or_default());
    let plain: Rc<str> = Rc::from(format!("{head}{word}{tail}"));
    let module = lower::lower(path, &plain);
    if module.syntax_errors.is_empty() {
        return store.with_scratch(path, module, |file, module| run(file, module, start as u32));
    }
    let mut best = module;
    for text in completed(head, word, tail) {
        let other = lower::lower(path, &Rc::from(text));
        if other.syntax_errors.len() < best.syntax_errors.len() {
            best = other;
        }
        if best.syntax_errors.is_empty() {
            break;
        }
    }
    store.with_scratch(path, best, |file, module| run(file, module, start as u32))
}

/// Texts as they may be once they are finished, likely ones first: the rest of the line is still to be written, and brackets
/// that are open nowhere close are closed.
fn completed(head: &str, word: &str, tail: &str) -> Vec<String> {
    let line_end = tail.find('\n').unwrap_or(tail.len());
    let rest = &tail[line_end..];
    let mut texts = vec![format!("{head}{word};{rest}")];
    let open = syntax::closing(head);
    // What is not a block ends with the line.
    let of_line = open.split('}').next().unwrap_or_default();
    let ended = format!("{head}{word}{of_line};{rest}");
    let missing = syntax::closing(&ended);
    if !of_line.is_empty() || !missing.is_empty() {
        texts.push(format!("{ended}\n{missing}"));
    }
    // Without what follows, if that closes less than is open.
    if !syntax::closing(&format!("{head}{word}{tail}")).is_empty() {
        texts.push(format!("{head}{word}{open}"));
    }
    texts
}

/// Runs on the text with the call that the offset lies in closed, if it has to be.
pub(crate) fn for_call<R>(
    store: &Store,
    path: &str,
    text: &str,
    offset: u32,
    run: impl FnOnce(FileId, &Rc<Module>, u32) -> R,
) -> R {
    let offset_bytes = crate::syntax::floor(text, offset as usize);
    let (head, tail) = text.split_at(offset_bytes);
    let plain: Rc<str> = Rc::from(text);
    let module = lower::lower(path, &plain);
    if module.syntax_errors.is_empty() {
        return store.with_scratch(path, module, |file, module| run(file, module, offset));
    }
    let needs_argument = head.trim_end().ends_with(',');
    let filling = if needs_argument { PLACEHOLDER } else { "" };
    let line_end = tail.find('\n').unwrap_or(tail.len());
    let rest = &tail[line_end..];
    let mut best = module;
    for closing in [")", ");", ")}", "))", "));"] {
        let closed: Rc<str> = Rc::from(format!("{head}{filling}{closing}{rest}"));
        let other = lower::lower(path, &closed);
        if other.syntax_errors.len() < best.syntax_errors.len() {
            best = other;
        }
        if best.syntax_errors.is_empty() {
            break;
        }
    }
    store.with_scratch(path, best, |file, module| run(file, module, offset))
}
