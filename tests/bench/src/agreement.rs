//! How far a server's answers agree with those of another that is taken as right.

use std::collections::{BTreeMap, BTreeSet};

use crate::sample::Position;

/// A place that a server named: file, line, UTF-16 character. The file is relative to the tree, or a whole URI outside of it.
pub(crate) type Place = (String, u32, u32);

/// What a server said at each position that it was asked about, by the position's number.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answers {
    pub(crate) definitions: BTreeMap<usize, Vec<Place>>,
    pub(crate) references: BTreeMap<usize, Vec<Place>>,
}

/// What is taken as right.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reference {
    pub(crate) positions: Vec<Position>,
    pub(crate) answers: Answers,
}

/// How far answers agree. A definition agrees if one of its targets starts on the file and line of one of the reference's,
/// a reference if it starts at the same character. Only what lies in the tree counts.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Agreement {
    /// Positions with a definition by the reference.
    pub(crate) n_definitions: usize,
    /// The share of these whose definition agrees.
    pub(crate) recall: Option<f64>,
    /// The share of these agreeing among those that were answered at all.
    pub(crate) precision: Option<f64>,
    /// Positions with references by the reference.
    pub(crate) n_references: usize,
    /// The mean of these positions' harmonic means of recall and precision.
    pub(crate) references_f1: Option<f64>,
}

impl Reference {
    /// The numbers of the positions whose definition lies in the tree.
    pub(crate) fn defined_inside(&self) -> impl Iterator<Item = usize> {
        let definitions = self.answers.definitions.iter();
        definitions.filter(|(_, places)| !lines_inside(places).is_empty()).map(|(number, _)| *number)
    }

    /// Whether a definition is right.
    pub(crate) fn confirms(&self, number: usize, definition: &[Place]) -> bool {
        let right = self.answers.definitions.get(&number).map(|places| lines_inside(places)).unwrap_or_default();
        !right.is_disjoint(&lines_inside(definition))
    }

    /// Compares. What was not asked counts as little as what the reference does not know; an error is an empty answer.
    pub(crate) fn agreement(&self, answers: &Answers) -> Agreement {
        let asked = self.defined_inside().filter_map(|number| Some((number, answers.definitions.get(&number)?)));
        let (mut n_definitions, mut n_answered, mut n_right) = (0, 0, 0);
        for (number, definition) in asked {
            n_definitions += 1;
            n_answered += usize::from(!lines_inside(definition).is_empty());
            n_right += usize::from(self.confirms(number, definition));
        }
        let known = self.answers.references.iter().filter(|(_, places)| inside(places).next().is_some());
        let scores: Vec<f64> =
            known.filter_map(|(number, right)| Some(f1(right, answers.references.get(number)?))).collect();
        Agreement {
            n_definitions,
            recall: share(n_right as f64, n_definitions),
            precision: share(n_right as f64, n_answered),
            n_references: scores.len(),
            references_f1: share(scores.iter().sum(), scores.len()),
        }
    }
}

fn share(part: f64, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part / whole as f64)
}

fn f1(right: &[Place], found: &[Place]) -> f64 {
    let right: BTreeSet<&Place> = inside(right).collect();
    let found: BTreeSet<&Place> = inside(found).collect();
    2.0 * right.intersection(&found).count() as f64 / (right.len() + found.len()).max(1) as f64
}

/// Those that lie in the tree.
pub(crate) fn inside(places: &[Place]) -> impl Iterator<Item = &Place> {
    places.iter().filter(|(file, ..)| !file.contains("://") && !file.starts_with('/'))
}

fn lines_inside(places: &[Place]) -> BTreeSet<(&str, u32)> {
    inside(places).map(|(file, line, _)| (file.as_str(), *line)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(file: &str, line: u32, character: u32) -> Place {
        (file.to_owned(), line, character)
    }

    fn answers(definitions: &[(usize, &[Place])], references: &[(usize, &[Place])]) -> Answers {
        let collect =
            |all: &[(usize, &[Place])]| all.iter().map(|(number, places)| (*number, places.to_vec())).collect();
        Answers { definitions: collect(definitions), references: collect(references) }
    }

    fn reference() -> Reference {
        let outside = place("file:///usr/lib/builtins.pyi", 1, 0);
        let definitions: [(usize, &[Place]); 4] = [
            (0, &[place("a.py", 1, 4)]),
            (1, &[place("a.py", 2, 0), place("b.py", 3, 0)]),
            (2, &[outside]),
            (3, &[place("c.py", 0, 0)]),
        ];
        Reference {
            positions: Vec::new(),
            answers: answers(&definitions, &[(0, &[place("a.py", 1, 4), place("a.py", 5, 2)])]),
        }
    }

    #[test]
    fn a_server_agrees_with_itself() {
        let reference = reference();
        let agreement = reference.agreement(&reference.answers);
        let expected = Agreement {
            n_definitions: 3,
            recall: Some(1.0),
            precision: Some(1.0),
            n_references: 1,
            references_f1: Some(1.0),
        };
        assert_eq!(agreement, expected);
    }

    #[test]
    fn silence_costs_recall_and_a_wrong_answer_precision_too() {
        // Right on the same line, silent, irrelevant, wrong.
        let definitions: [(usize, &[Place]); 4] =
            [(0, &[place("a.py", 1, 9)]), (1, &[]), (2, &[place("a.py", 0, 0)]), (3, &[place("c.py", 1, 0)])];
        let agreement = reference().agreement(&answers(&definitions, &[]));
        assert_eq!((agreement.recall, agreement.precision), (Some(1.0 / 3.0), Some(0.5)));
        assert_eq!(agreement.references_f1, None);
    }

    #[test]
    fn a_target_outside_of_the_tree_is_silence() {
        let definitions: [(usize, &[Place]); 1] = [(0, &[place("file:///usr/lib/a.py", 1, 4)])];
        let agreement = reference().agreement(&answers(&definitions, &[]));
        assert_eq!((agreement.n_definitions, agreement.recall, agreement.precision), (1, Some(0.0), None));
    }

    #[test]
    fn references_are_compared_by_character_and_repetitions_count_once() {
        let found = [place("a.py", 1, 4), place("a.py", 1, 4), place("a.py", 5, 3)];
        let agreement = reference().agreement(&answers(&[], &[(0, &found)]));
        assert_eq!(agreement.references_f1, Some(0.5));
    }
}
