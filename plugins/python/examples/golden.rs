//! Scores the analyzer, run natively, against what a reference server said of a source tree: see `vraftls_guest_sdk::golden`.

use vraftls_guest_sdk::golden::{Rules, run};
use vraftls_python::Python;

const RULES: Rules = Rules { suffixes: &["py", "pyi"], name_characters: &[], shelves: &[] };

fn main() -> Result<(), Box<dyn std::error::Error>> {
    run::<Python>(&RULES)
}
