//! References to declarations.
//!
//! In: a [`ModuleTree`]. Out: [`Resolved`]; errors about unknown names and circles, warnings about unused ones. Must not
//! know: types; whether a built-in function or type exists.

use std::collections::{BTreeMap, BTreeSet};

use super::order::{self, Edge};
use super::{
    Decl, DeclId, DeclItem, DeclKind, Instance, InstanceId, Module, ModuleId, ModuleTree, Resolved, Target,
    decls, messages as say,
};
use crate::diag::Diags;
use crate::source::Span;
use crate::syntax::ast::{self, Body, BodyItem, EntryKey, Expr, ExprKind, ForVars, Name, Piece};

/// More instances than this are rather a mistake than a stack: modules that call modules twice grow exponentially.
const MAX_INSTANCES: usize = 10_000;

/// Binds the names of all modules.
pub fn resolve(tree: ModuleTree, diags: &mut Diags) -> Resolved {
    let ModuleTree { mut modules, root, sources, order, name } = tree;
    let mut refs = BTreeMap::new();
    let mut orders = Vec::new();
    for module in &modules {
        let mut walk = Walk::new(module, &modules, diags);
        for decl in &module.decls {
            walk.decl(decl);
        }
        refs.append(&mut walk.refs);
        let (edges, used, used_imports) = (walk.edges, walk.used, walk.used_imports);
        orders.push(order_decls(module, &edges, diags));
        if module.intact {
            unused(module, &used, &used_imports, diags);
        }
    }
    for (module, order) in modules.iter_mut().zip(orders) {
        module.order = order;
    }
    let mut resolved =
        Resolved { modules, root, name, order, sources, refs, instances: Vec::new(), releases: Vec::new() };
    instances(&mut resolved, diags);
    resolved.releases = releases(&resolved);
    resolved
}

fn order_decls(module: &Module, edges: &[Vec<Edge>], diags: &mut Diags) -> Vec<DeclId> {
    let ordered = order::order(edges);
    for cycle in &ordered.cycles {
        diags.push(say::reference_cycle(cycle, |n| module.decls.get(n)));
    }
    ordered.order.iter().filter_map(|n| module.decls.get(*n)).map(|d| d.id).collect()
}

fn unused(module: &Module, used: &BTreeSet<u32>, used_imports: &BTreeSet<String>, diags: &mut Diags) {
    for (name, import) in &module.imports {
        if !used_imports.contains(name) {
            diags.push(say::unused_import(import.span, name));
        }
    }
    if module.is_library() {
        return;
    }
    for decl in &module.decls {
        let counts = matches!(decl.kind, DeclKind::Variable | DeclKind::Local)
            && module.find(decl.kind, &decl.name).is_some_and(|first| first.id == decl.id);
        if counts && !used.contains(&decl.id.index) && !decl.name.starts_with('_') {
            diags.push(say::unused(decl));
        }
    }
}

// --------------------------------------------------------------------------------------- instances

/// From the root down, breadth first.
fn instances(resolved: &mut Resolved, diags: &mut Diags) {
    let first = Instance {
        id: InstanceId(0),
        module: resolved.root,
        path: Vec::new(),
        parent: None,
        children: BTreeMap::new(),
    };
    let mut list = vec![first];
    let mut n = 0;
    while let Some(instance) = list.get(n).cloned() {
        n += 1;
        let calls: Vec<&Decl> =
            resolved.module(instance.module).map_or(Vec::new(), |m| m.of_kind(DeclKind::Module).collect());
        for call in calls {
            let Some(module) = resolved.sources.get(&call.id) else { continue };
            if list.len() >= MAX_INSTANCES {
                diags.push(say::too_many_instances(call.name_span, MAX_INSTANCES));
                resolved.instances = list;
                return;
            }
            let id = InstanceId(u32::try_from(list.len()).unwrap_or(u32::MAX));
            let mut path = instance.path.clone();
            path.push(call.name.clone());
            if let Some(parent) = list.get_mut(instance.id.0 as usize) {
                parent.children.insert(call.id, id);
            }
            let parent = Some((instance.id, call.id));
            list.push(Instance { id, module: *module, path, parent, children: BTreeMap::new() });
        }
    }
    resolved.instances = list;
}

/// A child instance is ordered as its `module` block is: whatever refers to its outputs comes later, whatever its inputs
/// refer to comes earlier, and circles through it are circles of the parent module.
fn releases(resolved: &Resolved) -> Vec<(InstanceId, DeclId)> {
    let mut out = Vec::new();
    // Each instance with how many of its declarations have been taken.
    let mut path = vec![(InstanceId(0), 0usize)];
    while let Some((id, taken)) = path.last_mut() {
        let id = *id;
        let next = resolved.instance(id).and_then(|instance| {
            let module = resolved.module(instance.module)?;
            let decl = module.decl(*module.order.get(*taken)?)?;
            Some((instance, decl))
        });
        let Some((instance, decl)) = next else {
            path.pop();
            continue;
        };
        *taken += 1;
        match decl.kind {
            DeclKind::Release => out.push((id, decl.id)),
            DeclKind::Module => path.extend(instance.children.get(&decl.id).map(|child| (*child, 0))),
            _ => {}
        }
    }
    out
}

