//! Messages of any content come back as they went, and bytes of any content do no harm.

use std::fmt::Debug;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use vraftls_index::Roles;
use vraftls_proto::rpc::*;
use vraftls_proto::{Answer, FileReferences, Query, QueryError, Reference, Revisions, SymbolMatch};
use vraftls_text::{Span, TextEdit};
use vraftls_vfs::{ContentDigest, Revision, VfsPath};

use super::samples::{self, Visit};

/// Tries to read bytes as each kind of message; what can be read is a message like any other.
struct ReadAs<'a>(&'a [u8]);

impl Visit for ReadAs<'_> {
    fn visit<M: Serialize + DeserializeOwned + PartialEq + Debug>(&mut self, name: &str, _: M) {
        if let Ok(message) = decode::<M>(self.0, BULK_BYTES_MAX) {
            let bytes = encode(&message, BULK_BYTES_MAX).unwrap();
            assert_eq!(decode::<M>(&bytes, BULK_BYTES_MAX), Ok(message), "{name}");
        }
    }
}

/// Changes the bytes of each sample at one place, and reads them.
struct Damage {
    at: usize,
    bits: u8,
    cut: usize,
}

impl Visit for Damage {
    fn visit<M: Serialize + DeserializeOwned + PartialEq + Debug>(&mut self, name: &str, message: M) {
        let bytes = encode(&message, BULK_BYTES_MAX).unwrap();
        let cut = self.cut % bytes.len();
        assert!(decode::<M>(&bytes[..cut], BULK_BYTES_MAX).is_err(), "{name} cut at {cut}");
        assert!(decode::<M>(&[&bytes[..], &[0]].concat(), BULK_BYTES_MAX).is_err(), "{name} with a byte more");
        let mut damaged = bytes;
        let at = self.at % damaged.len();
        damaged[at] ^= self.bits;
        ReadAs(&damaged).visit(name, message);
    }
}

fn path() -> impl Strategy<Value = VfsPath> {
    "[a-zé]{1,3}(/[a-z]{1,2}){0,2}".prop_map(|path| VfsPath::new(&path).unwrap())
}

fn span() -> impl Strategy<Value = Span> {
    (any::<u32>(), any::<u32>()).prop_map(|(a, b)| Span::new(a.min(b), a.max(b)).unwrap())
}

fn digest() -> impl Strategy<Value = ContentDigest> {
    any::<[u8; 32]>().prop_map(ContentDigest::from_bytes)
}

fn revisions() -> impl Strategy<Value = Revisions> {
    vec((any::<u32>(), any::<u64>()), 0..6)
        .prop_map(|list| list.into_iter().map(|(group, revision)| (group, Revision(revision))).collect())
}

fn duration() -> impl Strategy<Value = Duration> {
    (any::<u64>(), 0..1_000_000_000_u32).prop_map(|(seconds, nanos)| Duration::new(seconds, nanos))
}

fn answer() -> impl Strategy<Value = Answer> {
    let reference = (span(), any::<u32>()).prop_map(|(span, roles)| Reference { span, roles: Roles(roles) });
    let file = (path(), vec(reference, 0..4)).prop_map(|(path, references)| FileReferences { path, references });
    let symbol = (".*", ".*", any::<u32>(), path(), span(), any::<u32>()).prop_map(
        |(name, container, kind, path, span, score)| {
            let location = vraftls_index::Location { path, span, full: span };
            SymbolMatch { name, container, kind, location, score }
        },
    );
    let edit = (span(), ".*").prop_map(|(span, new_text)| TextEdit { span, new_text });
    prop_oneof![
        vec(file, 0..4).prop_map(Answer::References),
        vec(symbol, 0..4).prop_map(Answer::Symbols),
        vec(edit, 0..4).prop_map(Answer::TextEdits),
        vec(path(), 0..4).prop_map(Answer::Files),
        prop::sample::select(samples::answers()).prop_map(|(_, answer)| answer),
    ]
}

fn ask() -> impl Strategy<Value = Ask> {
    let queries: Vec<Query> = samples::queries().into_iter().map(|(_, query)| query).collect();
    let overlay = (path(), digest(), "[a-z]{0,6}").prop_map(|(path, digest, language)| OverlayRef {
        path,
        digest,
        language: language.into(),
    });
    let texts = vec(".*", 0..3).prop_map(|texts| texts.into_iter().map(Into::into).collect::<Vec<_>>());
    let scope = prop::option::of(vec(any::<u32>(), 0..4));
    (prop::sample::select(queries), vec(overlay, 0..3), texts, revisions(), duration(), scope).prop_map(
        |(query, overlays, texts, at_least, deadline, scope)| {
            let sample = samples::ask(query);
            Ask { overlays, texts, at_least, deadline, scope, ..sample }
        },
    )
}

