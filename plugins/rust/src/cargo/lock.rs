//! `Cargo.lock`: which version of a package another one uses.

use std::collections::HashMap;

use semver::{Version, VersionReq};
use toml::{Table, Value};

/// The packages of a lock file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lock {
    /// By name: the versions, and what each depends on, in cargo's words.
    packages: HashMap<String, Vec<(String, Vec<String>)>>,
    /// By name and version: the revision of the repository that it comes from.
    revisions: HashMap<(String, String), String>,
}

impl Lock {
    /// Reads a lock file; what cannot be read names nothing.
    pub(crate) fn read(text: &str) -> Self {
        let table: Table = text.parse().unwrap_or_default();
        let mut packages: HashMap<String, Vec<(String, Vec<String>)>> = HashMap::new();
        let mut revisions = HashMap::new();
        for package in table.get("package").and_then(Value::as_array).into_iter().flatten() {
            let text = |key: &str| package.get(key).and_then(Value::as_str);
            let (Some(name), Some(version)) = (text("name"), text("version")) else { continue };
            let depends = package.get("dependencies").and_then(Value::as_array).into_iter().flatten();
            let depends = depends.filter_map(Value::as_str).map(str::to_owned).collect();
            let source = text("source").and_then(|source| source.strip_prefix("git+"));
            if let Some((_, revision)) = source.and_then(|source| source.rsplit_once('#')) {
                revisions.insert((name.to_owned(), version.to_owned()), revision.to_owned());
            }
            packages.entry(name.to_owned()).or_default().push((version.to_owned(), depends));
        }
        Self { packages, revisions }
    }

    /// The revision of the repository that a version of a package comes from; none if it comes from a registry.
    pub(crate) fn revision(&self, package: &str, version: &str) -> Option<&str> {
        self.revisions.get(&(package.to_owned(), version.to_owned())).map(String::as_str)
    }

    /// The version of `wanted` that a package uses: the one that its entry names, or the highest that will do. Several versions
    /// under one name are told apart by the requirement.
    pub(crate) fn version(&self, package: (&str, &str), wanted: &str, requirement: &VersionReq) -> Option<String> {
        let known = self.packages.get(wanted)?;
        let named = self.packages.get(package.0).and_then(|versions| {
            let (_, depends) = versions.iter().find(|(version, _)| version == package.1)?;
            let mut named = depends.iter().filter_map(|entry| {
                let mut words = entry.split(' ');
                (words.next() == Some(wanted)).then(|| words.next().map(str::to_owned))
            });
            named.find_map(|version| match version {
                Some(version) => will_do(&version, requirement).then_some(version),
                None => known.first().map(|(version, _)| version.clone()),
            })
        });
        named.or_else(|| {
            let versions = known.iter().map(|(version, _)| version).filter(|version| will_do(version, requirement));
            versions.max_by_key(|version| Version::parse(version).ok()).cloned()
        })
    }
}

fn will_do(version: &str, requirement: &VersionReq) -> bool {
    // Who asks for no version, of a repository say, takes one that is not released yet.
    *requirement == VersionReq::STAR || Version::parse(version).is_ok_and(|version| requirement.matches(&version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_one_that_the_package_names() {
        let lock = Lock::read(
            "[[package]]\nname = 'a'\nversion = '1.0.0'\ndependencies = ['b 1.0.0', 'b 2.0.0', 'c']\n\
             [[package]]\nname = 'b'\nversion = '1.0.0'\n[[package]]\nname = 'b'\nversion = '2.0.0'\n\
             [[package]]\nname = 'c'\nversion = '3.1.0'",
        );
        let version = |package, wanted, requirement: &str| {
            lock.version(package, wanted, &VersionReq::parse(requirement).expect("a requirement"))
        };
        assert_eq!(version(("a", "1.0.0"), "b", "1").as_deref(), Some("1.0.0"));
        assert_eq!(version(("a", "1.0.0"), "b", "2").as_deref(), Some("2.0.0"));
        assert_eq!(version(("a", "1.0.0"), "c", "3").as_deref(), Some("3.1.0"));
        assert_eq!(version(("x", "1.0.0"), "b", "*").as_deref(), Some("2.0.0"));
        assert_eq!(version(("a", "1.0.0"), "d", "*"), None);
        let locked =
            |source: &str| Lock::read(&format!("[[package]]\nname = 'a'\nversion = '1.0.0-rc.1'\nsource = '{source}'"));
        let lock = locked("git+https://a.example/a?rev=1#0123abcd");
        assert_eq!(lock.revision("a", "1.0.0-rc.1"), Some("0123abcd"));
        assert_eq!(lock.version(("x", "1.0.0"), "a", &VersionReq::STAR).as_deref(), Some("1.0.0-rc.1"));
        assert_eq!(locked("registry+https://a.example#b").revision("a", "1.0.0-rc.1"), None);
        assert_eq!(Lock::read("[[package").version(("a", "1"), "b", &VersionReq::STAR), None);
    }
}
