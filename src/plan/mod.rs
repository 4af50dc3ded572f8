//! What has to be done, from what is wanted and what is there.
//!
//! In: [`Input`] (rendered stack) and reached clusters. Out: [`Plan`]. Must not know: source text beyond
//! spans, how changes are carried out. Everything here only reads; the one kind of write it sends is a
//! server-side dry run.

mod api;
mod diff;
mod fields;
pub mod input;
pub mod inventory;
mod model;
mod object;
mod op;
mod record;

pub use input::Input;
pub use model::{Action, Change, ChartStep, ClusterState, FieldChange, ForeignField, ObjectChange, Plan};
pub use object::ObjectRef;
pub use op::{DeleteOp, HookOp, ObjectOp, ObjectsOp, Operation, ReleaseOp, Revision, UninstallOp};
