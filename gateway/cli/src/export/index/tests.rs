//! Answers in the making, and what an index makes of them.

use scip::symbol::parse_symbol;
use vraftls_gateway::{TargetDescription, TargetDocument};

use super::*;

const CLASS: i64 = 5;
const METHOD: i64 = 6;
const FUNCTION: i64 = 12;
const VARIABLE: i64 = 13;
const MODULE: i64 = 2;

const PARAMETER: i64 = 1;
const LOCAL: i64 = 2;

/// An answer in the making.
struct Answer(DocumentOccurrences);

impl Answer {
    fn of(path: &str) -> Self {
        Self(DocumentOccurrences {
            language: "python".to_owned(),
            path: path.to_owned(),
            ..DocumentOccurrences::default()
        })
    }

    /// A target in one line, and its number.
    fn target(&mut self, path: &str, place: [i64; 3], name: &str, kind: i64, traits: i64, parent: i64) -> u32 {
        let document = self.0.documents.iter().position(|known| known.path == path).unwrap_or_else(|| {
            let uri = format!("file:///{}", path.replace('@', "")).parse().expect("a URI");
            self.0.documents.push(TargetDocument { uri, path: path.to_owned() });
            self.0.documents.len() - 1
        });
        self.0.names.push(name.to_owned());
        let ([line, start, end], name) = (place, self.0.names.len() as i64 - 1);
        let (full_start, full_end) = if start == end { (start, end) } else { (0, end + 5) };
        let numbers =
            [document as i64, line, start, line, end, line, full_start, line, full_end, name, kind, traits, parent];
        self.0.targets.push(numbers);
        self.0.targets.len() as u32 - 1
    }

    /// A name in one line.
    fn name(&mut self, [line, start, end]: [u32; 3], roles: u32, leads: &[u32]) {
        let first = self.0.leads.len() as u32;
        self.0.leads.extend(leads);
        self.0.occurrences.push([line, start, line, end, roles, first, leads.len() as u32]);
    }
}

fn about() -> About {
    About { root_uri: "file:///w".to_owned(), package: Package::default(), version: "1".to_owned() }
}

fn made(answers: &[&Answer]) -> Index {
    let found: Vec<DocumentOccurrences> = answers.iter().map(|answer| answer.0.clone()).collect();
    index(&about(), &found).expect("the answers keep their word")
}

/// Occurrences as one line each: place, symbol without what all have, roles.
fn shown(document: &Document) -> Vec<String> {
    let line = |occurrence: &Occurrence| {
        let symbol = occurrence.symbol.trim_start_matches("scip-vraftls python ");
        format!("{:?} {symbol} {}", occurrence.range, occurrence.symbol_roles)
    };
    document.occurrences.iter().map(line).collect()
}

/// `shapes.py` has a class with a method that has a parameter; `use.py` uses it.
fn shapes() -> (Answer, Answer) {
    let mut shapes = Answer::of("shapes.py");
    let class = shapes.target("shapes.py", [0, 6, 12], "Circle", CLASS, 0, -1);
    let method = shapes.target("shapes.py", [1, 8, 12], "area", METHOD, 0, class.into());
    let parameter = shapes.target("shapes.py", [1, 13, 17], "size", VARIABLE, PARAMETER, method.into());
    let first = shapes.target("shapes.py", [2, 8, 9], "x", VARIABLE, LOCAL, method.into());
    let second = shapes.target("shapes.py", [3, 8, 9], "x", VARIABLE, LOCAL, method.into());
    let above = shapes.target("@bundled/stdlib/builtins.pyi", [9, 6, 12], "object", CLASS, 0, -1);
    shapes.name([0, 6, 12], 1, &[class]);
    shapes.name([1, 8, 12], 1, &[method]);
    shapes.name([1, 13, 17], 1 | 128, &[parameter]);
    shapes.name([2, 8, 9], 1 | 8 | 256, &[first, second]);
    shapes.name([3, 8, 9], 1 | 8 | 256, &[first, second]);
    shapes.name([4, 8, 9], 2 | 256, &[second]);
    shapes.0.relations.push([class, above]);
    let known = |target, signature: &str, documentation: &str| TargetDescription {
        target,
        signature: signature.to_owned(),
        documentation: documentation.to_owned(),
    };
    shapes.0.descriptions = vec![known(class, "class Circle", "Round."), known(method, "def area(self)", "")];

    let mut user = Answer::of("a/use.py");
    let module = user.target("shapes.py", [0, 0, 0], "shapes", MODULE, 0, -1);
    let class = user.target("shapes.py", [0, 6, 12], "Circle", CLASS, 0, -1);
    let method = user.target("shapes.py", [1, 8, 12], "area", METHOD, 0, class.into());
    let parameter = user.target("shapes.py", [1, 13, 17], "size", VARIABLE, PARAMETER, method.into());
    let (float, int) = ("@bundled/stdlib/builtins.pyi", "@bundled/stdlib/builtins.pyi");
    let float = user.target(float, [5, 6, 11], "float", CLASS, 0, -1);
    let int = user.target(int, [3, 6, 9], "int", CLASS, 0, -1);
    user.name([0, 5, 11], 2 | 4, &[module]);
    user.name([0, 19, 25], 1 | 2 | 4, &[class]);
    user.name([1, 0, 6], 2, &[class]);
    user.name([1, 9, 13], 2 | 16, &[method]);
    user.name([1, 14, 18], 2 | 32, &[parameter]);
    user.name([2, 3, 8], 2, &[float, int]);
    user.name([3, 3, 8], 2, &[]);
    (shapes, user)
}

