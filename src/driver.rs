//! The only place that chains the stages.
//!
//! In: a directory, inputs and a [`World`]. Out: a checked stack ([`check`]), a [`Plan`] with the clusters it
//! is for ([`plan`], [`plan_destroy`]). Findings go to the [`Run`], which outlives every stage. Must not know:
//! arguments, how anything is printed.

mod connect;
mod convert;
mod surroundings;
mod values;
mod values_of;

pub use values_of::ReleaseValues;

use crate::chart::Catalog;
use crate::cluster::Cluster;
use crate::diag::{Diag, Diags, codes};
use crate::eval::Desired;
use crate::eval::desired::Address;
use crate::plan::{Input, LookedUp, Observed, Plan};
use crate::render::stack::{RenderedStack, render_stack, unstable};
use crate::render::{Seed, Unstable};
use crate::source::{SourceMap, World};
use crate::{eval, modules, plan as planning, types};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use crate::eval::Inputs;

/// What a run was asked for and what it has found so far.
pub struct Run<'a> {
    pub world: &'a dyn World,
    /// The root module.
    pub dir: PathBuf,
    pub inputs: Inputs,
    /// The clock and the randomness that charts may use.
    pub seed: Seed,
    pub sources: SourceMap,
    pub diags: Diags,
}

/// A stack whose names, types and values are right.
pub struct Compiled {
    pub desired: Desired,
    pub catalog: Catalog,
}

/// A plan, and what is needed to carry it out.
pub struct Planned {
    pub plan: Plan,
    pub clusters: BTreeMap<Address, Cluster>,
    pub outputs: BTreeMap<String, serde_json::Value>,
}

/// All that planning takes.
struct Prepared {
    input: Input,
    outputs: BTreeMap<String, serde_json::Value>,
    clusters: BTreeMap<Address, Cluster>,
    observed: Observed,
    lookups: Vec<LookedUp>,
}

impl<'a> Run<'a> {
    pub fn new(world: &'a dyn World, dir: &Path, inputs: Inputs, seed: Seed) -> Self {
        Run {
            world,
            dir: dir.to_owned(),
            inputs,
            seed,
            sources: SourceMap::default(),
            diags: Diags::default(),
        }
    }

    /// The pure part. `None` when names, types or values are wrong; charts that could not be loaded are missing
    /// from the catalog. All of it is in [`Run::diags`].
    pub fn compile(&mut self) -> Option<Compiled> {
        let tree = modules::load(&self.dir, self.world, &mut self.sources, &mut self.diags);
        let resolved = modules::resolve(tree, &mut self.diags);
        let typed = types::check(&resolved, &mut self.diags);
        // Values of an ill-typed program would only repeat its mistakes.
        if self.diags.has_errors() {
            return None;
        }
        let desired = eval::evaluate(&typed, &self.inputs, self.world, &mut self.diags);
        if self.diags.has_errors() {
            return None;
        }
        // A chart that is missing says nothing about the others: they are still rendered.
        let catalog = Catalog::load(&desired, self.world, &mut self.sources, &mut self.diags);
        Some(Compiled { desired, catalog })
    }

    /// Compiles and renders without a network. `None` when there are errors.
    pub fn check(&mut self) -> Option<RenderedStack> {
        let compiled = self.compile()?;
        let offline = surroundings::Unreached::new(&compiled.desired, self.seed.clone(), &mut self.diags);
        let rendered = self.render(&compiled, &offline);
        if self.seed.random.is_none() {
            let Compiled { desired, catalog } = &compiled;
            for (address, fields) in unstable(desired, catalog, &offline, &rendered) {
                self.diags.push(not_reproducible(desired, &address, &fields));
            }
        }
        let input = convert::input(&compiled.desired, &rendered);
        if let Err(found) = planning::check_order(&input) {
            self.diags.append(found);
        }
        (!self.diags.has_errors()).then_some(rendered)
    }

    /// Plans against the live clusters. `None` when there are errors; nothing was changed.
    pub async fn plan(&mut self) -> Option<Planned> {
        let Prepared { input, outputs, clusters, observed, lookups } = self.prepare().await?;
        let result = planning::plan(&input, &clusters, &observed).await;
        self.planned(result, lookups, clusters, outputs)
    }

    /// Plans the removal of everything the stack owns.
    pub async fn plan_destroy(&mut self) -> Option<Planned> {
        let Prepared { input, outputs, clusters, observed, lookups } = self.prepare().await?;
        let result = planning::plan_destroy(&input, &clusters, &observed).await;
        self.planned(result, lookups, clusters, outputs)
    }

