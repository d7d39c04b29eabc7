//! Several nodes answer, each for its groups.

use std::sync::Arc;
use std::time::Duration;

use vraftls_client::{CallError, Cluster, Options, Spread};
use vraftls_index::Roles;
use vraftls_meta::Slot;
use vraftls_proto::rpc::Unpacked;
use vraftls_proto::{Answer, Answered, At, DocumentEdit, FileReferences, Query, QueryError, Reference, Revisions};
use vraftls_text::{Span, TextEdit};
use vraftls_vfs::{ContentDigest, Revision, VfsPath};

use super::node::{Nodes, Script, WORKSPACE, path, request};

const N_GROUPS: u32 = 3;

fn files() -> Vec<VfsPath> {
    (0..40).map(|n| path(&format!("package/f{n:02}.py"))).collect()
}

fn group_of(path: &VfsPath) -> u32 {
    1 + u32::from(Slot::of(WORKSPACE, path).number()) % N_GROUPS
}

fn span() -> Span {
    Span::new(1, 2).unwrap()
}

/// The files of the groups that are asked for; of the others too much by a node that does not keep to it.
fn of_scope(unpacked: &Unpacked) -> Vec<VfsPath> {
    let scope = unpacked.scope.clone();
    files().into_iter().filter(|path| scope.as_ref().is_none_or(|scope| scope.contains(&group_of(path)))).collect()
}

fn reply(node: u64, unpacked: &Unpacked) -> Result<Answered, QueryError> {
    let files = of_scope(unpacked);
    let revisions = (1..=N_GROUPS).map(|group| (group, Revision(10 * node + u64::from(group)))).collect();
    let digests = files.iter().map(|path| (path.clone(), ContentDigest::of(path.as_str().as_bytes()))).collect();
    let answer = match &unpacked.request.query {
        Query::References { .. } => {
            let references = vec![Reference { span: span(), roles: Roles(2) }];
            let file = |path| FileReferences { path, references: references.clone() };
            Answer::References(files.into_iter().map(file).collect())
        }
        Query::Rename { new_name, .. } => {
            let edit = TextEdit { span: span(), new_text: new_name.clone() };
            let file = |path| DocumentEdit { path, edits: vec![edit.clone()] };
            Answer::Edits(files.into_iter().map(file).collect())
        }
        Query::Files => Answer::Files(files),
        _ => return Err(QueryError::InvalidInput("no".to_owned())),
    };
    Ok(Answered { revision: Revision(0), revisions, digests, partial: false, answer })
}

fn at() -> At {
    At { path: path("package/f00.py"), offset: 1 }
}

fn references() -> Query {
    Query::References { at: at(), include_declaration: true }
}

fn rename() -> Query {
    Query::Rename { at: at(), new_name: "x".to_owned() }
}

async fn ask(cluster: &Cluster, query: Query) -> Result<Answered, CallError<QueryError>> {
    cluster.ask(&request(query), &Revisions::new()).await
}

fn spread() -> Options {
    Options { spread: Spread::Owners, ..Options::default() }
}

/// Gives each group to these nodes alone.
fn deal_out(nodes: &Nodes, replicas: [&[u64]; N_GROUPS as usize]) {
    nodes.change(|info| {
        for (group, replicas) in info.groups[1..].iter_mut().zip(replicas) {
            group.replicas = replicas.to_vec();
        }
    });
}

#[tokio::test]
async fn many_answer_as_one_does() {
    let script = Arc::new(Script::new(reply));
    let nodes = Nodes::start(3, N_GROUPS, &script).await;
    let one = nodes.connect(Options::default()).await;
    deal_out(&nodes, [&[1], &[2], &[3]]);
    let many = nodes.connect(spread()).await;
    for query in [references(), rename(), Query::Files] {
        script.asks.lock().unwrap().clear();
        let expected = ask(&one, query.clone()).await.unwrap();
        assert_eq!(script.asked().len(), 1);
        let answered = ask(&many, query).await.unwrap();
        assert_eq!((&answered.answer, &answered.digests), (&expected.answer, &expected.digests));
        assert!(!answered.partial);
        let seen: Vec<_> = answered.revisions.iter().collect();
        assert_eq!(seen, [(1, Revision(11)), (2, Revision(22)), (3, Revision(33))], "as the owners saw them");
        let mut scopes: Vec<_> =
            script.asks.lock().unwrap()[1..].iter().map(|(node, ask)| (*node, ask.scope.clone().unwrap())).collect();
        scopes.sort();
        assert_eq!(scopes, [(1, vec![1]), (2, vec![2]), (3, vec![3])]);
    }
}

