//! Blocks against the table of their shapes, and modules as a whole.
//!
//! In: the declarations of a module. Out: its [`ir::Module`].

use super::errors;
use super::expect::Expect;
use super::ir::{self, E};
use super::table::{self, AttrTy, Shape};
use super::ty::{Handle, Ty};
use super::{Checker, Cx};
use crate::diag::nearest;
use crate::modules::{Decl, DeclItem, DeclKind, ModuleId};
use crate::source::Span;
use crate::syntax::ast;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The attributes of one block that the table gives a type, checked.
pub struct Fields {
    attrs: BTreeMap<&'static str, E>,
}

impl Fields {
    pub fn take(&mut self, name: &str) -> Option<E> {
        self.attrs.remove(name)
    }

    /// One that the table calls required; an error expression when it is missing, which has been reported.
    pub fn need(&mut self, name: &str, span: Span) -> E {
        self.take(name).unwrap_or_else(|| ir::Expr::error(span))
    }
}

impl Checker<'_> {
    /// The typed module; checked on first use.
    pub fn module(&mut self, id: ModuleId) -> Arc<ir::Module> {
        if let Some(known) = self.memo.modules.get(&id) {
            return known.clone();
        }
        // Modules that contain themselves are reported by `modules`.
        self.memo.modules.insert(id, Arc::default());
        let resolved = self.resolved;
        let Some(module) = resolved.module(id) else { return Arc::default() };
        let mut out = ir::Module { dir: module.dir.clone(), ..ir::Module::default() };
        for decl in module.order.iter().filter_map(|id| resolved.decl(*id)) {
            self.declaration(decl, &mut out);
            let name: Arc<str> = decl.name.as_str().into();
            out.order.extend(match decl.kind {
                DeclKind::Local => Some(ir::Ordered::Local(name)),
                DeclKind::Module => Some(ir::Ordered::Call(name)),
                DeclKind::Cluster => Some(ir::Ordered::Block(Handle::Cluster, name)),
                DeclKind::Repository => Some(ir::Ordered::Block(Handle::Repository, name)),
                DeclKind::Namespace => Some(ir::Ordered::Block(Handle::Namespace, name)),
                DeclKind::Release => Some(ir::Ordered::Block(Handle::Release, name)),
                DeclKind::Manifest => Some(ir::Ordered::Block(Handle::Manifest, name)),
                _ => None,
            });
        }
        let out = Arc::new(out);
        self.memo.modules.insert(id, out.clone());
        out
    }

    fn declaration(&mut self, decl: &Decl, out: &mut ir::Module) {
        let name: Arc<str> = decl.name.as_str().into();
        let block = match &decl.item {
            DeclItem::Local(_) => {
                let value = self.local(decl.id);
                out.locals.entry(name).or_insert(value);
                return;
            }
            DeclItem::Function(_) => {
                // Also those that nothing calls.
                self.function(decl.id, decl.name_span);
                return;
            }
            DeclItem::Type(_) => {
                self.alias(decl.id, decl.name_span);
                return;
            }
            DeclItem::Block(block) => block,
        };
        if table::UNSUPPORTED.contains(&decl.kind.word()) {
            self.diags.push(errors::unsupported_block(decl.kind.word(), block.header));
            return;
        }
        match decl.kind {
            DeclKind::Stack => self.stack(decl, block),
            DeclKind::Variable => {
                let variable = self.variable_block(decl, block);
                out.variables.entry(name).or_insert(variable);
            }
            DeclKind::Output => {
                let output = self.output(decl, block);
                out.outputs.entry(name).or_insert(output);
            }
            DeclKind::Module => {
                if let Some(call) = self.module_call(decl, block) {
                    out.calls.entry(name).or_insert(call);
                }
            }
            DeclKind::Cluster => {
                let cluster = self.cluster(decl, block);
                out.clusters.entry(name).or_insert(cluster);
            }
            DeclKind::Repository => {
                let mut fields = self.fields(&mut Cx::new(decl.id.module), "repository", block);
                let repository = ir::Repository { url: fields.need("url", block.header), span: block.header };
                out.repositories.entry(name).or_insert(repository);
            }
            DeclKind::Namespace => {
                let namespace = self.namespace(decl, block);
                out.namespaces.entry(name).or_insert(namespace);
            }
            DeclKind::Release => {
                let release = self.release(decl, block);
                out.releases.entry(name).or_insert(release);
            }
            DeclKind::Manifest => {
                let manifest = self.manifest(decl, block);
                out.manifests.entry(name).or_insert(manifest);
            }
            DeclKind::Check => {
                self.fields(&mut Cx::new(decl.id.module), "check", block);
                let body = self.condition_block(&mut Cx::new(decl.id.module), block, "check");
                out.checks.push(ir::Check { name, body });
            }
            _ => {}
        }
    }

    /// Checks a block's shape and all of its attributes that have a type of their own in the table.
    pub(super) fn fields(&mut self, cx: &mut Cx, kind: &str, block: &ast::Block) -> Fields {
        let mut out = Fields { attrs: BTreeMap::new() };
        let Some(shape) = table::top(kind).or_else(|| table::nested(kind)) else { return out };
        let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
        for item in &block.body.items {
            match item {
                ast::BodyItem::Attr(attr) => {
                    let Some(row) = shape.attrs.iter().find(|a| a.name == attr.name.text) else {
                        self.unknown_item(shape, &attr.name, false);
                        continue;
                    };
                    // `values` may be repeated.
                    let repeats = row.name == "values" || (kind == "manifest" && row.name == "object");
                    if let (Some(first), false) = (seen.insert(row.name, attr.name.span), repeats) {
                        self.diags.push(errors::duplicate_attribute(kind, row.name, attr.name.span, first));
                        continue;
                    }
                    if let Some(value) = self.field(cx, kind, row, attr) {
                        out.attrs.insert(row.name, value);
                    }
                }
                ast::BodyItem::Block(inner) => {
                    if !shape.blocks.contains(&inner.kind.text.as_str()) {
                        self.unknown_item(shape, &inner.kind, true);
                    } else if table::UNSUPPORTED.contains(&inner.kind.text.as_str()) {
                        self.diags.push(errors::unsupported_block(&inner.kind.text, inner.header));
                    }
                }
            }
        }
        for row in shape.attrs.iter().filter(|a| a.required) {
            let given = seen.contains_key(row.name) || block.body.blocks_of(row.name).next().is_some();
            if !given && block.body.complete {
                self.diags.push(errors::missing_attribute(kind, row.name, block.header, row.example));
            }
        }
        out
    }

    fn field(&mut self, cx: &mut Cx, kind: &str, row: &table::Attr, attr: &ast::Attr) -> Option<E> {
        let what = format!("`{}` of a {kind}", row.name);
        match row.ty {
            AttrTy::Own => None,
            AttrTy::BlockOrString(handle) => {
                let value = self.infer(cx, &attr.value, None);
                if matches!(value.ty, Ty::Handle(h) if h == handle) || value.is_error() {
                    return Some(value);
                }
                if !value.ty.reveal().0.is_stringy() && !value.ty.is_open() {
                    // Say that a reference is what belongs here.
                    return Some(self.coerce(cx, value, &Expect::new(Ty::Handle(handle), what)));
                }
                Some(self.coerce(cx, value, &Expect::new(Ty::String, what)))
            }
            AttrTy::Block(handle) => {
                let value = self.infer(cx, &attr.value, None);
                if let (ast::ExprKind::Str(text), Ty::Enum(_)) = (&attr.value.kind, &value.ty) {
                    self.diags.push(errors::string_for_reference(&what, text, handle, value.span));
                    return Some(ir::Expr::error(value.span));
                }
                Some(self.coerce(cx, value, &Expect::new(Ty::Handle(handle), what)))
            }
            _ => {
                let expect = Expect::new(row.ty.ty(), what);
                Some(self.check(cx, &attr.value, &expect))
            }
        }
    }

    fn unknown_item(&mut self, shape: &Shape, name: &ast::Name, block: bool) {
        let is_attr = shape.attrs.iter().any(|a| a.name == name.text);
        let is_block = shape.blocks.contains(&name.text.as_str());
        let diag = if block && is_attr {
            let diag = errors::attribute_is_block(shape.kind, &name.text, name.span);
            match habit(shape.kind, &name.text) {
                Some(help) => diag.help(help),
                None => diag,
            }
        } else if !block && is_block {
            errors::block_is_attribute(shape.kind, &name.text, name.span)
        } else {
            let blocks = shape.blocks.iter().copied();
            let known: Vec<&str> =
                shape
                    .attrs
                    .iter()
                    .map(|a| a.name)
                    .chain(blocks.filter(|b| {
                        !table::UNSUPPORTED.contains(b) && shape.attrs.iter().all(|a| a.name != *b)
                    }))
                    .collect();
            let diag = errors::unknown_attribute(shape.kind, &name.text, name.span, &known, block);
            match habit(shape.kind, &name.text) {
                Some(help) if nearest(&name.text, known.iter().copied()).is_none() => diag.help(help),
                _ => diag,
            }
        };
        self.diags.push(diag);
    }

    /// A word that must be known as it stands, such as a description.
    fn static_text(&mut self, block: &ast::Block, name: &str) -> Option<String> {
        let attr = block.body.attr(name)?;
        match attr.value.as_str() {
            Some(text) => Some(text.to_owned()),
            None => {
                if !attr.value.is_error() {
                    self.diags.push(errors::not_static(&format!("`{name}`"), attr.value.span));
                }
                None
            }
        }
    }

    fn stack(&mut self, decl: &Decl, block: &ast::Block) {
        self.fields(&mut Cx::new(decl.id.module), "stack", block);
        let Some(requirement) = self.static_text(block, "requires") else { return };
        let Some(attr) = block.body.attr("requires") else { return };
        let own = env!("CARGO_PKG_VERSION");
        let Ok(version) = super::domain::Version::parse(own) else { return };
        match super::domain::satisfies(&version, &requirement) {
            Ok(true) => {}
            Ok(false) => self.diags.push(errors::requires(&requirement, own, attr.value.span)),
            Err(reason) => self.diags.push(errors::bad_requires(&requirement, &reason, attr.value.span)),
        }
    }

    fn variable_block(&mut self, decl: &Decl, block: &ast::Block) -> ir::Variable {
        let module = decl.id.module;
        self.fields(&mut Cx::new(module), "variable", block);
        let (ty, ty_span) = self.variable(decl.id);
        let default = block.body.attr("default").map(|attr| {
            let what = format!("the default of `var.{}`", decl.name);
            let expect = match block.body.attr("type") {
                Some(_) => Expect::declared(ty.clone(), what, ty_span),
                None => Expect::new(ty.clone(), what),
            };
            self.check(&mut Cx::constant(module, "the default of a variable"), &attr.value, &expect)
        });
        let description = self.static_text(block, "description");
        let validations = block
            .body
            .blocks_of("validation")
            .map(|inner| {
                self.no_labels(inner);
                self.fields(&mut Cx::new(module), "validation", inner);
                self.condition_block(&mut Cx::new(module), inner, "validation")
            })
            .collect();
        ir::Variable { ty, default, description, validations, span: block.header, ty_span }
    }

    /// `condition` and `error_message`, whose message may say more than the condition but no secret.
    fn condition_block(&mut self, cx: &mut Cx, block: &ast::Block, kind: &str) -> ir::Condition {
        let condition = match block.body.attr("condition") {
            Some(attr) => self.condition(cx, &attr.value, &format!("`condition` of a {kind}")).0,
            None => ir::Expr::error(block.header),
        };
        let message = match block.body.attr("error_message") {
            Some(attr) => {
                let expect = Expect::new(Ty::String, format!("`error_message` of a {kind}"));
                self.check(cx, &attr.value, &expect)
            }
            None => ir::Expr::error(block.header),
        };
        ir::Condition { condition, message, span: block.header }
    }

    fn output(&mut self, decl: &Decl, block: &ast::Block) -> ir::Output {
        let mut cx = Cx::new(decl.id.module);
        self.fields(&mut cx, "output", block);
        self.static_text(block, "description");
        let value = match block.body.attr("value") {
            Some(attr) => {
                let value = self.infer(&mut cx, &attr.value, None);
                match &value.ty {
                    // Of a child module, these may be handed on.
                    Ty::Handle(_) if decl.id.module != self.resolved.root => value,
                    _ => {
                        self.coerce(&cx, value, &Expect::any(format!("the value of output `{}`", decl.name)))
                    }
                }
            }
            None => ir::Expr::error(block.header),
        };
        // Only what the root gives is printed.
        if decl.id.module == self.resolved.root && value.ty.reveal_deep().1 {
            self.diags.push(errors::secret_output(&decl.name, value.span));
        }
        ir::Output { value, span: block.header }
    }

    fn cluster(&mut self, decl: &Decl, block: &ast::Block) -> ir::Cluster {
        let mut fields = self.fields(&mut Cx::new(decl.id.module), "cluster", block);
        let given: Vec<&ast::Attr> = ["sandbox", "in_cluster", "context", "kubeconfig"]
            .iter()
            .filter_map(|name| block.body.attr(name))
            .filter(|attr| !matches!(attr.value.kind, ast::ExprKind::Bool(false) | ast::ExprKind::Null))
            .collect();
        if let [first, second, ..] = given.as_slice()
            && first.name.text != "context"
        {
            let (a, b) = (&first.name, &second.name);
            self.diags.push(errors::exclusive("cluster", &a.text, &b.text, b.span, a.span));
        }
        // Which cluster is meant is never guessed: an apply to the wrong one is the worst mistake there is.
        // (A misspelt attribute has been reported, and is probably the answer.)
        let only_version = block.body.items.iter().all(
            |item| matches!(item, ast::BodyItem::Attr(attr) if matches!(&*attr.name.text, "kubernetes" | "sandbox" | "in_cluster")),
        );
        if given.is_empty() && only_version {
            self.diags.push(errors::cluster_without_target(&decl.name, block.header));
        }
        ir::Cluster {
            context: fields.take("context"),
            kubeconfig: fields.take("kubeconfig"),
            in_cluster: fields.take("in_cluster"),
            sandbox: fields.take("sandbox"),
            kubernetes: fields.take("kubernetes"),
            span: block.header,
        }
    }

    fn module_call(&mut self, decl: &Decl, block: &ast::Block) -> Option<ir::ModuleCall> {
        let source = *self.resolved.sources.get(&decl.id)?;
        let module = self.module(source);
        let for_each = self.for_each(decl.id);
        let mut cx = Cx { each: Checker::each(for_each.as_ref()), ..Cx::new(decl.id.module) };
        let mut inputs: BTreeMap<Arc<str>, E> = BTreeMap::new();
        let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
        for item in &block.body.items {
            let attr = match item {
                ast::BodyItem::Attr(attr) => attr,
                ast::BodyItem::Block(inner) => {
                    self.diags.push(errors::attribute_is_block("module", &inner.kind.text, inner.kind.span));
                    continue;
                }
            };
            if let Some(first) = seen.insert(&attr.name.text, attr.name.span) {
                self.diags.push(errors::duplicate_attribute(
                    "module",
                    &attr.name.text,
                    attr.name.span,
                    first,
                ));
                continue;
            }
            if matches!(attr.name.text.as_str(), "source" | "for_each") {
                continue;
            }
            match module.variables.get(attr.name.text.as_str()) {
                Some(variable) => {
                    let what = format!("input `{}` of module `{}`", attr.name.text, decl.name);
                    let expect = Expect::declared(variable.ty.clone(), what, variable.ty_span);
                    let value = self.check(&mut cx, &attr.value, &expect);
                    inputs.insert(attr.name.text.as_str().into(), value);
                }
                None => {
                    // Its own mistakes are worth reporting too.
                    self.infer(&mut cx, &attr.value, None);
                    let known: Vec<&str> = module.variables.keys().map(|k| &**k).collect();
                    if self.resolved.module(source).is_some_and(|m| m.complete) {
                        self.diags.push(errors::unknown_input(
                            &decl.name,
                            &attr.name.text,
                            attr.name.span,
                            known,
                        ));
                    }
                }
            }
        }
        for (name, variable) in &module.variables {
            if variable.default.is_none() && !seen.contains_key(&**name) && block.body.complete {
                self.diags.push(errors::missing_input(
                    &decl.name,
                    name,
                    &variable.ty,
                    block.header,
                    variable.span,
                ));
            }
        }
        Some(ir::ModuleCall { module, for_each, inputs, span: block.header })
    }

    pub(super) fn no_labels(&mut self, block: &ast::Block) {
        if let Some(label) = block.labels.first() {
            self.diags.push(errors::wrong_labels(&block.kind.text, 0, label.span, block.labels.len()));
        }
    }

    /// The one label of a nested block.
    pub(super) fn one_label(&mut self, block: &ast::Block) -> Option<Arc<str>> {
        match block.labels.as_slice() {
            [one] => Some(one.text.as_str().into()),
            labels => {
                let span = labels.get(1).map_or(block.header, |l| l.span);
                self.diags.push(errors::wrong_labels(&block.kind.text, 1, span, labels.len()));
                None
            }
        }
    }

    /// `depends_on = [namespace.x, release.y]`
    pub(super) fn depends_on(&mut self, cx: &mut Cx, block: &ast::Block) -> Vec<E> {
        let Some(attr) = block.body.attr("depends_on") else { return Vec::new() };
        let ast::ExprKind::List(items) = &attr.value.kind else {
            if !attr.value.is_error() {
                self.diags.push(errors::depends_on_list(attr.value.span));
            }
            return Vec::new();
        };
        let mut out = Vec::new();
        for item in items {
            let value = self.infer(cx, item, None);
            let whole = match &value.kind {
                ir::ExprKind::Block { handle, .. } => can_wait_for(*handle),
                ir::ExprKind::Module(_) => true,
                _ => matches!(value.ty, Ty::Handle(handle) if can_wait_for(handle)),
            };
            if whole
                || matches!(value.kind, ir::ExprKind::Index { .. } if !matches!(value.ty, Ty::Handle(_)) && is_module(&value))
            {
                out.push(value);
            } else if !value.is_error() {
                self.diags.push(errors::not_waitable(&value.ty, value.span));
            }
        }
        out
    }
}

