//! What the engine offers after a dot and in a `from` import, by a way on which it does not panic: of a module that declares a
//! global without a value (`x: int`) it may not be asked for all members at once, because it takes each of them for a value. And what
//! it leaves out: the members of `super()`.

use ruff_db::parsed::parsed_module;
use ruff_python_ast::{Expr, ExprAttribute, PySourceType, Stmt, StmtImportFrom};
use ruff_text_size::Ranged;
use rustc_hash::FxHashSet;
use ty_module_resolver::Module;
use ty_python_core::ProgramFile;
use ty_python_semantic::types::Type;
use ty_python_semantic::{Completion, HasType as _, SemanticModel};

use super::overrides::bases;
use super::scope::class_around;
use crate::index::for_each_block;
use crate::project::Source;

/// The members of the value before a dot.
pub(super) fn of_attribute<'db>(source: &Source<'db>, attribute: &ExprAttribute) -> Vec<Completion<'db>> {
    let model = &source.model;
    let module = match attribute.value.inferred_type(model) {
        Some(Type::ModuleLiteral(module)) => module.module(model.db()),
        Some(Type::BoundSuper(_)) => return of_super(source, attribute),
        _ => return model.attribute_completions(attribute),
    };
    of_module(model, module).unwrap_or_else(|| model.attribute_completions(attribute))
}

/// The members of `super()`: what the bases of the class around have, before what the class `super` has, which is all that the engine
/// offers. Where `super` is given another class than the one around, that one's bases would be right.
fn of_super<'db>(source: &Source<'db>, attribute: &ExprAttribute) -> Vec<Completion<'db>> {
    let model = &source.model;
    let class = class_around(source, attribute.start());
    let bases = class.into_iter().flat_map(bases).flat_map(|base| model.attribute_completions(&base));
    // A class has this of its own class, and its instances have it not.
    let bases = bases.filter(|member| member.name != "mro");
    let mut seen = FxHashSet::default();
    bases.chain(model.attribute_completions(attribute)).filter(|member| seen.insert(member.name.clone())).collect()
}

/// What can be imported from a module.
pub(super) fn of_import<'db>(model: &SemanticModel<'db>, import: &StmtImportFrom) -> Vec<Completion<'db>> {
    let name = import.module.as_ref().map(|module| module.as_str());
    let module = model.resolve_module(name, import.level);
    module.and_then(|module| of_module(model, module)).unwrap_or_else(|| model.from_import_completions(import))
}

/// The members of a module that the engine may not be asked for. None where it may.
fn of_module<'db>(model: &SemanticModel<'db>, module: Module<'db>) -> Option<Vec<Completion<'db>>> {
    let db = model.db();
    let file = module.file(db).filter(|file| file.source_type(db) != PySourceType::Stub)?;
    let program_file = ProgramFile::new(db, file, model.program());
    let parsed = parsed_module(db, program_file.python_file(db)).load(db);
    if !declares_without_value(parsed.suite()) {
        return None;
    }
    let completion = |name: &str, ty: Type<'db>| Completion {
        name: name.into(),
        ty: Some(ty),
        builtin: false,
        is_type_check_only: false,
    };
    let members = SemanticModel::new(db, program_file).members_in_scope_at(parsed.syntax().into());
    let mut found: Vec<_> = members.into_iter().map(|(name, member)| completion(&name, member.ty)).collect();
    found.extend(model.import_submodule_completions_for_name(module.name(db)));
    // Members come out of a hash map, and a submodule that is imported comes twice.
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found.dedup_by(|a, b| a.name == b.name);
    Some(found)
}

/// Whether the statements of a module declare a name and give it no value there.
fn declares_without_value(body: &[Stmt]) -> bool {
    body.iter().any(|statement| match statement {
        Stmt::AnnAssign(declaration) => declaration.value.is_none() && matches!(*declaration.target, Expr::Name(_)),
        statement => {
            let mut declares = false;
            for_each_block(statement, &mut |block| declares |= declares_without_value(block));
            declares
        }
    })
}
