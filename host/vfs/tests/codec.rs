//! Bytes of commands and states: round trips, and bytes that nobody wrote.

mod model;

use model::{Machine, histories, inline, next, path};
use proptest::prelude::*;
use proptest::sample::Index;
use vraftls_vfs::{
    BATCH_BYTES_MAX, COMMAND_BYTES_MAX, ClientId, Command, CommandLimitError, Contents, DecodeCommandError,
    DecodeStateError, FileOperation, INLINE_BYTES_MAX, Request, Sequence, State, WorkspaceId, split_into_batches,
};

const HASH_BYTES: usize = 32;

fn once(request: Request) -> Command {
    Command::Once { client: ClientId(u64::MAX), sequence: Sequence(u64::MAX), request }
}

fn batch(operations: Vec<FileOperation>) -> Command {
    once(Request::Batch { workspace: WorkspaceId(u32::MAX), operations })
}

fn state_after(history: Vec<Request>) -> State {
    let mut machine = Machine::new();
    for request in history {
        let _ = machine.execute(request);
    }
    machine.state
}

/// The bytes with the hash that belongs to them: what a broken or hostile writer would send.
fn rehashed(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.truncate(bytes.len() - HASH_BYTES);
    let hash = blake3::hash(&bytes);
    bytes.extend_from_slice(hash.as_bytes());
    bytes
}

proptest! {
    #[test]
    fn a_command_comes_back_from_its_bytes(request in model::requests()) {
        for command in [Command::OpenSession, once(request)] {
            prop_assert_eq!(Command::decode(&command.encode()).unwrap(), command);
        }
    }

    #[test]
    fn a_cut_command_is_refused(request in model::requests(), cut in any::<Index>()) {
        let bytes = once(request).encode();
        prop_assert!(Command::decode(&bytes[..cut.index(bytes.len())]).is_err());
    }

    #[test]
    fn a_damaged_command_is_refused_or_another_command(
        request in model::requests(),
        flips in prop::collection::vec((any::<Index>(), 0u8..8), 1..4),
    ) {
        let mut bytes = once(request).encode();
        for (at, bit) in flips {
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
        }
        if let Ok(command) = Command::decode(&bytes) {
            // Whatever it is, it can be applied: apply is total.
            let mut machine = Machine::new();
            let _ = machine.apply(command.clone());
            prop_assert_eq!(Command::decode(&command.encode()).unwrap(), command);
        }
    }

    #[test]
    fn any_bytes_are_read_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Command::decode(&bytes);
        let _ = State::decode(&bytes);
        let versioned: Vec<u8> = [1].into_iter().chain(bytes).collect();
        let _ = Command::decode(&versioned);
        let with_hash = [versioned, vec![0; HASH_BYTES]].concat();
        let _ = State::decode(&rehashed(with_hash));
    }

    #[test]
    fn a_cut_state_is_refused(history in histories(20), cut in any::<Index>()) {
        let bytes = state_after(history).encode();
        prop_assert!(State::decode(&bytes[..cut.index(bytes.len())]).is_err());
    }

    #[test]
    fn a_damaged_state_is_noticed(history in histories(20), at in any::<Index>(), bit in 0u8..8) {
        let mut bytes = state_after(history).encode();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert!(State::decode(&bytes).is_err());
    }

    #[test]
    fn a_made_up_state_is_refused_or_keeps_the_promises(
        history in histories(20),
        flips in prop::collection::vec((any::<Index>(), 0u8..8), 1..4),
        more in histories(10),
    ) {
        let mut bytes = state_after(history).encode();
        for (at, bit) in flips {
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
        }
        if let Ok(mut state) = State::decode(&rehashed(bytes)) {
            prop_assert_eq!(&State::decode(&state.encode()).unwrap(), &state);
            for (sequence, request) in (1..).map(Sequence).zip(more) {
                if state.revision().0 < u64::MAX {
                    let _ = state.apply(next(&state), Command::Once { client: ClientId(1), sequence, request });
                }
            }
            prop_assert!(State::decode(&state.encode()).is_ok());
        }
    }

    #[test]
    fn batches_fit_and_keep_the_order(sizes in prop::collection::vec((0..=INLINE_BYTES_MAX, 1usize..4000), 0..60)) {
        let put = |(size, name): &(usize, usize)| FileOperation::put(path(&"n".repeat(*name)), Contents::Inline(vec![0; *size]));
        let operations: Vec<_> = sizes.iter().map(put).collect();
        let batches = split_into_batches(operations.clone());
        prop_assert_eq!(batches.concat(), operations);
        for batch in batches {
            prop_assert!(!batch.is_empty());
            let command = self::batch(batch);
            prop_assert_eq!(command.check(), Ok(()));
            prop_assert!(command.encode().len() <= COMMAND_BYTES_MAX);
        }
    }
}

