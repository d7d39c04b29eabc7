//! Takes connections, in bounds, and ends them in order.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};

use super::admin::Admin;
use super::patient::{Lift, Patient};
use super::routes::{self, Shared};
use super::{Bounds, ListenError, ServerConfig};

/// How long no connection is taken after the system refused one: it has no file descriptors, say, and would refuse at once again.
const REST: Duration = Duration::from_millis(100);

/// How much longer a connection may live that became too old, for what it has under way.
const GRACE: Duration = Duration::from_secs(60);

/// Who is at the other end of a connection.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    /// It showed a certificate of the cluster.
    pub(super) has_certificate: bool,
    /// Lets the connection be as patient as whoever takes it over.
    pub(super) lift: Lift,
    /// Lets the connection become as old as its answer takes.
    pub(super) age: Lift,
}

/// How far a server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// It answers.
    Serving,
    /// It takes no connections any more, and ends those that have nothing under way.
    Stopping,
    /// It ends everything.
    Closed,
}

/// The end of a server, as its connections hear of it.
#[derive(Clone)]
pub(super) struct Ends(watch::Receiver<Phase>);

impl Ends {
    /// Returns when the server is that far. One that was dropped is closed.
    pub(super) async fn reached(&mut self, phase: Phase) {
        drop(self.0.wait_for(|now| *now >= phase).await);
    }
}

/// A server on a listener. Dropped, it ends at once.
pub struct Server {
    address: SocketAddr,
    phase: watch::Sender<Phase>,
    accepting: JoinHandle<()>,
    shared: Arc<Shared>,
}

impl Server {
    /// Serves a node on a listener from now on.
    ///
    /// # Errors
    /// [`ListenError`]: it may not listen there.
    pub fn start(listener: TcpListener, config: ServerConfig, admin: Arc<dyn Admin>) -> Result<Self, ListenError> {
        let address = listener.local_addr().map_err(ListenError::Listener)?;
        // Without a token nobody is an admin, so only certificates are looked for here.
        config.may_listen(address, true)?;
        let (phase, ends) = watch::channel(Phase::Serving);
        let shared = Arc::new(Shared::new(config, admin, Ends(ends.clone())));
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared), Ends(ends)));
        Ok(Self { address, phase, accepting, shared })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no connections any more, lets requests end within a bound, and ends the connections of nodes and guests after them.
    pub async fn shutdown(mut self, patience: Duration) {
        self.phase.send_replace(Phase::Stopping);
        let ended = tokio::time::timeout(patience, &mut self.accepting).await;
        self.phase.send_replace(Phase::Closed);
        if ended.is_err() {
            drop((&mut self.accepting).await);
        }
        // Who has all the places knows that nobody else has one.
        let n_peers = u32::try_from(self.shared.config.bounds.n_peers).unwrap_or(u32::MAX);
        drop(self.shared.peers.acquire_many(n_peers).await);
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, mut ends: Ends) {
    let places = Arc::new(Semaphore::new(shared.config.bounds.n_connections));
    let builder = builder(&shared.config.bounds);
    let router = TowerToHyperService::new(routes::router(Arc::clone(&shared)));
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let accepted = tokio::select! {
            () = ends.reached(Phase::Stopping) => break,
            accepted = next(&listener, &places) => accepted,
        };
        let (stream, place) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(REST).await;
                continue;
            }
        };
        let connection = Connection { builder: builder.clone(), router: router.clone(), ends: ends.clone() };
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            connection.serve(stream, &shared).await;
            drop(place);
        });
    }
    drop(listener);
    let ended = async { while connections.join_next().await.is_some() {} };
    tokio::select! {
        () = ended => {}
        () = ends.reached(Phase::Closed) => {}
    }
    connections.shutdown().await;
}

/// The next connection, when there is a place for it.
async fn next(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> io::Result<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    Ok((stream, place))
}

fn builder(bounds: &Bounds) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.head_patience)
        .max_headers(bounds.n_headers)
        .max_header_size(bounds.head_bytes)
        .max_buf_size(bounds.head_bytes.max(64 << 10));
    builder
}

struct Connection {
    builder: http1::Builder,
    router: TowerToHyperService<axum::Router>,
    ends: Ends,
}

impl Connection {
    async fn serve(self, stream: TcpStream, shared: &Shared) {
        // Answers are written whole; the system would only hold the last part of them back.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection ended at once");
            return;
        }
        let bounds = &shared.config.bounds;
        match &shared.config.tls {
            None => self.speak(stream, false, bounds).await,
            Some(tls) => match tokio::time::timeout(bounds.head_patience, tls.accept(stream)).await {
                Ok(Ok((stream, has_certificate))) => self.speak(stream, has_certificate, bounds).await,
                Ok(Err(error)) => tracing::debug!(%error, "no TLS"),
                Err(_) => tracing::debug!("no TLS in time"),
            },
        }
    }

    async fn speak<S>(mut self, stream: S, has_certificate: bool, bounds: &Bounds)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let caller = Caller { has_certificate, lift: Lift::default(), age: Lift::default() };
        let age = caller.age.clone();
        let stream = Patient::new(stream, bounds.body_patience, caller.lift.clone());
        let router = self.router;
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(caller.clone());
            router.call(request)
        });
        let mut connection = pin!(self.builder.serve_connection(TokioIo::new(stream), service).with_upgrades());
        let ended = tokio::select! {
            ended = connection.as_mut() => Some(ended),
            () = self.ends.reached(Phase::Stopping) => None,
            () = tokio::time::sleep(bounds.connection_age) => None,
        };
        let ended = match ended {
            Some(ended) => ended,
            None => {
                connection.as_mut().graceful_shutdown();
                if age.is_lifted() {
                    connection.await
                } else {
                    // What it has under way has bounds of its own; this is the last one.
                    tokio::time::timeout(bounds.upload_patience.max(GRACE), connection).await.unwrap_or(Ok(()))
                }
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection ended");
        }
    }
}
