//! sprig's functions on maps, with mergo 1.0.1's rules for `merge`.

use super::super::func::{Ctx, Func, FuncError};
use super::super::str::Str;
use super::super::types::{ANY_MAP, ANY_SLICE, STRING_SLICE};
use super::super::value::{Entries, List, Map, TooLarge, Value, Walk};
use super::common::{ANY, BOOL, Res, TEXT, arg, fail, map, str_arg, strval, text};

/// The functions of this file.
pub(super) const FUNCS: &[Func] = &[
    Func::variadic("dict", &[ANY], ANY_MAP, dict),
    Func::new("get", &[ANY_MAP, TEXT], ANY, |_, a| {
        Ok(map(a, 0).get(text(a, 1)).unwrap_or(Value::Str(Str::empty())))
    }),
    Func::new("set", &[ANY_MAP, TEXT, ANY], ANY_MAP, |_, a| {
        if !map(a, 0).insert(str_arg(a, 1), arg(a, 2).clone()) {
            return fail("assignment to entry in nil map");
        }
        Ok(arg(a, 0).clone())
    }),
    Func::new("unset", &[ANY_MAP, TEXT], ANY_MAP, |_, a| {
        map(a, 0).remove(text(a, 1));
        Ok(arg(a, 0).clone())
    }),
    Func::new("hasKey", &[ANY_MAP, TEXT], BOOL, |_, a| Ok(Value::Bool(map(a, 0).contains(text(a, 1))))),
    Func::variadic("pluck", &[TEXT, ANY_MAP], ANY_SLICE, |_, a| {
        let found = (1..a.len()).filter_map(|index| map(a, index).get(text(a, 0)));
        Ok(Value::List(found.collect()))
    }),
    // Go iterates in random order; sorted is as good, and the same each time.
    Func::variadic("keys", &[ANY_MAP], STRING_SLICE, |_, a| {
        Ok(Value::List(List::strings((0..a.len()).flat_map(|index| map(a, index).keys()))))
    }),
    Func::new("values", &[ANY_MAP], ANY_SLICE, |_, a| {
        Ok(Value::List(map(a, 0).read(|entries| entries.values().cloned().collect())))
    }),
    Func::variadic("pick", &[ANY_MAP, TEXT], ANY_MAP, |_, a| {
        let source = map(a, 0);
        let keys = (1..a.len()).map(|index| str_arg(a, index));
        Ok(Value::Map(keys.filter_map(|key| source.get(&key).map(|value| (key, value))).collect()))
    }),
    Func::variadic("omit", &[ANY_MAP, TEXT], ANY_MAP, |_, a| {
        let omitted = |key: &Str| (1..a.len()).any(|index| text(a, index) == key.as_bytes());
        let kept = map(a, 0).read(|entries| {
            let kept = entries.iter().filter(|(key, _)| !omitted(key));
            kept.map(|(key, value)| (key.clone(), value.clone())).collect()
        });
        Ok(Value::Map(Map::from_table(ANY_MAP, kept)))
    }),
    Func::variadic("merge", &[ANY_MAP, ANY_MAP], ANY, |_, a| merge_all(a, false)),
    Func::variadic("mustMerge", &[ANY_MAP, ANY_MAP], ANY, |_, a| merge_all(a, false)),
    Func::variadic("mergeOverwrite", &[ANY_MAP, ANY_MAP], ANY, |_, a| merge_all(a, true)),
    Func::variadic("mustMergeOverwrite", &[ANY_MAP, ANY_MAP], ANY, |_, a| merge_all(a, true)),
    Func::new("deepCopy", &[ANY], ANY, |_, a| deep_copy(arg(a, 0), "deepCopy error: ")),
    Func::new("mustDeepCopy", &[ANY], ANY, |_, a| deep_copy(arg(a, 0), "")),
    Func::variadic("dig", &[ANY], ANY, dig),
];

fn dict(_: &mut Ctx<'_>, a: &[Value]) -> Res {
    let mut entries = Entries::with_capacity(a.len().div_ceil(2));
    for pair in a.chunks(2) {
        let value = pair.get(1).cloned().unwrap_or(Value::Str(Str::empty()));
        entries.insert(strval(arg(pair, 0))?, value);
    }
    Ok(Value::Map(Map::from_table(ANY_MAP, entries)))
}

fn deep_copy(value: &Value, prefix: &str) -> Res {
    if value.is_nil() {
        return fail("reflect: call of reflect.Value.Type on zero Value");
    }
    value.deep_copy().map_err(|e| FuncError::new(format!("{prefix}{e}")))
}

/// `dig "a" "b" default map`: a key of each map in turn.
fn dig(_: &mut Ctx<'_>, a: &[Value]) -> Res {
    let [keys @ .., default, root] = a else {
        return fail("dig needs at least three arguments");
    };
    if keys.is_empty() {
        return fail("dig needs at least three arguments");
    }
    let conversion = |value: &Value, wanted: &str| {
        let found = if value.is_nil() { "nil".to_owned() } else { value.type_name() };
        FuncError::new(format!("interface conversion: interface {{}} is {found}, not {wanted}"))
    };
    let table = |value: &Value| match value {
        Value::Map(map) if map.ty() == ANY_MAP => Ok(map.clone()),
        other => Err(conversion(other, "map[string]interface {}")),
    };
    let mut current = root.clone();
    table(&current)?;
    for key in keys {
        if !matches!(key, Value::Str(_)) {
            return Err(conversion(key, "string"));
        }
    }
    for key in keys {
        match table(&current)?.get(&strval(key)?) {
            Some(next) => current = next,
            None => return Ok(default.clone()),
        }
    }
    Ok(current)
}

fn merge_all(a: &[Value], overwrite: bool) -> Res {
    let mut target = map(a, 0);
    for index in 1..a.len() {
        let source = map(a, index);
        if target.is_nil() && !source.is_nil() {
            target = Map::new();
        }
        merge(&target, &source, overwrite, &mut Walk::default())
            .map_err(|e| FuncError::new(e.to_string()))?;
    }
    // The first map itself, so that it keeps its identity, unless it was nil.
    Ok(Value::Map(target))
}

/// mergo's `deepMerge` for maps: into `target` in place, nested maps too. Without `overwrite`, only what is
/// missing or empty in the target is taken, nils never; with it, everything is, empty values and nils too. A
/// list is taken whole or not at all. What is taken is shared with the source, not copied.
fn merge(target: &Map, source: &Map, overwrite: bool, walk: &mut Walk) -> Result<(), TooLarge> {
    if target.is_nil() {
        return Ok(());
    }
    for (key, value) in source.entries() {
        let current = target.get(&key);
        if value.is_nil() {
            if overwrite {
                target.insert(key, value);
            }
            continue;
        }
        if let (Some(Value::Map(inner)), Value::Map(from)) = (&current, &value) {
            walk.step(|walk| merge(inner, from, overwrite, walk))?;
        }
        // Emptiness is judged after the nested merge.
        let take = match &current {
            None => true,
            Some(current) if current.truth() => {
                let both_maps = matches!((current, &value), (Value::Map(_), Value::Map(_)));
                overwrite && !both_maps
            }
            Some(_) => true,
        };
        if take {
            target.insert(key, value);
        }
    }
    Ok(())
}
