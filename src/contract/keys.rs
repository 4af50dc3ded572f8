//! The keys of a chart's values as a tree: which there are, and what is known of each.
//!
//! An arena; the stages that learn something about a chart (defaults, comments, schema, templates) add to it one
//! after another, and only ever add: nothing that one of them found is taken back by another.

use super::sink::Sink;
use serde_json::Value;
use std::collections::BTreeMap;

/// A place in values: a key, or what stands for any key or list item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(u32);

/// The step from a place to one below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The values themselves.
    Root,
    /// A key of that name.
    Name(Box<str>),
    /// Whatever key, or whatever item of a list.
    Each,
}

/// Who told of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// It is in values.yaml.
    Default,
    /// It is commented out in values.yaml, or described in a comment.
    Comment,
    /// values.schema.json names it.
    Schema,
    /// A template reads it.
    Template,
    /// Helm reads it: `global`, a condition, a subchart's name.
    Helm,
}

/// What is known of a place.
#[derive(Clone, Debug)]
pub struct Key {
    parent: KeyId,
    /// How it is reached from its parent.
    pub step: Step,
    names: BTreeMap<Box<str>, KeyId>,
    each: Option<KeyId>,
    /// Who told of it.
    pub sources: Vec<Source>,
    /// The value in values.yaml.
    pub default: Option<Value>,
    /// The comment above it, without `#` and annotations.
    pub description: Option<String>,
    /// What its comment says its type is, in the comment's words.
    pub declared_type: Option<String>,
    /// Its comment or schema asks not to use it.
    pub deprecated: bool,
    /// Of what stands for any key: whether templates take whatever keys there are. Otherwise one is looked up there by a
    /// name that is not known, which must be one of those that are.
    pub listed: bool,
    /// Where all of it, whatever its keys, goes. Nothing: only the keys below are looked at.
    pub sinks: Vec<Sink>,
}

/// The tree.
#[derive(Clone, Debug)]
pub struct Keys(Vec<Key>);

/// How deep keys are told apart; templates that call themselves on what is below would never end.
pub const MAX_DEPTH: usize = 40;

impl Default for Keys {
    fn default() -> Self {
        Keys(vec![Key::new(KeyId(0), Step::Root)])
    }
}

impl Key {
    fn new(parent: KeyId, step: Step) -> Self {
        Key {
            parent,
            step,
            names: BTreeMap::new(),
            each: None,
            sources: Vec::new(),
            default: None,
            description: None,
            declared_type: None,
            deprecated: false,
            listed: false,
            sinks: Vec::new(),
        }
    }

    /// The keys below that have a name, sorted.
    pub fn names(&self) -> impl Iterator<Item = (&str, KeyId)> {
        self.names.iter().map(|(name, id)| (&**name, *id))
    }

    /// What stands for any key or item below, if templates go through them.
    pub fn each(&self) -> Option<KeyId> {
        self.each
    }

    /// The key of that name below.
    pub fn name(&self, name: &str) -> Option<KeyId> {
        self.names.get(name).copied()
    }

    /// Whether values.yaml has it.
    pub fn has_default(&self) -> bool {
        self.default.is_some()
    }
}

impl Keys {
    /// The values themselves.
    pub const ROOT: KeyId = KeyId(0);

    /// What is known of a place.
    pub fn get(&self, id: KeyId) -> &Key {
        // Ids are made here only, and keys are never removed.
        #[expect(clippy::indexing_slicing, reason = "an id is a place in this arena")]
        &self.0[id.0 as usize]
    }

    /// The place above; none above the values themselves.
    pub fn parent(&self, id: KeyId) -> Option<KeyId> {
        (id != Self::ROOT).then(|| self.get(id).parent)
    }

    fn get_mut(&mut self, id: KeyId) -> &mut Key {
        #[expect(clippy::indexing_slicing, reason = "an id is a place in this arena")]
        &mut self.0[id.0 as usize]
    }

