//! Where a project's modules are searched for and how strictly it is checked: from the settings of the host, from
//! `pyproject.toml` and `ty.toml`, and from the layouts that Python projects have by habit. A broken configuration is as good
//! as none: it never refuses a project.
//!
//! Settings that the host may pass: `python.version` (`3.12`), `python.platform` (`linux`, `darwin`, `win32`, `all`), and
//! `python.extra-paths`: directories of the project, one a line, that are searched first. They win over the files. Without any, the
//! version is the lower bound of `requires-python`, and last the engine's default.

use std::collections::BTreeMap;

use ruff_db::diagnostic::Severity;
use ruff_db::system::{System, SystemPath, SystemPathBuf};
use ruff_python_ast::PythonVersion;
use serde::Deserialize;
use ty_module_resolver::{SearchPathSettings, UseDefaultStrategy};
use ty_python_core::platform::PythonPlatform;
use ty_python_core::program::ProgramSettings;
use ty_python_semantic::lint::{Level, LintSource, RuleSelection};
use ty_python_semantic::{AnalysisSettings, PythonVersionSource, PythonVersionWithSource, default_lint_registry};
use vraftls_guest_sdk::{Change, Config};

use crate::db::Settings;
use crate::paths;

/// The files that [`settings`] reads.
pub(crate) const CONFIGURATION_FILES: [&str; 2] = ["pyproject.toml", "ty.toml"];

/// Directories whose coming and going changes the search paths.
const LAYOUT_DIRECTORIES: [&str; 5] = ["src", "python", "tests", "typings", "@lib"];

