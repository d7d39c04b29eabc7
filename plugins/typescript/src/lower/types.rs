//! Types as they are written.

use std::rc::Rc;

use oxc_ast::ast::{
    TSImportTypeQualifier, TSLiteral, TSMappedType, TSTupleElement, TSType, TSTypeName, TSTypeOperatorOperator,
    TSTypeParameterInstantiation, TSTypePredicateName, TSTypeQueryExprName,
};
use oxc_span::GetSpan;
use vraftls_guest_sdk::roles;

use super::Lower;
use super::functions::Signature;
use crate::module::{Context, DeclKind, ExprId, ExprKind, Name, Occ, Range, TyId, TypeExpr};

impl Lower<'_> {
    pub(super) fn ty(&mut self, ty: &TSType<'_>) -> TyId {
        let span = self.type_range(ty.span());
        let lowered = match ty {
            TSType::TSAnyKeyword(_) | TSType::TSIntrinsicKeyword(_) | TSType::JSDocUnknownType(_) => TypeExpr::Any,
            TSType::TSUnknownKeyword(_) => TypeExpr::Unknown,
            TSType::TSNeverKeyword(_) => TypeExpr::Never,
            TSType::TSUndefinedKeyword(_) | TSType::TSVoidKeyword(_) => TypeExpr::Undefined,
            TSType::TSNullKeyword(_) => TypeExpr::Null,
            TSType::TSStringKeyword(_) => TypeExpr::String,
            TSType::TSNumberKeyword(_) => TypeExpr::Number,
            TSType::TSBooleanKeyword(_) => TypeExpr::Boolean,
            TSType::TSBigIntKeyword(_) => TypeExpr::BigInt,
            TSType::TSSymbolKeyword(_) => TypeExpr::Symbol,
            TSType::TSObjectKeyword(_) => TypeExpr::ObjectKeyword,
            TSType::TSThisType(_) => TypeExpr::This,
            TSType::TSArrayType(array) => TypeExpr::Array(self.ty(&array.element_type)),
            TSType::TSTupleType(tuple) => {
                TypeExpr::Tuple(tuple.element_types.iter().map(|element| self.tuple_element(element)).collect())
            }
            TSType::TSUnionType(union) => TypeExpr::Union(union.types.iter().map(|ty| self.ty(ty)).collect()),
            TSType::TSIntersectionType(all) => TypeExpr::Intersection(all.types.iter().map(|ty| self.ty(ty)).collect()),
            TSType::TSParenthesizedType(inner) => return self.ty(&inner.type_annotation),
            TSType::JSDocNullableType(inner) => return self.ty(&inner.type_annotation),
            TSType::JSDocNonNullableType(inner) => return self.ty(&inner.type_annotation),
            TSType::TSNamedTupleMember(inner) => return self.tuple_element(&inner.element_type),
            TSType::TSTypeReference(reference) => {
                let name = self.entity(&reference.type_name);
                let arguments = self.type_arguments(reference.type_arguments.as_deref());
                TypeExpr::Reference(name, arguments)
            }
            TSType::TSTypeLiteral(literal) => TypeExpr::Shape(self.signatures(&literal.members)),
            TSType::TSFunctionType(_) | TSType::TSConstructorType(_) => self.function_type(ty),
            _ => self.rarer_type(ty),
        };
        self.push_type(lowered, span)
    }

    fn function_type(&mut self, ty: &TSType<'_>) -> TypeExpr {
        match ty {
            TSType::TSFunctionType(function) => TypeExpr::Function(self.signature(&Signature {
                span: function.span,
                type_parameters: function.type_parameters.as_deref(),
                this: function.this_param.as_deref(),
                params: &function.params,
                ret: Some(&function.return_type),
            })),
            TSType::TSConstructorType(function) => TypeExpr::Constructor(self.signature(&Signature {
                span: function.span,
                type_parameters: function.type_parameters.as_deref(),
                this: None,
                params: &function.params,
                ret: Some(&function.return_type),
            })),
            _ => TypeExpr::Any,
        }
    }

    fn rarer_type(&mut self, ty: &TSType<'_>) -> TypeExpr {
        match ty {
            TSType::TSLiteralType(literal) => self.literal_type(&literal.literal),
            TSType::TSTemplateLiteralType(template) => {
                for ty in &template.types {
                    self.ty(ty);
                }
                TypeExpr::String
            }
            TSType::TSTypeOperatorType(operator) => {
                let inner = self.ty(&operator.type_annotation);
                match operator.operator {
                    TSTypeOperatorOperator::Keyof => TypeExpr::KeyOf(inner),
                    TSTypeOperatorOperator::Unique | TSTypeOperatorOperator::Readonly => TypeExpr::Union(vec![inner]),
                }
            }
            TSType::TSIndexedAccessType(access) => {
                let object = self.ty(&access.object_type);
                TypeExpr::Indexed(object, self.ty(&access.index_type))
            }
            TSType::TSConditionalType(conditional) => {
                let check = self.ty(&conditional.check_type);
                let extends = self.ty(&conditional.extends_type);
                let yes = self.ty(&conditional.true_type);
                TypeExpr::Conditional { check, extends, yes, no: self.ty(&conditional.false_type) }
            }
            TSType::TSInferType(infer) => TypeExpr::Infer(self.type_parameter(&infer.type_parameter)),
            TSType::TSMappedType(mapped) => self.mapped(mapped),
            TSType::TSTypePredicate(predicate) => {
                let parameter = match &predicate.parameter_name {
                    TSTypePredicateName::Identifier(id) => {
                        let name = self.name(&id.name);
                        self.predicate_parameter(&name, self.range(id.span));
                        Some(name)
                    }
                    TSTypePredicateName::This(_) => None,
                };
                let ty = predicate.type_annotation.as_ref().map(|annotation| self.ty(&annotation.type_annotation));
                TypeExpr::Predicate { parameter, ty, asserts: predicate.asserts }
            }
            TSType::TSTypeQuery(query) => match &query.expr_name {
                TSTypeQueryExprName::TSImportType(import) => self.import_type(import, true),
                name => {
                    let entity = match name.as_ts_type_name() {
                        Some(name) => self.entity(name),
                        None => self.push(ExprKind::Unknown, Range::default(), Context::None),
                    };
                    self.type_arguments(query.type_arguments.as_deref());
                    TypeExpr::Query(entity)
                }
            },
            TSType::TSImportType(import) => self.import_type(import, false),
            _ => TypeExpr::Any,
        }
    }

    /// The parameter that a predicate speaks of: the last one of that name.
    fn predicate_parameter(&mut self, name: &Name, span: Range) {
        let Some(function) = self.function else { return };
        let params = &self.module.functions[function.index()].params;
        let decl = params.iter().find(|param| param.name == *name).and_then(|param| param.decl);
        if let Some(symbol) = decl.and_then(|decl| self.module.decl(decl).symbol) {
            let ident = crate::module::Ident::Local(symbol);
            let expr = self.push(ExprKind::Ident(ident), span, Context::None);
            self.occurrence(span, Occ::Ident(expr), roles::REFERS);
        }
    }

    fn tuple_element(&mut self, element: &TSTupleElement<'_>) -> TyId {
        match element {
            TSTupleElement::TSOptionalType(inner) => self.ty(&inner.type_annotation),
            TSTupleElement::TSRestType(inner) => {
                let span = self.type_range(inner.span);
                let inner = self.ty(&inner.type_annotation);
                self.push_type(TypeExpr::Rest(inner), span)
            }
            element => match element.as_ts_type() {
                Some(ty) => self.ty(ty),
                None => self.push_type(TypeExpr::Any, Range::default()),
            },
        }
    }

    fn literal_type(&mut self, literal: &TSLiteral<'_>) -> TypeExpr {
        match literal {
            TSLiteral::BooleanLiteral(literal) => TypeExpr::BooleanLiteral(literal.value),
            TSLiteral::NumericLiteral(literal) => TypeExpr::NumberLiteral(self.name(&literal.value.to_string())),
            TSLiteral::BigIntLiteral(_) => TypeExpr::BigInt,
            TSLiteral::StringLiteral(literal) => TypeExpr::StringLiteral(self.name(&literal.value)),
            TSLiteral::TemplateLiteral(_) => TypeExpr::String,
            TSLiteral::UnaryExpression(_) => TypeExpr::Number,
        }
    }

    fn mapped(&mut self, mapped: &TSMappedType<'_>) -> TypeExpr {
        let full = self.range(mapped.span);
        let key = self.declare(&mapped.key, DeclKind::TypeParameter, full);
        self.module.decls[key.index()].flags.local = true;
        let constraint = self.ty(&mapped.constraint);
        self.module.decls[key.index()].ty = Some(constraint);
        if let Some(name) = &mapped.name_type {
            self.ty(name);
        }
        let value = mapped.type_annotation.as_ref().map(|ty| self.ty(ty));
        TypeExpr::Mapped { key, constraint, value }
    }

    fn import_type(&mut self, import: &oxc_ast::ast::TSImportType<'_>, is_value: bool) -> TypeExpr {
        let full = self.range(import.span);
        let spec = self.spec(&import.source.value, import.source.span, full);
        let mut path: Vec<(Name, Range)> = Vec::new();
        let mut qualifier = import.qualifier.as_ref();
        while let Some(part) = qualifier {
            let (name, span, next) = match part {
                TSImportTypeQualifier::Identifier(id) => (self.name(&id.name), self.range(id.span), None),
                TSImportTypeQualifier::QualifiedName(name) => {
                    (self.name(&name.right.name), self.range(name.right.span), Some(&name.left))
                }
            };
            path.push((name, span));
            qualifier = next;
        }
        path.reverse();
        let arguments = self.type_arguments(import.type_arguments.as_deref());
        // The type is pushed right after this, under the next number.
        let ty = TyId(self.module.types.len() as u32);
        for (place, (_, span)) in path.clone().into_iter().enumerate() {
            self.occurrence(span, Occ::ImportType(ty, place as u32), roles::REFERS);
        }
        TypeExpr::Import { spec, path, arguments, is_value }
    }

    pub(super) fn type_arguments(&mut self, arguments: Option<&TSTypeParameterInstantiation<'_>>) -> Vec<TyId> {
        let mut found = Vec::new();
        for ty in arguments.iter().flat_map(|arguments| &arguments.params) {
            found.push(self.ty(ty));
        }
        found
    }

    /// The name of a type, a namespace's member, or a value in `typeof`, as an expression.
    pub(super) fn entity(&mut self, name: &TSTypeName<'_>) -> ExprId {
        match name {
            TSTypeName::IdentifierReference(id) => {
                // `as const` is no reference.
                self.identifier(id, roles::REFERS, Context::None)
            }
            TSTypeName::QualifiedName(qualified) => {
                let object = self.entity(&qualified.left);
                let (name, name_span) = (self.name(&qualified.right.name), self.range(qualified.right.span));
                let span = self.range(qualified.span);
                let id = self.push(ExprKind::Member { object, name: Rc::clone(&name), name_span }, span, Context::None);
                self.occurrence(name_span, Occ::Member(id), roles::REFERS | roles::ATTRIBUTE);
                id
            }
            TSTypeName::ThisExpression(this) => {
                let span = self.range(this.span);
                self.push(ExprKind::This(self.this), span, Context::None)
            }
        }
    }
}
