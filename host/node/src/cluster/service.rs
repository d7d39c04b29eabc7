//! Answers gateways, the command line and other nodes over the transport.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use tokio::time::Instant;
use vraftls_cluster::{CONTROL, Cluster};
use vraftls_meta::GroupId as MetaGroupId;
use vraftls_proto::rpc::{
    self, Analyzers, Ask, AskAnswer, AskWithout, Commit, Current, CurrentByLease, FileText, Missing, OpenSession, Put,
    Question, Resolution, SessionEnded, TreeFile, TreePage, TreePageAnswer, Unpacked, Watch, Watched, Workspaces,
    method,
};
use vraftls_proto::{QueryError, Revisions, SessionId};
use vraftls_query::{Base, QueryService, is_bundled};
use vraftls_raft::ids::{GroupId, NodeId};
use vraftls_raft::network::BoxFuture;
use vraftls_transport::{Identity, Method, Service, ServiceError};
use vraftls_vfs::{ContentDigest, Revision};

use super::bases::{Bases, Standings};
use super::blobs::Blobs;
use super::commits::Commits;
use super::machines::SharedMachines;
use super::mirrors::Mirrors;
use super::overlays::Overlays;
use super::questions::{
    self, BLOB_PART, BlobQuestion, FACTS, FOLLOW, KEEP, KEEP_BLOB, KEEP_FACTS, KeepBlob, LACKS, OFFER, OfferQuestion,
    WireOffer,
};
use super::shared_facts::{KeepFacts, OwnFacts};
use crate::contents::ContentStore;
use crate::fetch::{ASKED_MAX, OFFERED_BYTES_MAX};
use crate::node::read_exactly;
use crate::references::References;
use crate::sessions::Sessions;
use crate::tree::ingest::blocking;

/// How long reading a bundled file may take: an analyzer may have to start for it.
const BUNDLED_DEADLINE: Duration = Duration::from_secs(30);

/// No question about the files waits longer for a base that is new enough.
const BASE_PATIENCE: Duration = Duration::from_secs(10);

/// How long the leaders of all groups are looked for: an election, and what follows it. Whoever asks goes to the next node after that, which
/// may reach a leader that this one cannot.
const CURRENT: Duration = Duration::from_secs(4);

/// How many files one page of a tree has at most.
const PAGE_FILES_MAX: usize = 20_000;

/// How long a watch waits at most.
const WATCH_PATIENCE: Duration = Duration::from_secs(60);

/// What answers, while the node runs.
pub(super) struct Answering {
    pub(super) cluster: Arc<Cluster<SharedMachines>>,
    pub(super) contents: ContentStore,
    pub(super) references: References,
    pub(super) bases: Arc<Bases>,
    pub(super) mirrors: Arc<Mirrors>,
    pub(super) own_facts: Arc<OwnFacts>,
    pub(super) standings: Standings,
    pub(super) queries: Arc<QueryService>,
    pub(super) overlays: Overlays,
    pub(super) commits: Commits,
    pub(super) blobs: Blobs,
    pub(super) sessions: Sessions,
}

/// The door to what answers: there before it, and empty again when the node ends.
#[derive(Default)]
pub(super) struct Door(RwLock<Option<Arc<Answering>>>);

impl Door {
    pub(super) fn set(&self, answering: Option<Arc<Answering>>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = answering;
    }

    pub(super) fn get(&self) -> Option<Arc<Answering>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The door, as the transport knows it.
pub(super) struct DoorService(pub(super) Arc<Door>);

impl Service for DoorService {
    fn answer(
        &self,
        from: Identity,
        method: Method,
        question: Bytes,
    ) -> BoxFuture<'static, Result<Bytes, ServiceError>> {
        let answering = self.0.get();
        Box::pin(async move {
            let answering = answering.ok_or_else(|| ServiceError("this node starts or ends".to_owned()))?;
            if method.0 >= rpc::FIRST_NODE_METHOD {
                if from.is_guest() {
                    return Err(ServiceError("that is for nodes alone".to_owned()));
                }
                return answering.answer_node(method, question).await;
            }
            answering.answer_guest(from, method, question).await
        })
    }
}

/// Answers a question of a type.
async fn reply<Q: Question>(question: &[u8], answer: impl AsyncFnOnce(Q) -> Q::Answer) -> Result<Bytes, ServiceError> {
    let question = Q::decode(question).map_err(|error| ServiceError(error.to_string()))?;
    let answer = answer(question).await;
    Ok(Q::encode_answer(&answer).map_err(|error| ServiceError(error.to_string()))?.into())
}

fn failed(error: impl std::fmt::Display) -> ServiceError {
    ServiceError(error.to_string())
}

