//! From what every document's names lead to, to an index of the tree as SCIP has it.
//!
//! What a name means is told by the place that it leads to, and two files that lead to one place tell the same of it: so symbols are
//! made of what was told, and no file has to be read. All lists are in an order that the tree alone decides.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use scip::types::{
    Document, Index, Metadata, Occurrence, PositionEncoding, Relationship, Signature, SymbolInformation, SymbolRole,
    TextEncoding, ToolInfo,
};
use vraftls_gateway::{DocumentOccurrences, TargetNumbers};

use super::kinds;
use super::locals::Locals;
use super::symbols::{self, Package, Suffix};

/// Role bits of a name, as the contract has them.
const REFERS: u32 = 2;
const IMPORTS: u32 = 4;
const WRITES: u32 = 8;

/// What the index says of itself and of the tree.
pub(super) struct About {
    /// The folder.
    pub(super) root_uri: String,
    /// The package that the tree is.
    pub(super) package: Package,
    /// Of this program.
    pub(super) version: String,
}

/// A place in a file: start and end, each as line and character.
type Range = [u32; 4];

/// What a name leads to, as it is told.
pub(super) struct Target<'a> {
    pub(super) document: &'a str,
    pub(super) range: Range,
    full: Range,
    name: &'a str,
    kind: u32,
    is_parameter: bool,
    is_local: bool,
    pub(super) parent: Option<usize>,
}

impl<'a> Target<'a> {
    fn of(found: &'a DocumentOccurrences, numbers: &TargetNumbers) -> Option<Self> {
        let small = |number: i64| u32::try_from(number).ok();
        let range = |at: usize| -> Option<Range> {
            Some([small(numbers[at])?, small(numbers[at + 1])?, small(numbers[at + 2])?, small(numbers[at + 3])?])
        };
        Some(Self {
            document: &found.documents.get(usize::try_from(numbers[0]).ok()?)?.path,
            range: range(1)?,
            full: range(5)?,
            name: found.names.get(usize::try_from(numbers[9]).ok()?)?,
            kind: small(numbers[10])?,
            is_parameter: numbers[11] & 1 != 0,
            is_local: numbers[11] & 2 != 0,
            parent: usize::try_from(numbers[12]).ok(),
        })
    }

    /// Whether nothing outside of its file can name it. What is defined in a function and has names of its own inside is told by
    /// the way to it all the same.
    pub(super) fn is_local(&self) -> bool {
        self.is_local && !matches!(self.suffix(), Suffix::Method | Suffix::Type)
    }

    fn is_file(&self) -> bool {
        self.parent.is_none() && self.range[..2] == self.range[2..]
    }

    fn suffix(&self) -> Suffix {
        Suffix::of(self.kind, self.is_parameter)
    }
}

/// A document of the tree, on its way into the index.
struct Source<'a> {
    found: &'a DocumentOccurrences,
    targets: Vec<Target<'a>>,
    /// The symbol of each target.
    symbols: Vec<String>,
}

/// What is defined at a place of a document.
struct Defined<'a> {
    symbol: String,
    full: Range,
    display_name: &'a str,
    kind: u32,
    is_parameter: bool,
    enclosing: Option<String>,
}

/// An index of documents. An error says what cannot be, if the server keeps its word.
pub(super) fn index(about: &About, found: &[DocumentOccurrences]) -> anyhow::Result<Index> {
    let documents: BTreeSet<&str> = found.iter().map(|found| found.path.as_str()).collect();
    let foreign = named_from_elsewhere(found)?;
    let mut sources = Vec::with_capacity(found.len());
    for found in found {
        sources.push(source(about, found, &foreign)?);
    }
    sources.sort_by_key(|source| source.found.path.as_str());
    let defined = definitions(&sources, &documents);
    let nothing = BTreeMap::new();
    let each = sources.iter().map(|source| document(source, defined.get(&*source.found.path).unwrap_or(&nothing)));
    Ok(Index {
        metadata: Some(metadata(about)).into(),
        documents: each.collect(),
        external_symbols: external_symbols(&sources, &documents),
        ..Index::default()
    })
}

