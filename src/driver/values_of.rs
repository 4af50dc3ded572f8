//! The values of one release with where each comes from.

use super::Run;
use crate::diag::{Diag, codes, nearest};
use crate::eval::desired::Release;
use crate::eval::value::Value;
use crate::provenance::{self, Leaf};

/// See the module.
pub struct ReleaseValues {
    /// The release's address.
    pub address: String,
    /// Name and version of its chart.
    pub chart: String,
    pub leaves: Vec<Leaf>,
}

impl Run<'_> {
    /// The merged values of the release of that address or label, rendered without a network. `None` when there are
    /// errors.
    pub fn values_of(&mut self, name: &str) -> Option<ReleaseValues> {
        let compiled = self.compile()?;
        let releases = &compiled.desired.releases;
        let wanted = |release: &&Release| {
            let address = release.address.as_str();
            address == name || address.strip_prefix("release.") == Some(name)
        };
        let Some(release) = releases.iter().find(wanted) else {
            self.diags.push(no_release(name, releases));
            return None;
        };
        let release = release.clone();
        let rendered = self.render_offline(&compiled);
        let chart = compiled.catalog.get(&release.chart)?;
        let merged = &rendered.releases.get(&release.address)?.rendered.values;
        let layers: Vec<Value> =
            release.values.iter().filter_map(|layer| layer.resolve(&rendered).ok()).collect();
        Some(ReleaseValues {
            address: release.address.to_string(),
            chart: chart.id(),
            leaves: provenance::values(&layers, chart, merged),
        })
    }
}

fn no_release(name: &str, releases: &[Release]) -> Diag {
    let all: Vec<&str> = releases.iter().map(|release| release.address.as_str()).collect();
    let diag = Diag::error(codes::NO_SUCH_RELEASE, format!("there is no release `{name}` in this stack"));
    let labels = all.iter().map(|address| address.strip_prefix("release.").unwrap_or(address));
    match nearest(name.strip_prefix("release.").unwrap_or(name), labels) {
        Some(near) => diag.help(format!("did you mean `{near}`?")),
        None if all.is_empty() => diag.help("the stack has no releases"),
        None => diag.help(format!("it has {}", all.join(", "))),
    }
}
