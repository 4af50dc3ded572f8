//! The functions of templates: sprig's and Helm's own.

pub mod runes;