impl Answering {
    async fn answer_guest(&self, from: Identity, method: Method, question: Bytes) -> Result<Bytes, ServiceError> {
        match method.0 {
            method::ANALYZERS => reply::<Analyzers>(&question, async |_| self.queries.descriptions()).await,
            method::WORKSPACES => {
                reply::<Workspaces>(&question, async |_| {
                    let metadata = self.cluster.metadata().borrow().clone();
                    metadata.workspaces().iter().map(|(id, name)| (*id, name.clone())).collect()
                })
                .await
            }
            method::ASK => reply::<Ask>(&question, async |ask| self.ask(from, ask.into()).await).await,
            method::ASK_WITHOUT => reply::<AskWithout>(&question, async |asked| self.ask(from, asked).await).await,
            method::FILE_TEXT => reply::<FileText>(&question, async |asked| self.text(asked).await).await,
            method::TREE_PAGE => reply::<TreePage>(&question, async |page| self.page(page).await).await,
            method::WATCH => reply::<Watch>(&question, async |watch| self.watch(watch).await).await,
            method::CURRENT => reply::<Current>(&question, async |_| self.current(false).await).await,
            method::CURRENT_BY_LEASE => reply::<CurrentByLease>(&question, async |_| self.current(true).await).await,
            method::MISSING => {
                reply::<Missing>(&question, async |asked| self.commits.missing(asked.group, asked.digests).await).await
            }
            method::PUT => reply::<Put>(&question, async |put| self.commits.put(put.group, put.contents).await).await,
            method::OPEN_SESSION => {
                reply::<OpenSession>(&question, async |open| self.commits.open_session(open.group).await).await
            }
            method::COMMIT => reply::<Commit>(&question, async |commit| self.commits.commit(commit).await).await,
            method::SESSION_ENDED => {
                reply::<SessionEnded>(&question, async |ended| self.sessions.end(session_of(from, ended.session))).await
            }
            other => Err(ServiceError(format!("question {other} is not known here"))),
        }
    }

    async fn answer_node(&self, method: Method, question: Bytes) -> Result<Bytes, ServiceError> {
        match method {
            CONTROL => self.cluster.answer(question).await,
            OFFER => {
                let OfferQuestion { group, digests } = questions::decode(&question).map_err(failed)?;
                if digests.len() > ASKED_MAX {
                    return Err(ServiceError(format!("at most {ASKED_MAX} contents are handed out at once")));
                }
                let (references, contents) = (self.references.clone(), self.contents.clone());
                let offers = blocking(move || references.offer(&contents, GroupId(group), &digests, OFFERED_BYTES_MAX))
                    .await
                    .map_err(|error| failed(crate::chain(&error)))?;
                let offers: Vec<WireOffer> = offers.into_iter().map(WireOffer::from).collect();
                Ok(questions::encode(&offers))
            }
            LACKS => {
                let digests: Vec<ContentDigest> = questions::decode(&question).map_err(failed)?;
                Ok(questions::encode(&self.commits.lacking_here(digests).await.map_err(failed)?))
            }
            KEEP => {
                let blobs = Arc::new(questions::decode(&question).map_err(failed)?);
                let kept = self.commits.keep_here(blobs).await.map_err(|error| crate::chain(&error));
                Ok(questions::encode(&kept))
            }
            KEEP_BLOB => {
                let KeepBlob { digest, from } = questions::decode(&question).map_err(failed)?;
                Ok(questions::encode(&self.keep_blob(digest, NodeId(from)).await))
            }
            FACTS => {
                let key = vraftls_cache::Key::from_bytes(questions::decode(&question).map_err(failed)?);
                let own = Arc::clone(&self.own_facts);
                Ok(questions::encode(&blocking(move || own.answer(&key)).await))
            }
            KEEP_FACTS => {
                let KeepFacts { key, value } = questions::decode(&question).map_err(failed)?;
                let own = Arc::clone(&self.own_facts);
                blocking(move || own.keep(&vraftls_cache::Key::from_bytes(key), &value)).await;
                Ok(questions::encode(&()))
            }
            FOLLOW => {
                let asked = questions::decode(&question).map_err(failed)?;
                Ok(questions::encode(&self.mirrors.followed(asked).await))
            }
            BLOB_PART => {
                let asked: BlobQuestion = questions::decode(&question).map_err(failed)?;
                let blobs = self.blobs.clone();
                let part = blocking(move || blobs.part(&asked)).await.map_err(failed)?;
                Ok(questions::encode(&part))
            }
            Method(other) => Err(ServiceError(format!("question {other} is not known here"))),
        }
    }

    async fn keep_blob(&self, digest: ContentDigest, from: NodeId) -> Result<(), String> {
        if self.blobs.has(&digest) {
            return Ok(());
        }
        let peer = self.cluster.address(from).ok_or_else(|| format!("where node {from} is is not known"))?;
        self.blobs.fetch(digest, from, &peer).await.map(drop).map_err(|error| error.to_string())
    }

