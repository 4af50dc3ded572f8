//! One object against everything that is known of its kind.

use super::check::check;
use super::crd::{CustomKind, Patterns, check_custom};
use super::fault::{At, Fault, FaultKind, Faults, PathStep};
use super::retired::{Retired, retired};
use super::rules;
use super::schema::{Kind, Schema};
use super::{Version, nearest};
use serde_json::Value;

/// The custom kinds of a cluster, with the patterns of their schemas.
#[derive(Debug, Default)]
pub struct Customs<'c> {
    kinds: Vec<CustomKind<'c>>,
    patterns: Patterns,
}

impl<'c> Customs<'c> {
    pub fn new(kinds: impl IntoIterator<Item = CustomKind<'c>>) -> Self {
        let mut kinds: Vec<CustomKind<'c>> = kinds.into_iter().collect();
        kinds.sort_by_key(key);
        Customs { kinds, patterns: Patterns::default() }
    }

    /// All with this group, version and kind: several releases may bring a CRD, each its own.
    pub fn find(&self, api_version: &str, kind: &str) -> &[CustomKind<'c>] {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let wanted = (group, version, kind);
        let from = self.kinds.partition_point(|own| key(own) < wanted);
        let to = self.kinds.partition_point(|own| key(own) <= wanted);
        self.kinds.get(from..to).unwrap_or_default()
    }

    fn group(&self, group: &str) -> impl Iterator<Item = &CustomKind<'c>> {
        self.kinds.iter().filter(move |own| own.group == group)
    }
}

fn key<'c>(kind: &CustomKind<'c>) -> (&'c str, &'c str, &'c str) {
    (kind.group, kind.version, kind.kind)
}

/// What is said of an object's kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KindFault {
    /// `apiVersion` or `kind` is missing or no text.
    Nameless,
    /// The group is known, the kind or version is not in it. What was probably meant.
    Unknown {
        meant: Option<(String, String)>,
    },
    /// Nothing is known of the group: a CRD that is not among those given.
    NoCrd,
    Retired(Retired),
    /// Served still; the release that ends it, and what to write instead.
    Deprecated {
        since: Option<u8>,
        removed: Option<u8>,
        replacement: Option<(String, String)>,
    },
    /// An alpha or beta API: served only where an API server is told to.
    OffByDefault,
}

/// What is wrong with an object.
#[derive(Debug, Default)]
pub struct Report {
    pub kind: Option<KindFault>,
    pub faults: Vec<Fault>,
}

impl Report {
    pub fn is_clean(&self) -> bool {
        self.kind.is_none() && self.faults.is_empty()
    }
}

/// Groups that belong to API servers beside Kubernetes' own: nothing in the table, and no CRD to ask for.
fn is_builtin_group(schema: &Schema, group: &str) -> bool {
    schema.kinds().iter().any(|kind| kind.group() == group)
}

/// Checks one object for a cluster of a release with these custom kinds.
pub fn object(version: Version, customs: &Customs<'_>, value: &Value) -> Report {
    let schema = Schema::of(version);
    let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
    let (api_version, name) = (text("apiVersion"), text("kind"));
    if api_version.is_empty() || name.is_empty() {
        return Report { kind: Some(KindFault::Nameless), faults: Vec::new() };
    }
    let mut faults = Faults::default();
    if let Some(kind) = schema.kind(api_version, name).filter(|kind| kind.creatable) {
        check(schema, kind.ty, value, &At::ROOT, &mut faults);
        // An API server that cannot decode an object looks no further.
        if !faults.0.iter().any(|fault| fault.kind == FaultKind::Type && !fault.apply_only) {
            rules::rules(kind, value, &mut faults);
        }
        return Report { kind: fate(schema, version, kind), faults: distinct(faults) };
    }
    match customs.find(api_version, name) {
        [] => {
            let kind = unknown(schema, version, customs, api_version, name);
            if kind == KindFault::NoCrd {
                custom_metadata(schema, api_version, name, value, &mut faults);
            }
            Report { kind: Some(kind), faults: distinct(faults) }
        }
        // Of several schemas of one kind any may be the one that is installed.
        kinds => {
            let mut best: Option<Vec<Fault>> = None;
            for kind in kinds {
                let mut faults = Faults::default();
                check_custom(kind, schema, &customs.patterns, value, &mut faults);
                rules::custom_rules(kind.group, kind.kind, value, &mut faults);
                if best.as_ref().is_none_or(|best| faults.0.len() < best.len()) {
                    best = Some(distinct(faults));
                }
            }
            let gone = kinds.iter().all(|kind| !kind.served);
            let old = kinds.iter().all(|kind| kind.deprecated);
            let kind = if gone {
                Some(KindFault::Unknown { meant: served(kinds, customs) })
            } else if old {
                let replacement = served(kinds, customs);
                Some(KindFault::Deprecated { since: None, removed: None, replacement })
            } else {
                None
            };
            Report { kind, faults: best.unwrap_or_default() }
        }
    }
}

