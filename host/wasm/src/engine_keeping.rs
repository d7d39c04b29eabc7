//! Copies the memory of a warm instance to a file, and starts an instance from such a copy.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use vraftls_query::{Changes, EngineCall, Fault};
use vraftls_vfs::VfsPath;
use wasmtime::Store;

use crate::bindings::exports::vraftls::analyzer::keeping::Guest;
use crate::engine_instance::{EngineInstance, Failed, Instance, Maker, Origin, config, fault_of};
use crate::host_state::{HostState, Waiter};
use crate::import_keeper::{Copied, Copying, Holding};
use crate::kept::{Kept, KeptEngines, KeptKey, Manifest, Sight, put_in_place};
use crate::view_change::{Seen, to_guest};

/// How long a guest may take to show its memory. Most of it is the host's own writing.
const REVEAL_TIME_MAX: Duration = Duration::from_secs(30);

/// What became of the attempt to keep an instance.
#[derive(Debug)]
pub(crate) enum KeepOutcome {
    /// It has so many bytes.
    Kept(u64),
    /// Something else has become more urgent.
    Stopped,
    /// Not in the state that it is in: unsaved files were shown to it, say.
    NotNow,
    /// Never.
    Impossible(String),
}

impl EngineInstance {
    /// Copies the memory to a file, unless `stop` says that something else has become more urgent. A fault costs the instance.
    pub(crate) fn keep(
        &mut self,
        kept: &KeptEngines,
        key: &KeptKey,
        stop: Box<dyn Fn() -> bool + Send>,
    ) -> Result<KeepOutcome, Failed> {
        let Some(sighted) = &self.store.data().sighted else { return Ok(KeepOutcome::NotNow) };
        if self.must_resync || !self.store.data().memory.is_all_in_one() {
            return Ok(KeepOutcome::NotNow);
        }
        let Some(manifest) = self.seen.manifest(sighted) else { return Ok(KeepOutcome::NotNow) };
        let memory_bytes = self.store.data().memory.bytes() as u64;
        let writer = match kept.begin(key, memory_bytes) {
            Ok(writer) => writer,
            Err(error) => return Ok(KeepOutcome::Impossible(error.to_string())),
        };
        let copying = Box::new(Copying { writer, stop, copied: Copied::Nothing });
        let Holding::Copying(copying) = self.reveal(0, Holding::Copying(copying))? else {
            return Ok(KeepOutcome::NotNow);
        };
        let Copying { writer, copied, .. } = *copying;
        Ok(match copied {
            Copied::All => match writer.finish(&manifest).and_then(|bytes| Ok((kept.make_room()?, bytes))) {
                Ok(((), bytes)) => KeepOutcome::Kept(bytes),
                Err(error) => KeepOutcome::Impossible(error.to_string()),
            },
            Copied::Nothing => KeepOutcome::Impossible("it showed no memory".to_owned()),
            Copied::Stopped => KeepOutcome::Stopped,
            Copied::Failed(error) => KeepOutcome::Impossible(error.to_string()),
        })
    }

    fn reveal(&mut self, bytes: u64, holding: Holding) -> Result<Holding, Failed> {
        self.store.data_mut().holding = holding;
        let revealed = self.between_questions(REVEAL_TIME_MAX, |store, functions| match &functions.keeping {
            Some(keeping) => reveal(store, keeping, bytes),
            None => Ok(()),
        });
        let holding = std::mem::replace(&mut self.store.data_mut().holding, Holding::Nothing);
        revealed.map(|()| holding)
    }

    /// Whether what it was taken up from proved to be damaged.
    pub(crate) fn is_damaged(&self) -> bool {
        matches!(&self.origin, Origin::Checked(damaged) if damaged.load(Ordering::Acquire))
    }

    /// Has what it was taken up from looked through. After its first answer: who waits for that has waited for a start.
    pub(crate) fn check_origin(&mut self, kept: &KeptEngines) {
        self.origin = match std::mem::replace(&mut self.origin, Origin::Fresh) {
            Origin::Unchecked(found, key) => Origin::Checked(kept.look_through(*found, key)),
            origin => origin,
        };
    }
}

