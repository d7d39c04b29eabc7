//! A project in memory. The features live in files of their own; here they are only named.

use std::rc::Rc;
use std::sync::Arc;

use vraftls_guest_sdk::{
    Candidate, Change, Config, Failure, FileReferences, Highlight, Project, SearchPlan, Targets, Workspace,
};

use crate::module::Module;
use crate::store::{FileId, Store};
use crate::{definition, references};

/// A project in memory.
pub struct TypeScriptProject {
    store: Store,
}

impl TypeScriptProject {
    pub(crate) fn open(config: &Config, workspace: Arc<dyn Workspace>) -> Self {
        Self { store: Store::new(config, workspace) }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// Begins a question about a file, at an offset.
    pub(crate) fn question(&self, path: &str, offset: Option<u32>) -> Result<(FileId, Rc<Module>), Failure> {
        self.store.begin();
        let (file, module) = self.store.open(path)?;
        match offset {
            Some(offset) if !module.text.is_char_boundary(offset as usize) => {
                Err(Failure::InvalidInput(format!("offset {offset} is not between two characters of the file")))
            }
            _ => Ok((file, module)),
        }
    }
}

impl Project for TypeScriptProject {
    fn update(&mut self, changes: &[Change]) -> Result<(), Failure> {
        self.store.update(changes);
        Ok(())
    }

    fn bundled(&self, path: &str) -> Option<String> {
        Store::bundled(path)
    }

    fn definition(&mut self, path: &str, offset: u32) -> Result<Option<Targets>, Failure> {
        definition::definition(self, path, offset)
    }

    fn declaration(&mut self, path: &str, offset: u32) -> Result<Option<Targets>, Failure> {
        definition::declaration(self, path, offset)
    }

    fn type_definition(&mut self, path: &str, offset: u32) -> Result<Option<Targets>, Failure> {
        definition::type_definition(self, path, offset)
    }

    fn plan(&mut self, path: &str, offset: u32) -> Result<Option<SearchPlan>, Failure> {
        references::plan(self, path, offset)
    }

    fn confirm(&mut self, plan: SearchPlan, files: Vec<Candidate>) -> Result<Vec<FileReferences>, Failure> {
        references::confirm(self, &plan, &files)
    }

    fn highlights(&mut self, path: &str, offset: u32) -> Result<Vec<Highlight>, Failure> {
        references::highlights(self, path, offset)
    }
}
