//! How the library roots of a workspace lie in the workspace beside it: each root's files below the root's name, and a list of the
//! roots, which is written after all else.
//!
//! What is there without a list is not yet whole, and nobody sees it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vraftls_vfs::VfsPath;

use super::Environment;

/// Where the view has all library roots.
const VIEW: &str = "@lib/";

/// How many links are followed on the way to one file.
const FOLLOWED_MAX: usize = 8;

/// The version of the list's format.
const VERSION: u32 = 1;

/// The library roots of a workspace, in the order in which they are searched.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct PushedLibraries {
    version: u32,
    /// The roots.
    pub roots: Vec<PushedRoot>,
    /// Settings for the analyzers, sorted by name.
    pub settings: Vec<(String, String)>,
    /// Symbolic links to directories that lie in roots: where the view has each, and where it leads, into a root or into the workspace
    /// itself. Nodes of older releases have nothing at such a path.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub links: BTreeMap<String, String>,
}

/// A library root.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PushedRoot {
    /// Where the view has it, for example `@lib/site-packages`.
    pub path: String,
    /// What it is, in the words of its language.
    pub kind: String,
}

/// Why a list of library roots cannot be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PushedError {
    /// It is not one.
    #[error("the list of library roots is damaged: {0}")]
    Damaged(String),
    /// Another version wrote it.
    #[error("the list of library roots has version {0}, this is version {VERSION}")]
    Version(u32),
}

impl PushedLibraries {
    /// The file that is the list.
    pub const FILE: &str = "roots.json";

    /// Those of an environment.
    pub fn of(environment: &Environment) -> Self {
        let root = |mount: &super::Mount| PushedRoot { path: mount.prefix.clone(), kind: mount.kind.clone() };
        Self {
            version: VERSION,
            roots: environment.mounts.iter().map(root).collect(),
            settings: environment.settings.clone(),
            links: BTreeMap::new(),
        }
    }

