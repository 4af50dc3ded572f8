//! Looking into values that are not known: the steps from a value to what is in it.

use super::abs::{Abs, Object, ObjectId};
use crate::contract::charts::Instance;
use crate::contract::keys::{KeyId, Keys, Source, Step};
use crate::contract::sink::Sink;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// How many keys a value may be of, before they are no longer told apart.
const MAX_KEYS: usize = 100;

/// How many steps to whatever key may follow each other: templates that go through anything go on for ever.
const MAX_EACH: usize = 4;

/// Everything that a value can lead to.
pub struct Heap<'a> {
    pub instances: &'a [Instance<'a>],
    pub keys: &'a mut Keys,
    objects: Vec<Object>,
    /// What templates put into values (`set .Values "x" …`) and into contexts.
    written: BTreeMap<(Place, String), Abs>,
    /// What templates merge into them.
    merged: BTreeMap<Place, Abs>,
    /// How many times something was written.
    pub writes: usize,
    /// How much was looked through.
    pub work: usize,
    /// How many times into values or a context; the oldest map written into.
    placed: usize,
    oldest: usize,
}

/// A moment, to ask later what was written since. See [`Heap::watch`].
#[derive(Clone, Copy)]
pub struct Moment {
    objects: usize,
    placed: usize,
    oldest: usize,
}

/// What can be written into beside the maps that templates make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Key(KeyId),
    Root(usize),
}

