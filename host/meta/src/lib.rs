//! The metadata of a cluster: a state machine of nodes, groups and their replicas, the shard map, workspaces, plugins, settings and
//! tokens; and where replicas and leaders should be.
//!
//! ```text
//!  Command (bytes of a log entry) --decode--> State::apply --> Response   to whoever proposed it
//!                                                |
//!                                                v
//!                         plan_moves, plan_transfers --> what whoever leads the metadata group should do next
//! ```
//!
//! Invariants, each held by a test in `tests/`:
//! - `apply` is total and deterministic: the same commands at the same log indexes give the same [`State::digest`] and the same
//!   responses on every replica. A request that is refused changes nothing.
//! - A command that is proposed twice takes effect at most once, and is answered the same both times.
//! - The id of a node is never accepted twice, nor is a data directory that was removed.
//! - Every slot belongs to one data group that exists, and every group has at least one replica that keeps contents.
//! - The replicas of a group change one step at a time, and every change of them has an epoch of its own.
//! - Plans come to an end: a cluster in which nothing happens comes to rest, with replicas and leaders spread evenly.
//!
//! This room knows no disk, no network, no clock, no async and no consensus library: who is alive and who leads it is told.

mod ids;

mod slots;

mod command;
mod response;

mod state;

mod apply;
mod moves;
mod nodes;
mod plugins;
mod refound;

mod codec;
mod placement;

pub use codec::{COMMAND_BYTES_MAX, DecodeError};
pub use command::{Command, Component, MoveStep, NodeKind, Registration, Request, TokenHash};
pub use ids::{
    ADDRESS_BYTES_MAX, Address, AddressError, ClusterId, Epoch, GroupId, Incarnation, MoveId, NodeId, ParseIdError,
    WORD_BYTES_MAX, Word, WordError,
};
pub use nodes::FIRST_TOKEN;
pub use placement::{PlannedMove, PlannedTransfer, plan_moves, plan_transfers};
pub use response::{Applied, Bounded, Counted, Refusal, Response, Senseless};
pub use slots::{N_SLOTS, Slot, SlotMap};
pub use state::{
    Cluster, Group, Move, N_COMPONENTS_MAX, N_DATA_GROUPS_MAX, N_NODES_MAX, N_PLUGINS_MAX, N_PREVIOUS_MAX,
    N_SETTINGS_MAX, N_TOKENS_MAX, N_WORKSPACES_MAX, NODE_ID_MAX, Node, Plugin, REPLICATION_MAX, SETTING_BYTES_MAX,
    State,
};
