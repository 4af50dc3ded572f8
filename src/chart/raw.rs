//! Files of a chart that may not have been read yet.

use super::archive::without_bom;
use super::{ChartError, File, directory};
use crate::gotmpl::str::SharedText;
use crate::source::{Opened, ReadError, Unread};
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// A file whose content is read when somebody asks for it: README.md, CRDs, dashboards. `name` as in [`File`].
#[derive(Clone, Debug)]
pub struct RawFile {
    pub name: String,
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    Held(SharedText),
    Unread(Arc<Pending>),
}

#[derive(Debug)]
struct Pending {
    /// Taken by the first who asks.
    file: Mutex<Option<Unread>>,
    data: OnceLock<Result<SharedText, ReadError>>,
}

impl Pending {
    fn data(&self) -> &Result<SharedText, ReadError> {
        self.data.get_or_init(|| {
            let file = self.file.lock().unwrap_or_else(PoisonError::into_inner).take();
            let read = file.map_or(Err(ReadError::NotFound), Unread::read);
            read.map(|data| Arc::new(without_bom(data).into()))
        })
    }
}

impl RawFile {
    pub(super) fn new(name: String, opened: Opened) -> RawFile {
        let content = match opened {
            Opened::Read(data) => Content::Held(Arc::new(without_bom(data).into())),
            Opened::Unread(file) => {
                let file = Mutex::new(Some(file));
                Content::Unread(Arc::new(Pending { file, data: OnceLock::new() }))
            }
        };
        RawFile { name, content }
    }

    /// The same under another name.
    pub(super) fn named(self, name: String) -> RawFile {
        RawFile { name, ..self }
    }

    /// What it holds, without a byte order mark.
    ///
    /// # Errors
    /// It could not be read, or was changed since the chart was loaded.
    pub fn data(&self) -> Result<&SharedText, ReadError> {
        match &self.content {
            Content::Held(data) => Ok(data),
            Content::Unread(pending) => pending.data().as_ref().map_err(Clone::clone),
        }
    }

    /// The content as text where it is text and can be read.
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(self.data().ok()?).ok()
    }

    /// Why it could not be read, if somebody asked for it in vain.
    pub fn failure(&self) -> Option<&ReadError> {
        match &self.content {
            Content::Held(_) => None,
            Content::Unread(pending) => pending.data.get()?.as_ref().err(),
        }
    }

    /// The file, read.
    pub(super) fn held(&self, origin: &Path) -> Result<File, ChartError> {
        let data = self.data().map_err(|why| directory::unreadable(&origin.join(&self.name), &why))?;
        Ok(File { name: self.name.clone(), data: Arc::clone(data) })
    }
}
