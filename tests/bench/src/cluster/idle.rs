//! What 64 groups cost that nobody asks anything: messages between nodes, and processor time.
//!
//! A record is what one group has to say to one replica: a heartbeat, an answer to one. A transport that knows groups only apart sends
//! each in a message of its own, so the records are the messages of such a one: whether a leader has something to say does not depend
//! on how it travels.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::nodes::{Metrics, Nodes, Shape};
use super::rows::{Row, heading, row};
use crate::outside::Shelf;

/// With the metadata's, 64.
const SHAPE: Shape = Shape { n_nodes: 3, n_data_groups: 63 };
/// Leaders are dealt out and states settle until then.
const SETTLES: Duration = Duration::from_secs(8);
const WATCHED: Duration = Duration::from_secs(20);
/// Where heartbeats go, and entries.
const LANES: [&str; 2] = ["control", "append"];

/// What a node did so far.
struct Seen {
    at: Instant,
    n_records: u64,
    n_messages: u64,
    n_bytes: u64,
    processor_s: Option<f64>,
}

/// Lets a cluster alone and counts; the rows.
pub(super) fn measure(binary: &Path, shelf: &Shelf) -> Result<(Vec<Row>, Vec<String>)> {
    let nodes = Nodes::start(binary, shelf, SHAPE, &[])?;
    crate::say("cluster: 64 groups that nobody asks anything");
    thread::sleep(SETTLES);
    let ids = 1..=SHAPE.n_nodes;
    let look = || ids.clone().map(|node| see(&nodes, node)).collect::<Result<Vec<Seen>>>();
    let before = look()?;
    thread::sleep(WATCHED);
    let after = look()?;
    let each: Vec<[f64; 4]> = before.iter().zip(&after).map(|(before, after)| rates(before, after)).collect();
    let mean = |idx: usize| each.iter().map(|rates| rates[idx]).sum::<f64>() / each.len() as f64;
    let others = (SHAPE.n_nodes - 1) as f64;
    let rows = vec![
        heading(format!("{} groups on 3 nodes, nobody asks", SHAPE.n_data_groups + 1), "one by one"),
        row("  messages that a node sends a second", mean(1), 1).beside(mean(0), 1),
        row("  the same to one other node", mean(1) / others, 1).beside(mean(0) / others, 1),
        row("  groups' messages in one of ours", mean(0) / mean(1), 1),
        row("  bytes that a node sends a second", mean(2), 0),
        row("  processor time of a node (%)", mean(3) * 100.0, 2),
    ];
    Ok((rows, Vec::new()))
}

/// Requests of its own and answers to others: all that a node sends.
fn see(nodes: &Nodes, node: u64) -> Result<Seen> {
    let page = nodes.metrics(node)?;
    Ok(Seen {
        at: Instant::now(),
        n_records: sent(&page, "records")?,
        n_messages: sent(&page, "messages")?,
        n_bytes: sent(&page, "bytes")?,
        processor_s: nodes.processor_seconds(node),
    })
}

fn sent(page: &Metrics, what: &str) -> Result<u64> {
    let mut sum = 0;
    for lane in LANES {
        for side in ["asked", "answered"] {
            sum += page.count(&format!("vraftls_transport_{what}_total{{side=\"{side}\",lane=\"{lane}\"}}"))?;
        }
    }
    Ok(sum)
}

/// Records, messages, bytes and processor time in a second.
fn rates(before: &Seen, after: &Seen) -> [f64; 4] {
    let seconds = (after.at - before.at).as_secs_f64();
    let per_second = |before: u64, after: u64| (after - before) as f64 / seconds;
    let processor = before.processor_s.zip(after.processor_s).map_or(f64::NAN, |(before, after)| after - before);
    [
        per_second(before.n_records, after.n_records),
        per_second(before.n_messages, after.n_messages),
        per_second(before.n_bytes, after.n_bytes),
        processor / seconds,
    ]
}
