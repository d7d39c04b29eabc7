//! The rules that every value of a guest is held to.

use std::collections::BTreeMap;
use std::sync::Arc;

use vraftls_index::{Diagnostic, Location, Related};
use vraftls_query::Fault;
use vraftls_text::{Span, TextEdit};
use vraftls_vfs::VfsPath;

use crate::bindings::vraftls::analyzer::types as guest;
use crate::{LimitName, Limits, people};

/// Why a value is not accepted.
#[derive(Debug)]
pub(crate) enum Rejected {
    /// It is larger than a limit.
    Limit(LimitName),
    /// It breaks the contract.
    Bad(String),
    /// It could not be checked.
    Unchecked(Fault),
}

/// Shorthand for a broken contract.
pub(crate) fn bad<T>(what: impl Into<String>) -> Result<T, Rejected> {
    Err(Rejected::Bad(what.into()))
}

/// The texts that offsets must fit.
pub(crate) trait Texts {
    /// The text of a file as the call's view shows it, or as the analyzer carries it itself.
    fn text(&mut self, path: &VfsPath) -> Result<Arc<str>, Rejected>;

    /// Whether there is a file or a directory at a path of the call's view.
    fn is_there(&self, path: &VfsPath) -> bool;
}

/// Holds values to the rules. One for each reply: list entries are counted over the whole of it.
pub(crate) struct Check<'a> {
    pub(crate) limits: &'a Limits,
    texts: &'a mut dyn Texts,
    known: BTreeMap<VfsPath, Arc<str>>,
    n_items: usize,
}

impl<'a> Check<'a> {
    pub(crate) fn new(limits: &'a Limits, texts: &'a mut dyn Texts) -> Self {
        Self { limits, texts, known: BTreeMap::new(), n_items: 0 }
    }

    /// A list may have so many entries more.
    pub(crate) fn items(&mut self, n: usize) -> Result<(), Rejected> {
        self.n_items = self.n_items.saturating_add(n);
        if self.n_items > self.limits.reply_items_max { Err(Rejected::Limit(LimitName::ReplyItems)) } else { Ok(()) }
    }

    /// A text of one line.
    pub(crate) fn line(&self, line: String) -> Result<String, Rejected> {
        match line.len() > self.limits.line_bytes_max {
            true => Err(Rejected::Limit(LimitName::LineBytes)),
            false => Ok(people::clean_line(line)),
        }
    }

    /// A text of several lines that people read.
    pub(crate) fn prose(&self, text: String) -> Result<String, Rejected> {
        self.size(&text)?;
        Ok(people::clean_text(text))
    }

    /// A text that is written into a document: its size only, its characters are the document's business.
    pub(crate) fn size(&self, text: &str) -> Result<(), Rejected> {
        if text.len() > self.limits.text_bytes_max { Err(Rejected::Limit(LimitName::TextBytes)) } else { Ok(()) }
    }

    /// What is opaque to the host.
    pub(crate) fn token(&self, token: Vec<u8>, bytes_max: usize) -> Result<Vec<u8>, Rejected> {
        if token.len() > bytes_max { Err(Rejected::Limit(LimitName::TokenBytes)) } else { Ok(token) }
    }

    pub(crate) fn path(&self, path: &str) -> Result<VfsPath, Rejected> {
        match VfsPath::new(path) {
            Ok(path) if !path.is_root() => Ok(path),
            Ok(_) => bad("an empty path"),
            Err(error) => bad(format!("{:?} is no path: {error}", people::cut(path, 100))),
        }
    }

    /// The text of a file, read once for a reply.
    pub(crate) fn text(&mut self, path: &VfsPath) -> Result<Arc<str>, Rejected> {
        if let Some(text) = self.known.get(path) {
            return Ok(text.clone());
        }
        let text = self.texts.text(path)?;
        self.known.insert(path.clone(), text.clone());
        Ok(text)
    }

