//! The pages to which guests store at their safepoint polls ([`crate::safepoints`]): one in every linear memory of a store. Closed, they
//! stop the guest: its next poll is a trap.
//!
//! Where a memory is, wasmtime tells nobody. But a page of which nobody knows is closed like everything above what a memory has; so the
//! first poll faults, and its address is that of the page, which is opened. All this happens in the signal handler of the store, before
//! wasmtime makes a trap of the fault. The pages have to be given back closed, because the next instance may get the same memory.
//!
//! Only on Linux, see [`IS_AVAILABLE`].

/// Whether guests are stopped by polls. Elsewhere they look at wasmtime's epoch: on macOS faults are not signals of a store.
pub(crate) const IS_AVAILABLE: bool = cfg!(target_os = "linux");

#[cfg(target_os = "linux")]
pub(crate) use linux::{PollingPages, find_by_faults};

#[cfg(not(target_os = "linux"))]
pub(crate) use elsewhere::{PollingPages, find_by_faults};

#[cfg(target_os = "linux")]
mod linux {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    use rustix::mm::{Advice, MprotectFlags, madvise, mprotect};
    use wasmtime::Store;
    use wasmtime::unix::StoreExt as _;

    use crate::safepoints::{POLL_ADDRESS, POLL_OFFSET, REGION_BYTES};

    /// The access is one that the page does not allow. Where nothing is mapped the code is another.
    const SEGV_ACCERR: i32 = 2;

    /// More than a memory of 32 bits has reserved, its guard included, and less than from its beginning to the page of any other.
    const OF_ONE_MEMORY_BYTES: usize = 5 << 30;

    /// The polling pages of one store. What sees them at the same time: the guest's faults, and whoever stops it.
    pub(crate) struct PollingPages {
        /// Where guests store to them, in the order in which they were found; zero is none yet.
        found: Box<[AtomicUsize]>,
        closed: AtomicBool,
        /// The size of a page of the processor.
        page_bytes: usize,
    }

    impl PollingPages {
        /// Of a store with so many memories at most.
        pub(crate) fn new(n_max: usize) -> Self {
            let found = std::iter::repeat_with(|| AtomicUsize::new(0)).take(n_max).collect();
            Self { found, closed: AtomicBool::new(false), page_bytes: rustix::param::page_size().min(REGION_BYTES) }
        }

        /// Stops the guest at its next poll, if it runs.
        pub(crate) fn close(&self) {
            self.closed.store(true, Ordering::SeqCst);
            self.all().for_each(|poll| report(self.protect(poll, MprotectFlags::empty())));
        }

        /// Lets the guest run. It must not run now. A page that cannot be opened stops it once more.
        pub(crate) fn open(&self) {
            let opened = self.all().try_for_each(|poll| self.protect(poll, READ_WRITE));
            self.closed.store(opened.is_err(), Ordering::SeqCst);
            report(opened);
        }

        /// Makes the pages what they were before they were found. The guest must not run any more, and its memories must still be there.
        pub(crate) fn give_back(&self) {
            let is_closed = self.closed.load(Ordering::SeqCst);
            for poll in self.all() {
                if is_closed {
                    report(self.advise(poll, Advice::LinuxDontNeed));
                } else {
                    // In place: to give a page back and to get another for the next guest costs more.
                    self.wipe(poll);
                    report(self.protect(poll, MprotectFlags::empty()));
                }
            }
            self.found.iter().for_each(|poll| poll.store(0, Ordering::SeqCst));
        }

        fn all(&self) -> impl Iterator<Item = usize> {
            self.found.iter().map(|poll| poll.load(Ordering::SeqCst)).filter(|address| *address != 0)
        }

        /// Whether a guest that may not access this address goes on after all: if it has found a page. Safe to be called in a signal
        /// handler, as all that it does is to read and write atomics and to call the kernel.
        ///
        /// What is found is the page of a memory and nothing else, so that nothing is ever closed to which the host might go on behalf of
        /// the guest. A module has one memory, to which each of its functions stores before it does anything else: so nobody gets to another
        /// place of a memory before its page was found, and after that nothing more is found there. What wasmtime itself puts between
        /// components polls nothing; but if something is found for it in a memory that nobody polled yet, then no poll of that memory
        /// finds its page any more, so none of its functions runs, and it cannot grow to what was found.
        fn finds(&self, address: usize) -> bool {
            if address <= POLL_ADDRESS || address % REGION_BYTES != POLL_OFFSET {
                return false;
            }
            for found in &self.found {
                match found.compare_exchange(0, address, Ordering::SeqCst, Ordering::SeqCst) {
                    Ok(_) => {
                        // What the kernel has to tell from what is around it does not become one with that whenever it is closed, which
                        // would cost more than all the rest. If it cannot be told, it is only slower.
                        let _ = self.advise(address, Advice::LinuxDontDump);
                        // The process may have as many mappings as it can have. Then the guest traps, and nothing was found.
                        if self.protect(address, READ_WRITE).is_err() {
                            found.store(0, Ordering::SeqCst);
                            return false;
                        }
                        // Who closed the pages before this one was among them has not closed it; the poll faults once more.
                        let is_closed = self.closed.load(Ordering::SeqCst);
                        return !is_closed || self.protect(address, MprotectFlags::empty()).is_ok();
                    }
                    // A page that is closed because the guest is to stop, or a guest that goes astray.
                    Err(known) if is_of_memory_of(known, address) => return false,
                    Err(_) => {}
                }
            }
            false
        }

