//! The virtual environment of a Python workspace.
//!
//! Looked for where Python users expect it (PEP 405 describes what it looks like): the configured interpreter, `tool.ty` and
//! `tool.pyright` of pyproject.toml, an activated environment (`VIRTUAL_ENV`, `CONDA_PREFIX`), then `.venv` and `venv` in the workspace.
//! No interpreter is started: what it would say is read from `pyvenv.cfg` and from the layout of its directories.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use vraftls_vfs::ContentDigest;

use super::{Environment, Environments, Mount};

/// The setting of a session that names an interpreter or the directory of an environment, absolute or from the root of the workspace.
pub const INTERPRETER: &str = "python.interpreter";

/// Why an interpreter that a session names is refused.
#[derive(Debug, thiserror::Error)]
pub enum InterpreterError {
    /// There is no such file or directory.
    #[error("there is no {0}")]
    Missing(PathBuf),
    /// It has no directory of packages.
    #[error("{0} belongs to no Python environment with packages")]
    NoEnvironment(PathBuf),
}

/// What the user or their shell says of the environment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PythonHints {
    /// An interpreter or the directory of an environment, as the user configured it.
    pub configured: Option<PathBuf>,
    /// The environment that is activated in the shell (`VIRTUAL_ENV` or `CONDA_PREFIX`).
    pub activated: Option<PathBuf>,
}

/// Finds the environment of the workspace at `root`; an empty one where there is none.
pub fn discover(root: &Path, hints: &PythonHints) -> Environment {
    candidates(root, hints).iter().find_map(|prefix| read_environment(prefix)).unwrap_or_default()
}

/// Finds the environment of the workspace, and those of the interpreters that sessions configured.
pub fn discover_all(root: &Path, hints: &PythonHints, configured: Vec<String>) -> Environments {
    let own = discover(root, hints);
    let configured = configured.into_iter().map(|interpreter| {
        let environment = configured_environment(root, &interpreter, &own);
        (interpreter, environment)
    });
    Environments { configured: configured.collect(), own }
}

/// Whether a session may name this interpreter for the workspace at `root`.
pub fn check(root: &Path, interpreter: &str) -> Result<(), InterpreterError> {
    let path = root.join(interpreter);
    if !path.exists() {
        return Err(InterpreterError::Missing(path));
    }
    match read_environment(&environment_of(&path)) {
        Some(_) => Ok(()),
        None => Err(InterpreterError::NoEnvironment(path)),
    }
}

/// The environment of a configured interpreter; an empty one where it is gone. A directory has one name in the view whoever
/// searches it, so that a file which an editor opens there is in every environment that has it.
fn configured_environment(root: &Path, interpreter: &str, own: &Environment) -> Environment {
    let mut environment = read_environment(&environment_of(&root.join(interpreter))).unwrap_or_default();
    for mount in &mut environment.mounts {
        mount.prefix = match own.mounts.iter().find(|known| known.directory == mount.directory) {
            Some(known) => known.prefix.clone(),
            None => {
                let digest = ContentDigest::of(mount.directory.as_os_str().as_encoded_bytes()).to_string();
                format!("@lib/site-packages.{}", &digest[..12])
            }
        };
    }
    environment
}

fn candidates(root: &Path, hints: &PythonHints) -> Vec<PathBuf> {
    let mut found = Vec::new();
    found.extend(hints.configured.iter().map(|path| environment_of(&root.join(path))));
    found.extend(configured_in_pyproject(root));
    found.extend(hints.activated.clone());
    found.extend([root.join(".venv"), root.join("venv")]);
    found
}

/// The environment that an interpreter belongs to, or the path itself where it is a directory already.
fn environment_of(path: &Path) -> PathBuf {
    if path.is_dir() {
        return path.to_owned();
    }
    // `bin/python` and `Scripts\python.exe` lie two levels below; the link itself counts, not what it points to.
    path.parent().and_then(Path::parent).unwrap_or(path).to_owned()
}

fn configured_in_pyproject(root: &Path) -> Option<PathBuf> {
    let text = fs::read_to_string(root.join("pyproject.toml")).ok()?;
    let document: toml::Table = text.parse().ok()?;
    let tool = document.get("tool")?;
    let text_at = |table: &toml::Value, key: &str| table.get(key).and_then(toml::Value::as_str).map(str::to_owned);
    if let Some(python) = tool.get("ty").and_then(|ty| ty.get("environment")).and_then(|table| text_at(table, "python"))
    {
        return Some(environment_of(&root.join(python)));
    }
    let pyright = tool.get("pyright")?;
    let venv = text_at(pyright, "venv")?;
    Some(root.join(text_at(pyright, "venvPath").unwrap_or_default()).join(venv))
}

