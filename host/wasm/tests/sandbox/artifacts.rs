//! Compiled components on disk: used when they are what they claim to be, and only then.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use vraftls_query::Analyzer;
use vraftls_wasm::{ArtifactStore, Counters, Runtime, RuntimeConfig};

use crate::support::*;

/// Loads a guest, uses it and says what that took.
fn load_with(artifacts: ArtifactStore) -> Counters {
    let runtime = Runtime::new(RuntimeConfig { artifacts, ..RuntimeConfig::default() }).unwrap();
    let outline = load(&runtime, "outline");
    assert_eq!(wait(outline.index(document("a.outline", "* one\n"))).unwrap().symbols.len(), 1);
    runtime.counters()
}

fn compiled_loaded_rejected(counters: &Counters) -> (u64, u64, u64) {
    (counters.components_compiled, counters.artifacts_loaded, counters.artifacts_rejected)
}

fn caching(directory: &Path) -> ArtifactStore {
    ArtifactStore::default().caching(directory)
}

/// The artifact in a directory, and what vouches for it.
fn artifact(directory: &Path) -> (PathBuf, PathBuf) {
    let files: Vec<PathBuf> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    let with_suffix =
        |suffix: &str| files.iter().find(|path| path.to_str().unwrap().ends_with(suffix)).unwrap().clone();
    assert_eq!(files.len(), 2, "{files:?}");
    (with_suffix(".cwasm"), with_suffix(".b3"))
}

#[test]
fn what_was_compiled_once_is_mapped_the_next_time() {
    let directory = tempfile::tempdir().unwrap();
    let cache = directory.path().join("made/when/needed");
    assert_eq!(compiled_loaded_rejected(&load_with(caching(&cache))), (1, 0, 0));
    assert_eq!(compiled_loaded_rejected(&load_with(caching(&cache))), (0, 1, 0));
    let _ = artifact(&cache);
}

#[test]
fn an_artifact_with_a_wrong_bit_is_not_run_but_compiled_again() {
    let directory = tempfile::tempdir().unwrap();
    load_with(caching(directory.path()));
    let (artifact, voucher) = artifact(directory.path());
    let good = fs::read(&artifact).unwrap();
    let mut bad = good.clone();
    bad[good.len() / 2] ^= 1;
    let truncated = &good[..good.len() - 1];
    for bytes in [&*bad, truncated, b""] {
        fs::remove_file(&artifact).unwrap();
        fs::write(&artifact, bytes).unwrap();
        assert_eq!(compiled_loaded_rejected(&load_with(caching(directory.path()))), (1, 0, 1));
        assert_eq!(compiled_loaded_rejected(&load_with(caching(directory.path()))), (0, 1, 0), "it is repaired");
    }
    // A voucher that fits the bytes makes them no code of this engine.
    fs::write(&artifact, b"not machine code").unwrap();
    fs::write(&voucher, vraftls_vfs::ContentDigest::of(b"not machine code").to_string()).unwrap();
    assert_eq!(compiled_loaded_rejected(&load_with(caching(directory.path()))), (1, 0, 1));
}

#[test]
fn an_artifact_that_nobody_vouches_for_is_not_run() {
    let directory = tempfile::tempdir().unwrap();
    load_with(caching(directory.path()));
    fs::remove_file(artifact(directory.path()).1).unwrap();
    assert_eq!(compiled_loaded_rejected(&load_with(caching(directory.path()))), (1, 0, 0));
}

#[test]
fn what_was_precompiled_is_used_under_any_limits_and_never_written() {
    let directory = tempfile::tempdir().unwrap();
    let path = vraftls_wasm::precompile(&component("outline"), directory.path()).unwrap();
    let before = fs::metadata(&path).unwrap().modified().unwrap();
    assert_eq!(vraftls_wasm::precompile(&component("outline"), directory.path()).unwrap(), path);
    let cache = tempfile::tempdir().unwrap();
    let artifacts = caching(cache.path()).trusting(directory.path());
    assert_eq!(compiled_loaded_rejected(&load_with(artifacts)), (0, 1, 0));
    assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), before);
    assert_eq!(fs::read_dir(cache.path()).unwrap().count(), 0);
}

#[test]
fn a_cache_that_is_full_loses_what_was_written_first() {
    let directory = tempfile::tempdir().unwrap();
    for n in 0..40 {
        let old = directory.path().join(format!("{n:02}.cwasm"));
        fs::write(old.with_extension("cwasm.b3"), "").unwrap();
        fs::File::create(&old).unwrap().set_modified(std::time::UNIX_EPOCH + Duration::from_secs(n)).unwrap();
    }
    load_with(caching(directory.path()));
    let left = fs::read_dir(directory.path()).unwrap().count();
    assert_eq!(left, 2 * 32);
    assert!(!directory.path().join("08.cwasm").exists() && directory.path().join("09.cwasm").exists());
    assert_eq!(compiled_loaded_rejected(&load_with(caching(directory.path()))), (0, 1, 0));
}

#[cfg(unix)]
#[test]
fn a_directory_that_others_may_write_to_is_not_used() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let open = directory.path().join("open");
    fs::create_dir(&open).unwrap();
    fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
    assert_eq!(compiled_loaded_rejected(&load_with(caching(&open))), (1, 0, 0));
    assert_eq!(fs::read_dir(&open).unwrap().count(), 0);
    let made = directory.path().join("made");
    load_with(caching(&made));
    assert_eq!(fs::metadata(&made).unwrap().permissions().mode() & 0o777, 0o700);
}
