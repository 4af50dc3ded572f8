//! `manifest` blocks: raw objects from files and expressions.

use super::releases::TIMEOUT;
use crate::eval::desired::{DeclaredObject, Desired, Manifest};
use crate::eval::errors;
use crate::eval::handles::{field, from_json, text_field};
use crate::eval::run::{Failed, Run};
use crate::eval::scope::Env;
use crate::eval::value::{Value, ValueKind};
use crate::gotmpl::yaml::{Root, decode};
use crate::source::Span;
use crate::types::ir;
use serde_json::Value as Json;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// A path of the configuration, from the directory of its module; `.` and `..` are worked out on paper.
pub fn join(dir: &Path, path: &str) -> PathBuf {
    let mut out = PathBuf::new();
    for part in dir.join(path).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(out.components().next_back(), Some(Component::Normal(_))) => {
                out.pop();
            }
            part => out.push(part),
        }
    }
    if out.as_os_str().is_empty() { PathBuf::from(".") } else { out }
}

impl Run<'_> {
    pub(super) fn manifests(&mut self, env: &Env, name: &Arc<str>, block: &ir::Manifest, out: &mut Desired) {
        let one = |run: &mut Self, env: &Env, key: Option<&str>| run.one_manifest(env, name, key, block);
        out.manifests.extend(self.instances(block.for_each.as_ref(), env, one));
    }

    fn one_manifest(
        &mut self,
        env: &Env,
        label: &Arc<str>,
        key: Option<&str>,
        block: &ir::Manifest,
    ) -> Result<Manifest, Failed> {
        let address = env.instance.address("manifest", label, key);
        self.touched.clear();
        let place =
            self.place(block.namespace.as_ref(), block.cluster.as_ref(), env, address.as_str(), block.span);
        let mut objects = Vec::new();
        let mut failed = false;
        let file = self.plain(block.file.as_ref(), env, "`file`")?;
        let files = self.strings(block.files.as_ref(), env, "`files`")?;
        let file_span = block.file.as_ref().map_or(block.span, |e| e.span);
        let files_span = block.files.as_ref().map_or(block.span, |e| e.span);
        let paths =
            file.into_iter().map(|f| (f, file_span)).chain(files.into_iter().map(|f| (f, files_span)));
        for (path, span) in paths {
            failed |= self.objects_of_file(env, &path, span, &mut objects).is_err();
        }
        for expr in &block.objects {
            let Ok(value) = self.eval(expr, env).and_then(|v| {
                let v = self.bounded(v);
                self.settle(v)
            }) else {
                failed = true;
                continue;
            };
            if is_object(&value) {
                objects.push(DeclaredObject { body: value, span: expr.span });
            } else {
                self.diags.push(errors::not_an_object("`object` of a manifest", &value, expr.span));
                failed = true;
            }
        }
        let wait = self.flag(block.wait.as_ref(), env, "`wait`")?.unwrap_or(true);
        let timeout = self.duration(block.timeout.as_ref(), env, "`timeout`")?.unwrap_or(TIMEOUT);
        let prevent_destroy =
            self.flag(block.prevent_destroy.as_ref(), env, "`prevent_destroy`")?.unwrap_or(false);
        let mut depends_on = self.dependencies(&block.depends_on, env, &address);
        let mut reads = Vec::new();
        objects.iter().for_each(|o| o.body.reads(&mut reads));
        depends_on.extend(reads);
        depends_on.sort();
        depends_on.dedup();
        let (cluster, namespace) = place?;
        if failed {
            return Err(Failed);
        }
        let namespace = namespace.map(|n| n.to_string());
        let span = block.span;
        Ok(Manifest {
            address,
            cluster,
            namespace,
            objects,
            wait,
            timeout,
            prevent_destroy,
            depends_on,
            span,
        })
    }

    fn objects_of_file(
        &mut self,
        env: &Env,
        path: &Arc<str>,
        span: Span,
        out: &mut Vec<DeclaredObject>,
    ) -> Result<(), Failed> {
        let text = match crate::eval::funcs::files::read(self, path, env) {
            Some(Ok(text)) => text,
            Some(Err(error)) => {
                self.diags.push(errors::unreadable(path, &error, span));
                return Err(Failed);
            }
            None => return Err(Failed),
        };
        let mut found = false;
        for document in documents(&text) {
            let json: Json = match decode(document.as_bytes(), Root::Any) {
                Ok(json) => json,
                Err(error) => {
                    self.diags.push(errors::bad_manifest(path, &error.to_string(), span));
                    return Err(Failed);
                }
            };
            // `kind: List` and the lists that `kubectl get -o yaml` prints hold objects themselves.
            let items = match (&json, json.get("items").and_then(Json::as_array)) {
                (Json::Null, _) => continue,
                (_, Some(items))
                    if json.get("kind").and_then(Json::as_str).is_some_and(|k| k.ends_with("List")) =>
                {
                    items.clone()
                }
                _ => vec![json],
            };
            for item in items {
                let value = from_json(&item, span);
                if !is_object(&value) {
                    self.diags.push(errors::not_an_object(
                        &format!("every document of `{path}`"),
                        &value,
                        span,
                    ));
                    return Err(Failed);
                }
                out.push(DeclaredObject { body: value, span });
                found = true;
            }
        }
        if found {
            return Ok(());
        }
        self.diags.push(errors::bad_manifest(path, "it is empty", span));
        Err(Failed)
    }
}

fn is_object(value: &Value) -> bool {
    let named = match field(value, "metadata") {
        Some(meta) => match (&meta.kind, field(meta, "name").map(|n| &n.kind)) {
            (ValueKind::Pending(_), _) => true,
            (_, Some(ValueKind::String(name))) => !name.is_empty(),
            (_, Some(ValueKind::Pending(_))) => true,
            _ => false,
        },
        None => false,
    };
    let text = |name| text_field(value, name).is_some_and(|t| !t.is_empty());
    matches!(value.kind, ValueKind::Map(_)) && text("apiVersion") && text("kind") && named
}

/// The documents of a YAML stream: what stands between lines that begin with `---`.
fn documents(text: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    for line in text.split_inclusive('\n') {
        let rest = line.strip_prefix("---");
        match rest {
            Some(rest) if rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']) => {
                out.push(rest.to_owned())
            }
            _ => {
                if let Some(last) = out.last_mut() {
                    last.push_str(line);
                }
            }
        }
    }
    out.retain(|document| !document.trim().is_empty());
    out
}
