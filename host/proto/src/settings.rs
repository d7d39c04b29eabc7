//! What a session wants of analyzers beside its buffers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a session wants of analyzers, by name: part of every request, so that no answer depends on what another session wants.
///
/// A name begins with the language it is for (`python.version`). What a node does not take for itself goes to the analyzers of that
/// language as settings of the project.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct SessionSettings {
    values: BTreeMap<String, String>,
}

impl SessionSettings {
    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// Names and values, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether nothing is wanted.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

impl FromIterator<(String, String)> for SessionSettings {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(values: I) -> Self {
        Self { values: values.into_iter().collect() }
    }
}
