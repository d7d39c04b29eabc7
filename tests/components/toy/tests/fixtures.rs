//! The fixtures of the toy language, run natively.

use vraftls_guest_sdk::fixture::{NativeSubject, check};
use vraftls_test_toy::Toy;

#[test]
fn toy_answers_as_its_fixtures_say() {
    check(&NativeSubject::<Toy>::new(), "fixtures");
}
