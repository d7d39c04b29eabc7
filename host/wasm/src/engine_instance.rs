//! One warm instance of an engine: a store, a project in it, and the view that it saw last.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use vraftls_query::{EngineCall, Fault, ProjectSpec, Question, ReadError, Reply, View};
use vraftls_vfs::VfsPath;
use wasmtime::Store;
use wasmtime::component::{InstancePre, ResourceAny};

use crate::analyzer::Component;
use crate::ask::Asking;
use crate::bindings::exports::vraftls::analyzer::projects as guest;
use crate::bindings::vraftls::analyzer::types::Failure;
use crate::check::{Check, Rejected, Texts, bad};
use crate::engines::Context;
use crate::exports::{EngineExports, EngineFunctions};
use crate::host_state::{CallScope, HostState, Waiter};
use crate::kept::{Kept, KeptKey, Sighted};
use crate::memory::MemoryGuard;
use crate::view_change::{Seen, to_guest};
use crate::{LimitName, people, stop};

/// A warm instance.
pub(crate) struct EngineInstance {
    pub(crate) store: Store<HostState>,
    pub(crate) functions: EngineFunctions,
    pub(crate) project: ResourceAny,
    pub(crate) seen: Seen,
    /// Whether the guest failed to take in what it was told: it is told that everything differs the next time.
    pub(crate) must_resync: bool,
    pub(crate) bundled: Arc<Bundled>,
    /// What it was taken up from, where it was.
    pub(crate) origin: Origin,
}

/// Where the memory of an instance comes from.
pub(crate) enum Origin {
    /// The component.
    Fresh,
    /// A kept engine that nobody has looked through yet.
    Unchecked(Box<Kept>, KeptKey),
    /// A kept engine; the flag says whether it proved to be damaged.
    Checked(Arc<AtomicBool>),
}

/// Why a call has no reply.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) fault: Fault,
    /// Whether the instance can go on.
    pub(crate) instance: Instance,
}

/// What became of the instance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Instance {
    /// It goes on.
    Lives,
    /// It is dropped because what it says cannot be relied on.
    Distrusted,
    /// It trapped or ran into a limit.
    Lost,
}

impl Failed {
    fn alive(fault: Fault) -> Self {
        Self { fault, instance: Instance::Lives }
    }

    pub(crate) fn lost(error: &wasmtime::Error, store: &Store<HostState>) -> Self {
        let fault = stop::fault(error, store.data());
        // Without room for an instance there is none, and the project is not to blame.
        let instance = if fault == Fault::Busy { Instance::Distrusted } else { Instance::Lost };
        Self { fault, instance }
    }
}

/// What an instance is made of.
pub(crate) struct Maker<'a> {
    pub(crate) context: &'a Context,
    pub(crate) component: &'a Component,
    /// Bounds another instance each time.
    pub(crate) memory: &'a dyn Fn() -> MemoryGuard,
}

impl Maker<'_> {
    /// A store in which nothing is yet, the component for it, and its exports.
    pub(crate) fn store(
        &self,
        call: &EngineCall,
        waiter: &Waiter,
    ) -> Option<(Store<HostState>, &InstancePre<HostState>, &EngineExports)> {
        let Component { loaded, shared, .. } = self.component;
        let scope = CallScope::new(Some(call.view.clone()), waiter.clone());
        let store = |engine| HostState::store(engine, &self.context.clock, shared, (self.memory)(), scope);
        if let Some(keeping) = &self.context.keeping
            && let Some(keepable) = loaded.keepable(keeping)
        {
            let mut store = store(&keeping.engine);
            store.data_mut().sighted = Some(Sighted::default());
            return Some((store, &keepable.pre, &keepable.exports));
        }
        Some((store(&self.context.engine), &loaded.pre, loaded.exports.engine.as_ref()?))
    }
}

