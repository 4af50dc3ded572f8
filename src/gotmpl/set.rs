//! A set of named templates: what one chart with its subcharts consists of. Immutable once built, `Send + Sync`,
//! rendered any number of times.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use super::error::ParseError;
use super::func::Funcs;
use super::parse::ast::Tree;
use super::parse::{Parsed, parse};

/// Templates by name, with the functions they were parsed against.
#[derive(Clone, Debug)]
pub struct TemplateSet {
    funcs: Arc<Funcs>,
    places: HashMap<Box<[u8]>, usize>,
    trees: Vec<Arc<Tree>>,
}

impl TemplateSet {
    /// An empty set. Everything added to it must be parsed against these functions.
    #[must_use]
    pub fn new(funcs: Arc<Funcs>) -> Self {
        Self { funcs, places: HashMap::new(), trees: Vec::new() }
    }

    /// Makes room for so many templates more.
    pub fn reserve(&mut self, more: usize) {
        self.places.reserve(more);
        self.trees.reserve(more);
    }

    /// The functions.
    #[must_use]
    pub const fn funcs(&self) -> &Arc<Funcs> {
        &self.funcs
    }

    /// Adds what was parsed with this set's functions. Of two definitions of a name the later one stays, unless it
    /// is empty; so the order matters, and is Helm's when templates are added in the order Helm renders in.
    pub fn add(&mut self, parsed: &Parsed) {
        for tree in &parsed.trees {
            // Nearly all names are new.
            match self.places.entry(tree.name.clone()) {
                Entry::Vacant(place) => {
                    place.insert(self.trees.len());
                    self.trees.push(Arc::clone(tree));
                }
                Entry::Occupied(_) if tree.is_empty => {}
                Entry::Occupied(place) => {
                    if let Some(known) = self.trees.get_mut(*place.get()) {
                        *known = Arc::clone(tree);
                    }
                }
            }
        }
    }

    /// Parses a text and adds it.
    ///
    /// # Errors
    /// The text's first mistake.
    pub fn parse(&mut self, name: &str, text: &[u8]) -> Result<(), ParseError> {
        let parsed = parse(name, text, &self.funcs)?;
        self.add(&parsed);
        Ok(())
    }

    /// The template of a name.
    #[must_use]
    pub fn get(&self, name: &[u8]) -> Option<&Arc<Tree>> {
        self.find(name).map(|(_, tree)| tree)
    }

    /// The template of a name, and its place among the set's: less than [`TemplateSet::len`].
    pub(super) fn find(&self, name: &[u8]) -> Option<(usize, &Arc<Tree>)> {
        let place = *self.places.get(name)?;
        self.trees.get(place).map(|tree| (place, tree))
    }

    /// How many templates there are.
    pub(super) const fn len(&self) -> usize {
        self.trees.len()
    }
}
