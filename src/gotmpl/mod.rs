//! Go templates, sprig and Go-compatible YAML. A leaf: imports nothing of ours.

pub mod funcs;
pub mod semver;
