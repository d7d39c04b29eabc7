//! What a node is told when it starts.

use std::path::PathBuf;

use crate::libraries::python::PythonHints;
use crate::libraries::rust::RustHints;
use crate::sweep::SweepConfig;

/// What a node is told when it starts. The environment of the process is read by whoever makes this, never here.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// The directory that the node owns.
    pub data_directory: PathBuf,
    /// What this process runs, for others who want the directory.
    pub command: String,
    /// Where analyzers lie (`*.wasm`), with precompiled artifacts beside them. The installation vouches for what lies there.
    pub plugin_directories: Vec<PathBuf>,
    /// Where artifacts are kept that had to be compiled; the data directory where there is none.
    pub artifact_directory: Option<PathBuf>,
    /// Where the environments of Python folders are.
    pub python: PythonHints,
    /// Where Rust's tools keep packages and sources.
    pub rust: RustHints,
    /// How contents that no file has any more are collected.
    pub sweep: SweepConfig,
}

impl NodeConfig {
    /// A node without analyzers.
    pub fn new(data_directory: PathBuf, command: &str) -> Self {
        Self {
            data_directory,
            command: command.to_owned(),
            plugin_directories: Vec::new(),
            artifact_directory: None,
            python: PythonHints::default(),
            rust: RustHints::default(),
            sweep: SweepConfig::default(),
        }
    }
}
