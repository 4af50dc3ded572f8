//! Carries out a [`Plan`] and nothing but the plan.
//!
//! In: a plan and the clusters it was made for. Out: events while it works and an [`ApplyReport`].
//! Must not know: source, charts, values.
//!
//! # Steps
//! Per cluster the stack's `lock` is taken and the inventory (`ledger`) told what will be touched; then `walk`
//! works the changes off, dependencies first, many at a time; a `release` goes through Helm's lifecycle
//! (`store` for records, `hooks`, `wait` and `ready` for readiness), removals through `uninstall`; at the end
//! the inventory says what is owned now.

mod errors;
mod event;
mod hooks;
mod ledger;
mod lock;
mod node;
mod ready;
mod release;
mod store;
mod uninstall;
mod wait;
mod walk;

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

pub use event::{ApplyEvent, ApplyReport, Events, NodeResult, Outcome, Pending};

use crate::cluster::Cluster;
use crate::eval::desired::Address;
use crate::plan::Plan;

/// How to apply.
#[derive(Debug)]
pub struct Options {
    /// Nodes worked on at a time, per cluster.
    pub parallelism: usize,
    /// Who applies, for those who meet the lock: `ada@laptop`, a CI job's URL.
    pub holder: String,
    /// Set it to stop: what has begun is finished, nothing new is started.
    pub stop: AtomicBool,
}

impl Options {
    pub fn new(holder: impl Into<String>) -> Self {
        Options { parallelism: 10, holder: holder.into(), stop: AtomicBool::new(false) }
    }
}

/// Applies a plan. Never fails as a whole: the report says what became of each change.
pub async fn apply(
    plan: &Plan,
    clusters: &BTreeMap<Address, Cluster>,
    options: &Options,
    events: Events<'_>,
) -> ApplyReport {
    walk::apply(plan, clusters, options, events).await
}
