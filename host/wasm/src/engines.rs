//! Which warm engine answers a call, when another is started, and which one goes.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use vraftls_proto::SessionId;
use vraftls_query::{Fault, ProjectSpec, Urgency};
use wasmtime::Engine;
use wasmtime::component::Linker;

use crate::analyzer::Component;
use crate::call_queue::Room;
use crate::clock::Clock;
use crate::counters::CounterCells;
use crate::engine_thread::{EngineThread, Resting};
use crate::host_state::HostState;
use crate::mailbox::{Job, Load, Mailbox};
use crate::memory::MemoryBudget;
use crate::quarantine::Quarantine;
use crate::sandbox::{self, THREAD_STACK_BYTES};
use crate::{ArtifactStore, KeptEngines, Limits, linker};

/// What every call of the process shares.
pub(crate) struct Context {
    pub(crate) engine: Engine,
    /// Where engines are kept, and what those are made by that may be.
    pub(crate) keeping: Option<Keeping>,
    pub(crate) clock: Arc<Clock>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) counters: Arc<CounterCells>,
}

/// What it takes to keep engines.
pub(crate) struct Keeping {
    pub(crate) engine: Engine,
    pub(crate) linker: Linker<HostState>,
    pub(crate) kept: KeptEngines,
    /// Where its components are found, compiled already for the other engine.
    pub(crate) artifacts: ArtifactStore,
}

impl Keeping {
    pub(crate) fn new(kept: KeptEngines, artifacts: ArtifactStore) -> wasmtime::Result<Self> {
        let engine = sandbox::keeping_engine()?;
        kept.sweep();
        Ok(Self { linker: linker::linker(&engine)?, engine, kept, artifacts })
    }
}

/// Which load of a component; the same bytes loaded twice are two.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct ComponentId(pub(crate) u64);

/// One engine, never given out twice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct EngineId(u64);

/// What an engine is warm for.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct ProjectKey {
    pub(crate) component: ComponentId,
    pub(crate) spec: Arc<ProjectSpec>,
}

/// All warm engines of a process.
pub(crate) struct Engines {
    pub(crate) context: Arc<Context>,
    state: Mutex<State>,
    budget: OnceLock<Arc<MemoryBudget>>,
    /// Threads of engines that have not ended.
    threads: Mutex<usize>,
    thread_ended: Condvar,
}

#[derive(Default)]
struct State {
    projects: HashMap<ProjectKey, Project>,
    next_id: u64,
    closed: bool,
}

#[derive(Default)]
struct Project {
    engines: Vec<Warm>,
    quarantine: Quarantine,
}

/// A warm engine, as it is seen from outside its thread.
struct Warm {
    id: EngineId,
    mailbox: Arc<Mailbox>,
    memory_bytes: Arc<AtomicUsize>,
    /// Who was sent to it last.
    session: SessionId,
    used: Instant,
}

/// What is to be done with a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Choice {
    /// This engine of the project takes it.
    Take(usize),
    /// Another is started.
    Start,
    /// Another is started if there is room for it, else this one takes it.
    StartOrTake(usize),
}

impl Engines {
    pub(crate) fn new(context: Arc<Context>) -> Arc<Self> {
        let engines = Arc::new(Self {
            context,
            state: Mutex::default(),
            budget: OnceLock::new(),
            threads: Mutex::default(),
            thread_ended: Condvar::new(),
        });
        let weak = Arc::downgrade(&engines);
        let evict = move |bytes| weak.upgrade().is_some_and(|engines| engines.evict(bytes));
        let bytes_max = engines.context.limits.engines_memory_bytes_max;
        // Set once, here.
        let _ = engines.budget.set(Arc::new(MemoryBudget::new(bytes_max, Box::new(evict))));
        engines
    }

    pub(crate) fn budget(&self) -> Arc<MemoryBudget> {
        self.budget.get().expect("set when made").clone()
    }

