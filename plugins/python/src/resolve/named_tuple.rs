//! The fields of tuples that a call names: `namedtuple("Point", "x y")`. The engine knows that they exist, but no place of
//! theirs. They are strings; what is found is the name inside.

use ruff_db::files::{File, FileRange};
use ruff_db::parsed::parsed_module;
use ruff_python_ast::{Expr, ExprCall, Operator, StringLiteral};
use ruff_text_size::{TextLen, TextRange, TextSize};
use ty_python_core::definition::{Definition, DefinitionKind};
use ty_python_semantic::{Db, ImportAliasResolution, ResolvedDefinition, SemanticModel};

use super::{definitions_of_name, of_module_attribute};

/// How many classes and tuples a field is followed through.
const DEPTH_MAX: u32 = 8;

/// The field of a named tuple, or of a class that inherits from one.
pub(super) fn field<'db>(db: &'db dyn Db, tuple: Definition<'db>, name: &str) -> Option<FileRange> {
    field_within(db, tuple, name, DEPTH_MAX)
}

fn field_within<'db>(db: &'db dyn Db, tuple: Definition<'db>, name: &str, depth: u32) -> Option<FileRange> {
    let depth = depth.checked_sub(1)?;
    let parsed = parsed_module(db, tuple.python_file(db)).load(db);
    let model = SemanticModel::new(db, tuple.program_file(db));
    let search = Search { model: &model, name, depth };
    match tuple.kind(db) {
        DefinitionKind::Assignment(assignment) => search.in_tuple(assignment.value(&parsed)),
        DefinitionKind::Class(class) => {
            let bases = class.node(&parsed).arguments.as_deref().map_or(&[][..], |arguments| &arguments.args);
            bases.iter().find_map(|base| search.in_tuple(base))
        }
        _ => None,
    }
}

/// A search for a field in the expressions of a file.
struct Search<'m, 'db> {
    model: &'m SemanticModel<'db>,
    name: &'m str,
    depth: u32,
}

impl Search<'_, '_> {
    /// In an expression that is a named tuple.
    fn in_tuple(&self, tuple: &Expr) -> Option<FileRange> {
        let found = match tuple {
            Expr::Call(call) if makes_tuple(call) => {
                return ["field_names", "fields"]
                    .iter()
                    .find_map(|parameter| self.in_fields(call.arguments.find_argument_value(parameter, 1)?));
            }
            Expr::Name(name) => {
                definitions_of_name(self.model, &name.id, name.into(), ImportAliasResolution::ResolveAliases)
            }
            Expr::Attribute(attribute) => of_module_attribute(self.model, attribute),
            Expr::Subscript(generic) => return self.in_tuple(&generic.value),
            _ => return None,
        };
        let mut found = found.iter().filter_map(ResolvedDefinition::definition);
        found.find_map(|tuple| field_within(self.model.db(), tuple, self.name, self.depth))
    }

    /// In an expression that lists the names of fields.
    fn in_fields(&self, fields: &Expr) -> Option<FileRange> {
        match fields {
            Expr::StringLiteral(literal) => {
                literal.value.iter().find_map(|part| word_in(self.model.file(), part, self.name))
            }
            Expr::List(list) => list.elts.iter().find_map(|element| self.in_fields(element)),
            Expr::Tuple(tuple) => tuple.elts.iter().find_map(|element| self.in_fields(element)),
            Expr::BinOp(sum) if sum.op == Operator::Add => {
                self.in_fields(&sum.left).or_else(|| self.in_fields(&sum.right))
            }
            Expr::Attribute(attribute) if attribute.attr.as_str() == "_fields" => self.in_tuple(&attribute.value),
            _ => None,
        }
    }
}

fn makes_tuple(call: &ExprCall) -> bool {
    let last_name = match &*call.func {
        Expr::Name(name) => name.id.as_str(),
        Expr::Attribute(attribute) => attribute.attr.as_str(),
        _ => return false,
    };
    matches!(last_name, "namedtuple" | "NamedTuple")
}

/// Where a word stands in a string without escapes, among others that spaces and commas part.
fn word_in(file: File, part: &StringLiteral, word: &str) -> Option<FileRange> {
    let content = part.content_range();
    if content.len().to_usize() != part.value.len() {
        return None;
    }
    let found = part
        .as_str()
        .split(|character: char| character == ',' || character.is_whitespace())
        .find(|found| *found == word)?;
    let offset = found.as_ptr() as usize - part.as_str().as_ptr() as usize;
    let start = content.start() + TextSize::try_from(offset).ok()?;
    Some(FileRange::new(file, TextRange::at(start, word.text_len())))
}
