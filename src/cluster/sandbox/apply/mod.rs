//! Server-side apply: who manages which field, and how an applied object is merged.
//!
//! The rules are those of sigs.k8s.io/structured-merge-diff and apimachinery's field managers: [`set`] holds
//! sets of fields, [`typed`] walks objects by their schema, [`managers`] keeps `metadata.managedFields`.

pub mod managers;
pub mod set;
pub mod typed;
