//! The interpreter: typed expressions to values.
//!
//! In: an [`ir::Expr`] and its [`Env`]. Out: a [`Value`]. Where an operation needs what only a rendered release can
//! tell, the whole operation becomes a pending value that keeps its expression and environment; containers keep
//! pending parts. Every failure is reported where it happens; whatever needs the failed value stops silently.

use super::convert;
use super::desired::Address;
use super::errors;
use super::funcs;
use super::pending::Delayed;
use super::scope::{Env, Known, Lookup, Slot};
use super::value::{Renderings, Value, ValueKind};
use crate::diag::{Diag, Diags};
use crate::source::{Span, World};
use crate::types::ir::{self, E, ExprKind, Key};
use crate::types::signatures::Rule;
use crate::types::ty::{Handle, Ty};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Operations of one run: far more than a configuration of thousands of releases needs, and over in seconds.
const MAX_STEPS: u64 = 5_000_000;
/// Expressions within expressions, through calls: what a stack of [`STACK_SIZE`] holds with ease.
const MAX_DEPTH: u32 = 2_000;
/// Bytes of one string.
pub const MAX_STRING: usize = 16 << 20;
/// Parts of one value, all levels together.
pub const MAX_PARTS: usize = 1_000_000;

/// Stack of the thread that evaluates.
const STACK_SIZE: usize = 256 << 20;

/// Runs something that recurses with the depth of what is written. Where no thread can be had, it runs here.
pub fn on_a_large_stack<R: Send>(diags: &mut Diags, work: impl Fn(&mut Diags) -> R + Sync) -> R {
    let done = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_SIZE);
        let work = &work;
        match thread.spawn_scoped(scope, {
            let diags = &mut *diags;
            move || work(diags)
        }) {
            Ok(handle) => Some(handle.join()),
            Err(_) => None,
        }
    });
    match done {
        Some(Ok(result)) => result,
        // A panic was a bug, and is passed on as one.
        Some(Err(panic)) => std::panic::resume_unwind(panic),
        None => work(diags),
    }
}

/// Levels of one value.
const MAX_LEVELS: usize = 200;

/// Why there is no value.
#[derive(Debug)]
pub enum Stop {
    /// Reported already.
    Failed,
    /// These have to be rendered first.
    Pending(Vec<Address>),
}

/// Reported already.
#[derive(Clone, Copy, Debug)]
pub struct Failed;

impl From<Failed> for Stop {
    fn from(_: Failed) -> Stop {
        Stop::Failed
    }
}

pub struct Run<'a> {
    /// Absent while a pending value is completed.
    pub world: Option<&'a dyn World>,
    pub renderings: Option<&'a dyn Renderings>,
    pub diags: &'a mut Diags,
    /// Blocks that were referred to; their order is that of first reference.
    pub touched: Vec<Address>,
    steps: u64,
    depth: u32,
}

impl<'a> Run<'a> {
    pub fn new(
        world: Option<&'a dyn World>,
        renderings: Option<&'a dyn Renderings>,
        diags: &'a mut Diags,
    ) -> Self {
        Run { world, renderings, diags, touched: Vec::new(), steps: 0, depth: 0 }
    }

    pub fn fail<T>(&mut self, diag: Diag) -> Result<T, Stop> {
        self.diags.push(diag);
        Err(Stop::Failed)
    }

    pub fn touch(&mut self, address: &Address) {
        if !self.touched.contains(address) {
            self.touched.push(address.clone());
        }
    }

