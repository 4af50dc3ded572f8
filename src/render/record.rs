//! The chart as a Helm release record holds it.

use super::RenderError;
use super::error;
use super::instance::Instance;
use crate::chart::{Dependency, File, Metadata};
use crate::gotmpl::str::SharedText;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

/// The JSON of Helm's Go `chart.Chart`: metadata and values after dependency processing, files in base64.
/// Subcharts are not part of it, as in Helm.
///
/// # Errors
/// One of its files can no longer be read.
pub(super) fn chart(instance: &Instance<'_>) -> Result<Value, RenderError> {
    let chart = instance.chart;
    let values = crate::gotmpl::value::Value::Map(instance.values_copy()).to_json().unwrap_or_default();
    let templates = chart.templates.iter().map(|File { name, data }| (name.as_str(), data));
    let others: Result<Vec<(&str, &SharedText)>, RenderError> = chart
        .files
        .iter()
        .map(|f| Ok((f.name.as_str(), f.data().map_err(|why| error::unreadable(chart, &f.name, &why))?)))
        .collect();
    Ok(json!({
        "metadata": metadata(&chart.metadata, &instance.declared),
        "lock": chart.lock,
        "templates": files(templates),
        "values": values,
        "schema": chart.schema.as_ref().map(|s| STANDARD.encode(&**s)),
        // Go's zero time: a load through `World` knows no modification times.
        "schemamodtime": "0001-01-01T00:00:00Z",
        "files": files(others?),
    }))
}

fn files<'a>(files: impl IntoIterator<Item = (&'a str, &'a SharedText)>) -> Value {
    let mut files = files.into_iter().peekable();
    if files.peek().is_none() {
        return Value::Null;
    }
    files.map(|(name, data)| json!({"name": name, "data": STANDARD.encode(&**data)})).collect()
}

/// Leaves out what Go's `omitempty` leaves out.
fn object(fields: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let kept = fields.into_iter().filter(|(_, value)| match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(s) => !s.is_empty(),
        Value::Array(a) => !a.is_empty(),
        Value::Object(o) => !o.is_empty(),
        Value::Bool(true) | Value::Number(_) => true,
    });
    Value::Object(kept.map(|(key, value)| (key.to_owned(), value)).collect::<Map<_, _>>())
}

fn metadata(m: &Metadata, declared: &[Dependency]) -> Value {
    let maintainers: Value = m
        .maintainers
        .iter()
        .map(|p| object([("name", json!(p.name)), ("email", json!(p.email)), ("url", json!(p.url))]))
        .collect();
    object([
        ("name", json!(m.name)),
        ("home", json!(m.home)),
        ("sources", json!(m.sources)),
        ("version", json!(m.version)),
        ("description", json!(m.description)),
        ("keywords", json!(m.keywords)),
        ("maintainers", maintainers),
        ("icon", json!(m.icon)),
        ("apiVersion", json!(m.api_version)),
        ("condition", json!(m.condition)),
        ("tags", json!(m.tags)),
        ("appVersion", json!(m.app_version)),
        ("deprecated", json!(m.deprecated)),
        ("annotations", json!(m.annotations)),
        ("kubeVersion", json!(m.kube_version)),
        ("dependencies", declared.iter().map(dependency).collect()),
        ("type", json!(m.kind)),
    ])
}

fn dependency(d: &Dependency) -> Value {
    let mut value = object([
        ("name", json!(d.name)),
        ("version", json!(d.version)),
        ("repository", json!(d.repository)),
        ("condition", json!(d.condition)),
        ("tags", json!(d.tags)),
        ("enabled", json!(d.enabled)),
        ("import-values", json!(d.import_values)),
        ("alias", json!(d.alias)),
    ]);
    // The two without `omitempty`.
    if let Value::Object(fields) = &mut value {
        fields.insert("name".into(), json!(d.name));
        fields.insert("repository".into(), json!(d.repository));
    }
    value
}
