//! The shapes of Kubernetes' types, of each release from 1.30 to 1.37, and when its APIs came and went.
//!
//! In: table.txt, facts that `cargo xtask kubernetes` takes from the releases' OpenAPI documents and Go types. Out:
//! [`Schema`], an arena of [`Type`]s with the kinds they are of; [`resources`], what an API server serves; [`retired`],
//! APIs that are gone. Imports nothing of ours. Nothing is decoded before it is asked for, and then one release only.
//!
//! Format of the table, a line each, words split by blanks:
//! - `api GROUPVERSION KIND DEPRECATED REMOVED GROUP/VERSION/KIND`, minors of 1.x and the replacement; `-`: none
//! - `resource GROUPVERSION PLURAL KIND ns|cluster VERBS SHORTNAMES CATEGORIES SUB=GROUP/VERSION/KIND=VERBS …`
//! - `kind GROUPVERSION KIND TYPE`
//! - `type NAME [atomic]`, followed by its fields, each indented by one blank: `NAME[!] TYPE [map:KEYS | set]
//!   [atomic] [patch:STRATEGY:KEY] [zero] [null] [enum:A|B] [=DEFAULT]`. `!` is required, `[T]` a list, `{T}` a map;
//!   `zero`: a zero value is not written; `null`: a missing value is written as null.
//!
//! A line that begins with `@30-33 ` holds in these releases only; a field's releases are among its type's.

mod check;
mod crd;
mod fault;
mod names;
mod object;
mod parse;
pub mod quantity;
mod retired;
mod rules;
mod schema;

pub use check::check;
pub use crd::{CustomKind, Patterns, check_custom, custom_kinds};
pub use fault::{At, Fault, FaultKind, Faults, Path, PathStep};
pub use object::{Customs, KindFault, Report, object};
pub use parse::{Builtin, Sub, resources};
pub use retired::{Retired, retired};
pub use rules::{custom_rules, rules};
pub use schema::{Empty, Field, Fields, Kind, ListKind, Name, Patch, Scalar, Schema, Shape, Type, TypeId};

/// A minor release of Kubernetes whose types are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(u8);

impl Version {
    pub const OLDEST: Version = Version(30);
    pub const LATEST: Version = Version(37);
    /// What a cluster that names no version is taken for; also the sandbox's own.
    pub const DEFAULT: Version = Version(34);

    /// Of `1.34`, `v1.34.2`, `1.34.2-eks-1`; `None` for what is no version and for one whose types are not known.
    pub fn parse(text: &str) -> Option<Version> {
        let rest = text.strip_prefix('v').unwrap_or(text).strip_prefix("1.")?;
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (minor, tail) = rest.split_at_checked(end)?;
        (tail.is_empty() || tail.starts_with(['.', '+', '-'])).then_some(())?;
        Version::of_minor(minor.parse().ok()?)
    }

    pub fn of_minor(minor: u8) -> Option<Version> {
        let version = Version(minor);
        (Version::OLDEST..=Version::LATEST).contains(&version).then_some(version)
    }

    /// The `34` of 1.34.
    pub fn minor(self) -> u8 {
        self.0
    }

    /// All of them, oldest first.
    pub fn all() -> impl Iterator<Item = Version> {
        (Version::OLDEST.0..=Version::LATEST.0).map(Version)
    }

    /// Place in a table of all versions.
    fn index(self) -> usize {
        usize::from(self.0.saturating_sub(Version::OLDEST.0))
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "1.{}", self.0)
    }
}

/// The candidate closest to `word`, when it is close enough to be what was meant.
fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let (limit, word) = ((word.chars().count() / 3).max(1), word.to_lowercase());
    candidates
        .into_iter()
        .filter(|candidate| !candidate.is_empty())
        .map(|candidate| (strsim::osa_distance(&word, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

const TABLE: &str = include_str!("table.txt");

#[cfg(test)]
mod tests;
