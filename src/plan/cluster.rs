//! The plan of one cluster: reads it once, then compares node by node.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::stream::{self, StreamExt};
use serde_json::Value;

use super::api::Api;
use super::compare::{Context, Owner, Wanted, compare, wanted};
use super::destroy;
use super::errors;
use super::input::{Address, ClusterInput, Node, NodeKind, Object};
use super::inventory::{Entry, Inventory};
use super::live::{self, CONCURRENCY, Key, Records};
use super::model::{Change, ObjectChange};
use super::node;
use super::object::{ObjectRef, at, text};
use super::observed::Held;
use super::op::ObjectOp;
use crate::cluster::{Cluster, Resource};
use crate::diag::{Diag, Diags};
use crate::graph::Graph;

/// What planning one cluster gives.
#[derive(Debug, Default)]
pub(super) struct Planned {
    pub inventory: Option<Inventory>,
    pub changes: BTreeMap<String, Change>,
    /// Nodes that left the source, with what the inventory says of them.
    pub destroys: Vec<(String, Entry, Change)>,
}

/// The objects of one node, in order, CRDs of `crds/` apart.
#[derive(Debug, Default)]
struct NodeObjects {
    crds: Vec<Wanted>,
    objects: Vec<Wanted>,
}

/// An object compared.
pub(super) type Compared = (ObjectChange, ObjectOp);

/// What all nodes are planned upon.
pub(super) struct Live<'a> {
    pub api: Api<'a>,
    pub stack: &'a str,
    pub held: &'a Held,
}

impl Live<'_> {
    pub fn entry(&self, address: &Address) -> Option<&Entry> {
        self.held.inventory.as_ref()?.entries.get(address.as_str())
    }

    pub fn records(&self, namespace: &str, name: &str) -> Option<&Records> {
        self.held.records.get(&(namespace.to_owned(), name.to_owned()))
    }
}

pub(super) async fn plan(
    stack: &str,
    input: &ClusterInput,
    cluster: &Cluster,
    held: &Held,
    graph: &Graph,
    diags: &mut Diags,
) -> Planned {
    let live = Live { api: Api::new(cluster), stack, held };
    let Some(wanted) = settle(&live, input, diags).await else { return Planned::default() };
    let reachable = namespaces(&live, input, &wanted, diags).await;
    if diags.has_errors() {
        return Planned::default();
    }

    let asked = wanted.iter().flat_map(|(node, w)| {
        let labelled = matches!(node.kind, NodeKind::Release(_));
        let objects = w.objects.iter().map(move |o| (o, labelled));
        w.crds.iter().map(|o| (o, false)).chain(objects)
    });
    let asked = asked
        .filter(|(w, _)| w.resource.is_some() && reachable.of(&w.object))
        .map(|(w, labelled)| (&w.object, labelled));
    let found = live::fetch(live.api, asked, diags).await;
    if diags.has_errors() {
        return Planned::default();
    }

    let mut changes = BTreeMap::new();
    let nodes = stream::iter(&wanted)
        .map(|(node, objects)| one(&live, node, objects, &found, &reachable, graph, &input.address))
        .buffered(CONCURRENCY)
        .collect::<Vec<_>>()
        .await;
    for result in nodes {
        match result {
            Ok(change) => {
                changes.insert(change.address.clone(), change);
            }
            Err(found) => diags.append(found),
        }
    }
    let known: BTreeSet<&str> = input.nodes.iter().map(|n| n.address.as_str()).collect();
    let destroys = destroy::removed(&live, &input.address, |address| !known.contains(address), diags).await;
    Planned { changes, destroys, inventory: held.inventory.clone() }
}

fn release_namespace(node: &Node) -> Option<String> {
    match &node.kind {
        NodeKind::Release(release) => Some(release.namespace.clone()),
        _ => None,
    }
}

