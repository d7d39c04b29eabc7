//! Which workspace of a cluster a folder is. Pure.

use std::path::Path;

use vraftls_proto::QueryError;
use vraftls_vfs::{WorkspaceId, WorkspaceName};

/// How many names an error lists.
const N_LISTED_MAX: usize = 20;

/// The workspace that was named, else the only one there is, else the one named like the folder. Those of libraries do not count.
///
/// # Errors
/// There is none like that; the words name those that there are.
pub(super) fn choose(
    there: &[(WorkspaceId, WorkspaceName)],
    wanted: Option<&WorkspaceName>,
    root: &Path,
) -> Result<(WorkspaceId, WorkspaceName), QueryError> {
    let there: Vec<_> = there.iter().filter(|(_, name)| !name.is_of_libraries()).cloned().collect();
    let there = there.as_slice();
    let named = |name: &str| there.iter().find(|(_, known)| known.as_str() == name).cloned();
    let fails = |what: String| Err(QueryError::InvalidInput(format!("{what}; {}", listed(there))));
    if let Some(wanted) = wanted {
        return named(wanted.as_str()).map_or_else(|| fails(format!("the cluster has no workspace `{wanted}`")), Ok);
    }
    if let [only] = there {
        return Ok(only.clone());
    }
    let folder = root.file_name().unwrap_or_default().to_string_lossy();
    match named(&folder) {
        Some(found) => Ok(found),
        None => fails(format!("which workspace the folder {} is was not said", root.display())),
    }
}

fn listed(there: &[(WorkspaceId, WorkspaceName)]) -> String {
    if there.is_empty() {
        return "it has none yet: push one first (`vraftls workspace push`)".to_owned();
    }
    let names: Vec<&str> = there.iter().take(N_LISTED_MAX).map(|(_, name)| name.as_str()).collect();
    let more = if there.len() > names.len() { ", .." } else { "" };
    format!("give one with --workspace, there are: {}{more}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> WorkspaceName {
        WorkspaceName::new(text).expect("a name")
    }

    fn chosen(there: &[&str], wanted: Option<&str>, root: &str) -> Result<u32, String> {
        let there: Vec<_> = (1..).map(WorkspaceId).zip(there.iter().map(|text| name(text))).collect();
        let chosen = choose(&there, wanted.map(name).as_ref(), Path::new(root));
        chosen.map(|(id, _)| id.0).map_err(|error| error.to_string())
    }

    #[test]
    fn a_name_decides_then_being_the_only_one_then_the_folder() {
        assert_eq!(chosen(&["a", "b"], Some("b"), "/w/a"), Ok(2));
        assert_eq!(chosen(&["a"], None, "/w/other"), Ok(1));
        assert_eq!(chosen(&["a", "b"], None, "/w/b"), Ok(2));
        assert_eq!(chosen(&["a", "a.libraries"], None, "/w/other"), Ok(1));
    }

    #[test]
    fn who_chooses_nothing_hears_what_there_is() {
        let unknown = chosen(&["a"], Some("x"), "/w/a").expect_err("there is no x");
        assert!(unknown.contains("`x`") && unknown.contains("there are: a"), "{unknown}");
        let open = chosen(&["a", "b"], None, "/w/c").expect_err("neither");
        assert!(open.contains("/w/c") && open.contains("there are: a, b"), "{open}");
        let none = chosen(&[], None, "/w/c").expect_err("nothing");
        assert!(none.contains("vraftls workspace push"), "{none}");
    }
}
