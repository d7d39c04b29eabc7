//! The import `keeper`: a guest shows its memory, and the host copies it, or notes where it is.

use wasmtime::StoreContextMut;
use wasmtime::component::WasmList;

use crate::host_state::HostState;
use crate::kept::{KeptError, KeptWriter, Place};
use crate::stop::Stop;

/// What becomes of memory that the guest shows.
pub(crate) enum Holding {
    /// Nothing: nobody asked for it.
    Nothing,
    /// Where it is is noted.
    Locating(Option<Place>),
    /// It is copied.
    Copying(Box<Copying>),
}

/// A copy that is made.
pub(crate) struct Copying {
    pub(crate) writer: KeptWriter,
    /// Whether something else has become more urgent.
    pub(crate) stop: Box<dyn Fn() -> bool + Send>,
    pub(crate) copied: Copied,
}

/// How far a copy came.
#[derive(Debug)]
pub(crate) enum Copied {
    /// The guest showed nothing.
    Nothing,
    /// All of it.
    All,
    /// Something became more urgent.
    Stopped,
    /// It could not be written.
    Failed(KeptError),
}

/// `hold`. What a guest shows unasked is not looked at.
pub(crate) fn hold(mut store: StoreContextMut<'_, HostState>, memory: &WasmList<u8>) -> Result<(), Stop> {
    store.data_mut().count_host_call()?;
    let holding = match std::mem::replace(&mut store.data_mut().holding, Holding::Nothing) {
        Holding::Nothing => Holding::Nothing,
        Holding::Locating(_) => {
            let bytes = memory.as_le_slice(&store);
            Holding::Locating(Some(Place { address: bytes.as_ptr().addr(), bytes: bytes.len() }))
        }
        Holding::Copying(mut copying) => {
            let Copying { writer, stop, copied } = &mut *copying;
            *copied = match writer.memory(memory.as_le_slice(&store), &**stop) {
                Ok(true) => Copied::All,
                Ok(false) => Copied::Stopped,
                Err(error) => Copied::Failed(error.into()),
            };
            Holding::Copying(copying)
        }
    };
    store.data_mut().holding = holding;
    Ok(())
}
