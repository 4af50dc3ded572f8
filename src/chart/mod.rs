//! Helm charts as data.
//!
//! In: a path and a [`World`], or the bytes of a `.tgz`. Out: [`Chart`], immutable, `Send + Sync`, meant to
//! be loaded once, shared in an `Arc` and rendered many times. What depends on a release's values
//! (conditions, tags, aliases, import-values) is not decided here but in `render`.
//! Must not know: releases, clusters, how templates are executed.
//!
//! Follows Helm's `pkg/chart/loader`, `pkg/chart/v2` and `pkg/ignore`.

mod archive;
mod catalog;
mod directory;
mod error;
mod ignore;
mod loader;
pub(crate) mod metadata;
mod parsed;
pub mod path_match;
mod raw;
pub mod schema;
pub mod strvals;
pub mod values;

pub use archive::MAX_DECOMPRESSED_SIZE;
pub use catalog::Catalog;
pub use error::{ChartError, ChartErrorKind, Place};
pub use loader::{Located, ValuesError, merge_maps, read_values, read_values_located};
pub use metadata::{Dependency, Maintainer, Metadata};
pub use parsed::{Twins, functions};
pub use raw::RawFile;

use crate::gotmpl::str::SharedText;
use crate::gotmpl::value::FrozenMap;
use crate::source::World;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One file of a chart; `name` is relative to the chart's root, with `/` on every system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    pub name: String,
    /// Shared with the templates parsed from it.
    pub data: SharedText,
}

impl File {
    /// The content as text where it is text; Helm itself treats files as bytes.
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.data).ok()
    }
}

/// A loaded chart with its subcharts. Nothing in it depends on a release.
#[derive(Clone, Debug)]
pub struct Chart {
    pub metadata: Metadata,
    /// Chart.lock (or requirements.lock) as written, for those who store or compare it.
    pub lock: Option<Value>,
    /// Everything under `templates/`, NOTES.txt and partials included, in the order of the loader.
    pub templates: Vec<File>,
    /// values.yaml, decoded; several documents are merged. Numbers are f64. Renders share it and read of it what
    /// they look at.
    pub values: Arc<FrozenMap>,
    /// values.schema.json as written.
    pub schema: Option<SharedText>,
    /// What `.Files` offers: everything that is not a template, a subchart, values.yaml, the schema or
    /// chart metadata. Includes `crds/`.
    pub files: Vec<RawFile>,
    /// values.yaml as written, for readers of its comments.
    pub values_text: Option<File>,
    /// Charts found in `charts/`, sorted by folder or archive name. Not yet filtered by conditions.
    pub dependencies: Vec<Arc<Chart>>,
    /// Where the chart came from, for messages: the directory or archive given to [`load`]; for a
    /// subchart, its place inside.
    pub origin: PathBuf,
    cache: parsed::Cache,
}

impl Chart {
    pub fn name(&self) -> &str {
        &self.metadata.name
    }

    pub fn is_library(&self) -> bool {
        self.metadata.kind.eq_ignore_ascii_case("library")
    }

    /// `name-version`, as the label `helm.sh/chart` usually has it.
    pub fn id(&self) -> String {
        format!("{}-{}", self.metadata.name, self.metadata.version)
    }

    /// Dependencies that Chart.yaml names and `charts/` lacks, in the order of Chart.yaml.
    pub fn missing_dependencies(&self) -> Vec<&str> {
        self.metadata
            .dependencies
            .iter()
            .map(|d| d.name.as_str())
            .filter(|name| !self.dependencies.iter().any(|c| c.name() == *name))
            .collect()
    }

    /// What Helm checks before it renders: an application chart with all its dependencies present.
    pub fn check_installable(&self) -> Result<(), ChartError> {
        if !matches!(self.metadata.kind.as_str(), "" | "application") {
            return Err(error::not_installable(self));
        }
        let missing = self.missing_dependencies();
        if missing.is_empty() { Ok(()) } else { Err(error::missing_dependencies(self, &missing)) }
    }
}

/// Loads the chart at `path`: a directory with a Chart.yaml, or a gzipped tar archive of one.
///
/// # Errors
/// The path does not exist or is no chart (says what was looked for), Chart.yaml or values.yaml is broken
/// (with the line), the archive is unsafe or too large.
pub fn load(world: &dyn World, path: &Path) -> Result<Chart, ChartError> {
    directory::load(world, path)
}

/// Loads a chart from the bytes of a `.tgz`; `origin` is used in messages only.
pub fn load_archive(bytes: &[u8], origin: &Path) -> Result<Chart, ChartError> {
    let mut budget = archive::MAX_DECOMPRESSED_SIZE;
    let files = archive::read(bytes, origin, &mut budget)?;
    loader::from_files(files, origin, budget)
}

#[cfg(test)]
mod tests;
