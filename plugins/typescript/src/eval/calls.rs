//! Calls: which signature is meant, and what comes out.

use std::rc::Rc;

use super::infer::Bindings;
use super::symbols::without_any;
use super::{Env, Frame, Type, union};
use crate::module::{DeclKind, ExprId, ExprKind, FnId, Module, TyId};
use crate::store::{FileId, Store};

/// A signature with what its type parameters stand for.
#[derive(Clone, Debug)]
pub(crate) struct Signature {
    pub(crate) file: FileId,
    pub(crate) function: FnId,
    pub(crate) env: Env,
    /// What a constructor makes, where its function does not say.
    pub(crate) makes: Option<Type>,
}

impl Store {
    /// The signatures of a type: to call, or to make instances by.
    pub(crate) fn signatures(&self, ty: &Type, constructs: bool) -> Vec<Signature> {
        match ty {
            Type::Function(callable) => {
                if callable.constructs != constructs {
                    return if constructs { self.makers(callable) } else { Vec::new() };
                }
                let all = callable.functions.iter();
                all.map(|(file, function)| Signature {
                    file: *file,
                    function: *function,
                    env: callable.env.clone(),
                    makes: None,
                })
                .collect()
            }
            Type::Value(file, symbol) => self.value_signatures(*file, *symbol, constructs),
            Type::Shape(shaped) => {
                let Some(module) = self.module(shaped.file) else { return Vec::new() };
                let shape = module.shape(shaped.shape);
                let functions = if constructs { &shape.constructs } else { &shape.calls };
                functions
                    .iter()
                    .map(|function| Signature {
                        file: shaped.file,
                        function: *function,
                        env: shaped.env.clone(),
                        makes: None,
                    })
                    .collect()
            }
            Type::Named(named) => {
                let Some(module) = self.module(named.file) else { return Vec::new() };
                let mut found = Vec::new();
                for decl in &module.symbol(named.symbol).decls {
                    if module.decl(*decl).kind != DeclKind::Interface {
                        continue;
                    }
                    let Some(shape) = module.decl(*decl).shape.map(|shape| module.shape(shape)) else { continue };
                    let env = self.instance_env(named.file, *decl, ty);
                    let functions = if constructs { &shape.constructs } else { &shape.calls };
                    found.extend(functions.iter().map(|function| Signature {
                        file: named.file,
                        function: *function,
                        env: env.clone(),
                        makes: None,
                    }));
                }
                if found.is_empty() {
                    found = self.bases(ty).iter().flat_map(|base| self.signatures(base, constructs)).collect();
                }
                found
            }
            Type::Union(types) | Type::Intersection(types) => {
                let known = types.iter().filter(|ty| !ty.is_nothing());
                known.flat_map(|ty| self.signatures(ty, constructs)).collect()
            }
            Type::Param(..) => self.constraint(ty).map(|ty| self.signatures(&ty, constructs)).unwrap_or_default(),
            _ => Vec::new(),
        }
    }

    /// Functions of JavaScript that are called by `new`.
    fn makers(&self, callable: &super::Callable) -> Vec<Signature> {
        let mut found = Vec::new();
        for (file, function) in &callable.functions {
            let Some(module) = self.module(*file) else { continue };
            let symbol = module.function(*function).decl.and_then(|decl| module.decl(decl).symbol);
            if let (true, Some(symbol)) = (module.is_js, symbol) {
                let makes = Some(Type::Made(*file, symbol));
                found.push(Signature { file: *file, function: *function, env: callable.env.clone(), makes });
            }
        }
        found
    }

