//! Bytes to messages and back, in the order of the wire. Knows JSON-RPC and the session's life cycle, and no request by its meaning.

mod frame;
mod main_loop;
mod message;
mod outbox;
mod writer;

pub use frame::{Frame, FrameError, FrameReader};
pub(crate) use main_loop::{LoopEnd, MainLoop, current_world};
pub use message::MessageKind;
pub(crate) use outbox::Outbox;
pub(crate) use writer::write_outbox;
