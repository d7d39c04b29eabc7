//! Whether completion after a dot has the member that stood there near the top of its list, whether it has what the
//! reference server's list has, and how long lists take.
//!
//! Accesses are drawn from the tree as it is: a name behind the dot of a name, a call, an index or a string, that is
//! read and not assigned, and stands in no import. The name is cut out, the rest of the text stays, and the list is asked for
//! where the name began. Editors sort a list by `sortText`, and by label where that is equal.
//!
//! Lists are compared by the names that labels begin with, without what some servers write behind them, and each name once.
//! Keywords, snippets and what brings an import with it do not count: they are no members, or depend on what the editor
//! says that it can. All else does, names of unknown kind too. An access counts for the share of the reference's names that
//! the list has; the figure is the mean over the accesses where the reference has a list.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use crate::language::Language;
use crate::latency::Latencies;
use crate::sample::Random;
use crate::session::Session;
use crate::tokens::{Identifier, identifiers};

/// How long one list may take.
const LIST_MAX: Duration = Duration::from_secs(60);
/// A member is found if it is among so many items at the top of the list.
const TOP_COUNT: usize = 10;
/// Items that are shown of a list without the member near its top, and of what a list lacks.
const ITEMS_SHOWN_MAX: usize = 12;
/// What the protocol calls items that are no members of anything.
const KEYWORD: u64 = 14;
const SNIPPET: u64 = 15;

/// A name behind a dot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Access {
    pub(crate) file: String,
    line: u32,
    character: u32,
    name: String,
}

/// What was measured of one server.
#[derive(Debug, Clone, Default)]
pub(crate) struct Completions {
    /// Of the first list in a file that was just opened.
    pub(crate) opening: Latencies,
    /// Of the same list when the file was open and the name was just cut out.
    pub(crate) typing: Latencies,
    /// For each access the place of the name in the list, from 0, if it is in it.
    pub(crate) ranks: Vec<Option<usize>>,
    /// For each access the names that count, and none where the server failed.
    lists: Vec<Option<BTreeSet<String>>>,
    /// The share of the names in the reference's lists that the lists have, on the mean of all accesses.
    pub(crate) covered: Option<f64>,
    /// Lists without the name near their top, for people.
    pub(crate) misses: Vec<String>,
    /// Lists without all that the reference's have, for people.
    pub(crate) gaps: Vec<String>,
    pub(crate) errors: Vec<String>,
}

impl Completions {
    /// Opens the file of an access without the name and asks for a list, cuts the name out of the open file and asks again, and
    /// closes it. `text` is the file's as it is.
    pub(crate) fn measure(
        &mut self,
        session: &mut Session,
        (text, language): (&str, Language),
        access: &Access,
    ) -> Result<()> {
        let (start, length) = ((access.line, access.character), access.name.encode_utf16().count() as u32);
        session.open_as(&access.file, &without(text, access))?;
        let opening = ask(session, access, access.line)?;
        self.opening.add(opening.took);
        session.edit(&access.file, start, start, &access.name)?;
        // Another text than that of the first list, so that it cannot be given again.
        session.edit(&access.file, (0, 0), (0, 0), &format!("{}\n", language.comment()))?;
        let line = access.line + 1;
        session.edit(&access.file, (line, access.character), (line, access.character + length), "")?;
        let typing = ask(session, access, line)?;
        self.typing.add(typing.took);
        session.close(&access.file)?;
        // The second list is the first once more, and measured for its time alone.
        match opening.list {
            Ok(list) => {
                note(self, access, &sorted(&list));
                self.lists.push(Some(members(&list)));
            }
            Err(error) => {
                self.lists.push(None);
                self.errors.push(error);
            }
        }
        self.errors.extend(typing.list.err());
        Ok(())
    }

    /// The share of the names that are near the top of their lists.
    pub(crate) fn found(&self) -> Option<f64> {
        self.share(|rank| rank < TOP_COUNT)
    }

    /// The share of the names that are in their lists at all.
    pub(crate) fn listed(&self) -> Option<f64> {
        self.share(|_| true)
    }

    /// Compares the lists with the reference's.
    pub(crate) fn compare(&mut self, all: &[Access], reference: &Self) {
        let mut shares = Vec::new();
        for ((access, right), found) in all.iter().zip(&reference.lists).zip(&self.lists) {
            let Some(right) = right.as_ref().filter(|right| !right.is_empty()) else { continue };
            let missing: Vec<&str> = match found {
                Some(found) => right.difference(found).map(String::as_str).collect(),
                None => right.iter().map(String::as_str).collect(),
            };
            shares.push(1.0 - missing.len() as f64 / right.len() as f64);
            if !missing.is_empty() {
                let Access { file, line, character, name } = access;
                let (n_missing, n_right) = (missing.len(), right.len());
                let some = missing[..n_missing.min(ITEMS_SHOWN_MAX)].join(" ");
                let place = format!("{file}:{}:{}", line + 1, character + 1);
                self.gaps.push(format!("{place}: where {name} stood, {n_missing} of {n_right} are missing: {some}"));
            }
        }
        self.covered = (!shares.is_empty()).then(|| shares.iter().sum::<f64>() / shares.len() as f64);
    }

