//! What a template function is: a Go signature, which the executor enforces before each call exactly as
//! `text/template` does with reflection, and a Rust function. And what it may ask for: [`Ctx`], [`Env`].
//!
//! A set of functions ([`Funcs`]) is built once, is `Sync`, and templates are parsed against it: a call in a
//! parsed template holds the function's index.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};

use super::error::ExecError;
use super::str::prefix;
use super::types::Type;
use super::value::Value;

pub use super::exec::Ctx;

/// The Rust side of a function. The arguments have been counted and checked against the signature: a `string`
/// parameter is always [`Value::Str`], a `map[string]interface {}` one always [`Value::Map`] (perhaps a nil map).
/// Variadic arguments follow the fixed ones.
pub type NativeFn = fn(&mut Ctx<'_>, &[Value]) -> Result<Value, FuncError>;

/// A Go function type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The parameters; the last is the element type if `variadic`.
    pub params: &'static [Type],
    /// Whether the last parameter is `...T`.
    pub variadic: bool,
    /// The result. `Type::Any` means the function returns `interface {}`, and then nil prints as `<no value>`.
    pub result: Type,
}

/// A function as registered.
#[derive(Clone, Copy)]
pub struct Func {
    /// The name templates call it by.
    pub name: &'static str,
    /// Its Go type.
    pub sig: Signature,
    /// What it does.
    pub call: NativeFn,
    /// How much slower than a plain copy it goes through its arguments.
    pub weight: usize,
}

impl Func {
    /// A function of exactly these parameters.
    #[must_use]
    pub const fn new(name: &'static str, params: &'static [Type], result: Type, call: NativeFn) -> Self {
        Self { name, sig: Signature { params, variadic: false, result }, call, weight: 1 }
    }

    /// A function whose last parameter is `...T`, given as `T`.
    #[must_use]
    pub const fn variadic(name: &'static str, params: &'static [Type], result: Type, call: NativeFn) -> Self {
        Self { name, sig: Signature { params, variadic: true, result }, call, weight: 1 }
    }
}

impl fmt::Debug for Func {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Func").field("name", &self.name).field("sig", &self.sig).finish_non_exhaustive()
    }
}

/// Why a function failed.
#[derive(Debug)]
pub enum FuncError {
    /// The function's own words, as Go's `error.Error()`.
    Message(String),
    /// A template run by the function (`include`, `tpl`) failed; `prefix` comes before the inner text.
    Template {
        /// For example `error during tpl function execution for "…": `; empty for `include`.
        prefix: String,
        /// What went wrong inside.
        inner: Box<ExecError>,
    },
}

impl FuncError {
    /// An error of these words.
    pub fn new(message: impl Into<String>) -> Self {
        Self::Message(message.into())
    }

    /// A template run by the function failed.
    #[must_use]
    pub const fn inner(prefix: String, inner: Box<ExecError>) -> Self {
        Self::Template { prefix, inner }
    }
}

impl fmt::Display for FuncError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(text) => f.write_str(text),
            Self::Template { prefix, inner } => write!(f, "{prefix}{inner}"),
        }
    }
}

impl From<super::fuel::UsedUp> for FuncError {
    fn from(used_up: super::fuel::UsedUp) -> Self {
        Self::Message(used_up.to_string())
    }
}

impl From<String> for FuncError {
    fn from(text: String) -> Self {
        Self::Message(text)
    }
}

impl From<&str> for FuncError {
    fn from(text: &str) -> Self {
        Self::Message(text.to_owned())
    }
}

/// The index of a function in its [`Funcs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FuncId(pub(crate) u32);

/// A set of functions by name. Later registrations replace earlier ones of the same name.
#[derive(Clone, Debug, Default)]
pub struct Funcs {
    table: Vec<Func>,
    names: HashMap<&'static [u8], FuncId, BuildHasherDefault<NameHasher>>,
}

/// A hash of the length and of the first and last eight bytes, which tell nearly all names apart: the names in the
/// table are our own, so nobody can make them collide.
#[derive(Clone, Copy, Default)]
struct NameHasher(u64);

