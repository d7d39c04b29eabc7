//! What waits to be sent over one connection: bounded in records and in bytes, and sent in batches.

use std::sync::Arc;

use bytes::BytesMut;
use futures_util::{Sink, SinkExt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::Instant;

use crate::limiter::Limiter;
use crate::record::{HEADER_BYTES, PAYLOAD_BYTES_MAX, Record};
use crate::{Lane, Stats};

/// Records that may wait.
const RECORDS_MAX: usize = 1024;

/// Bytes that may wait. A larger record waits until it is alone.
const BYTES_MAX: usize = 8 << 20;

/// A message that has so many bytes is not made longer.
const MESSAGE_BYTES: usize = 256 << 10;

/// Puts records into the queue of a connection. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Outbox {
    records: mpsc::Sender<(Record, OwnedSemaphorePermit)>,
    bytes: Arc<Semaphore>,
}

/// Takes them out.
pub(crate) struct Outgoing {
    records: mpsc::Receiver<(Record, OwnedSemaphorePermit)>,
}

/// The connection is closed, or the record is larger than any message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotSent;

pub(crate) fn outbox() -> (Outbox, Outgoing) {
    let (sender, records) = mpsc::channel(RECORDS_MAX);
    (Outbox { records: sender, bytes: Arc::new(Semaphore::new(BYTES_MAX)) }, Outgoing { records })
}

impl Outbox {
    /// Queues a record, and waits for room. What was queued before goes out before it.
    pub(crate) async fn send(&self, record: Record) -> Result<(), NotSent> {
        if record.payload.len() > PAYLOAD_BYTES_MAX {
            return Err(NotSent);
        }
        let n_bytes = u32::try_from(record.n_bytes().min(BYTES_MAX)).map_err(|_| NotSent)?;
        let permit = self.bytes.clone().acquire_many_owned(n_bytes).await.map_err(|_| NotSent)?;
        self.records.send((record, permit)).await.map_err(|_| NotSent)
    }

    /// Queues a small record if there is room at once.
    pub(crate) fn try_send(&self, record: Record) -> Result<(), NotSent> {
        let n_bytes = u32::try_from(record.n_bytes().min(BYTES_MAX)).map_err(|_| NotSent)?;
        let permit = self.bytes.clone().try_acquire_many_owned(n_bytes).map_err(|_| NotSent)?;
        self.records.try_send((record, permit)).map_err(|_| NotSent)
    }
}

impl Outgoing {
    /// Sends what is queued, as much at once as there is, until everybody who could queue is gone or the connection fails.
    pub(crate) async fn run<S>(mut self, mut wire: S, lane: Lane, limiter: Option<Arc<Limiter>>, stats: Arc<Stats>)
    where
        S: Sink<bytes::Bytes> + Unpin,
    {
        while let Some((first, permit)) = self.records.recv().await {
            if lane == Lane::Control {
                // Groups speak on one beat: whoever else is about to comes along.
                tokio::task::yield_now().await;
            }
            let mut message = BytesMut::with_capacity(first.n_bytes().max(4 << 10));
            let mut permits = vec![permit];
            first.write(&mut message);
            while message.len() + HEADER_BYTES < MESSAGE_BYTES
                && let Ok((record, permit)) = self.records.try_recv()
            {
                if message.len() + record.n_bytes() > PAYLOAD_BYTES_MAX {
                    // It goes by itself; the message so far goes before it.
                    stats.sent(lane, permits.len() as u64, message.len());
                    if wire.feed(message.split().freeze()).await.is_err() {
                        return;
                    }
                    permits.clear();
                }
                record.write(&mut message);
                permits.push(permit);
            }
            if let Some(limiter) = &limiter {
                tokio::time::sleep(limiter.wait_for(message.len(), Instant::now())).await;
            }
            stats.sent(lane, permits.len() as u64, message.len());
            if wire.send(message.freeze()).await.is_err() {
                return;
            }
        }
        drop(wire.close().await);
    }
}