// ---------------------------------------------------------------------------------------- the walk

/// Whether `each` means something.
#[derive(Clone, Copy, PartialEq)]
enum Each {
    No,
    /// In the `for_each` itself.
    Being,
    Yes,
}

struct Walk<'a> {
    module: &'a Module,
    modules: &'a [Module],
    diags: &'a mut Diags,
    refs: BTreeMap<Span, Target>,
    /// By index of the declaration.
    edges: Vec<Vec<Edge>>,
    used: BTreeSet<u32>,
    used_imports: BTreeSet<String>,
    index: BTreeMap<(DeclKind, &'a str), DeclId>,
    /// The declaration that is being walked.
    current: usize,
    /// False where a reference is no dependency: a variable's `validation`.
    depends: bool,
    each: Each,
    /// Loop variables, parameters and local values of functions, innermost last.
    scope: Vec<String>,
}

impl<'a> Walk<'a> {
    fn new(module: &'a Module, modules: &'a [Module], diags: &'a mut Diags) -> Self {
        let mut index = BTreeMap::new();
        for decl in &module.decls {
            index.entry((decl.kind, decl.name.as_str())).or_insert(decl.id);
        }
        Walk {
            module,
            modules,
            diags,
            refs: BTreeMap::new(),
            edges: vec![Vec::new(); module.decls.len()],
            used: BTreeSet::new(),
            used_imports: BTreeSet::new(),
            index,
            current: 0,
            depends: true,
            each: Each::No,
            scope: Vec::new(),
        }
    }

    fn decl(&mut self, decl: &Decl) {
        self.current = decl.id.index as usize;
        self.depends = true;
        self.each = Each::No;
        match &decl.item {
            DeclItem::Block(block) => {
                let for_each = block.body.attr("for_each").filter(|_| decl.kind.takes_for_each());
                if for_each.is_some() {
                    self.each = Each::Yes;
                }
                self.body(&block.body, decl.kind, true);
            }
            DeclItem::Local(attr) => self.expr(&attr.value),
            DeclItem::Type(alias) => self.ty(&alias.ty),
            DeclItem::Function(function) => self.function(function),
        }
    }

    fn function(&mut self, function: &ast::Function) {
        let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
        let locals = function.locals.iter().map(|l| &l.name);
        for name in function.params.iter().map(|p| &p.name).chain(locals) {
            if let Some(first) = seen.get(name.text.as_str()) {
                self.diags.push(say::duplicate_in_function(&name.text, name.span, *first));
            } else {
                seen.insert(&name.text, name.span);
            }
        }
        for param in &function.params {
            if let Some(ty) = &param.ty {
                self.ty(ty);
            }
            if let Some(default) = &param.default {
                self.expr(default);
            }
        }
        if let Some(returns) = &function.returns {
            self.ty(returns);
        }
        self.scope.extend(function.params.iter().map(|p| p.name.text.clone()));
        for local in &function.locals {
            self.expr(&local.value);
            self.scope.push(local.name.text.clone());
        }
        self.expr(&function.result);
        self.scope.clear();
    }

    fn body(&mut self, body: &Body, kind: DeclKind, top: bool) {
        for item in &body.items {
            match item {
                BodyItem::Block(block) => {
                    let depends = self.depends;
                    if kind == DeclKind::Variable && block.kind.text == "validation" {
                        self.depends = false;
                    }
                    self.body(&block.body, kind, false);
                    self.depends = depends;
                }
                BodyItem::Attr(attr) => match attr.name.text.as_str() {
                    "type"
                        if top
                            && matches!(kind, DeclKind::Variable | DeclKind::Output | DeclKind::Secret) =>
                    {
                        self.ty(&attr.value);
                    }
                    // Names what is no longer declared.
                    "from" if top && matches!(kind, DeclKind::Moved | DeclKind::Removed) => {}
                    "for_each" if top && self.each == Each::Yes => {
                        self.each = Each::Being;
                        self.expr(&attr.value);
                        self.each = Each::Yes;
                    }
                    _ => self.expr(&attr.value),
                },
            }
        }
    }

