//! What commands do, against the model.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod model;

use std::collections::BTreeSet;

use model::{Machine, Model, create_workspace, histories, inline, next, path};
use proptest::prelude::*;
use vraftls_vfs::{
    Applied, Command, Conflict, ContentDigest, Effect, FileOperation, FileVersion, Refusal, Request, Revision, State,
    WorkspaceId,
};

proptest! {
    #[test]
    fn requests_do_what_they_do_to_plain_maps(history in histories(40)) {
        let (mut machine, mut model) = (Machine::new(), Model::default());
        for request in history {
            let before = model.references();
            let expected = model.execute(next(&machine.state), &request);
            let (response, effects) = machine.execute(request.clone());
            prop_assert_eq!(&response, &expected, "{:?}", request);

            let names: Vec<_> = model.workspaces.iter().map(|(id, workspace)| (*id, workspace.name.clone())).collect();
            let found: Vec<_> = machine.state.workspaces().map(|(id, name)| (id, name.to_string())).collect();
            prop_assert_eq!(found, names);
            for (id, workspace) in &model.workspaces {
                prop_assert_eq!(&model::files(&machine.state, *id), &workspace.files);
                prop_assert_eq!(machine.state.workspace(&workspace.name), Some(*id));
            }

            let after = model.references();
            prop_assert_eq!(machine.state.epoch(), model.epoch);
            prop_assert!(machine.state.contents().eq(after.keys().copied()));
            prop_assert!(after.iter().all(|(digest, count)| machine.state.n_references(digest) == *count));
            check_effects(&effects, &before, &after, response.is_ok())?;
        }
    }

    #[test]
    fn a_restored_state_is_the_same_and_goes_on_in_the_same_way(history in histories(40), cut in any::<prop::sample::Index>()) {
        let mut machine = Machine::new();
        let mut commands: Vec<Command> = history.into_iter().map(|request| machine.command(request)).collect();
        let rest = commands.split_off(cut.index(commands.len()));
        for command in commands {
            let _ = machine.apply(command);
        }
        let mut restored = State::decode(&machine.state.encode()).unwrap();
        prop_assert_eq!(&restored, &machine.state);
        prop_assert_eq!(restored.digest(), machine.state.digest());
        for command in rest {
            let index = next(&restored);
            prop_assert_eq!(restored.apply(index, command.clone()), machine.apply(command));
            prop_assert_eq!(&restored, &machine.state, "what is derived is in step too");
        }
        prop_assert_eq!(restored.digest(), machine.state.digest());
    }

    #[test]
    fn a_repeated_command_is_answered_again_and_changes_nothing(
        history in histories(20),
        repeats in prop::collection::vec(any::<prop::sample::Index>(), 20),
    ) {
        let mut machine = Machine::new();
        let mut log = Vec::new();
        for (request, repeat) in history.into_iter().zip(repeats) {
            let command = machine.command(request);
            let (response, _) = machine.apply(command.clone());
            log.push((command, response));

            let (command, response) = &log[repeat.index(log.len())];
            let before: Vec<_> = machine.state.workspaces().map(|(id, _)| machine.state.snapshot(id).unwrap()).collect();
            let (again, effects) = machine.apply(command.clone());
            prop_assert_eq!(&again, response);
            prop_assert_eq!(effects, vec![]);
            for snapshot in before {
                let after = machine.state.snapshot(snapshot.workspace()).unwrap();
                prop_assert!(after.iter().eq(snapshot.iter()));
                prop_assert_eq!(after.changed(), snapshot.changed());
            }
        }
    }

    #[test]
    fn replicas_that_read_the_log_from_bytes_agree(history in histories(30)) {
        let (mut machine, mut replica) = (Machine::new(), Machine::new());
        for request in history {
            let command = machine.command(request);
            let read = Command::decode(&command.encode()).unwrap();
            prop_assert_eq!(machine.apply(command), replica.apply(read));
            prop_assert_eq!(machine.state.digest(), replica.state.digest());
        }
    }
}

/// Contents that came inline and are in use are stored; contents that went out of use are released; a refusal does nothing.
fn check_effects(
    effects: &[Effect],
    before: &std::collections::BTreeMap<ContentDigest, u64>,
    after: &std::collections::BTreeMap<ContentDigest, u64>,
    applied: bool,
) -> Result<(), TestCaseError> {
    let (mut stored, mut released) = (BTreeSet::new(), BTreeSet::new());
    for effect in effects {
        match effect {
            Effect::Store { digest, bytes } => {
                prop_assert_eq!(ContentDigest::of(bytes), *digest);
                prop_assert!(after.contains_key(digest) && stored.insert(*digest));
            }
            Effect::Release { digest } => prop_assert!(!after.contains_key(digest) && released.insert(*digest)),
        }
    }
    prop_assert!(before.keys().all(|digest| after.contains_key(digest) || released.contains(digest)));
    prop_assert!(applied || effects.is_empty());
    Ok(())
}