fn read_environment(prefix: &Path) -> Option<Environment> {
    let configuration = fs::read_to_string(prefix.join("pyvenv.cfg")).unwrap_or_default();
    let mut directories = packages(prefix, None);
    let stated = setting(&configuration, "version_info").or_else(|| setting(&configuration, "version"));
    let version = stated
        .and_then(major_minor)
        .or_else(|| directories.iter().find_map(|directory| major_minor(version_of_layout(directory)?)));
    if setting(&configuration, "include-system-site-packages").is_some_and(|value| value.eq_ignore_ascii_case("true"))
        && let Some(home) = setting(&configuration, "home")
    {
        for prefix in system_prefixes(Path::new(home)) {
            let more = packages(&prefix, version.as_deref());
            directories
                .extend(more.into_iter().filter(|directory| !directories.contains(directory)).collect::<Vec<_>>());
        }
    }
    if directories.is_empty() {
        return None;
    }
    let mounts = directories.into_iter().enumerate().map(|(place, directory)| Mount {
        prefix: if place == 0 { "@lib/site-packages".to_owned() } else { format!("@lib/site-packages-{place}") },
        kind: "site-packages".to_owned(),
        modified_ns: modified_ns(&directory),
        directory,
    });
    let settings = version.map(|version| ("python.version".to_owned(), version));
    Some(Environment { mounts: mounts.collect(), settings: settings.into_iter().collect() })
}

/// The prefixes of an installation whose interpreter lies in `home`: `/usr/local` and `/usr` for `/usr/bin`, as Debian has packages of
/// its own and others; `home` itself on Windows.
fn system_prefixes(home: &Path) -> Vec<PathBuf> {
    let above = environment_of(&home.join("python"));
    vec![above.join("local"), above, home.to_owned()]
}

/// `lib/python3.X/site-packages` where it exists, `lib64` beside it where that is no link to it, `Lib\site-packages` on Windows, and
/// what Debian calls `dist-packages`. With a version only those of that version, and those for all of them (`lib/python3`).
fn packages(prefix: &Path, version: Option<&str>) -> Vec<PathBuf> {
    let belongs = |name: &str| {
        name.strip_prefix("python").is_some_and(|found| {
            found.starts_with('3') && version.is_none_or(|version| found == "3" || found == version)
        })
    };
    let mut found = Vec::new();
    for library in ["lib", "lib64"] {
        let Ok(entries) = fs::read_dir(prefix.join(library)) else { continue };
        let mut versions: Vec<PathBuf> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.file_name().and_then(|name| name.to_str()).is_some_and(belongs))
            .flat_map(|path| ["site-packages", "dist-packages"].map(|name| path.join(name)))
            .collect();
        versions.sort();
        found.extend(versions.into_iter().filter_map(|path| path.canonicalize().ok()));
    }
    found.extend(prefix.join("Lib").join("site-packages").canonicalize());
    let mut unique = Vec::new();
    found.retain(|path| {
        !unique.contains(path) && {
            unique.push(path.clone());
            true
        }
    });
    found
}

fn modified_ns(directory: &Path) -> u64 {
    let modified = fs::metadata(directory).and_then(|metadata| metadata.modified()).ok();
    let since = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

fn setting<'a>(configuration: &'a str, name: &str) -> Option<&'a str> {
    configuration
        .lines()
        .filter_map(|line| line.split_once('='))
        .find(|(key, _)| key.trim() == name)
        .map(|(_, value)| value.trim())
}

fn version_of_layout(packages: &Path) -> Option<&str> {
    packages.parent()?.file_name()?.to_str()?.strip_prefix("python")
}

