//! Carries out a [`Plan`](crate::plan::Plan) and nothing but the plan.
//!
//! In: a plan and the clusters it was made for. Out: events while it works and an [`ApplyReport`].
//! Must not know: source, charts, values.

mod event;

pub use event::{ApplyEvent, ApplyReport, Events, NodeResult, Outcome, Pending};