fn is_module(value: &E) -> bool {
    matches!(&value.kind, ir::ExprKind::Index { base, .. } if matches!(base.kind, ir::ExprKind::Module(_)))
}

fn can_wait_for(handle: Handle) -> bool {
    matches!(handle, Handle::Release | Handle::Namespace | Handle::Manifest)
}

/// Attributes that people bring from Terraform and Helmfile.
fn habit(kind: &str, name: &str) -> Option<&'static str> {
    Some(match (kind, name) {
        ("release", "set_sensitive" | "set_list") => "put it into `values`, or `set = { \"a.b\" = … }`",
        ("release", "create_namespace") => "declare a `namespace` block and refer to it",
        ("release", "set") => "write `set = { \"a.b\" = … }`, or the value itself in `values { … }`",
        ("release", "atomic" | "cleanup_on_fail") => {
            "write `on_failure = \"rollback\"`, which is the default"
        }
        ("release", "count") => "use `for_each`",
        ("release", "needs") => "use `depends_on = [release.other]`",
        ("release", "installed" | "enabled") => "use `for_each = var.enabled ? [\"this\"] : []`",
        ("release", "lifecycle") => "write `prevent_destroy = true` in the release itself",
        ("namespace", "metadata") => "write `name`, `labels` and `annotations` in the block itself",
        ("cluster", "host" | "token" | "config_path" | "config_context") => {
            "a cluster is reached through `kubeconfig` and `context`"
        }
        ("variable", "sensitive") => "write `type = secret(string)`",
        ("variable", "nullable") => "every variable may be null; use `validation` to forbid it",
        ("output", "sensitive") => "outputs are never secret",
        ("module", "count") => "use `for_each`",
        _ => return None,
    })
}
