//! A workspace whose files lie on this machine's disk: taken in, watched, reconciled, and shown to requests.

pub(crate) mod base;
pub(crate) mod compare;
pub(crate) mod ingest;
pub(crate) mod libraries;
pub(crate) mod manifest;
pub(crate) mod pending;
pub(crate) mod walk;
pub(crate) mod watch;
