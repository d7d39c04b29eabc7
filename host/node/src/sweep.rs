//! Collects contents that no group on this node needs and nobody brings in: what was let go just before a crash, was stored for a proposal
//! that was never made, or belonged to a group that is somewhere else now. Slow on purpose: a bounded look at a time, and nothing goes that was not seen to be unwanted for a while.
//!
//! It keeps nothing on disk. After a crash it begins again, and whatever it removed was unwanted in the state that the log gives again.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use vraftls_vfs::ContentDigest;

use crate::contents::{ContentError, ContentPlace, ContentStore};
use crate::references::References;
use crate::stop::Stop;
use crate::tree::ingest::blocking;

/// How the contents are swept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SweepConfig {
    /// How long after a look the next one comes.
    pub interval: Duration,
    /// How long after everything was looked at it is looked at again.
    pub rest: Duration,
    /// How long contents must have been unwanted: longer than a question that sees an older state, and than a proposal whose contents
    /// came first.
    pub grace: Duration,
    /// How many small contents one look goes through, and how many unwanted ones it removes.
    pub n_contents_max: usize,
}

impl Default for SweepConfig {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(2),
            rest: Duration::from_secs(900),
            grace: Duration::from_secs(300),
            n_contents_max: 128,
        }
    }
}

/// How many unwanted contents are remembered at once; the next round finds the others.
const UNWANTED_MAX: usize = 4096;

/// The sweep of one store.
pub(crate) struct Sweep {
    pub(crate) config: SweepConfig,
    pub(crate) contents: ContentStore,
    pub(crate) references: References,
    place: ContentPlace,
    /// Since when they are known to be unwanted.
    unwanted: BTreeMap<ContentDigest, Instant>,
}

impl Sweep {
    pub(crate) fn new(config: SweepConfig, contents: ContentStore, references: References) -> Self {
        Self { config, contents, references, place: ContentPlace::default(), unwanted: BTreeMap::new() }
    }

    /// Sweeps until the node ends.
    pub(crate) async fn run(mut self, mut stop: Stop) {
        let mut pause = self.config.interval;
        loop {
            tokio::select! {
                () = stop.requested() => return,
                () = tokio::time::sleep(pause) => {}
            }
            let done;
            (done, self) = blocking(move || (self.step(Instant::now()), self)).await;
            pause = match done {
                // What is unwanted is waited for, not rested over.
                Ok(true) if self.unwanted.is_empty() => self.config.rest,
                Ok(true) => self.config.grace.max(self.config.interval),
                Ok(false) => self.config.interval,
                Err(error) => {
                    tracing::warn!(error = %crate::chain(&error), "contents could not be swept");
                    self.config.rest
                }
            };
        }
    }

