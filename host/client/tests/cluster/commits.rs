//! Commits take effect once, wherever the group is led.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use vraftls_client::{CallError, Cluster, CommitFailure, Options, ReachError};
use vraftls_proto::rpc::{Commit, CommitError};
use vraftls_vfs::{Applied, ClientId, ContentDigest, Contents, FileOperation, Refusal, Revision, Sequence};

use super::node::{Nodes, SOON, Script, WORKSPACE, path};

fn commit() -> Commit {
    let operations = vec![FileOperation::put(path("a.py"), Contents::Inline(b"x".to_vec()))];
    Commit { group: 1, epoch: 1, workspace: WORKSPACE, client: ClientId(7), sequence: Sequence(3), operations }
}

fn done() -> Result<Result<Applied, Refusal>, CommitError> {
    Ok(Ok(Applied::Batch { revision: Revision(4), n_changed: 1 }))
}

async fn connect(nodes: &Nodes) -> Cluster {
    nodes.connect(Options::default()).await
}

/// The nodes that got the commit, each of them the same one.
fn takers(script: &Script) -> Vec<u64> {
    let commits = script.commits.lock().unwrap();
    assert!(commits.iter().all(|(_, got)| *got == commit()));
    commits.iter().map(|(node, _)| *node).collect()
}

#[tokio::test]
async fn a_commit_finds_the_leader_by_what_the_others_say() {
    let script = Arc::new(Script::committing(|node, _| match node {
        3 => done(),
        _ => Err(CommitError::NotLeader { leader: Some(3) }),
    }));
    let nodes = Nodes::start(3, 1, &script).await;
    let cluster = connect(&nodes).await;
    assert_eq!(cluster.open_session(1, SOON).await, Ok(ClientId(7)));
    assert_eq!(Ok(cluster.commit(&commit(), SOON).await.unwrap()), done().unwrap());
    let takers = takers(&script);
    assert!(takers.len() <= 2 && takers.last() == Some(&3), "{takers:?}");
    // Who is known to lead is asked first.
    nodes.change(|info| info.groups[1].leader = Some(3));
    cluster.refresh().await.unwrap();
    script.commits.lock().unwrap().clear();
    cluster.commit(&commit(), SOON).await.unwrap();
    assert_eq!(self::takers(&script), [3]);
}

#[tokio::test]
async fn without_a_leader_a_commit_is_tried_until_there_is_one() {
    let n_tries = AtomicU32::new(0);
    let script = Arc::new(Script::committing(move |node, _| {
        let is_led = n_tries.fetch_add(1, Ordering::SeqCst) >= 7;
        if node == 2 && is_led { done() } else { Err(CommitError::NotLeader { leader: is_led.then_some(2) }) }
    }));
    let nodes = Nodes::start(3, 1, &script).await;
    connect(&nodes).await.commit(&commit(), SOON).await.unwrap();
    assert_eq!(takers(&script).last(), Some(&2));
}

#[tokio::test]
async fn nodes_that_name_each_other_as_leader_end_with_the_time() {
    let script = Arc::new(Script::committing(|node, _| {
        Err(CommitError::NotLeader { leader: Some(if node == 1 { 2 } else { 1 }) })
    }));
    let nodes = Nodes::start(2, 1, &script).await;
    let failed = connect(&nodes).await.commit(&commit(), Duration::from_millis(350)).await;
    assert!(matches!(failed, Err(CommitFailure::NotTaken(_))), "{failed:?}");
    assert!(takers(&script).len() < 40, "{} tries", takers(&script).len());
}

#[tokio::test]
async fn an_unknown_outcome_is_asked_for_again_with_the_same_number() {
    let is_second = AtomicBool::new(false);
    let script = Arc::new(Script::committing(move |_, _| {
        if is_second.swap(true, Ordering::SeqCst) { done() } else { Err(CommitError::Unknown("deadline".to_owned())) }
    }));
    let nodes = Nodes::start(3, 1, &script).await;
    connect(&nodes).await.commit(&commit(), SOON).await.unwrap();
    assert_eq!(takers(&script).len(), 2);
}

