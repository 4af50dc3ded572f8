//! `relc`: a compiler and executor for `.rel` files.
//!
//! # Steps
//! `source -> syntax -> modules -> types -> eval -> chart -> render -> graph -> plan -> apply`; each stage
//! takes the previous stage's type, returns its own, adds to [`diag::Diags`], and knows nothing of later
//! ones. [`driver`] is the only place that chains them. See ARCHITECTURE.md for the drawing.

<<<<<<< HEAD
pub mod chart;
pub mod cli;
pub mod cluster;
=======
>>>>>>> 0729e5d (gotmpl: values, Go types, function signatures and registry)
pub mod diag;
pub mod eval;
pub mod gotmpl;
<<<<<<< HEAD
pub mod render;
pub mod report;
pub mod source;
pub mod syntax;
=======
pub mod source;
>>>>>>> 0729e5d (gotmpl: values, Go types, function signatures and registry)
