//! Where the objects live: in memory, with an append-only log beside.
//!
//! Every request is one transaction, hence one line of `objects.jsonl`: a process killed in the middle leaves
//! at most a torn last line, which the next one cuts off. Opening rewrites the log as one line per object
//! (written aside, synced, renamed). `lock` keeps other processes out while one has the cluster open.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::watch;

use super::OpenError;
use super::meta;

/// Changes kept for watches; a watch that asks for older ones has to list again.
const HISTORY: usize = 20_000;
/// The log is rewritten when it is this much longer than its objects.
const SLACK: u64 = 32 << 20;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// `deployments.apps`.
    pub resource: String,
    /// Empty for kinds without one.
    pub namespace: String,
    pub name: String,
}

impl Key {
    pub fn new(resource: &str, namespace: &str, name: &str) -> Key {
        Key { resource: resource.to_owned(), namespace: namespace.to_owned(), name: name.to_owned() }
    }
}

/// One change, for watches.
#[derive(Clone, Debug)]
pub struct Event {
    pub version: u64,
    pub key: Key,
    pub old: Option<Arc<Value>>,
    /// `None`: deleted; `old` then carries the version of the deletion.
    pub new: Option<Arc<Value>>,
}

#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    log: File,
    len: u64,
    live: u64,
    version: u64,
    ids: u64,
    objects: BTreeMap<Key, Arc<Value>>,
    /// Who names an object as its owner, by the owner's uid.
    dependents: BTreeMap<String, BTreeSet<Key>>,
    uids: BTreeMap<String, Key>,
    events: VecDeque<Event>,
    /// The oldest version a watch may start from.
    oldest: u64,
    pending: Vec<Event>,
    changed: watch::Sender<u64>,
    _lock: File,
}

impl Store {
    pub fn open(dir: &Path) -> Result<Store, OpenError> {
        let io = |e: io::Error| OpenError::Io(e.to_string());
        std::fs::create_dir_all(dir).map_err(io)?;
        let lock = lock(&dir.join("lock"))?;
        let path = dir.join("objects.jsonl");
        let mut objects = BTreeMap::new();
        let (mut version, mut ids) = (0, 0);
        if path.exists() {
            (version, ids) = load(&path, &mut objects)?;
        }
        let (log, len) = rewrite(&path, &objects, version, ids).map_err(io)?;
        let mut store = Store {
            path,
            log,
            len,
            live: len,
            version,
            ids,
            objects: BTreeMap::new(),
            dependents: BTreeMap::new(),
            uids: BTreeMap::new(),
            events: VecDeque::new(),
            oldest: version,
            pending: Vec::new(),
            changed: watch::Sender::new(version),
            _lock: lock,
        };
        for (key, object) in objects {
            store.index(&key, Some(&object), true);
            store.objects.insert(key, object);
        }
        Ok(store)
    }

    pub fn version(&self) -> u64 {
        self.version
    }

    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    pub fn get(&self, key: &Key) -> Option<&Arc<Value>> {
        self.objects.get(key)
    }

    /// Objects of a resource, in one namespace or (empty) all, sorted by namespace and name.
    pub fn list(&self, resource: &str, namespace: &str) -> impl Iterator<Item = (&Key, &Arc<Value>)> {
        let from = Key::new(resource, namespace, "");
        let (resource, namespace) = (resource.to_owned(), namespace.to_owned());
        self.objects.range(from..).take_while(move |(k, _)| {
            k.resource == resource && (namespace.is_empty() || k.namespace == namespace)
        })
    }

    /// Everything in a namespace.
    pub fn in_namespace(&self, namespace: &str) -> Vec<Key> {
        self.objects.keys().filter(|k| k.namespace == namespace).cloned().collect()
    }

    pub fn dependents(&self, uid: &str) -> Vec<Key> {
        self.dependents.get(uid).into_iter().flatten().cloned().collect()
    }

    pub fn by_uid(&self, uid: &str) -> Option<(Key, Arc<Value>)> {
        let key = self.uids.get(uid)?;
        self.objects.get(key).map(|o| (key.clone(), o.clone()))
    }

    pub fn has_uid(&self, uid: &str) -> bool {
        self.uids.contains_key(uid)
    }

