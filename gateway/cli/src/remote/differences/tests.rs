//! Trees on disk against bases that are made up.

use std::fs;
use std::path::Path;

use vraftls_index::{Features, Language};

use super::*;

fn python() -> Vec<Arc<Description>> {
    let language = Language { id: "python".to_owned(), suffixes: vec!["py".to_owned()] };
    let (empty, none) = (String::new, Vec::new);
    vec![Arc::new(Description {
        id: empty(),
        version: empty(),
        title: empty(),
        languages: vec![language],
        project_files: none(),
        features: Features::default(),
        completion_triggers: none(),
        signature_triggers: none(),
        on_type_triggers: none(),
        token_types: none(),
        token_modifiers: none(),
    })]
}

fn path(text: &str) -> VfsPath {
    VfsPath::new(text).expect("valid")
}

fn base(files: &[(&str, &str)]) -> BaseList {
    let files = files.iter().map(|(name, text)| (path(name), ContentDigest::of(text.as_bytes())));
    BaseList { files: files.collect(), ..BaseList::default() }
}

fn differences(root: &Path, base: &BaseList) -> Result<Arc<OverlaySet>, TooMuch> {
    compare(&mut LocalTree::new(root), base, &python(), &|| false)
}

fn shown(differences: &OverlaySet) -> Vec<(String, String)> {
    differences.iter().map(|(path, file)| (path.to_string(), file.text.to_string())).collect()
}

#[test]
fn what_is_changed_new_or_gone_differs() {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let put = |name: &str, text: &str| fs::write(scratch.path().join(name), text).expect("writable");
    put("same.py", "same");
    put("changed.py", "here");
    put("new.py", "new");
    put("notes.txt", "no analyzer reads it");
    let base = base(&[("same.py", "same"), ("changed.py", "there"), ("gone.py", "gone"), ("other.txt", "x")]);
    let found = differences(scratch.path(), &base).expect("little differs");
    let pair = |path: &str, text: &str| (path.to_owned(), text.to_owned());
    assert_eq!(shown(&found), [pair("changed.py", "here"), pair("new.py", "new")]);
    assert!(found.removed().eq([&path("gone.py")]));
    assert_eq!(found.get(&path("new.py")).map(|file| &*file.language), Some("python"));
    let contents = |name: &str| contents(&found, &path(name), &base);
    assert_eq!(contents("same.py"), Some(ContentDigest::of(b"same")));
    assert_eq!(contents("changed.py"), Some(ContentDigest::of(b"here")));
    assert_eq!((contents("gone.py"), contents("never.py")), (None, None));
}

#[test]
fn what_the_rules_leave_out_is_not_gone() {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    fs::write(scratch.path().join(".ignore"), "*_pb2.py\n").expect("writable");
    fs::write(scratch.path().join("a_pb2.py"), "generated").expect("writable");
    fs::write(scratch.path().join("b_pb2.py"), "nobody pushed it").expect("writable");
    let found = differences(scratch.path(), &base(&[("a_pb2.py", "generated")])).expect("nothing differs");
    assert!(found.is_empty());
}

#[test]
fn too_many_files_are_refused() {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    for n in 0..=N_FILES_MAX {
        fs::write(scratch.path().join(format!("{n}.py")), "x").expect("writable");
    }
    assert_eq!(differences(scratch.path(), &BaseList::default()), Err(TooMuch));
    fs::remove_file(scratch.path().join("0.py")).expect("it is there");
    let found = differences(scratch.path(), &BaseList::default()).expect("as many as are allowed");
    assert_eq!(found.len(), N_FILES_MAX);
    assert_eq!(differences(scratch.path(), &base(&[("z.py", "gone")])), Err(TooMuch));
}

#[test]
fn too_many_bytes_are_refused() {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let text = "#".repeat(4 << 20);
    for n in 0..17 {
        fs::write(scratch.path().join(format!("{n}.py")), &text).expect("writable");
    }
    assert_eq!(differences(scratch.path(), &BaseList::default()), Err(TooMuch));
}

#[test]
fn an_unsaved_buffer_hides_what_the_disk_has() {
    let set = |files: &[(&str, &str)], removed: &[&str]| -> Arc<OverlaySet> {
        let file = |text: &str| OverlayFile {
            digest: ContentDigest::of(text.as_bytes()),
            text: text.into(),
            language: "python".into(),
        };
        let files: OverlaySet = files.iter().map(|(name, text)| (path(name), file(text))).collect();
        Arc::new(files.without(removed.iter().map(|name| path(name))))
    };
    let local = set(&[("a.py", "disk"), ("b.py", "disk")], &["c.py", "d.py"]);
    let session = set(&[("b.py", "buffer"), ("c.py", "buffer")], &[]);
    let both = set(&[("a.py", "disk"), ("b.py", "buffer"), ("c.py", "buffer")], &["d.py"]);
    assert_eq!(merged(&local, &session), both);
    assert!(Arc::ptr_eq(&merged(&local, &set(&[], &[])), &local));
    assert!(Arc::ptr_eq(&merged(&set(&[], &[]), &session), &session));
}