    fn share(&self, holds: impl Fn(usize) -> bool) -> Option<f64> {
        let count = self.ranks.iter().flatten().filter(|rank| holds(**rank)).count();
        (!self.ranks.is_empty()).then(|| count as f64 / self.ranks.len() as f64)
    }
}

/// Draws accesses from the texts of a tree.
pub(crate) fn sample(texts: &[(String, String)], language: Language, count: usize, seed: u64) -> Vec<Access> {
    let in_file = |(file, text): &(String, String)| {
        let access = |id: &Identifier<'_>| Access {
            file: file.clone(),
            line: id.line,
            character: id.character,
            name: id.name.to_owned(),
        };
        identifiers(language, text)
            .iter()
            .filter(|id| is_read_member(language, text, id))
            .map(access)
            .collect::<Vec<_>>()
    };
    Random::new(seed).choose(texts.iter().flat_map(in_file).collect(), count)
}

fn is_read_member(language: Language, text: &str, identifier: &Identifier<'_>) -> bool {
    let line_start = text[..identifier.offset].rfind('\n').map_or(0, |newline| newline + 1);
    let line_end = text[identifier.offset..].find('\n').map_or(text.len(), |length| identifier.offset + length);
    let before = &text[line_start..identifier.offset];
    let after = text[identifier.offset + identifier.name.len()..line_end].trim_start();
    let Some(receiver) = before.strip_suffix('.') else { return false };
    // In other languages a question mark is a part of the access.
    let last = if language == Language::Python { "_)]\"'" } else { "_$)]}\"'`?" };
    let has_receiver = receiver.ends_with(|end: char| end.is_alphanumeric() || last.contains(end));
    let is_import = ["from ", "import "].iter().any(|word| before.trim_start().starts_with(word));
    let is_assigned = after.starts_with('=') && !after.starts_with("==") && !after.starts_with("=>");
    let is_plain = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    let is_declared =
        language == Language::Python && after.starts_with(": ") && receiver.trim_start().chars().all(is_plain);
    has_receiver && !is_import && !is_assigned && !is_declared
}

fn note(found: &mut Completions, access: &Access, labels: &[String]) {
    let rank = labels.iter().position(|label| *label == access.name);
    found.ranks.push(rank);
    if rank.is_none_or(|rank| rank >= TOP_COUNT) {
        let Access { file, line, character, name } = access;
        let place = rank.map_or_else(|| "not".to_owned(), |rank| format!("number {}", rank + 1));
        let top = labels.iter().take(ITEMS_SHOWN_MAX).cloned().collect::<Vec<_>>().join(" ");
        let n_labels = labels.len();
        found.misses.push(format!("{file}:{}:{}: {name} is {place} of {n_labels}: {top}", line + 1, character + 1));
    }
}

/// The text without the name.
fn without(text: &str, access: &Access) -> String {
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    if let Some(line) = lines.get_mut(access.line as usize) {
        let units: Vec<u16> = line.encode_utf16().collect();
        let (start, length) = (access.character as usize, access.name.encode_utf16().count());
        *line = String::from_utf16_lossy(&[&units[..start], &units[start + length..]].concat());
    }
    lines.join("\n")
}

struct Asked {
    /// The items.
    list: std::result::Result<Vec<Value>, String>,
    took: Duration,
}

fn ask(session: &mut Session, access: &Access, line: u32) -> Result<Asked> {
    let parameters = json!({
        "textDocument": { "uri": session.uri(&access.file) },
        "position": { "line": line, "character": access.character },
        "context": { "triggerKind": 2, "triggerCharacter": "." },
    });
    let answer = session.client().ask("textDocument/completion", &parameters, LIST_MAX)?;
    let Access { file, character, .. } = access;
    let list = answer.result.map(items);
    Ok(Asked {
        list: list.map_err(|error| format!("{file}:{}:{}: {error}", line + 1, character + 1)),
        took: answer.took,
    })
}

/// The items of a list in either of the protocol's shapes.
fn items(mut result: Value) -> Vec<Value> {
    let items = if result.is_array() { result } else { result["items"].take() };
    if let Value::Array(items) = items { items } else { Vec::new() }
}

/// The names of the items of a list, as an editor sorts them where nothing was typed yet.
fn sorted(items: &[Value]) -> Vec<String> {
    let key = |item: &Value| {
        let label = item["label"].as_str().unwrap_or_default();
        let sort_text = item["sortText"].as_str().filter(|text| !text.is_empty()).unwrap_or(label);
        (sort_text.to_lowercase(), label.to_lowercase())
    };
    let mut sorted: Vec<&Value> = items.iter().collect();
    sorted.sort_by_cached_key(|item| key(item));
    sorted.into_iter().map(name).collect()
}

