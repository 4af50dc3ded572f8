//! References to blocks, and what they tell: names at once, rendered objects once they are there.
//!
//! A handle is a map at evaluation: `address` and what can be known of the block before anything is rendered. The type
//! checker keeps such maps out of data.

use super::desired::Address;
use super::errors;
use super::run::{Failed, Run, Stop, makes_edge};
use super::scope::{Env, Slot};
use super::value::{Value, ValueKind};
use crate::source::Span;
use crate::types::ty::Handle;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Domain of a cluster's Services, unless it was set up with another one.
const CLUSTER_DOMAIN: &str = "svc.cluster.local";

pub fn string(text: impl Into<Arc<str>>, origin: Span) -> Value {
    Value::new(ValueKind::String(text.into()), origin)
}

pub fn map<K: Into<Arc<str>>>(entries: impl IntoIterator<Item = (K, Value)>, origin: Span) -> Value {
    let entries: BTreeMap<Arc<str>, Value> = entries.into_iter().map(|(k, v)| (k.into(), v)).collect();
    Value::new(ValueKind::Map(Arc::new(entries)), origin)
}

/// A field of a handle or another map.
pub fn field<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    match &value.kind {
        ValueKind::Map(entries) => entries.get(name),
        _ => None,
    }
}

pub fn text_field(value: &Value, name: &str) -> Option<Arc<str>> {
    match &field(value, name)?.kind {
        ValueKind::String(text) => Some(text.clone()),
        _ => None,
    }
}

/// The address of a handle.
pub fn address_of(value: &Value) -> Option<Address> {
    Some(Address::new(text_field(value, "address")?))
}

/// JSON as a value of the language; numbers that are whole become whole.
pub fn from_json(json: &Json, origin: Span) -> Value {
    let kind = match json {
        Json::Null => ValueKind::Null,
        Json::Bool(b) => ValueKind::Bool(*b),
        Json::Number(n) => match n.as_i64() {
            Some(n) => ValueKind::Int(n),
            None => super::convert::number(n.as_f64().unwrap_or(0.0)),
        },
        Json::String(text) => ValueKind::String(text.as_str().into()),
        Json::Array(items) => ValueKind::List(Arc::new(items.iter().map(|i| from_json(i, origin)).collect())),
        Json::Object(entries) => ValueKind::Map(Arc::new(
            entries.iter().map(|(k, v)| (k.as_str().into(), from_json(v, origin))).collect(),
        )),
    };
    Value::new(kind, origin)
}

