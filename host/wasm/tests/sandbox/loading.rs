//! What is loaded, and what is not.

use vraftls_wasm::{Limits, LoadError};

use crate::support::*;

/// The smallest component that imports an instance of this name.
pub(crate) fn importing(name: &str) -> Vec<u8> {
    let section = |id: u8, content: &[u8]| [&[id, u8::try_from(content.len()).unwrap()], content].concat();
    // One type: an instance without exports. One import: of that type.
    let types = section(7, &[1, 0x42, 0]);
    let length = u8::try_from(name.len()).unwrap();
    let imports = section(10, &[&[1, 0, length], name.as_bytes(), &[5, 0]].concat());
    [b"\0asm\x0d\0\x01\0".as_slice(), &types, &imports].concat()
}

#[test]
fn a_component_that_wants_more_than_is_granted_is_refused_by_name() {
    let runtime = runtime(Limits::default());
    let name = "wasi:http/outgoing-handler@0.2.0";
    match runtime.load(&importing(name)).unwrap_err() {
        LoadError::ImportNotGranted(names) => assert_eq!(names, [name]),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_component_without_the_exports_of_the_contract_is_refused() {
    let runtime = runtime(Limits::default());
    assert!(matches!(runtime.load(&importing("wasi:io/poll@0.2.0")), Err(LoadError::Contract(_))));
}

#[test]
fn what_is_no_component_is_refused() {
    let runtime = runtime(Limits::default());
    let whole = component("outline");
    let module = b"\0asm\x01\0\0\0".to_vec();
    for bytes in [Vec::new(), b"no component".to_vec(), module, whole[..whole.len() / 2].to_vec()] {
        assert!(matches!(runtime.load(&bytes), Err(LoadError::Compile(_))), "{} bytes", bytes.len());
    }
    let small = crate::support::runtime(Limits { component_bytes_max: 1000, ..Limits::default() });
    assert!(matches!(small.load(&whole), Err(LoadError::TooLarge { size_bytes_max: 1000, .. })));
}

#[test]
fn an_analyzer_says_who_it_is() {
    let runtime = runtime(Limits::default());
    let toy = load(&runtime, "toy");
    let description = vraftls_query::Analyzer::description(&*toy);
    assert_eq!((&*description.id, &*description.title), ("toy", "Toy"));
    assert!(description.features.rename && !description.features.signature_help);
    assert!(description.reads("x/a.toy") && description.reads("toy.project"));
    assert_eq!(vraftls_query::Analyzer::digest(&*toy), vraftls_vfs::ContentDigest::of(&component("toy")));
}
