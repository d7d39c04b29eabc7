//! A cluster node on its one port: HTTP/1.1 for people, their tools and their monitoring; and the door to the transport of nodes.
//!
//! ```text
//!   socket --TLS?--> hyper --> guards --> routes --> Admin        what the node does for whoever may ask
//!                                |
//!                                +--> GET /v1/peer --> vraftls_transport::serve
//! ```
//!
//! | module | does |
//! |---|---|
//! | [`admin`] | the port that whoever runs a node implements |
//! | [`config`] | what a server allows itself, and whether it may listen somewhere |
//! | [`report`], `info` | what is said of nodes and of the cluster, as JSON |
//! | `listen`, `patient` | takes connections, in bounds, and ends them in order |
//! | `guard` | who may ask what, and how much at once |
//! | `routes` | which question is where |
//! | `api` | the questions of admins |
//! | `health`, `metrics` | the questions of monitoring |
//! | `peer` | hands connections over to the transport |
//! | `error`, `body` | refusals, and what others send, in bounds |
//! | [`client`] | asks such a server: for joining, for the command line |
//!
//! Bounds: connections, requests at once, the size and number of a request's headers, the time for sending them, the size of what is sent
//! and the time it may take; whoever is beyond one of them is told so. This room refuses to know how a node does what it is asked.

pub mod admin;
mod api;
mod body;
pub mod client;
pub mod config;
mod error;
mod guard;
mod health;
mod info;
mod listen;
mod metrics;
mod patient;
mod peer;
pub mod report;
mod routes;
mod token;

pub use body::{Upload, UploadError};
pub use config::{Bounds, ListenError, ServerConfig};
pub use info::{cluster_info, kind_info};
pub use listen::Server;
pub use token::{DrawnToken, draw_token, keep_secret};
