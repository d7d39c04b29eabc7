//! Any bytes as a state, with the right hash.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| vraftls_fuzz::state(bytes));
