//! Helm's records, written the way Helm writes them (`pkg/storage`, `pkg/action`).

use jiff::Timestamp;
use serde_json::{Value, json};

use super::errors;
use super::node::Node;
use crate::cluster::ErrorKind;
use crate::diag::Diag;
use crate::plan::record::{Record, hook_json, secret_name, secret_ref};
use crate::plan::{Hook, Revision};

/// Helm's default.
const HISTORY: usize = 10;
/// What etcd and the API server take of one Secret.
const MAX_SECRET: usize = 1 << 20;

pub(super) fn now() -> String {
    Timestamp::now().to_string()
}

/// A new revision's record before it is written.
pub(super) fn draft(
    name: &str,
    namespace: &str,
    version: u32,
    revision: &Revision,
    status: &str,
    description: &str,
    first: Option<&str>,
) -> Record {
    let now = now();
    let never = json!({ "phase": "" });
    let hooks: Vec<Value> = revision.hooks.iter().map(|h| hook_json(h, &never)).collect();
    let mut info = json!({
        "first_deployed": first.unwrap_or(&now),
        "last_deployed": now,
        "description": description,
        "status": status,
    });
    if let Some(info) = info.as_object_mut().filter(|_| !revision.notes.is_empty()) {
        info.insert("notes".into(), revision.notes.clone().into());
    }
    let mut body = json!({
        "name": name,
        "info": info,
        "chart": revision.chart,
        "manifest": revision.manifest,
        "version": version,
        "namespace": namespace,
        // Applied on the server, but recorded as client-side: Helm then rolls back and upgrades by patches,
        // which do not ask who manages a field. Recorded as server-side it would meet relc's own fields as
        // conflicts, and `helm rollback` would need `--force-conflicts`.
        "apply_method": "csa",
    });
    if let Some(map) = body.as_object_mut() {
        if revision.config.as_object().is_some_and(|c| !c.is_empty()) {
            map.insert("config".into(), revision.config.clone());
        }
        if !hooks.is_empty() {
            map.insert("hooks".into(), hooks.into());
        }
    }
    Record { body, labels: std::collections::BTreeMap::new(), resource_version: String::new() }
}

pub(super) fn set_status(record: &mut Record, status: &str, description: Option<&str>) {
    let Some(info) = record.body.get_mut("info").and_then(Value::as_object_mut) else { return };
    info.insert("status".into(), status.into());
    if let Some(description) = description {
        info.insert("description".into(), description.into());
    }
}

/// Notes in the record how a hook went.
pub(super) fn set_hook(
    record: &mut Record,
    hook: &Hook,
    started: &str,
    completed: Option<&str>,
    phase: &str,
) {
    let hooks = record.body.get_mut("hooks").and_then(Value::as_array_mut);
    let found = hooks.into_iter().flatten().find(|h| {
        h.get("path").and_then(Value::as_str) == Some(&hook.path)
            && h.get("name").and_then(Value::as_str) == Some(&hook.name)
    });
    if let Some(found) = found.and_then(Value::as_object_mut) {
        let mut run = json!({ "started_at": started, "phase": phase });
        if let (Some(completed), Some(run)) = (completed, run.as_object_mut()) {
            run.insert("completed_at".into(), completed.into());
        }
        found.insert("last_run".into(), run);
    }
}

