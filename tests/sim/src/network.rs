//! A network between simulated nodes that loses, delays, duplicates and reorders, and that can be cut.
//!
//! Everything it does follows from one seeded generator. A call is a datagram each way: it may be lost, come twice, or overtake
//! another. A channel for appends keeps its order, as a connection does, and breaks instead of losing; while its way is cut it
//! stalls, so that what was sent before may arrive long after. What a node's earlier life sends or would answer goes nowhere.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use vraftls_harness::Random;
use vraftls_raft::ids::{GroupId, NodeId};
use vraftls_raft::network::{
    APPEND_WINDOW, AppendChannel, BoxFuture, Chunk, Destination, Endpoint, EndpointError, Frame, Lane, Network,
    NetworkError, SNAPSHOT_WINDOW,
};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Weather {
    /// Of a thousand messages, so many are lost.
    pub(crate) lost: usize,
    /// Of a thousand messages, so many come twice.
    pub(crate) twice: usize,
    /// The longest that a message takes, in milliseconds.
    pub(crate) delay_ms_max: usize,
}

impl Weather {
    /// Nothing happens to any message.
    pub(crate) const CALM: Self = Self { lost: 0, twice: 0, delay_ms_max: 2 };
}

/// One life of a node: its id, and which of its processes.
pub(crate) type Life = (NodeId, u64);

/// Connects the nodes. Clones share it.
#[derive(Clone)]
pub(crate) struct SimNetwork {
    hub: Arc<Hub>,
}

struct Hub {
    state: Mutex<State>,
    /// Tells of each change of who reaches whom.
    changed: Notify,
}

struct State {
    endpoints: BTreeMap<(NodeId, GroupId), Arc<dyn Endpoint>>,
    /// Which life of a node is the present one; absent while it is down.
    lives: BTreeMap<NodeId, u64>,
    /// Who does not reach whom.
    cut: BTreeSet<(NodeId, NodeId)>,
    /// Who neither takes nor gives anything until when.
    frozen: BTreeMap<NodeId, Instant>,
    weather: Weather,
    random: Random,
    n_sent: u64,
}

/// What becomes of a message.
enum Passage {
    Lost,
    Arrives { after: Duration, again: Option<Duration> },
}

impl SimNetwork {
    pub(crate) fn new(random: Random) -> Self {
        let state = State {
            endpoints: BTreeMap::new(),
            lives: BTreeMap::new(),
            cut: BTreeSet::new(),
            frozen: BTreeMap::new(),
            weather: Weather::CALM,
            random,
            n_sent: 0,
        };
        Self { hub: Arc::new(Hub { state: Mutex::new(state), changed: Notify::new() }) }
    }

    /// Begins a life; what it sends with.
    pub(crate) fn begin(&self, life: Life) -> Arc<dyn Network> {
        self.change(|state| {
            state.lives.insert(life.0, life.1);
        });
        Arc::new(Access { hub: Arc::clone(&self.hub), life })
    }

    /// Delivers what is for `group` on `node` to `endpoint`.
    pub(crate) fn attach(&self, node: NodeId, group: GroupId, endpoint: Arc<dyn Endpoint>) {
        self.change(|state| {
            state.endpoints.insert((node, group), endpoint);
        });
    }

    /// Ends the life of a node: nothing comes from it or gets there any more.
    pub(crate) fn end(&self, node: NodeId) {
        self.change(|state| {
            state.lives.remove(&node);
            state.frozen.remove(&node);
            state.endpoints.retain(|(at, _), _| *at != node);
        });
    }

    /// From now on messages from the first to the second do not arrive.
    pub(crate) fn cut(&self, from: NodeId, to: NodeId) {
        self.change(|state| {
            state.cut.insert((from, to));
        });
    }

    /// Holds everything from and for a node back until then.
    pub(crate) fn freeze(&self, node: NodeId, until: Instant) {
        self.change(|state| {
            state.frozen.insert(node, until);
        });
    }

    /// Connects everybody.
    pub(crate) fn mend(&self) {
        self.change(|state| {
            state.cut.clear();
            state.frozen.clear();
        });
    }

