//! What `apply` says while it works and at the end. Plain data; `report` words it.

use std::time::Duration;

use crate::diag::Diag;
use crate::plan::{Action, ObjectRef};

/// Takes events, from several nodes at a time, in the order they happen.
pub type Events<'a> = &'a (dyn Fn(ApplyEvent) + Sync);

#[derive(Clone, Debug)]
pub enum ApplyEvent {
    Started {
        address: String,
        action: Action,
    },
    /// An object was created, changed, replaced or deleted.
    Object {
        address: String,
        object: ObjectRef,
        action: Action,
    },
    /// A hook began.
    Hook {
        address: String,
        hook: ObjectRef,
        event: String,
    },
    /// Still waiting; sent when what is waited for changes, and at least every ten seconds.
    Waiting {
        address: String,
        pending: Vec<Pending>,
        elapsed: Duration,
    },
    /// The release failed and goes back to this revision (`None`: it is uninstalled).
    RollingBack {
        address: String,
        revision: Option<u32>,
    },
    Done {
        address: String,
        action: Action,
        elapsed: Duration,
    },
    Failed {
        address: String,
        error: Diag,
        elapsed: Duration,
    },
    /// Not tried, because a node it needs failed.
    Skipped {
        address: String,
        because: String,
    },
}

/// An object that is not ready yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    pub object: ObjectRef,
    /// `1 of 3 replicas ready`, `pod web-0: ImagePullBackOff: …`
    pub why: String,
}

/// What became of every change of the plan, in the plan's order.
#[derive(Clone, Debug, Default)]
pub struct ApplyReport {
    pub results: Vec<NodeResult>,
    /// Failures that belong to no node: the lock is held, the inventory could not be written.
    pub problems: Vec<Diag>,
    pub elapsed: Duration,
    /// Stopped on request; what had begun was finished.
    pub interrupted: bool,
}

#[derive(Clone, Debug)]
pub struct NodeResult {
    pub address: String,
    pub action: Action,
    pub outcome: Outcome,
    pub elapsed: Duration,
}

#[derive(Clone, Debug)]
pub enum Outcome {
    Done,
    /// Nothing was to be done.
    Unchanged,
    Failed(Diag),
    Skipped {
        because: String,
    },
}

impl ApplyReport {
    pub fn is_success(&self) -> bool {
        self.problems.is_empty()
            && !self.interrupted
            && self.results.iter().all(|r| matches!(r.outcome, Outcome::Done | Outcome::Unchanged))
    }
}
