//! What a person can set for this server, and what becomes of values that editors send. Knows no editor and asks nobody.
//!
//! The one list of settings is the struct [`Settings`]; `gateway/docs/settings.schema.json` and `gateway/docs/settings.md` say the same
//! for editors and people, and a test holds the three together.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use vraftls_proto::SessionSettings;

/// Under which name an editor keeps them.
pub(crate) const SECTION: &str = "vraftls";

/// What a person can set.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Settings {
    pub(crate) python: PythonSettings,
    pub(crate) diagnostics: DiagnosticSettings,
    pub(crate) formatting: FormattingSettings,
    pub(crate) completion: CompletionSettings,
    pub(crate) inlay_hints: InlayHintSettings,
    pub(crate) code_lens: CodeLensSettings,
}

/// Of Python projects.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct PythonSettings {
    /// An interpreter or the directory of a virtual environment.
    pub(crate) interpreter: Option<String>,
    /// The version that is checked for.
    pub(crate) version: Option<PythonVersion>,
    /// The platform that is checked for.
    pub(crate) platform: Option<PythonPlatform>,
    /// Directories of the folder that modules are searched in first.
    pub(crate) extra_paths: Vec<ExtraPath>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct DiagnosticSettings {
    /// Which files are checked.
    pub(crate) mode: DiagnosticMode,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct FormattingSettings {
    /// Whether documents are formatted by this server.
    pub(crate) enable: bool,
}

impl Default for FormattingSettings {
    fn default() -> Self {
        Self { enable: true }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct CompletionSettings {
    /// Whether what is not imported yet is proposed, with the import.
    pub(crate) auto_imports: bool,
}

impl Default for CompletionSettings {
    fn default() -> Self {
        Self { auto_imports: true }
    }
}

/// Which hints are shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct InlayHintSettings {
    /// The names of parameters before arguments.
    pub(crate) parameter_names: bool,
    /// The types of variables.
    pub(crate) variable_types: bool,
}

impl Default for InlayHintSettings {
    fn default() -> Self {
        Self { parameter_names: true, variable_types: true }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct CodeLensSettings {
    /// Whether lines above constructs are offered.
    pub(crate) enable: bool,
}

impl Default for CodeLensSettings {
    fn default() -> Self {
        Self { enable: true }
    }
}

/// Which files are checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum DiagnosticMode {
    /// Those that are open.
    #[default]
    OpenFilesOnly,
    /// All of the folder, for an editor that asks.
    Workspace,
    /// None.
    Off,
}

/// `3.12`
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct PythonVersion(String);

/// As `sys.platform` has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PythonPlatform {
    Linux,
    Darwin,
    Win32,
    /// What holds on every one.
    All,
}

/// A directory below the folder.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct ExtraPath(String);

impl TryFrom<String> for PythonVersion {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_number =
            |part: &str| !part.is_empty() && part.len() <= 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        match text.split_once('.') {
            Some(("3", minor)) if is_number(minor) => Ok(Self(text)),
            _ => Err("a version is written like 3.12"),
        }
    }
}

impl TryFrom<String> for ExtraPath {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let leads_out = text.starts_with(['/', '\\', '~']) || text.split(['/', '\\']).any(|part| part == "..");
        // A drive of Windows, and what would be two directories to an analyzer.
        if text.is_empty() || leads_out || text.contains([':', '\n', '\r']) {
            return Err("a path leads from the folder to a directory inside it");
        }
        Ok(Self(text))
    }
}

/// A value that does not count, and why.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Refused {
    /// The setting, with its section: `vraftls.python.version`.
    pub(crate) key: String,
    /// For a person.
    pub(crate) reason: String,
}

