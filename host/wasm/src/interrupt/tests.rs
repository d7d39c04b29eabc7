//! Guests that do not end, that end just in time, and that leave things behind.

use std::time::Duration;

use vraftls_query::Fault;
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};

use super::*;
use crate::host_state::{CallScope, HostState, Shared};
use crate::memory::MemoryGuard;
use crate::{Limits, polling_page, safepoints, sandbox, stop};

const SOON: Duration = Duration::from_millis(20);
/// Longer than any test takes.
const LONG: Duration = Duration::from_secs(600);

/// What it takes to run guests; all that follow one another get the same memory of the pool.
struct Bench {
    engine: Engine,
    clock: Arc<Clock>,
    shared: Shared,
}

impl Bench {
    fn new() -> Self {
        Self::on(|limits| sandbox::engine(limits).unwrap())
    }

    fn on(engine: impl Fn(&Limits) -> Engine) -> Self {
        let limits = Arc::new(Limits::default());
        let engine = engine(&limits);
        let clock = Clock::start(&[&engine]).unwrap();
        let shared = Shared {
            limits,
            counters: Arc::default(),
            analyzer: "test".into(),
            legend: crate::host_state::Legend::default(),
        };
        Self { engine, clock, shared }
    }

    fn store(&self, time: Duration) -> Store<HostState> {
        let scope = CallScope::new(None, Waiter::for_time(time));
        let memory = MemoryGuard::index(&self.shared.limits);
        HostState::store(&self.engine, &self.clock, &self.shared, memory, scope)
    }

    fn component(&self, text: &str) -> Component {
        let bytes = wat::parse_str(text).unwrap();
        let bytes = if polling_page::IS_AVAILABLE { safepoints::with_polls(&bytes).unwrap() } else { bytes };
        Component::new(&self.engine, bytes).unwrap()
    }

    fn run(&self, store: &mut Store<HostState>, component: &Component, with: u32) -> Result<u32, Fault> {
        let result = Linker::new(&self.engine).instantiate(&mut *store, component).and_then(|instance| {
            let run = instance.get_typed_func::<(u32,), (u32,)>(&mut *store, "run")?;
            run.call(&mut *store, (with,))
        });
        result.map(|(result,)| result).map_err(|error| stop::fault(&error, store.data()))
    }
}

/// A component whose `run` is that of a module.
fn of_module(module: &str) -> String {
    format!(
        r#"(component (core module $m {module}) (core instance $i (instantiate $m))
            (func (export "run") (param "with" u32) (result u32) (canon lift (core func $i "run"))))"#
    )
}

const RUN: &str = r#"(export "run") (param i32) (result i32)"#;

/// Components that do not end, or not for years.
fn endless() -> Vec<(&'static str, String)> {
    let tree = format!(
        "(func $f {RUN} (if (i32.eqz (local.get 0)) (then (return (i32.const 0))))
            (drop (call $f (i32.sub (local.get 0) (i32.const 1)))) (call $f (i32.sub (local.get 0) (i32.const 1))))"
    );
    let looping = format!("(func {RUN} (loop (br 0)) (i32.const 0))");
    let tail = format!("(func $f {RUN} (return_call $f (local.get 0)))");
    vec![
        ("a loop", of_module(&format!("(memory 1) {looping}"))),
        ("a loop without memory", of_module(&looping)),
        (
            "a loop that hands a value on",
            of_module(&format!("(memory 1) (func {RUN} local.get 0 (loop (param i32) (result i32) (br 0)))")),
        ),
        ("a tree of calls", of_module(&format!("(memory 1) {tree}"))),
        ("a tree of calls without memory", of_module(&tree)),
        ("calls in the place of returns", of_module(&format!("(memory 1) {tail}"))),
        ("calls in the place of returns without memory", of_module(&tail)),
        (
            "a start that does not end",
            of_module(&format!("(memory 1) (func $s (loop (br 0))) (start $s) (func {RUN} local.get 0)")),
        ),
        (
            "a loop on the memory of another module",
            format!(
                r#"(component
                    (core module $a (memory (export "m") 1)) (core instance $a (instantiate $a))
                    (core module $b (import "a" "m" (memory 1)) {looping})
                    (core instance $b (instantiate $b (with "a" (instance $a))))
                    (func (export "run") (param "with" u32) (result u32) (canon lift (core func $b "run"))))"#
            ),
        ),
        (
            "a loop in a component within",
            of_module(&format!("(memory 1) {looping}")).replacen("(component", "(component (component $c", 1)
                + r#"(instance $c (instantiate $c)) (export "run" (func $c "run")))"#,
        ),
        (
            "a loop after another memory was polled",
            format!(
                r#"(component
                    (core module $a (memory 1) (func (export "f"))) (core instance $a (instantiate $a))
                    (core module $b (import "a" "f" (func $f)) (memory 1) (func {RUN} (loop (call $f) (br 0)) (i32.const 0)))
                    (core instance $b (instantiate $b (with "a" (instance $a))))
                    (func (export "run") (param "with" u32) (result u32) (canon lift (core func $b "run"))))"#
            ),
        ),
    ]
}

