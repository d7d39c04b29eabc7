//! What a desk does about what is wanted, with analyzers that are only names.

use vraftls_index::{Description, Facts};
use vraftls_query::{BoxFuture, EngineCall, Fault, IndexDocument, Reply};
use vraftls_wasm::LoadError;

use super::*;
use crate::plugins::{SourceError, are_settled};

/// An analyzer that is one only by name.
struct Named {
    description: Description,
    digest: ContentDigest,
}

impl Analyzer for Named {
    fn digest(&self) -> ContentDigest {
        self.digest
    }

    fn description(&self) -> &Description {
        &self.description
    }

    fn index(&self, _: IndexDocument) -> BoxFuture<'static, Result<Facts, Fault>> {
        Box::pin(std::future::ready(Err(Fault::Unsupported)))
    }

    fn ask(&self, _: EngineCall) -> BoxFuture<'static, Result<Reply, Fault>> {
        Box::pin(std::future::ready(Err(Fault::Unsupported)))
    }
}

fn component(id: &str, version: &str) -> Arc<dyn Analyzer> {
    let description = Description { id: id.into(), version: version.into(), ..Description::default() };
    Arc::new(Named { description, digest: digest(version) })
}

fn digest(version: &str) -> ContentDigest {
    ContentDigest::of(version.as_bytes())
}

fn want(plugins: &[(&str, &str)]) -> Wanted {
    plugins.iter().map(|(id, version)| ((*id).to_owned(), digest(version))).collect()
}

/// The versions at work, each as `id version`.
fn at_work(desk: &Desk) -> Vec<String> {
    let shown = |it: &Arc<dyn Analyzer>| format!("{} {}", it.description().id, it.description().version);
    desk.analyzers().iter().map(shown).collect()
}

/// Brings a desk to what is wanted, with what loading each version gives.
async fn bring(desk: &mut Desk, wanted: &Wanted, now: Instant, load: impl Fn(&str) -> Done) -> Vec<String> {
    let to_load = desk.reconcile(wanted, now);
    for (id, digest) in to_load.clone() {
        let done = load(&id);
        desk.start(id, digest, async move { done });
    }
    for _ in &to_load {
        let done = desk.next_done().await;
        desk.finish(done, now);
    }
    to_load.into_iter().map(|(id, _)| id).collect()
}

#[tokio::test]
async fn what_is_pushed_takes_the_place_of_what_is_built_in_until_nobody_wants_it() {
    let mut desk = Desk::new(&[component("python", "built in"), component("toy", "built in too")]);
    let now = Instant::now();
    let load = |id: &str| Ok(component(id, "2"));
    assert_eq!(at_work(&desk), ["python built in", "toy built in too"]);
    let wanted = want(&[("python", "2")]);
    assert_eq!(bring(&mut desk, &wanted, now, load).await, ["python"]);
    assert_eq!(at_work(&desk), ["python 2", "toy built in too"]);
    let status = &desk.statuses(&wanted)["python"];
    let active = status.active.as_ref().unwrap();
    assert_eq!((active.digest, active.origin, status.wanted), (digest("2"), Origin::Pushed, Some(digest("2"))));
    assert!(matches!(status.state, PluginState::Settled));
    assert_eq!(bring(&mut desk, &wanted, now, load).await, [""; 0], "it is there");
    let other = want(&[("ada", "2")]);
    assert_eq!(bring(&mut desk, &other, now, load).await, ["ada"]);
    assert_eq!(at_work(&desk), ["ada 2", "python built in", "toy built in too"]);
    assert_eq!(bring(&mut desk, &want(&[("python", "built in")]), now, load).await, [""; 0], "it is built in");
    assert_eq!(at_work(&desk), ["python built in", "toy built in too"]);
}