fn ask_answer() -> impl Strategy<Value = AskAnswer> {
    let errors: Vec<QueryError> = samples::query_errors().into_iter().map(|(_, error)| error).collect();
    prop_oneof![
        answer().prop_map(samples::answered),
        prop::sample::select(errors).prop_map(AskAnswer::Failed),
        vec(digest(), 0..4).prop_map(AskAnswer::MissingTexts),
    ]
}

fn assert_whole<Q: Question + PartialEq + Debug>(question: &Q) {
    assert_eq!(Q::decode(&question.encode().unwrap()).as_ref(), Ok(question));
}

proptest! {
    #[test]
    fn questions_come_back_as_they_went(ask in ask()) {
        assert_whole(&ask);
        let removed = ask.overlays.iter().map(|overlay| overlay.path.clone()).collect();
        assert_whole(&AskWithout { ask, removed });
    }

    #[test]
    fn answers_come_back_as_they_went(answer in ask_answer()) {
        let bytes = Ask::encode_answer(&answer).unwrap();
        prop_assert_eq!(Ask::decode_answer(&bytes), Ok(answer));
    }

    #[test]
    fn pushed_bytes_come_back_as_they_went(contents in vec(vec(any::<u8>(), 0..40), 0..4), group in any::<u32>()) {
        assert_whole(&Put { group, contents: contents.into_iter().map(Blob).collect() });
    }

    #[test]
    fn pages_come_back_as_they_went(
        files in vec((path(), digest(), any::<u64>()), 0..5),
        revisions in revisions(),
        has_more in any::<bool>(),
    ) {
        let file = |(path, digest, size_bytes)| TreeFile { path, digest, size_bytes };
        let answer = Ok(TreePageAnswer { revisions, files: files.into_iter().map(file).collect(), has_more });
        let bytes = TreePage::encode_answer(&answer).unwrap();
        prop_assert_eq!(TreePage::decode_answer(&bytes), Ok(answer));
    }

    #[test]
    fn bytes_from_anywhere_do_no_harm(bytes in vec(any::<u8>(), 0..200)) {
        samples::each(&mut ReadAs(&[&[VERSION], &bytes[..]].concat()));
    }

    #[test]
    fn damaged_messages_do_no_harm(at in any::<usize>(), bits in 1..=255_u8, cut in any::<usize>()) {
        samples::each(&mut Damage { at, bits, cut });
    }
}

#[test]
fn a_question_that_is_too_long_is_neither_sent_nor_read() {
    let long = "x".repeat(BULK_BYTES_MAX);
    let ask = Ask { texts: vec![long.into()], ..samples::ask(Query::Files) };
    assert!(matches!(ask.encode(), Err(EncodeError::TooLong { n_bytes_max: BULK_BYTES_MAX, .. })));
    let bytes = vec![VERSION; SMALL_BYTES_MAX + 1];
    assert!(matches!(Watch::decode(&bytes), Err(DecodeError::TooLong { n_bytes_max: SMALL_BYTES_MAX, .. })));
    assert!(matches!(Ask::decode_answer(&vec![VERSION; BULK_BYTES_MAX + 1]), Err(DecodeError::TooLong { .. })));
}

#[test]
fn no_two_questions_have_one_number() {
    let numbers = [
        Analyzers::METHOD,
        Workspaces::METHOD,
        Ask::METHOD,
        FileText::METHOD,
        TreePage::METHOD,
        Watch::METHOD,
        Missing::METHOD,
        Put::METHOD,
        OpenSession::METHOD,
        Commit::METHOD,
        SessionEnded::METHOD,
        Current::METHOD,
        CurrentByLease::METHOD,
        AskWithout::METHOD,
    ];
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
    assert!(numbers.iter().all(|number| *number < FIRST_NODE_METHOD));
}

#[test]
fn spans_beyond_what_a_document_can_have_are_refused() {
    let wire = encode(&(u32::MAX, 1_u32), 100).unwrap();
    assert!(matches!(decode::<Span>(&wire, 100), Err(DecodeError::Malformed(_))));
    let wire = encode(&(u32::MAX - 1, 1_u32), 100).unwrap();
    assert_eq!(decode::<Span>(&wire, 100), Ok(Span::new(u32::MAX - 1, u32::MAX).unwrap()));
}
