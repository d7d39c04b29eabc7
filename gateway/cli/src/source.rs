//! The texts of files, for showing what stands at a place. A file may be named by anybody, and be anything.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

/// Bytes of a file that is read: as many as a gateway takes of a document.
const TEXT_BYTES_MAX: u64 = 32 << 20;

/// The text of a file as it is on disk now.
pub(crate) async fn text_of(file: PathBuf) -> anyhow::Result<String> {
    tokio::task::spawn_blocking(move || read(&file).with_context(|| format!("cannot read {}", file.display()))).await?
}

fn read(path: &Path) -> anyhow::Result<String> {
    // Asked before it is opened: opening a pipe waits for who writes it.
    ensure!(path.metadata()?.is_file(), "it is no regular file");
    let mut bytes = Vec::new();
    File::open(path)?.take(TEXT_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    ensure!(bytes.len() as u64 <= TEXT_BYTES_MAX, "it has more than {} MiB", TEXT_BYTES_MAX >> 20);
    String::from_utf8(bytes).ok().context("it is not UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_texts_are_read() {
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/src/source.rs");
        assert!(read(Path::new(source)).is_ok_and(|text| text.starts_with("//!")));
        let folder = read(Path::new(env!("CARGO_MANIFEST_DIR"))).expect_err("a folder is no text");
        assert_eq!(folder.to_string(), "it is no regular file");
        if cfg!(unix) {
            assert!(read(Path::new("/dev/zero")).is_err());
        }
        let binary = std::env::current_exe().expect("the test has a file");
        assert!(read(&binary).is_err(), "a binary is no text, or is too long");
    }
}
