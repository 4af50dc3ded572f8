//! What a plan reads of a cluster, in as few requests as it can.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::stream::{self, StreamExt};
use serde_json::Value;

use super::api::Api;
use super::errors;
use super::inventory::{Inventory, SYSTEM_NAMESPACE};
use super::object::{MANAGED_BY, ObjectRef, text};
use super::record::{LIVE_RECORDS, Record, SECRET_TYPE};
use crate::cluster::{ClusterError, ErrorKind, Resource};
use crate::diag::{Diag, Diags};

/// Requests in flight per cluster; the API server's own fairness does the rest.
pub(crate) const CONCURRENCY: usize = 16;
/// From so many objects of one kind in one namespace on, one list is cheaper than a get for each.
const LIST_FROM: usize = 3;

/// Identity of an object: group, kind, namespace, name.
pub(crate) type Key = (String, String, String, String);

/// The Helm records of one release that are not superseded, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Records {
    pub revisions: Vec<Record>,
}

impl Records {
    pub fn last(&self) -> Option<&Record> {
        self.revisions.last()
    }

    pub fn deployed(&self) -> Option<&Record> {
        self.revisions.iter().rev().find(|r| r.status() == "deployed")
    }
}

pub(crate) fn secret_kind() -> ObjectRef {
    ObjectRef {
        api_version: "v1".into(),
        kind: "Secret".into(),
        namespace: String::new(),
        name: String::new(),
    }
}

pub(crate) async fn inventory(api: Api<'_>, stack: &str) -> Result<Option<Inventory>, Diag> {
    let object = ObjectRef {
        namespace: SYSTEM_NAMESPACE.into(),
        name: Inventory::secret_name(stack),
        ..secret_kind()
    };
    let resource = api.resource(&object).await?;
    match api.get(&resource, &object).await? {
        Some(secret) => Inventory::from_secret(&secret)
            .map(Some)
            .map_err(|why| errors::unreadable_inventory(&object, &why)),
        None => Ok(None),
    }
}

/// Records of all releases in these namespaces, by namespace and release name.
pub(crate) async fn records(
    api: Api<'_>,
    namespaces: &BTreeSet<String>,
    diags: &mut Diags,
) -> BTreeMap<(String, String), Records> {
    let resource = match api.resource(&secret_kind()).await {
        Ok(resource) => resource,
        Err(error) => {
            diags.push(error.into());
            return BTreeMap::new();
        }
    };
    let lists = stream::iter(namespaces)
        .map(|namespace| {
            let resource = Arc::clone(&resource);
            async move { api.list(&resource, Some(namespace), LIVE_RECORDS).await }
        })
        .buffered(CONCURRENCY)
        .collect::<Vec<Result<Vec<Value>, ClusterError>>>()
        .await;
    let mut out: BTreeMap<(String, String), Records> = BTreeMap::new();
    for list in lists {
        match list {
            Ok(secrets) => {
                for secret in secrets.iter().filter(|s| text(s, &["type"]) == SECRET_TYPE) {
                    match Record::from_secret(secret) {
                        Ok(record) => {
                            let namespace = text(secret, &["metadata", "namespace"]).to_owned();
                            out.entry((namespace, record.name().to_owned()))
                                .or_default()
                                .revisions
                                .push(record);
                        }
                        Err(why) => diags.push(errors::unreadable_record(secret, &why)),
                    }
                }
            }
            Err(error) => diags.push(error.into()),
        }
    }
    for records in out.values_mut() {
        records.revisions.sort_by_key(Record::version);
    }
    out
}

/// Which of these namespaces exist and are not on their way out.
pub(crate) async fn namespaces(
    api: Api<'_>,
    names: &BTreeSet<String>,
    diags: &mut Diags,
) -> BTreeSet<String> {
    let object = |name: &str| ObjectRef {
        api_version: "v1".into(),
        kind: "Namespace".into(),
        namespace: String::new(),
        name: name.into(),
    };
    let objects: Vec<ObjectRef> = names.iter().map(|n| object(n)).collect();
    let found = fetch(api, objects.iter().map(|o| (o, false)), diags).await;
    found
        .into_iter()
        .filter(|(_, live)| text(live, &["status", "phase"]) != "Terminating")
        .map(|((_, _, _, name), _)| name)
        .collect()
}

/// The live objects among those asked for. The flag says that an object carries Helm's label if it is the one
/// meant, so that a list may be narrowed to that.
pub(crate) async fn fetch<'o>(
    api: Api<'_>,
    objects: impl Iterator<Item = (&'o ObjectRef, bool)>,
    diags: &mut Diags,
) -> BTreeMap<Key, Value> {
    // (apiVersion, kind, namespace, labelled) -> names
    let mut groups: BTreeMap<(String, String, String, bool), BTreeSet<String>> = BTreeMap::new();
    for (object, labelled) in objects {
        let group = (object.api_version.clone(), object.kind.clone(), object.namespace.clone(), labelled);
        groups.entry(group).or_default().insert(object.name.clone());
    }
    let results = stream::iter(groups)
        .map(|((api_version, kind, namespace, labelled), names)| async move {
            let object = ObjectRef { api_version, kind, namespace, name: String::new() };
            group(api, &object, labelled, &names).await
        })
        .buffered(CONCURRENCY)
        .collect::<Vec<_>>()
        .await;
    let mut out = BTreeMap::new();
    for result in results {
        match result {
            Ok(objects) => out.extend(objects),
            Err(error) => diags.push(error.into()),
        }
    }
    out
}

async fn group(
    api: Api<'_>,
    kind: &ObjectRef,
    labelled: bool,
    names: &BTreeSet<String>,
) -> Result<Vec<(Key, Value)>, ClusterError> {
    let Some(resource) = api.find(kind).await? else { return Ok(Vec::new()) };
    let mut out = Vec::new();
    let mut missing: Vec<&String> = names.iter().collect();
    if names.len() >= LIST_FROM {
        let namespace = Some(kind.namespace.as_str()).filter(|n| !n.is_empty());
        let selector = if labelled { format!("{MANAGED_BY}=Helm") } else { String::new() };
        // Unlabelled secrets would bring every Helm record along.
        let listed = if labelled || kind.kind != "Secret" {
            api.list(&resource, namespace, &selector).await
        } else {
            Ok(Vec::new())
        };
        match listed {
            Ok(items) => {
                let mut found: BTreeMap<String, Value> = items
                    .into_iter()
                    .map(|item| (text(&item, &["metadata", "name"]).to_owned(), item))
                    .filter(|(name, _)| names.contains(name))
                    .collect();
                missing.retain(|name| !found.contains_key(*name));
                while let Some((name, item)) = found.pop_first() {
                    out.push((key(kind, &name), item));
                }
            }
            // Who may not list may still be allowed to get.
            Err(error) if error.kind == ErrorKind::Forbidden => {}
            Err(error) => return Err(error),
        }
    }
    let rest = stream::iter(missing)
        .map(|name| {
            let resource: Arc<Resource> = Arc::clone(&resource);
            let object = ObjectRef { name: name.clone(), ..kind.clone() };
            async move { api.get(&resource, &object).await.map(|live| live.map(|live| (object.key(), live))) }
        })
        .buffered(CONCURRENCY)
        .collect::<Vec<_>>()
        .await;
    for found in rest {
        out.extend(found?);
    }
    Ok(out)
}

fn key(kind: &ObjectRef, name: &str) -> Key {
    ObjectRef { name: name.to_owned(), ..kind.clone() }.key()
}