    pub(crate) fn set_weather(&self, weather: Weather) {
        self.change(|state| state.weather = weather);
    }

    /// Until when a node is frozen.
    pub(crate) fn frozen_until(&self, node: NodeId) -> Option<Instant> {
        self.hub.lock().frozen.get(&node).copied().filter(|until| *until > Instant::now())
    }

    /// Messages sent so far.
    pub(crate) fn n_sent(&self) -> u64 {
        self.hub.lock().n_sent
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.hub.lock());
        self.hub.changed.notify_waiters();
    }
}

impl Hub {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Decides what becomes of a message between two nodes.
    fn passage(&self, from: NodeId, to: NodeId) -> Passage {
        let mut state = self.lock();
        state.n_sent += 1;
        let Weather { lost, twice, delay_ms_max } = state.weather;
        if state.random.below(1000) < lost {
            return Passage::Lost;
        }
        let mut delay = || Duration::from_micros(state.random.below(1000 * delay_ms_max + 1) as u64);
        let (mut after, again) = (delay(), delay());
        let again = (state.random.below(1000) < twice).then_some(again);
        let now = Instant::now();
        for node in [from, to] {
            if let Some(until) = state.frozen.get(&node) {
                after += until.saturating_duration_since(now);
            }
        }
        Passage::Arrives { after, again }
    }

    fn is_cut(&self, from: NodeId, to: NodeId) -> bool {
        self.lock().cut.contains(&(from, to))
    }

    fn lives(&self, life: Life) -> bool {
        self.lock().lives.get(&life.0) == Some(&life.1)
    }

    /// Who takes messages there, and in which life.
    fn endpoint(&self, to: &Destination) -> Option<(Life, Arc<dyn Endpoint>)> {
        let state = self.lock();
        let life = state.lives.get(&to.node).copied()?;
        let endpoint = state.endpoints.get(&(to.node, to.group))?;
        Some(((to.node, life), Arc::clone(endpoint)))
    }

    /// Waits while the way is cut. Returns whether both ends still live the same lives.
    async fn open_way(&self, from: Life, to: Life) -> bool {
        loop {
            let mut changed = pin!(self.changed.notified());
            changed.as_mut().enable();
            if !self.lives(from) || !self.lives(to) {
                return false;
            }
            if !self.is_cut(from.0, to.0) {
                return true;
            }
            changed.await;
        }
    }

    /// Carries one message of a connection. Returns whether the connection holds.
    async fn carry(&self, from: Life, to: Life) -> bool {
        match self.passage(from.0, to.0) {
            Passage::Lost => false,
            Passage::Arrives { after, .. } => {
                sleep(after).await;
                self.open_way(from, to).await
            }
        }
    }
}

fn unreachable(node: NodeId) -> NetworkError {
    NetworkError::Unreachable { node, detail: "it is not running".to_owned() }
}

/// What arrived is handled to its end, whether or not somebody still waits for the answer.
async fn handled<T: Send + 'static>(
    to: NodeId,
    handling: impl Future<Output = Result<T, EndpointError>> + Send + 'static,
) -> Result<T, NetworkError> {
    let refused = |detail: String| NetworkError::Refused { node: to, detail };
    match tokio::spawn(handling).await {
        Ok(outcome) => outcome.map_err(|error| refused(error.to_string())),
        Err(error) => Err(refused(error.to_string())),
    }
}

/// One life's access to a network.
struct Access {
    hub: Arc<Hub>,
    life: Life,
}

