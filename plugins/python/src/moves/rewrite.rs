//! What changes in one file when modules get other names: its imports, and the names of modules in its expressions.

use std::collections::{BTreeMap, BTreeSet};

use ruff_python_ast::token::TokenKind;
use ruff_python_ast::visitor::source_order::{SourceOrderVisitor, walk_expr, walk_stmt};
use ruff_python_ast::{Alias, Expr, ExprAttribute, Stmt, StmtImport, StmtImportFrom};
use ruff_text_size::{Ranged, TextRange};
use ty_python_semantic::HasType;
use ty_python_semantic::types::Type;
use vraftls_guest_sdk::{Failure, TextEdit};

use super::renamed::{Renamed, last, parent};
use crate::imports::statement::{Member, Statement, dotted, module_of};
use crate::imports::{ImportSettings, Insertions, Wanted, text};
use crate::index;
use crate::project::{PythonProject, Source, span};

/// The edits of a file, ascending, none touching another.
pub(super) fn edits(project: &PythonProject, renamed: &Renamed, path: &str) -> Result<Vec<TextEdit>, Failure> {
    let source = project.source(path)?;
    let mut names = Names::default();
    names.visit_body(source.parsed.suite());
    let old_package = renamed.package_of(path);
    let new_package = renamed.package_of(renamed.new_path(path));
    let edits = BTreeMap::new();
    let named = BTreeSet::new();
    let mut rewriter = Rewriter { source: &source, renamed, old_package, new_package, names, edits, named };
    rewriter.expressions();
    rewriter.imports();
    let missing = rewriter.missing();
    let mut edits: Vec<TextEdit> = rewriter
        .edits
        .into_iter()
        .map(|((start, end), new_text)| TextEdit { span: span(TextRange::new(start.into(), end.into())), new_text })
        .collect();
    let settings = ImportSettings::of(project.workspace(), path);
    let insertions = Insertions::new(&source, &settings);
    for module in missing {
        edits.extend(insertions.edits(&Wanted { level: 0, module, name: None, asname: None }));
    }
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let apart = edits.windows(2).all(|pair| pair[0].span.end <= pair[1].span.start);
    if apart { Ok(edits) } else { Err(Failure::Internal(format!("the edits of {path} collide"))) }
}

/// The imports of a file and its expressions that may name modules.
#[derive(Default)]
struct Names<'src> {
    imports: Vec<&'src StmtImport>,
    from_imports: Vec<&'src StmtImportFrom>,
    /// Names, and attributes of attributes of names; the longest of each chain.
    chains: Vec<&'src Expr>,
}

impl<'src> SourceOrderVisitor<'src> for Names<'src> {
    fn visit_stmt(&mut self, statement: &'src Stmt) {
        match statement {
            Stmt::Import(import) => self.imports.push(import),
            Stmt::ImportFrom(import) => self.from_imports.push(import),
            other => walk_stmt(self, other),
        }
    }

    fn visit_expr(&mut self, expression: &'src Expr) {
        if chain(expression).is_some() {
            self.chains.push(expression);
        } else {
            walk_expr(self, expression);
        }
    }
}

/// The names of a dotted expression, if it is one: the expression of each prefix, the shortest first.
fn chain(expression: &Expr) -> Option<Vec<&Expr>> {
    let mut prefixes = Vec::new();
    let mut rest = expression;
    loop {
        prefixes.push(rest);
        match rest {
            Expr::Name(_) => break,
            Expr::Attribute(attribute) => rest = &attribute.value,
            _ => return None,
        }
    }
    prefixes.reverse();
    Some(prefixes)
}

struct Rewriter<'src, 'db> {
    source: &'src Source<'db>,
    renamed: &'src Renamed,
    /// Where dots are counted from now, and from then on.
    old_package: Option<String>,
    new_package: Option<String>,
    names: Names<'src>,
    /// New texts by start and end of what they replace.
    edits: BTreeMap<(u32, u32), String>,
    /// Modules that expressions name in full from then on.
    named: BTreeSet<String>,
}

/// A module as a `from` import is to spell it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Spelled {
    level: u32,
    module: String,
}

