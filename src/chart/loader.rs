//! Files to a [`Chart`]: which file is what, subcharts in `charts/`, values.yaml.
//!
//! Follows `LoadFiles` and `LoadValues` in Helm's `pkg/chart/v2/loader`.

use super::{Chart, ChartError, ChartErrorKind, File, Metadata, RawFile, archive};
use crate::gotmpl::value::{Frozen, FrozenMap};
use crate::gotmpl::yaml::tree::Tree;
use crate::gotmpl::yaml::{self, Build, Root};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Charts inside charts; no real one comes near.
const MAX_NESTING: usize = 16;

/// `budget` is what the archives among the files may hold, together: each has its own limit in Helm, so that a few
/// small ones can fill any memory.
pub(super) fn from_files(files: Vec<RawFile>, origin: &Path, mut budget: u64) -> Result<Chart, ChartError> {
    load_files(files, origin, &mut budget, 0)
}

/// Whether loading a chart reads the file of this name; the others are only read by those who ask for them.
pub(super) fn looks_into(name: &str) -> bool {
    let mut name = name;
    // A file of a subchart, however deep.
    while let Some((_, inner)) = name.strip_prefix("charts/").and_then(|inside| inside.split_once('/')) {
        name = inner;
    }
    let named = matches!(
        name,
        "Chart.yaml"
            | "Chart.lock"
            | "values.yaml"
            | "values.schema.json"
            | "requirements.yaml"
            | "requirements.lock"
    );
    named || name.starts_with("templates/") || name.starts_with("charts/")
}

/// Only asked of the outermost chart, as in Helm.
fn check_api_version(document: &Value) -> Result<(), ChartError> {
    match document.get("apiVersion").and_then(Value::as_str).unwrap_or("v1") {
        "v1" | "v2" | "" => Ok(()),
        "v3" => Err(ChartError::new(ChartErrorKind::Metadata, "invalid chart apiVersion")
            .help("charts of apiVersion v1 and v2 can be rendered; v3 is an experiment of Helm's")),
        other => Err(ChartError::new(ChartErrorKind::Metadata, "unsupported chart version")
            .help(format!("`apiVersion: {other}` is not one of `v1` and `v2`"))),
    }
}

fn load_files(
    files: Vec<RawFile>,
    origin: &Path,
    budget: &mut u64,
    depth: usize,
) -> Result<Chart, ChartError> {
    let mut metadata: Option<Metadata> = None;
    for (index, file) in files.iter().filter(|f| f.name == "Chart.yaml").enumerate() {
        let file = &file.held(origin)?;
        let document = decode(file, origin, "Chart.yaml")?;
        if depth == 0 && index == 0 {
            check_api_version(&document)?;
        }
        let into = metadata.get_or_insert_default();
        merge_metadata(into, &document, file, origin)?;
        if into.api_version.is_empty() {
            into.api_version = "v1".into();
        }
    }
    let mut chart = Chart {
        metadata: Metadata::default(),
        lock: None,
        templates: Vec::new(),
        values: Arc::default(),
        schema: None,
        files: Vec::new(),
        values_text: None,
        dependencies: Vec::new(),
        origin: origin.to_owned(),
        cache: super::parsed::Cache::default(),
    };
    let mut subcharts: BTreeMap<String, Vec<RawFile>> = BTreeMap::new();
    for file in files {
        match file.name.as_str() {
            "Chart.yaml" => {}
            "Chart.lock" => chart.lock = Some(decode(&file.held(origin)?, origin, "Chart.lock")?),
            "values.yaml" => {
                let file = file.held(origin)?;
                chart.values = read_defaults(&file.data).map_err(|e| {
                    e.into_chart_error("cannot load values.yaml", &origin.join("values.yaml"), &file.data)
                })?;
                chart.values_text = Some(file);
            }
            "values.schema.json" => chart.schema = Some(file.held(origin)?.data),
            "requirements.yaml" => {
                let held = file.held(origin)?;
                let document = decode(&held, origin, &held.name)?;
                merge_metadata(metadata.get_or_insert_default(), &document, &held, origin)?;
                if metadata.as_ref().is_some_and(|m| m.api_version == "v1") {
                    chart.files.push(file);
                }
            }
            "requirements.lock" => {
                chart.lock = Some(decode(&file.held(origin)?, origin, "requirements.lock")?);
                if metadata.as_ref().is_some_and(|m| m.api_version == "v1") {
                    chart.files.push(file);
                }
            }
            name if name.starts_with("templates/") => chart.templates.push(file.held(origin)?),
            name => match name.strip_prefix("charts/") {
                Some(inner) if !inner.ends_with(".prov") => {
                    let inner = inner.to_owned();
                    let key = inner.split('/').next().unwrap_or_default().to_owned();
                    subcharts.entry(key).or_default().push(file.named(inner));
                }
                _ => chart.files.push(file),
            },
        }
    }
    let Some(mut metadata) = metadata else {
        return Err(ChartError::new(ChartErrorKind::NotAChart, "Chart.yaml file is missing"));
    };
    metadata.validate().map_err(|why| {
        ChartError::new(ChartErrorKind::Metadata, why)
            .help(format!("in `{}`", origin.join("Chart.yaml").display()))
    })?;
    chart.metadata = metadata;
    for (folder, files) in subcharts {
        if folder.starts_with(['_', '.']) {
            continue;
        }
        let place = origin.join("charts").join(&folder);
        let sub = subchart(&folder, files, &place, budget, depth + 1)
            .map_err(|e| e.within(&format!("error unpacking subchart {folder} in {}", chart.name())))?;
        chart.dependencies.push(Arc::new(sub));
    }
    Ok(chart)
}

