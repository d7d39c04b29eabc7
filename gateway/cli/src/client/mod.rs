//! A session of the node that serves a folder, for the commands that ask: they are clients of the gateway as editors are.
//!
//! If another process holds the folder's data, an editor's for example, the session is one more of its node; otherwise the node is
//! embedded in this process, and takes the sessions of processes that come meanwhile. Where a cluster is to be asked, this process is a
//! gateway of it. What is asked and answered is the same.
//!
//! It knows no question: what is asked with which parameters, and how the answer is shown, is up to the commands.

mod capabilities;
mod connection;
mod error;
mod progress;
mod requests;
mod wire;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use vraftls_gateway::ls_types::notification::{DidCloseTextDocument, DidOpenTextDocument, Exit, Initialized};
use vraftls_gateway::ls_types::request::{Initialize, Request, Shutdown};
use vraftls_gateway::ls_types::{
    ClientInfo, DidCloseTextDocumentParams, DidOpenTextDocumentParams, InitializeParams, InitializedParams,
    PositionEncodingKind, ServerCapabilities, TextDocumentIdentifier, TextDocumentItem, Uri, WorkspaceFolder,
};
use vraftls_gateway::{Backend, CatchUpRequest, Options, serve_connection, uri_of_path};
use vraftls_node::Node;
use vraftls_vfs::ContentDigest;

use crate::attach;
use crate::embedded::{Embedded, node_config};
use crate::folder::{FolderArguments, canonical};
use crate::remote::{Disk, Remote};
use crate::serving::{AttachedSessions, Opened, Stay, asked_to_end, open_or_find, options};
use crate::source;
use connection::Connection;

pub(crate) use error::AskError;
pub(crate) use progress::Work;

/// Bytes that wait between a command and the node in its own process.
const DUPLEX_BYTES: usize = 256 << 10;

/// How long `initialize` and `shutdown` may take.
const HANDSHAKE_DEADLINE: Duration = Duration::from_secs(30);

/// How long the sessions of others are waited for before further ones are taken again.
const ATTACHED_PATIENCE: Duration = Duration::from_secs(2);

/// Files outside of the folder that stay open.
const N_OUTSIDE_MAX: usize = 32;

/// How often another process may end between being found and being spoken to.
const N_ATTEMPTS_MAX: u32 = 5;

/// What a session is opened for.
pub(crate) struct Opening<'a> {
    /// The command, as it is told to whoever asks who holds the folder's data: `vraftls query`.
    pub(crate) command: &'static str,
    /// How long it will have the node, if it has.
    pub(crate) stay: Stay,
    /// The folder.
    pub(crate) folder: &'a Path,
    /// How it is opened.
    pub(crate) arguments: &'a FolderArguments,
    /// How long each answer may take. A node of another process may have a shorter limit of its own.
    pub(crate) deadline: Duration,
    /// How many symbols a search may give, if not as many as an editor gets.
    pub(crate) n_symbols_max: Option<u32>,
}

impl<'a> Opening<'a> {
    /// With nothing but what every session needs.
    pub(crate) fn new(
        command: &'static str,
        stay: Stay,
        folder: &'a Path,
        arguments: &'a FolderArguments,
        deadline: Duration,
    ) -> Self {
        Self { command, stay, folder, arguments, deadline, n_symbols_max: None }
    }
}

/// A session of the node that serves a folder.
pub(crate) struct Session {
    connection: Connection,
    host: Option<Host>,
    root: PathBuf,
    deadline: Duration,
    capabilities: ServerCapabilities,
    outside: Mutex<BTreeMap<PathBuf, ContentDigest>>,
}

/// What a session wants of the server.
#[derive(Default)]
struct Wishes {
    deadline: Duration,
    n_symbols_max: Option<u32>,
    settings: Option<Value>,
}

impl Wishes {
    fn of(opening: &Opening<'_>) -> Self {
        Self { deadline: opening.deadline, n_symbols_max: opening.n_symbols_max, settings: None }
    }
}

/// What answers, if it is in this process.
enum Host {
    /// A node.
    Embedded(Box<EmbeddedHost>),
    /// A gateway of a cluster.
    Gateway(JoinHandle<()>),
}

/// A node in this process.
struct EmbeddedHost {
    node: Arc<Node>,
    attached: AttachedSessions,
    serving: JoinHandle<()>,
}

