//! Templates parsed once per chart, whoever renders it how often.

use super::Chart;
use crate::gotmpl::error::ParseError;
use crate::gotmpl::func::Funcs;
use crate::gotmpl::parse::{Parsed, parse};
use crate::gotmpl::{exec, funcs};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

/// Every function that a chart's template may call; parsed templates hold indices into this table.
pub fn functions() -> &'static Arc<Funcs> {
    static FUNCTIONS: LazyLock<Arc<Funcs>> = LazyLock::new(|| {
        let mut functions = funcs::helm();
        functions.register(exec::FUNCS);
        Arc::new(functions)
    });
    &FUNCTIONS
}

/// Parsed templates by full path, filled as they are needed. A chart that is used under two names (an alias)
/// has two of each, since errors and `.Template.Name` show the path.
#[derive(Default)]
pub(super) struct Cache(RwLock<BTreeMap<String, Arc<Parsed>>>);

impl Clone for Cache {
    /// A copy starts empty: its templates may be changed before they are used.
    fn clone(&self) -> Self {
        Cache::default()
    }
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cache")
    }
}

impl Chart {
    /// The template `templates[index]`, parsed under its full path (`CHART/charts/SUB/templates/FILE`).
    ///
    /// # Errors
    /// It is not a Go template, or calls a function that does not exist.
    pub fn parsed(&self, index: usize, full_path: &str) -> Result<Arc<Parsed>, ParseError> {
        let cache = &self.cache.0;
        if let Some(found) = cache.read().unwrap_or_else(PoisonError::into_inner).get(full_path) {
            return Ok(Arc::clone(found));
        }
        let text = self.templates.get(index).map(|f| &*f.data).unwrap_or_default();
        let parsed = Arc::new(parse(full_path, text, functions())?);
        cache
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(full_path.to_owned(), Arc::clone(&parsed));
        Ok(parsed)
    }
}
