//! `Str`: Go's string, an immutable sequence of bytes that need not be UTF-8.
//!
//! Short strings (most names, keys and scalars of a chart) live inside the value and are copied, longer ones are
//! shared. A string that belongs to a parsed template or a chart's file is shared with it across threads. Knows nothing
//! of values or templates.

use std::borrow::{Borrow, Cow};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;

/// The longest string kept without a heap allocation; chosen so that `Str` and `Value` are 24 bytes.
const INLINE: usize = 22;

/// The text of a parsed template, shared across threads. A thin pointer, so that a part of it fits into a [`Str`].
pub type SharedText = Arc<Box<[u8]>>;

/// An immutable byte string, cheap to clone.
#[derive(Clone)]
pub struct Str(Repr);

#[derive(Clone)]
enum Repr {
    /// Invariant: `len <= INLINE`.
    Inline {
        len: u8,
        buf: [u8; INLINE],
    },
    Static(&'static [u8]),
    Shared(Rc<[u8]>),
    Thawed(Arc<[u8]>),
    /// Invariant: `start <= end <= text.len()`.
    Template {
        text: SharedText,
        start: u32,
        end: u32,
    },
}

impl Str {
    /// The empty string.
    #[must_use]
    pub const fn empty() -> Self {
        Self(Repr::Static(&[]))
    }

    /// A string that lives as long as the program; never allocates.
    #[must_use]
    pub const fn literal(text: &'static str) -> Self {
        Self(Repr::Static(text.as_bytes()))
    }

    /// A copy of `bytes`.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        Self::inline(bytes).unwrap_or_else(|| Self(Repr::Shared(Rc::from(bytes))))
    }

    /// The contents of a chart's file: cloned by counting when they are too long to keep inline.
    #[must_use]
    pub fn from_file(bytes: &SharedText) -> Self {
        Self::part_of(bytes, 0, bytes.len())
    }

    /// Bytes `start..end` of a parsed template, or nothing if it has no such part: shared when they are too many to
    /// keep inline.
    #[must_use]
    pub fn part_of(text: &SharedText, start: usize, end: usize) -> Self {
        let Some(part) = text.get(start..end) else { return Self::empty() };
        Self::inline(part).unwrap_or_else(|| match (u32::try_from(start), u32::try_from(end)) {
            (Ok(start), Ok(end)) => Self(Repr::Template { text: Arc::clone(text), start, end }),
            _ => Self::new(part),
        })
    }

    fn inline(bytes: &[u8]) -> Option<Self> {
        let mut buf = [0; INLINE];
        buf.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(Self(Repr::Inline { len: u8::try_from(bytes.len()).ok()?, buf }))
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Repr::Inline { len, buf } => buf.get(..usize::from(*len)).unwrap_or_default(),
            Repr::Static(bytes) => bytes,
            Repr::Shared(bytes) => bytes,
            Repr::Thawed(bytes) => bytes,
            Repr::Template { text, start, end } => {
                text.get(*start as usize..*end as usize).unwrap_or_default()
            }
        }
    }

    /// The first eight bytes as a number that orders as they do, with zeros for what is missing: where two differ,
    /// the strings compare likewise.
    pub(super) fn prefix(&self) -> u64 {
        match &self.0 {
            // Behind the text there are zeros.
            Repr::Inline { buf, .. } => buf.first_chunk().map_or(0, |first| u64::from_be_bytes(*first)),
            _ => prefix(self.as_bytes()),
        }
    }

    /// The text, if the bytes are UTF-8.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(self.as_bytes()).ok()
    }

    /// The text, with U+FFFD for what is not UTF-8.
    #[must_use]
    pub fn to_str_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.as_bytes())
    }

    /// How many bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Whether there are no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.as_bytes().is_empty()
    }
}

/// A string that threads share: [`FrozenStr::thaw`] makes it a [`Str`] without copying what is long.
#[derive(Clone)]
pub struct FrozenStr(Shared);

#[derive(Clone)]
enum Shared {
    /// Invariant: `len <= INLINE`.
    Inline {
        len: u8,
        buf: [u8; INLINE],
    },
    Long(Arc<[u8]>),
}

impl FrozenStr {
    /// The same string for one thread.
    #[must_use]
    pub fn thaw(&self) -> Str {
        match &self.0 {
            Shared::Inline { len, buf } => Str(Repr::Inline { len: *len, buf: *buf }),
            Shared::Long(bytes) => Str(Repr::Thawed(Arc::clone(bytes))),
        }
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Shared::Inline { len, buf } => buf.get(..usize::from(*len)).unwrap_or_default(),
            Shared::Long(bytes) => bytes,
        }
    }

    /// The text, with U+FFFD for what is not UTF-8.
    #[must_use]
    pub fn to_text(&self) -> String {
        String::from_utf8_lossy(self.as_bytes()).into_owned()
    }
}

impl From<&str> for FrozenStr {
    fn from(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut buf = [0; INLINE];
        match (buf.get_mut(..bytes.len()), u8::try_from(bytes.len())) {
            (Some(room), Ok(len)) => {
                room.copy_from_slice(bytes);
                Self(Shared::Inline { len, buf })
            }
            _ => Self(Shared::Long(Arc::from(bytes))),
        }
    }
}

impl PartialEq for FrozenStr {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for FrozenStr {}

impl PartialOrd for FrozenStr {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for FrozenStr {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl fmt::Debug for FrozenStr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", String::from_utf8_lossy(self.as_bytes()))
    }
}

/// [`Str::prefix`] of bytes that are no `Str`.
pub(super) fn prefix(bytes: &[u8]) -> u64 {
    if let Some(first) = bytes.first_chunk() {
        return u64::from_be_bytes(*first);
    }
    let mut first = [0; 8];
    for (slot, byte) in first.iter_mut().zip(bytes) {
        *slot = *byte;
    }
    u64::from_be_bytes(first)
}

/// Go's `[]byte`: the same bytes as another type, in one word, so that a value needs only three.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bytes(Rc<Str>);

impl Bytes {
    /// The bytes as a string.
    #[must_use]
    pub fn as_string(&self) -> &Str {
        &self.0
    }
}

impl From<Str> for Bytes {
    fn from(text: Str) -> Self {
        Self(Rc::new(text))
    }
}

impl Deref for Bytes {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl Default for Str {
    fn default() -> Self {
        Self::empty()
    }
}

impl Deref for Str {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl Borrow<[u8]> for Str {
    fn borrow(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl AsRef<[u8]> for Str {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl PartialEq for Str {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Str {}

impl PartialEq<str> for Str {
    fn eq(&self, other: &str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl PartialEq<&str> for Str {
    fn eq(&self, other: &&str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl PartialOrd for Str {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Str {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl Hash for Str {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

impl From<&str> for Str {
    fn from(text: &str) -> Self {
        Self::new(text.as_bytes())
    }
}

impl From<String> for Str {
    fn from(text: String) -> Self {
        Self::from(text.into_bytes())
    }
}

impl From<&[u8]> for Str {
    fn from(bytes: &[u8]) -> Self {
        Self::new(bytes)
    }
}

impl From<Vec<u8>> for Str {
    fn from(bytes: Vec<u8>) -> Self {
        Self::inline(&bytes).unwrap_or_else(|| Self(Repr::Shared(Rc::from(bytes))))
    }
}

impl fmt::Display for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_str_lossy())
    }
}

impl fmt::Debug for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_str_lossy())
    }
}
