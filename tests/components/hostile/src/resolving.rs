//! Where the names of a file lead, each time with one lie.

use vraftls_guest_sdk::{Resolved, TargetDescription};

use crate::resources;

const TOP: u32 = u32::MAX;

/// A reply of which the behavior breaks one rule. The text has more than two bytes.
pub(crate) fn forged(behavior: &str, path: &str, inside_character: u32) -> Resolved {
    let mut resolved = Resolved {
        paths: vec![path.to_owned()],
        names: vec!["x".to_owned()],
        targets: vec![0, 0, 1, 0, 1, 0, 12, 0, TOP],
        occurrences: vec![0, 1, 2, 0, 1],
        leads: vec![0],
        descriptions: vec![TargetDescription { target: 0, signature: String::new(), documentation: String::new() }],
        relations: vec![0, 0],
    };
    match behavior {
        "ragged" => resolved.targets.truncate(8),
        "names-ragged" => resolved.occurrences.truncate(4),
        "pairs-ragged" => resolved.relations.truncate(1),
        "span-outside" => resolved.targets[2] = u32::MAX,
        "span-inverted" => resolved.targets[1] = 2,
        "span-inside-character" => resolved.targets[1..5].fill(inside_character),
        "full-without-name" => resolved.targets[4] = 0,
        "unknown-kind" => resolved.targets[6] = 27,
        "unknown-trait" => resolved.targets[7] = 4,
        "parent-self" => resolved.targets[8] = 0,
        "path-outside" => resolved.targets[0] = 1,
        "name-outside" => resolved.targets[5] = 1,
        "twice" => resolved.targets.extend([0, 0, 1, 0, 1, 0, 12, 0, 0]),
        "paths" => resolved.paths[0] = resources::ESCAPING_PATHS[0].to_owned(),
        "missing" => resolved.paths[0] = "no/such/file.hostile".to_owned(),
        "overflow" => resolved.occurrences[..2].copy_from_slice(&[1, u32::MAX]),
        "unsorted" => resolved.occurrences = vec![1, 1, 2, 0, 1, 0, 1, 2, 0, 1],
        "leads-outside" => resolved.occurrences[4] = 2,
        "leads-overflow" => resolved.occurrences[3..].copy_from_slice(&[u32::MAX, u32::MAX]),
        "lead-outside" => resolved.leads[0] = 1,
        "described-outside" => resolved.descriptions[0].target = 1,
        "described-twice" => resolved.descriptions.push(resolved.descriptions[0].clone()),
        "related-outside" => resolved.relations[1] = 1,
        "many" => resolved.leads = vec![0; 2_000_000],
        _ => {}
    }
    resolved
}
