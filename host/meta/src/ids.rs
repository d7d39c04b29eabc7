//! Names of the things that the metadata speaks of.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Names one process of the cluster for its whole life. The state machine never accepts an id a second time, whatever became
/// of the first owner: a reused id can form a quorum out of votes that the first owner gave.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct NodeId(pub u64);

/// Names a Raft group of the cluster.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct GroupId(pub u32);

impl GroupId {
    /// The group that replicates the metadata itself; data groups count from 1.
    pub const METADATA: Self = Self(0);
}

/// Counts the changes of something that others remember, so that what they remember can be told from what is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Epoch(pub u64);

impl Epoch {
    /// The one after this.
    pub(crate) fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// A change of a group's replicas: the index of the log entry that began it, and so never given out twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct MoveId(pub u64);

macro_rules! display_as_number {
    ($($id:ident),*) => {$(
        impl fmt::Display for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

display_as_number!(NodeId, GroupId, Epoch, MoveId);

/// A text is not the 32 lower-case hexadecimal digits that such an id is written in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("such an id is written as 32 lower-case hexadecimal digits")]
pub struct ParseIdError;

macro_rules! random_id {
    ($(#[$meta:meta])* $id:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $id([u8; 16]);

        impl $id {
            /// The id of 16 random bytes that the proposer drew.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }
        }

        impl fmt::Display for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $id {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                parse_hex(text).map(Self)
            }
        }
    };
}

random_id! {
    /// Names a cluster among all that ever were. A restored backup is another cluster.
    ClusterId
}

random_id! {
    /// Names a data directory. A node that comes back with another one is another node: what it promised before is forgotten.
    Incarnation
}

fn parse_hex(text: &str) -> Result<[u8; 16], ParseIdError> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Ok(byte - b'0'),
        b'a'..=b'f' => Ok(byte - b'a' + 10),
        _ => Err(ParseIdError),
    };
    if text.len() != 32 {
        return Err(ParseIdError);
    }
    let mut bytes = [0; 16];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Ok(bytes)
}

/// How many bytes a [`Word`] may have.
pub const WORD_BYTES_MAX: usize = 128;

/// A short text that people type and that stands in addresses of the web: of plugins, settings, tokens. Letters, digits and
/// `-_.` of ASCII, the first of them a letter or a digit.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Word(Arc<str>);

/// A text is no [`Word`].
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0:?} is not 1 to {WORD_BYTES_MAX} letters, digits and `-_.`, beginning with a letter or a digit")]
pub struct WordError(String);

impl Word {
    /// Checks a text.
    ///
    /// # Errors
    /// [`WordError`].
    pub fn new(text: &str) -> Result<Self, WordError> {
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let begins_well = text.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric);
        if begins_well && text.len() <= WORD_BYTES_MAX && text.bytes().all(is_part) {
            return Ok(Self(text.into()));
        }
        Err(WordError(text.chars().take(WORD_BYTES_MAX).collect()))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How many bytes an [`Address`] may have: the longest name of a host, and a port.
pub const ADDRESS_BYTES_MAX: usize = 260;

/// Where a node listens: `host:port`, as others reach it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(Arc<str>);

/// A text is no [`Address`].
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0:?} is not `host:port`")]
pub struct AddressError(String);

impl Address {
    /// Checks a text. That the host exists is not looked at.
    ///
    /// # Errors
    /// [`AddressError`].
    pub fn new(text: &str) -> Result<Self, AddressError> {
        let is_it = text.rsplit_once(':').is_some_and(|(host, port)| {
            let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'/' && byte != b'@';
            !host.is_empty() && host.bytes().all(is_plain) && port.parse::<u16>().is_ok_and(|port| port != 0)
        });
        if is_it && text.len() <= ADDRESS_BYTES_MAX {
            return Ok(Self(text.into()));
        }
        Err(AddressError(text.chars().take(ADDRESS_BYTES_MAX).collect()))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

macro_rules! checked_text {
    ($($name:ident, $expecting:literal);*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;

                impl serde::de::Visitor<'_> for Visitor {
                    type Value = $name;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expecting)
                    }

                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$name, E> {
                        $name::new(text).map_err(E::custom)
                    }
                }

                deserializer.deserialize_str(Visitor)
            }
        }
    )*};
}

checked_text!(Word, "a word"; Address, "`host:port`");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_what_people_type() {
        for text in ["python", "a", "0", "typescript-7.1_beta"] {
            assert_eq!(Word::new(text).map(|word| word.to_string()), Ok(text.to_owned()));
        }
        for text in ["", "-a", ".", "a/b", "ü", "a b", &"a".repeat(WORD_BYTES_MAX + 1)] {
            assert!(Word::new(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn addresses_have_a_host_and_a_port() {
        for text in ["127.0.0.1:9257", "[::1]:1", "node-1.example:65535"] {
            assert_eq!(Address::new(text).map(|address| address.to_string()), Ok(text.to_owned()));
        }
        for text in ["", ":1", "a", "a:", "a:0", "a:65536", "a:b", "a b:1", "http://a:1", "u@a:1"] {
            assert!(Address::new(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn random_ids_are_read_as_they_are_written() {
        let id = ClusterId::from_bytes([0xa5; 16]);
        assert_eq!(id.to_string().parse(), Ok(id));
        for text in ["", "a5", &"A5".repeat(16), &"g5".repeat(16), &"a5".repeat(17)] {
            assert_eq!(text.parse::<Incarnation>(), Err(ParseIdError), "{text:?}");
        }
    }
}
