//! A chart as one release uses it: aliases applied, disabled subcharts gone, imported values merged in.
//!
//! In: a [`Chart`] and the user's values. Out: [`Instance`], a tree that borrows the charts. Follows Helm's
//! `pkg/chart/v2/util/dependencies.go`, where all this mutates the chart itself.

use super::coalesce::{Nulls, coalesce, merge_tables};
use crate::chart::{Chart, Dependency};
use crate::gotmpl::semver;
use crate::gotmpl::value::{Map, Value};

/// A node of the tree.
#[derive(Clone)]
pub(super) struct Instance<'a> {
    pub(super) chart: &'a Chart,
    /// The alias where there is one; also the key of its values in the parent.
    pub(super) name: String,
    /// Chart.yaml's dependencies that are left, under their effective names.
    pub(super) declared: Vec<Dependency>,
    pub(super) dependencies: Vec<Instance<'a>>,
    /// The defaults once imports are merged in; the chart's own while `None`.
    values: Option<Map>,
}

impl<'a> Instance<'a> {
    /// The tree for one release.
    ///
    /// # Errors
    /// A value where a subchart's table belongs, in Helm's words.
    pub(super) fn build(
        chart: &'a Chart,
        user: &Map,
        warnings: &mut Vec<String>,
    ) -> Result<Instance<'a>, String> {
        let mut root = Instance::of(chart);
        root.enable(user, "", warnings)?;
        root.import_values(warnings)?;
        Ok(root)
    }

    fn of(chart: &'a Chart) -> Instance<'a> {
        Instance {
            chart,
            name: chart.metadata.name.clone(),
            declared: chart.metadata.dependencies.clone(),
            dependencies: chart.dependencies.iter().map(|c| Instance::of(c)).collect(),
            values: None,
        }
    }

    /// The default values, in maps of their own.
    pub(super) fn values_copy(&self) -> Map {
        match &self.values {
            Some(map) => copy_map(map),
            None => Map::frozen(&self.chart.values),
        }
    }

    /// `processDependencyEnabled`: aliases, tags, conditions. A chart whose Chart.yaml declares no
    /// dependencies is left alone, whatever its `charts/` holds.
    fn enable(&mut self, values: &Map, path: &str, warnings: &mut Vec<String>) -> Result<(), String> {
        if self.declared.is_empty() {
            return Ok(());
        }
        let fits = |dependency: &Dependency, instance: &Instance<'_>| {
            instance.name == dependency.name
                && semver::meets(&dependency.version, &instance.chart.metadata.version)
        };
        // Charts that nobody declares stay, and come first.
        let mut chosen: Vec<Instance<'a>> = self
            .dependencies
            .iter()
            .filter(|existing| !self.declared.iter().any(|d| fits(d, existing)))
            .cloned()
            .collect();
        for dependency in &mut self.declared {
            if let Some(found) = self.dependencies.iter().find(|existing| fits(dependency, existing)) {
                let mut instance = found.clone();
                if !dependency.alias.is_empty() {
                    instance.name.clone_from(&dependency.alias);
                }
                chosen.push(instance);
            }
            if !dependency.alias.is_empty() {
                dependency.name.clone_from(&dependency.alias);
            }
            dependency.enabled = true;
        }
        self.dependencies = chosen;

        let all = coalesce(self, copy_map(values), Nulls::Delete, warnings)?;
        apply_tags(&mut self.declared, &all, warnings);
        apply_conditions(&mut self.declared, &all, path, warnings);

        let disabled: Vec<String> =
            self.declared.iter().filter(|d| !d.enabled).map(|d| d.name.clone()).collect();
        self.dependencies.retain(|instance| !disabled.contains(&instance.name));
        for instance in &mut self.dependencies {
            let below = format!("{path}{}.", instance.name);
            instance.enable(&all, &below, warnings)?;
        }
        self.declared.retain(|d| !disabled.contains(&d.name));
        Ok(())
    }

    /// `processDependencyImportValues`: children first.
    fn import_values(&mut self, warnings: &mut Vec<String>) -> Result<(), String> {
        for instance in &mut self.dependencies {
            instance.import_values(warnings)?;
        }
        if self.declared.is_empty() {
            return Ok(());
        }
        let all = coalesce(self, Map::new(), Nulls::Keep, warnings)?;
        let imported = Map::new();
        for dependency in &mut self.declared {
            for import in &mut dependency.import_values {
                let (child, parent) = match &*import {
                    serde_json::Value::String(name) => (format!("exports.{name}"), ".".to_owned()),
                    serde_json::Value::Object(pair) => {
                        (printed(pair.get("child")), printed(pair.get("parent")))
                    }
                    _ => continue,
                };
                // Helm stores them in the long form.
                *import = serde_json::json!({"child": child, "parent": parent});
                let place = format!("{}.{child}", dependency.name);
                let Some(table) = table(&all, &place) else {
                    warnings.push(format!("import-values: chart {} has no table {child}", dependency.name));
                    continue;
                };
                let source = if parent == "." { table } else { nest(&parent, table) };
                merge_tables(&imported, &source, warnings);
            }
        }
        // Tables of `all` can sit inside `imported` by now; writing through would loop.
        let own = copy_map(&all);
        merge_tables(&own, &imported, warnings);
        self.values = Some(own);
        Ok(())
    }
}