    /// Whether there is a file or a directory.
    pub(crate) fn is_there(&self, path: &VfsPath) -> bool {
        self.texts.is_there(path)
    }

    pub(crate) fn location(&mut self, location: guest::Location) -> Result<Location, Rejected> {
        let path = self.path(&location.path)?;
        let text = self.text(&path)?;
        let (span, full) = (span_in(location.span, &text)?, span_in(location.full, &text)?);
        match full.contains(span) {
            true => Ok(Location { path, span, full }),
            false => bad(format!("a location whose name {} is not in its construct {}", show(span), show(full))),
        }
    }

    pub(crate) fn locations(&mut self, locations: Vec<guest::Location>) -> Result<Vec<Location>, Rejected> {
        self.items(locations.len())?;
        locations.into_iter().map(|location| self.location(location)).collect()
    }

    /// The edits of one document: sorted, none overlapping another.
    pub(crate) fn edits(&mut self, edits: Vec<guest::TextEdit>, text: &str) -> Result<Vec<TextEdit>, Rejected> {
        self.items(edits.len())?;
        let mut checked: Vec<TextEdit> = Vec::with_capacity(edits.len());
        for edit in edits {
            let span = span_in(edit.span, text)?;
            self.size(&edit.new_text)?;
            if let Some(last) = checked.last().filter(|last| last.span.end() > span.start()) {
                return bad(format!("edits of {} and {} overlap or are not sorted", show(last.span), show(span)));
            }
            checked.push(TextEdit { span, new_text: edit.new_text });
        }
        Ok(checked)
    }

    /// Findings of one document, put in order of place: nothing can be misread where the guest did not.
    pub(crate) fn diagnostics(
        &mut self,
        diagnostics: Vec<guest::Diagnostic>,
        text: &str,
    ) -> Result<Vec<Diagnostic>, Rejected> {
        self.items(diagnostics.len())?;
        let mut checked =
            diagnostics.into_iter().map(|found| self.diagnostic(found, text)).collect::<Result<Vec<_>, _>>()?;
        checked.sort_by_key(|diagnostic| diagnostic.span);
        Ok(checked)
    }

    fn diagnostic(&mut self, diagnostic: guest::Diagnostic, text: &str) -> Result<Diagnostic, Rejected> {
        let severity = match diagnostic.severity {
            severity @ 1..=4 => severity as u8,
            other => return bad(format!("a diagnostic of severity {other}")),
        };
        self.items(diagnostic.related.len())?;
        let related = diagnostic.related.into_iter().map(|related| {
            Ok(Related { location: self.location(related.location)?, message: self.prose(related.message)? })
        });
        Ok(Diagnostic {
            related: related.collect::<Result<_, Rejected>>()?,
            span: span_in(diagnostic.span, text)?,
            severity,
            code: self.line(diagnostic.code)?,
            code_url: self.url(diagnostic.code_url)?,
            message: self.prose(diagnostic.message)?,
            unnecessary: diagnostic.tags & 1 != 0,
            deprecated: diagnostic.tags & 2 != 0,
        })
    }

    /// An address that an editor may open when it is clicked.
    pub(crate) fn url(&self, url: String) -> Result<String, Rejected> {
        match url.is_empty() || url.starts_with("https://") || url.starts_with("http://") {
            true => self.line(url),
            false => bad(format!("{:?} is no web address", people::cut(&url, 100))),
        }
    }
}

/// A span of a guest that lies in a text, with both ends on character boundaries.
pub(crate) fn span_in(span: guest::Span, text: &str) -> Result<Span, Rejected> {
    match Span::new(span.start, span.end) {
        Some(span) if span.fits(text) => Ok(span),
        _ => bad(format!("bytes {}..{} do not fit a text of {} bytes", span.start, span.end, text.len())),
    }
}

/// A span for an error's text.
pub(crate) fn show(span: Span) -> String {
    format!("{}..{}", span.start(), span.end())
}
