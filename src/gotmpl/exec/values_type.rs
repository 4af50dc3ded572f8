//! The methods of Helm's `common.Values`, the type of `.Values`. Follows Helm's `pkg/chart/common/values.go`.

use super::super::func::{Ctx, Func, FuncError};
use super::super::types::{ANY_MAP, HELM_VALUES, Type};
use super::super::value::{Map, Value};
use super::super::yaml;

/// Called with the receiver in front of the declared arguments.
const METHODS: &[Func] = &[
    Func::new("AsMap", &[], ANY_MAP, as_map),
    Func::new("YAML", &[], Type::String, to_yaml),
    Func::new("Table", &[Type::String], HELM_VALUES, table),
    Func::new("PathValue", &[Type::String], Type::Any, path_value),
];

pub(super) fn method(name: &[u8]) -> Option<&'static Func> {
    METHODS.iter().find(|method| method.name.as_bytes() == name)
}

fn receiver(args: &[Value]) -> Result<&Map, FuncError> {
    args.first().and_then(Value::as_map).ok_or_else(|| FuncError::new("no receiver"))
}

fn as_map(_: &mut Ctx<'_>, args: &[Value]) -> Result<Value, FuncError> {
    let map = receiver(args)?;
    // An empty one is a new map: writing to it does not reach the values.
    Ok(Value::Map(if map.is_empty() { Map::new() } else { map.as_plain() }))
}

fn to_yaml(_: &mut Ctx<'_>, args: &[Value]) -> Result<Value, FuncError> {
    let map = Value::Map(receiver(args)?.as_plain());
    yaml::encode(&map).map(Value::from).map_err(|why| FuncError::new(why.to_string()))
}

/// The table at a path of keys, or the key that leads to none.
fn walk(map: &Map, path: &[u8]) -> Result<Map, String> {
    let mut at = map.clone();
    for key in path.split(|byte| *byte == b'.') {
        at = match at.get(key) {
            Some(Value::Map(below)) => below,
            _ => return Err(format!("{:?} is not a table", String::from_utf8_lossy(key))),
        };
    }
    Ok(at)
}

fn table(_: &mut Ctx<'_>, args: &[Value]) -> Result<Value, FuncError> {
    let path = args.get(1).and_then(Value::as_str).cloned().unwrap_or_default();
    Ok(Value::Map(walk(receiver(args)?, &path)?.as_values()))
}

fn path_value(_: &mut Ctx<'_>, args: &[Value]) -> Result<Value, FuncError> {
    let path = args.get(1).and_then(Value::as_str).cloned().unwrap_or_default();
    if path.is_empty() {
        return Err(FuncError::new("YAML path cannot be empty"));
    }
    let map = receiver(args)?;
    let (found, key) = match path.iter().rposition(|byte| *byte == b'.') {
        None => (Some(map.clone()), &*path),
        Some(dot) => {
            let (parents, key) = path.split_at(dot);
            (walk(map, parents).ok(), key.get(1..).unwrap_or_default())
        }
    };
    let value = found.and_then(|table| table.get(key)).filter(|value| value.as_map().is_none());
    value.ok_or_else(|| FuncError::new(format!("{:?} is not a value", String::from_utf8_lossy(key))))
}
