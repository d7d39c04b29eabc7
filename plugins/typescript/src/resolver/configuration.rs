//! Configurations of which a part is missing: what they extend may not be installed, or lie outside of the workspace. The rest of
//! them holds all the same, as it does for tsc.

use serde_json::Value;

/// A configuration without what it extends that is not there. What cannot be read as one is left as it is.
pub(super) fn without_missing(text: String, is_there: impl Fn(&str) -> bool) -> String {
    if !text.contains("\"extends\"") {
        return text;
    }
    let mut bare = text.trim_start_matches('\u{feff}').to_owned();
    if json_strip_comments::strip(&mut bare).is_err() {
        return text;
    }
    let Ok(Value::Object(mut configuration)) = serde_json::from_str(&bare) else { return text };
    match configuration.get_mut("extends") {
        Some(Value::String(one)) if !is_there(one) => drop(configuration.remove("extends")),
        Some(Value::Array(several)) => several.retain(|one| one.as_str().is_some_and(&is_there)),
        _ => return text,
    }
    serde_json::to_string(&configuration).unwrap_or(text)
}

/// The package that an import without a leading dot begins with.
pub(super) fn package_of(name: &str) -> &str {
    let n_parts = if name.starts_with('@') { 2 } else { 1 };
    name.match_indices('/').nth(n_parts - 1).map_or(name, |(end, _)| &name[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_missing_goes() {
        let is_there = |name: &str| name == "./a.json";
        let of = |text: &str| without_missing(text.to_owned(), is_there);
        for text in
            ["{", "{\"a\": 1}", "[\"extends\"]", "{\"extends\": \"./a.json\"}", "{\"extends\": 1}", "/*{\"extends\""]
        {
            assert_eq!(of(text), text);
        }
        assert_eq!(of("\u{feff}{\"extends\": \"./b\", /* c */ \"d\": 1,}"), "{\"d\":1}");
        assert_eq!(of("{\"extends\": [\"./b\", \"./a.json\", 3]}"), "{\"extends\":[\"./a.json\"]}");
    }

    #[test]
    fn packages_have_one_part_or_two() {
        for (name, package) in
            [("a", "a"), ("a/b/c", "a"), ("@a/b", "@a/b"), ("@a/b/c", "@a/b"), ("@a", "@a"), ("", "")]
        {
            assert_eq!(package_of(name), package);
        }
    }
}
