//! The fixtures of the Rust analyzer, run natively.

use vraftls_guest_sdk::fixture::{NativeSubject, check};
use vraftls_rust::Rust;

#[test]
fn rust_answers_as_its_fixtures_say() {
    check(&NativeSubject::<Rust>::new(), "fixtures");
}
