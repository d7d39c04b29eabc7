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
