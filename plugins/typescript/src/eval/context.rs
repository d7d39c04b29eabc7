//! What type is expected where an expression stands, and what parameters get from it.

use std::rc::Rc;

use super::{Env, Frame, Type};
use crate::module::{Context, ExprId, ExprKind, FnId, Module, Name};
use crate::store::{FileId, Store};

impl Store {
    /// The type that is expected of an expression by where it stands.
    pub(crate) fn context_type(&self, file: FileId, expr: ExprId) -> Option<Type> {
        let module = self.module(file)?;
        let context = module.expr(expr).context.clone();
        if matches!(context, Context::None) {
            return None;
        }
        let found = self.fuel.run(Frame::Context(file, expr), || self.find_context(file, &module, context))?;
        found.0.filter(|ty| !matches!(ty, Type::Any | Type::Never))
    }

    fn find_context(&self, file: FileId, module: &Rc<Module>, context: Context) -> Option<Type> {
        match context {
            Context::None => None,
            Context::Typed(ty) => Some(self.eval(file, ty, &Env::default())),
            Context::Argument(call, place) => self.expected_argument(file, module, call, place),
            Context::Property(object, name) => {
                let object = self.context_type(file, object)?;
                self.expected_member(&object, &name)
            }
            Context::Element(array, place) => {
                let array = self.context_type(file, array)?;
                Some(self.element(&self.non_null(&array), Some(place)))
            }
            Context::Return(function) => self.expected_return(file, module, function),
            Context::Assigned(left) => Some(self.expr_type(file, left)),
            Context::Like(other) => match module.expr(other).kind {
                ExprKind::Object(_) => self.context_type(file, other),
                _ => Some(self.expr_type(file, other)),
            },
            Context::DefaultOf(value) => Some(self.expr_type(file, value)),
            Context::Attribute(jsx, name) => {
                let props = self.props(file, jsx)?;
                self.expected_member(&props, &name)
            }
            Context::Child(jsx) => {
                let props = self.props(file, jsx)?;
                self.expected_member(&props, &Rc::from("children"))
            }
            Context::Member(decl) => {
                let known = module.decl(decl);
                let class = known.owner.and_then(|shape| module.shape(shape).decl)?;
                let instance = self.own_instance(file, class);
                let bases = self.bases(&instance).into_iter().chain(self.implemented(&instance));
                bases.map(|base| self.member_type(&base, &known.name)).find(|ty| !ty.is_any())
            }
        }
    }

    fn expected_member(&self, object: &Type, name: &Name) -> Option<Type> {
        let found = self.member_type(object, name);
        (!found.is_any()).then_some(found)
    }

    fn expected_argument(&self, file: FileId, module: &Rc<Module>, call: ExprId, place: u32) -> Option<Type> {
        let ExprKind::Call { callee, is_new, .. } = &module.expr(call).kind else { return None };
        // `f.call(this, …)` expects what `f` does, one further.
        let callee_type = self.expr_type(file, *callee);
        let signatures = self.signatures(&callee_type, *is_new);
        let chosen = self.choose(file, module, call, &signatures)?;
        let env = self.inferred_env(file, module, call, &chosen, false);
        let ty = self.parameter_of(&chosen, place, &env)?;
        // What is not known yet is what it must be at least, or what the call is expected to give.
        Some(ty)
    }

    /// The type of a parameter of a signature.
    pub(crate) fn parameter_of(&self, signature: &super::Signature, place: u32, env: &Env) -> Option<Type> {
        let module = self.module(signature.file)?;
        let params = &module.function(signature.function).params;
        match params.get(place as usize).filter(|param| !param.rest) {
            Some(param) => match param.ty {
                Some(ty) => Some(self.eval(signature.file, ty, env)),
                None => {
                    let decl = param.decl?;
                    Some(self.decl_type(signature.file, decl, env))
                }
            },
            None => {
                let rest = params.last().filter(|param| param.rest)?;
                let ty = self.eval(signature.file, rest.ty?, env);
                let place = place.saturating_sub(params.len() as u32 - 1);
                Some(self.element(&self.resolve_constraint(&ty), Some(place)))
            }
        }
    }

    fn resolve_constraint(&self, ty: &Type) -> Type {
        match ty {
            Type::Param(..) => self.constraint(ty).unwrap_or(Type::Any),
            ty => ty.clone(),
        }
    }

    fn expected_return(&self, file: FileId, module: &Rc<Module>, function: FnId) -> Option<Type> {
        let known = module.function(function);
        let declared = match known.ret {
            Some(ret) => self.eval(file, ret, &Env::default()),
            None => {
                let expected = self.context_type(file, known.expr?)?;
                let signatures = self.signatures(&self.non_null(&expected), false);
                let signature = signatures.first()?;
                self.return_type(signature.file, signature.function, &signature.env)
            }
        };
        Some(if known.is_async { self.awaited(&declared) } else { declared })
    }

    /// What a parameter is: as annotated, by what the function is for, or by its default.
    pub(super) fn parameter_type(&self, file: FileId, module: &Rc<Module>, function: FnId, place: u32) -> Type {
        let known = module.function(function);
        let param = known.params.get(place as usize);
        if let Some(ty) = param.and_then(|param| param.ty) {
            return self.eval(file, ty, &Env::default());
        }
        let Some(expr) = known.expr else { return Type::Any };
        let Some(expected) = self.context_type(file, expr) else { return Type::Any };
        let signatures = self.signatures(&self.non_null(&expected), false);
        let Some(signature) = signatures.first() else { return Type::Any };
        if param.is_some_and(|param| param.rest) {
            return self.rest_of(signature, place);
        }
        self.parameter_of(signature, place, &signature.env).unwrap_or(Type::Any)
    }

    fn rest_of(&self, signature: &super::Signature, place: u32) -> Type {
        let Some(module) = self.module(signature.file) else { return Type::Any };
        let param = module.function(signature.function).params.get(place as usize);
        match param.filter(|param| param.rest).and_then(|param| param.ty) {
            Some(ty) => self.eval(signature.file, ty, &signature.env),
            None => match self.parameter_of(signature, place, &signature.env) {
                Some(element) => self.array(element),
                None => Type::Any,
            },
        }
    }

    /// What a component takes.
    pub(crate) fn props(&self, file: FileId, jsx: ExprId) -> Option<Type> {
        let module = self.module(file)?;
        let ExprKind::Jsx { tag: Some(tag), .. } = &module.expr(jsx).kind else { return None };
        let component = self.expr_type(file, *tag);
        if let Some(signature) = self.signatures(&component, false).first() {
            return self.parameter_of(signature, 0, &signature.env);
        }
        let instance = self.constructed(&component, &[]);
        let props = self.member_type(&instance, &Rc::from("props"));
        (!props.is_any()).then_some(props)
    }
}
