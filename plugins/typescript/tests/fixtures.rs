//! The fixtures of the TypeScript analyzer, run natively.

use vraftls_guest_sdk::fixture::{NativeSubject, check};
use vraftls_typescript::TypeScript;

#[test]
fn typescript_answers_as_its_fixtures_say() {
    check(&NativeSubject::<TypeScript>::new(), "fixtures");
}
