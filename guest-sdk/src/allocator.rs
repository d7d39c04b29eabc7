//! An allocator for components: blocks of one size come from a list of their own, so that an analyzer's millions of small
//! nodes cost a few instructions each and no header. What is large goes to the system's allocator.
//!
//! It knows no threads, which a component does not have; natively it is there for its tests alone. A size's blocks are not
//! given back to other sizes: what an analyzer needed of a size once, it is likely to need again.

#![expect(unsafe_code, reason = "an allocator hands out raw memory, by the contract of `GlobalAlloc`")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::UnsafeCell;
use std::ptr;

/// Sizes are multiples of it. No type of a 32-bit component asks for more alignment than that, but for vectors.
const UNIT_BYTES: usize = 8;
/// The largest block that comes from a list.
const SMALL_BYTES_MAX: usize = 512;
const N_CLASSES: usize = SMALL_BYTES_MAX / UNIT_BYTES + 1;
/// What is asked of the system at once, to be cut into blocks.
const CHUNK_BYTES: usize = 1 << 20;
/// What the memory grows by at first, because each growth is a call of the host: enough to index a file of some 200 KB.
const FIRST_GROWTH_BYTES: usize = 8 << 20;

/// A block that is free.
struct Free {
    next: *mut Free,
}

/// The free blocks of each size, and the chunk that is being cut.
struct Lists {
    free: [*mut Free; N_CLASSES],
    rest: *mut u8,
    rest_bytes: usize,
}

/// An allocator for an analyzer, to be made its `#[global_allocator]`.
pub struct ComponentAllocator(UnsafeCell<Lists>);

#[cfg(target_family = "wasm")]
// SAFETY: a component of `wasm32-wasip2` has one thread.
unsafe impl Sync for ComponentAllocator {}

impl std::fmt::Debug for ComponentAllocator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ComponentAllocator").finish_non_exhaustive()
    }
}

impl Default for ComponentAllocator {
    fn default() -> Self {
        Self::new()
    }
}

impl ComponentAllocator {
    /// One that has nothing yet.
    pub const fn new() -> Self {
        Self(UnsafeCell::new(Lists { free: [ptr::null_mut(); N_CLASSES], rest: ptr::null_mut(), rest_bytes: 0 }))
    }
}

/// The list that serves a layout, if it is small.
#[inline]
fn class_of(size: usize, align: usize) -> Option<usize> {
    (size <= SMALL_BYTES_MAX && align <= UNIT_BYTES).then(|| size.div_ceil(UNIT_BYTES))
}

impl Lists {
    /// A block of a class, which is not 0; null where the system has no more.
    #[inline]
    fn take(&mut self, class: usize) -> *mut u8 {
        let head = self.free[class];
        if !head.is_null() {
            // SAFETY: what is in a list is a block of ours that nobody uses, at least as large as a pointer and aligned.
            self.free[class] = unsafe { (*head).next };
            return head.cast();
        }
        let bytes = class * UNIT_BYTES;
        if bytes > self.rest_bytes {
            return self.refill(bytes);
        }
        let block = self.rest;
        // SAFETY: the rest has so many bytes.
        self.rest = unsafe { block.add(bytes) };
        self.rest_bytes -= bytes;
        block
    }

    /// The first block of a new chunk.
    #[cold]
    fn refill(&mut self, bytes: usize) -> *mut u8 {
        if self.rest.is_null() {
            grow_at_first();
        }
        // All sizes are multiples of the unit, so the rest of the old chunk is a block too, smaller than what was asked for.
        if self.rest_bytes > 0 {
            self.give(self.rest, self.rest_bytes / UNIT_BYTES);
        }
        let layout = Layout::new::<[u64; CHUNK_BYTES / size_of::<u64>()]>();
        // SAFETY: the layout is not empty.
        let chunk = unsafe { System.alloc(layout) };
        if chunk.is_null() {
            self.rest_bytes = 0;
            return chunk;
        }
        // SAFETY: a chunk is larger than any block.
        self.rest = unsafe { chunk.add(bytes) };
        self.rest_bytes = CHUNK_BYTES - bytes;
        chunk
    }

    /// Puts a block into the list of its class.
    #[inline]
    fn give(&mut self, block: *mut u8, class: usize) {
        let block: *mut Free = block.cast();
        // SAFETY: the block is ours again, at least as large as a pointer and aligned.
        unsafe { (*block).next = self.free[class] };
        self.free[class] = block;
    }
}

/// Lets the system's allocator grow the memory once, and keep what it gets.
fn grow_at_first() {
    let layout = Layout::new::<[u64; FIRST_GROWTH_BYTES / size_of::<u64>()]>();
    // SAFETY: the layout is not empty, and the block is given back as it was taken. None is no matter: what is needed will
    // be asked for again.
    unsafe {
        let block = System.alloc(layout);
        if !block.is_null() {
            System.dealloc(block, layout);
        }
    }
}

