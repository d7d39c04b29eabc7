//! The outline: functions, classes, their members, and the variables that other files can see.
//!
//! Local variables are left out. Attributes that a method assigns to its object are members of the class, listed once.

mod kinds;

use ruff_python_ast::{self as ast, ExceptHandler, Expr, Identifier, Stmt};
use ruff_text_size::{Ranged, TextRange};
use rustc_hash::FxHashSet;
use vraftls_guest_sdk::{Symbol, SymbolFlags};

use super::exports::for_each_export;
use super::interface::for_each_block;
use super::{span, strings};
use kinds::{ClassForm, kind_of_class, kind_of_function, kind_of_variable};

/// The parent of a symbol at the top.
const NO_PARENT: u32 = u32::MAX;
/// The longest detail in characters.
const DETAIL_CHARS_MAX: usize = 160;

/// The outline of a module.
pub(super) fn symbols(text: &str, suite: &[Stmt]) -> Vec<Symbol> {
    let mut outline = Outline { text, symbols: Vec::new(), exports: listed_exports(suite) };
    let mut module = Container::top();
    outline.body(suite, &mut module);
    outline.symbols
}

/// The SymbolKind of a class.
pub(crate) fn symbol_kind_of_class(class: &ast::StmtClassDef) -> u32 {
    kind_of_class(ClassForm::of(class))
}

/// The SymbolKind of a function, or of a method where it stands in a class.
pub(crate) fn symbol_kind_of_function(function: &ast::StmtFunctionDef, in_class: bool) -> u32 {
    kind_of_function(function, in_class)
}

/// The SymbolKind of a variable with what it is declared and set to, in a module or in a class.
pub(crate) fn symbol_kind_of_variable(
    name: &str,
    annotation: Option<&Expr>,
    value: Option<&Expr>,
    class: Option<&ast::StmtClassDef>,
) -> u32 {
    kind_of_variable(name, annotation, value, class.map(ClassForm::of))
}

/// The names in `__all__`, where there is one.
fn listed_exports(suite: &[Stmt]) -> Option<FxHashSet<String>> {
    let mut listed: Option<FxHashSet<String>> = None;
    for statement in suite {
        for_each_export(statement, &mut |string| {
            listed.get_or_insert_default().insert(string.as_str().to_owned());
        });
    }
    listed
}

/// What a body is the body of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Body<'ast> {
    Module,
    Class(ClassForm),
    /// A function; a method has the name of its receiver.
    Function(Option<&'ast str>),
}

/// The symbol that a body belongs to, and what was listed in it.
struct Container<'ast> {
    body: Body<'ast>,
    parent: u32,
    exported: bool,
    /// Variables listed so far.
    seen: FxHashSet<&'ast str>,
}

impl Container<'_> {
    fn top() -> Self {
        Self { body: Body::Module, parent: NO_PARENT, exported: true, seen: FxHashSet::default() }
    }
}

struct Outline<'text> {
    text: &'text str,
    symbols: Vec<Symbol>,
    exports: Option<FxHashSet<String>>,
}

