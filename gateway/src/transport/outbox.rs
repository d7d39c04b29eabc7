//! The one queue of everything that is sent to an editor: responses, notifications and requests in one order.
//!
//! It is bounded in bytes. What does not fit any more closes it: an editor that does not read is disconnected rather than waited for,
//! since whoever sends must never wait. Of notifications that replace each other only the last waits.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Up to how many bytes are handed to the writer at a time, if there is more than one message.
const BATCH_BYTES: usize = 64 * 1024;

/// What a queued message counts beside its content.
const OVERHEAD_BYTES: usize = 64;

pub(crate) struct Outbox {
    bytes_max: usize,
    state: Mutex<State>,
    /// Wakes the writer.
    filled: Notify,
    /// Wakes whoever disconnects the editor.
    overflowed: Notify,
}

#[derive(Default)]
struct State {
    /// Messages in order; none where a later one replaced it.
    queue: VecDeque<Option<Message>>,
    /// The number of the queue's first place.
    n_taken: u64,
    /// The place of the message that waits under a key.
    places: HashMap<String, u64>,
    bytes: usize,
    closed: bool,
}

struct Message {
    key: Option<String>,
    content: Vec<u8>,
}

impl Outbox {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self { bytes_max, state: Mutex::default(), filled: Notify::new(), overflowed: Notify::new() }
    }

    /// Queues a message.
    pub(crate) fn push(&self, content: Vec<u8>) {
        self.enqueue(Message { key: None, content });
    }

    /// Queues a message that makes any other under the same key superfluous.
    pub(crate) fn push_latest(&self, key: String, content: Vec<u8>) {
        self.enqueue(Message { key: Some(key), content });
    }

    fn enqueue(&self, message: Message) {
        let mut state = self.lock();
        if state.closed {
            return;
        }
        if let Some(key) = &message.key {
            // The new one goes to the end, not to the old one's place: it must not overtake what was sent before it.
            let place = state.n_taken + state.queue.len() as u64;
            if let Some(replaced) = state.places.insert(key.clone(), place) {
                let idx = usize::try_from(replaced - state.n_taken).expect("a place in the queue fits its length");
                if let Some(old) = state.queue[idx].take() {
                    state.bytes -= old.weight_bytes();
                }
            }
        }
        state.bytes += message.weight_bytes();
        let only = state.bytes == message.weight_bytes();
        state.queue.push_back(Some(message));
        // A message that is alone is let through however long it is: the answer's own limits bound it.
        if state.bytes > self.bytes_max && !only {
            *state = State { closed: true, ..State::default() };
            self.overflowed.notify_one();
        }
        drop(state);
        self.filled.notify_one();
    }

    /// Takes messages with their headers for writing, or nothing when the queue is closed and empty. For one writer.
    pub(crate) async fn next_batch(&self) -> Option<Vec<u8>> {
        loop {
            {
                let mut state = self.lock();
                if let Some(batch) = state.take_batch() {
                    return Some(batch);
                }
                if state.closed {
                    return None;
                }
            }
            self.filled.notified().await;
        }
    }

    /// Takes no more; what is queued can still be written.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.filled.notify_one();
    }

    /// Resolves when a message did not fit any more. For one waiter.
    pub(crate) async fn overflowed(&self) {
        self.overflowed.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Message {
    fn weight_bytes(&self) -> usize {
        self.content.len() + OVERHEAD_BYTES
    }
}

impl State {
    fn take_batch(&mut self) -> Option<Vec<u8>> {
        let mut batch = Vec::new();
        while batch.len() < BATCH_BYTES {
            let Some(place) = self.queue.pop_front() else { break };
            self.n_taken += 1;
            let Some(message) = place else { continue };
            self.bytes -= message.weight_bytes();
            if let Some(key) = &message.key {
                self.places.remove(key);
            }
            batch.extend_from_slice(format!("Content-Length: {}\r\n\r\n", message.content.len()).as_bytes());
            batch.extend_from_slice(&message.content);
        }
        (!batch.is_empty()).then_some(batch)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn taken(outbox: &Outbox) -> String {
        let batch = outbox.next_batch().now_or_never().flatten().unwrap_or_default();
        let text = String::from_utf8(batch).unwrap();
        text.split("Content-Length: ")
            .filter_map(|part| part.split_once("\r\n\r\n"))
            .map(|(_, content)| content)
            .collect()
    }

    #[test]
    fn only_the_last_message_under_a_key_is_sent_in_its_own_place() {
        let outbox = Outbox::new(10_000);
        outbox.push_latest("a".into(), b"1".to_vec());
        outbox.push(b"2".to_vec());
        outbox.push_latest("b".into(), b"3".to_vec());
        outbox.push_latest("a".into(), b"4".to_vec());
        assert_eq!(taken(&outbox), "234");
        outbox.push_latest("a".into(), b"5".to_vec());
        outbox.push_latest("a".into(), b"6".to_vec());
        assert_eq!(taken(&outbox), "6");
        assert_eq!(outbox.lock().bytes, 0);
    }

    #[test]
    fn what_does_not_fit_closes_it() {
        let outbox = Outbox::new(1000);
        outbox.push(vec![b'x'; 5000]);
        assert!(outbox.overflowed().now_or_never().is_none());
        outbox.push(vec![b'x'; 1]);
        assert!(outbox.overflowed().now_or_never().is_some());
        assert_eq!(outbox.next_batch().now_or_never(), Some(None));
    }

    #[test]
    fn what_is_queued_is_written_after_closing() {
        let outbox = Outbox::new(1000);
        outbox.push(b"1".to_vec());
        outbox.close();
        outbox.push(b"2".to_vec());
        assert_eq!(taken(&outbox), "1");
        assert_eq!(outbox.next_batch().now_or_never(), Some(None));
    }
}
