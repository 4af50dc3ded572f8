//! A chart, values and a cluster's capabilities become Kubernetes objects.
//!
//! In: [`Request`]. Out: [`Rendered`]: objects in install order, hooks, CRDs, notes and the manifest text
//! that a release record holds. The measure is Helm's own output, byte for byte.
//! Must not know: the network ([`Lookup`] is injected), files, clocks.
//!
//! Follows Helm's `pkg/engine`, `pkg/chart/common/util`, `pkg/chart/v2/util`, `pkg/release/v1/util` and
//! `pkg/action`.

mod applied;
mod capabilities;
mod coalesce;
mod context;
mod engine;
mod error;
mod files;
mod glob;
mod head;
mod instance;
mod kept;
mod manifest;
mod native;
mod record;
mod schema;
mod seed;
pub mod stack;
mod surroundings;
mod volatile;

pub use capabilities::{Capabilities, InvalidKubeVersion, KubeVersion};
pub use error::{Frame, RenderError, RenderErrorKind};
pub use manifest::{install_rank, uninstall_rank};

pub use engine::name_from_template;
pub use seed::Seed;
pub use volatile::{Unstable, Volatile, unstable};

use crate::chart::Chart;
use crate::gotmpl::semver;
use crate::gotmpl::str::SharedText;
use crate::gotmpl::value;
use coalesce::Nulls;
use instance::Instance;
use manifest::Keep;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;

/// The Helm release that rendering follows, and what `.Capabilities.HelmVersion` reports. The one place.
pub const HELM_VERSION: &str = "4.3.1";

/// One rendering of one release.
pub struct Request<'a> {
    pub chart: &'a Chart,
    /// `.Release.Name`.
    pub name: &'a str,
    /// `.Release.Namespace`.
    pub namespace: &'a str,
    /// `.Release.Revision`, from 1.
    pub revision: u32,
    /// `.Release.IsUpgrade`; `.Release.IsInstall` is its opposite.
    pub is_upgrade: bool,
    /// What the user supplied, files and sets already merged; the chart's defaults are added here.
    pub values: &'a Map<String, Value>,
    pub capabilities: &'a Capabilities,
    pub lookup: &'a dyn Lookup,
    /// Where clocks and random bytes come from.
    pub seed: &'a Seed,
    /// Put the chart's `crds/` first in [`Rendered::manifest`], as `helm template --include-crds`.
    pub include_crds: bool,
    /// Let subcharts' NOTES.txt into [`Rendered::notes`].
    pub subchart_notes: bool,
    pub skip_schema_validation: bool,
    /// Only text is wanted, as from `helm template`: no objects anywhere, [`Rendered::crds`] only if they are
    /// part of the manifest, and [`Rendered::values`] and [`Rendered::record_chart`] null.
    pub text_only: bool,
}

/// Answers the template function `lookup`.
pub trait Lookup {
    /// The object, or for an empty `name` the list object; `{}` when there is none.
    ///
    /// # Errors
    /// Anything but "not found": the words end up in the template's error.
    fn lookup(&self, api_version: &str, kind: &str, namespace: &str, name: &str) -> Result<Value, String>;
}

/// No cluster: every lookup finds nothing, as in `helm template`.
pub struct Offline;

impl Lookup for Offline {
    fn lookup(&self, _: &str, _: &str, _: &str, _: &str) -> Result<Value, String> {
        Ok(Value::Object(Map::new()))
    }
}

/// One Kubernetes object as a template wrote it.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    pub api_version: String,
    pub kind: String,
    pub name: String,
    /// As written; `None` where the template names none. Defaults come later.
    pub namespace: Option<String>,
    /// The whole object. Numbers are f64, as YAML's are in Helm.
    pub value: Value,
    /// Full template path, `CHART/charts/SUB/templates/FILE`.
    pub source: String,
    /// The document as rendered.
    pub text: String,
}