/// Starts an instance from what was kept of an earlier one, if there is something that fits the view.
pub(crate) fn take_up(maker: &Maker<'_>, call: &EngineCall, waiter: &Waiter) -> Result<Option<EngineInstance>, Failed> {
    let loaded = &maker.component.loaded;
    let Some(keeping) = &maker.context.keeping else { return Ok(None) };
    let (kept, Some(_)) = (&keeping.kept, loaded.keepable(keeping)) else { return Ok(None) };
    let began = Instant::now();
    let key = KeptKey::new(&loaded.digest, &call.project);
    let Some(found) = kept.find(&key) else { return Ok(None) };
    let Some(sights) = found.manifest.sights_of(&call.view) else {
        tracing::info!(
            analyzer = &*maker.component.shared.analyzer,
            "the library roots have changed since it was kept"
        );
        kept.forget(&key);
        return Ok(None);
    };
    let because = match start_from(maker, call, waiter, &found, sights) {
        Ok(Some(mut instance)) => {
            let (analyzer, bytes, took) = (&*maker.component.shared.analyzer, found.memory_bytes, began.elapsed());
            tracing::info!(analyzer, bytes, ?took, "an engine goes on from an earlier process");
            instance.origin = Origin::Unchecked(Box::new(found), key);
            return Ok(Some(instance));
        }
        // The copy is not to blame.
        Err(failed) if matches!(failed.fault, Fault::Cancelled | Fault::Deadline(_) | Fault::Busy) => {
            return Err(failed);
        }
        Ok(None) => "it does not fit".to_owned(),
        Err(failed) => failed.fault.to_string(),
    };
    tracing::warn!(analyzer = &*maker.component.shared.analyzer, because, "a kept engine is not taken up");
    kept.forget(&key);
    Ok(None)
}

fn start_from(
    maker: &Maker<'_>,
    call: &EngineCall,
    waiter: &Waiter,
    found: &Kept,
    sights: Vec<(VfsPath, Sight)>,
) -> Result<Option<EngineInstance>, Failed> {
    let Some((mut store, pre, exports)) = maker.store(call, waiter) else { return Ok(None) };
    let lost = |error: wasmtime::Error, store: &Store<HostState>| Failed::lost(&error, store);
    store.data_mut().holding = Holding::Locating(None);
    let revealed = pre.instantiate(&mut store).and_then(|instance| {
        let functions = exports.load(&mut store, &instance)?;
        if let Some(keeping) = &functions.keeping {
            reveal(&mut store, keeping, found.memory_bytes)?;
        }
        Ok(functions)
    });
    let functions = revealed.map_err(|error| lost(error, &store))?;
    let holding = std::mem::replace(&mut store.data_mut().holding, Holding::Nothing);
    let fits = |place: &crate::kept::Place| place.bytes as u64 == found.memory_bytes;
    let Holding::Locating(Some(place)) = holding else { return Ok(None) };
    if !fits(&place) || !store.data().memory.is_all_in_one() {
        return Ok(None);
    }
    if let Err(error) = put_in_place(&mut store, place, &found.file) {
        tracing::warn!(%error, "a kept engine cannot be mapped");
        return Ok(None);
    }
    let opened = functions.projects.project().call_open(&mut store, &config(&call.project));
    let project = match opened.map_err(|error| lost(error, &store))? {
        Ok(project) => project,
        Err(failure) => {
            let fault = fault_of(failure, store.data());
            return Err(Failed { fault, instance: Instance::Distrusted });
        }
    };
    if let Some(sighted) = &mut store.data_mut().sighted {
        sights.into_iter().for_each(|(path, sight)| sighted.note(path, sight));
    }
    let seen = Seen::without_open_files(&call.view);
    let bundled = maker.component.bundled.clone();
    let mut instance =
        EngineInstance { store, functions, project, seen, must_resync: false, bundled, origin: Origin::Fresh };
    instance.catch_up(&found.manifest, call)?;
    Ok(Some(instance))
}

/// Has a guest show its memory. That is a list which crosses the boundary without being copied, so it is not measured as a reply.
fn reveal(store: &mut Store<HostState>, keeping: &Guest, bytes: u64) -> wasmtime::Result<()> {
    store.set_hostcall_fuel(usize::MAX);
    let revealed = keeping.call_reveal(&mut *store, bytes);
    let reply_bytes_max = store.data().shared.limits.reply_bytes_max;
    store.set_hostcall_fuel(reply_bytes_max);
    revealed
}

impl EngineInstance {
    /// Tells an instance that was taken up what changed in the workspace since, and which files are open now.
    fn catch_up(&mut self, manifest: &Manifest, call: &EngineCall) -> Result<(), Failed> {
        let changes_max = self.store.data().shared.limits.changes_max;
        let changes = to_guest(Changes::Paths(manifest.changes_to(&call.view)), changes_max);
        if !changes.is_empty() {
            let project = self.functions.projects.project();
            match project.call_update(&mut self.store, self.project, &changes) {
                Ok(Ok(())) => {}
                Ok(Err(failure)) => {
                    let fault = fault_of(failure, self.store.data());
                    return Err(Failed { fault, instance: Instance::Distrusted });
                }
                Err(error) => return Err(Failed::lost(&error, &self.store)),
            }
        }
        self.set_open_files(&call.view)
    }
}
