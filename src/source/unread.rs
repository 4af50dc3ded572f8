//! Files that are open and not read yet.

use super::ReadError;
use super::world::io;
use std::fs::File;
use std::io::Read as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

/// Smaller files are read at once: that is no dearer than keeping them open.
const SMALL: u64 = 4 << 10;
/// How many are kept open; a system may allow no more than 256 files to a process.
const MAX_OPEN: usize = 96;

static OPEN: AtomicUsize = AtomicUsize::new(0);

/// What [`super::World::open`] gives.
#[derive(Debug)]
pub enum Opened {
    Read(Vec<u8>),
    Unread(Unread),
}

/// An open regular file. What it holds is there even if its name is gone by the time it is read.
#[derive(Debug)]
pub struct Unread {
    file: File,
    len: u64,
    modified: Option<SystemTime>,
}

impl Unread {
    /// The file, if it is worth keeping open and there is room for one more; otherwise it is given back.
    pub(super) fn keep(file: File, metadata: &std::fs::Metadata) -> Result<Unread, File> {
        if metadata.len() < SMALL {
            return Err(file);
        }
        if OPEN.fetch_add(1, Ordering::Relaxed) >= MAX_OPEN {
            OPEN.fetch_sub(1, Ordering::Relaxed);
            return Err(file);
        }
        Ok(Unread { file, len: metadata.len(), modified: metadata.modified().ok() })
    }

    /// How many bytes it held when it was opened.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether it held none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// What it held when it was opened.
    ///
    /// # Errors
    /// It cannot be read, or was written to since.
    pub fn read(self) -> Result<Vec<u8>, ReadError> {
        let mut data = Vec::with_capacity(usize::try_from(self.len).unwrap_or(0));
        (&self.file).take(self.len).read_to_end(&mut data).map_err(io)?;
        let now = self.file.metadata().map_err(io)?;
        if now.len() != self.len || now.modified().ok() != self.modified {
            return Err(ReadError::Other("the file was changed while it was in use".into()));
        }
        Ok(data)
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        OPEN.fetch_sub(1, Ordering::Relaxed);
    }
}
