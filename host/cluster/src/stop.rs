//! The end of a cluster's tasks, as they hear of it.

use tokio::sync::watch;

/// Says whether the node ends. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Stop(watch::Receiver<bool>);

impl Stop {
    pub(crate) fn pair() -> (watch::Sender<bool>, Self) {
        let (sender, receiver) = watch::channel(false);
        (sender, Self(receiver))
    }

    /// Returns when the node ends.
    pub(crate) async fn requested(&mut self) {
        // An error says that whoever could ask for it is gone.
        drop(self.0.wait_for(|is_stopped| *is_stopped).await);
    }
}
