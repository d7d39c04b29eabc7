//! Where imports lead: oxc's resolver over the workspace import. It knows `tsconfig.json` (paths, extends, references) and
//! `package.json` (exports, imports, types), index files, `.js` that means `.ts`, and `@types`.
//!
//! A directory `node_modules` that is no part of the workspace may be mounted as a library under `@lib/`, at the place that it
//! has: `a/node_modules` as `@lib/a/node_modules`. To the resolver it lies where it belongs.
//!
//! Packages may be symbolic links: of pnpm to where the package has its own dependencies beside it, of workspaces to their sources.
//! What is found is where it really lies, as it is for node, so that one file is one file, and its imports go on from there.

mod configuration;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use oxc_resolver::{FileMetadata, FileSystem, ResolveError, ResolveOptions, ResolverGeneric, TsconfigDiscovery};
use vraftls_guest_sdk::{Library, NodeKind, Workspace};

use crate::source_map::join;

/// Where libraries are mounted.
pub(crate) const LIBRARIES: &str = "@lib/";

/// The workspace as the resolver sees it: one tree below `/`.
#[derive(Clone, Debug)]
struct View {
    workspace: Option<Arc<dyn Workspace>>,
    /// The mounted directories, as paths of the workspace.
    mounts: Vec<String>,
}

impl View {
    /// The paths of the contract that a path of the resolver may mean, the workspace's own first.
    fn meant(&self, path: &Path) -> Vec<String> {
        let Some(own) = path.to_str().map(|path| path.trim_start_matches('/').trim_end_matches('/')) else {
            return Vec::new();
        };
        let mut found = vec![own.to_owned()];
        let is_below = |mount: &String| {
            own.strip_prefix(mount.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if self.mounts.iter().any(is_below) {
            found.push(format!("{LIBRARIES}{own}"));
        }
        found
    }

    /// Whether there is what a configuration extends by a name; of a package only whether that is there.
    fn is_extended(&self, configuration: &Path, name: &str) -> bool {
        let is_there = |path: &str| self.find(Path::new(&format!("/{path}"))).is_some();
        if name.starts_with('.') {
            let own = configuration.to_str().and_then(|own| join(own.trim_start_matches('/'), name));
            return own.is_some_and(|path| {
                let nearby = [path.clone(), format!("{path}.json")];
                nearby.iter().any(|path| is_there(path))
            });
        }
        if name.starts_with(['/', '#']) {
            return true;
        }
        let package = configuration::package_of(name);
        let around = configuration.ancestors().skip(1).filter_map(Path::to_str);
        around.map(|directory| directory.trim_matches('/')).any(|directory| {
            let above = if directory.is_empty() { String::new() } else { format!("{directory}/") };
            is_there(&format!("{above}node_modules/{package}"))
        })
    }

    /// The path of the contract at which there is something, and what it is.
    fn find(&self, path: &Path) -> Option<(String, NodeKind)> {
        let workspace = self.workspace.as_ref()?;
        let meant = self.meant(path);
        if meant.first().is_some_and(String::is_empty) {
            return Some((String::new(), NodeKind::Directory));
        }
        let found = workspace.exists(&meant);
        meant.into_iter().zip(found).find_map(|(path, metadata)| Some((path, metadata?.kind)))
    }
}

fn missing() -> io::Error {
    io::Error::from(io::ErrorKind::NotFound)
}

impl FileSystem for View {
    fn new() -> Self {
        Self { workspace: None, mounts: Vec::new() }
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.read_to_string(path).map(String::into_bytes)
    }

    fn read_to_string(&self, path: &Path) -> io::Result<String> {
        let (found, _) = self.find(path).ok_or_else(missing)?;
        let workspace = self.workspace.as_ref().ok_or_else(missing)?;
        let text = workspace.read(&found).map_err(|_| missing())?;
        // All else that the resolver reads are configurations.
        Ok(match path.ends_with("package.json") {
            true => text,
            false => configuration::without_missing(text, |name| self.is_extended(path, name)),
        })
    }

    fn metadata(&self, path: &Path) -> io::Result<FileMetadata> {
        let (_, kind) = self.find(path).ok_or_else(missing)?;
        let is_file = matches!(kind, NodeKind::File);
        Ok(FileMetadata::new(is_file, !is_file, false))
    }

    fn symlink_metadata(&self, path: &Path) -> io::Result<FileMetadata> {
        self.metadata(path)
    }

    fn read_link(&self, path: &Path) -> Result<PathBuf, ResolveError> {
        Ok(path.to_owned())
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        Ok(path.to_owned())
    }
}

/// The resolver of a project.
pub(crate) struct Resolver {
    view: View,
    inner: ResolverGeneric<View>,
}

impl std::fmt::Debug for Resolver {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Resolver").field("view", &self.view).finish_non_exhaustive()
    }
}

impl Resolver {
    pub(crate) fn new(workspace: Arc<dyn Workspace>, libraries: &[Library]) -> Self {
        let mounts = libraries
            .iter()
            .filter_map(|library| library.path.strip_prefix(LIBRARIES))
            .filter(|path| path.ends_with("node_modules"))
            .map(str::to_owned)
            .collect();
        let view = View { workspace: Some(workspace), mounts };
        let options = ResolveOptions {
            cwd: Some(PathBuf::from("/")),
            tsconfig: Some(TsconfigDiscovery::Auto),
            condition_names: ["types", "import", "require", "node", "browser", "default"].map(str::to_owned).to_vec(),
            symlinks: false,
            ..ResolveOptions::default()
        };
        let inner = ResolverGeneric::new_with_file_system(view.clone(), options);
        Self { view, inner }
    }

    /// The file of the view that a module's name in a file leads to.
    pub(crate) fn resolve(&self, from: &str, name: &str) -> Option<String> {
        let containing = format!("/{}", from.strip_prefix(LIBRARIES).unwrap_or(from));
        let containing = Path::new(&containing);
        let found = self.by_tsconfig(containing, name).or_else(|| self.at(containing, name))?;
        Some(found)
    }

    fn at(&self, containing: &Path, name: &str) -> Option<String> {
        let found = self.inner.resolve_dts(containing, name).ok()?;
        let (path, kind) = self.view.find(found.path())?;
        matches!(kind, NodeKind::File).then(|| self.real(path))
    }

    /// Where a file of the view really lies.
    pub(crate) fn real(&self, path: String) -> String {
        let is_of_library = path.starts_with(LIBRARIES);
        let real = self.view.workspace.as_ref().filter(|_| is_of_library).and_then(|workspace| workspace.real(&path));
        real.unwrap_or(path)
    }

    /// What `paths` and `baseUrl` of the configuration around the file say of the name.
    fn by_tsconfig(&self, containing: &Path, name: &str) -> Option<String> {
        if name.starts_with('.') || name.starts_with('/') {
            return None;
        }
        let tsconfig = self.inner.find_tsconfig(containing).ok()??;
        let paths = tsconfig.resolve_path_alias_or_base_url(name);
        paths.iter().find_map(|path| self.at(containing, path.to_str()?))
    }

    /// Forgets what was looked up.
    pub(crate) fn forget(&self) {
        self.inner.clear_cache();
    }
}