fn apply_tags(declared: &mut [Dependency], values: &Map, warnings: &mut Vec<String>) {
    let Some(tags) = table(values, "tags") else { return };
    for dependency in declared {
        let (mut on, mut off) = (false, false);
        for tag in &dependency.tags {
            match tags.get(tag.as_bytes()) {
                Some(Value::Bool(true)) => on = true,
                Some(Value::Bool(false)) => off = true,
                Some(_) => warnings.push(format!("tag {tag} of chart {} is not a bool", dependency.name)),
                None => {}
            }
        }
        dependency.enabled = on || !off;
    }
}

fn apply_conditions(declared: &mut [Dependency], values: &Map, path: &str, warnings: &mut Vec<String>) {
    for dependency in declared {
        for condition in dependency.condition.trim().split(',').filter(|c| !c.is_empty()) {
            match path_value(values, &format!("{path}{condition}")) {
                Some(Value::Bool(enabled)) => {
                    dependency.enabled = enabled;
                    break;
                }
                Some(_) => {
                    warnings.push(format!("condition {condition} of chart {} is not a bool", dependency.name))
                }
                None => {}
            }
        }
    }
}

/// The table at a dotted path.
pub(super) fn table(values: &Map, path: &str) -> Option<Map> {
    let mut at = values.clone();
    for part in path.split('.') {
        at = match at.get(part.as_bytes()) {
            Some(Value::Map(map)) => map,
            _ => return None,
        };
    }
    Some(at)
}

/// The value at a dotted path, unless it is a table.
fn path_value(values: &Map, path: &str) -> Option<Value> {
    let (at, key) = match path.rsplit_once('.') {
        Some((parents, key)) => (table(values, parents)?, key),
        None => (values.clone(), path),
    };
    at.get(key.as_bytes()).filter(|value| !matches!(value, Value::Map(_)))
}

fn nest(path: &str, table: Map) -> Map {
    let mut inner = table;
    for part in path.rsplit('.') {
        inner = [(part.into(), Value::Map(inner))].into_iter().collect();
    }
    inner
}

/// Go's `%v` of what stands where a path belongs.
fn printed(value: Option<&serde_json::Value>) -> String {
    match value {
        None | Some(serde_json::Value::Null) => "<nil>".to_owned(),
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// A deep copy. Values come from JSON and cannot contain themselves, so the depth limit is never met.
pub(super) fn copy_map(map: &Map) -> Map {
    match Value::Map(map.clone()).deep_copy() {
        Ok(Value::Map(copy)) => copy,
        _ => Map::new(),
    }
}