impl Session {
    /// Opens a session for a folder: embeds a node, or finds the one that has it.
    pub(crate) async fn open(opening: &Opening<'_>) -> anyhow::Result<Self> {
        let root = canonical(opening.folder)?;
        // Otherwise the session would have no folder, and find nothing.
        uri_of_path(&root).with_context(|| format!("the path {} is not UTF-8", root.display()))?;
        if opening.arguments.cluster.is_given() {
            return Self::of_cluster(opening, root).await;
        }
        let config = node_config(opening.command, &root, opening.arguments)?;
        for _ in 1..N_ATTEMPTS_MAX {
            match open_or_find(config.clone(), opening.stay).await? {
                Opened::Here(node) => return Self::embed(opening, root, node).await,
                Opened::Elsewhere(socket) => match Self::attach(opening, root.clone(), &socket).await {
                    // It was about to end; the next look finds who comes after it, or nobody.
                    Err(error) if matches!(error.downcast_ref(), Some(AskError::Ended(_))) => {}
                    attached => return attached,
                },
            }
        }
        anyhow::bail!("whoever serves {} ends again and again", root.display())
    }

    /// A session of another process's node for which no folder is opened.
    pub(crate) async fn without_folder(socket: &Path, deadline: Duration) -> anyhow::Result<Self> {
        let connection = Connection::new(connect(socket).await?);
        Ok(Self::initialize(connection, None, PathBuf::new(), Wishes { deadline, ..Wishes::default() }).await?)
    }

    async fn embed(opening: &Opening<'_>, root: PathBuf, node: Arc<Node>) -> anyhow::Result<Self> {
        let options = options_of(opening);
        let backend: Arc<dyn Backend> = Arc::new(Embedded(node.clone()));
        let attached = AttachedSessions::start(opening.command, &node, backend.clone(), options.clone())?;
        let (connection, serving) = serve_here(backend, options);
        let host = Host::Embedded(Box::new(EmbeddedHost { node, attached, serving }));
        Ok(Self::initialize(connection, Some(host), root, Wishes::of(opening)).await?)
    }

    async fn of_cluster(opening: &Opening<'_>, root: PathBuf) -> anyhow::Result<Self> {
        let backend: Arc<dyn Backend> = Remote::connect(&opening.arguments.cluster, Disk::OfEditors).await?;
        let (connection, serving) = serve_here(backend, options_of(opening));
        let host = Some(Host::Gateway(serving));
        Ok(Self::initialize(connection, host, root, Wishes::of(opening)).await?)
    }

    async fn attach(opening: &Opening<'_>, root: PathBuf, socket: &Path) -> anyhow::Result<Self> {
        let connection = Connection::new(connect(socket).await?);
        // A node of one's own is told when it is opened.
        let python = opening.arguments.python.as_deref().map(std::path::absolute).transpose()?;
        let settings = python.map(|python| json!({"vraftls": {"python": {"interpreter": python}}}));
        Ok(Self::initialize(connection, None, root, Wishes { settings, ..Wishes::of(opening) }).await?)
    }

    async fn initialize(
        connection: Connection,
        host: Option<Host>,
        root: PathBuf,
        wishes: Wishes,
    ) -> Result<Self, AskError> {
        let name = root.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let folder = uri_of_path(&root).map(|uri| vec![WorkspaceFolder { uri, name }]);
        let version = Some(env!("CARGO_PKG_VERSION").to_owned());
        let params = InitializeParams {
            process_id: Some(std::process::id()),
            capabilities: capabilities::capabilities(wishes.n_symbols_max),
            workspace_folders: folder,
            client_info: Some(ClientInfo { name: "vraftls".to_owned(), version }),
            initialization_options: wishes.settings,
            ..InitializeParams::default()
        };
        let initialized = connection.ask::<Initialize>(params, HANDSHAKE_DEADLINE).await?;
        let capabilities = initialized.capabilities;
        let encoding = capabilities.position_encoding.as_ref();
        if encoding != Some(&PositionEncodingKind::UTF32) {
            let message = format!("the node counts characters in {encoding:?}; it may be of another version");
            return Err(AskError::Refused { code: 0, message });
        }
        connection.notify::<Initialized>(InitializedParams {}).await?;
        Ok(Self { connection, host, root, deadline: wishes.deadline, capabilities, outside: Mutex::default() })
    }

    /// The folder, without symbolic links.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// What the server can.
    pub(crate) fn capabilities(&self) -> &ServerCapabilities {
        &self.capabilities
    }

    /// What the server is working on beside the questions.
    pub(crate) fn work(&self) -> watch::Receiver<Option<Work>> {
        self.connection.work()
    }

    /// Asks one question, and waits at most as long as the session was opened with. Many may be asked at once. Dropping the future cancels it.
    pub(crate) async fn ask<R: Request>(&self, params: R::Params) -> Result<R::Result, AskError> {
        self.connection.ask::<R>(params, self.deadline).await
    }

    /// Has the questions that come next see the disk as it is now. What answers in this process looked at
    /// the folder when it was opened.
    pub(crate) async fn catch_up_if_attached(&self) -> Result<(), AskError> {
        if self.host.is_some() { Ok(()) } else { self.catch_up().await }
    }

    /// Has the questions that come next see the disk as it is now.
    pub(crate) async fn catch_up(&self) -> Result<(), AskError> {
        self.ask::<CatchUpRequest>(()).await
    }

