//! All objects of a stack, cluster by cluster.

use super::{Finding, Origin, Places, Subject, customs, objects};
use crate::diag::{Diag, Diags, Severity, codes};
use crate::eval::Desired;
use crate::eval::desired::{Address, Release};
use crate::kubernetes::Version;
use crate::render::stack::{RenderedRelease, RenderedStack, Surroundings};
use crate::source::{SourceMap, Span};
use serde_json::Value;
use std::collections::BTreeMap;

/// Validates everything a stack rendered, each cluster's objects for its version and with all CRDs of the stack that go
/// to it.
pub fn stack(
    desired: &Desired,
    rendered: &RenderedStack,
    surroundings: &dyn Surroundings,
    sources: &mut SourceMap,
    diags: &mut Diags,
) {
    let mut places = Places::default();
    for cluster in &desired.clusters {
        let told = &surroundings.capabilities(&cluster.address).kube_version.version;
        let Some(version) = Version::parse(told) else {
            if is_used(desired, &cluster.address) {
                diags.push(unknown_version(told, cluster.span));
            }
            continue;
        };
        let customs = customs(all_of(desired, rendered, &cluster.address));
        let mut unchecked: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for release in desired.releases.iter().filter(|r| r.cluster == cluster.address) {
            let Some(done) = rendered.releases.get(&release.address) else { continue };
            let label = (release.chart.span, "this chart");
            let subjects = of_release(done);
            let found = allowed(objects(version, &subjects, &customs), release);
            report(found, &subjects, Some(label), &mut places, sources, diags, &mut unchecked);
        }
        for (address, on) in plain_nodes(desired) {
            if *on == cluster.address
                && let Some(all) = rendered.plain.get(address)
            {
                let subjects: Vec<Subject<'_>> = all.iter().map(subject_of).collect();
                let found = objects(version, &subjects, &customs);
                report(found, &subjects, None, &mut places, sources, diags, &mut unchecked);
            }
        }
        if !unchecked.is_empty() {
            diags.push(not_checked(&unchecked));
        }
    }
}

fn subject_of(plain: &crate::render::stack::PlainObject) -> Subject<'_> {
    Subject { value: &plain.body, origin: Origin::Source(plain.span) }
}

fn is_used(desired: &Desired, cluster: &Address) -> bool {
    desired.releases.iter().any(|r| r.cluster == *cluster)
        || desired.manifests.iter().any(|m| m.cluster == *cluster)
}

fn plain_nodes(desired: &Desired) -> impl Iterator<Item = (&Address, &Address)> {
    let namespaces = desired.namespaces.iter().map(|n| (&n.address, &n.cluster));
    namespaces.chain(desired.manifests.iter().map(|m| (&m.address, &m.cluster)))
}

fn of_object(object: &crate::render::Object) -> Subject<'_> {
    Subject { value: &object.value, origin: Origin::Document { path: &object.source, text: &object.text } }
}

/// Objects, then those of hooks and of `crds/`.
fn of_release(done: &RenderedRelease) -> Vec<Subject<'_>> {
    let hooks = done.rendered.hooks.iter().flat_map(|hook| &hook.objects);
    let crds = done.rendered.crds.iter().flat_map(|crd| &crd.objects);
    done.rendered.objects.iter().chain(hooks).chain(crds).map(of_object).collect()
}

/// Everything that goes to a cluster.
fn all_of<'a>(desired: &'a Desired, rendered: &'a RenderedStack, cluster: &Address) -> Vec<&'a Value> {
    let on = desired.releases.iter().filter(|r| r.cluster == *cluster);
    let done = on.filter_map(|release| rendered.releases.get(&release.address));
    let charts = done.flat_map(|done| of_release(done).into_iter().map(|subject| subject.value));
    let nodes = plain_nodes(desired).filter(|(_, on)| *on == cluster);
    let plain =
        nodes.filter_map(|(address, _)| rendered.plain.get(address)).flatten().map(|plain| &plain.body);
    charts.chain(plain).collect()
}

/// Without what the release accepts.
fn allowed(mut found: Vec<Finding>, release: &Release) -> Vec<Finding> {
    found.retain(|finding| !release.allow.contains_key(finding.code.0));
    found
}

fn report<'a>(
    found: Vec<Finding>,
    subjects: &[Subject<'a>],
    label: Option<(Span, &str)>,
    places: &mut Places,
    sources: &mut SourceMap,
    diags: &mut Diags,
    unchecked: &mut BTreeMap<(&'a str, &'a str), usize>,
) {
    for finding in found {
        let Some(subject) = subjects.get(finding.subject) else { continue };
        if finding.severity == Severity::Note {
            let text = |name: &str| subject.value.get(name).and_then(Value::as_str).unwrap_or_default();
            *unchecked.entry((text("apiVersion"), text("kind"))).or_default() += 1;
            continue;
        }
        let diag = finding.into_diag(subject, places, sources);
        diags.push(match label {
            Some((span, text)) => diag.at(span, text),
            None => diag,
        });
    }
}

fn unknown_version(told: &str, span: Option<Span>) -> Diag {
    let (oldest, latest) = (Version::OLDEST, Version::LATEST);
    let message = format!("the types of Kubernetes `{told}` are not known: rendered objects are not checked");
    let diag = Diag::warning(codes::UNCHECKED_KIND, message)
        .help(format!("{oldest} to {latest} are known; a newer relc may know more"));
    match span {
        Some(span) => diag.at(span, "this cluster"),
        None => diag,
    }
}

fn not_checked(unchecked: &BTreeMap<(&str, &str), usize>) -> Diag {
    let names: Vec<String> = unchecked
        .iter()
        .map(|((api_version, kind), count)| match count {
            1 => format!("`{kind}` of `{api_version}`"),
            many => format!("`{kind}` of `{api_version}` ({many} objects)"),
        })
        .collect();
    Diag {
        severity: Severity::Note,
        code: codes::UNCHECKED_KIND,
        message: format!("not checked, since no CRD is known: {}", names.join(", ")),
        labels: Vec::new(),
        help: Some(
            "a `manifest` with the CRDs, or a release of the chart that brings them, makes them known"
                .to_owned(),
        ),
        notes: Vec::new(),
    }
}
