//! What an answer has to be, by the view of the session at the moment when it asked.

use std::collections::BTreeSet;

use serde_json::Value;
use vraftls_harness::Project;

use crate::view::Place;

/// An answer that is known beforehand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Expected {
    /// These places and no others.
    Places(BTreeSet<Place>),
    /// Something that names the name, or nothing.
    Hover(Option<String>),
    /// An outline of these names.
    Outline(Vec<String>),
    /// Among the symbols of the workspace this name, where it is, and nowhere else.
    Symbol { name: String, at: Option<Place> },
    /// Findings on these lines, and on no others after the header.
    Findings(BTreeSet<u32>),
    /// All of these names, and of ours no others.
    Completion(BTreeSet<String>),
}

/// The beginnings of names that sessions and the disk define.
const OURS: [&str; 2] = ["disk_", "name_"];

fn is_ours(name: &str) -> bool {
    OURS.iter().any(|beginning| name.starts_with(beginning))
}

impl Expected {
    /// What is wrong with a result, if anything is. The first `n_header` lines of a file are not looked at.
    pub(crate) fn refuses(&self, result: &Value, project: &Project, paths: &[String], n_header: u32) -> Option<String> {
        let place = |location: &Value| place(location, project, paths);
        match self {
            Self::Places(right) => {
                let found: Option<BTreeSet<Place>> = list(result).iter().map(place).collect();
                (found.as_ref() != Some(right)).then(|| format!("{right:?} expected"))
            }
            Self::Hover(None) => None,
            Self::Hover(Some(name)) => {
                (!result.to_string().contains(name)).then(|| format!("a hover of {name} expected"))
            }
            Self::Outline(names) => {
                let found = list(result).iter().filter_map(|symbol| symbol["name"].as_str());
                let found: Vec<&str> = found.filter(|name| is_ours(name)).collect();
                (found != *names).then(|| format!("{names:?} expected"))
            }
            Self::Symbol { name, at } => {
                let same = list(result).iter().filter(|symbol| symbol["name"] == **name);
                let found: Option<Vec<Place>> = same.map(|symbol| place(&symbol["location"])).collect();
                let lines = |places: &[Place]| places.iter().map(|(file, line, _)| (*file, *line)).collect::<Vec<_>>();
                let right: Vec<Place> = at.iter().copied().collect();
                let agrees = found.is_some_and(|found| lines(&found) == lines(&right));
                (!agrees).then(|| format!("{name} expected at {at:?}"))
            }
            Self::Findings(lines) => {
                let start = |finding: &Value| {
                    finding["range"]["start"]["line"].as_u64().and_then(|line| u32::try_from(line).ok())
                };
                let found: Option<BTreeSet<u32>> = list(&result["items"]).iter().map(start).collect();
                let found =
                    found.map(|found| found.into_iter().filter(|line| *line >= n_header).collect::<BTreeSet<_>>());
                (found.as_ref() != Some(lines)).then(|| format!("findings on {lines:?} expected"))
            }
            Self::Completion(names) => {
                let items = if result.is_array() { result } else { &result["items"] };
                let labels = list(items).iter().filter_map(|item| item["label"].as_str());
                let found: BTreeSet<String> = labels.filter(|label| is_ours(label)).map(str::to_owned).collect();
                (found != *names).then(|| format!("{names:?} expected"))
            }
        }
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The place of a location; none if it is in no file of the project.
fn place(location: &Value, project: &Project, paths: &[String]) -> Option<Place> {
    let uri = location["uri"].as_str()?;
    let file = paths.iter().position(|path| project.uri(path) == uri)?;
    let number = |name: &str| u32::try_from(location["range"]["start"][name].as_u64()?).ok();
    Some((file, number("line")?, number("character")?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(expected: &Expected, result: &Value, accepts: bool) {
        let project = Project::new(&[]);
        let paths = ["a.toy".to_owned()];
        let result = result.to_string().replace("URI", &project.uri("a.toy"));
        let refused = expected.refuses(&serde_json::from_str(&result).unwrap(), &project, &paths, 1);
        assert_eq!(refused.is_none(), accepts, "{refused:?}");
    }

    fn location(uri: &str, line: u32) -> Value {
        json!({"uri": uri, "range": {"start": {"line": line, "character": 4}, "end": {"line": line, "character": 5}}})
    }

    #[test]
    fn places_are_all_or_wrong() {
        let one = Expected::Places([(0, 2, 4)].into());
        check(&one, &json!([location("URI", 2)]), true);
        check(&one, &json!([location("URI", 2), location("URI", 3)]), false);
        check(&one, &json!([location("file:///elsewhere", 2)]), false);
        check(&one, &Value::Null, false);
        check(&Expected::Places(BTreeSet::new()), &Value::Null, true);
    }

    #[test]
    fn names_of_others_are_refused() {
        let names = Expected::Completion(["name_1_1".to_owned()].into());
        check(&names, &json!([{"label": "name_1_1"}, {"label": "print"}]), true);
        check(&names, &json!({"items": [{"label": "name_1_1"}, {"label": "name_2_1"}]}), false);
        let outline = Expected::Outline(vec!["disk_0_0".to_owned()]);
        check(&outline, &json!([{"name": "disk_0_0"}, {"name": "m1"}]), true);
        check(&outline, &json!([]), false);
        let gone = Expected::Symbol { name: "name_2_1".to_owned(), at: None };
        check(&gone, &json!([{"name": "name_2_10", "location": location("URI", 2)}]), true);
        check(&gone, &json!([{"name": "name_2_1", "location": location("URI", 2)}]), false);
    }

    #[test]
    fn findings_are_compared_below_the_header() {
        let findings = Expected::Findings([2].into());
        let finding = |line: u32| json!({"range": {"start": {"line": line, "character": 0}}});
        check(&findings, &json!({"items": [finding(0), finding(2), finding(2)]}), true);
        check(&findings, &json!({"items": []}), false);
    }
}
