//! What templates see: `.Values`, `.Chart`, `.Release`, `.Capabilities`, `.Files`, `.Subcharts`, `.Template`.
//!
//! In: an [`Instance`] tree and coalesced values. Out: one [`Scope`] per chart and the templates in render
//! order. The maps are shared the way Helm shares them: a subchart's `.Values` is the table in its parent's,
//! and one context map per chart serves all its files, so that `set` is seen by whatever renders later.
//! Follows `recAllTpls` and `sortTemplates` in Helm's `pkg/engine/engine.go`.

use super::Request;
use super::files::Files;
use super::instance::{Instance, table};
use super::native::CapabilitiesObject;
use crate::chart::Dependency;
use crate::gotmpl::str::Str;
use crate::gotmpl::types::{HELM_VALUES, STRING_MAP};
use crate::gotmpl::value::{List, Map, Value};
use std::collections::BTreeMap;
use std::rc::Rc;

/// A template of one chart of the tree.
pub(super) struct Renderable<'a> {
    /// Index of the file in its chart's `templates`.
    pub(super) index: usize,
    pub(super) chart: &'a crate::chart::Chart,
    /// The chart's context; `Template` is set before each file.
    pub(super) context: Map,
    /// `PARENT/charts/NAME/templates`.
    pub(super) base_path: Str,
}

/// Templates by full path, in the order in which Helm parses and renders them.
pub(super) struct Templates<'a> {
    pub(super) by_path: BTreeMap<String, Renderable<'a>>,
    pub(super) order: Vec<String>,
}

/// Builds the contexts of all charts and lists their templates.
pub(super) fn build<'a>(root: &Instance<'a>, values: &Map, request: &Request<'_>) -> Templates<'a> {
    let shared = Shared {
        release: Value::Map(release(request)),
        capabilities: Value::Object(Rc::new(CapabilitiesObject::new(request.capabilities))),
    };
    let mut by_path = BTreeMap::new();
    scope(root, values.clone(), &root.name, true, &shared, &mut by_path);
    // Deeper paths first, then names from the end of the alphabet.
    let mut order: Vec<String> = by_path.keys().rev().cloned().collect();
    order.sort_by_cached_key(|path| std::cmp::Reverse(depth(path)));
    Templates { by_path, order }
}

struct Shared {
    release: Value,
    capabilities: Value,
}

fn depth(path: &str) -> usize {
    path.bytes().filter(|b| *b == b'/').count()
}

fn scope<'a>(
    instance: &Instance<'a>,
    values: Map,
    full_path: &str,
    is_root: bool,
    shared: &Shared,
    by_path: &mut BTreeMap<String, Renderable<'a>>,
) -> Map {
    let subcharts = Map::new();
    let context: Map = [
        ("Chart", Value::Map(metadata(instance, is_root))),
        ("Files", Value::Object(Rc::new(Files::of(&instance.chart.files)))),
        ("Release", shared.release.clone()),
        ("Capabilities", shared.capabilities.clone()),
        ("Values", Value::Map(values.as_values())),
        ("Subcharts", Value::Map(subcharts.clone())),
    ]
    .into_iter()
    .map(|(key, value)| (Str::literal(key), value))
    .collect();
    for sub in &instance.dependencies {
        let below = table(&values, &sub.name).unwrap_or_default();
        let path = format!("{full_path}/charts/{}", sub.name);
        let inner = scope(sub, below, &path, false, shared, by_path);
        subcharts.insert(sub.name.as_str(), Value::Map(inner));
    }
    let base_path = Str::from(format!("{full_path}/templates"));
    for (index, file) in instance.chart.templates.iter().enumerate() {
        let base = file.name.rsplit('/').next().unwrap_or(&file.name);
        // A library renders nothing, it only lends its partials.
        if instance.chart.is_library() && !base.starts_with('_') {
            continue;
        }
        by_path.insert(
            format!("{full_path}/{}", file.name),
            Renderable {
                index,
                chart: instance.chart,
                context: context.clone(),
                base_path: base_path.clone(),
            },
        );
    }
    context
}

/// `.Template`, set into the context before a file is rendered.
pub(super) fn template(name: &str, base_path: &Str) -> Value {
    let map = Map::with_type(HELM_VALUES);
    map.insert("Name", Value::from(name));
    map.insert("BasePath", Value::Str(base_path.clone()));
    Value::Map(map)
}

fn release(request: &Request<'_>) -> Map {
    [
        ("Name", Value::from(request.name)),
        ("Namespace", Value::from(request.namespace)),
        ("IsUpgrade", Value::Bool(request.is_upgrade)),
        ("IsInstall", Value::Bool(!request.is_upgrade)),
        ("Revision", Value::int(i64::from(request.revision))),
        ("Service", Value::literal("Helm")),
    ]
    .into_iter()
    .map(|(key, value)| (Str::literal(key), value))
    .collect()
}

/// `.Chart`: Chart.yaml under the names of Helm's Go struct.
fn metadata(instance: &Instance<'_>, is_root: bool) -> Map {
    let m = &instance.chart.metadata;
    let text = |s: &str| Value::from(s);
    let texts = |list: &[String]| Value::List(list.iter().map(|s| Value::from(s.as_str())).collect());
    let annotations =
        if m.annotations.is_empty() { Map::nil(STRING_MAP) } else { Map::with_type(STRING_MAP) };
    for (key, value) in &m.annotations {
        annotations.insert(key.as_str(), Value::from(value.as_str()));
    }
    let maintainers: List = m
        .maintainers
        .iter()
        .map(|person| {
            let fields: Map = [("Name", &person.name), ("Email", &person.email), ("URL", &person.url)]
                .into_iter()
                .map(|(key, value)| (Str::literal(key), Value::from(value.as_str())))
                .collect();
            Value::Map(fields)
        })
        .collect();
    [
        ("Name", text(&instance.name)),
        ("Home", text(&m.home)),
        ("Sources", texts(&m.sources)),
        ("Version", text(&m.version)),
        ("Description", text(&m.description)),
        ("Keywords", texts(&m.keywords)),
        ("Maintainers", Value::List(maintainers)),
        ("Icon", text(&m.icon)),
        ("APIVersion", text(&m.api_version)),
        ("Condition", text(&m.condition)),
        ("Tags", text(&m.tags)),
        ("AppVersion", text(&m.app_version)),
        ("Deprecated", Value::Bool(m.deprecated)),
        ("Annotations", Value::Map(annotations)),
        ("KubeVersion", text(&m.kube_version)),
        ("Dependencies", Value::List(instance.declared.iter().map(|d| Value::Map(dependency(d))).collect())),
        ("Type", text(&m.kind)),
        ("IsRoot", Value::Bool(is_root)),
    ]
    .into_iter()
    .map(|(key, value)| (Str::literal(key), value))
    .collect()
}

fn dependency(d: &Dependency) -> Map {
    [
        ("Name", Value::from(d.name.as_str())),
        ("Version", Value::from(d.version.as_str())),
        ("Repository", Value::from(d.repository.as_str())),
        ("Condition", Value::from(d.condition.as_str())),
        ("Tags", Value::List(d.tags.iter().map(|t| Value::from(t.as_str())).collect())),
        ("Enabled", Value::Bool(d.enabled)),
        ("ImportValues", Value::List(d.import_values.iter().map(Value::from_json).collect())),
        ("Alias", Value::from(d.alias.as_str())),
    ]
    .into_iter()
    .map(|(key, value)| (Str::literal(key), value))
    .collect()
}
