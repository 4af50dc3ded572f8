//! The words of what planning finds.

use serde_json::Value;

use super::object::{ObjectRef, text};
use crate::diag::{Diag, codes};
use crate::source::Span;

fn place(diag: Diag, span: Option<Span>, label: &str) -> Diag {
    match span {
        Some(span) => diag.at(span, label),
        None => diag,
    }
}

pub(crate) fn unreadable_inventory(object: &ObjectRef, why: &str) -> Diag {
    Diag::error(codes::RECORD_UNREADABLE, format!("the inventory in {object} cannot be read: {why}"))
        .help("a newer relc may have written it; update relc, or delete the Secret to let relc adopt everything anew")
}

pub(crate) fn unreadable_record(secret: &Value, why: &str) -> Diag {
    let namespace = text(secret, &["metadata", "namespace"]);
    let name = text(secret, &["metadata", "name"]);
    Diag::error(
        codes::RECORD_UNREADABLE,
        format!("the Helm record in Secret {namespace}/{name} cannot be read: {why}"),
    )
    .help("delete that revision's Secret if an older one is good; `helm history` shows which there are")
}

pub(crate) fn unreadable_manifest(release: &str, namespace: &str, revision: u32, why: &str) -> Diag {
    Diag::error(
        codes::RECORD_UNREADABLE,
        format!("the manifest of release `{release}` in namespace `{namespace}`, revision {revision}, is not YAML: {why}"),
    )
    .help("delete that revision's Secret if an older one is good; `helm history` shows which there are")
}

pub(crate) fn not_an_object(address: &str, what: &str, source: Option<&str>, span: Option<Span>) -> Diag {
    let from = source.map_or(String::new(), |s| format!(" (from {s})"));
    place(
        Diag::error(codes::BAD_OBJECT, format!("an object of `{address}`{from} {what}")),
        span,
        "wanted here",
    )
    .help("every object needs `apiVersion`, `kind` and `metadata.name`")
}

pub(crate) fn duplicate(object: &ObjectRef, first: &str, second: &str, span: Option<Span>) -> Diag {
    place(
        Diag::error(
            codes::DUPLICATE_OBJECT,
            format!("{object} is wanted twice: by `{first}` and by `{second}`"),
        ),
        span,
        "the second one",
    )
    .help("an object has one owner; rename or remove one of the two")
}

pub(crate) fn missing_namespace(
    address: &str,
    object: Option<&ObjectRef>,
    namespace: &str,
    span: Option<Span>,
) -> Diag {
    let what = object.map_or(String::new(), |o| format!(" for {o}"));
    place(
        Diag::error(
            codes::NAMESPACE_MISSING,
            format!("namespace `{namespace}`, which `{address}` needs{what}, does not exist"),
        ),
        span,
        "needs it",
    )
    .help(format!("declare it: namespace \"{namespace}\" {{ }}, and refer to it as `namespace.{namespace}`"))
}

pub(crate) fn owned_by_release(
    object: &ObjectRef,
    address: &str,
    release: &str,
    namespace: &str,
    span: Option<Span>,
) -> Diag {
    place(
        Diag::error(
            codes::OBJECT_OWNED,
            format!("{object}, wanted by `{address}`, exists already and belongs to Helm release `{release}` in namespace `{namespace}`"),
        ),
        span,
        "wanted here",
    )
    .help("uninstall that release, or give the object another name")
}

pub(crate) fn owned_by_stack(object: &ObjectRef, address: &str, stack: &str, span: Option<Span>) -> Diag {
    place(
        Diag::error(
            codes::OBJECT_OWNED,
            format!("{object}, wanted by `{address}`, belongs to relc stack `{stack}`"),
        ),
        span,
        "wanted here",
    )
    .help("remove it from one of the two stacks")
}

pub(crate) fn not_helms(
    object: &ObjectRef,
    address: &str,
    release: &str,
    namespace: &str,
    span: Option<Span>,
) -> Diag {
    let kubectl =
        if object.namespace.is_empty() { String::new() } else { format!(" -n {}", object.namespace) };
    let target = format!("{}/{}", object.kind.to_lowercase(), object.name);
    place(
        Diag::error(codes::OBJECT_OWNED, format!("{object}, wanted by `{address}`, exists already and belongs to no release")),
        span,
        "wanted here",
    )
    .help("delete it, or mark it as this release's with the two commands of the note; relc then takes it over as Helm would")
    .note(format!("kubectl label{kubectl} {target} app.kubernetes.io/managed-by=Helm --overwrite"))
    .note(format!(
        "kubectl annotate{kubectl} {target} meta.helm.sh/release-name={release} meta.helm.sh/release-namespace={namespace} --overwrite"
    ))
}

pub(crate) fn busy(
    address: &str,
    release: &str,
    namespace: &str,
    status: &str,
    since: &str,
    span: Option<Span>,
) -> Diag {
    place(
        Diag::error(
            codes::RELEASE_BUSY,
            format!("release `{release}` in namespace `{namespace}` is `{status}` since {since}, and relc did not start that"),
        ),
        span,
        format!("`{address}` wants to change it").as_str(),
    )
    .help(format!("wait for the other tool; if it is gone, `helm rollback {release} -n {namespace}` ends it"))
}

pub(crate) fn prevented(address: &str, span: Option<Span>) -> Diag {
    place(
        Diag::error(
            codes::PREVENT_DESTROY,
            format!("`{address}` would be destroyed, but sets `prevent_destroy`"),
        ),
        span,
        "protected here",
    )
    .help("apply once with `prevent_destroy = false`, then remove it")
}

pub(crate) fn unknown_kind(
    object: &ObjectRef,
    cluster: &str,
    address: &str,
    source: Option<&str>,
    span: Option<Span>,
) -> Diag {
    let from = source.map_or(String::new(), |s| format!(" (from {s})"));
    place(
        Diag::error(
            codes::UNKNOWN_KIND,
            format!(
                "{object}{from}, wanted by `{address}`: cluster `{cluster}` does not serve {} of `{}`",
                object.kind, object.api_version
            ),
        ),
        span,
        "wanted here",
    )
    .help("install the CRD that defines it, here or before, or use an apiVersion this server has")
}

/// Adds to a cluster's answer which object of the stack it was about.
pub(crate) fn about(
    error: crate::cluster::ClusterError,
    address: &str,
    source: Option<&str>,
    span: Option<Span>,
) -> Diag {
    let diag: Diag = error.into();
    let diag = diag.note(match source {
        Some(source) => format!("wanted by `{address}`, template {source}"),
        None => format!("wanted by `{address}`"),
    });
    place(diag, span, "wanted here")
}
