//! What nodes ask each other beside consensus: contents and components. A version byte, then the postcard format.

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use vraftls_proto::rpc::Blob;
use vraftls_raft::codec::{DecodeError, decode_exact, encode_versioned, split_version};
use vraftls_transport::Method;
use vraftls_vfs::{ContentDigest, Difference, Revision};

use crate::references::Offer;

const VERSION: u8 = 1;

/// Asks a replica of a group for contents; see [`Offer`].
pub(super) const OFFER: Method = Method(1001);

/// Asks which of these contents a node does not hold.
pub(super) const LACKS: Method = Method(1002);

/// Has a node keep contents durably.
pub(super) const KEEP: Method = Method(1003);

/// Has a node fetch a component from whoever asks, and keep it durably.
pub(super) const KEEP_BLOB: Method = Method(1004);

/// A part of a component.
pub(super) const BLOB_PART: Method = Method(1005);

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct OfferQuestion {
    pub(super) group: u32,
    pub(super) digests: Vec<ContentDigest>,
}

/// An [`Offer`] as it travels.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum WireOffer {
    Contents(Blob),
    Released { applied: u64 },
    Lacking,
    Later,
}

impl From<Offer> for WireOffer {
    fn from(offer: Offer) -> Self {
        match offer {
            Offer::Contents(bytes) => Self::Contents(Blob(bytes)),
            Offer::Released { applied } => Self::Released { applied },
            Offer::Lacking => Self::Lacking,
            Offer::Later => Self::Later,
        }
    }
}

impl From<WireOffer> for Offer {
    fn from(offer: WireOffer) -> Self {
        match offer {
            WireOffer::Contents(Blob(bytes)) => Self::Contents(bytes),
            WireOffer::Released { applied } => Self::Released { applied },
            WireOffer::Lacking => Self::Lacking,
            WireOffer::Later => Self::Later,
        }
    }
}

/// Asks the owner of a cached value for it.
pub(super) const FACTS: Method = Method(1007);

/// Gives the owner of a cached value what was computed.
pub(super) const KEEP_FACTS: Method = Method(1008);

/// Asks how a shard differs from what the asker knows of it.
pub(super) const FOLLOW: Method = Method(1006);

/// What somebody knows of a shard, and wants to know.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Follow {
    pub(super) group: u32,
    /// The revision that the asker has whole.
    pub(super) known: Revision,
    /// The revision that it is on the way to, of which it has the first `n_known` differences.
    pub(super) towards: Option<(Revision, u64)>,
    /// How long to wait for something new.
    pub(super) patience_ms: u32,
}

/// How a shard differs.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Followed {
    /// Not at all, for as long as was waited.
    Same,
    /// In this; more follows, or not.
    Difference { difference: Difference, has_more: bool },
    /// What the asker knows is not known here: it begins with nothing.
    Forgotten,
    /// The shard has no replica here.
    NotHere,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct BlobQuestion {
    pub(super) digest: ContentDigest,
    pub(super) offset: u64,
}

/// A part of a component, and how many bytes there are in all; none where it is not kept.
pub(super) type BlobAnswer = Option<(u64, Blob)>;

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct KeepBlob {
    pub(super) digest: ContentDigest,
    pub(super) from: u64,
}

pub(super) fn encode<T: Serialize>(message: &T) -> Bytes {
    let mut bytes = Vec::new();
    encode_versioned(VERSION, message, &mut bytes);
    bytes.into()
}

pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    let (_, body) = split_version("message between nodes", VERSION, bytes)?;
    decode_exact("message between nodes", body)
}
