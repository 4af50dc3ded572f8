//! Where values come from.
//!
//! In: the layers of values of a release as evaluated, its chart, and what rendering made of them. Out: every leaf of the merged
//! values with the place that decided it. Must not know: how any of it is printed.

use crate::chart::Chart;
use crate::contract::charts::subcharts;
use crate::contract::finding::{Path, Step};
use crate::eval::value::{Value, ValueKind};
use crate::gotmpl::yaml::tree::Tree;
use crate::source::Span;
use serde_json::Value as Json;

/// A value of a release that holds no others.
#[derive(Clone, Debug, PartialEq)]
pub struct Leaf {
    /// The keys and positions that lead to it.
    pub path: Path,
    /// What it is; `None`: a secret.
    pub value: Option<Json>,
    pub origin: Origin,
}

/// What decided a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The expression in the source.
    Source(Span),
    /// A line of a chart's values.yaml, from 1; the chart as `CHART` or `CHART/charts/SUB`.
    Default { chart: String, line: u32 },
    /// The chart in another way: imported from a subchart.
    Chart,
}

/// All leaves, in the order of their paths. An empty map or list is a leaf.
pub fn values(layers: &[Value], chart: &Chart, merged: &Json) -> Vec<Leaf> {
    let mut defaults = Vec::new();
    files(chart, chart.name().to_owned(), &[], &mut defaults);
    let mut leaves = Vec::new();
    walk(merged, &mut Vec::new(), &mut |path, value| {
        let (origin, secret) = origin(layers, &defaults, path);
        leaves.push(Leaf { path: path.to_vec(), value: (!secret).then(|| value.clone()), origin });
    });
    leaves
}

/// A path as people write it, unambiguously: `a.b[0]."c.d"`.
pub fn written(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Key(name) => {
                if !text.is_empty() {
                    text.push('.');
                }
                let plain = !name.is_empty() && !name.contains(['.', '[', ']', '"', ' ']);
                text.push_str(&if plain { name.clone() } else { Json::from(name.as_str()).to_string() });
            }
            Step::Index(index) => text.push_str(&format!("[{index}]")),
        }
    }
    text
}

fn walk(value: &Json, path: &mut Vec<Step>, leaf: &mut dyn FnMut(&[Step], &Json)) {
    match value {
        Json::Object(map) if !map.is_empty() => {
            for (name, value) in map {
                path.push(Step::Key(name.clone()));
                walk(value, path, leaf);
                path.pop();
            }
        }
        Json::Array(items) if !items.is_empty() => {
            for (index, value) in items.iter().enumerate() {
                path.push(Step::Index(index));
                walk(value, path, leaf);
                path.pop();
            }
        }
        value => leaf(path, value),
    }
}

/// The values.yaml of a chart, below the keys of its values in the outermost chart.
struct Defaults<'a> {
    below: Vec<String>,
    chart: String,
    tree: Tree<'a>,
}

fn files<'a>(chart: &'a Chart, path: String, below: &[String], all: &mut Vec<Defaults<'a>>) {
    if let Some(tree) = chart.values_text.as_ref().and_then(|file| Tree::parse(&file.data).ok()) {
        all.push(Defaults { below: below.to_vec(), chart: path.clone(), tree });
    }
    for (name, sub) in subcharts(chart) {
        let below: Vec<String> = below.iter().cloned().chain([name.to_owned()]).collect();
        files(sub, format!("{path}/charts/{name}"), &below, all);
    }
}

/// What decided the value at a path, and whether it is secret.
fn origin(layers: &[Value], defaults: &[Defaults<'_>], path: &[Step]) -> (Origin, bool) {
    if let Some((span, secret)) = layers.iter().rev().find_map(|layer| given(layer, path)) {
        return (Origin::Source(span), secret);
    }
    let names: Vec<String> = path.iter().map(Step::name).collect();
    // The outermost chart that has it decides, and is first.
    for file in defaults {
        let Some(inside) = names.strip_prefix(file.below.as_slice()) else { continue };
        if let Some(node) =
            file.tree.find(inside.iter().map(String::as_str)).and_then(|(key, _)| file.tree.node(key))
        {
            return (Origin::Default { chart: file.chart.clone(), line: node.line + 1 }, false);
        }
    }
    // `global` reaches every subchart from the charts around it.
    match path.iter().position(|step| *step == Step::Key("global".to_owned())) {
        Some(at) if at > 0 => {
            let outer: Vec<Step> =
                path.get(..at - 1).into_iter().chain(path.get(at..)).flatten().cloned().collect();
            origin(layers, defaults, &outer)
        }
        _ => (Origin::Chart, false),
    }
}

/// Where a layer gives what is at a path, and whether that is secret.
fn given(layer: &Value, path: &[Step]) -> Option<(Span, bool)> {
    let mut at = layer;
    let mut secret = at.secret;
    for step in path {
        at = match (step, &at.kind) {
            (Step::Key(name), ValueKind::Map(entries)) => entries.get(name.as_str())?,
            (Step::Index(index), ValueKind::List(items)) => items.get(*index)?,
            _ => return None,
        };
        secret |= at.secret;
    }
    Some((at.origin, secret || at.has_secret()))
}

#[cfg(test)]
mod tests;
