//! What every step of a node shares: its cluster, its deadline, its events; and sending and deleting objects.

use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::errors;
use super::event::{ApplyEvent, Events};
use super::wait;
use crate::cluster::{ClusterError, ErrorKind};
use crate::diag::Diag;
use crate::plan::api::{Api, Apply};
use crate::plan::destroy::is_owned_by;
use crate::plan::fields;
use crate::plan::inventory::Entry;
use crate::plan::object::{is_kept, text};
use crate::plan::{Action, ObjectOp, ObjectRef};

/// Objects of one kind in flight at a time, per node.
const BATCH: usize = 8;
/// Pauses between looks at what is being waited for: short at first, since most things are quick.
const FIRST_PAUSE: Duration = Duration::from_millis(60);
const LAST_PAUSE: Duration = Duration::from_millis(1500);
/// How often a change of ownership is tried again when the object moved meanwhile.
const TRIES: u32 = 5;

/// One node being worked on.
#[derive(Clone, Copy)]
pub(super) struct Node<'a> {
    pub api: Api<'a>,
    pub address: &'a str,
    pub events: Events<'a>,
    pub started: Instant,
    pub timeout: Duration,
}

/// A node that failed, and what the inventory has to say of it now.
#[derive(Debug)]
pub(super) struct Failure {
    pub diag: Diag,
    /// `None`: nothing of it is left.
    pub entry: Option<Entry>,
}

/// Grows from [`FIRST_PAUSE`] to [`LAST_PAUSE`].
pub(super) struct Pauses(Duration);

impl Pauses {
    pub fn new() -> Self {
        Pauses(FIRST_PAUSE)
    }

    pub async fn next(&mut self) {
        sleep(self.0).await;
        self.0 = self.0.mul_f64(1.4).min(LAST_PAUSE);
    }
}

