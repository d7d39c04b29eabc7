//! The table of the standard library's names says what the stubs say that the engine carries. `UPDATE_EXPECT=1` writes it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use ruff_db::vendored::VendoredPath;
use ruff_python_ast::{CmpOp, Expr, PySourceType, Stmt};
use ruff_python_parser::parse_unchecked_source;

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/imports/stdlib.txt");

/// Modules that nobody imports from: deprecated, internal, or there for their effect.
const LEFT_OUT: [&str; 9] =
    ["__future__", "__main__", "antigravity", "ensurepip", "idlelib", "lib2to3", "pydoc_data", "test", "this"];

type Bounds = (u8, u8);
const ALL: Bounds = (0, u8::MAX);

#[derive(Debug, Clone, Copy)]
struct Defined {
    kind: char,
    bounds: Bounds,
}

/// What a stub says.
#[derive(Debug, Default)]
struct Stub {
    own: BTreeMap<String, Defined>,
    /// Names that are brought in, by the module that has them.
    imported: BTreeMap<String, String>,
    /// Those of them that are handed on: `import a as a`.
    exported: BTreeSet<String>,
    /// Modules all names of which are handed on.
    stars: Vec<(String, Bounds)>,
    all: BTreeMap<String, Bounds>,
}

fn meet(a: Bounds, b: Bounds) -> Bounds {
    (a.0.max(b.0), a.1.min(b.1))
}

impl Stub {
    fn read(&mut self, package: &str, body: &[Stmt], bounds: Bounds) {
        for statement in body {
            self.statement(package, statement, bounds);
        }
    }

    fn define(&mut self, name: &str, kind: char, bounds: Bounds) {
        let known = self.own.entry(name.to_owned()).or_insert(Defined { kind, bounds });
        known.bounds = (known.bounds.0.min(bounds.0), known.bounds.1.max(bounds.1));
    }

    fn statement(&mut self, package: &str, statement: &Stmt, bounds: Bounds) {
        match statement {
            Stmt::FunctionDef(function) => self.define(&function.name, 'f', bounds),
            Stmt::ClassDef(class) => self.define(&class.name, 'c', bounds),
            Stmt::Assign(assign) => {
                for target in &assign.targets {
                    self.target(target, &assign.value, bounds);
                }
            }
            Stmt::AnnAssign(assign) => {
                if let Expr::Name(name) = assign.target.as_ref() {
                    let is_all = name.id.as_str() == "__all__";
                    match &assign.value {
                        Some(value) if is_all => self.list(value, bounds),
                        _ => self.define(&name.id, kind_of(&name.id), bounds),
                    }
                }
            }
            Stmt::AugAssign(assign) if matches!(assign.target.as_ref(), Expr::Name(name) if name.id == "__all__") => {
                self.list(&assign.value, bounds);
            }
            Stmt::TypeAlias(alias) => {
                if let Expr::Name(name) = alias.name.as_ref() {
                    self.define(&name.id, 'c', bounds);
                }
            }
            Stmt::ImportFrom(import) => {
                let module = absolute(package, import.level, import.module.as_deref().unwrap_or_default());
                for alias in &import.names {
                    if alias.name.as_str() == "*" {
                        self.stars.push((module.clone(), bounds));
                        continue;
                    }
                    let bound = alias.asname.as_ref().unwrap_or(&alias.name).to_string();
                    if alias.asname.as_ref().is_some_and(|asname| asname == &alias.name) {
                        self.exported.insert(bound.clone());
                    }
                    self.imported.insert(bound, module.clone());
                }
            }
            Stmt::If(statement) => {
                let (then, mut otherwise) = split(&statement.test, bounds);
                self.read(package, &statement.body, then);
                for clause in &statement.elif_else_clauses {
                    let (then, rest) =
                        clause.test.as_ref().map_or((otherwise, otherwise), |test| split(test, otherwise));
                    self.read(package, &clause.body, then);
                    otherwise = rest;
                }
            }
            Stmt::Try(statement) => self.read(package, &statement.body, bounds),
            _ => {}
        }
    }

