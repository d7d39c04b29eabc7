//! Semantic tokens of a session: the words that its editor learned, and what was told of each document last.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tower_lsp_server::ls_types::SemanticToken;
use vraftls_index::Description;
use vraftls_proto::TokenWords;

/// Of how many documents what was told is kept.
const N_DOCUMENTS_MAX: usize = 64;

/// How many tokens of all documents together are kept, of 20 bytes each.
const N_TOKENS_MAX: usize = 1 << 19;

/// Modifiers are bits of a number of the protocol.
const N_MODIFIERS_MAX: usize = 32;

/// The words of all analyzers, in the order in which the editor learned them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Legend {
    pub(crate) types: Vec<String>,
    pub(crate) modifiers: Vec<String>,
}

/// The words of one analyzer, as numbers of the legend.
pub(crate) struct Words {
    types: Vec<Option<u32>>,
    modifiers: Vec<u32>,
}

impl Legend {
    /// The words of several analyzers, each once.
    pub(crate) fn new(analyzers: &[Arc<Description>]) -> Self {
        let mut legend = Self::default();
        for analyzer in analyzers {
            add(&mut legend.types, &analyzer.token_types);
            add(&mut legend.modifiers, &analyzer.token_modifiers);
        }
        legend.modifiers.truncate(N_MODIFIERS_MAX);
        legend
    }

    /// How numbers that stand for words of an analyzer are said.
    pub(crate) fn of(&self, words: &TokenWords) -> Words {
        let kind = |word: &String| position(&self.types, word);
        let bit = |word: &String| position(&self.modifiers, word).map_or(0, |at| 1 << at);
        Words { types: words.types.iter().map(kind).collect(), modifiers: words.modifiers.iter().map(bit).collect() }
    }
}

fn add(words: &mut Vec<String>, more: &[String]) {
    for word in more {
        if !words.contains(word) {
            words.push(word.clone());
        }
    }
}

fn position(words: &[String], word: &str) -> Option<u32> {
    words.iter().position(|known| known == word).and_then(|at| u32::try_from(at).ok())
}

impl Words {
    /// The type of a token; nothing for a word that the editor does not know.
    pub(crate) fn kind(&self, kind: u32) -> Option<u32> {
        self.types.get(kind as usize).copied().flatten()
    }

    /// The modifiers of a token, those left out that the editor does not know.
    pub(crate) fn modifiers(&self, bits: u32) -> u32 {
        let set =
            self.modifiers.iter().enumerate().filter(|(at, _)| bits.checked_shr(*at as u32).unwrap_or(0) & 1 != 0);
        set.fold(0, |all, (_, bit)| all | bit)
    }
}

/// What a session knows of semantic tokens.
#[derive(Default)]
pub(crate) struct TokenMemory {
    legend: OnceLock<Legend>,
    told: Mutex<Told>,
}

/// What was told last.
#[derive(Default)]
struct Told {
    n_results: u64,
    n_tokens: usize,
    documents: BTreeMap<String, (u64, Vec<SemanticToken>)>,
}

impl TokenMemory {
    /// Settles the words, once.
    pub(crate) fn set_legend(&self, legend: Legend) -> &Legend {
        self.legend.get_or_init(|| legend)
    }

    /// The words that the editor learned.
    pub(crate) fn legend(&self) -> &Legend {
        self.legend.get_or_init(Legend::default)
    }

    /// Keeps what is told of a document; the id under which the editor may name it. What is oldest goes first.
    pub(crate) fn keep(&self, uri: &str, tokens: &[SemanticToken]) -> String {
        let mut told = self.lock();
        told.remove(uri);
        told.n_results += 1;
        let result = told.n_results;
        if tokens.len() <= N_TOKENS_MAX {
            told.n_tokens += tokens.len();
            told.documents.insert(uri.to_owned(), (result, tokens.to_vec()));
        }
        while told.documents.len() > N_DOCUMENTS_MAX || told.n_tokens > N_TOKENS_MAX {
            let oldest = told.documents.iter().min_by_key(|(_, (result, _))| *result).map(|(uri, _)| uri.clone());
            match oldest {
                Some(oldest) => told.remove(&oldest),
                None => break,
            }
        }
        result.to_string()
    }

    /// What was told of a document under an id.
    pub(crate) fn recall(&self, uri: &str, result_id: &str) -> Option<Vec<SemanticToken>> {
        let told = self.lock();
        told.documents.get(uri).filter(|(result, _)| result.to_string() == result_id).map(|(_, tokens)| tokens.clone())
    }

    /// Forgets what was told of a document.
    pub(crate) fn forget(&self, uri: &str) {
        self.lock().remove(uri);
    }

    fn lock(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Told {
    fn remove(&mut self, uri: &str) {
        if let Some((_, tokens)) = self.documents.remove(uri) {
            self.n_tokens -= tokens.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn analyzer(types: &[&str], modifiers: &[&str]) -> Description {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Description { token_types: words(types), token_modifiers: words(modifiers), ..Description::default() }
    }

    fn words(types: &[&str], modifiers: &[&str]) -> TokenWords {
        let Description { token_types, token_modifiers, .. } = analyzer(types, modifiers);
        TokenWords { types: token_types, modifiers: token_modifiers }
    }

    fn tokens(n: usize) -> Vec<SemanticToken> {
        vec![SemanticToken { delta_line: 1, delta_start: 0, length: 1, token_type: 0, token_modifiers_bitset: 0 }; n]
    }

    #[test]
    fn analyzers_share_the_words_that_are_the_same() {
        let (one, other) = (analyzer(&["a", "b"], &["x"]), analyzer(&["b", "c"], &["y", "x"]));
        let legend = Legend::new(&[Arc::new(one), Arc::new(other)]);
        assert_eq!((legend.types.join(" "), legend.modifiers.join(" ")), ("a b c".to_owned(), "x y".to_owned()));
        let said = legend.of(&words(&["b", "c"], &["y", "x"]));
        assert_eq!([said.kind(0), said.kind(1), said.kind(2)], [Some(1), Some(2), None]);
        assert_eq!([said.modifiers(0b01), said.modifiers(0b10), said.modifiers(0b111)], [0b10, 0b01, 0b11]);
        let later = legend.of(&words(&["new"], &["newer", "y"]));
        assert_eq!((later.kind(0), later.modifiers(0b11)), (None, 0b10));
    }

    #[test]
    fn only_what_was_told_last_is_known_and_of_so_many_documents() {
        let memory = TokenMemory::default();
        let first = memory.keep("a", &tokens(2));
        let second = memory.keep("a", &tokens(3));
        assert_eq!(memory.recall("a", &first), None);
        assert_eq!(memory.recall("a", &second), Some(tokens(3)));
        assert_eq!(memory.recall("b", &second), None);
        for n in 0..N_DOCUMENTS_MAX {
            memory.keep(&format!("{n}"), &tokens(1));
        }
        assert_eq!(memory.recall("a", &second), None);
        let last = memory.keep("large", &tokens(N_TOKENS_MAX));
        assert!(memory.recall("large", &last).is_some());
        assert_eq!(memory.lock().documents.len(), 1);
        let beyond = memory.keep("larger", &tokens(N_TOKENS_MAX + 1));
        assert_eq!(memory.recall("larger", &beyond), None);
        memory.forget("large");
        let told = memory.lock();
        assert_eq!((told.n_tokens, told.documents.len()), (0, 0));
    }
}