/// Names every object and finds its kind; `None` after errors.
async fn settle<'i>(
    live: &Live<'_>,
    input: &'i ClusterInput,
    diags: &mut Diags,
) -> Option<Vec<(&'i Node, NodeObjects)>> {
    let planned = planned_kinds(input);
    let mut served: BTreeMap<(String, String), Option<Arc<Resource>>> = BTreeMap::new();
    for object in input.nodes.iter().flat_map(all_objects) {
        let kind = (text(&object.body, &["apiVersion"]).to_owned(), text(&object.body, &["kind"]).to_owned());
        if !kind.0.is_empty() && !kind.1.is_empty() && !served.contains_key(&kind) {
            match live.api.cluster.discovery().find_for(&kind.0, &kind.1).await {
                Ok(resource) => served.insert(kind, resource),
                Err(error) => {
                    diags.push(error.into());
                    return None;
                }
            };
        }
    }
    let namespaced = |api_version: &str, kind: &str| {
        let group = api_version.split_once('/').map_or("", |(g, _)| g);
        match served.get(&(api_version.to_owned(), kind.to_owned())) {
            Some(Some(resource)) => Some(resource.namespaced),
            _ => planned.get(&(group.to_owned(), kind.to_owned())).copied(),
        }
    };
    let mut owners: BTreeMap<Key, &str> = BTreeMap::new();
    let mut out = Vec::new();
    let mut found = Diags::default();
    for node in &input.nodes {
        let mut objects = NodeObjects::default();
        let place = Place { live, node };
        for (object, is_crd) in
            crds_of(node).iter().map(|o| (o, true)).chain(objects_of(node).iter().map(|o| (o, false)))
        {
            let mut one = match wanted(object, place.default_namespace(), namespaced, place.context(is_crd)) {
                Ok(one) => one,
                Err(diag) => {
                    found.push(diag);
                    continue;
                }
            };
            let kind = (one.object.api_version.clone(), one.object.kind.clone());
            one.resource = served.get(&kind).cloned().flatten();
            if one.resource.is_none() && namespaced(&kind.0, &kind.1).is_none() {
                let name = &live.api.cluster.name;
                found.push(errors::unknown_kind(
                    &one.object,
                    name,
                    node.address.as_str(),
                    one.source.as_deref(),
                    one.span.or(node.span),
                ));
                continue;
            }
            match owners.get(&one.object.key()) {
                // Two charts may ship the same CRD; the first one in order brings it.
                Some(_) if is_crd => continue,
                Some(first) => found.push(errors::duplicate(
                    &one.object,
                    first,
                    node.address.as_str(),
                    one.span.or(node.span),
                )),
                None => {
                    owners.insert(one.object.key(), node.address.as_str());
                }
            }
            if is_crd { objects.crds.push(one) } else { objects.objects.push(one) }
        }
        out.push((node, objects));
    }
    let fine = !found.has_errors();
    diags.append(found);
    fine.then_some(out)
}

/// A node and what is known of it.
struct Place<'a> {
    live: &'a Live<'a>,
    node: &'a Node,
}

impl<'a> Place<'a> {
    fn default_namespace(&self) -> &'a str {
        match &self.node.kind {
            NodeKind::Namespace(n) => &n.name,
            NodeKind::Release(r) => &r.namespace,
            NodeKind::Manifest(_) => "default",
        }
    }

    fn context(&self, is_crd: bool) -> Context<'a> {
        let owner = match &self.node.kind {
            _ if is_crd => Owner::Crd,
            NodeKind::Release(r) => Owner::Release { name: &r.name, namespace: &r.namespace },
            _ => Owner::Stack(self.live.stack),
        };
        Context {
            address: self.node.address.as_str(),
            owner,
            changed: false,
            adopting: self.live.entry(&self.node.address).is_none(),
        }
    }
}

pub(super) fn objects_of(node: &Node) -> &[Object] {
    match &node.kind {
        NodeKind::Namespace(n) => &n.objects,
        NodeKind::Release(r) => &r.objects,
        NodeKind::Manifest(m) => &m.objects,
    }
}

fn crds_of(node: &Node) -> &[Object] {
    match &node.kind {
        NodeKind::Release(r) => &r.crds,
        _ => &[],
    }
}

pub(super) fn all_objects(node: &Node) -> impl Iterator<Item = &Object> {
    crds_of(node).iter().chain(objects_of(node))
}

/// Kinds that CRDs of this plan define: group and kind, and whether they live in namespaces.
pub(super) fn planned_kinds(input: &ClusterInput) -> BTreeMap<(String, String), bool> {
    input.nodes.iter().flat_map(all_objects).filter_map(|o| defined_kind(&o.body)).collect()
}

/// Group, kind and scope that a CRD defines.
pub(super) fn defined_kind(body: &Value) -> Option<((String, String), bool)> {
    let is_crd = text(body, &["kind"]) == "CustomResourceDefinition"
        && text(body, &["apiVersion"]).starts_with("apiextensions.k8s.io/");
    let spec = at(body, &["spec"]).filter(|_| is_crd)?;
    let kind = text(spec, &["names", "kind"]);
    Some(((text(spec, &["group"]).to_owned(), kind.to_owned()), text(spec, &["scope"]) != "Cluster"))
}

