//! The built-in functions' signatures, as a reader sees them in help.
//!
//! In: nothing. Out: [`Signature`]s by name. Must not know: how a function does its work (`eval::funcs`).
//!
//! Names, order of arguments and meaning are Terraform's wherever Terraform has the function.

use super::domain::Domain;
use super::ty::Ty;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

#[derive(Clone, Debug)]
pub struct Signature {
    pub name: &'static str,
    /// As written in the table: `join(separator: string, list: list(string)) -> string`.
    pub text: &'static str,
    pub params: Vec<Param>,
    pub returns: Ty,
    pub rule: Rule,
}

#[derive(Clone, Debug)]
pub struct Param {
    pub name: &'static str,
    pub ty: Ty,
    pub kind: ParamKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamKind {
    Required,
    Optional,
    /// Takes all remaining arguments, none included.
    Variadic,
}

/// How a call is typed beyond its signature, and how secrets pass through it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Computes something new: a secret anywhere in an argument makes the result secret.
    Compute,
    /// Rearranges what it is given: parts of the result keep their own secrecy, and may be pending.
    Rearrange,
    /// The result's type follows from the arguments in a way signatures cannot say; rearranges.
    Merge,
    Flatten,
    Keys,
    Values,
    Lookup,
    Zipmap,
    /// Evaluates its arguments itself: a failing one is not an error.
    Try,
    Can,
    /// Reads a file: the argument must be known before rendering.
    File,
}

impl Rule {
    /// Whether parts of the arguments go into the result untouched.
    pub fn keeps_parts(self) -> bool {
        !matches!(self, Rule::Compute | Rule::Can | Rule::File)
    }
}

use Rule::*;

const TABLE: &[(&str, Rule)] = &[
    // strings
    ("chomp(string: string) -> string", Compute),
    ("endswith(string: string, suffix: string) -> bool", Compute),
    ("format(format: string, values...: any) -> string", Compute),
    ("formatlist(format: string, values...: any) -> list(string)", Compute),
    ("indent(spaces: int, string: string) -> string", Compute),
    ("join(separator: string, list: list(string)) -> string", Compute),
    ("lower(string: string) -> string", Compute),
    ("regex(pattern: string, string: string) -> any", Compute),
    ("regexall(pattern: string, string: string) -> any", Compute),
    ("replace(string: string, substring: string, replacement: string) -> string", Compute),
    ("split(separator: string, string: string) -> list(string)", Compute),
    ("startswith(string: string, prefix: string) -> bool", Compute),
    ("strcontains(string: string, substring: string) -> bool", Compute),
    ("strrev(string: string) -> string", Compute),
    ("substr(string: string, offset: int, length: int) -> string", Compute),
    ("title(string: string) -> string", Compute),
    ("trim(string: string, characters: string) -> string", Compute),
    ("trimprefix(string: string, prefix: string) -> string", Compute),
    ("trimspace(string: string) -> string", Compute),
    ("trimsuffix(string: string, suffix: string) -> string", Compute),
    ("upper(string: string) -> string", Compute),
    // numbers
    ("abs(number: number) -> number", Compute),
    ("ceil(number: number) -> int", Compute),
    ("floor(number: number) -> int", Compute),
    ("log(number: number, base: number) -> number", Compute),
    ("max(number: number, more...: number) -> number", Compute),
    ("min(number: number, more...: number) -> number", Compute),
    ("parseint(string: string, base: int) -> int", Compute),
    ("pow(base: number, exponent: number) -> number", Compute),
    ("signum(number: number) -> int", Compute),
    ("sum(list: list(number)) -> number", Compute),
    // collections
    ("alltrue(list: list(bool)) -> bool", Compute),
    ("anytrue(list: list(bool)) -> bool", Compute),
    ("chunklist(list: list(T), size: int) -> list(list(T))", Rearrange),
    ("coalesce(values...: T) -> T", Rearrange),
    ("coalescelist(lists...: list(T)) -> list(T)", Rearrange),
    ("compact(list: list(string)) -> list(string)", Compute),
    ("concat(lists...: list(T)) -> list(T)", Rearrange),
    ("contains(list: list(T), value: T) -> bool", Compute),
    ("distinct(list: list(T)) -> list(T)", Compute),
    ("element(list: list(T), index: int) -> T", Rearrange),
    ("flatten(list: list(any)) -> list(any)", Flatten),
    ("index(list: list(T), value: T) -> int", Compute),
    ("keys(map: map(any)) -> list(string)", Keys),
    ("length(value: any) -> int", Compute),
    ("lookup(map: map(T), key: string, default?: T) -> T", Lookup),
    ("matchkeys(values: list(T), keys: list(U), wanted: list(U)) -> list(T)", Compute),
    ("merge(maps...: map(any)) -> map(any)", Merge),
    ("one(list: list(T)) -> T", Rearrange),
    ("range(start_or_limit: number, limit?: number, step?: number) -> list(number)", Compute),
    ("reverse(list: list(T)) -> list(T)", Rearrange),
    ("setintersection(sets...: set(T)) -> set(T)", Compute),
    ("setproduct(sets...: list(any)) -> list(list(any))", Compute),
    ("setsubtract(set: set(T), without: set(T)) -> set(T)", Compute),
    ("setunion(sets...: set(T)) -> set(T)", Compute),
    ("slice(list: list(T), start: int, end: int) -> list(T)", Rearrange),
    ("sort(list: list(string)) -> list(string)", Compute),
    ("transpose(map: map(list(string))) -> map(list(string))", Compute),
    ("values(map: map(any)) -> list(any)", Values),
    ("zipmap(keys: list(string), values: list(T)) -> map(T)", Zipmap),
    // encoding
    ("base64decode(string: string) -> string", Compute),
    ("base64encode(string: string) -> string", Compute),
    ("jsondecode(string: string) -> any", Compute),
    ("jsonencode(value: any) -> string", Compute),
    ("urlencode(string: string) -> string", Compute),
    ("yamldecode(string: string) -> any", Compute),
    ("yamlencode(value: any) -> string", Compute),
    // hashes
    ("md5(string: string) -> string", Compute),
    ("sha1(string: string) -> string", Compute),
    ("sha256(string: string) -> string", Compute),
    ("sha512(string: string) -> string", Compute),
    // files, relative to the module's directory
    ("file(path: string) -> string", File),
    ("fileexists(path: string) -> bool", File),
    ("fileset(directory: string, pattern: string) -> set(string)", File),
    // networks
    ("cidrhost(prefix: cidr, number: int) -> string", Compute),
    ("cidrnetmask(prefix: cidr) -> string", Compute),
    ("cidrsubnet(prefix: cidr, new_bits: int, number: int) -> cidr", Compute),
    ("cidrsubnets(prefix: cidr, new_bits...: int) -> list(cidr)", Compute),
    // types
    ("arn(string: string) -> arn", Compute),
    ("can(expression: any) -> bool", Can),
    ("cidr(string: string) -> cidr", Compute),
    ("duration(string: string) -> duration", Compute),
    ("port(number: int) -> port", Compute),
    ("quantity(value: any) -> quantity", Compute),
    ("sensitive(value: T) -> secret(T)", Rearrange),
    ("tobool(value: any) -> bool", Compute),
    ("tolist(value: list(T)) -> list(T)", Rearrange),
    ("tomap(value: map(T)) -> map(T)", Rearrange),
    ("tonumber(value: any) -> number", Compute),
    ("toset(value: list(T)) -> set(T)", Rearrange),
    ("tostring(value: any) -> string", Compute),
    ("try(expressions...: T) -> T", Try),
    ("type(value: any) -> string", Compute),
    ("version(string: string) -> version", Compute),
];

