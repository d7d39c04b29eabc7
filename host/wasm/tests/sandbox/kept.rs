//! Engines that outlive their process: each runtime here is a process of a node, over the same directory.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use vraftls_proto::OverlaySet;
use vraftls_query::{Analyzer, Question, Reply, View};
use vraftls_wasm::{ComponentAnalyzer, Counters, KeptEngines, Limits, Runtime, RuntimeConfig};

use crate::support::*;

/// Keeps what it can as soon as it can.
fn eager() -> Limits {
    let (keep_after_work, keep_after_rest) = (Duration::ZERO, Duration::from_millis(5));
    // Less than the memory of any guest.
    let reply_bytes_max = 1 << 20;
    Limits { keep_after_work, keep_after_rest, keep_at_close_max: Duration::from_secs(30), reply_bytes_max, ..tight() }
}

/// The documentation of the name that `a.toy` uses.
fn documentation(toy: &ComponentAnalyzer, view: View) -> Option<String> {
    let question = Question::Hover { path: path("a.toy"), offset: 4 };
    match wait(toy.ask(call(view, question))).unwrap() {
        Reply::Hover(hover) => hover.map(|hover| hover.documentation),
        other => panic!("{other:?}"),
    }
}

/// What a process answers that is asked once and ends, and what it counted.
fn in_a_process(directory: &Path, base: &Arc<Files>, unsaved: &Arc<OverlaySet>) -> (Option<String>, Counters) {
    let runtime = keeping_runtime(eager(), directory);
    let toy = load(&runtime, "toy");
    let answer = documentation(&toy, view(base, unsaved));
    if unsaved.is_empty() {
        let is_kept = || runtime.counters().engines_kept + runtime.counters().engines_taken_up > 0;
        until("the engine is kept", is_kept);
    }
    let counters = runtime.counters();
    drop(runtime);
    (answer, counters)
}

