//! Schemas of a chart and its subcharts against the coalesced values.
//!
//! Follows Helm's `ValidateAgainstSchema`: each chart's own table is checked against its own schema, reports
//! are put one after the other under the charts' names.

use serde_json::{Map, Value};

use super::instance::Instance;

/// Whether any chart of the tree has a schema, so that the values need to be turned into JSON at all.
pub(super) fn any(instance: &Instance<'_>) -> bool {
    instance.chart.schema.is_some() || instance.dependencies.iter().any(any)
}

/// Helm's report on everything that does not fit; empty if all does.
pub(super) fn report(instance: &Instance<'_>, values: &Map<String, Value>) -> String {
    let mut out = String::new();
    collect(instance, values, &mut out);
    out
}

fn collect(instance: &Instance<'_>, values: &Map<String, Value>, out: &mut String) {
    if let Some(schema) = instance.chart.checked_by()
        && let Err(report) = schema.check(values)
    {
        out.push_str(&format!("{}:\n{report}", instance.name));
    }
    for sub in &instance.dependencies {
        match values.get(&sub.name) {
            None | Some(Value::Null) => {}
            Some(Value::Object(values)) => collect(sub, values, out),
            Some(other) => out.push_str(&format!(
                "{}:\ninvalid type for values: expected object (map), got {}\n",
                sub.name,
                go_type(other)
            )),
        }
    }
}

fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(n) if n.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}
