//! The fixtures of the Python analyzer, run natively.

use vraftls_guest_sdk::fixture::{NativeSubject, check};
use vraftls_python::Python;

#[test]
fn python_answers_as_its_fixtures_say() {
    check(&NativeSubject::<Python>::new(), "fixtures");
}