impl EngineInstance {
    /// Instantiates a component and opens a project on the view of a call.
    pub(crate) fn start(maker: &Maker<'_>, call: &EngineCall, waiter: &Waiter) -> Result<Self, Failed> {
        let Some((mut store, pre, exports)) = maker.store(call, waiter) else {
            return Err(Failed::alive(Fault::Unsupported));
        };
        let opened = pre.instantiate(&mut store).and_then(|instance| {
            let functions = exports.load(&mut store, &instance)?;
            let project = functions.projects.project().call_open(&mut store, &config(&call.project))?;
            Ok((functions, project))
        });
        match opened {
            Ok((functions, Ok(project))) => {
                let seen = Seen::without_open_files(&call.view);
                let bundled = maker.component.bundled.clone();
                let mut this =
                    Self { store, functions, project, seen, must_resync: false, bundled, origin: Origin::Fresh };
                // Overlays are not news to a project that has just been opened on them, but which files are open is.
                this.tell_open_files(&call.view)?;
                this.seen = Seen::of(&call.view);
                Ok(this)
            }
            // A project that does not open leaves nothing that could be asked.
            Ok((_, Err(failure))) => {
                let fault = fault_of(failure, store.data());
                Err(Failed { fault, instance: Instance::Distrusted })
            }
            Err(error) => Err(Failed::lost(&error, &store)),
        }
    }

    /// Linear memory, in bytes.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.store.data().memory.bytes()
    }

    /// Asks one question on the view of the call.
    pub(crate) fn ask(&mut self, call: &EngineCall, waiter: &Waiter) -> Result<Reply, Failed> {
        self.store.data_mut().enter(CallScope::new(Some(call.view.clone()), waiter.clone()));
        let reply = self.ask_in_scope(&call.view, &call.question);
        self.store.data_mut().leave();
        reply
    }

    fn ask_in_scope(&mut self, view: &View, question: &Question) -> Result<Reply, Failed> {
        self.show(view)?;
        // Before, a guest that stops would have to be started or shown everything anew.
        self.store.data_mut().scope.may_make_way = true;
        let unchecked = match self.asking().ask(question) {
            Ok(Ok(unchecked)) => unchecked,
            Ok(Err(failure)) => return Err(Failed::alive(fault_of(failure, self.store.data()))),
            Err(error) => return Err(Failed::lost(&error, &self.store)),
        };
        self.store.data_mut().scope.may_make_way = false;
        let shared = self.store.data().shared.clone();
        let mut texts = ViewTexts { instance: self, view };
        let checked = unchecked(&mut Check::new(&shared.limits, &mut texts));
        checked.map_err(|rejected| match rejected {
            Rejected::Unchecked(fault) => Failed { fault, instance: Instance::Lives },
            Rejected::Limit(name) => {
                Failed { fault: stop::limit(name, &shared.counters), instance: Instance::Distrusted }
            }
            Rejected::Bad(what) => Failed { fault: Fault::BadReply(what), instance: Instance::Distrusted },
        })
    }

    /// Whether the guest has something to do while nobody asks.
    pub(crate) fn can_rest(&self) -> bool {
        self.functions.resting.is_some()
    }

    /// Lets the guest do what can wait. A fault costs the instance.
    pub(crate) fn rest(&mut self) -> Result<(), Failed> {
        let (time_max, project) = (self.store.data().shared.limits.rest_time_max, self.project);
        self.between_questions(time_max, |store, functions| match &functions.resting {
            Some(resting) => resting.call_rest(store, project),
            None => Ok(()),
        })
    }

    /// Calls the guest for the host itself, without a view, for at most so long.
    pub(crate) fn between_questions(
        &mut self,
        time_max: Duration,
        call: impl FnOnce(&mut Store<HostState>, &EngineFunctions) -> wasmtime::Result<()>,
    ) -> Result<(), Failed> {
        self.store.data_mut().enter(CallScope::new(None, Waiter::for_time(time_max)));
        let called = call(&mut self.store, &self.functions);
        let called = called.map_err(|error| Failed::lost(&error, &self.store));
        self.store.data_mut().leave();
        called
    }

    fn asking(&mut self) -> Asking<'_> {
        Asking { functions: &self.functions, store: &mut self.store, project: self.project }
    }

    /// Tells the guest how the view differs from the last one.
    fn show(&mut self, view: &View) -> Result<(), Failed> {
        let changes_max = self.store.data().shared.limits.changes_max;
        let changes = match self.must_resync {
            true => vec![guest::Change::Everything],
            false => to_guest(self.seen.changes_to(view), changes_max),
        };
        if !changes.is_empty() {
            let project = self.functions.projects.project();
            match project.call_update(&mut self.store, self.project, &changes) {
                Ok(Ok(())) => self.must_resync = false,
                Ok(Err(failure)) => {
                    self.must_resync = true;
                    return Err(Failed::alive(fault_of(failure, self.store.data())));
                }
                Err(error) => return Err(Failed::lost(&error, &self.store)),
            }
        }
        self.tell_open_files(view)?;
        self.seen = Seen::of(view);
        Ok(())
    }

    fn tell_open_files(&mut self, view: &View) -> Result<(), Failed> {
        if self.seen.has_same_files_open(view) {
            return Ok(());
        }
        self.set_open_files(view)
    }

    pub(crate) fn set_open_files(&mut self, view: &View) -> Result<(), Failed> {
        let open: Vec<String> = view.overlays.iter().map(|(path, _)| path.as_str().to_owned()).collect();
        let project = self.functions.projects.project();
        project.call_set_open(&mut self.store, self.project, &open).map_err(|error| Failed::lost(&error, &self.store))
    }
}

