//! Golden bytes: what version 1 wrote must be read for ever. Bytes here are added to, never changed.

use super::*;
use crate::types::{AppendRequest, AppendResponse, SnapshotResponse, TransferRequest, VoteRequest, VoteResponse};
use openraft::raft::{StreamAppendError, TransferLeaderError};

fn id(term: u64, node: u64, index: u64) -> LogId {
    LogId::new(LeaderId { term, node_id: NodeId(node) }, index)
}

fn vote(term: u64, node: u64, committed: bool) -> Vote {
    Vote { leader_id: LeaderId { term, node_id: NodeId(node) }, committed }
}

fn members() -> Membership {
    let sets = vec![BTreeSet::from([NodeId(1), NodeId(2)]), BTreeSet::from([NodeId(2)])];
    let nodes =
        BTreeMap::from([(NodeId(1), Peer::new("a:1")), (NodeId(2), Peer::new("b:2")), (NodeId(300), Peer::new("c:3"))]);
    Membership::new(sets, nodes).expect("every voter has an address")
}

fn entries() -> [Entry; 3] {
    [
        Entry::new(id(1, 2, 3), Payload::Blank),
        Entry::new(id(7, 1, 300), Payload::Normal(CommandBytes(b"\x01hello"[..].into()))),
        Entry::new(id(2, 1, 4), Payload::Membership(members())),
    ]
}

fn applied() -> Applied {
    Applied {
        last: Some(types::log_id_out(&id(7, 1, 300))),
        membership: types::membership_out(&members()),
        membership_at: Some(types::log_id_out(&id(2, 1, 4))),
    }
}