    async fn ask(&self, from: Identity, mut asked: AskWithout) -> AskAnswer {
        for text in std::mem::take(&mut asked.ask.texts) {
            self.overlays.keep(text);
        }
        let Unpacked { mut request, at_least, scope } = match asked.resolve(|digest| self.overlays.get(digest)) {
            Resolution::Whole(unpacked) => *unpacked,
            Resolution::Missing(missing) => return AskAnswer::MissingTexts(missing),
        };
        request.session = session_of(from, request.session);
        let _asking = self.sessions.ask(request.session);
        let deadline = Instant::now() + request.deadline.min(BASE_PATIENCE);
        if !at_least.is_empty()
            && let Err(error) = self.bases.at_least(request.workspace, &at_least, deadline).await
        {
            return AskAnswer::Failed(error);
        }
        // The first question of a workspace begins to index it.
        self.standings.of(request.workspace);
        match self.queries.answer_in(request, scope.map(|groups| self.scope(groups))).await {
            Ok(answered) => AskAnswer::Answered(answered),
            Err(error) => AskAnswer::Failed(error),
        }
    }

    /// Which files belong to some of the groups.
    fn scope(&self, groups: Vec<u32>) -> vraftls_query::Scope {
        let metadata = self.cluster.metadata().borrow().clone();
        vraftls_query::Scope::new(move |workspace, path| {
            let group = metadata.slots().group_of_file(workspace, path);
            group.is_some_and(|group| groups.contains(&group.0))
        })
    }

    async fn text(&self, asked: FileText) -> Result<String, QueryError> {
        let FileText { workspace, path, digest } = asked;
        if is_bundled(&path) {
            // One that an answer named is had in just that version, though another may be loaded by now.
            let known = self.queries.bundled_content(digest).await;
            let text = match known {
                Some(text) => text,
                None => self.queries.bundled(workspace, &path, BUNDLED_DEADLINE).await?.text,
            };
            return Ok(text.to_string());
        }
        let deadline = Instant::now() + BASE_PATIENCE;
        let base = self.bases.at_least(workspace, &Revisions::new(), deadline).await?;
        let contents = self.contents.clone();
        let text = blocking(move || read_exactly(&*base, &contents, &path, Some(digest))).await?;
        Ok(text.to_string())
    }

    async fn page(&self, page: TreePage) -> Result<TreePageAnswer, QueryError> {
        let deadline = Instant::now() + BASE_PATIENCE;
        let base = self.bases.at_least(page.workspace, &page.at_least, deadline).await?;
        let n_max = usize::try_from(page.n_max).unwrap_or(usize::MAX).clamp(1, PAGE_FILES_MAX);
        let (entries, has_more) = base.entries_after(page.after.as_ref(), n_max);
        let file = |(path, entry): (_, vraftls_vfs::FileEntry)| TreeFile {
            path,
            digest: entry.digest,
            size_bytes: entry.size_bytes,
        };
        let files = entries.into_iter().map(file).collect();
        Ok(TreePageAnswer { revisions: base.revisions(), files, has_more })
    }

    async fn watch(&self, watch: Watch) -> Result<Watched, QueryError> {
        let metadata = self.cluster.metadata().borrow().clone();
        if !metadata.workspaces().contains_key(&watch.workspace) {
            return Err(QueryError::Unavailable(format!("there is no workspace {}", watch.workspace)));
        }
        let mut standing = self.standings.of(watch.workspace);
        let other = standing.wait_for(|now| now.generation != watch.generation);
        match tokio::time::timeout(watch.patience.min(WATCH_PATIENCE), other).await {
            Ok(Ok(now)) => return Ok(now.clone()),
            Ok(Err(_)) => return Err(QueryError::Unavailable("the workspace is gone".to_owned())),
            Err(_) => {}
        }
        let now = standing.borrow().clone();
        Ok(now)
    }

    /// What every group has by now; `by_lease` trusts the leaders' clocks.
    async fn current(&self, by_lease: bool) -> Result<Revisions, QueryError> {
        let metadata = self.cluster.metadata().borrow().clone();
        let deadline = Instant::now() + CURRENT;
        let groups = metadata.groups().keys().filter(|group| **group != MetaGroupId::METADATA);
        let asked = groups.map(|group| async move {
            let index = self.cluster.read_index(GroupId(group.0), by_lease, deadline).await;
            index.map(|index| (group.0, Revision(index)))
        });
        let indexes: Result<Vec<_>, _> = join_all(asked).await.into_iter().collect();
        Ok(indexes.map_err(|error| QueryError::Unavailable(error.to_string()))?.into_iter().collect())
    }
}

/// A session among all that ask this node: two gateways may count theirs alike.
fn session_of(from: Identity, session: SessionId) -> SessionId {
    let mut hasher = blake3::Hasher::new();
    hasher.update(from.incarnation.to_string().as_bytes());
    hasher.update(&from.node.0.to_le_bytes());
    hasher.update(&session.0.to_le_bytes());
    let hash = hasher.finalize();
    let (first, _) = hash.as_bytes().split_first_chunk().expect("a hash has 32 bytes");
    SessionId(u64::from_le_bytes(*first))
}