impl Outline<'_> {
    fn body<'ast>(&mut self, body: &'ast [Stmt], container: &mut Container<'ast>) {
        for statement in body {
            self.statement(statement, container);
        }
    }

    fn statement<'ast>(&mut self, statement: &'ast Stmt, container: &mut Container<'ast>) {
        match statement {
            Stmt::FunctionDef(function) => {
                self.function(function, container);
            }
            Stmt::ClassDef(class) => self.class(class, container),
            Stmt::Assign(assign) => {
                for target in &assign.targets {
                    self.targets(target, statement.range(), None, Some(&assign.value), container);
                }
            }
            Stmt::AnnAssign(assign) => {
                let annotation = Some(assign.annotation.as_ref());
                self.targets(&assign.target, assign.range, annotation, assign.value.as_deref(), container);
            }
            Stmt::TypeAlias(alias) => {
                if let Expr::Name(name) = alias.name.as_ref() {
                    self.variable(name, alias.range, kinds::TYPE_ALIAS, String::new(), container);
                }
            }
            _ => self.compound(statement, container),
        }
    }

    /// Blocks that do not make a scope.
    fn compound<'ast>(&mut self, statement: &'ast Stmt, container: &mut Container<'ast>) {
        match statement {
            Stmt::If(statement) => {
                self.body(&statement.body, container);
                for clause in &statement.elif_else_clauses {
                    self.body(&clause.body, container);
                }
            }
            Stmt::For(statement) => {
                self.targets(&statement.target, statement.target.range(), None, None, container);
                self.body(&statement.body, container);
                self.body(&statement.orelse, container);
            }
            Stmt::While(statement) => {
                self.body(&statement.body, container);
                self.body(&statement.orelse, container);
            }
            Stmt::With(statement) => {
                for item in &statement.items {
                    if let Some(target) = &item.optional_vars {
                        self.targets(target, target.range(), None, None, container);
                    }
                }
                self.body(&statement.body, container);
            }
            Stmt::Try(statement) => {
                self.body(&statement.body, container);
                for ExceptHandler::ExceptHandler(handler) in &statement.handlers {
                    self.body(&handler.body, container);
                }
                self.body(&statement.orelse, container);
                self.body(&statement.finalbody, container);
            }
            Stmt::Match(statement) => {
                for case in &statement.cases {
                    self.body(&case.body, container);
                }
            }
            _ => {}
        }
    }

    fn function<'ast>(&mut self, function: &'ast ast::StmtFunctionDef, container: &mut Container<'ast>) {
        if function.name.is_empty() {
            return;
        }
        let in_class = matches!(container.body, Body::Class(_));
        let kind = kind_of_function(function, in_class);
        let deprecated = is_deprecated(&function.decorator_list);
        let detail = self.signature(function);
        let index = self.push(&function.name, function.range, kind, detail, deprecated, container);
        let receiver = in_class.then(|| receiver_of(function)).flatten();
        let mut inner =
            Container { body: Body::Function(receiver), parent: index, exported: false, seen: FxHashSet::default() };
        self.function_body(&function.body, &mut inner, container);
    }

    /// The body of a function: nested definitions are its own, attributes of its receiver are the class's.
    fn function_body<'ast>(&mut self, body: &'ast [Stmt], inner: &mut Container<'ast>, class: &mut Container<'ast>) {
        for statement in body {
            self.function_statement(statement, inner, class);
        }
    }

    fn function_statement<'ast>(
        &mut self,
        statement: &'ast Stmt,
        inner: &mut Container<'ast>,
        class: &mut Container<'ast>,
    ) {
        let Body::Function(receiver) = inner.body else { return };
        match statement {
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => self.statement(statement, inner),
            Stmt::Assign(assign) => {
                for target in &assign.targets {
                    self.attributes(target, assign.range, None, receiver, class);
                }
            }
            Stmt::AnnAssign(assign) => {
                self.attributes(&assign.target, assign.range, Some(&assign.annotation), receiver, class);
            }
            _ => for_each_block(statement, &mut |block| self.function_body(block, inner, class)),
        }
    }

    /// Lists `self.x` among the targets of an assignment.
    fn attributes<'ast>(
        &mut self,
        target: &'ast Expr,
        full: TextRange,
        annotation: Option<&'ast Expr>,
        receiver: Option<&str>,
        class: &mut Container<'ast>,
    ) {
        match target {
            Expr::Attribute(attribute) => {
                let is_member =
                    matches!(attribute.value.as_ref(), Expr::Name(name) if Some(name.id.as_str()) == receiver);
                if is_member && !attribute.attr.is_empty() && class.seen.insert(attribute.attr.as_str()) {
                    let detail = self.annotation(annotation);
                    self.push(&attribute.attr, full, kinds::FIELD, detail, false, class);
                }
            }
            Expr::Tuple(tuple) => {
                tuple.elts.iter().for_each(|element| self.attributes(element, full, None, receiver, class));
            }
            Expr::List(list) => {
                list.elts.iter().for_each(|element| self.attributes(element, full, None, receiver, class));
            }
            Expr::Starred(starred) => self.attributes(&starred.value, full, None, receiver, class),
            _ => {}
        }
    }

    fn class<'ast>(&mut self, class: &'ast ast::StmtClassDef, container: &mut Container<'ast>) {
        if class.name.is_empty() {
            return;
        }
        let form = ClassForm::of(class);
        let detail = class.arguments.as_ref().map(|arguments| self.one_line(arguments.range)).unwrap_or_default();
        let deprecated = is_deprecated(&class.decorator_list);
        let index = self.push(&class.name, class.range, kind_of_class(form), detail, deprecated, container);
        let exported = self.symbols[index as usize].traits & SymbolFlags::EXPORTED == SymbolFlags::EXPORTED;
        let mut inner = Container { body: Body::Class(form), parent: index, exported, seen: FxHashSet::default() };
        self.body(&class.body, &mut inner);
    }

    /// Lists the variables among the targets of an assignment.
    fn targets<'ast>(
        &mut self,
        target: &'ast Expr,
        full: TextRange,
        annotation: Option<&'ast Expr>,
        value: Option<&'ast Expr>,
        container: &mut Container<'ast>,
    ) {
        match target {
            Expr::Name(name) => {
                let in_class = match container.body {
                    Body::Class(form) => Some(form),
                    _ => None,
                };
                let kind = kind_of_variable(name.id.as_str(), annotation, value, in_class);
                let detail = self.annotation(annotation);
                self.variable(name, full, kind, detail, container);
            }
            Expr::Tuple(tuple) => {
                tuple.elts.iter().for_each(|element| self.targets(element, full, None, None, container));
            }
            Expr::List(list) => list.elts.iter().for_each(|element| self.targets(element, full, None, None, container)),
            Expr::Starred(starred) => self.targets(&starred.value, full, None, None, container),
            _ => {}
        }
    }

    fn variable<'ast>(
        &mut self,
        name: &'ast ast::ExprName,
        full: TextRange,
        kind: u32,
        detail: String,
        container: &mut Container<'ast>,
    ) {
        if name.id.is_empty() || name.id.as_str() == "_" || !container.seen.insert(name.id.as_str()) {
            return;
        }
        let name = Identifier::new(name.id.clone(), name.range);
        self.push(&name, full, kind, detail, false, container);
    }

    /// Adds a symbol; its index.
    fn push(
        &mut self,
        name: &Identifier,
        full: TextRange,
        kind: u32,
        detail: String,
        deprecated: bool,
        container: &Container<'_>,
    ) -> u32 {
        let index = self.symbols.len() as u32;
        let text = name.as_str();
        let private = text.starts_with('_') && !(text.starts_with("__") && text.ends_with("__"));
        let listed = match (&self.exports, container.body) {
            (Some(exports), Body::Module) => exports.contains(text),
            _ => !private,
        };
        let flag = |holds: bool, flag: SymbolFlags| if holds { flag } else { SymbolFlags::empty() };
        let traits = flag(container.exported && listed, SymbolFlags::EXPORTED)
            | flag(private, SymbolFlags::PRIVATE)
            | flag(deprecated, SymbolFlags::DEPRECATED);
        self.symbols.push(Symbol {
            name: text.to_owned(),
            detail,
            kind,
            parent: container.parent,
            full: span(full.cover(name.range)),
            span: span(name.range),
            traits,
        });
        index
    }

    /// `(a, b: int = 1) -> str`.
    fn signature(&self, function: &ast::StmtFunctionDef) -> String {
        let mut signature = self.one_line(function.parameters.range);
        if let Some(returns) = &function.returns {
            signature.push_str(" -> ");
            signature.push_str(&self.one_line(returns.range()));
        }
        shorten(signature)
    }

    fn annotation(&self, annotation: Option<&Expr>) -> String {
        annotation.map(|annotation| shorten(self.one_line(annotation.range()))).unwrap_or_default()
    }

    /// The text of a range, each run of white space as one space.
    fn one_line(&self, range: TextRange) -> String {
        let written = self.text.get(range.start().to_usize()..range.end().to_usize()).unwrap_or_default();
        let mut line = String::with_capacity(written.len().min(DETAIL_CHARS_MAX));
        for word in written.split_whitespace() {
            if line.len() > DETAIL_CHARS_MAX * 4 {
                break;
            }
            if !line.is_empty() && !line.ends_with(['(', '[']) && !word.starts_with([')', ']']) {
                line.push(' ');
            }
            line.push_str(word);
        }
        line
    }
}

/// The name of a function's first parameter.
fn receiver_of(function: &ast::StmtFunctionDef) -> Option<&str> {
    let is_static = function
        .decorator_list
        .iter()
        .any(|decorator| strings::last_name(&decorator.expression) == Some("staticmethod"));
    if is_static {
        return None;
    }
    function.parameters.iter().next().map(|parameter| parameter.name().as_str())
}

fn is_deprecated(decorators: &[ast::Decorator]) -> bool {
    decorators.iter().any(|decorator| match &decorator.expression {
        Expr::Call(call) => strings::last_name(&call.func) == Some("deprecated"),
        other => strings::last_name(other) == Some("deprecated"),
    })
}

fn shorten(mut text: String) -> String {
    if let Some((cut, _)) = text.char_indices().nth(DETAIL_CHARS_MAX) {
        text.truncate(cut);
        text.push('…');
    }
    text
}
