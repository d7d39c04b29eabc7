//! Numbers that follow from a seed.

/// The seed of a run: that of `VRAFTLS_TEST_SEED`, else always the same. Printed, so that a failure says it.
#[expect(clippy::print_stdout, reason = "a failure says what it began with")]
pub(crate) fn seed() -> u64 {
    let given = std::env::var("VRAFTLS_TEST_SEED").ok();
    let seed = given.map_or(20_261_126, |seed| seed.parse().unwrap());
    println!("VRAFTLS_TEST_SEED={seed}");
    seed
}

/// SplitMix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    /// True in so many of a hundred cases.
    pub(crate) fn percent(&mut self, n: usize) -> bool {
        self.below(100) < n
    }

    pub(crate) fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}