    /// The value of an expression, pending where it has to be.
    pub fn eval(&mut self, expr: &E, env: &Env) -> Result<Value, Failed> {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            // Said once: everything that is left fails for the same reason.
            if self.steps == MAX_STEPS + 1 {
                self.diags.push(errors::too_many_steps(expr.span));
            }
            return Err(Failed);
        }
        if self.depth >= MAX_DEPTH {
            self.diags.push(errors::too_deep(expr.span));
            return Err(Failed);
        }
        self.depth += 1;
        let found = self.step(expr, env);
        self.depth -= 1;
        match found {
            Ok(value) => Ok(value),
            Err(Stop::Failed) => Err(Failed),
            Err(Stop::Pending(mut reads)) => {
                reads.sort();
                reads.dedup();
                self.warm(expr, env);
                let secret = expr.ty.reveal_deep().1;
                let thunk = Delayed { expr: expr.clone(), env: env.clone(), reads };
                Ok(Value { kind: ValueKind::Pending(Arc::new(thunk)), origin: expr.span, secret })
            }
        }
    }

    /// The value, at least its outermost part known.
    pub fn known(&mut self, expr: &E, env: &Env) -> Result<Value, Stop> {
        let value = self.eval(expr, env)?;
        self.force(value)
    }

    /// Fills the outermost part in, where renderings are at hand.
    pub fn force(&mut self, value: Value) -> Result<Value, Stop> {
        let ValueKind::Pending(thunk) = &value.kind else { return Ok(value) };
        let Some(renderings) = self.renderings else { return Err(Stop::Pending(thunk.reads().to_vec())) };
        match thunk.resolve(renderings) {
            Ok(mut found) => {
                found.secret |= value.secret;
                Ok(found)
            }
            Err(diag) => self.fail(*diag),
        }
    }

    /// Fills everything in, at any depth.
    pub(super) fn force_deep(&mut self, value: Value) -> Result<Value, Stop> {
        let mut reads = Vec::new();
        value.reads(&mut reads);
        if reads.is_empty() && !matches!(value.kind, ValueKind::Pending(_)) {
            return Ok(value);
        }
        match self.renderings {
            None => Err(Stop::Pending(reads)),
            Some(renderings) => match value.resolve(renderings) {
                Ok(value) => Ok(value),
                Err(diag) => self.fail(*diag),
            },
        }
    }

    fn step(&mut self, expr: &E, env: &Env) -> Result<Value, Stop> {
        let span = expr.span;
        let make = |kind| Ok(Value::new(kind, span));
        match &expr.kind {
            ExprKind::Error => Err(Stop::Failed),
            ExprKind::Null => make(ValueKind::Null),
            ExprKind::Bool(b) => make(ValueKind::Bool(*b)),
            ExprKind::Int(n) => make(ValueKind::Int(*n)),
            ExprKind::Float(n) => make(convert::number(*n)),
            ExprKind::Str(text) => make(ValueKind::String(text.clone())),
            ExprKind::Template(pieces) => {
                let mut out = String::new();
                let mut secret = false;
                self.pieces(pieces, env, &mut out, &mut secret, span)?;
                Ok(Value { kind: ValueKind::String(out.into()), origin: span, secret })
            }
            ExprKind::List(items) => {
                let items = items.iter().map(|item| self.eval(item, env)).collect::<Vec<_>>();
                make(ValueKind::List(Arc::new(items.into_iter().collect::<Result<_, _>>()?)))
            }
            ExprKind::Object(entries) => self.object(entries, env, span),
            ExprKind::Variable(name) => {
                let Some(known) = env.instance.variables.get(name) else { return Err(Stop::Failed) };
                self.recall(known)
            }
            ExprKind::Local(name) => self.local(env, name),
            ExprKind::EachKey => env.each.as_ref().map(|e| e.0.clone()).ok_or(Stop::Failed),
            ExprKind::EachValue => env.each.as_ref().map(|e| e.1.clone()).ok_or(Stop::Failed),
            ExprKind::Bound(name) => env.bound(name).ok_or(Stop::Failed),
            ExprKind::Block { handle, name } => self.block(env, *handle, name),
            ExprKind::Module(name) => self.outputs(env, name),
            ExprKind::Attr { base, name, default } => {
                let base_value = self.known(base, env)?;
                let ValueKind::Map(entries) = &base_value.kind else {
                    return self.fail(errors::no_fields(&base_value, name, span, base.span));
                };
                match (entries.get(name), default) {
                    (Some(found), _) => Ok(found.clone().taint(base_value.secret)),
                    (None, Some(default)) => Ok(self.eval(default, &env.outside())?.taint(base_value.secret)),
                    (None, None) => match base.ty.reveal().0 {
                        Ty::Object(_) => {
                            Ok(Value { kind: ValueKind::Null, origin: span, secret: base_value.secret })
                        }
                        _ => self.fail(errors::no_key(name, entries, span, &base_value)),
                    },
                }
            }
            ExprKind::Index { base, index } => self.index(base, index, env, span),
            ExprKind::HandleAttr { base, handle, name } => {
                let base = self.known(base, env)?;
                self.handle_attr(&base, *handle, name, span)
            }
            ExprKind::Method { base, handle, name, args, name_span } => {
                let base = self.known(base, env)?;
                let mut known = Vec::new();
                for arg in args {
                    known.push(self.known(arg, env)?);
                }
                self.method(&base, *handle, name, &known, span, *name_span)
            }
            ExprKind::Splat { base, each } => {
                let base = self.known(base, env)?;
                let items: Vec<Value> = match &base.kind {
                    ValueKind::Null => Vec::new(),
                    ValueKind::List(items) => items.to_vec(),
                    _ => vec![base.clone()],
                };
                let name: Arc<str> = ir::SPLAT_ITEM.into();
                let mut out = Vec::new();
                for item in items {
                    let env = self.bind(env, &name, item)?;
                    out.push(self.eval(each, &env)?);
                }
                Ok(Value { kind: ValueKind::List(Arc::new(out)), origin: span, secret: base.secret })
            }
            ExprKind::Builtin { signature, args, expand } => {
                let rule = signature.rule;
                match rule {
                    Rule::Try | Rule::Can => return self.attempt(rule, args, env, span),
                    _ => {}
                }
                let mut values = Vec::new();
                for arg in args {
                    values.push(self.known(arg, env)?);
                }
                if *expand {
                    let Some(last) = values.pop() else { return Err(Stop::Failed) };
                    let at = args.last().map_or(span, |a| a.span);
                    let secret = last.secret;
                    let ValueKind::List(items) = last.kind else {
                        return self.fail(errors::not_expandable(&last, at));
                    };
                    for item in items.iter() {
                        values.push(self.force(item.clone())?.taint(secret));
                    }
                }
                let mut secret = false;
                if !rule.keeps_parts() {
                    for value in &mut values {
                        *value = self.force_deep(value.clone())?;
                        secret |= value.has_secret();
                    }
                } else if matches!(rule, Rule::Flatten) {
                    secret |= values.iter().any(|v| v.secret);
                }
                let mut value = funcs::call(self, signature, &values, span, env)?;
                value.origin = span;
                value.secret |= secret;
                if signature.name == "sensitive" {
                    value.secret = true;
                }
                self.bounded(value)
            }
            ExprKind::Call { function, args, expand } => {
                self.call(function, args, *expand, env, span).map(|v| v.from(span))
            }
            ExprKind::Not(inner) => {
                let value = self.known(inner, env)?;
                let b = self.truth(&value, inner.span)?;
                Ok(Value { kind: ValueKind::Bool(!b), origin: span, secret: value.secret })
            }
            ExprKind::Neg(inner) => {
                let value = self.known(inner, env)?;
                let kind = match &value.kind {
                    ValueKind::Int(n) => match n.checked_neg() {
                        Some(n) => ValueKind::Int(n),
                        None => return self.fail(errors::overflow(span)),
                    },
                    ValueKind::Float(n) => ValueKind::Float(-n),
                    _ => return self.fail(errors::expected("a number", &value, inner.span)),
                };
                Ok(Value { kind, origin: span, secret: value.secret })
            }
            ExprKind::Binary { op, left, right } => self.binary(*op, left, right, env, span),
            ExprKind::Conditional { cond, then, otherwise } => {
                let value = self.known(cond, env)?;
                let b = self.truth(&value, cond.span)?;
                Ok(self.eval(if b { then } else { otherwise }, env)?.taint(value.secret))
            }
            ExprKind::ForList { key, value_name, iter, value, cond } => {
                let (pairs, secret) = self.pairs(iter, env)?;
                let mut out = Vec::new();
                let mut tainted = secret;
                for pair in pairs {
                    let env = self.bind_pair(env, key.as_ref(), value_name, pair, secret)?;
                    if self.keep(cond.as_ref(), &env, &mut tainted)? {
                        out.push(self.eval(value, &env)?);
                    }
                }
                self.bounded(Value { kind: ValueKind::List(Arc::new(out)), origin: span, secret: tainted })
            }
            ExprKind::ForObject { key_name, value_name, iter, key, value, group, cond } => {
                let (pairs, secret) = self.pairs(iter, env)?;
                let mut out: BTreeMap<Arc<str>, Value> = BTreeMap::new();
                let mut groups: BTreeMap<Arc<str>, Vec<Value>> = BTreeMap::new();
                let mut tainted = secret;
                for pair in pairs {
                    let env = self.bind_pair(env, key_name.as_ref(), value_name, pair, secret)?;
                    if !self.keep(cond.as_ref(), &env, &mut tainted)? {
                        continue;
                    }
                    let name = self.known(key, &env)?;
                    tainted |= name.secret;
                    let name = self.text(&name, key.span)?;
                    let value = self.eval(value, &env)?;
                    if *group {
                        groups.entry(name).or_default().push(value);
                    } else if out.insert(name.clone(), value).is_some() {
                        return self.fail(errors::repeated_key(&name, key.span, tainted));
                    }
                }
                for (name, values) in groups {
                    out.insert(name, Value::new(ValueKind::List(Arc::new(values)), span));
                }
                self.bounded(Value { kind: ValueKind::Map(Arc::new(out)), origin: span, secret: tainted })
            }
            ExprKind::Match { subject, arms } => {
                let value = self.known(subject, env)?;
                let arm = arms.iter().find(|arm| arm.patterns.iter().any(|p| fits(p, &value.kind)));
                match arm {
                    Some(arm) => Ok(self.eval(&arm.body, env)?.taint(value.secret)),
                    None => self.fail(errors::no_case(&value, subject.span)),
                }
            }
            ExprKind::Convert { expr: inner, why } => {
                let value = self.known(inner, env)?;
                let defaults = &mut |default: &E| self.eval(default, &env.outside()).ok();
                match convert::convert(&value, &expr.ty, defaults) {
                    Ok(mut value) => {
                        // A secret of a plain value is one from here on.
                        value.secret |= expr.ty.reveal().1;
                        Ok(value)
                    }
                    Err(problem) => self.fail(errors::not_convertible(&problem, &value, inner.span, why)),
                }
            }
        }
    }

    /// A value worked out before, with what it refers to.
    fn recall(&mut self, known: &Known) -> Result<Value, Stop> {
        for address in &known.touched {
            self.touch(address);
        }
        known.value.clone().ok_or(Stop::Failed)
    }

    /// Works something out once for an instance.
    pub fn once(
        &mut self,
        env: &Env,
        slot: Slot,
        work: impl FnOnce(&mut Self) -> Result<Value, Failed>,
    ) -> Result<Value, Stop> {
        match env.instance.enter(&slot) {
            Lookup::Found(known) => self.recall(&known),
            Lookup::Circular => Err(Stop::Failed),
            Lookup::Missing => {
                let outer = std::mem::take(&mut self.touched);
                let value = work(self).ok();
                let known = Known { value, touched: std::mem::replace(&mut self.touched, outer) };
                env.instance.leave(slot, known.clone());
                self.recall(&known)
            }
        }
    }

    pub fn local(&mut self, env: &Env, name: &Arc<str>) -> Result<Value, Stop> {
        let module = env.instance.module.clone();
        let Some(expr) = module.locals.get(name) else { return Err(Stop::Failed) };
        let outside = env.outside();
        self.once(env, Slot::Local(name.clone()), |run| {
            let value = run.eval(expr, &outside)?;
            run.bounded(value).map_err(|_| Failed)
        })
    }

    fn object(&mut self, entries: &[(Key, E)], env: &Env, span: Span) -> Result<Value, Stop> {
        let mut out: BTreeMap<Arc<str>, Value> = BTreeMap::new();
        let mut failed = false;
        let mut secret = false;
        for (key, value) in entries {
            let name = match key {
                Key::Name(name) => name.clone(),
                Key::Expr(key) => {
                    let value = self.known(key, env)?;
                    secret |= value.secret;
                    self.text(&value, key.span)?
                }
            };
            // The other entries are worth their messages too.
            let Ok(found) = self.eval(value, env) else {
                failed = true;
                continue;
            };
            if out.insert(name.clone(), found).is_some() {
                let at = match key {
                    Key::Expr(key) => key.span,
                    Key::Name(_) => value.span,
                };
                return self.fail(errors::repeated_key(&name, at, secret));
            }
        }
        if failed {
            return Err(Stop::Failed);
        }
        Ok(Value { kind: ValueKind::Map(Arc::new(out)), origin: span, secret })
    }

    fn pieces(
        &mut self,
        pieces: &[ir::Piece],
        env: &Env,
        out: &mut String,
        secret: &mut bool,
        span: Span,
    ) -> Result<(), Stop> {
        for piece in pieces {
            match piece {
                ir::Piece::Lit(text) => out.push_str(text),
                ir::Piece::Interp(expr) => {
                    let value = self.known(expr, env)?;
                    *secret |= value.secret;
                    let text = self.text(&value, expr.span)?;
                    out.push_str(&text);
                }
                ir::Piece::If { cond, then, otherwise } => {
                    let value = self.known(cond, env)?;
                    *secret |= value.secret;
                    let chosen = if self.truth(&value, cond.span)? { then } else { otherwise };
                    self.pieces(chosen, env, out, secret, span)?;
                }
                ir::Piece::For { key, value_name, iter, body } => {
                    let (pairs, iter_secret) = self.pairs(iter, env)?;
                    *secret |= iter_secret;
                    for pair in pairs {
                        let env = self.bind_pair(env, key.as_ref(), value_name, pair, iter_secret)?;
                        self.steps += 1;
                        self.pieces(body, &env, out, secret, span)?;
                    }
                }
            }
            if out.len() > MAX_STRING {
                return self.fail(errors::too_long(span));
            }
        }
        Ok(())
    }

    fn index(&mut self, base: &E, index: &E, env: &Env, span: Span) -> Result<Value, Stop> {
        let base_value = self.known(base, env)?;
        let key = self.known(index, env)?;
        let secret = base_value.secret || key.secret;
        match (&base_value.kind, &key.kind) {
            (ValueKind::List(items), ValueKind::Int(n)) => {
                match usize::try_from(*n).ok().and_then(|n| items.get(n)) {
                    Some(found) => Ok(found.clone().taint(secret)),
                    None => self.fail(errors::out_of_range(*n, items.len(), index.span, &base_value)),
                }
            }
            (ValueKind::Map(entries), ValueKind::String(name)) => match entries.get(name) {
                Some(found) => Ok(found.clone().taint(secret)),
                None => match (base.ty.reveal().0, &base.kind) {
                    (Ty::Object(o), kind)
                        if o.fields.contains_key(name)
                            && !matches!(kind, ExprKind::Block { .. } | ExprKind::Module(_)) =>
                    {
                        Ok(Value { kind: ValueKind::Null, origin: span, secret })
                    }
                    _ => self.fail(errors::no_key(name, entries, index.span, &base_value)),
                },
            },
            (ValueKind::List(_), _) => self.fail(errors::expected("a whole number", &key, index.span)),
            (ValueKind::Map(_), _) => self.fail(errors::expected("a string", &key, index.span)),
            _ => self.fail(errors::not_indexable(&base_value, base.span)),
        }
    }

    /// Keys and values of anything that `for` goes over.
    fn pairs(&mut self, iter: &E, env: &Env) -> Result<(Vec<(Value, Value)>, bool), Stop> {
        let value = self.known(iter, env)?;
        let is_set = matches!(iter.ty.reveal().0, Ty::Set(_));
        let span = iter.span;
        let pairs = match &value.kind {
            ValueKind::List(items) => items
                .iter()
                .enumerate()
                .map(|(n, item)| {
                    let index = Value::new(ValueKind::Int(i64::try_from(n).unwrap_or(i64::MAX)), span);
                    (if is_set { item.clone() } else { index }, item.clone())
                })
                .collect(),
            ValueKind::Map(entries) => entries
                .iter()
                .map(|(name, item)| (Value::new(ValueKind::String(name.clone()), item.origin), item.clone()))
                .collect(),
            _ => return self.fail(errors::expected("a list, set or map", &value, span)),
        };
        Ok((pairs, value.secret))
    }

    fn keep(&mut self, cond: Option<&E>, env: &Env, tainted: &mut bool) -> Result<bool, Stop> {
        let Some(cond) = cond else { return Ok(true) };
        let value = self.known(cond, env)?;
        *tainted |= value.secret;
        self.truth(&value, cond.span)
    }

    fn attempt(&mut self, rule: Rule, args: &[E], env: &Env, span: Span) -> Result<Value, Stop> {
        let mut last = None;
        for arg in args {
            let mut own = Diags::default();
            std::mem::swap(self.diags, &mut own);
            let found = self.known(arg, env);
            std::mem::swap(self.diags, &mut own);
            match (found, rule) {
                (Err(Stop::Pending(reads)), _) => return Err(Stop::Pending(reads)),
                (Ok(value), Rule::Can) => {
                    return Ok(Value { kind: ValueKind::Bool(true), origin: span, secret: value.secret });
                }
                (Err(Stop::Failed), Rule::Can) => return Ok(Value::new(ValueKind::Bool(false), span)),
                (Ok(value), _) => return Ok(value),
                (Err(Stop::Failed), _) => last = Some(own),
            }
        }
        let why = last.and_then(|diags| diags.iter().next().map(|d| d.message.clone()));
        self.fail(errors::nothing_worked(why.as_deref(), span))
    }

    fn call(
        &mut self,
        function: &ir::Function,
        args: &[E],
        expand: bool,
        env: &Env,
        span: Span,
    ) -> Result<Value, Stop> {
        let mut secret = false;
        let mut values = Vec::new();
        for arg in args {
            let value = self.eval(arg, env)?;
            secret |= value.has_secret();
            values.push(value);
        }
        if expand && let Some(last) = values.pop() {
            let last = self.force(last)?;
            let ValueKind::List(items) = &last.kind else {
                return self.fail(errors::not_expandable(&last, span));
            };
            values.extend(items.iter().cloned());
        }
        let mut inner = env.outside();
        let mut values = values.into_iter();
        for param in &function.params {
            let value = if param.variadic {
                Value::new(ValueKind::List(Arc::new(values.by_ref().collect())), span)
            } else {
                match (values.next(), &param.default) {
                    (Some(value), _) => value,
                    (None, Some(default)) => self.eval(default, &env.outside())?,
                    (None, None) => return Err(Stop::Failed),
                }
            };
            inner = self.bind(&inner, &param.name, value)?;
        }
        Ok(self.body(function, inner)?.taint(secret))
    }

    fn body(&mut self, function: &ir::Function, mut env: Env) -> Result<Value, Stop> {
        for (name, local) in &function.locals {
            let value = self.eval(local, &env)?;
            env = self.bind(&env, name, value)?;
        }
        Ok(self.eval(&function.result, &env)?)
    }

    pub fn truth(&mut self, value: &Value, span: Span) -> Result<bool, Stop> {
        match &value.kind {
            ValueKind::Bool(b) => Ok(*b),
            _ => self.fail(errors::expected("a bool", value, span)),
        }
    }

    /// As written into a template.
    pub fn text(&mut self, value: &Value, span: Span) -> Result<Arc<str>, Stop> {
        match convert::text(&value.kind) {
            Some(text) => Ok(text),
            None => self.fail(errors::expected("a string, number or bool", value, span)),
        }
    }

    /// The environment with one more name. What has a name can be used twice in the next, so it is bounded.
    fn bind(&mut self, env: &Env, name: &Arc<str>, value: Value) -> Result<Env, Stop> {
        let value = match value.kind {
            ValueKind::List(_) | ValueKind::Map(_) => self.bounded(value)?,
            _ => value,
        };
        Ok(env.bind(name, value))
    }

    fn bind_pair(
        &mut self,
        env: &Env,
        key: Option<&Arc<str>>,
        name: &Arc<str>,
        (k, v): (Value, Value),
        secret: bool,
    ) -> Result<Env, Stop> {
        let env = match key {
            Some(key) => self.bind(env, key, k.taint(secret))?,
            None => env.clone(),
        };
        self.bind(&env, name, v.taint(secret))
    }

    /// The value, unless it has grown beyond all reason.
    pub fn bounded(&mut self, value: Value) -> Result<Value, Stop> {
        let mut left = MAX_PARTS;
        let mut bytes = 4 * MAX_STRING;
        if value.fits(&mut left, &mut bytes, MAX_LEVELS) {
            return Ok(value);
        }
        self.fail(errors::too_large(value.origin))
    }

    /// Reads the files that a pending expression will need, since it is completed without the outside.
    fn warm(&mut self, expr: &E, env: &Env) {
        if self.world.is_none() {
            return;
        }
        let mut stack: Vec<&E> = vec![expr];
        while let Some(expr) = stack.pop() {
            if let ExprKind::Builtin { signature, args, .. } = &expr.kind
                && signature.rule == Rule::File
            {
                let mut own = Diags::default();
                std::mem::swap(self.diags, &mut own);
                if let Some(arg) = args.first()
                    && let Ok(value) = self.eval(arg, env)
                    && let ValueKind::String(path) = &value.kind
                {
                    funcs::files::read(self, path, env);
                }
                std::mem::swap(self.diags, &mut own);
            }
            expr.children(&mut stack);
        }
    }
}

fn fits(pattern: &ir::Pattern, value: &ValueKind) -> bool {
    match (pattern, value) {
        (ir::Pattern::Wildcard, _) | (ir::Pattern::Null, ValueKind::Null) => true,
        (ir::Pattern::Bool(a), ValueKind::Bool(b)) => a == b,
        (ir::Pattern::Int(a), ValueKind::Int(b)) => a == b,
        #[expect(clippy::cast_precision_loss, reason = "numbers compare as numbers")]
        (ir::Pattern::Float(a), ValueKind::Int(b)) => *a == *b as f64,
        (ir::Pattern::Float(a), ValueKind::Float(b)) => a == b,
        (ir::Pattern::Str(a), ValueKind::String(b)) => a == b,
        _ => false,
    }
}

/// Whether this handle's block can be waited for, and so makes an edge when it is referred to.
pub fn makes_edge(handle: Handle) -> bool {
    matches!(handle, Handle::Release | Handle::Namespace | Handle::Manifest)
}