impl Node<'_> {
    /// Writes a new record; fails if that revision exists, which means that another tool was quicker.
    pub async fn create_record(&self, record: &mut Record) -> Result<(), Diag> {
        let secret = record.to_secret(("createdAt", Timestamp::now().as_second()));
        self.check_size(record, &secret)?;
        let object = secret_ref(record.name(), record.namespace(), record.version());
        let resource = self.api.resource(&object).await.map_err(|e| self.fail(e))?;
        match self.api.create(&resource, &object, &secret).await {
            Ok(made) => {
                record.resource_version =
                    crate::plan::object::text(&made, &["metadata", "resourceVersion"]).to_owned();
                Ok(())
            }
            Err(error) if error.kind == ErrorKind::AlreadyExists => {
                Err(errors::stale_release(self.address, record.name(), record.namespace(), record.version()))
            }
            Err(error) => Err(self.fail(error)),
        }
    }

    pub async fn update_record(&self, record: &mut Record) -> Result<(), Diag> {
        let secret = record.to_secret(("modifiedAt", Timestamp::now().as_second()));
        self.check_size(record, &secret)?;
        let object = secret_ref(record.name(), record.namespace(), record.version());
        let resource = self.api.resource(&object).await.map_err(|e| self.fail(e))?;
        let after = self.api.update(&resource, &object, &secret).await.map_err(|e| self.fail(e))?;
        record.resource_version =
            crate::plan::object::text(&after, &["metadata", "resourceVersion"]).to_owned();
        Ok(())
    }

    fn check_size(&self, record: &Record, secret: &Value) -> Result<(), Diag> {
        // The inner base64; the outer one is the Secret's own on the wire.
        let bytes = crate::plan::object::text(secret, &["data", "release"]).len() / 4 * 3;
        if bytes > MAX_SECRET { Err(errors::too_big(self.address, record.name(), bytes)) } else { Ok(()) }
    }

    pub async fn read_record(
        &self,
        name: &str,
        namespace: &str,
        version: u32,
    ) -> Result<Option<Record>, Diag> {
        let object = secret_ref(name, namespace, version);
        let resource = self.api.resource(&object).await.map_err(|e| self.fail(e))?;
        let Some(secret) = self.api.get(&resource, &object).await.map_err(|e| self.fail(e))? else {
            return Ok(None);
        };
        Record::from_secret(&secret)
            .map(Some)
            .map_err(|why| errors::unreadable(self.address, name, version, &why))
    }

    /// Names and versions of all records of a release, oldest first.
    async fn history(&self, name: &str, namespace: &str) -> Result<Vec<(u32, bool)>, Diag> {
        let object = secret_ref(name, namespace, 0);
        let resource = self.api.resource(&object).await.map_err(|e| self.fail(e))?;
        let secrets = self
            .api
            .list(&resource, Some(namespace), &format!("owner=helm,name={name}"))
            .await
            .map_err(|e| self.fail(e))?;
        let mut versions: Vec<(u32, bool)> = secrets
            .iter()
            .filter_map(|s| {
                let label = |key| crate::plan::object::text(s, &["metadata", "labels", key]);
                Some((label("version").parse().ok()?, label("status") == "deployed"))
            })
            .collect();
        versions.sort_unstable();
        Ok(versions)
    }

    /// Removes the oldest revisions beyond Helm's limit; the one that is deployed stays.
    pub async fn trim_history(&self, name: &str, namespace: &str, newest: u32) -> Result<(), Diag> {
        // Versions only grow, so that a list is not needed before there can be too many.
        if usize::try_from(newest).unwrap_or(usize::MAX) <= HISTORY {
            return Ok(());
        }
        let versions = self.history(name, namespace).await?;
        let excess = versions.len().saturating_sub(HISTORY);
        for (version, _) in versions.into_iter().filter(|(_, deployed)| !deployed).take(excess) {
            self.delete_record(name, namespace, version).await?;
        }
        Ok(())
    }

    /// Removes every record of a release, oldest first, so that what is left of a cut-short removal is the
    /// last revision.
    pub async fn purge_history(&self, name: &str, namespace: &str) -> Result<(), Diag> {
        for (version, _) in self.history(name, namespace).await? {
            self.delete_record(name, namespace, version).await?;
        }
        Ok(())
    }

    async fn delete_record(&self, name: &str, namespace: &str, version: u32) -> Result<(), Diag> {
        let object = secret_ref(name, namespace, version);
        debug_assert_eq!(object.name, secret_name(name, version));
        let resource = self.api.resource(&object).await.map_err(|e| self.fail(e))?;
        self.api.delete(&resource, &object, None).await.map(|_| ()).map_err(|e| self.fail(e))
    }
}

impl Node<'_> {
    /// Highest revision on record.
    pub async fn last_version(&self, name: &str, namespace: &str) -> Result<Option<u32>, Diag> {
        Ok(self.history(name, namespace).await?.last().map(|(version, _)| *version))
    }

    /// Whether anything of the kind a CRD defines exists.
    pub async fn has_instances(&self, crd: &Value) -> Result<bool, Diag> {
        let spec = |path: &[&str]| crate::plan::object::text(crd, &[&["spec"], path].concat()).to_owned();
        let versions = crd.get("spec").and_then(|s| s.get("versions")).and_then(Value::as_array);
        let served =
            versions.into_iter().flatten().find(|v| v.get("served").and_then(Value::as_bool) == Some(true));
        let Some(version) = served.map(|v| crate::plan::object::text(v, &["name"])) else { return Ok(false) };
        let kind = crate::plan::ObjectRef {
            api_version: format!("{}/{version}", spec(&["group"])),
            kind: spec(&["names", "kind"]),
            namespace: String::new(),
            name: String::new(),
        };
        let Some(resource) = self.api.find(&kind).await.map_err(|e| self.fail(e))? else { return Ok(false) };
        let found = self.api.list(&resource, None, "").await.map_err(|e| self.fail(e))?;
        Ok(!found.is_empty())
    }
}