#[tokio::test]
async fn what_cannot_be_loaded_leaves_what_was_there() {
    let mut desk = Desk::new(&[component("python", "1")]);
    let (now, wanted) = (Instant::now(), want(&[("python", "bad")]));
    let refuse = |_: &str| Err(PluginFailure::Load(Arc::new(LoadError::Contract("no".into()))));
    assert_eq!(bring(&mut desk, &wanted, now, refuse).await, ["python"]);
    assert_eq!(at_work(&desk), ["python 1"]);
    let statuses = desk.statuses(&wanted);
    assert!(matches!(&statuses["python"].state, PluginState::Failed(PluginFailure::Load(_))) && are_settled(&statuses));
    assert_eq!(desk.next_retry(), None, "the same bytes are as bad the next time");
    assert_eq!(bring(&mut desk, &wanted, now + RETRY_MAX, refuse).await, [""; 0]);
    let other = |id: &str| Ok(component(id, "3"));
    assert_eq!(bring(&mut desk, &want(&[("python", "3")]), now, other).await, ["python"]);
    assert_eq!(at_work(&desk), ["python 3"]);
    assert_eq!(bring(&mut desk, &wanted, now, refuse).await, ["python"], "who asks again is heard again");
    assert_eq!(at_work(&desk), ["python 3"]);
    let misnamed = |_: &str| Err(PluginFailure::OtherPlugin("ruby".into()));
    bring(&mut desk, &want(&[("python", "4")]), now, misnamed).await;
    assert_eq!(at_work(&desk), ["python 3"]);
}

#[tokio::test]
async fn bytes_that_cannot_be_had_are_asked_for_again_later_and_later() {
    let mut desk = Desk::new(&[]);
    let (mut now, wanted) = (Instant::now(), want(&[("python", "1")]));
    let missing = |_: &str| Err(PluginFailure::Source(SourceError("nobody has it".into())));
    let mut waits = Vec::new();
    for _ in 0..8 {
        assert_eq!(bring(&mut desk, &wanted, now, missing).await, ["python"]);
        assert_eq!(bring(&mut desk, &wanted, now, missing).await, [""; 0], "not before its time");
        let retry = desk.next_retry().unwrap();
        waits.push((retry - now).as_secs());
        now = retry;
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
    bring(&mut desk, &wanted, now, |id| Ok(component(id, "1"))).await;
    assert_eq!((at_work(&desk), desk.next_retry()), (vec!["python 1".to_owned()], None));
}

#[tokio::test]
async fn a_rollback_waits_for_nothing_while_the_version_before_is_in_use() {
    let mut desk = Desk::new(&[]);
    let now = Instant::now();
    bring(&mut desk, &want(&[("python", "1")]), now, |id| Ok(component(id, "1"))).await;
    // A question under way holds it.
    let in_use = desk.analyzers();
    bring(&mut desk, &want(&[("python", "2")]), now, |id| Ok(component(id, "2"))).await;
    assert_eq!(at_work(&desk), ["python 2"]);
    assert_eq!(desk.reconcile(&want(&[("python", "1")]), now), []);
    assert!(Arc::ptr_eq(&desk.analyzers()[0], &in_use[0]));
    drop(in_use);
    // Nobody holds the second one any more, so it is gone with its engines.
    assert_eq!(desk.reconcile(&want(&[("python", "2")]), now).len(), 1);
}

#[tokio::test]
async fn what_nobody_wants_any_more_is_not_put_to_work_when_it_comes() {
    let mut desk = Desk::new(&[component("python", "1")]);
    let now = Instant::now();
    let (sender, receiver) = tokio::sync::oneshot::channel::<()>();
    let wanted = want(&[("python", "2")]);
    assert_eq!(desk.reconcile(&wanted, now), [("python".to_owned(), digest("2"))]);
    desk.start("python".to_owned(), digest("2"), async move {
        drop(receiver.await);
        Ok(component("python", "2"))
    });
    assert!(matches!(desk.statuses(&wanted)["python"].state, PluginState::Loading));
    assert!(!are_settled(&desk.statuses(&wanted)));
    assert_eq!(desk.reconcile(&want(&[("python", "1")]), now), []);
    drop(sender);
    let ended = desk.next_done().await;
    desk.finish(ended, now);
    assert_eq!(at_work(&desk), ["python 1"]);
}

#[tokio::test]
async fn a_defect_while_loading_is_a_failure_of_its_plugin() {
    let mut desk = Desk::new(&[]);
    let (now, wanted) = (Instant::now(), want(&[("python", "1")]));
    assert_eq!(desk.reconcile(&wanted, now).len(), 1);
    desk.start("python".to_owned(), digest("1"), async { panic!("a defect") });
    let done = desk.next_done().await;
    desk.finish(done, now);
    assert!(matches!(desk.statuses(&wanted)["python"].state, PluginState::Failed(PluginFailure::Panicked)));
}