    fn target(&mut self, target: &Expr, value: &Expr, bounds: Bounds) {
        let Expr::Name(name) = target else { return };
        match name.id.as_str() {
            "__all__" => self.list(value, bounds),
            other => self.define(other, kind_of(other), bounds),
        }
    }

    fn list(&mut self, value: &Expr, bounds: Bounds) {
        let elements = match value {
            Expr::List(list) => &list.elts,
            Expr::Tuple(tuple) => &tuple.elts,
            _ => return,
        };
        for element in elements {
            if let Expr::StringLiteral(literal) = element {
                let known = self.all.entry(literal.value.to_string()).or_insert(bounds);
                *known = (known.0.min(bounds.0), known.1.max(bounds.1));
            }
        }
    }
}

fn kind_of(name: &str) -> char {
    let is_constant = name.len() > 1 && name.contains(char::is_uppercase) && !name.contains(char::is_lowercase);
    if is_constant { 'k' } else { 'v' }
}

fn absolute(package: &str, level: u32, module: &str) -> String {
    let mut parts: Vec<&str> = if level == 0 { Vec::new() } else { package.split('.').collect() };
    parts.truncate(parts.len().saturating_sub(level.saturating_sub(1) as usize));
    parts.extend(module.split('.').filter(|part| !part.is_empty()));
    parts.join(".")
}

/// The versions in which a condition holds, and those in which it does not.
fn split(test: &Expr, bounds: Bounds) -> (Bounds, Bounds) {
    let Expr::Compare(compare) = test else { return (bounds, bounds) };
    let is_version = matches!(compare.left.as_ref(), Expr::Attribute(left) if left.attr.as_str() == "version_info");
    let (Some(op), Some(Expr::Tuple(version))) = (compare.ops.first(), compare.comparators.first()) else {
        return (bounds, bounds);
    };
    let minor = match version.elts.get(1) {
        Some(Expr::NumberLiteral(number)) => number.value.as_int().and_then(|int| int.as_u8()),
        _ => None,
    };
    match (is_version, op, minor) {
        (true, CmpOp::GtE, Some(minor)) => (meet(bounds, (minor, u8::MAX)), meet(bounds, (0, minor))),
        (true, CmpOp::Lt, Some(minor)) => (meet(bounds, (0, minor)), meet(bounds, (minor, u8::MAX))),
        _ => (bounds, bounds),
    }
}

/// The names of a module that are for others.
fn exports(stubs: &BTreeMap<String, Stub>, module: &str, depth: u32) -> BTreeMap<String, Defined> {
    let Some(stub) = stubs.get(module).filter(|_| depth < 4) else { return BTreeMap::new() };
    let mut found: BTreeMap<String, Defined> = BTreeMap::new();
    for (star, bounds) in &stub.stars {
        for (name, defined) in exports(stubs, star, depth + 1) {
            found.insert(name, Defined { bounds: meet(defined.bounds, *bounds), ..defined });
        }
    }
    for name in &stub.exported {
        let defined = defined_in(stubs, module, name, 0);
        found.insert(name.clone(), defined.unwrap_or(Defined { kind: 'v', bounds: ALL }));
    }
    found.extend(stub.own.iter().map(|(name, defined)| (name.clone(), *defined)));
    if stub.all.is_empty() {
        found.retain(|name, _| !name.starts_with('_'));
        return found;
    }
    let listed = stub.all.iter().map(|(name, bounds)| {
        let defined = found.get(name).copied().or_else(|| defined_in(stubs, module, name, 0));
        let is_module = stubs.contains_key(&format!("{module}.{name}"));
        let kind = defined.map_or(if is_module { 'm' } else { 'v' }, |defined| defined.kind);
        (name.clone(), Defined { kind, bounds: meet(*bounds, defined.map_or(ALL, |defined| defined.bounds)) })
    });
    // What a module has beside its list is known, and imported, by its name; what it hands on is not.
    let mut listed: BTreeMap<String, Defined> = listed.collect();
    listed.retain(|name, defined| !name.starts_with('_') && defined.kind != 'm');
    listed
}

