//! Scores the analyzer, run natively, against what a reference server said of a source tree: see `vraftls_guest_sdk::golden`.

use vraftls_guest_sdk::golden::{Rules, run};
use vraftls_typescript::TypeScript;

const RULES: Rules =
    Rules { suffixes: &["ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs"], name_characters: &['$'], shelves: &[] };

fn main() -> Result<(), Box<dyn std::error::Error>> {
    run::<TypeScript>(&RULES)
}
