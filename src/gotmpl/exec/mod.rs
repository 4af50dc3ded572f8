//! The executor: a template set and data in, bytes out, exactly as Go's `text/template` under Helm's rules.
//!
//! A [`Ctx`] is one render: one thread, one output buffer, one stack of variables. Templates nest on the native
//! stack, which grows on demand, up to [`MAX_DEPTH`]; so no input overflows it, on whatever thread this runs.

mod builtins;
mod call;
mod compare;
mod escape;
mod eval;
mod helm;
#[cfg(test)]
mod tests;
mod values_type;
mod walk;

pub use helm::{FUNCS, strip_no_value};

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use super::error::ExecError;
use super::fmt::quote_lossy;
use super::fuel::{self, Fuel};
use super::func::{Env, FuncError};
use super::parse::ast::Tree;
use super::parse::{Parsed, RED_ZONE, STACK_STEP, has_action, parse};
use super::set::TemplateSet;
use super::str::Str;
use super::value::Value;
use walk::Frame;

/// How deep templates may nest, counting `template`, `include` and `tpl`. Go's own limit for `template` is ten
/// times this, Helm's for one name under `include` is 1,000.
pub const MAX_DEPTH: usize = 10_000;

/// Helm's limit for the nesting of one name under `include`.
const MAX_INCLUDES: u32 = 1_000;

/// How much all templates of a render may print together. The development corpus comes to 4.5 MB, and Helm cannot
/// store a release of this size.
const MAX_PRINTED: usize = 64 << 20;

/// How many tokens of `tpl` texts a render keeps parsed for their next use: some megabytes.
const MAX_CACHED_TOKENS: usize = 50_000;

/// What a key missing from a map yields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingKey {
    /// Nothing at all: `text/template`'s default.
    Invalid,
    /// The zero value of the map's element type: Helm's setting.
    #[default]
    Zero,
    /// An error: Helm's strict mode.
    Error,
}

/// A value as an expression sees it. Go's reflection tells a value from an interface that holds it, and both from
/// nothing; it matters for what a further field access does, and for the words of errors.
/// Nothing at all is nil without `iface`, a nil interface is nil with it.
#[derive(Clone, Debug, Default)]
pub(super) struct Cell {
    pub value: Value,
    /// The static type is `interface {}`.
    pub iface: bool,
}

impl Cell {
    pub const NOTHING: Self = Self { value: Value::Nil, iface: false };

    pub const fn plain(value: Value) -> Self {
        Self { value, iface: false }
    }
}

pub(super) type Exec<T> = Result<T, Box<ExecError>>;

/// One render, and what a function may ask of it.
pub struct Ctx<'a> {
    env: &'a dyn Env,
    set: &'a TemplateSet,
    missing_key: MissingKey,
    /// Templates defined by the `tpl` texts being executed; later ones hide earlier ones and the set's.
    overlay: Vec<Arc<Tree>>,
    texts: BTreeMap<Str, Rc<Parsed>>,
    cached_tokens: usize,
    /// How often each template of the set is being included right now, and each other name.
    includes: Vec<u32>,
    other_includes: BTreeMap<Str, u32>,
    out: Vec<u8>,
    vars: Vec<Cell>,
    /// Argument lists to use again.
    spare_args: Vec<Vec<Value>>,
    depth: usize,
    /// The function that runs has asked for the time or for chance.
    volatile: std::cell::Cell<bool>,
    places: Places,
    /// What all templates so far have printed.
    printed: usize,
    _fuel: Fuel,
}

/// Where keys were found last, by a hash of the key: charts ask maps of one shape for the same keys again and again.
struct Places(Box<[std::cell::Cell<u16>; 256]>);

impl Places {
    fn of(&self, key: &[u8]) -> Option<&std::cell::Cell<u16>> {
        let (first, last) = (key.first()?, key.last()?);
        let hash = first.wrapping_mul(31) ^ last.wrapping_mul(7) ^ u8::try_from(key.len() & 0xff).ok()?;
        self.0.get(usize::from(hash))
    }
}

