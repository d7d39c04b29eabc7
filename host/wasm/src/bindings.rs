//! What the contract looks like from the host's side, generated from `wit/analyzer.wit`.
//!
//! The world's own `Analyzer` type is not used: it wants every export, while a component may leave out any interface of the
//! engine. `crate::exports` looks up the interfaces one by one.

#![allow(missing_docs, unreachable_pub, dead_code, clippy::all, reason = "generated code")]
#![allow(unsafe_code, reason = "the generated lifts and lowers across the component boundary")]

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "vraftls:analyzer/analyzer",
    imports: { default: trappable },
});
