//! Templates to text: parsed once per chart, executed in Helm's order.
//!
//! Follows `Engine.render` in Helm's `pkg/engine/engine.go`.

use super::context::{self, Templates};
use super::kept::Kept;
use super::surroundings::Surroundings;
use super::{Offline, RenderError, Request, Seed, Volatile, error};
use crate::chart;
use crate::gotmpl::error::ParseError;
use crate::gotmpl::exec::{Ctx, MissingKey, strip_no_value};
use crate::gotmpl::set::TemplateSet;
use crate::gotmpl::value::Value;
use std::borrow::Cow;
use std::sync::Arc;

/// How many tokens the templates of a chart and its subcharts may have together: some hundred megabytes once parsed.
const MAX_TOKENS: usize = 2_000_000;

/// What one template rendered.
pub(super) struct Output {
    /// Full template path.
    pub(super) path: String,
    pub(super) text: String,
    /// The bytes, where they are no UTF-8 and `text` only resembles them.
    pub(super) invalid: Option<Vec<u8>>,
}

/// Everything that renders, sorted by path; the calls whose results would be others next time; whether `lookup`
/// was called.
pub(super) fn run(
    templates: &Templates<'_>,
    request: &Request<'_>,
) -> Result<(Vec<Output>, Vec<Volatile>, bool), RenderError> {
    let kept = Kept::of(request.chart);
    let set = match kept.and_then(|kept| kept.set(templates)) {
        Some(set) => set,
        None => {
            let set = Arc::new(gather(templates, request)?);
            if let Some(kept) = kept {
                kept.keep_set(templates, &set);
            }
            set
        }
    };
    let surroundings = Surroundings::new(request.lookup, request.seed, [request.name, request.namespace]);
    let mut ctx = Ctx::new(&set, &surroundings, MissingKey::Zero);
    let mut files = Vec::with_capacity(templates.order.len());
    for path in &templates.order {
        let Some(template) = templates.by_path.get(path) else { continue };
        if path.rsplit('/').next().is_some_and(|base| base.starts_with('_')) {
            continue;
        }
        template.context.insert("Template", context::template(path, &template.base_path));
        surroundings.begin(path);
        let bytes = ctx
            .execute(path, Value::Map(template.context.clone()))
            .map_err(|e| error::exec_error(request.chart, templates, &e))?;
        let bytes = match strip_no_value(&bytes) {
            Cow::Borrowed(_) => bytes,
            Cow::Owned(stripped) => stripped,
        };
        let (text, invalid) = match String::from_utf8(bytes) {
            Ok(text) => (text, None),
            Err(e) => (String::from_utf8_lossy(e.as_bytes()).into_owned(), Some(e.into_bytes())),
        };
        files.push(Output { path: path.clone(), text, invalid });
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let (volatile, looked_up) = surroundings.into_uses();
    Ok((files, volatile, looked_up))
}

/// All templates, parsed, in Helm's order.
fn gather(templates: &Templates<'_>, request: &Request<'_>) -> Result<TemplateSet, RenderError> {
    let mut set = TemplateSet::new(Arc::clone(chart::functions()));
    let mut twins = chart::Twins::default();
    let mut tokens = 0;
    let mut all = Vec::with_capacity(templates.order.len());
    for path in &templates.order {
        let Some(template) = templates.by_path.get(path) else { continue };
        let parsed = template
            .chart
            .parsed(template.index, path, &mut twins)
            .map_err(|e| error::parse_error(request.chart, templates, &e))?;
        tokens += parsed.tokens;
        if tokens > MAX_TOKENS {
            let message = format!("the chart's templates have more than {MAX_TOKENS} tokens together");
            let excess = ParseError { template: path.clone(), line: 1, offset: 0, message };
            return Err(error::parse_error(request.chart, templates, &excess));
        }
        all.push(parsed);
    }
    set.reserve(all.iter().map(|parsed| parsed.trees.len()).sum());
    all.iter().for_each(|parsed| set.add(parsed));
    Ok(set)
}

/// A release name from Helm's `--name-template`.
///
/// # Errors
/// The text is no template, or fails.
pub fn name_from_template(template: &str, seed: &Seed) -> Result<String, String> {
    const NAME: &str = "name-template";
    let mut set = TemplateSet::new(Arc::clone(chart::functions()));
    set.parse(NAME, template.as_bytes()).map_err(|e| e.to_string())?;
    let surroundings = Surroundings::new(&Offline, seed, ["", ""]);
    let mut ctx = Ctx::new(&set, &surroundings, MissingKey::Invalid);
    let name = ctx.execute(NAME, Value::Nil).map_err(|e| e.to_string())?;
    Ok(String::from_utf8_lossy(&name).into_owned())
}
