//! Templates parsed once per chart, whoever renders it how often.

use super::Chart;
use super::schema::Schema;
use crate::gotmpl::error::ParseError;
use crate::gotmpl::func::Funcs;
use crate::gotmpl::parse::{Parsed, parse_shared};
use crate::gotmpl::str::SharedText;
use crate::gotmpl::{exec, funcs};
use std::any::Any;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, OnceLock, PoisonError, RwLock};

/// Every function that a chart's template may call; parsed templates hold indices into this table.
pub fn functions() -> &'static Arc<Funcs> {
    static FUNCTIONS: LazyLock<Arc<Funcs>> = LazyLock::new(|| {
        let mut functions = funcs::helm();
        functions.register(exec::FUNCS);
        Arc::new(functions)
    });
    &FUNCTIONS
}

/// What of a chart was read further, filled as it is needed: parsed templates by full path, the schema. A chart that
/// is used under two names (an alias) has two of each template, since errors and `.Template.Name` show the path.
#[derive(Default)]
pub(super) struct Cache {
    templates: RwLock<BTreeMap<String, Arc<Parsed>>>,
    schema: OnceLock<Schema>,
    kept: OnceLock<Arc<dyn Any + Send + Sync>>,
}

/// Texts parsed before, to find a text again: every chart of a repository brings the same library in its own
/// `charts/`, so an umbrella of such charts holds it many times.
#[derive(Default)]
pub struct Twins(BTreeMap<usize, Vec<Arc<Parsed>>>);

impl Twins {
    /// How many different texts of one length are looked through.
    const MOST: usize = 8;

    fn find(&self, text: &[u8]) -> Option<&Parsed> {
        self.0.get(&text.len())?.iter().map(|parsed| &**parsed).find(|parsed| parsed.text() == text)
    }

    fn remember(&mut self, parsed: &Arc<Parsed>) {
        let same_length = self.0.entry(parsed.text().len()).or_default();
        if same_length.len() < Self::MOST {
            same_length.push(Arc::clone(parsed));
        }
    }
}

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
    /// What values.schema.json asks of values.
    pub fn checked_by(&self) -> Option<&Schema> {
        let text = self.schema.as_ref()?;
        Some(self.cache.schema.get_or_init(|| Schema::new(text)))
    }

    /// What one render of this chart keeps for the next, which must be nothing but work done before. There is one
    /// kind of it: `None` if another was asked for first.
    pub fn kept<T: Any + Send + Sync + Default>(&self) -> Option<&T> {
        self.cache.kept.get_or_init(|| Arc::new(T::default())).downcast_ref()
    }

    /// The template `templates[index]`, parsed under its full path (`CHART/charts/SUB/templates/FILE`). `twins`
    /// holds what the render has parsed before, of whatever chart.
    ///
    /// # Errors
    /// It is not a Go template, or calls a function that does not exist.
    pub fn parsed(
        &self,
        index: usize,
        full_path: &str,
        twins: &mut Twins,
    ) -> Result<Arc<Parsed>, ParseError> {
        let cache = &self.cache.templates;
        if let Some(found) = cache.read().unwrap_or_else(PoisonError::into_inner).get(full_path) {
            return Ok(Arc::clone(found));
        }
        let text = self.templates.get(index).map(|file| SharedText::clone(&file.data)).unwrap_or_default();
        let parsed = match twins.find(&text).and_then(|twin| twin.renamed(full_path)) {
            Some(parsed) => Arc::new(parsed),
            None => {
                let parsed = Arc::new(parse_shared(full_path, &text, functions())?);
                twins.remember(&parsed);
                parsed
            }
        };
        cache
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(full_path.to_owned(), Arc::clone(&parsed));
        Ok(parsed)
    }
}