fn subchart(
    folder: &str,
    files: Vec<RawFile>,
    origin: &Path,
    budget: &mut u64,
    depth: usize,
) -> Result<Chart, ChartError> {
    if depth > MAX_NESTING {
        return Err(ChartError::new(
            ChartErrorKind::Archive,
            format!("charts are nested more than {MAX_NESTING} deep"),
        ));
    }
    if !folder.ends_with(".tgz") {
        let inner = |file: RawFile| {
            let name = file.name.split_once('/')?.1.to_owned();
            Some(file.named(name))
        };
        return load_files(files.into_iter().filter_map(inner).collect(), origin, budget, depth);
    }
    let Some(file) = files.into_iter().next().filter(|f| f.name == folder) else {
        return Err(ChartError::new(
            ChartErrorKind::Archive,
            format!("expected the archive {folder}, got a folder"),
        ));
    };
    let held = file.held(origin)?;
    let files = archive::read(&held.data, origin, budget)?;
    load_files(files, origin, budget, depth)
}

fn merge_metadata(
    into: &mut Metadata,
    document: &Value,
    file: &File,
    origin: &Path,
) -> Result<(), ChartError> {
    into.merge(document).map_err(|why| {
        // A null entry is Helm's validation error, which it reports without saying where.
        let message =
            if why.starts_with("validation:") { why } else { format!("cannot load {}: {why}", file.name) };
        ChartError::new(ChartErrorKind::Metadata, message)
            .help(format!("in `{}`", origin.join(&file.name).display()))
    })
}

fn decode(file: &File, origin: &Path, what: &str) -> Result<Value, ChartError> {
    yaml::decode(&file.data, Root::Any).map_err(|e| {
        ChartError::new(ChartErrorKind::Metadata, format!("cannot load {what}: {e}")).at_offset(
            &origin.join(&file.name),
            &file.data,
            e.offset(),
        )
    })
}

/// Why a values file cannot be read: the message, and the offset in the whole text where it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValuesError {
    pub message: String,
    pub offset: Option<usize>,
}

impl ValuesError {
    /// With Helm's prefix and the place in the file.
    pub fn into_chart_error(self, prefix: &str, path: &Path, data: &[u8]) -> ChartError {
        ChartError::new(ChartErrorKind::Values, format!("{prefix}: {}", self.message)).at_offset(
            path,
            data,
            self.offset,
        )
    }
}