    /// A new id in the form of a UUID; a counter underneath, so that two runs make the same ones.
    pub fn new_uid(&mut self) -> String {
        self.ids += 1;
        let (a, b) =
            (meta::digest(&format!("uid-{}", self.ids)), meta::digest(&format!("relc-{}", self.ids)));
        let hex = format!("{a:016x}{b:016x}");
        let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
        format!("{}-{}-4{}-8{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
    }

    /// Writes an object under a new version and returns it.
    pub fn put(&mut self, key: Key, mut object: Value) -> Arc<Value> {
        self.version += 1;
        meta::metadata(&mut object).insert("resourceVersion".to_owned(), self.version.to_string().into());
        let object = Arc::new(object);
        let old = self.objects.insert(key.clone(), object.clone());
        self.index(&key, old.as_deref().map(|o| o as &Value), false);
        self.index(&key, Some(&object), true);
        self.pending.push(Event { version: self.version, key, old, new: Some(object.clone()) });
        object
    }

    pub fn remove(&mut self, key: &Key) -> Option<Arc<Value>> {
        let old = self.objects.remove(key)?;
        self.version += 1;
        self.index(key, Some(&old), false);
        let mut last = (*old).clone();
        meta::metadata(&mut last).insert("resourceVersion".to_owned(), self.version.to_string().into());
        let last = Arc::new(last);
        self.pending.push(Event { version: self.version, key: key.clone(), old: Some(last), new: None });
        Some(old)
    }

    fn index(&mut self, key: &Key, object: Option<&Value>, add: bool) {
        let Some(object) = object else { return };
        let uid = meta::uid(object);
        if add {
            self.uids.insert(uid.to_owned(), key.clone());
        } else {
            self.uids.remove(uid);
        }
        for owner in meta::list(object, "/metadata/ownerReferences") {
            let owner = meta::text(owner, "/uid");
            if add {
                self.dependents.entry(owner.to_owned()).or_default().insert(key.clone());
            } else if let Some(set) = self.dependents.get_mut(owner) {
                set.remove(key);
                if set.is_empty() {
                    self.dependents.remove(owner);
                }
            }
        }
    }

    /// Keys changed since the last commit, oldest first.
    pub fn pending(&self) -> &[Event] {
        &self.pending
    }

    /// Ends the transaction: to disk, then to the watches. On failure nothing has happened.
    pub fn commit(&mut self) -> io::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let mut last: BTreeMap<&Key, Option<&Arc<Value>>> = BTreeMap::new();
        for event in &self.pending {
            last.insert(&event.key, event.new.as_ref());
        }
        let changes: Vec<Value> = last.into_iter().map(|(k, o)| entry(k, o.map(|o| (**o).clone()))).collect();
        let mut line = json!({"version": self.version, "ids": self.ids, "changes": changes}).to_string();
        line.push('\n');
        if let Err(error) = self.log.write_all(line.as_bytes()) {
            // A half-written line would hide later ones.
            let _ = self.log.set_len(self.len);
            let _ = self.log.seek(io::SeekFrom::Start(self.len));
            self.roll_back();
            return Err(error);
        }
        self.len += line.len() as u64;
        self.events.extend(self.pending.drain(..));
        while self.events.len() > HISTORY {
            if let Some(event) = self.events.pop_front() {
                self.oldest = event.version;
            }
        }
        self.changed.send_replace(self.version);
        if self.len > self.live * 4 + SLACK {
            // The old log stays good if this fails.
            if let Ok((log, len)) = rewrite(&self.path, &self.objects, self.version, self.ids) {
                (self.log, self.len, self.live) = (log, len, len);
            }
        }
        Ok(())
    }

    /// Undoes the transaction.
    pub fn roll_back(&mut self) {
        let pending = std::mem::take(&mut self.pending);
        for event in pending.into_iter().rev() {
            self.version = event.version.saturating_sub(1);
            let current = self.objects.remove(&event.key);
            self.index(&event.key, current.as_deref().map(|o| o as &Value), false);
            if let Some(old) = event.old {
                self.index(&event.key, Some(&old), true);
                self.objects.insert(event.key, old);
            }
        }
    }

