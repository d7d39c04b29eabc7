//! Changes of any text, beside it too.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| vraftls_fuzz::edits(bytes));
