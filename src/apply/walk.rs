//! The walk over a plan's changes: dependencies first, a bounded number at a time per cluster.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::Ordering;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::{Duration, Instant};

use super::event::{ApplyEvent, ApplyReport, Events, NodeResult, Outcome};
use super::ledger::Refusal;
use super::lock::Lock;
use super::node::{Failure, Node, Pauses};
use super::{Options, errors, ledger, lock, release, uninstall, wait};
use crate::cluster::Cluster;
use crate::diag::Diag;
use crate::eval::desired::Address;
use crate::plan::api::Api;
use crate::plan::inventory::{Entry, Inventory};
use crate::plan::{Action, Change, ObjectRef, ObjectsOp, Operation, Plan};

/// A namespace on its way out is usually gone in a few seconds.
const TERMINATION: Duration = Duration::from_secs(60);

/// A cluster with work to do: its inventory as written last.
struct Site<'a> {
    api: Api<'a>,
    inventory: Inventory,
}

/// What became of a change, and what the inventory has to say of it.
struct Done {
    address: String,
    outcome: Outcome,
    entry: Option<Entry>,
    elapsed: Duration,
}

pub(super) async fn apply(
    plan: &Plan,
    clusters: &BTreeMap<Address, Cluster>,
    options: &Options,
    events: Events<'_>,
) -> ApplyReport {
    let started = Instant::now();
    let mut report = ApplyReport::default();
    let mut sites: BTreeMap<&str, Site<'_>> = BTreeMap::new();
    let mut locks: Vec<Lock<'_>> = Vec::new();
    for (address, state) in &plan.clusters {
        let changes: Vec<&Change> = plan.changes.iter().filter(|c| c.cluster == *address).collect();
        if !needs_work(state.inventory.as_ref(), &changes, state.destroy) {
            continue;
        }
        let Some(cluster) = clusters.get(&Address::new(address.as_str())) else {
            report.problems.push(errors::unknown_cluster(address));
            continue;
        };
        let api = Api::new(cluster);
        let node = Node { api, address, events, started: Instant::now(), timeout: TERMINATION };
        match open(&node, plan, state.inventory.as_ref(), &changes, options).await {
            Ok((inventory, lock)) => {
                sites.insert(address, Site { api, inventory });
                locks.push(lock);
            }
            Err(diag) => report.problems.push(diag),
        }
    }

    let renewals = async {
        let mut waiting: FuturesUnordered<_> = locks.iter_mut().map(Lock::renew).collect();
        match waiting.next().await {
            Some(diag) => diag,
            None => std::future::pending().await,
        }
    };
    let mut lost = None;
    let done = {
        let walk = walk(plan, &sites, options, events);
        tokio::pin!(walk);
        tokio::select! {
            done = &mut walk => done,
            diag = renewals => {
                // Someone else may be at work by now: finish what has begun, start nothing.
                options.stop.store(true, Ordering::Relaxed);
                lost = Some(diag);
                walk.await
            }
        }
    };
    report.problems.extend(lost);

    let mut results: BTreeMap<&str, &Done> = done.iter().map(|d| (d.address.as_str(), d)).collect();
    for (address, site) in &mut sites {
        let changes = plan.changes.iter().filter(|c| c.cluster == **address);
        for change in changes {
            if let Some(done) = results.get(change.address.as_str()) {
                settle(&mut site.inventory, change, done);
            }
        }
        if let Err(diag) = close(site).await {
            report.problems.push(diag);
        }
    }
    for lock in locks {
        lock.release().await;
    }
    for site in sites.values().filter(|s| s.inventory.entries.is_empty()) {
        if let Err(diag) = ledger::remove_namespace(site.api).await {
            report.problems.push(diag);
        }
    }
    for change in &plan.changes {
        if let Some(done) = results.remove(change.address.as_str()) {
            report.results.push(NodeResult {
                address: change.address.clone(),
                action: change.action,
                outcome: done.outcome.clone(),
                elapsed: done.elapsed,
            });
        }
    }
    report.interrupted = options.stop.load(Ordering::Relaxed);
    report.elapsed = started.elapsed();
    report
}

fn needs_work(inventory: Option<&Inventory>, changes: &[&Change], destroy: bool) -> bool {
    let stale = changes.iter().any(|c| {
        let known = inventory.and_then(|i| i.entries.get(&c.address));
        !c.operation.is_nothing() || c.entry.as_ref() != known
    });
    stale || (destroy && inventory.is_some())
}

