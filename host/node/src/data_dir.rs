//! The directory that one node owns: who holds it, which node it belongs to, and where everything lies in it.
//!
//! One process owns a data directory. The operating system's advisory lock on `LOCK` decides, so a killed process leaves nothing to
//! clean up; `HOLDER` beside it only says who it is, for messages and for attaching.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use vraftls_raft::kv::sled_to_journal;

use crate::backup::UNFINISHED;

/// The version of the directory's layout. A node refuses one that is newer.
const LAYOUT_VERSION: u32 = 2;

/// A data directory that this process owns until the value is dropped.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    identity: Identity,
    _lock: File,
}

/// Which node a data directory belongs to. An incarnation is made once, with the directory: a directory that lost its contents
/// comes back with another one, and cannot pass for the node that voted before.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Identity {
    /// The layout of the directory.
    pub layout_version: u32,
    /// The cluster, 32 hexadecimal digits.
    pub cluster: String,
    /// The node in it.
    pub node: u64,
    /// The life of this directory, 32 hexadecimal digits.
    pub incarnation: String,
    /// Its part in a cluster of several nodes; none in the directory of an embedded node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
}

/// The part of a node in its cluster.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Role {
    /// Whether it made the cluster.
    pub founded: bool,
    /// Whether it only votes.
    pub is_witness: bool,
}

impl Identity {
    /// What a node of a cluster has, but for the names.
    pub(crate) fn of_cluster(founded: bool, is_witness: bool) -> Self {
        let (cluster, incarnation) = (String::new(), String::new());
        Self { layout_version: LAYOUT_VERSION, cluster, node: 0, incarnation, role: Some(Role { founded, is_witness }) }
    }
}

/// Who holds a data directory.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Holder {
    /// The process.
    pub pid: u32,
    /// What it runs, for people, for example `vraftls lsp`.
    pub command: String,
    /// The socket on which it takes further sessions, if it does.
    pub attach: Option<PathBuf>,
}

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// Another process owns it.
    #[error("{} is held by {}", .path.display(), describe(.holder.as_ref()))]
    Held {
        /// The directory.
        path: PathBuf,
        /// Who, as far as is known.
        holder: Option<Holder>,
    },
    /// It was written by a newer version.
    #[error("{} has layout {found}, this version knows up to {LAYOUT_VERSION}", .path.display())]
    TooNew {
        /// The directory.
        path: PathBuf,
        /// Its layout.
        found: u32,
    },
    /// What says whose it is cannot be read.
    #[error("{} does not say which node it belongs to: {reason}", .path.display())]
    BadIdentity {
        /// The file.
        path: PathBuf,
        /// For people.
        reason: String,
    },
    /// It is that of a cluster's node.
    #[error("{} belongs to node {node} of a cluster", .path.display())]
    Clustered {
        /// The directory.
        path: PathBuf,
        /// The node.
        node: u64,
    },
    /// A backup was being restored into it, and that did not end.
    #[error("a restore into {} was interrupted: remove it and restore again", .0.display())]
    Unfinished(PathBuf),
    /// It cannot be read or written.
    #[error("cannot use {}", .path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

fn describe(holder: Option<&Holder>) -> String {
    match holder {
        Some(holder) => format!("process {} ({})", holder.pid, holder.command),
        None => "another process".to_owned(),
    }
}

/// A data directory that this process holds, and that need not be any node's yet.
#[derive(Debug)]
pub(crate) struct Claimed {
    path: PathBuf,
    command: String,
    lock: File,
}

impl Claimed {
    /// Takes the directory, making it where there is none. `command` tells others who holds it.
    pub(crate) fn claim(path: &Path, command: &str) -> Result<Self, DataDirError> {
        let fail = |at: &Path| {
            let path = at.to_owned();
            move |source| DataDirError::Io { path, source }
        };
        create_private_dir(path).map_err(fail(path))?;
        let lock_path = path.join("LOCK");
        let lock =
            File::options().create(true).truncate(false).write(true).open(&lock_path).map_err(fail(&lock_path))?;
        match lock.try_lock() {
            Ok(()) if path.join(UNFINISHED).exists() => Err(DataDirError::Unfinished(path.to_owned())),
            Ok(()) => Ok(Self { path: path.to_owned(), command: command.to_owned(), lock }),
            Err(TryLockError::WouldBlock) => {
                Err(DataDirError::Held { path: path.to_owned(), holder: DataDir::holder(path) })
            }
            Err(TryLockError::Error(source)) => Err(DataDirError::Io { path: lock_path, source }),
        }
    }

