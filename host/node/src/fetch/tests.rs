//! What is fetched, from whom, and when it is given up.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use vraftls_raft::ids::{Membership, NodeId, Peer};
use vraftls_vfs::ContentDigest;

use super::{ASKED_MAX, AskError, FetchContents, FetchError, Source, fetch_missing};
use crate::contents::{ContentError, ContentStore};
use crate::references::Offer;

type Answer = Box<dyn Fn(&ContentDigest) -> Result<Offer, AskError> + Send + Sync>;

/// Replicas that answer by rules. Nobody waits: a pause is counted.
#[derive(Default)]
struct Others {
    answers: Vec<Answer>,
    asked: Mutex<Vec<(usize, usize)>>,
    n_pauses: AtomicUsize,
    stop_after_pauses: Option<usize>,
    is_full_after_two: bool,
    stopped: AtomicBool,
}

impl FetchContents for Others {
    fn sources(&self, _: &Membership) -> Vec<Source> {
        (0..self.answers.len()).map(|node| Source { node: NodeId(node as u64), peer: Peer::default() }).collect()
    }

    fn ask(&self, source: &Source, digests: &[ContentDigest]) -> Result<Vec<Offer>, AskError> {
        let node = source.node.0 as usize;
        self.asked.lock().expect("no panic").push((node, digests.len()));
        let offers = digests.iter().enumerate().map(|(n, digest)| match n {
            2.. if self.is_full_after_two => Ok(Offer::Later),
            _ => self.answers[node](digest),
        });
        offers.collect()
    }

    fn pause(&self, at_most: Duration) {
        assert!(at_most >= super::PAUSE_MIN && at_most <= super::PAUSE_MAX);
        let n_pauses = self.n_pauses.fetch_add(1, Ordering::Relaxed) + 1;
        assert!(n_pauses < 100, "it does not end");
        if self.stop_after_pauses == Some(n_pauses) {
            self.stopped.store(true, Ordering::Relaxed);
        }
    }

    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }
}

fn text(n: usize) -> Vec<u8> {
    format!("contents {n}").into_bytes()
}

fn digests(n: usize) -> BTreeMap<ContentDigest, u64> {
    (0..n).map(|n| (ContentDigest::of(&text(n)), 10)).collect()
}

/// Has the contents whose numbers are these, and answers the same for all others.
fn has(numbers: impl IntoIterator<Item = usize>, otherwise: Result<Offer, AskError>) -> Answer {
    let texts: BTreeMap<ContentDigest, Vec<u8>> =
        numbers.into_iter().map(|n| (ContentDigest::of(&text(n)), text(n))).collect();
    Box::new(move |digest| match texts.get(digest) {
        Some(bytes) => Ok(Offer::Contents(bytes.clone())),
        None => otherwise.clone(),
    })
}

fn unreachable() -> Result<Offer, AskError> {
    Err(AskError("cut off".to_owned()))
}

struct Fetched {
    others: Others,
    result: Result<(), FetchError>,
    here: BTreeSet<usize>,
}

fn fetch(n: usize, others: Others) -> Fetched {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let contents = ContentStore::open(scratch.path()).expect("opens");
    let result = fetch_missing(&others, &contents, &Membership::default(), digests(n));
    let is_here = |n: &usize| match contents.get(&ContentDigest::of(&text(*n))) {
        Ok(bytes) => bytes == text(*n),
        Err(ContentError::Missing(_)) => false,
        Err(error) => panic!("{error}"),
    };
    Fetched { others, result, here: (0..n).filter(is_here).collect() }
}

#[test]
fn each_replica_gives_what_it_has_in_bounded_answers() {
    let n = 3 * ASKED_MAX;
    let answers = vec![has((0..n).step_by(2), Ok(Offer::Lacking)), has(0..n, Ok(Offer::Lacking))];
    let fetched = fetch(n, Others { answers, ..Others::default() });
    assert!(fetched.result.is_ok());
    assert_eq!(fetched.here.len(), n);
    let asked = fetched.others.asked.lock().expect("no panic").clone();
    assert!(asked.iter().all(|(_, n_asked)| *n_asked <= ASKED_MAX), "{asked:?}");
    assert_eq!(asked.iter().filter(|(node, _)| *node == 1).map(|(_, n_asked)| n_asked).sum::<usize>(), n / 2);
}

#[test]
fn full_answers_and_lying_ones_are_survived() {
    let answers = vec![
        Box::new(|_: &ContentDigest| Ok(Offer::Contents(b"other".to_vec()))) as Answer,
        has(0..9, Ok(Offer::Lacking)),
    ];
    let fetched = fetch(9, Others { answers, is_full_after_two: true, ..Others::default() });
    assert!(fetched.result.is_ok());
    assert_eq!(fetched.here.len(), 9);

    let answers = vec![Box::new(|_: &ContentDigest| Ok(Offer::Later)) as Answer];
    let fetched = fetch(9, Others { answers, stop_after_pauses: Some(5), ..Others::default() });
    assert!(matches!(fetched.result, Err(FetchError::Stopped)), "who gives nothing is asked again, with pauses");
}

#[test]
fn what_the_log_lets_go_is_not_waited_for() {
    // One replica is cut off, the other has an older state for a while, then one that says enough.
    let n_asked = AtomicUsize::new(0);
    let behind: Answer = Box::new(move |_| {
        let applied = if n_asked.fetch_add(1, Ordering::Relaxed) < 5 { 9 } else { 10 };
        Ok(Offer::Released { applied })
    });
    let answers = vec![Box::new(|_: &ContentDigest| unreachable()) as Answer, behind];
    let fetched = fetch(1, Others { answers, ..Others::default() });
    assert!(fetched.result.is_ok());
    assert_eq!(fetched.here.len(), 0);
    assert_eq!(fetched.others.n_pauses.load(Ordering::Relaxed), 5);
    // Whoever still has them gives them all the same.
    let answers = vec![has([], Ok(Offer::Released { applied: 99 })), has([0], Ok(Offer::Lacking))];
    assert_eq!(fetch(1, Others { answers, ..Others::default() }).here.len(), 1);
}

#[test]
fn only_what_every_replica_lacks_is_given_up_otherwise() {
    let lacks = || has([0], Ok(Offer::Lacking));
    let fetched = fetch(2, Others { answers: vec![lacks(), lacks()], ..Others::default() });
    assert!(fetched.result.is_ok());
    assert_eq!(fetched.here, BTreeSet::from([0]));
    assert_eq!(fetched.others.n_pauses.load(Ordering::Relaxed), 1, "they were asked twice");

    // The one that is cut off may have it: until it is back, or the group is stopped, it is waited for.
    let answers = vec![lacks(), Box::new(|_: &ContentDigest| unreachable()) as Answer];
    let fetched = fetch(2, Others { answers, stop_after_pauses: Some(20), ..Others::default() });
    assert!(matches!(fetched.result, Err(FetchError::Stopped)));
    assert_eq!(fetched.here, BTreeSet::from([0]), "what was there is here");
    let n_asked = AtomicUsize::new(0);
    let back: Answer = Box::new(move |digest| {
        if n_asked.fetch_add(1, Ordering::Relaxed) < 7 { unreachable() } else { has([1], Ok(Offer::Lacking))(digest) }
    });
    let fetched = fetch(2, Others { answers: vec![lacks(), back], ..Others::default() });
    assert_eq!((fetched.result.is_ok(), fetched.here.len()), (true, 2));
}

#[test]
fn a_replica_without_others_waits_for_nobody() {
    let fetched = fetch(2, Others::default());
    assert_eq!((fetched.result.is_ok(), fetched.here.len()), (true, 0));
}
