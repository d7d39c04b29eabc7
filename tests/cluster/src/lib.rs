//! Clusters of real `vraftls node` processes. Everything is in `tests/`; see `tests/commands/main.rs`.