/// Lock first, then the inventory's first write. Another stack's destroy may remove their namespace in between:
/// then it is waited for, and all begins again.
async fn open<'a>(
    node: &Node<'a>,
    plan: &Plan,
    known: Option<&Inventory>,
    changes: &[&Change],
    options: &Options,
) -> Result<(Inventory, Lock<'a>), Diag> {
    let mut pauses = Pauses::new();
    loop {
        ledger::ensure_namespace(node, &options.stop).await?;
        match begin(node.api, plan, known, changes, options).await {
            Ok(opened) => return Ok(opened),
            Err(Refusal::NoNamespace(_)) if !node.is_late() => pauses.next().await,
            Err(refusal) => return Err(refusal.into()),
        }
    }
}

async fn begin<'a>(
    api: Api<'a>,
    plan: &Plan,
    known: Option<&Inventory>,
    changes: &[&Change],
    options: &Options,
) -> Result<(Inventory, Lock<'a>), Refusal> {
    let lock = lock::acquire(api, &plan.stack, &options.holder).await?;
    let mut inventory = known.cloned().unwrap_or_else(|| Inventory::new(&plan.stack));
    let planned: BTreeMap<String, Option<Entry>> = changes
        .iter()
        .filter(|c| !c.operation.is_nothing())
        .map(|c| (c.address.clone(), c.entry.clone()))
        .collect();
    ledger::begin(&mut inventory, &planned);
    let first = inventory.resource_version.is_empty();
    let mut written = ledger::write(api, &mut inventory).await;
    // An inventory that was there before keeps its namespace by itself.
    if first && written.is_ok() {
        written = ledger::claim_namespace(api, &options.holder).await;
    }
    match written {
        Ok(()) => Ok((inventory, lock)),
        Err(refusal) => {
            lock.release().await;
            Err(refusal)
        }
    }
}

fn settle(inventory: &mut Inventory, change: &Change, done: &Done) {
    match (&done.outcome, &done.entry) {
        // Not tried: as it was before this apply, less the mark.
        (Outcome::Skipped { .. }, _) => {
            if let Some(entry) = inventory.entries.get_mut(&change.address) {
                entry.unfinished = !matches!(change.action, Action::NoOp);
            }
        }
        (_, Some(entry)) => {
            inventory.entries.insert(change.address.clone(), entry.clone());
        }
        (_, None) => {
            inventory.entries.remove(&change.address);
        }
    }
}

async fn close(site: &mut Site<'_>) -> Result<(), Diag> {
    if site.inventory.entries.is_empty() {
        let stack = site.inventory.stack.clone();
        return ledger::remove(site.api, &stack).await;
    }
    Ok(ledger::write(site.api, &mut site.inventory).await?)
}

type Work<'a> = Pin<Box<dyn Future<Output = Done> + 'a>>;

async fn walk(
    plan: &Plan,
    sites: &BTreeMap<&str, Site<'_>>,
    options: &Options,
    events: Events<'_>,
) -> Vec<Done> {
    let known: BTreeSet<&str> = plan.changes.iter().map(|c| c.address.as_str()).collect();
    let mut waiting: Vec<&Change> = plan.changes.iter().collect();
    let mut finished: BTreeMap<String, bool> = BTreeMap::new();
    let mut running: FuturesUnordered<Work<'_>> = FuturesUnordered::new();
    let mut busy: BTreeMap<&str, usize> = BTreeMap::new();
    let mut out = Vec::new();
    loop {
        let mut later = Vec::new();
        let mut moved = false;
        for change in waiting {
            let needs = || change.after.iter().filter(|a| known.contains(a.as_str()));
            if let Some(because) = needs().find(|a| finished.get(*a) == Some(&false)) {
                events(ApplyEvent::Skipped { address: change.address.clone(), because: because.clone() });
                out.push(skipped(change, because));
                finished.insert(change.address.clone(), false);
                moved = true;
                continue;
            }
            let Some(site) = sites.get(change.cluster.as_str()) else {
                // A cluster without work has nothing but unchanged nodes; one that could not be opened has failed.
                let fine = change.operation.is_nothing();
                finished.insert(change.address.clone(), fine);
                out.push(if fine { unchanged(change) } else { skipped(change, &change.cluster) });
                moved = true;
                continue;
            };
            if change.operation.is_nothing() {
                finished.insert(change.address.clone(), true);
                out.push(unchanged(change));
                moved = true;
                continue;
            }
            let stopping = options.stop.load(Ordering::Relaxed);
            if stopping {
                finished.insert(change.address.clone(), false);
                out.push(skipped(change, "the apply was stopped"));
                moved = true;
                continue;
            }
            let count = busy.entry(change.cluster.as_str()).or_default();
            if *count < options.parallelism.max(1) && needs().all(|a| finished.get(a) == Some(&true)) {
                *count = count.saturating_add(1);
                running.push(Box::pin(work(site.api, change, events)));
            } else {
                later.push(change);
            }
        }
        waiting = later;
        if moved {
            continue;
        }
        let Some(done) = running.next().await else { break };
        let change = plan.changes.iter().find(|c| c.address == done.address);
        if let Some(count) = change.and_then(|c| busy.get_mut(c.cluster.as_str())) {
            *count = count.saturating_sub(1);
        }
        finished.insert(done.address.clone(), matches!(done.outcome, Outcome::Done));
        out.push(done);
    }
    // Only a plan that was tampered with has a circle.
    out.extend(waiting.into_iter().map(|c| skipped(c, "what it needs never finished")));
    out
}

