//! [`Observed`]: what the clusters hold of a stack before it is rendered and planned.
//!
//! Rendering needs a part of it (a release's revision, what is deployed), planning all of it. It is read once
//! a run, so that both decide upon the same, and all clusters at a time.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;

use super::api::Api;
use super::input::Address;
use super::inventory::{EntryKind, Inventory};
use super::live::{self, Records};
use crate::cluster::Cluster;
use crate::diag::Diags;
use crate::render::stack::Recorded;

/// Inventories and Helm's records, by cluster.
#[derive(Debug, Default)]
pub struct Observed {
    clusters: BTreeMap<Address, Held>,
}

/// What one cluster holds.
#[derive(Debug, Default)]
pub(super) struct Held {
    pub inventory: Option<Inventory>,
    /// By namespace and release name.
    pub records: BTreeMap<(String, String), Records>,
}

impl Observed {
    /// What is on record of a release.
    pub fn release(&self, cluster: &Address, namespace: &str, name: &str) -> Recorded<'_> {
        let key = (namespace.to_owned(), name.to_owned());
        let Some(records) = self.clusters.get(cluster).and_then(|held| held.records.get(&key)) else {
            return Recorded::default();
        };
        Recorded {
            newest: records.last().map_or(0, |record| record.version()),
            deployed: records.deployed().map(|record| (record.version(), record.manifest())),
        }
    }

    pub(super) fn cluster(&self, address: &Address) -> Option<&Held> {
        self.clusters.get(address)
    }
}

/// Reads what is there of a stack. `namespaces` are those that its releases go to; those of releases that left
/// the source are known from the inventory.
///
/// # Errors
/// What could not be read, of all clusters.
pub async fn observe(
    stack: &str,
    namespaces: &BTreeMap<Address, BTreeSet<String>>,
    clusters: &BTreeMap<Address, Cluster>,
) -> Result<Observed, Diags> {
    let none = BTreeSet::new();
    let reads = clusters.iter().map(|(address, cluster)| {
        let wanted = namespaces.get(address).unwrap_or(&none);
        async move {
            let mut diags = Diags::default();
            let held = read(Api::new(cluster), stack, wanted, &mut diags).await;
            (address.clone(), held, diags)
        }
    });
    let mut observed = Observed::default();
    let mut diags = Diags::default();
    for (address, held, found) in join_all(reads).await {
        diags.append(found);
        observed.clusters.insert(address, held);
    }
    if diags.has_errors() { Err(diags) } else { Ok(observed) }
}

async fn read(api: Api<'_>, stack: &str, wanted: &BTreeSet<String>, diags: &mut Diags) -> Held {
    let mut found = Diags::default();
    let (inventory, mut records) =
        tokio::join!(live::inventory(api, stack), live::records(api, wanted, &mut found));
    diags.append(found);
    let inventory = match inventory {
        Ok(inventory) => inventory,
        Err(diag) => {
            diags.push(diag);
            None
        }
    };
    let entries = inventory.iter().flat_map(|inventory| inventory.entries.values());
    let more: BTreeSet<String> = entries
        .filter(|entry| entry.kind == EntryKind::Release && !wanted.contains(&entry.namespace))
        .map(|entry| entry.namespace.clone())
        .collect();
    if !more.is_empty() {
        records.extend(live::records(api, &more, diags).await);
    }
    Held { inventory, records }
}
