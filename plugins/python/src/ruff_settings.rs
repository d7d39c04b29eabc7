//! Where a project says how its code shall look: the settings of ruff, or those of black where ruff has none, in the nearest
//! directory above a file that has any. Which keys matter is up to whoever asks; what is broken in a file is passed over.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use vraftls_guest_sdk::Workspace;

#[derive(Deserialize)]
#[serde(default, bound = "Ruff: DeserializeOwned, Black: DeserializeOwned")]
struct PyProject<Ruff, Black> {
    tool: ToolTable<Ruff, Black>,
}

#[derive(Deserialize)]
#[serde(default, bound = "Ruff: DeserializeOwned, Black: DeserializeOwned")]
struct ToolTable<Ruff, Black> {
    ruff: Option<Ruff>,
    black: Option<Black>,
}

impl<Ruff, Black> Default for PyProject<Ruff, Black> {
    fn default() -> Self {
        Self { tool: ToolTable::default() }
    }
}

impl<Ruff, Black> Default for ToolTable<Ruff, Black> {
    fn default() -> Self {
        Self { ruff: None, black: None }
    }
}

/// The settings for a file; `None` where no directory above it has any.
pub(crate) fn nearest<Ruff, Black>(workspace: &dyn Workspace, path: &str) -> Option<Ruff>
where
    Ruff: DeserializeOwned + Default + From<Black>,
    Black: DeserializeOwned,
{
    let mut directory = path;
    while !directory.is_empty() {
        directory = directory.rsplit_once('/').map_or("", |(parent, _)| parent);
        if let Some(found) = settings_in::<Ruff, Black>(workspace, directory) {
            return Some(found);
        }
    }
    None
}

/// The settings in a directory, in the order in which ruff prefers its files.
fn settings_in<Ruff, Black>(workspace: &dyn Workspace, directory: &str) -> Option<Ruff>
where
    Ruff: DeserializeOwned + Default + From<Black>,
    Black: DeserializeOwned,
{
    let read = |name: &str| {
        let path = if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") };
        workspace.read(&path).ok()
    };
    for name in [".ruff.toml", "ruff.toml"] {
        if let Some(text) = read(name) {
            return Some(toml::from_str(&text).unwrap_or_default());
        }
    }
    let project: PyProject<Ruff, Black> = toml::from_str(&read("pyproject.toml")?).unwrap_or_default();
    project.tool.ruff.or_else(|| project.tool.black.map(Ruff::from))
}
