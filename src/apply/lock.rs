//! The lock: a Lease per stack and cluster, held and renewed while applying.
//!
//! A lease that was not renewed for its whole duration belongs to an apply that died, and is taken. Writes are
//! conditional on the version read, so that of two takers one fails.

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::{Duration, sleep};

use super::errors;
use super::ledger::Refusal;
use crate::cluster::ErrorKind;
use crate::diag::Diag;
use crate::plan::api::Api;
use crate::plan::inventory::{FIELD_MANAGER, SYSTEM_NAMESPACE, resource_name};
use crate::plan::object::{MANAGED_BY, ObjectRef, at, text};

const DURATION_SECONDS: i64 = 30;
const RENEWAL: Duration = Duration::from_secs(8);

/// A lease that is ours.
pub(super) struct Lock<'a> {
    api: Api<'a>,
    stack: String,
    object: ObjectRef,
    body: Value,
}

fn micros(at: Timestamp) -> String {
    format!("{at:.6}")
}

/// Takes the lock.
///
/// # Errors
/// Names the holder when it is held; [`Refusal::NoNamespace`] when the lock's namespace is going or gone.
pub(super) async fn acquire<'a>(api: Api<'a>, stack: &str, holder: &str) -> Result<Lock<'a>, Refusal> {
    let object = ObjectRef {
        api_version: "coordination.k8s.io/v1".into(),
        kind: "Lease".into(),
        namespace: SYSTEM_NAMESPACE.into(),
        name: format!("relc-lock.{}", resource_name(stack)),
    };
    let resource = api.resource(&object).await?;
    let now = micros(Timestamp::now());
    let body = json!({
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": { "name": object.name, "namespace": object.namespace, "labels": { MANAGED_BY: FIELD_MANAGER } },
        "spec": {
            "holderIdentity": holder,
            "leaseDurationSeconds": DURATION_SECONDS,
            "acquireTime": now,
            "renewTime": now,
            "leaseTransitions": 0,
        },
    });
    match api.create(&resource, &object, &body).await {
        Ok(body) => return Ok(Lock { api, stack: stack.to_owned(), object, body }),
        Err(error) if error.kind == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error.into()),
    }
    let Some(mut live) = api.get(&resource, &object).await? else {
        // Released between the two calls.
        let body = api.create(&resource, &object, &body).await?;
        return Ok(Lock { api, stack: stack.to_owned(), object, body });
    };
    let held = |live: &Value| {
        errors::locked(
            stack,
            &api.cluster.name,
            text(live, &["spec", "holderIdentity"]),
            text(live, &["spec", "acquireTime"]),
        )
    };
    if !is_over(&live) {
        return Err(held(&live).into());
    }
    let transitions = at(&live, &["spec", "leaseTransitions"]).and_then(Value::as_i64).unwrap_or(0);
    if let Some(spec) = live.get_mut("spec").and_then(Value::as_object_mut) {
        spec.insert("holderIdentity".into(), holder.into());
        spec.insert("leaseDurationSeconds".into(), DURATION_SECONDS.into());
        spec.insert("acquireTime".into(), now.clone().into());
        spec.insert("renewTime".into(), now.into());
        spec.insert("leaseTransitions".into(), transitions.saturating_add(1).into());
    }
    match api.update(&resource, &object, &live).await {
        Ok(body) => Ok(Lock { api, stack: stack.to_owned(), object, body }),
        Err(error) if error.kind == ErrorKind::Conflict => Err(held(&live).into()),
        Err(error) => Err(error.into()),
    }
}

fn is_over(lease: &Value) -> bool {
    let renewed: Option<Timestamp> = text(lease, &["spec", "renewTime"]).parse().ok();
    let duration =
        at(lease, &["spec", "leaseDurationSeconds"]).and_then(Value::as_i64).unwrap_or(DURATION_SECONDS);
    let idle = text(lease, &["spec", "holderIdentity"]).is_empty();
    // A lease without a time of renewal was not written by relc and says nothing.
    idle || renewed.is_none_or(|at| Timestamp::now().as_second().saturating_sub(at.as_second()) > duration)
}

impl Lock<'_> {
    /// Renews for as long as it is polled; returns when the lock is lost.
    pub async fn renew(&mut self) -> Diag {
        let mut failures = 0u32;
        loop {
            sleep(RENEWAL).await;
            if let Some(spec) = self.body.get_mut("spec").and_then(Value::as_object_mut) {
                spec.insert("renewTime".into(), micros(Timestamp::now()).into());
            }
            let lost = |why: &str| errors::lost_lock(&self.stack, &self.api.cluster.name, why);
            let resource = match self.api.resource(&self.object).await {
                Ok(resource) => resource,
                Err(error) => return lost(&error.message),
            };
            match self.api.update(&resource, &self.object, &self.body).await {
                Ok(body) => {
                    self.body = body;
                    failures = 0;
                }
                Err(error) if matches!(error.kind, ErrorKind::Conflict | ErrorKind::NotFound) => {
                    return lost("someone else took it");
                }
                Err(error) => {
                    failures = failures.saturating_add(1);
                    if failures >= 3 {
                        return lost(&error.message);
                    }
                }
            }
        }
    }

    /// Gives the lock up. A lease that cannot be deleted ends by itself.
    pub async fn release(self) {
        let uid = text(&self.body, &["metadata", "uid"]).to_owned();
        if let Ok(resource) = self.api.resource(&self.object).await {
            let _ = self.api.delete(&resource, &self.object, Some(&uid)).await;
        }
    }
}
