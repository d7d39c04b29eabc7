//! Messages as bytes: a version byte, then the postcard format.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The version that is written, and the only one there has been.
pub const VERSION: u8 = 1;

/// Why a message is not sent.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EncodeError {
    /// It has more bytes than such a message may.
    #[error("a message of {n_bytes} bytes; at most {n_bytes_max} are allowed")]
    TooLong {
        /// How many it has.
        n_bytes: usize,
        /// How many it may.
        n_bytes_max: usize,
    },
}

/// Why bytes are no message of a type.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DecodeError {
    /// There are none.
    #[error("no bytes")]
    Empty,
    /// A newer release wrote them.
    #[error("messages of version {0} are unknown here")]
    UnknownVersion(u8),
    /// There are more than such a message may have; they were not looked at.
    #[error("a message of {n_bytes} bytes; at most {n_bytes_max} are allowed")]
    TooLong {
        /// How many there are.
        n_bytes: usize,
        /// How many there may be.
        n_bytes_max: usize,
    },
    /// They end early, or say something that no such message says.
    #[error("malformed message: {0}")]
    Malformed(#[source] postcard::Error),
    /// They go on behind the message.
    #[error("{0} bytes behind a message")]
    TrailingBytes(usize),
}

/// The bytes of a message.
///
/// # Errors
/// [`EncodeError`].
pub fn encode<M: Serialize + ?Sized>(message: &M, n_bytes_max: usize) -> Result<Vec<u8>, EncodeError> {
    let bytes = postcard::to_extend(message, vec![VERSION]);
    let bytes = bytes.expect("a vector takes all bytes, and every sequence in a message knows its length");
    if bytes.len() > n_bytes_max {
        return Err(EncodeError::TooLong { n_bytes: bytes.len(), n_bytes_max });
    }
    Ok(bytes)
}

/// The message of bytes.
///
/// # Errors
/// [`DecodeError`].
pub fn decode<M: DeserializeOwned>(bytes: &[u8], n_bytes_max: usize) -> Result<M, DecodeError> {
    if bytes.len() > n_bytes_max {
        return Err(DecodeError::TooLong { n_bytes: bytes.len(), n_bytes_max });
    }
    let body = match bytes.split_first() {
        Some((&VERSION, body)) => body,
        Some((&version, _)) => return Err(DecodeError::UnknownVersion(version)),
        None => return Err(DecodeError::Empty),
    };
    let (message, rest) = postcard::take_from_bytes(body).map_err(DecodeError::Malformed)?;
    if rest.is_empty() { Ok(message) } else { Err(DecodeError::TrailingBytes(rest.len())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_messages_of_known_versions_and_allowed_length_are_read() {
        let bytes = encode(&(7_u32, "text"), 100).unwrap();
        assert_eq!(decode::<(u32, String)>(&bytes, 100), Ok((7, "text".to_owned())));
        assert_eq!(decode::<(u32, String)>(&bytes, bytes.len()), Ok((7, "text".to_owned())));
        let too_long = DecodeError::TooLong { n_bytes: bytes.len(), n_bytes_max: 2 };
        assert_eq!(decode::<(u32, String)>(&bytes, 2), Err(too_long));
        assert_eq!(decode::<u32>(&[], 100), Err(DecodeError::Empty));
        assert_eq!(decode::<u32>(&[2, 0], 100), Err(DecodeError::UnknownVersion(2)));
        assert_eq!(decode::<u32>(&[1, 0, 0, 0], 100), Err(DecodeError::TrailingBytes(2)));
        assert!(matches!(decode::<u32>(&[1, 0x80], 100), Err(DecodeError::Malformed(_))));
        assert_eq!(encode("text", 5), Err(EncodeError::TooLong { n_bytes: 6, n_bytes_max: 5 }));
    }

    #[test]
    fn a_length_that_the_bytes_do_not_hold_costs_nothing() {
        // 2^63 elements are announced, and none comes.
        let lie = [1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
        assert!(matches!(decode::<Vec<String>>(&lie, 100), Err(DecodeError::Malformed(_))));
        assert!(matches!(decode::<String>(&lie, 100), Err(DecodeError::Malformed(_))));
        assert!(matches!(decode::<Vec<Vec<u8>>>(&lie, 100), Err(DecodeError::Malformed(_))));
    }
}
