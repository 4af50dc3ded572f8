//! Every chart of a stack, loaded once however many releases use it.

use super::{Chart, load};
use crate::diag::{Diag, Diags, codes};
use crate::eval::desired::{ChartRef, ChartSource, Desired};
use crate::source::{SourceMap, World};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// Charts by the path they were loaded from. A chart that failed to load is absent, and has been reported.
#[derive(Debug, Default)]
pub struct Catalog {
    charts: BTreeMap<PathBuf, Arc<Chart>>,
}

impl Catalog {
    /// Loads what the releases of a stack name; each failure is reported once per place that asks for it.
    pub fn load(desired: &Desired, world: &dyn World, sources: &mut SourceMap, diags: &mut Diags) -> Catalog {
        let mut catalog = Catalog::default();
        let mut failed: BTreeMap<PathBuf, Diag> = BTreeMap::new();
        for release in &desired.releases {
            let wanted = &release.chart;
            let path = match &wanted.source {
                ChartSource::Path(path) => path,
                ChartSource::Repository { url, name } => {
                    diags.push(repository(wanted, url, name));
                    continue;
                }
            };
            if !catalog.charts.contains_key(path) && !failed.contains_key(path) {
                match load(world, path).and_then(|chart| chart.check_installable().map(|()| chart)) {
                    Ok(chart) => {
                        catalog.charts.insert(path.clone(), Arc::new(chart));
                    }
                    Err(error) => {
                        failed.insert(path.clone(), error.into_diag(sources));
                    }
                }
            }
            if let Some(diag) = failed.get(path) {
                diags.push(asked_for_here(diag.clone(), wanted));
            } else if let Some(chart) = catalog.get(wanted)
                && let Some(version) = &wanted.version
                && *version != chart.metadata.version
            {
                diags.push(other_version(wanted, version, chart));
            }
        }
        catalog
    }

    /// The chart a release asks for; `None` when it could not be loaded.
    pub fn get(&self, wanted: &ChartRef) -> Option<&Arc<Chart>> {
        match &wanted.source {
            ChartSource::Path(path) => self.charts.get(path),
            ChartSource::Repository { .. } => None,
        }
    }
}

/// A label may only point into the chart's own file or into the stack; the stack's place comes second.
fn asked_for_here(diag: Diag, wanted: &ChartRef) -> Diag {
    let text = if diag.labels.is_empty() { "this chart" } else { "asked for here" };
    diag.at(wanted.span, text)
}

fn other_version(wanted: &ChartRef, version: &str, chart: &Chart) -> Diag {
    let found = &chart.metadata.version;
    Diag::error(
        codes::CHART_VERSION,
        format!("expected version `{version}` of chart `{}`, found `{found}`", chart.name()),
    )
    .at(wanted.span, format!("`{}` is version {found}", chart.origin.display()))
    .help(format!("set `version = \"{found}\"`, or leave it out for a chart on disk"))
}

fn repository(wanted: &ChartRef, url: &str, name: &str) -> Diag {
    Diag::error(codes::CHART_NOT_FOUND, format!("chart `{name}` of {url} is not on this machine"))
        .at(wanted.span, "this version of relc reads charts from directories and .tgz files")
        .help(format!(
            "`helm pull {name} --repo {url}{}` into the stack, then `chart = \"./{name}-VERSION.tgz\"`",
            wanted.version.as_ref().map(|v| format!(" --version {v}")).unwrap_or_default()
        ))
}
