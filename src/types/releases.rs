//! The blocks that become objects in a cluster: namespaces, releases, manifests.

use super::blocks::Fields;
use super::errors;
use super::expect::Expect;
use super::ir::{self, E, Expr, ExprKind, Key};
use super::ty::{Field, ObjectTy, Ty};
use super::{Checker, Cx};
use crate::modules::Decl;
use crate::source::Span;
use crate::syntax::ast;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How deep blocks may nest inside `values`; the parser's own limit is not far from it.
const MAX_DEPTH: usize = 100;

impl Checker<'_> {
    pub(super) fn namespace(&mut self, decl: &Decl, block: &ast::Block) -> ir::Namespace {
        let (for_each, mut cx) = self.instance_cx(decl);
        let cx = &mut cx;
        let mut fields = self.fields(cx, "namespace", block);
        let depends_on = self.depends_on(cx, block);
        let mut names: BTreeMap<(&str, Arc<str>), Span> = BTreeMap::new();
        let mut limits = Vec::new();
        let mut network_policies = Vec::new();
        let mut role_bindings = Vec::new();
        for inner in block.body.blocks() {
            match inner.kind.text.as_str() {
                "limits" => {
                    self.no_labels(inner);
                    let mut fields = self.fields(cx, "limits", inner);
                    let rows =
                        ["default", "default_request", "max", "max_limit_request_ratio", "min", "type"];
                    let fields =
                        rows.into_iter().filter_map(|name| Some((name, fields.take(name)?))).collect();
                    limits.push(ir::Limits { fields, span: inner.header });
                }
                "network_policy" => {
                    let mut fields = self.fields(cx, "network_policy", inner);
                    let Some(name) = self.own_name(inner, &mut names) else { continue };
                    let spec = fields.need("spec", inner.header);
                    network_policies.push(ir::NetworkPolicy { name, spec, span: inner.header });
                }
                "role_binding" => {
                    let mut fields = self.fields(cx, "role_binding", inner);
                    let Some(name) = self.own_name(inner, &mut names) else { continue };
                    let (groups, users) = (fields.take("groups"), fields.take("users"));
                    let service_accounts = fields.take("service_accounts");
                    if groups.is_none()
                        && users.is_none()
                        && service_accounts.is_none()
                        && inner.body.complete
                    {
                        self.diags.push(errors::no_subjects(inner.header));
                    }
                    role_bindings.push(ir::RoleBinding {
                        name,
                        role: fields.need("role", inner.header),
                        groups,
                        users,
                        service_accounts,
                        span: inner.header,
                    });
                }
                _ => {}
            }
        }
        ir::Namespace {
            for_each,
            cluster: fields.take("cluster"),
            name: fields.take("name"),
            labels: fields.take("labels"),
            annotations: fields.take("annotations"),
            pod_security: fields.take("pod_security"),
            quota: fields.take("quota"),
            limits,
            network_policies,
            role_bindings,
            prevent_destroy: fields.take("prevent_destroy"),
            depends_on,
            span: block.header,
        }
    }

    /// The label of a nested block, which names an object and so must be its own.
    fn own_name<'a>(
        &mut self,
        block: &'a ast::Block,
        names: &mut BTreeMap<(&'a str, Arc<str>), Span>,
    ) -> Option<Arc<str>> {
        let name = self.one_label(block)?;
        if let Some(first) = names.insert((&block.kind.text, name.clone()), block.header) {
            self.diags.push(errors::duplicate_key(&name, block.header, first));
            return None;
        }
        Some(name)
    }

    pub(super) fn release(&mut self, decl: &Decl, block: &ast::Block) -> ir::Release {
        let (for_each, mut cx) = self.instance_cx(decl);
        let cx = &mut cx;
        let mut fields = self.fields(cx, "release", block);
        let depends_on = self.depends_on(cx, block);
        let mut values = Vec::new();
        for item in &block.body.items {
            match item {
                ast::BodyItem::Attr(attr) if attr.name.text == "values" => {
                    let value = self.check(cx, &attr.value, &Expect::any("`values` of a release"));
                    let ty = value.ty.reveal().0;
                    if matches!(ty, Ty::Object(_) | Ty::Map(_) | Ty::Any | Ty::Error | Ty::Null) {
                        values.push(value);
                    } else if matches!(ty, Ty::List(_)) {
                        // Terraform's way of giving several files.
                        self.diags.push(errors::values_list(&value));
                    } else {
                        let expect = Expect::new(Ty::map(Ty::Any), "`values` of a release");
                        values.push(self.coerce(cx, value, &expect));
                    }
                }
                ast::BodyItem::Block(inner) if inner.kind.text == "values" => {
                    self.no_labels(inner);
                    values.push(self.body_object(cx, &inner.body, 0));
                }
                _ => {}
            }
        }
        let set = block.body.attr("set").map(|attr| {
            let expect = Expect::new(Ty::map(Ty::Any), "`set` of a release");
            self.check(cx, &attr.value, &expect)
        });
        self.exact_version(block);
        ir::Release {
            for_each,
            name: fields.take("name"),
            cluster: fields.take("cluster"),
            namespace: fields.need("namespace", block.header),
            repository: fields.take("repository"),
            chart: fields.need("chart", block.header),
            version: fields.take("version"),
            values,
            set,
            wait: fields.take("wait"),
            timeout: fields.take("timeout"),
            on_failure: fields.take("on_failure"),
            prevent_destroy: fields.take("prevent_destroy"),
            allow: fields.take("allow"),
            allow_unknown: fields.take("allow_unknown"),
            skip_schema_validation: fields.take("skip_schema_validation"),
            depends_on,
            span: block.header,
        }
    }

    /// A chart of a repository needs a version, or two runs could install different things.
    fn exact_version(&mut self, block: &ast::Block) {
        let (Some(repository), None) = (block.body.attr("repository"), block.body.attr("version")) else {
            return;
        };
        if block.body.complete && !matches!(repository.value.kind, ast::ExprKind::Null | ast::ExprKind::Error)
        {
            self.diags.push(
                errors::missing_attribute("release", "version", block.header, "\"1.2.3\"")
                    .at(repository.value.span, "a chart of a repository is pinned to a version"),
            );
        }
    }

    pub(super) fn manifest(&mut self, decl: &Decl, block: &ast::Block) -> ir::Manifest {
        let (for_each, mut cx) = self.instance_cx(decl);
        let cx = &mut cx;
        let mut fields: Fields = self.fields(cx, "manifest", block);
        let depends_on = self.depends_on(cx, block);
        let mut objects = Vec::new();
        for item in &block.body.items {
            match item {
                ast::BodyItem::Attr(attr) if attr.name.text == "object" => {
                    let expect = Expect::new(Ty::map(Ty::Any), "`object` of a manifest");
                    objects.push(self.check(cx, &attr.value, &expect));
                }
                ast::BodyItem::Block(inner) if inner.kind.text == "object" => {
                    self.no_labels(inner);
                    objects.push(self.body_object(cx, &inner.body, 0));
                }
                _ => {}
            }
        }
        let (file, files) = (fields.take("file"), fields.take("files"));
        if file.is_none() && files.is_none() && objects.is_empty() && block.body.complete {
            self.diags.push(errors::empty_manifest(block.header));
        }
        ir::Manifest {
            for_each,
            cluster: fields.take("cluster"),
            namespace: fields.take("namespace"),
            file,
            files,
            objects,
            wait: fields.take("wait"),
            timeout: fields.take("timeout"),
            prevent_destroy: fields.take("prevent_destroy"),
            depends_on,
            span: block.header,
        }
    }

    fn instance_cx(&mut self, decl: &Decl) -> (Option<E>, Cx) {
        let for_each = self.for_each(decl.id);
        let each = Checker::each(for_each.as_ref());
        (for_each, Cx { each, ..Cx::new(decl.id.module) })
    }

    /// What stands between braces, as an object: attributes are fields, blocks are objects.
    fn body_object(&mut self, cx: &mut Cx, body: &ast::Body, depth: usize) -> E {
        let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
        let mut entries = Vec::new();
        let mut fields: BTreeMap<Arc<str>, Field> = BTreeMap::new();
        if depth > MAX_DEPTH {
            self.diags.push(errors::too_deep(body.span));
            return Expr::error(body.span);
        }
        for item in &body.items {
            let name = match item {
                ast::BodyItem::Attr(attr) => &attr.name,
                ast::BodyItem::Block(inner) => &inner.kind,
            };
            if let Some(first) = seen.insert(&name.text, name.span) {
                self.diags.push(errors::duplicate_key(&name.text, name.span, first));
                continue;
            }
            let value = match item {
                ast::BodyItem::Attr(attr) => {
                    let what = format!("the value of `{}`", name.text);
                    self.check(cx, &attr.value, &Expect::any(what))
                }
                ast::BodyItem::Block(inner) => {
                    if let Some(label) = inner.labels.first() {
                        self.diags.push(errors::labels_in_values(label.span, &name.text));
                    }
                    self.body_object(cx, &inner.body, depth + 1)
                }
            };
            let key: Arc<str> = name.text.as_str().into();
            fields.insert(key.clone(), Field::required(value.ty.clone()));
            entries.push((Key::Name(key), value));
        }
        let ty = Ty::Object(Arc::new(ObjectTy { fields }));
        Expr::new(ExprKind::Object(entries), ty, body.span)
    }
}
