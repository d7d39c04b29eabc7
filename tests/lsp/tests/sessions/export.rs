//! `vraftls export scip`: what is written is an index that other tools can rely on.
//!
//! `EXPORT_INDEX=FILE EXPORT_TREE=DIR` has an index that was written before judged by the same rules.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Output, Stdio};

use protobuf::Message as _;
use scip::symbol::parse_symbol;
use scip::types::{Document, Index, Occurrence, SymbolInformation, SymbolRole, TextEncoding};
use serde_json::{Value, json};
use tokio::process::Command;
use vraftls_harness::{Project, Server, at};

/// Runs the command on a project, as if the node of the server were its own.
pub(crate) async fn export(server: &Server, project: &Project, output: &Path) -> Output {
    let line = server.command_line();
    let mut command = Command::new(&line[0]);
    command.args(["export", "scip"]).arg(project.root()).arg("--output").arg(output).args(&line[2..]);
    command.envs(server.variables());
    command.kill_on_drop(true).stdin(Stdio::null()).output().await.unwrap()
}

pub(crate) fn read(path: &Path) -> (Vec<u8>, Index) {
    let bytes = std::fs::read(path).unwrap();
    let index = Index::parse_from_bytes(&bytes).unwrap();
    (bytes, index)
}

fn is_local(symbol: &str) -> bool {
    symbol.starts_with("local ")
}

fn is_definition(occurrence: &Occurrence) -> bool {
    occurrence.symbol_roles & SymbolRole::Definition as i32 != 0
}

/// Start and end of a range, each as line and character.
fn ends(range: &[i32]) -> ([i32; 2], [i32; 2]) {
    match *range {
        [line, start, end] => ([line, start], [line, end]),
        [line, start, end_line, end] => ([line, start], [end_line, end]),
        _ => panic!("a range of {} numbers", range.len()),
    }
}

fn check_range(document: &Document, lines: &[usize], range: &[i32]) {
    let (start, end) = ends(range);
    let fits = |[line, character]: [i32; 2]| {
        usize::try_from(character).unwrap() <= *lines.get(usize::try_from(line).unwrap()).unwrap_or(&0)
    };
    assert!(start <= end && fits(start) && fits(end), "{} has no {range:?}", document.relative_path);
}

/// Holds an index to what others rely on: places inside their files, symbols that can be read, each of the tree defined and
/// described once, each of a library described.
pub(crate) fn judge(index: &Index, root: &Path) {
    assert_eq!(index.metadata.text_document_encoding.unwrap(), TextEncoding::UTF8);
    assert!(index.metadata.project_root.starts_with("file:///"));
    assert!(index.documents.is_sorted_by(|one, next| one.relative_path < next.relative_path));
    let mut defined: BTreeSet<&str> = BTreeSet::new();
    let mut described: BTreeMap<&str, &SymbolInformation> = BTreeMap::new();
    for document in &index.documents {
        let text = std::fs::read_to_string(root.join(&document.relative_path)).unwrap();
        // Characters of each line, its end not counted.
        let lines: Vec<usize> = text.split('\n').map(|line| line.trim_end_matches('\r').chars().count()).collect();
        let mut locals: BTreeSet<&str> = BTreeSet::new();
        for occurrence in &document.occurrences {
            check_range(document, &lines, &occurrence.range);
            if !occurrence.enclosing_range.is_empty() {
                check_range(document, &lines, &occurrence.enclosing_range);
                let (inner, outer) = (ends(&occurrence.range), ends(&occurrence.enclosing_range));
                assert!(outer.0 <= inner.0 && inner.1 <= outer.1, "{}: {occurrence}", document.relative_path);
            }
            let symbol = occurrence.symbol.as_str();
            assert!(parse_symbol(symbol).is_ok(), "{}: {symbol}", document.relative_path);
            if is_definition(occurrence) {
                if is_local(symbol) {
                    locals.insert(symbol)
                } else {
                    defined.insert(symbol)
                };
            }
        }
        assert!(
            document.occurrences.is_sorted_by_key(|occurrence| ends(&occurrence.range)),
            "{}",
            document.relative_path
        );
        assert!(document.symbols.is_sorted_by(|one, next| one.symbol < next.symbol), "{}", document.relative_path);
        for known in &document.symbols {
            if is_local(&known.symbol) {
                assert!(locals.contains(&*known.symbol), "{}: {}", document.relative_path, known.symbol);
            } else {
                assert!(described.insert(&known.symbol, known).is_none(), "{} is described twice", known.symbol);
            }
        }
        for occurrence in document.occurrences.iter().filter(|occurrence| is_local(&occurrence.symbol)) {
            assert!(locals.contains(&*occurrence.symbol), "{}: {}", document.relative_path, occurrence.symbol);
        }
    }
    let outside: BTreeSet<&str> = index.external_symbols.iter().map(|known| known.symbol.as_str()).collect();
    assert_eq!(outside.len(), index.external_symbols.len());
    let occurrences = index.documents.iter().flat_map(|document| &document.occurrences);
    let used = occurrences.map(|occurrence| occurrence.symbol.as_str());
    let related = described.values().flat_map(|known| &known.relationships).map(|related| related.symbol.as_str());
    for symbol in used.chain(related).filter(|symbol| !is_local(symbol)) {
        let here = defined.contains(symbol) && described.contains_key(symbol);
        assert!(here != outside.contains(symbol), "{symbol} is neither of the tree nor of a library, or both");
    }
    assert!(outside.iter().all(|symbol| parse_symbol(symbol).is_ok()));
}

