//! The desired stack from the typed one: instances of modules, and every block of theirs, evaluated.
//!
//! In: the typed program, values of its variables. Out: [`Desired`].

mod clusters;
mod inputs;
mod manifests;
mod namespaces;
mod releases;
mod set;

pub use inputs::Inputs;
pub use manifests::join;

use super::desired::{Address, Desired, Output, PendingCheck};
use super::errors;
use super::handles::{address_of, map};
use super::run::{Failed, Run, Stop, makes_edge};
use super::scope::{Children, Env, Files, Instance, Known, Lookup};
use super::value::{Value, ValueKind};
use crate::diag::Diags;
use crate::source::{Span, World};
use crate::types::ir::{self, E, TypedStack};
use crate::types::ty::{Handle, Ty};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Instances that one `for_each` may make.
const MAX_INSTANCES: usize = 10_000;

/// Evaluates the stack. What failed is missing from the result and has been reported.
pub fn evaluate(stack: &TypedStack, inputs: &Inputs, world: &dyn World, diags: &mut Diags) -> Desired {
    crate::eval::run::on_a_large_stack(diags, |diags| evaluate_here(stack, inputs, world, diags))
}

fn evaluate_here(stack: &TypedStack, inputs: &Inputs, world: &dyn World, diags: &mut Diags) -> Desired {
    let mut run = Run::new(Some(world), None, diags);
    let variables = inputs::root_variables(&mut run, stack, inputs, world);
    let clusters = clusters::own(&stack.root, "").unwrap_or_else(|| vec![clusters::implicit_address()]);
    let root = Instance::new(
        stack.root.clone(),
        String::new(),
        Vec::new(),
        variables,
        clusters,
        Arc::new(Files::default()),
    );
    let root = Arc::new(root);
    run.validate(&root);
    run.prepare(&root);
    let mut out = Desired { stack: stack.name.clone(), ..Desired::default() };
    run.instance(&root, &mut out);
    if out.clusters.is_empty() && stack.root.clusters.is_empty() {
        out.clusters.push(clusters::implicit());
    }
    for (name, output) in &stack.root.outputs {
        let Ok(value) = run.eval(&output.value, &Env::new(root.clone())) else { continue };
        if value.has_secret() {
            let what = format!("output `{name}`");
            run.diags.push(errors::secret_in(&what, &value, output.value.span));
            continue;
        }
        out.outputs.push(Output { name: name.to_string(), value, span: output.span });
    }
    clusters::implied_namespaces(&mut out);
    order(&mut out, stack);
    clusters::duplicates(&out, run.diags);
    out
}

/// The order that [`Desired`] promises.
fn order(out: &mut Desired, stack: &TypedStack) {
    out.clusters.sort_by(|a, b| a.address.cmp(&b.address));
    out.namespaces.sort_by(|a, b| a.address.cmp(&b.address));
    out.manifests.sort_by(|a, b| a.address.cmp(&b.address));
    let ranks: BTreeMap<String, usize> = stack
        .releases
        .iter()
        .enumerate()
        .map(|(n, (path, name))| {
            let path: String = path.iter().map(|step| format!("module.{step}.")).collect();
            (format!("{path}release.{name}"), n)
        })
        .collect();
    let rank = |address: &Address| ranks.get(&without_keys(address.as_str())).copied().unwrap_or(usize::MAX);
    out.releases
        .sort_by(|a, b| rank(&a.address).cmp(&rank(&b.address)).then_with(|| a.address.cmp(&b.address)));
}

/// An address without the keys of its instances.
fn without_keys(address: &str) -> String {
    let mut out = String::new();
    let mut quoted = false;
    let mut inside = false;
    let mut escaped = false;
    for c in address.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '[' if !quoted => inside = true,
            ']' if !quoted => inside = false,
            c if !inside => out.push(c),
            _ => {}
        }
    }
    out
}

/// The key of an instance, with `each.key` and `each.value`.
pub(super) type Each = (Option<Arc<str>>, Option<(Value, Value)>);