#[test]
fn whatever_does_not_end_is_stopped_again_and_again() {
    for bench in [Bench::new(), Bench::on(|_| sandbox::keeping_engine().unwrap())] {
        let quick = bench.component(&of_module(&format!("(memory 1) (func {RUN} (local.get 0))")));
        for (name, text) in endless() {
            let component = bench.component(&text);
            for _ in 0..3 {
                let fault = bench.run(&mut bench.store(SOON), &component, 100).unwrap_err();
                assert_eq!(fault, Fault::Deadline(SOON), "{name}");
                assert_eq!(bench.run(&mut bench.store(LONG), &quick, 7), Ok(7), "after {name}");
            }
        }
    }
}

#[test]
fn a_guest_whose_caller_is_gone_is_stopped() {
    let bench = Bench::new();
    let (_, text) = &endless()[0];
    let component = bench.component(text);
    let mut store = bench.store(LONG);
    let waiter = Waiter::for_time(LONG);
    let gone = waiter.gone.clone();
    store.data_mut().enter(CallScope::new(None, waiter));
    let cancelling = std::thread::spawn(move || gone.cancel());
    assert_eq!(bench.run(&mut store, &component, 0), Err(Fault::Cancelled));
    cancelling.join().unwrap();
}

/// The clock looks long after every deadline.
fn look_late(store: &Store<HostState>) {
    store.data().interruptible.interrupt().look(Instant::now() + 2 * LONG);
}

#[test]
fn a_guest_is_stopped_whose_time_was_up_before_it_polled() {
    let bench = Bench::new();
    let component = bench.component(&of_module(&format!("(memory 1) (func {RUN} (loop (br 0)) (i32.const 0))")));
    let mut store = bench.store(LONG);
    look_late(&store);
    assert_eq!(bench.run(&mut store, &component, 0), Err(Fault::Deadline(LONG)));
}

#[test]
fn a_stop_that_comes_too_late_does_not_reach_the_next_call() {
    let bench = Bench::new();
    let component = bench.component(&of_module(&format!("(memory 1) (func {RUN} (local.get 0))")));
    let mut store = bench.store(LONG);
    assert_eq!(bench.run(&mut store, &component, 1), Ok(1));
    look_late(&store);
    assert_eq!(store.data().interruptible.stopped(), Some(Stop::Deadline));
    store.data_mut().leave();
    // Nothing runs that could be stopped.
    look_late(&store);
    store.data_mut().enter(CallScope::new(None, Waiter::for_time(LONG)));
    assert_eq!(bench.run(&mut store, &component, 2), Ok(2));
    // Without a pause between them.
    look_late(&store);
    store.data_mut().enter(CallScope::new(None, Waiter::for_time(LONG)));
    assert_eq!(bench.run(&mut store, &component, 3), Ok(3));
}

/// Reads what `with` says, and then writes there.
fn reads() -> String {
    of_module(&format!(
        "(memory 1) (func {RUN} (local i32) (local.set 1 (i32.load (local.get 0))) (i32.store (local.get 0) (i32.const 42)) (local.get 1))"
    ))
}

