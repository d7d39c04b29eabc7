//! What whoever serves connections can decide.

use std::sync::Arc;
use std::time::Duration;

use crate::LineIndexCache;

/// How connections are served. Cloning shares the line indexes, so that every session of a gateway uses one cache.
#[derive(Clone)]
pub struct Options {
    /// Named bounds.
    pub limits: Limits,
    /// Named times.
    pub timing: Timing,
    /// Line indexes of files that nobody has open.
    pub line_indexes: LineIndexCache,
    /// The version that is told to editors.
    pub server_version: String,
    /// Origins of pages that may connect over WebSocket, beside those of this machine and of editors; for example
    /// `https://ide.example`.
    pub websocket_origins: Vec<String>,
    /// Lets requests for a WebSocket call the server by any name, and not only as this machine.
    pub any_host: bool,
    /// Called once with what an editor says of itself when it initializes. Must not block.
    pub on_client: Option<OnClient>,
}

/// What is done with what an editor says of itself.
pub type OnClient = Arc<dyn Fn(&ClientFacts) + Send + Sync>;

/// What an editor says of itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClientFacts {
    /// Its name, if it told one.
    pub name: Option<String>,
    /// Its version, if it told one.
    pub version: Option<String>,
    /// Its process. When that is gone the protocol wants the server to exit, which is up to whoever started it.
    pub process_id: Option<u32>,
}

/// The bounds of one session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Bytes of a message's header lines.
    pub header_bytes_max: usize,
    /// Header lines of a message.
    pub n_headers_max: usize,
    /// Bytes of a message's content, as `Content-Length` says them.
    pub message_bytes_max: usize,
    /// Bytes that wait for an editor to read them. One more message, and the session ends.
    pub outbox_bytes_max: usize,
    /// Requests that are worked on at once.
    pub n_running_requests_max: usize,
    /// Requests that are read and not answered. One more is answered with an error at once.
    pub n_pending_requests_max: usize,
    /// Requests to the editor that it has not answered.
    pub n_client_requests_max: usize,
    /// Bytes of one open document.
    pub document_bytes_max: usize,
    /// Bytes of all open documents.
    pub documents_bytes_max: usize,
    /// Cells of one open notebook.
    pub n_notebook_cells_max: usize,
    /// Folders that are open at once.
    pub n_folders_max: usize,
    /// Proposals of a completion.
    pub n_completions_max: u32,
    /// Symbols of a workspace search.
    pub n_workspace_symbols_max: u32,
    /// Sessions at once, for each address that is listened on.
    pub n_sessions_max: usize,
    /// Connections at once that have not shown yet who they are, for each address where that is asked.
    pub n_handshakes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        const MIB: usize = 1024 * 1024;
        Self {
            header_bytes_max: 8 * 1024,
            n_headers_max: 16,
            message_bytes_max: 64 * MIB,
            outbox_bytes_max: 64 * MIB,
            n_running_requests_max: 64,
            n_pending_requests_max: 1024,
            n_client_requests_max: 64,
            document_bytes_max: 32 * MIB,
            documents_bytes_max: 256 * MIB,
            n_notebook_cells_max: 16 * 1024,
            n_folders_max: 64,
            n_completions_max: 500,
            n_workspace_symbols_max: 256,
            n_sessions_max: 1024,
            n_handshakes_max: 256,
        }
    }
}

/// How long things take at most, or wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timing {
    /// How long a request is worked on.
    pub request_deadline: Duration,
    /// How long an editor has to tell settings, while its first questions wait for them.
    pub configuration_deadline: Duration,
    /// How long an editor has to answer a request.
    pub client_reply_deadline: Duration,
    /// How long after an edit the document is checked, if no other edit comes.
    pub check_delay: Duration,
    /// How long after an edit the other open documents are checked again.
    pub recheck_delay: Duration,
    /// How long something unpleasant about a save waits before it is said: it may settle, and another may have to speak first.
    pub save_grace: Duration,
    /// How long what is queued may still be written after a session's end.
    pub drain_deadline: Duration,
    /// How often progress is reported at most.
    pub progress_interval: Duration,
    /// How long a connection may take to its first whole message.
    pub first_message_deadline: Duration,
    /// How long a connection may take to show who it is, where that is asked: encryption and the request for a WebSocket included.
    pub handshake_deadline: Duration,
    /// How often an editor on a WebSocket is asked whether it is there. One that sends nothing between two pings is gone.
    pub websocket_ping_interval: Duration,
    /// After how long without a byte TCP asks whether the other end is still there.
    pub tcp_keepalive: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            request_deadline: Duration::from_secs(60),
            configuration_deadline: Duration::from_secs(2),
            client_reply_deadline: Duration::from_secs(30),
            check_delay: Duration::from_millis(50),
            recheck_delay: Duration::from_millis(400),
            save_grace: Duration::from_millis(500),
            drain_deadline: Duration::from_secs(2),
            progress_interval: Duration::from_millis(100),
            first_message_deadline: Duration::from_secs(60),
            handshake_deadline: Duration::from_secs(10),
            websocket_ping_interval: Duration::from_secs(30),
            tcp_keepalive: Duration::from_secs(30),
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            timing: Timing::default(),
            line_indexes: LineIndexCache::new(LineIndexCache::DEFAULT_BYTES_MAX),
            server_version: env!("CARGO_PKG_VERSION").to_owned(),
            websocket_origins: Vec::new(),
            any_host: false,
            on_client: None,
        }
    }
}
