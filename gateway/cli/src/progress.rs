//! Progress on the terminal, for work of more than a moment.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::watch;
use vraftls_node::FolderProgress;

/// A bar that is not there where standard error is no terminal.
pub(crate) fn bar(what: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:>10} {bar:30} {pos}/{len}").expect("the template is well formed");
    let bar = ProgressBar::new(0).with_style(style).with_message(what);
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

/// Waits for an answer, and meanwhile shows how far the folder is.
pub(crate) async fn show_while<T>(mut state: watch::Receiver<FolderProgress>, answer: impl Future<Output = T>) -> T {
    let shown = bar("reading");
    tokio::pin!(answer);
    let answered = loop {
        let FolderProgress { n_taken, n_to_take, n_indexed, n_to_index, .. } = *state.borrow_and_update();
        if n_indexed < n_to_index {
            show(&shown, "indexing", n_indexed, n_to_index);
        } else {
            show(&shown, "reading", n_taken, n_to_take);
        }
        tokio::select! {
            answered = &mut answer => break answered,
            Ok(()) = state.changed() => {}
        }
    };
    shown.finish_and_clear();
    answered
}

fn show(bar: &ProgressBar, what: &'static str, n_done: u64, n_total: u64) {
    bar.set_message(what);
    bar.set_length(n_total);
    bar.set_position(n_done);
}
