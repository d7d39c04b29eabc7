//! What a person wants to see of the protocol in the editor's log (`$/setTrace`).

use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use tower_lsp_server::ls_types::notification::LogTrace;
use tower_lsp_server::ls_types::{LogTraceParams, TraceValue};

use crate::client::Client;
use crate::error::RequestError;

const OFF: u8 = 0;
const MESSAGES: u8 = 1;
const VERBOSE: u8 = 2;

/// How much is traced.
#[derive(Default)]
pub(crate) struct Trace(AtomicU8);

impl Trace {
    pub(crate) fn set(&self, value: TraceValue) {
        let value = match value {
            TraceValue::Off => OFF,
            TraceValue::Messages => MESSAGES,
            TraceValue::Verbose => VERBOSE,
        };
        self.0.store(value, Ordering::Relaxed);
    }

    /// Tells of a request that was answered.
    pub(crate) fn answered(&self, client: &Client, request: &str, since: Instant, error: Option<&RequestError>) {
        let level = self.0.load(Ordering::Relaxed);
        if level == OFF {
            return;
        }
        let took = ms(since.elapsed());
        let message = match error {
            None => format!("{request}: answered in {took} ms"),
            Some(_) => format!("{request}: failed after {took} ms"),
        };
        let verbose = error.map(ToString::to_string).filter(|_| level == VERBOSE);
        client.notify::<LogTrace>(LogTraceParams { message, verbose });
    }
}

fn ms(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1000.0)
}
