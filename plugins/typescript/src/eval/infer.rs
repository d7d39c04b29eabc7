//! Inference of type arguments: two types beside each other, and what parameters in the one must be for the other to fit.

use super::{Type, union};
use crate::module::{DeclId, SymId};
use crate::store::{FileId, Store};

/// How deep types are compared.
const DEPTH_MAX: u32 = 6;

/// What parameters were found to stand for.
#[derive(Debug, Default)]
pub(crate) struct Bindings {
    /// The parameters that are looked for; all where there are none.
    params: Vec<(FileId, DeclId)>,
    found: Vec<(FileId, DeclId, Type)>,
}

impl Bindings {
    pub(super) fn for_params(file: FileId, params: &[DeclId]) -> Self {
        Self { params: params.iter().map(|param| (file, *param)).collect(), found: Vec::new() }
    }

    pub(super) fn take(self) -> Vec<(FileId, DeclId, Type)> {
        self.found
    }

    fn bind(&mut self, file: FileId, param: DeclId, ty: &Type) {
        if !self.params.is_empty() && !self.params.contains(&(file, param)) {
            return;
        }
        if matches!(ty, Type::Param(known, of) if *known == file && *of == param) {
            return;
        }
        match self.found.iter_mut().find(|(known, of, _)| *known == file && *of == param) {
            Some((_, _, known)) if known.is_any() || matches!(known, Type::Never) => *known = ty.clone(),
            Some((_, _, known)) if !ty.is_any() && !known.same(ty) => *known = union(vec![known.clone(), ty.clone()]),
            Some(_) => {}
            None => self.found.push((file, param, ty.clone())),
        }
    }
}

impl Store {
    /// Finds out what parameters in the first type stand for, given the second.
    pub(crate) fn unify(&self, wanted: &Type, given: &Type, bindings: &mut Bindings, depth: u32) {
        if depth > DEPTH_MAX || matches!(given, Type::Any) && !matches!(wanted, Type::Param(..)) {
            return;
        }
        match (wanted, given) {
            (Type::Param(file, param), given) => bindings.bind(*file, *param, given),
            (Type::Union(wanted), given) => self.unify_union(wanted, given, bindings, depth),
            (Type::Intersection(wanted), given) => {
                for wanted in wanted.iter() {
                    self.unify(wanted, given, bindings, depth + 1);
                }
            }
            (wanted, Type::Union(given)) => {
                for given in given.iter().filter(|ty| !ty.is_nothing()) {
                    self.unify(wanted, given, bindings, depth + 1);
                }
            }
            (Type::Named(named), given) => {
                if let Some(Type::Named(base)) = self.as_instance_of(given, named.file, named.symbol) {
                    for (wanted, given) in named.arguments.iter().zip(&base.arguments) {
                        self.unify(wanted, given, bindings, depth + 1);
                    }
                    return;
                }
                self.unify_structure(wanted, given, bindings, depth);
            }
            (Type::Tuple(wanted), Type::Tuple(given)) => {
                for (wanted, given) in wanted.iter().zip(given.iter()) {
                    self.unify(wanted, given, bindings, depth + 1);
                }
            }
            (Type::Tuple(wanted), given) => {
                let element = self.iterated(given);
                for wanted in wanted.iter() {
                    self.unify(wanted, &element, bindings, depth + 1);
                }
            }
            (Type::Dictionary(wanted), given) => {
                let element = self.index_signature(given);
                if let Some(element) = element {
                    self.unify(wanted, &element, bindings, depth + 1);
                }
            }
            (Type::Function(_) | Type::Shape(_), given) => self.unify_structure(wanted, given, bindings, depth),
            _ => {}
        }
    }

