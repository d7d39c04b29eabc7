//! A seed decides everything: two runs of one are the same to the microsecond, and of two seeds are not.

use vraftls_sim::{Plan, run};

#[test]
fn the_same_seed_gives_the_same_trace() {
    let outcome = |seed| run(&Plan { n_faults: 20, ..Plan::new(seed) }).unwrap_or_else(|failure| panic!("{failure}"));
    let first = outcome(7);
    let other = outcome(8);
    assert_ne!(first.trace, other.trace);
    assert_eq!(outcome(7), first);
    // Nor does it matter on which thread, or what that did before.
    let elsewhere = std::thread::spawn(move || outcome(7)).join().expect("it does not panic");
    assert_eq!(elsewhere, first);
}
