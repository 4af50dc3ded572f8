//! The flags that give values, as Helm has them.

use crate::chart::values::ValueFlags;
use crate::source::{Entry, MAX_FILE, ReadError, World};
use std::io::Read;
use std::path::Path;

// See the module's text.
#[derive(Debug, clap::Args)]
pub struct ValueArgs {
    /// Values files, later ones over earlier ones; `-` reads standard input.
    #[arg(short = 'f', long = "values", value_name = "FILE", value_delimiter = ',')]
    values: Vec<String>,
    /// A value as `path=value`; numbers, booleans and null are recognised.
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// A value as text.
    #[arg(long, value_name = "PATH=TEXT")]
    set_string: Vec<String>,
    /// A value as JSON, or a whole JSON object.
    #[arg(long, value_name = "PATH=JSON")]
    set_json: Vec<String>,
    /// A value read from a file.
    #[arg(long, value_name = "PATH=FILE")]
    set_file: Vec<String>,
    /// A value taken as it stands, commas and all.
    #[arg(long, value_name = "PATH=TEXT")]
    set_literal: Vec<String>,
}

impl ValueArgs {
    pub fn flags(&self) -> ValueFlags {
        ValueFlags {
            files: self.values.clone(),
            json: self.set_json.clone(),
            set: self.set.clone(),
            string: self.set_string.clone(),
            file: self.set_file.clone(),
            literal: self.set_literal.clone(),
        }
    }
}

/// The world, with standard input as the file `-`.
pub struct WithStdin<'a>(pub &'a dyn World);

impl World for WithStdin<'_> {
    fn read(&self, path: &Path) -> Result<Vec<u8>, ReadError> {
        self.0.read(path)
    }

    fn read_named(&self, path: &Path) -> Result<Vec<u8>, ReadError> {
        if path != Path::new("-") {
            return self.0.read_named(path);
        }
        let mut data = Vec::new();
        let mut input = std::io::stdin().lock().take(MAX_FILE as u64 + 1);
        input.read_to_end(&mut data).map_err(|e| ReadError::Other(e.to_string()))?;
        if data.len() > MAX_FILE { Err(ReadError::TooLarge(MAX_FILE >> 20)) } else { Ok(data) }
    }

    fn list(&self, dir: &Path) -> Result<Vec<Entry>, ReadError> {
        self.0.list(dir)
    }

    fn env(&self, name: &str) -> Option<String> {
        self.0.env(name)
    }
}
