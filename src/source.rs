//! Source text and positions.
//!
//! In: nothing. Out: [`SourceMap`] (every text of a run), [`FileId`], [`Span`], and [`World`], the one
//! door through which the compiler sees files and the environment. Must not know: any later stage.

use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Index of a text in the [`SourceMap`] of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u32);

/// A half-open byte range of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    pub file: FileId,
    pub start: u32,
    pub end: u32,
}

impl Span {
    pub fn new(file: FileId, start: usize, end: usize) -> Self {
        // A source text is refused above `SourceMap::MAX_LEN`, so offsets fit.
        let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Span { file, start: clamp(start), end: clamp(end) }
    }

    /// The smallest span that covers both; `other` must be of the same file, else `self` is kept.
    pub fn to(self, other: Span) -> Span {
        if self.file != other.file {
            return self;
        }
        Span { file: self.file, start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    pub fn len(self) -> usize {
        self.end.saturating_sub(self.start) as usize
    }

    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

/// A value with the place it was written at.
#[derive(Clone, Debug, PartialEq)]
pub struct Spanned<T> {
    pub node: T,
    pub span: Span,
}

impl<T> Spanned<T> {
    pub fn new(node: T, span: Span) -> Self {
        Spanned { node, span }
    }
}

/// One text of a run: a `.rel` file, a values file, a chart template.
#[derive(Debug)]
pub struct SourceFile {
    pub path: PathBuf,
    pub text: Arc<str>,
}

/// All texts of a run, so that a [`Span`] can be printed by whoever reports it.
#[derive(Debug, Default)]
pub struct SourceMap {
    files: Vec<SourceFile>,
}

impl SourceMap {
    /// Spans are 32-bit; nothing a person writes comes near.
    pub const MAX_LEN: usize = 64 << 20;

    pub fn add(&mut self, path: impl Into<PathBuf>, text: impl Into<Arc<str>>) -> FileId {
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.files.push(SourceFile { path: path.into(), text: text.into() });
        id
    }

    pub fn get(&self, id: FileId) -> Option<&SourceFile> {
        self.files.get(id.0 as usize)
    }

    pub fn text(&self, id: FileId) -> &str {
        self.get(id).map_or("", |f| &f.text)
    }

    pub fn path(&self, id: FileId) -> &Path {
        self.get(id).map_or(Path::new(""), |f| &f.path)
    }

    /// The text a span covers; empty when it does not fall on character boundaries.
    pub fn slice(&self, span: Span) -> &str {
        self.text(span.file).get(span.start as usize..span.end as usize).unwrap_or("")
    }

    /// Line and column of a byte offset, both from 1, the column in characters.
    pub fn line_col(&self, file: FileId, offset: u32) -> (usize, usize) {
        let text = self.text(file);
        let before = text.get(..(offset as usize).min(text.len())).unwrap_or(text);
        let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        (line, column)
    }
}

/// Why a file could not be had; worded for the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError {
    NotFound,
    /// A file where a directory was asked for.
    NotADirectory,
    NotUtf8,
    /// Larger than this many MiB.
    TooLarge(usize),
    /// A pipe, a device or a socket: it might never end.
    Irregular,
    Other(String),
}

impl std::fmt::Display for ReadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ReadError::NotFound => f.write_str("no such file or directory"),
            ReadError::NotADirectory => f.write_str("it is a file, not a directory"),
            ReadError::NotUtf8 => f.write_str("the file is not UTF-8 text"),
            ReadError::TooLarge(mib) => write!(f, "the file is larger than {mib} MiB"),
            ReadError::Irregular => f.write_str("it is no regular file"),
            ReadError::Other(why) => f.write_str(why),
        }
    }
}

/// The largest file that is read, in bytes. Helm reads no chart beyond this size.
pub const MAX_FILE: usize = 100 << 20;

/// The most entries of one directory that are listed; more is an error.
pub const MAX_ENTRIES: usize = 100_000;

/// One entry of a listed directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The name inside the directory, not a path.
    pub name: String,
    pub is_dir: bool,
    /// It is a regular file itself, no link to one, and so may be opened without another look.
    pub is_file: bool,
}

/// Everything the compiler may ask of the outside. The disk in `main`, a map in tests and fuzzers.
pub trait World: Sync {
    /// Whole content of a regular file; links are followed. A device or a pipe is refused, and so is a file beyond
    /// [`MAX_FILE`].
    fn read(&self, path: &Path) -> Result<Vec<u8>, ReadError>;
    /// Whole content of a file that a person named, which may be a pipe, too: `-f <(sops -d values.yaml)`.
    fn read_named(&self, path: &Path) -> Result<Vec<u8>, ReadError> {
        self.read(path)
    }
    /// The same for a listed regular file that may never be asked for: what keeps it from being read is known at once,
    /// what it holds perhaps later.
    fn open(&self, path: &Path) -> Result<Opened, ReadError> {
        self.read_named(path).map(Opened::Read)
    }
    /// Entries of a directory, sorted by name; links are followed.
    fn list(&self, dir: &Path) -> Result<Vec<Entry>, ReadError>;
    /// The name of a directory, also where the path does not end in one (`.`, `..`).
    fn dir_name(&self, dir: &Path) -> Option<String> {
        dir.file_name().map(|name| name.to_string_lossy().into_owned())
    }
    /// Why a path cannot be followed to its end, in the words of Go's `filepath.EvalSymlinks`; none if it can. Worth
    /// asking only about what was listed and cannot be read.
    fn broken_link(&self, path: &Path) -> Option<String> {
        let _ = path;
        None
    }
    /// An environment variable; used for `RELC_VAR_*` and secret sources only.
    fn env(&self, name: &str) -> Option<String>;

    fn read_text(&self, path: &Path) -> Result<String, ReadError> {
        let bytes = self.read(path)?;
        if bytes.len() > SourceMap::MAX_LEN {
            return Err(ReadError::TooLarge(SourceMap::MAX_LEN >> 20));
        }
        String::from_utf8(bytes).map_err(|_| ReadError::NotUtf8)
    }
}

mod unread;
mod world;
pub use unread::{Opened, Unread};
pub use world::{DiskWorld, MemoryWorld};
