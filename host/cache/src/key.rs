//! What identifies a cached value.

use std::fmt;

use vraftls_vfs::ContentDigest;

/// What identifies a cached value: a digest of everything that it depends on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key([u8; 32]);

/// What facts depend on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FactsKey {
    /// Of the analyzer's component.
    pub component: ContentDigest,
    /// Of whatever else the analyzer is given beside the contents.
    pub settings: ContentDigest,
    /// Of the file's bytes.
    pub content: ContentDigest,
}

/// What the answer to a question about a workspace depends on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AnswerKey {
    /// Of the analyzer's component.
    pub component: ContentDigest,
    /// Of the project and its settings.
    pub settings: ContentDigest,
    /// Of the question.
    pub request: ContentDigest,
    /// Of the bytes of the file that is asked about.
    pub content: ContentDigest,
    /// Which base, of all that this process has seen of the workspace.
    pub generation: u64,
    /// Of the session's unsaved buffers.
    pub overlays: ContentDigest,
}

impl Key {
    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key with these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl From<FactsKey> for Key {
    fn from(key: FactsKey) -> Self {
        digest("vraftls cache facts 1", &[key.component, key.settings, key.content], 0)
    }
}

impl From<AnswerKey> for Key {
    fn from(key: AnswerKey) -> Self {
        let digests = [key.component, key.settings, key.request, key.content, key.overlays];
        digest("vraftls cache answer 1", &digests, key.generation)
    }
}

/// Every part has a fixed length and every kind of key its purpose, so no two keys run into each other.
fn digest(purpose: &str, digests: &[ContentDigest], number: u64) -> Key {
    let mut hasher = blake3::Hasher::new_derive_key(purpose);
    for digest in digests {
        hasher.update(digest.as_bytes());
    }
    hasher.update(&number.to_le_bytes());
    Key(*hasher.finalize().as_bytes())
}

impl fmt::Debug for Key {
    /// The first digits, enough to tell the keys of a log apart.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0[..6].iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str("…")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_part_counts() {
        let [a, b] = [ContentDigest::of(b"a"), ContentDigest::of(b"b")];
        let facts = FactsKey { component: a, settings: a, content: a };
        let answer = AnswerKey { component: a, settings: a, request: a, content: a, generation: 1, overlays: a };
        let keys: [Key; 11] = [
            facts.into(),
            FactsKey { component: b, ..facts }.into(),
            FactsKey { settings: b, ..facts }.into(),
            FactsKey { content: b, ..facts }.into(),
            answer.into(),
            AnswerKey { component: b, ..answer }.into(),
            AnswerKey { settings: b, ..answer }.into(),
            AnswerKey { request: b, ..answer }.into(),
            AnswerKey { content: b, ..answer }.into(),
            AnswerKey { generation: 2, ..answer }.into(),
            AnswerKey { overlays: b, ..answer }.into(),
        ];
        assert_eq!(BTreeSet::from(keys).len(), keys.len());
    }
}