fn kept_files(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn an_engine_goes_on_in_the_next_process_and_is_told_what_changed() {
    let directory = tempfile::tempdir().unwrap();
    let first = Files::new(&[("a.toy", "use name\n"), ("b.toy", "def name # one\n")]);
    let second = first.with("b.toy", Some("def name # two\n"));
    let third = second.with("b.toy", None);
    let fourth = third.with("c.toy", Some("def name # four\n"));
    let fifth = fourth.with("a.toy", Some("use nothing\n"));
    let unsaved = overlays(&[("b.toy", "def name # unsaved\n")]);
    let steps = [
        (&first, false, Some("one")),
        (&first, false, Some("one")),
        (&second, false, Some("two")),
        (&second, true, Some("unsaved")),
        (&second, false, Some("two")),
        (&third, false, None),
        (&third, true, Some("unsaved")),
        (&fourth, false, Some("four")),
        (&fifth, false, None),
        (&first, false, Some("one")),
    ];
    for (n, (base, with_unsaved, expected)) in steps.into_iter().enumerate() {
        let overlays = if with_unsaved { unsaved.clone() } else { Arc::default() };
        let (answer, counters) = in_a_process(directory.path(), &Arc::new(base.clone()), &overlays);
        assert_eq!(answer.as_deref(), expected, "step {n}");
        assert_eq!(counters.engines_taken_up, u64::from(n > 0), "step {n}: {counters:?}");
        assert_eq!(kept_files(directory.path()).len(), 1, "step {n}");
    }
}

#[test]
fn an_engine_that_was_taken_up_goes_on_like_any_other() {
    let directory = tempfile::tempdir().unwrap();
    let first = Arc::new(Files::new(&[("a.toy", "use name\n"), ("b.toy", "def name # one\n")]));
    in_a_process(directory.path(), &first, &Arc::default());
    let runtime = keeping_runtime(eager(), directory.path());
    let toy = load(&runtime, "toy");
    let text = |n: u32| format!("def name # {n}\n");
    let mut base = (*first).clone();
    for n in 0..200 {
        base = base.with("b.toy", Some(&text(n)));
        // It grows while it is at it.
        base = base.with(&format!("{n}.toy"), Some(&format!("def other{n} # {}\n", "long ".repeat(2000))));
        let hover = Question::Hover { path: path(&format!("{n}.toy")), offset: 4 };
        assert!(matches!(wait(toy.ask(call(plain(&Arc::new(base.clone())), hover))).unwrap(), Reply::Hover(Some(_))));
        assert_eq!(documentation(&toy, plain(&Arc::new(base.clone()))), Some(n.to_string()));
    }
    assert_eq!(runtime.counters().traps, 0);
}

#[test]
fn what_is_unsaved_is_not_kept() {
    let directory = tempfile::tempdir().unwrap();
    let base = Arc::new(Files::new(&[("a.toy", "use name\n"), ("b.toy", "def name # one\n")]));
    let unsaved = overlays(&[("b.toy", "def name # secret\n")]);
    let (answer, _) = in_a_process(directory.path(), &base, &unsaved);
    assert_eq!(answer.as_deref(), Some("secret"));
    assert_eq!(kept_files(directory.path()), Vec::<PathBuf>::new());
    // Open, and just as it is on the disk.
    let saved = overlays(&[("b.toy", "def name # one\n")]);
    in_a_process(directory.path(), &base, &saved);
    assert_eq!(kept_files(directory.path()).len(), 1, "its process ended");
}

#[test]
fn what_is_gone_for_a_session_alone_is_not_kept() {
    let directory = tempfile::tempdir().unwrap();
    let base = Arc::new(Files::new(&[("a.toy", "use name\n"), ("b.toy", "def name # one\n")]));
    assert_eq!(in_a_process(directory.path(), &base, &gone(&["b.toy"])).0, None);
    assert_eq!(kept_files(directory.path()), Vec::<PathBuf>::new());
    // An engine that was kept with the file is told that it is gone, and who comes next has it.
    for (unsaved, expected) in [(gone(&[]), Some("one")), (gone(&["b.toy"]), None), (gone(&[]), Some("one"))] {
        let (answer, counters) = in_a_process(directory.path(), &base, &unsaved);
        assert_eq!(answer.as_deref(), expected, "{counters:?}");
    }
}

#[test]
fn an_engine_whose_libraries_changed_starts_anew() {
    let directory = tempfile::tempdir().unwrap();
    let library = "@lib/site/b.toy";
    let first = Files::new(&[("a.toy", "use name\n"), (library, "def name # one\n")]);
    let second = first.with(library, Some("def name # two\n"));
    let third = second.with(library, None);
    let steps = [(&first, "one", 0), (&first, "one", 1), (&second, "two", 0), (&second, "two", 1)];
    for (n, (base, expected, taken_up)) in steps.into_iter().enumerate() {
        let (answer, counters) = in_a_process(directory.path(), &Arc::new(base.clone()), &Arc::default());
        assert_eq!(answer.as_deref(), Some(expected), "step {n}");
        assert_eq!(counters.engines_taken_up, taken_up, "step {n}");
    }
    let (answer, counters) = in_a_process(directory.path(), &Arc::new(third), &Arc::default());
    assert_eq!((answer, counters.engines_taken_up), (None, 0));
}

/// What is wrong with a file, and what makes it so.
type Damage = (&'static str, fn(&mut Vec<u8>));

#[test]
fn a_damaged_engine_is_found_out() {
    let base = Arc::new(Files::new(&[("a.toy", "use name\n"), ("b.toy", "def name # one\n")]));
    let damages: [Damage; 7] = [
        ("nothing is left", |bytes| bytes.clear()),
        ("the end is cut off", |bytes| bytes.truncate(bytes.len() - 1)),
        ("the hash of the manifest is wrong", |bytes| flip(bytes, 40)),
        ("it is of another project", |bytes| flip(bytes, 80)),
        ("the lengths are wrong", |bytes| flip(bytes, 100)),
        ("the manifest is wrong", |bytes| flip(bytes, 130)),
        ("it is something else", |bytes| bytes.fill(b'x')),
    ];
    for (what, damage) in damages {
        let directory = tempfile::tempdir().unwrap();
        in_a_process(directory.path(), &base, &Arc::default());
        damage_file(directory.path(), damage);
        let (answer, counters) = in_a_process(directory.path(), &base, &Arc::default());
        assert_eq!((answer.as_deref(), counters.engines_taken_up), (Some("one"), 0), "{what}");
    }
}

/// It is mapped before it is looked through; what is found then costs the instance.
#[test]
fn an_engine_whose_memory_is_damaged_is_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let base = Arc::new(Files::new(&[("a.toy", "use name\n"), ("b.toy", "def name # one\n")]));
    in_a_process(directory.path(), &base, &Arc::default());
    damage_file(directory.path(), |bytes| damage_memory(bytes));
    let runtime = keeping_runtime(Limits { keep_after_work: Duration::from_secs(3600), ..eager() }, directory.path());
    let toy = load(&runtime, "toy");
    let ask = || wait(toy.ask(call(plain(&base), Question::Hover { path: path("a.toy"), offset: 4 })));
    assert!(matches!(ask(), Ok(Reply::Hover(Some(_)))));
    assert_eq!(runtime.counters().engines_taken_up, 1);
    until("it is removed", || kept_files(directory.path()).is_empty());
    until("another instance answers", || ask().is_ok() && runtime.counters().engines_started == 2);
}

#[test]
fn an_engine_whose_memory_is_damaged_is_not_kept_again() {
    let directory = tempfile::tempdir().unwrap();
    let base = Arc::new(Files::new(&[("a.toy", "use name\n"), ("b.toy", "def name # one\n")]));
    in_a_process(directory.path(), &base, &Arc::default());
    damage_file(directory.path(), |bytes| damage_memory(bytes));
    // It would be worth keeping when its process ends.
    let runtime = keeping_runtime(eager(), directory.path());
    let toy = load(&runtime, "toy");
    assert_eq!(documentation(&toy, plain(&base)).as_deref(), Some("one"));
    until("it is removed", || kept_files(directory.path()).is_empty());
    drop((toy, runtime));
    assert_eq!(kept_files(directory.path()), Vec::<PathBuf>::new());
}

#[test]
fn what_a_process_left_half_written_is_removed() {
    let directory = tempfile::tempdir().unwrap();
    let base = Arc::new(Files::new(&[("a.toy", "use name\n"), ("b.toy", "def name # one\n")]));
    in_a_process(directory.path(), &base, &Arc::default());
    let kept = kept_files(directory.path());
    std::fs::write(kept[0].with_extension("-7-.unfinished"), "half").unwrap();
    assert_eq!(kept_files(directory.path()).len(), 2);
    in_a_process(directory.path(), &base, &Arc::default());
    assert_eq!(kept_files(directory.path()), kept);
}

#[test]
fn what_was_kept_first_makes_room() {
    let directory = tempfile::tempdir().unwrap();
    let base = Arc::new(Files::new(&[("a.toy", "use name\n")]));
    let artifacts = vraftls_wasm::ArtifactStore::default().caching(concat!(env!("CARGO_TARGET_TMPDIR"), "/artifacts"));
    let kept = Some(KeptEngines::new(directory.path(), 1));
    let runtime = Runtime::new(RuntimeConfig { limits: eager(), artifacts, kept }).unwrap();
    let toy = load(&runtime, "toy");
    documentation(&toy, plain(&base));
    until("it was kept, and went", || runtime.counters().engines_kept == 1 && kept_files(directory.path()).is_empty());
}

fn flip(bytes: &mut [u8], from_the_end: usize) {
    let at = bytes.len() - from_the_end;
    bytes[at] ^= 0x10;
}

fn damage_file(directory: &Path, damage: impl Fn(&mut Vec<u8>)) {
    let [file] = &kept_files(directory)[..] else { panic!("not one file") };
    let mut bytes = std::fs::read(file).unwrap();
    damage(&mut bytes);
    std::fs::write(file, bytes).unwrap();
}

/// Changes memory that nobody uses, so that only the hash can tell.
fn damage_memory(bytes: &mut [u8]) {
    let unused = (0..bytes.len() - 4096).rev().find(|at| bytes[*at..at + 4096].iter().all(|byte| *byte == 0));
    bytes[unused.unwrap() + 2048] ^= 1;
}