fn metadata(about: &About) -> Metadata {
    let tool = ToolInfo { name: "vraftls".to_owned(), version: about.version.clone(), ..ToolInfo::default() };
    Metadata {
        tool_info: Some(tool).into(),
        project_root: about.root_uri.clone(),
        text_document_encoding: TextEncoding::UTF8.into(),
        ..Metadata::default()
    }
}

fn targets(found: &DocumentOccurrences) -> anyhow::Result<Vec<Target<'_>>> {
    let targets: Option<Vec<_>> = found.targets.iter().map(|numbers| Target::of(found, numbers)).collect();
    let targets =
        targets.ok_or_else(|| anyhow::anyhow!("{}: a target that is not in the answer's lists", found.path))?;
    let in_order = targets.iter().enumerate().all(|(at, target)| target.parent.is_none_or(|parent| parent < at));
    anyhow::ensure!(in_order, "{}: a target that does not stand behind what it lies in", found.path);
    let known = found.descriptions.iter().map(|known| known.target);
    let all_there = known.chain(found.relations.iter().flatten().copied()).all(|one| (one as usize) < targets.len());
    anyhow::ensure!(all_there, "{}: something is known of a target that is not there", found.path);
    Ok(targets)
}

/// Places of local things that another file leads to all the same: there they have to have a name.
fn named_from_elsewhere(found: &[DocumentOccurrences]) -> anyhow::Result<BTreeSet<(String, Range)>> {
    let mut named = BTreeSet::new();
    for found in found {
        let elsewhere = targets(found)?.into_iter().filter(|target| target.is_local() && target.document != found.path);
        named.extend(elsewhere.map(|target| (target.document.to_owned(), target.range)));
    }
    Ok(named)
}

fn source<'a>(
    about: &About,
    found: &'a DocumentOccurrences,
    named_from_elsewhere: &BTreeSet<(String, Range)>,
) -> anyhow::Result<Source<'a>> {
    let targets = targets(found)?;
    let is_named = |target: &Target<'_>| {
        !target.is_local() || named_from_elsewhere.contains(&(target.document.to_owned(), target.range))
    };
    let mut locals = Locals::new(targets.len());
    for name in &found.occurrences {
        locals.join(leads(found, name)?, |target| !is_named(&targets[target]));
    }
    let mut symbols: Vec<String> = Vec::with_capacity(targets.len());
    let mut files: HashMap<&str, String> = HashMap::new();
    for (number, target) in targets.iter().enumerate() {
        if !is_named(target) {
            symbols.push(symbols::local(locals.number(number)));
            continue;
        }
        let around = target.parent.map(|parent| symbols[parent].as_str()).filter(|symbol| !is_local_symbol(symbol));
        let file = |path| symbols::of_file(&found.language, &about.package, path);
        let mut symbol = match around {
            Some(around) => around.to_owned(),
            None => files.entry(target.document).or_insert_with_key(|path| file(path)).clone(),
        };
        if !target.is_file() {
            symbols::push(&mut symbol, target.name, target.suffix());
        }
        symbols.push(symbol);
    }
    Ok(Source { found, targets, symbols })
}

fn is_local_symbol(symbol: &str) -> bool {
    symbol.starts_with("local ")
}

/// The targets of a name. Of several with different names the first tells which is meant: to a type checker `float` is `int` too.
fn leads<'a>(found: &'a DocumentOccurrences, name: &[u32; 7]) -> anyhow::Result<&'a [u32]> {
    let (first, n) = (name[5] as usize, name[6] as usize);
    let leads = found
        .leads
        .get(first..first.saturating_add(n))
        .filter(|leads| leads.iter().all(|lead| (*lead as usize) < found.targets.len()));
    leads.ok_or_else(|| anyhow::anyhow!("{}: a name that leads out of the answer's lists", found.path))
}

