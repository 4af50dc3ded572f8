//! Watches: a body that goes on as long as the client listens.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use serde_json::{Value, json};
use tokio::sync::watch::Receiver;

use super::convert;
use super::registry::Served;
use super::select::Selector;
use super::state::State;
use super::status::Refusal;
use super::store::Event;

/// How often a quiet watch that asked for it hears the current version.
const BOOKMARK_EVERY: Duration = Duration::from_secs(60);

/// What a watch wants to hear of.
#[derive(Debug)]
pub struct Filter {
    pub served: Arc<Served>,
    /// Empty: all.
    pub namespace: String,
    pub selector: Selector,
}

#[derive(Debug)]
pub struct Watch {
    pub filter: Filter,
    pub from: u64,
    /// Sent before anything else.
    pub first: Vec<Value>,
    pub bookmarks: bool,
    pub timeout: Duration,
    pub changed: Receiver<u64>,
}

impl Filter {
    pub fn initial(&self, object: &Value) -> Option<Value> {
        self.selector
            .matches(object)
            .then(|| json!({"type": "ADDED", "object": convert::to_version(&self.served, object)}))
    }

    pub fn bookmark(&self, version: u64, initial_done: bool) -> Value {
        let mut metadata = json!({"resourceVersion": version.to_string(), "creationTimestamp": null});
        if let (true, Some(map)) = (initial_done, metadata.as_object_mut()) {
            map.insert("annotations".to_owned(), json!({"k8s.io/initial-events-end": "true"}));
        }
        let object =
            json!({"kind": self.served.kind, "apiVersion": self.served.api_version(), "metadata": metadata});
        json!({"type": "BOOKMARK", "object": object})
    }

    /// An object that begins or ceases to match is added or deleted as far as this watch is concerned.
    fn event(&self, event: &Event) -> Option<Value> {
        if event.key.resource != self.served.resource
            || (!self.namespace.is_empty() && event.key.namespace != self.namespace)
        {
            return None;
        }
        let hit = |object: &Option<Arc<Value>>| object.as_ref().filter(|o| self.selector.matches(o)).cloned();
        let (kind, object) = match (hit(&event.old), hit(&event.new)) {
            (None, Some(new)) => ("ADDED", (*new).clone()),
            (Some(_), Some(new)) => ("MODIFIED", (*new).clone()),
            (Some(old), None) => {
                let mut last = (*old).clone();
                super::meta::metadata(&mut last)
                    .insert("resourceVersion".to_owned(), event.version.to_string().into());
                ("DELETED", last)
            }
            (None, None) => return None,
        };
        Some(json!({"type": kind, "object": convert::to_version(&self.served, &object)}))
    }
}

fn line(event: &Value) -> Bytes {
    let mut text = event.to_string();
    text.push('\n');
    Bytes::from(text)
}

struct Running {
    state: Arc<Mutex<State>>,
    watch: Watch,
    queue: VecDeque<Bytes>,
    ends: tokio::time::Instant,
    over: bool,
}

/// The events as lines of JSON.
pub fn stream(state: Arc<Mutex<State>>, mut watch: Watch) -> impl Stream<Item = Bytes> {
    let queue = watch.first.drain(..).map(|e| line(&e)).collect();
    let ends = tokio::time::Instant::now() + watch.timeout;
    let running = Running { state, watch, queue, ends, over: false };
    futures_util::stream::unfold(running, |mut running| async move {
        loop {
            if let Some(bytes) = running.queue.pop_front() {
                return Some((bytes, running));
            }
            if running.over {
                return None;
            }
            // Marked as seen before looking, so that a change in between wakes the wait below.
            running.watch.changed.mark_unchanged();
            running.collect();
            if !running.queue.is_empty() {
                continue;
            }
            let bookmark = tokio::time::Instant::now() + BOOKMARK_EVERY;
            tokio::select! {
                changed = running.watch.changed.changed() => running.over |= changed.is_err(),
                () = tokio::time::sleep_until(running.ends) => running.over = true,
                () = tokio::time::sleep_until(bookmark), if running.watch.bookmarks => {
                    let mark = running.watch.filter.bookmark(running.watch.from, false);
                    running.queue.push_back(line(&mark));
                }
            }
        }
    })
}

impl Running {
    fn collect(&mut self) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match state.store.since(self.watch.from) {
            Ok(events) => {
                for event in events {
                    self.watch.from = event.version;
                    self.queue.extend(self.watch.filter.event(&event).map(|e| line(&e)));
                }
            }
            Err(oldest) => {
                let gone =
                    Refusal::expired(format!("too old resource version: {} ({oldest})", self.watch.from));
                self.queue.push_back(line(&json!({"type": "ERROR", "object": gone.body()})));
                self.over = true;
            }
        }
    }
}