#[test]
fn what_a_guest_leaves_in_its_page_is_not_there_for_the_next() {
    if !polling_page::IS_AVAILABLE {
        return;
    }
    // In the same page, if pages are as small as they are on x86.
    let address = u32::try_from(safepoints::POLL_ADDRESS).unwrap() - 8;
    let bench = Bench::new();
    let reads = bench.component(&reads());
    let writes = format!("(func {RUN} (i32.store (local.get 0) (i32.const 42)) (loop (br 0)) (i32.const 0))");
    let writes_and_stays = bench.component(&of_module(&format!("(memory 1) {writes}")));
    for _ in 0..3 {
        assert_eq!(bench.run(&mut bench.store(LONG), &reads, address), Ok(0), "after one that ended");
        assert_eq!(bench.run(&mut bench.store(SOON), &writes_and_stays, address), Err(Fault::Deadline(SOON)));
        assert_eq!(bench.run(&mut bench.store(LONG), &reads, address), Ok(0), "after one that was stopped");
    }
}

#[test]
fn a_guest_that_goes_astray_traps_and_is_not_said_to_be_late() {
    let bench = Bench::new();
    let component = bench.component(&reads());
    let page = u32::try_from(safepoints::REGION_ADDRESS).unwrap();
    let poll = u32::try_from(safepoints::POLL_OFFSET).unwrap();
    let like_polls = [1 << 20, page - (64 << 10), page + (64 << 10), 3 << 30, 0xffff_0000].map(|region| region + poll);
    for address in
        [64 << 10, 128 << 10, page - 64, page + (64 << 10), 3 << 30, u32::MAX - 8].into_iter().chain(like_polls)
    {
        let fault = bench.run(&mut bench.store(LONG), &component, address).unwrap_err();
        assert!(matches!(&fault, Fault::Trap(why) if why.contains("out of bounds")), "{address:#x}: {fault:?}");
    }
}

/// What wasmtime itself puts between two components has their memories both, and polls none.
#[test]
fn components_that_call_each_other_go_on_and_are_stopped() {
    let composed = |first: &str| {
        format!(
            r#"(component
                (component $a
                    (core module $m (memory (export "m") 1) (global $end (mut i32) (i32.const 4096))
                        (func (export "r") (param i32 i32 i32 i32) (result i32)
                            (global.set $end (i32.add (global.get $end) (local.get 3)))
                            (i32.sub (global.get $end) (local.get 3)))
                        (func (export "length") (param i32 i32) (result i32) {first} (local.get 1)))
                    (core instance $i (instantiate $m))
                    (func (export "length") (param "text" string) (result u32)
                        (canon lift (core func $i "length") (memory (core memory $i "m")) (realloc (core func $i "r")))))
                (component $b
                    (import "length" (func $length (param "text" string) (result u32)))
                    (core module $libc (memory (export "m") 1) (data (i32.const 0) "abcdefgh"))
                    (core instance $libc (instantiate $libc))
                    (core func $length (canon lower (func $length) (memory (core memory $libc "m"))))
                    (core module $m (import "libc" "m" (memory 1)) (import "a" "length" (func $length (param i32 i32) (result i32)))
                        (func {RUN} (call $length (i32.const 0) (local.get 0))))
                    (core instance $i (instantiate $m
                        (with "libc" (instance $libc)) (with "a" (instance (export "length" (func $length))))))
                    (func (export "run") (param "with" u32) (result u32) (canon lift (core func $i "run"))))
                (instance $a (instantiate $a))
                (instance $b (instantiate $b (with "length" (func $a "length"))))
                (export "run" (func $b "run")))"#
        )
    };
    let bench = Bench::new();
    let (ends, stays) = (bench.component(&composed("")), bench.component(&composed("(loop (br 0))")));
    for _ in 0..3 {
        assert_eq!(bench.run(&mut bench.store(LONG), &ends, 5), Ok(5));
        assert_eq!(bench.run(&mut bench.store(SOON), &stays, 5), Err(Fault::Deadline(SOON)));
    }
    let astray = bench.run(&mut bench.store(LONG), &ends, 1 << 30).unwrap_err();
    assert!(matches!(&astray, Fault::Trap(_) | Fault::BadReply(_)), "{astray:?}");
}

#[test]
fn no_memory_reaches_the_page() {
    let limits = Limits { index_memory_bytes_max: usize::MAX, ..Limits::default() };
    // Only asks: a memory so large is not made.
    let mut guard = MemoryGuard::index(&limits);
    assert!(wasmtime::ResourceLimiter::memory_growing(&mut guard, 0, safepoints::REGION_ADDRESS, None).unwrap());
    assert!(!wasmtime::ResourceLimiter::memory_growing(&mut guard, safepoints::REGION_ADDRESS, 2 << 30, None).unwrap());
}
