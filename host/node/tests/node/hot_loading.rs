//! Analyzers that are pushed to a running node, made active and rolled back while sessions ask it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use tokio::sync::watch;
use tokio::task::JoinSet;
use vraftls_node::plugins::{ComponentSource, Origin, PluginState, PluginStatus, SourceError, Wanted};
use vraftls_proto::{Answer, OverlayFile, OverlaySet, Query, Request, SessionId};
use vraftls_query::BoxFuture;
use vraftls_vfs::{ContentDigest, Revision, VfsPath};

use super::support::*;

/// Components by their digests.
struct Memory(BTreeMap<ContentDigest, Bytes>);

impl ComponentSource for Memory {
    fn component(&self, digest: ContentDigest) -> BoxFuture<'_, Result<Bytes, SourceError>> {
        let found = self.0.get(&digest).cloned().ok_or_else(|| SourceError("nobody has it".into()));
        Box::pin(std::future::ready(found))
    }
}

/// A component that says something else: the same bytes but for some words.
fn reworded(component: &[u8], words: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = component.to_vec();
    for (old, new) in words {
        assert_eq!(old.len(), new.len());
        let at = bytes.windows(old.len()).position(|window| window == old.as_bytes());
        let at = at.unwrap_or_else(|| panic!("{old:?} is not in the component"));
        bytes[at..at + new.len()].copy_from_slice(new.as_bytes());
    }
    bytes
}

/// A node to which components can be pushed.
struct Pushable {
    running: Running,
    wanted: watch::Sender<Arc<Wanted>>,
}

impl Pushable {
    /// With components that can be made active.
    async fn new(place: &Place, components: &[&[u8]]) -> Self {
        let running = place.open().await;
        let by_digest = |bytes: &&[u8]| (ContentDigest::of(bytes), Bytes::copy_from_slice(bytes));
        let source = Arc::new(Memory(components.iter().map(by_digest).collect()));
        let (wanted, follow) = watch::channel(Arc::new(Wanted::new()));
        let keeper = Arc::clone(running.node.plugins());
        tokio::spawn(async move { keeper.run(follow, source).await });
        Self { running, wanted }
    }

    fn want(&self, plugins: &[(&str, &[u8])]) {
        let wanted = plugins.iter().map(|(id, bytes)| ((*id).to_owned(), ContentDigest::of(bytes)));
        self.wanted.send_replace(Arc::new(wanted.collect()));
    }

    /// Waits until a plugin stands so.
    async fn until(&self, id: &str, is_so: impl Fn(&PluginStatus) -> bool) -> PluginStatus {
        let mut statuses = self.running.node.plugins().statuses();
        let stands = statuses.wait_for(|statuses| statuses.get(id).is_some_and(&is_so));
        tokio::time::timeout(PATIENCE, stands).await.expect("in time").unwrap()[id].clone()
    }

    async fn until_active(&self, id: &str, bytes: &[u8]) {
        let digest = ContentDigest::of(bytes);
        self.until(id, |status| status.active.as_ref().is_some_and(|active| active.digest == digest)).await;
    }
}

/// What the analyzer says of an unsaved text that nobody asked about before.
async fn findings(running: &Running, session: u64, n: u64) -> Vec<String> {
    let text = format!("use nope{n}\nno such line\n");
    let digest = ContentDigest::of(text.as_bytes());
    let path = VfsPath::new("a.toy").unwrap();
    let file = OverlayFile { digest, text: text.into(), language: "toy".into() };
    let request = Request {
        workspace: running.folder.workspace,
        session: SessionId(session),
        overlays: Arc::new(OverlaySet::default().with(path.clone(), Some(file))),
        settings: Arc::default(),
        at_least: Revision(0),
        deadline: PATIENCE,
        query: Query::Diagnostics { path },
    };
    match running.node.answer(request).await.unwrap().answer {
        Answer::Diagnostics(found) => found.iter().map(|it| it.message.replace(&n.to_string(), "")).collect(),
        other => panic!("no findings: {other:?}"),
    }
}

const OLD: [&str; 2] = ["`nope` is nowhere defined", "neither `def`, `use` nor `import`"];
const NEW: [&str; 2] = ["`nope` is defined nowhere", "nothing `def`, `use` nor `import`"];

