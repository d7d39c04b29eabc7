//! Values of a type.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::model::{Base, Members, Model, Shape, Type};
use super::random::Random;

/// Below this only what must be there is there.
const DEPTH_MAX: usize = 8;

const STRINGS: [&str; 8] =
    ["", "a", "helper", "utf-16", "\u{1f600} \u{301}\u{202e}", "line\r\nline\u{2028}", "\0\u{7f}", "%2F..%00\\"];

/// Which members that may be missing are there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Presence {
    /// None.
    Least,
    /// All.
    All,
    /// Each or not.
    Some,
}

/// Makes values. The alternatives of each choice take turns, so that all of them come.
pub(crate) struct Generator<'a> {
    pub(crate) model: &'a Model,
    pub(crate) random: RefCell<Random>,
    /// What documents are spoken of.
    uris: Vec<String>,
    turns: RefCell<BTreeMap<usize, usize>>,
}

impl<'a> Generator<'a> {
    pub(crate) fn new(model: &'a Model, seed: u64, uris: Vec<String>) -> Self {
        Self { model, random: RefCell::new(Random(seed)), uris, turns: RefCell::default() }
    }

    /// A value of a type.
    pub(crate) fn value(&self, typ: &'a Type, presence: Presence) -> Value {
        self.value_at(typ, presence, 0)
    }

    fn value_at(&self, typ: &'a Type, presence: Presence, depth: usize) -> Value {
        let shapes = self.model.shapes(typ);
        let turn = {
            let mut turns = self.turns.borrow_mut();
            let turn = turns.entry(std::ptr::from_ref(typ).addr()).or_default();
            *turn += 1;
            *turn - 1
        };
        match &shapes[turn % shapes.len()] {
            Shape::Object(members) => self.object(members, presence, depth),
            Shape::Other(other) => self.other(other, presence, depth),
        }
    }

    fn object(&self, members: &Members<'a>, presence: Presence, depth: usize) -> Value {
        // Places that are in the document, so that something is found at them.
        if members.name == Some("Position") {
            let mut random = self.random.borrow_mut();
            return json!({"line": random.below(4), "character": random.below(3)});
        }
        let mut object = Map::new();
        for (name, property) in &members.properties {
            let is_there = match presence {
                _ if !property.optional => true,
                _ if depth >= DEPTH_MAX => false,
                Presence::Least => false,
                Presence::All => true,
                Presence::Some => self.random.borrow_mut().percent(50),
            };
            if is_there {
                object.insert((*name).to_owned(), self.value_at(&property.typ, presence, depth + 1));
            }
        }
        if let Some(others) = members.others.filter(|_| presence == Presence::All) {
            object.insert("other member".to_owned(), self.value_at(others, presence, depth + 1));
        }
        if members.name == Some("Range") {
            object = ordered(object);
        }
        Value::Object(object)
    }

    fn other(&self, typ: &'a Type, presence: Presence, depth: usize) -> Value {
        let n_elements = match presence {
            Presence::Least => 0,
            _ if depth >= DEPTH_MAX => 0,
            Presence::All | Presence::Some => self.random.borrow_mut().below(4),
        };
        match typ {
            Type::Array { element } => (0..n_elements).map(|_| self.value_at(element, presence, depth + 1)).collect(),
            Type::Tuple { items } => items.iter().map(|item| self.value_at(item, presence, depth + 1)).collect(),
            Type::Map { key, value } => {
                let name = |key: Value| key.as_str().unwrap().to_owned();
                let members = (0..n_elements).map(|_| {
                    (name(self.value_at(key, presence, depth + 1)), self.value_at(value, presence, depth + 1))
                });
                Value::Object(members.collect())
            }
            Type::StringLiteral { value } => json!(value),
            Type::IntegerLiteral { value } => json!(value),
            Type::BooleanLiteral { value } => json!(value),
            Type::Base { name } => self.base(*name),
            typ => panic!("{typ:?} is not resolved"),
        }
    }

    fn base(&self, base: Base) -> Value {
        let mut random = self.random.borrow_mut();
        match base {
            Base::String => json!(random.pick(&STRINGS)),
            Base::DocumentUri | Base::Uri => json!(random.pick(&self.uris)),
            Base::Integer => json!(random.pick(&[0, 1, -1, 7, i32::MAX, i32::MIN])),
            Base::Uinteger => json!(random.pick(&[0, 1, 2, 80, i32::MAX])),
            Base::Decimal => json!(random.pick(&[0.0, 0.5, 1.0])),
            Base::Boolean => json!(random.percent(50)),
            Base::Null => Value::Null,
            Base::Object => json!({"any": [1, {"thing": null}]}),
            Base::Any => random
                .pick(&[Value::Null, json!(true), json!(-1.5), json!("\u{1f600}"), json!([[], {}]), json!({"a": [{}]})])
                .clone(),
            Base::Never => panic!("there is no such value"),
        }
    }
}

/// A range that does not end before it starts.
fn ordered(mut range: Map<String, Value>) -> Map<String, Value> {
    let place = |end: &str| (range[end]["line"].as_u64(), range[end]["character"].as_u64());
    if place("start") > place("end") {
        let start = range.insert("start".to_owned(), range["end"].clone()).unwrap();
        range.insert("end".to_owned(), start);
    }
    range
}
