//! Values of a chart, its subcharts and the user, combined as Helm combines them.
//!
//! Works on the engine's shared maps rather than on JSON: Helm leaves some tables shared between a parent's
//! and a subchart's `global`, later merges write through that sharing, and charts depend on the outcome.
//! Follows Helm's `pkg/chart/common/util/coalesce.go`.

use super::instance::Instance;
use crate::gotmpl::fmt;
use crate::gotmpl::str::Str;
use crate::gotmpl::value::{Map, Value};

const GLOBAL: &[u8] = b"global";

/// Whether nulls survive (`MergeValues`, for import-values) or delete keys (`CoalesceValues`).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Nulls {
    Keep,
    Delete,
}

/// A table of the wrong shape where a subchart's values belong; worded as Helm does.
pub(super) type Mismatch = String;

/// All values as the root's templates see them. `user` is changed: pass a copy.
pub(super) fn coalesce(
    chart: &Instance<'_>,
    user: Map,
    nulls: Nulls,
    warnings: &mut Vec<String>,
) -> Result<Map, Mismatch> {
    Coalesce { warnings }.chart(chart, &user, "", nulls)?;
    Ok(user)
}

/// `MergeTables`: what `src` has and `dst` lacks goes into `dst`; nulls survive.
pub(super) fn merge_tables(dst: &Map, src: &Map, warnings: &mut Vec<String>) {
    Coalesce { warnings }.tables(dst, src, Prefix::Text(""), Nulls::Keep);
}

/// Where a table is, for warnings: written out only when there is one.
#[derive(Clone, Copy)]
enum Prefix<'p> {
    Text(&'p str),
    Below(&'p Prefix<'p>, &'p Str),
}

impl Prefix<'_> {
    fn text(self) -> String {
        match self {
            Prefix::Text(text) => text.to_owned(),
            Prefix::Below(above, key) => join(&above.text(), &key.to_str_lossy()),
        }
    }
}

struct Coalesce<'w> {
    warnings: &'w mut Vec<String>,
}

