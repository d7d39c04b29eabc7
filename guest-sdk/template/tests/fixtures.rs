//! The fixtures, run natively.

use vraftls_guest_sdk::fixture::{NativeSubject, check};
use vraftls_template::Template;

#[test]
fn answers_as_its_fixtures_say() {
    check(&NativeSubject::<Template>::new(), "fixtures");
}
