//! Messages of any stream.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| vraftls_fuzz::frames(bytes));
