//! The bound on a guest's memory and tables, summed over an instance, and over all engines.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use wasmtime::ResourceLimiter;

use crate::safepoints::REGION_ADDRESS;
use crate::{LimitName, Limits};

/// How long a guest that needs memory waits for idle engines to give theirs back.
const RELEASE_WAIT: Duration = Duration::from_millis(500);

/// The linear memory of all engines of a process.
pub(crate) struct MemoryBudget {
    bytes_max: usize,
    used: Mutex<usize>,
    released: Condvar,
    /// Drops idle engines until so many bytes are on their way back, if it can.
    evict: Box<dyn Fn(usize) -> bool + Send + Sync>,
}

impl MemoryBudget {
    pub(crate) fn new(bytes_max: usize, evict: Box<dyn Fn(usize) -> bool + Send + Sync>) -> Self {
        Self { bytes_max, used: Mutex::new(0), released: Condvar::new(), evict }
    }

    pub(crate) fn used_bytes(&self) -> usize {
        *self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes bytes out of the budget, at the cost of engines that are idle.
    fn reserve(&self, bytes: usize) -> bool {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let shortage = used.saturating_add(bytes).saturating_sub(self.bytes_max);
        if shortage > 0 {
            drop(used);
            if !(self.evict)(shortage) {
                return false;
            }
            used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
            let fits = |used: &mut usize| used.saturating_add(bytes) > self.bytes_max;
            let wait = self.released.wait_timeout_while(used, RELEASE_WAIT, fits);
            used = wait.unwrap_or_else(PoisonError::into_inner).0;
        }
        if used.saturating_add(bytes) > self.bytes_max {
            return false;
        }
        *used += bytes;
        true
    }

    fn release(&self, bytes: usize) {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        *used = used.saturating_sub(bytes);
        self.released.notify_all();
    }
}

impl std::fmt::Debug for MemoryBudget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryBudget").field("bytes_max", &self.bytes_max).finish_non_exhaustive()
    }
}

/// The bound of one instance. Gives back to the budget what it took when it is dropped, which is when its store is.
#[derive(Debug)]
pub(crate) struct MemoryGuard {
    bytes: usize,
    bytes_max: usize,
    table_elements_max: usize,
    instances_max: usize,
    memories_max: usize,
    tables_max: usize,
    budget: Option<Arc<MemoryBudget>>,
    /// Linear memories that were made.
    n_memories: usize,
    /// Whether a table grew after it was made.
    tables_grew: bool,
    /// The limit that refused the guest something, if one did.
    pub(crate) refused: Option<LimitName>,
}

impl MemoryGuard {
    /// For a pure call.
    pub(crate) fn index(limits: &Limits) -> Self {
        Self::new(limits, limits.index_memory_bytes_max, None)
    }

    /// For an engine.
    pub(crate) fn engine(limits: &Limits, budget: Arc<MemoryBudget>) -> Self {
        Self::new(limits, limits.engine_memory_bytes_max, Some(budget))
    }

    fn new(limits: &Limits, bytes_max: usize, budget: Option<Arc<MemoryBudget>>) -> Self {
        Self {
            bytes: 0,
            bytes_max: bytes_max.min(REGION_ADDRESS),
            table_elements_max: limits.table_elements_max,
            instances_max: limits.core_instances_max,
            memories_max: limits.memories_max,
            tables_max: limits.tables_max,
            budget,
            n_memories: 0,
            tables_grew: false,
            refused: None,
        }
    }

    /// The linear memory of the instance.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether a copy of one linear memory can be all that the instance knows.
    pub(crate) fn is_all_in_one(&self) -> bool {
        self.n_memories == 1 && !self.tables_grew
    }

    fn refuse(&mut self, name: LimitName) -> bool {
        self.refused = Some(name);
        false
    }
}

impl Drop for MemoryGuard {
    fn drop(&mut self) {
        if let Some(budget) = &self.budget {
            budget.release(self.bytes);
        }
    }
}

impl ResourceLimiter for MemoryGuard {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let more = desired.saturating_sub(current);
        if self.bytes.saturating_add(more) > self.bytes_max {
            return Ok(self.refuse(LimitName::Memory));
        }
        if self.budget.as_ref().is_some_and(|budget| !budget.reserve(more)) {
            return Ok(self.refuse(LimitName::EnginesMemory));
        }
        self.bytes += more;
        self.n_memories += usize::from(current == 0);
        Ok(true)
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        self.tables_grew |= current > 0;
        Ok(desired <= self.table_elements_max || self.refuse(LimitName::TableElements))
    }

    fn instances(&self) -> usize {
        self.instances_max
    }

    fn memories(&self) -> usize {
        self.memories_max
    }

    fn tables(&self) -> usize {
        self.tables_max
    }
}
