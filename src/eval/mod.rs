//! Evaluation: typed IR in, [`Desired`] out.
//!
//! Deterministic and without a network; a reference into another release's rendering stays
//! [`value::ValueKind::Pending`] and is filled in by `render`.

pub mod desired;
pub mod value;

pub use desired::Desired;
pub use value::{Value, ValueKind};
