//! The state machine that a group replicates, as its author sees it.
//!
//! The author writes a deterministic [`apply`](StateMachine::apply) and says how the result is made durable; the room
//! does the rest. What the room knows of the commands is their bytes.

use std::io::{Read, Write};

use crate::codec::{Codec, split_version};
use crate::error::StorageError;
use crate::ids::{LogId, Membership};

/// A deterministic machine that every replica of a group runs, with the durable storage it owns.
///
/// # Calls, and what holds between them
///
/// The room calls a machine from one thread at a time, never from an async thread, so that it may block on its disk:
///
/// 1. [`applied`](Self::applied) once, when the group starts.
/// 2. For each batch of committed entries: [`apply`](Self::apply) for each command in log order, then one
///    [`commit`](Self::commit). Responses reach the proposers only after that commit returned.
/// 3. [`snapshot`](Self::snapshot) and [`install`](Self::install) between batches only.
///
/// # The durable state may be behind the log, never torn
///
/// A commit need not reach the disk before it returns. After a crash the log is replayed from the position that
/// [`applied`](Self::applied) reports, so losing the newest commits costs time, not data. Two rules make that sound:
/// a commit is atomic with the position it records, and the log is only purged below a position for which
/// [`SnapshotView::persist`] has returned. On a follower the state may even be ahead of the local log, whose writes
/// are not waited for once a majority has them; what it holds is committed all the same.
///
/// # Example
///
/// [`Register`](crate::register::Register), a key-value register with expiry, is the reference implementation.
pub trait StateMachine: Send + 'static {
    /// What clients ask for. Carries every input of [`apply`](Self::apply), time included.
    type Command: Send + Sync + 'static;
    /// What clients are told. Holds refusals too: a command that cannot be done still applies.
    type Response: Send + 'static;
    /// How both are encoded.
    type Codec: Codec<Self::Command> + Codec<Self::Response>;
    /// A consistent view of the state at one log position.
    type Snapshot: SnapshotView;

    /// The position that the state stands at; [`Applied::default`] for a machine that never committed.
    ///
    /// The state must be durable up to there: what a killed process left in the page cache must have been synced when
    /// the machine was opened, because the log below may be purged.
    ///
    /// # Errors
    /// [`StorageError`] stops the group from starting.
    fn applied(&mut self) -> Result<Applied, StorageError>;

    /// Applies one command.
    ///
    /// Implementors must make it
    /// - total: it cannot fail, and must not panic on any command that decodes; a refusal is a response;
    /// - deterministic: a function of the state, `log_index` and `command` alone: no clock, no random number, no
    ///   iteration order of a hash map, no float. Replicas that differ here differ for ever.
    ///
    /// `log_index` grows strictly, but not by one: membership changes and leaders' first entries take indices too.
    fn apply(&mut self, log_index: u64, command: Self::Command) -> Self::Response;

    /// Records the effects of all applies since the last commit, atomically together with `applied`.
    ///
    /// Implementors must ensure that after a crash either all of it is there or none of it, and that a later commit is
    /// never there without the earlier ones. Called also for batches without a command, where only `applied` moved.
    ///
    /// # Errors
    /// [`StorageError`] stops the group: nothing of this machine can be trusted until the process has restarted.
    fn commit(&mut self, applied: &Applied) -> Result<(), StorageError>;

    /// Whether these commands are light: to apply them and to [commit](Self::commit_light) takes neither a disk nor a network, and some
    /// tens of microseconds at most. They are done at once then, where others would have to go to a thread that may block and back.
    fn is_light(&self, commands: &[&Self::Command]) -> bool {
        let _ = commands;
        false
    }

    /// As [`commit`](Self::commit), after commands that were [light](Self::is_light), on a thread that must not block. What it leaves out
    /// is made up for by the next commit that may.
    ///
    /// # Errors
    /// As [`commit`](Self::commit).
    fn commit_light(&mut self, applied: &Applied) -> Result<(), StorageError> {
        self.commit(applied)
    }

    /// Takes a consistent view of the state as of the last commit.
    ///
    /// Must be quick: applies wait for it. A persistent map's clone is ideal; the view is serialized later, off the
    /// machine, and only if a replica needs it.
    ///
    /// # Errors
    /// [`StorageError`] stops the group.
    fn snapshot(&mut self) -> Result<Self::Snapshot, StorageError>;

    /// Replaces the whole state by what [`SnapshotView::write_to`] wrote, as of `applied`.
    ///
    /// Implementors must make it atomic and durable on return: the log below `applied` is dropped afterwards. Every
    /// keyspace the machine has must be replaced, those that are empty in the snapshot included. The bytes passed a
    /// digest check; they may still come from a newer version.
    ///
    /// # Errors
    /// [`StorageError`] stops the group.
    fn install(&mut self, applied: &Applied, snapshot: &mut dyn Read) -> Result<(), StorageError>;
}

/// A view of a machine's state that later applies do not change.
pub trait SnapshotView: Send + Sync + 'static {
    /// Returns once the machine's *own* storage holds at least this view durably, as after an fsync.
    ///
    /// The log below the view is purged on the strength of this call. Runs beside applies, without the machine.
    ///
    /// # Errors
    /// [`StorageError`] stops the group; the log is not purged.
    fn persist(&self) -> Result<(), StorageError>;

    /// Writes the whole state, every keyspace of it, with a format version of the machine's own.
    ///
    /// Equal states must give equal bytes: replicas are compared by the digest of this.
    ///
    /// # Errors
    /// [`StorageError`] when the state cannot be read or `out` refuses.
    fn write_to(&self, out: &mut dyn Write) -> Result<(), StorageError>;
}

/// The log position a state stands at, and the membership in force there.
///
/// A machine stores it as opaque bytes beside its data: see [`Applied::encode`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// The last entry applied; `None` before the first.
    pub last: Option<LogId>,
    /// The last membership applied.
    pub membership: Membership,
    /// The entry that brought the membership.
    pub membership_at: Option<LogId>,
}

impl Applied {
    /// The bytes of a file that holds a state of a machine's own together with the position that it stands at: a version byte of the
    /// machine's, the length of the position (4 bytes, little end first), the position, the state.
    pub fn frame(&self, version: u8, state: &[u8]) -> Vec<u8> {
        let position = self.encode();
        let length = u32::try_from(position.len()).expect("a log position and a membership are far below 4 GiB");
        [&[version], &length.to_le_bytes()[..], &position, state].concat()
    }

    /// Takes apart what [`frame`](Self::frame) put together, up to a version. `what` names it in errors.
    ///
    /// # Errors
    /// [`StorageError`] when the bytes are cut short, of a newer version, or hold no position.
    pub fn unframe<'a>(what: &'static str, newest: u8, bytes: &'a [u8]) -> Result<(Self, &'a [u8]), StorageError> {
        let (_, body) = split_version(what, newest, bytes)?;
        let short = || StorageError::corrupt(what, "cut short");
        let (length, rest) = body.split_first_chunk::<4>().ok_or_else(short)?;
        let (position, state) = rest.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or_else(short)?;
        Ok((Self::decode(position)?, state))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_and_its_position_come_apart_as_they_were_put_together() {
        let framed = Applied::default().frame(3, b"state");
        let (applied, state) = Applied::unframe("test", 3, &framed).expect("whole");
        assert_eq!((applied, state), (Applied::default(), &b"state"[..]));
        assert!(Applied::unframe("test", 2, &framed).is_err(), "a newer version");
        for length in 0..framed.len() - b"state".len() {
            assert!(Applied::unframe("test", 3, &framed[..length]).is_err(), "{length}");
        }
    }
}