#[test]
fn limits_are_refused_before_a_command_is_proposed() {
    let put = |size| FileOperation::put(path("a"), Contents::Inline(vec![0; size]));
    let size_bytes = INLINE_BYTES_MAX + 1;
    let error = CommandLimitError::InlineTooLarge { path: path("a"), size_bytes };
    assert_eq!(batch(vec![put(size_bytes)]).check(), Err(error));
    let n_full = BATCH_BYTES_MAX / INLINE_BYTES_MAX;
    assert_eq!(batch(vec![put(INLINE_BYTES_MAX); n_full]).check(), Ok(()));
    let error = batch(vec![put(INLINE_BYTES_MAX); n_full + 1]).check();
    assert!(matches!(error, Err(CommandLimitError::BatchTooLarge(_))));
    // What is in the log already is read and applied all the same.
    let command = batch(vec![put(size_bytes)]);
    assert_eq!(Command::decode(&command.encode()).unwrap(), command);
}

#[test]
fn what_is_wrong_with_bytes_is_said() {
    assert!(matches!(Command::decode(&[]), Err(DecodeCommandError::Empty)));
    assert!(matches!(Command::decode(&[9, 0]), Err(DecodeCommandError::UnknownVersion(9))));
    assert!(matches!(Command::decode(&[1, 99]), Err(DecodeCommandError::Malformed(_))));
    assert!(matches!(Command::decode(&[1, 0, 0]), Err(DecodeCommandError::TrailingBytes(1))));

    let bytes = State::new().encode();
    assert!(matches!(State::decode(&[1]), Err(DecodeStateError::TooShort(1))));
    assert!(matches!(State::decode(&[0; 32]), Err(DecodeStateError::TooShort(32))));
    assert!(matches!(State::decode(&[3; 40]), Err(DecodeStateError::UnknownVersion(3))));
    assert!(matches!(State::decode(&[1; 40]), Err(DecodeStateError::HashDiffers)));
    assert!(matches!(State::decode(&[2; 40]), Err(DecodeStateError::HashDiffers)));
    let body = &bytes[..bytes.len() - HASH_BYTES];
    let longer = rehashed([body, &[0; 1 + HASH_BYTES]].concat());
    assert!(matches!(State::decode(&longer), Err(DecodeStateError::TrailingBytes(1))));
    let shorter = rehashed([&body[..body.len() - 1], &[0; HASH_BYTES]].concat());
    assert!(matches!(State::decode(&shorter), Err(DecodeStateError::Malformed(_))));
    // A million workspaces in a few bytes: refused before anything is allocated for them.
    let made_up = |records: &[u8]| State::decode(&rehashed([records, &[0; HASH_BYTES]].concat()));
    let many = made_up(&[1, 0, 0, 0x80, 0x80, 0x40, 0]);
    assert!(matches!(many, Err(DecodeStateError::Inconsistent("too many workspaces"))));
    let many = made_up(&[2, 0, 0, 0, 0x80, 0x80, 0x40, 0, 0]);
    assert!(matches!(many, Err(DecodeStateError::Inconsistent("too many ids passed over"))));
    // The highest id in use is 9, and 3 to 4 and 6 were passed over.
    assert!(made_up(&[2, 0, 9, 0, 2, 0, 0, 3, 4, 6, 6]).is_ok());
    for runs in [[3, 4, 5, 6], [4, 3, 6, 6], [3, 4, 6, 9], [0, 1, 6, 6], [3, 7, 6, 8]] {
        let state = made_up(&[&[2, 0, 9, 0, 2, 0, 0][..], &runs].concat());
        assert!(matches!(state, Err(DecodeStateError::Inconsistent(_))), "{runs:?}");
    }
}

#[test]
fn a_path_that_is_no_path_is_refused() {
    let good = batch(vec![FileOperation::put(path("aa"), inline("x"))]).encode();
    for bad in [b"..", b"/a", b"a/", b"a\0", b"\xff\xfe"] {
        let mut bytes = good.clone();
        let at = bytes.windows(2).position(|pair| pair == b"aa").unwrap();
        bytes[at..at + 2].copy_from_slice(bad);
        assert!(matches!(Command::decode(&bytes), Err(DecodeCommandError::Malformed(_))), "{bad:?}");
    }
}
