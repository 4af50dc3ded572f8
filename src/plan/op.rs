//! [`Operation`]: the executable half of a plan, one per change.
//!
//! Everything `apply` sends to a cluster is in here or is read back from the cluster (a former revision's
//! record); nothing is computed from the source again.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::input::Hook;
use super::model::Action;
use super::object::ObjectRef;
use crate::eval::desired::OnFailure;

/// What has to be done for one change.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Operation {
    /// The cluster is as wanted, and so is the inventory.
    Nothing,
    /// A namespace's or manifest's objects.
    Objects(ObjectsOp),
    Release(Box<ReleaseOp>),
    /// Removal of a namespace's or manifest's objects.
    DeleteObjects(DeleteOp),
    Uninstall(Box<UninstallOp>),
}

impl Operation {
    pub fn is_nothing(&self) -> bool {
        matches!(self, Operation::Nothing)
    }
}

/// One object to be applied.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ObjectOp {
    pub object: ObjectRef,
    /// What is sent: the desired object less the fields that are left to other managers.
    pub body: Value,
    pub action: Action,
    /// Take fields from other managers (tools people use by hand, or the tool that made the object).
    pub force: bool,
    /// Make what Helm or kubectl owned relc's first, so that fields removed later really go.
    pub takeover: bool,
    /// `metadata.uid` of the live object, where there is one: a replaced object must be this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ObjectsOp {
    /// In the order of application. Unchanged ones are listed with [`Action::NoOp`] and not sent.
    pub objects: Vec<ObjectOp>,
    /// Formerly this node's, no longer wanted.
    pub prune: Vec<ObjectRef>,
    pub wait: bool,
    pub timeout_seconds: u64,
}

/// What Helm's record of the new revision will hold.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Revision {
    pub chart: Value,
    pub config: Value,
    pub manifest: String,
    pub notes: String,
    pub hooks: Vec<Hook>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReleaseOp {
    pub name: String,
    pub namespace: String,
    /// `None`: the record is right already (repair of objects, adoption as is); no hooks run either.
    pub revision: Option<Revision>,
    /// Nothing of this release was ever deployed: install hooks run, not upgrade hooks.
    pub install: bool,
    /// Highest revision on record, 0 if there is none. The new one is one higher.
    pub last_revision: u32,
    /// The revision that is deployed and will be superseded (or rolled back to).
    pub deployed_revision: Option<u32>,
    /// Revisions that an apply or another tool left `pending-…` when it was cut short: recorded as failed first.
    pub cut_short: Vec<u32>,
    /// Of `crds/`: applied and established before anything else.
    pub crds: Vec<ObjectOp>,
    pub objects: Vec<ObjectOp>,
    /// Objects of former revisions that are no longer wanted.
    pub prune: Vec<ObjectRef>,
    pub wait: bool,
    pub timeout_seconds: u64,
    pub on_failure: OnFailure,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeleteOp {
    /// In the order of deletion.
    pub objects: Vec<ObjectRef>,
    pub timeout_seconds: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UninstallOp {
    pub name: String,
    pub namespace: String,
    /// Hooks of the last revision.
    pub hooks: Vec<Hook>,
    /// In the order of deletion, those to be kept left out.
    pub objects: Vec<ObjectRef>,
    /// Kept because of `helm.sh/resource-policy: keep`.
    pub kept: Vec<ObjectRef>,
    /// CRDs this stack installed from `crds/`: removed afterwards if nothing uses them any more.
    pub crds: Vec<ObjectRef>,
    pub timeout_seconds: u64,
}