impl Hasher for NameHasher {
    fn finish(&self) -> u64 {
        // Both halves of the product, so that the highest bits and the lowest, which the table uses, hang on all.
        let product = u128::from(self.0) * 0x9e37_79b9_7f4a_7c15;
        product as u64 ^ (product >> 64) as u64
    }

    fn write(&mut self, bytes: &[u8]) {
        let last = bytes.last_chunk().map_or(0, |last| u64::from_le_bytes(*last));
        self.0 ^= prefix(bytes) ^ last.rotate_left(29);
    }

    fn write_usize(&mut self, length: usize) {
        self.0 ^= (length as u64) << 40;
    }
}

impl Funcs {
    /// No functions but the built-ins of `text/template`, which need no registration.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// No functions yet, but room for so many.
    #[must_use]
    pub fn with_capacity(funcs: usize) -> Self {
        let names = HashMap::with_capacity_and_hasher(funcs, BuildHasherDefault::default());
        Self { table: Vec::with_capacity(funcs), names }
    }

    /// Adds functions.
    pub fn register(&mut self, funcs: &[Func]) {
        for func in funcs {
            let id = FuncId(u32::try_from(self.table.len()).unwrap_or(u32::MAX));
            self.table.push(*func);
            self.names.insert(func.name.as_bytes(), id);
        }
    }

    /// Says how much slower than a plain copy a function goes through its arguments.
    pub fn weigh(&mut self, name: &str, weight: usize) {
        if let Some(func) = self.find(name.as_bytes()).and_then(|id| self.table.get_mut(id.0 as usize)) {
            func.weight = weight;
        }
    }

    /// Removes a name, as Helm removes sprig's `env` and `expandenv`.
    pub fn remove(&mut self, name: &str) {
        self.names.remove(name.as_bytes());
    }

    /// The index of the function of that name.
    #[must_use]
    pub fn find(&self, name: &[u8]) -> Option<FuncId> {
        self.names.get(name).copied()
    }

    /// The function of an index.
    #[must_use]
    pub fn get(&self, id: FuncId) -> Option<&Func> {
        self.table.get(id.0 as usize)
    }

    /// All names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        let mut names: Vec<&'static str> =
            self.names.values().filter_map(|id| self.get(*id)).map(|func| func.name).collect();
        names.sort_unstable();
        names.into_iter()
    }
}

/// A call in a template that asked for the time or for chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VolatileCall<'a> {
    /// The function, as the template calls it.
    pub function: &'a str,
    /// The file the call is written in, or `gotpl` for a text given to `tpl`.
    pub template: &'a str,
    /// The line, from 1.
    pub line: u32,
}

/// What the surroundings of a render supply, so that rendering itself stays deterministic and offline.
/// The defaults are those of `helm template` without a cluster.
pub trait Env {
    /// Helm's `lookup`. Without a cluster Helm returns an empty map.
    ///
    /// # Errors
    /// The words of the API's error.
    fn lookup(&self, api_version: &str, kind: &str, namespace: &str, name: &str) -> Result<Value, String> {
        let _ = (api_version, kind, namespace, name);
        Ok(Value::from(super::value::Map::new()))
    }

    /// The time: seconds and nanoseconds since 1970-01-01T00:00:00Z.
    fn now(&self) -> (i64, u32);

    /// The zone whose clocks Go calls local; `None` is UTC. Helm uses the machine's zone.
    fn local_zone(&self) -> Option<&jiff::tz::TimeZone> {
        None
    }

    /// Fills `bytes` with randomness.
    fn random(&self, bytes: &mut [u8]);

    /// Whether [`Env::random`] can be repeated: keys and signatures then come from it alone, not from the
    /// system.
    fn repeatable(&self) -> bool {
        false
    }

    /// Takes note of a call whose result is another one at the next render.
    fn volatile(&self, call: &VolatileCall<'_>) {
        let _ = call;
    }

    /// Helm's lint mode: `required` and `fail` do not fail.
    fn lint(&self) -> bool {
        false
    }

    /// `--enable-dns`: the address of a host; Helm gives "" when DNS is off.
    fn resolve_host(&self, name: &str) -> String {
        let _ = name;
        String::new()
    }

    /// Takes a remark for the user (a `required` that lint mode let pass).
    fn warn(&self, message: &str) {
        let _ = message;
    }
}