    /// Sends a call to the engine that suits it best, starting one if need be.
    pub(crate) fn ask(self: &Arc<Self>, component: &Arc<Component>, job: Job) -> Result<(), Fault> {
        let limits = &*self.context.limits;
        let key = ProjectKey { component: component.id, spec: job.call.project.clone() };
        let (session, urgency, now) = (job.call.session, job.call.question.urgency(), Instant::now());
        let mut state = self.lock();
        if state.closed {
            return Err(Fault::Unavailable("the node is shutting down".to_owned()));
        }
        let project = state.projects.entry(key.clone()).or_default();
        if let Some(remaining) = project.quarantine.remaining(now) {
            self.context.counters.refused_quarantined.increment();
            return Err(quarantined(remaining));
        }
        let taker = match choose(&project.engines, session, urgency, limits, now) {
            Choice::Take(index) => index,
            choice => match (self.start(&mut state, component, &key), choice) {
                (Ok(index), _) => index,
                (Err(_), Choice::StartOrTake(index)) => index,
                (Err(fault), _) => return Err(fault),
            },
        };
        let project = state.projects.get_mut(&key).and_then(|project| project.engines.get_mut(taker));
        let Some(warm) = project else { return Err(Fault::Busy) };
        (warm.session, warm.used) = (session, now);
        if warm.mailbox.push(job) { Ok(()) } else { Err(Fault::Busy) }
    }

    /// Starts an engine of a project, at the cost of the one that was idle longest if there is no room; gives its place.
    fn start(
        self: &Arc<Self>,
        state: &mut State,
        component: &Arc<Component>,
        key: &ProjectKey,
    ) -> Result<usize, Fault> {
        let limits = &*self.context.limits;
        let n_engines: usize = state.projects.values().map(|project| project.engines.len()).sum();
        if n_engines >= limits.engines_max && evict_one(state).is_none() {
            return Err(Fault::Busy);
        }
        let id = EngineId(state.next_id);
        state.next_id += 1;
        let room = Room { calls_max: limits.engine_queue_max, per_session_max: limits.engine_queue_per_session_max };
        let mailbox = Arc::new(Mailbox::new(room, self.context.counters.clone()));
        let memory_bytes = Arc::new(AtomicUsize::new(0));
        let thread = EngineThread {
            id,
            key: key.clone(),
            component: component.clone(),
            mailbox: mailbox.clone(),
            memory_bytes: memory_bytes.clone(),
            engines: self.clone(),
            instance: None,
            rest: Resting::default(),
        };
        let builder = std::thread::Builder::new().name("wasm-engine".to_owned()).stack_size(THREAD_STACK_BYTES);
        self.count_thread(|threads| threads + 1);
        let engines = self.clone();
        let spawned = builder.spawn(move || {
            thread.run();
            engines.count_thread(|threads| threads - 1);
        });
        if let Err(error) = spawned {
            self.count_thread(|threads| threads - 1);
            return Err(Fault::Unavailable(format!("no thread for an engine: {error}")));
        }
        let project = state.projects.entry(key.clone()).or_default();
        project.engines.push(Warm { id, mailbox, memory_bytes, session: SessionId(0), used: Instant::now() });
        Ok(project.engines.len() - 1)
    }

    /// Takes an engine that has nothing to do off the list; false if it has something to do after all.
    pub(crate) fn retire(&self, key: &ProjectKey, id: EngineId) -> bool {
        let mut state = self.lock();
        let Some(project) = state.projects.get_mut(key) else { return true };
        let Some(at) = project.engines.iter().position(|warm| warm.id == id) else { return true };
        if !project.engines[at].mailbox.close_if_idle() {
            return false;
        }
        project.engines.remove(at);
        self.forget_empty(&mut state);
        true
    }

    /// Notes that an engine of a project was lost.
    pub(crate) fn note_fault(&self, key: &ProjectKey) {
        let mut state = self.lock();
        let project = state.projects.entry(key.clone()).or_default();
        project.quarantine.fault(&self.context.limits, Instant::now());
    }

    /// Whether the project may start an engine now.
    pub(crate) fn check_quarantine(&self, key: &ProjectKey) -> Result<(), Fault> {
        let remaining = self.lock().projects.get(key).and_then(|project| project.quarantine.remaining(Instant::now()));
        match remaining {
            Some(remaining) => {
                self.context.counters.refused_quarantined.increment();
                Err(quarantined(remaining))
            }
            None => Ok(()),
        }
    }

    /// Drops idle engines, the longest idle first, until so many bytes are on their way back; whether any are.
    fn evict(&self, bytes: usize) -> bool {
        let mut state = self.lock();
        let mut evicted = 0;
        while evicted < bytes {
            match evict_one(&mut state) {
                Some(freed) => evicted += freed,
                None => break,
            }
        }
        self.forget_empty(&mut state);
        evicted > 0
    }