fn new_toy() -> Vec<u8> {
    reworded(&component("toy"), &[("is nowhere defined", "is defined nowhere"), ("neither `def`", "nothing `def`")])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_sessions_that_ask_throughout_see_one_version_or_the_other() {
    let place = Place::new();
    place.write("a.toy", "def run\n");
    let (old, new) = (component("toy"), new_toy());
    let node = Arc::new(Pushable::new(&place, &[&old, &new]).await);
    let ends = Arc::new(AtomicBool::new(false));
    // How often each version was heard.
    let heard = tokio::sync::watch::Sender::new([0_u64, 0]);
    let mut askers = JoinSet::new();
    for session in 1..=20 {
        let (node, ends, heard) = (Arc::clone(&node), Arc::clone(&ends), heard.clone());
        askers.spawn(async move {
            let mut n = session * 1_000_000;
            while !ends.load(Ordering::Relaxed) {
                n += 1;
                let said = findings(&node.running, session, n).await;
                assert!(said == OLD || said == NEW, "{said:?}");
                heard.send_modify(|n_of| n_of[usize::from(said == NEW)] += 1);
            }
        });
    }
    for _ in 0..3 {
        for (bytes, said) in [(&new, NEW), (&old, OLD)] {
            let mut changes = node.running.node.analyzers_changed();
            node.want(&[("toy", bytes)]);
            node.until_active("toy", bytes).await;
            // What looks names up is of the version before until the new one has read all files, of which everybody is told.
            while findings(&node.running, 99, 7).await != said {
                tokio::time::timeout(PATIENCE, changes.changed()).await.expect("in time").unwrap();
            }
            // Those who ask throughout hear it, too.
            let version = usize::from(said == NEW);
            let mut hearing = heard.subscribe();
            let before = hearing.borrow()[version];
            let hears = hearing.wait_for(|n_of| n_of[version] > before);
            tokio::time::timeout(PATIENCE, hears).await.expect("in time").expect("they ask");
        }
    }
    ends.store(true, Ordering::Relaxed);
    askers.join_all().await;
    // The engines of versions that are not used any more are gone, each after its last question.
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while node.running.node.stats().sandbox.engines > 1 {
        assert!(tokio::time::Instant::now() < deadline, "engines of old versions stay");
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_loaded_changes_nothing_and_says_so() {
    let place = Place::new();
    let (old, outline) = (component("toy"), component("outline"));
    let node = Pushable::new(&place, &[b"no component", &outline]).await;
    let changes = node.running.node.analyzers_changed();
    for (bytes, why) in [
        (&b"no component"[..], "it cannot be loaded: the component does not compile"),
        (&outline, "it says that it is the analyzer `outline`"),
        (b"nowhere", "its bytes cannot be had: nobody has it"),
    ] {
        node.want(&[("toy", bytes)]);
        let digest = ContentDigest::of(bytes);
        let has_failed =
            |status: &PluginStatus| status.wanted == Some(digest) && matches!(status.state, PluginState::Failed(_));
        let status = node.until("toy", has_failed).await;
        let PluginState::Failed(failure) = &status.state else { panic!("{status:?}") };
        let (mut said, mut cause) = (failure.to_string(), std::error::Error::source(failure));
        while let Some(error) = cause {
            said = format!("{said}: {error}");
            cause = error.source();
        }
        assert!(said.starts_with(why), "{said}");
        let active = status.active.unwrap();
        assert_eq!((active.digest, active.origin), (ContentDigest::of(&old), Origin::BuiltIn));
        assert_eq!(findings(&node.running, 1, 1).await, OLD);
    }
    assert!(!changes.has_changed().unwrap(), "nobody is told to ask again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_files_of_a_new_language_are_taken_in() {
    let place = Place::new();
    place.write("a.toy", "def run\n");
    place.write("notes.outline", "* one\n");
    let outline = component("outline");
    let node = Pushable::new(&place, &[&outline]).await;
    let toys = place.disk();
    node.running.shows(&toys).await;
    node.want(&[("outline", &outline)]);
    node.until_active("outline", &outline).await;
    let mut all = toys.clone();
    all.insert("notes.outline".into(), "* one\n".into());
    node.running.shows(&all).await;
    let symbols = node.running.ask(Query::DocumentSymbols { path: VfsPath::new("notes.outline").unwrap() }).await;
    assert!(matches!(symbols, Ok(Answer::DocumentSymbols(it)) if it.facts.symbols.len() == 1));
    node.want(&[]);
    node.running.shows(&toys).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_pushed_is_judged_first() {
    let place = Place::new();
    let node = Pushable::new(&place, &[]).await;
    let keeper = node.running.node.plugins();
    let toy = component("toy");
    let accepted = keeper.accept(Bytes::copy_from_slice(&toy)).await.unwrap();
    assert_eq!((accepted.plugin.as_str(), accepted.component.version.as_str()), ("toy", "0.1.0"));
    assert_eq!(accepted.component.digest, ContentDigest::of(&toy));
    assert_eq!(accepted.component.size_bytes, toy.len() as u64);
    let refused = keeper.accept(Bytes::from_static(b"no component")).await.unwrap_err();
    assert_eq!(refused.to_string(), "it is no WebAssembly: it does not begin with `\\0asm`");
}
