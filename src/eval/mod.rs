//! Evaluation: typed IR in, [`Desired`] out.
//!
//! Deterministic and without a network; a reference into another release's rendering stays
//! [`value::ValueKind::Pending`] and is filled in by `render`.
//!
//! # Parts
//! `run` (expressions) with `operators`, `handles` (references to blocks), `convert` (types of values), `funcs`
//! (built-in functions); `scope` (instances of modules, variables), `pending`; `build` (blocks to [`Desired`]).

mod build;
mod convert;
pub mod desired;
mod errors;
mod funcs;
mod handles;
mod operators;
mod pending;
mod run;
mod scope;
pub mod value;

#[cfg(test)]
mod tests;

pub use build::{Inputs, evaluate};
pub use desired::Desired;
pub use pending::decide;
pub use value::{Value, ValueKind};
