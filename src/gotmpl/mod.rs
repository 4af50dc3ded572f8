//! Go templates, sprig and Go-compatible YAML. A leaf: imports nothing of ours.

pub mod error;
pub mod exec;
pub mod fmt;
pub mod fuel;
pub mod func;
pub mod funcs;
pub mod parse;
mod printable;
pub mod semver;
pub mod set;
pub mod str;
pub mod strconv;
pub mod types;
pub mod value;
pub mod yaml;