fn batch(operations: Vec<FileOperation>) -> Request {
    Request::Batch { workspace: WorkspaceId(1), operations }
}

fn machine_with(files: &[(&str, &str)]) -> Machine {
    let mut machine = Machine::new();
    machine.execute(create_workspace("w")).0.unwrap();
    let puts = files.iter().map(|(file, text)| FileOperation::put(path(file), inline(text)));
    machine.execute(batch(puts.collect())).0.unwrap();
    machine
}

#[test]
fn a_batch_with_a_conflict_changes_nothing_and_says_what_is_there() {
    let mut machine = machine_with(&[("a", "1"), ("d/b", "2")]);
    let before = machine.state.snapshot(WorkspaceId(1)).unwrap();
    let digest = ContentDigest::of;
    let cases = [
        (FileOperation::create(path("a"), inline("x")), "a", Conflict::Differs { current: digest(b"1") }),
        (FileOperation::update(path("a"), digest(b"2"), inline("x")), "a", Conflict::Differs { current: digest(b"1") }),
        (FileOperation::update(path("c"), digest(b"2"), inline("x")), "c", Conflict::Missing),
        (FileOperation::put(path("d"), inline("x")), "d", Conflict::IsDirectory),
        (FileOperation::put(path("a/x/y"), inline("x")), "a/x/y", Conflict::InsideFile { file: path("a") }),
        (FileOperation::put(path(""), inline("x")), "", Conflict::IsDirectory),
        (FileOperation::delete(path("a"), Some(digest(b"2"))), "a", Conflict::Differs { current: digest(b"1") }),
        (FileOperation::delete(path("d"), Some(digest(b"2"))), "d", Conflict::IsDirectory),
        (FileOperation::rename(path("c"), path("e"), None), "c", Conflict::Missing),
        (FileOperation::rename(path("a"), path("d/b"), None), "d/b", Conflict::Differs { current: digest(b"2") }),
        (FileOperation::rename(path("a"), path("d"), None), "d", Conflict::IsDirectory),
    ];
    for (operation, at, conflict) in cases {
        let operations = vec![FileOperation::put(path("new"), inline("3")), operation.clone()];
        let (response, effects) = machine.execute(batch(operations));
        assert_eq!(response, Err(Refusal::Conflict { operation_idx: 1, path: path(at), conflict }), "{operation:?}");
        assert_eq!(effects, []);
        assert_eq!(machine.state.snapshot(WorkspaceId(1)).unwrap().diff(&before).next(), None);
    }
}

#[test]
fn operations_of_a_batch_see_each_other() {
    let mut machine = machine_with(&[("a", "1")]);
    let operations = vec![
        FileOperation::rename(path("a"), path("a/b"), Some(ContentDigest::of(b"1"))),
        FileOperation::update(path("a/b"), ContentDigest::of(b"1"), inline("2")),
        FileOperation::create(path("c"), inline("gone")),
        FileOperation::delete(path("c"), None),
        FileOperation::delete(path("never"), None),
    ];
    let (response, effects) = machine.execute(batch(operations));
    assert_eq!(response, Ok(Applied::Batch { revision: Revision(4), n_changed: 4 }));
    assert_eq!(model::files(&machine.state, WorkspaceId(1)).into_keys().collect::<Vec<_>>(), ["a/b"]);
    let mut released = vec![ContentDigest::of(b"1"), ContentDigest::of(b"gone")];
    released.sort();
    let stored = Effect::Store { digest: ContentDigest::of(b"2"), bytes: b"2".to_vec() };
    let released = released.into_iter().map(|digest| Effect::Release { digest });
    assert_eq!(effects, [stored].into_iter().chain(released).collect::<Vec<_>>());
}

#[test]
fn versions_of_a_path_grow_even_when_the_file_was_gone() {
    let mut machine = machine_with(&[("a", "1"), ("b", "1")]);
    let version = |machine: &Machine| machine.state.snapshot(WorkspaceId(1)).unwrap().get("a").unwrap().version;
    assert_eq!(version(&machine), FileVersion(1));
    machine.execute(batch(vec![FileOperation::put(path("a"), inline("1"))])).0.unwrap();
    assert_eq!(version(&machine), FileVersion(1), "the same contents are no new version");
    machine.execute(batch(vec![FileOperation::delete(path("a"), None)])).0.unwrap();
    machine.execute(batch(vec![FileOperation::put(path("a"), inline("1"))])).0.unwrap();
    assert_eq!(version(&machine), FileVersion(3));
}

#[test]
fn a_removed_workspace_releases_its_contents_and_its_id_stays_used() {
    let mut machine = machine_with(&[("a", "1"), ("b", "1"), ("c", "2")]);
    machine.execute(create_workspace("other")).0.unwrap();
    let put = FileOperation::put(path("a"), inline("2"));
    machine.execute(Request::Batch { workspace: WorkspaceId(2), operations: vec![put] }).0.unwrap();
    let (response, effects) = machine.execute(Request::RemoveWorkspace { workspace: WorkspaceId(1) });
    assert_eq!(response, Ok(Applied::WorkspaceRemoved));
    assert_eq!(effects, [Effect::Release { digest: ContentDigest::of(b"1") }], "the other workspace still has `2`");
    assert!(machine.state.snapshot(WorkspaceId(1)).is_none());
    let (response, _) = machine.execute(create_workspace("w"));
    assert_eq!(response, Ok(Applied::WorkspaceCreated { workspace: WorkspaceId(3) }));
}