fn append() -> AppendRequest {
    AppendRequest {
        vote: vote(7, 1, true),
        prev_log_id: Some(id(1, 2, 2)),
        entries: entries().to_vec(),
        leader_commit: Some(id(1, 2, 3)),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Every record of version 1, encoded by this build.
fn encoded() -> Vec<(&'static str, Vec<u8>)> {
    let entry = |entry: &Entry| {
        let mut out = Vec::new();
        encode_entry(entry, &mut out);
        out
    };
    let [blank, command, membership] = entries();
    let vote_request = |leadership_transfer| {
        let mut request = VoteRequest::new(vote(8, 3, false), Some(id(7, 1, 300)));
        request.leadership_transfer = leadership_transfer;
        request
    };
    let transfer = TransferRequest::new(vote(7, 1, true), NodeId(2), Some(id(7, 1, 300)));
    let vote_changed = TransferLeaderError::VoteChanged { expected: vote(7, 1, true), actual: vote(8, 3, false) };
    let not_flushed = TransferLeaderError::LogNotFlushed { expected: Some(id(7, 1, 300)), actual: None };
    let granted = VoteResponse::new(vote(8, 3, false), Some(id(7, 1, 300)), true);
    vec![
        ("log id", encode_log_id(&id(1, 2, 300))),
        ("vote", encode_vote(&vote(7, 300, true))),
        ("blank entry", entry(&blank)),
        ("command entry", entry(&command)),
        ("membership entry", entry(&membership)),
        ("applied", applied().encode()),
        ("nothing applied", Applied::default().encode()),
        ("append request", encode_append_request(&append())),
        ("heartbeat", encode_request(&Request::Append(AppendRequest { entries: vec![], ..append() }))),
        ("vote request", encode_request(&Request::Vote(vote_request(true)))),
        ("pre-vote request", encode_request(&Request::PreVote(vote_request(false)))),
        ("transfer request", encode_request(&Request::TransferLeader(transfer))),
        ("append success", encode_reply(&Reply::Append(AppendResponse::Success))),
        ("append partial", encode_reply(&Reply::Append(AppendResponse::PartialSuccess(Some(id(1, 2, 3)))))),
        ("append conflict", encode_reply(&Reply::Append(AppendResponse::Conflict))),
        ("append higher vote", encode_reply(&Reply::Append(AppendResponse::HigherVote(vote(9, 2, false))))),
        ("vote reply", encode_reply(&Reply::Vote(granted))),
        ("transfer accepted", encode_reply(&Reply::TransferLeader(Ok(())))),
        ("transfer vote changed", encode_reply(&Reply::TransferLeader(Err(vote_changed)))),
        ("transfer not flushed", encode_reply(&Reply::TransferLeader(Err(not_flushed)))),
        ("snapshot reply", encode_reply(&Reply::Snapshot(SnapshotResponse::new(vote(7, 1, true))))),
        ("stream matched", encode_append_reply(&Ok(Some(id(1, 2, 3))))),
        ("stream conflict", encode_append_reply(&Err(StreamAppendError::Conflict(id(1, 2, 2))))),
        ("stream higher vote", encode_append_reply(&Err(StreamAppendError::HigherVote(vote(9, 2, false))))),
        ("snapshot header", encode_snapshot_header(&SnapshotHeader { vote: vote(7, 1, true), applied: applied() })),
    ]
}

const GOLDEN_V1: &[(&str, &str)] = &[
    ("log id", "010102ac02"),
    ("vote", "0107ac0201"),
    ("blank entry", "0101020300"),
    ("command entry", "010701ac02010168656c6c6f"),
    ("membership entry", "010201040201020201020102030103613a310203623a32ac0203633a33"),
    ("applied", "01010701ac02020201020102030103613a310203623a32ac0203633a3301020104"),
    ("nothing applied", "0100000000"),
    (
        "append request",
        "010701010101020201010203030500000001010203000c000000010701ac02010168656c6c6f1d000000010201040201\
         020201020102030103613a310203623a32ac0203633a33",
    ),
    ("heartbeat", "0100070101010102020101020300"),
    ("vote request", "0101080300010701ac0201"),
    ("pre-vote request", "0102080300010701ac0200"),
    ("transfer request", "010307010102010701ac02"),
    ("append success", "0100"),
    ("append partial", "010101010203"),
    ("append conflict", "0102"),
    ("append higher vote", "0103090200"),
    ("vote reply", "010408030001010701ac02"),
    ("transfer accepted", "0105"),
    ("transfer vote changed", "0106070101080300"),
    ("transfer not flushed", "0107010701ac0200"),
    ("snapshot reply", "0108070101"),
    ("stream matched", "010001010203"),
    ("stream conflict", "0101010202"),
    ("stream higher vote", "0102090200"),
    ("snapshot header", "010701012101010701ac02020201020102030103613a310203623a32ac0203633a3301020104"),
];

#[test]
fn version_1_is_written_as_it_always_was() {
    let encoded: Vec<_> = encoded().into_iter().map(|(name, bytes)| (name, hex(&bytes))).collect();
    let golden: Vec<_> = GOLDEN_V1.iter().map(|(name, hex)| (*name, (*hex).to_owned())).collect();
    assert_eq!(encoded, golden);
}

/// Decodes a record by its name and encodes it again.
fn again(name: &str, bytes: &[u8]) -> Result<Vec<u8>, DecodeError> {
    Ok(match name {
        "log id" => encode_log_id(&decode_log_id(bytes)?),
        "vote" => encode_vote(&decode_vote(bytes)?),
        "applied" | "nothing applied" => Applied::decode(bytes)?.encode(),
        "append request" => encode_append_request(&decode_append_request(bytes)?),
        "snapshot header" => encode_snapshot_header(&decode_snapshot_header(bytes)?),
        name if name.starts_with("stream") => encode_append_reply(&decode_append_reply(bytes)?),
        name if name.ends_with("entry") => {
            let mut out = Vec::new();
            encode_entry(&decode_entry(bytes)?, &mut out);
            out
        }
        name if name.ends_with("request") || name == "heartbeat" => encode_request(&decode_request(bytes)?),
        _ => encode_reply(&decode_reply(bytes)?),
    })
}

#[test]
fn what_is_decoded_encodes_to_the_same_bytes() {
    for (name, bytes) in encoded() {
        assert_eq!(again(name, &bytes).as_ref(), Ok(&bytes), "{name}");
    }
    let mut out = Vec::new();
    for entry in entries() {
        out.clear();
        encode_entry(&entry, &mut out);
        assert_eq!(decode_entry(&out), Ok(entry));
    }
    assert_eq!(Applied::decode(&applied().encode()), Ok(applied()));
}

#[test]
fn cut_short_or_newer_records_are_refused() {
    for (name, bytes) in encoded() {
        // A command is opaque up to its end, so only its header can be found short.
        let header = if name == "command entry" { bytes.len() - 6 } else { bytes.len() };
        for len in 0..header {
            assert!(again(name, &bytes[..len]).is_err(), "{name} cut to {len}");
        }
        let mut newer = bytes.clone();
        newer[0] = VERSION + 1;
        assert!(matches!(again(name, &newer), Err(DecodeError::UnknownVersion { .. })), "{name}");
    }
}

proptest::proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
        let mut versioned = vec![VERSION];
        versioned.extend_from_slice(&bytes);
        for (name, _) in encoded() {
            let _ = again(name, &versioned);
        }
    }
}