    /// Which node it belongs to, if to any.
    pub(crate) fn identity(&self) -> Result<Option<Identity>, DataDirError> {
        load_identity(&self.path)
    }

    /// Makes it that node's, if it is not already.
    pub(crate) fn named(self, identity: Identity) -> Result<DataDir, DataDirError> {
        let identity = Identity { layout_version: LAYOUT_VERSION, ..identity };
        // An older version must not see what is new half done.
        if load_identity(&self.path)?.is_none_or(|known| known.layout_version < LAYOUT_VERSION) {
            store_identity(&self.path, &identity)?;
        }
        let owned = DataDir { path: self.path, identity, _lock: self.lock };
        owned.convert()?;
        owned.announce(&self.command, None)?;
        Ok(owned)
    }
}

impl DataDir {
    /// Takes the directory for an embedded node, making it where there is none. `command` tells others who holds it.
    pub fn open(path: &Path, command: &str) -> Result<Self, DataDirError> {
        let claimed = Claimed::claim(path, command)?;
        let identity = match claimed.identity()? {
            Some(Identity { role: Some(_), node, .. }) => {
                return Err(DataDirError::Clustered { path: path.to_owned(), node });
            }
            Some(identity) => identity,
            None => {
                let fail = |source| DataDirError::Io { path: path.join("IDENTITY"), source };
                Identity {
                    layout_version: LAYOUT_VERSION,
                    cluster: random_id().map_err(fail)?,
                    node: 1,
                    incarnation: random_id().map_err(fail)?,
                    role: None,
                }
            }
        };
        claimed.named(identity)
    }

    /// Brings what layout 1 kept into the stores of this one.
    fn convert(&self) -> Result<(), DataDirError> {
        let small = self.contents().join("small");
        let stores = [(self.path.join("log"), self.log()), (small.clone(), small.with_file_name("journal"))];
        for (old, new) in stores {
            sled_to_journal(&old, &new)
                .map_err(|error| DataDirError::Io { path: old, source: io::Error::other(error) })?;
        }
        Ok(())
    }

    /// Who holds the directory at `path`, as far as its holder said.
    pub fn holder(path: &Path) -> Option<Holder> {
        serde_json::from_slice(&fs::read(path.join("HOLDER")).ok()?).ok()
    }

    /// Says who holds it, and where further sessions are taken.
    pub fn announce(&self, command: &str, attach: Option<PathBuf>) -> Result<(), DataDirError> {
        let holder = Holder { pid: std::process::id(), command: command.to_owned(), attach };
        let bytes = serde_json::to_vec_pretty(&holder).expect("a holder has only strings and numbers");
        let path = self.path.join("HOLDER");
        write_durably(&path, &bytes).map_err(|source| DataDirError::Io { path, source })
    }

    /// Which node it belongs to.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the log lies.
    pub fn log(&self) -> PathBuf {
        self.path.join("journal")
    }

    /// Where snapshots of the state lie.
    pub fn snapshots(&self) -> PathBuf {
        self.path.join("snapshots")
    }

    /// Where file contents lie.
    pub fn contents(&self) -> PathBuf {
        self.path.join("contents")
    }

    /// Where the states of a cluster's groups lie.
    pub(crate) fn groups(&self) -> PathBuf {
        self.path.join("groups")
    }

    /// Where components of plugins lie.
    pub(crate) fn components(&self) -> PathBuf {
        self.path.join("components")
    }

    /// Where the second tier of the cache lies; may be wiped while no node runs.
    pub fn cache(&self) -> PathBuf {
        self.path.join("cache")
    }

    /// Where precompiled components lie; may be wiped while no node runs.
    pub fn artifacts(&self) -> PathBuf {
        self.path.join("artifacts")
    }

    /// Where warm engines are kept for the next start; may be wiped while no node runs.
    pub(crate) fn engines(&self) -> PathBuf {
        self.path.join("engines")
    }

    /// Where files that analyzers carry themselves are written out for editors; may be wiped.
    pub fn bundled(&self) -> PathBuf {
        self.path.join("bundled")
    }

    /// Where it is kept what files looked like on disk when they were last read; may be wiped while no node runs.
    pub fn manifests(&self) -> PathBuf {
        self.path.join("manifests")
    }

    /// The socket on which further sessions are taken.
    pub fn attach_socket(&self) -> PathBuf {
        self.path.join("attach.sock")
    }
}