/// Places of a symbol, by document: line, start, end.
fn places<'a>(index: &'a Index, ending: &str) -> Vec<(&'a str, Vec<i32>)> {
    let of = |document: &'a Document| {
        let found = document.occurrences.iter().filter(|occurrence| occurrence.symbol.ends_with(ending));
        found.map(|occurrence| (document.relative_path.as_str(), occurrence.range.clone())).collect::<Vec<_>>()
    };
    index.documents.iter().flat_map(of).collect()
}

#[tokio::test]
async fn a_tree_becomes_an_index() {
    let project = Project::new(&[
        ("lib.toy", "def helper # Helps.\n  def inner\n"),
        ("main.toy", "def main\nuse helper\nuse inner\nuse nowhere\n"),
        ("notes.txt", "no source"),
    ]);
    let (server, output) = (Server::with_plugins(&["toy"]), project.path("out/index.scip"));
    std::fs::create_dir(project.path("out")).unwrap();
    let ran = export(&server, &project, &output).await;
    assert!(ran.status.success() && ran.stdout.is_empty(), "{ran:?}");
    let (bytes, index) = read(&output);
    judge(&index, project.root());
    assert_eq!(index.metadata.tool_info.name, "vraftls");
    assert_eq!(index.metadata.project_root, project.root_uri());
    let paths: Vec<&str> = index.documents.iter().map(|document| document.relative_path.as_str()).collect();
    assert_eq!(paths, ["lib.toy", "main.toy"]);
    assert_eq!(places(&index, "`lib.toy`/helper()."), [("lib.toy", vec![0, 4, 10]), ("main.toy", vec![1, 4, 10])]);
    assert_eq!(places(&index, "helper().inner()."), [("lib.toy", vec![1, 6, 11]), ("main.toy", vec![2, 4, 9])]);
    let helper = &index.documents[0].symbols[0];
    assert_eq!((&*helper.display_name, helper.documentation.as_slice()), ("helper", &["Helps.".to_owned()][..]));
    assert_eq!(helper.signature_documentation.text, "def helper");

    // Beside an editor, whose node answers; and what was there is replaced.
    let mut client = server.open(&project, json!({"textDocument": {"diagnostic": {}}})).await;
    std::fs::write(&output, "old").unwrap();
    let ran = export(&server, &project, &output).await;
    assert!(ran.status.success(), "{ran:?}");
    assert_eq!(read(&output).0, bytes);
    client.open_document(&project.uri("main.toy"), "toy", &project.read("main.toy")).await;
    client.finish().await;
    let names = std::fs::read_dir(project.path("out")).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(names.collect::<Vec<_>>(), ["index.scip"]);
}

