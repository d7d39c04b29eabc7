//! The journal beside a map in memory, cut off anywhere, and spoiled anywhere.

use std::collections::BTreeMap;
use std::fs;

use proptest::prelude::*;

use super::*;

/// A segment with one record: a key with a value, and one that goes.
const GOLDEN_V1: &str = "56524c534a524e310100000000000000d15c0f9e22000000100000006cd940390400000000000000000000676f6e65030001050000003458771d6b657976616c7565";

type Model = BTreeMap<Vec<u8>, Vec<u8>>;

fn all(kv: &JournalKv) -> Model {
    let mut found = Model::new();
    kv.scan(&[], &[0xff; 9], &mut |key, value| {
        found.insert(key.to_vec(), value.to_vec());
        ControlFlow::Continue(())
    })
    .expect("it can be read");
    found
}

fn apply(model: &mut Model, writes: &[(u8, Option<Vec<u8>>)]) {
    for (key, value) in writes {
        match value {
            Some(value) => drop(model.insert(vec![*key], value.clone())),
            None => drop(model.remove(&[*key][..])),
        }
    }
}

fn batch(writes: &[(u8, Option<Vec<u8>>)]) -> Batch {
    let mut batch = Batch::default();
    for (key, value) in writes {
        match value {
            Some(value) => batch.put(vec![*key], value.clone()),
            None => batch.remove(vec![*key]),
        }
    }
    batch
}

fn small(dir: &Path) -> Result<JournalKv, StorageError> {
    JournalKv::open_with(dir, 600, 1500)
}

fn last_segment(dir: &Path) -> PathBuf {
    let number = *segment::numbers(dir).expect("a directory").last().expect("a segment");
    dir.join(format!("{number:016x}.journal"))
}

/// A batch, and whether a barrier follows it.
type Step = (Vec<(u8, Option<Vec<u8>>)>, bool);

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let value = prop::collection::vec(any::<u8>(), 0..200);
    let write = (0_u8..20, prop::option::weighted(0.7, value));
    prop::collection::vec((prop::collection::vec(write, 1..6), any::<bool>()), 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn it_is_a_map_also_after_it_was_opened_again(steps in steps()) {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        let mut kv = small(scratch.path()).expect("opens");
        let mut model = Model::new();
        for (idx, (writes, has_barrier)) in steps.iter().enumerate() {
            kv.write(batch(writes)).expect("written");
            apply(&mut model, writes);
            if *has_barrier {
                kv.barrier().expect("durable");
            }
            if idx % 7 == 6 {
                drop(kv);
                kv = small(scratch.path()).expect("opens again");
            }
            prop_assert_eq!(&all(&kv), &model);
            for key in 0_u8..20 {
                prop_assert_eq!(kv.get(&[key]).expect("readable"), model.get(&[key][..]).cloned());
                prop_assert_eq!(kv.contains(&[key]), model.contains_key(&[key][..]));
            }
            let last = model.range(vec![3]..vec![12]).next_back().map(|(key, _)| key.clone());
            prop_assert_eq!(kv.last_key(&[3], &[12]).expect("readable"), last);
        }
        kv.barrier().expect("durable");
        while kv.tidy().expect("given up") {}
        let inner = kv.lock();
        let live: u64 = inner.index.values().map(|place| u64::from(place.len)).sum();
        prop_assert_eq!(inner.live, live);
        prop_assert_eq!(inner.total, inner.segments.values().map(|segment| u64::from(segment.len)).sum::<u64>());
        prop_assert!(inner.segments.len() == 1 || inner.total <= live + live / 2 + 1500);
    }

    #[test]
    fn what_a_crash_leaves_is_what_was_durable_and_some_batches_more(steps in steps(), cut in any::<prop::sample::Index>(), tear in 0..3) {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        let kv = small(scratch.path()).expect("opens");
        // What may be left: the state after the last barrier, and after each batch since then.
        let mut model = Model::new();
        let mut possible = vec![model.clone()];
        for (writes, has_barrier) in &steps {
            kv.write(batch(writes)).expect("written");
            apply(&mut model, writes);
            possible.push(model.clone());
            if *has_barrier {
                kv.barrier().expect("durable");
                possible = vec![model.clone()];
            }
        }
        let (durable, len) = {
            let mut inner = kv.lock();
            let active = inner.active();
            (active.durable, active.len)
        };
        drop(kv);
        // Whatever was not durable may be missing, or zeros, or there in part.
        let path = last_segment(scratch.path());
        let mut bytes = fs::read(&path).expect("there");
        let left = durable as usize + cut.index((len - durable) as usize + 1);
        match tear {
            0 => bytes.truncate(left),
            1 => bytes[left..].fill(0),
            _ => bytes[left..(left + 9).min(len as usize)].fill(0),
        }
        fs::write(&path, &bytes).expect("torn");
        let mut kv = small(scratch.path()).expect("opens");
        let found = all(&kv);
        prop_assert!(possible.contains(&found));
        // What was torn stays away, whatever is written over it.
        let mut model = found;
        for n in 0..6 {
            let writes = [(n, Some(vec![n; 7 * usize::from(n)]))];
            kv.write(batch(&writes)).expect("written");
            apply(&mut model, &writes);
            drop(kv);
            kv = small(scratch.path()).expect("opens again");
            prop_assert_eq!(&all(&kv), &model);
        }
    }

    #[test]
    fn what_was_durable_is_not_lost_silently(steps in steps(), at in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        let kv = JournalKv::open(scratch.path()).expect("opens");
        let mut model = Model::new();
        for (writes, _) in &steps {
            kv.write(batch(writes)).expect("written");
            kv.barrier().expect("durable");
            apply(&mut model, writes);
        }
        let before_last = usize::try_from(kv.lock().active().durable).expect("small");
        // Only a record that is followed by one shows that it was durable.
        kv.write(batch(&[(200, Some(vec![1]))])).expect("written");
        kv.barrier().expect("durable");
        apply(&mut model, &[(200, Some(vec![1]))]);
        drop(kv);
        let path = last_segment(scratch.path());
        let mut bytes = fs::read(&path).expect("there");
        bytes[at.index(before_last)] ^= 1 << bit;
        fs::write(&path, &bytes).expect("spoiled");
        let opened = JournalKv::open(scratch.path());
        prop_assert!(matches!(opened, Err(StorageError::Corrupt { .. })), "{opened:?}");
    }
}

