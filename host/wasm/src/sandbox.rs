//! The settings of wasmtime.

use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::{Limits, polling_page};

/// The wasm frames of a call. The default of 512 KiB is too little for parsers that descend recursively.
const WASM_STACK_BYTES: usize = 2 << 20;
/// The stack of every thread that runs guests: the wasm frames, and the host functions they call.
pub(crate) const THREAD_STACK_BYTES: usize = WASM_STACK_BYTES + (6 << 20);

/// Written pages that a slot keeps for the next instance: what a pure call writes for a file of some 200 KB. To wipe a page costs
/// a fifth of what it costs to give it back and to fault it in again.
const KEPT_BYTES: usize = 4 << 20;

/// What decides on compiled code: the same for every [`Limits`], so that an artifact fits every process of one build.
pub(crate) fn compiler_config() -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        // Nothing here is asynchronous, and a synchronous call is several times cheaper without the support.
        .concurrency_support(false)
        // An infinite loop must end. Where guests do not poll they look at an epoch. Fuel would be exact, and costs twice as much.
        .epoch_interruption(!polling_page::IS_AVAILABLE)
        .max_wasm_stack(WASM_STACK_BYTES)
        .async_stack_size(WASM_STACK_BYTES + (1 << 20))
        // Answers are cached by content: the same input must give the same bytes on every machine.
        .cranelift_nan_canonicalization(true)
        .wasm_relaxed_simd(false)
        .wasm_memory64(false)
        // Bounds checks by guard pages: without the reservation, code runs 1.75 to 2 times slower.
        .memory_reservation(4 << 30)
        .memory_may_move(false)
        // Registering unwind tables costs quadratic time in the number of modules, and backtraces do not need them.
        .native_unwind_info(false)
        .wasm_backtrace_details(wasmtime::WasmBacktraceDetails::Disable)
        // Which instruction trapped helps nobody without the guest's sources, and the map of them is a tenth of an artifact.
        .generate_address_map(false)
        .memory_init_cow(true)
        .memory_guaranteed_dense_image_size(32 << 20);
    config
}

/// The engine of a process with these limits.
pub(crate) fn engine(limits: &Limits) -> wasmtime::Result<Engine> {
    let with = |pool: PoolingAllocationConfig| {
        Engine::new(compiler_config().allocation_strategy(InstanceAllocationStrategy::Pooling(pool)))
    };
    // Kernels since 6.7 tell which pages a guest wrote. Those of a pure call are few, so they are wiped and kept for the next:
    // a third less time a call. What an engine leaves is given back, but for as much as that.
    let mut knowing_pages = pool(limits);
    knowing_pages.pagemap_scan(Enabled::Yes).linear_memory_keep_resident(KEPT_BYTES).table_keep_resident(64 << 10);
    // Elsewhere only the lowest pages could be kept, which are the unused end of the guest's stack.
    with(knowing_pages).or_else(|_| with(pool(limits)))
}

/// The engine of instances that may be kept. Each has a mapping of its own, which goes with it: nothing that is mapped into it can come
/// to light in another. The compiled code is the same.
pub(crate) fn keeping_engine() -> wasmtime::Result<Engine> {
    Engine::new(compiler_config().allocation_strategy(InstanceAllocationStrategy::OnDemand))
}

/// Slots for every index thread and every engine. Address space: about 4 GiB a memory, so their number is kept moderate.
fn pool(limits: &Limits) -> PoolingAllocationConfig {
    let as_u32 = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    // One more of each, so that a slot whose pages are still being given back does not refuse the next call.
    let n_instances = as_u32(limits.index_threads.saturating_add(limits.engines_max).saturating_add(2));
    let n_memories = n_instances.saturating_mul(2);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(n_instances)
        .total_memories(n_memories)
        .total_core_instances(n_instances.saturating_mul(16))
        .total_tables(n_instances.saturating_mul(8))
        .max_memories_per_component(as_u32(limits.memories_max))
        .max_tables_per_component(as_u32(limits.tables_max))
        .max_core_instances_per_component(as_u32(limits.core_instances_max))
        .max_memories_per_module(1)
        .max_tables_per_module(4)
        .max_memory_size(limits.engine_memory_bytes_max.max(limits.index_memory_bytes_max))
        .table_elements(limits.table_elements_max)
        .max_core_instance_size(10 << 20)
        .max_component_instance_size(10 << 20);
    pool
}
