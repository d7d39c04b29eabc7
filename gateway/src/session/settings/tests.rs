//! Which values count, and that the struct, the schema and the document say the same.

use std::path::Path;

use serde_json::json;

use super::*;

fn merged(given: Value) -> (Settings, Vec<String>) {
    let (settings, refused) = Settings::merged(&Settings::default(), &Settings::default(), &given);
    (settings, refused.into_iter().map(|refused| refused.key).collect())
}

#[test]
fn values_are_taken_nested_and_by_dotted_names() {
    let (nested, refused) = merged(json!({"python": {"version": "3.12"}, "formatting": {"enable": false}}));
    assert_eq!(refused, [""; 0]);
    let (dotted, refused) = merged(json!({"python.version": "3.12", "formatting.enable": false, "trace": 3}));
    assert_eq!(refused, [""; 0]);
    assert_eq!(nested, dotted);
    assert!(!nested.formatting.enable);
    assert_eq!(nested.for_analyzers().get("python.version"), Some("3.12"));
}

#[test]
fn what_is_unset_is_the_default() {
    let unset = json!({"python": {"interpreter": "", "version": null}, "diagnostics": null});
    assert_eq!(merged(unset), (Settings::default(), Vec::new()));
    assert_eq!(merged(Value::Null), (Settings::default(), Vec::new()));
    assert!(Settings::default().for_analyzers().is_empty());
}

#[test]
fn a_wrong_value_leaves_the_old_one_and_touches_no_other() {
    let (now, _) = merged(json!({"python": {"version": "3.11", "platform": "win32"}}));
    let given = json!({
        "python": {"version": 3.12, "platform": "amiga", "extraPaths": ["../outside"], "interpreter": ".venv"},
        "diagnostics": "off",
    });
    let (settings, refused) = Settings::merged(&Settings::default(), &now, &given);
    let mut keys: Vec<&str> = refused.iter().map(|refused| refused.key.as_str()).collect();
    keys.sort_unstable();
    let python = ["vraftls.python.extraPaths", "vraftls.python.platform", "vraftls.python.version"];
    assert_eq!(keys, [&["vraftls.diagnostics"], &python[..]].concat());
    assert!(refused.iter().all(|refused| !refused.reason.is_empty()));
    let interpreter = Some(".venv".to_owned());
    assert_eq!(settings.python, PythonSettings { interpreter, ..now.python.clone() });
    assert_eq!(merged(json!(3)).1, ["vraftls"]);
}

#[test]
fn paths_and_versions_have_their_form() {
    for wrong in ["3", "3.", "3.x", "2.7", "3.123", "3.12.1"] {
        assert!(PythonVersion::try_from(wrong.to_owned()).is_err(), "{wrong}");
    }
    for wrong in ["/abs", "~/home", "a/../..", "C:\\x", "a\nb", ""] {
        assert!(ExtraPath::try_from(wrong.to_owned()).is_err(), "{wrong:?}");
    }
    for right in ["lib", "./lib", "a/b.c", "..a"] {
        ExtraPath::try_from(right.to_owned()).expect("a path inside");
    }
}

fn document(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    std::fs::read_to_string(path).expect("it lies beside the sources")
}

/// The settings of the struct: dotted names with their defaults.
fn leaves() -> Vec<(String, Value)> {
    let defaults = Settings::default().to_object();
    let of = |(group, members): (String, Value)| {
        let members = members.as_object().cloned().unwrap_or_default();
        members.into_iter().map(move |(name, default)| (format!("vraftls.{group}.{name}"), default))
    };
    let mut leaves: Vec<(String, Value)> = defaults.into_iter().flat_map(of).collect();
    leaves.sort_by(|(a, _), (b, _)| a.cmp(b));
    leaves
}

#[test]
fn the_schema_has_every_setting_with_its_default_and_no_other() {
    let schema: Value = serde_json::from_str(&document("settings.schema.json")).expect("JSON");
    let properties = schema["properties"].as_object().expect("it has properties");
    let mut described: Vec<(String, Value)> =
        properties.iter().map(|(key, leaf)| (key.clone(), leaf["default"].clone())).collect();
    described.sort_by(|(a, _), (b, _)| a.cmp(b));
    assert_eq!(described, leaves());
    for (key, leaf) in properties {
        assert!(leaf["description"].as_str().is_some_and(|text| text.ends_with('.')), "{key} is described");
        // Each value that the schema lists is one that the struct takes, and one that it does not list is refused.
        for value in leaf["enum"].as_array().into_iter().flatten() {
            assert_eq!(merged(json!({ key.trim_start_matches("vraftls."): value })).1, [""; 0], "{key}: {value}");
        }
        let wrong = json!({ key.trim_start_matches("vraftls."): {"no": "such value"} });
        assert_eq!(merged(wrong).1, [key.as_str()]);
    }
}

#[test]
fn the_document_has_every_setting_with_its_default() {
    let text = document("settings.md");
    let rows: Vec<(String, String)> = text
        .lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix("| `vraftls.")?.split(" | ");
            let name = cells.next()?.trim_matches('`').to_owned();
            Some((format!("vraftls.{name}"), cells.nth(1)?.trim_matches('`').to_owned()))
        })
        .collect();
    let expected: Vec<(String, String)> =
        leaves().into_iter().map(|(key, default)| (key, default.to_string())).collect();
    assert_eq!(rows, expected);
}
