//! What the server says of its work while a question waits.

use serde_json::Value;

/// Work that is under way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Work {
    /// What is done, for people: `Reading`, `Indexing`.
    pub(crate) what: String,
    /// How many of them are done.
    pub(crate) n_done: u64,
    /// How many there are; 0 if that is not known.
    pub(crate) n_total: u64,
}

impl Work {
    /// What a `$/progress` says: `Some(None)` that the work is done, nothing where it is about no work.
    pub(super) fn told(params: &Value, before: Option<&Self>) -> Option<Option<Self>> {
        let value = params.get("value")?;
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        match text("kind")? {
            "begin" => {
                let title = text("title").unwrap_or_default();
                let what = title.split(' ').next().unwrap_or_default();
                Some(Some(Self::of(what, text("message").unwrap_or_default())))
            }
            "report" => {
                let what = before.map_or("", |work| work.what.as_str());
                Some(Some(Self::of(what, text("message").unwrap_or_default())))
            }
            "end" => Some(None),
            _ => None,
        }
    }

    /// `[What ]DONE/TOTAL files`
    fn of(what: &str, message: &str) -> Self {
        let mut words = message.split(' ').peekable();
        let counts = |word: &str| {
            let (done, total) = word.split_once('/')?;
            Some((done.parse().ok()?, total.parse().ok()?))
        };
        let first = words.peek().copied().unwrap_or_default();
        let (what, counted) = match counts(first) {
            Some(counted) => (what, Some(counted)),
            None => (if first.is_empty() { what } else { first }, words.nth(1).and_then(counts)),
        };
        let (n_done, n_total) = counted.unwrap_or_default();
        Self { what: what.to_owned(), n_done, n_total }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_server_says_of_its_work_is_understood() {
        let said = |value: Value, before: Option<&Work>| Work::told(&json!({"token": "t", "value": value}), before);
        let work = |what: &str, n_done, n_total| Work { what: what.to_owned(), n_done, n_total };
        let begin = said(json!({"kind": "begin", "title": "Reading /a b", "message": "0/12 files"}), None);
        assert_eq!(begin, Some(Some(work("Reading", 0, 12))));
        let reading = work("Reading", 0, 12);
        let report = said(json!({"kind": "report", "message": "7/12 files"}), Some(&reading));
        assert_eq!(report, Some(Some(work("Reading", 7, 12))));
        let next = said(json!({"kind": "report", "message": "Indexing 3/12 files"}), Some(&reading));
        assert_eq!(next, Some(Some(work("Indexing", 3, 12))));
        assert_eq!(said(json!({"kind": "end"}), Some(&reading)), Some(None));
        assert_eq!(said(json!({"items": []}), None), None);
        assert_eq!(said(json!({"kind": "report"}), None), Some(Some(work("", 0, 0))));
    }
}
