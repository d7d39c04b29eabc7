//! The table of what names lead to: each place once, with its name and kind and what it lies in.
//!
//! All of that is told by what is written at the place and around it, so that it is the same from wherever a name leads there.

use std::collections::HashMap;

use ra_ap_ide::{NavigationTarget, TextRange, TextSize};
use ra_ap_ide_db::FileId;
use ra_ap_syntax::SyntaxKind::IDENT;
use ra_ap_syntax::{AstNode as _, Direction, SourceFile, SyntaxNode, SyntaxToken, ast};
use rustc_hash::FxBuildHasher;
use vraftls_guest_sdk::{Failure, Location, Span};

use crate::index::{entry, kind};
use crate::kinds;
use crate::project::{RustProject, span};

/// The target at the top of a file.
const TOP: u32 = u32::MAX;
/// It is a parameter, also of a type.
const PARAMETER: u32 = 1;
/// It has no name outside of its file.
const LOCAL: u32 = 2;

/// What names lead to.
pub(super) struct Table<'p> {
    project: &'p RustProject,
    files: HashMap<FileId, SourceFile, FxBuildHasher>,
    paths: Texts,
    names: Texts,
    packed: Vec<u32>,
    targets: Vec<Target>,
    places: HashMap<(FileId, TextRange), u32, FxBuildHasher>,
}

/// What is remembered of a target.
struct Target {
    file: FileId,
    start: u32,
    is_seen: bool,
}

/// What is written at a place.
struct Written {
    name: String,
    kind: u32,
    traits: u32,
    full: TextRange,
    /// What it lies in.
    around: Option<SyntaxNode>,
}

/// Texts, each once.
#[derive(Default)]
struct Texts {
    texts: Vec<String>,
    known: HashMap<String, u32, FxBuildHasher>,
}

impl Texts {
    fn put(&mut self, text: &str) -> u32 {
        if let Some(known) = self.known.get(text) {
            return *known;
        }
        let number = self.texts.len() as u32;
        self.texts.push(text.to_owned());
        self.known.insert(text.to_owned(), number);
        number
    }
}

impl<'p> Table<'p> {
    pub(super) fn new(project: &'p RustProject) -> Self {
        Self {
            project,
            files: HashMap::default(),
            paths: Texts::default(),
            names: Texts::default(),
            packed: Vec::new(),
            targets: Vec::new(),
            places: HashMap::default(),
        }
    }

    /// The number of the target at a location.
    pub(super) fn put(&mut self, target: &NavigationTarget, location: &Location) -> Result<u32, Failure> {
        let place = range(location.span);
        if let Some(known) = self.places.get(&(target.file_id, place)) {
            return Ok(*known);
        }
        let written = if place.is_empty() {
            // A whole file.
            let name = target.name.as_str().to_owned();
            Written { name, kind: kind::MODULE, traits: 0, full: range(location.full), around: None }
        } else {
            let file = self.file(target.file_id)?;
            written(&file, place).unwrap_or_else(|| of_macro(&file, place, target))
        };
        self.add(target.file_id, &location.path, place, written)
    }

    fn add(&mut self, file: FileId, path: &str, place: TextRange, written: Written) -> Result<u32, Failure> {
        let parent = match &written.around {
            Some(around) => self.put_item(file, path, around)?,
            None => TOP,
        };
        // Broken code may give both one place.
        if let Some(known) = self.places.get(&(file, place)) {
            return Ok(*known);
        }
        let (path, name) = (self.paths.put(path), self.names.put(&written.name));
        let (at, full) = (span(place), span(written.full.cover(place)));
        self.packed.extend([path, at.start, at.end, full.start, full.end]);
        self.packed.extend([name, written.kind, written.traits, parent]);
        let number = self.targets.len() as u32;
        // What is known of an implementation is what is known of its type.
        let is_seen = written.traits == 0 && !place.is_empty() && written.kind != kind::OBJECT;
        self.targets.push(Target { file, start: at.start, is_seen });
        self.places.insert((file, place), number);
        Ok(number)
    }

    /// The number of an item of a file. What it lies in is written around it, so recursion ends at the top of the file.
    fn put_item(&mut self, file: FileId, path: &str, item: &SyntaxNode) -> Result<u32, Failure> {
        let Some(known) = entry(item) else { return Ok(TOP) };
        if let Some(number) = self.places.get(&(file, known.span)) {
            return Ok(*number);
        }
        self.add(file, path, known.span, of_item(item, known.name, known.kind))
    }

    fn file(&mut self, file: FileId) -> Result<SourceFile, Failure> {
        if let Some(known) = self.files.get(&file) {
            return Ok(known.clone());
        }
        let parsed = self.project.ask(|analysis| analysis.parse(file))?;
        self.files.insert(file, parsed.clone());
        Ok(parsed)
    }

    /// Whether a target lies in a file.
    pub(super) fn is_of(&self, target: u32, file: FileId) -> bool {
        self.targets.get(target as usize).is_some_and(|target| target.file == file)
    }