/// What is defined in each document: all that any document leads to there.
fn definitions<'a>(
    sources: &'a [Source<'a>],
    documents: &BTreeSet<&str>,
) -> BTreeMap<&'a str, BTreeMap<Range, Defined<'a>>> {
    let mut all: BTreeMap<&str, BTreeMap<Range, Defined<'a>>> = BTreeMap::new();
    for source in sources {
        let of_tree = source.targets.iter().enumerate().filter(|(_, target)| documents.contains(target.document));
        for (number, target) in of_tree {
            let known = all.entry(target.document).or_default().entry(target.range);
            known.or_insert_with(|| Defined {
                symbol: source.symbols[number].clone(),
                full: target.full,
                display_name: target.name,
                kind: target.kind,
                is_parameter: target.is_parameter,
                enclosing: target.parent.map(|parent| source.symbols[parent].clone()),
            });
        }
    }
    all
}

fn document(source: &Source<'_>, defined: &BTreeMap<Range, Defined<'_>>) -> Document {
    let found = source.found;
    let mut occurrences: Vec<(Range, Occurrence)> = Vec::with_capacity(found.occurrences.len());
    let mut seen: BTreeSet<Range> = BTreeSet::new();
    for name in &found.occurrences {
        let range = [name[0], name[1], name[2], name[3]];
        let own = defined.get(&range);
        if let Some(own) = own {
            seen.insert(range);
            occurrences.push((range, definition(range, own, roles(name[4]))));
        }
        let mut meant: Vec<&str> = meant(source, name);
        meant.retain(|symbol| own.is_none_or(|own| own.symbol != *symbol));
        for symbol in meant {
            let symbol_roles = roles(name[4]);
            let occurrence =
                Occurrence { range: numbers(range), symbol: symbol.to_owned(), symbol_roles, ..Occurrence::default() };
            occurrences.push((range, occurrence));
        }
    }
    // What no name of the file stands for: the file itself, and names in strings.
    let unnamed = defined.iter().filter(|(range, _)| !seen.contains(*range));
    occurrences.extend(unnamed.map(|(range, own)| (*range, definition(*range, own, 0))));
    occurrences.sort_by(|(a, one), (b, other)| a.cmp(b).then_with(|| one.symbol.cmp(&other.symbol)));
    Document {
        language: found.language.clone(),
        relative_path: found.path.clone(),
        occurrences: occurrences.into_iter().map(|(_, occurrence)| occurrence).collect(),
        symbols: informations(source, defined),
        position_encoding: PositionEncoding::UTF32CodeUnitOffsetFromLineStart.into(),
        ..Document::default()
    }
}

/// The symbols that a name means, each once, best first.
fn meant<'a>(source: &'a Source<'_>, name: &[u32; 7]) -> Vec<&'a str> {
    let leads = leads(source.found, name).unwrap_or_default();
    let first = leads.first().map(|lead| source.targets[*lead as usize].name);
    let mut meant: Vec<&str> = Vec::new();
    for lead in leads {
        let (target, symbol) = (&source.targets[*lead as usize], source.symbols[*lead as usize].as_str());
        if first == Some(target.name) && !meant.contains(&symbol) {
            meant.push(symbol);
        }
    }
    meant
}

fn definition(range: Range, own: &Defined<'_>, roles: i32) -> Occurrence {
    Occurrence {
        range: numbers(range),
        symbol: own.symbol.clone(),
        symbol_roles: roles | SymbolRole::Definition as i32,
        enclosing_range: if own.full == range { Vec::new() } else { numbers(own.full) },
        ..Occurrence::default()
    }
}

