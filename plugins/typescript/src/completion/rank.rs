//! The order of proposals: what the file uses already comes first, then what is declared near.

use rustc_hash::FxHashMap;

use crate::module::{Module, Occ};

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

/// How often names occur in a file as members, and otherwise, and where last before a place.
#[derive(Debug, Default)]
pub(super) struct Usage {
    members: FxHashMap<String, (u32, u32)>,
    names: FxHashMap<String, (u32, u32)>,
}

impl Usage {
    /// Counts all names but the one at the place that is asked about.
    pub(super) fn of(module: &Module, place: u32) -> Self {
        let mut usage = Self::default();
        for occurrence in module.occurrences.iter().filter(|occurrence| occurrence.span.start != place) {
            let table = match occurrence.occ {
                Occ::Member(_) | Occ::PatternKey { .. } | Occ::StringKey(_) => &mut usage.members,
                Occ::Spec(_) => continue,
                _ => &mut usage.names,
            };
            let text = module.slice(occurrence.span);
            let distance = occurrence.span.start.abs_diff(place);
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
        usage
    }

    /// Higher is better.
    pub(super) fn of_member(&self, name: &str) -> u32 {
        let used = self.members.get(name).map_or(0, |known| score(*known));
        let named = if self.names.contains_key(name) { 2 } else { 0 };
        let common =
            COMMON.iter().position(|known| *known == name).map_or(0, |place| (COMMON.len() - place) as u32 / 12);
        used + named + common
    }

    pub(super) fn of_name(&self, name: &str) -> u32 {
        self.names.get(name).map_or(0, |known| score(*known))
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