    fn value_signatures(&self, file: FileId, symbol: crate::module::SymId, constructs: bool) -> Vec<Signature> {
        let Some(module) = self.module(file) else { return Vec::new() };
        let Some(known) = module.symbols.get(symbol.index()) else { return Vec::new() };
        let mut found = Vec::new();
        let functions: Vec<FnId> = known
            .decls
            .iter()
            .filter(|decl| module.decl(**decl).kind == DeclKind::Function)
            .filter_map(|decl| module.decl(*decl).function)
            .collect();
        // The implementation behind overloads is not for callers.
        let overloads = functions.iter().filter(|function| !module.function(**function).has_body).count();
        let visible = functions.iter().filter(|function| overloads == 0 || !module.function(**function).has_body);
        for function in visible {
            let makes = constructs.then_some(Type::Made(file, symbol));
            if !constructs || module.is_js {
                found.push(Signature { file, function: *function, env: Env::default(), makes });
            }
        }
        if constructs && let Some(class) = known.decls.iter().find(|decl| module.decl(**decl).kind == DeclKind::Class) {
            found.extend(self.class_constructors(file, &module, *class));
        }
        found
    }

    fn class_constructors(&self, file: FileId, module: &Rc<Module>, class: crate::module::DeclId) -> Vec<Signature> {
        let Some(shape) = module.decl(class).shape.map(|shape| module.shape(shape)) else { return Vec::new() };
        let instance = self.own_instance(file, class);
        let overloads = shape.constructs.iter().filter(|function| !module.function(**function).has_body).count();
        let visible =
            shape.constructs.iter().filter(|function| overloads == 0 || !module.function(**function).has_body);
        let own: Vec<Signature> = visible
            .map(|function| Signature { file, function: *function, env: Env::default(), makes: Some(instance.clone()) })
            .collect();
        if !own.is_empty() {
            return own;
        }
        let Some((base, _)) = shape.extends.first() else { return Vec::new() };
        let base = self.expr_type(file, *base);
        let found = self.fuel.run(Frame::Decl(file, class), || self.signatures(&base, true));
        let inherited = found.map(|(found, _)| found).unwrap_or_default();
        inherited.into_iter().map(|signature| Signature { makes: Some(instance.clone()), ..signature }).collect()
    }

    /// What `new` of a value gives, with explicit type arguments.
    pub(crate) fn constructed(&self, value: &Type, arguments: &[Type]) -> Type {
        if let Type::Value(file, symbol) = value
            && let Some(module) = self.module(*file)
        {
            let decls = &module.symbol(*symbol).decls;
            if decls.iter().any(|decl| module.decl(*decl).kind == DeclKind::Class) {
                return self.instance(*file, *symbol, arguments.to_vec());
            }
        }
        let signatures = self.signatures(value, true);
        let made = signatures.iter().take(4).map(|signature| {
            let env = self.explicit_env(signature, arguments);
            self.made_by(signature, &env)
        });
        let made: Vec<Type> = made.collect();
        if made.is_empty() { Type::Any } else { union(without_any(made)) }
    }

    fn explicit_env(&self, signature: &Signature, arguments: &[Type]) -> Env {
        let Some(module) = self.module(signature.file) else { return signature.env.clone() };
        let mut env = signature.env.clone();
        for (place, param) in module.function(signature.function).type_params.iter().enumerate() {
            if let Some(ty) = arguments.get(place) {
                env = env.bind(signature.file, *param, ty.clone());
            }
        }
        env
    }

    fn made_by(&self, signature: &Signature, env: &Env) -> Type {
        match &signature.makes {
            Some(makes) => makes.substitute(env),
            None => self.return_type(signature.file, signature.function, env),
        }
    }

    pub(super) fn call_type(
        &self,
        file: FileId,
        module: &Rc<Module>,
        call: ExprId,
        callee: ExprId,
        is_new: bool,
    ) -> Type {
        if let Some(known) = self.special_call(file, module, call, callee) {
            return known;
        }
        let callee_type = self.expr_type(file, callee);
        if is_new
            && let Type::Value(target, symbol) = &callee_type
            && let Some(found) = self.new_instance(file, module, call, (*target, *symbol))
        {
            return found;
        }
        let signatures = self.signatures(&callee_type, is_new);
        let Some(chosen) = self.choose(file, module, call, &signatures) else {
            return if is_new { self.constructed(&callee_type, &[]) } else { Type::Any };
        };
        let env = self.inferred_env(file, module, call, &chosen, true);
        self.made_by(&chosen, &env)
    }