impl Coalesce<'_> {
    fn chart(
        &mut self,
        chart: &Instance<'_>,
        dest: &Map,
        prefix: &str,
        nulls: Nulls,
    ) -> Result<(), Mismatch> {
        self.defaults(chart, dest, prefix, nulls);
        let sub_prefix = join(prefix, &chart.name);
        for sub in &chart.dependencies {
            let key = sub.name.as_bytes();
            let table = match dest.get(key) {
                None => {
                    let table = Map::new();
                    dest.insert(sub.name.as_str(), Value::Map(table.clone()));
                    table
                }
                Some(Value::Map(table)) => table,
                Some(other) => {
                    // Helm's own slip: the verb for booleans, on what is no table.
                    let found = fmt::sprintf(b"%t", &[other]).unwrap_or_default();
                    let found = String::from_utf8_lossy(&found);
                    return Err(format!("type mismatch on {}: {found}", sub.name));
                }
            };
            self.globals(&table, dest, &sub_prefix);
            self.chart(sub, &table, &sub_prefix, nulls)?;
        }
        Ok(())
    }

    /// Hands the parent's `global` down; tables at its first level are copied, deeper ones stay shared.
    fn globals(&mut self, dest: &Map, src: &Map, prefix: &str) {
        let dest_globals = match dest.get(GLOBAL) {
            None => Map::new(),
            Some(Value::Map(map)) => map,
            Some(_) => {
                self.warn("skipping globals because destination global is not a table");
                return;
            }
        };
        let src_globals = match src.get(GLOBAL) {
            None => Map::new(),
            Some(Value::Map(map)) => map,
            Some(_) => {
                self.warn("skipping globals because source global is not a table");
                return;
            }
        };
        for (key, value) in src_globals.entries() {
            let present = dest_globals.get(key.as_bytes());
            match (value, present) {
                (Value::Map(table), None) => {
                    dest_globals.insert(key, Value::Map(shallow_copy(&table)));
                }
                (Value::Map(table), Some(Value::Map(below))) => {
                    // The parent's table wins, so it is the destination here.
                    let copy = shallow_copy(&table);
                    self.tables(&copy, &below, Prefix::Below(&Prefix::Text(prefix), &key), Nulls::Keep);
                    dest_globals.insert(key, Value::Map(copy));
                }
                (Value::Map(_), Some(_)) => {
                    self.warn(&format!("cannot merge map onto non-map for \"{}\"", key.to_str_lossy()));
                }
                (_, Some(Value::Map(_))) => {
                    self.warn(&format!("key {} is table, skipping", key.to_str_lossy()));
                }
                (scalar, _) => {
                    dest_globals.insert(key, scalar);
                }
            }
        }
        dest.insert("global", Value::Map(dest_globals));
    }

    /// Puts a chart's own defaults under what `dest` already says.
    fn defaults(&mut self, chart: &Instance<'_>, dest: &Map, prefix: &str, nulls: Nulls) {
        let sub_prefix = join(prefix, &chart.name);
        for (key, default) in chart.values_copy().entries() {
            match dest.get(key.as_bytes()) {
                Some(Value::Nil) if nulls == Nulls::Delete => {
                    dest.remove(key.as_bytes());
                }
                Some(Value::Map(table)) => match default {
                    Value::Map(defaults) => {
                        let is_subchart =
                            chart.dependencies.iter().any(|d| d.name.as_bytes() == key.as_bytes());
                        let nulls = if is_subchart { Nulls::Keep } else { nulls };
                        if nulls == Nulls::Delete {
                            remove_nulls(&defaults);
                        }
                        self.tables(
                            &table,
                            &defaults,
                            Prefix::Below(&Prefix::Text(&sub_prefix), &key),
                            nulls,
                        );
                    }
                    Value::Nil => {}
                    _ => self
                        .warn(&format!("skipped value for {sub_prefix}.{}: Not a table", key.to_str_lossy())),
                },
                Some(_) => {}
                None => {
                    if nulls == Nulls::Delete {
                        match &default {
                            Value::Nil => continue,
                            Value::Map(table) => remove_nulls(table),
                            _ => {}
                        }
                    }
                    dest.insert(key, default);
                }
            }
        }
    }

    /// `coalesceTablesFullKey`: `dst` wins.
    fn tables(&mut self, dst: &Map, src: &Map, prefix: Prefix<'_>, nulls: Nulls) {
        if dst.same(src) {
            return;
        }
        for (key, value) in src.entries() {
            let full = Prefix::Below(&prefix, &key);
            match (dst.get(key.as_bytes()), value) {
                // The user takes a default away.
                (Some(Value::Nil), default) if nulls == Nulls::Delete && !default.is_nil() => {
                    dst.remove(key.as_bytes());
                }
                // Helm writes the destination's nulls into the source before it compares, so neither side of
                // these is a table any more.
                (Some(Value::Nil), _) => {}
                (None, value) => {
                    dst.insert(key, value);
                }
                (Some(Value::Map(into)), Value::Map(from)) => self.tables(&into, &from, full, nulls),
                (Some(_), Value::Map(_)) => {
                    self.warn(&format!("cannot overwrite table with non table for {}", full.text()));
                }
                (Some(Value::Map(_)), value) if !value.is_nil() => {
                    self.warn(&format!(
                        "destination for {} is a table, ignoring non-table value",
                        full.text()
                    ));
                }
                _ => {}
            }
        }
    }

    fn warn(&mut self, text: &str) {
        self.warnings.push(text.to_owned());
    }
}

fn shallow_copy(map: &Map) -> Map {
    map.entries().into_iter().collect()
}

fn remove_nulls(map: &Map) {
    if map.is_without_nils() {
        return;
    }
    for (key, value) in map.entries() {
        match value {
            Value::Nil => {
                map.remove(key.as_bytes());
            }
            Value::Map(table) => remove_nulls(&table),
            _ => {}
        }
    }
}

fn join(prefix: &str, key: &str) -> String {
    if prefix.is_empty() { key.to_owned() } else { format!("{prefix}.{key}") }
}
