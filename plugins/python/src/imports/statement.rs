//! One import statement, taken apart and written again.

use ruff_python_ast::{Alias, Stmt, StmtImportFrom};

use super::order::{MemberKey, StatementKey};
use super::settings::ImportSettings;

/// What a statement imports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Statement {
    /// `import module as asname`.
    Import { module: String, asname: Option<String> },
    /// `from module import members`.
    From { level: u32, module: String, members: Vec<Member> },
}

/// A name of a `from` import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    /// As the module calls it; `*` for all.
    pub(crate) name: String,
    /// As this file calls it.
    pub(crate) asname: Option<String>,
}

impl Member {
    pub(crate) fn of(alias: &Alias) -> Self {
        Self { name: alias.name.to_string(), asname: alias.asname.as_ref().map(|name| name.to_string()) }
    }

    pub(crate) fn key(&self) -> MemberKey {
        MemberKey::new(&self.name, self.asname.as_deref())
    }

    fn write(&self, to: &mut String) {
        to.push_str(&self.name);
        if let Some(asname) = &self.asname {
            to.push_str(" as ");
            to.push_str(asname);
        }
    }
}

impl Statement {
    /// The statements that say the same as one of the source: one for each module of `import a, b`. Empty for what is no
    /// import.
    pub(crate) fn parts(statement: &Stmt) -> Vec<Self> {
        match statement {
            Stmt::Import(import) => import
                .names
                .iter()
                .map(|alias| Self::Import {
                    module: dotted(alias.name.as_str()),
                    asname: alias.asname.as_ref().map(|name| name.to_string()),
                })
                .collect(),
            Stmt::ImportFrom(import) => vec![Self::From {
                level: import.level,
                module: module_of(import),
                members: import.names.iter().map(Member::of).collect(),
            }],
            _ => Vec::new(),
        }
    }

    /// The place in its section.
    pub(crate) fn key(&self) -> StatementKey {
        match self {
            Self::Import { module, asname } => StatementKey::of_import(module, asname.as_deref()),
            Self::From { level, module, members } => {
                StatementKey::of_from(*level, module, members.iter().map(Member::key).min())
            }
        }
    }

    /// The dots and the name of the module.
    pub(crate) fn module(&self) -> (u32, &str) {
        match self {
            Self::Import { module, .. } => (0, module),
            Self::From { level, module, .. } => (*level, module),
        }
    }

    /// The statement without a line end; on one line if it fits and is not to be `exploded`.
    pub(crate) fn written(
        &self,
        settings: &ImportSettings,
        exploded: bool,
        indentation: &str,
        newline: &str,
    ) -> String {
        let line = self.on_one_line();
        let Self::From { level, module, members } = self else { return line };
        let is_star = members.iter().any(|member| member.name == "*");
        let width = indentation.chars().count() + line.chars().count();
        if is_star || (!exploded && width <= settings.line_length) {
            return line;
        }
        let mut lines = format!("from {}{module} import ({newline}", ".".repeat(*level as usize));
        for member in members {
            lines.push_str(indentation);
            lines.push_str("    ");
            member.write(&mut lines);
            lines.push(',');
            lines.push_str(newline);
        }
        lines.push_str(indentation);
        lines.push(')');
        lines
    }

    /// The statement on one line.
    pub(crate) fn on_one_line(&self) -> String {
        let mut line = String::new();
        match self {
            Self::Import { module, asname } => {
                line.push_str("import ");
                Member { name: module.clone(), asname: asname.clone() }.write(&mut line);
            }
            Self::From { level, module, members } => {
                line.push_str(&format!("from {}{module} import ", ".".repeat(*level as usize)));
                for (number, member) in members.iter().enumerate() {
                    line.push_str(if number > 0 { ", " } else { "" });
                    member.write(&mut line);
                }
            }
        }
        line
    }
}

/// The module of a `from` import without its dots.
pub(crate) fn module_of(import: &StmtImportFrom) -> String {
    import.module.as_ref().map(|module| dotted(module.as_str())).unwrap_or_default()
}

/// A module's name without the space that may stand around its dots.
pub(crate) fn dotted(written: &str) -> String {
    written.chars().filter(|c| !c.is_whitespace() && *c != '\\').collect()
}