    /// `new` of a class: its type arguments as given, inferred, or by default.
    fn new_instance(
        &self,
        file: FileId,
        module: &Rc<Module>,
        call: ExprId,
        (target, symbol): (FileId, crate::module::SymId),
    ) -> Option<Type> {
        let of = self.module(target)?;
        let class = of.symbol(symbol).decls.iter().find(|decl| of.decl(**decl).kind == DeclKind::Class)?;
        let params = &of.decl(*class).type_params;
        let ExprKind::Call { types, .. } = &module.expr(call).kind else { return None };
        if params.is_empty() {
            return Some(self.instance(target, symbol, Vec::new()));
        }
        if !types.is_empty() {
            let arguments = types.iter().map(|ty| self.eval(file, *ty, &Env::default())).collect();
            return Some(self.instance(target, symbol, arguments));
        }
        let signatures = self.class_constructors(target, &of, *class);
        let mut env = Env::default();
        if let Some(chosen) = self.choose(file, module, call, &signatures) {
            env = self.inferred_env(file, module, call, &chosen, true);
        }
        let expected = self.context_type(file, call);
        let expected = expected.as_ref().and_then(|expected| self.as_instance_of(expected, target, symbol));
        let arguments = params.iter().enumerate().map(|(place, param)| {
            let bound = env.get(target, *param).filter(|ty| !matches!(ty, Type::Param(_, known) if known == param));
            let from_context = || match &expected {
                Some(Type::Named(named)) => named.arguments.get(place).cloned(),
                _ => None,
            };
            bound.cloned().or_else(from_context).unwrap_or_else(|| match self.default_of(target, *param, &env) {
                Type::Param(..) => Type::Unknown,
                ty => ty,
            })
        });
        Some(self.instance(target, symbol, arguments.collect()))
    }

    /// Calls whose result no signature says well: `Object.create`, `f.bind`, `Object.assign`, mixins.
    fn special_call(&self, file: FileId, module: &Rc<Module>, call: ExprId, callee: ExprId) -> Option<Type> {
        let ExprKind::Call { arguments, .. } = &module.expr(call).kind else { return None };
        let ExprKind::Member { object, name, .. } = &module.expr(callee).kind else { return None };
        match &**name {
            "bind" => {
                let function = self.expr_type(file, *object);
                (!self.signatures(&function, false).is_empty()).then_some(function)
            }
            "call" | "apply" => {
                let function = self.expr_type(file, *object);
                let signatures = self.signatures(&function, false);
                let first = signatures.first()?;
                Some(self.return_type(first.file, first.function, &first.env))
            }
            "create" if module.slice(module.expr(*object).span) == "Object" => {
                let prototype = self.expr_type(file, *arguments.first()?);
                let held = module.holders.contains_key(&call);
                // Members that are set later are found by what holds it.
                if held { Some(self.created(file, call, prototype)) } else { Some(prototype) }
            }
            "assign" if module.slice(module.expr(*object).span) == "Object" => {
                let types: Vec<Type> = arguments.iter().map(|argument| self.expr_type(file, *argument)).collect();
                Some(Type::Intersection(Rc::from(types)))
            }
            _ => None,
        }
    }

    /// An object with a prototype, that has what is added to it by assignment too.
    fn created(&self, file: FileId, call: ExprId, prototype: Type) -> Type {
        let added =
            super::Callable { functions: Vec::new(), env: Env::default(), constructs: false, expr: Some((file, call)) };
        Type::Intersection(Rc::from(vec![Type::Function(Rc::new(added)), prototype]))
    }

