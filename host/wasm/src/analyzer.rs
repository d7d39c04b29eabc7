//! A loaded component as an [`Analyzer`].

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::oneshot;
use vraftls_index::{Description, Facts};
use vraftls_query::{Analyzer, BoxFuture, CancelFlag, CancelOnDrop, EngineCall, Fault, IndexDocument, Reply};
use vraftls_vfs::ContentDigest;

use crate::bindings::exports::vraftls::analyzer::indexing;
use crate::check::{Check, Rejected, Texts, bad};
use crate::component::Loaded;
use crate::engine_instance::{Bundled, fault_of};
use crate::engines::{ComponentId, Context, Engines};
use crate::host_state::{CallScope, HostState, Shared, Waiter};
use crate::index_pool::IndexPool;
use crate::mailbox::Job;
use crate::memory::MemoryGuard;
use crate::{LimitName, answered, check_facts, stop};

/// What all calls of one loaded component share.
pub(crate) struct Component {
    pub(crate) id: ComponentId,
    pub(crate) loaded: Loaded,
    pub(crate) shared: Shared,
    pub(crate) bundled: Arc<Bundled>,
}

/// A loaded component. Its engines are dropped with it, each after the calls that it has.
pub struct ComponentAnalyzer {
    pub(crate) component: Arc<Component>,
    pub(crate) description: Description,
    pub(crate) context: Arc<Context>,
    pub(crate) pool: Arc<IndexPool>,
    pub(crate) engines: Arc<Engines>,
}

impl std::fmt::Debug for ComponentAnalyzer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let digest = self.component.loaded.digest;
        f.debug_struct("ComponentAnalyzer").field("id", &self.description.id).field("digest", &digest).finish()
    }
}

impl Drop for ComponentAnalyzer {
    fn drop(&mut self) {
        self.engines.unload(self.component.id);
    }
}

impl Analyzer for ComponentAnalyzer {
    fn digest(&self) -> ContentDigest {
        self.component.loaded.digest
    }

    fn description(&self) -> &Description {
        &self.description
    }

    /// Waits for a thread rather than refuse: whoever ingests many documents is slowed down to what the cores do.
    fn index(&self, document: IndexDocument) -> BoxFuture<'static, Result<Facts, Fault>> {
        let (component, context, pool) = (self.component.clone(), self.context.clone(), self.pool.clone());
        Box::pin(async move {
            if document.text.len() > component.shared.limits.document_bytes_max {
                return Err(stop::limit(LimitName::DocumentBytes, &component.shared.counters));
            }
            let (sender, receiver) = oneshot::channel();
            let gone = CancelFlag::default();
            let _gone_when_dropped = CancelOnDrop(gone.clone());
            let job = move || {
                // The asker may have gone; then nobody is interested.
                let _ = sender.send(index(&component, &context, &document, gone));
            };
            pool.submit(job).await.map_err(|_| shutting_down())?;
            receiver.await.unwrap_or_else(|_| Err(shutting_down()))
        })
    }

    fn ask(&self, call: EngineCall) -> BoxFuture<'static, Result<Reply, Fault>> {
        let has_engine = self.component.loaded.exports.engine.is_some();
        if !has_engine || !answered::is_answered(&self.description.features, &call.question) {
            return Box::pin(std::future::ready(Err(Fault::Unsupported)));
        }
        let (component, engines) = (self.component.clone(), self.engines.clone());
        Box::pin(async move {
            let (sender, receiver) = oneshot::channel();
            let gone = CancelFlag::default();
            let _gone_when_dropped = CancelOnDrop(gone.clone());
            let grace = component.shared.limits.cancel_grace;
            let asked = Instant::now();
            let (cancel, make_way) = (call.cancel.clone(), CancelFlag::default());
            let waiter = Waiter { cancel, gone, make_way, asked, deadline: call.deadline, grace };
            let sent = engines.ask(&component, Job { call, waiter, reply: sender });
            sent.inspect_err(|fault| component.shared.counters.fault(fault))?;
            receiver.await.unwrap_or_else(|_| Err(shutting_down()))
        })
    }
}

pub(crate) fn shutting_down() -> Fault {
    Fault::Unavailable("the node is shutting down".to_owned())
}

/// Indexes a document in an instance of its own. To be called on a thread of the pool.
pub(crate) fn index(
    component: &Component,
    context: &Context,
    document: &IndexDocument,
    gone: CancelFlag,
) -> Result<Facts, Fault> {
    let shared = &component.shared;
    if gone.is_cancelled() {
        shared.counters.skipped.increment();
        return Err(Fault::Cancelled);
    }
    let started = Instant::now();
    shared.counters.index_calls.increment();
    let facts = index_now(component, context, document, gone);
    shared.counters.index_time_ns.add_time(started.elapsed());
    facts.inspect_err(|fault| shared.counters.fault(fault))
}

fn index_now(
    component: &Component,
    context: &Context,
    document: &IndexDocument,
    gone: CancelFlag,
) -> Result<Facts, Fault> {
    let shared = &component.shared;
    let limits = &*shared.limits;
    // A pure call does not ask whether it is cancelled, and loses nothing when it is trapped.
    let waiter = Waiter { gone, ..Waiter::for_time(limits.index_time_max) };
    let mut store = HostState::store(
        &context.engine,
        &context.clock,
        shared,
        MemoryGuard::index(limits),
        CallScope::new(None, waiter),
    );
    let facts = component.loaded.pre.instantiate(&mut store).and_then(|instance| {
        let indexing = component.loaded.exports.indexing.load(&mut store, &instance)?;
        indexing.call_index(&mut store, &to_guest(document))
    });
    let facts = match facts {
        Ok(Ok(facts)) => facts,
        Ok(Err(failure)) => return Err(fault_of(failure, store.data())),
        Err(error) => return Err(stop::fault(&error, store.data())),
    };
    // The instance's memory is not needed for checking what it said.
    drop(store);
    let mut texts = OneText { document };
    check_facts::facts(&mut Check::new(limits, &mut texts), facts, &document.text).map_err(|rejected| match rejected {
        Rejected::Limit(name) => stop::limit(name, &shared.counters),
        Rejected::Bad(what) => Fault::BadReply(what),
        Rejected::Unchecked(fault) => fault,
    })
}

fn to_guest(document: &IndexDocument) -> indexing::Document {
    indexing::Document {
        path: document.path.as_str().to_owned(),
        language: document.language.clone(),
        text: document.text.to_string(),
    }
}

/// A pure call knows no text but its own.
struct OneText<'a> {
    document: &'a IndexDocument,
}

impl Texts for OneText<'_> {
    fn text(&mut self, path: &vraftls_vfs::VfsPath) -> Result<Arc<str>, Rejected> {
        match *path == self.document.path {
            true => Ok(self.document.text.clone()),
            false => bad(format!("facts of {} speak of {path}", self.document.path)),
        }
    }

    fn is_there(&self, path: &vraftls_vfs::VfsPath) -> bool {
        *path == self.document.path
    }
}
