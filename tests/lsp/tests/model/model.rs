//! The protocol's messages and types.

use std::collections::BTreeMap;
use std::process::Command;

use serde::Deserialize;

use super::in_tree;

/// How deep types may name each other before there is an object.
const DEPTH_MAX: usize = 16;

#[derive(Deserialize)]
pub(crate) struct Model {
    structures: BTreeMap<String, Structure>,
    aliases: BTreeMap<String, Type>,
    pub(crate) requests: Vec<Request>,
    pub(crate) notifications: Vec<Notification>,
}

#[derive(Deserialize)]
struct Structure {
    extends: Vec<Type>,
    properties: Vec<Property>,
    others: Option<Type>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize, Debug)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Direction {
    ClientToServer,
    ServerToClient,
    Both,
}

#[derive(Deserialize)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) direction: Direction,
    pub(crate) params: Option<Type>,
    pub(crate) result: Type,
    #[serde(rename = "partialResult")]
    pub(crate) partial_result: Type,
}

#[derive(Deserialize)]
pub(crate) struct Notification {
    pub(crate) method: String,
    pub(crate) direction: Direction,
    pub(crate) params: Option<Type>,
}

#[derive(Deserialize, Debug)]
pub(crate) struct Property {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) typ: Type,
    pub(crate) optional: bool,
}

#[derive(Deserialize, Debug)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub(crate) enum Type {
    Base { name: Base },
    Reference { name: String },
    Array { element: Box<Type> },
    Map { key: Box<Type>, value: Box<Type> },
    Tuple { items: Vec<Type> },
    And { items: Vec<Type> },
    Or { items: Vec<Type> },
    Literal { properties: Vec<Property> },
    StringLiteral { value: String },
    IntegerLiteral { value: i64 },
    BooleanLiteral { value: bool },
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize, Debug)]
pub(crate) enum Base {
    #[serde(rename = "string")]
    String,
    #[serde(rename = "DocumentUri")]
    DocumentUri,
    #[serde(rename = "URI")]
    Uri,
    #[serde(rename = "integer")]
    Integer,
    #[serde(rename = "uinteger")]
    Uinteger,
    #[serde(rename = "decimal")]
    Decimal,
    #[serde(rename = "boolean")]
    Boolean,
    #[serde(rename = "null")]
    Null,
    #[serde(rename = "object")]
    Object,
    #[serde(rename = "any")]
    Any,
    #[serde(rename = "never")]
    Never,
}

/// One way to be of a type: its names and alternatives are resolved, down to the members of objects.
#[derive(Clone, Debug)]
pub(crate) enum Shape<'a> {
    /// An object with these members.
    Object(Members<'a>),
    /// Anything else; never a reference or a choice.
    Other(&'a Type),
}

#[derive(Clone, Default, Debug)]
pub(crate) struct Members<'a> {
    /// The name under which the protocol knows it, if it has one.
    pub(crate) name: Option<&'a str>,
    pub(crate) properties: BTreeMap<&'a str, &'a Property>,
    /// What members of any other name are, if there may be some.
    pub(crate) others: Option<&'a Type>,
}

impl Model {
    /// Reads it by Node.
    pub(crate) fn read() -> Self {
        let packages = in_tree("target/node/clients/node_modules");
        assert!(packages.is_dir(), "the packages of Node are not installed; `cargo xtask test` installs them");
        let script = in_tree("tests/lsp/node/model.cjs");
        let output = Command::new("node").arg(script).env("NODE_PATH", packages).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    pub(crate) fn request(&self, method: &str) -> Option<&Request> {
        self.requests.iter().find(|request| request.method == method)
    }

    pub(crate) fn notification(&self, method: &str) -> Option<&Notification> {
        self.notifications.iter().find(|notification| notification.method == method)
    }

    /// All ways to be of a type.
    pub(crate) fn shapes<'a>(&'a self, typ: &'a Type) -> Vec<Shape<'a>> {
        self.shapes_below(typ, 0)
    }

    fn shapes_below<'a>(&'a self, typ: &'a Type, depth: usize) -> Vec<Shape<'a>> {
        assert!(depth < DEPTH_MAX, "{typ:?} names itself");
        match typ {
            Type::Reference { name } => match self.structures.get(name) {
                Some(structure) => vec![Shape::Object(self.members(name, structure, depth))],
                None => self.shapes_below(&self.aliases[name], depth + 1),
            },
            Type::Or { items } => items.iter().flat_map(|item| self.shapes_below(item, depth + 1)).collect(),
            Type::And { items } => {
                let mut all = vec![Members::default()];
                for item in items {
                    let shapes = self.shapes_below(item, depth + 1);
                    all = all.iter().flat_map(|members| shapes.iter().map(|shape| members.with(shape))).collect();
                }
                all.into_iter().map(Shape::Object).collect()
            }
            Type::Literal { properties } => vec![Shape::Object(Members::of(properties))],
            other => vec![Shape::Other(other)],
        }
    }

    fn members<'a>(&'a self, name: &'a str, structure: &'a Structure, depth: usize) -> Members<'a> {
        let mut members = Members::default();
        for base in &structure.extends {
            for shape in self.shapes_below(base, depth + 1) {
                members = members.with(&shape);
            }
        }
        // A member that is declared again is narrowed.
        members.properties.extend(Members::of(&structure.properties).properties);
        members.name = Some(name);
        members.others = structure.others.as_ref().or(members.others);
        members
    }
}

impl<'a> Members<'a> {
    fn of(properties: &'a [Property]) -> Self {
        let properties = properties.iter().map(|property| (property.name.as_str(), property)).collect();
        Self { properties, ..Self::default() }
    }

    fn with(&self, shape: &Shape<'a>) -> Self {
        let Shape::Object(more) = shape else { panic!("{shape:?} is no object, and part of one") };
        let mut members = self.clone();
        members.properties.extend(&more.properties);
        members.others = more.others.or(members.others);
        members
    }
}
