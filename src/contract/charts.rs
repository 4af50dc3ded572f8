//! A chart and its subcharts as they may be used: every dependency, whether or not it is enabled, under its alias.

use super::keys::{KeyId, Keys, Source};
use crate::chart::{Chart, Dependency};
use crate::gotmpl::semver;
use serde_json::Value;

/// A chart in its place.
#[derive(Debug)]
pub struct Instance<'a> {
    pub chart: &'a Chart,
    /// Its values.
    pub root: KeyId,
    /// Its `global` and that of the charts around it: one for its templates.
    pub globals: Vec<KeyId>,
    /// Where its files lie: `CHART/charts/NAME`.
    pub path: String,
    /// The charts below, by the key of their values: places in the list of all instances.
    pub below: Vec<(String, usize)>,
}

/// Deeper than any charts are nested; a chart that holds itself is refused when it is loaded.
const MAX_DEPTH: usize = 20;

/// All charts, the outermost first.
pub fn instances<'a>(chart: &'a Chart, keys: &mut Keys) -> Vec<Instance<'a>> {
    let mut all = Vec::new();
    add(chart, Keys::ROOT, &[], chart.name().to_owned(), 0, keys, &mut all);
    all
}

fn add<'a>(
    chart: &'a Chart,
    root: KeyId,
    outer: &[KeyId],
    path: String,
    depth: usize,
    keys: &mut Keys,
    all: &mut Vec<Instance<'a>>,
) -> usize {
    let mut globals = vec![keys.enter(root, "global", Source::Helm)];
    globals.extend_from_slice(outer);
    let place = all.len();
    all.push(Instance { chart, root, globals: globals.clone(), path: path.clone(), below: Vec::new() });
    for dependency in &chart.metadata.dependencies {
        // Helm reads them from the values of the chart that declares the dependency.
        for condition in dependency.condition.split(',').map(str::trim).filter(|c| !c.is_empty()) {
            condition.split('.').fold(root, |at, name| keys.enter(at, name, Source::Helm));
        }
        if !dependency.tags.is_empty() {
            let tags = keys.enter(Keys::ROOT, "tags", Source::Helm);
            for tag in &dependency.tags {
                keys.enter(tags, tag, Source::Helm);
            }
        }
        // The chart may be missing; its values have their place all the same.
        keys.enter(root, dependency.effective_name(), Source::Helm);
    }
    if depth < MAX_DEPTH {
        for (name, sub) in subcharts(chart) {
            let below = keys.enter(root, name, Source::Helm);
            let index = add(sub, below, &globals, format!("{path}/charts/{name}"), depth + 1, keys, all);
            if let Some(this) = all.get_mut(place) {
                this.below.push((name.to_owned(), index));
            }
        }
    }
    place
}

/// The subcharts under the keys of their values. A chart that two dependencies name is there twice.
pub fn subcharts(chart: &Chart) -> Vec<(&str, &Chart)> {
    let declared = &chart.metadata.dependencies;
    let fits = |dependency: &Dependency, sub: &Chart| {
        sub.name() == dependency.name && semver::meets(&dependency.version, &sub.metadata.version)
    };
    let mut found: Vec<(&str, &Chart)> = chart
        .dependencies
        .iter()
        .filter(|sub| !declared.iter().any(|dependency| fits(dependency, sub)))
        .map(|sub| (sub.name(), &**sub))
        .collect();
    for dependency in declared {
        if let Some(sub) = chart.dependencies.iter().find(|sub| fits(dependency, sub)) {
            found.push((dependency.effective_name(), sub));
        }
    }
    found
}

/// `import-values`: what a subchart exports is a default of the chart around it.
pub fn imports(instances: &[Instance<'_>], keys: &mut Keys) {
    for instance in instances.iter().rev() {
        for dependency in &instance.chart.metadata.dependencies {
            let below = keys.enter(instance.root, dependency.effective_name(), Source::Helm);
            for import in &dependency.import_values {
                let (child, parent) = match import {
                    Value::String(name) => (format!("exports.{name}"), "."),
                    Value::Object(pair) => {
                        let text = |name| pair.get(name).and_then(Value::as_str).unwrap_or_default();
                        (text("child").to_owned(), text("parent"))
                    }
                    _ => continue,
                };
                let child = child.split('.').fold(below, |at, name| keys.enter(at, name, Source::Helm));
                let parent = parent
                    .split('.')
                    .filter(|name| !name.is_empty())
                    .fold(instance.root, |at, name| keys.enter(at, name, Source::Helm));
                copy(child, parent, keys, 0);
            }
        }
    }
}

fn copy(from: KeyId, to: KeyId, keys: &mut Keys, depth: usize) {
    if depth > MAX_DEPTH {
        return;
    }
    let names: Vec<(String, KeyId)> =
        keys.get(from).names().map(|(name, id)| (name.to_owned(), id)).collect();
    for (name, id) in names {
        let there = keys.enter(to, &name, Source::Default);
        if let (None, Some(value)) = (&keys.get(there).default, keys.get(id).default.clone()) {
            keys.set_default(there, value);
        }
        copy(id, there, keys, depth + 1);
    }
}
