//! The resident memory of a server: its process and all that it started.

use std::collections::BTreeMap;
use std::fs;

/// A process as the system lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Process {
    parent: u32,
    resident_bytes: u64,
}

/// The resident bytes of a process and of everything below it, where the system has a `/proc` to tell. Pages that two
/// processes share count twice.
pub(crate) fn resident_bytes(process: u32) -> Option<u64> {
    let processes = processes()?;
    let family = family(&processes, process)?;
    Some(family.iter().map(|member| processes[member].resident_bytes).sum())
}

/// A process and everything below it, where the system has a `/proc` to tell.
pub(crate) fn family_of(process: u32) -> Option<Vec<u32>> {
    family(&processes()?, process)
}

fn processes() -> Option<BTreeMap<u32, Process>> {
    let mut processes = BTreeMap::new();
    for entry in fs::read_dir("/proc").ok()? {
        let id = entry.ok().and_then(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        // A process may end while we look.
        let status = id.and_then(|id| Some((id, fs::read_to_string(format!("/proc/{id}/status")).ok()?)));
        if let Some((id, found)) = status.and_then(|(id, status)| Some((id, parse(&status)?))) {
            processes.insert(id, found);
        }
    }
    Some(processes)
}

fn parse(status: &str) -> Option<Process> {
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    };
    let parent = u32::try_from(field("PPid")?).ok()?;
    // What is ending, and the system's own, has none.
    let resident_kib = field("VmRSS").unwrap_or(0);
    Some(Process { parent, resident_bytes: resident_kib * 1024 })
}

fn family(processes: &BTreeMap<u32, Process>, root: u32) -> Option<Vec<u32>> {
    let mut family = vec![*processes.get_key_value(&root)?.0];
    let mut next = 0;
    while let Some(parent) = family.get(next).copied() {
        let children = processes.iter().filter(|(id, process)| process.parent == parent && **id != parent);
        family.extend(children.map(|(id, _)| *id));
        next += 1;
    }
    Some(family)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_count_with_their_parents() {
        let process = |parent, resident_bytes| Process { parent, resident_bytes };
        let all =
            BTreeMap::from([(1, process(0, 1)), (2, process(1, 10)), (3, process(2, 100)), (4, process(1, 1000))]);
        assert_eq!(family(&all, 2), Some(vec![2, 3]));
        assert_eq!(family(&all, 1), Some(vec![1, 2, 4, 3]));
        assert_eq!(family(&all, 9), None);
    }

    #[test]
    fn the_status_of_a_process_is_understood() {
        let status = "Name:\tserver\nPPid:\t12\nVmPeak:\t  99 kB\nVmRSS:\t     3 kB\n";
        assert_eq!(parse(status), Some(Process { parent: 12, resident_bytes: 3072 }));
        assert_eq!(parse("Name:\tkthread\nPPid:\t2\n"), Some(Process { parent: 2, resident_bytes: 0 }));
        assert_eq!(parse("nonsense"), None);
    }
}
