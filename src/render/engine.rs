//! Templates to text: parsed once per chart, executed in Helm's order.
//!
//! Follows `Engine.render` in Helm's `pkg/engine/engine.go`.

use super::context::{self, Templates};
use super::surroundings::Surroundings;
use super::{Offline, RenderError, Request, Seed, error};
use crate::chart;
use crate::gotmpl::exec::{Ctx, MissingKey, strip_no_value};
use crate::gotmpl::set::TemplateSet;
use crate::gotmpl::value::Value;
use std::sync::Arc;

/// Full paths and texts of all files that render, sorted by path.
pub(super) fn run(
    templates: &Templates<'_>,
    request: &Request<'_>,
) -> Result<Vec<(String, String)>, RenderError> {
    let mut set = TemplateSet::new(Arc::clone(chart::functions()));
    for path in &templates.order {
        let Some(template) = templates.by_path.get(path) else { continue };
        let parsed = template
            .chart
            .parsed(template.index, path)
            .map_err(|e| error::parse_error(request.chart, templates, &e))?;
        set.add(&parsed);
    }
    let surroundings = Surroundings::new(request.lookup, request.seed);
    let mut ctx = Ctx::new(&set, &surroundings, MissingKey::Zero);
    let mut files = Vec::with_capacity(templates.order.len());
    for path in &templates.order {
        let Some(template) = templates.by_path.get(path) else { continue };
        if path.rsplit('/').next().is_some_and(|base| base.starts_with('_')) {
            continue;
        }
        template.context.insert("Template", context::template(path, &template.base_path));
        let bytes = ctx
            .execute(path, Value::Map(template.context.clone()))
            .map_err(|e| error::exec_error(request.chart, templates, &e))?;
        files.push((path.clone(), text(strip_no_value(&bytes).into_owned())));
    }
    files.sort();
    Ok(files)
}

/// Bytes that are no UTF-8 are no YAML either; they become U+FFFD here and are refused there.
fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned())
}

/// A release name from Helm's `--name-template`.
///
/// # Errors
/// The text is no template, or fails.
pub fn name_from_template(template: &str, seed: Seed) -> Result<String, String> {
    const NAME: &str = "name-template";
    let mut set = TemplateSet::new(Arc::clone(chart::functions()));
    set.parse(NAME, template.as_bytes()).map_err(|e| e.to_string())?;
    let surroundings = Surroundings::new(&Offline, seed);
    let mut ctx = Ctx::new(&set, &surroundings, MissingKey::Invalid);
    ctx.execute(NAME, Value::Nil).map(text).map_err(|e| e.to_string())
}
