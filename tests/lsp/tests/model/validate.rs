//! Whether a value is of a type, and where it is not.

use serde_json::Value;

use super::model::{Base, Members, Model, Shape, Type};

/// Where a value is not of its type.
#[derive(Clone, Debug)]
pub(crate) struct Mismatch {
    /// From the value's root, outermost first.
    path: Vec<String>,
    what: String,
}

impl std::fmt::Display for Mismatch {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "at /{}: {}", self.path.join("/"), self.what)
    }
}

impl Model {
    /// Says where a value is not of a type; of several ways to be of it, the one that it comes nearest to.
    pub(crate) fn check(&self, typ: &Type, value: &Value) -> Result<(), Mismatch> {
        self.check_at(typ, value, &mut Vec::new())
    }

    fn check_at(&self, typ: &Type, value: &Value, path: &mut Vec<String>) -> Result<(), Mismatch> {
        let mut nearest: Option<Mismatch> = None;
        for shape in self.shapes(typ) {
            let checked = match &shape {
                Shape::Object(members) => self.check_members(members, value, path),
                Shape::Other(other) => self.check_other(other, value, path),
            };
            let Err(mismatch) = checked else { return Ok(()) };
            if nearest.as_ref().is_none_or(|nearest| mismatch.path.len() > nearest.path.len()) {
                nearest = Some(mismatch);
            }
        }
        Err(nearest.unwrap_or_else(|| mismatch(path, format!("nothing may be here, but there is {value}"))))
    }

    fn check_members(&self, members: &Members<'_>, value: &Value, path: &mut Vec<String>) -> Result<(), Mismatch> {
        let name = members.name.unwrap_or("an object");
        let Value::Object(object) = value else { return Err(mismatch(path, format!("{value} is not {name}"))) };
        for (property, declared) in &members.properties {
            match object.get(*property) {
                Some(value) => self.check_below(&declared.typ, value, property, path)?,
                None if declared.optional => {}
                None => return Err(mismatch(path, format!("{name} has no `{property}`: {value}"))),
            }
        }
        for (property, value) in object {
            match members.others {
                _ if members.properties.contains_key(property.as_str()) => {}
                Some(others) => self.check_below(others, value, property, path)?,
                None => return Err(mismatch(path, format!("{name} knows no `{property}`"))),
            }
        }
        Ok(())
    }

    fn check_other(&self, typ: &Type, value: &Value, path: &mut Vec<String>) -> Result<(), Mismatch> {
        let is_it = match (typ, value) {
            (Type::Base { name }, value) => is_base(*name, value),
            (Type::StringLiteral { value: literal }, Value::String(value)) => literal == value,
            (Type::IntegerLiteral { value: literal }, Value::Number(value)) => value.as_i64() == Some(*literal),
            (Type::BooleanLiteral { value: literal }, Value::Bool(value)) => literal == value,
            (Type::Array { element }, Value::Array(values)) => {
                for (idx, value) in values.iter().enumerate() {
                    self.check_below(element, value, &idx.to_string(), path)?;
                }
                true
            }
            (Type::Tuple { items }, Value::Array(values)) if items.len() == values.len() => {
                for (idx, (item, value)) in items.iter().zip(values).enumerate() {
                    self.check_below(item, value, &idx.to_string(), path)?;
                }
                true
            }
            (Type::Map { key, value: typ }, Value::Object(object)) => {
                for (name, value) in object {
                    self.check_below(key, &Value::from(name.as_str()), name, path)?;
                    self.check_below(typ, value, name, path)?;
                }
                true
            }
            _ => false,
        };
        if is_it { Ok(()) } else { Err(mismatch(path, format!("{value} is not {typ:?}"))) }
    }

    fn check_below(&self, typ: &Type, value: &Value, name: &str, path: &mut Vec<String>) -> Result<(), Mismatch> {
        path.push(name.to_owned());
        let checked = self.check_at(typ, value, path);
        path.pop();
        checked
    }
}

fn is_base(base: Base, value: &Value) -> bool {
    match base {
        Base::String => value.is_string(),
        Base::DocumentUri | Base::Uri => value.as_str().is_some_and(has_scheme),
        Base::Integer => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
        Base::Uinteger => value.as_i64().is_some_and(|number| (0..=i64::from(i32::MAX)).contains(&number)),
        Base::Decimal => value.is_number(),
        Base::Boolean => value.is_boolean(),
        Base::Null => value.is_null(),
        Base::Object => value.is_object(),
        Base::Any => true,
        Base::Never => false,
    }
}

fn has_scheme(uri: &str) -> bool {
    let scheme = uri.split_once(':').map_or("", |(scheme, _)| scheme);
    scheme.starts_with(|char: char| char.is_ascii_alphabetic())
        && scheme.chars().all(|char| char.is_ascii_alphanumeric() || "+.-".contains(char))
}

fn mismatch(path: &[String], what: String) -> Mismatch {
    Mismatch { path: path.to_vec(), what }
}
