//! APIs that a release serves no longer.

use super::{Schema, TABLE, Version, parse};

/// An API that is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retired {
    /// The first minor release without it; `None` where only that it is gone is known.
    pub removed: Option<u8>,
    /// `apiVersion` and kind to write instead.
    pub replacement: Option<(String, String)>,
}

/// What Kubernetes' Go types no longer tell of: kinds that went before 1.30 and were deleted.
const FORGOTTEN: &[(&str, &str, u8)] = &[
    ("audit.k8s.io/v1beta1", "Event", 24),
    ("auditregistration.k8s.io/v1alpha1", "AuditSink", 19),
    ("batch/v2alpha1", "CronJob", 21),
    ("extensions/v1beta1", "PodSecurityPolicy", 16),
    ("policy/v1beta1", "PodSecurityPolicy", 25),
    ("rbac.authorization.k8s.io/v1alpha1", "ClusterRole", 24),
    ("rbac.authorization.k8s.io/v1alpha1", "ClusterRoleBinding", 24),
    ("rbac.authorization.k8s.io/v1alpha1", "Role", 24),
    ("rbac.authorization.k8s.io/v1alpha1", "RoleBinding", 24),
    ("scheduling.k8s.io/v1alpha1", "PriorityClass", 17),
    ("settings.k8s.io/v1alpha1", "PodPreset", 20),
];

/// Whether a kind existed once and is not served by a release. `None` for a kind that is served, or never was.
pub fn retired(version: Version, api_version: &str, kind: &str) -> Option<Retired> {
    let schema = Schema::of(version);
    if schema.kind(api_version, kind).is_some() {
        return None;
    }
    let replacement = |named: Option<&str>| {
        let named = named.and_then(|name| name.rsplit_once('/'));
        let named = named.filter(|(api_version, kind)| schema.kind(api_version, kind).is_some());
        let to = named.map(|(api_version, kind)| (api_version.to_owned(), kind.to_owned()));
        to.or_else(|| successor(schema, api_version, kind))
    };
    let told = TABLE.lines().filter_map(|line| line.strip_prefix("api ").and_then(parse::api));
    for ((own_version, own_kind), (_, removed, named)) in told {
        if (own_version, own_kind) == (api_version, kind) {
            // One that was to go later than it did, or that is not there yet.
            let removed = removed.filter(|minor| *minor <= version.minor());
            let gone = removed.or_else(|| last_seen(version, api_version, kind))?;
            return Some(Retired { removed: Some(gone), replacement: replacement(named) });
        }
    }
    if let Some((_, _, removed)) = FORGOTTEN.iter().find(|(v, k, _)| (*v, *k) == (api_version, kind)) {
        return Some(Retired { removed: Some(*removed), replacement: replacement(None) });
    }
    let removed = last_seen(version, api_version, kind)?;
    Some(Retired { removed: Some(removed), replacement: replacement(None) })
}

/// The release after the last one before `version` that has the kind.
fn last_seen(version: Version, api_version: &str, kind: &str) -> Option<u8> {
    let key = format!("kind {api_version} {kind} ");
    let ends = TABLE.lines().filter_map(|line| {
        let (range, rest) = line.strip_prefix('@')?.split_once(' ')?;
        let (_, to) = range.split_once('-').filter(|_| rest.starts_with(key.as_str()))?;
        to.parse::<u8>().ok()
    });
    ends.filter(|to| *to < version.minor()).max().map(|last| last.saturating_add(1))
}

/// The same kind in another version of the group, a stable one first.
fn successor(schema: &Schema, api_version: &str, kind: &str) -> Option<(String, String)> {
    let (group, _) = api_version.split_once('/')?;
    let same = schema.kinds().iter().filter(|own| own.group() == group && own.kind == kind);
    let best = same.max_by_key(|own| (own.is_stable(), own.api_version))?;
    Some((best.api_version.to_owned(), kind.to_owned()))
}