/// `3.12` of `3.12.4.final.0`.
fn major_minor(version: &str) -> Option<String> {
    let mut parts = version.split('.');
    let (major, minor) = (parts.next()?, parts.next()?);
    let minor: String = minor.chars().take_while(char::is_ascii_digit).collect();
    (major.parse::<u8>().is_ok() && !minor.is_empty()).then(|| format!("{major}.{minor}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(at: &Path, version: &str) {
        fs::create_dir_all(at.join(format!("lib/python{version}/site-packages"))).expect("writable");
        fs::write(at.join("pyvenv.cfg"), format!("home = /usr/bin\nversion_info = {version}.4.final.0\n"))
            .expect("writable");
    }

    fn found(root: &Path, hints: &PythonHints) -> (Option<PathBuf>, Vec<(String, String)>) {
        let environment = discover(root, hints);
        (environment.mounts.first().map(|mount| mount.directory.clone()), environment.settings)
    }

    #[test]
    fn finds_the_environment_in_the_workspace() {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        environment(&scratch.path().join(".venv"), "3.12");
        let (directory, settings) = found(scratch.path(), &PythonHints::default());
        let expected = scratch.path().canonicalize().expect("exists").join(".venv/lib/python3.12/site-packages");
        assert_eq!(directory, Some(expected));
        assert_eq!(settings, [("python.version".to_owned(), "3.12".to_owned())]);
    }

    #[test]
    fn what_is_configured_wins_over_what_is_activated_and_that_over_the_workspace() {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        for (name, version) in
            [("ws/.venv", "3.10"), ("activated", "3.11"), ("configured", "3.12"), ("project", "3.13")]
        {
            environment(&scratch.path().join(name), version);
        }
        let root = scratch.path().join("ws");
        let version = |hints: &PythonHints| found(&root, hints).1[0].1.clone();
        assert_eq!(version(&PythonHints::default()), "3.10");
        let activated = PythonHints { configured: None, activated: Some(scratch.path().join("activated")) };
        assert_eq!(version(&activated), "3.11");
        fs::write(root.join("pyproject.toml"), "[tool.ty.environment]\npython = '../project'\n").expect("writable");
        assert_eq!(version(&activated), "3.13");
        let interpreter = Some(scratch.path().join("configured/bin/python"));
        assert_eq!(version(&PythonHints { configured: interpreter, ..activated }), "3.12");
    }

    #[test]
    fn packages_of_the_system_are_searched_after_those_of_the_environment() {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        let root = scratch.path().canonicalize().expect("exists");
        environment(&root.join("ws/.venv"), "3.12");
        let of_the_system = ["usr/local/lib/python3.12/dist-packages", "usr/lib/python3/dist-packages"];
        let of_another_version = "usr/lib/python3.9/site-packages";
        for directory in of_the_system.iter().chain([&of_another_version, &"usr/bin"]) {
            fs::create_dir_all(root.join(directory)).expect("writable");
        }
        let configure = |system: bool| {
            let home = root.join("usr/bin");
            let text =
                format!("home = {}\ninclude-system-site-packages = {system}\nversion = 3.12.1\n", home.display());
            fs::write(root.join("ws/.venv/pyvenv.cfg"), text).expect("writable");
            let environment = discover(&root.join("ws"), &PythonHints::default());
            assert_eq!(environment.settings, [("python.version".to_owned(), "3.12".to_owned())]);
            let relative = |mount: Mount| mount.directory.strip_prefix(&root).expect("below").display().to_string();
            let prefixes: Vec<String> = environment.mounts.iter().map(|mount| mount.prefix.clone()).collect();
            (prefixes, environment.mounts.into_iter().map(relative).collect::<Vec<_>>())
        };
        let own = "ws/.venv/lib/python3.12/site-packages";
        assert_eq!(configure(false).1, [own]);
        let (prefixes, directories) = configure(true);
        assert_eq!(directories, [own, of_the_system[0], of_the_system[1]]);
        assert_eq!(prefixes, ["@lib/site-packages", "@lib/site-packages-1", "@lib/site-packages-2"]);
    }

    #[test]
    fn nothing_is_found_where_there_is_nothing() {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        fs::write(scratch.path().join("pyproject.toml"), "[tool.ty").expect("writable");
        let gone = PythonHints { configured: Some("gone".into()), activated: Some("gone".into()) };
        assert_eq!(found(scratch.path(), &gone), (None, Vec::new()));
    }

    #[test]
    fn configured_interpreters_have_environments_of_their_own_and_share_directories() {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        let root = scratch.path().canonicalize().expect("exists").join("ws");
        environment(&root.join(".venv"), "3.12");
        environment(&root.join("../other"), "3.13");
        let configured = ["../other/bin/python", ".venv", "gone"].map(str::to_owned).to_vec();
        let all = discover_all(&root, &PythonHints::default(), configured);
        let of = |interpreter: &str| all.of(Some(interpreter)).expect("mounted").clone();
        assert_eq!(of(".venv"), all.own);
        assert_eq!(of("../other/bin/python").settings, [("python.version".to_owned(), "3.13".to_owned())]);
        assert_eq!(of("gone"), Environment::default());
        assert_eq!(all.of(Some("unknown")), None);
        let mounts = all.mounts();
        assert_eq!(mounts.len(), 2, "{mounts:?}");
        assert_ne!(mounts[0].prefix, mounts[1].prefix);
        check(&root, "../other").expect("an environment");
        assert!(matches!(check(&root, "gone"), Err(InterpreterError::Missing(_))));
        assert!(matches!(check(&root, "."), Err(InterpreterError::NoEnvironment(_))));
    }

    #[test]
    fn mounts_map_paths_both_ways() {
        let mount = Mount { prefix: "@lib/a".into(), kind: "k".into(), directory: "/x/y".into(), modified_ns: 0 };
        assert_eq!(mount.on_disk("@lib/a/b/c.py"), Some("/x/y/b/c.py".into()));
        assert_eq!(mount.on_disk("@lib/a"), Some("/x/y".into()));
        assert_eq!(mount.on_disk("@lib/ab/c.py"), None);
        assert_eq!(mount.in_view(Path::new("/x/y/b/c.py")), Some("@lib/a/b/c.py".into()));
        assert_eq!(mount.in_view(Path::new("/x/z.py")), None);
    }
}
