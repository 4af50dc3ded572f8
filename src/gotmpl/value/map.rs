//! Go's maps with string keys: shared and mutable.

use std::cell::{Ref, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use super::super::str::Str;
use super::super::types::{ANY_MAP, HELM_VALUES, Type};
use super::nesting::{self, Level};
use super::{Entries, FrozenMap, Value};

/// A map. A clone is the same map. Iteration is sorted by key, as `range` and printing are in Go; where Go
/// iterates in random order (sprig's `keys`), sorted is the order we choose.
#[derive(Clone)]
pub struct Map {
    table: Rc<Table>,
    /// Whether this handle sees the map as Helm's `common.Values`. In Go the type belongs to the variable, not to
    /// the map: `.Values` of a subchart is the parent's plain table under that type.
    values: bool,
}

struct Table {
    /// `map[string]T`, never a defined type.
    ty: Type,
    nil: bool,
    contents: RefCell<Contents>,
}

enum Contents {
    Live(Entries),
    /// Not looked at yet: becomes live with the first look.
    Frozen(Arc<FrozenMap>),
}

const NO_ENTRIES: &Entries = &Entries::new();

impl Contents {
    const fn live(&self) -> Option<&Entries> {
        match self {
            Self::Live(entries) => Some(entries),
            Self::Frozen(_) => None,
        }
    }

    fn live_mut(&mut self) -> &mut Entries {
        if let Self::Frozen(frozen) = self {
            *self = Self::Live(frozen.thaw());
        }
        match self {
            Self::Live(entries) => entries,
            Self::Frozen(_) => unreachable!("it has just been thawed"),
        }
    }
}

impl Table {
    fn entries(&self) -> Ref<'_, Entries> {
        match Ref::filter_map(self.contents.borrow(), Contents::live) {
            Ok(entries) => entries,
            Err(frozen) => {
                drop(frozen);
                self.thaw();
                Ref::map(self.contents.borrow(), |contents| contents.live().unwrap_or(NO_ENTRIES))
            }
        }
    }

    /// Nothing holds the contents while they are frozen: whoever reads them has thawed them.
    #[cold]
    fn thaw(&self) {
        self.contents.borrow_mut().live_mut();
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        if let Contents::Live(entries) = self.contents.get_mut() {
            nesting::drop_values(Level::Map(std::mem::take(entries)));
        }
    }
}

impl Map {
    /// An empty `map[string]interface {}`.
    #[must_use]
    pub fn new() -> Self {
        Self::with_type(ANY_MAP)
    }

    /// An empty map of a map type, possibly a defined one.
    #[must_use]
    pub fn with_type(ty: Type) -> Self {
        Self::from_table(ty, Entries::new())
    }

    /// A map of a map type with these entries, which must be of its element type.
    #[must_use]
    pub fn from_table(ty: Type, entries: Entries) -> Self {
        Self::of(ty, false, entries)
    }

    fn of(ty: Type, nil: bool, entries: Entries) -> Self {
        Self::holding(ty, nil, Contents::Live(entries))
    }

    fn holding(ty: Type, nil: bool, contents: Contents) -> Self {
        let table = Table { ty: ty.underlying(), nil, contents: RefCell::new(contents) };
        Self { table: Rc::new(table), values: ty == HELM_VALUES }
    }

    pub(super) fn of_frozen(ty: Type, contents: Arc<FrozenMap>) -> Self {
        Self::holding(ty, false, Contents::Frozen(contents))
    }

    /// The contents, if nothing has looked at them yet.
    pub(super) fn unread(&self) -> Option<Arc<FrozenMap>> {
        match &*self.table.contents.borrow() {
            Contents::Frozen(frozen) => Some(Arc::clone(frozen)),
            Contents::Live(_) => None,
        }
    }

