//! From the rendered stack to what planning takes: one node an address.

use crate::eval::Desired;
use crate::eval::desired::{Address, Release};
use crate::plan::Input;
use crate::plan::input::{
    ClusterInput, Hook, ManifestNode, NamespaceNode, Node, NodeKind, Object, ReleaseNode,
};
use crate::render::stack::{PlainObject, RenderedRelease, RenderedStack};
use crate::{render, source::Span};
use serde_json::{Value, json};

/// Nodes of releases that could not be rendered are left out; whoever asks has stopped at their errors.
pub(super) fn input(desired: &Desired, rendered: &RenderedStack) -> Input {
    let clusters = desired
        .clusters
        .iter()
        .map(|cluster| ClusterInput {
            address: cluster.address.clone(),
            nodes: nodes(desired, rendered, &cluster.address),
        })
        .collect();
    Input { stack: desired.stack.clone(), clusters }
}

fn nodes(desired: &Desired, rendered: &RenderedStack, cluster: &Address) -> Vec<Node> {
    let mut nodes = Vec::new();
    for namespace in desired.namespaces.iter().filter(|n| n.cluster == *cluster) {
        nodes.push(Node {
            address: namespace.address.clone(),
            depends_on: namespace.depends_on.clone(),
            prevent_destroy: namespace.prevent_destroy,
            kind: NodeKind::Namespace(NamespaceNode {
                name: namespace.name.clone(),
                objects: plain(rendered, &namespace.address, Some(&namespace.name)),
            }),
            span: Some(namespace.span),
        });
    }
    for release in desired.releases.iter().filter(|r| r.cluster == *cluster) {
        let Some(done) = rendered.releases.get(&release.address) else { continue };
        nodes.push(Node {
            address: release.address.clone(),
            depends_on: release.depends_on.clone(),
            prevent_destroy: release.prevent_destroy,
            kind: NodeKind::Release(Box::new(release_node(release, done))),
            span: Some(release.span),
        });
    }
    for manifest in desired.manifests.iter().filter(|m| m.cluster == *cluster) {
        nodes.push(Node {
            address: manifest.address.clone(),
            depends_on: manifest.depends_on.clone(),
            prevent_destroy: manifest.prevent_destroy,
            kind: NodeKind::Manifest(ManifestNode {
                objects: plain(rendered, &manifest.address, manifest.namespace.as_deref()),
                wait: manifest.wait,
                timeout: manifest.timeout,
            }),
            span: Some(manifest.span),
        });
    }
    nodes
}

fn plain(rendered: &RenderedStack, address: &Address, namespace: Option<&str>) -> Vec<Object> {
    let objects = rendered.plain.get(address).map(Vec::as_slice).unwrap_or_default();
    objects
        .iter()
        .map(|PlainObject { body, span }| {
            let mut body = body.clone();
            let is_namespace = body.get("kind").and_then(Value::as_str) == Some("Namespace");
            if let (Some(namespace), false, Some(map)) = (namespace, is_namespace, body.as_object_mut()) {
                let metadata = map.entry("metadata").or_insert_with(|| json!({}));
                if let Some(metadata) = metadata.as_object_mut() {
                    metadata.entry("namespace").or_insert_with(|| namespace.into());
                }
            }
            Object { body, source: None, span: Some(*span) }
        })
        .collect()
}

fn release_node(release: &Release, done: &RenderedRelease) -> ReleaseNode {
    let RenderedRelease { rendered, .. } = done;
    let object = |object: &render::Object| from_chart(&object.value, &object.source, release.span);
    ReleaseNode {
        name: release.name.clone(),
        namespace: release.namespace.clone(),
        chart: rendered.record_chart.clone(),
        config: rendered.config.clone(),
        manifest: rendered.manifest.clone(),
        hooks: rendered.hooks.iter().map(hook).collect(),
        crds: rendered.crds.iter().flat_map(|crd| &crd.objects).map(object).collect(),
        objects: rendered.objects.iter().map(object).collect(),
        notes: rendered.notes.clone(),
        wait: release.wait,
        timeout: release.timeout,
        on_failure: release.on_failure,
    }
}

fn from_chart(body: &Value, source: &str, span: Span) -> Object {
    Object { body: body.clone(), source: Some(source.to_owned()), span: Some(span) }
}

fn hook(hook: &render::Hook) -> Hook {
    Hook {
        name: hook.name.clone(),
        kind: hook.kind.clone(),
        path: hook.path.clone(),
        manifest: hook.manifest.clone(),
        body: hook.objects.first().map(|object| object.value.clone()).unwrap_or_default(),
        events: hook.events.iter().map(|event| event.as_str().to_owned()).collect(),
        weight: hook.weight,
        delete_policies: hook.delete_policies.clone(),
        output_log_policies: hook.output_log_policies.clone(),
    }
}