/// What holds for objects of every kind.
fn custom_metadata(schema: &Schema, api_version: &str, kind: &str, value: &Value, faults: &mut Faults) {
    let root = At::ROOT;
    if let (Some(metadata), Some(ty)) = (value.get("metadata"), schema.named("meta.v1.ObjectMeta")) {
        check(schema, ty, metadata, &root.field("metadata"), faults);
    }
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    rules::custom_rules(group, kind, value, faults);
}

/// Another version of a custom kind that is served.
fn served(kinds: &[CustomKind<'_>], customs: &Customs<'_>) -> Option<(String, String)> {
    let own = kinds.first()?;
    let other = customs.group(own.group).find(|k| k.kind == own.kind && k.served && !k.deprecated)?;
    Some((format!("{}/{}", other.group, other.version), other.kind.to_owned()))
}

/// Whether a missing field is there under a name that is almost its own, which has been said.
fn is_misspelt(fault: &Fault, before: &[Fault]) -> bool {
    let Some((PathStep::Field(name), parent)) = fault.path.0.split_last() else { return false };
    let help = || format!("did you mean `{name}`?");
    fault.kind == FaultKind::Required
        && before.iter().any(|other| {
            other.kind == FaultKind::Unknown
                && other.path.0.split_last().is_some_and(|(_, own)| own == parent)
                && other.help.as_deref() == Some(help().as_str())
        })
}

/// The table's rule and a rule of the type may say the same of one place.
fn distinct(faults: Faults) -> Vec<Fault> {
    let mut out: Vec<Fault> = Vec::new();
    for fault in faults.0 {
        if is_misspelt(&fault, &out) {
            continue;
        }
        let there = |own: &Fault| {
            own.path == fault.path && (own.kind == fault.kind || own.apply_only || fault.apply_only)
        };
        match out.iter_mut().find(|own| there(own)) {
            // What a plain create refuses says more.
            Some(own) if own.apply_only && !fault.apply_only => *own = fault,
            Some(_) => {}
            None => out.push(fault),
        }
    }
    out
}

fn fate(schema: &Schema, version: Version, kind: &Kind) -> Option<KindFault> {
    if let Some(since) = kind.deprecated.filter(|since| *since <= version.minor()) {
        let named = kind.replacement.and_then(|name| name.rsplit_once('/'));
        let named = named.filter(|(api, name)| schema.kind(api, name).is_some());
        let stable = || {
            let mut same = schema.kinds().iter().filter(|k| k.group() == kind.group() && k.kind == kind.kind);
            same.find(|k| k.is_stable()).map(|k| (k.api_version.to_owned(), k.kind.to_owned()))
        };
        return Some(KindFault::Deprecated {
            since: Some(since),
            removed: kind.removed,
            replacement: named.map(|(a, k)| (a.to_owned(), k.to_owned())).or_else(stable),
        });
    }
    // The last beta that was on by default.
    let on = kind.is_stable() || kind.api_version == "flowcontrol.apiserver.k8s.io/v1beta3";
    (!on).then_some(KindFault::OffByDefault)
}

fn unknown(
    schema: &Schema,
    version: Version,
    customs: &Customs<'_>,
    api_version: &str,
    kind: &str,
) -> KindFault {
    if let Some(gone) = retired(version, api_version, kind) {
        return KindFault::Retired(gone);
    }
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    let custom: Vec<&CustomKind<'_>> = customs.group(group).collect();
    if !is_builtin_group(schema, group) && custom.is_empty() {
        return KindFault::NoCrd;
    }
    let all = || schema.kinds().iter().filter(|own| own.creatable);
    // The right kind in the wrong group or version, then a kind of this group that is spelt alike.
    let mut same: Vec<&Kind> = all().filter(|own| own.kind == kind && own.is_stable()).collect();
    same.sort_by_key(|own| own.group() != group);
    let meant = same.first().map(|own| (own.api_version.to_owned(), own.kind.to_owned()));
    let meant = meant.or_else(|| {
        let own = custom.iter().find(|own| own.kind == kind && own.served)?;
        Some((format!("{}/{}", own.group, own.version), own.kind.to_owned()))
    });
    let meant = meant.or_else(|| {
        let near = nearest(kind, all().filter(|own| own.group() == group).map(|own| own.kind))?;
        let own = all().find(|own| own.group() == group && own.kind == near && own.is_stable())?;
        Some((own.api_version.to_owned(), own.kind.to_owned()))
    });
    KindFault::Unknown { meant }
}