impl<'a> Ctx<'a> {
    /// A render of a set's templates.
    #[must_use]
    pub fn new(set: &'a TemplateSet, env: &'a dyn Env, missing_key: MissingKey) -> Self {
        Self {
            env,
            set,
            missing_key,
            overlay: Vec::new(),
            texts: BTreeMap::new(),
            cached_tokens: 0,
            includes: vec![0; set.len()],
            other_includes: BTreeMap::new(),
            out: Vec::new(),
            vars: Vec::new(),
            spare_args: Vec::new(),
            depth: 0,
            volatile: std::cell::Cell::new(false),
            places: Places(Box::new([const { std::cell::Cell::new(0) }; 256])),
            printed: 0,
            _fuel: Fuel::full(),
        }
    }

    /// The surroundings: clock, randomness, cluster.
    #[must_use]
    pub const fn env(&self) -> &'a dyn Env {
        self.env
    }

    /// The time: seconds and nanoseconds since 1970-01-01T00:00:00Z.
    pub fn now(&self) -> (i64, u32) {
        self.volatile.set(true);
        self.env.now()
    }

    /// Fills `bytes` with randomness.
    pub fn random(&self, bytes: &mut [u8]) {
        self.volatile.set(true);
        self.env.random(bytes);
    }

    /// A key is to be made: whether from [`Ctx::random`] rather than by the system.
    pub fn draws_keys(&self) -> bool {
        self.volatile.set(true);
        self.env.repeatable()
    }

    /// Executes a template of the set, as Go's `ExecuteTemplate`. The output still holds `<no value>` where
    /// nothing was printed; Helm removes it with [`strip_no_value`].
    ///
    /// # Errors
    /// What the template ran into.
    pub fn execute(&mut self, name: &str, data: Value) -> Result<Vec<u8>, Box<ExecError>> {
        let Some(tree) = self.lookup(name.as_bytes()) else {
            return Err(Box::new(ExecError::plain(no_template(name.as_bytes()))));
        };
        let (ctx, mark) = self.captured(&tree, data)?;
        let out = ctx.out.split_off(mark);
        ctx.printed += out.len();
        if ctx.printed > MAX_PRINTED {
            let message =
                format!("template: {name}: the templates print more than {MAX_PRINTED} bytes together");
            return Err(Box::new(ExecError::plain(message)));
        }
        Ok(out)
    }

    /// Runs a template by name, as Helm's `include`.
    ///
    /// # Errors
    /// The template does not exist, fails, or includes itself too often.
    pub fn include(&mut self, name: &Str, data: Value) -> Result<Str, FuncError> {
        let set = self.set;
        let found = set.find(name);
        let count = self.includes_of(found.map(|(place, _)| place), name);
        if *count > MAX_INCLUDES {
            return Err(FuncError::new(format!(
                "rendering template has a nested reference name: {name}: unable to execute template"
            )));
        }
        *count += 1;
        let overlaid = self.overlaid(name);
        let tree = overlaid.as_ref().or(found.map(|(_, tree)| tree));
        let result = match tree {
            Some(tree) => self.captured(tree, data).map_err(|inner| FuncError::inner(String::new(), inner)),
            None => Err(FuncError::new(no_template(name))),
        };
        let result = result.map(|(ctx, mark)| {
            let text = Str::new(ctx.out.get(mark..).unwrap_or_default());
            ctx.out.truncate(mark);
            text
        });
        *self.includes_of(found.map(|(place, _)| place), name) -= 1;
        result
    }

    /// Parses and runs a text, as Helm's `tpl`: as a tree of its own, on top of the templates visible now, with
    /// its own definitions visible while it runs.
    ///
    /// # Errors
    /// The text cannot be parsed, or fails.
    pub fn tpl(&mut self, text: &Str, data: Value) -> Result<Str, FuncError> {
        if !has_action(text) {
            return Ok(match strip_no_value(text) {
                Cow::Borrowed(_) => text.clone(),
                Cow::Owned(stripped) => Str::from(stripped),
            });
        }
        let parsed = match self.texts.get(text) {
            Some(parsed) => Rc::clone(parsed),
            None => {
                let parsed = parse("gotpl", text, self.set.funcs()).map_err(|error| {
                    let mut inner = ExecError::plain(String::new());
                    inner.parse = Some(Box::new(error));
                    FuncError::inner(
                        format!("cannot parse template {}: ", quote_lossy(text)),
                        Box::new(inner),
                    )
                })?;
                // Time to parse, and memory for as long as the render lasts.
                fuel::spend(text.len() / 2 + parsed.tokens * 8).map_err(|e| FuncError::new(e.to_string()))?;
                let parsed = Rc::new(parsed);
                if self.cached_tokens + parsed.tokens < MAX_CACHED_TOKENS {
                    self.cached_tokens += parsed.tokens;
                    self.texts.insert(text.clone(), Rc::clone(&parsed));
                }
                parsed
            }
        };
        let Some(main) = parsed.main() else { return Ok(Str::empty()) };
        let visible = self.overlay.len();
        for tree in &parsed.trees {
            if !(tree.is_empty && self.lookup(&tree.name).is_some()) {
                self.overlay.push(Arc::clone(tree));
            }
        }
        let result = self.captured(main, data).map(|(ctx, mark)| {
            let text = Str::from(strip_no_value(ctx.out.get(mark..).unwrap_or_default()).into_owned());
            ctx.out.truncate(mark);
            text
        });
        self.overlay.truncate(visible);
        result.map_err(|inner| {
            FuncError::inner(
                format!("error during tpl function execution for {}: ", quote_lossy(text)),
                inner,
            )
        })
    }

    fn includes_of(&mut self, place: Option<usize>, name: &Str) -> &mut u32 {
        match place.and_then(|place| self.includes.get_mut(place)) {
            Some(count) => count,
            None => self.other_includes.entry(name.clone()).or_insert(0),
        }
    }

    /// What a `tpl` text being executed defines by that name.
    fn overlaid(&self, name: &[u8]) -> Option<Arc<Tree>> {
        // One by one: texts that run texts that define templates can make many.
        if self.overlay.len() >= 16 {
            fuel::note(self.overlay.len() / 16);
        }
        self.overlay.iter().rev().find(|tree| *tree.name == *name).cloned()
    }

    fn lookup(&self, name: &[u8]) -> Option<Arc<Tree>> {
        self.overlaid(name).or_else(|| self.set.get(name).cloned())
    }

    /// Runs a template; what it printed is everything in the buffer from the mark on.
    fn captured(&mut self, tree: &Tree, data: Value) -> Exec<(&mut Self, usize)> {
        let mark = self.out.len();
        match self.run(tree, Cell::plain(data)) {
            Ok(()) => Ok((self, mark)),
            Err(error) => {
                self.out.truncate(mark);
                Err(error)
            }
        }
    }

    fn run(&mut self, tree: &Tree, dot: Cell) -> Exec<()> {
        if self.depth >= MAX_DEPTH {
            return Err(Box::new(ExecError::plain(TOO_DEEP.to_owned())));
        }
        self.depth += 1;
        let base = self.vars.len();
        self.vars.push(dot.clone());
        self.vars.resize(base + tree.slots as usize, Cell::NOTHING);
        let result = stacker::maybe_grow(RED_ZONE, STACK_STEP, || {
            Frame::new(tree, base).list(self, &dot, tree.root).map(|_| ())
        });
        self.vars.truncate(base);
        self.depth -= 1;
        result
    }
}

/// Go's words, with Go's number.
const TOO_DEEP: &str = "exceeded maximum template depth (100000)";

fn no_template(name: &[u8]) -> String {
    format!("template: no template {} associated with template \"gotpl\"", quote_lossy(name))
}
