//! [`Plan`]: what will be done, closed: `apply` needs it and a cluster, never the source.
//!
//! [`Plan::to_json`] is the stable form for programs (`relc plan --format json`); it holds names and field
//! paths only, no values, hence no secrets. The serde form of the whole is for saved plans.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::lookups::LookedUp;
use super::op::Operation;

/// What is to be done with a node or an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Create,
    /// The desired state changed.
    Upgrade,
    NoOp,
    /// Exists, made by another tool (or another stack's `removed`): taken over.
    Adopt,
    /// The desired state did not change, the cluster did (or the last apply was cut short).
    Repair,
    /// Deleted and created again: an immutable field changes.
    Replace,
    Destroy,
}

impl Action {
    pub const ALL: [Action; 7] = [
        Action::Create,
        Action::Upgrade,
        Action::NoOp,
        Action::Adopt,
        Action::Repair,
        Action::Replace,
        Action::Destroy,
    ];

    /// As in JSON: `create`, `no_op`, …
    pub fn as_str(self) -> &'static str {
        match self {
            Action::Create => "create",
            Action::Upgrade => "upgrade",
            Action::NoOp => "no_op",
            Action::Adopt => "adopt",
            Action::Repair => "repair",
            Action::Replace => "replace",
            Action::Destroy => "destroy",
        }
    }
}

impl std::fmt::Display for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A planned stack.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Plan {
    pub stack: String,
    /// Every node that is wanted or was, dependencies first; destroys come last, dependents first.
    pub changes: Vec<Change>,
    /// What `apply` has to know of each cluster, by the cluster's address.
    pub clusters: BTreeMap<String, ClusterState>,
    /// What charts looked up while they were rendered for this plan, sorted by cluster and question.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lookups: Vec<LookedUp>,
}

/// What the plan found on a cluster.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ClusterState {
    /// The inventory as it was; `None`: there was none.
    pub inventory: Option<super::inventory::Inventory>,
    /// The whole stack leaves this cluster: remove the inventory afterwards.
    pub destroy: bool,
}

/// One node's part of a plan.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Change {
    pub address: String,
    /// Address of its cluster.
    pub cluster: String,
    pub action: Action,
    /// Why, where the action alone does not say: `the last apply failed`, `deleted outside of relc`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Chart name and version before and after, for releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chart: Option<ChartStep>,
    /// Every object, unchanged ones included, in the order of application.
    pub objects: Vec<ObjectChange>,
    /// Left on the cluster, though no longer wanted, because the chart says `helm.sh/resource-policy: keep`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<super::object::ObjectRef>,
    /// Addresses that have to be done before this change starts.
    pub after: Vec<String>,
    pub operation: Operation,
    /// What the inventory says of it when the change is done; `None`: it is forgotten.
    pub entry: Option<super::inventory::Entry>,
    /// What it says now, `None` for what is new.
    pub former: Option<super::inventory::Entry>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChartStep {
    pub name: String,
    /// `None`: not installed yet.
    pub from: Option<String>,
    /// `None`: to be removed.
    pub to: Option<String>,
}

/// One object's part of a plan.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ObjectChange {
    pub api_version: String,
    pub kind: String,
    pub name: String,
    /// Empty for kinds without namespace.
    pub namespace: String,
    pub action: Action,
    /// What changes, sorted by path.
    pub fields: Vec<FieldChange>,
    /// Fields that differ but belong to someone else and are left alone.
    pub left_alone: Vec<ForeignField>,
    /// Destroying or replacing it loses data (volume claims, StatefulSets, namespaces, CRDs).
    pub data_loss: bool,
    /// Not compared with the cluster, because its kind or namespace comes with this plan.
    pub unseen: bool,
    /// The template it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// A field's step. Values are text for people: JSON, shortened, masked where secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// `spec.template.spec.containers[name="web"].image`
    pub path: String,
    /// `None`: the field is added.
    pub from: Option<String>,
    /// `None`: the field is removed.
    pub to: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignField {
    pub path: String,
    /// The field manager that owns it.
    pub manager: String,
}

impl Plan {
    /// True if applying would do nothing.
    pub fn is_empty(&self) -> bool {
        self.changes.iter().all(|c| c.action == Action::NoOp && c.operation.is_nothing())
    }

    /// How many changes there are of each action, all actions listed.
    pub fn summary(&self) -> BTreeMap<Action, usize> {
        let mut counts: BTreeMap<Action, usize> = Action::ALL.into_iter().map(|a| (a, 0)).collect();
        for change in &self.changes {
            *counts.entry(change.action).or_default() += 1;
        }
        counts
    }

    /// The stable JSON form, `format_version` 1.
    pub fn to_json(&self) -> Value {
        let summary: serde_json::Map<String, Value> =
            self.summary().into_iter().map(|(action, n)| (action.as_str().to_owned(), n.into())).collect();
        let changes: Vec<Value> = self.changes.iter().map(Change::to_json).collect();
        let mut out =
            json!({ "format_version": 1, "stack": self.stack, "summary": summary, "changes": changes });
        if let (Some(map), false) = (out.as_object_mut(), self.lookups.is_empty()) {
            map.insert("lookups".into(), self.lookups.iter().map(LookedUp::to_json).collect());
        }
        out
    }
}

impl Change {
    fn to_json(&self) -> Value {
        let objects: Vec<Value> = self.objects.iter().map(ObjectChange::to_json).collect();
        let mut out = json!({
            "address": self.address,
            "cluster": self.cluster,
            "action": self.action.as_str(),
            "objects": objects,
        });
        if let Some(map) = out.as_object_mut() {
            if !self.reason.is_empty() {
                map.insert("reason".into(), self.reason.clone().into());
            }
            if let Some(chart) = &self.chart {
                map.insert("chart".into(), json!({ "name": chart.name, "from": chart.from, "to": chart.to }));
            }
            if !self.kept.is_empty() {
                let kept = self.kept.iter().map(|o| {
                    json!({ "apiVersion": o.api_version, "kind": o.kind, "name": o.name, "namespace": o.namespace })
                });
                map.insert("kept".into(), kept.collect());
            }
        }
        out
    }
}

impl ObjectChange {
    fn to_json(&self) -> Value {
        let fields: Vec<&str> = self.fields.iter().map(|f| f.path.as_str()).collect();
        let mut out = json!({
            "apiVersion": self.api_version,
            "kind": self.kind,
            "name": self.name,
            "namespace": self.namespace,
            "action": self.action.as_str(),
            "fields": fields,
        });
        if let Some(map) = out.as_object_mut() {
            if !self.left_alone.is_empty() {
                let list: Vec<Value> =
                    self.left_alone.iter().map(|f| json!({ "path": f.path, "manager": f.manager })).collect();
                map.insert("left_alone".into(), list.into());
            }
            if self.data_loss {
                map.insert("data_loss".into(), true.into());
            }
            if self.unseen {
                map.insert("unseen".into(), true.into());
            }
        }
        out
    }
}
