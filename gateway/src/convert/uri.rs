//! URIs of files, and the paths they name.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use tower_lsp_server::ls_types::Uri;

/// The absolute path of a file as an editor names it: with `/` between components, none of them empty, `.` or `..`.
///
/// Symbolic links are not followed: what an editor calls two files are two. On Windows it begins with a small drive letter.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct FilePath(Arc<str>);

/// The path of the file that a URI names, for whoever has to know a session's folder before there is a session.
pub fn path_of_uri(uri: &str) -> Option<PathBuf> {
    let mut uri = uri.to_owned();
    repair(&mut uri);
    Some(FilePath::from_uri(&uri.parse().ok()?).ok()?.to_path())
}

/// The URI of the file at an absolute path of this machine, as this server writes it; none if the path is not absolute or not UTF-8.
pub fn uri_of_path(path: &Path) -> Option<Uri> {
    Some(FilePath::from_path(path)?.to_uri())
}

/// Why a URI names no file.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum UriError {
    /// Its scheme is another than `file`.
    #[error("{0} is no file: only URIs of the scheme `file` are served")]
    Scheme(String),
    /// It names another machine.
    #[error("{0} is a file on another machine")]
    Host(String),
    /// Its path is not absolute, or not UTF-8 when it is decoded.
    #[error("the path of {0} is not absolute, or not UTF-8")]
    Path(String),
}

impl FilePath {
    /// The file that a URI names.
    pub(crate) fn from_uri(uri: &Uri) -> Result<Self, UriError> {
        if !uri.scheme().as_str().eq_ignore_ascii_case("file") {
            return Err(UriError::Scheme(uri.as_str().to_owned()));
        }
        let host = uri.authority().map(|authority| authority.host()).unwrap_or_default();
        if !host.is_empty() && !host.eq_ignore_ascii_case("localhost") {
            return Err(UriError::Host(uri.as_str().to_owned()));
        }
        let bad_path = || UriError::Path(uri.as_str().to_owned());
        let path = uri.path().decode().to_string().map_err(|_| bad_path())?;
        Self::from_text(&path).ok_or_else(bad_path)
    }

    /// What stands for a document that has no file: a name below the root that is its URI, as no file's is.
    pub(crate) fn unsaved(uri: &Uri) -> Self {
        Self(format!("/{}", uri.as_str().replace('/', "%2F")).into())
    }

    /// The file at an absolute path of this machine, if it is UTF-8.
    pub(crate) fn from_path(path: &Path) -> Option<Self> {
        let text = path.to_str()?;
        if cfg!(windows) { Self::from_text(&format!("/{}", text.replace('\\', "/"))) } else { Self::from_text(text) }
    }

    fn from_text(path: &str) -> Option<Self> {
        let rest = path.strip_prefix('/')?;
        if rest.contains('\0') {
            return None;
        }
        let mut components: Vec<&str> = Vec::new();
        for component in rest.split('/') {
            match component {
                "" | "." => {}
                ".." => drop(components.pop()),
                name => components.push(name),
            }
        }
        let mut text = String::with_capacity(path.len());
        for component in components {
            text.push('/');
            text.push_str(component);
        }
        if cfg!(windows)
            && let Some(drive) = text.get_mut(1..2)
        {
            drive.make_ascii_lowercase();
        }
        Some(Self(if text.is_empty() { "/".into() } else { text.into() }))
    }

    /// The URI of the file, with everything percent-encoded that is not unreserved (RFC 3986, section 2.3) or a separator.
    pub(crate) fn to_uri(&self) -> Uri {
        let mut text = String::with_capacity("file://".len() + self.0.len());
        text.push_str("file://");
        for byte in self.0.bytes() {
            match byte {
                b'/' | b'-' | b'.' | b'_' | b'~' => text.push(char::from(byte)),
                byte if byte.is_ascii_alphanumeric() => text.push(char::from(byte)),
                byte => push_encoded(&mut text, byte),
            }
        }
        text.parse().expect("a scheme, an empty authority and an encoded path are a URI")
    }

    /// As a path of this machine.
    pub(crate) fn to_path(&self) -> PathBuf {
        let text = if cfg!(windows) { self.0.strip_prefix('/').unwrap_or(&self.0) } else { &self.0 };
        PathBuf::from(text)
    }

    /// What leads from a directory to it.
    pub(crate) fn strip_prefix(&self, directory: &FilePath) -> Option<&str> {
        let rest = self.0.strip_prefix(directory.0.trim_end_matches('/'))?;
        if rest.is_empty() { Some("") } else { rest.strip_prefix('/') }
    }

    /// Appends components that a workspace's path has.
    pub(crate) fn join(&self, components: &str) -> Self {
        Self(format!("{}/{components}", self.0.trim_end_matches('/')).into())
    }

