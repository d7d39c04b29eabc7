//! The extension for Zed, as Zed would load it: a component that says for which of its interfaces it was built.

use super::in_tree;

/// How a component begins: the magic number, then version and layer.
const HEADER: [u8; 8] = [0, b'a', b's', b'm', 0x0d, 0, 1, 0];
/// The section in which Zed looks for the version of the interface, by which it knows an extension.
const SECTION: &[u8] = b"zed:api-version";

#[test]
fn the_extension_is_a_component_that_zed_knows() {
    let path = in_tree("target/zed/wasm32-wasip2/release/vraftls_zed.wasm");
    let component = std::fs::read(path).expect("the extension for Zed is not built; `cargo xtask test` builds it");
    assert_eq!(component[..HEADER.len()], HEADER);
    assert!(component.windows(SECTION.len()).any(|window| window == SECTION));
}
