//! Chart archives: gzipped tar with one top folder, read into memory within a budget.
//!
//! Nothing is ever written to disk, so a path cannot escape; the names are refused all the same, because
//! they become template names. Follows Helm's `pkg/chart/loader/archive`.

use super::{ChartError, ChartErrorKind, RawFile};
use crate::source::Opened;
use flate2::bufread::GzDecoder;
use std::io::Read;
use std::path::Path;

/// Most bytes that the files of one archive, or one directory, may hold together; Helm's number.
pub const MAX_DECOMPRESSED_SIZE: u64 = 100 << 20;
/// What may come besides: names, padding, and what is skipped.
const MAX_HEADERS: u64 = 64 << 20;
/// Most room made for a file before any of it was read; its header may promise anything.
const MAX_UNREAD: usize = 1 << 20;
/// Most members a gzip stream may be put together from; each costs time, be it empty.
const MAX_MEMBERS: usize = 10_000;
/// Most entries; Helm has no limit, but an archive of empty files is a way to fill memory, too.
pub(super) const MAX_FILES: usize = 100_000;

/// What a file holds, without the byte order mark that Helm drops. Copies nothing where there is none.
pub(super) fn without_bom(mut data: Vec<u8>) -> Vec<u8> {
    const BOM: &[u8] = b"\xEF\xBB\xBF";
    if data.starts_with(BOM) {
        data.drain(..BOM.len());
    }
    data
}

/// The files of an archive without their top folder, in the archive's order; what they hold is taken off `budget`.
pub(super) fn read(bytes: &[u8], origin: &Path, budget: &mut u64) -> Result<Vec<RawFile>, ChartError> {
    if !bytes.starts_with(b"\x1F\x8B\x08") {
        return Err(not_gzip(bytes, origin));
    }
    let broken = |e: std::io::Error| {
        unsafe_archive(format!("unable to load chart archive `{}`: {e}", origin.display()))
    };
    // Headers count too: a stream of nothing but headers would otherwise be unbounded.
    let stream = Members::new(bytes).take(MAX_DECOMPRESSED_SIZE + MAX_HEADERS);
    let mut archive = tar::Archive::new(stream);
    let remaining = budget;
    let mut files = Vec::new();
    for entry in archive.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        let kind = entry.header().entry_type();
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if kind.is_dir() || path.ends_with('/') || kind.is_pax_global_extensions() {
            continue;
        }
        let name = inner_name(&path)?;
        if files.len() >= MAX_FILES {
            return Err(unsafe_archive(format!("chart archive holds more than {MAX_FILES} files")));
        }
        let too_large = || {
            unsafe_archive(format!(
                "decompressed chart is larger than the maximum size {MAX_DECOMPRESSED_SIZE}"
            ))
        };
        if entry.size() >= *remaining {
            return Err(too_large());
        }
        let mut data = Vec::with_capacity(usize::try_from(entry.size()).unwrap_or(0).min(MAX_UNREAD));
        // A sparse entry can be longer than its header says.
        entry.by_ref().take(*remaining).read_to_end(&mut data).map_err(broken)?;
        let length = data.len() as u64;
        if length >= *remaining {
            return Err(too_large());
        }
        *remaining -= length;
        files.push(RawFile::new(name, Opened::Read(data)));
    }
    if files.is_empty() {
        return Err(unsafe_archive("no files in chart archive".into()));
    }
    Ok(files)
}

/// The members of a gzip stream, one after the other.
struct Members<'b> {
    member: GzDecoder<&'b [u8]>,
    left: usize,
}

impl<'b> Members<'b> {
    fn new(bytes: &'b [u8]) -> Self {
        Members { member: GzDecoder::new(bytes), left: MAX_MEMBERS }
    }
}

impl Read for Members<'_> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        loop {
            let count = self.member.read(buf)?;
            let rest = *self.member.get_ref();
            if count > 0 || buf.is_empty() || rest.is_empty() {
                return Ok(count);
            }
            let Some(left) = self.left.checked_sub(1) else {
                return Err(std::io::Error::other(format!("more than {MAX_MEMBERS} gzip members")));
            };
            self.left = left;
            self.member = GzDecoder::new(rest);
        }
    }
}

/// `top/templates/a.yaml` to `templates/a.yaml`, or why the name is refused.
fn inner_name(path: &str) -> Result<String, ChartError> {
    let delimiter = if path.contains('\\') { '\\' } else { '/' };
    let (top, inner) = path.split_once(delimiter).unwrap_or((path, ""));
    let inner = inner.replace(delimiter, "/");
    if inner.starts_with('/') {
        return Err(unsafe_archive("chart illegally contains absolute paths".into()));
    }
    let Some(clean) = clean_path(&inner) else {
        return Err(unsafe_archive("chart illegally references parent directory".into()));
    };
    if clean.is_empty() {
        return Err(unsafe_archive(format!(
            "chart illegally contains content outside the base directory: {path:?}"
        )));
    }
    let mut start = clean.bytes();
    if start.next().is_some_and(|c| c.is_ascii_alphabetic())
        && start.next() == Some(b':')
        && start.next() == Some(b'/')
    {
        return Err(unsafe_archive("chart contains illegally named files".into()));
    }
    if top == "Chart.yaml" {
        return Err(unsafe_archive("chart yaml not in base directory".into()));
    }
    Ok(clean)
}

/// Resolves `.`, `..` and empty parts; `None` when the path leaves its root (or begins with two dots).
fn clean_path(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            other => parts.push(other),
        }
    }
    let clean = parts.join("/");
    if clean.starts_with("..") { None } else { Some(clean) }
}

fn unsafe_archive(message: String) -> ChartError {
    ChartError::new(ChartErrorKind::Archive, message)
}

fn not_gzip(bytes: &[u8], origin: &Path) -> ChartError {
    let shown = origin.display();
    let yaml = origin.extension().is_some_and(|e| e == "yaml" || e == "yml");
    let message = if yaml {
        format!("file '{shown}' seems to be a YAML file, but expected a gzipped archive")
    } else {
        format!("file '{shown}' does not appear to be a gzipped archive; got '{}'", content_type(bytes))
    };
    ChartError::new(ChartErrorKind::NotAChart, message)
        .help("a chart is a directory with a Chart.yaml, or a .tgz archive of one")
}

/// The few answers of Go's content sniffing that matter to someone who passed the wrong file.
fn content_type(bytes: &[u8]) -> &'static str {
    let head = bytes.get(..512).unwrap_or(bytes);
    if head.starts_with(b"PK\x03\x04") {
        "application/zip"
    } else if head.starts_with(b"%PDF-") {
        "application/pdf"
    } else if head.iter().any(|b| matches!(b, 0..=8 | 0x0B | 0x0E..=0x1A | 0x1C..=0x1F)) {
        "application/octet-stream"
    } else {
        "text/plain; charset=utf-8"
    }
}
