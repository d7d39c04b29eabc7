//! Engines whose memory the host keeps: how it is shown, and how the project in it is found again.
//!
//! Refuses to know what becomes of the copy. When the memory of a fresh instance is replaced by a kept one, what is static here is
//! replaced with it: so a project that was revealed is found in the copy, and nowhere else.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use crate::Config;
use crate::bindings::keeping::exports::vraftls::analyzer::keeping::Guest;

thread_local! {
    /// The project that was opened last.
    static OPEN: RefCell<Option<(Config, Weak<dyn Any>)>> = const { RefCell::new(None) };
    /// Whether the memory was shown since.
    static REVEALED: Cell<bool> = const { Cell::new(false) };
}

/// The exports of an engine that can be kept.
#[derive(Debug)]
pub struct Keeping;

impl Guest for Keeping {
    fn reveal(bytes: u64) {
        // Before, so that the copy says so.
        REVEALED.set(true);
        memory::grow_to(bytes);
        memory::hold();
    }
}

/// Notes what a later instance may take up.
pub(crate) fn note_open<P: 'static>(config: Config, project: &Rc<RefCell<P>>) {
    let project: Rc<dyn Any> = project.clone();
    OPEN.set(Some((config, Rc::downgrade(&project))));
    REVEALED.set(false);
}

/// The project of this configuration that the memory holds since it was revealed. Once.
pub(crate) fn take_up<P: 'static>(config: &Config) -> Option<Rc<RefCell<P>>> {
    if !REVEALED.take() {
        return None;
    }
    OPEN.with_borrow(|open| {
        let (_, project) = open.as_ref().filter(|(kept, _)| kept == config)?;
        project.upgrade()?.downcast().ok()
    })
}

/// The linear memory of a component.
#[cfg(target_arch = "wasm32")]
#[expect(unsafe_code, reason = "the memory begins at address 0, where no slice of Rust may")]
mod memory {
    use core::arch::wasm32::{memory_grow, memory_size};

    const PAGE_BYTES: usize = 64 << 10;

    #[link(wasm_import_module = "vraftls:analyzer/keeper@0.1.0")]
    unsafe extern "C" {
        /// `keeper.hold`, its list as the canonical ABI lowers it: an address and a number of bytes.
        #[link_name = "hold"]
        fn hold_list(address: usize, bytes: usize);
    }

    pub(super) fn grow_to(bytes: u64) {
        let pages = usize::try_from(bytes.div_ceil(PAGE_BYTES as u64)).unwrap_or(usize::MAX);
        let missing = pages.saturating_sub(memory_size::<0>());
        if missing > 0 {
            // Where it does not grow the host sees that what it has does not fit.
            memory_grow::<0>(missing);
        }
    }

    pub(super) fn hold() {
        // SAFETY: the host reads what lies within the memory, and there is no other thread.
        unsafe { hold_list(0, memory_size::<0>().saturating_mul(PAGE_BYTES)) };
    }
}

/// A native build has no memory of its own.
#[cfg(not(target_arch = "wasm32"))]
mod memory {
    pub(super) fn grow_to(_: u64) {}

    pub(super) fn hold() {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(root: &str) -> Config {
        Config { root: root.to_owned(), libraries: Vec::new(), settings: Vec::new() }
    }

    #[test]
    fn a_project_is_taken_up_once_after_it_was_revealed_and_with_its_own_configuration() {
        let project = Rc::new(RefCell::new(7_u32));
        note_open(config("a"), &project);
        assert!(take_up::<u32>(&config("a")).is_none(), "nobody kept it");

        Keeping::reveal(0);
        let taken_up = take_up::<u32>(&config("a")).expect("it was revealed");
        assert!(Rc::ptr_eq(&taken_up, &project));
        assert!(take_up::<u32>(&config("a")).is_none(), "it was taken up");

        Keeping::reveal(0);
        assert!(take_up::<u32>(&config("b")).is_none(), "another was kept");
        Keeping::reveal(0);
        drop((project, taken_up));
        assert!(take_up::<u32>(&config("a")).is_none(), "it is gone");
    }
}