    fn planned(
        &mut self,
        result: Result<Plan, Diags>,
        lookups: Vec<LookedUp>,
        clusters: BTreeMap<Address, Cluster>,
        outputs: BTreeMap<String, serde_json::Value>,
    ) -> Option<Planned> {
        match result {
            Ok(plan) => Some(Planned { plan: Plan { lookups, ..plan }, clusters, outputs }),
            Err(found) => {
                self.diags.append(found);
                None
            }
        }
    }

    async fn prepare(&mut self) -> Option<Prepared> {
        let compiled = self.compile()?;
        let clusters = connect::all(&compiled.desired, &self.dir, self.world, &mut self.diags).await;
        let Some(live) = self.observe(&compiled.desired, &clusters).await else {
            // What is wrong with the charts can be said all the same.
            self.render_offline(&compiled);
            return None;
        };
        // Rendering is synchronous and may look things up: it blocks this worker, not the runtime.
        let rendered = tokio::task::block_in_place(|| self.render(&compiled, &live));
        if self.diags.has_errors() {
            return None;
        }
        let input = convert::input(&compiled.desired, &rendered);
        let lookups = live.looked_up();
        Some(Prepared { input, outputs: rendered.outputs, clusters, observed: live.observed, lookups })
    }

    /// What the clusters hold. `None` when there are errors, these or earlier ones.
    async fn observe(
        &mut self,
        desired: &Desired,
        clusters: &BTreeMap<Address, Cluster>,
    ) -> Option<surroundings::Live> {
        if self.diags.has_errors() {
            return None;
        }
        let live = surroundings::Live::read(desired, clusters, self.seed.clone()).await;
        live.map_err(|found| self.diags.append(found)).ok()
    }

    fn render_offline(&mut self, compiled: &Compiled) -> RenderedStack {
        let offline = surroundings::Unreached::new(&compiled.desired, self.seed.clone(), &mut self.diags);
        self.render(compiled, &offline)
    }

    fn render(
        &mut self,
        compiled: &Compiled,
        surroundings: &dyn crate::render::stack::Surroundings,
    ) -> RenderedStack {
        let Compiled { desired, catalog } = compiled;
        values::check(desired, catalog, &self.sources, &mut self.diags);
        let stack = render_stack(desired, catalog, surroundings, &mut self.sources, &mut self.diags);
        crate::validate::stack(desired, &stack, surroundings, &mut self.sources, &mut self.diags);
        for (address, text) in &stack.warnings {
            self.diags.push(Diag::warning(codes::CHART_WARNING, format!("`{address}`: {text}")));
        }
        stack
    }
}

/// How many objects, fields of one and calls for one are named.
const MAX_NAMED: usize = 12;
const MAX_FIELDS: usize = 4;
const MAX_CALLS: usize = 3;

fn not_reproducible(desired: &Desired, address: &Address, fields: &[Unstable]) -> Diag {
    let mut objects: Vec<(&str, Vec<&str>, &[String])> = Vec::new();
    for Unstable { object, path, calls } in fields {
        match objects.last_mut() {
            Some((last, paths, _)) if last == object => paths.push(path),
            _ => objects.push((object, vec![path], calls)),
        }
    }
    let lines = objects.iter().map(|(object, paths, calls)| {
        let mut line = (*object).to_owned();
        if paths.iter().any(|path| !path.is_empty()) {
            line = format!("{line} {}", some_of(paths, MAX_FIELDS));
        }
        let verb = if paths.len() == 1 { "changes" } else { "change" };
        match calls {
            [] => (line, verb, String::new()),
            calls => (line, verb, format!(" ({})", some_of(calls, MAX_CALLS))),
        }
    });
    let mut lines: Vec<_> = lines.collect();
    let mut diag = match lines.as_slice() {
        [(what, verb, calls)] => {
            let message = format!("`{address}`: {what} {verb} with every render{calls}");
            lines.clear();
            Diag::warning(codes::NOT_REPRODUCIBLE, message)
        }
        _ => {
            let message = format!("`{address}`: {} fields change with every render", fields.len());
            Diag::warning(codes::NOT_REPRODUCIBLE, message)
        }
    };
    for (what, _, calls) in lines.iter().take(MAX_NAMED) {
        diag = diag.note(format!("{what}{calls}"));
    }
    if lines.len() > MAX_NAMED {
        diag = diag.note(format!("and {} objects more", lines.len() - MAX_NAMED));
    }
    if let Some(release) = desired.releases.iter().find(|release| release.address == *address) {
        diag = diag.at(release.chart.span, "this chart");
    }
    diag.help(
        "every plan will want to change them: give the value in `values`, or let the chart `lookup` what exists and \
         keep it",
    )
}

fn some_of(items: &[impl AsRef<str>], most: usize) -> String {
    let mut text = items.iter().take(most).map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
    if items.len() > most {
        text.push_str(&format!(" and {} more", items.len() - most));
    }
    text
}