/// Reads a values file: its YAML documents merged, later ones over earlier ones, nulls kept.
///
/// # Errors
/// Not YAML, or not a map.
pub fn read_values(data: &[u8]) -> Result<Map<String, Value>, ValuesError> {
    merged(documents(data)?)
}

/// A document of a values file with its positions: the byte it begins at, and its nodes.
pub type Located = (usize, Tree<'static>);

/// The same, and the documents with their positions, for findings about what is in them.
///
/// # Errors
/// As [`read_values`].
pub fn read_values_located(data: &[u8]) -> Result<(Map<String, Value>, Vec<Located>), ValuesError> {
    let documents = documents(data)?;
    let located = documents
        .iter()
        .filter_map(|(start, document)| Some((*start, Tree::parse(document).ok()?.into_owned())))
        .collect();
    Ok((merged(documents)?, located))
}

/// The same of a chart's values.yaml, to be shared by renders.
fn read_defaults(data: &[u8]) -> Result<Arc<FrozenMap>, ValuesError> {
    let documents = documents(data)?;
    if let [(start, document)] = documents.as_slice() {
        return Ok(match read_document(*start, document)? {
            Frozen::Map(map) => map,
            _ => Arc::default(),
        });
    }
    merged(documents).map(|values| Arc::new(FrozenMap::from_json(values)))
}

fn merged(documents: Documents<'_>) -> Result<Map<String, Value>, ValuesError> {
    let mut values = Map::new();
    for (start, document) in documents {
        if let Value::Object(map) = read_document(start, &document)? {
            merge_maps(&mut values, map);
        }
    }
    Ok(values)
}

fn read_document<B: Build>(start: usize, document: &[u8]) -> Result<B, ValuesError> {
    yaml::decode(document, Root::Map).map_err(|e| ValuesError {
        message: format!("cannot unmarshal yaml document: {e}"),
        offset: e.offset().map(|o| start + o),
    })
}

/// Later values over earlier ones; only maps are merged, a null stays as a null.
pub fn merge_maps(into: &mut Map<String, Value>, from: Map<String, Value>) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(Value::Object(below)), Value::Object(map)) => merge_maps(below, map),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

/// Documents with where they begin.
type Documents<'d> = Vec<(usize, Cow<'d, [u8]>)>;

/// Splits where k8s.io/apimachinery's YAMLReader does: at lines of `---`, blanks and a comment. It reads bytes by
/// lines and ends each with a line feed, the last one too: a block scalar at the end of a file keeps its line break,
/// and UTF-16 is only whole where that fits.
fn documents(data: &[u8]) -> Result<Documents<'_>, ValuesError> {
    let mut found = Vec::new();
    let mut start = 0;
    // Most values files are long and one document: only lines that begin so are looked at.
    let first = data.starts_with(b"---").then_some(0);
    for at in first.into_iter().chain(memchr::memmem::find_iter(data, b"\n---").map(|newline| newline + 1)) {
        let line = data.get(at + 3..).unwrap_or_default();
        let line = line.get(..memchr::memchr(b'\n', line).unwrap_or(line.len())).unwrap_or_default();
        let rest = line.trim_ascii();
        if !rest.is_empty() && !rest.starts_with(b"#") {
            return Err(ValuesError {
                message: format!(
                    "error reading yaml document: invalid Yaml document separator: {}",
                    String::from_utf8_lossy(rest)
                ),
                offset: Some(at),
            });
        }
        if at > start {
            found.push((start, data.get(start..at).unwrap_or_default().into()));
            start = at;
        }
    }
    let rest = data.get(start..).unwrap_or_default();
    found.push((
        start,
        if rest.is_empty() || rest.ends_with(b"\n") { rest.into() } else { [rest, b"\n"].concat().into() },
    ));
    Ok(found)
}
