//! What the bench brings itself: other servers, from the package registries by name and version.
//!
//! Everything is kept in the user's cache directory, each in a folder named after its version, and comes through pip, npm,
//! rustup and cargo as they are configured. What is installed on the machine stays as it is: Rust's toolchain, with the server
//! and the standard library's sources, is one of the bench's own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

const TY: &str = "0.0.104";
const PYRIGHT: &str = "1.1.414";
const TYPESCRIPT: &str = "7.0.2";
/// Its rust-analyzer is the reference.
const RUST: &str = "1.96.0";
/// What is installed of it beside the compiler and cargo.
const RUST_COMPONENTS: &str = "rust-analyzer,rust-src";

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
        let packages = self.npm("pyright", PYRIGHT)?;
        present(packages.join("pyright/langserver.index.js"))
    }

    /// TypeScript's compiler, which is its server too: the program itself, that the package for this machine has.
    pub(crate) fn tsc(&self) -> Result<PathBuf> {
        let packages = self.npm("typescript", TYPESCRIPT)?;
        let platforms = fs::read_dir(packages.join("@typescript")).context("there is no compiler for this machine")?;
        let programs = platforms.flatten().map(|platform| platform.path().join("lib/tsc"));
        programs.filter(|program| program.exists()).min().context("there is no compiler for this machine")
    }

    /// The folder with a package for Node.js and what it needs.
    fn npm(&self, package: &str, version: &str) -> Result<PathBuf> {
        let directory = self.directory.join(format!("{package}-{version}"));
        let packages = directory.join("node_modules");
        if !packages.join(package).exists() {
            fs::create_dir_all(&directory)?;
            let wanted = format!("{package}@{version}");
            run(Command::new("npm")
                .args(["install", "--silent", "--no-save", "--prefix"])
                .arg(&directory)
                .arg(wanted))?;
        }
        Ok(packages)
    }

    /// The toolchain of Rust that all servers run with, installed where nobody else looks.
    pub(crate) fn rust(&self) -> Result<RustToolchain> {
        let toolchain = RustToolchain { home: self.directory.join("rustup") };
        if toolchain.directory().is_none() {
            let options = ["--profile", "minimal", "--no-self-update", "--component", RUST_COMPONENTS];
            let mut rustup = Command::new("rustup");
            toolchain.choose(&mut rustup);
            run(rustup.args(["toolchain", "install", RUST]).args(options))?;
        }
        Ok(toolchain)
    }
}

/// A toolchain of Rust.
#[derive(Debug, Clone)]
pub(crate) struct RustToolchain {
    /// Rustup's home.
    home: PathBuf,
}

impl RustToolchain {
    /// A program of the toolchain.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.directory().unwrap_or_default().join("bin").join(program));
        self.choose(&mut command);
        command
    }

    /// Makes a program see this toolchain as the one that is in use.
    pub(crate) fn activate(&self, command: &mut Command) -> Result<()> {
        self.choose(command);
        prepend_path(command, &self.directory().context("the toolchain is not installed")?.join("bin"))
    }

    fn choose(&self, command: &mut Command) {
        // What runs us may have been started by cargo, which tells of its own toolchain.
        command.env("RUSTUP_HOME", &self.home).env("RUSTUP_TOOLCHAIN", RUST);
        for name in ["CARGO", "RUSTC", "RUSTFLAGS", "CARGO_TARGET_DIR", "CARGO_ENCODED_RUSTFLAGS"] {
            command.env_remove(name);
        }
    }

    /// Where it lies, once all of it is there: its folder's name has the machine's kind in it.
    fn directory(&self) -> Option<PathBuf> {
        let all = fs::read_dir(self.home.join("toolchains")).ok()?.flatten().map(|entry| entry.path());
        let is_ours = |path: &PathBuf| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            name.strip_prefix(RUST).is_some_and(|rest| rest.starts_with('-'))
        };
        let needed = ["bin/rust-analyzer", "bin/cargo", "lib/rustlib/src/rust/library/core/src/lib.rs"];
        all.filter(is_ours).find(|path| needed.iter().all(|needed| path.join(needed).exists()))
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
        command.env("VIRTUAL_ENV", &self.directory).env_remove("PYTHONPATH");
        prepend_path(command, &self.directory.join("bin"))
    }

    pub(crate) fn interpreter(&self) -> PathBuf {
        self.directory.join("bin/python")
    }

    /// A command of its installer.
    pub(crate) fn pip(&self, verb: &str) -> Command {
        let mut command = Command::new(self.interpreter());
        command.args(["-m", "pip", verb, "--quiet", "--disable-pip-version-check"]);
        command
    }
}

fn present(program: PathBuf) -> Result<PathBuf> {
    ensure!(program.exists(), "{} was not installed", program.display());
    Ok(program)
}

/// Makes a program find the programs of a folder before all others.
fn prepend_path(command: &mut Command, directory: &Path) -> Result<()> {
    let others = std::env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(directory.to_owned()).chain(std::env::split_paths(&others));
    command.env("PATH", std::env::join_paths(all)?);
    Ok(())
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