    /// The signature that a call means: the first that takes as many arguments and does not refuse any at first sight.
    pub(crate) fn choose(
        &self,
        file: FileId,
        module: &Rc<Module>,
        call: ExprId,
        signatures: &[Signature],
    ) -> Option<Signature> {
        if signatures.len() <= 1 {
            return signatures.first().cloned();
        }
        let ExprKind::Call { arguments, types, .. } = &module.expr(call).kind else { return None };
        let fits = |signature: &&Signature| {
            self.takes(signature, arguments.len()) && self.accepts(file, module, signature, arguments, types)
        };
        signatures
            .iter()
            .find(fits)
            .or_else(|| signatures.iter().find(|signature| self.takes(signature, arguments.len())))
            .or_else(|| signatures.first())
            .cloned()
    }

    fn takes(&self, signature: &Signature, count: usize) -> bool {
        let Some(module) = self.module(signature.file) else { return false };
        let params = &module.function(signature.function).params;
        let needed = params.iter().filter(|param| !param.optional && param.default.is_none() && !param.rest).count();
        let rest = params.last().is_some_and(|param| param.rest);
        count >= needed && (rest || count <= params.len())
    }

    fn accepts(
        &self,
        file: FileId,
        module: &Rc<Module>,
        signature: &Signature,
        arguments: &[ExprId],
        types: &[TyId],
    ) -> bool {
        let Some(of) = self.module(signature.file) else { return false };
        let known = of.function(signature.function);
        if !types.is_empty() && known.type_params.len() < types.len() {
            return false;
        }
        for (place, argument) in arguments.iter().enumerate() {
            let Some(param) = known.params.get(place).or(known.params.last()) else { break };
            if param.rest {
                break;
            }
            let Some(ty) = param.ty else { continue };
            let wanted = self.eval(signature.file, ty, &signature.env);
            if let ExprKind::Function(function) = &module.expr(*argument).kind {
                let given = module.function(*function);
                if !self.may_be_function(&wanted, given.params.len())
                    || self.wants_predicate(&wanted, module, *function)
                {
                    return false;
                }
                continue;
            }
            let given = self.expr_type(file, *argument);
            let wanted = if param.optional { union(vec![wanted, Type::Undefined]) } else { wanted };
            if !matches!(wanted, Type::Param(..)) && self.extends(&given, &wanted, 0) == super::conditional::Extends::No
            {
                return false;
            }
        }
        true
    }

    /// Whether a predicate is wanted, and the function is none: its result is written otherwise, or is no test.
    fn wants_predicate(&self, wanted: &Type, module: &Module, given: FnId) -> bool {
        let is_predicate = |module: &Module, function: FnId| {
            let ret = module.function(function).ret.map(|ret| module.ty(ret));
            matches!(ret, Some(crate::module::TypeExpr::Predicate { .. }))
        };
        let signatures = self.signatures(wanted, false);
        let wants = signatures.first().is_some_and(|signature| {
            self.module(signature.file).is_some_and(|module| is_predicate(&module, signature.function))
        });
        wants && !is_predicate(module, given)
    }

    fn may_be_function(&self, ty: &Type, params: usize) -> bool {
        match ty {
            Type::Any | Type::Unknown | Type::ObjectKeyword => true,
            Type::Param(..) => self.constraint(ty).is_none_or(|ty| self.may_be_function(&ty, params)),
            Type::Union(types) => types.iter().any(|ty| self.may_be_function(ty, params)),
            Type::Named(named) if self.signatures(ty, false).is_empty() => {
                let name = self.module(named.file).and_then(|module| module.symbol(named.symbol).name.clone());
                name.as_deref() == Some("Function")
            }
            ty => {
                let signatures = self.signatures(ty, false);
                signatures.iter().any(|signature| {
                    self.module(signature.file).is_some_and(|module| {
                        let function = module.function(signature.function);
                        function.params.len() >= params || function.params.last().is_some_and(|param| param.rest)
                    })
                })
            }
        }
    }