impl Run<'_> {
    /// Everything of one instance and those below it.
    fn instance(&mut self, instance: &Arc<Instance>, out: &mut Desired) {
        let env = Env::new(instance.clone());
        let module = instance.module.clone();
        for (name, cluster) in &module.clusters {
            if let Ok(cluster) = self.cluster(&env, name, cluster) {
                out.clusters.push(cluster);
            }
        }
        for repository in module.repositories.values() {
            let _reported = self.eval(&repository.url, &env);
        }
        for (name, namespace) in &module.namespaces {
            self.namespaces(&env, name, namespace, out);
        }
        for (name, release) in &module.releases {
            self.releases(&env, name, release, out);
        }
        for (name, manifest) in &module.manifests {
            self.manifests(&env, name, manifest, out);
        }
        for check in &module.checks {
            self.check(&env, check, out);
        }
        for name in module.calls.keys() {
            let Ok(children) = self.children(&env, name) else { continue };
            for (_, child) in &children.list {
                self.instance(child, out);
            }
        }
    }

    /// Works everything out that is worked out once: all of it, so that a mistake in what nothing uses is found too,
    /// and in order, so that a long chain of references is not a deep one.
    fn prepare(&mut self, instance: &Arc<Instance>) {
        let env = Env::new(instance.clone());
        let module = instance.module.clone();
        let outer = std::mem::take(&mut self.touched);
        for next in &module.order {
            let _reported = match next {
                ir::Ordered::Local(name) => self.local(&env, name),
                ir::Ordered::Call(name) => self.outputs(&env, name),
                ir::Ordered::Block(handle, name) => self.block(&env, *handle, name),
            };
        }
        self.touched = outer;
    }

    /// The instances that a `module` block makes; made when first asked for.
    pub(super) fn children(&mut self, env: &Env, name: &Arc<str>) -> Result<Children, Failed> {
        let parent = env.instance.clone();
        match parent.enter_children(name) {
            Lookup::Found(children) => return Ok(children),
            Lookup::Circular => return Err(Failed),
            Lookup::Missing => {}
        }
        let mut list = Vec::new();
        if let Some(call) = parent.module.calls.get(name) {
            for (key, each) in self.keys(call.for_each.as_ref(), env).unwrap_or_default() {
                let inside = Env::with_each(parent.clone(), each);
                let variables = self.inputs(call, &inside);
                let address = parent.address("module", name, key.as_deref());
                let prefix = format!("{address}.");
                let mut path = parent.path.clone();
                path.push(name.to_string());
                let clusters =
                    clusters::own(&call.module, &prefix).unwrap_or_else(|| parent.clusters.clone());
                let files = parent.files.clone();
                let child = Instance::new(call.module.clone(), prefix, path, variables, clusters, files);
                let child = Arc::new(child);
                self.validate(&child);
                self.prepare(&child);
                list.push((key, child));
            }
        }
        let children = Children { list };
        parent.leave_children(name.clone(), children.clone());
        Ok(children)
    }

    fn inputs(&mut self, call: &ir::ModuleCall, env: &Env) -> BTreeMap<Arc<str>, Known> {
        let mut out = BTreeMap::new();
        for (name, variable) in &call.module.variables {
            let outer = std::mem::take(&mut self.touched);
            let value = match (call.inputs.get(name), &variable.default) {
                (Some(input), _) => self.eval(input, env).ok(),
                (None, Some(default)) => self.eval(default, &env.outside()).ok(),
                (None, None) => None,
            };
            let value = value.and_then(|v| self.bounded(v).ok());
            let touched = std::mem::replace(&mut self.touched, outer);
            out.insert(name.clone(), Known { value, touched });
        }
        out
    }

    /// The `validation` blocks of an instance's variables.
    fn validate(&mut self, instance: &Arc<Instance>) {
        let env = Env::new(instance.clone());
        let module = instance.module.clone();
        for (name, variable) in &module.variables {
            let Some(value) = instance.variables.get(name).and_then(|k| k.value.clone()) else { continue };
            for validation in &variable.validations {
                let Ok(holds) = self.eval(&validation.condition, &env) else { continue };
                if !matches!(holds.kind, ValueKind::Bool(false)) {
                    continue;
                }
                if let Some(message) = self.message(&validation.message, &env) {
                    self.diags.push(errors::validation(name, &message, validation.condition.span, &value));
                }
            }
        }
    }

    fn check(&mut self, env: &Env, check: &ir::Check, out: &mut Desired) {
        let Ok(condition) = self.eval(&check.body.condition, env) else { return };
        match condition.kind {
            ValueKind::Bool(false) => {
                if let Some(message) = self.message(&check.body.message, env) {
                    self.diags.push(errors::check_failed(&check.name, &message, check.body.condition.span));
                }
            }
            ValueKind::Pending(_) => {
                let Ok(message) = self.eval(&check.body.message, env) else { return };
                out.checks.push(PendingCheck { name: check.name.to_string(), condition, message });
            }
            _ => {}
        }
    }

    fn message(&mut self, expr: &E, env: &Env) -> Option<String> {
        let value = self.eval(expr, env).ok()?;
        if value.has_secret() {
            self.diags.push(errors::secret_in("`error_message`", &value, expr.span));
            return None;
        }
        match &value.kind {
            ValueKind::String(text) => Some(text.to_string()),
            ValueKind::Pending(_) => {
                self.diags.push(errors::known_too_late("`error_message`", &value, expr.span));
                None
            }
            _ => Some("the condition does not hold".into()),
        }
    }

    /// What `one` makes of each instance of a block; those that failed have said so.
    fn instances<T>(
        &mut self,
        for_each: Option<&E>,
        env: &Env,
        one: impl Fn(&mut Self, &Env, Option<&str>) -> Result<T, Failed>,
    ) -> Vec<T> {
        let keys = self.keys(for_each, env).unwrap_or_default();
        let made = keys.into_iter().map(|(key, each)| {
            let inside = Env::with_each(env.instance.clone(), each);
            one(self, &inside, key.as_deref())
        });
        made.filter_map(Result::ok).collect()
    }

    /// The instances that a `for_each` asks for; one without a key where there is none.
    pub(super) fn keys(&mut self, for_each: Option<&E>, env: &Env) -> Result<Vec<Each>, Failed> {
        let Some(expr) = for_each else { return Ok(vec![(None, None)]) };
        let value = self.eval(expr, env)?;
        let span = expr.span;
        let report = |run: &mut Self, diag| {
            run.diags.push(diag);
            Err(Failed)
        };
        if matches!(value.kind, ValueKind::Pending(_)) {
            return report(self, errors::known_too_late("`for_each`", &value, span));
        }
        if value.secret {
            return report(self, errors::secret_in("`for_each`", &value, span));
        }
        let mut out: Vec<Each> = Vec::new();
        let mut seen: BTreeMap<Arc<str>, Span> = BTreeMap::new();
        match &value.kind {
            ValueKind::List(items) => {
                let is_set = matches!(expr.ty.reveal().0, Ty::Set(_));
                for item in items.iter() {
                    let name = match &item.kind {
                        ValueKind::String(name) => name.clone(),
                        ValueKind::Pending(_) => {
                            return report(self, errors::known_too_late("a key of `for_each`", item, span));
                        }
                        _ => return report(self, errors::for_each_key(item, span)),
                    };
                    if item.secret {
                        return report(self, errors::secret_in("a key of `for_each`", item, span));
                    }
                    match seen.insert(name.clone(), item.origin) {
                        Some(first) if !is_set => {
                            return report(self, errors::for_each_twice(&name, item.origin, first));
                        }
                        Some(_) => continue,
                        None => {}
                    }
                    out.push((Some(name), Some((item.clone(), item.clone()))));
                }
            }
            ValueKind::Map(entries) => {
                for (name, item) in entries.iter() {
                    let key = super::handles::string(name.clone(), item.origin);
                    out.push((Some(name.clone()), Some((key, item.clone()))));
                }
            }
            _ => return report(self, errors::for_each_value(&value, span)),
        }
        if out.len() > MAX_INSTANCES {
            return report(self, errors::too_large(span));
        }
        Ok(out)
    }

    /// What a reference to a block is before anything is rendered: its address and what its head says.
    pub(super) fn head(&mut self, env: &Env, handle: Handle, name: &Arc<str>) -> Result<Value, Failed> {
        let module = env.instance.module.clone();
        let (for_each, span) = match handle {
            Handle::Cluster => (None, module.clusters.get(name).ok_or(Failed)?.span),
            Handle::Repository => (None, module.repositories.get(name).ok_or(Failed)?.span),
            Handle::Namespace => {
                let block = module.namespaces.get(name).ok_or(Failed)?;
                (block.for_each.as_ref(), block.span)
            }
            Handle::Release => {
                let block = module.releases.get(name).ok_or(Failed)?;
                (block.for_each.as_ref(), block.span)
            }
            Handle::Manifest => {
                let block = module.manifests.get(name).ok_or(Failed)?;
                (block.for_each.as_ref(), block.span)
            }
            Handle::Service | Handle::Ingress => return Err(Failed),
        };
        let mut all: BTreeMap<Arc<str>, Value> = BTreeMap::new();
        for (key, each) in self.keys(for_each, env)? {
            let inside = Env::with_each(env.instance.clone(), each);
            let address = env.instance.address(handle.word(), name, key.as_deref());
            let value = match handle {
                Handle::Cluster => self.cluster_head(&inside, name, address)?,
                Handle::Repository => self.repository_head(&inside, name, address)?,
                Handle::Namespace => self.namespace_head(&inside, name, key.as_deref(), address)?,
                Handle::Release => self.release_head(&inside, name, key.as_deref(), address)?,
                _ => map([("address", super::handles::string(address.as_str(), span))], span),
            };
            match key {
                None => return Ok(value),
                Some(key) => {
                    all.insert(key, value);
                }
            }
        }
        Ok(map(all, span))
    }

    /// A string that must be known now and not be secret: a name, an address, a path.
    pub(super) fn plain(
        &mut self,
        expr: Option<&E>,
        env: &Env,
        what: &str,
    ) -> Result<Option<Arc<str>>, Failed> {
        let Some(expr) = expr else { return Ok(None) };
        let Some(value) = self.open(expr, env, what)? else { return Ok(None) };
        match &value.kind {
            ValueKind::String(text) => Ok(Some(text.clone())),
            _ => {
                self.diags.push(errors::expected(&format!("a string for {what}"), &value, expr.span));
                Err(Failed)
            }
        }
    }

    /// A value that must be known now and may be shown. `None`: null.
    pub(super) fn open(&mut self, expr: &E, env: &Env, what: &str) -> Result<Option<Value>, Failed> {
        let value = self.eval(expr, env)?;
        let mut reads = Vec::new();
        value.reads(&mut reads);
        if !reads.is_empty() {
            self.diags.push(errors::known_too_late(what, &value, expr.span));
            return Err(Failed);
        }
        if value.has_secret() {
            self.diags.push(errors::secret_in(what, &value, expr.span));
            return Err(Failed);
        }
        Ok((!matches!(value.kind, ValueKind::Null)).then_some(value))
    }

    pub(super) fn flag(&mut self, expr: Option<&E>, env: &Env, what: &str) -> Result<Option<bool>, Failed> {
        let Some(expr) = expr else { return Ok(None) };
        let Some(value) = self.open(expr, env, what)? else { return Ok(None) };
        match value.kind {
            ValueKind::Bool(b) => Ok(Some(b)),
            _ => {
                self.diags.push(errors::expected(&format!("a bool for {what}"), &value, expr.span));
                Err(Failed)
            }
        }
    }

    pub(super) fn duration(
        &mut self,
        expr: Option<&E>,
        env: &Env,
        what: &str,
    ) -> Result<Option<Duration>, Failed> {
        let Some(text) = self.plain(expr, env, what)? else { return Ok(None) };
        let nanos = crate::types::domain::parse_duration(&text).unwrap_or(0);
        match u64::try_from(nanos) {
            Ok(nanos) if nanos > 0 => Ok(Some(Duration::from_nanos(nanos))),
            _ => {
                let value = super::handles::string(
                    text,
                    expr.map_or(Span::new(crate::source::FileId(0), 0, 0), |e| e.span),
                );
                self.diags.push(errors::expected(
                    &format!("a duration above zero for {what}"),
                    &value,
                    value.origin,
                ));
                Err(Failed)
            }
        }
    }

    /// Strings that must be known now and may be shown.
    pub(super) fn strings(
        &mut self,
        expr: Option<&E>,
        env: &Env,
        what: &str,
    ) -> Result<Vec<Arc<str>>, Failed> {
        let Some(expr) = expr else { return Ok(Vec::new()) };
        let Some(value) = self.open(expr, env, what)? else { return Ok(Vec::new()) };
        let mut out = Vec::new();
        if let ValueKind::List(items) = &value.kind {
            for item in items.iter() {
                match &item.kind {
                    ValueKind::String(text) => out.push(text.clone()),
                    _ => {
                        self.diags.push(errors::expected(&format!("strings for {what}"), item, expr.span));
                        return Err(Failed);
                    }
                }
            }
        }
        Ok(out)
    }

    /// Everything that must be there first: what was referred to, and `depends_on`.
    pub(super) fn dependencies(&mut self, explicit: &[E], env: &Env, own: &Address) -> Vec<Address> {
        for expr in explicit {
            match &expr.kind {
                ir::ExprKind::Module(name) => self.depend_on_module(env, name, None),
                ir::ExprKind::Index { base, index } if matches!(base.kind, ir::ExprKind::Module(_)) => {
                    let ir::ExprKind::Module(name) = &base.kind else { continue };
                    let Ok(Some(key)) = self.plain(Some(index), env, "a key") else { continue };
                    self.depend_on_module(env, name, Some(&key));
                }
                _ => {
                    let Ok(value) = self.eval(expr, env) else { continue };
                    match (address_of(&value), &value.kind) {
                        (Some(address), _) => self.touch(&address),
                        (None, ValueKind::Map(instances)) => {
                            for instance in instances.values() {
                                if let Some(address) = address_of(instance) {
                                    self.touch(&address);
                                }
                            }
                        }
                        _ => {}
                    }
                }
            }
        }
        let mut out = std::mem::take(&mut self.touched);
        out.retain(|address| address != own);
        out.sort();
        out.dedup();
        out
    }

    fn depend_on_module(&mut self, env: &Env, name: &Arc<str>, key: Option<&str>) {
        let Ok(children) = self.children(&env.outside(), name) else { return };
        for (_, child) in children.list.iter().filter(|(k, _)| key.is_none() || k.as_deref() == key) {
            self.depend_on_instance(child);
        }
    }

    fn depend_on_instance(&mut self, instance: &Arc<Instance>) {
        let env = Env::new(instance.clone());
        let module = instance.module.clone();
        let blocks = module
            .namespaces
            .keys()
            .map(|n| (Handle::Namespace, n))
            .chain(module.releases.keys().map(|n| (Handle::Release, n)))
            .chain(module.manifests.keys().map(|n| (Handle::Manifest, n)));
        for (handle, name) in blocks.filter(|(h, _)| makes_edge(*h)) {
            let Ok(value) = self.block(&env, handle, name) else { continue };
            match (address_of(&value), &value.kind) {
                (Some(address), _) => self.touch(&address),
                (None, ValueKind::Map(instances)) => {
                    for address in instances.values().filter_map(address_of) {
                        self.touch(&address);
                    }
                }
                _ => {}
            }
        }
        for name in module.calls.keys() {
            self.depend_on_module(&env, name, None);
        }
    }

    /// Reports instead of stopping: for a place where nothing can be pending.
    pub(super) fn settle<T>(&mut self, result: Result<T, Stop>) -> Result<T, Failed> {
        result.map_err(|_| Failed)
    }
}
