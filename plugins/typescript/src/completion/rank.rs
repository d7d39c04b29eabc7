//! The order of proposals: what the file uses already comes first, then what is declared near.

use rustc_hash::{FxHashMap, FxHashSet};

use super::seen::object_text;
use crate::module::{ExprId, ExprKind, Module, Occ};

/// Members of what every program has, by how often programs use them.
const COMMON: [&str; 48] = [
    "length",
    "push",
    "map",
    "forEach",
    "filter",
    "join",
    "slice",
    "indexOf",
    "then",
    "call",
    "apply",
    "get",
    "set",
    "has",
    "toString",
    "keys",
    "log",
    "concat",
    "replace",
    "includes",
    "find",
    "split",
    "isArray",
    "hasOwnProperty",
    "prototype",
    "catch",
    "assign",
    "reduce",
    "some",
    "stringify",
    "trim",
    "add",
    "delete",
    "test",
    "max",
    "min",
    "bind",
    "pop",
    "shift",
    "toLowerCase",
    "splice",
    "every",
    "match",
    "floor",
    "error",
    "values",
    "entries",
    "startsWith",
];

/// How often names occur in a file and how near to a place: as members, as members of one object, and otherwise.
#[derive(Debug, Default)]
pub(super) struct Usage {
    members: FxHashMap<String, (u32, u32)>,
    of_object: FxHashMap<String, (u32, u32)>,
    names: FxHashMap<String, (u32, u32)>,
    /// Members that are called somewhere.
    called: FxHashSet<String>,
    around: Around,
}

/// What stands around the place that is asked about.
#[derive(Debug, Default)]
struct Around {
    /// Whether a call follows; none where nothing does, so that nobody can tell yet.
    is_called: Option<bool>,
    /// What the value will be called, in lower case: a variable or a key most often has the name of the member that it gets.
    receiver: Option<String>,
}

impl Around {
    fn of(module: &Module, place: u32, member: ExprId) -> Self {
        let text = &*module.text;
        let after = text.get(place as usize..).unwrap_or_default();
        let rest = after[word_length(after)..].lines().next().unwrap_or_default().trim_start();
        // What only closes, an editor may have written by itself.
        let rest = rest.trim_end_matches([';', ',', ')', ']', '}', ' ']);
        let object = match module.expr(member).kind {
            ExprKind::Member { object, .. } => module.expr(object).span.start,
            _ => place,
        };
        let before = text.get(..object as usize).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        let goes_on = |above: &&str| above.ends_with(['=', ':', '&', '|', '?', '(']);
        let above = before.trim_end().rsplit('\n').next().filter(goes_on);
        let line = if line.trim().is_empty() { above.unwrap_or_default() } else { line };
        Self { is_called: (!rest.is_empty()).then(|| rest.starts_with('(')), receiver: receiver(line) }
    }
}

/// The name before the last `=` or `:` of a line.
fn receiver(line: &str) -> Option<String> {
    let mut end = line.len();
    loop {
        end = line[..end].rfind(['=', ':'])?;
        let is_operator = line[end + 1..].starts_with(['=', '>']) || line[..end].ends_with(['=', '!', '<', '>', '?']);
        if !is_operator {
            break;
        }
    }
    let head = line[..end].trim_end_matches(['+', '|', '&', ' ', '"', '\'']);
    let start = head.len() - head.chars().rev().take_while(|c| is_word(*c)).map(char::len_utf8).sum::<usize>();
    plain(&head[start..])
}

/// A name in lower case and without what only marks it as internal; none of nothing.
fn plain(name: &str) -> Option<String> {
    let bare = name.trim_matches(['_', '$', '#']);
    (!bare.is_empty()).then(|| bare.to_lowercase())
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '$')
}

fn word_length(text: &str) -> usize {
    text.find(|c| !is_word(c)).unwrap_or(text.len())
}

impl Usage {
    /// Counts all names but the one at the place that is asked about, which may be the name of a member.
    pub(super) fn of(module: &Module, place: u32, member: Option<ExprId>) -> Self {
        let mut usage = Self::default();
        let object = member.and_then(|member| object_text(module, member));
        usage.around = member.map(|member| Around::of(module, place, member)).unwrap_or_default();
        for occurrence in module.occurrences.iter().filter(|occurrence| occurrence.span.start != place) {
            let text = module.slice(occurrence.span);
            let distance = occurrence.span.start.abs_diff(place);
            let table = match occurrence.occ {
                Occ::Member(expr) => {
                    if object.is_some() && object_text(module, expr) == object {
                        count(&mut usage.of_object, text, distance);
                    }
                    if module.text.get(occurrence.span.end as usize..).is_some_and(|after| after.starts_with('(')) {
                        usage.called.insert(text.to_owned());
                    }
                    &mut usage.members
                }
                Occ::PatternKey { .. } | Occ::StringKey(_) => &mut usage.members,
                Occ::Spec(_) => continue,
                _ => &mut usage.names,
            };
            count(table, text, distance);
        }
        usage
    }

    /// The names that are used as members, in no order.
    pub(super) fn members(&self) -> impl Iterator<Item = &str> {
        self.members.keys().map(String::as_str)
    }

    /// The names that are used otherwise, in no order.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str)
    }

    /// Whether a member of this name is used of the object.
    pub(super) fn is_of_object(&self, name: &str) -> bool {
        self.of_object.contains_key(name)
    }

    /// Higher is better.
    pub(super) fn of_member(&self, name: &str, is_function: bool) -> u32 {
        let used = self.members.get(name).map_or(0, |known| score(*known));
        let named = if self.names.contains_key(name) { 2 } else { 0 };
        let common =
            COMMON.iter().position(|known| *known == name).map_or(0, |place| (COMMON.len() - place) as u32 / 12);
        let of_object = self.of_object.get(name).map_or(0, |known| score(*known) / 2);
        let is_called = is_function || self.called.contains(name);
        let fits = if self.around.is_called == Some(is_called) { 6 } else { 0 };
        let is_wanted = self.around.receiver.is_some() && plain(name) == self.around.receiver;
        used + named + common + of_object + fits + if is_wanted { 20 } else { 0 }
    }

    pub(super) fn of_name(&self, name: &str) -> u32 {
        self.names.get(name).map_or(0, |known| score(*known))
    }
}

fn count(table: &mut FxHashMap<String, (u32, u32)>, text: &str, distance: u32) {
    match table.get_mut(text) {
        Some((count, near)) => {
            *count += 1;
            *near = (*near).min(distance);
        }
        None => {
            table.insert(text.to_owned(), (1, distance));
        }
    }
}

fn score((count, near): (u32, u32)) -> u32 {
    let near = match near {
        0..=200 => 8,
        201..=800 => 5,
        801..=3000 => 2,
        _ => 0,
    };
    count.min(12) * 2 + near
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_that_gets_the_value_is_found() {
        let found = |line: &str| receiver(line).unwrap_or_default();
        assert_eq!(found("  const Height = "), "height");
        assert_eq!(found("this._width = other && "), "width");
        assert_eq!(found("f({ depth: 1, \"label\": "), "label");
        assert_eq!(found("count += a === 1 ? b : "), "b");
        assert_eq!(found("if (a == 1 && b <= "), "");
        assert_eq!(found("list.map((x) => "), "");
        assert_eq!(found("é"), "");
    }
}
