//! Values given on a command line: files and `--set` flags laid over each other as Helm lays them.
//!
//! In: the flags and a [`World`] to read files from. Out: one map of values, nulls kept. Follows Helm's
//! `pkg/cli/values`: whatever their order on the command line, files come first, then `--set-json`, `--set`,
//! `--set-string`, `--set-file` and `--set-literal`. Chart defaults are not looked at here.

use std::path::Path;

use serde_json::{Map, Value};

use super::error::{ChartError, ChartErrorKind};
use super::loader::{Located, merge_maps, read_values, read_values_located};
use super::strvals::{self, Mode};
use crate::gotmpl::yaml::{self, Root};
use crate::source::{ReadError, World};

/// The flags, each in the order given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ValueFlags {
    /// `--values`: paths of YAML files.
    pub files: Vec<String>,
    /// `--set-json`
    pub json: Vec<String>,
    /// `--set`
    pub set: Vec<String>,
    /// `--set-string`
    pub string: Vec<String>,
    /// `--set-file`
    pub file: Vec<String>,
    /// `--set-literal`
    pub literal: Vec<String>,
}

/// A values file as it was read.
#[derive(Debug)]
pub struct ValuesFile {
    /// As it was named.
    pub path: String,
    pub data: Vec<u8>,
    pub values: Map<String, Value>,
    pub documents: Vec<Located>,
}

impl ValueFlags {
    /// Everything merged, later over earlier.
    ///
    /// # Errors
    /// A file that cannot be read or is no map; a flag that cannot be parsed.
    pub fn merge(&self, world: &dyn World) -> Result<Map<String, Value>, ChartError> {
        let mut values = Map::new();
        for path in &self.files {
            let data = read(world, path).map_err(|why| ChartError::new(ChartErrorKind::Values, why))?;
            let file = read_values(&data).map_err(|e| {
                e.into_chart_error(&format!("failed to parse {path}"), Path::new(path), &data)
            })?;
            merge_maps(&mut values, file);
        }
        self.set_in(&mut values, world)?;
        Ok(values)
    }

    /// The files, each by itself: its path, its bytes, what is in it and where.
    ///
    /// # Errors
    /// A file that cannot be read or is no map; the others are read all the same.
    pub fn read_files(&self, world: &dyn World) -> Vec<Result<ValuesFile, ChartError>> {
        let one = |path: &String| {
            let data = read(world, path).map_err(|why| ChartError::new(ChartErrorKind::Values, why))?;
            let (values, documents) = read_values_located(&data).map_err(|e| {
                e.into_chart_error(&format!("failed to parse {path}"), Path::new(path), &data)
            })?;
            Ok(ValuesFile { path: path.clone(), data, values, documents })
        };
        self.files.iter().map(one).collect()
    }

    /// The flags other than `--values`, laid over values.
    ///
    /// # Errors
    /// A flag that cannot be parsed, a file of `--set-file` that cannot be read.
    pub fn set_in(&self, values: &mut Map<String, Value>, world: &dyn World) -> Result<(), ChartError> {
        for text in &self.json {
            set_json(values, text)?;
        }
        let from_file =
            |path: &str| read(world, path).map(|data| String::from_utf8_lossy(&data).into_owned());
        let flags = [
            ("--set", &self.set, Mode::Typed),
            ("--set-string", &self.string, Mode::Text),
            ("--set-file", &self.file, Mode::File(&from_file)),
            ("--set-literal", &self.literal, Mode::Literal),
        ];
        for (flag, texts, mode) in &flags {
            for text in *texts {
                strvals::set(values, text, mode)
                    .map_err(|why| refused(format!("failed parsing {flag} data: {why}"), flag))?;
            }
        }
        Ok(())
    }
}

/// `--set-json` takes a whole object as well as `name=json`.
fn set_json(values: &mut Map<String, Value>, text: &str) -> Result<(), ChartError> {
    let trimmed = text.trim();
    if !trimmed.starts_with('{') {
        return strvals::set(values, text, &Mode::Json).map_err(|why| {
            refused(format!("failed parsing --set-json data {text}"), "--set-json").help(why)
        });
    }
    match yaml::decode_json(trimmed.as_bytes(), Root::Map) {
        Ok(Value::Object(object)) => {
            merge_maps(values, object);
            Ok(())
        }
        Ok(_) => Ok(()),
        Err(why) => Err(refused(format!("failed parsing --set-json data JSON: {text}"), "--set-json")
            .help(why.to_string())),
    }
}

fn refused(message: String, flag: &str) -> ChartError {
    let form = match flag {
        "--set-json" => "write `name=JSON`, or one JSON object",
        "--set-file" => "write `name=path`",
        "--set-literal" => "write `name=text`; dots and brackets in the name lead into maps and lists",
        _ => "write `name=value`; escape dots, commas and brackets that belong to a name or value with `\\`",
    };
    ChartError::new(ChartErrorKind::Values, message).help(form)
}

/// The bytes of a file, or why not, in Go's words where it has any.
fn read(world: &dyn World, path: &str) -> Result<Vec<u8>, String> {
    if path.contains("://") {
        return Err(format!("cannot read `{path}`: values are only read from files"));
    }
    world.read_named(Path::new(path)).map_err(|why| match why {
        ReadError::NotFound => format!("open {path}: no such file or directory"),
        why => format!("open {path}: {why}"),
    })
}

#[cfg(test)]
mod tests;
