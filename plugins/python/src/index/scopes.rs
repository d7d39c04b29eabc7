//! Which names are local to a function, as far as the grammar alone decides it.
//!
//! Python fixes the scope of a name when a function is compiled: a name that is bound anywhere in a function is local to it
//! unless `global` or `nonlocal` says otherwise, and functions inside see it. So the answer is known when the function
//! ends. Until then occurrences wait in their scope; at its end each is settled or moves outward. A class body does not
//! decide: its names are members, and functions inside it do not see them.

use vraftls_guest_sdk::roles;

use super::names::{NameId, OccurrenceId, Recorder};

/// What a scope is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScopeKind {
    /// The whole file. Its names are for everybody, so nothing waits in it.
    Module,
    /// A class body.
    Class,
    /// A function or lambda.
    Function,
    /// A comprehension or generator expression; `:=` inside binds outside of it.
    Comprehension,
    /// Around a definition that has type parameters. Unlike a function it sees the names of the class it stands in.
    Annotation,
}

/// An occurrence that waits to be settled.
#[derive(Clone, Copy)]
struct Waiting {
    occurrence: OccurrenceId,
    name: NameId,
}

struct Scope {
    kind: ScopeKind,
    bound: Vec<NameId>,
    globals: Vec<NameId>,
    nonlocals: Vec<NameId>,
    waiting: Vec<Waiting>,
    /// Occurrences from functions inside a class, that only pass through it.
    passing: Vec<Waiting>,
}

impl Scope {
    fn new(kind: ScopeKind) -> Self {
        Self {
            kind,
            bound: Vec::new(),
            globals: Vec::new(),
            nonlocals: Vec::new(),
            waiting: Vec::new(),
            passing: Vec::new(),
        }
    }
}

/// The scopes around the place that is walked, and the settling of names when they end.
pub(super) struct Scopes {
    stack: Vec<Scope>,
    /// Ended scopes, kept for their allocations.
    spare: Vec<Scope>,
    /// For each name the number of the last settling that found it bound.
    bound_in: Vec<u32>,
    /// For each name the number of the last settling that found it declared global.
    global_in: Vec<u32>,
    settlings: u32,
}

impl Scopes {
    pub(super) fn new() -> Self {
        Self {
            stack: vec![Scope::new(ScopeKind::Module)],
            spare: Vec::new(),
            bound_in: Vec::new(),
            global_in: Vec::new(),
            settlings: 0,
        }
    }

    /// The kind of the innermost scope.
    pub(super) fn kind(&self) -> ScopeKind {
        self.stack.last().map_or(ScopeKind::Module, |scope| scope.kind)
    }

    /// Begins a scope.
    pub(super) fn open(&mut self, kind: ScopeKind) {
        let mut scope = self.spare.pop().unwrap_or_else(|| Scope::new(kind));
        scope.kind = kind;
        self.stack.push(scope);
    }

    /// Notes that an occurrence binds its name here.
    pub(super) fn bind(&mut self, occurrence: OccurrenceId, name: NameId) {
        self.bind_at(self.stack.len() - 1, occurrence, name);
    }

    /// Notes that an occurrence binds its name by `:=`, which passes over comprehensions.
    pub(super) fn bind_walrus(&mut self, occurrence: OccurrenceId, name: NameId) {
        let depth = self.stack.iter().rposition(|scope| scope.kind != ScopeKind::Comprehension).unwrap_or(0);
        self.bind_at(depth, occurrence, name);
    }

    fn bind_at(&mut self, depth: usize, occurrence: OccurrenceId, name: NameId) {
        let scope = &mut self.stack[depth];
        if scope.kind != ScopeKind::Module {
            scope.bound.push(name);
            scope.waiting.push(Waiting { occurrence, name });
        }
    }

    /// Notes that an occurrence uses its name here.
    pub(super) fn refer(&mut self, occurrence: OccurrenceId, name: NameId) {
        if let Some(scope) = self.stack.last_mut()
            && scope.kind != ScopeKind::Module
        {
            scope.waiting.push(Waiting { occurrence, name });
        }
    }

    /// Notes `global name`.
    pub(super) fn declare_global(&mut self, name: NameId) {
        if let Some(scope) = self.stack.last_mut() {
            scope.globals.push(name);
        }
    }

    /// Notes `nonlocal name`.
    pub(super) fn declare_nonlocal(&mut self, occurrence: OccurrenceId, name: NameId) {
        if let Some(scope) = self.stack.last_mut() {
            scope.nonlocals.push(name);
        }
        self.refer(occurrence, name);
    }

    /// Ends the innermost scope: settles what it decides and hands on the rest.
    pub(super) fn close(&mut self, recorder: &mut Recorder<'_>) {
        if self.stack.len() < 2 {
            return;
        }
        let Some(mut scope) = self.stack.pop() else { return };
        self.mark(&scope, recorder.name_count());
        let parent = &mut self.stack[..];
        let Some(parent) = parent.last_mut() else { return };
        for waiting in scope.waiting.drain(..) {
            let name = waiting.name as usize;
            if self.global_in[name] == self.settlings {
                continue;
            }
            if self.bound_in[name] != self.settlings {
                hand_on(parent, scope.kind, waiting);
            } else if scope.kind != ScopeKind::Class {
                recorder.add_roles(waiting.occurrence, roles::LOCAL);
            }
        }
        for waiting in scope.passing.drain(..) {
            hand_on(parent, ScopeKind::Class, waiting);
        }
        scope.bound.clear();
        scope.globals.clear();
        scope.nonlocals.clear();
        self.spare.push(scope);
    }

    /// Stamps the names that the scope binds or declares global with a fresh number.
    fn mark(&mut self, scope: &Scope, name_count: usize) {
        self.settlings += 1;
        self.bound_in.resize(name_count, 0);
        self.global_in.resize(name_count, 0);
        for &name in &scope.bound {
            self.bound_in[name as usize] = self.settlings;
        }
        for &name in &scope.nonlocals {
            self.bound_in[name as usize] = 0;
        }
        for &name in &scope.globals {
            self.global_in[name as usize] = self.settlings;
        }
    }
}

/// Moves an occurrence from an ended scope outward.
fn hand_on(parent: &mut Scope, from: ScopeKind, waiting: Waiting) {
    match parent.kind {
        ScopeKind::Module => {}
        ScopeKind::Class if from != ScopeKind::Annotation => parent.passing.push(waiting),
        _ => parent.waiting.push(waiting),
    }
}
