//! YAML bodies (`kubectl apply --server-side` sends them).

use serde_json::{Number, Value};

use crate::gotmpl::yaml::{Root, decode};

/// `None` if the bytes are no YAML document.
pub fn parse(bytes: &[u8]) -> Option<Value> {
    let mut value = decode::<Value>(bytes, Root::Any).ok()?;
    whole_numbers(&mut value);
    Some(value)
}

/// The YAML reader yields Go's float64 for every number; the API reads whole ones as integers.
fn whole_numbers(value: &mut Value) {
    match value {
        Value::Number(n) => {
            // 2^53: what a float64 holds exactly.
            let whole = n.as_f64().filter(|f| f.fract() == 0.0 && f.abs() < 9_007_199_254_740_992.0);
            if let Some(integer) = whole.and_then(|f| format!("{f}").parse::<i64>().ok()) {
                *n = Number::from(integer);
            }
        }
        Value::Array(list) => list.iter_mut().for_each(whole_numbers),
        Value::Object(map) => map.iter_mut().for_each(|(_, v)| whole_numbers(v)),
        _ => {}
    }
}
