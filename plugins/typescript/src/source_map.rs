//! Declaration maps: from a place in a `.d.ts` to the source that it was made from, where that is in the view too.

use std::rc::Rc;

use serde::Deserialize;

use crate::module::Range;
use crate::store::{FileId, Store};

/// The parts of a source map that matter.
#[derive(Debug, Deserialize)]
struct Written {
    #[serde(default, rename = "sourceRoot")]
    root: String,
    #[serde(default)]
    sources: Vec<String>,
    #[serde(default)]
    mappings: String,
}

/// A place in the declarations, and in a source: lines, and columns in UTF-16.
#[derive(Clone, Copy, Debug)]
struct Segment {
    line: u32,
    column: u32,
    source: u32,
    source_line: u32,
    source_column: u32,
}

/// A map, read.
#[derive(Debug)]
pub(crate) struct SourceMap {
    sources: Vec<Option<FileId>>,
    segments: Vec<Segment>,
}

/// So many segments are read of one map.
const SEGMENTS_MAX: usize = 1 << 20;

impl Store {
    /// The map beside a file, if it names one.
    fn read_map(&self, file: FileId) -> Option<SourceMap> {
        let path = self.path(file);
        if !crate::syntax::is_declaration(&path) {
            return None;
        }
        let module = self.module(file)?;
        let tail = module.text.get(crate::syntax::floor(&module.text, module.text.len().saturating_sub(400))..)?;
        let name = tail.rsplit_once("sourceMappingURL=")?.1.trim();
        let map_path = join(&path, name)?;
        let text = self.workspace.read(&map_path).ok()?;
        let written: Written = serde_json::from_str(&text).ok()?;
        let sources = written.sources.iter().map(|source| {
            let path = join(&map_path, &format!("{}{source}", written.root))?;
            let file = self.id(&self.real(path));
            self.module(file).map(|_| file)
        });
        Some(SourceMap { sources: sources.collect(), segments: segments(&written.mappings) })
    }

    /// The map of a file, kept while nothing changes.
    fn source_map(&self, file: FileId) -> Option<Rc<SourceMap>> {
        if let Some(known) = self.caches.maps.borrow().get(&file) {
            return known.clone();
        }
        let map = self.read_map(file).map(Rc::new);
        self.caches.maps.borrow_mut().insert(file, map.clone());
        map
    }

    /// Whether a file was made from a source that is in the view.
    pub(crate) fn is_generated(&self, file: FileId) -> bool {
        self.source_map(file).is_some_and(|map| map.sources.iter().any(Option::is_some))
    }

    /// Where a name of a `.d.ts` is in the source that it was made from.
    pub(crate) fn mapped(&self, file: FileId, span: Range) -> Option<(FileId, Range)> {
        let map = self.source_map(file)?;
        let module = self.module(file)?;
        let (line, column) = place(&module.text, span.start)?;
        let after = map.segments.partition_point(|segment| (segment.line, segment.column) <= (line, column));
        let segment = map.segments.get(after.checked_sub(1)?).filter(|segment| segment.line == line)?;
        let source = *map.sources.get(segment.source as usize)?.as_ref()?;
        let target = self.module(source)?;
        let column = segment.source_column + (column - segment.column);
        let start = offset(&target.text, segment.source_line, column)?;
        let name = module.slice(span);
        let found = Range { start, end: start + name.len() as u32 };
        let here = if target.slice(found) == name { found } else { Range { start, end: start } };
        Some((source, here))
    }
}

/// A path beside a file; None where it leaves the workspace or is no path.
pub(crate) fn join(beside: &str, relative: &str) -> Option<String> {
    if relative.contains("://") || relative.starts_with('/') || relative.starts_with("data:") {
        return None;
    }
    let mut parts: Vec<&str> = beside.split('/').collect();
    parts.pop();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn place(text: &str, offset: u32) -> Option<(u32, u32)> {
    let before = text.get(..offset as usize)?;
    let line = before.bytes().filter(|byte| *byte == b'\n').count() as u32;
    let last = before.rfind('\n').map_or(before, |end| &before[end + 1..]);
    Some((line, last.encode_utf16().count() as u32))
}

fn offset(text: &str, line: u32, column: u32) -> Option<u32> {
    let start = match line {
        0 => 0,
        line => text.match_indices('\n').nth(line as usize - 1)?.0 + 1,
    };
    let mut units = 0;
    for (at, character) in text[start..].char_indices() {
        if units >= column || character == '\n' {
            return Some((start + at) as u32);
        }
        units += character.len_utf16() as u32;
    }
    Some(text.len() as u32)
}

/// Decodes base 64 VLQ groups, in the order of lines.
fn segments(mappings: &str) -> Vec<Segment> {
    let mut found = Vec::new();
    let (mut source, mut source_line, mut source_column) = (0i64, 0i64, 0i64);
    for (line, group) in mappings.split(';').enumerate() {
        let mut column = 0i64;
        for segment in group.split(',') {
            let Some(numbers) = numbers(segment) else { continue };
            column += numbers.first().copied().unwrap_or_default();
            let [_, a, b, c, ..] = numbers.as_slice() else { continue };
            source += a;
            source_line += b;
            source_column += c;
            let values = [column, source, source_line, source_column].map(u32::try_from);
            if let [Ok(column), Ok(source), Ok(source_line), Ok(source_column)] = values {
                found.push(Segment { line: line as u32, column, source, source_line, source_column });
            }
            if found.len() >= SEGMENTS_MAX {
                return found;
            }
        }
    }
    found
}

fn numbers(text: &str) -> Option<Vec<i64>> {
    let mut found = Vec::new();
    let (mut value, mut shift) = (0i64, 0u32);
    for byte in text.bytes() {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        if shift > 40 {
            return None;
        }
        value |= i64::from(digit & 31) << shift;
        if digit & 32 == 0 {
            found.push(if value & 1 == 0 { value >> 1 } else { -(value >> 1) });
            (value, shift) = (0, 0);
        } else {
            shift += 5;
        }
    }
    Some(found)
}