#[tokio::test]
async fn questions_about_one_file_go_to_one_node() {
    let script = Arc::new(Script::new(reply));
    let nodes = Nodes::start(3, N_GROUPS, &script).await;
    deal_out(&nodes, [&[1], &[2], &[3]]);
    let cluster = nodes.connect(spread()).await;
    let refused = ask(&cluster, Query::Hover(at())).await.unwrap_err();
    assert_eq!(refused, CallError::Said(QueryError::InvalidInput("no".to_owned())));
    let asks = script.asks.lock().unwrap();
    assert_eq!(asks.iter().map(|(_, ask)| ask.scope.clone()).collect::<Vec<_>>(), [None]);
}

#[tokio::test]
async fn another_replica_answers_for_a_node_that_died() {
    let script = Arc::new(Script::new(reply));
    let mut nodes = Nodes::start(3, N_GROUPS, &script).await;
    deal_out(&nodes, [&[1, 2], &[2, 3], &[1, 3]]);
    let cluster = nodes.connect(spread()).await;
    nodes.kill(2).await;
    for query in [references(), rename()] {
        let answered = ask(&cluster, query).await.unwrap();
        assert!(!answered.partial);
        assert_eq!(answered.digests.len(), files().len());
    }
}

#[tokio::test]
async fn another_replica_answers_for_a_node_that_says_nothing() {
    let script = Arc::new(Script::new(reply));
    let nodes = Nodes::start(3, N_GROUPS, &script).await;
    deal_out(&nodes, [&[1, 2], &[2], &[1, 3]]);
    let quick = Duration::from_millis(50);
    let cluster = nodes.connect(Options { probe_after: quick, probe_patience: quick, ..spread() }).await;
    script.set_hanging(1, true);
    let answered = ask(&cluster, references()).await.unwrap();
    assert!(!answered.partial);
    assert_eq!(answered.digests.len(), files().len());
}

#[tokio::test]
async fn without_a_shard_references_are_partial_and_a_rename_is_nothing() {
    let script = Arc::new(Script::new(reply));
    let mut nodes = Nodes::start(3, N_GROUPS, &script).await;
    deal_out(&nodes, [&[1], &[2], &[3]]);
    let cluster = nodes.connect(spread()).await;
    nodes.kill(2).await;
    let answered = ask(&cluster, references()).await.unwrap();
    assert!(answered.partial);
    let Answer::References(found) = answered.answer else { panic!("no references") };
    let found: Vec<VfsPath> = found.into_iter().map(|file| file.path).collect();
    let expected: Vec<VfsPath> = files().into_iter().filter(|path| group_of(path) != 2).collect();
    assert_eq!(found, expected);
    let nothing = ask(&cluster, rename()).await.unwrap_err();
    assert!(matches!(nothing, CallError::Reach(_)), "{nothing:?}");
    // Without anybody there is nothing to be a part of.
    nodes.kill(1).await;
    nodes.kill(3).await;
    assert!(ask(&cluster, references()).await.is_err());
}

#[tokio::test]
async fn a_shard_that_is_not_able_to_answer_is_out_of_reach_and_a_question_without_sense_is_none() {
    let script = Arc::new(Script::new(|node, unpacked: &Unpacked| match &unpacked.request.query {
        Query::References { .. } if node == 3 => Err(QueryError::Unavailable("its leader".to_owned())),
        Query::Files if node == 3 => Err(QueryError::InvalidInput("no".to_owned())),
        _ => reply(node, unpacked),
    }));
    let nodes = Nodes::start(3, N_GROUPS, &script).await;
    deal_out(&nodes, [&[1], &[2], &[3]]);
    let cluster = nodes.connect(spread()).await;
    assert!(ask(&cluster, references()).await.unwrap().partial);
    let refused = ask(&cluster, Query::Files).await.unwrap_err();
    assert_eq!(refused, CallError::Said(QueryError::InvalidInput("no".to_owned())));
}

#[tokio::test]
async fn a_rename_of_which_a_node_sees_only_a_part_is_nothing() {
    let script = Arc::new(Script::new(|node, unpacked: &Unpacked| {
        let answered = reply(node, unpacked)?;
        Ok(Answered { partial: node == 3, ..answered })
    }));
    let nodes = Nodes::start(3, N_GROUPS, &script).await;
    deal_out(&nodes, [&[1], &[2], &[3]]);
    let cluster = nodes.connect(spread()).await;
    assert!(ask(&cluster, references()).await.unwrap().partial);
    let nothing = ask(&cluster, rename()).await.unwrap_err();
    assert!(matches!(nothing, CallError::Said(QueryError::Unavailable(_))), "{nothing:?}");
}
