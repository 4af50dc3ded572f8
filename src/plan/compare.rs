//! One object: what is wanted against what is there.
//!
//! An object whose fields relc applied before, all with the wanted values, is in sync without a request.
//! Everything else is asked of the server by a dry run, which knows defaults, admission and ownership.

use std::sync::Arc;

use serde_json::Value;

use super::api::{Api, Apply};
use super::diff::diff;
use super::errors;
use super::fields::{self, Conflict};
use super::input;
use super::model::{Action, FieldChange, ForeignField, ObjectChange};
use super::object::{self, MANAGED_BY, ObjectRef, RELEASE_NAME, RELEASE_NAMESPACE, annotation, text};
use super::op::ObjectOp;
use crate::cluster::{ClusterError, ErrorKind, Resource};
use crate::diag::Diag;
use crate::source::Span;

/// Annotation on objects of namespaces and manifests: the stack they belong to.
pub(crate) const STACK: &str = "relc.dev/stack";

/// Whose the object is to be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Owner<'a> {
    Release {
        name: &'a str,
        namespace: &'a str,
    },
    Stack(&'a str),
    /// Of a chart's `crds/`: shared, and not marked, as with Helm.
    Crd,
}

/// An object as it will be sent, its name and kind settled.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub object: ObjectRef,
    /// `None`: the kind comes with this plan.
    pub resource: Option<Arc<Resource>>,
    pub body: Value,
    pub source: Option<String>,
    pub span: Option<Span>,
}

/// What is known of the node when one of its objects is compared.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context<'a> {
    pub address: &'a str,
    pub owner: Owner<'a>,
    /// The source changed since the last apply; else a difference is the cluster's doing.
    pub changed: bool,
    /// Whether the node is new to this stack: what exists is adopted.
    pub adopting: bool,
}

/// Names the object, puts it into its namespace and marks its owner.
///
/// # Errors
/// When it is no Kubernetes object.
pub(crate) fn wanted(
    object: &input::Object,
    default_namespace: &str,
    namespaced: impl Fn(&str, &str) -> Option<bool>,
    cx: Context<'_>,
) -> Result<Wanted, Diag> {
    let mut body = object::canonical(&object.body);
    let wrong = |what: &str| errors::not_an_object(cx.address, what, object.source.as_deref(), object.span);
    let api_version = text(&body, &["apiVersion"]).to_owned();
    let kind = text(&body, &["kind"]).to_owned();
    let name = text(&body, &["metadata", "name"]).to_owned();
    if api_version.is_empty() || kind.is_empty() {
        return Err(wrong("has no `apiVersion` or no `kind`"));
    }
    if name.is_empty() {
        return Err(wrong(&format!("of kind `{kind}` has no `metadata.name`")));
    }
    // An unknown kind is reported by the caller; its namespace then does not matter.
    let namespace = if namespaced(&api_version, &kind).unwrap_or(true) {
        let own = text(&body, &["metadata", "namespace"]);
        if own.is_empty() { default_namespace.to_owned() } else { own.to_owned() }
    } else {
        String::new()
    };
    if let Some(metadata) = body.get_mut("metadata").and_then(Value::as_object_mut) {
        if namespace.is_empty() {
            metadata.remove("namespace");
        } else {
            metadata.insert("namespace".into(), namespace.clone().into());
        }
    }
    match cx.owner {
        Owner::Release { name, namespace } => object::mark_owned(&mut body, name, namespace),
        Owner::Stack(stack) => object::annotate(&mut body, STACK, stack),
        Owner::Crd => {}
    }
    Ok(Wanted {
        object: ObjectRef { api_version, kind, namespace, name },
        resource: None,
        body,
        source: object.source.clone(),
        span: object.span,
    })
}

