//! One beat for all groups of a node.
//!
//! Each group that has a clock of its own shows that its leader lives at a moment of its own, and no two of them share a message. On one
//! beat all that lead here speak at once, and a transport that batches what is ready carries it to each other node in few messages.
//!
//! Only the leaders' beats are common. When a replica stands for election is still up to each group's own clock, whose phase is random:
//! nodes that stand at the same moment would split the votes of all groups at once.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use openraft::Raft;
use openraft::async_runtime::WatchReceiver as _;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::MissedTickBehavior;

use crate::adapter::MachineAdapter;
use crate::machine::StateMachine;
use crate::settings;
use crate::status::Role;
use crate::types::Types;

/// The beat of a node. Clones share it; it ends with the last of them.
#[derive(Clone)]
pub struct Pulse(Arc<Beating>);

struct Beating {
    interval: Duration,
    beats: watch::Sender<u64>,
    task: AbortHandle,
}

impl Pulse {
    /// Beats from now on. Needs a tokio runtime with time enabled.
    ///
    /// # Panics
    /// If `interval` is zero, or without a runtime.
    pub fn start(interval: Duration) -> Self {
        let beats = watch::Sender::new(0);
        let beat = beats.clone();
        let task = tokio::spawn(async move {
            let mut clock = tokio::time::interval(interval);
            // After a stall one beat is as good as many.
            clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                clock.tick().await;
                beat.send_modify(|n| *n += 1);
            }
        });
        Self(Arc::new(Beating { interval, beats, task: task.abort_handle() }))
    }

    /// How long it is from one beat to the next.
    pub fn interval(&self) -> Duration {
        self.0.interval
    }

    /// Lets a replica show at every beat that it leads, while it does, until the task is ended. One that is slow holds nobody up.
    pub(crate) fn drive<M: StateMachine>(&self, raft: Raft<Types, MachineAdapter<M>>) -> AbortHandle {
        let mut beats = self.0.beats.subscribe();
        let driving = async move {
            while beats.changed().await.is_ok() {
                let now = settings::leadership(&raft.server_metrics().borrow_watched());
                if now.role == Role::Leader && raft.trigger().heartbeat().await.is_err() {
                    return;
                }
            }
        };
        tokio::spawn(driving).abort_handle()
    }
}

impl Drop for Beating {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for Pulse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pulse").field(&self.0.interval).finish()
    }
}