    /// Whether there certainly is no nil in this map or in one that is reached through maps alone, as far as that
    /// can be told without looking.
    #[must_use]
    pub fn is_without_nils(&self) -> bool {
        match &*self.table.contents.borrow() {
            Contents::Frozen(frozen) => !frozen.has_nils(),
            Contents::Live(_) => false,
        }
    }

    /// The same map, seen as Helm's `common.Values`, which has methods and which `dig` refuses.
    #[must_use]
    pub fn as_values(&self) -> Self {
        Self { table: Rc::clone(&self.table), values: self.table.ty == ANY_MAP }
    }

    /// The same map, seen as a plain `map[string]T`: what passing it to a function makes of it.
    #[must_use]
    pub fn as_plain(&self) -> Self {
        Self { table: Rc::clone(&self.table), values: false }
    }

    /// Whether it is seen as `common.Values`.
    #[must_use]
    pub const fn is_values(&self) -> bool {
        self.values
    }

    /// The nil map of a type: reads as empty, cannot be written to.
    #[must_use]
    pub fn nil(ty: Type) -> Self {
        Self::of(ty, true, Entries::new())
    }

    /// Whether this is a nil map.
    #[must_use]
    pub fn is_nil(&self) -> bool {
        self.table.nil
    }

    /// The map type.
    #[must_use]
    pub fn ty(&self) -> Type {
        if self.values { HELM_VALUES } else { self.table.ty }
    }

    /// The element type.
    #[must_use]
    pub fn elem(&self) -> Type {
        self.table.ty.elem().unwrap_or(Type::Any)
    }

    /// How many entries.
    #[must_use]
    pub fn len(&self) -> usize {
        match &*self.table.contents.borrow() {
            Contents::Live(entries) => entries.len(),
            Contents::Frozen(frozen) => frozen.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &[u8]) -> Option<Value> {
        self.table.entries().get(key).cloned()
    }

    /// Whether the key is present.
    #[must_use]
    pub fn contains(&self, key: &[u8]) -> bool {
        self.table.entries().get(key).is_some()
    }

    /// Sets a key. False, and nothing done, for a nil map: Go panics there with
    /// `assignment to entry in nil map`.
    pub fn insert(&self, key: impl Into<Str>, value: Value) -> bool {
        if self.table.nil {
            return false;
        }
        let replaced = self.table.contents.borrow_mut().live_mut().insert(key.into(), value);
        // Dropped only now: the old value's own drop may look at this map again if the map contained itself.
        drop(replaced);
        true
    }

    /// Removes a key.
    pub fn remove(&self, key: &[u8]) -> Option<Value> {
        self.table.contents.borrow_mut().live_mut().remove(key)
    }

    /// Removes everything.
    pub fn clear(&self) {
        let entries = std::mem::take(self.table.contents.borrow_mut().live_mut());
        drop(entries);
    }

    /// The keys, sorted.
    #[must_use]
    pub fn keys(&self) -> Vec<Str> {
        self.table.entries().keys().cloned().collect()
    }

    /// A snapshot of the entries, sorted by key; the map may change meanwhile.
    #[must_use]
    pub fn entries(&self) -> Vec<(Str, Value)> {
        self.table.entries().iter().map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    /// Reads the table in place. `read` must not write to this map.
    pub fn read<R>(&self, read: impl FnOnce(&Entries) -> R) -> R {
        read(&self.table.entries())
    }

    /// Whether both are the same map.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.table, &other.table)
    }

    /// The identity of the map, to notice cycles with.
    #[must_use]
    pub fn address(&self) -> usize {
        Rc::as_ptr(&self.table).addr()
    }

    pub(super) fn sole_owner(&self) -> bool {
        Rc::strong_count(&self.table) == 1
    }
}

impl Default for Map {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Map {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Only the keys: the map may contain itself.
        f.debug_set().entries(self.keys()).finish()
    }
}

impl FromIterator<(Str, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (Str, Value)>>(entries: I) -> Self {
        Self::from_table(ANY_MAP, entries.into_iter().collect())
    }
}