impl<'a> Heap<'a> {
    pub fn new(instances: &'a [Instance<'a>], keys: &'a mut Keys) -> Self {
        Heap {
            instances,
            keys,
            objects: Vec::new(),
            written: BTreeMap::new(),
            merged: BTreeMap::new(),
            writes: 0,
            work: 0,
            placed: 0,
            oldest: usize::MAX,
        }
    }

    /// Begins to look at what is written.
    pub fn watch(&mut self) -> Moment {
        let oldest = std::mem::replace(&mut self.oldest, usize::MAX);
        Moment { objects: self.objects.len(), placed: self.placed, oldest }
    }

    /// Whether something was written into what was there at a moment.
    pub fn touched_since(&mut self, moment: Moment) -> bool {
        let touched = self.oldest < moment.objects || self.placed > moment.placed;
        self.oldest = self.oldest.min(moment.oldest);
        touched
    }

    pub fn make(&mut self, object: Object) -> ObjectId {
        self.objects.push(object);
        ObjectId(self.objects.len() - 1)
    }

    fn object(&self, id: ObjectId) -> Object {
        self.objects.get(id.0).cloned().unwrap_or_default()
    }

    /// A value with all that is merged into it.
    fn whole(&mut self, value: &Abs) -> Abs {
        let mut all = value.clone();
        let mut seen: BTreeSet<Base> = BTreeSet::new();
        let mut next: Vec<Base> = bases(value).collect();
        while let Some(base) = next.pop() {
            if !seen.insert(base) {
                continue;
            }
            let merged = match base {
                Base::Object(id) => self.objects.get(id.0).map(|object| &object.merged),
                Base::Place(place) => self.merged.get(&place),
            };
            if let Some(merged) = merged {
                self.work += merged.size();
                next.extend(bases(merged));
                all.join(merged);
            }
        }
        self.work += all.size();
        self.narrow(all)
    }

    /// Gives up to tell apart what may be very many keys: all that is in them is taken to be looked at.
    fn narrow(&mut self, mut value: Abs) -> Abs {
        if value.keys.len() <= MAX_KEYS {
            return value;
        }
        let roots: BTreeSet<KeyId> = self.instances.iter().map(|instance| instance.root).collect();
        for &key in value.keys.difference(&roots) {
            self.keys.sink(key, &Sink::Anywhere);
        }
        value.keys.retain(|key| roots.contains(key));
        value
    }

    /// What is under a name.
    pub fn field(&mut self, value: &Abs, name: &str) -> Abs {
        let value = self.whole(value);
        let mut found = Abs::default();
        for &key in &value.keys {
            self.enter(key, name, &mut found);
            self.written_to(Place::Key(key), name, &mut found);
        }
        for &id in &value.objects {
            let Some(object) = self.objects.get(id.0) else { continue };
            if let Some(field) = object.fields.get(name) {
                found.join(field);
            }
            found.join(&object.rest);
        }
        for &root in &value.roots {
            let Some(instance) = self.instances.get(root) else { continue };
            match name {
                "Values" => {
                    found.keys.insert(instance.root);
                }
                "Subcharts" => {
                    found.subcharts.insert(root);
                }
                "Files" => {
                    found.files.insert(root);
                }
                _ => {}
            }
            self.written_to(Place::Root(root), name, &mut found);
        }
        for &root in &value.subcharts {
            let below = self.instances.get(root).map(|instance| &instance.below);
            found.roots.extend(below.into_iter().flatten().filter(|(n, _)| n == name).map(|(_, i)| *i));
        }
        found.files.extend(&value.files);
        found
    }

    fn enter(&mut self, key: KeyId, name: &str, found: &mut Abs) {
        // A chart sees one `global`, made of its own and those of the charts around it.
        if name == "global"
            && let Some(instance) = self.instances.iter().find(|instance| instance.root == key)
        {
            found.keys.extend(&instance.globals);
            return;
        }
        found.keys.insert(self.keys.enter(key, name, Source::Template));
    }

    fn written_to(&self, place: Place, name: &str, found: &mut Abs) {
        if let Some(written) = self.written.get(&(place, name.to_owned())) {
            found.join(written);
        }
    }

    /// What is under a name that is only known as a pattern, or not at all.
    pub fn index(&mut self, value: &Abs, names: &Abs) -> Abs {
        let mut found = Abs::default();
        if let Some(known) = names.known() {
            for name in known {
                let field = self.field(value, name);
                found.join(&field);
            }
            // The name may also come from a list in the values that was joined with constants.
            if names.keys.is_empty() {
                return found;
            }
        }
        let some = self.some(value, false);
        found.join(&some);
        found
    }

    /// What any key or item holds.
    pub fn each(&mut self, value: &Abs) -> Abs {
        self.some(value, true)
    }

    fn some(&mut self, value: &Abs, listed: bool) -> Abs {
        let value = self.whole(value);
        let mut found = Abs::default();
        for &key in &value.keys {
            let steps = std::iter::successors(Some(key), |&at| self.keys.parent(at));
            if steps.take_while(|&at| self.keys.get(at).step == Step::Each).count() >= MAX_EACH {
                self.keys.sink(key, &Sink::Anywhere);
                continue;
            }
            // Charts keep the parts of an application under names of their own: a lookup by a name that the
            // template computes finds one of those.
            let values = self.instances.iter().any(|instance| instance.root == key);
            found.keys.insert(match listed || !values {
                true => self.keys.enter_each(key, Source::Template),
                false => self.keys.enter_some(key, Source::Template),
            });
        }
        for &id in &value.objects {
            let Some(object) = self.objects.get(id.0) else { continue };
            object.fields.values().for_each(|field| found.join(field));
            found.join(&object.rest);
        }
        if let Some(items) = &value.items {
            found.join(items);
        }
        if value.text.is_some() {
            // A text that was split.
            found.join(&Abs { text: value.text.clone(), ..Abs::default() });
        }
        for &root in &value.subcharts {
            let below = self.instances.get(root).map(|instance| &instance.below);
            found.roots.extend(below.into_iter().flatten().map(|(_, i)| *i));
        }
        found.files.extend(&value.files);
        found
    }

    /// The names that a map may have, as far as a template makes it.
    pub fn names(&self, value: &Abs) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for &id in &value.objects {
            names.extend(self.objects.get(id.0).into_iter().flat_map(|object| object.fields.keys().cloned()));
        }
        if !value.keys.is_empty() || names.len() > 24 {
            return BTreeSet::new();
        }
        names
    }

    /// `set`.
    pub fn write(&mut self, value: &Abs, name: &Abs, new: &Abs) {
        self.writes += 1;
        for &id in &value.objects {
            let Some(object) = self.objects.get_mut(id.0) else { continue };
            self.oldest = self.oldest.min(id.0);
            if let Some(known) = name.known() {
                for name in known {
                    object.fields.entry(name.clone()).or_default().join(new);
                }
            } else {
                object.rest.join(new);
            }
        }
        for place in places(value) {
            self.placed += 1;
            if let Some(known) = name.known() {
                for name in known {
                    self.written.entry((place, name.clone())).or_default().join(new);
                    if let Place::Key(key) = place {
                        self.keys.enter(key, name, Source::Template);
                    }
                }
            } else {
                let object = Object { rest: new.clone(), ..Object::default() };
                let object = Abs::object(self.make(object));
                self.merged.entry(place).or_default().join(&object);
            }
        }
    }

    /// `merge`: what is in the second is in the first, too.
    pub fn merge(&mut self, value: &Abs, other: &Abs) {
        self.writes += 1;
        for &id in &value.objects {
            if let Some(object) = self.objects.get_mut(id.0) {
                self.oldest = self.oldest.min(id.0);
                object.merged.join(other);
                object.merged.objects.remove(&id);
            }
        }
        for place in places(value) {
            self.placed += 1;
            let merged = self.merged.entry(place).or_default();
            merged.join(other);
            match place {
                Place::Key(key) => merged.keys.remove(&key),
                Place::Root(root) => merged.roots.remove(&root),
            };
        }
    }

    /// All of a value is written somewhere.
    pub fn sink(&mut self, value: &Abs, sink: &Sink) {
        let mut seen = BTreeSet::new();
        self.sink_unseen(value, sink, &mut seen);
    }

    fn sink_unseen(&mut self, value: &Abs, sink: &Sink, seen: &mut BTreeSet<ObjectId>) {
        let value = self.whole(value);
        for &key in &value.keys {
            self.keys.sink(key, sink);
        }
        for &id in &value.objects {
            if !seen.insert(id) {
                continue;
            }
            let object = self.object(id);
            for (name, field) in &object.fields {
                self.sink_unseen(field, &Sink::Field(name.as_str().into()), seen);
            }
            self.sink_unseen(&object.rest, &Sink::Anywhere, seen);
        }
        for part in [&value.items, &value.text].into_iter().flatten() {
            self.sink_unseen(part, sink, seen);
        }
    }

    /// Whatever is in a context may be looked at; the values of a chart themselves are not taken to be.
    pub fn sink_parts(&mut self, value: &Abs) {
        let roots: Vec<KeyId> = self.instances.iter().map(|instance| instance.root).collect();
        let parts = value.objects.iter().flat_map(|&id| {
            let object = self.object(id);
            object.fields.into_values().chain([object.rest, object.merged])
        });
        let all: Vec<Abs> = parts.chain([value.clone()]).collect();
        for part in all {
            let mut part = Abs { keys: part.keys, text: part.text, items: part.items, ..Abs::default() };
            part.keys.retain(|key| !roots.contains(key));
            self.sink(&part, &Sink::Anywhere);
        }
    }

    /// What values.yaml has at a key; for what stands for any key, at all of them.
    pub fn defaults(&self, key: KeyId) -> Vec<Value> {
        let known = self.keys.get(key);
        if let Some(value) = &known.default {
            return vec![value.clone()];
        }
        match (&known.step, self.keys.parent(key)) {
            (Step::Each, Some(parent)) => {
                let inside = |value| match value {
                    Value::Object(map) => map.into_iter().map(|(_, value)| value).collect(),
                    Value::Array(items) => items,
                    _ => Vec::new(),
                };
                self.defaults(parent).into_iter().flat_map(inside).collect()
            }
            (Step::Name(name), Some(parent)) => {
                self.defaults(parent).into_iter().filter_map(|value| value.get(&**name).cloned()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// What tells this value from others, whatever maps were made for it.
    pub fn identity(&mut self, value: &Abs) -> String {
        let mut text = String::new();
        self.describe(value, &mut text, &mut BTreeMap::new());
        self.work += text.len() / 32;
        text
    }

    fn describe(&self, value: &Abs, out: &mut String, seen: &mut BTreeMap<ObjectId, usize>) {
        // Writing into a string cannot fail.
        let _ = write!(
            out,
            "{:?}{:?}{:?}{:?}{:?}",
            value.keys, value.constants, value.roots, value.subcharts, value.files
        );
        for part in [&value.text, &value.items] {
            out.push('(');
            if let Some(part) = part {
                self.describe(part, out, seen);
            }
            out.push(')');
        }
        for &id in &value.objects {
            if let Some(before) = seen.get(&id) {
                let _ = write!(out, "^{before}");
                continue;
            }
            seen.insert(id, seen.len());
            let Some(object) = self.objects.get(id.0) else { continue };
            out.push('{');
            for (name, field) in &object.fields {
                let _ = write!(out, "{name:?}:");
                self.describe(field, out, seen);
            }
            out.push(';');
            self.describe(&object.rest, out, seen);
            self.describe(&object.merged, out, seen);
            out.push('}');
        }
    }
}

/// What can have something merged into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Base {
    Object(ObjectId),
    Place(Place),
}

fn bases(value: &Abs) -> impl Iterator<Item = Base> {
    let objects: Vec<Base> = value.objects.iter().map(|&id| Base::Object(id)).collect();
    objects.into_iter().chain(places(value).into_iter().map(Base::Place))
}

fn places(value: &Abs) -> Vec<Place> {
    value
        .keys
        .iter()
        .map(|&key| Place::Key(key))
        .chain(value.roots.iter().map(|&root| Place::Root(root)))
        .collect()
}
