//! What readers see, against the model.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod model;

use std::collections::BTreeSet;

use model::{Files, Machine, create_workspace, inline, path};
use proptest::prelude::*;
use vraftls_vfs::{Change, ChangeKind, DirectoryEntry, EntryKind, FileOperation, Request, Snapshot, WorkspaceId};

const WORKSPACE: WorkspaceId = WorkspaceId(1);

fn machine() -> Machine {
    let mut machine = Machine::new();
    machine.execute(create_workspace("w")).0.unwrap();
    machine
}

/// Does what of `operations` can be done.
fn operate(machine: &mut Machine, operations: impl IntoIterator<Item = FileOperation>) -> (Snapshot, Files) {
    for operation in operations {
        let _ = machine.execute(Request::Batch { workspace: WORKSPACE, operations: vec![operation] });
    }
    (machine.state.snapshot(WORKSPACE).unwrap(), model::files(&machine.state, WORKSPACE))
}

fn naive_list(files: &Files, directory: &str) -> Vec<DirectoryEntry> {
    let prefix = if directory.is_empty() { String::new() } else { format!("{directory}/") };
    let entries: BTreeSet<(String, EntryKind)> = files
        .keys()
        .filter_map(|file| file.strip_prefix(&prefix))
        .map(|rest| match rest.split_once('/') {
            Some((name, _)) => (name.to_owned(), EntryKind::Directory),
            None => (rest.to_owned(), EntryKind::File),
        })
        .collect();
    entries.into_iter().map(|(name, kind)| DirectoryEntry { name, kind }).collect()
}

fn naive_diff(older: &Files, younger: &Files) -> Vec<Change> {
    let paths: BTreeSet<&String> = older.keys().chain(younger.keys()).collect();
    let kind = |file: &String| match (older.get(file), younger.get(file)) {
        (None, _) => Some(ChangeKind::Created),
        (_, None) => Some(ChangeKind::Removed),
        (Some(a), Some(b)) => (a.digest != b.digest).then_some(ChangeKind::Changed),
    };
    paths.into_iter().filter_map(|file| Some(Change { path: path(file), kind: kind(file)? })).collect()
}

/// Writes and deletes over so many paths that the maps have several levels.
fn many_operations(n_max: usize) -> impl Strategy<Value = Vec<FileOperation>> {
    let operation = (0u32..1500, 0u8..4).prop_map(|(file, what)| {
        let path = path(&format!("d{}/f{file}", file % 7));
        match what {
            0 => FileOperation::delete(path, None),
            text => FileOperation::put(path, inline(&text.to_string())),
        }
    });
    prop::collection::vec(operation, 0..n_max)
}

proptest! {
    #[test]
    fn directories_are_what_files_lie_in(operations in prop::collection::vec(model::operations(), 0..40), at in model::paths()) {
        let (snapshot, files) = operate(&mut machine(), operations);
        prop_assert_eq!(snapshot.n_files(), files.len());
        for directory in [at.as_str(), "", "a", "a/a", "b/ä"] {
            prop_assert_eq!(snapshot.list(directory), naive_list(&files, directory));
            let is_directory = model::is_directory(&files, directory);
            prop_assert_eq!(snapshot.is_directory(directory), is_directory);
            let kind = match files.contains_key(directory) {
                true => Some(EntryKind::File),
                false => is_directory.then_some(EntryKind::Directory),
            };
            prop_assert_eq!(snapshot.kind(directory), kind);
            let below: Vec<_> = snapshot.files_below(directory).map(|(path, _)| path.to_string()).collect();
            let prefix = if directory.is_empty() { String::new() } else { format!("{directory}/") };
            let expected: Vec<_> = files.keys().filter(|file| file.starts_with(&prefix)).cloned().collect();
            prop_assert_eq!(below, expected);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_diff_names_exactly_what_differs(
        base in many_operations(1500),
        changes in many_operations(40),
        back in any::<bool>(),
    ) {
        let mut machine = machine();
        let (older, older_files) = operate(&mut machine, base);
        let (younger, younger_files) = operate(&mut machine, changes);
        let (a, b) = if back { ((&younger, &younger_files), (&older, &older_files)) } else { ((&older, &older_files), (&younger, &younger_files)) };
        prop_assert_eq!(b.0.diff(a.0).collect::<Vec<_>>(), naive_diff(a.1, b.1));
        prop_assert_eq!(older.diff(&older.clone()).next(), None);
    }

    #[test]
    fn a_diff_of_workspaces_that_share_nothing_is_right_too(
        base in many_operations(600),
        other in many_operations(600),
    ) {
        let (a, a_files) = operate(&mut machine(), base);
        let (b, b_files) = operate(&mut machine(), other);
        prop_assert_eq!(b.diff(&a).collect::<Vec<_>>(), naive_diff(&a_files, &b_files));
    }

    #[test]
    fn a_snapshot_stays_as_it_is(base in many_operations(300), changes in many_operations(300)) {
        let mut machine = machine();
        let (snapshot, files) = operate(&mut machine, base);
        operate(&mut machine, changes);
        let now: Vec<_> = snapshot.iter().map(|(path, entry)| (path.as_str(), entry.digest)).collect();
        let then: Vec<_> = files.iter().map(|(path, file)| (path.as_str(), file.digest)).collect();
        prop_assert_eq!(now, then);
    }
}

#[test]
fn contents_that_come_back_are_no_change_for_readers() {
    let mut machine = machine();
    let put = |text| FileOperation::put(path("a"), inline(text));
    let (first, _) = operate(&mut machine, [put("1")]);
    let (third, _) = operate(&mut machine, [put("2"), put("1")]);
    assert_ne!(first.get("a").unwrap().version, third.get("a").unwrap().version);
    assert_eq!(third.diff(&first).next(), None);
    assert!(third.changed() > first.changed());
}

#[test]
fn a_refused_batch_leaves_no_trace_for_readers() {
    let mut machine = machine();
    let (before, _) = operate(&mut machine, [FileOperation::put(path("a"), inline("1"))]);
    let (after, _) = operate(&mut machine, [FileOperation::create(path("a"), inline("2"))]);
    assert_eq!(after.changed(), before.changed());
    assert!(after.revision() > before.revision());
}
