//! Which texts a node was sent, so that none is sent twice. Bounded: the texts that were not named for the longest time are forgotten,
//! as the node forgets them, and sent again when they are named. What is wrong here costs time and nothing else: a node that does not
//! have a text says so.

use std::collections::{BTreeMap, HashMap};

use vraftls_vfs::ContentDigest;

/// How many texts of a node are remembered.
const N_TEXTS_MAX: usize = 4096;

/// The texts that one node was sent.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    /// When each was named last.
    named: HashMap<ContentDigest, u64>,
    by_time: BTreeMap<u64, ContentDigest>,
    time: u64,
}

impl Sent {
    /// Notes that a text is named, and says whether the node was sent it before.
    pub(crate) fn name(&mut self, digest: ContentDigest) -> bool {
        self.time += 1;
        let before = self.named.insert(digest, self.time);
        if let Some(before) = before {
            self.by_time.remove(&before);
        }
        self.by_time.insert(self.time, digest);
        if self.named.len() > N_TEXTS_MAX
            && let Some((_, oldest)) = self.by_time.pop_first()
        {
            self.named.remove(&oldest);
        }
        before.is_some()
    }

    /// The node does not have a text, or may not have got it.
    pub(crate) fn forget(&mut self, digest: &ContentDigest) {
        if let Some(time) = self.named.remove(digest) {
            self.by_time.remove(&time);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(n: usize) -> ContentDigest {
        ContentDigest::of(&n.to_le_bytes())
    }

    #[test]
    fn a_text_is_sent_once_unless_it_is_forgotten() {
        let mut sent = Sent::default();
        assert!(!sent.name(digest(1)));
        assert!(sent.name(digest(1)));
        sent.forget(&digest(1));
        sent.forget(&digest(2));
        assert!(!sent.name(digest(1)));
    }

    #[test]
    fn what_was_named_lately_is_kept() {
        let mut sent = Sent::default();
        for n in 0..N_TEXTS_MAX {
            sent.name(digest(n));
        }
        assert!(sent.name(digest(0)));
        assert!(!sent.name(digest(N_TEXTS_MAX)));
        assert!(sent.name(digest(0)), "it was named again");
        assert!(!sent.name(digest(1)), "it was the oldest");
        assert_eq!((sent.named.len(), sent.by_time.len()), (N_TEXTS_MAX, N_TEXTS_MAX));
    }
}
