//! Messages between the replicas of one group.
//!
//! A request is `version, kind, body`; so is a reply. Entries travel exactly as they are stored, each behind its
//! length, so that an entry has one encoding in the whole system.

use openraft::raft::StreamAppendError;
use openraft::raft::TransferLeaderError;
use serde::{Deserialize, Serialize};

use super::{LogIdV1, VERSION, VoteV1, decode_entry, encode_entry};
use crate::codec::{DecodeError, decode_exact, decode_prefix, encode_versioned, split_version};
use crate::ids::NodeId;
use crate::machine::Applied;
use crate::types::{
    AppendOutcome, AppendRequest, AppendResponse, LogId, SnapshotResponse, TransferRequest, TransferResponse, Vote,
    VoteRequest, VoteResponse,
};

/// A request of the control lane.
#[derive(Debug)]
pub(crate) enum Request {
    /// A heartbeat or a probe: an append request outside the pipelined channel.
    Append(AppendRequest),
    Vote(VoteRequest),
    PreVote(VoteRequest),
    TransferLeader(TransferRequest),
}

/// What a request is answered with.
#[derive(Debug)]
pub(crate) enum Reply {
    Append(AppendResponse),
    Vote(VoteResponse),
    TransferLeader(TransferResponse),
    Snapshot(SnapshotResponse),
}

/// What precedes the chunks of a snapshot.
#[derive(Debug, Clone)]
pub(crate) struct SnapshotHeader {
    /// The leader that sends it.
    pub(crate) vote: Vote,
    /// The position and membership the snapshot stands at.
    pub(crate) applied: Applied,
}

/// What a request of the append channel is answered with.
pub(crate) type AppendReply = AppendOutcome;

#[derive(Debug, Serialize, Deserialize)]
enum RequestKindV1 {
    Append,
    Vote,
    PreVote,
    TransferLeader,
}

#[derive(Debug, Serialize, Deserialize)]
struct AppendHeaderV1 {
    vote: VoteV1,
    prev: Option<LogIdV1>,
    leader_commit: Option<LogIdV1>,
    n_entries: u32,
}