/// A document with the annotation `helm.sh/hook`.
#[derive(Clone, Debug, PartialEq)]
pub struct Hook {
    pub name: String,
    pub kind: String,
    /// Full template path.
    pub path: String,
    /// The document as rendered; Helm stores it so.
    pub manifest: String,
    pub events: Vec<HookEvent>,
    pub weight: i64,
    /// Lower-cased, as written: `hook-succeeded`, `hook-failed`, `before-hook-creation`.
    pub delete_policies: Vec<String>,
    /// Lower-cased, as written: `hook-succeeded`, `hook-failed`.
    pub output_log_policies: Vec<String>,
    pub objects: Vec<Object>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HookEvent {
    PreInstall,
    PostInstall,
    PreDelete,
    PostDelete,
    PreUpgrade,
    PostUpgrade,
    PreRollback,
    PostRollback,
    Test,
}

impl HookEvent {
    pub fn as_str(self) -> &'static str {
        match self {
            HookEvent::PreInstall => "pre-install",
            HookEvent::PostInstall => "post-install",
            HookEvent::PreDelete => "pre-delete",
            HookEvent::PostDelete => "post-delete",
            HookEvent::PreUpgrade => "pre-upgrade",
            HookEvent::PostUpgrade => "post-upgrade",
            HookEvent::PreRollback => "pre-rollback",
            HookEvent::PostRollback => "post-rollback",
            HookEvent::Test => "test",
        }
    }
}

/// A file of `crds/`.
#[derive(Clone, Debug, PartialEq)]
pub struct Crd {
    /// `CHART/crds/FILE`, subcharts' with their path.
    pub filename: String,
    /// The chart's own: files of megabytes, which most renders do not print.
    data: SharedText,
    pub objects: Vec<Object>,
}

impl Crd {
    /// Its text, with U+FFFD for what is not UTF-8.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.data)
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    /// In install order (by kind, then path). `List` objects are opened into their items.
    pub objects: Vec<Object>,
    /// Sorted by kind in install order, as Helm stores them; weights are applied when they run.
    pub hooks: Vec<Hook>,
    /// Root chart first, then subcharts.
    pub crds: Vec<Crd>,
    pub notes: String,
    /// Exactly what Helm stores in a release record, and prints (trimmed) from `helm template`.
    pub manifest: String,
    /// All values as the root chart's templates see them before the first one runs.
    pub values: Value,
    /// What the user supplied; Helm stores it as the release's `config`.
    pub config: Value,
    /// The chart as Helm stores it in a release record: metadata and values after dependency processing.
    pub record_chart: Value,
    /// What Helm would log: values of the wrong shape, unknown hooks, a deprecated chart.
    pub warnings: Vec<String>,
    /// Calls of functions whose results would be others at the next render, in the order of the first.
    pub volatile: Vec<Volatile>,
    /// `lookup` was called.
    pub looked_up: bool,
}

impl Rendered {
    /// The documents of the manifest, each after the full path of its template.
    pub fn documents(&self) -> impl Iterator<Item = (&str, &str)> {
        const HEAD: &str = "---\n# Source: ";
        const NEXT: &str = "\n---\n# Source: ";
        // No document has a line that begins with dashes: there it would have been cut.
        let all = self.manifest.strip_prefix(HEAD).unwrap_or_default();
        let all = all.strip_suffix('\n').unwrap_or(all);
        all.split(NEXT).filter_map(|document| document.split_once('\n'))
    }
}

