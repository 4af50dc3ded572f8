//! YAML and JSON in and out and TOML out, exactly as Helm does it.
//!
//! In: bytes, or values. Out: values, or text. Helm reads and writes YAML through `sigs.k8s.io/yaml`, that is
//! through JSON and `go.yaml.in/yaml` v2 (`toYamlPretty` through v3); what these do is reproduced here, down
//! to line folding, key order and the texts of errors, because charts print and compare them. Knows the two
//! value types it serves only by the traits [`Build`] and [`Encode`]; splitting manifests into documents and
//! everything about charts is elsewhere.
//!
//! # Parts
//! `scan` (characters to tokens) -> `tree` (tokens to nodes with positions) -> `decode` (nodes to values);
//! `encode` (values to YAML) with `order` for keys and `style` for scalars; `json`; `toml`; `resolve` and
//! `number` serve both directions.

mod decode;
mod encode;
mod json;
mod number;
mod order;
mod resolve;
mod scan;
mod style;
mod toml;
pub mod tree;
mod value;

#[cfg(test)]
mod tests;

use std::fmt;

pub use decode::{Build, Root, Shape, decode, decode_tree};
pub use encode::{Encode, View, encode, to_yaml, to_yaml_pretty};
pub use json::{decode_json, decode_json_prefix, encode_json, to_json};
pub use toml::{encode_toml, quoted_key as toml_key};

/// What Go's decoder would say, and where it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    message: String,
    offset: Option<usize>,
}

impl Error {
    /// Byte offset in the source where reading stopped, if the message is about a place.
    pub fn offset(&self) -> Option<usize> {
        self.offset
    }

    /// A problem of the YAML step at a line as Go counts it (0: not named).
    fn at(problem: &str, line: usize, offset: usize) -> Box<Error> {
        let message =
            if line == 0 { format!("yaml: {problem}") } else { format!("yaml: line {line}: {problem}") };
        Box::new(Error { message, offset: Some(offset) })
    }

    /// A problem of the YAML step without a place.
    fn plain(problem: &str) -> Box<Error> {
        Error::raw(format!("yaml: {problem}"))
    }

    fn raw(message: String) -> Box<Error> {
        Box::new(Error { message, offset: None })
    }

    fn converting(mut inner: Box<Error>) -> Box<Error> {
        inner.message.insert_str(0, "error converting YAML to JSON: ");
        inner
    }

    fn wrong_kind(found: &str, root: Root) -> Box<Error> {
        let wanted = if root == Root::List { "[]interface {}" } else { "map[string]interface {}" };
        Error::raw(format!(
            "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {found} into Go value of type {wanted}"
        ))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