    // --------------------------------------------------------------------------------- expressions

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Attr { base, name } => {
                if let ExprKind::Var(root) = &base.kind
                    && !self.in_scope(root)
                    && self.member(expr, root, name)
                {
                    return;
                }
                self.expr(base);
            }
            ExprKind::MethodCall { base, name, args } => {
                for arg in &args.list {
                    self.expr(arg);
                }
                match &base.kind {
                    ExprKind::Var(root)
                        if !self.in_scope(root) && self.module.imports.contains_key(&root.text) =>
                    {
                        self.imported(expr, root, name, DeclKind::Function);
                    }
                    _ => self.expr(base),
                }
            }
            ExprKind::Call { name, args } => {
                for arg in &args.list {
                    self.expr(arg);
                }
                if let Some(id) = self.index.get(&(DeclKind::Function, name.text.as_str())).copied() {
                    self.refer(expr.span, id);
                }
            }
            ExprKind::Var(name) => {
                if !self.in_scope(name) {
                    self.unknown_word(expr.span, name);
                }
            }
            ExprKind::Index { base, index } => {
                self.expr(index);
                match &base.kind {
                    ExprKind::Var(root) if !self.in_scope(root) && decls::is_root(&root.text) => {
                        self.diags.push(say::root_indexed(expr.span, &root.text, index.as_str()));
                    }
                    _ => self.expr(base),
                }
            }
            ExprKind::ForList { vars, iter, value, cond } => {
                self.expr(iter);
                self.within(vars, |w| {
                    w.expr(value);
                    cond.iter().for_each(|c| w.expr(c));
                });
            }
            ExprKind::ForObject { vars, iter, key, value, cond, .. } => {
                self.expr(iter);
                self.within(vars, |w| {
                    w.expr(key);
                    w.expr(value);
                    cond.iter().for_each(|c| w.expr(c));
                });
            }
            ExprKind::Template(pieces) => self.pieces(pieces),
            _ => expr.children().into_iter().for_each(|child| self.expr(child)),
        }
    }

    fn pieces(&mut self, pieces: &[Piece]) {
        for piece in pieces {
            match piece {
                Piece::Lit { .. } => {}
                Piece::Interp(expr) => self.expr(expr),
                Piece::If { cond, then, otherwise, .. } => {
                    self.expr(cond);
                    self.pieces(then);
                    self.pieces(otherwise);
                }
                Piece::For { vars, iter, body, .. } => {
                    self.expr(iter);
                    self.within(vars, |w| w.pieces(body));
                }
            }
        }
    }

    fn within(&mut self, vars: &ForVars, f: impl FnOnce(&mut Self)) {
        let outside = self.scope.len();
        self.scope.extend(vars.key.iter().map(|n| n.text.clone()));
        self.scope.push(vars.value.text.clone());
        f(self);
        self.scope.truncate(outside);
    }

    /// An expression in the place of a type: only aliases are bound here, since `types` knows the built-in names.
    fn ty(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Var(name) => {
                if let Some(id) = self.index.get(&(DeclKind::Type, name.text.as_str())).copied() {
                    self.refer(expr.span, id);
                }
            }
            ExprKind::Attr { base, name } => {
                if let ExprKind::Var(root) = &base.kind
                    && self.module.imports.contains_key(&root.text)
                {
                    self.imported(expr, root, name, DeclKind::Type);
                }
            }
            ExprKind::Call { name, args } if name.text == "optional" => {
                let mut list = args.list.iter();
                list.next().iter().for_each(|t| self.ty(t));
                list.for_each(|default| self.expr(default));
            }
            ExprKind::Call { args, .. } => args.list.iter().for_each(|t| self.ty(t)),
            ExprKind::Object(entries) => {
                for entry in entries {
                    if let EntryKey::Expr(key) = &entry.key {
                        self.expr(key);
                    }
                    self.ty(&entry.value);
                }
            }
            ExprKind::List(items) => items.iter().for_each(|t| self.ty(t)),
            _ => {}
        }
    }

    // ----------------------------------------------------------------------------------- references

    fn in_scope(&self, name: &Name) -> bool {
        self.scope.contains(&name.text)
    }

    fn refer(&mut self, span: Span, id: DeclId) {
        self.refs.insert(span, Target::Decl(id));
        if id.module != self.module.id {
            return;
        }
        self.used.insert(id.index);
        let to = id.index as usize;
        if self.depends
            && let Some(edges) = self.edges.get_mut(self.current)
            && !edges.iter().any(|e| e.to == to)
        {
            edges.push(Edge { to, at: span });
        }
    }

    /// `root.name`; false when `root` begins no reference, so that it is to be looked at alone.
    fn member(&mut self, expr: &Expr, root: &Name, name: &Name) -> bool {
        if root.text == "each" {
            self.each(expr.span, name);
            return true;
        }
        if self.module.imports.contains_key(&root.text) {
            self.used_imports.insert(root.text.clone());
            self.misused_import(expr, root, name);
            return true;
        }
        if self.module.lost_imports.contains(&root.text) {
            return true;
        }
        let Some(kind) = DeclKind::of_root(&root.text) else { return false };
        match self.index.get(&(kind, name.text.as_str())).copied() {
            Some(id) => self.refer(expr.span, id),
            None if self.module.complete => {
                let names: Vec<&str> = self.module.of_kind(kind).map(|d| d.name.as_str()).collect();
                let other = self.declared_as(&name.text).filter(|d| d.kind != kind);
                self.diags.push(say::unknown_decl(name.span, kind, &name.text, &names, other));
            }
            None => {}
        }
        true
    }

    /// Something that can be referred to and has this name.
    fn declared_as(&self, name: &str) -> Option<&'a Decl> {
        self.module.decls.iter().find(|d| d.name == name && d.kind.root().is_some_and(|r| !r.is_empty()))
    }

    fn each(&mut self, span: Span, name: &Name) {
        match (self.each, name.text.as_str()) {
            (Each::Yes, "key") => {
                self.refs.insert(span, Target::EachKey);
            }
            (Each::Yes, "value") => {
                self.refs.insert(span, Target::EachValue);
            }
            (Each::Yes, other) => self.diags.push(say::unknown_each(name.span, other)),
            (Each::Being, _) => self.diags.push(say::each_in_for_each(span)),
            (Each::No, _) => {
                let kind = self.module.decls.get(self.current).map(|d| d.kind);
                self.diags.push(say::each_without_for_each(span, kind));
            }
        }
    }

    /// A function or type of an imported library.
    fn imported(&mut self, expr: &Expr, root: &Name, name: &Name, kind: DeclKind) {
        self.used_imports.insert(root.text.clone());
        let Some(library) = self.library(root) else { return };
        match library.find(kind, &name.text) {
            Some(decl) => self.refer(expr.span, decl.id),
            None if library.complete => {
                let names: Vec<&str> = library.of_kind(kind).map(|d| d.name.as_str()).collect();
                self.diags.push(say::unknown_import_member(name.span, &root.text, kind, &name.text, &names));
            }
            None => {}
        }
    }

    fn library(&self, root: &Name) -> Option<&'a Module> {
        let ModuleId(n) = self.module.imports.get(&root.text)?.library;
        self.modules.get(n as usize)
    }

    /// `aws.irsa` as a value: functions are no values.
    fn misused_import(&mut self, expr: &Expr, root: &Name, name: &Name) {
        let Some(library) = self.library(root) else { return };
        if library.find(DeclKind::Function, &name.text).is_some() {
            self.diags.push(say::function_as_value(expr.span, &format!("{}.{}", root.text, name.text)));
        } else if library.complete {
            let names: Vec<&str> = library.of_kind(DeclKind::Function).map(|d| d.name.as_str()).collect();
            self.diags.push(say::unknown_import_member(
                name.span,
                &root.text,
                DeclKind::Function,
                &name.text,
                &names,
            ));
        }
    }

    /// A bare word that is in no scope.
    fn unknown_word(&mut self, span: Span, name: &Name) {
        let text = name.text.as_str();
        if text == "each" {
            let kind = self.module.decls.get(self.current).map(|d| d.kind);
            if self.each == Each::Yes {
                self.diags.push(say::bare_root(span, text, &["key", "value"]));
            } else {
                self.diags.push(say::each_without_for_each(span, kind));
            }
            return;
        }
        if let Some(kind) = DeclKind::of_root(text) {
            let names: Vec<&str> = self.module.of_kind(kind).map(|d| d.name.as_str()).collect();
            self.diags.push(say::bare_root(span, text, &names));
            return;
        }
        if self.module.lost_imports.contains(text) {
            return;
        }
        if self.module.imports.contains_key(text) {
            self.used_imports.insert(text.to_string());
            let names: Vec<&str> = self
                .library(name)
                .map_or(Vec::new(), |l| l.of_kind(DeclKind::Function).map(|d| d.name.as_str()).collect());
            self.diags.push(say::bare_root(span, text, &names));
            return;
        }
        if self.index.contains_key(&(DeclKind::Function, text)) {
            self.diags.push(say::function_as_value(span, text));
            return;
        }
        if let Some(diag) = say::foreign_word(span, text) {
            self.diags.push(diag);
            return;
        }
        let declared = self.declared_as(text);
        let roots = DeclKind::ALL.into_iter().filter_map(DeclKind::root).filter(|r| !r.is_empty());
        let words: Vec<String> = self
            .scope
            .iter()
            .cloned()
            .chain(self.module.imports.keys().cloned())
            .chain(roots.map(str::to_string))
            .collect();
        self.diags.push(say::unknown_word(span, text, declared, &words));
    }
}
