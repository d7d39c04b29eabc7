//! Members of etcd beside our nodes, and what is asked of them.
//!
//! Its messages are encoded by hand: two fields are all that a write has.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

use super::grpc::Connection;
use super::nodes::Process;
use crate::outside::Shelf;

const PUT: &str = "/etcdserverpb.KV/Put";
const RANGE: &str = "/etcdserverpb.KV/Range";
const STATUS: &str = "/etcdserverpb.Maintenance/Status";

/// How long the members may take until one leads.
const LED_MAX: Duration = Duration::from_secs(30);
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(100);

/// Fields of its messages.
const KEY: u64 = 1;
const VALUE: u64 = 2;
const HEADER: u64 = 1;
const MEMBER_OF_HEADER: u64 = 2;
const LEADER_OF_STATUS: u64 = 4;
const PAIRS_OF_RANGE: u64 = 2;
const VALUE_OF_PAIR: u64 = 5;

/// Three members on this machine.
pub(super) struct Etcd {
    members: Vec<(Process, String)>,
    _data: TempDir,
}

impl Etcd {
    /// Starts them as they come, each with its data on the disk of the shelf.
    pub(super) fn start(program: &Path, shelf: &Shelf) -> Result<Self> {
        let data = shelf.scratch()?;
        let ports = free_ports(6)?;
        let url = |port: u16| format!("http://127.0.0.1:{port}");
        let cluster: Vec<String> = (0..3).map(|idx| format!("m{idx}={}", url(ports[idx + 3]))).collect();
        let mut members = Vec::new();
        for idx in 0..3 {
            let directory = data.path().join(format!("m{idx}"));
            let log = File::create(data.path().join(format!("m{idx}.log")))?;
            let (client, peer) = (url(ports[idx]), url(ports[idx + 3]));
            let mut command = Command::new(program);
            command.args(["--name", &format!("m{idx}"), "--data-dir"]).arg(directory);
            command.args(["--listen-client-urls", &client, "--advertise-client-urls", &client]);
            command.args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer]);
            command.args(["--initial-cluster", &cluster.join(","), "--initial-cluster-state", "new"]);
            command.args(["--logger", "zap", "--log-level", "error"]);
            let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn();
            let child = child.with_context(|| format!("cannot start {}", program.display()))?;
            members.push((Process::from(child), format!("127.0.0.1:{}", ports[idx])));
        }
        Ok(Self { members, _data: data })
    }

    /// Where the member listens that leads.
    pub(super) async fn leader(&self) -> Result<String> {
        let started = Instant::now();
        while started.elapsed() < LED_MAX {
            for (_, address) in &self.members {
                if is_leader(address).await.unwrap_or(false) {
                    return Ok(address.clone());
                }
            }
            tokio::time::sleep(LOOK_AGAIN_AFTER).await;
        }
        bail!("no member of etcd leads after {LED_MAX:?}")
    }

    /// The memory of all members, in bytes.
    pub(super) fn resident_bytes(&self) -> u64 {
        self.members.iter().filter_map(|(process, _)| crate::memory::resident_bytes(process.id())).sum()
    }
}

async fn is_leader(address: &str) -> Result<bool> {
    let status = Connection::open(address).await?.ask(STATUS, Vec::new()).await?;
    let fields = fields(&status)?;
    let header = fields.iter().find_map(|field| field.bytes(HEADER)).context("a status has a header")?;
    let member = self::fields(header)?.iter().find_map(|field| field.number(MEMBER_OF_HEADER));
    let leader = fields.iter().find_map(|field| field.number(LEADER_OF_STATUS));
    Ok(leader.is_some() && leader == member)
}

/// Gives a key a value.
pub(super) async fn put(connection: &Connection, key: &[u8], value: &[u8]) -> Result<()> {
    let mut message = Vec::with_capacity(key.len() + value.len() + 8);
    append(&mut message, KEY, key);
    append(&mut message, VALUE, value);
    connection.ask(PUT, message).await.map(drop)
}