    /// Takes one look; whether everything has been looked at. Blocks on the disk.
    fn step(&mut self, now: Instant) -> Result<bool, ContentError> {
        // Groups do so with every commit, but some are silent for long.
        self.references.let_go(&self.contents, now)?;
        let (found, next) = self.contents.list_from(self.place, self.config.n_contents_max)?;
        for digest in found {
            if self.references.is_wanted(&digest, now) {
                self.unwanted.remove(&digest);
            } else if self.unwanted.len() < UNWANTED_MAX {
                self.unwanted.entry(digest).or_insert(now);
            }
        }
        let is_due = |since: &Instant| now.saturating_duration_since(*since) >= self.config.grace;
        let due = self.unwanted.iter().filter(|(_, since)| is_due(since)).map(|(digest, _)| *digest);
        let due: Vec<ContentDigest> = due.take(self.config.n_contents_max).collect();
        for digest in due {
            // Asked anew, while nobody can bring them in: what was committed meanwhile is in this state.
            let removed = self.contents.remove_if(&digest, || !self.references.is_wanted(&digest, now))?;
            tracing::debug!(%digest, removed, "contents that no file has");
            self.unwanted.remove(&digest);
        }
        self.place = next.unwrap_or_default();
        let may_shrink = self.contents.tidy()?;
        Ok(next.is_none() && !may_shrink)
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::watch;
    use vraftls_raft::ids::GroupId;
    use vraftls_vfs::{
        ClientId, Command, Contents, Expected, FileOperation, Request, Revision, Sequence, State, VfsPath, WorkspaceId,
        WorkspaceName,
    };

    use super::*;
    use crate::references::ALWAYS_DURABLE;

    /// A state with files of these contents.
    fn state_with(contents: &[&[u8]]) -> State {
        let mut state = State::new();
        let mut n = 0;
        let mut apply = |command: Command| {
            n += 1;
            state.apply(Revision(n), command).0.expect("it is in order")
        };
        apply(Command::OpenSession);
        let once = |sequence, request| Command::Once { client: ClientId(1), sequence: Sequence(sequence), request };
        let name = WorkspaceName::new("w").expect("a name");
        apply(once(1, Request::CreateWorkspace { name }));
        let write = |(idx, bytes): (usize, &&[u8])| FileOperation::Write {
            path: VfsPath::new(&format!("f{idx}")).expect("a path"),
            expected: Expected::Nothing,
            contents: Contents::Stored { digest: ContentDigest::of(bytes), size_bytes: bytes.len() as u64 },
        };
        let operations = contents.iter().enumerate().map(write).collect();
        apply(once(2, Request::Batch { workspace: WorkspaceId(1), operations }));
        state
    }

    #[test]
    fn only_what_is_unwanted_for_long_goes_a_bounded_number_at_a_time() {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        let contents = ContentStore::open(scratch.path()).expect("opens");
        let (large, wanted) = (vec![1; 200 << 10], vec![2; 200 << 10]);
        let small: Vec<Vec<u8>> = (0..10_u8).map(|n| vec![n; 20]).collect();
        for bytes in small.iter().chain([&large, &wanted]) {
            contents.put(ContentDigest::of(bytes), bytes).expect("kept");
        }
        let pin = contents.put_pinned(ContentDigest::of(&small[9]), &small[9]).expect("kept");
        let (state_in, state) = watch::channel(state_with(&[&wanted, &small[0]]));
        let config = SweepConfig { n_contents_max: 3, grace: Duration::from_secs(10), ..SweepConfig::default() };
        let references = References::new();
        let recovering = references.register(GroupId(1), state, ALWAYS_DURABLE);
        let mut sweep = Sweep::new(config, contents.clone(), references);
        let start = Instant::now();
        let is_there = |bytes: &[u8]| contents.get(&ContentDigest::of(bytes)).is_ok();
        let round = |sweep: &mut Sweep, now: Instant| while !sweep.step(now).expect("swept") {};

        round(&mut sweep, start);
        round(&mut sweep, start + config.grace * 9);
        drop(recovering);
        let start = start + config.grace * 10;
        round(&mut sweep, start);
        assert!(
            small.iter().chain([&large, &wanted]).all(|bytes| is_there(bytes)),
            "nothing goes at first sight, nor while a group reads its log"
        );
        // One of them is wanted again before its time has come.
        state_in.send_replace(state_with(&[&wanted, &small[0], &small[1]]));
        round(&mut sweep, start + config.grace);
        // Each look removes some; as many rounds as it takes.
        round(&mut sweep, start + config.grace);
        let left: Vec<usize> = (0..10).filter(|n| is_there(&small[*n])).collect();
        assert_eq!((left, is_there(&large), is_there(&wanted)), (vec![0, 1, 9], false, true));
        drop(pin);
        round(&mut sweep, start + config.grace * 2);
        round(&mut sweep, start + config.grace * 4);
        assert!(!is_there(&small[9]), "nobody brings it in any more");
        assert!(is_there(&small[0]) && is_there(&small[1]) && is_there(&wanted));
    }
}