/// Renders a chart for a release.
///
/// # Errors
/// The name is no release name, values cannot be combined or fail the schema, the chart refuses the
/// Kubernetes version, a template cannot be parsed or fails, a document is no YAML object.
pub fn render(request: &Request<'_>) -> Result<Rendered, RenderError> {
    let chart = request.chart;
    check_name(request.name).map_err(|why| RenderError::plain(RenderErrorKind::Name, chart.name(), why))?;
    let mut warnings = Vec::new();
    if chart.metadata.deprecated {
        warnings.push("this chart is deprecated".to_owned());
    }
    let (instance, values) = prepare(request, &mut warnings)?;
    check_kube_version(request)?;
    // Templates change the maps, so what the record and the plan show is taken before.
    let before = match request.text_only {
        true => Value::Null,
        false => value::Value::Map(values.clone()).to_json().unwrap_or_default(),
    };

    let templates = context::build(&instance, &values, request);
    let (mut files, volatile, looked_up) = engine::run(&templates, request)?;
    check_files(&instance)?;
    let notes = take_notes(&mut files, request);
    let keep = if request.text_only { Keep::Text } else { Keep::Objects };
    let kept = kept::Kept::of(chart);
    let sorted = manifest::sort(&files, keep, kept).map_err(|bad| error::bad_manifest(chart, bad, &files))?;
    let manifest::Sorted { hooks, documents, warnings: more, read } = sorted;
    warnings.extend(more);

    let crds = match request.text_only && !request.include_crds {
        true => Vec::new(),
        false => crds(&instance, request)?,
    };
    let length = |documents: &[manifest::Document<'_>]| {
        documents.iter().map(|d| d.path.len() + d.text.len() + 16).sum()
    };
    let mut text = String::with_capacity(length(&documents));
    if request.include_crds {
        for crd in &crds {
            append(&mut text, &crd.filename, &crd.text());
        }
    }
    let record_chart = if request.text_only { Value::Null } else { record::chart(&instance)? };
    let mut objects = Vec::new();
    for document in documents {
        append(&mut text, document.path, document.text);
        objects.extend(document.objects);
    }
    if let Some(kept) = kept {
        kept.keep_read(read_files(files, read));
    }
    Ok(Rendered {
        objects,
        hooks,
        crds,
        notes,
        manifest: text,
        values: before,
        config: Value::Object(request.values.clone()),
        record_chart,
        warnings,
        volatile,
        looked_up,
    })
}

/// The values as the root chart's templates see them, without rendering anything.
///
/// # Errors
/// As [`render`], for values.
pub fn values(request: &Request<'_>) -> Result<Value, RenderError> {
    let (_, values) = prepare(request, &mut Vec::new())?;
    Ok(value::Value::Map(values).to_json().unwrap_or_default())
}

/// Dependencies and values; the schema is checked on what comes out.
fn prepare<'a>(
    request: &Request<'a>,
    warnings: &mut Vec<String>,
) -> Result<(Instance<'a>, value::Map), RenderError> {
    let name = request.chart.name();
    let failed = |why: String| RenderError::plain(RenderErrorKind::Values, name, why);
    let user = || -> value::Map {
        request.values.iter().map(|(k, v)| (k.as_str().into(), value::Value::from_json(v))).collect()
    };
    let instance = Instance::build(request.chart, &user(), warnings)
        .map_err(|why| failed(format!("chart dependencies processing failed: {why}")))?;
    let values = coalesce::coalesce(&instance, user(), Nulls::Delete, warnings).map_err(failed)?;
    if !request.skip_schema_validation && schema::any(&instance) {
        let json = value::Value::Map(values.clone()).to_json().unwrap_or_default();
        let report = schema::report(&instance, json.as_object().unwrap_or(&serde_json::Map::new()));
        if !report.is_empty() {
            let message = format!(
                "values don't meet the specifications of the schema(s) in the following chart(s):\n{report}"
            );
            return Err(RenderError::plain(RenderErrorKind::Schema, name, message));
        }
    }
    Ok((instance, values))
}

/// The texts that were read, with what was read of them.
fn read_files(
    mut files: Vec<engine::Output>,
    read: Vec<(usize, kept::ReadDocuments)>,
) -> Vec<(String, kept::ReadFile)> {
    let taken = read.into_iter().filter_map(|(place, documents)| {
        let engine::Output { path, text, .. } = files.get_mut(place)?;
        Some((std::mem::take(path), kept::ReadFile { text: std::mem::take(text), documents }))
    });
    taken.collect()
}

