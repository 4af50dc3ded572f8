//! Follows templates through every branch, with values that are not known: which keys can they come to look at?
//!
//! An abstract interpretation. A value is what it may be ([`abs::Abs`]), both branches of an `if` are taken, a named
//! template is followed once for each context that differs. What it finds goes into [`Keys`]: a key that is looked at
//! by name, a map or list that is gone through, a value that is written as a whole and where.
//! Wherever it cannot know, it takes more to be looked at, not less: a key that it misses would be
//! refused in a values file that is right.

mod abs;
mod cursor;
mod funcs;
mod heap;
mod walk;

#[cfg(test)]
mod tests;

use super::charts::Instance;
use super::keys::Keys;
use crate::chart::Twins;
use crate::gotmpl::parse::ast::Tree;
use std::collections::BTreeMap;
use std::sync::Arc;
use walk::Walk;

/// The templates of all charts by name.
struct Templates {
    named: BTreeMap<String, Arc<Tree>>,
    /// Those that Helm renders by themselves, with the chart each belongs to.
    files: Vec<(usize, Arc<Tree>)>,
}

/// Adds every key that the templates of these charts can come to look at. Whether all was followed: hostile charts
/// could go on for ever.
pub fn follow(instances: &[Instance<'_>], keys: &mut Keys) -> bool {
    let templates = gather(instances);
    let mut walk = Walk::new(instances, &templates.named, keys);
    for (instance, tree) in &templates.files {
        walk.file(*instance, tree);
    }
    walk.is_complete()
}

/// Of templates of one name the outermost chart's counts, as in Helm, and in a chart the last file's.
fn gather(instances: &[Instance<'_>]) -> Templates {
    let mut twins = Twins::default();
    let mut named: BTreeMap<String, Arc<Tree>> = BTreeMap::new();
    let mut files = Vec::new();
    let mut inside_first: Vec<(usize, &Instance<'_>)> = instances.iter().enumerate().collect();
    inside_first.sort_by_key(|(_, instance)| std::cmp::Reverse(instance.path.len()));
    for (place, instance) in inside_first {
        for (index, file) in instance.chart.templates.iter().enumerate() {
            let path = format!("{}/{}", instance.path, file.name);
            // One that is no template is said by rendering, with its place.
            let Ok(parsed) = instance.chart.parsed(index, &path, &mut twins) else { continue };
            let partial = file.name.rsplit('/').next().is_some_and(|base| base.starts_with('_'));
            for tree in &parsed.trees {
                let name = String::from_utf8_lossy(&tree.name).into_owned();
                if name == path && !partial && !instance.chart.is_library() {
                    files.push((place, Arc::clone(tree)));
                }
                if !tree.is_empty || !named.contains_key(&name) {
                    named.insert(name, Arc::clone(tree));
                }
            }
        }
    }
    Templates { named, files }
}
