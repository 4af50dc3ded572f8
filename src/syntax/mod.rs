//! Text to syntax tree.
//!
//! In: the text of one file. Out: an [`ast::File`] with whatever could be parsed, and every syntax error
//! of the file in the run's `Diags`. Must not know: what names mean, which blocks exist, other files.

pub mod ast;
