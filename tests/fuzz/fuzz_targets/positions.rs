//! Positions in any text.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| vraftls_fuzz::positions(bytes));