#[test]
fn only_one_has_a_directory() {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let first = JournalKv::open(scratch.path()).expect("opens");
    assert!(JournalKv::open(scratch.path()).is_err());
    drop(first);
    JournalKv::open(scratch.path()).expect("opens");
}

#[test]
fn a_segment_that_a_crash_left_without_a_header_is_begun_again() {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let kv = small(scratch.path()).expect("opens");
    for n in 0..20 {
        kv.write(batch(&[(n, Some(vec![n; 100]))])).expect("written");
    }
    kv.barrier().expect("durable");
    let before = all(&kv);
    // The one before it was written to again, as when the disk was full.
    drop(kv);
    let number = segment::numbers(scratch.path()).expect("a directory").last().expect("a segment") + 1;
    fs::write(scratch.path().join(format!("{number:016x}.journal")), b"VRL").expect("written");
    let kv = small(scratch.path()).expect("opens");
    assert_eq!(all(&kv), before);
    kv.write(batch(&[(3, None)])).expect("written");
    assert!(!kv.contains(&[3]));
}

#[test]
fn a_missing_segment_is_noticed() {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let kv = small(scratch.path()).expect("opens");
    for n in 0..30 {
        kv.write(batch(&[(n, Some(vec![n; 100]))])).expect("written");
    }
    drop(kv);
    let numbers = segment::numbers(scratch.path()).expect("a directory");
    assert!(numbers.len() > 3);
    fs::remove_file(scratch.path().join(format!("{:016x}.journal", numbers[1]))).expect("removed");
    assert!(matches!(small(scratch.path()), Err(StorageError::Corrupt { .. })));
}

#[test]
fn damaged_values_are_not_handed_out() {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let kv = JournalKv::open(scratch.path()).expect("opens");
    kv.write(batch(&[(1, Some(vec![7; 50]))])).expect("written");
    let path = last_segment(scratch.path());
    let mut bytes = fs::read(&path).expect("there");
    let at = bytes.iter().rposition(|byte| *byte == 7).expect("written");
    bytes[at] ^= 1;
    fs::write(&path, &bytes).expect("spoiled");
    assert!(matches!(kv.get(&[1]), Err(StorageError::Corrupt { .. })));
}

#[test]
fn a_damaged_value_does_not_keep_the_others_from_being_moved() {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let kv = small(scratch.path()).expect("opens");
    kv.write(batch(&[(1, Some(vec![7; 50])), (2, Some(vec![8; 50]))])).expect("written");
    let path = last_segment(scratch.path());
    let mut bytes = fs::read(&path).expect("there");
    let at = bytes.iter().position(|byte| *byte == 7).expect("written");
    bytes[at + 20] ^= 1;
    fs::write(&path, &bytes).expect("spoiled");
    for n in 0..60 {
        kv.write(batch(&[(3, Some(vec![n; 100]))])).expect("written");
        kv.barrier().expect("durable");
    }
    assert!(!path.exists(), "the segment was given up");
    assert!(matches!(kv.get(&[1]), Err(StorageError::Corrupt { .. })));
    assert_eq!(kv.get(&[2]).expect("readable"), Some(vec![8; 50]));
    drop(kv);
    assert!(matches!(small(scratch.path()).expect("opens").get(&[1]), Err(StorageError::Corrupt { .. })));
}

#[test]
fn version_1_is_written_as_it_always_was() {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let kv = JournalKv::open(scratch.path()).expect("opens");
    let mut writes = Batch::default();
    writes.put(b"key".to_vec(), b"value".to_vec());
    writes.remove(b"gone".to_vec());
    kv.write(writes).expect("written");
    let bytes = fs::read(last_segment(scratch.path())).expect("there");
    let end = bytes.iter().rposition(|byte| *byte != 0).expect("not empty") + 1;
    let hex: String = bytes[..end].iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, GOLDEN_V1);
}
