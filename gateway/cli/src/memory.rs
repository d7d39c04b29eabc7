//! The allocator of the command. A node serves many people for weeks: what they needed must go back to the system when they leave, and
//! buffers of some kilobytes, made on one thread and dropped on another, must be cheap. See ADR 0022.

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// What the allocator reads when it starts. Threads of its own give pages back one second after they were freed; without them a thread that
/// has nothing to do any more would keep its own.
#[expect(unsafe_code, reason = "the allocator looks for its settings under this name")]
// SAFETY: nobody else defines the name, and what it points to is what its owner expects: a string that ends with a zero.
#[unsafe(export_name = "_rjem_malloc_conf")]
pub(crate) static SETTINGS: &Settings = &Settings(*b"background_thread:true,dirty_decay_ms:1000,muzzy_decay_ms:0\0");

/// A pointer to these is one to their first byte.
#[repr(transparent)]
pub(crate) struct Settings([u8; 60]);