pub(crate) fn config(spec: &ProjectSpec) -> guest::Config {
    let library =
        |library: &vraftls_query::Library| guest::Library { path: library.path.clone(), kind: library.kind.clone() };
    guest::Config {
        root: spec.root.clone(),
        libraries: spec.libraries.iter().map(library).collect(),
        settings: spec.settings.clone(),
    }
}

/// How much of a guest's explanation is handed on.
const EXPLANATION_BYTES_MAX: usize = 4 << 10;

/// The fault for a failure that the guest states itself.
pub(crate) fn fault_of(failure: Failure, state: &HostState) -> Fault {
    let text = |text: String| people::text(&text, EXPLANATION_BYTES_MAX);
    match failure {
        Failure::Unsupported => Fault::Unsupported,
        Failure::Cancelled => match state.scope.waiter.given_up() {
            Some(fault @ Fault::Deadline(_)) => {
                state.shared.counters.limit_hit(LimitName::Time);
                fault
            }
            _ => Fault::Cancelled,
        },
        Failure::NotFound(path) => Fault::NotFound(text(path)),
        Failure::InvalidInput(reason) => Fault::InvalidInput(text(reason)),
        Failure::Limited(reason) => Fault::Limit(text(reason)),
        Failure::Internal(reason) => Fault::Internal(text(reason)),
    }
}

/// The texts that a view shows, and those that the analyzer carries.
struct ViewTexts<'a> {
    instance: &'a mut EngineInstance,
    view: &'a View,
}

impl Texts for ViewTexts<'_> {
    fn text(&mut self, path: &VfsPath) -> Result<Arc<str>, Rejected> {
        if path.as_str().starts_with(BUNDLED) {
            return self.bundled(path);
        }
        match self.view.read(path) {
            Ok(text) => Ok(text),
            Err(ReadError::Unavailable(reason)) => Err(Rejected::Unchecked(Fault::Unavailable(reason))),
            Err(error) => bad(format!("it names {path}, which cannot be read: {error}")),
        }
    }

    fn is_there(&self, path: &VfsPath) -> bool {
        self.view.file(path).is_some() || self.view.is_directory(path.as_str())
    }
}

/// Where the files lie that an analyzer carries itself.
const BUNDLED: &str = "@bundled/";

impl ViewTexts<'_> {
    fn bundled(&mut self, path: &VfsPath) -> Result<Arc<str>, Rejected> {
        let bundled = self.instance.bundled.clone();
        if let Some(text) = bundled.get(path) {
            return Ok(text);
        }
        let text = self.instance.asking().bundled(path);
        match text {
            Ok(Some(text)) => Ok(bundled.insert(path.clone(), text)),
            Ok(None) => bad(format!("it names {path}, which it does not carry")),
            Err(error) => {
                let fault = stop::fault(&error, self.instance.store.data());
                Err(Rejected::Unchecked(fault))
            }
        }
    }
}

/// The files that a component carries itself, as far as they were needed. They are the same in every instance.
#[derive(Debug)]
pub(crate) struct Bundled {
    bytes_max: usize,
    texts: Mutex<BTreeMap<VfsPath, Arc<str>>>,
}

impl Bundled {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self { bytes_max, texts: Mutex::default() }
    }

    fn get(&self, path: &VfsPath) -> Option<Arc<str>> {
        self.texts.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned()
    }

    fn insert(&self, path: VfsPath, text: String) -> Arc<str> {
        let text: Arc<str> = text.into();
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        // Few are needed often, and asking the guest again is cheap: no order is kept for throwing out.
        let bytes: usize = texts.values().map(|text| text.len()).sum();
        if bytes + text.len() > self.bytes_max {
            texts.clear();
        }
        texts.insert(path, text.clone());
        text
    }
}
