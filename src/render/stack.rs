//! A stack's releases rendered in the order in which they read each other.
//!
//! In: [`Desired`], its charts, what is known of the clusters. Out: [`RenderedStack`]: nothing pending in it.
//! A reference into another release's rendering is filled in here, so an unknown name is found before any
//! cluster is touched.

use super::{Capabilities, Lookup, Rendered, Request, Seed, Unstable, applied, render};
use crate::chart::{Catalog, Chart, merge_maps};
use crate::diag::{Diag, Diags};
use crate::eval::decide;
use crate::eval::desired::{Address, DeclaredObject, Desired, Release};
use crate::eval::value::{Renderings, Value};
use crate::source::{SourceMap, Span};
use serde_json::{Map, Value as Json};
use std::collections::{BTreeMap, BTreeSet};

/// Go's templates may recurse 1,000 includes deep; a thread's usual 2 MiB are too few for that.
const STACK_SIZE: usize = 256 << 20;

/// A release as Helm's records on the cluster have it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Recorded<'a> {
    /// The highest revision, whatever became of it; 0 where there is none.
    pub newest: u32,
    /// Number and manifest of the revision that is deployed.
    pub deployed: Option<(u32, &'a str)>,
}

/// What rendering may know of the clusters. Where none was asked: what the source declares.
pub trait Surroundings: Sync {
    fn capabilities(&self, cluster: &Address) -> &Capabilities;
    fn lookup(&self, cluster: &Address) -> &(dyn Lookup + Sync);
    /// The clock and the randomness of this run.
    fn seed(&self) -> &Seed;
    /// What the cluster's records say of a release.
    fn recorded(&self, release: &Release) -> Recorded<'_>;
}

/// An object of a `namespace` or `manifest` block.
#[derive(Clone, Debug)]
pub struct PlainObject {
    pub body: Json,
    pub span: Span,
}

/// A release with everything `plan` needs of it.
#[derive(Clone, Debug)]
pub struct RenderedRelease {
    pub rendered: Rendered,
    pub chart_name: String,
}

/// Everything a stack wants, as Kubernetes objects, by address.
#[derive(Clone, Debug, Default)]
pub struct RenderedStack {
    pub releases: BTreeMap<Address, RenderedRelease>,
    /// Objects of `namespace` and `manifest` blocks.
    pub plain: BTreeMap<Address, Vec<PlainObject>>,
    /// The root module's outputs; secret ones are refused earlier.
    pub outputs: BTreeMap<String, Json>,
    /// What Helm would log, with the release it is about.
    pub warnings: Vec<(Address, String)>,
    objects: BTreeMap<Address, (Vec<Json>, String)>,
}

impl Renderings for RenderedStack {
    fn objects(&self, release: &Address) -> Option<&[Json]> {
        self.objects.get(release).map(|(objects, _)| objects.as_slice())
    }

    fn namespace(&self, release: &Address) -> Option<&str> {
        self.objects.get(release).map(|(_, namespace)| namespace.as_str())
    }
}

/// Renders everything. What depends on a release that failed is left out without a second message.
pub fn render_stack(
    desired: &Desired,
    catalog: &Catalog,
    surroundings: &dyn Surroundings,
    sources: &mut SourceMap,
    diags: &mut Diags,
) -> RenderedStack {
    let mut stack = RenderedStack::default();
    let mut waiting: Vec<&Release> = desired.releases.iter().collect();
    let mut failed: BTreeSet<&Address> = BTreeSet::new();
    while !waiting.is_empty() {
        let (ready, later): (Vec<&Release>, Vec<&Release>) = waiting.iter().partition(|release| {
            release.reads.iter().all(|read| stack.objects.contains_key(read) || failed.contains(read))
        });
        waiting = later;
        // `modules` refuses cycles, so something is always ready; without that, stop rather than hang.
        if ready.is_empty() {
            break;
        }
        let mut jobs = Vec::new();
        for release in ready {
            let merged = (!release.reads.iter().any(|read| failed.contains(read)))
                .then(|| catalog.get(&release.chart))
                .flatten()
                .and_then(|chart| {
                    merged_values(release, &stack, diags).map(|values| (chart.as_ref(), values))
                });
            match merged {
                Some((chart, values)) => jobs.push(Job { release, chart, values }),
                None => {
                    failed.insert(&release.address);
                }
            }
        }
        for (release, chart, result) in run(&jobs, surroundings) {
            match result {
                Ok(rendered) => stack.add(release, chart, rendered),
                Err(error) => {
                    failed.insert(&release.address);
                    diags.push(in_release(error.into_diag(sources), release));
                }
            }
        }
    }
    for namespace in &desired.namespaces {
        stack.add_plain(&namespace.address, &namespace.objects, diags);
    }
    for manifest in &desired.manifests {
        stack.add_plain(&manifest.address, &manifest.objects, diags);
    }
    for check in &desired.checks {
        if stack.has_what_it_reads(&check.condition)
            && stack.has_what_it_reads(&check.message)
            && let Err(diag) = decide(check, &stack)
        {
            diags.push(*diag);
        }
    }
    for output in &desired.outputs {
        if !stack.has_what_it_reads(&output.value) {
            continue;
        }
        if let Some(value) = resolved(&output.value, &stack, diags).and_then(|v| v.to_json()) {
            stack.outputs.insert(output.name.clone(), value);
        }
    }
    stack
}

