//! What a client allows itself.

use std::fmt;
use std::time::Duration;

use vraftls_meta::ClusterId;
use vraftls_transport::{PeersConfig, TlsClient};

/// How a client behaves.
#[derive(Clone)]
pub struct Options {
    /// The cluster that is meant; without it, the one that the first seed to answer is a part of.
    pub cluster: Option<ClusterId>,
    /// What to speak TLS with; without it, nothing is encrypted.
    pub tls: Option<TlsClient>,
    /// Who answers questions about a whole workspace.
    pub spread: Spread,
    /// How long a node may take to say who the cluster is.
    pub info_patience: Duration,
    /// How often routes are asked for when nothing fails.
    pub refresh_interval: Duration,
    /// A node that has not answered for so long is asked whether it is still there, and again after as long.
    pub probe_after: Duration,
    /// What a node may take to say that it is still there. After that, the next node is asked.
    pub probe_patience: Duration,
    /// How much the connections may carry.
    pub peers: PeersConfig,
}

/// Who answers a question about a whole workspace.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Spread {
    /// One node, which reads through to the others.
    #[default]
    OneNode,
    /// The nodes that have the files, each for those; the answers are put together here.
    Owners,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            cluster: None,
            tls: None,
            spread: Spread::default(),
            info_patience: Duration::from_secs(3),
            refresh_interval: Duration::from_secs(10),
            probe_after: Duration::from_millis(500),
            probe_patience: Duration::from_millis(800),
            peers: PeersConfig::default(),
        }
    }
}

impl fmt::Debug for Options {
    /// Without what belongs to TLS.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("cluster", &self.cluster)
            .field("has_tls", &self.tls.is_some())
            .field("spread", &self.spread)
            .finish_non_exhaustive()
    }
}
