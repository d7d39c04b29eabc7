//! The bindings generated from the contract. Nothing here is for authors.

#![allow(missing_docs, unreachable_pub, clippy::all, reason = "generated code")]
#![allow(unsafe_code, reason = "the generated calls across the component boundary")]

wit_bindgen::generate!({
    path: "../wit",
    world: "analyzer",
    pub_export_macro: true,
    export_macro_name: "export_bindings",
    default_bindings_module: "vraftls_guest_sdk::bindings",
    additional_derives: [PartialEq],
    generate_all,
});
