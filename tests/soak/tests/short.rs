//! A few hundred steps by fixed seeds; `cargo xtask soak` takes as many as one likes.

use std::time::Duration;

use vraftls_soak::{Dialect, Plan, run};

async fn take_steps(dialect: Dialect, n_sessions: usize, n_steps: u64, seed: u64) {
    let outcome = run(Plan { dialect, n_sessions, n_steps, lasts: Duration::ZERO, seed }).await;
    assert_eq!(outcome.n_steps, n_steps);
    assert!(outcome.n_right > n_steps / 5, "{outcome:?}");
}

#[tokio::test]
async fn two_sessions_in_the_made_up_language_see_their_own_buffers() {
    take_steps(Dialect::Toy, 2, 600, 1).await;
}

#[tokio::test]
async fn more_sessions_come_and_go_and_see_their_own_buffers() {
    take_steps(Dialect::Toy, 5, 600, 2).await;
}

#[tokio::test]
async fn two_sessions_in_python_see_their_own_buffers() {
    take_steps(Dialect::Python, 2, 300, 3).await;
}