    fn push(&mut self, parent: KeyId, step: Step) -> KeyId {
        let id = KeyId(u32::try_from(self.0.len()).unwrap_or(u32::MAX));
        self.0.push(Key::new(parent, step));
        id
    }

    /// The key of a name below a place, made if it was not known.
    pub fn enter(&mut self, at: KeyId, name: &str, source: Source) -> KeyId {
        let id = match self.get(at).name(name) {
            Some(known) => known,
            None if self.depth(at) >= MAX_DEPTH => {
                self.sink(at, &Sink::Anywhere);
                return at;
            }
            None => {
                let id = self.push(at, Step::Name(name.into()));
                self.get_mut(at).names.insert(name.into(), id);
                id
            }
        };
        self.tell(id, source);
        id
    }

    /// What stands for any key or item below a place, made if it was not known.
    pub fn enter_each(&mut self, at: KeyId, source: Source) -> KeyId {
        let id = self.enter_some(at, source);
        self.get_mut(id).listed = true;
        id
    }

    /// The same where one key is looked up by a name that is not known.
    pub fn enter_some(&mut self, at: KeyId, source: Source) -> KeyId {
        let id = match self.get(at).each {
            Some(known) => known,
            None if self.depth(at) >= MAX_DEPTH => {
                self.sink(at, &Sink::Anywhere);
                return at;
            }
            None => {
                let id = self.push(at, Step::Each);
                self.get_mut(at).each = Some(id);
                id
            }
        };
        self.tell(id, source);
        id
    }

    fn tell(&mut self, id: KeyId, source: Source) {
        let sources = &mut self.get_mut(id).sources;
        if !sources.contains(&source) {
            sources.push(source);
        }
    }

    /// All of a place goes somewhere.
    pub fn sink(&mut self, id: KeyId, sink: &Sink) {
        let sinks = &mut self.get_mut(id).sinks;
        if !sinks.contains(sink) {
            sinks.push(sink.clone());
        }
    }

    /// What values.yaml says of a place.
    pub fn set_default(&mut self, id: KeyId, value: Value) {
        self.get_mut(id).default = Some(value);
    }

    /// What a comment says of a place; the first to say something is kept.
    pub fn describe(&mut self, id: KeyId, description: Option<String>, declared_type: Option<String>) {
        let key = self.get_mut(id);
        key.deprecated |= description.as_deref().is_some_and(says_deprecated);
        key.description = key.description.take().or(description);
        key.declared_type = key.declared_type.take().or(declared_type);
    }

    /// A place should not be used any more.
    pub fn deprecate(&mut self, id: KeyId) {
        self.get_mut(id).deprecated = true;
    }

    /// How many steps lead to a place.
    pub fn depth(&self, id: KeyId) -> usize {
        std::iter::successors(self.parent(id), |&at| self.parent(at)).count()
    }

    /// The steps to a place from the root.
    pub fn steps(&self, id: KeyId) -> Vec<&Step> {
        let mut steps = Vec::new();
        let mut at = id;
        while at != Self::ROOT {
            steps.push(&self.get(at).step);
            at = self.get(at).parent;
        }
        steps.reverse();
        steps
    }

    /// The path to a place as people write it: `a.b[*].c`.
    pub fn path(&self, id: KeyId) -> String {
        let mut text = String::new();
        for step in self.steps(id) {
            match step {
                Step::Root => {}
                Step::Name(name) => {
                    if !text.is_empty() {
                        text.push('.');
                    }
                    text.push_str(name);
                }
                Step::Each => text.push_str("[*]"),
            }
        }
        text
    }

    /// Every place, parents before what is below them.
    pub fn ids(&self) -> impl Iterator<Item = KeyId> + use<> {
        (0..u32::try_from(self.0.len()).unwrap_or(u32::MAX)).map(KeyId)
    }
}

/// Whether a description begins with the word: further in, it is about something else as often as not.
fn says_deprecated(description: &str) -> bool {
    let start = description.trim_start_matches(|c: char| !c.is_alphanumeric());
    start.get(.."deprecated".len()).is_some_and(|word| word.eq_ignore_ascii_case("deprecated"))
}