impl<'src> Rewriter<'src, '_> {
    fn replace(&mut self, range: TextRange, new_text: String) {
        if self.source.slice(range) != new_text {
            self.edits.insert((range.start().to_u32(), range.end().to_u32()), new_text);
        }
    }

    /// The absolute name of a module as the file spells it now.
    fn absolute(&self, level: u32, module: &str) -> Option<String> {
        if level == 0 {
            return Some(module.to_owned());
        }
        let mut package = self.old_package.as_deref()?;
        for _ in 1..level {
            package = Some(parent(package)).filter(|outer| !outer.is_empty())?;
        }
        Some(join(package, module))
    }

    /// A module as the file is to spell it: with dots if it did, and if they still reach it.
    fn spelled(&self, was_relative: bool, module: &str) -> Spelled {
        let absolute = Spelled { level: 0, module: module.to_owned() };
        let Some(package) = self.new_package.as_deref().filter(|_| was_relative) else { return absolute };
        let mut level = 1;
        let mut above = package;
        while !above.is_empty() {
            if let Some(rest) = module.strip_prefix(above)
                && (rest.is_empty() || rest.starts_with('.'))
            {
                return Spelled { level, module: rest.trim_start_matches('.').to_owned() };
            }
            above = parent(above);
            level += 1;
        }
        absolute
    }

    fn imports(&mut self) {
        for alias in self.names.imports.clone().iter().flat_map(|import| &import.names) {
            if let Some(new) = self.renamed.new_name(&dotted(alias.name.as_str())) {
                self.replace(alias.name.range, new.to_owned());
                self.keep_root(alias, new);
            }
        }
        for import in self.names.from_imports.clone() {
            self.follow(import);
        }
    }

    /// Keeps the name that `import a.b` binds beside what it says it for, where something else needs it.
    fn keep_root(&mut self, alias: &Alias, new: &str) {
        let module = dotted(alias.name.as_str());
        let root = root_of(&module);
        if alias.asname.is_some() || root == root_of(new) || root == module {
            return;
        }
        let needs = |expression: &&Expr| match chain(expression).and_then(|prefixes| prefixes.first().copied()) {
            Some(Expr::Name(name)) => name.id.as_str() == root && !self.is_edited(name.range),
            _ => false,
        };
        if self.names.chains.iter().any(needs) {
            self.replace(alias.name.range, format!("{root}, {new}"));
        }
    }

    fn follow(&mut self, import: &StmtImportFrom) {
        let Some(base) = self.absolute(import.level, &module_of(import)) else { return };
        let was_relative = import.level > 0;
        let new_base = self.renamed.new_name(&base).unwrap_or(&base).to_owned();
        // Where each name is to be imported from, and under which name.
        let homes: Vec<(String, Option<String>)> = import
            .names
            .iter()
            .map(|alias| match self.renamed.new_name(&join(&base, alias.name.as_str())) {
                Some(new) => (parent(new).to_owned(), Some(last(new).to_owned())),
                None => (new_base.clone(), None),
            })
            .collect();
        let Some((first, _)) = homes.first() else { return };
        if !first.is_empty() && homes.iter().all(|(home, _)| home == first) {
            let spelled = self.spelled(was_relative, first);
            if (spelled.level, spelled.module.as_str()) != (import.level, module_of(import).as_str()) {
                self.replace_module(import, &spelled);
            }
            for (alias, (_, name)) in import.names.iter().zip(&homes) {
                if let Some(name) = name.as_ref().filter(|name| *name != alias.name.as_str()) {
                    let text = self.renamed_member(alias, name);
                    self.replace(alias.range, text);
                }
            }
            return;
        }
        self.split(import, was_relative, &homes);
    }

    /// Writes an import whose names come from several modules from then on as several.
    fn split(&mut self, import: &StmtImportFrom, was_relative: bool, homes: &[(String, Option<String>)]) {
        let whole: &str = &self.source.text;
        let mut statements: Vec<(String, Vec<Member>)> = Vec::new();
        for (alias, (home, name)) in import.names.iter().zip(homes) {
            let mut member = Member::of(alias);
            if let Some(name) = name {
                if member.asname.is_none() && *name != member.name {
                    member.asname = Some(member.name.clone());
                }
                member.name.clone_from(name);
            }
            match statements.iter_mut().find(|(other, _)| other == home) {
                Some((_, members)) => members.push(member),
                None => statements.push((home.clone(), vec![member])),
            }
        }
        let start = text::line_start(whole, import.start());
        let indentation = self.source.slice(TextRange::new(start, import.start()));
        let separator = if text::begins_line(whole, import.start()) {
            format!("{}{indentation}", text::newline(whole))
        } else {
            "; ".to_owned()
        };
        let written = statements.into_iter().map(|(home, members)| {
            if home.is_empty() {
                let modules = members
                    .into_iter()
                    .map(|member| Statement::Import { module: member.name, asname: member.asname }.on_one_line());
                return modules.collect::<Vec<_>>().join(&separator);
            }
            let Spelled { level, module } = self.spelled(was_relative, &home);
            Statement::From { level, module, members }.on_one_line()
        });
        let written = written.collect::<Vec<_>>().join(&separator);
        self.replace(import.range, written);
    }

    /// Writes the module of a `from` import.
    fn replace_module(&mut self, import: &StmtImportFrom, spelled: &Spelled) {
        let tokens = self.source.parsed.tokens();
        let first = tokens.partition_point(|token| token.start() < import.start());
        let mut inside = tokens[first..].iter().take_while(|token| token.end() <= import.end());
        let from = inside.find(|token| token.kind() == TokenKind::From).map(Ranged::end);
        let keyword = inside.find(|token| token.kind() == TokenKind::Import).map(Ranged::start);
        let (Some(from), Some(keyword)) = (from, keyword) else { return };
        let written = format!(" {}{} ", ".".repeat(spelled.level as usize), spelled.module);
        self.replace(TextRange::new(from, keyword), written);
    }

    /// A name of a `from` import under its new name: what uses it follows, or else keeps the old one by `as`.
    fn renamed_member(&mut self, alias: &Alias, new: &str) -> String {
        if let Some(asname) = &alias.asname {
            return if asname.as_str() == new { new.to_owned() } else { format!("{new} as {asname}") };
        }
        let old = alias.name.as_str();
        let Some(uses) = self.uses_of(old, new) else { return format!("{new} as {old}") };
        uses.into_iter().for_each(|range| self.replace(range, new.to_owned()));
        new.to_owned()
    }

    /// Where a name is used, if all of its uses can have another name instead: none is in a string, and the other name is free.
    fn uses_of(&self, old: &str, new: &str) -> Option<Vec<TextRange>> {
        let source = self.source;
        let mut before = TokenKind::Newline;
        let mut tokens = BTreeSet::new();
        for token in source.parsed.tokens().iter() {
            let is_name = token.kind() == TokenKind::Name || token.kind().is_soft_keyword();
            if is_name && before != TokenKind::Dot {
                let name = source.slice(token.range());
                if name == new {
                    return None;
                }
                if name == old {
                    tokens.insert((token.start(), token.end()));
                }
            }
            before = token.kind();
        }
        let in_strings = index::names_in_strings(&source.text, &source.parsed);
        if in_strings.iter().any(|range| source.slice(*range) == old) {
            return None;
        }
        let in_import = |range: TextRange| {
            let imports = self.names.from_imports.iter().map(|import| import.range);
            imports
                .chain(self.names.imports.iter().map(|import| import.range))
                .any(|import| import.contains_range(range))
        };
        let firsts = self.names.chains.iter().filter_map(|expression| chain(expression)?.first().copied());
        let uses: Vec<TextRange> = firsts
            .filter(|first| matches!(first, Expr::Name(name) if name.id.as_str() == old))
            .filter(|first| self.module_at(first).is_some())
            .map(Ranged::range)
            .collect();
        let elsewhere = tokens.iter().filter(|(start, end)| !in_import(TextRange::new(*start, *end))).count();
        (elsewhere == uses.len()).then_some(uses)
    }

    /// The module that an expression is, by its name.
    fn module_at(&self, expression: &Expr) -> Option<String> {
        match expression.inferred_type(&self.source.model)? {
            Type::ModuleLiteral(module) => {
                let db = self.source.model.db();
                Some(module.module(db).name(db).as_str().to_owned())
            }
            _ => None,
        }
    }

    /// Gives dotted names of modules in expressions their new names.
    fn expressions(&mut self) {
        for expression in self.names.chains.clone() {
            let Some(prefixes) = chain(expression) else { continue };
            // The longest prefix that moves: what comes behind it is in it.
            let is_done = prefixes.iter().skip(1).rev().any(|prefix| self.dotted(prefix));
            if let (false, Some(first)) = (is_done, prefixes.first()) {
                self.root(first);
            }
        }
    }

    /// Gives a dotted name its new one, if it is a module that moves.
    fn dotted(&mut self, prefix: &Expr) -> bool {
        let Expr::Attribute(attribute) = prefix else { return false };
        let Some(module) = self.may_move(attribute).then(|| self.submodule_at(attribute, prefix)).flatten() else {
            return false;
        };
        let Some(new) = self.renamed.new_name(&module) else { return false };
        let outer = self.module_at(&attribute.value);
        let outer = outer.as_deref().map(|outer| self.renamed.new_name(outer).unwrap_or(outer));
        // `alias.b` keeps its alias if that still has it.
        if written(prefix).as_deref() != Some(module.as_str()) && outer == Some(parent(new)) {
            self.replace(attribute.attr.range, last(new).to_owned());
        } else {
            self.named.insert(new.to_owned());
            self.replace(prefix.range(), new.to_owned());
        }
        true
    }

    /// The module that an attribute is; also where nothing imports it, as another file may have done.
    fn submodule_at(&self, attribute: &ExprAttribute, prefix: &Expr) -> Option<String> {
        if let Some(module) = self.module_at(prefix) {
            return Some(module);
        }
        let is_unknown = prefix.inferred_type(&self.source.model).is_none_or(|ty| matches!(ty, Type::Dynamic(_)));
        let outer = is_unknown.then(|| self.module_at(&attribute.value)).flatten()?;
        Some(join(&outer, attribute.attr.as_str()))
    }

    /// Gives a module at the top its new name where it is used by its name alone.
    fn root(&mut self, first: &Expr) {
        let Expr::Name(name) = first else { return };
        let Some(new) = self.renamed.new_name(name.id.as_str()) else { return };
        let aliases = self.names.imports.iter().flat_map(|import| &import.names);
        let is_imported =
            aliases.into_iter().any(|alias| alias.asname.is_none() && alias.name.as_str() == name.id.as_str());
        if is_imported && self.module_at(first).as_deref() == Some(name.id.as_str()) {
            self.replace(name.range, new.to_owned());
        }
    }

    fn is_edited(&self, range: TextRange) -> bool {
        let at = range.start().to_u32();
        self.edits.keys().any(|(start, end)| *start <= at && at < *end)
    }

    /// Whether an attribute has the name of a module that moves. To be asked first: types cost.
    fn may_move(&self, attribute: &ExprAttribute) -> bool {
        self.renamed.last_components().contains(attribute.attr.as_str())
    }

    /// Modules that expressions name from then on, while nothing imports what their names begin with.
    fn missing(&self) -> Vec<String> {
        let aliases = self.names.imports.iter().flat_map(|import| &import.names);
        let bound: BTreeSet<String> = aliases
            .filter(|alias| alias.asname.is_none())
            .map(|alias| dotted(alias.name.as_str()))
            .map(|module| root_of(self.renamed.new_name(&module).unwrap_or(&module)).to_owned())
            .collect();
        self.named.iter().filter(|module| !bound.contains(root_of(module))).cloned().collect()
    }
}

fn root_of(module: &str) -> &str {
    module.split('.').next().unwrap_or(module)
}

/// A dotted expression as it is written.
fn written(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Name(name) => Some(name.id.to_string()),
        Expr::Attribute(attribute) => Some(join(&written(&attribute.value)?, attribute.attr.as_str())),
        _ => None,
    }
}

fn join(parent: &str, name: &str) -> String {
    match (parent.is_empty(), name.is_empty()) {
        (true, _) => name.to_owned(),
        (_, true) => parent.to_owned(),
        _ => format!("{parent}.{name}"),
    }
}