    /// Drops the engines of a component, each after the calls that it has.
    pub(crate) fn unload(&self, component: ComponentId) {
        let mut state = self.lock();
        state.projects.retain(|key, project| {
            if key.component == component {
                project.engines.iter().for_each(|warm| warm.mailbox.close());
            }
            key.component != component
        });
    }

    /// Drops all engines, and what waits for them. Those that are worth keeping are given a moment for it.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        let projects = std::mem::take(&mut state.projects);
        drop(state);
        projects.values().flat_map(|project| &project.engines).for_each(|warm| warm.mailbox.abandon());
        if self.context.keeping.is_some() {
            let threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
            let is_any_left = |threads: &mut usize| *threads > 0;
            let wait = self.context.limits.keep_at_close_max;
            drop(self.thread_ended.wait_timeout_while(threads, wait, is_any_left));
        }
    }

    /// Whether the runtime is closed, so that what is warm now will not be asked again by this process.
    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    fn count_thread(&self, change: impl FnOnce(usize) -> usize) {
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        *threads = change(*threads);
        self.thread_ended.notify_all();
    }

    /// How many engines there are.
    pub(crate) fn len(&self) -> usize {
        self.lock().projects.values().map(|project| project.engines.len()).sum()
    }

    /// Forgets projects that have no engine and nothing to be reproached with.
    fn forget_empty(&self, state: &mut State) {
        let now = Instant::now();
        let limits = &*self.context.limits;
        state.projects.retain(|_, project| !project.engines.is_empty() || !project.quarantine.is_forgiven(limits, now));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn quarantined(remaining: std::time::Duration) -> Fault {
    Fault::Unavailable(format!("it failed again and again, and is left alone for {remaining:.1?}"))
}

/// Which engine of a project a session's call goes to.
///
/// A session stays with the engine that served it last, because an engine that is shown another session's unsaved files has to
/// analyze them again. Another engine costs as much memory as the first: it is started only for another session, and only
/// while all there are run a call that has been running for long. A call that makes way for this one does not count as long, unless it
/// was asked to do so long ago.
fn choose(engines: &[Warm], session: SessionId, urgency: Urgency, limits: &Limits, now: Instant) -> Choice {
    let loads: Vec<Load> = engines.iter().map(|warm| warm.mailbox.load()).collect();
    let is_held_up = |load: &Load| {
        let since = load.running.map(|running| running.holds_up_since(urgency, now));
        since.is_some_and(|since| now.saturating_duration_since(since) >= limits.engine_busy_after)
    };
    let own = engines.iter().position(|warm| warm.session == session);
    if let Some(own) = own.filter(|own| !is_held_up(&loads[*own])) {
        return Choice::Take(own);
    }
    let n_ahead = |load: &Load| load.n_waiting + usize::from(load.running.is_some());
    let Some(least) = (0..loads.len()).min_by_key(|index| n_ahead(&loads[*index])) else { return Choice::Start };
    if loads[least].is_idle() {
        return Choice::Take(least);
    }
    if let Some(own) = own {
        return Choice::Take(own);
    }
    let others_run = loads.iter().all(|load| is_held_up(load) && load.running.is_none_or(|run| run.session != session));
    match others_run && engines.len() < limits.engines_per_project_max {
        true => Choice::StartOrTake(least),
        false => Choice::Take(least),
    }
}

/// Drops the engine that was idle longest, and gives its memory in bytes.
fn evict_one(state: &mut State) -> Option<usize> {
    let mut idle: Vec<(Instant, ProjectKey, EngineId)> = Vec::new();
    for (key, project) in &state.projects {
        let warm = project.engines.iter().filter(|warm| warm.mailbox.load().is_idle());
        idle.extend(warm.map(|warm| (warm.used, key.clone(), warm.id)));
    }
    let (_, key, id) = idle.into_iter().min_by_key(|(used, ..)| *used)?;
    let project = state.projects.get_mut(&key)?;
    let at = project.engines.iter().position(|warm| warm.id == id)?;
    // It may have taken nothing up meanwhile: only this lock lets calls in.
    project.engines[at].mailbox.close_if_idle().then(|| project.engines.remove(at).memory_bytes.load(Ordering::Relaxed))
}
