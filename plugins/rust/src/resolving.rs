//! What all names of a file lead to, in one answer: the bulk form of `definition`, for whoever reads a whole tree.
//!
//! Where a name leads is a function of what it means, but for a few names whose place matters too. So the engine is asked where things
//! are once for each thing, and what each name means is found out with what is known of the file already.

mod table;

use std::collections::HashMap;

use ra_ap_hir::Semantics;
use ra_ap_ide::{RootDatabase, TextSize};
use ra_ap_ide_db::defs::{Definition, IdentClass};
use ra_ap_syntax::SyntaxKind::{IDENT, LIFETIME_IDENT};
use ra_ap_syntax::ast::{self, HasName as _, HasTypeBounds as _};
use ra_ap_syntax::{AstNode as _, SyntaxNode, SyntaxToken, T};
use rustc_hash::FxBuildHasher;
use vraftls_guest_sdk::{Failure, Resolved, TargetDescription};

use crate::index;
use crate::project::Source;
use crate::{hover, navigation};
use table::Table;

/// After how many names it is asked whether anybody still waits.
const NAMES_BETWEEN_LOOKS: usize = 64;

/// Methods that lead to what they stand for: to the `from` that an `into` calls, say.
const STAND_INS: [&str; 4] = ["into", "try_into", "parse", "to_string"];

/// Where a name's part of the leads starts, and how long it is.
type Part = (u32, u32);

/// The names of a file and what they lead to, while it is collected.
struct Collected<'a> {
    source: &'a Source<'a>,
    table: Table<'a>,
    occurrences: Vec<u32>,
    leads: Vec<u32>,
    /// The part of each name, by where it starts.
    parts: HashMap<u32, Part, FxBuildHasher>,
}

/// Where all names of the file lead.
pub(crate) fn resolve_all(source: &Source<'_>) -> Result<Resolved, Failure> {
    let occurrences = index::occurrences(&source.text);
    let (names, _) = occurrences.as_chunks::<4>();
    let starts: Vec<u32> = names.iter().map(|[start, ..]| *start).collect();
    let meant = meanings(source, &starts)?;
    let mut collected = Collected {
        source,
        table: Table::new(source.project),
        occurrences: Vec::with_capacity(names.len() * 5),
        leads: Vec::new(),
        parts: HashMap::default(),
    };
    let mut known: HashMap<Vec<Definition<'_>>, Part, FxBuildHasher> = HashMap::default();
    for ([start, length, _, roles], meaning) in names.iter().zip(meant) {
        let part = meaning.as_ref().and_then(|meaning| known.get(meaning)).copied();
        let part = match part {
            Some(part) => part,
            None => collected.ask(*start)?,
        };
        if let Some(meaning) = meaning {
            known.entry(meaning).or_insert(part);
        }
        collected.parts.entry(*start).or_insert(part);
        collected.occurrences.extend([*start, *length, *roles, part.0, part.1]);
    }
    let relations = collected.relations()?;
    let descriptions = collected.descriptions()?;
    let Collected { table, occurrences, leads, .. } = collected;
    let (paths, names, targets) = table.pack();
    Ok(Resolved { paths, names, targets, occurrences, leads, descriptions, relations })
}

/// What each name means; none where its place matters too.
fn meanings<'a>(source: &'a Source<'_>, starts: &[u32]) -> Result<Vec<Option<Vec<Definition<'a>>>>, Failure> {
    let db = source.project.db();
    ra_ap_hir::attach_db(db, || {
        let sema = Semantics::new(db);
        let file = sema.parse_guess_edition(source.file);
        let mut found = Vec::with_capacity(starts.len());
        for (number, start) in starts.iter().enumerate() {
            if number % NAMES_BETWEEN_LOOKS == 0 {
                source.project.check_cancelled()?;
            }
            let token = file.syntax().token_at_offset(TextSize::new(*start)).right_biased();
            found.push(token.and_then(|token| meaning(&sema, token)));
        }
        Ok(found)
    })
}

fn meaning<'db>(sema: &Semantics<'db, RootDatabase>, token: SyntaxToken) -> Option<Vec<Definition<'db>>> {
    let is_name = matches!(token.kind(), IDENT | LIFETIME_IDENT | T![self] | T![Self] | T![super] | T![crate]);
    if !is_name || STAND_INS.contains(&token.text()) {
        return None;
    }
    let mut found = Vec::new();
    for token in sema.descend_into_macros_no_opaque(token, false) {
        let parent = token.value.parent()?;
        // What no macro has taken up.
        if ast::TokenTree::can_cast(parent.kind()) {
            return None;
        }
        let Some(class) = IdentClass::classify_node(sema, &parent) else { continue };
        found.extend(class.definitions().into_iter().map(|(definition, _)| definition));
    }
    // What means nothing is not all the same.
    (!found.is_empty()).then_some(found)
}

