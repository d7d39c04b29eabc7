//! Every bound that is put on a guest, with its unit and its default.

use std::time::Duration;

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// Every bound that is put on a guest. A call that reaches one gets [`Fault::Limit`](vraftls_query::Fault::Limit) with the
/// [`LimitName`], unless the field says otherwise.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The size of a component. Compiling costs time and memory in proportion (about 50 bytes of memory a byte).
    pub component_bytes_max: usize,
    /// Linear memories of the instance of one pure call, together.
    pub index_memory_bytes_max: usize,
    /// Linear memories of one engine, together.
    pub engine_memory_bytes_max: usize,
    /// Linear memories of all engines of the process. What is idle goes before what is needed is refused.
    pub engines_memory_bytes_max: usize,
    /// Warm engines in the process. A call that would need one more, while none is idle, gets `Busy`.
    pub engines_max: usize,
    /// Warm engines of one project. Another is started only for another session, while all there are run long calls.
    pub engines_per_project_max: usize,
    /// How long the call that an engine runs must have run before another engine of the same project is worth its memory.
    pub engine_busy_after: Duration,
    /// How long an engine stays warm without being asked.
    pub engine_idle_max: Duration,
    /// How long an engine must have had nothing to do before it is told to rest.
    pub rest_after: Duration,
    /// How long that may take it. After so long it is trapped and lost; nobody hears of a fault.
    pub rest_time_max: Duration,
    /// How long an engine must have worked, since it was started or kept, to be worth keeping: about what it then saves. Ten times as long
    /// where it was kept before and its process is about to end.
    pub keep_after_work: Duration,
    /// How long it must have had nothing to do since it rested.
    pub keep_after_rest: Duration,
    /// How long at least it is not kept again. What is left out then costs the next start a little.
    pub keep_again_after: Duration,
    /// How long a runtime that is dropped waits for engines that are being kept.
    pub keep_at_close_max: Duration,
    /// Calls that wait for one engine; one more gets `Busy`. Background takes half of the room at most, patient calls three
    /// quarters, see [`Urgency`](vraftls_query::Urgency).
    pub engine_queue_max: usize,
    /// Calls of one session that wait for one engine, in the same proportions; one more gets `Busy`.
    pub engine_queue_per_session_max: usize,
    /// Pure calls that wait for a thread; the caller of one more waits until there is room. Small, because all of them are
    /// ahead of a call that somebody waits for.
    pub index_queue_max: usize,
    /// Threads of pure calls.
    pub index_threads: usize,
    /// Linear memories of an instance.
    pub memories_max: usize,
    /// Tables of an instance.
    pub tables_max: usize,
    /// Elements of a table.
    pub table_elements_max: usize,
    /// Core instances of a component.
    pub core_instances_max: usize,
    /// Resource handles of an instance that are alive.
    pub handles_max: usize,
    /// How long a pure call may take.
    pub index_time_max: Duration,
    /// How long `describe` may take.
    pub describe_time_max: Duration,
    /// How long an engine may go on after its deadline, or after nobody waits any more, before it is trapped and lost. Rather
    /// long: all it costs is that the calls behind wait, while a new engine has to learn everything again.
    pub cancel_grace: Duration,
    /// Bytes that cross from the guest to the host in one function call, counted as wasmtime counts them.
    pub reply_bytes_max: usize,
    /// Entries of one list of a reply, inner lists counted together with their outer list.
    pub reply_items_max: usize,
    /// A name, label, title or other text of one line, in bytes.
    pub line_bytes_max: usize,
    /// A documentation, message or replacement text, in bytes.
    pub text_bytes_max: usize,
    /// What a search plan carries for the analyzer, in bytes; the contract says 64 KiB.
    pub plan_token_bytes_max: usize,
    /// What an item carries for the analyzer, in bytes; the contract says 4 KiB.
    pub item_token_bytes_max: usize,
    /// A document that is indexed, and a file that is read. A larger file reads as `too-large`.
    pub document_bytes_max: usize,
    /// Calls of imports in one call.
    pub host_calls_max: u64,
    /// Bytes that one call reads through `workspace`.
    pub read_bytes_max: u64,
    /// Lines that one call logs. More are dropped and counted, no fault.
    pub log_lines_max: u32,
    /// Bytes of one line of the log. More are dropped and counted, no fault.
    pub log_line_bytes_max: usize,
    /// Changed paths that are told one by one; more become `everything`.
    pub changes_max: usize,
    /// Texts of files that an analyzer carries itself, kept for checking offsets, per component.
    pub bundled_bytes_max: usize,
    /// Faults of a project that are forgiven before it is quarantined.
    pub quarantine_after: u32,
    /// The first quarantine; each further one is twice as long.
    pub quarantine_min: Duration,
    /// The longest quarantine; and after so long without a fault all is forgiven.
    pub quarantine_max: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            component_bytes_max: 64 * MIB,
            index_memory_bytes_max: 512 * MIB,
            engine_memory_bytes_max: 2048 * MIB,
            engines_memory_bytes_max: 3072 * MIB,
            engines_max: 16,
            engines_per_project_max: 2,
            engine_busy_after: Duration::from_millis(250),
            engine_idle_max: Duration::from_secs(20 * 60),
            rest_after: Duration::from_millis(20),
            rest_time_max: Duration::from_secs(5),
            keep_after_work: Duration::from_millis(500),
            keep_after_rest: Duration::from_secs(1),
            keep_again_after: Duration::from_secs(10 * 60),
            keep_at_close_max: Duration::from_secs(8),
            engine_queue_max: 1024,
            engine_queue_per_session_max: 192,
            index_queue_max: 16,
            index_threads: std::thread::available_parallelism().map_or(2, usize::from),
            memories_max: 8,
            tables_max: 16,
            table_elements_max: 100_000,
            core_instances_max: 64,
            handles_max: 10_000,
            index_time_max: Duration::from_secs(10),
            describe_time_max: Duration::from_secs(5),
            cancel_grace: Duration::from_secs(2),
            reply_bytes_max: 64 * MIB,
            reply_items_max: 1_000_000,
            line_bytes_max: 64 * KIB,
            text_bytes_max: 4 * MIB,
            plan_token_bytes_max: 64 * KIB,
            item_token_bytes_max: 4 * KIB,
            document_bytes_max: 16 * MIB,
            host_calls_max: 2_000_000,
            read_bytes_max: 1 << 30,
            log_lines_max: 64,
            log_line_bytes_max: KIB,
            changes_max: 10_000,
            bundled_bytes_max: 8 * MIB,
            quarantine_after: 3,
            quarantine_min: Duration::from_secs(1),
            quarantine_max: Duration::from_secs(60),
        }
    }
}

