//! Values that are not of a type, each by one change of one that is.

use serde_json::{Value, json};

use super::model::{Model, Type};
use super::random::Random;

/// How a value was spoiled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Spoiled {
    pub(crate) value: Value,
    /// Where, as a JSON pointer.
    pub(crate) place: String,
    pub(crate) how: How,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum How {
    /// Another JSON type.
    OtherType,
    /// `null` where there is something or nothing.
    Null,
    /// A member is missing.
    Missing,
    /// A number that is too large, negative or no integer.
    Number,
    /// A value in another array than the protocol's.
    Wrapped,
    /// Arrays in arrays.
    Deep,
    /// Many of what there should be one of.
    Many,
}

const ALL: [How; 7] = [How::OtherType, How::Null, How::Missing, How::Number, How::Wrapped, How::Deep, How::Many];

/// How deep [`How::Deep`] is: less than what no reader of JSON takes.
const N_DEEP: usize = 100;
/// How many [`How::Many`] are.
const N_MANY: usize = 1_000;

/// Spoils a value at some place, so that it is not of its type any more; nothing where what was tried was of it still.
pub(crate) fn spoil(model: &Model, typ: &Type, value: &Value, random: &mut Random) -> Option<Spoiled> {
    let mut places = Vec::new();
    collect(value, "", &mut places);
    let place = random.pick(&places).clone();
    let how = *random.pick(&ALL);
    let mut spoiled = value.clone();
    let at = spoiled.pointer_mut(&place)?;
    match how {
        How::OtherType => {
            let others = [json!(true), json!(7), json!("text"), json!([]), json!({})];
            let kind = std::mem::discriminant(&*at);
            let others: Vec<_> = others.into_iter().filter(|other| std::mem::discriminant(other) != kind).collect();
            *at = random.pick(&others).clone();
        }
        How::Null => *at = Value::Null,
        How::Missing => {
            let (parent, name) = place.rsplit_once('/')?;
            spoiled.pointer_mut(parent)?.as_object_mut()?.remove(&name.replace("~1", "/").replace("~0", "~"))?;
        }
        How::Number if at.is_number() => {
            *at = random.pick(&[json!(-1), json!(1.5), json!(1e300), json!(u64::MAX)]).clone()
        }
        How::Number => return None,
        How::Wrapped => *at = json!([at.take()]),
        How::Deep => *at = (0..N_DEEP).fold(json!([]), |inner, _| json!([inner])),
        How::Many => *at = vec![at.take(); N_MANY].into(),
    }
    model.check(typ, &spoiled).is_err().then_some(Spoiled { value: spoiled, place, how })
}

/// The places in a value, as JSON pointers.
fn collect(value: &Value, place: &str, places: &mut Vec<String>) {
    places.push(place.to_owned());
    match value {
        Value::Array(values) => {
            for (idx, value) in values.iter().enumerate() {
                collect(value, &format!("{place}/{idx}"), places);
            }
        }
        Value::Object(members) => {
            for (name, value) in members {
                collect(value, &format!("{place}/{}", name.replace('~', "~0").replace('/', "~1")), places);
            }
        }
        _ => {}
    }
}