// SAFETY: small blocks are cut from chunks of the system and are in one list, or in use, at a time; a block's class follows
// from its layout, which the caller gives back unchanged. The rest is the system's.
unsafe impl GlobalAlloc for ComponentAllocator {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match class_of(layout.size(), layout.align()) {
            // SAFETY: there is one thread, and no call of ours runs inside another.
            Some(class) => unsafe { (*self.0.get()).take(class) },
            // SAFETY: as the caller promises.
            None => unsafe { System.alloc(layout) },
        }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        match class_of(layout.size(), layout.align()) {
            // SAFETY: as in `alloc`.
            Some(class) => unsafe { (*self.0.get()).give(block, class) },
            // SAFETY: as the caller promises.
            None => unsafe { System.dealloc(block, layout) },
        }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let class = class_of(layout.size(), layout.align());
        let new_class = class_of(size, layout.align());
        if class.is_some() && class == new_class {
            return block;
        }
        // SAFETY: as the caller promises; a block is given back after what it holds was copied.
        unsafe {
            if class.is_none() && new_class.is_none() {
                return System.realloc(block, layout, size);
            }
            let new = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !new.is_null() {
                ptr::copy_nonoverlapping(block, new, layout.size().min(size));
                self.dealloc(block, layout);
            }
            new
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(size: usize, align: usize) -> Layout {
        Layout::from_size_align(size, align).unwrap()
    }

    /// What is in use, each filled with a byte of its own.
    struct InUse {
        allocator: ComponentAllocator,
        blocks: Vec<(*mut u8, Layout, u8)>,
    }

    impl InUse {
        fn take(&mut self, layout: Layout, fill: u8) {
            // SAFETY: no layout of these tests is empty.
            let block = unsafe { self.allocator.alloc(layout) };
            assert!(!block.is_null());
            assert_eq!(block.addr() % layout.align(), 0);
            // SAFETY: the block has so many bytes.
            unsafe { block.write_bytes(fill, layout.size()) };
            self.blocks.push((block, layout, fill));
        }

        fn check(&self, (block, layout, fill): (*mut u8, Layout, u8), size: usize) {
            // SAFETY: the block is in use and has so many bytes.
            let bytes = unsafe { std::slice::from_raw_parts(block, size.min(layout.size())) };
            assert!(bytes.iter().all(|&byte| byte == fill), "a block of {} bytes was overwritten", layout.size());
        }

        fn give(&mut self, index: usize) {
            let (block, layout, fill) = self.blocks.swap_remove(index);
            self.check((block, layout, fill), layout.size());
            // SAFETY: taken with this layout.
            unsafe { self.allocator.dealloc(block, layout) };
        }

        fn resize(&mut self, index: usize, size: usize) {
            let (block, old, fill) = self.blocks.swap_remove(index);
            // SAFETY: taken with this layout, and the size is not 0.
            let block = unsafe { self.allocator.realloc(block, old, size) };
            let new = layout(size, old.align());
            self.check((block, new, fill), old.size());
            // SAFETY: the block has so many bytes now.
            unsafe { block.write_bytes(fill, size) };
            self.blocks.push((block, new, fill));
        }
    }

    #[test]
    fn blocks_in_use_never_overlap() {
        let mut in_use = InUse { allocator: ComponentAllocator::new(), blocks: Vec::new() };
        let mut random = 1_u64;
        let mut below = |limit: usize| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) as usize % limit
        };
        for step in 0..200_000 {
            let size = 1 + below(if step % 16 == 0 { 5000 } else { SMALL_BYTES_MAX + 16 });
            match below(if in_use.blocks.len() > 5000 { 4 } else { 6 }) {
                0 if !in_use.blocks.is_empty() => in_use.resize(below(in_use.blocks.len()), size),
                1 | 2 if !in_use.blocks.is_empty() => in_use.give(below(in_use.blocks.len())),
                _ => in_use.take(layout(size, 1 << below(6)), step as u8),
            }
        }
        while !in_use.blocks.is_empty() {
            in_use.give(0);
        }
    }

    #[test]
    fn what_was_given_back_is_taken_again() {
        let allocator = ComponentAllocator::new();
        let small = layout(40, 8);
        // SAFETY: the layout is not empty, and each block is given back as it was taken.
        unsafe {
            let first = allocator.alloc(small);
            allocator.dealloc(first, small);
            let second = allocator.alloc(small);
            assert_eq!(first, second);
            allocator.dealloc(second, small);
        }
    }
}
