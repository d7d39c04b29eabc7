//! A node in this process, and the sessions that other processes pass on to it; or the process that has the node already.
//!
//! It knows no command: `lsp` serves an editor with it, and the commands that ask are sessions of it as editors are.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::sync::Notify;
use vraftls_gateway::{Backend, Options, serve_connection};
use vraftls_node::{DataDir, DataDirError, Holder, Node, NodeConfig, OpenError};

use crate::attach;

/// How long a holder that is just starting, or just ending, is waited for: the first one after an update compiles its analyzers.
const HOLDER_PATIENCE: Duration = Duration::from_secs(120);

/// How long what stays waits for a holder that will end soon, rather than being one of its sessions.
const PASSING_PATIENCE: Duration = Duration::from_secs(10);

/// How often a holder is looked at again.
const HOLDER_INTERVAL: Duration = Duration::from_millis(50);

/// How long the process will have the node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stay {
    /// Until it is told to end.
    Long,
    /// Until it has its answer. Whoever stays does better to wait for its end than to become a session that it must wait for.
    Passing,
}

/// The commands that are gone when they have their answer, as they announce themselves.
const PASSING: [&str; 3] = ["vraftls check", "vraftls query", "vraftls export"];

/// Who has the node.
pub(crate) enum Opened {
    /// This process.
    Here(Arc<Node>),
    /// The process behind this socket.
    Elsewhere(PathBuf),
}

/// Opens the node, or finds the process that holds it. One that is just starting or ending is waited for.
pub(crate) async fn open_or_find(config: NodeConfig, stay: Stay) -> anyhow::Result<Opened> {
    let since = Instant::now();
    loop {
        let held = match Node::open(config.clone()).await {
            Ok(node) => return Ok(Opened::Here(node)),
            Err(error @ OpenError::DataDir(DataDirError::Held { .. })) => error,
            Err(error) => return Err(error.into()),
        };
        let OpenError::DataDir(DataDirError::Held { holder, .. }) = &held else { return Err(held.into()) };
        let waits = stay == Stay::Long && holder.as_ref().is_some_and(is_passing) && since.elapsed() < PASSING_PATIENCE;
        let socket = holder.as_ref().and_then(|holder| holder.attach.as_deref()).filter(|_| !waits);
        if let Some(socket) = socket
            && answers(socket).await
        {
            return Ok(Opened::Elsewhere(socket.to_owned()));
        }
        if since.elapsed() >= HOLDER_PATIENCE {
            return Err(held.into());
        }
        tokio::time::sleep(HOLDER_INTERVAL).await;
    }
}

fn is_passing(holder: &Holder) -> bool {
    PASSING.contains(&&*holder.command)
}

/// The socket of the process that holds a data directory, if it takes sessions.
pub(crate) async fn holder_of(data: &Path) -> Option<(u32, PathBuf)> {
    let holder = DataDir::holder(data)?;
    let socket = holder.attach?;
    answers(&socket).await.then_some((holder.pid, socket))
}

#[cfg(unix)]
async fn answers(socket: &Path) -> bool {
    tokio::net::UnixStream::connect(socket).await.is_ok()
}

#[cfg(not(unix))]
async fn answers(_: &Path) -> bool {
    false
}

/// How sessions are served.
pub(crate) fn options() -> Options {
    Options { server_version: env!("CARGO_PKG_VERSION").to_owned(), ..Options::default() }
}

/// Returns when the process is told to end.
pub(crate) async fn asked_to_end() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    drop(tokio::signal::ctrl_c().await);
}

/// Sessions that other processes pass on to this one's node.
pub(crate) struct AttachedSessions {
    command: String,
    node: Arc<Node>,
    backend: Arc<dyn Backend>,
    options: Options,
    counter: Arc<Counter>,
    /// While they are taken.
    accepting: Option<Accepting>,
}

struct Accepting {
    socket: PathBuf,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct Counter {
    n_sessions: AtomicUsize,
    ended: Notify,
}

impl AttachedSessions {
    /// Takes further sessions from now on, and says where.
    pub(crate) fn start(
        command: &str,
        node: &Arc<Node>,
        backend: Arc<dyn Backend>,
        options: Options,
    ) -> anyhow::Result<Self> {
        let (command, node, counter) = (command.to_owned(), node.clone(), Arc::default());
        let mut attached = Self { command, node, backend, options, counter, accepting: None };
        attached.resume()?;
        Ok(attached)
    }

    /// Takes further sessions again.
    #[cfg(unix)]
    pub(crate) fn resume(&mut self) -> anyhow::Result<()> {
        let data_dir = self.node.data_dir();
        let socket = attach::socket_path(data_dir.attach_socket(), &data_dir.identity().incarnation);
        // What is left of a process that was killed: the lock on the directory says that nobody uses it.
        drop(std::fs::remove_file(&socket));
        let listener = tokio::net::UnixListener::bind(&socket);
        let listener = listener.with_context(|| format!("cannot listen on {}", socket.display()))?;
        data_dir.announce(&self.command, Some(socket.clone()))?;
        let (backend, options, counter) = (self.backend.clone(), self.options.clone(), self.counter.clone());
        let task = tokio::spawn(accept(listener, backend, options, counter));
        self.accepting = Some(Accepting { socket, task });
        Ok(())
    }

    /// Takes further sessions where there is a way for them.
    #[cfg(not(unix))]
    pub(crate) fn resume(&mut self) -> anyhow::Result<()> {
        Ok(())
    }

    /// Takes no further sessions for now. Those that there are go on.
    pub(crate) fn pause(&mut self) -> anyhow::Result<()> {
        if self.accepting.take().is_some() {
            self.node.data_dir().announce(&self.command, None)?;
        }
        Ok(())
    }

    /// How many there are.
    pub(crate) fn n_sessions(&self) -> usize {
        self.counter.n_sessions.load(Ordering::Acquire)
    }

    /// Returns when no session is left.
    pub(crate) async fn all_ended(&self) {
        loop {
            let ended = self.counter.ended.notified();
            if self.n_sessions() == 0 {
                return;
            }
            ended.await;
        }
    }
}

impl Drop for Accepting {
    fn drop(&mut self) {
        self.task.abort();
        drop(std::fs::remove_file(&self.socket));
    }
}

/// Takes sessions until it is dropped.
#[cfg(unix)]
async fn accept(
    listener: tokio::net::UnixListener,
    backend: Arc<dyn Backend>,
    options: Options,
    counter: Arc<Counter>,
) {
    let sessions_max = options.limits.n_sessions_max;
    while let Ok((stream, _)) = listener.accept().await {
        if counter.n_sessions.load(Ordering::Acquire) >= sessions_max {
            tracing::warn!(sessions_max, "too many sessions; one was turned away");
            continue;
        }
        let session = SessionGuard::new(counter.clone());
        let (backend, options) = (backend.clone(), options.clone());
        tokio::spawn(async move {
            let (reader, writer) = stream.into_split();
            serve_connection(backend, reader, writer, options).await;
            drop(session);
        });
    }
}

/// Counts a session as long as it lives, also if it ends by a panic.
struct SessionGuard(Arc<Counter>);

impl SessionGuard {
    fn new(counter: Arc<Counter>) -> Self {
        counter.n_sessions.fetch_add(1, Ordering::AcqRel);
        Self(counter)
    }
}

impl Drop for SessionGuard {
    fn drop(&mut self) {
        self.0.n_sessions.fetch_sub(1, Ordering::AcqRel);
        self.0.ended.notify_waiters();
    }
}