/// Namespaces that exist now.
struct Reachable(BTreeSet<String>);

impl Reachable {
    fn of(&self, object: &ObjectRef) -> bool {
        object.namespace.is_empty() || self.0.contains(&object.namespace)
    }
}

async fn namespaces(
    live: &Live<'_>,
    input: &ClusterInput,
    wanted: &[(&Node, NodeObjects)],
    diags: &mut Diags,
) -> Reachable {
    let mut needed: BTreeSet<String> = input.nodes.iter().filter_map(release_namespace).collect();
    let objects = || wanted.iter().flat_map(|(node, w)| w.objects.iter().map(move |o| (*node, o)));
    needed.extend(objects().map(|(_, o)| o.object.namespace.clone()).filter(|n| !n.is_empty()));
    let provided: BTreeSet<&str> = objects()
        .filter(|(_, o)| o.object.kind == "Namespace" && o.object.api_version == "v1")
        .map(|(_, o)| o.object.name.as_str())
        .collect();
    let existing = live::namespaces(live.api, &needed, diags).await;
    let missing = |name: &str| !existing.contains(name) && !provided.contains(name);
    let mut told = BTreeSet::new();
    for node in &input.nodes {
        if let Some(namespace) = release_namespace(node).filter(|n| missing(n)) {
            diags.push(errors::missing_namespace(node.address.as_str(), None, &namespace, node.span));
            told.insert((node.address.clone(), namespace));
        }
    }
    for (node, one) in
        objects().filter(|(_, o)| !o.object.namespace.is_empty() && missing(&o.object.namespace))
    {
        if told.insert((node.address.clone(), one.object.namespace.clone())) {
            let span = one.span.or(node.span);
            diags.push(errors::missing_namespace(
                node.address.as_str(),
                Some(&one.object),
                &one.object.namespace,
                span,
            ));
        }
    }
    Reachable(existing)
}

/// Compares one node's objects and decides what becomes of the node.
async fn one(
    live: &Live<'_>,
    node: &Node,
    objects: &NodeObjects,
    found: &BTreeMap<Key, Value>,
    reachable: &Reachable,
    graph: &Graph,
    cluster: &Address,
) -> Result<Change, Diags> {
    let place = Place { live, node };
    let state = node::State::of(live, node);
    let created = |object: &ObjectRef| {
        let entry = live.entry(&node.address);
        entry.is_some_and(|e| e.objects.iter().any(|o| o.created && o.object.same_object(object)))
    };
    let all = objects.crds.iter().map(|w| (w, true)).chain(objects.objects.iter().map(|w| (w, false)));
    let results = stream::iter(all)
        .map(|(wanted, is_crd)| {
            let mut context = Context { changed: state.changed(), ..place.context(is_crd) };
            if is_crd {
                context.adopting = !created(&wanted.object);
            }
            async move {
                let there = found.get(&wanted.object.key());
                compare(live.api, wanted, there, reachable.of(&wanted.object), context).await
            }
        })
        .buffered(CONCURRENCY)
        .collect::<Vec<Result<Compared, Diag>>>()
        .await;
    let mut diags = Diags::default();
    let mut compared = Vec::new();
    for result in results {
        match result {
            Ok(one) => compared.push(one),
            Err(diag) => diags.push(diag),
        }
    }
    if diags.has_errors() {
        return Err(diags);
    }
    let objects = compared.split_off(objects.crds.len().min(compared.len()));
    let mut change = node::decide(live, node, state, compared, objects).await?;
    change.cluster = cluster.to_string();
    change.after = graph.needs(&node.address).map(Address::to_string).collect();
    change.former = live.entry(&node.address).cloned();
    if let Some(entry) = &mut change.entry {
        entry.after.clone_from(&change.after);
    }
    Ok(change)
}

/// Removal of all that the inventory has.
pub(super) async fn plan_destroy(
    stack: &str,
    address: &Address,
    cluster: &Cluster,
    held: &Held,
    diags: &mut Diags,
) -> Planned {
    let live = Live { api: Api::new(cluster), stack, held };
    let destroys = destroy::removed(&live, address, |_| true, diags).await;
    Planned { destroys, changes: BTreeMap::new(), inventory: held.inventory.clone() }
}
