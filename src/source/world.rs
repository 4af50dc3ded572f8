//! The two worlds: the disk, and a map for tests.

use super::{Entry, MAX_ENTRIES, MAX_FILE, Opened, ReadError, Unread, World};
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// The real file system and environment.
#[derive(Debug, Default, Clone, Copy)]
pub struct DiskWorld;

#[expect(clippy::disallowed_methods, reason = "this is the door that everything else goes through")]
impl World for DiskWorld {
    fn read(&self, path: &Path) -> Result<Vec<u8>, ReadError> {
        // Asked before it is opened: opening a pipe waits for somebody to write to it.
        if !std::fs::metadata(path).map_err(io)?.is_file() {
            return Err(refused(path));
        }
        read_all(path)
    }

    fn read_named(&self, path: &Path) -> Result<Vec<u8>, ReadError> {
        read_all(path)
    }

    fn open(&self, path: &Path) -> Result<Opened, ReadError> {
        let file = std::fs::File::open(path).map_err(io)?;
        let metadata = file.metadata().map_err(io)?;
        if metadata.len() > MAX_FILE as u64 {
            return Err(ReadError::TooLarge(MAX_FILE >> 20));
        }
        match Unread::keep(file, &metadata) {
            Ok(unread) => Ok(Opened::Unread(unread)),
            Err(file) => read_open(file, metadata.len()).map(Opened::Read),
        }
    }

    fn list(&self, dir: &Path) -> Result<Vec<Entry>, ReadError> {
        let mut entries = Vec::new();
        for entry in std::fs::read_dir(dir).map_err(io)? {
            let entry = entry.map_err(io)?;
            if entries.len() >= MAX_ENTRIES {
                return Err(ReadError::Other(format!("the directory has more than {MAX_ENTRIES} entries")));
            }
            let Ok(name) = entry.file_name().into_string() else { continue };
            // The directory tells what most entries are; a link is what it leads to. A dangling one is listed as
            // a file: reading it then names the problem.
            let kind = entry.file_type();
            let is_file = kind.as_ref().is_ok_and(std::fs::FileType::is_file);
            let is_dir = match kind {
                Ok(kind) if !kind.is_symlink() => kind.is_dir(),
                _ => std::fs::metadata(entry.path()).is_ok_and(|m| m.is_dir()),
            };
            entries.push(Entry { name, is_dir, is_file });
        }
        entries.sort();
        Ok(entries)
    }

    fn dir_name(&self, dir: &Path) -> Option<String> {
        let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
        let name = std::fs::canonicalize(dir).ok()?.file_name()?.to_string_lossy().into_owned();
        Some(name)
    }

    fn broken_link(&self, path: &Path) -> Option<String> {
        let path = std::path::absolute(path).ok()?;
        let why = follow(&path).err()?;
        Some(format!("error evaluating symlink {}: {why}", path.display()))
    }

    fn env(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
}

/// Follows every link of an absolute path; the error is that of the first name that leads nowhere.
fn follow(path: &Path) -> Result<(), String> {
    const MAX_LINKS: usize = 255;
    let words = |at: &Path, error: std::io::Error| format!("lstat {}: {}", at.display(), io(error));
    let mut ahead: Vec<PathBuf> = path.iter().rev().map(PathBuf::from).collect();
    let mut at = PathBuf::new();
    let mut links = 0;
    while let Some(part) = ahead.pop() {
        if part == Path::new(".") {
            continue;
        }
        if part == Path::new("..") {
            at.pop();
            continue;
        }
        at.push(part);
        if !std::fs::symlink_metadata(&at).map_err(|e| words(&at, e))?.is_symlink() {
            continue;
        }
        links += 1;
        if links > MAX_LINKS {
            return Err("EvalSymlinks: too many links".to_owned());
        }
        let target = std::fs::read_link(&at).map_err(|e| words(&at, e))?;
        at.pop();
        ahead.extend(target.iter().rev().map(PathBuf::from));
    }
    Ok(())
}

/// Why a path that is no regular file is not read: a directory says so itself.
fn refused(path: &Path) -> ReadError {
    if path.is_dir() { io(std::io::ErrorKind::IsADirectory.into()) } else { ReadError::Irregular }
}

/// What the file holds, read no further than [`MAX_FILE`]: a device, a pipe or what the kernel makes up as it is read
/// says that its size is nothing. A file that says its size is not asked for more than that.
fn read_all(path: &Path) -> Result<Vec<u8>, ReadError> {
    let file = std::fs::File::open(path).map_err(io)?;
    let len = file.metadata().map_err(io)?.len();
    if len > MAX_FILE as u64 {
        return Err(ReadError::TooLarge(MAX_FILE >> 20));
    }
    read_open(file, len)
}

fn read_open(file: std::fs::File, len: u64) -> Result<Vec<u8>, ReadError> {
    let mut data = Vec::with_capacity(usize::try_from(len).unwrap_or(0));
    let most = if len == 0 { MAX_FILE as u64 + 1 } else { len };
    file.take(most).read_to_end(&mut data).map_err(io)?;
    if data.len() > MAX_FILE { Err(ReadError::TooLarge(MAX_FILE >> 20)) } else { Ok(data) }
}

pub(super) fn io(error: std::io::Error) -> ReadError {
    match error.kind() {
        std::io::ErrorKind::NotFound => ReadError::NotFound,
        std::io::ErrorKind::NotADirectory => ReadError::NotADirectory,
        std::io::ErrorKind::PermissionDenied => ReadError::Other("permission denied".into()),
        _ => ReadError::Other(error.to_string()),
    }
}

/// Files and variables held in memory.
#[derive(Debug, Default, Clone)]
pub struct MemoryWorld {
    files: BTreeMap<PathBuf, Vec<u8>>,
    vars: BTreeMap<String, String>,
}

impl MemoryWorld {
    pub fn with_file(mut self, path: impl Into<PathBuf>, content: impl Into<Vec<u8>>) -> Self {
        self.files.insert(path.into(), content.into());
        self
    }

    pub fn with_env(mut self, name: &str, value: &str) -> Self {
        self.vars.insert(name.into(), value.into());
        self
    }
}

impl World for MemoryWorld {
    fn read(&self, path: &Path) -> Result<Vec<u8>, ReadError> {
        self.files.get(path).cloned().ok_or(ReadError::NotFound)
    }

    fn list(&self, dir: &Path) -> Result<Vec<Entry>, ReadError> {
        let mut entries = Vec::new();
        for path in self.files.keys() {
            let Ok(rest) = path.strip_prefix(dir) else { continue };
            let mut parts = rest.components();
            let Some(name) = parts.next() else { continue };
            let is_dir = parts.next().is_some();
            let name = name.as_os_str().to_string_lossy().into_owned();
            let entry = Entry { name, is_dir, is_file: !is_dir };
            if !entries.contains(&entry) {
                entries.push(entry);
            }
        }
        if entries.is_empty() {
            return Err(ReadError::NotFound);
        }
        entries.sort();
        Ok(entries)
    }

    fn env(&self, name: &str) -> Option<String> {
        self.vars.get(name).cloned()
    }
}
