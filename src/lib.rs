//! `relc`: a compiler and executor for `.rel` files.
//!
//! # Steps
//! `source -> syntax -> modules -> types -> eval -> chart -> render -> graph -> plan -> apply`; each stage
//! takes the previous stage's type, returns its own, adds to [`diag::Diags`], and knows nothing of later
//! ones. [`driver`] is the only place that chains them. See ARCHITECTURE.md for the drawing.

pub mod apply;
pub mod chart;
pub mod cli;
pub mod cluster;
pub mod contract;
pub mod diag;
pub mod driver;
pub mod eval;
pub mod gotmpl;
pub mod graph;
pub mod kubernetes;
pub mod modules;
pub mod plan;
pub mod provenance;
pub mod render;
pub mod report;
pub mod source;
pub mod syntax;
pub mod types;
pub mod validate;
