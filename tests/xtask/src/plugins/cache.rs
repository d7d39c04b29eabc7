//! Built components in the user's cache directory: `$XDG_CACHE_HOME/vraftls/plugins/<hash>/<name>.wasm`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result};

/// How many hashes are kept; the longest unused go first. An engine's component has some 30 MB.
const ENTRIES_MAX: usize = 32;

/// A folder with one entry for each hash.
#[derive(Debug)]
pub(super) struct Cache {
    directory: PathBuf,
}

impl Cache {
    /// The cache of the user who runs us.
    pub(super) fn of_user() -> Result<Self> {
        let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let base = absolute("XDG_CACHE_HOME")
            .or_else(|| absolute("HOME").map(|home| home.join(".cache")))
            .context("neither XDG_CACHE_HOME nor HOME says where to cache built plugins")?;
        Ok(Self { directory: base.join("vraftls/plugins") })
    }

    /// The component of that name and hash, if it was built before. Marks it as used now.
    pub(super) fn get(&self, hash: &str, name: &str) -> Option<PathBuf> {
        let path = self.path(hash, name);
        let file = fs::File::open(&path).ok()?;
        // A cache on a read-only disk still serves.
        let _ = file.set_modified(SystemTime::now());
        Some(path)
    }

    /// Keeps a built component; where it is kept.
    pub(super) fn put(&self, hash: &str, name: &str, component: &Path) -> Result<PathBuf> {
        let path = self.path(hash, name);
        let bytes = fs::read(component).with_context(|| format!("the build left no {}", component.display()))?;
        write_atomically(&path, &bytes)?;
        Ok(path)
    }

    /// Drops what was longest unused beyond [`ENTRIES_MAX`].
    pub(super) fn evict(&self) -> Result<()> {
        let Ok(entries) = fs::read_dir(&self.directory) else { return Ok(()) };
        let mut by_use: Vec<(SystemTime, PathBuf)> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter_map(|entry| Some((last_use(&entry)?, entry)))
            .collect();
        by_use.sort();
        let n_stale = by_use.len().saturating_sub(ENTRIES_MAX);
        for (_, entry) in by_use.drain(..n_stale) {
            fs::remove_dir_all(&entry).with_context(|| format!("cannot remove {}", entry.display()))?;
        }
        Ok(())
    }

    fn path(&self, hash: &str, name: &str) -> PathBuf {
        self.directory.join(hash).join(format!("{name}.wasm"))
    }
}

/// When any file of an entry was used last.
fn last_use(entry: &Path) -> Option<SystemTime> {
    let files = fs::read_dir(entry).ok()?;
    files.filter_map(|file| file.ok()?.metadata().ok()?.modified().ok()).max()
}

/// Writes a file so that nobody ever sees half of it, and makes its folder.
pub(super) fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let context = || format!("cannot write {}", path.display());
    let directory = path.parent().with_context(context)?;
    fs::create_dir_all(directory).with_context(context)?;
    let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
    fs::write(&temporary, bytes).with_context(context)?;
    fs::rename(&temporary, path).with_context(context)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn gives_back_what_was_put_and_nothing_else() -> Result<()> {
        let directory = tempfile::tempdir()?;
        let cache = Cache { directory: directory.path().join("plugins") };
        let built = directory.path().join("built.wasm");
        fs::write(&built, "component")?;
        assert_eq!(cache.get("abc", "toy"), None);
        let kept = cache.put("abc", "toy", &built)?;
        assert_eq!(cache.get("abc", "toy"), Some(kept.clone()));
        assert_eq!(fs::read_to_string(kept)?, "component");
        assert_eq!(cache.get("abd", "toy"), None);
        assert_eq!(cache.get("abc", "other"), None);
        Ok(())
    }

    #[test]
    fn drops_what_was_longest_unused() -> Result<()> {
        let directory = tempfile::tempdir()?;
        let cache = Cache { directory: directory.path().to_owned() };
        let built = directory.path().join("built.wasm");
        fs::write(&built, "component")?;
        for age in 0..=ENTRIES_MAX as u64 {
            let kept = cache.put(&format!("hash{age}"), "toy", &built)?;
            fs::File::options().append(true).open(kept)?.set_modified(SystemTime::now() - Duration::from_secs(age))?;
        }
        cache.evict()?;
        assert!(cache.get("hash0", "toy").is_some());
        assert_eq!(cache.get(&format!("hash{ENTRIES_MAX}"), "toy"), None);
        Ok(())
    }
}