    /// The targets of a file that are of interest beyond it, with where their names start.
    pub(super) fn seen(&self, file: FileId) -> impl Iterator<Item = (u32, u32)> {
        let own = self.targets.iter().enumerate().filter(move |(_, target)| target.file == file && target.is_seen);
        own.map(|(number, target)| (number as u32, target.start))
    }

    /// Paths, names and targets as the contract packs them.
    pub(super) fn pack(self) -> (Vec<String>, Vec<String>, Vec<u32>) {
        (self.paths.texts, self.names.texts, self.packed)
    }
}

fn range(span: Span) -> TextRange {
    TextRange::new(TextSize::new(span.start), TextSize::new(span.end.max(span.start)))
}

/// The item, parameter, binding or field whose name stands at a place.
fn written(file: &SourceFile, place: TextRange) -> Option<Written> {
    let token = file.syntax().token_at_offset(place.start()).right_biased()?;
    let item = token.parent_ancestors().find_map(|node| {
        let known = entry(&node).filter(|known| known.span == place)?;
        Some(of_item(&node, known.name, known.kind))
    });
    item.or_else(|| of_binding(&token, place))
}

fn of_item(item: &SyntaxNode, name: String, kind: u32) -> Written {
    let traits = if is_in_body(item) { LOCAL } else { 0 };
    Written { name, kind, traits, full: item.text_range(), around: around(item) }
}

/// What is no item: it has a name in its own function or type alone, or is a field without one.
fn of_binding(token: &SyntaxToken, place: TextRange) -> Option<Written> {
    let name = || token.text().to_owned();
    for node in token.parent_ancestors() {
        let (name, kind, traits) = if ast::TupleField::can_cast(node.kind()) && node.text_range() == place {
            let before = node.siblings(Direction::Prev).skip(1);
            let number = before.filter(|other| ast::TupleField::can_cast(other.kind())).count();
            (number.to_string(), kind::FIELD, if is_in_body(&node) { LOCAL } else { 0 })
        } else if ast::SelfParam::can_cast(node.kind()) || ast::Param::can_cast(node.kind()) {
            (name(), kind::VARIABLE, PARAMETER | LOCAL)
        } else if ast::GenericParam::can_cast(node.kind()) {
            (name(), kind::TYPE_PARAMETER, PARAMETER | LOCAL)
        } else if ast::Label::can_cast(node.kind()) || is_pattern_of(&node, place) {
            (name(), kind::VARIABLE, LOCAL)
        } else if ast::Item::can_cast(node.kind())
            || ast::Stmt::can_cast(node.kind())
            || ast::Expr::can_cast(node.kind())
        {
            return None;
        } else {
            // Patterns lie in each other, and a parameter may lie around them.
            continue;
        };
        return Some(Written { name, kind, traits, full: node.text_range(), around: around(&node) });
    }
    None
}

/// Whether a node binds what a pattern in it names, and the place is in that pattern.
fn is_pattern_of(node: &SyntaxNode, place: TextRange) -> bool {
    let pattern = ast::LetStmt::cast(node.clone())
        .and_then(|it| it.pat())
        .or_else(|| ast::LetExpr::cast(node.clone()).and_then(|it| it.pat()))
        .or_else(|| ast::MatchArm::cast(node.clone()).and_then(|it| it.pat()))
        .or_else(|| ast::ForExpr::cast(node.clone()).and_then(|it| it.pat()));
    pattern.is_some_and(|pattern| pattern.syntax().text_range().contains_range(place))
}

/// What a macro made: it is where its name was handed to the macro, or, if that is nowhere, where the macro was called. All that one call
/// makes without a name is one place, and so one thing that is called after the macro.
fn of_macro(file: &SourceFile, place: TextRange, target: &NavigationTarget) -> Written {
    let element = file.syntax().covering_element(place);
    let node = element.ancestors().next();
    let call = || node.as_ref().and_then(|node| node.ancestors().find_map(ast::MacroCall::cast));
    let kind = target.kind.map_or(kind::VARIABLE, kinds::symbol);
    let (name, kind) = match element.as_token().filter(|token| token.text_range() == place) {
        Some(token) if token.kind() == IDENT && token.text() == target.name.as_str() => (token.text().to_owned(), kind),
        _ => match call().and_then(|call| call.path()) {
            Some(path) => (format!("{}!", path.syntax().text()), kind::OBJECT),
            None => (target.name.as_str().to_owned(), kind),
        },
    };
    let is_local = node.as_ref().is_some_and(is_in_body);
    let around = node.as_ref().and_then(around_or_self);
    Written { name, kind, traits: if is_local { LOCAL } else { 0 }, full: place, around }
}

/// The nearest item that a node lies in.
fn around(node: &SyntaxNode) -> Option<SyntaxNode> {
    node.parent().as_ref().and_then(around_or_self)
}

fn around_or_self(node: &SyntaxNode) -> Option<SyntaxNode> {
    node.ancestors().find(|node| entry(node).is_some())
}

/// Whether a node lies in the body of something, where nobody outside can name it.
fn is_in_body(node: &SyntaxNode) -> bool {
    node.ancestors()
        .skip(1)
        .any(|node| ast::BlockExpr::can_cast(node.kind()) || ast::ClosureExpr::can_cast(node.kind()))
}
