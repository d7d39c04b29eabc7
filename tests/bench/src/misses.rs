//! Where a server's answers differ from the reference's, in words: what to look at when a bar is missed.

use std::collections::BTreeSet;

use crate::agreement::{Answers, Place, Reference, inside};
use crate::sample::Position;

/// Places that are listed of one difference.
const PLACES_MAX: usize = 5;

/// One line for each definition that does not agree and each search whose places are not the same.
pub(crate) fn misses(reference: &Reference, answers: &Answers) -> Vec<String> {
    let at = |number: usize| {
        let Position { file, line, character } = &reference.positions[number];
        format!("{file}:{}:{}", line + 1, character + 1)
    };
    let mut lines = Vec::new();
    for number in reference.defined_inside() {
        let right = &reference.answers.definitions[&number];
        if let Some(found) = answers.definitions.get(&number).filter(|found| !reference.confirms(number, found)) {
            lines.push(format!("definition of {}: {} expected, {} found", at(number), shown(right), shown(found)));
        }
    }
    for (number, right) in &reference.answers.references {
        let Some(found) = answers.references.get(number) else { continue };
        let right: BTreeSet<&Place> = inside(right).collect();
        let found: BTreeSet<&Place> = inside(found).collect();
        if right != found {
            let missing = shown(right.difference(&found).copied());
            let extra = shown(found.difference(&right).copied());
            lines.push(format!("references of {}: {missing} missing, {extra} more", at(*number)));
        }
    }
    lines
}

/// The places as a person and an editor read them, the first few with the number of all.
fn shown<'a>(places: impl IntoIterator<Item = &'a Place>) -> String {
    let all: Vec<String> =
        places.into_iter().map(|(file, line, character)| format!("{file}:{}:{}", line + 1, character + 1)).collect();
    match all.len() {
        0 => "nothing".to_owned(),
        count if count <= PLACES_MAX => format!("[{}]", all.join(", ")),
        count => format!("[{}, .. {count}]", all[..PLACES_MAX].join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn differences_are_told_and_agreement_is_not() {
        let place = |line| ("a.py".to_owned(), line, 0);
        let position = |line| Position { file: "b.py".to_owned(), line, character: 4 };
        let definitions = BTreeMap::from([(0, vec![place(1)]), (1, vec![place(2)])]);
        let references = BTreeMap::from([(0, vec![place(1), place(5)]), (1, vec![place(2)])]);
        let answers = Answers { definitions, references };
        let reference = Reference { positions: vec![position(0), position(9)], answers: answers.clone() };
        assert_eq!(misses(&reference, &answers), Vec::<String>::new());
        let other = Answers {
            definitions: BTreeMap::from([(0, vec![place(1)]), (1, vec![])]),
            references: BTreeMap::from([(0, vec![place(1), place(6)]), (1, vec![place(2)])]),
        };
        let expected = [
            "definition of b.py:10:5: [a.py:3:1] expected, nothing found",
            "references of b.py:1:5: [a.py:6:1] missing, [a.py:7:1] more",
        ];
        assert_eq!(misses(&reference, &other), expected);
    }
}
