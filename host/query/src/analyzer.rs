//! The port to whatever runs analyzers.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use vraftls_index::{Description, Diagnostic, Facts};
use vraftls_proto::{
    Action, Call, Candidate, CompletionDetails, CompletionItems, DocumentEdit, Expansion, FileChange, FileMove,
    FileReferences, FormattingOptions, HierarchyItem, Highlight, Hover, InlayHint, Lens, Link, RenameTarget, Resolved,
    SearchPlan, SemanticToken, SessionId, SignatureHelp, Targets,
};
use vraftls_text::{Span, TextEdit};
use vraftls_vfs::{ContentDigest, VfsPath, WorkspaceId};

use crate::{CancelFlag, View};

/// A future of any shape.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// An analyzer that is loaded. Calls run on threads of its own; the futures only wait. Dropping one cancels the call.
pub trait Analyzer: Send + Sync {
    /// Of the component's bytes: part of every cache key.
    fn digest(&self) -> ContentDigest;

    /// Who it is.
    fn description(&self) -> &Description;

    /// What a document says by itself. Pure: a fresh instance each call.
    fn index(&self, document: IndexDocument) -> BoxFuture<'static, Result<Facts, Fault>>;

    /// Asks the engine of a project. Every offset of the reply fits the text that `call.view` shows.
    fn ask(&self, call: EngineCall) -> BoxFuture<'static, Result<Reply, Fault>>;
}

/// A document for indexing.
#[derive(Clone, Debug)]
pub struct IndexDocument {
    /// Its path.
    pub path: VfsPath,
    /// Its language identifier.
    pub language: String,
    /// Its contents.
    pub text: Arc<str>,
}

/// What makes a project: with the component's digest and the workspace it names one warm engine.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ProjectSpec {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The directory in it; empty for the whole.
    pub root: String,
    /// Library roots in the order in which they are searched.
    pub libraries: Vec<Library>,
    /// Settings of the analyzer's own, sorted.
    pub settings: Vec<(String, String)>,
}

/// A read-only tree of library sources.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Library {
    /// Where it is mounted, for example `@lib/site-packages`.
    pub path: String,
    /// What it is, in the words of its language.
    pub kind: String,
}

/// One call of an engine.
pub struct EngineCall {
    /// The project.
    pub project: Arc<ProjectSpec>,
    /// What the call sees.
    pub view: View,
    /// Who asks: a session prefers the instance that served it last.
    pub session: SessionId,
    /// Whether somebody still waits.
    pub cancel: CancelFlag,
    /// When the call is cut off at the latest.
    pub deadline: Instant,
    /// What is asked.
    pub question: Question,
}

/// What an engine is asked: the functions of the contract (`wit/analyzer.wit`).
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the contract documents each function and its parameters")]
pub enum Question {
    Diagnostics { path: VfsPath },
    Definition { path: VfsPath, offset: u32 },
    Declaration { path: VfsPath, offset: u32 },
    TypeDefinition { path: VfsPath, offset: u32 },
    Implementation { path: VfsPath, offset: u32 },
    Plan { path: VfsPath, offset: u32 },
    Confirm { plan: SearchPlan, files: Vec<Candidate> },
    Highlights { path: VfsPath, offset: u32 },
    Hover { path: VfsPath, offset: u32 },
    Complete { path: VfsPath, offset: u32, trigger: Option<String>, limit: u32 },
    ResolveCompletion { path: VfsPath, token: Vec<u8> },
    SignatureHelp { path: VfsPath, offset: u32 },
    PrepareRename { path: VfsPath, offset: u32 },
    PlanRename { path: VfsPath, offset: u32, new_name: String },
    RenameEdits { plan: SearchPlan, new_name: String, files: Vec<Candidate> },
    RenameMoves { plan: SearchPlan, new_name: String },
    Format { path: VfsPath, span: Option<Span>, options: FormattingOptions },
    FormatOnType { path: VfsPath, offset: u32, typed: String, options: FormattingOptions },
    PrepareCalls { path: VfsPath, offset: u32 },
    PlanIncoming { item: HierarchyItem },
    Incoming { plan: SearchPlan, files: Vec<Candidate> },
    Outgoing { item: HierarchyItem },
    PrepareTypes { path: VfsPath, offset: u32 },
    Supertypes { item: HierarchyItem },
    PlanSubtypes { item: HierarchyItem },
    Subtypes { plan: SearchPlan, files: Vec<Candidate> },
    SemanticTokens { path: VfsPath, span: Option<Span> },
    InlayHints { path: VfsPath, span: Span },
    SelectionRanges { path: VfsPath, offsets: Vec<u32> },
    Lenses { path: VfsPath },
    Links { path: VfsPath },
    LinkedRanges { path: VfsPath, offset: u32 },
    Actions { path: VfsPath, span: Span, diagnostics: Vec<Diagnostic>, kinds: Vec<String> },
    ResolveAction { path: VfsPath, token: Vec<u8> },
    WillRename { moves: Vec<FileMove> },
    ResolveAll { path: VfsPath },
    JoinLines { path: VfsPath, spans: Vec<Span> },
    Expand { path: VfsPath, offset: u32 },
    Bundled { path: VfsPath },
}

/// What an engine replies. [`Question`]s of navigation get `Targets`, the plans get `Plan`, `ResolveAction` gets `Change`.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each is the type of its name")]
pub enum Reply {
    Diagnostics(Vec<Diagnostic>),
    Targets(Option<Targets>),
    Plan(Option<SearchPlan>),
    References(Vec<FileReferences>),
    Highlights(Vec<Highlight>),
    Hover(Option<Hover>),
    Completion(CompletionItems),
    CompletionDetails(CompletionDetails),
    SignatureHelp(Option<SignatureHelp>),
    RenameTarget(Option<RenameTarget>),
    Edits(Vec<DocumentEdit>),
    Moves(Vec<FileMove>),
    Change(FileChange),
    TextEdits(Vec<TextEdit>),
    HierarchyItems(Vec<HierarchyItem>),
    Calls(Vec<Call>),
    SemanticTokens(Vec<SemanticToken>),
    InlayHints(Vec<InlayHint>),
    SelectionRanges(Vec<Vec<Span>>),
    Lenses(Vec<Lens>),
    Links(Vec<Link>),
    LinkedRanges(Vec<Span>),
    Actions(Vec<Action>),
    Resolved(Arc<Resolved>),
    Expansion(Option<Expansion>),
    Bundled(Option<String>),
}

/// Why a call of an analyzer has no reply. The next call meets a working instance whatever it was.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Fault {
    /// The analyzer does not have the feature.
    #[error("not supported")]
    Unsupported,
    /// Nobody waited any more.
    #[error("cancelled")]
    Cancelled,
    /// The path is not in the view.
    #[error("{0} is not in the view")]
    NotFound(String),
    /// The question makes no sense; for people.
    #[error("{0}")]
    InvalidInput(String),
    /// The analyzer, or the host's limit of this name, cut it off.
    #[error("limit reached: {0}")]
    Limit(String),
    /// The call ran longer than this.
    #[error("no reply within {0:?}")]
    Deadline(Duration),
    /// The guest trapped: its instance is gone.
    #[error("trapped: {0}")]
    Trap(String),
    /// The guest's reply broke the contract.
    #[error("broke the contract: {0}")]
    BadReply(String),
    /// The analyzer says it is at fault.
    #[error("failed: {0}")]
    Internal(String),
    /// Too many calls wait.
    #[error("busy")]
    Busy,
    /// The analyzer is not loaded, or could not be.
    #[error("not available: {0}")]
    Unavailable(String),
}
