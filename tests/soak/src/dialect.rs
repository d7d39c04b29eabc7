//! Languages in which a text is a header and then lines, each of them a definition or a use of a name.

/// A language that sessions write in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// The made-up language of the test guests: quick, and with an index of its own in every answer.
    Toy,
    /// Python, by the analyzer that we ship.
    Python,
}

/// A line after the header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Line {
    /// Defines a name.
    Definition(String),
    /// Uses a name that the file of this number has to define.
    Use { file: usize, name: String },
}

impl Line {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Definition(name) | Self::Use { name, .. } => name,
        }
    }
}

impl Dialect {
    /// The analyzer's name, which is the language's id too.
    pub fn name(self) -> &'static str {
        match self {
            Self::Toy => "toy",
            Self::Python => "python",
        }
    }

    /// The path of a file of the project.
    pub(crate) fn path(self, file: usize) -> String {
        match self {
            Self::Toy => format!("m{file}.toy"),
            Self::Python => format!("m{file}.py"),
        }
    }

    /// A file that makes a folder a project.
    pub(crate) fn project_file(self) -> &'static str {
        match self {
            Self::Toy => "toy.project",
            Self::Python => "pyproject.toml",
        }
    }

    /// The lines before all others: every file knows all files.
    pub(crate) fn header(self, n_files: usize) -> Vec<String> {
        let import = |file| match self {
            Self::Toy => format!("import m{file}.toy"),
            Self::Python => format!("import m{file}"),
        };
        (0..n_files).map(import).collect()
    }

    /// How a line is written in a file, and the column where its name begins.
    pub(crate) fn written(self, line: &Line, in_file: usize) -> (String, u32) {
        let (before, after) = match (self, line) {
            (Self::Toy, Line::Definition(_)) => ("def ".to_owned(), ""),
            (Self::Toy, Line::Use { .. }) => ("use ".to_owned(), ""),
            (Self::Python, Line::Definition(_)) => ("def ".to_owned(), "(): ..."),
            // Later, so that it does not matter which of the lines comes first.
            (Self::Python, Line::Use { file, .. }) if *file == in_file => ("lambda: ".to_owned(), ""),
            (Self::Python, Line::Use { file, .. }) => (format!("lambda: m{file}."), ""),
        };
        (format!("{before}{}{after}", line.name()), before.len() as u32)
    }

    /// Whether a use is of any file's definition, whichever it names.
    pub(crate) fn is_global(self) -> bool {
        self == Self::Toy
    }
}