    /// What the type parameters of the chosen signature stand for in a call. Functions among the arguments are looked into
    /// only where the result is wanted: they may need to know what they are given first.
    pub(crate) fn inferred_env(
        &self,
        file: FileId,
        module: &Rc<Module>,
        call: ExprId,
        signature: &Signature,
        with_functions: bool,
    ) -> Env {
        let Some(of) = self.module(signature.file) else { return Env::default() };
        let ExprKind::Call { arguments, types, .. } = &module.expr(call).kind else { return signature.env.clone() };
        let known = of.function(signature.function);
        let mut params = known.type_params.clone();
        if let Some(Type::Named(named)) = &signature.makes
            && named.file == signature.file
        {
            for argument in &named.arguments {
                if let Type::Param(_, param) = argument {
                    params.push(*param);
                }
            }
        }
        let mut env = signature.env.clone();
        if params.is_empty() {
            return env;
        }
        if !types.is_empty() {
            for (param, ty) in params.iter().zip(types) {
                env = env.bind(signature.file, *param, self.eval(file, *ty, &Env::default()));
            }
            return env;
        }
        let mut bindings = Bindings::for_params(signature.file, &params);
        for wanted in [false, true] {
            if wanted && !with_functions {
                break;
            }
            for (place, argument) in arguments.iter().enumerate() {
                if needs_context(module, *argument) != wanted {
                    continue;
                }
                self.infer_from(file, module, signature, (place, *argument), &mut bindings);
            }
        }
        let bound = bindings.take();
        for param in &params {
            let found = bound.iter().find(|(file, known, _)| *file == signature.file && known == param);
            let ty = match found {
                Some((_, _, ty)) => ty.clone(),
                None if with_functions => match self.default_of(signature.file, *param, &env) {
                    Type::Param(file, param) => {
                        self.constraint(&Type::Param(file, param)).map_or(Type::Unknown, |ty| ty.substitute(&env))
                    }
                    ty => ty,
                },
                None => continue,
            };
            env = env.bind(signature.file, *param, ty);
        }
        env
    }

    fn infer_from(
        &self,
        file: FileId,
        module: &Rc<Module>,
        signature: &Signature,
        (place, argument): (usize, ExprId),
        bindings: &mut Bindings,
    ) {
        let Some(of) = self.module(signature.file) else { return };
        let known = of.function(signature.function);
        let Some(param) = known.params.get(place).or(known.params.last().filter(|param| param.rest)) else { return };
        let Some(ty) = param.ty else { return };
        let given = self.expr_type(file, argument);
        let wanted = self.eval(signature.file, ty, &signature.env);
        if param.rest && !matches!(module.expr(argument).kind, ExprKind::Spread(_)) {
            match &wanted {
                // `...args: A` takes what is left as a tuple.
                Type::Param(..) => {
                    let first = known.params.len() - 1;
                    if place == first {
                        self.unify(&wanted, &Type::Tuple(Rc::from(vec![given])), bindings, 0);
                    }
                }
                Type::Tuple(types) => {
                    let first = known.params.len() - 1;
                    if let Some(wanted) = types.get(place - first.min(place)).or(types.last()) {
                        self.unify(wanted, &given, bindings, 0);
                    }
                }
                wanted => self.unify(&self.iterated(wanted), &given, bindings, 0),
            }
            return;
        }
        self.unify(&wanted, &given.widened_if(&wanted), bindings, 0);
    }
}

impl Type {
    /// Literals are inferred as what they are only where that is asked for.
    fn widened_if(&self, wanted: &Self) -> Self {
        match wanted {
            Self::Param(..) => self.widened(),
            _ => self.clone(),
        }
    }
}

/// Whether an argument can be typed only once it is known what it is for.
fn needs_context(module: &Module, expr: ExprId) -> bool {
    match &module.expr(expr).kind {
        ExprKind::Function(function) => module.function(*function).params.iter().any(|param| param.ty.is_none()),
        ExprKind::Same(inner) => needs_context(module, *inner),
        ExprKind::Object(shape) => {
            let shape = module.shape(*shape);
            shape.members.iter().any(|member| {
                module.decl(member.decl).value.is_some_and(|value| {
                    matches!(module.expr(value).kind, ExprKind::Function(_)) && needs_context(module, value)
                })
            })
        }
        ExprKind::Conditional(yes, no) => needs_context(module, *yes) || needs_context(module, *no),
        _ => false,
    }
}
