//! Errors of templates, in Go's words byte for byte, and as data for our own diagnostics.

use std::fmt;

/// A template could not be parsed. Prints as Go's: `template: NAME:LINE: MESSAGE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// The template's name, for Helm the file's path in the chart.
    pub template: String,
    /// The line, from 1.
    pub line: u32,
    /// Where in the text, in bytes.
    pub offset: u32,
    /// What is wrong, in Go's words.
    pub message: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "template: {}:{}: {}", self.template, self.line, self.message)
    }
}

impl std::error::Error for ParseError {}

/// Where execution was when it failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The file or text the failing node was parsed from: Go's `ParseName`.
    pub parse_name: String,
    /// The line, from 1.
    pub line: u32,
    /// The byte column by Go's rules, from 0.
    pub column: u32,
    /// The template being executed, perhaps a `define`.
    pub template: String,
    /// The node as Go prints it.
    pub context: String,
    /// The byte offset of the node in its text.
    pub offset: u32,
}

/// A template failed while running. Prints as Go's:
/// `template: FILE:LINE:COL: executing "NAME" at <CONTEXT>: MESSAGE`.
#[derive(Debug)]
pub struct ExecError {
    /// Where; `None` for errors that Go gives no position.
    pub at: Option<Location>,
    /// What is wrong, in Go's words, without what comes from an inner template.
    pub message: String,
    /// The failure inside an `include` or `tpl` which this frame called; its text follows `message`.
    pub cause: Option<Box<ExecError>>,
    /// The inner text could not be parsed (`tpl`); its text follows `message`.
    pub parse: Option<Box<ParseError>>,
}

impl ExecError {
    /// An error without a position.
    pub(super) const fn plain(message: String) -> Self {
        Self { at: None, message, cause: None, parse: None }
    }

    /// The frames from the outermost to the innermost.
    pub fn frames(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |error| error.cause.as_deref())
    }

    /// The innermost frame: where it really went wrong.
    #[must_use]
    pub fn innermost(&self) -> &Self {
        let mut error = self;
        while let Some(cause) = &error.cause {
            error = cause;
        }
        error
    }
}

impl Drop for ExecError {
    fn drop(&mut self) {
        // One by one: the chain is as long as templates can nest.
        let mut cause = self.cause.take();
        while let Some(mut error) = cause {
            cause = error.cause.take();
        }
    }
}

impl fmt::Display for ExecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A loop, not recursion: chains can be a thousand includes long.
        let mut error = self;
        loop {
            if let Some(at) = &error.at {
                write!(
                    f,
                    "template: {}:{}:{}: executing {} at <{}>: ",
                    at.parse_name,
                    at.line,
                    at.column,
                    super::fmt::quote_lossy(at.template.as_bytes()),
                    at.context
                )?;
            }
            f.write_str(&error.message)?;
            if let Some(parse) = &error.parse {
                write!(f, "{parse}")?;
            }
            match &error.cause {
                Some(cause) => error = cause,
                None => return Ok(()),
            }
        }
    }
}

impl std::error::Error for ExecError {}
