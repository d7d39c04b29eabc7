//! `file:` URIs of paths and back, as far as a bench on absolute Unix paths needs.

use std::path::Path;

/// The URI of an absolute path.
pub(crate) fn of_path(path: &Path) -> String {
    let mut uri = String::from("file://");
    for byte in path.to_string_lossy().bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => uri.push(char::from(byte)),
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri
}

/// The path below a root, if the URI lies there; else the URI itself.
pub(crate) fn relative(uri: &str, root: &Path) -> String {
    let path = uri.strip_prefix("file://").map(decoded);
    let below = path.as_deref().and_then(|path| Path::new(path).strip_prefix(root).ok());
    below.map_or_else(|| uri.to_owned(), |below| below.to_string_lossy().into_owned())
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_lies_elsewhere_keeps_its_uri() {
        assert_eq!(relative("file:///other/a.py", Path::new("/tree")), "file:///other/a.py");
        assert_eq!(relative("vraftls:/lib/a.py", Path::new("/tree")), "vraftls:/lib/a.py");
        assert_eq!(relative("file:///tree/a%20b%2.py", Path::new("/tree")), "a b%2.py");
    }

    proptest! {
        #[test]
        fn a_path_comes_back(name in "[a-z %é/:#?&.]{1,20}x") {
            let root = Path::new("/some tree");
            let path = root.join(name.trim_start_matches('/'));
            let expected = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            prop_assert_eq!(relative(&of_path(&path), root), expected);
        }
    }
}
