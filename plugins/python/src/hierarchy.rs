//! Who calls whom, and which class extends which. An item is a module, a function or a class; what a question leaves with the
//! host is the item's name through its scopes, so that it is found again when the file has moved under it.

mod aliases;
mod calls;
mod classes;
mod incoming;
mod items;
mod sites;

pub(crate) use calls::{outgoing, prepare as prepare_calls};
pub(crate) use classes::{plan as plan_subtypes, prepare as prepare_types, subtypes, supertypes};
pub(crate) use incoming::{incoming, plan as plan_incoming};