/// The names of the limits, as faults and counters give them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[expect(missing_docs, reason = "each is the limit of its name in `Limits`")]
pub enum LimitName {
    Memory,
    EnginesMemory,
    TableElements,
    Stack,
    Time,
    ReplyBytes,
    ReplyItems,
    LineBytes,
    TextBytes,
    TokenBytes,
    DocumentBytes,
    HostCalls,
    ReadBytes,
    LogLines,
}

impl LimitName {
    pub(crate) const ALL: [Self; 14] = [
        Self::Memory,
        Self::EnginesMemory,
        Self::TableElements,
        Self::Stack,
        Self::Time,
        Self::ReplyBytes,
        Self::ReplyItems,
        Self::LineBytes,
        Self::TextBytes,
        Self::TokenBytes,
        Self::DocumentBytes,
        Self::HostCalls,
        Self::ReadBytes,
        Self::LogLines,
    ];

    /// The name, as it stands in faults, counters and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::EnginesMemory => "memory of all engines",
            Self::TableElements => "table elements",
            Self::Stack => "stack",
            Self::Time => "time",
            Self::ReplyBytes => "bytes of a reply",
            Self::ReplyItems => "items of a reply",
            Self::LineBytes => "bytes of a line",
            Self::TextBytes => "bytes of a text",
            Self::TokenBytes => "bytes of a token",
            Self::DocumentBytes => "bytes of a document",
            Self::HostCalls => "host calls",
            Self::ReadBytes => "bytes read",
            Self::LogLines => "log lines",
        }
    }
}

impl std::fmt::Display for LimitName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