#[test]
fn names_are_told_by_what_they_lead_to() {
    let (shapes, user) = shapes();
    let index = made(&[&shapes, &user]);
    let paths: Vec<&str> = index.documents.iter().map(|document| document.relative_path.as_str()).collect();
    assert_eq!(paths, ["a/use.py", "shapes.py"]);
    let imported = [
        "[0, 5, 11] . . `shapes.py`/ 2",
        "[0, 19, 25] . . `shapes.py`/Circle# 2",
        "[1, 0, 6] . . `shapes.py`/Circle# 8",
        "[1, 9, 13] . . `shapes.py`/Circle#area(). 8",
        "[1, 14, 18] . . `shapes.py`/Circle#area().(size) 8",
        "[2, 3, 8] stdlib . `builtins.pyi`/float# 8",
    ];
    assert_eq!(shown(&index.documents[0]), imported);
    let defined = [
        "[0, 0, 0] . . `shapes.py`/ 1",
        "[0, 6, 12] . . `shapes.py`/Circle# 1",
        "[1, 8, 12] . . `shapes.py`/Circle#area(). 1",
        "[1, 13, 17] . . `shapes.py`/Circle#area().(size) 1",
        "[2, 8, 9] local 0 5",
        "[3, 8, 9] local 0 5",
        "[4, 8, 9] local 0 8",
    ];
    assert_eq!(shown(&index.documents[1]), defined);
    assert_eq!(index.documents[1].occurrences[1].enclosing_range, [0, 0, 17]);
}

#[test]
fn what_is_known_of_a_symbol_stands_where_it_is_defined() {
    let (shapes, user) = shapes();
    let index = made(&[&shapes, &user]);
    let symbols = &index.documents[1].symbols;
    let names: Vec<&str> = symbols.iter().map(|known| known.display_name.as_str()).collect();
    assert_eq!(names, ["x", "shapes", "Circle", "area", "size"]);
    assert!(symbols[0].enclosing_symbol.ends_with("area()."));
    assert_eq!(
        (symbols[2].documentation.as_slice(), &*symbols[2].signature_documentation.text),
        (&["Round.".to_owned()][..], "class Circle")
    );
    let related = &symbols[2].relationships[0];
    assert!(related.symbol.ends_with("object#") && related.is_implementation && !related.is_reference);
    let outside: Vec<&str> = index.external_symbols.iter().map(|known| known.display_name.as_str()).collect();
    assert_eq!(outside, ["float", "int", "object"]);
}

#[test]
fn the_order_of_answers_makes_no_difference() {
    let (shapes, user) = shapes();
    assert_eq!(made(&[&shapes, &user]), made(&[&user, &shapes]));
}

#[test]
fn what_is_local_has_a_name_where_another_file_leads_to_it() {
    let mut one = Answer::of("one.py");
    let function = one.target("one.py", [0, 4, 5], "f", FUNCTION, 0, -1);
    let variable = one.target("one.py", [1, 4, 5], "x", VARIABLE, LOCAL, function.into());
    one.name([1, 4, 5], 1 | 8 | 256, &[variable]);
    let mut other = Answer::of("other.py");
    let function = other.target("one.py", [0, 4, 5], "f", FUNCTION, 0, -1);
    let variable = other.target("one.py", [1, 4, 5], "x", VARIABLE, LOCAL, function.into());
    other.name([7, 0, 1], 2, &[variable]);
    let index = made(&[&one, &other]);
    assert_eq!(shown(&index.documents[0])[1], "[1, 4, 5] . . `one.py`/f().x. 5");
    assert_eq!(shown(&index.documents[1]), ["[7, 0, 1] . . `one.py`/f().x. 8"]);
}

#[test]
fn every_symbol_can_be_read_back() {
    let (shapes, user) = shapes();
    let index = made(&[&shapes, &user]);
    for occurrence in index.documents.iter().flat_map(|document| &document.occurrences) {
        assert!(parse_symbol(&occurrence.symbol).is_ok(), "{}", occurrence.symbol);
    }
}

#[test]
fn an_answer_that_leads_out_of_its_lists_is_an_error() {
    for spoil in [
        (|answer: &mut DocumentOccurrences| answer.leads[0] = 99) as fn(&mut DocumentOccurrences),
        |answer| answer.occurrences[0][6] = u32::MAX,
        |answer| answer.targets[0][0] = 99,
        |answer| answer.targets[0][9] = -1,
        |answer| answer.targets[1][12] = 1,
        |answer| answer.relations[0][1] = 99,
        |answer| answer.descriptions[0].target = 99,
        |answer| answer.targets[0][2] = i64::MAX,
    ] {
        let (mut shapes, _) = shapes();
        spoil(&mut shapes.0);
        assert!(index(&about(), &[shapes.0]).is_err());
    }
}
