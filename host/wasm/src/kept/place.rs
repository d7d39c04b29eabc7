//! What kept engines ask of the operating system. Above all it puts their memory in place of an instance's: the only piece that writes to
//! memory that wasmtime owns.

use std::fs::File;
use std::io;
use std::path::Path;

use wasmtime::Store;

use crate::host_state::HostState;

/// What memories are multiples of.
pub(crate) const WASM_PAGE_BYTES: usize = 64 << 10;

/// Where the linear memory of an instance is in this process, as its guest showed it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    pub(crate) address: usize,
    pub(crate) bytes: usize,
}

/// Maps the beginning of a file over the memory of the store's instance, copy on write: pages are read when they are needed, and
/// what the guest writes stays with it.
///
/// `place` is what `keeper.hold` was shown last by an instance of this very store.
#[cfg(unix)]
#[expect(unsafe_code, reason = "memory is mapped where wasmtime has it")]
pub(crate) fn put_in_place(store: &mut Store<HostState>, place: Place, file: &File) -> io::Result<()> {
    use rustix::mm::{MapFlags, ProtFlags, mmap};

    // No machine has larger pages than WebAssembly. Where the beginning is not that of one the kernel refuses.
    if place.bytes == 0 || !place.bytes.is_multiple_of(WASM_PAGE_BYTES) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the memory does not end with a page"));
    }
    // Nothing of the guest runs, and nobody has a reference into its memory, while the store is borrowed so.
    let _nobody_else: &mut Store<HostState> = store;
    // SAFETY: wasmtime lifted the list that is `place` within the bounds of a linear memory of this store, which it can only do
    // for bytes that are readable and writable; a memory never moves (`memory_may_move(false)`) nor shrinks, and is unmapped
    // as a whole when the store goes, whatever is mapped in it by then. All of it belongs to the guest alone, for whom any bytes are as good
    // as others. The file is never written to nor cut off after it got its name: it is only replaced.
    let at = unsafe {
        let (read, write) = (ProtFlags::READ, ProtFlags::WRITE);
        mmap(place.address as *mut _, place.bytes, read | write, MapFlags::PRIVATE | MapFlags::FIXED, file, 0)?
    };
    debug_assert_eq!(at.addr(), place.address, "a fixed mapping is where it was asked for");
    Ok(())
}

/// The room that a directory's disk has for this user.
#[cfg(unix)]
pub(crate) fn free_bytes(directory: &Path) -> io::Result<u64> {
    let disk = rustix::fs::statvfs(directory)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Where nothing is taken up nothing is kept.
#[cfg(not(unix))]
pub(crate) fn free_bytes(_: &Path) -> io::Result<u64> {
    Ok(0)
}

/// Elsewhere nothing is taken up.
#[cfg(not(unix))]
pub(crate) fn put_in_place(_: &mut Store<HostState>, _: Place, _: &File) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