#[test]
fn log_entries_without_a_command_move_the_revision() {
    let mut state = State::new();
    let digest = state.digest();
    state.advance(Revision(7));
    assert_eq!(state.revision(), Revision(7));
    assert_ne!(state.digest(), digest);
}

fn adopt(id: u32, name: &str) -> Request {
    Request::AdoptWorkspace { workspace: WorkspaceId(id), name: vraftls_vfs::WorkspaceName::new(name).unwrap() }
}

#[test]
fn ids_that_others_gave_are_adopted_in_any_order_and_once_only() {
    let mut machine = Machine::new();
    let mut does = |request| machine.execute(request).0;
    let created = |id| Ok(Applied::WorkspaceCreated { workspace: WorkspaceId(id) });
    let used = |id| Err(Refusal::WorkspaceIdUsed { workspace: WorkspaceId(id) });
    assert_eq!(does(adopt(9, "nine")), created(9));
    assert_eq!(does(adopt(4, "four")), created(4), "it was given earlier and heard of later");
    assert_eq!(does(adopt(9, "nine")), created(9), "doing it again is harmless");
    assert_eq!(does(adopt(9, "other")), Err(Refusal::OtherName { workspace: WorkspaceId(9) }));
    assert_eq!(does(adopt(5, "nine")), Err(Refusal::WorkspaceExists { workspace: WorkspaceId(9) }));
    assert_eq!(does(adopt(0, "none")), used(0));
    assert_eq!(does(Request::RemoveWorkspace { workspace: WorkspaceId(4) }), Ok(Applied::WorkspaceRemoved));
    assert_eq!(does(adopt(4, "four")), used(4), "a message of long ago");
    let early = does(Request::RemoveWorkspace { workspace: WorkspaceId(6) });
    assert_eq!(early, Err(Refusal::NoSuchWorkspace { workspace: WorkspaceId(6) }));
    assert_eq!(does(adopt(6, "six")), used(6), "it was removed everywhere before it came here");
    assert_eq!(does(create_workspace("mine")), created(10), "no id is given out a second time");
    assert_eq!((does(adopt(5, "five")), does(adopt(8, "eight"))), (created(5), created(8)));
    assert_eq!(does(adopt(u32::MAX, "last")), created(u32::MAX));
    assert_eq!(does(create_workspace("more")), Err(Refusal::TooManyWorkspaces));
    assert_eq!(State::decode(&machine.state.encode()).unwrap(), machine.state);
}

#[test]
fn runs_of_ids_that_were_passed_over_are_bounded() {
    let mut machine = Machine::new();
    for n in 1..=vraftls_vfs::N_PASSED_OVER_MAX as u32 + 1 {
        machine.execute(adopt(2 * n, &format!("w{n}"))).0.unwrap();
    }
    let (refused, _) = machine.execute(adopt(1, "first"));
    assert_eq!(refused, Err(Refusal::WorkspaceIdUsed { workspace: WorkspaceId(1) }), "the lowest are given up");
    machine.execute(adopt(3, "second")).0.unwrap();
    assert_eq!(State::decode(&machine.state.encode()).unwrap(), machine.state);
}

#[test]
fn a_batch_for_another_epoch_changes_nothing() {
    let mut machine = machine_with(&[]);
    let batch = |epoch, file: &str| Request::ShardBatch {
        workspace: WorkspaceId(1),
        epoch,
        operations: vec![FileOperation::put(path(file), inline("x"))],
    };
    machine.execute(batch(0, "a")).0.unwrap();
    assert_eq!(machine.execute(Request::SetEpoch { epoch: 7 }).0, Ok(Applied::Epoch { epoch: 7 }));
    assert_eq!(machine.execute(Request::SetEpoch { epoch: 3 }).0, Ok(Applied::Epoch { epoch: 7 }), "it only grows");
    for epoch in [0, 6, 8] {
        assert_eq!(machine.execute(batch(epoch, "b")), (Err(Refusal::WrongEpoch { current: 7 }), vec![]));
    }
    machine.execute(batch(7, "c")).0.unwrap();
    // A node that is a cluster of its own knows of no epochs.
    machine.execute(self::batch(vec![FileOperation::put(path("d"), inline("x"))])).0.unwrap();
    let files = model::files(&machine.state, WorkspaceId(1));
    assert_eq!(files.into_keys().collect::<Vec<_>>(), ["a", "c", "d"]);
    assert_eq!((machine.state.epoch(), State::decode(&machine.state.encode()).unwrap().epoch()), (7, 7));
}
