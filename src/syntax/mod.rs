//! Text to syntax tree.
//!
//! In: the text of one file. Out: an [`ast::File`] with whatever could be parsed, and every syntax error
//! of the file in the run's `Diags`. Must not know: what names mean, which blocks exist, other files.
//!
//! Steps: [`scan`] guards (brackets, strings, nesting) and cuts the text into items; [`recover`] sends
//! each through the grammar (`grammar/rel.pest`), narrowing down what fails; [`lower`] and [`template`] make
//! the tree; [`explain`] and [`messages`] put errors into words.

pub mod ast;

mod explain;
mod findings;
mod grammar;
mod lower;
mod messages;
mod recover;
mod scan;
mod template;

use crate::diag::Diags;
use crate::source::{FileId, SourceMap};

/// Parses one file. Never fails as a whole: what is broken is reported and left out.
pub fn parse(file: FileId, text: &str, diags: &mut Diags) -> ast::File {
    if text.len() > SourceMap::MAX_LEN {
        diags.push(messages::too_large());
        return ast::File { id: file, items: Vec::new(), complete: false };
    }
    let mut findings = findings::Findings::default();
    let scan = scan::scan(file, text, &mut findings);
    let (items, complete) =
        recover::Recover { file, source: text, scan: &scan, diags: &mut findings, damaged: false }.file();
    findings.finish(file, text, diags);
    ast::File { id: file, items, complete }
}

#[cfg(test)]
mod grammar_tests;
#[cfg(test)]
mod tests;