fn roles(bits: u32) -> i32 {
    let is_read = bits & REFERS != 0 && bits & IMPORTS == 0;
    let roles = [
        (bits & IMPORTS != 0, SymbolRole::Import),
        (bits & WRITES != 0, SymbolRole::WriteAccess),
        (is_read, SymbolRole::ReadAccess),
    ];
    roles.iter().filter(|(has, _)| *has).map(|(_, role)| *role as i32).sum()
}

/// What is known of the symbols that are defined in a document, by symbol.
fn informations(source: &Source<'_>, defined: &BTreeMap<Range, Defined<'_>>) -> Vec<SymbolInformation> {
    let mut all: BTreeMap<&str, SymbolInformation> = BTreeMap::new();
    for own in defined.values() {
        all.entry(&own.symbol).or_insert_with(|| information(own));
    }
    let own = |target: u32| {
        let target = target as usize;
        source.targets.get(target).filter(|found| found.document == source.found.path).map(|_| &source.symbols[target])
    };
    for known in &source.found.descriptions {
        // Of several definitions of one symbol the first tells most.
        let Some(about) = own(known.target).and_then(|symbol| all.get_mut(symbol.as_str())) else { continue };
        if about.documentation.is_empty() && !known.documentation.is_empty() {
            about.documentation.push(known.documentation.clone());
        }
        if about.signature_documentation.is_none() && !known.signature.is_empty() {
            let (language, text) = (source.found.language.clone(), known.signature.clone());
            about.signature_documentation = Some(Signature { language, text, ..Signature::default() }).into();
        }
    }
    let mut related: BTreeSet<(&str, &str, bool)> = BTreeSet::new();
    for [one, other] in &source.found.relations {
        let (above, above_symbol) = (&source.targets[*other as usize], &source.symbols[*other as usize]);
        if let Some(symbol) = own(*one).filter(|symbol| *symbol != above_symbol) {
            related.insert((symbol, above_symbol, above.suffix() == Suffix::Method));
        }
    }
    for (one, other, is_method) in related {
        let Some(about) = all.get_mut(one) else { continue };
        let symbol = other.to_owned();
        // Who looks for calls of a method wants those that only know what it overrides.
        let relationship =
            Relationship { symbol, is_implementation: true, is_reference: is_method, ..Relationship::default() };
        about.relationships.push(relationship);
    }
    all.into_values().collect()
}

fn information(own: &Defined<'_>) -> SymbolInformation {
    SymbolInformation {
        symbol: own.symbol.clone(),
        kind: kinds::of(own.kind, own.is_parameter).into(),
        display_name: own.display_name.to_owned(),
        // Of others the symbol itself says it.
        enclosing_symbol: own.enclosing.clone().filter(|_| is_local_symbol(&own.symbol)).unwrap_or_default(),
        ..SymbolInformation::default()
    }
}

/// What is known of the symbols that are defined in no document of the tree, by symbol.
fn external_symbols(sources: &[Source<'_>], documents: &BTreeSet<&str>) -> Vec<SymbolInformation> {
    let mut all: BTreeMap<&str, SymbolInformation> = BTreeMap::new();
    for source in sources {
        let outside = source.targets.iter().enumerate().filter(|(_, target)| !documents.contains(target.document));
        for (number, target) in outside {
            let symbol = source.symbols[number].as_str();
            all.entry(symbol).or_insert_with(|| SymbolInformation {
                symbol: symbol.to_owned(),
                kind: kinds::of(target.kind, target.is_parameter).into(),
                display_name: target.name.to_owned(),
                ..SymbolInformation::default()
            });
        }
    }
    all.into_values().collect()
}

/// A range as SCIP packs it: three numbers if it is in one line.
fn numbers([line, start, end_line, end]: Range) -> Vec<i32> {
    // No text has as many lines, or characters in one, as would not fit.
    let range = [line, start, end_line, end].map(|number| i32::try_from(number).unwrap_or(i32::MAX));
    match range {
        [line, start, end_line, end] if line == end_line => vec![line, start, end],
        range => range.to_vec(),
    }
}

#[cfg(test)]
mod tests;
