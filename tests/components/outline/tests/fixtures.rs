//! The fixtures of the outline, run natively.

use vraftls_guest_sdk::IndexOnly;
use vraftls_guest_sdk::fixture::{NativeSubject, check};
use vraftls_test_outline::Outline;

#[test]
fn outline_answers_as_its_fixtures_say() {
    check(&NativeSubject::<IndexOnly<Outline>>::new(), "fixtures");
}