        #[expect(unsafe_code, reason = "pages are protected where wasmtime reserved memory")]
        fn protect(&self, poll: usize, flags: MprotectFlags) -> rustix::io::Result<()> {
            // SAFETY: the page lies in what is reserved for a linear memory (a guest faulted there), above all that the memory may grow to
            // (`MemoryGuard` sees to it). wasmtime never looks there, and for the guest any protection is as good as another.
            unsafe { mprotect(self.page(poll), self.page_bytes, flags) }
        }

        #[expect(unsafe_code, reason = "pages are described where wasmtime reserved memory")]
        fn advise(&self, poll: usize, advice: Advice) -> rustix::io::Result<()> {
            // SAFETY: as for `protect`; what the guest stored there is nobody's.
            unsafe { madvise(self.page(poll), self.page_bytes, advice) }
        }

        #[expect(unsafe_code, reason = "pages are written where wasmtime reserved memory")]
        fn wipe(&self, poll: usize) {
            // SAFETY: as for `protect`; the page was found, and so was opened, and was not closed since. The guest does not run any more.
            unsafe { std::ptr::write_bytes(self.page(poll).cast::<u8>(), 0, self.page_bytes) }
        }

        fn page(&self, poll: usize) -> *mut std::ffi::c_void {
            (poll - poll % self.page_bytes) as *mut _
        }
    }

    /// Whether an address lies in what is reserved for the memory to which a poll stores.
    fn is_of_memory_of(poll: usize, address: usize) -> bool {
        let beginning = poll - POLL_ADDRESS;
        (beginning..beginning + OF_ONE_MEMORY_BYTES).contains(&address)
    }

    /// Has the faults of a store's guest find its pages.
    #[expect(unsafe_code, reason = "what a signal handler may do cannot be checked")]
    pub(crate) fn find_by_faults<T: 'static>(
        store: &mut Store<T>,
        pages: Arc<impl AsRef<PollingPages> + Send + Sync + 'static>,
    ) {
        let handler = move |signal: libc::c_int, info: *const libc::siginfo_t, _: *const libc::c_void| {
            if signal != libc::SIGSEGV {
                return false;
            }
            // SAFETY: wasmtime hands on what the kernel gave its handler of SIGSEGV, for which `si_addr` is set.
            let (code, address) = unsafe { ((*info).si_code, (*info).si_addr()) };
            code == SEGV_ACCERR && (*pages).as_ref().finds(address.addr())
        };
        // SAFETY: `PollingPages::finds` is async-signal-safe, and nothing else is called.
        unsafe { store.set_signal_handler(handler) }
    }

    const READ_WRITE: MprotectFlags = MprotectFlags::READ.union(MprotectFlags::WRITE);

    /// These calls hardly fail on a page that could be opened once: it is a mapping of its own, so none of them needs another.
    fn report(result: rustix::io::Result<()>) {
        if let Err(error) = result {
            tracing::error!(%error, "a polling page cannot be protected");
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_page_that_cannot_be_opened_is_not_found() {
            let pages = PollingPages::new(1);
            // Nothing is mapped so low but by who asks for it.
            let nowhere = (1 << 40) + POLL_OFFSET;
            assert!(!pages.finds(nowhere));
            assert_eq!(pages.all().count(), 0);
            // Would write there.
            pages.give_back();
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use std::sync::Arc;

    use wasmtime::Store;

    /// There are none.
    pub(crate) struct PollingPages;

    impl PollingPages {
        pub(crate) fn new(_: usize) -> Self {
            Self
        }

        pub(crate) fn close(&self) {}

        pub(crate) fn open(&self) {}

        pub(crate) fn give_back(&self) {}
    }

    pub(crate) fn find_by_faults<T: 'static>(
        _: &mut Store<T>,
        _: Arc<impl AsRef<PollingPages> + Send + Sync + 'static>,
    ) {
    }
}
