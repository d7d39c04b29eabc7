//! Where all names of a file lead, at once, is where each leads by itself.

use vraftls_guest_sdk::fixture::check_bulk;
use vraftls_rust::Rust;

#[test]
fn the_bulk_says_what_each_name_says_by_itself() {
    let n_names = check_bulk::<Rust>("fixtures");
    assert!(n_names > 500, "{n_names} names");
}
