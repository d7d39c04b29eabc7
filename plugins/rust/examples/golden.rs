//! Scores the analyzer, run natively, against what a reference server said of a source tree: see `vraftls_guest_sdk::golden`.

use vraftls_guest_sdk::golden::{Rules, Shelf, run};
use vraftls_rust::Rust;

const RULES: Rules = Rules {
    suffixes: &["rs"],
    name_characters: &[],
    shelves: &[
        Shelf { flag: "--std", name: Some("rust-std"), kind: "rust-std" },
        Shelf { flag: "--packages", name: None, kind: "rust-package" },
    ],
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    run::<Rust>(&RULES)
}
