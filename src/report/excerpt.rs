//! What a person is shown of a source and of a message: of a line that fills screens, a piece.
//!
//! In: texts of any length. Out: texts a terminal can hold; places keep their true line and column. miette cannot
//! draw a label behind column 65,535 at all.

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};
use std::borrow::Cow;
use std::sync::Arc;

/// Longest excerpt drawn whole, in bytes.
const MAX_EXCERPT: usize = 8_000;
/// How much of a long line is shown before a label, and of the label and behind it.
const BEFORE: usize = 60;
const BEHIND: usize = 120;

/// Longest message shown whole, and how much of the beginning and of the end of a longer one; Go wraps errors so
/// that the cause stands last.
const MAX_MESSAGE: usize = 32_000;
const MESSAGE_PART: usize = 12_000;

/// A named text that gives miette no more of a line than fits on a screen.
pub(super) struct Excerpt {
    pub(super) name: String,
    pub(super) text: Arc<str>,
}

impl Excerpt {
    /// How much of a label that begins and ends there is underlined: in a long line, its beginning.
    pub(super) fn shown(&self, start: usize, len: usize) -> usize {
        let whole = self.text.read_span(&(start, len).into(), 1, 1);
        match whole {
            Ok(contents) if contents.data().len() > MAX_EXCERPT => {
                self.floor(start.saturating_add(len.min(BEHIND))).saturating_sub(start)
            }
            _ => len,
        }
    }

    /// The last place at or before this one where a character begins.
    fn floor(&self, at: usize) -> usize {
        let at = at.min(self.text.len());
        (0..=at).rev().find(|at| self.text.is_char_boundary(*at)).unwrap_or(0)
    }

    /// The piece around a place within its line.
    fn window(&self, start: usize) -> (usize, usize) {
        let (from, to) = (self.floor(start.saturating_sub(BEFORE)), self.floor(start + BEHIND));
        let before = self.text.get(from..start).unwrap_or_default();
        let behind = self.text.get(start..to).unwrap_or_default();
        let from = before.rfind('\n').map_or(from, |newline| from + newline + 1);
        let to = behind.find('\n').map_or(to, |newline| start + newline);
        (from, to)
    }
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let whole = self.text.read_span(span, before, after)?;
        let (data, at, line, column) = if whole.data().len() > MAX_EXCERPT {
            let start = self.floor(span.offset());
            let (from, to) = self.window(start);
            let place = self.text.read_span(&(start, 0).into(), 0, 0)?;
            let data = self.text.get(from..to).unwrap_or_default().as_bytes();
            (data, SourceSpan::from((from, to - from)), place.line(), place.column())
        } else {
            (whole.data(), *whole.span(), whole.line(), whole.column())
        };
        let lines = whole.line_count();
        Ok(Box::new(MietteSpanContents::new_named(self.name.clone(), data, at, line, column, lines)))
    }
}

/// A message, without the middle of one that fills screens.
pub(super) fn message(text: &str) -> Cow<'_, str> {
    if text.len() <= MAX_MESSAGE {
        return Cow::Borrowed(text);
    }
    let cut = |at: usize| (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let (head, tail) = (cut(MESSAGE_PART), cut(text.len() - MESSAGE_PART));
    Cow::Owned(format!(
        "{} [… {} bytes left out …] {}",
        text.get(..head).unwrap_or_default(),
        tail - head,
        text.get(tail..).unwrap_or_default()
    ))
}