impl Collected<'_> {
    /// Asks the engine about one name.
    fn ask(&mut self, start: u32) -> Result<Part, Failure> {
        self.source.project.check_cancelled()?;
        let first = self.leads.len();
        for (target, location) in navigation::definitions(self.source, start)? {
            let number = self.table.put(&target, &location)?;
            if !self.leads[first..].contains(&number) {
                self.leads.push(number);
            }
        }
        Ok((first as u32, (self.leads.len() - first) as u32))
    }

    /// What the name that a node ends with leads to first.
    fn first_lead(&self, name: &SyntaxNode) -> Option<u32> {
        let (first, n) = *self.parts.get(&name.text_range().start().into())?;
        (n > 0).then(|| self.leads[first as usize])
    }

    /// What types of the file implement, what traits of it extend, and which members of traits its own ones are.
    fn relations(&mut self) -> Result<Vec<u32>, Failure> {
        let file = self.source.project.ask(|analysis| analysis.parse(self.source.file))?;
        let mut found: Vec<[u32; 2]> = Vec::new();
        for node in file.syntax().descendants() {
            if let Some(item) = ast::Impl::cast(node.clone()) {
                let Some(of) = item.trait_() else { continue };
                let pair = item.self_ty().as_ref().and_then(name_of_type).zip(name_of_type(&of));
                let pair = pair.and_then(|(one, other)| self.first_lead(&one).zip(self.first_lead(&other)));
                found.extend(pair.map(|(one, other)| [one, other]));
                for member in item.assoc_item_list().into_iter().flat_map(|list| list.assoc_items()) {
                    found.extend(self.overridden(&member)?);
                }
            } else if let Some(item) = ast::Trait::cast(node) {
                let Some(own) = item.name().and_then(|name| self.first_lead(name.syntax())) else { continue };
                let bounds = item.type_bound_list().into_iter().flat_map(|list| list.bounds());
                let above = bounds.filter_map(|bound| self.first_lead(&name_of_type(&bound.ty()?)?));
                found.extend(above.map(|other| [own, other]));
            }
        }
        found.retain(|[one, other]| one != other && self.table.is_of(*one, self.source.file));
        found.sort_unstable();
        found.dedup();
        Ok(found.into_iter().flatten().collect())
    }

    /// The member of a trait that one of its implementation is.
    fn overridden(&mut self, member: &ast::AssocItem) -> Result<Option<[u32; 2]>, Failure> {
        let name = match member {
            ast::AssocItem::Fn(it) => it.name(),
            ast::AssocItem::Const(it) => it.name(),
            ast::AssocItem::TypeAlias(it) => it.name(),
            ast::AssocItem::MacroCall(_) => None,
        };
        let Some(name) = name else { return Ok(None) };
        let Some(own) = self.first_lead(name.syntax()) else { return Ok(None) };
        self.source.project.check_cancelled()?;
        let above = navigation::declarations(self.source, name.syntax().text_range().start().into())?;
        match above.first() {
            Some((target, location)) => Ok(Some([own, self.table.put(target, location)?])),
            None => Ok(None),
        }
    }

    /// What is known of the file's own targets that are of interest elsewhere.
    fn descriptions(&self) -> Result<Vec<TargetDescription>, Failure> {
        let mut found = Vec::new();
        for (target, start) in self.table.seen(self.source.file) {
            self.source.project.check_cancelled()?;
            let Some(known) = hover::hover(self.source, start)? else { continue };
            // Before the code comes where it is, which the target itself says.
            let signature = match known.signature.split_once("\n\n") {
                Some((_, code)) => code.to_owned(),
                None => known.signature,
            };
            found.push(TargetDescription { target, signature, documentation: known.documentation });
        }
        Ok(found)
    }
}

/// The name at the end of a type's path.
fn name_of_type(of: &ast::Type) -> Option<SyntaxNode> {
    match of {
        ast::Type::PathType(path) => Some(path.path()?.segment()?.name_ref()?.syntax().clone()),
        _ => None,
    }
}
