//! Progress on the terminal, for work of more than a moment.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::watch;

use crate::client::Work;

/// A bar that is not there where standard error is no terminal.
pub(crate) fn bar(what: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:>10} {bar:30} {pos}/{len}").expect("the template is well formed");
    let bar = ProgressBar::new(0).with_style(style).with_message(what);
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

/// Waits for an answer to something big that is sent, and meanwhile shows how much of it went.
pub(crate) async fn show_sending<T>(
    n_bytes: u64,
    mut sent: watch::Receiver<u64>,
    answer: impl Future<Output = T>,
) -> T {
    let style = ProgressStyle::with_template("{msg:>10} {bar:30} {bytes}/{total_bytes}");
    let shown = bar("sending").with_style(style.expect("the template is well formed"));
    shown.set_length(n_bytes);
    tokio::pin!(answer);
    let answered = loop {
        let taken = *sent.borrow_and_update();
        shown.set_position(taken);
        if taken == n_bytes {
            shown.set_message("checking");
        }
        tokio::select! {
            answered = &mut answer => break answered,
            Ok(()) = sent.changed() => {}
        }
    };
    shown.finish_and_clear();
    answered
}

/// Waits for an answer, and meanwhile shows what the server is working on.
pub(crate) async fn show_while<T>(mut work: watch::Receiver<Option<Work>>, answer: impl Future<Output = T>) -> T {
    let shown = bar("reading");
    tokio::pin!(answer);
    let answered = loop {
        if let Some(Work { what, n_done, n_total }) = &*work.borrow_and_update() {
            show(&shown, what.to_lowercase(), *n_done, *n_total);
        }
        tokio::select! {
            answered = &mut answer => break answered,
            Ok(()) = work.changed() => {}
        }
    };
    shown.finish_and_clear();
    answered
}

fn show(bar: &ProgressBar, what: String, n_done: u64, n_total: u64) {
    bar.set_message(what);
    bar.set_length(n_total);
    bar.set_position(n_done);
}