#[tokio::test]
async fn what_nobody_answered_for_is_unknown_and_what_nobody_took_is_not_committed() {
    let script = Arc::new(Script::committing(|_, _| Err(CommitError::Unknown("deadline".to_owned()))));
    let nodes = Nodes::start(2, 1, &script).await;
    let cluster = connect(&nodes).await;
    let soon = Duration::from_millis(300);
    assert!(matches!(cluster.commit(&commit(), soon).await, Err(CommitFailure::Unknown(_))));
    let script = Arc::new(Script::committing(|_, _| Err(CommitError::Busy { retry_after: Duration::from_millis(1) })));
    let nodes = Nodes::start(2, 1, &script).await;
    let cluster = connect(&nodes).await;
    assert!(matches!(cluster.commit(&commit(), soon).await, Err(CommitFailure::NotTaken(_))));
}

#[tokio::test]
async fn a_busy_leader_is_asked_again_and_nobody_else() {
    let n_tries = AtomicU32::new(0);
    let script = Arc::new(Script::committing(move |_, _| match n_tries.fetch_add(1, Ordering::SeqCst) {
        0..=1 => Err(CommitError::Busy { retry_after: Duration::from_millis(1) }),
        _ => done(),
    }));
    let nodes = Nodes::start(3, 1, &script).await;
    connect(&nodes).await.commit(&commit(), SOON).await.unwrap();
    let takers = takers(&script);
    assert_eq!(takers, [takers[0]; 3]);
}

#[tokio::test]
async fn a_leader_that_dies_is_followed_by_another() {
    let script = Arc::new(Script::committing(|_, _| done()));
    let mut nodes = Nodes::start(3, 1, &script).await;
    nodes.change(|info| info.groups[1].leader = Some(2));
    let cluster = connect(&nodes).await;
    cluster.commit(&commit(), SOON).await.unwrap();
    nodes.kill(2).await;
    cluster.commit(&commit(), SOON).await.unwrap();
    let takers = takers(&script);
    assert!(takers[0] == 2 && takers[1] != 2, "{takers:?}");
}

#[tokio::test]
async fn a_wrong_epoch_brings_new_routes() {
    let script = Arc::new(Script::committing(|_, commit| match commit.epoch {
        1 => Ok(Err(Refusal::WrongEpoch { current: 6 })),
        _ => Err(CommitError::WrongEpoch { current: 6 }),
    }));
    let nodes = Nodes::start(1, 1, &script).await;
    for epoch in [1, 2] {
        nodes.change(|info| info.slots.epoch = 1);
        let cluster = connect(&nodes).await;
        nodes.change(|info| info.slots.epoch = 6);
        let failed = cluster.commit(&Commit { epoch, ..commit() }, SOON).await;
        assert_eq!(failed, Err(CommitFailure::WrongEpoch { current: 6 }));
        assert_eq!(cluster.routes().epoch(), 6);
    }
}

#[tokio::test]
async fn what_the_state_machine_refuses_is_told() {
    let refusal = || Refusal::NoSuchWorkspace { workspace: WORKSPACE };
    let script = Arc::new(Script::committing(move |_, commit| match commit.sequence {
        Sequence(3) => Ok(Err(refusal())),
        _ => Err(CommitError::Refused("too large".to_owned())),
    }));
    let nodes = Nodes::start(2, 1, &script).await;
    let cluster = connect(&nodes).await;
    assert_eq!(cluster.commit(&commit(), SOON).await, Err(CommitFailure::Refused(refusal())));
    let other = Commit { sequence: Sequence(4), ..commit() };
    assert_eq!(cluster.commit(&other, SOON).await, Err(CommitFailure::Senseless("too large".to_owned())));
    let large = vec![0; 3 << 20];
    let operations = vec![FileOperation::put(path("a.py"), Contents::Inline(large))];
    let too_long = cluster.commit(&Commit { operations, ..commit() }, SOON).await;
    assert!(matches!(too_long, Err(CommitFailure::Senseless(_))), "{too_long:?}");
}

#[tokio::test]
async fn contents_that_are_missing_are_asked_of_the_group() {
    let script = Arc::new(Script::plain());
    let mut nodes = Nodes::start(3, 1, &script).await;
    nodes.change(|info| info.groups[1].replicas = vec![1, 2]);
    let cluster = connect(&nodes).await;
    let digests = vec![ContentDigest::of(b"x")];
    nodes.kill(1).await;
    assert_eq!(cluster.missing(1, digests.clone(), SOON).await, Ok(digests.clone()));
    nodes.kill(2).await;
    let soon = Duration::from_millis(300);
    let gone = cluster.missing(1, digests, soon).await;
    assert!(matches!(gone, Err(CallError::Reach(ReachError::Unreachable(_)))), "{gone:?}");
}