#[tokio::test]
async fn what_an_index_lacks_is_said() {
    let project = Project::new(&[("a.toy", "def one\n"), ("fail.hostile", "x y z\n")]);
    let (server, output) = (Server::with_plugins(&["toy", "hostile"]), project.path("index.scip"));
    let ran = export(&server, &project, &output).await;
    let said = String::from_utf8(ran.stderr).unwrap();
    assert_eq!(ran.status.code(), Some(1), "{said}");
    assert!(said.contains("cannot resolve the names of fail.hostile") && said.contains("lacks 1 files"), "{said}");
    let (_, index) = read(&output);
    judge(&index, project.root());
    assert_eq!(places(&index, "one()."), [("a.toy", vec![0, 4, 7])]);

    let ran = export(&server, &project, &project.path("no/such/folder/index.scip")).await;
    assert_eq!(ran.status.code(), Some(2), "{ran:?}");
}

/// The places of references in the words of the protocol, as those of the index are counted.
fn of_references(found: &Value, project: &Project) -> BTreeSet<(String, Vec<i64>)> {
    let place = |found: &Value| {
        let (start, end) = (&found["range"]["start"], &found["range"]["end"]);
        let path = found["uri"].as_str().unwrap().strip_prefix(&format!("{}/", project.root_uri())).unwrap();
        let numbers = [&start["line"], &start["character"], &end["character"]];
        (path.to_owned(), numbers.map(|number| number.as_i64().unwrap()).to_vec())
    };
    found.as_array().unwrap().iter().map(place).collect()
}

#[tokio::test]
async fn an_index_of_python_agrees_with_the_references_of_an_editor() {
    let shapes = "class Shape:\n    \"\"\"Flat.\"\"\"\n    def area(self): ...\n\nclass Circle(Shape):\n    größe = 1\n    def area(self):\n        é = self.größe; return é\n";
    let user = "from shapes import Circle\nimport os\n\ndef total(rounds: list[Circle]) -> float:\n    return sum(one.area() for one in rounds)\nprint(total([]), os.sep)\n";
    let project = Project::new(&[("shapes.py", shapes), ("pkg/use.py", user), ("pkg/__init__.py", "")]);
    let (server, output) = (Server::with_plugins(&["python"]), project.path("index.scip"));
    let ran = export(&server, &project, &output).await;
    assert!(ran.status.success(), "{ran:?}");
    let (_, index) = read(&output);
    judge(&index, project.root());
    let area = index.documents[2].symbols.iter().find(|known| known.symbol.ends_with("Circle#area().")).unwrap();
    let above: Vec<&str> = area.relationships.iter().map(|related| related.symbol.as_str()).collect();
    assert!(area.relationships[0].is_implementation && above[0].ends_with("Shape#area()."), "{above:?}");
    assert!(
        index.external_symbols.iter().any(|known| known.symbol.contains(" stdlib . ") && known.display_name == "sep")
    );

    let capabilities = json!({"general": {"positionEncodings": ["utf-32"]}, "textDocument": {"diagnostic": {}}});
    let mut client = server.open(&project, capabilities).await;
    let uri = project.uri("shapes.py");
    client.open_document(&uri, "python", shapes).await;
    for (line, character, ending) in [(4, 6, "Circle#"), (6, 8, "Circle#area()."), (5, 4, "Circle#`größe`.")] {
        let mut params = at(&uri, line, character);
        params["context"] = json!({"includeDeclaration": true});
        let expected: BTreeSet<(String, Vec<i64>)> = places(&index, ending)
            .into_iter()
            .map(|(path, range)| (path.to_owned(), range.into_iter().map(i64::from).collect()))
            .collect();
        let all = client
            .ask_until("textDocument/references", params, |found| {
                found.as_array().is_some_and(|all| all.len() == expected.len())
            })
            .await;
        assert_eq!(of_references(&all, &project), expected, "{ending}");
    }
    client.finish().await;
}

#[test]
fn an_index_that_was_written_before_is_judged_too() {
    let (Ok(path), Ok(root)) = (std::env::var("EXPORT_INDEX"), std::env::var("EXPORT_TREE")) else { return };
    let (_, index) = read(Path::new(&path));
    judge(&index, Path::new(&root));
}
