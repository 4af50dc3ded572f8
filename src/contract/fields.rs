//! What Kubernetes takes where a chart hands a value on to a field whole.
//!
//! A [`Sink`] knows the field's name and not its kind, so only fields count that are of the same types wherever they
//! appear: those of pods and containers, which custom resources embed under the names they have in a pod.

use super::sink::Sink;
use crate::kubernetes::{Schema, Shape, TypeId, Version};
use std::collections::BTreeSet;

/// See the module's text.
const OF_PODS: &[&str] = &[
    "affinity",
    "containerSecurityContext",
    "dnsConfig",
    "env",
    "envFrom",
    "hostAliases",
    "lifecycle",
    "livenessProbe",
    "nodeAffinity",
    "persistentVolumeClaimRetentionPolicy",
    "podAffinity",
    "podAntiAffinity",
    "podSecurityContext",
    "readinessGates",
    "readinessProbe",
    "resources",
    "seccompProfile",
    "securityContext",
    "startupProbe",
    "tolerations",
    "topologySpreadConstraints",
    "volumeMounts",
];

/// The types that a value may be of; whichever they are, there is no other.
#[derive(Clone, Debug, Default)]
pub struct Types(BTreeSet<TypeId>);

/// What a map lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lacking {
    /// The types that have no such field, as Kubernetes calls them.
    pub types: Vec<String>,
    /// The fields that they have.
    pub fields: Vec<String>,
}

fn schema() -> &'static Schema {
    Schema::of(Version::LATEST)
}

/// What all of these sinks together take; none if one of them may take anything.
pub fn of_sinks<'s>(sinks: impl Iterator<Item = &'s Sink>) -> Option<Types> {
    let mut types = BTreeSet::new();
    for sink in sinks {
        let Sink::Field(name) = sink else { return None };
        if !OF_PODS.contains(&&**name) {
            return None;
        }
        types.extend(schema().fields_named(name).map(|(_, field)| field.ty));
    }
    (!types.is_empty()).then_some(Types(types))
}

impl Types {
    /// These and others.
    #[must_use]
    pub fn or(mut self, others: Option<Types>) -> Types {
        self.0.extend(others.into_iter().flat_map(|types| types.0));
        self
    }

    /// What the items of a list may be.
    pub fn items(&self) -> Option<Types> {
        let items = self.0.iter().filter_map(|&id| match schema().shape(id) {
            Shape::List { item, .. } => Some(*item),
            _ => None,
        });
        let items: BTreeSet<TypeId> = items.collect();
        (!items.is_empty() && !self.anything()).then_some(Types(items))
    }

    /// What the value of a key may be.
    pub fn field(&self, name: &str) -> Option<Types> {
        let values = self.0.iter().filter_map(|&id| match schema().shape(id) {
            Shape::Struct { fields, .. } => fields.get(name).map(|field| field.ty),
            Shape::Map { value } => Some(*value),
            _ => None,
        });
        let values: BTreeSet<TypeId> = values.collect();
        (!values.is_empty() && !self.anything()).then_some(Types(values))
    }

    fn anything(&self) -> bool {
        self.0.iter().any(|&id| matches!(schema().shape(id), Shape::Any | Shape::Deduced))
    }

    /// The types, if a map of any of them certainly has no such key.
    pub fn lacking(&self, name: &str) -> Option<Lacking> {
        let mut lacking = Lacking { types: Vec::new(), fields: Vec::new() };
        for &id in &self.0 {
            let known = schema().get(id)?;
            match &known.shape {
                Shape::Struct { fields, open: false } if fields.get(name).is_none() => {
                    lacking.types.push(known.name.to_string());
                    lacking.fields.extend(fields.names().map(str::to_owned));
                }
                // A map is none of these.
                Shape::Scalar(_) | Shape::List { .. } => {}
                _ => return None,
            }
        }
        let elsewhere =
            || Version::all().any(|version| lacking.types.iter().any(|ty| has(version, ty, name)));
        (!lacking.types.is_empty() && !elsewhere()).then_some(lacking)
    }
}

/// Whether a type has a field in some release.
fn has(version: Version, ty: &str, field: &str) -> bool {
    let schema = Schema::of(version);
    schema.named(ty).is_some_and(
        |id| matches!(schema.shape(id), Shape::Struct { fields, .. } if fields.get(field).is_some()),
    )
}