fn defined_in(stubs: &BTreeMap<String, Stub>, module: &str, name: &str, depth: u32) -> Option<Defined> {
    let stub = stubs.get(module).filter(|_| depth < 6)?;
    let through = |other: &String| defined_in(stubs, other, name, depth + 1);
    stub.own
        .get(name)
        .copied()
        .or_else(|| stub.imported.get(name).and_then(through))
        .or_else(|| stub.stars.iter().find_map(|(star, _)| through(star)))
}

/// The versions of the modules, from typeshed's own list.
fn module_bounds() -> BTreeMap<String, Bounds> {
    let text = ty_vendored::file_system()
        .read_to_string(VendoredPath::new("stdlib/VERSIONS"))
        .expect("typeshed says which versions have which module");
    let minor = |version: &str| version.split_once('.').and_then(|(_, minor)| minor.trim().parse::<u8>().ok());
    let line = |line: &str| {
        let (module, range) = line.split('#').next()?.split_once(':')?;
        let (from, until) = range.split_once('-')?;
        Some((module.to_owned(), (minor(from.trim())?, minor(until.trim()).map_or(u8::MAX, |last| last + 1))))
    };
    text.lines().filter_map(line).collect()
}

fn stubs(directory: &VendoredPath, package: &str, found: &mut BTreeMap<String, Stub>) {
    let files = ty_vendored::file_system();
    for entry in files.read_directory(directory) {
        let path = entry.path();
        let Some(name) = path.file_name() else { continue };
        let join = |name: &str| if package.is_empty() { name.to_owned() } else { format!("{package}.{name}") };
        if entry.file_type().is_directory() {
            stubs(path, &join(name), found);
        } else if let Some(name) = name.strip_suffix(".pyi") {
            let text = files.read_to_string(path).expect("what is listed is there");
            let module = if name == "__init__" { package.to_owned() } else { join(name) };
            let mut stub = Stub::default();
            stub.read(package, parse_unchecked_source(&text, PySourceType::Stub).suite(), ALL);
            found.insert(module, stub);
        }
    }
}

fn bounds(bounds: Bounds) -> String {
    // Versions before 3.7 are not told apart by anybody any more.
    let from = if bounds.0 > 7 { format!(">={}", bounds.0) } else { String::new() };
    let until = if bounds.1 < u8::MAX { format!("<{}", bounds.1) } else { String::new() };
    from + &until
}

#[test]
fn the_table_says_what_the_stubs_say() {
    let mut found = BTreeMap::new();
    stubs(VendoredPath::new("stdlib"), "", &mut found);
    let versions = module_bounds();
    let mut table = "# Made from typeshed by tests/stdlib_names.rs, see there.\n".to_owned();
    for module in found.keys() {
        let mut parts = module.split('.');
        let root = parts.next().unwrap_or_default();
        if LEFT_OUT.contains(&root) || module.split('.').any(|part| part.starts_with('_')) || root == "builtins" {
            continue;
        }
        let ancestors = module.match_indices('.').map(|(end, _)| &module[..end]).chain([module.as_str()]);
        let of_module = ancestors.filter_map(|name| versions.get(name)).fold(ALL, |a, b| meet(a, *b));
        let names = exports(&found, module, 0);
        // What a package hands on is imported from the package.
        let outer = module.rsplit_once('.').map(|(parent, _)| exports(&found, parent, 0)).unwrap_or_default();
        let mut line = format!("{module}{}", bounds(of_module));
        for (name, defined) in names.iter().filter(|(name, _)| !outer.contains_key(*name)) {
            if defined.bounds.0.max(of_module.0) < defined.bounds.1.min(of_module.1) {
                write!(line, " {}{name}{}", defined.kind, bounds(defined.bounds)).expect("a string takes all");
            }
        }
        if line.contains(' ') {
            writeln!(table, "{line}").expect("a string takes all");
        }
    }
    if std::env::var_os("UPDATE_EXPECT").is_some_and(|value| value != "0") {
        std::fs::write(TABLE, &table).expect("the table can be written");
    }
    let known = std::fs::read_to_string(TABLE).unwrap_or_default();
    assert!(known == table, "src/imports/stdlib.txt is out of date; UPDATE_EXPECT=1 writes it");
}
