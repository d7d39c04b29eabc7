//! The texts of a source tree on disk, for the programs that measure. Files that are no text are left out.

use std::path::Path;

/// All texts below a directory, by their paths from it, sorted.
pub(crate) fn read(root: &Path) -> std::io::Result<Vec<(String, String)>> {
    let mut texts = Vec::new();
    read_into(root, root, &mut texts)?;
    texts.sort();
    Ok(texts)
}

fn read_into(root: &Path, directory: &Path, texts: &mut Vec<(String, String)>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            read_into(root, &path, texts)?;
        } else if let (Ok(text), Ok(relative)) = (std::fs::read_to_string(&path), path.strip_prefix(root)) {
            texts.push((relative.to_string_lossy().into_owned(), text));
        }
    }
    Ok(())
}