fn append(out: &mut String, source: &str, text: &str) {
    // Writing into a String does not fail.
    let _ok = write!(out, "---\n# Source: {source}\n{text}\n");
}

/// Takes every NOTES.txt out; only the root's counts unless subcharts' are wanted.
fn take_notes(files: &mut Vec<engine::Output>, request: &Request<'_>) -> String {
    const NOTES: &str = "NOTES.txt";
    let root = format!("{}/templates/{NOTES}", request.chart.name());
    let mut notes = String::new();
    files.retain(|engine::Output { path, text, .. }| {
        if !path.ends_with(NOTES) {
            return true;
        }
        if request.subchart_notes || *path == root {
            if !notes.is_empty() {
                notes.push('\n');
            }
            notes.push_str(text);
        }
        false
    });
    notes
}

fn crds(instance: &Instance<'_>, request: &Request<'_>) -> Result<Vec<Crd>, RenderError> {
    let mut found = Vec::new();
    collect_crds(instance, &instance.name, &mut found)?;
    if !request.text_only {
        for crd in &mut found {
            crd.objects = manifest::crd_objects(&crd.text(), &crd.filename)
                .map_err(|bad| error::bad_crd(request.chart, crd, &bad))?;
        }
    }
    Ok(found)
}

fn collect_crds(instance: &Instance<'_>, full_path: &str, found: &mut Vec<Crd>) -> Result<(), RenderError> {
    for file in &instance.chart.files {
        let extension = file.name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
        if !file.name.starts_with("crds/") || !matches!(extension.as_str(), "yaml" | "yml" | "json") {
            continue;
        }
        let filename = format!("{full_path}/{}", file.name);
        let data = file.data().map_err(|why| error::unreadable(instance.chart, &file.name, &why))?;
        found.push(Crd { filename, data: Arc::clone(data), objects: Vec::new() });
    }
    for sub in &instance.dependencies {
        collect_crds(sub, &format!("{full_path}/charts/{}", sub.name), found)?;
    }
    Ok(())
}

/// Where a template looked at a file that could not be read, without a function that could say so.
fn check_files(instance: &Instance<'_>) -> Result<(), RenderError> {
    for file in &instance.chart.files {
        if let Some(why) = file.failure() {
            return Err(error::unreadable(instance.chart, &file.name, why));
        }
    }
    instance.dependencies.iter().try_for_each(check_files)
}

fn check_kube_version(request: &Request<'_>) -> Result<(), RenderError> {
    let wanted = &request.chart.metadata.kube_version;
    let have = &request.capabilities.kube_version;
    if wanted.is_empty() || semver::meets(wanted, &have.normalized) {
        return Ok(());
    }
    Err(RenderError::plain(
        RenderErrorKind::KubeVersion,
        request.chart.name(),
        format!(
            "chart requires kubeVersion: {wanted} which is incompatible with Kubernetes {}",
            have.version
        ),
    ))
}

/// Whether Helm accepts the text as a release name.
///
/// # Errors
/// Helm's words.
pub fn check_name(name: &str) -> Result<(), String> {
    const MAX: usize = 53;
    if name.is_empty() {
        return Err("release name check failed: release name \"\": no name provided".into());
    }
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let label = |part: &str| {
        part.starts_with(plain) && part.ends_with(plain) && part.chars().all(|c| plain(c) || c == '-')
    };
    if name.len() <= MAX && name.split('.').all(label) {
        return Ok(());
    }
    Err(format!(
        "release name check failed: release name {name:?}: invalid release name, must match regex \
         ^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ and the length must not be longer than \
         {MAX}"
    ))
}

/// The documents of a manifest as Helm splits them.
pub fn split_manifests(text: &str) -> impl Iterator<Item = &str> {
    manifest::split(text)
}

#[cfg(test)]
mod tests;