    /// Changes after a version; `Err` with the oldest version known if it is too old.
    pub fn since(&self, version: u64) -> Result<Vec<Event>, u64> {
        if version < self.oldest {
            return Err(self.oldest);
        }
        let start = self.events.partition_point(|e| e.version <= version);
        Ok(self.events.range(start..).cloned().collect())
    }

    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }
}

fn entry(key: &Key, object: Option<Value>) -> Value {
    let mut out = json!({"resource": key.resource, "namespace": key.namespace, "name": key.name});
    if let (Some(map), Some(object)) = (out.as_object_mut(), object) {
        map.insert("object".to_owned(), object);
    }
    out
}

/// Takes the lock, waiting a moment for a process that is just ending.
fn lock(path: &Path) -> Result<File, OpenError> {
    let io = |e: io::Error| OpenError::Io(e.to_string());
    let mut file =
        OpenOptions::new().create(true).read(true).write(true).truncate(false).open(path).map_err(io)?;
    for attempt in 0..10 {
        match file.try_lock() {
            Ok(()) => {
                file.set_len(0).map_err(io)?;
                file.write_all(std::process::id().to_string().as_bytes()).map_err(io)?;
                return Ok(file);
            }
            Err(std::fs::TryLockError::Error(error)) => return Err(io(error)),
            Err(std::fs::TryLockError::WouldBlock) if attempt < 9 => {
                std::thread::sleep(std::time::Duration::from_millis(100));
            }
            Err(std::fs::TryLockError::WouldBlock) => {}
        }
    }
    let mut holder = String::new();
    let _ = file.read_to_string(&mut holder);
    Err(OpenError::Locked(holder.trim().parse().ok()))
}

/// Reads the log; returns the last version and id. A torn last line is ignored.
fn load(path: &Path, objects: &mut BTreeMap<Key, Arc<Value>>) -> Result<(u64, u64), OpenError> {
    let file = File::open(path).map_err(|e| OpenError::Io(e.to_string()))?;
    let mut reader = BufReader::new(file);
    let (mut version, mut ids, mut number) = (0, 0, 0u64);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = reader.read_until(b'\n', &mut line).map_err(|e| OpenError::Io(e.to_string()))?;
        if read == 0 {
            return Ok((version, ids));
        }
        number += 1;
        let whole = line.last() == Some(&b'\n');
        let Ok(record) = serde_json::from_slice::<Value>(&line) else {
            if whole {
                return Err(OpenError::Corrupt(format!("line {number} of {} is not JSON", path.display())));
            }
            return Ok((version, ids));
        };
        let count = |key: &str| record.get(key).and_then(Value::as_u64);
        let (Some(v), Some(i), Some(changes)) =
            (count("version"), count("ids"), record.get("changes").and_then(Value::as_array))
        else {
            return Err(OpenError::Corrupt(format!("line {number} of {} is no transaction", path.display())));
        };
        (version, ids) = (v, i);
        for change in changes {
            let key = Key::new(
                meta::text(change, "/resource"),
                meta::text(change, "/namespace"),
                meta::text(change, "/name"),
            );
            match change.get("object") {
                Some(object) => objects.insert(key, Arc::new(object.clone())),
                None => objects.remove(&key),
            };
        }
    }
}

/// Writes a fresh log beside the old one and puts it in its place.
fn rewrite(
    path: &Path,
    objects: &BTreeMap<Key, Arc<Value>>,
    version: u64,
    ids: u64,
) -> io::Result<(File, u64)> {
    let aside = path.with_extension("jsonl.new");
    let mut file = io::BufWriter::new(File::create(&aside)?);
    let mut len = 0u64;
    for (key, object) in objects {
        let change = entry(key, Some((**object).clone()));
        let mut line = json!({"version": version, "ids": ids, "changes": [change]}).to_string();
        line.push('\n');
        file.write_all(line.as_bytes())?;
        len += line.len() as u64;
    }
    let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    drop(file);
    std::fs::rename(&aside, path)?;
    if let Some(dir) = path.parent().and_then(|d| File::open(d).ok()) {
        // The name has to survive as well; not every file system can sync a directory.
        let _ = dir.sync_all();
    }
    let log = OpenOptions::new().append(true).open(path)?;
    Ok((log, len))
}
