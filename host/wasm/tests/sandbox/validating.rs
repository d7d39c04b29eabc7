//! What is let in when somebody hands a component in, and what is said of the rest.

use std::error::Error;
use std::fs;
use std::path::Path;

use vraftls_query::Fault;
use vraftls_vfs::ContentDigest;
use vraftls_wasm::{ArtifactStore, InvalidComponent, Limits, LoadError, Runtime, RuntimeConfig, World};

use crate::loading::importing;
use crate::support::*;

/// A runtime that keeps what it compiles in a directory of the test.
fn keeping(directory: &Path, limits: Limits) -> Runtime {
    let artifacts = ArtifactStore::default().caching(directory);
    Runtime::new(RuntimeConfig { limits, artifacts, kept: None }).unwrap()
}

fn n_files(directory: &Path) -> usize {
    fs::read_dir(directory).map_or(0, Iterator::count)
}

/// The whole message, as a person reads it.
fn message(error: &InvalidComponent) -> String {
    let (mut text, mut cause) = (error.to_string(), error.source());
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[test]
fn a_sound_component_is_let_in_and_compiled_once() {
    let directory = tempfile::tempdir().unwrap();
    let runtime = keeping(directory.path(), Limits::default());
    for (name, world) in [("toy", World::Analyzer), ("outline", World::Indexer)] {
        let bytes = component(name);
        let validated = runtime.validate(&bytes).unwrap();
        assert_eq!((&*validated.description.id, validated.world), (name, world));
        assert_eq!(validated.digest, ContentDigest::of(&bytes));
        assert_eq!(validated.size_bytes, bytes.len() as u64);
        let n_compiled = runtime.counters().components_compiled;
        runtime.load(&bytes).unwrap();
        assert_eq!(runtime.validate(&bytes).unwrap(), validated);
        assert_eq!(runtime.counters().components_compiled, n_compiled, "its machine code was kept");
    }
    assert_eq!(n_files(directory.path()), 4, "two artifacts, each with what vouches for it");
}

#[test]
fn what_is_no_component_is_refused_for_what_it_is() {
    let runtime = runtime(Limits::default());
    let said = |bytes: &[u8]| message(&runtime.validate(bytes).unwrap_err());
    assert_eq!(said(b""), "it is empty");
    assert_eq!(said(b"#!/bin/sh\n"), "it is no WebAssembly: it does not begin with `\\0asm`");
    assert!(said(b"\0asm\x01\0\0\0").starts_with("it is a core module and no component"));
    let whole = component("outline");
    for at in [4, 8, 100, whole.len() / 2, whole.len() - 1] {
        let error = runtime.validate(&whole[..at]).unwrap_err();
        assert!(!error.is_passing(), "{at} bytes: {}", message(&error));
    }
    assert!(said(&whole[..whole.len() / 2]).starts_with("the component does not compile"));
    let mut garbled = whole.clone();
    garbled[8..].iter_mut().step_by(97).for_each(|byte| *byte ^= 0x5a);
    assert!(said(&garbled).starts_with("the component does not compile"));
    let small = crate::support::runtime(Limits { component_bytes_max: 1000, ..Limits::default() });
    let too_large = format!("a component of {} bytes is larger than the 1000 allowed", whole.len());
    assert_eq!(message(&small.validate(&whole).unwrap_err()), too_large);
}

#[test]
fn an_import_that_is_not_granted_is_named() {
    let runtime = runtime(Limits::default());
    for name in ["wasi:http/outgoing-handler@0.2.0", "wasi:keyvalue/store@0.2.0", "acme:secrets/vault@1.0.0"] {
        let error = runtime.validate(&importing(name)).unwrap_err();
        assert_eq!(message(&error), format!("the component imports what is not granted: {name}"));
    }
}

#[test]
fn a_component_of_another_world_is_told_what_it_lacks() {
    let runtime = runtime(Limits::default());
    let error = runtime.validate(&importing("wasi:io/poll@0.2.0")).unwrap_err();
    let InvalidComponent::Load(LoadError::Contract(what)) = &error else { panic!("{error:?}") };
    assert!(what.contains("vraftls:analyzer/meta@0.1.0"), "{what}");
}

#[test]
fn a_description_that_promises_what_is_not_there_is_refused() {
    let runtime = runtime(Limits::default());
    let error = runtime.validate(&component("liar")).unwrap_err();
    let said = "the description of the component is wrong: \
                it has the feature `hover` without exporting the interface `hovering`";
    assert_eq!(message(&error), said);
}

/// The hostile guest, which takes the sample as it is told.
fn hostile_on_sample(behavior: &str) -> Vec<u8> {
    let mut bytes = component("hostile");
    let mark = b"on-sample:calm....................";
    let at = bytes.windows(mark.len()).position(|window| window == mark).unwrap();
    let said = format!("on-sample:{behavior:.<20}....");
    bytes[at..at + mark.len()].copy_from_slice(&said.as_bytes()[..mark.len()]);
    bytes
}

#[test]
fn what_does_not_index_a_sample_is_refused_and_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let runtime = keeping(directory.path(), tight());
    let fault_of = |behavior: &str| match runtime.validate(&hostile_on_sample(behavior)).unwrap_err() {
        InvalidComponent::Index { language, fault } if language == "hostile" => fault,
        error => panic!("{behavior}: {error:?}"),
    };
    assert!(matches!(fault_of("loop"), Fault::Deadline(_)));
    assert_eq!(fault_of("grow"), Fault::Limit("memory".to_owned()));
    assert_eq!(fault_of("recurse"), Fault::Limit("stack".to_owned()));
    assert!(matches!(fault_of("panic"), Fault::Trap(_)));
    assert!(matches!(fault_of("span-outside"), Fault::BadReply(_)));
    assert!(matches!(fault_of("many-symbols"), Fault::Limit(_)));
    assert_eq!(fault_of("fail-internal"), Fault::Internal("asked to fail".to_owned()));
    assert_eq!(n_files(directory.path()), 0, "nothing is kept of what is refused");
}

#[test]
fn a_guest_that_tries_to_differ_cannot() {
    // By clocks, by random numbers, and by what an instance remembers: the sandbox has none of them, so there is nothing to refuse.
    let runtime = runtime(tight());
    for behavior in ["calm", "differs"] {
        assert_eq!(runtime.validate(&hostile_on_sample(behavior)).unwrap().description.id, "hostile");
    }
}
