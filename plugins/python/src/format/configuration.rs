//! How a project wants its code laid out: the settings of ruff, or those of black where ruff has none, in the nearest file
//! above that has any. What is broken or unknown in them is passed over, as if it were not there.

use std::num::{NonZeroU8, NonZeroU16};

use ruff_formatter::printer::LineEnding;
use ruff_formatter::{IndentStyle, IndentWidth, LineWidth};
use ruff_python_ast::{PySourceType, PythonVersion};
use ruff_python_formatter::{
    DocstringCode, DocstringCodeLineWidth, MagicTrailingComma, PreviewMode, PyFormatOptions, QuoteStyle,
};
use serde::Deserialize;
use vraftls_guest_sdk::{FormattingOptions, Workspace};

use crate::ruff_settings;

/// The widest tab that is believed.
const TAB_SIZE_MAX: u32 = 16;

/// The layout that a file shall have.
#[derive(Debug, Clone, Default)]
pub(super) struct Style {
    ruff: RuffTable,
    /// What the editor asks for, where the project says nothing at all.
    editor: Option<(u8, bool)>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct RuffTable {
    line_length: Option<NonZeroU16>,
    indent_width: Option<NonZeroU8>,
    preview: Option<bool>,
    format: FormatTable,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct FormatTable {
    quote_style: Option<Quotes>,
    indent_style: Option<Indentation>,
    line_ending: Option<LineEnds>,
    skip_magic_trailing_comma: Option<bool>,
    docstring_code_format: Option<bool>,
    docstring_code_line_length: Option<DocstringWidth>,
    preview: Option<bool>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Quotes {
    Single,
    Double,
    Preserve,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Indentation {
    Space,
    Tab,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum LineEnds {
    Auto,
    Lf,
    CrLf,
    Native,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(untagged)]
enum DocstringWidth {
    Fixed(NonZeroU16),
    Word(DocstringWord),
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum DocstringWord {
    Dynamic,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct BlackTable {
    line_length: Option<NonZeroU16>,
    skip_string_normalization: bool,
    skip_magic_trailing_comma: bool,
}

impl From<BlackTable> for RuffTable {
    fn from(black: BlackTable) -> Self {
        Self {
            line_length: black.line_length,
            format: FormatTable {
                quote_style: black.skip_string_normalization.then_some(Quotes::Preserve),
                skip_magic_trailing_comma: Some(black.skip_magic_trailing_comma),
                ..FormatTable::default()
            },
            ..Self::default()
        }
    }
}

impl Style {
    /// The style for a file, from the nearest directory above it that has settings.
    pub(super) fn of(workspace: &dyn Workspace, path: &str, editor: &FormattingOptions) -> Self {
        if let Some(ruff) = ruff_settings::nearest::<RuffTable, BlackTable>(workspace, path) {
            return Self { ruff, editor: None };
        }
        let tab_size = editor.tab_size.clamp(1, TAB_SIZE_MAX) as u8;
        Self { ruff: RuffTable::default(), editor: Some((tab_size, editor.insert_spaces)) }
    }

    /// The formatter's options for a text.
    pub(super) fn options(&self, source_type: PySourceType, version: PythonVersion, text: &str) -> PyFormatOptions {
        let format = &self.ruff.format;
        let mut options = PyFormatOptions::from_source_type(source_type)
            .with_target_version(version)
            .with_line_ending(line_ending(format.line_ending, text));
        if let Some(length) = self.ruff.line_length {
            options = options.with_line_width(LineWidth::from(length));
        }
        let (tab_size, insert_spaces) = match self.editor {
            Some((tab_size, insert_spaces)) => (NonZeroU8::new(tab_size), insert_spaces),
            None => (self.ruff.indent_width, !matches!(format.indent_style, Some(Indentation::Tab))),
        };
        if let Some(tab_size) = tab_size {
            options = options.with_indent_width(IndentWidth::from(tab_size));
        }
        options = options.with_indent_style(if insert_spaces { IndentStyle::Space } else { IndentStyle::Tab });
        options = options.with_quote_style(match format.quote_style {
            Some(Quotes::Single) => QuoteStyle::Single,
            Some(Quotes::Preserve) => QuoteStyle::Preserve,
            Some(Quotes::Double) | None => QuoteStyle::Double,
        });
        if format.skip_magic_trailing_comma == Some(true) {
            options = options.with_magic_trailing_comma(MagicTrailingComma::Ignore);
        }
        if format.docstring_code_format == Some(true) {
            options = options.with_docstring_code(DocstringCode::Enabled);
        }
        options = options.with_docstring_code_line_width(match format.docstring_code_line_length {
            Some(DocstringWidth::Fixed(length)) => DocstringCodeLineWidth::Fixed(LineWidth::from(length)),
            Some(DocstringWidth::Word(DocstringWord::Dynamic)) | None => DocstringCodeLineWidth::Dynamic,
        });
        if format.preview.or(self.ruff.preview) == Some(true) {
            options = options.with_preview(PreviewMode::Enabled);
        }
        options
    }
}

/// The line ends to write: those that the text begins with, unless the project asks for others.
fn line_ending(asked: Option<LineEnds>, text: &str) -> LineEnding {
    match asked {
        // The machine that analyzes is not the one that edits, so there is no native way.
        Some(LineEnds::Lf | LineEnds::Native) => LineEnding::LineFeed,
        Some(LineEnds::CrLf) => LineEnding::CarriageReturnLineFeed,
        Some(LineEnds::Auto) | None => match ruff_source_file::find_newline(text) {
            Some((_, ruff_source_file::LineEnding::CrLf)) => LineEnding::CarriageReturnLineFeed,
            Some((_, ruff_source_file::LineEnding::Cr)) => LineEnding::CarriageReturn,
            Some((_, ruff_source_file::LineEnding::Lf)) | None => LineEnding::LineFeed,
        },
    }
}
