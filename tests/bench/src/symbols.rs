//! How long a search for symbols of the workspace takes while its query is being typed.
//!
//! Names of classes and functions are drawn from the tree. Each is typed letter by letter, then in full, and once as people
//! abbreviate it: its first letter and some of the others, in order.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::{Value, json};

use crate::language::Language;
use crate::latency::Latencies;
use crate::sample::Random;
use crate::session::Session;
use crate::tokens::identifiers;
use crate::uri;

/// How long one search may take.
const SEARCH_MAX: Duration = Duration::from_secs(60);
/// How long a server may take until it knows the workspace, and how soon it is asked again.
const KNOWN_MAX: Duration = Duration::from_secs(120);
const ASKED_AGAIN_AFTER: Duration = Duration::from_millis(100);
/// The letters that are typed of a name before all of them are.
const TYPED_MIN: usize = 2;
const TYPED_MAX: usize = 8;
/// The letters of an abbreviation.
const ABBREVIATED_LENGTH: usize = 4;

/// A name that is searched for, and where it is defined.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Sought {
    name: String,
    file: String,
    abbreviation: String,
}

/// What was measured of one server.
#[derive(Debug, Clone, Default)]
pub(crate) struct Searches {
    pub(crate) latencies: Latencies,
    pub(crate) n_names: usize,
    /// The names of which the search for all their letters named the file where they are defined.
    pub(crate) n_found: usize,
    pub(crate) errors: Vec<String>,
}

impl Searches {
    /// Searches for a name as it is typed.
    pub(crate) fn measure(&mut self, session: &mut Session, sought: &Sought) -> Result<()> {
        let letters: Vec<char> = sought.name.chars().collect();
        let typed = (TYPED_MIN..=TYPED_MAX).filter_map(|length| letters.get(..length).map(String::from_iter));
        for query in typed.chain([sought.abbreviation.clone(), sought.name.clone()]) {
            let (symbols, took) = search(session, &query)?;
            self.latencies.add(took);
            match symbols {
                Ok(symbols) if query == sought.name => {
                    self.n_names += 1;
                    self.n_found += usize::from(has(&symbols, sought, session));
                }
                Ok(_) => {}
                Err(error) => self.errors.push(format!("symbols with {query}: {error}")),
            }
        }
        Ok(())
    }

    pub(crate) fn found(&self) -> Option<f64> {
        (self.n_names > 0).then(|| self.n_found as f64 / self.n_names as f64)
    }
}

/// Draws names from texts of Python.
pub(crate) fn sample(texts: &[(String, String)], count: usize, seed: u64) -> Vec<Sought> {
    let defined = |(file, text): &(String, String)| {
        let defines = |offset: usize| {
            let before = text[..offset].trim_end_matches(' ');
            before.len() < offset && (before.ends_with("def") || before.ends_with("class"))
        };
        let names = identifiers(Language::Python, text)
            .into_iter()
            .filter(|id| defines(id.offset) && id.name.len() > TYPED_MAX);
        names.map(|id| (id.name.to_owned(), file.clone())).collect::<Vec<_>>()
    };
    let mut random = Random::new(seed);
    let chosen = random.choose(texts.iter().flat_map(defined).collect(), count);
    let sought = |(name, file): (String, String)| {
        let abbreviation = abbreviated(&name, &mut random);
        Sought { name, file, abbreviation }
    };
    chosen.into_iter().map(sought).collect()
}

fn abbreviated(name: &str, random: &mut Random) -> String {
    let letters: Vec<char> = name.chars().collect();
    let later = random.choose((1..letters.len()).collect(), ABBREVIATED_LENGTH - 1);
    std::iter::once(0).chain(later).map(|idx| letters[idx]).collect()
}

/// Waits until a server finds a symbol: one that knows nothing yet would be quick.
pub(crate) fn wait_until_known(session: &mut Session, sought: &Sought) -> Result<()> {
    let until = Instant::now() + KNOWN_MAX;
    while Instant::now() < until && !has(&search(session, &sought.name)?.0.unwrap_or_default(), sought, session) {
        std::thread::sleep(ASKED_AGAIN_AFTER);
    }
    Ok(())
}

fn search(session: &mut Session, query: &str) -> Result<(std::result::Result<Value, String>, Duration)> {
    let answer = session.client().ask("workspace/symbol", &json!({ "query": query }), SEARCH_MAX)?;
    Ok((answer.result, answer.took))
}

/// Whether the symbol is among those found.
fn has(symbols: &Value, sought: &Sought, session: &Session) -> bool {
    let is_it = |symbol: &Value| {
        let file = symbol["location"]["uri"].as_str().map(|uri| uri::relative(uri, session.root()));
        symbol["name"].as_str().is_some_and(|name| name.starts_with(&sought.name))
            && file.as_ref() == Some(&sought.file)
    };
    symbols.as_array().is_some_and(|all| all.iter().any(is_it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defined_names_are_drawn_and_abbreviated() {
        let text = "class Wonderful:\n    def marvellous(self): ...\ndef short(): ...\nundefined_name\n";
        let drawn = sample(&[("a.py".to_owned(), text.to_owned())], 10, 1);
        assert_eq!(drawn.iter().map(|sought| sought.name.as_str()).collect::<Vec<_>>(), ["Wonderful", "marvellous"]);
        for sought in drawn {
            assert_eq!(sought.abbreviation.chars().count(), ABBREVIATED_LENGTH);
            assert!(sought.name.starts_with(&sought.abbreviation[..1]));
            let mut rest = sought.name.chars();
            assert!(sought.abbreviation.chars().all(|letter| rest.any(|next| next == letter)), "{sought:?}");
        }
    }
}
