//! A set of named templates: what one chart with its subcharts consists of. Immutable once built, `Send + Sync`,
//! rendered any number of times.

use std::collections::HashMap;
use std::sync::Arc;

use super::error::ParseError;
use super::func::Funcs;
use super::parse::ast::Tree;
use super::parse::{Parsed, parse};

/// Templates by name, with the functions they were parsed against.
#[derive(Clone, Debug)]
pub struct TemplateSet {
    funcs: Arc<Funcs>,
    trees: HashMap<Box<[u8]>, Arc<Tree>>,
}

impl TemplateSet {
    /// An empty set. Everything added to it must be parsed against these functions.
    #[must_use]
    pub fn new(funcs: Arc<Funcs>) -> Self {
        Self { funcs, trees: HashMap::new() }
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
            if tree.is_empty && self.trees.contains_key(&tree.name) {
                continue;
            }
            self.trees.insert(tree.name.clone(), Arc::clone(tree));
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
        self.trees.get(name)
    }
}