/// A day of another year, month and weekday at another hour, minute and second.
const ANOTHER_TIME: i64 = 403 * 86_400 + 7 * 3_600 + 13 * 60 + 11;

/// The fields of each release that would be others if it were rendered again, on a cluster where this rendering
/// is applied: so what a chart looks up and keeps is none. Renders again only what asked for time or chance.
pub fn unstable(
    desired: &Desired,
    catalog: &Catalog,
    surroundings: &dyn Surroundings,
    stack: &RenderedStack,
) -> Vec<(Address, Vec<Unstable>)> {
    let mut jobs = Vec::new();
    for release in &desired.releases {
        let asked = stack.releases.get(&release.address).is_some_and(|r| !r.rendered.volatile.is_empty());
        let chart = catalog.get(&release.chart).filter(|_| asked);
        // What is wrong with the values has been said.
        if let Some(chart) = chart
            && let Some(values) = merged_values(release, stack, &mut Diags::default())
        {
            jobs.push(Job { release, chart: chart.as_ref(), values });
        }
    }
    if jobs.is_empty() {
        return Vec::new();
    }
    let seed = surroundings.seed();
    let later = Seed { seconds: seed.seconds.wrapping_add(ANOTHER_TIME), random: None, ..seed.clone() };
    let again = Applied { within: surroundings, seed: later, lookups: applied::by_cluster(desired, stack) };
    let mut found = Vec::new();
    for (release, chart, result) in run(&jobs, &again) {
        let (Some(first), Ok(second)) = (stack.releases.get(&release.address), result) else { continue };
        let fields = super::unstable(chart.name(), &first.rendered, &second);
        if !fields.is_empty() {
            found.push((release.address.clone(), fields));
        }
    }
    found
}

/// The surroundings of a render that comes after everything was applied.
struct Applied<'a> {
    within: &'a dyn Surroundings,
    seed: Seed,
    lookups: BTreeMap<Address, applied::Objects>,
}

impl Surroundings for Applied<'_> {
    fn capabilities(&self, cluster: &Address) -> &Capabilities {
        self.within.capabilities(cluster)
    }

    fn lookup(&self, cluster: &Address) -> &(dyn Lookup + Sync) {
        match self.lookups.get(cluster) {
            Some(objects) => objects,
            None => &super::Offline,
        }
    }

    fn seed(&self) -> &Seed {
        &self.seed
    }

    fn recorded(&self, _: &Release) -> Recorded<'_> {
        Recorded::default()
    }
}

struct Job<'a> {
    release: &'a Release,
    chart: &'a Chart,
    values: Map<String, Json>,
}

type Outcome<'a> = (&'a Release, &'a Chart, Result<Rendered, super::RenderError>);