impl Settings {
    /// The settings that values of an editor make above `below`. A value that is wrong leaves what `now` has for it; what is not known
    /// is another's, for example the editor's extension's.
    pub(crate) fn merged(below: &Self, now: &Self, given: &Value) -> (Self, Vec<Refused>) {
        let (mut merged, mut refused) = (below.clone(), Vec::new());
        let refuse = |key: &str, reason: String| Refused { key: format!("{SECTION}{key}"), reason };
        let Some(given) = given.as_object() else {
            if !given.is_null() {
                refused.push(refuse("", "settings are an object".to_owned()));
                return (now.clone(), refused);
            }
            return (merged, refused);
        };
        let defaults = Self::default().to_object();
        for (group, members) in &defaults {
            let inner = given.get(group).filter(|inner| !inner.is_null());
            if let Some(inner) = inner.filter(|inner| !inner.is_object()) {
                refused.push(refuse(&format!(".{group}"), format!("{inner} is no object")));
            }
            for name in members.as_object().into_iter().flat_map(Map::keys) {
                // Nested as most editors send them, or by dotted names as some files have them.
                let dotted = format!("{group}.{name}");
                let value = inner.and_then(|inner| inner.get(name)).or_else(|| given.get(&dotted));
                let Some(value) = value.filter(|value| !is_unset(value)) else { continue };
                match merged.with(group, name, value.clone()) {
                    Ok(next) => merged = next,
                    Err(error) => {
                        refused.push(refuse(&format!(".{dotted}"), error.to_string()));
                        merged = merged.copying(group, name, now);
                    }
                }
            }
        }
        (merged, refused)
    }

    /// The same with one setting as another has it, by its name for analyzers.
    pub(crate) fn restored(&self, analyzer_name: &str, from: &Self) -> Self {
        let mut restored = self.clone();
        let (now, before) = (&mut restored.python, &from.python);
        match analyzer_name {
            "python.interpreter" => now.interpreter.clone_from(&before.interpreter),
            "python.version" => now.version.clone_from(&before.version),
            "python.platform" => now.platform = before.platform,
            "python.extra-paths" => now.extra_paths.clone_from(&before.extra_paths),
            _ => {}
        }
        restored
    }

    /// What of it analyzers and their hosts want to know.
    pub(crate) fn for_analyzers(&self) -> SessionSettings {
        let PythonSettings { interpreter, version, platform, extra_paths } = &self.python;
        let platform = platform.map(|platform| match platform {
            PythonPlatform::Linux => "linux",
            PythonPlatform::Darwin => "darwin",
            PythonPlatform::Win32 => "win32",
            PythonPlatform::All => "all",
        });
        let paths: Vec<&str> = extra_paths.iter().map(|path| path.0.as_str()).collect();
        let values = [
            ("python.interpreter", interpreter.clone()),
            ("python.version", version.as_ref().map(|version| version.0.clone())),
            ("python.platform", platform.map(str::to_owned)),
            ("python.extra-paths", (!paths.is_empty()).then(|| paths.join("\n"))),
        ];
        values.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }

    fn to_object(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(object)) => object,
            _ => Map::new(),
        }
    }

    fn with(&self, group: &str, name: &str, value: Value) -> Result<Self, serde_json::Error> {
        let mut object = self.to_object();
        if let Some(members) = object.get_mut(group).and_then(Value::as_object_mut) {
            members.insert(name.to_owned(), value);
        }
        serde_json::from_value(Value::Object(object))
    }

    fn copying(&self, group: &str, name: &str, from: &Self) -> Self {
        let value = from.to_object().get(group).and_then(|members| members.get(name)).cloned().unwrap_or_default();
        self.with(group, name, value).unwrap_or_else(|_| self.clone())
    }
}

/// Editors send what nobody set as `null`, and where a default has to be given, as an empty text.
fn is_unset(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("")
}

/// The settings of a folder, with what analyzers see of them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct FolderSettings {
    pub(crate) settings: Settings,
    pub(crate) for_analyzers: Arc<SessionSettings>,
}

impl From<Settings> for FolderSettings {
    fn from(settings: Settings) -> Self {
        Self { for_analyzers: Arc::new(settings.for_analyzers()), settings }
    }
}

#[cfg(test)]
mod tests;
