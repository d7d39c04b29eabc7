//! Bytes that lie about how much comes cost no more memory than they themselves can justify.

#![expect(unsafe_code, reason = "an allocator hands out raw memory, by the contract of `GlobalAlloc`")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use vraftls_proto::rpc::{BULK_BYTES_MAX, VERSION, decode, encode};

use super::samples::{self, Visit};

/// How many bytes of memory a byte of a message may take while it is read: the largest elements of lists have about that many, and
/// announce themselves in one byte.
const FACTOR: usize = 512;

thread_local! {
    static HELD: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
}

/// The system's, with a count of what each thread holds and held at most.
struct Counting;

// SAFETY: everything is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.with(|held| {
            let (now, most) = held.get();
            let now = now.saturating_add(layout.size());
            held.set((now, most.max(now)));
        });
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.with(|held| {
            let (now, most) = held.get();
            held.set((now.saturating_sub(layout.size()), most));
        });
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How many bytes more than before were held at most while something was done.
fn most_held<T>(work: impl FnOnce() -> T) -> usize {
    let before = HELD.with(|held| {
        let (now, _) = held.get();
        held.set((now, now));
        now
    });
    drop(work());
    HELD.with(|held| held.get().1) - before
}

/// Replaces each byte of a sample by the beginning of a huge number, and reads it.
struct Lie;

impl Visit for Lie {
    fn visit<M: Serialize + DeserializeOwned + PartialEq + Debug>(&mut self, name: &str, message: M) {
        let bytes = encode(&message, BULK_BYTES_MAX).unwrap();
        for at in 1..bytes.len() {
            for huge in [&[0xff, 0xff, 0xff, 0xff, 0x7f][..], &[0xff, 0xff, 0x03], &[0x80, 0x01]] {
                let lie = [&bytes[..at], huge, &bytes[at..]].concat();
                let held = most_held(|| decode::<M>(&lie, BULK_BYTES_MAX));
                assert!(held <= FACTOR * lie.len(), "{name}, {huge:?} at {at}: {held} bytes for {}", lie.len());
            }
        }
    }
}

#[test]
fn a_lie_about_a_length_costs_little() {
    samples::each(&mut Lie);
}

#[test]
fn the_count_counts() {
    assert!(most_held(|| vec![0_u8; 100_000]) >= 100_000);
    assert!(most_held(|| decode::<Vec<u8>>(&[VERSION, 0], 10)) < 1000);
}
