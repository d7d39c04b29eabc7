//! Sums of what `cargo test` says at the end of each binary.

use std::fmt;

/// What came of all tests so far.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Totals {
    passed: u64,
    failed: u64,
    ignored: u64,
    n_binaries: u64,
}

impl Totals {
    /// Takes in a line of the runner's output; lines that sum up nothing are passed over.
    pub(super) fn read(&mut self, line: &str) {
        let Some((_, counts)) = line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". ")) else {
            return;
        };
        self.n_binaries += 1;
        for count in counts.split(';') {
            let mut words = count.split_whitespace();
            let number = words.next().and_then(|number| number.parse::<u64>().ok()).unwrap_or(0);
            match words.next() {
                Some("passed") => self.passed += number,
                Some("failed") => self.failed += number,
                Some("ignored") => self.ignored += number,
                _ => {}
            }
        }
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { passed, failed, ignored, n_binaries } = self;
        write!(f, "{passed} passed; {failed} failed; {ignored} ignored; in {n_binaries} binaries")
    }
}

#[cfg(test)]
mod tests {
    use super::Totals;

    #[test]
    fn sums_up_every_binary_and_nothing_else() {
        let mut totals = Totals::default();
        for line in [
            "running 2 tests",
            "test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "test result: FAILED. 3 passed; 4 failed; 0 ignored; 0 measured; 9 filtered out; finished in 0.00s",
            "test result: a line that some test printed",
        ] {
            totals.read(line);
        }
        assert_eq!(totals.to_string(), "5 passed; 4 failed; 1 ignored; in 2 binaries");
    }
}
