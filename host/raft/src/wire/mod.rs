//! Our encodings of what consensus stores and sends, versioned and frozen.
//!
//! The consensus library's own derives are documented as no stable format, so nothing of it is serialized. Each record
//! starts with its version byte; the structs here are never changed once released, a change is a new struct with the
//! next version and a reader that keeps both. `tests` holds bytes of every released version, which are only added to.

mod message;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use openraft::EntryPayload;
use openraft::entry::RaftEntry as _;
use serde::{Deserialize, Serialize};

pub(crate) use self::message::{
    Reply, Request, SnapshotHeader, decode_append_reply, decode_append_request, decode_reply, decode_request,
    decode_snapshot_header, encode_append_reply, encode_append_request, encode_reply, encode_request,
    encode_snapshot_header,
};
use crate::codec::{DecodeError, decode_exact, decode_prefix, encode_versioned, split_version};
use crate::ids::{self, NodeId, Peer};
use crate::machine::Applied;
use crate::types::{self, CommandBytes, Entry, LeaderId, LogId, Membership, Payload, Vote};

/// The version that all records of this module are written with today.
const VERSION: u8 = 1;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct LogIdV1 {
    term: u64,
    leader: u64,
    index: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct VoteV1 {
    term: u64,
    node: u64,
    committed: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct MembershipV1 {
    voter_sets: Vec<BTreeSet<u64>>,
    nodes: BTreeMap<u64, PeerV1>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct PeerV1 {
    address: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct AppliedV1 {
    last: Option<LogIdV1>,
    membership: MembershipV1,
    membership_at: Option<LogIdV1>,
}

/// Goes before the payload, whose bytes follow it unframed up to the end of the record.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct EntryHeaderV1 {
    id: LogIdV1,
    kind: EntryKindV1,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
enum EntryKindV1 {
    Blank,
    Command,
    Membership,
}

impl From<&LogId> for LogIdV1 {
    fn from(id: &LogId) -> Self {
        Self { term: id.leader_id.term, leader: id.leader_id.node_id.0, index: id.index }
    }
}

impl From<LogIdV1> for LogId {
    fn from(id: LogIdV1) -> Self {
        LogId::new(LeaderId { term: id.term, node_id: NodeId(id.leader) }, id.index)
    }
}

impl From<&ids::LogId> for LogIdV1 {
    fn from(id: &ids::LogId) -> Self {
        Self { term: id.term, leader: id.leader.0, index: id.index }
    }
}

impl From<LogIdV1> for ids::LogId {
    fn from(id: LogIdV1) -> Self {
        Self { term: id.term, leader: NodeId(id.leader), index: id.index }
    }
}

impl From<&Vote> for VoteV1 {
    fn from(vote: &Vote) -> Self {
        Self { term: vote.leader_id.term, node: vote.leader_id.node_id.0, committed: vote.committed }
    }
}

impl From<VoteV1> for Vote {
    fn from(vote: VoteV1) -> Self {
        Vote { leader_id: LeaderId { term: vote.term, node_id: NodeId(vote.node) }, committed: vote.committed }
    }
}

impl From<&ids::Membership> for MembershipV1 {
    fn from(membership: &ids::Membership) -> Self {
        Self {
            voter_sets: membership.voter_sets.iter().map(|set| set.iter().map(|node| node.0).collect()).collect(),
            nodes: membership
                .nodes
                .iter()
                .map(|(node, peer)| (node.0, PeerV1 { address: peer.address.clone() }))
                .collect(),
        }
    }
}

impl From<MembershipV1> for ids::Membership {
    fn from(membership: MembershipV1) -> Self {
        Self {
            voter_sets: membership.voter_sets.into_iter().map(|set| set.into_iter().map(NodeId).collect()).collect(),
            nodes: membership
                .nodes
                .into_iter()
                .map(|(node, peer)| (NodeId(node), Peer { address: peer.address }))
                .collect(),
        }
    }
}

pub(crate) fn encode_log_id(id: &LogId) -> Vec<u8> {
    let mut out = Vec::with_capacity(24);
    encode_versioned(VERSION, &LogIdV1::from(id), &mut out);
    out
}

pub(crate) fn decode_log_id(bytes: &[u8]) -> Result<LogId, DecodeError> {
    let (_, body) = split_version("log id", VERSION, bytes)?;
    decode_exact::<LogIdV1>("log id", body).map(LogId::from)
}

pub(crate) fn encode_vote(vote: &Vote) -> Vec<u8> {
    let mut out = Vec::with_capacity(24);
    encode_versioned(VERSION, &VoteV1::from(vote), &mut out);
    out
}

pub(crate) fn decode_vote(bytes: &[u8]) -> Result<Vote, DecodeError> {
    let (_, body) = split_version("vote", VERSION, bytes)?;
    decode_exact::<VoteV1>("vote", body).map(Vote::from)
}

pub(crate) fn encode_entry(entry: &Entry, out: &mut Vec<u8>) {
    let kind = match &entry.payload {
        EntryPayload::Blank => EntryKindV1::Blank,
        EntryPayload::Normal(_) => EntryKindV1::Command,
        EntryPayload::Membership(_) => EntryKindV1::Membership,
    };
    encode_versioned(VERSION, &EntryHeaderV1 { id: LogIdV1::from(&entry.log_id), kind }, out);
    match &entry.payload {
        EntryPayload::Blank => {}
        EntryPayload::Normal(command) => out.extend_from_slice(&command.0),
        EntryPayload::Membership(membership) => {
            let membership = MembershipV1::from(&types::membership_out(membership));
            encode_versioned(VERSION, &membership, out);
        }
    }
}

pub(crate) fn decode_entry(bytes: &[u8]) -> Result<Entry, DecodeError> {
    let (_, body) = split_version("entry", VERSION, bytes)?;
    let (header, payload) = decode_prefix::<EntryHeaderV1>("entry", body)?;
    let payload = match header.kind {
        EntryKindV1::Blank if payload.is_empty() => Payload::Blank,
        EntryKindV1::Blank => return Err(DecodeError::malformed("entry", "a blank entry with a payload")),
        EntryKindV1::Command => Payload::Normal(CommandBytes(payload.into())),
        EntryKindV1::Membership => Payload::Membership(decode_membership(payload)?),
    };
    Ok(Entry::new(header.id.into(), payload))
}

fn decode_membership(bytes: &[u8]) -> Result<Membership, DecodeError> {
    let (_, body) = split_version("membership", VERSION, bytes)?;
    let membership = decode_exact::<MembershipV1>("membership", body)?;
    types::membership_in(membership.into()).map_err(|detail| DecodeError::malformed("membership", detail))
}

impl Applied {
    /// The record to store beside the state. At most a few hundred bytes.
    pub fn encode(&self) -> Vec<u8> {
        let record = AppliedV1 {
            last: self.last.as_ref().map(LogIdV1::from),
            membership: MembershipV1::from(&self.membership),
            membership_at: self.membership_at.as_ref().map(LogIdV1::from),
        };
        let mut out = Vec::with_capacity(64);
        encode_versioned(VERSION, &record, &mut out);
        out
    }

    /// Reads what [`encode`](Self::encode) wrote.
    ///
    /// # Errors
    /// [`DecodeError`] for anything else.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let (_, body) = split_version("applied position", VERSION, bytes)?;
        let record = decode_exact::<AppliedV1>("applied position", body)?;
        Ok(Self {
            last: record.last.map(ids::LogId::from),
            membership: record.membership.into(),
            membership_at: record.membership_at.map(ids::LogId::from),
        })
    }
}
