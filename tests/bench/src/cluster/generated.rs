//! Small Python files in any number, each different from all others.

use std::fs;
use std::path::Path;

use anyhow::Result;

/// Files of one folder, and folders of one folder.
const FILES_OF_FOLDER: usize = 100;

/// Where a file is.
pub(super) fn path(number: usize) -> String {
    let folder = number / FILES_OF_FOLDER;
    format!("part{}/unit{}/module{}.py", folder / FILES_OF_FOLDER, folder % FILES_OF_FOLDER, number)
}

/// What it says.
pub(super) fn text(number: usize) -> String {
    let other = number / FILES_OF_FOLDER * FILES_OF_FOLDER;
    format!(
        "\"\"\"Module {number}.\"\"\"\n\nfrom .module{other} import Thing{other}\n\nLIMIT{number} = {number}\n\n\n\
         class Thing{number}:\n    \"\"\"A thing.\"\"\"\n\n    def __init__(self, size: int) -> None:\n        self.size = size\n\n    \
         def grow(self, by: int = LIMIT{number}) -> int:\n        self.size += by\n        return self.size\n\n\n\
         def make{number}() -> Thing{number}:\n    return Thing{number}(LIMIT{number})\n"
    )
}

/// Writes so many into a folder.
pub(super) fn write(root: &Path, count: usize) -> Result<()> {
    for number in 0..count {
        let file = root.join(path(number));
        if let Some(folder) = file.parent().filter(|_| number % FILES_OF_FOLDER == 0) {
            fs::create_dir_all(folder)?;
        }
        fs::write(file, text(number))?;
    }
    Ok(())
}