static SIGNATURES: LazyLock<BTreeMap<&'static str, Signature>> = LazyLock::new(|| {
    TABLE.iter().filter_map(|(text, rule)| parse(text, *rule)).map(|s| (s.name, s)).collect()
});

/// The built-in function of that name.
pub fn signature(name: &str) -> Option<&'static Signature> {
    SIGNATURES.get(name)
}

/// All built-in functions, by name.
pub fn all() -> impl Iterator<Item = &'static Signature> {
    SIGNATURES.values()
}

/// Number of rows, so that a test can tell whether every one of them could be read.
#[cfg(test)]
pub(super) const ROWS: usize = TABLE.len();

fn parse(text: &'static str, rule: Rule) -> Option<Signature> {
    let (name, rest) = text.split_once('(')?;
    let (params, returns) = rest.rsplit_once(") -> ")?;
    let mut list = Vec::new();
    let mut left = params;
    while !left.is_empty() {
        let (name, rest) = left.split_once(": ")?;
        let (ty, rest) = parse_type(rest)?;
        let (name, kind) = match (name.strip_suffix('?'), name.strip_suffix("...")) {
            (Some(name), _) => (name, ParamKind::Optional),
            (_, Some(name)) => (name, ParamKind::Variadic),
            _ => (name, ParamKind::Required),
        };
        list.push(Param { name, ty, kind });
        left = rest.strip_prefix(", ").unwrap_or(rest);
    }
    let (returns, rest) = parse_type(returns)?;
    rest.is_empty().then_some(Signature { name, text, params: list, returns, rule })
}

fn parse_type(text: &'static str) -> Option<(Ty, &'static str)> {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len());
    let (word, rest) = text.split_at_checked(end)?;
    let inner = |make: fn(Ty) -> Ty| {
        let (ty, rest) = parse_type(rest.strip_prefix('(')?)?;
        Some((make(ty), rest.strip_prefix(')')?))
    };
    match word {
        "list" => return inner(Ty::list),
        "set" => return inner(Ty::set),
        "map" => return inner(Ty::map),
        "secret" => return inner(|ty| Ty::Secret(Arc::new(ty))),
        _ => {}
    }
    let ty = match word {
        "any" => Ty::Any,
        "bool" => Ty::Bool,
        "int" => Ty::Int,
        "number" => Ty::Number,
        "string" => Ty::String,
        "T" => Ty::Param(0),
        "U" => Ty::Param(1),
        _ => Ty::Domain(*Domain::ALL.iter().find(|d| d.name() == word)?),
    };
    Some((ty, rest))
}
