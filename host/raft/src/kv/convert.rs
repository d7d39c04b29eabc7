//! What an earlier version kept in sled, brought into a journal.

use std::fs;
use std::io;
use std::path::Path;

use super::{Batch, JournalKv, OrderedKv as _};
use crate::error::StorageError;

/// Pairs of one batch, in bytes.
const BATCH_BYTES: usize = 1 << 20;

/// Brings the sled database in `old`, if there is one, into a journal in `new`, and removes it. A crash on the way loses nothing: the
/// next call begins again, or goes on with the removal. Blocks on the disk.
///
/// # Errors
/// [`StorageError`]; nothing is removed then.
pub fn sled_to_journal(old: &Path, new: &Path) -> Result<(), StorageError> {
    let failed = |error| StorageError::io("bring a store into its new form", error);
    let done = old.with_extension("converted");
    remove(&done).map_err(failed)?;
    if !old.join("db").exists() {
        return Ok(());
    }
    tracing::info!(from = %old.display(), to = %new.display(), "a store is brought into its new form");
    remove(new).map_err(failed)?;
    {
        let db = sled::open(old).map_err(|error| failed(io::Error::other(error)))?;
        let journal = JournalKv::open(new)?;
        let mut batch = Batch::default();
        for pair in db.iter() {
            let (key, value) = pair.map_err(|error| failed(io::Error::other(error)))?;
            batch.put(key.to_vec(), value.to_vec());
            if batch.bytes() >= BATCH_BYTES {
                journal.write(std::mem::take(&mut batch))?;
            }
        }
        journal.write(batch)?;
        journal.barrier()?;
    }
    fs::rename(old, &done).map_err(failed)?;
    if let Some(parent) = old.parent() {
        fs::File::open(parent).and_then(|parent| parent.sync_all()).map_err(failed)?;
    }
    remove(&done).map_err(failed)
}

fn remove(dir: &Path) -> io::Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every pair of a journal, in order.
    fn pairs(journal: &JournalKv) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut found = Vec::new();
        let visit = &mut |key: &[u8], value: &[u8]| {
            found.push((key.to_vec(), value.to_vec()));
            std::ops::ControlFlow::Continue(())
        };
        journal.scan(&[], &[0xff; 40], visit).expect("readable");
        found
    }

    #[test]
    fn a_database_becomes_a_journal_once() {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        let (old, new) = (scratch.path().join("log"), scratch.path().join("journal"));
        sled_to_journal(&old, &new).expect("nothing to do");
        assert!(!new.exists());
        let written: Vec<(Vec<u8>, Vec<u8>)> =
            (0..3000_u32).map(|n| (n.to_be_bytes().to_vec(), vec![n as u8; 1000])).collect();
        {
            let db = sled::open(&old).expect("opens");
            for (key, value) in &written {
                db.insert(key, value.as_slice()).expect("written");
            }
        }
        // sled lets go of its lock on a thread of its own, after the database was dropped (sled issue 1289).
        fs::File::open(old.join("db")).expect("a data file").lock().expect("sled lets go of it");
        // An attempt that a crash ended.
        fs::create_dir(&new).expect("made");
        fs::write(new.join("0000000000000001.journal"), b"half").expect("written");
        sled_to_journal(&old, &new).expect("converted");
        assert_eq!(pairs(&JournalKv::open(&new).expect("opens")), written);
        assert!(!old.exists());
        sled_to_journal(&old, &new).expect("nothing to do");
        assert_eq!(pairs(&JournalKv::open(&new).expect("opens")), written);
    }
}
