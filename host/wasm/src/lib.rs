//! Runs analyzers as sandboxed WebAssembly components: the only room that knows wasmtime.
//!
//! A [`Runtime`] holds what one process shares: the compiler and its settings, the clock that interrupts guests, precompiled
//! artifacts, the threads of pure calls and the warm engines. [`Runtime::load`] makes an [`Analyzer`](vraftls_query::Analyzer)
//! of a component's bytes, and [`Runtime::validate`] judges one that somebody hands in.
//!
//! ```text
//!  index(document) ---> bounded queue ---> index thread: fresh store, instance from the pool, checked facts
//!  ask(call) ---------> Engines: which warm instance? ---> its own thread: tell it what changed, ask, check the reply
//! ```
//!
//! Invariants, each held by a test in `tests/`:
//! - A guest is granted the `workspace` view of its call, a bounded log, and a WASI without files, environment, network or time.
//! - Whatever a guest does (loops, traps, eats memory, overflows its stack, floods, lies) becomes a [`Fault`](vraftls_query::Fault)
//!   of its own caller and a counter; the next call of the same and of every other analyzer meets a working instance.
//! - No value of a guest leaves this room unchecked: offsets fit the text that the call's view shows, paths are paths, lists and
//!   texts are within [`Limits`].
//! - Where calls wait for one engine the more urgent go first, sessions take turns, and nobody starves.
//! - Guests run on threads of this room with stacks of a known size, never on the async runtime.
//!
//! This room knows no language by name, no cache, no routing and no consensus.

mod bindings;

mod counters;
mod limits;

mod clock;
mod interrupt;
mod polling_page;
mod safepoints;
mod sandbox;
mod stop;

mod host_state;
mod import_keeper;
mod import_log;
mod import_wasi;
mod import_workspace;
mod memory;

mod artifact;
mod component;
mod exports;
mod linker;

mod check;
mod check_actions;
mod check_change;
mod check_decorations;
mod check_facts;
mod check_hierarchies;
mod check_reply;
mod check_resolved;
mod describe;
mod people;

mod index_pool;

mod answered;
mod ask;
mod ask_actions;
mod ask_decorations;
mod ask_hierarchies;
mod ask_resolving;
mod ask_rewriting;
mod call_queue;
mod engine_instance;
mod engine_keeping;
mod engine_thread;
mod engines;
mod kept;
mod mailbox;
mod quarantine;
mod schedule;
mod view_change;

mod analyzer;
mod runtime;
mod validate;

pub use analyzer::ComponentAnalyzer;
pub use artifact::{ArtifactError, ArtifactStore};
pub use component::LoadError;
pub use counters::Counters;
pub use kept::KeptEngines;
pub use limits::{LimitName, Limits};
pub use runtime::{Runtime, RuntimeConfig, RuntimeError, precompile};
pub use validate::{InvalidComponent, Validated, World};