impl Network for Access {
    fn call(
        &self,
        to: Destination,
        _lane: Lane,
        request: Frame,
        deadline: Duration,
    ) -> BoxFuture<'static, Result<Frame, NetworkError>> {
        let (hub, from) = (Arc::clone(&self.hub), self.life);
        let until = Instant::now() + deadline;
        Box::pin(async move {
            let node = to.node;
            let late = || NetworkError::Deadline { node, deadline };
            match timeout_at(until, exchange(hub, from, to, request)).await {
                Ok(Some(outcome)) => outcome,
                // Nobody tells that a message was lost.
                Ok(None) => {
                    sleep_until(until).await;
                    Err(late())
                }
                Err(_) => Err(late()),
            }
        })
    }

    fn open_append(&self, to: Destination) -> BoxFuture<'static, Result<AppendChannel, NetworkError>> {
        let (hub, from) = (Arc::clone(&self.hub), self.life);
        Box::pin(async move {
            let (life, endpoint) = hub.endpoint(&to).ok_or_else(|| unreachable(to.node))?;
            if !hub.carry(from, life).await {
                return Err(unreachable(to.node));
            }
            let (requests, outgoing) = mpsc::channel(APPEND_WINDOW);
            let (incoming, served) = mpsc::channel(APPEND_WINDOW);
            let (answers, answered) = mpsc::channel(APPEND_WINDOW);
            let (returning, replies) = mpsc::channel(APPEND_WINDOW);
            let serving = tokio::spawn(async move { endpoint.serve_append(served, answers).await });
            tokio::spawn(async move {
                let there = relay(&hub, from, life, outgoing, incoming);
                let back = relay(&hub, life, from, answered, returning.clone());
                tokio::select! {
                    biased;
                    () = returning.closed() => {}
                    // The requests may end before the last answers are back; a break ends both at once.
                    _ = async { if there.await { std::future::pending::<()>().await } } => {}
                    _ = back => {}
                }
                // Dropping the ends lets the receiver finish what it has.
                drop(serving);
            });
            Ok(AppendChannel { requests, replies })
        })
    }

    fn send_snapshot(
        &self,
        to: Destination,
        header: Frame,
        chunks: mpsc::Receiver<Chunk>,
        deadline: Duration,
    ) -> BoxFuture<'static, Result<Frame, NetworkError>> {
        let (hub, from) = (Arc::clone(&self.hub), self.life);
        Box::pin(async move {
            let (life, endpoint) = hub.endpoint(&to).ok_or_else(|| unreachable(to.node))?;
            let (incoming, received) = mpsc::channel(SNAPSHOT_WINDOW);
            let receiving = handled(to.node, async move { endpoint.receive_snapshot(header, received).await });
            let sending = async {
                let arrived = relay(&hub, from, life, chunks, incoming).await;
                if arrived { std::future::pending().await } else { Err(unreachable(to.node)) }
            };
            let transfer = async {
                let reply = tokio::select! {
                    biased;
                    reply = receiving => reply?,
                    broken = sending => return broken,
                };
                if hub.carry(life, from).await { Ok(reply) } else { Err(unreachable(to.node)) }
            };
            match tokio::time::timeout(deadline, transfer).await {
                Ok(outcome) => outcome,
                Err(_) => Err(NetworkError::Deadline { node: to.node, deadline }),
            }
        })
    }
}

/// A request there and its reply back; nothing if either is lost.
async fn exchange(hub: Arc<Hub>, from: Life, to: Destination, request: Frame) -> Option<Result<Frame, NetworkError>> {
    let Passage::Arrives { after, again } = hub.passage(from.0, to.node) else { return None };
    sleep(after).await;
    if hub.is_cut(from.0, to.node) || !hub.lives(from) {
        return None;
    }
    let Some((life, endpoint)) = hub.endpoint(&to) else { return Some(Err(unreachable(to.node))) };
    if let Some(again) = again {
        let (endpoint, request) = (Arc::clone(&endpoint), request.clone());
        tokio::spawn(async move {
            sleep(again).await;
            // Nobody waits for the answer to the second one.
            drop(endpoint.handle(request).await);
        });
    }
    let reply = handled(to.node, async move { endpoint.handle(request).await }).await;
    let Passage::Arrives { after, .. } = hub.passage(to.node, from.0) else { return None };
    sleep(after).await;
    (!hub.is_cut(to.node, from.0) && hub.lives(life)).then_some(reply)
}

/// Carries messages in their order until they end, or the connection breaks. Returns whether they ended.
async fn relay<T>(hub: &Hub, from: Life, to: Life, mut messages: mpsc::Receiver<T>, onward: mpsc::Sender<T>) -> bool {
    while let Some(message) = messages.recv().await {
        if !hub.carry(from, to).await || onward.send(message).await.is_err() {
            return false;
        }
    }
    true
}
