//! Watched values: tokio's, whose receivers are woken in an order that a simulation can repeat.
//!
//! Tokio draws a random number for each receiver that waits, from a generator that cannot be seeded. In a simulation receivers
//! wait for a bell beside the value instead, which wakes them in the order in which they came.

use std::pin::pin;
use std::sync::Arc;

use futures_util::FutureExt as _;
use openraft::OptionalSend;
use openraft::async_runtime::watch::{RecvError, SendError};
use openraft::async_runtime::{self, WatchReceiver, WatchSender};
use openraft::base::OptionalSync;
use tokio::sync::{Notify, watch};

use crate::simulation;

pub(crate) struct Watch;

pub(crate) struct Sender<T> {
    value: watch::Sender<T>,
    /// Dropped behind the value: the bell that rings then tells that nobody sends any more.
    bell: Option<Bell>,
}

pub(crate) struct Receiver<T> {
    value: watch::Receiver<T>,
    bell: Option<Arc<Notify>>,
}

/// A sender's bell rings when the sender goes.
#[derive(Clone)]
struct Bell(Arc<Notify>);

impl Drop for Bell {
    fn drop(&mut self) {
        self.0.notify_waiters();
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self { value: self.value.clone(), bell: self.bell.clone() }
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        Self { value: self.value.clone(), bell: self.bell.clone() }
    }
}

impl<T> Sender<T> {
    fn ring(&self) {
        if let Some(Bell(bell)) = &self.bell {
            bell.notify_waiters();
        }
    }
}

impl async_runtime::Watch for Watch {
    type Sender<T: OptionalSend + OptionalSync> = Sender<T>;
    type Receiver<T: OptionalSend + OptionalSync> = Receiver<T>;
    type Ref<'a, T: OptionalSend + 'a> = watch::Ref<'a, T>;

    fn channel<T: OptionalSend + OptionalSync>(init: T) -> (Sender<T>, Receiver<T>) {
        let (sender, receiver) = watch::channel(init);
        let bell = simulation::is_on().then(Arc::<Notify>::default);
        (Sender { value: sender, bell: bell.clone().map(Bell) }, Receiver { value: receiver, bell })
    }
}

impl<T: OptionalSend + OptionalSync> WatchSender<Watch, T> for Sender<T> {
    fn send(&self, value: T) -> Result<(), SendError<T>> {
        let sent = self.value.send(value).map_err(|error| SendError(error.0));
        self.ring();
        sent
    }

    fn send_if_modified<F>(&self, modify: F) -> bool
    where
        F: FnOnce(&mut T) -> bool,
    {
        let is_modified = self.value.send_if_modified(modify);
        if is_modified {
            self.ring();
        }
        is_modified
    }

    fn borrow_watched(&self) -> watch::Ref<'_, T> {
        self.value.borrow()
    }

    fn subscribe(&self) -> Receiver<T> {
        Receiver { value: self.value.subscribe(), bell: self.bell.as_ref().map(|Bell(bell)| Arc::clone(bell)) }
    }
}

impl<T: OptionalSend + OptionalSync> WatchReceiver<Watch, T> for Receiver<T> {
    async fn changed(&mut self) -> Result<(), RecvError> {
        let Some(bell) = &self.bell else {
            return self.value.changed().await.map_err(|_| RecvError(()));
        };
        loop {
            let mut rung = pin!(bell.notified());
            rung.as_mut().enable();
            if let Some(changed) = self.value.changed().now_or_never() {
                return changed.map_err(|_| RecvError(()));
            }
            rung.await;
        }
    }

    fn borrow_watched(&self) -> watch::Ref<'_, T> {
        self.value.borrow()
    }

    fn borrow_and_update(&mut self) -> watch::Ref<'_, T> {
        self.value.borrow_and_update()
    }
}
