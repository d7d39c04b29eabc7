//! The bytes of one entry on disk: what tells a whole entry from a damaged one.
//!
//! A version byte, 8 bytes of a digest over key and contents, the length of the contents (4 bytes, little endian), and
//! the contents as one LZ4 block.

use crate::Key;

const VERSION: u8 = 1;
const HEADER_BYTES: usize = 1 + CHECKSUM_BYTES + 4;
const CHECKSUM_BYTES: usize = 8;

/// Larger contents are not kept, and a length beyond it is a damaged one.
pub(super) const CONTENTS_BYTES_MAX: usize = 16 << 20;

/// The frame of an entry, or nothing where its contents are too large.
pub(super) fn write(key: &Key, contents: &[u8]) -> Option<Vec<u8>> {
    if contents.len() > CONTENTS_BYTES_MAX {
        return None;
    }
    let length = u32::try_from(contents.len()).ok()?;
    let packed = lz4_flex::block::compress(contents);
    let mut frame = Vec::with_capacity(HEADER_BYTES + packed.len());
    frame.push(VERSION);
    frame.extend(checksum(key, contents));
    frame.extend(length.to_le_bytes());
    frame.extend(packed);
    Some(frame)
}

/// The contents of a frame, or nothing where it is not whole, of another version, or of another key.
pub(super) fn read(key: &Key, frame: &[u8]) -> Option<Vec<u8>> {
    let (&version, rest) = frame.split_first()?;
    let (expected, rest) = rest.split_first_chunk::<CHECKSUM_BYTES>()?;
    let (length, packed) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    if version != VERSION || length > CONTENTS_BYTES_MAX {
        return None;
    }
    let contents = lz4_flex::block::decompress(packed, length).ok()?;
    (checksum(key, &contents) == *expected).then_some(contents)
}

fn checksum(key: &Key, contents: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(key.as_bytes()).update(contents);
    let mut checksum = [0; CHECKSUM_BYTES];
    hasher.finalize_xof().fill(&mut checksum);
    checksum
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    const KEY: Key = Key::from_bytes([1; 32]);

    /// What once was written must be read for ever; how well it is packed may change.
    #[test]
    fn a_frame_of_version_1_is_read() {
        let golden = b"\x01\x0d\xb8\x01\x32\x45\x13\x11\x6b\x18\0\0\0\x1da\x01\0`aaaaaa";
        assert_eq!(read(&KEY, golden).as_deref(), Some(&b"aaaaaaaaaaaaaaaaaaaaaaaa"[..]));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(contents in vec(any::<u8>(), 0..300)) {
            let frame = write(&KEY, &contents).expect("small");
            prop_assert_eq!(read(&KEY, &frame), Some(contents));
            prop_assert_eq!(read(&Key::from_bytes([2; 32]), &frame), None);
        }

        #[test]
        fn a_damaged_frame_is_none(
            contents in vec(0..4_u8, 0..100),
            at in 0..200_usize,
            bits in 1..=255_u8,
            cut in any::<bool>(),
        ) {
            let mut frame = write(&KEY, &contents).expect("small");
            let at = at % frame.len();
            if cut { frame.truncate(at) } else { frame[at] ^= bits }
            // LZ4 has several spellings of the same contents; the contents are what counts.
            prop_assert!(read(&KEY, &frame).is_none_or(|read| read == contents));
        }
    }
}
