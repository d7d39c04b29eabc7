//! The order of imports within a section, as isort and ruff have it by default: `import` before `from`, names without regard
//! to case and with numbers by their value, and within a statement constants before classes before the rest.

use std::cmp::{Ordering, Reverse};

/// The place of a statement in its section.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct StatementKey {
    is_from: bool,
    /// More dots come first; none before any.
    distance: Option<Reverse<u32>>,
    module: NameKey,
    first: Option<MemberKey>,
    asname: Option<NameKey>,
}

/// The place of a name in its statement.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct MemberKey {
    is_named: bool,
    kind: MemberKind,
    name: NameKey,
    asname: Option<NameKey>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum MemberKind {
    Constant,
    Class,
    Variable,
}

/// A name, compared in natural order: first without regard to case.
#[derive(Debug, Clone, PartialEq, Eq)]
struct NameKey(String);

impl StatementKey {
    /// The key of `import module as asname`.
    pub(crate) fn of_import(module: &str, asname: Option<&str>) -> Self {
        Self {
            is_from: false,
            distance: None,
            module: NameKey::new(module),
            first: None,
            asname: asname.map(NameKey::new),
        }
    }

    /// The key of `from module import first, …`.
    pub(crate) fn of_from(level: u32, module: &str, first: Option<MemberKey>) -> Self {
        Self {
            is_from: true,
            distance: (level > 0).then_some(Reverse(level)),
            module: NameKey::new(module),
            first,
            asname: None,
        }
    }
}

impl MemberKey {
    /// The key of `name as asname`.
    pub(crate) fn new(name: &str, asname: Option<&str>) -> Self {
        let is_cased = |c: char| c.is_uppercase() || c.is_lowercase();
        let is_upper = name.chars().any(is_cased) && !name.contains(char::is_lowercase);
        let kind = if name.chars().count() > 1 && is_upper {
            MemberKind::Constant
        } else if name.starts_with(char::is_uppercase) {
            MemberKind::Class
        } else {
            MemberKind::Variable
        };
        Self { is_named: name != "*", kind, name: NameKey::new(name), asname: asname.map(NameKey::new) }
    }
}

impl NameKey {
    fn new(name: &str) -> Self {
        Self(name.to_owned())
    }
}

impl Ord for NameKey {
    fn cmp(&self, other: &Self) -> Ordering {
        natural(&self.0.to_lowercase(), &other.0.to_lowercase())
            .then_with(|| natural(&self.0, &other.0))
            .then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for NameKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Compares texts by character, but runs of digits by value.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let (digits_a, digits_b) = (digits(a), digits(b));
        if digits_a > 0 && digits_b > 0 {
            let value = |text: &'_ str, end: usize| text[..end].trim_start_matches('0').to_owned();
            let (value_a, value_b) = (value(a, digits_a), value(b, digits_b));
            let order = value_a.len().cmp(&value_b.len()).then_with(|| value_a.cmp(&value_b));
            if order != Ordering::Equal {
                return order;
            }
            (a, b) = (&a[digits_a..], &b[digits_b..]);
            continue;
        }
        let (mut rest_a, mut rest_b) = (a.chars(), b.chars());
        match (rest_a.next(), rest_b.next()) {
            (None, None) => return Ordering::Equal,
            (first, second) if first != second => return first.cmp(&second),
            _ => (a, b) = (rest_a.as_str(), rest_b.as_str()),
        }
    }
}

/// How many bytes of digits a text begins with.
fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(mut names: Vec<&str>) -> Vec<&str> {
        names.sort_by_key(|name| MemberKey::new(name, None));
        names
    }

    #[test]
    fn members_are_sorted_by_kind_then_without_case_then_by_number() {
        assert_eq!(sorted(vec!["b", "A", "LIMIT", "a10", "a9", "B", "*"]), ["*", "LIMIT", "A", "B", "a9", "a10", "b"]);
    }

    #[test]
    fn statements_begin_with_plain_imports_and_dots_fall() {
        let mut keys = [
            StatementKey::of_from(1, "a", None),
            StatementKey::of_from(2, "b", None),
            StatementKey::of_from(0, "Alpha", None),
            StatementKey::of_import("zeta", None),
            StatementKey::of_import("Beta", None),
        ];
        keys.sort();
        let shown: Vec<&str> = keys.iter().map(|key| key.module.0.as_str()).collect();
        assert_eq!(shown, ["Beta", "zeta", "Alpha", "b", "a"]);
    }
}
