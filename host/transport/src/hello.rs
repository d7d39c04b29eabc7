//! The handshake: the first message of each side.
//!
//! Whoever made the connection says who it is, whom it wants and for what. The other says who it is, or why it refuses. Each
//! message is a version byte and a record in the postcard format; the version byte is that of the handshake itself, and what comes
//! after it is in the newest version of the protocol that both speak.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use serde::{Deserialize, Serialize};
use vraftls_meta::{ClusterId, Incarnation};
use vraftls_raft::ids::NodeId;

use crate::wire::Wire;
use crate::{Identity, Lane};

/// The version of the handshake.
const HANDSHAKE_VERSION: u8 = 1;

/// The oldest and the newest version of the protocol that are spoken here.
const PROTOCOL_VERSIONS: (u16, u16) = (1, 1);

/// How long the other side may take for its part.
const PATIENCE: Duration = Duration::from_secs(3);

/// Why two nodes do not talk.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum HandshakeError {
    /// They belong to different clusters.
    #[error("this is cluster {here}, not {wanted}")]
    OtherCluster {
        /// The cluster of whoever refuses.
        here: ClusterId,
        /// The one that was wanted.
        wanted: ClusterId,
    },
    /// Another node listens at the address.
    #[error("this is node {here}, not {wanted}")]
    OtherNode {
        /// Whoever refuses.
        here: u64,
        /// The one that was wanted.
        wanted: u64,
    },
    /// They have no version in common.
    #[error("versions {oldest} to {newest} of the protocol are spoken here, and none of them there")]
    NoCommonVersion {
        /// The oldest that is spoken by whoever refuses.
        oldest: u16,
        /// The newest.
        newest: u16,
    },
    /// The other side broke off, or said something that is no handshake.
    #[error("no handshake: {0}")]
    Broken(String),
}

#[derive(Debug, Serialize, Deserialize)]
struct Hello {
    versions: (u16, u16),
    cluster: ClusterId,
    from: u64,
    incarnation: Incarnation,
    to: u64,
    lane: Lane,
}

type Answer = Result<Welcome, HandshakeError>;

#[derive(Debug, Serialize, Deserialize)]
struct Welcome {
    version: u16,
    incarnation: Incarnation,
}

/// Who made a connection, and for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) identity: Identity,
    pub(crate) lane: Lane,
}

/// The part of whoever made the connection. Returns the data directory of the other.
pub(crate) async fn greet(
    wire: &mut Wire,
    from: Identity,
    to: NodeId,
    lane: Lane,
) -> Result<Incarnation, HandshakeError> {
    let Identity { cluster, node, incarnation } = from;
    let hello = Hello { versions: PROTOCOL_VERSIONS, cluster, from: node.0, incarnation, to: to.0, lane };
    within(async {
        say(wire, &hello).await?;
        let answer: Answer = hear(wire).await?;
        let welcome = answer?;
        match common((welcome.version, welcome.version)) {
            Some(_) => Ok(welcome.incarnation),
            None => Err(HandshakeError::Broken(format!("version {} was not offered", welcome.version))),
        }
    })
    .await
}

/// The part of the other side.
pub(crate) async fn answer(wire: &mut Wire, here: Identity) -> Result<Caller, HandshakeError> {
    within(async {
        let hello: Hello = hear(wire).await?;
        let answer = judge(&hello, here);
        say(wire, &answer).await?;
        answer?;
        let identity = Identity { cluster: hello.cluster, node: NodeId(hello.from), incarnation: hello.incarnation };
        Ok(Caller { identity, lane: hello.lane })
    })
    .await
}

fn judge(hello: &Hello, here: Identity) -> Answer {
    if hello.cluster != here.cluster {
        return Err(HandshakeError::OtherCluster { here: here.cluster, wanted: hello.cluster });
    }
    if hello.to != here.node.0 {
        return Err(HandshakeError::OtherNode { here: here.node.0, wanted: hello.to });
    }
    let (oldest, newest) = PROTOCOL_VERSIONS;
    let version = common(hello.versions).ok_or(HandshakeError::NoCommonVersion { oldest, newest })?;
    Ok(Welcome { version, incarnation: here.incarnation })
}

/// The newest version that both speak.
fn common((oldest, newest): (u16, u16)) -> Option<u16> {
    let version = newest.min(PROTOCOL_VERSIONS.1);
    (version >= oldest.max(PROTOCOL_VERSIONS.0)).then_some(version)
}

async fn within<T>(part: impl Future<Output = Result<T, HandshakeError>>) -> Result<T, HandshakeError> {
    let broken = |_| HandshakeError::Broken(format!("nothing came for {PATIENCE:?}"));
    tokio::time::timeout(PATIENCE, part).await.map_err(broken)?
}

async fn say(wire: &mut Wire, words: &impl Serialize) -> Result<(), HandshakeError> {
    let bytes = postcard::to_extend(words, vec![HANDSHAKE_VERSION]).map_err(broken)?;
    wire.outgoing.send(bytes.into()).await.map_err(broken)
}

async fn hear<T: for<'de> Deserialize<'de>>(wire: &mut Wire) -> Result<T, HandshakeError> {
    let bytes: Bytes = match wire.incoming.next().await {
        Some(bytes) => bytes.map_err(broken)?,
        None => return Err(broken(io::Error::from(io::ErrorKind::UnexpectedEof))),
    };
    match bytes.split_first() {
        Some((&HANDSHAKE_VERSION, record)) => postcard::from_bytes(record).map_err(broken),
        Some((version, _)) => {
            Err(HandshakeError::Broken(format!("version {version} of the handshake is unknown here")))
        }
        None => Err(HandshakeError::Broken("an empty message".to_owned())),
    }
}

fn broken(error: impl std::fmt::Display) -> HandshakeError {
    HandshakeError::Broken(error.to_string())
}
