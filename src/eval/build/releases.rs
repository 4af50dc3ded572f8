//! Releases: names, charts, layers of values.

use super::manifests::join;
use crate::diag::codes;
use crate::eval::desired::{Address, ChartRef, ChartSource, Desired, OnFailure, Release};
use crate::eval::errors;
use crate::eval::handles::{address_of, field, map, string, text_field};
use crate::eval::run::{Failed, Run};
use crate::eval::scope::Env;
use crate::eval::value::{Value, ValueKind};
use crate::source::Span;
use crate::types::domain::Version;
use crate::types::ir::{self, E};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Helm's own default.
pub(super) const TIMEOUT: Duration = Duration::from_secs(300);
/// Helm's limit on the length of a release's name.
const MAX_NAME: usize = 53;

impl Run<'_> {
    pub(super) fn releases(&mut self, env: &Env, name: &Arc<str>, block: &ir::Release, out: &mut Desired) {
        let one = |run: &mut Self, env: &Env, key: Option<&str>| run.one_release(env, name, key, block);
        out.releases.extend(self.instances(block.for_each.as_ref(), env, one));
    }

    fn one_release(
        &mut self,
        env: &Env,
        label: &Arc<str>,
        key: Option<&str>,
        block: &ir::Release,
    ) -> Result<Release, Failed> {
        let address = env.instance.address("release", label, key);
        self.touched.clear();
        // Every part is evaluated before any failure counts, so that all of them are reported.
        let head = self.release_head(env, label, key, address.clone());
        let place =
            self.place(Some(&block.namespace), block.cluster.as_ref(), env, address.as_str(), block.span);
        let chart = self.chart(env, block);
        let values = self.layers(env, block);
        let wait = self.flag(block.wait.as_ref(), env, "`wait`");
        let timeout = self.duration(block.timeout.as_ref(), env, "`timeout`");
        let on_failure = self.plain(block.on_failure.as_ref(), env, "`on_failure`");
        let prevent_destroy = self.flag(block.prevent_destroy.as_ref(), env, "`prevent_destroy`");
        let allow = self.allowed(block.allow.as_ref(), env);
        let allow_unknown = self.strings(block.allow_unknown.as_ref(), env, "`allow_unknown`");
        let skip_schema = self.flag(block.skip_schema_validation.as_ref(), env, "`skip_schema_validation`");
        let mut depends_on = self.dependencies(&block.depends_on, env, &address);
        let values = values?;
        let mut reads = Vec::new();
        values.iter().for_each(|layer| layer.reads(&mut reads));
        reads.sort();
        for address in &reads {
            if !depends_on.contains(address) {
                depends_on.push(address.clone());
            }
        }
        depends_on.sort();
        let (cluster, namespace) = place?;
        Ok(Release {
            name: head.as_ref().ok().and_then(|h| text_field(h, "name")).ok_or(Failed)?.to_string(),
            address,
            cluster,
            namespace: namespace.ok_or(Failed)?.to_string(),
            chart: chart?,
            values,
            wait: wait?.unwrap_or(true),
            timeout: timeout?.unwrap_or(TIMEOUT),
            on_failure: match on_failure?.as_deref() {
                Some("stop") => OnFailure::Stop,
                _ => OnFailure::Rollback,
            },
            prevent_destroy: prevent_destroy?.unwrap_or(false),
            allow: allow?,
            allow_unknown: allow_unknown?.iter().map(|p| p.to_string()).collect(),
            skip_schema_validation: skip_schema?.unwrap_or(false),
            depends_on,
            reads,
            span: block.span,
        })
    }

    /// `allow = { E0562 = "reason" }`: only what is found about values and rendered objects can be accepted.
    fn allowed(&mut self, expr: Option<&E>, env: &Env) -> Result<BTreeMap<String, String>, Failed> {
        let Some(expr) = expr else { return Ok(BTreeMap::new()) };
        let Some(value) = self.open(expr, env, "`allow`")? else { return Ok(BTreeMap::new()) };
        let ValueKind::Map(entries) = &value.kind else { return Ok(BTreeMap::new()) };
        let mut allowed = BTreeMap::new();
        let mut failed = false;
        for (code, reason) in entries.iter() {
            let text = match &reason.kind {
                ValueKind::String(text) => text.trim().to_owned(),
                _ => String::new(),
            };
            let wrong = if !codes::ALLOWABLE.contains(&&**code) {
                Some(errors::not_allowable(code, reason.origin))
            } else if text.is_empty() {
                Some(errors::no_reason(code, reason.origin))
            } else {
                None
            };
            failed |= wrong.is_some();
            if let Some(diag) = wrong {
                self.diags.push(diag);
            }
            allowed.insert(code.to_string(), text);
        }
        if failed { Err(Failed) } else { Ok(allowed) }
    }

    pub(super) fn release_head(
        &mut self,
        env: &Env,
        label: &Arc<str>,
        key: Option<&str>,
        address: Address,
    ) -> Result<Value, Failed> {
        let module = env.instance.module.clone();
        let block = module.releases.get(label).ok_or(Failed)?;
        let span = block.span;
        let given = self.plain(block.name.as_ref(), env, &format!("the name of release `{label}`"))?;
        let name_span = block.name.as_ref().map_or(span, |e| e.span);
        let name: Arc<str> = match (given, key) {
            (Some(name), _) => name,
            (None, Some(key)) => format!("{label}-{key}").into(),
            (None, None) => label.clone(),
        };
        self.release_name(&name, name_span)?;
        let (_, namespace) =
            self.place(Some(&block.namespace), block.cluster.as_ref(), env, address.as_str(), span)?;
        let null = || Value::new(ValueKind::Null, span);
        let chart = self.plain(Some(&block.chart), env, "`chart`")?;
        let version = self.plain(block.version.as_ref(), env, "`version`")?;
        Ok(map(
            [
                ("address", string(address.as_str(), span)),
                ("name", string(name, name_span)),
                ("namespace", namespace.map_or_else(null, |n| string(n, span))),
                ("chart", chart.map_or_else(null, |c| string(c, span))),
                ("version", version.map_or_else(null, |v| string(v, span))),
            ],
            span,
        ))
    }

    /// Cluster and namespace, from a reference to a namespace block or a name.
    pub(super) fn place(
        &mut self,
        namespace: Option<&E>,
        cluster: Option<&E>,
        env: &Env,
        what: &str,
        span: Span,
    ) -> Result<(Address, Option<Arc<str>>), Failed> {
        let Some(expr) = namespace else {
            return Ok((self.cluster_of(cluster, env, &format!("`{what}`"), span)?, None));
        };
        let value = self.eval(expr, env)?;
        if let Some(address) = address_of(&value) {
            self.touch(&address);
            let name = text_field(&value, "name").ok_or(Failed)?;
            let home = field(&value, "cluster").and_then(address_of).ok_or(Failed)?;
            if let Some(cluster) = cluster {
                let named = self.eval(cluster, env)?;
                if let Some(named) = address_of(&named)
                    && named != home
                {
                    self.diags.push(errors::two_clusters(what, &named, &home, cluster.span));
                    return Err(Failed);
                }
            }
            return Ok((home, Some(name)));
        }
        let name = self.plain(namespace, env, "`namespace`")?;
        if let Some(name) = &name {
            self.object_name("namespace", name, expr.span)?;
        }
        let cluster = self.cluster_of(cluster, env, &format!("`{what}`"), span)?;
        Ok((cluster, name))
    }

    fn chart(&mut self, env: &Env, block: &ir::Release) -> Result<ChartRef, Failed> {
        let span = block.chart.span;
        let chart = self.plain(Some(&block.chart), env, "`chart`")?.ok_or(Failed)?;
        let version = self.plain(block.version.as_ref(), env, "`version`")?;
        if let (Some(text), Some(expr)) = (&version, &block.version)
            && Version::parse(text).is_ok_and(|v| v.given < 3)
        {
            self.diags.push(errors::inexact_version(text, expr.span));
            return Err(Failed);
        }
        let version = version.map(|v| v.to_string());
        let url = match &block.repository {
            Some(expr) => {
                let value = self.eval(expr, env)?;
                match (text_field(&value, "url"), &value.kind) {
                    (Some(url), _) => Some(url),
                    (None, ValueKind::Null) => None,
                    _ => self.plain(Some(expr), env, "`repository`")?,
                }
            }
            None => None,
        };
        let is_path = chart.starts_with(['.', '/']) || chart.ends_with(".tgz") && !chart.contains("://");
        let source = match url {
            Some(_) if is_path => {
                self.diags.push(errors::path_in_repository(&chart, span));
                return Err(Failed);
            }
            Some(url) => {
                ChartSource::Repository { url: url.trim_end_matches('/').to_owned(), name: chart.to_string() }
            }
            None if is_path => ChartSource::Path(join(&env.instance.module.dir, &chart)),
            None => match chart.strip_prefix("oci://").and_then(|rest| rest.rsplit_once('/')) {
                Some((registry, name)) => {
                    ChartSource::Repository { url: format!("oci://{registry}"), name: name.to_owned() }
                }
                None => {
                    self.diags.push(errors::no_chart(&chart, span));
                    return Err(Failed);
                }
            },
        };
        Ok(ChartRef { source, version, span })
    }

    /// The layers of values as written, `set` last.
    fn layers(&mut self, env: &Env, block: &ir::Release) -> Result<Vec<Value>, Failed> {
        let mut out: Vec<Value> = Vec::new();
        let mut failed = false;
        for layer in &block.values {
            let Ok(value) = self.eval(layer, env) else {
                failed = true;
                continue;
            };
            match &value.kind {
                ValueKind::Map(_) | ValueKind::Pending(_) => match self.bounded(value) {
                    Ok(value) => out.push(value),
                    Err(_) => failed = true,
                },
                ValueKind::Null => {}
                _ => {
                    self.diags.push(errors::expected("a map of values", &value, layer.span));
                    failed = true;
                }
            }
        }
        if let Some(expr) = &block.set {
            let value = self.eval(expr, env)?;
            match &value.kind {
                ValueKind::Map(entries) => match super::set::layer(entries, &out, value.secret) {
                    Ok(layer) => out.push(layer.from(value.origin)),
                    Err(wrong) => {
                        for (path, reason) in wrong {
                            self.diags.push(errors::bad_set_path(&path, &reason, expr.span));
                        }
                        failed = true;
                    }
                },
                ValueKind::Null => {}
                ValueKind::Pending(_) => {
                    self.diags.push(errors::known_too_late("the keys of `set`", &value, expr.span));
                    failed = true;
                }
                _ => {
                    self.diags.push(errors::expected("a map of paths", &value, expr.span));
                    failed = true;
                }
            }
        }
        if failed { Err(Failed) } else { Ok(out) }
    }

    /// Reports what Helm would not take as a release's name (`chartutil.ValidateReleaseName`).
    fn release_name(&mut self, name: &str, span: Span) -> Result<(), Failed> {
        let word = |w: &str| {
            !w.is_empty()
                && w.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
                && !w.starts_with('-')
                && !w.ends_with('-')
        };
        let reason = if name.is_empty() {
            "it is empty"
        } else if name.len() > MAX_NAME {
            "it is longer than 53 characters"
        } else if !name.split('.').all(word) {
            "only lower-case letters, digits, dashes and dots are allowed, beginning and ending with a letter or digit"
        } else {
            return Ok(());
        };
        self.diags.push(errors::bad_name("release", name, reason, span));
        Err(Failed)
    }
}