impl Run<'_> {
    pub(super) fn block(&mut self, env: &Env, handle: Handle, name: &Arc<str>) -> Result<Value, Stop> {
        let slot = Slot::Block(handle, name.clone());
        let outside = env.outside();
        let mut value = self.once(env, slot, |run| {
            // What the block's own head refers to is the block's affair.
            let value = run.head(&outside, handle, name)?;
            run.touched.clear();
            Ok(value)
        })?;
        value.secret = false;
        Ok(value)
    }

    /// The outputs of a `module` block.
    pub(super) fn outputs(&mut self, env: &Env, name: &Arc<str>) -> Result<Value, Stop> {
        let outside = env.outside();
        self.once(env, Slot::Outputs(name.clone()), |run| {
            let children = run.children(&outside, name)?;
            let span = outside.instance.module.calls.get(name).map(|c| c.span).ok_or(Failed)?;
            let mut all: BTreeMap<Arc<str>, Value> = BTreeMap::new();
            for (key, child) in &children.list {
                let env = Env::new(child.clone());
                let module = child.module.clone();
                let mut outputs: BTreeMap<Arc<str>, Value> = BTreeMap::new();
                for (name, output) in &module.outputs {
                    // A failed output is missed only by those who read it.
                    if let Ok(value) = run.eval(&output.value, &env) {
                        outputs.insert(name.clone(), value);
                    }
                }
                let value = map(outputs, span);
                match key {
                    None => return Ok(value),
                    Some(key) => {
                        all.insert(key.clone(), value);
                    }
                }
            }
            Ok(map(all, span))
        })
    }

    pub(super) fn handle_attr(
        &mut self,
        base: &Value,
        handle: Handle,
        name: &str,
        span: Span,
    ) -> Result<Value, Stop> {
        if makes_edge(handle)
            && let Some(address) = address_of(base)
        {
            self.touch(&address);
        }
        match (handle, name) {
            (Handle::Service, "dns") => {
                let (Some(name), Some(namespace)) = (text_field(base, "name"), text_field(base, "namespace"))
                else {
                    return Err(Stop::Failed);
                };
                Ok(string(format!("{name}.{namespace}.{CLUSTER_DOMAIN}"), span))
            }
            (Handle::Ingress, "host") => {
                let hosts = hosts(base);
                match hosts.first() {
                    Some(host) => Ok(string(host.clone(), span)),
                    None => {
                        let name = text_field(base, "name").unwrap_or_default();
                        self.fail(errors::no_host(&name, span))
                    }
                }
            }
            (Handle::Ingress, "hosts") => {
                let hosts = hosts(base).into_iter().map(|h| string(h, span)).collect();
                Ok(Value::new(ValueKind::List(Arc::new(hosts)), span))
            }
            (Handle::Ingress, "class") => {
                Ok(at(base, &["object", "spec", "ingressClassName"]).cloned().unwrap_or_else(|| null(span)))
            }
            (Handle::Service, "type") => Ok(at(base, &["object", "spec", "type"])
                .cloned()
                .unwrap_or_else(|| string("ClusterIP", span))),
            (Handle::Service, "selector") => {
                Ok(at(base, &["object", "spec", "selector"]).cloned().unwrap_or_else(|| null(span)))
            }
            (Handle::Service | Handle::Ingress, "labels") => Ok(at(base, &["object", "metadata", "labels"])
                .cloned()
                .unwrap_or_else(|| map::<&str>([], span))),
            _ => field(base, name).cloned().map(|v| v.from(span)).ok_or(Stop::Failed),
        }
    }

    pub(super) fn method(
        &mut self,
        base: &Value,
        handle: Handle,
        name: &str,
        args: &[Value],
        span: Span,
        name_span: Span,
    ) -> Result<Value, Stop> {
        let argument = |n: usize| match args.get(n).map(|a| &a.kind) {
            Some(ValueKind::String(text)) => Some(text.clone()),
            _ => None,
        };
        if args.iter().any(|a| a.secret) {
            let Some(secret) = args.iter().find(|a| a.secret) else { return Err(Stop::Failed) };
            return self.fail(errors::secret_in("the name of an object", secret, span));
        }
        match (handle, name) {
            (Handle::Release, "service") => {
                let Some(wanted) = argument(0) else { return Err(Stop::Failed) };
                self.rendered_object(base, "Service", &wanted, span, name_span)
            }
            (Handle::Release, "ingress") => {
                let Some(wanted) = argument(0) else { return Err(Stop::Failed) };
                self.rendered_object(base, "Ingress", &wanted, span, name_span)
            }
            (Handle::Release, "object") => {
                let (Some(kind), Some(wanted)) = (argument(0), argument(1)) else { return Err(Stop::Failed) };
                let found = self.rendered_object(base, &kind, &wanted, span, name_span)?;
                let mut object = field(&found, "object").cloned().ok_or(Stop::Failed)?;
                // What a Secret holds is secret, whoever made it up.
                object.secret |= &*kind == "Secret";
                Ok(object)
            }
            (Handle::Service, "port") => self.port(base, argument(0).as_deref(), span),
            _ => Err(Stop::Failed),
        }
    }

    /// An object that a release renders, with its namespace.
    fn rendered_object(
        &mut self,
        release: &Value,
        kind: &str,
        name: &str,
        span: Span,
        name_span: Span,
    ) -> Result<Value, Stop> {
        let Some(address) = address_of(release) else { return Err(Stop::Failed) };
        self.touch(&address);
        let Some(objects) = self.renderings.and_then(|r| r.objects(&address)) else {
            return Err(Stop::Pending(vec![address]));
        };
        let of_kind = |o: &&Json| o.get("kind").and_then(Json::as_str) == Some(kind);
        let name_of = |o: &Json| o.pointer("/metadata/name").and_then(Json::as_str).unwrap_or("").to_owned();
        let Some(found) = objects.iter().filter(of_kind).find(|o| name_of(o) == name) else {
            let known: Vec<String> = objects.iter().filter(of_kind).map(name_of).collect();
            let at = span.to(name_span);
            if known.is_empty() && !matches!(kind, "Service" | "Ingress") {
                let mut kinds: Vec<String> =
                    objects.iter().filter_map(|o| o.get("kind")?.as_str().map(str::to_owned)).collect();
                kinds.sort();
                kinds.dedup();
                return self.fail(errors::no_kind(address.as_str(), kind, &kinds, at));
            }
            return self.fail(errors::not_rendered(address.as_str(), kind, name, &known, at));
        };
        let namespace = found
            .pointer("/metadata/namespace")
            .and_then(Json::as_str)
            .or_else(|| self.renderings.and_then(|r| r.namespace(&address)))
            .unwrap_or("default")
            .to_owned();
        Ok(map(
            [
                ("object", from_json(found, span)),
                ("name", string(name, span)),
                ("namespace", string(namespace, span)),
            ],
            span,
        ))
    }

    fn port(&mut self, service: &Value, wanted: Option<&str>, span: Span) -> Result<Value, Stop> {
        let name = text_field(service, "name").unwrap_or_default();
        let ports = match at(service, &["object", "spec", "ports"]).map(|p| &p.kind) {
            Some(ValueKind::List(ports)) => ports.to_vec(),
            _ => Vec::new(),
        };
        let found = match (wanted, ports.as_slice()) {
            (None, [only]) => Some(only),
            (None, _) => None,
            (Some(wanted), _) => ports.iter().find(|p| text_field(p, "name").as_deref() == Some(wanted)),
        };
        match found.and_then(|p| field(p, "port")) {
            Some(port) => Ok(port.clone().from(span)),
            None => {
                let known: Vec<String> = ports
                    .iter()
                    .map(|p| {
                        text_field(p, "name").map(|n| n.to_string()).unwrap_or_else(|| {
                            field(p, "port")
                                .and_then(|p| super::convert::text(&p.kind))
                                .unwrap_or_default()
                                .to_string()
                        })
                    })
                    .collect();
                self.fail(errors::no_port(&name, wanted, &known, span))
            }
        }
    }
}

fn null(span: Span) -> Value {
    Value::new(ValueKind::Null, span)
}

fn at<'a>(value: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, step| field(value, step))
}

fn hosts(ingress: &Value) -> Vec<Arc<str>> {
    let Some(rules) = at(ingress, &["object", "spec", "rules"]) else { return Vec::new() };
    let ValueKind::List(rules) = &rules.kind else { return Vec::new() };
    rules.iter().filter_map(|rule| text_field(rule, "host")).filter(|h| !h.is_empty()).collect()
}
