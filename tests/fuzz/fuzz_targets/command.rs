//! Any bytes as a log entry.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| vraftls_fuzz::command(bytes));