#[derive(Debug, Serialize, Deserialize)]
struct VoteRequestV1 {
    vote: VoteV1,
    last: Option<LogIdV1>,
    leadership_transfer: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct TransferV1 {
    from_leader: VoteV1,
    to: u64,
    last: Option<LogIdV1>,
}

#[derive(Debug, Serialize, Deserialize)]
enum ReplyV1 {
    AppendSuccess,
    AppendPartial(Option<LogIdV1>),
    AppendConflict,
    AppendHigherVote(VoteV1),
    Vote { vote: VoteV1, granted: bool, last: Option<LogIdV1> },
    TransferAccepted,
    TransferVoteChanged { expected: VoteV1, actual: VoteV1 },
    TransferLogNotFlushed { expected: Option<LogIdV1>, actual: Option<LogIdV1> },
    Snapshot { vote: VoteV1 },
}

#[derive(Debug, Serialize, Deserialize)]
enum AppendReplyV1 {
    Matched(Option<LogIdV1>),
    Conflict(LogIdV1),
    HigherVote(VoteV1),
}

#[derive(Debug, Serialize, Deserialize)]
struct SnapshotHeaderV1 {
    vote: VoteV1,
    applied: Vec<u8>,
}

fn opt_in(id: Option<LogIdV1>) -> Option<LogId> {
    id.map(LogId::from)
}

fn opt_out(id: Option<&LogId>) -> Option<LogIdV1> {
    id.map(LogIdV1::from)
}

pub(crate) fn encode_request(request: &Request) -> Vec<u8> {
    let mut out = Vec::with_capacity(64);
    match request {
        Request::Append(append) => {
            encode_versioned(VERSION, &RequestKindV1::Append, &mut out);
            write_append(append, &mut out);
        }
        Request::Vote(vote) => encode_versioned(VERSION, &(RequestKindV1::Vote, vote_request(vote)), &mut out),
        Request::PreVote(vote) => encode_versioned(VERSION, &(RequestKindV1::PreVote, vote_request(vote)), &mut out),
        Request::TransferLeader(transfer) => {
            let body = TransferV1 {
                from_leader: transfer.from_leader().into(),
                to: transfer.to_node_id().0,
                last: opt_out(transfer.last_log_id()),
            };
            encode_versioned(VERSION, &(RequestKindV1::TransferLeader, body), &mut out);
        }
    }
    out
}

pub(crate) fn decode_request(bytes: &[u8]) -> Result<Request, DecodeError> {
    let (_, body) = split_version("request", VERSION, bytes)?;
    let (kind, body) = decode_prefix::<RequestKindV1>("request", body)?;
    let vote = |body| {
        let request = decode_exact::<VoteRequestV1>("vote request", body)?;
        let mut vote = VoteRequest::new(request.vote.into(), opt_in(request.last));
        vote.leadership_transfer = request.leadership_transfer;
        Ok(vote)
    };
    Ok(match kind {
        RequestKindV1::Append => Request::Append(read_append(body)?),
        RequestKindV1::Vote => Request::Vote(vote(body)?),
        RequestKindV1::PreVote => Request::PreVote(vote(body)?),
        RequestKindV1::TransferLeader => {
            let transfer = decode_exact::<TransferV1>("transfer request", body)?;
            Request::TransferLeader(TransferRequest::new(
                transfer.from_leader.into(),
                NodeId(transfer.to),
                opt_in(transfer.last),
            ))
        }
    })
}

fn vote_request(request: &VoteRequest) -> VoteRequestV1 {
    VoteRequestV1 {
        vote: (&request.vote).into(),
        last: opt_out(request.last_log_id.as_ref()),
        leadership_transfer: request.leadership_transfer,
    }
}

pub(crate) fn encode_append_request(request: &AppendRequest) -> Vec<u8> {
    let mut out = vec![VERSION];
    write_append(request, &mut out);
    out
}

pub(crate) fn decode_append_request(bytes: &[u8]) -> Result<AppendRequest, DecodeError> {
    let (_, body) = split_version("append request", VERSION, bytes)?;
    read_append(body)
}

fn write_append(request: &AppendRequest, out: &mut Vec<u8>) {
    let header = AppendHeaderV1 {
        vote: (&request.vote).into(),
        prev: opt_out(request.prev_log_id.as_ref()),
        leader_commit: opt_out(request.leader_commit.as_ref()),
        n_entries: u32::try_from(request.entries.len()).expect("a request holds at most some hundred entries"),
    };
    let start = std::mem::take(out);
    *out = postcard::to_extend(&header, start).expect("postcard into memory fails only for unsized sequences");
    for entry in &request.entries {
        let at = out.len();
        out.extend_from_slice(&[0; 4]);
        encode_entry(entry, out);
        let len = u32::try_from(out.len() - at - 4).expect("an entry is at most some MiB");
        out[at..at + 4].copy_from_slice(&len.to_le_bytes());
    }
}

fn read_append(body: &[u8]) -> Result<AppendRequest, DecodeError> {
    let short = || DecodeError::malformed("append request", "an entry ends early");
    let (header, mut rest) = decode_prefix::<AppendHeaderV1>("append request", body)?;
    // An entry takes four bytes at least, so a lying count cannot ask for more memory than was sent.
    let mut entries = Vec::with_capacity((header.n_entries as usize).min(rest.len() / 4));
    for _ in 0..header.n_entries {
        let (len, tail) = rest.split_first_chunk::<4>().ok_or_else(short)?;
        let (entry, tail) = tail.split_at_checked(u32::from_le_bytes(*len) as usize).ok_or_else(short)?;
        entries.push(decode_entry(entry)?);
        rest = tail;
    }
    if !rest.is_empty() {
        return Err(DecodeError::malformed("append request", format!("{} trailing bytes", rest.len())));
    }
    Ok(AppendRequest {
        vote: header.vote.into(),
        prev_log_id: opt_in(header.prev),
        entries,
        leader_commit: opt_in(header.leader_commit),
    })
}

pub(crate) fn encode_reply(reply: &Reply) -> Vec<u8> {
    let body = match reply {
        Reply::Append(AppendResponse::Success) => ReplyV1::AppendSuccess,
        Reply::Append(AppendResponse::PartialSuccess(matched)) => ReplyV1::AppendPartial(opt_out(matched.as_ref())),
        Reply::Append(AppendResponse::Conflict) => ReplyV1::AppendConflict,
        Reply::Append(AppendResponse::HigherVote(vote)) => ReplyV1::AppendHigherVote(vote.into()),
        Reply::Vote(response) => ReplyV1::Vote {
            vote: (&response.vote).into(),
            granted: response.vote_granted,
            last: opt_out(response.last_log_id.as_ref()),
        },
        Reply::TransferLeader(Ok(())) => ReplyV1::TransferAccepted,
        Reply::TransferLeader(Err(TransferLeaderError::VoteChanged { expected, actual })) => {
            ReplyV1::TransferVoteChanged { expected: expected.into(), actual: actual.into() }
        }
        Reply::TransferLeader(Err(TransferLeaderError::LogNotFlushed { expected, actual })) => {
            ReplyV1::TransferLogNotFlushed { expected: opt_out(expected.as_ref()), actual: opt_out(actual.as_ref()) }
        }
        Reply::Snapshot(response) => ReplyV1::Snapshot { vote: (&response.vote).into() },
    };
    let mut out = Vec::with_capacity(32);
    encode_versioned(VERSION, &body, &mut out);
    out
}

pub(crate) fn decode_reply(bytes: &[u8]) -> Result<Reply, DecodeError> {
    let (_, body) = split_version("reply", VERSION, bytes)?;
    Ok(match decode_exact::<ReplyV1>("reply", body)? {
        ReplyV1::AppendSuccess => Reply::Append(AppendResponse::Success),
        ReplyV1::AppendPartial(matched) => Reply::Append(AppendResponse::PartialSuccess(opt_in(matched))),
        ReplyV1::AppendConflict => Reply::Append(AppendResponse::Conflict),
        ReplyV1::AppendHigherVote(vote) => Reply::Append(AppendResponse::HigherVote(vote.into())),
        ReplyV1::Vote { vote, granted, last } => {
            Reply::Vote(VoteResponse::new(Vote::from(vote), opt_in(last), granted))
        }
        ReplyV1::TransferAccepted => Reply::TransferLeader(Ok(())),
        ReplyV1::TransferVoteChanged { expected, actual } => {
            let (expected, actual) = (expected.into(), actual.into());
            Reply::TransferLeader(Err(TransferLeaderError::VoteChanged { expected, actual }))
        }
        ReplyV1::TransferLogNotFlushed { expected, actual } => {
            let (expected, actual) = (opt_in(expected), opt_in(actual));
            Reply::TransferLeader(Err(TransferLeaderError::LogNotFlushed { expected, actual }))
        }
        ReplyV1::Snapshot { vote } => Reply::Snapshot(SnapshotResponse::new(vote.into())),
    })
}

pub(crate) fn encode_append_reply(reply: &AppendReply) -> Vec<u8> {
    let body = match reply {
        Ok(matched) => AppendReplyV1::Matched(opt_out(matched.as_ref())),
        Err(StreamAppendError::Conflict(at)) => AppendReplyV1::Conflict(at.into()),
        Err(StreamAppendError::HigherVote(vote)) => AppendReplyV1::HigherVote(vote.into()),
    };
    let mut out = Vec::with_capacity(32);
    encode_versioned(VERSION, &body, &mut out);
    out
}

pub(crate) fn decode_append_reply(bytes: &[u8]) -> Result<AppendReply, DecodeError> {
    let (_, body) = split_version("append reply", VERSION, bytes)?;
    Ok(match decode_exact::<AppendReplyV1>("append reply", body)? {
        AppendReplyV1::Matched(matched) => Ok(opt_in(matched)),
        AppendReplyV1::Conflict(at) => Err(StreamAppendError::Conflict(at.into())),
        AppendReplyV1::HigherVote(vote) => Err(StreamAppendError::HigherVote(vote.into())),
    })
}

pub(crate) fn encode_snapshot_header(header: &SnapshotHeader) -> Vec<u8> {
    let mut out = Vec::with_capacity(128);
    let body = SnapshotHeaderV1 { vote: (&header.vote).into(), applied: header.applied.encode() };
    encode_versioned(VERSION, &body, &mut out);
    out
}

pub(crate) fn decode_snapshot_header(bytes: &[u8]) -> Result<SnapshotHeader, DecodeError> {
    let (_, body) = split_version("snapshot header", VERSION, bytes)?;
    let header = decode_exact::<SnapshotHeaderV1>("snapshot header", body)?;
    Ok(SnapshotHeader { vote: header.vote.into(), applied: Applied::decode(&header.applied)? })
}