/// The names of the items that count where lists are compared.
fn members(items: &[Value]) -> BTreeSet<String> {
    let counts = |item: &&Value| {
        let is_member = !matches!(item["kind"].as_u64(), Some(KEYWORD | SNIPPET));
        is_member && item["additionalTextEdits"].as_array().is_none_or(Vec::is_empty)
    };
    items.iter().filter(counts).map(name).filter(|name| !name.is_empty()).collect()
}

/// The name that an item's label begins with: some servers write parameters behind it.
fn name(item: &Value) -> String {
    let label = item["label"].as_str().unwrap_or_default();
    label.chars().take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '#')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(text: &str) -> Vec<String> {
        drawn_of(Language::Python, text)
    }

    fn drawn_of(language: Language, text: &str) -> Vec<String> {
        let mut all = sample(&[("a".to_owned(), text.to_owned())], language, 100, 1);
        all.sort();
        all.into_iter().map(|access| access.name).collect()
    }

    #[test]
    fn members_that_are_read_are_drawn() {
        assert_eq!(drawn("a.b(c.d).e\nx[0].f == 1\n'x'.join(y)\n"), ["b", "d", "e", "f", "join"]);
        assert_eq!(drawn("if a.b: c.d = 1\na.e: int = 2\nfrom .a import b\nimport a.b\nfrom a.b import c\n"), ["b"]);
        assert_eq!(drawn("'a.b' # c.d\n1.5\n...\n"), [""; 0]);
    }

    #[test]
    fn members_of_other_languages_are_drawn() {
        let rust = "a.b(c)?.d; self.e = f.g; h.0.i; 1.max(j); 0..k; a.l == 1; x.m => \"n\".o";
        assert_eq!(drawn_of(Language::Rust, rust), ["b", "d", "g", "i", "max", "l", "m", "o"]);
        let script = "a?.b; c ? d.e : `f`.g; $.h = 1; {}.i; import j from './k.js'; f(...l); this.#m";
        assert_eq!(drawn_of(Language::JavaScript, script), ["b", "e", "g", "i"]);
    }

    #[test]
    fn the_name_is_cut_out_and_nothing_else() {
        let text = "x\né𝒳.abc(1)\n";
        let access = Access { file: String::new(), line: 1, character: 4, name: "abc".to_owned() };
        assert_eq!(without(text, &access), "x\né𝒳.(1)\n");
    }

    #[test]
    fn lists_are_sorted_as_editors_do() {
        let items = json!([
            { "label": "b", "sortText": "1" }, { "label": "A(x)", "sortText": "1" }, { "label": "0", "sortText": "" },
        ]);
        let names = ["0", "A", "b"];
        assert_eq!(sorted(&super::items(items.clone())), names);
        assert_eq!(sorted(&super::items(json!({ "isIncomplete": true, "items": items }))), names);
        assert_eq!(sorted(&super::items(Value::Null)), [""; 0]);
    }

    #[test]
    fn only_members_are_compared() {
        let list = [
            json!({ "label": "a(..)", "kind": 2 }),
            json!({ "label": "a", "kind": 5 }),
            json!({ "label": "$b?" }),
            json!({ "label": "await", "kind": 14 }),
            json!({ "label": "if", "kind": 15 }),
            json!({ "label": "c", "additionalTextEdits": [{}] }),
            json!({ "label": "d", "additionalTextEdits": [] }),
        ];
        assert_eq!(members(&list), ["$b", "a", "d"].map(str::to_owned).into());
    }

    #[test]
    fn each_access_counts_for_the_share_that_its_list_has() {
        let of = |lists: &[Option<&[&str]>]| {
            let owned = |names: &&[&str]| names.iter().map(|name| (*name).to_owned()).collect();
            Completions { lists: lists.iter().map(|list| list.as_ref().map(owned)).collect(), ..Completions::default() }
        };
        let access = Access { file: "a.rs".to_owned(), line: 1, character: 2, name: "b".to_owned() };
        let all = vec![access; 6];
        let reference =
            of(&[Some(&["a", "b"]), Some(&["a", "b", "c", "d"]), Some(&[]), None, Some(&["a"]), Some(&["a"])]);
        let mut found = of(&[Some(&["b", "a", "c"]), Some(&["b"]), Some(&["a"]), Some(&["a"]), None]);
        found.compare(&all, &reference);
        assert_eq!(found.covered, Some((1.0 + 0.25 + 0.0) / 3.0), "what was not asked does not count");
        assert_eq!(found.gaps[0], "a.rs:2:3: where b stood, 3 of 4 are missing: a c d");
        let mut itself = reference.clone();
        itself.compare(&all, &reference);
        assert_eq!(itself.covered, Some(1.0));
        let mut nothing = Completions::default();
        nothing.compare(&all, &reference);
        assert_eq!(nothing.covered, None);
    }

    #[test]
    fn the_first_ten_count_as_found() {
        let completions = Completions { ranks: vec![Some(9), Some(10), None, Some(0)], ..Completions::default() };
        assert_eq!((completions.found(), completions.listed()), (Some(0.5), Some(0.75)));
        assert_eq!(Completions::default().found(), None);
    }
}