/// Renders independent releases on as many threads as there are processors; results in the jobs' order.
fn run<'a>(jobs: &[Job<'a>], surroundings: &dyn Surroundings) -> Vec<Outcome<'a>> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(jobs.len()).max(1);
    let share = jobs.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let handles: Vec<_> = jobs
            .chunks(share)
            .map(|chunk| {
                let work = move || chunk.iter().map(|job| job.run(surroundings)).collect::<Vec<_>>();
                std::thread::Builder::new().stack_size(STACK_SIZE).spawn_scoped(scope, work)
            })
            .collect();
        let mut results = Vec::new();
        for (handle, chunk) in handles.into_iter().zip(jobs.chunks(share)) {
            match handle.map(std::thread::ScopedJoinHandle::join) {
                Ok(Ok(outcomes)) => results.extend(outcomes),
                // No thread to be had: do it here. A panic was a bug, and is passed on as one.
                Err(_) => results.extend(chunk.iter().map(|job| job.run(surroundings))),
                Ok(Err(panic)) => std::panic::resume_unwind(panic),
            }
        }
        results
    })
}

impl<'a> Job<'a> {
    fn run(&self, surroundings: &dyn Surroundings) -> Outcome<'a> {
        (self.release, self.chart, self.render(surroundings))
    }

    /// A chart may look at `.Release.Revision` and `.Release.IsInstall`. What would be the next revision is
    /// one only if something changes, so the release is first rendered as the revision that is deployed:
    /// where that gives the recorded manifest, nothing changes, and a second plan stays empty.
    fn render(&self, surroundings: &dyn Surroundings) -> Result<Rendered, super::RenderError> {
        let Recorded { newest, deployed } = surroundings.recorded(self.release);
        if let Some((revision, manifest)) = deployed {
            let same = self.render_as(revision, revision > 1, surroundings);
            if same.as_ref().is_ok_and(|rendered| rendered.manifest == manifest) {
                return same;
            }
        }
        self.render_as(newest + 1, newest > 0, surroundings)
    }

    fn render_as(
        &self,
        revision: u32,
        is_upgrade: bool,
        surroundings: &dyn Surroundings,
    ) -> Result<Rendered, super::RenderError> {
        render(&Request {
            chart: self.chart,
            name: &self.release.name,
            namespace: &self.release.namespace,
            revision,
            is_upgrade,
            values: &self.values,
            capabilities: surroundings.capabilities(&self.release.cluster),
            lookup: surroundings.lookup(&self.release.cluster),
            seed: surroundings.seed(),
            include_crds: false,
            subchart_notes: false,
            skip_schema_validation: self.release.skip_schema_validation,
            text_only: false,
        })
    }
}

impl RenderedStack {
    fn add(&mut self, release: &Release, chart: &Chart, rendered: Rendered) {
        let objects = rendered.objects.iter().map(|object| object.value.clone()).collect();
        self.objects.insert(release.address.clone(), (objects, release.namespace.clone()));
        self.warnings.extend(rendered.warnings.iter().map(|text| (release.address.clone(), text.clone())));
        let chart_name = chart.name().to_owned();
        self.releases.insert(release.address.clone(), RenderedRelease { rendered, chart_name });
    }

    /// Whether everything it refers to could be rendered; what could not has been reported.
    fn has_what_it_reads(&self, value: &Value) -> bool {
        let mut reads = Vec::new();
        value.reads(&mut reads);
        reads.iter().all(|read| self.objects.contains_key(read))
    }

    fn add_plain(&mut self, address: &Address, objects: &[DeclaredObject], diags: &mut Diags) {
        let bodies = objects
            .iter()
            .filter(|object| self.has_what_it_reads(&object.body))
            .filter_map(|object| {
                let body = resolved(&object.body, self, diags)?.to_json()?;
                Some(PlainObject { body, span: object.span })
            })
            .collect();
        self.plain.insert(address.clone(), bodies);
    }
}

/// All layers of a release merged as Helm merges `-f` files; `None` when one cannot be filled in.
fn merged_values(release: &Release, stack: &RenderedStack, diags: &mut Diags) -> Option<Map<String, Json>> {
    let mut merged = Map::new();
    let mut whole = true;
    for layer in &release.values {
        match resolved(layer, stack, diags).and_then(|value| value.to_helm_json()) {
            Some(Json::Object(map)) => merge_maps(&mut merged, map),
            // `types` lets only maps through; a missing one has been reported.
            _ => whole = false,
        }
    }
    whole.then_some(merged)
}

fn resolved(value: &Value, stack: &RenderedStack, diags: &mut Diags) -> Option<Value> {
    value.resolve(stack).map_err(|diag| diags.push(*diag)).ok()
}

fn in_release(diag: Diag, release: &Release) -> Diag {
    diag.note(format!("while rendering `{}`", release.address)).at(release.chart.span, "this chart")
}
