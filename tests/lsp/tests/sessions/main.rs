//! Editor sessions against the real binary: a process, a socket, a node with its log on disk, and an analyzer in its sandbox.
//!
//! The analyzer is mostly the made-up language of `tests/components/toy`, whose answers are known beforehand and quick:
//! `def NAME` defines, `use NAME` uses, `import FILE` makes another file's names known.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod dependents;
mod ends;
mod export;
mod files;
mod late;
mod neovim;
mod notebooks;
mod places;
mod protocol;
mod python;
mod rust;
mod saves;
mod second_start;
mod toy;
mod transcripts;
mod typescript;
