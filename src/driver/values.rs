//! The values of every release against what its chart accepts.

use crate::chart::{Catalog, Chart};
use crate::contract::finding::{Path, Places, Step, written};
use crate::contract::{Contract, check};
use crate::diag::{Diags, Severity};
use crate::eval::desired::{Desired, Release};
use crate::eval::value::{Value, ValueKind};
use crate::source::{SourceMap, Span};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// Adds what is wrong with the values of releases; a chart is read once, however many releases use it.
pub fn check(desired: &Desired, catalog: &Catalog, sources: &SourceMap, diags: &mut Diags) {
    let mut contracts: BTreeMap<*const Chart, Contract> = BTreeMap::new();
    for release in &desired.releases {
        let Some(chart) = catalog.get(&release.chart) else { continue };
        let chart: &Chart = chart.as_ref();
        if release.values.is_empty() {
            continue;
        }
        let contract = contracts.entry(std::ptr::from_ref(chart)).or_insert_with(|| Contract::of(chart));
        one(release, contract, sources, diags);
    }
}

fn one(release: &Release, contract: &Contract, sources: &SourceMap, diags: &mut Diags) {
    for layer in &release.values {
        let Json::Object(values) = known(layer) else { continue };
        for finding in check::check(contract, &values) {
            if !(finding.is_unknown() && allowed(release, &written(&finding.path))) {
                let unread = finding.is_unread();
                let mut diag = finding.into_diag(&InSource { layer, sources });
                // A stack names its charts' versions, and lets through what it means to.
                if unread {
                    diag.severity = Severity::Error;
                    diag.help
                        .get_or_insert_with(|| "`allow_unknown` in the release lets it through".to_owned());
                }
                if release.allow.contains_key(diag.code.0) {
                    continue;
                }
                diags.push(diag.note(format!("a value of `{}`", release.address)));
            }
        }
    }
}

/// Whether `allow_unknown` names a place or one around it.
fn allowed(release: &Release, path: &str) -> bool {
    release.allow_unknown.iter().any(|allowed| {
        path.strip_prefix(allowed.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    })
}

/// As much as is known; of what comes from another release, only its place.
fn known(value: &Value) -> Json {
    match &value.kind {
        ValueKind::Null => Json::Null,
        ValueKind::Bool(yes) => Json::from(*yes),
        ValueKind::Int(number) => Json::from(*number),
        ValueKind::Float(number) => Json::from(*number),
        ValueKind::String(text) => Json::from(&**text),
        ValueKind::List(items) => items.iter().map(known).collect(),
        ValueKind::Map(entries) => {
            entries.iter().map(|(name, value)| (name.to_string(), known(value))).collect()
        }
        // An empty text may stand for anything.
        ValueKind::Pending(_) => Json::from(""),
    }
}

/// A layer of values as it was written.
struct InSource<'a> {
    layer: &'a Value,
    sources: &'a SourceMap,
}

impl Places for InSource<'_> {
    fn key(&self, path: &Path) -> Option<Span> {
        let mut at = self.layer;
        let mut last = "";
        for step in path {
            at = match (step, &at.kind) {
                (Step::Key(name), ValueKind::Map(entries)) => {
                    last = name;
                    entries.get(name.as_str())?
                }
                (Step::Index(index), ValueKind::List(items)) => {
                    last = "";
                    items.get(*index)?
                }
                _ => return None,
            };
        }
        Some(self.before(at.origin, last).unwrap_or(at.origin))
    }
}

impl InSource<'_> {
    /// The key in front of its value, where it was written there: `key = value`, `key { … }`, `"key": value`.
    fn before(&self, value: Span, key: &str) -> Option<Span> {
        let text = self.sources.text(value.file);
        let start = value.start as usize;
        if key.is_empty() {
            return None;
        }
        if text.get(start..)?.starts_with(key) {
            return Some(Span::new(value.file, start, start + key.len()));
        }
        let before = text.get(..start)?.trim_end_matches([' ', '\t', '=', ':', '"']);
        let from = before.len().checked_sub(key.len()).filter(|_| before.ends_with(key))?;
        Some(Span::new(value.file, from, before.len()))
    }
}
