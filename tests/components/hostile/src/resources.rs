//! Behaviors that use up what the host has: time, stack, memory, log, its patience with calls.

use std::hash::{BuildHasher, RandomState};
use std::hint::black_box;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use vraftls_guest_sdk::Level;
use vraftls_guest_sdk::bindings::engine::vraftls::analyzer::{log, workspace};

/// Every behavior that [`consume`] knows. Each ends in a trap, never ends, or returns after far more calls than any host
/// should serve.
pub const ALL: [&str; 16] = [
    "loop",
    "recurse",
    "recurse-wide",
    "grow",
    "leak-in-pieces",
    "panic",
    "abort",
    "exit",
    "sleep",
    "flood-log",
    "flood-log-bytes",
    "flood-stdout",
    "call-host",
    "list-host",
    "read-huge-path",
    "ignore-cancel",
];

/// Behaves as asked, and does nothing for a behavior that is not of this module.
pub fn consume(behavior: &str) {
    match behavior {
        "loop" => loop_forever(),
        "recurse" => drop(black_box(recurse(black_box(1)))),
        "recurse-wide" => drop(black_box(recurse_wide([1; 512]))),
        "grow" => grow(16 << 20),
        "leak-in-pieces" => grow(24),
        "panic" => panic!("asked to panic, with a message of two lines\nand \u{1b}[31mcolors\u{1b}[0m"),
        "abort" => std::process::abort(),
        "exit" => std::process::exit(0),
        "sleep" => std::thread::sleep(Duration::from_secs(3600)),
        "flood-log" => (0..u64::MAX).for_each(|line| log::write(Level::Info, &format!("line {line}"))),
        "flood-log-bytes" => {
            let line = "x".repeat(32 << 20);
            (0..u32::MAX).for_each(|_| log::write(Level::Error, &line));
        }
        "flood-stdout" => flood_stdout(),
        "call-host" => (0..u64::MAX).for_each(|_| drop(black_box(workspace::read("no/such/file")))),
        "list-host" => (0..u64::MAX).for_each(|_| drop(black_box(workspace::list("")))),
        "read-huge-path" => {
            let path = "a/".repeat(16 << 20);
            (0..u32::MAX).for_each(|_| drop(black_box(workspace::read(&path))));
        }
        "ignore-cancel" => while black_box(workspace::cancelled()) || black_box(true) {},
        _ => {}
    }
}

/// Works until it is cancelled, as a slow but polite analyzer would.
pub fn work_until_cancelled() {
    while !workspace::cancelled() {
        black_box((0..10_000_u64).fold(0, |sum, value| sum ^ black_box(value)));
    }
}

/// A number that differs from call to call as far as the host lets it: by what an instance remembers, by its clocks and by
/// random numbers.
pub fn differing_number() -> u64 {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    let calls = CALLS.fetch_add(1, Ordering::Relaxed);
    let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_nanos() as u64);
    let elapsed = Instant::now().elapsed().as_nanos() as u64;
    RandomState::new().hash_one(calls) ^ wall ^ elapsed.rotate_left(32)
}

/// What of the host's machine can be seen from in here. A sandbox that grants nothing shows nothing.
pub fn visible_grants() -> Vec<String> {
    let mut seen: Vec<String> = std::env::vars_os().map(|(key, _)| format!("env {}", key.to_string_lossy())).collect();
    seen.extend(std::env::args_os().skip(1).map(|argument| format!("argument {}", argument.to_string_lossy())));
    for directory in ["/", ".", "..", "/etc", "/proc"] {
        seen.extend(std::fs::read_dir(directory).into_iter().map(|_| format!("directory {directory}")));
    }
    seen.extend(std::fs::read("/etc/passwd").into_iter().map(|_| "file /etc/passwd".to_owned()));
    seen.extend(std::fs::write("escaped", "x").into_iter().map(|()| "a file to write".to_owned()));
    seen.extend(visible_network());
    seen
}

/// What of the network can be reached from in here.
#[cfg(not(vraftls_no_sockets))]
fn visible_network() -> Vec<String> {
    let mut seen = Vec::new();
    seen.extend(std::net::TcpListener::bind("127.0.0.1:0").into_iter().map(|_| "a socket to listen".to_owned()));
    seen.extend(std::net::UdpSocket::bind("127.0.0.1:0").into_iter().map(|_| "a datagram socket".to_owned()));
    seen.extend(std::net::TcpStream::connect("127.0.0.1:80").into_iter().map(|_| "a connection".to_owned()));
    seen
}

/// A C library without sockets reaches nothing.
#[cfg(vraftls_no_sockets)]
fn visible_network() -> Vec<String> {
    Vec::new()
}

/// Paths that no view has and that a careless host would look for on its disk.
pub const ESCAPING_PATHS: [&str; 9] = [
    "/etc/passwd",
    "../../../../etc/passwd",
    "a/../../../../etc/passwd",
    "@lib/../../etc/passwd",
    "@bundled/../etc/passwd",
    "./Cargo.toml",
    "a//b",
    "a\\..\\b",
    "nul\0byte",
];

/// The [`ESCAPING_PATHS`] that the host let us read.
pub fn readable_escapes() -> Vec<String> {
    ESCAPING_PATHS.iter().filter(|path| workspace::read(path).is_ok()).map(|path| (*path).to_owned()).collect()
}

fn loop_forever() {
    let mut turns = 0_u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}

/// Ends the stack of calls.
fn recurse(depth: u64) -> u64 {
    if black_box(depth) == 0 { 0 } else { recurse(depth + 1).wrapping_add(depth) }
}

/// Ends the stack in linear memory, where what has an address lives.
fn recurse_wide(frame: [u64; 512]) -> u64 {
    let mut inner = frame;
    inner[(frame[0] % 512) as usize] = frame[0] + 1;
    if black_box(&inner)[0] == 0 { 0 } else { recurse_wide(black_box(inner)).wrapping_add(inner[1]) }
}

fn grow(bytes: usize) {
    loop {
        std::mem::forget(black_box(vec![1_u8; bytes]));
    }
}

fn flood_stdout() {
    let line = [b'x'; 1024];
    loop {
        // Errors are part of the game: a host that refuses must not make us spin for ever either.
        drop(black_box(std::io::stdout().write_all(&line)));
        drop(black_box(std::io::stderr().write_all(&line)));
    }
}
