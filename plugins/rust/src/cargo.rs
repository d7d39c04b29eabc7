//! What cargo would say of a workspace, as far as its manifests say it: packages, dependencies, features, targets.
//!
//! Pure functions of the manifests' text and of lists of directories. Nothing here runs cargo, a build script or the network,
//! and nothing here knows the engine: `graph` makes crates of what is found.

mod cfg;
mod lock;
mod manifest;
mod targets;

pub(crate) use cfg::Platform;
pub(crate) use lock::Lock;
pub(crate) use manifest::{Dependency, Inherited, Kind, Manifest, joined};
pub(crate) use targets::{Target, TargetKind, library, targets};