fn load_identity(path: &Path) -> Result<Option<Identity>, DataDirError> {
    let file = path.join("IDENTITY");
    match fs::read(&file) {
        Ok(bytes) => {
            let identity: Identity = serde_json::from_slice(&bytes)
                .map_err(|error| DataDirError::BadIdentity { path: file, reason: error.to_string() })?;
            if identity.layout_version > LAYOUT_VERSION {
                return Err(DataDirError::TooNew { path: path.to_owned(), found: identity.layout_version });
            }
            Ok(Some(identity))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(DataDirError::Io { path: file, source }),
    }
}

fn store_identity(path: &Path, identity: &Identity) -> Result<(), DataDirError> {
    let file = path.join("IDENTITY");
    let bytes = serde_json::to_vec_pretty(identity).expect("an identity has only strings and numbers");
    write_durably(&file, &bytes).map_err(|source| DataDirError::Io { path: file, source })
}

pub(crate) fn random_id() -> io::Result<String> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Makes a directory that only its owner may read: it holds source code. What was made is still there after a power loss: a directory
/// is an entry of the one it lies in, which has to be synced for it.
pub(crate) fn create_private_dir(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let made: Vec<&Path> = path.ancestors().take_while(|path| !path.as_os_str().is_empty() && !path.exists()).collect();
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    made.into_iter().filter_map(Path::parent).try_for_each(sync_directory)
}

/// Makes the names in a directory durable.
pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(if path.as_os_str().is_empty() { Path::new(".") } else { path })?.sync_all()
}

/// Replaces a file so that after a crash it is either the old one or the whole new one: temporary file, sync, rename, sync of the
/// directory. One at a time: two writers of one file, or of `a.py` and `a.pyi`, would share the temporary one.
pub(crate) fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let temporary = path.with_extension("tmp");
    let mut file = File::create(&temporary)?;
    io::Write::write_all(&mut file, bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    path.parent().map_or(Ok(()), sync_directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_owner_is_told_who_holds_it() {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        let first = DataDir::open(scratch.path(), "vraftls lsp").expect("free");
        let error = DataDir::open(scratch.path(), "vraftls check").expect_err("held");
        let DataDirError::Held { holder: Some(holder), .. } = error else { panic!("another error: {error}") };
        assert_eq!((holder.pid, holder.command.as_str()), (std::process::id(), "vraftls lsp"));
        drop(first);
        DataDir::open(scratch.path(), "vraftls check").expect("free again");
    }

    #[test]
    fn identity_stays_until_the_directory_is_lost() {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        let identity = |path: &Path| DataDir::open(path, "test").expect("free").identity().clone();
        let first = identity(scratch.path());
        assert_eq!(first, identity(scratch.path()));
        fs::remove_file(scratch.path().join("IDENTITY")).expect("it is there");
        assert_ne!(first.incarnation, identity(scratch.path()).incarnation);
    }

    #[test]
    fn a_broken_identity_is_refused_and_not_replaced() {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        fs::write(scratch.path().join("IDENTITY"), b"{\"layout_version\":").expect("writable");
        assert!(matches!(DataDir::open(scratch.path(), "test"), Err(DataDirError::BadIdentity { .. })));
        assert_eq!(fs::read(scratch.path().join("IDENTITY")).expect("still there"), b"{\"layout_version\":");
    }

    #[test]
    fn writers_of_one_file_and_of_its_neighbor_do_not_mix() {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        let write = |name: &str| write_durably(&scratch.path().join(name), name.repeat(10_000).as_bytes());
        std::thread::scope(|scope| {
            let names = ["a.py", "a.pyi", "a.py", "a.pyi"];
            let writers = names.map(|name| scope.spawn(move || (0..10).try_for_each(|_| write(name))));
            writers.into_iter().for_each(|writer| writer.join().expect("no panic").expect("written"));
        });
        for name in ["a.py", "a.pyi"] {
            assert!(fs::read_to_string(scratch.path().join(name)).expect("there") == name.repeat(10_000), "{name}");
        }
    }

    #[test]
    fn a_newer_layout_is_refused() {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        let newer = r#"{"layout_version":99,"cluster":"c","node":1,"incarnation":"i"}"#;
        fs::write(scratch.path().join("IDENTITY"), newer).expect("writable");
        assert!(matches!(DataDir::open(scratch.path(), "test"), Err(DataDirError::TooNew { found: 99, .. })));
    }
}
