//! A client and nodes that do as a test tells them, over sockets of the loopback interface: fail-over, texts, routes, scattering,
//! commits.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod asking;
mod commits;
mod node;
mod routes;
mod scattering;
mod watching;