    /// The directory it lies in; the root lies in itself.
    pub(crate) fn parent(&self) -> Self {
        match self.0.rsplit_once('/') {
            Some((parent, _)) if !parent.is_empty() => Self(parent.into()),
            _ => Self("/".into()),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

fn push_encoded(text: &mut String, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    text.push('%');
    text.push(char::from(DIGITS[usize::from(byte >> 4)]));
    text.push(char::from(DIGITS[usize::from(byte & 15)]));
}

/// How deep parameters are searched for URIs; those of the protocol lie within this.
const REPAIR_DEPTH_MAX: usize = 8;

/// Percent-encodes what some editors leave bare in URIs, such as spaces and letters beyond ASCII. Otherwise the whole message would be
/// refused, and an edit would be lost without a word.
pub(crate) fn repair_uris(params: &mut Value) {
    repair_within(params, REPAIR_DEPTH_MAX);
}

fn repair_within(value: &mut Value, depth: usize) {
    if depth == 0 {
        return;
    }
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(text) if matches!(&**name, "uri" | "document") || name.ends_with("Uri") => {
                        repair(text)
                    }
                    Value::Object(_) | Value::Array(_) => repair_within(member, depth - 1),
                    _ => {}
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| repair_within(item, depth - 1)),
        _ => {}
    }
}

fn repair(uri: &mut String) {
    let allowed = |byte: u8| byte.is_ascii_graphic() && !b"\"<>\\^`{|}[]".contains(&byte);
    if uri.bytes().all(allowed) || uri.parse::<Uri>().is_ok() {
        return;
    }
    let mut repaired = String::with_capacity(uri.len() + 16);
    for byte in uri.bytes() {
        if allowed(byte) { repaired.push(char::from(byte)) } else { push_encoded(&mut repaired, byte) }
    }
    *uri = repaired;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(uri: &str) -> Result<FilePath, UriError> {
        FilePath::from_uri(&uri.parse().unwrap())
    }

    #[test]
    fn paths_go_to_uris_and_back() {
        for text in
            ["/", "/a/b.py", "/a b/c#d?e%f.py", "/päckage/模块.py", "/a[1]/{b}/c^d.py", "/it's/a+b=c&d;e@f:g.py"]
        {
            let file = FilePath::from_path(Path::new(text)).unwrap();
            assert_eq!(FilePath::from_uri(&file.to_uri()).unwrap(), file, "{text}");
            assert_eq!(file.to_path(), Path::new(text));
        }
        assert_eq!(FilePath::from_path(Path::new("/a b/ä")).unwrap().to_uri().as_str(), "file:///a%20b/%C3%A4");
    }

    #[test]
    fn one_file_has_one_path_however_it_is_spelled() {
        let expected = path("file:///c%3A/a/b.py").unwrap();
        for uri in
            ["file:///c:/a/b.py", "FILE://localhost/c%3a/a/b.py", "file:///c:/a/./x/..//b.py", "file:///c:/a/b.p%79"]
        {
            assert_eq!(path(uri).unwrap(), expected, "{uri}");
        }
    }

    #[test]
    fn what_is_no_file_is_refused_by_name() {
        assert!(matches!(path("untitled:Untitled-1"), Err(UriError::Scheme(_))));
        assert!(matches!(path("vscode-notebook-cell:/a/b.ipynb#c"), Err(UriError::Scheme(_))));
        assert!(matches!(path("file://server/share/a.py"), Err(UriError::Host(_))));
        assert!(matches!(path("file:///a/%ff.py"), Err(UriError::Path(_))));
        assert!(matches!(path("file:a/b.py"), Err(UriError::Path(_))));
    }

    #[test]
    fn bare_characters_in_uris_are_encoded_and_nothing_else_is_touched() {
        let mut params = serde_json::json!({
            "textDocument": {"uri": "file:///a b/ä[1].py", "text": "uri: a b"},
            "rootUri": null,
            "workspaceFolders": [{"uri": "file:///x%20y", "name": "x y"}],
        });
        repair_uris(&mut params);
        assert_eq!(params["textDocument"]["uri"], "file:///a%20b/%C3%A4%5B1%5D.py");
        assert_eq!(params["textDocument"]["text"], "uri: a b");
        assert_eq!(params["workspaceFolders"][0], serde_json::json!({"uri": "file:///x%20y", "name": "x y"}));
    }

    #[test]
    fn a_prefix_ends_at_a_component() {
        let root = path("file:///a/b").unwrap();
        assert_eq!(path("file:///a/b/c/d.py").unwrap().strip_prefix(&root), Some("c/d.py"));
        assert_eq!(path("file:///a/bc/d.py").unwrap().strip_prefix(&root), None);
        assert_eq!(path("file:///a/b").unwrap().strip_prefix(&root), Some(""));
        assert_eq!(path("file:///x").unwrap().strip_prefix(&path("file:///").unwrap()), Some("x"));
        assert_eq!(root.parent(), path("file:///a").unwrap());
        assert_eq!(path("file:///a").unwrap().parent(), path("file:///").unwrap());
    }
}