/// The stubs of a project, where pyright looks for them by default.
const STUBS: &str = "typings";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PyProject {
    project: ProjectTable,
    tool: ToolTable,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct ProjectTable {
    name: Option<String>,
    requires_python: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ToolTable {
    ty: TyTable,
    pyright: PyrightTable,
    basedpyright: PyrightTable,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct TyTable {
    environment: EnvironmentTable,
    src: SrcTable,
    analysis: AnalysisTable,
    rules: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct EnvironmentTable {
    root: Option<Vec<String>>,
    extra_paths: Vec<String>,
    python_version: Option<String>,
    python_platform: Option<String>,
    typeshed: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct SrcTable {
    root: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct AnalysisTable {
    respect_type_ignore_comments: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PyrightTable {
    extra_paths: Vec<String>,
    stub_path: Option<String>,
    python_version: Option<String>,
    python_platform: Option<String>,
}

/// The settings of a project.
pub(crate) fn settings(system: &dyn System, config: &Config) -> Settings {
    let root = paths::to_system(&config.root);
    let pyproject = read(system, &root);
    let Ok(search_paths) = search_paths(system, config, &root, &pyproject).to_search_paths(
        system,
        ty_vendored::file_system(),
        &UseDefaultStrategy,
    );
    let program = ProgramSettings {
        python_version: version(setting(config, "python.version"), &pyproject),
        python_platform: platform(setting(config, "python.platform"), &pyproject),
        search_paths,
    };
    let analysis = AnalysisSettings {
        respect_type_ignore_comments: pyproject.tool.ty.analysis.respect_type_ignore_comments.unwrap_or(true),
        ..AnalysisSettings::default()
    };
    Settings { program, rules: rules(&pyproject.tool.ty.rules), analysis }
}

fn setting<'a>(config: &'a Config, name: &str) -> Option<&'a str> {
    config.settings.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// Whether a change can lead to other settings.
pub(crate) fn matters(change: &Change) -> bool {
    let (path, moved) = match change {
        Change::Everything => return true,
        Change::Changed(path) => (path, false),
        Change::Created(path) | Change::Removed(path) => (path, true),
    };
    let name = path.rsplit('/').next().unwrap_or(path);
    CONFIGURATION_FILES.contains(&name)
        || name.ends_with(".pth")
        || (moved && (name.starts_with("__init__.") || path.split('/').any(|part| LAYOUT_DIRECTORIES.contains(&part))))
}

fn read(system: &dyn System, root: &SystemPath) -> PyProject {
    let text = |name: &str| system.read_to_string(&root.join(name)).ok();
    let mut pyproject: PyProject =
        text("pyproject.toml").and_then(|text| toml::from_str(&text).ok()).unwrap_or_default();
    // As in ty itself, a `ty.toml` replaces what pyproject.toml says of ty.
    if let Some(ty) = text("ty.toml").and_then(|text| toml::from_str(&text).ok()) {
        pyproject.tool.ty = ty;
    }
    pyproject
}

fn search_paths(system: &dyn System, config: &Config, root: &SystemPath, pyproject: &PyProject) -> SearchPathSettings {
    let ToolTable { ty, pyright, basedpyright } = &pyproject.tool;
    let inside = |path: &str| resolve(root, path);
    let stubs = pyright.stub_path.as_deref().or(basedpyright.stub_path.as_deref()).unwrap_or(STUBS);
    let configured = setting(config, "python.extra-paths").unwrap_or_default();
    let in_files = ty.environment.extra_paths.iter().chain(&pyright.extra_paths).chain(&basedpyright.extra_paths);
    let extra_paths = configured
        .lines()
        .chain(in_files.map(String::as_str))
        .filter_map(inside)
        .chain(inside(stubs))
        .filter(|path| system.is_directory(path))
        .collect();
    SearchPathSettings {
        extra_paths,
        src_roots: source_roots(system, root, pyproject),
        custom_typeshed: ty.environment.typeshed.as_deref().and_then(inside).filter(|path| system.is_directory(path)),
        site_packages_paths: libraries(config, "site-packages"),
        real_stdlib_path: libraries(config, "stdlib").into_iter().next(),
    }
}

fn libraries(config: &Config, kind: &str) -> Vec<SystemPathBuf> {
    config
        .libraries
        .iter()
        .filter(|library| library.kind == kind)
        .map(|library| paths::to_system(&library.path))
        .collect()
}

/// The roots of first-party modules: the configured ones, or those of the usual layouts. The root of the project is always
/// the last of the latter, so that a module in `src/` goes by the name that others import it by.
fn source_roots(system: &dyn System, root: &SystemPath, pyproject: &PyProject) -> Vec<SystemPathBuf> {
    let ty = &pyproject.tool.ty;
    if let Some(roots) = &ty.environment.root {
        return roots.iter().filter_map(|path| resolve(root, path)).filter(|path| system.is_directory(path)).collect();
    }
    if let Some(source) = ty.src.root.as_deref().and_then(|path| resolve(root, path)) {
        let mut roots = vec![source];
        roots.extend((*roots[0] != *root).then(|| root.to_path_buf()));
        roots.retain(|path| system.is_directory(path));
        return roots;
    }
    let is_package =
        |path: &SystemPath| ["__init__.py", "__init__.pyi"].iter().any(|file| system.is_file(&path.join(file)));
    let plain_directory = |name: &str| {
        let path = root.join(name);
        (system.is_directory(&path) && !is_package(&path)).then_some(path)
    };
    let mut roots: Vec<SystemPathBuf> = plain_directory("src").into_iter().collect();
    if let Some(name) = pyproject.project.name.as_deref() {
        // The package of `my-app` is `my_app`, and lies in `my-app/my_app` or `my_app/my_app`.
        let package = name.replace('-', "_");
        let nested = [name, &package].into_iter().filter_map(&plain_directory);
        roots.extend(nested.filter(|path| system.is_directory(&path.join(&package))));
    }
    roots.extend(plain_directory("python"));
    roots.push(root.to_path_buf());
    roots.extend(plain_directory("tests"));
    let mut seen = Vec::new();
    roots.retain(|path| {
        !seen.contains(path) && {
            seen.push(path.clone());
            true
        }
    });
    roots
}

/// A configured path, relative to the project's root. None where it leaves the workspace: nothing can be read there.
fn resolve(root: &SystemPath, path: &str) -> Option<SystemPathBuf> {
    if path.starts_with('/') || path.starts_with('~') {
        return None;
    }
    let relative = format!("{}/{path}", paths::from_system(root));
    paths::normalize(&relative).map(|path| paths::to_system(&path))
}

fn version(setting: Option<&str>, pyproject: &PyProject) -> PythonVersionWithSource {
    let ToolTable { ty, pyright, basedpyright } = &pyproject.tool;
    let parse = |version: &str| version.trim().parse::<PythonVersion>().ok();
    if let Some(version) = setting.and_then(parse) {
        return PythonVersionWithSource { version, source: PythonVersionSource::Editor };
    }
    let configured = [&ty.environment.python_version, &pyright.python_version, &basedpyright.python_version];
    configured
        .into_iter()
        .flatten()
        .find_map(|version| parse(version))
        .or_else(|| lower_bound(pyproject.project.requires_python.as_deref()?))
        .map(|version| PythonVersionWithSource { version, source: PythonVersionSource::Editor })
        .unwrap_or_default()
}

/// The lowest version that a specifier such as `>=3.9,<4` admits.
fn lower_bound(requires_python: &str) -> Option<PythonVersion> {
    let bound = |clause: &str| {
        let clause = clause.trim();
        let version = ["===", "~=", "==", ">=", ">"].into_iter().find_map(|operator| clause.strip_prefix(operator))?;
        let mut numbers = version.trim().trim_end_matches(".*").split('.');
        let major = numbers.next()?.trim().parse().ok()?;
        let minor = numbers.next().map_or(Some(0), |minor| minor.trim().parse().ok())?;
        Some(PythonVersion { major, minor })
    };
    let version = requires_python.split(',').filter_map(bound).max_by_key(|version| version.as_tuple())?;
    // Below, typeshed knows nothing; above, the parser does not.
    Some(version.clamp(PythonVersion::lowest(), PythonVersion::latest_preview()))
}

fn platform(setting: Option<&str>, pyproject: &PyProject) -> PythonPlatform {
    let ToolTable { ty, pyright, basedpyright } = &pyproject.tool;
    let named_by_pyright = |name: &String| match name.as_str() {
        "Linux" => "linux".to_owned(),
        "Darwin" => "darwin".to_owned(),
        "Windows" => "win32".to_owned(),
        other => other.to_lowercase(),
    };
    setting
        .map(str::to_owned)
        .or_else(|| ty.environment.python_platform.clone())
        .or_else(|| pyright.python_platform.as_ref().map(named_by_pyright))
        .or_else(|| basedpyright.python_platform.as_ref().map(named_by_pyright))
        // The default of the engine is where it runs; that is the sandbox, and says nothing of the program.
        .map_or_else(|| PythonPlatform::Identifier("linux".to_owned()), PythonPlatform::from)
}

fn rules(configured: &BTreeMap<String, String>) -> RuleSelection {
    let registry = default_lint_registry();
    let mut selection = RuleSelection::from_registry(registry);
    // `all` first: a rule by its own name wins over it.
    let (all, named): (Vec<_>, Vec<_>) = configured.iter().partition(|(name, _)| *name == "all");
    for (name, level) in all.into_iter().chain(named) {
        let level = match level.as_str() {
            "ignore" => Level::Ignore,
            "warn" => Level::Warn,
            "error" => Level::Error,
            _ => continue,
        };
        let lints = match name.as_str() {
            "all" => registry.lints().to_vec(),
            name => registry.get(name).into_iter().collect(),
        };
        for lint in lints {
            match Severity::try_from(level) {
                Ok(severity) => selection.enable(lint, severity, LintSource::File),
                Err(()) => selection.disable(lint),
            }
        }
    }
    selection
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use vraftls_guest_sdk::MemoryWorkspace;

    use super::*;
    use crate::system::WorkspaceSystem;

    fn roots_of(files: &[(&str, &str)], root: &str) -> Vec<String> {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        let system = WorkspaceSystem::new(Arc::new(MemoryWorkspace::new(files)));
        let root = paths::to_system(root);
        source_roots(&system, &root, &read(&system, &root)).into_iter().map(SystemPathBuf::into_string).collect()
    }

    #[test]
    fn usual_layouts_are_found_and_the_root_is_last() {
        assert_eq!(roots_of(&[("src/a/__init__.py", "")], ""), ["/src", "/"]);
        assert_eq!(roots_of(&[("src/__init__.py", "")], ""), ["/"]);
        assert_eq!(roots_of(&[("tests/test_a.py", ""), ("python/a.py", "")], ""), ["/python", "/", "/tests"]);
        let nested = [("pyproject.toml", "[project]\nname = \"my-app\""), ("my-app/my_app/__init__.py", "")];
        assert_eq!(roots_of(&nested, ""), ["/my-app", "/"]);
    }

    #[test]
    fn configured_roots_replace_the_usual_ones() {
        let files = [
            ("sub/pyproject.toml", "[tool.ty.environment]\nroot = [\"./lib\", \"../../outside\"]"),
            ("sub/lib/a.py", ""),
            ("sub/src/a.py", ""),
        ];
        assert_eq!(roots_of(&files, "sub"), ["/sub/lib"]);
    }

    #[test]
    fn extra_paths_of_the_host_come_before_those_of_the_files() {
        let files = [("pyproject.toml", "[tool.pyright]\nextraPaths = [\"b\"]"), ("a/m.py", ""), ("b/m.py", "")];
        let files = files.map(|(path, text)| (path.to_owned(), text.to_owned()));
        let system = WorkspaceSystem::new(Arc::new(MemoryWorkspace::new(files)));
        let settings = vec![("python.extra-paths".to_owned(), "a\n../outside\n/absolute\ngone".to_owned())];
        let config = Config { root: String::new(), libraries: Vec::new(), settings };
        let root = paths::to_system("");
        let found = search_paths(&system, &config, &root, &read(&system, &root)).extra_paths;
        assert_eq!(found.into_iter().map(SystemPathBuf::into_string).collect::<Vec<_>>(), ["/a", "/b"]);
    }

    #[test]
    fn a_broken_configuration_is_as_good_as_none() {
        assert_eq!(roots_of(&[("pyproject.toml", "[[["), ("src/a.py", "")], ""), ["/src", "/"]);
    }

    #[test]
    fn the_lower_bound_of_a_specifier_is_the_version() {
        let bound = |text| lower_bound(text).map(PythonVersion::as_tuple);
        assert_eq!(bound(">=3.9,<4"), Some((3, 9)));
        assert_eq!(bound("~= 3.10.2"), Some((3, 10)));
        assert_eq!(bound("==3.11.*"), Some((3, 11)));
        assert_eq!(bound(">=2.7"), Some(PythonVersion::lowest().as_tuple()));
        assert_eq!(bound("<4"), None);
    }
}