fn unchanged(change: &Change) -> Done {
    Done {
        address: change.address.clone(),
        outcome: Outcome::Unchanged,
        entry: change.entry.clone(),
        elapsed: Duration::ZERO,
    }
}

fn skipped(change: &Change, because: &str) -> Done {
    let outcome = Outcome::Skipped { because: because.to_owned() };
    Done { address: change.address.clone(), outcome, entry: None, elapsed: Duration::ZERO }
}

async fn work(api: Api<'_>, change: &Change, events: Events<'_>) -> Done {
    let started = Instant::now();
    events(ApplyEvent::Started { address: change.address.clone(), action: change.action });
    let result = operate(api, change, started, events).await;
    let elapsed = started.elapsed();
    let address = change.address.clone();
    match result {
        Ok(entry) => {
            events(ApplyEvent::Done { address: address.clone(), action: change.action, elapsed });
            Done { address, outcome: Outcome::Done, entry, elapsed }
        }
        Err(failure) => {
            events(ApplyEvent::Failed { address: address.clone(), error: failure.diag.clone(), elapsed });
            Done { address, outcome: Outcome::Failed(failure.diag), entry: failure.entry, elapsed }
        }
    }
}

async fn operate(
    api: Api<'_>,
    change: &Change,
    started: Instant,
    events: Events<'_>,
) -> Result<Option<Entry>, Failure> {
    let node = |seconds: u64| Node {
        api,
        address: &change.address,
        events,
        started,
        timeout: Duration::from_secs(seconds),
    };
    let unfinished = || change.entry.as_ref().map(|e| Entry { unfinished: true, ..e.clone() });
    let keep = |diag: Diag| Failure { diag, entry: unfinished() };
    match &change.operation {
        Operation::Nothing => Ok(change.entry.clone()),
        Operation::Objects(op) => {
            objects(&node(op.timeout_seconds), op).await.map(|()| change.entry.clone()).map_err(keep)
        }
        Operation::Release(op) => {
            let node = node(op.timeout_seconds);
            match &change.entry {
                Some(entry) => release::apply(&node, op, entry).await.map(Some),
                None => Ok(None),
            }
        }
        Operation::DeleteObjects(op) => uninstall::delete(&node(op.timeout_seconds), op)
            .await
            .map(|()| None)
            .map_err(|diag| Failure { diag, entry: former(change) }),
        Operation::Uninstall(op) => uninstall::uninstall(&node(op.timeout_seconds), op)
            .await
            .map(|()| None)
            .map_err(|diag| Failure { diag, entry: former(change) }),
    }
}

/// What the inventory keeps of a node whose removal failed.
fn former(change: &Change) -> Option<Entry> {
    change.former.as_ref().map(|e| Entry { unfinished: true, ..e.clone() })
}

async fn objects(node: &Node<'_>, op: &ObjectsOp) -> Result<(), Diag> {
    node.send_all(&op.objects).await?;
    node.delete_all(&op.prune, None).await?;
    if op.wait {
        let touched: Vec<ObjectRef> =
            op.objects.iter().filter(|o| o.action != Action::NoOp).map(|o| o.object.clone()).collect();
        wait::until_ready(node, &touched).await?;
    }
    Ok(())
}
