//! What the bench brings itself: other servers and source trees, from the package registries by name and version.
//!
//! Everything is kept in the user's cache directory, each in a folder named after its version, and comes through pip and npm
//! as they are configured.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

const TY: &str = "0.0.104";
const PYRIGHT: &str = "1.1.414";

/// A package of Python sources to measure on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tree {
    /// As people type it.
    pub(crate) name: &'static str,
    /// Its name in the registry.
    pub(crate) package: &'static str,
    pub(crate) version: &'static str,
}

/// From small to large.
pub(crate) const TREES: [Tree; 4] = [
    Tree { name: "requests", package: "requests", version: "2.32.3" },
    Tree { name: "rich", package: "rich", version: "13.9.4" },
    Tree { name: "networkx", package: "networkx", version: "3.4.2" },
    Tree { name: "django", package: "Django", version: "5.1.4" },
];

/// The folder in the user's cache directory where all of it lies.
#[derive(Debug)]
pub(crate) struct Shelf {
    directory: PathBuf,
}

impl Shelf {
    /// That of the user who runs us.
    pub(crate) fn of_user() -> Result<Self> {
        let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let base = absolute("XDG_CACHE_HOME")
            .or_else(|| absolute("HOME").map(|home| home.join(".cache")))
            .context("neither XDG_CACHE_HOME nor HOME says where to keep what is fetched")?;
        let directory = base.join("vraftls/bench");
        fs::create_dir_all(&directory).with_context(|| format!("cannot create {}", directory.display()))?;
        Ok(Self { directory: directory.canonicalize()? })
    }

    /// A folder for this run, on the same disk; removed when it is dropped.
    pub(crate) fn scratch(&self) -> Result<tempfile::TempDir> {
        tempfile::tempdir_in(&self.directory).context("cannot create a folder for this run")
    }

    /// Where something is kept that others bring.
    pub(crate) fn place(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// The virtual environment that all servers run in, with ty in it and nothing else.
    pub(crate) fn python(&self) -> Result<PythonEnvironment> {
        let directory = self.directory.join(format!("python-with-ty-{TY}"));
        let environment = PythonEnvironment { directory };
        if !environment.ty().exists() {
            run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment.directory))?;
            run(environment.pip("install").arg(format!("ty=={TY}")))?;
        }
        Ok(environment)
    }

    /// Pyright's server, as a program for Node.js.
    pub(crate) fn pyright(&self) -> Result<PathBuf> {
        let directory = self.directory.join(format!("pyright-{PYRIGHT}"));
        let server = directory.join("node_modules/pyright/langserver.index.js");
        if !server.exists() {
            fs::create_dir_all(&directory)?;
            let package = format!("pyright@{PYRIGHT}");
            run(Command::new("npm")
                .args(["install", "--silent", "--no-save", "--prefix"])
                .arg(&directory)
                .arg(package))?;
        }
        ensure!(server.exists(), "npm installed pyright without {}", server.display());
        Ok(server)
    }

    /// The sources of a package, unpacked.
    pub(crate) fn tree(&self, tree: Tree, python: &PythonEnvironment) -> Result<PathBuf> {
        let directory = self.directory.join("trees").join(format!("{}-{}", tree.name, tree.version));
        if !directory.exists() {
            let scratch = self.scratch()?;
            let archives = scratch.path().join("archives");
            let requirement = format!("{}=={}", tree.package, tree.version);
            let options = ["--no-deps", "--only-binary", ":all:", "--ignore-requires-python", "--dest"];
            run(python.pip("download").args(options).arg(&archives).arg(requirement))?;
            let archive = fs::read_dir(&archives)?.next().context("pip downloaded nothing")??.path();
            let unpacked = scratch.path().join("unpacked");
            run(Command::new(python.interpreter()).args(["-m", "zipfile", "-e"]).arg(archive).arg(&unpacked))?;
            fs::create_dir_all(directory.parent().context("it lies below the shelf")?)?;
            // All of it or nothing, even if we are interrupted.
            fs::rename(&unpacked, &directory)?;
        }
        Ok(directory)
    }
}

/// A virtual environment.
#[derive(Debug, Clone)]
pub(crate) struct PythonEnvironment {
    directory: PathBuf,
}

impl PythonEnvironment {
    /// The server that lies in it.
    pub(crate) fn ty(&self) -> PathBuf {
        self.directory.join("bin/ty")
    }

    /// Makes a program see this environment as one that is activated, so that all servers find the same libraries.
    pub(crate) fn activate(&self, command: &mut Command) -> Result<()> {
        let others = std::env::var_os("PATH").unwrap_or_default();
        let all = std::iter::once(self.directory.join("bin")).chain(std::env::split_paths(&others));
        command.env("PATH", std::env::join_paths(all)?).env("VIRTUAL_ENV", &self.directory).env_remove("PYTHONPATH");
        Ok(())
    }

    fn interpreter(&self) -> PathBuf {
        self.directory.join("bin/python")
    }

    fn pip(&self, verb: &str) -> Command {
        let mut command = Command::new(self.interpreter());
        command.args(["-m", "pip", verb, "--quiet", "--disable-pip-version-check"]);
        command
    }
}

/// Runs a command that must succeed, and shows it.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let program = Path::new(command.get_program()).file_stem().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    let line = words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
    crate::say(&format!("$ {line}"));
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
    let status = status.with_context(|| format!("cannot start `{line}`"))?;
    ensure!(status.success(), "`{line}` failed ({status})");
    Ok(())
}
