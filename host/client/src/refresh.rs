//! Keeps the routes: asks nodes and seeds who the cluster is, one at a time and not too often.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use futures_util::future::{BoxFuture, Shared};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use tokio::time::Instant;
use vraftls_meta::{Address, ClusterId};
use vraftls_raft::ids::NodeId;

use crate::cluster::Inner;
use crate::fetch::fetch;
use crate::{ConnectError, Options, Routes};

/// How long to wait after routes were asked for before they are asked for again, whoever wants them.
const INTERVAL_MIN: Duration = Duration::from_millis(200);

/// The same where a node did not answer and another did: the routes may be old, and are good enough.
const LAZY_INTERVAL: Duration = Duration::from_secs(2);

/// How many nodes are asked at once.
const N_ASKED_MAX: usize = 8;

/// The asking that is under way, and when the last one began.
#[derive(Default)]
pub(crate) struct Refreshing {
    under_way: Option<Shared<BoxFuture<'static, Result<(), ConnectError>>>>,
    last: Option<Instant>,
}

/// The routes of the first seed that says what a cluster can be, and the one that is meant.
pub(crate) async fn first_routes(seeds: &[String], options: &Options) -> Result<Routes, ConnectError> {
    if seeds.is_empty() {
        return Err(ConnectError::NoSeeds);
    }
    if let Some(seed) = seeds.iter().find(|seed| Address::new(seed).is_err()) {
        return Err(ConnectError::BadSeed(seed.clone()));
    }
    any_routes(seeds.to_vec(), options, options.cluster).await
}

/// The routes of whoever says them first.
async fn any_routes(
    addresses: Vec<String>,
    options: &Options,
    cluster: Option<ClusterId>,
) -> Result<Routes, ConnectError> {
    let ask = |address: String| async {
        let routes = fetch(address.clone(), options.tls.clone(), options.info_patience).await;
        let routes = routes.and_then(|routes| match cluster {
            Some(wanted) if wanted != routes.cluster() => {
                Err(format!("it is a node of the cluster {}, not of {wanted}", routes.cluster()))
            }
            _ => Ok(routes),
        });
        (address, routes)
    };
    let mut waiting = addresses.into_iter();
    let mut asked: FuturesUnordered<_> = waiting.by_ref().take(N_ASKED_MAX).map(ask).collect();
    let mut said = Vec::new();
    while let Some((address, routes)) = asked.next().await {
        match routes {
            Ok(routes) => return Ok(routes),
            Err(why) => said.push((address, why)),
        }
        asked.extend(waiting.next().map(ask));
    }
    Err(ConnectError::NoNode(said))
}

/// Asks from time to time, as long as there is somebody who needs the routes.
pub(crate) async fn keep_fresh(inner: Weak<Inner>) {
    loop {
        let Some(interval) = inner.upgrade().map(|inner| inner.options.refresh_interval) else { return };
        tokio::time::sleep(interval).await;
        let Some(refreshed) = inner.upgrade().map(|inner| inner.refresh()) else { return };
        if let Err(error) = refreshed.await {
            tracing::debug!(%error, "the routes to the cluster are old");
        }
    }
}

impl Inner {
    /// Asks now, or takes the answer that is waited for already.
    pub(crate) fn refresh(self: &Arc<Self>) -> Shared<BoxFuture<'static, Result<(), ConnectError>>> {
        let mut refreshing = self.refreshing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(under_way) = &refreshing.under_way
            && under_way.peek().is_none()
        {
            return under_way.clone();
        }
        let begin = refreshing.last.map_or_else(Instant::now, |last| Instant::now().max(last + INTERVAL_MIN));
        refreshing.last = Some(begin);
        // It must not keep alive what it is kept by.
        let inner = Arc::downgrade(self);
        let asking = async move {
            tokio::time::sleep_until(begin).await;
            let Some(inner) = inner.upgrade() else { return Err(ConnectError::NoNode(Vec::new())) };
            inner.ask_for_routes().await
        };
        let asking = asking.boxed().shared();
        refreshing.under_way = Some(asking.clone());
        // It goes on when nobody waits for it any more.
        tokio::spawn(asking.clone());
        asking
    }

    /// Asks in the background, unless that was done a moment ago.
    pub(crate) fn refresh_soon(self: &Arc<Self>) {
        let last = self.refreshing.lock().unwrap_or_else(PoisonError::into_inner).last;
        if last.is_none_or(|last| last.elapsed() >= LAZY_INTERVAL) {
            drop(self.refresh());
        }
    }

    async fn ask_for_routes(&self) -> Result<(), ConnectError> {
        let known = self.routes();
        let mut seen = BTreeSet::new();
        let nodes = known.info().nodes.iter().map(|node| &node.address);
        let addresses = nodes.chain(&self.seeds).filter(|address| seen.insert(address.as_str())).cloned().collect();
        let routes = any_routes(addresses, &self.options, Some(known.cluster())).await?;
        self.take(routes);
        Ok(())
    }

    /// Uses routes from now on, unless later ones are in use already: a node may be behind.
    pub(crate) fn take(&self, routes: Routes) {
        let mut gone = Vec::new();
        self.routes.send_if_modified(|known| {
            if routes.info().revision < known.info().revision || routes == **known {
                return false;
            }
            let is_gone = |id: &u64| routes.info().node(*id).is_none();
            gone = known.info().nodes.iter().map(|node| node.id).filter(is_gone).map(NodeId).collect();
            *known = Arc::new(routes);
            true
        });
        for node in gone {
            self.peers.forget(node);
            self.sent().remove(&node);
        }
    }
}
