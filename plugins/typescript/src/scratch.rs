//! Texts that are made for one question: what is being typed, completed so that it can be parsed.

use std::rc::Rc;

use crate::lower;
use crate::module::Module;
use crate::store::{FileId, Store};

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
    // The line as it will be: ended, its brackets closed.
    let line_end = tail.find('\n').unwrap_or(tail.len());
    let ended: Rc<str> = Rc::from(format!("{head}{word};{}", &tail[line_end..]));
    let other = lower::lower(path, &ended);
    let better = if other.syntax_errors.len() < module.syntax_errors.len() { other } else { module };
    store.with_scratch(path, better, |file, module| run(file, module, start as u32))
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