impl Node<'_> {
    pub fn say(&self, object: &ObjectRef, action: Action) {
        (self.events)(ApplyEvent::Object {
            address: self.address.to_owned(),
            object: object.clone(),
            action,
        });
    }

    pub fn is_late(&self) -> bool {
        self.started.elapsed() >= self.timeout
    }

    pub fn fail(&self, error: ClusterError) -> Diag {
        errors::about(error, self.address)
    }

    /// Sends objects in their order; neighbours of one kind together.
    pub async fn send_all(&self, ops: &[ObjectOp]) -> Result<(), Diag> {
        for batch in ops
            .chunk_by(|a, b| a.object.kind == b.object.kind && a.object.api_version == b.object.api_version)
        {
            let results =
                stream::iter(batch).map(|op| self.send(op)).buffered(BATCH).collect::<Vec<_>>().await;
            for result in results {
                result?;
            }
            let crds: Vec<ObjectRef> = batch
                .iter()
                .filter(|op| is_crd(&op.object) && op.action != Action::NoOp)
                .map(|op| op.object.clone())
                .collect();
            if !crds.is_empty() {
                // What follows may use the kind.
                wait::until_ready(self, &crds).await?;
                self.api.cluster.discovery().invalidate().await;
            }
        }
        Ok(())
    }

    /// Sends one object, if there is anything to send.
    pub async fn send(&self, op: &ObjectOp) -> Result<(), Diag> {
        if op.action == Action::NoOp {
            return Ok(());
        }
        let resource = self.api.resource(&op.object).await.map_err(|e| self.fail(e))?;
        if op.action == Action::Replace {
            // Only the very object that was planned to go.
            self.api
                .delete(&resource, &op.object, op.uid.as_deref())
                .await
                .map_err(|e| self.stale_or(e, &op.object))?;
            self.gone(std::slice::from_ref(&op.object)).await?;
        }
        if op.takeover {
            self.take_over(&op.object).await?;
        }
        let how = Apply { dry_run: false, force: op.force };
        let mut after = self
            .api
            .apply(&resource, &op.object, &op.body, how)
            .await
            .map_err(|e| self.contested(e, &op.object))?;
        if !text(&after, &["metadata", "deletionTimestamp"]).is_empty() {
            // It was on its way out already and goes, whatever is applied to it.
            self.gone(std::slice::from_ref(&op.object)).await?;
            after = self
                .api
                .apply(&resource, &op.object, &op.body, how)
                .await
                .map_err(|e| self.contested(e, &op.object))?;
        }
        drop(after);
        self.say(&op.object, op.action);
        Ok(())
    }

    fn contested(&self, error: ClusterError, object: &ObjectRef) -> Diag {
        let conflicts = error.status.as_ref().map(|s| fields::conflicts(s)).unwrap_or_default();
        match conflicts.first() {
            Some(first) => errors::conflict(self.address, object, &first.path, &first.manager),
            None => self.fail(error),
        }
    }

    fn stale_or(&self, error: ClusterError, object: &ObjectRef) -> Diag {
        if error.kind == ErrorKind::Conflict {
            errors::stale_object(self.address, object)
        } else {
            self.fail(error)
        }
    }

    /// Makes relc the manager of what Helm, Terraform or `kubectl apply` managed.
    async fn take_over(&self, object: &ObjectRef) -> Result<(), Diag> {
        let resource = self.api.resource(object).await.map_err(|e| self.fail(e))?;
        for attempt in 1..=TRIES {
            let Some(live) = self.api.get(&resource, object).await.map_err(|e| self.fail(e))? else {
                return Ok(());
            };
            let Some(managed) = fields::taken_over(&live) else { return Ok(()) };
            // The version makes it fail if anyone else changed ownership in between.
            let patch = json!([
                { "op": "replace", "path": "/metadata/managedFields", "value": managed },
                { "op": "replace", "path": "/metadata/resourceVersion", "value": text(&live, &["metadata", "resourceVersion"]) },
            ]);
            match self.api.json_patch(&resource, object, &patch).await {
                Ok(_) => return Ok(()),
                Err(error) if error.kind == ErrorKind::Conflict && attempt < TRIES => {}
                Err(error) => return Err(self.fail(error)),
            }
        }
        Ok(())
    }

    /// Deletes objects in their order, neighbours of one kind together, and waits until they are gone. With
    /// a release, only objects that carry its marks (Helm's rule) and are not to be kept.
    pub async fn delete_all(&self, objects: &[ObjectRef], release: Option<(&str, &str)>) -> Result<(), Diag> {
        let mut deleted = Vec::new();
        for batch in objects.chunk_by(|a, b| a.kind == b.kind && a.api_version == b.api_version) {
            let results = stream::iter(batch)
                .map(|o| self.delete(o, release))
                .buffered(BATCH)
                .collect::<Vec<_>>()
                .await;
            for (object, result) in batch.iter().zip(results) {
                if result? {
                    deleted.push(object.clone());
                }
            }
            // A custom resource must be finalized before its controller and its CRD go.
            if batch.iter().any(|o| crate::plan::destroy::uninstall_rank(&o.kind) == 0) {
                self.gone(&deleted).await?;
                deleted.clear();
            }
        }
        self.gone(&deleted).await
    }

    /// `true` if the object was there and its deletion is under way.
    async fn delete(&self, object: &ObjectRef, release: Option<(&str, &str)>) -> Result<bool, Diag> {
        let Some(resource) = self.api.find(object).await.map_err(|e| self.fail(e))? else { return Ok(false) };
        let Some(live) = self.api.get(&resource, object).await.map_err(|e| self.fail(e))? else {
            return Ok(false);
        };
        if let Some((name, namespace)) = release
            && (!is_owned_by(&live, name, namespace) || is_kept(&live))
        {
            return Ok(false);
        }
        let uid = text(&live, &["metadata", "uid"]);
        match self.api.delete(&resource, object, Some(uid)).await {
            Ok(true) => {
                self.say(object, Action::Destroy);
                Ok(true)
            }
            Ok(false) => Ok(false),
            // Another object of that name by now; not ours to delete.
            Err(error) if error.kind == ErrorKind::Conflict => Ok(false),
            Err(error) => Err(self.fail(error)),
        }
    }

    /// Waits until the objects are gone.
    pub async fn gone(&self, objects: &[ObjectRef]) -> Result<(), Diag> {
        let mut pending: Vec<&ObjectRef> = objects.iter().collect();
        let mut pauses = Pauses::new();
        let mut told = wait::Told::new(self);
        loop {
            let mut left = Vec::new();
            let mut last: Option<Value> = None;
            for object in pending {
                let Some(resource) = self.api.find(object).await.map_err(|e| self.fail(e))? else { continue };
                if let Some(live) = self.api.get(&resource, object).await.map_err(|e| self.fail(e))? {
                    left.push((object, deletion_state(&live)));
                    last = Some(live);
                }
            }
            let Some((first, why)) = left.first() else { return Ok(()) };
            if self.is_late() {
                return Err(errors::not_deleted(self.address, first, why, last.as_ref()));
            }
            told.tell(&left.iter().map(|(o, why)| ((*o).clone(), why.clone())).collect::<Vec<_>>());
            pending = left.into_iter().map(|(o, _)| o).collect();
            pauses.next().await;
        }
    }
}

pub(super) fn deletion_state(live: &Value) -> String {
    let finalizers = live.get("metadata").and_then(|m| m.get("finalizers")).and_then(Value::as_array);
    let names: Vec<&str> = finalizers.into_iter().flatten().filter_map(Value::as_str).collect();
    if names.is_empty() {
        "being deleted".to_owned()
    } else {
        format!("being deleted, finalizers: {}", names.join(", "))
    }
}

pub(super) fn is_crd(object: &ObjectRef) -> bool {
    object.kind == "CustomResourceDefinition" && object.group() == "apiextensions.k8s.io"
}