    /// Where the view's path of a library root leads when the links on its way are followed: to itself where there are none. Nothing where
    /// they lead in a circle.
    pub(crate) fn follow<'a>(&self, path: &'a str) -> Option<Cow<'a, str>> {
        let mut path = Cow::Borrowed(path);
        for _ in 0..FOLLOWED_MAX {
            let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
            let link = ends.filter_map(|end| Some((end, self.links.get(&path[..end])?))).next();
            let Some((end, to)) = link else { return Some(path) };
            let rest = path[end..].trim_start_matches('/');
            let between = if to.is_empty() || rest.is_empty() { "" } else { "/" };
            path = Cow::Owned(format!("{to}{between}{rest}"));
        }
        None
    }

    /// The names of what lies in a directory of the view, or on the way to what does, because of links.
    pub(crate) fn linked_in<'a>(&'a self, directory: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        let prefix = format!("{directory}/");
        let below = self.links.range(prefix.clone()..).map(|(from, _)| from.as_str());
        let below = below.map_while(move |from| from.strip_prefix(&*prefix));
        below.map(|rest| rest.split_once('/').map_or(rest, |(name, _)| name))
    }

    /// The list as the contents of its file.
    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec_pretty(self).expect("texts and numbers alone")
    }

    /// Reads a list.
    ///
    /// # Errors
    /// [`PushedError`], also for a root that does not lie where the view has library roots.
    pub fn decode(bytes: &[u8]) -> Result<Self, PushedError> {
        let list: Self = serde_json::from_slice(bytes).map_err(|error| PushedError::Damaged(error.to_string()))?;
        if list.version != VERSION {
            return Err(PushedError::Version(list.version));
        }
        if let Some(other) = list.roots.iter().find(|root| Self::path_of(&root.path).is_none()) {
            return Err(PushedError::Damaged(format!("{:?} is no library root", other.path)));
        }
        let is_link = |(from, to): &(&String, &String)| Self::path_of(from).is_some() && VfsPath::new(to).is_ok();
        match list.links.iter().find(|link| !is_link(link)) {
            Some((from, to)) => Err(PushedError::Damaged(format!("{from:?} leads to {to:?}"))),
            None => Ok(list),
        }
    }

    /// Where the workspace of libraries has what the view has at a path; none for paths elsewhere.
    pub fn path_of(path: &str) -> Option<VfsPath> {
        VfsPath::new(path.strip_prefix(VIEW)?).ok().filter(|path| !path.is_root())
    }

    /// Where the view has what the workspace of libraries has at a path.
    pub fn in_view(path: &str) -> String {
        format!("{VIEW}{path}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_as_it_was_written_and_nothing_else_is() {
        let root = |path: &str| PushedRoot { path: path.to_owned(), kind: "site-packages".to_owned() };
        let list = PushedLibraries {
            version: VERSION,
            roots: vec![root("@lib/site-packages"), root("@lib/site-packages-1")],
            settings: vec![("python.version".to_owned(), "3.12".to_owned())],
            links: BTreeMap::from([("@lib/site-packages/a".to_owned(), "src/a".to_owned())]),
        };
        assert_eq!(PushedLibraries::decode(&list.encode()), Ok(list.clone()));
        let newer = PushedLibraries { version: 2, ..list.clone() };
        assert_eq!(PushedLibraries::decode(&newer.encode()), Err(PushedError::Version(2)));
        for path in ["src", "@lib/../src", "@lib/", "@library/a"] {
            let elsewhere = PushedLibraries { roots: vec![root(path)], ..list.clone() };
            let decoded = PushedLibraries::decode(&elsewhere.encode());
            assert!(matches!(decoded, Err(PushedError::Damaged(_))), "{path}: {decoded:?}");
        }
        assert!(matches!(PushedLibraries::decode(b"{"), Err(PushedError::Damaged(_))));
        for (from, to) in [("src/a", "src/b"), ("@lib/a", "../b"), ("@lib/", "src")] {
            let links = BTreeMap::from([(from.to_owned(), to.to_owned())]);
            let damaged = PushedLibraries { links, ..list.clone() };
            assert!(matches!(PushedLibraries::decode(&damaged.encode()), Err(PushedError::Damaged(_))), "{from}");
        }
        // What releases wrote that knew no links.
        let older = br#"{"version": 1, "roots": [], "settings": []}"#;
        assert!(PushedLibraries::decode(older).is_ok_and(|list| list.links.is_empty()));
    }

    #[test]
    fn links_are_followed_as_long_as_they_lead_somewhere() {
        let links = [
            ("@lib/m/a", "@lib/m/.store/a"),
            ("@lib/m/@own/ui", "packages/ui"),
            ("@lib/m/all", ""),
            ("@lib/m/two", "@lib/m/a/inner"),
            ("@lib/m/loop", "@lib/m/loop/on"),
        ];
        let links = links.map(|(from, to)| (from.to_owned(), to.to_owned())).into_iter().collect();
        let list = PushedLibraries { version: VERSION, links, ..PushedLibraries::default() };
        for (path, expected) in [
            ("@lib/m/a", Some("@lib/m/.store/a")),
            ("@lib/m/a/b/c.js", Some("@lib/m/.store/a/b/c.js")),
            ("@lib/m/ab/c.js", Some("@lib/m/ab/c.js")),
            ("@lib/m/@own/ui/index.ts", Some("packages/ui/index.ts")),
            ("@lib/m/all/src/a.ts", Some("src/a.ts")),
            ("@lib/m/all", Some("")),
            ("@lib/m/two/x.js", Some("@lib/m/.store/a/inner/x.js")),
            ("@lib/m/loop/x.js", None),
        ] {
            assert_eq!(list.follow(path).as_deref(), expected, "{path}");
        }
        assert_eq!(list.linked_in("@lib/m").collect::<Vec<_>>(), ["@own", "a", "all", "loop", "two"]);
        assert_eq!(list.linked_in("@lib/m/@own").collect::<Vec<_>>(), ["ui"]);
        assert_eq!(list.linked_in("@lib/m/a").count() + list.linked_in("@lib").filter(|name| *name != "m").count(), 0);
    }
}