    /// Of a union first the members that fit by name, then a bare parameter for what is left.
    fn unify_union(&self, wanted: &[Type], given: &Type, bindings: &mut Bindings, depth: u32) {
        let mut left: Vec<Type> = Vec::new();
        for given in given.parts() {
            if given.is_nothing() && wanted.iter().any(|ty| ty.same(given)) {
                continue;
            }
            let by_name = wanted.iter().find(|wanted| match wanted {
                Type::Named(named) => self.as_instance_of(given, named.file, named.symbol).is_some(),
                Type::Function(_) => !self.signatures(given, false).is_empty(),
                Type::Tuple(_) => matches!(given, Type::Tuple(_)),
                Type::Shape(_) => matches!(given, Type::Shape(_)),
                _ => false,
            });
            match by_name {
                Some(wanted) => self.unify(wanted, given, bindings, depth + 1),
                None => left.push(given.clone()),
            }
        }
        if left.is_empty() {
            return;
        }
        let left = union(left);
        let bare = wanted.iter().find(|ty| matches!(ty, Type::Param(..)));
        match bare {
            Some(bare) => self.unify(bare, &left, bindings, depth + 1),
            None => {
                for wanted in wanted.iter().filter(|ty| matches!(ty, Type::Named(_) | Type::Shape(_))) {
                    let before = bindings.found.len();
                    self.unify(wanted, &left, bindings, depth + 1);
                    if bindings.found.len() > before {
                        return;
                    }
                }
            }
        }
    }

    fn unify_structure(&self, wanted: &Type, given: &Type, bindings: &mut Bindings, depth: u32) {
        for constructs in [false, true] {
            let wanted = self.signatures(wanted, constructs);
            let Some(wanted) = wanted.first() else { continue };
            let given = self.signatures(given, constructs);
            let Some(given) = given.last() else { continue };
            let (Some(of), Some(from)) = (self.module(wanted.file), self.module(given.file)) else { continue };
            let (wanted_fn, given_fn) = (of.function(wanted.function), from.function(given.function));
            for (wanted_param, given_param) in wanted_fn.params.iter().zip(&given_fn.params) {
                let (Some(a), Some(b)) = (wanted_param.ty, given_param.ty) else { continue };
                let (a, b) = (self.eval(wanted.file, a, &wanted.env), self.eval(given.file, b, &given.env));
                self.unify(&a, &b, bindings, depth + 2);
            }
            let result = match &given.makes {
                Some(makes) => makes.clone(),
                None => self.return_type(given.file, given.function, &given.env),
            };
            match wanted_fn.ret.map(|ret| (of.ty(ret), ret)) {
                Some((crate::module::TypeExpr::Predicate { ty: Some(a), .. }, _)) => {
                    if let Some(crate::module::TypeExpr::Predicate { ty: Some(b), .. }) =
                        given_fn.ret.map(|ret| from.ty(ret))
                    {
                        let (a, b) = (self.eval(wanted.file, *a, &wanted.env), self.eval(given.file, *b, &given.env));
                        self.unify(&a, &b, bindings, depth + 1);
                    }
                }
                _ => {
                    let ret = self.return_type(wanted.file, wanted.function, &wanted.env);
                    self.unify(&ret, &result, bindings, depth + 1);
                }
            }
        }
        if depth >= 3 {
            return;
        }
        let members = self.all_members(wanted);
        let builtins = |file: FileId| &*self.path(file) == crate::store::BUILTINS;
        for (name, found) in
            members.into_iter().filter(|(_, found)| !builtins(found.file) || matches!(wanted, Type::Named(_))).take(24)
        {
            if self.members(given, &name).is_empty() {
                continue;
            }
            let wanted = self.type_of_found(std::slice::from_ref(&found));
            let given = self.member_type(given, &name);
            self.unify(&wanted, &given, bindings, depth + 2);
        }
    }

    /// The type as an instance of a class or interface that it is or extends.
    pub(crate) fn as_instance_of(&self, ty: &Type, file: FileId, symbol: SymId) -> Option<Type> {
        let mut open = vec![ty.clone()];
        let mut seen = 0;
        while let Some(ty) = open.pop() {
            seen += 1;
            if seen > 40 {
                return None;
            }
            match &ty {
                Type::Named(named) if named.file == file && named.symbol == symbol => return Some(ty),
                Type::Named(_) => {
                    open.extend(self.bases(&ty));
                    open.extend(self.implemented(&ty));
                }
                Type::Intersection(types) => open.extend(types.iter().cloned()),
                Type::Param(..) => open.extend(self.constraint(&ty)),
                Type::Tuple(types) => {
                    let array = self.array(union(types.to_vec()));
                    if let Type::Named(named) = &array
                        && named.file == file
                    {
                        open.push(array);
                    }
                }
                _ => {}
            }
        }
        None
    }
}
