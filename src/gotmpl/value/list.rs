//! Go's slices, immutable.

use std::rc::Rc;

use super::super::fuel;
use super::super::types::Type;
use super::Value;
use super::nesting::{self, Level};

/// A slice: a window on shared items. The items never change; no template function writes to a slice's elements.
#[derive(Clone)]
pub struct List {
    data: Rc<Items>,
    // Invariant: start + len <= data.items.len(). 32 bits keep `Value` at 24 bytes; `with_elem` guards the limit.
    start: u32,
    len: u32,
}

/// What an item takes of a render's budget while its list lives.
const ITEM_SIZE: usize = 3;

struct Items {
    /// `[]T`, or a defined slice type.
    ty: Type,
    nil: bool,
    items: Vec<Value>,
}

impl Drop for Items {
    fn drop(&mut self) {
        fuel::give_back(self.items.len() * ITEM_SIZE);
        nesting::drop_values(Level::List(std::mem::take(&mut self.items)));
    }
}

/// `[]T` as a type needs a `T` that lives for ever; the ones that occur are few.
const fn slice_of(elem: Type) -> Type {
    use super::super::types::{ANY_MAP, ANY_SLICE, INT, INT_SLICE, INT64, STRING_SLICE, UintKind};
    match elem {
        Type::String => STRING_SLICE,
        Type::Int(super::super::types::IntKind::Int) => INT_SLICE,
        Type::Int(_) => Type::Slice(&INT64),
        Type::Uint(_) => Type::Slice(&Type::Uint(UintKind::Uint8)),
        Type::Bool => Type::Slice(&Type::Bool),
        Type::Float32 | Type::Float64 => Type::Slice(&Type::Float64),
        Type::Slice(Type::Any) => Type::Slice(&ANY_SLICE),
        Type::Slice(Type::String) => Type::Slice(&STRING_SLICE),
        Type::Slice(_) => Type::Slice(&INT),
        Type::Map(_) | Type::Named(_) => Type::Slice(&ANY_MAP),
        Type::Any | Type::Object(_) | Type::Reflect => ANY_SLICE,
    }
}

impl List {
    /// A `[]interface {}`.
    #[must_use]
    pub fn new(items: Vec<Value>) -> Self {
        Self::with_elem(Type::Any, items)
    }

    /// A `[]string`.
    #[must_use]
    pub fn strings(items: impl IntoIterator<Item = impl Into<super::super::str::Str>>) -> Self {
        Self::with_elem(Type::String, items.into_iter().map(|item| Value::Str(item.into())).collect())
    }

    /// A slice with elements of a type; every item must be of it.
    #[must_use]
    pub fn with_elem(elem: Type, items: Vec<Value>) -> Self {
        Self::with_type(slice_of(elem), items)
    }

    /// A slice of a slice type, possibly a defined one.
    #[must_use]
    pub fn with_type(ty: Type, mut items: Vec<Value>) -> Self {
        // Four thousand million items of 24 bytes do not fit any machine this runs on; cutting keeps the invariant.
        items.truncate(u32::MAX as usize);
        fuel::note(items.len() * ITEM_SIZE);
        let len = u32::try_from(items.len()).unwrap_or(u32::MAX);
        Self { data: Rc::new(Items { ty, nil: false, items }), start: 0, len }
    }

    /// The nil slice of an element type: empty, prints as `[]`, but is `null` in JSON.
    #[must_use]
    pub fn nil(elem: Type) -> Self {
        Self { data: Rc::new(Items { ty: slice_of(elem), nil: true, items: Vec::new() }), start: 0, len: 0 }
    }

    /// Whether this is a nil slice.
    #[must_use]
    pub fn is_nil(&self) -> bool {
        self.data.nil
    }

    /// The slice type.
    #[must_use]
    pub fn ty(&self) -> Type {
        self.data.ty
    }

    /// The element type.
    #[must_use]
    pub fn elem(&self) -> Type {
        self.data.ty.elem().unwrap_or(Type::Any)
    }

    /// The items.
    #[must_use]
    pub fn items(&self) -> &[Value] {
        let start = self.start as usize;
        self.data.items.get(start..start + self.len as usize).unwrap_or_default()
    }

    /// One item.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&Value> {
        self.items().get(index)
    }

    /// How many items.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Go's capacity: how far a reslice may reach.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.data.items.len() - self.start as usize
    }

    /// Go's `list[from:to]`, sharing the items; `None` when out of range. As in Go, `to` may reach beyond the
    /// length, up to the capacity.
    #[must_use]
    pub fn slice(&self, from: usize, to: usize) -> Option<Self> {
        if from > to || to > self.capacity() {
            return None;
        }
        let start = u32::try_from(self.start as usize + from).ok()?;
        let len = u32::try_from(to - from).ok()?;
        Some(Self { data: Rc::clone(&self.data), start, len })
    }

    /// The items, to build another list from: moved out if nobody else holds them, else cloned.
    #[must_use]
    pub fn into_items(self) -> Vec<Value> {
        let (start, len) = (self.start as usize, self.len as usize);
        match Rc::try_unwrap(self.data) {
            Ok(mut data) if start == 0 => {
                let mut items = std::mem::take(&mut data.items);
                items.truncate(len);
                items
            }
            Ok(data) => data.items.iter().skip(start).take(len).cloned().collect(),
            Err(data) => data.items.iter().skip(start).take(len).cloned().collect(),
        }
    }

    /// Whether both are the same window on the same items.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.data, &other.data) && self.start == other.start && self.len == other.len
    }

    pub(super) fn sole_owner(&self) -> bool {
        Rc::strong_count(&self.data) == 1
    }
}

impl std::fmt::Debug for List {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.items()).finish()
    }
}

impl FromIterator<Value> for List {
    fn from_iter<I: IntoIterator<Item = Value>>(items: I) -> Self {
        Self::new(items.into_iter().collect())
    }
}