/// Compares. `reachable` is false while the object's namespace does not exist yet.
pub(crate) async fn compare(
    api: Api<'_>,
    wanted: &Wanted,
    live: Option<&Value>,
    reachable: bool,
    cx: Context<'_>,
) -> Result<(ObjectChange, ObjectOp), Diag> {
    let fail = |e: ClusterError| errors::about(e, cx.address, wanted.source.as_deref(), wanted.span);
    let (Some(resource), true) = (&wanted.resource, reachable) else {
        return Ok(unseen(wanted));
    };
    let Some(live) = live else {
        return match api
            .apply(resource, &wanted.object, &wanted.body, Apply { dry_run: true, force: false })
            .await
        {
            Ok(_) => Ok(settled(wanted, Action::Create, Vec::new())),
            Err(error) if needs_a_neighbour(&error) => Ok(unseen(wanted)),
            Err(error) => Err(fail(error)),
        };
    };
    if !text(live, &["metadata", "deletionTimestamp"]).is_empty() {
        // Applied to now, it would vanish all the same; apply waits for its end first.
        return Ok(unseen(wanted));
    }
    check_owner(wanted, live, cx)?;
    if let Owner::Crd = cx.owner {
        // As Helm: a CRD that someone else installed is left as it is.
        if cx.adopting {
            return Ok(settled(wanted, Action::NoOp, Vec::new()));
        }
    }
    if fields::in_sync(&wanted.body, live) {
        return Ok(settled(wanted, Action::NoOp, Vec::new()));
    }
    let trial = dry_run(api, resource, wanted, live).await.map_err(fail)?;
    let takeover = fields::taken_over(live).is_some();
    let known = fields::own_set(live).is_some();
    let action = match &trial.outcome {
        Outcome::Same => Action::NoOp,
        Outcome::Immutable(_) => Action::Replace,
        Outcome::Changed(_) if !known && cx.adopting => Action::Adopt,
        Outcome::Changed(_) if cx.changed => Action::Upgrade,
        Outcome::Changed(_) => Action::Repair,
    };
    let fields = match trial.outcome {
        Outcome::Same => Vec::new(),
        Outcome::Immutable(fields) | Outcome::Changed(fields) => fields,
    };
    let (mut change, mut op) = settled(wanted, action, fields);
    change.left_alone = trial.left_alone;
    change.data_loss = action == Action::Replace && object::holds_data(&wanted.object);
    op.body = trial.body;
    op.force = trial.force;
    op.takeover = takeover;
    op.uid = Some(text(live, &["metadata", "uid"]).to_owned());
    Ok((change, op))
}

/// An object that cannot be asked about yet.
fn unseen(wanted: &Wanted) -> (ObjectChange, ObjectOp) {
    let (mut change, op) = settled(wanted, Action::Create, Vec::new());
    change.unseen = true;
    (change, op)
}

fn settled(wanted: &Wanted, action: Action, fields: Vec<FieldChange>) -> (ObjectChange, ObjectOp) {
    let change = ObjectChange {
        api_version: wanted.object.api_version.clone(),
        kind: wanted.object.kind.clone(),
        name: wanted.object.name.clone(),
        namespace: wanted.object.namespace.clone(),
        action,
        fields,
        left_alone: Vec::new(),
        data_loss: false,
        unseen: false,
        source: wanted.source.clone(),
    };
    let op = ObjectOp {
        object: wanted.object.clone(),
        body: wanted.body.clone(),
        action,
        force: false,
        takeover: false,
        uid: None,
    };
    (change, op)
}

/// The server refuses it only because something is missing that the same plan may bring.
fn needs_a_neighbour(error: &ClusterError) -> bool {
    let said = error.status.as_ref().map_or("", |s| s.message.as_str());
    let by_admission = error.kind == ErrorKind::Forbidden
        && !said.contains("cannot patch resource")
        && !said.contains("cannot create resource");
    by_admission
        && (said.contains("not found")
            || said.contains("no PriorityClass with name")
            || said.contains("error looking up"))
}

enum Outcome {
    Same,
    Changed(Vec<FieldChange>),
    Immutable(Vec<FieldChange>),
}

struct Trial {
    outcome: Outcome,
    /// What was sent in the end.
    body: Value,
    force: bool,
    left_alone: Vec<ForeignField>,
}

