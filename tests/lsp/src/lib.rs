//! Scripted editor sessions against the real `vraftls` binary. Everything is in `tests/`; see `tests/sessions/main.rs`.
