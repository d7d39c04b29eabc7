//! The end of a node, as its tasks hear of it.

use tokio::sync::watch;

/// Ends whatever holds a [`Stop`] of it: when told to, and when it is dropped.
#[derive(Debug)]
pub(crate) struct Stopper(watch::Sender<bool>);

/// Says whether the node ends. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Stop(watch::Receiver<bool>);

impl Stopper {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    /// Says that the node ends.
    pub(crate) fn stop(&self) {
        self.0.send_replace(true);
    }

    /// Whether it was told to.
    pub(crate) fn is_stopped(&self) -> bool {
        *self.0.borrow()
    }

    pub(crate) fn listener(&self) -> Stop {
        Stop(self.0.subscribe())
    }
}

impl Stop {
    /// Whether the node ends.
    pub(crate) fn is_requested(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }

    /// Returns when the node ends.
    pub(crate) async fn requested(&mut self) {
        // An error says that the stopper is gone, and the node with it.
        drop(self.0.wait_for(|is_stopped| *is_stopped).await);
    }
}