/// The value of a key.
pub(super) async fn read(connection: &Connection, key: &[u8]) -> Result<Vec<u8>> {
    let mut message = Vec::new();
    append(&mut message, KEY, key);
    let answer = connection.ask(RANGE, message).await?;
    let all = fields(&answer)?;
    let pair = all.iter().find_map(|field| field.bytes(PAIRS_OF_RANGE)).context("there is no such key")?;
    let value = fields(pair)?.iter().find_map(|field| field.bytes(VALUE_OF_PAIR)).map(<[u8]>::to_vec);
    value.context("a pair has a value")
}

/// The program: the one that is installed, or Debian's, unpacked onto the shelf.
pub(super) fn program(shelf: &Shelf) -> Result<PathBuf> {
    let installed = PathBuf::from("etcd");
    if is_wanted(&installed) {
        return Ok(installed);
    }
    let directory = shelf.place("etcd-server");
    let program = directory.join("usr/bin/etcd");
    if !program.exists() {
        let scratch = shelf.scratch()?;
        crate::outside::run(Command::new("apt-get").args(["download", "etcd-server"]).current_dir(scratch.path()))
            .context("etcd is not in the PATH, and its Debian package `etcd-server` cannot be fetched")?;
        let package = fs::read_dir(scratch.path())?.next().context("apt-get downloaded nothing")??.path();
        let unpacked = scratch.path().join("unpacked");
        crate::outside::run(Command::new("dpkg-deb").arg("-x").arg(package).arg(&unpacked))?;
        // All of it or nothing, even if we are interrupted.
        fs::rename(&unpacked, &directory)?;
    }
    ensure!(is_wanted(&program), "{} is not etcd 3.4", program.display());
    Ok(program)
}

fn is_wanted(program: &Path) -> bool {
    let said = Command::new(program).arg("--version").stdin(Stdio::null()).output();
    said.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("etcd Version: 3.4."))
}

/// Ports that nobody has just now.
fn free_ports(count: usize) -> Result<Vec<u16>> {
    let listeners = (0..count).map(|_| TcpListener::bind("127.0.0.1:0")).collect::<std::io::Result<Vec<_>>>()?;
    listeners.iter().map(|listener| Ok(listener.local_addr()?.port())).collect()
}

/// A field of a message of Protocol Buffers.
#[derive(Debug, PartialEq, Eq)]
enum Field<'a> {
    Number(u64, u64),
    Bytes(u64, &'a [u8]),
}

impl<'a> Field<'a> {
    fn number(&self, wanted: u64) -> Option<u64> {
        match self {
            Self::Number(number, value) if *number == wanted => Some(*value),
            _ => None,
        }
    }

    fn bytes(&self, wanted: u64) -> Option<&'a [u8]> {
        match self {
            Self::Bytes(number, bytes) if *number == wanted => Some(bytes),
            _ => None,
        }
    }
}

/// The fields of a message that has numbers and bytes only.
fn fields(mut message: &[u8]) -> Result<Vec<Field<'_>>> {
    let mut found = Vec::new();
    while !message.is_empty() {
        let tag = take_number(&mut message)?;
        let value = take_number(&mut message)?;
        found.push(match tag & 7 {
            0 => Field::Number(tag >> 3, value),
            2 => {
                let (bytes, rest) =
                    message.split_at_checked(usize::try_from(value)?).context("a message ends too early")?;
                message = rest;
                Field::Bytes(tag >> 3, bytes)
            }
            other => bail!("a field of wire type {other}"),
        });
    }
    Ok(found)
}

fn take_number(message: &mut &[u8]) -> Result<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = message.split_first().context("a message ends too early")?;
        *message = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    bail!("a number without end")
}

fn append(message: &mut Vec<u8>, field: u64, bytes: &[u8]) {
    for mut number in [field << 3 | 2, bytes.len() as u64] {
        while number >= 0x80 {
            message.push(number as u8 | 0x80);
            number >>= 7;
        }
        message.push(number as u8);
    }
    message.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_appended_is_read_again() -> Result<()> {
        let (mut message, long) = (Vec::new(), vec![7; 300]);
        append(&mut message, KEY, b"key");
        append(&mut message, VALUE, &long);
        message.extend([0x18, 0x96, 0x01]);
        assert_eq!(&message[..7], b"\x0a\x03key\x12\xac");
        assert_eq!(fields(&message)?, [Field::Bytes(1, b"key"), Field::Bytes(2, &long), Field::Number(3, 150)]);
        assert!(fields(&message[..10]).is_err());
        Ok(())
    }
}
