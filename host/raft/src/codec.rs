//! The seam between typed values and the bytes that reach a disk or a wire.
//!
//! The room never stores a derived encoding of somebody else's type: a field added upstream would silently change what
//! old nodes read. Every encoding here starts with a version byte, and golden tests keep the old bytes readable.
//!
//! [`Codec`] is a trait of a *marker*, not of the value: a command type usually lives in a crate that must not know
//! this one, and the marker lets the crate in between supply the encoding.

/// Encodes and decodes values of type `T`.
///
/// Implementors must
/// - start every encoding with a version, and keep decoding every version ever released;
/// - be deterministic: equal values give equal bytes, on every node and in every build;
/// - treat the input of [`decode`](Codec::decode) as hostile: no panic, no allocation that the input's length does not
///   justify, an error for trailing bytes.
pub trait Codec<T>: 'static {
    /// Appends the encoding of `value` to `out`.
    fn encode(value: &T, out: &mut Vec<u8>);

    /// Reads a value that [`encode`](Codec::encode) of this or of any earlier version wrote.
    ///
    /// # Errors
    /// [`DecodeError`] when the bytes are malformed, or newer than this build.
    fn decode(bytes: &[u8]) -> Result<T, DecodeError>;
}

/// Why bytes could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The encoding has a version this build does not know: it was written by a newer one.
    #[error("{what}: version {found} is not supported, the newest known is {newest}")]
    UnknownVersion {
        /// What was being read.
        what: &'static str,
        /// The version byte found.
        found: u8,
        /// The newest version this build reads.
        newest: u8,
    },
    /// The bytes end early, run on, or hold an impossible value.
    #[error("{what}: malformed: {detail}")]
    Malformed {
        /// What was being read.
        what: &'static str,
        /// What is wrong, for a log line.
        detail: String,
    },
}

impl DecodeError {
    /// A [`DecodeError::Malformed`] of `what`.
    pub fn malformed(what: &'static str, detail: impl Into<String>) -> Self {
        Self::Malformed { what, detail: detail.into() }
    }
}

/// Appends `version` and the postcard encoding of `value` to `out`.
///
/// For wire structs that are written once and never changed: a change of the struct is a new struct with a new version.
pub fn encode_versioned<T: serde::Serialize>(version: u8, value: &T, out: &mut Vec<u8>) {
    out.push(version);
    let start = std::mem::take(out);
    *out = postcard::to_extend(value, start).expect("postcard into memory fails only for unsized sequences");
}

/// Splits the version byte off, checking that it is at most `newest` and not 0.
///
/// # Errors
/// [`DecodeError`] for an empty input or an unknown version.
pub fn split_version<'a>(what: &'static str, newest: u8, bytes: &'a [u8]) -> Result<(u8, &'a [u8]), DecodeError> {
    match bytes.split_first() {
        None => Err(DecodeError::malformed(what, "empty")),
        Some((&found, _)) if found == 0 || found > newest => Err(DecodeError::UnknownVersion { what, found, newest }),
        Some((&found, rest)) => Ok((found, rest)),
    }
}

/// Decodes postcard bytes that must be used up.
///
/// # Errors
/// [`DecodeError::Malformed`] for anything else.
pub fn decode_exact<'a, T: serde::Deserialize<'a>>(what: &'static str, bytes: &'a [u8]) -> Result<T, DecodeError> {
    let (value, rest) = decode_prefix(what, bytes)?;
    if rest.is_empty() {
        Ok(value)
    } else {
        Err(DecodeError::malformed(what, format!("{} trailing bytes", rest.len())))
    }
}

/// Decodes a postcard value from the front of `bytes` and returns what follows it.
///
/// # Errors
/// [`DecodeError::Malformed`] when the front is no `T`.
pub fn decode_prefix<'a, T: serde::Deserialize<'a>>(
    what: &'static str,
    bytes: &'a [u8],
) -> Result<(T, &'a [u8]), DecodeError> {
    postcard::take_from_bytes(bytes).map_err(|error| DecodeError::malformed(what, error.to_string()))
}