async fn dry_run(
    api: Api<'_>,
    resource: &Resource,
    wanted: &Wanted,
    live: &Value,
) -> Result<Trial, ClusterError> {
    let mut trial =
        Trial { outcome: Outcome::Same, body: wanted.body.clone(), force: false, left_alone: Vec::new() };
    let secret = wanted.object.kind == "Secret" && wanted.object.group().is_empty();
    // Once without force to learn whose the contested fields are, once with the decision.
    let mut answer =
        api.apply(resource, &wanted.object, &trial.body, Apply { dry_run: true, force: false }).await;
    if let Err(error) = &answer {
        let contested = error.status.as_ref().map(|s| fields::conflicts(s)).unwrap_or_default();
        if !contested.is_empty() {
            decide(&mut trial, contested);
            answer = api
                .apply(resource, &wanted.object, &trial.body, Apply { dry_run: true, force: trial.force })
                .await;
        }
    }
    trial.outcome = match answer {
        Ok(after) => {
            let fields = diff(live, &after, secret);
            let same_ownership = fields::own_set(live) == fields::own_set(&after);
            if fields.is_empty() && same_ownership { Outcome::Same } else { Outcome::Changed(fields) }
        }
        Err(error) => match immutable(&error) {
            Some(paths) => {
                let fields =
                    paths.into_iter().map(|path| FieldChange { path, from: None, to: None }).collect();
                Outcome::Immutable(fields)
            }
            None => return Err(error),
        },
    };
    Ok(trial)
}

fn decide(trial: &mut Trial, contested: Vec<Conflict>) {
    for conflict in contested {
        if conflict.is_tool() {
            trial.force = true;
        } else if fields::remove(&mut trial.body, &conflict.path) {
            let path = conflict.path.trim_start_matches('.').to_owned();
            trial.left_alone.push(ForeignField { path, manager: conflict.manager });
        }
    }
}

/// Fields that cannot be changed in place, if that is why the server refuses.
fn immutable(error: &ClusterError) -> Option<Vec<String>> {
    let status = error.status.as_ref().filter(|s| s.code == 422)?;
    const SIGNS: [&str; 5] = [
        "field is immutable",
        "is immutable",
        "may not change once set",
        "updates to statefulset spec for fields other than",
        "cannot be changed",
    ];
    let says = |message: &str| SIGNS.iter().any(|sign| message.contains(sign));
    let causes = status.details.as_ref().map(|d| d.causes.as_slice()).unwrap_or_default();
    if causes.is_empty() {
        return says(&status.message).then(Vec::new);
    }
    // Another mistake beside it would meet the new object just the same.
    causes.iter().all(|c| says(&c.message)).then(|| {
        let mut paths: Vec<String> = causes.iter().map(|c| c.field.clone()).collect();
        paths.sort();
        paths.dedup();
        paths
    })
}

/// Helm's rule for adoption (`pkg/action/validate.go`, `existingResourceConflict`) and relc's own for what is
/// in no release.
fn check_owner(wanted: &Wanted, live: &Value, cx: Context<'_>) -> Result<(), Diag> {
    let release = annotation(live, RELEASE_NAME);
    let release_namespace = annotation(live, RELEASE_NAMESPACE);
    let stack = annotation(live, STACK);
    let labelled = text(live, &["metadata", "labels", MANAGED_BY]) == "Helm";
    match cx.owner {
        Owner::Crd => Ok(()),
        Owner::Release { name, namespace } => {
            if !stack.is_empty() {
                return Err(errors::owned_by_stack(&wanted.object, cx.address, stack, wanted.span));
            }
            let is_ours = release == name && release_namespace == namespace;
            // Marks removed by hand from an object that relc applied do not make it a stranger.
            if (is_ours && labelled)
                || (release.is_empty() && fields::own_set(live).is_some())
                || (is_ours && !cx.adopting)
            {
                return Ok(());
            }
            if release.is_empty() || is_ours {
                return Err(errors::not_helms(&wanted.object, cx.address, name, namespace, wanted.span));
            }
            Err(errors::owned_by_release(&wanted.object, cx.address, release, release_namespace, wanted.span))
        }
        Owner::Stack(ours) => {
            if !release.is_empty() && labelled {
                return Err(errors::owned_by_release(
                    &wanted.object,
                    cx.address,
                    release,
                    release_namespace,
                    wanted.span,
                ));
            }
            if !stack.is_empty() && stack != ours {
                return Err(errors::owned_by_stack(&wanted.object, cx.address, stack, wanted.span));
            }
            Ok(())
        }
    }
}
