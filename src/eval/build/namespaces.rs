//! Namespaces, and the objects that their shorthands stand for.

use crate::eval::desired::{Address, DeclaredObject, Desired, Namespace};
use crate::eval::errors;
use crate::eval::handles::{address_of, field, map, string, text_field};
use crate::eval::run::{Failed, Run};
use crate::eval::scope::Env;
use crate::eval::value::{Value, ValueKind};
use crate::source::Span;
use crate::types::ir::{self, E};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The label by which a namespace chooses its level of Pod Security.
const POD_SECURITY: &str = "pod-security.kubernetes.io/enforce";

impl Run<'_> {
    pub(super) fn namespaces(
        &mut self,
        env: &Env,
        name: &Arc<str>,
        block: &ir::Namespace,
        out: &mut Desired,
    ) {
        let one = |run: &mut Self, env: &Env, key: Option<&str>| run.one_namespace(env, name, key, block);
        out.namespaces.extend(self.instances(block.for_each.as_ref(), env, one));
    }

    fn one_namespace(
        &mut self,
        env: &Env,
        label: &Arc<str>,
        key: Option<&str>,
        block: &ir::Namespace,
    ) -> Result<Namespace, Failed> {
        let address = env.instance.address("namespace", label, key);
        self.touched.clear();
        let head = self.namespace_head(env, label, key, address.clone())?;
        let (Some(name), Some(cluster)) =
            (text_field(&head, "name"), field(&head, "cluster").and_then(address_of))
        else {
            return Err(Failed);
        };
        let span = block.span;
        let mut objects = Vec::new();
        let mut push = |body: Value, span: Span| objects.push(DeclaredObject { body, span });
        push(self.namespace_object(env, block, &name)?, span);
        let (meta, name) = (|object: &str| metadata(object, &name, span), &name);
        if let Some(quota) = self.data(block.quota.as_ref(), env, "`quota`")? {
            push(
                object("v1", "ResourceQuota", meta("quota"), "spec", map([("hard", quota)], span), span),
                span,
            );
        }
        for (n, limits) in block.limits.iter().enumerate() {
            let mut item = vec![("type", string("Container", limits.span))];
            for (name, expr) in &limits.fields {
                let Some(value) = self.data(Some(expr), env, &format!("`{name}` of `limits`"))? else {
                    continue;
                };
                let kubernetes = match *name {
                    "default_request" => "defaultRequest",
                    "max_limit_request_ratio" => "maxLimitRequestRatio",
                    other => other,
                };
                item.push((kubernetes, value));
            }
            let items = Value::new(ValueKind::List(Arc::new(vec![map(item, limits.span)])), limits.span);
            let title = if n == 0 { "limits".to_owned() } else { format!("limits-{}", n + 1) };
            let spec = map([("limits", items)], limits.span);
            push(object("v1", "LimitRange", meta(&title), "spec", spec, limits.span), limits.span);
        }
        for policy in &block.network_policies {
            self.object_name("NetworkPolicy", &policy.name, policy.span)?;
            let spec = self.data(Some(&policy.spec), env, "`spec` of a network_policy")?;
            let spec = spec.unwrap_or_else(|| map::<&str>([], policy.span));
            let version = "networking.k8s.io/v1";
            push(
                object(version, "NetworkPolicy", meta(&policy.name), "spec", spec, policy.span),
                policy.span,
            );
        }
        for binding in &block.role_bindings {
            let body = self.role_binding(env, binding, name)?;
            push(body, binding.span);
        }
        let prevent_destroy =
            self.flag(block.prevent_destroy.as_ref(), env, "`prevent_destroy`")?.unwrap_or(false);
        let depends_on = self.dependencies(&block.depends_on, env, &address);
        Ok(Namespace { address, name: name.to_string(), cluster, objects, prevent_destroy, depends_on, span })
    }

    pub(super) fn namespace_head(
        &mut self,
        env: &Env,
        label: &Arc<str>,
        key: Option<&str>,
        address: Address,
    ) -> Result<Value, Failed> {
        let module = env.instance.module.clone();
        let block = module.namespaces.get(label).ok_or(Failed)?;
        let what = format!("namespace `{label}`");
        let given = self.plain(block.name.as_ref(), env, &format!("the name of {what}"))?;
        let name_span = block.name.as_ref().map_or(block.span, |e| e.span);
        let name: Arc<str> = match (given, key) {
            (Some(name), _) => name,
            (None, Some(key)) => format!("{label}-{key}").into(),
            (None, None) => label.clone(),
        };
        self.object_name("namespace", &name, name_span)?;
        let cluster = self.cluster_of(block.cluster.as_ref(), env, &what, block.span)?;
        let span = block.span;
        let cluster_name = cluster.as_str().rsplit('.').next().unwrap_or("").to_owned();
        let cluster =
            map([("address", string(cluster.as_str(), span)), ("name", string(cluster_name, span))], span);
        Ok(map(
            [
                ("address", string(address.as_str(), span)),
                ("name", string(name, name_span)),
                ("cluster", cluster),
            ],
            span,
        ))
    }

    fn namespace_object(
        &mut self,
        env: &Env,
        block: &ir::Namespace,
        name: &Arc<str>,
    ) -> Result<Value, Failed> {
        let span = block.span;
        let mut labels: BTreeMap<Arc<str>, Value> = match self.shown(block.labels.as_ref(), env, "labels")? {
            Some(Value { kind: ValueKind::Map(entries), .. }) => (*entries).clone(),
            _ => BTreeMap::new(),
        };
        if let Some(level) = self.plain(block.pod_security.as_ref(), env, "`pod_security`")? {
            let origin = block.pod_security.as_ref().map_or(span, |e| e.span);
            // What the labels say explicitly is more precise.
            labels.entry(POD_SECURITY.into()).or_insert_with(|| string(level, origin));
        }
        let mut meta = vec![("name", string(name.clone(), span))];
        if !labels.is_empty() {
            meta.push(("labels", map(labels, span)));
        }
        if let Some(annotations) = self.shown(block.annotations.as_ref(), env, "annotations")? {
            meta.push(("annotations", annotations));
        }
        Ok(map(
            [
                ("apiVersion", string("v1", span)),
                ("kind", string("Namespace", span)),
                ("metadata", map(meta, span)),
            ],
            span,
        ))
    }

    fn role_binding(
        &mut self,
        env: &Env,
        binding: &ir::RoleBinding,
        namespace: &Arc<str>,
    ) -> Result<Value, Failed> {
        let span = binding.span;
        let role = self.plain(Some(&binding.role), env, "`role` of a role_binding")?.ok_or(Failed)?;
        const GROUP: &str = "rbac.authorization.k8s.io";
        let mut subjects = Vec::new();
        for (kind, names) in [("Group", &binding.groups), ("User", &binding.users)] {
            for name in self.strings(names.as_ref(), env, "the subjects of a role_binding")? {
                let entries = [
                    ("apiGroup", string(GROUP, span)),
                    ("kind", string(kind, span)),
                    ("name", string(name, span)),
                ];
                subjects.push(map(entries, span));
            }
        }
        for account in
            self.strings(binding.service_accounts.as_ref(), env, "the subjects of a role_binding")?
        {
            let (home, name) = account.split_once('/').unwrap_or((namespace, &account));
            let entries = [
                ("kind", string("ServiceAccount", span)),
                ("name", string(name, span)),
                ("namespace", string(home, span)),
            ];
            subjects.push(map(entries, span));
        }
        let role_ref = map(
            [
                ("apiGroup", string(GROUP, span)),
                ("kind", string("ClusterRole", span)),
                ("name", string(role, span)),
            ],
            span,
        );
        Ok(map(
            [
                ("apiVersion", string(format!("{GROUP}/v1"), span)),
                ("kind", string("RoleBinding", span)),
                ("metadata", metadata(&binding.name, namespace, span)),
                ("roleRef", role_ref),
                ("subjects", Value::new(ValueKind::List(Arc::new(subjects)), span)),
            ],
            span,
        ))
    }

    /// Data for an object that is no Secret: may be pending, may not be secret.
    fn data(&mut self, expr: Option<&E>, env: &Env, what: &str) -> Result<Option<Value>, Failed> {
        let Some(expr) = expr else { return Ok(None) };
        let value = self.eval(expr, env)?;
        if value.has_secret() {
            self.diags.push(errors::secret_in(what, &value, expr.span));
            return Err(Failed);
        }
        Ok((!matches!(value.kind, ValueKind::Null)).then_some(value))
    }

    /// Labels or annotations.
    fn shown(&mut self, expr: Option<&E>, env: &Env, what: &str) -> Result<Option<Value>, Failed> {
        self.data(expr, env, &format!("`{what}`"))
    }

    /// Reports what Kubernetes would not take as a name: RFC 1123 labels.
    pub(super) fn object_name(&mut self, kind: &str, name: &str, span: Span) -> Result<(), Failed> {
        let reason = if name.is_empty() {
            "it is empty"
        } else if name.len() > 63 {
            "it is longer than 63 characters"
        } else if !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
            "only lower-case letters, digits and dashes are allowed"
        } else if name.starts_with('-') || name.ends_with('-') {
            "it must begin and end with a letter or digit"
        } else {
            return Ok(());
        };
        self.diags.push(errors::bad_name(kind, name, reason, span));
        Err(Failed)
    }
}

fn metadata(name: &str, namespace: &Arc<str>, span: Span) -> Value {
    map([("name", string(name, span)), ("namespace", string(namespace.clone(), span))], span)
}

fn object(version: &str, kind: &str, meta: Value, section: &'static str, spec: Value, span: Span) -> Value {
    map(
        [
            ("apiVersion", string(version, span)),
            ("kind", string(kind, span)),
            ("metadata", meta),
            (section, spec),
        ],
        span,
    )
}