    /// How often the server said that an answer is incomplete. It says so before it gives that answer: a question during which this
    /// number grew has no whole answer, or one that was asked at the same time.
    pub(crate) fn n_partial(&self) -> u64 {
        self.connection.n_partial()
    }

    /// The URI of a file that is named from the current directory. Fails if it is not there.
    pub(crate) fn uri_of(&self, file: &Path) -> anyhow::Result<Uri> {
        let file = file.canonicalize().with_context(|| format!("cannot open {}", file.display()))?;
        uri_of_path(&file).with_context(|| format!("the path {} is not UTF-8", file.display()))
    }

    /// Opens a file that lies outside of the folder, as an editor does that follows a name into a library. Without that nothing is known
    /// of the files that an analyzer carries itself. It stays open as long as there is room.
    pub(crate) async fn open_outside(&self, file: &Path) -> anyhow::Result<()> {
        if file.starts_with(&self.root) {
            return Ok(());
        }
        let text = source::text_of(file.to_owned()).await?;
        let uri = uri_of_path(file).with_context(|| format!("the path {} is not UTF-8", file.display()))?;
        let digest = ContentDigest::of(text.as_bytes());
        if self.outside().get(file) == Some(&digest) {
            return Ok(());
        }
        let languages = self.capabilities.experimental.as_ref().and_then(|own| own.get("languages")?.get(0)?.as_str());
        let language_id = languages.unwrap_or_default().to_owned();
        let text_document = TextDocumentItem { uri, language_id, version: 1, text };
        self.connection.notify::<DidOpenTextDocument>(DidOpenTextDocumentParams { text_document }).await?;
        // Only now: who finds it here asks at once, and what is sent first is heard first.
        let left = {
            let mut outside = self.outside();
            outside.insert(file.to_owned(), digest);
            let other = outside.keys().find(|open| *open != file).filter(|_| outside.len() > N_OUTSIDE_MAX).cloned();
            other.filter(|other| outside.remove(other).is_some())
        };
        if let Some(uri) = left.as_deref().and_then(uri_of_path) {
            let text_document = TextDocumentIdentifier { uri };
            self.connection.notify::<DidCloseTextDocument>(DidCloseTextDocumentParams { text_document }).await?;
        }
        Ok(())
    }

    fn outside(&self) -> MutexGuard<'_, BTreeMap<PathBuf, ContentDigest>> {
        self.outside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the session, and the node if it is in this process: after the sessions that other processes have with it.
    pub(crate) async fn close(self) -> anyhow::Result<()> {
        let Self { connection, host, .. } = self;
        let said = async {
            connection.ask::<Shutdown>((), HANDSHAKE_DEADLINE).await?;
            connection.notify::<Exit>(()).await
        };
        let said = said.await;
        connection.close().await;
        match host {
            // What was asked was answered; why the other process did not hear the end is for its own log.
            None => said.or_else(|error| if matches!(error, AskError::Ended(_)) { Ok(()) } else { Err(error) })?,
            Some(Host::Embedded(host)) => host.close().await?,
            Some(Host::Gateway(serving)) => serving.await.context("the command's own session failed")?,
        }
        Ok(())
    }
}

/// How the command's own session is served.
fn options_of(opening: &Opening<'_>) -> Options {
    let mut options: Options = options();
    options.timing.request_deadline = options.timing.request_deadline.max(opening.deadline);
    options
}

/// Serves a session in this process.
fn serve_here(backend: Arc<dyn Backend>, options: Options) -> (Connection, JoinHandle<()>) {
    let (near, far) = tokio::io::duplex(DUPLEX_BYTES);
    let serving = tokio::spawn(async move {
        let (reader, writer) = tokio::io::split(far);
        let end = serve_connection(backend, reader, writer, options).await;
        tracing::debug!(?end, "the command's own session ended");
    });
    (Connection::new(near), serving)
}

impl EmbeddedHost {
    async fn close(self) -> anyhow::Result<()> {
        let Self { node, mut attached, serving } = self;
        serving.await.context("the command's own session failed")?;
        // Other commands are done soon; and as long as further ones come this one would not end.
        attached.pause()?;
        if tokio::time::timeout(ATTACHED_PATIENCE, attached.all_ended()).await.is_err() {
            attached.resume()?;
            tell_of_attached(attached.n_sessions());
            tokio::select! {
                () = attached.all_ended() => {}
                () = asked_to_end() => {}
            }
        }
        drop(attached);
        node.shutdown().await.context("the node did not end well")
    }
}

#[expect(clippy::print_stderr, reason = "a person wonders why the command does not end")]
fn tell_of_attached(n_sessions: usize) {
    eprintln!("done; {n_sessions} other sessions use this process's node, and it ends when they do");
}

async fn connect(socket: &Path) -> anyhow::Result<attach::NodeStream> {
    // It was there a moment ago.
    attach::connect(socket).await.map_err(|error| AskError::Ended(format!("{error:#}")).into())
}
