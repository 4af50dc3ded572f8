//! What walks a whole value: copying, comparing, dropping. A template can nest values as deep as it likes, or make
//! a map contain itself, so nothing here may recurse without a bound.

use std::cell::RefCell;
use std::fmt;

use super::super::fuel;
use super::super::parse::{RED_ZONE, STACK_STEP};
use super::frozen::Extent;
use super::{Entries, List, Map, Value};

/// How deep a value may be nested for the operations that recurse into it.
pub const MAX_NESTING: usize = 1_000;

/// How many values one such operation may visit. A list that holds another twice, which holds another twice, and
/// so on, is small in memory and endless to walk.
pub const MAX_PARTS: usize = 2_000_000;

/// What a list without its items, a map without its entries, and an entry take of a render's budget when they are
/// made.
pub(in super::super) const LIST_SIZE: usize = 9;
pub(in super::super) const MAP_SIZE: usize = 64;
pub(in super::super) const ENTRY_SIZE: usize = 8;

/// A value cannot be walked to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TooLarge {
    /// It is nested deeper than [`MAX_NESTING`], or contains itself.
    Nesting,
    /// It has more than [`MAX_PARTS`] parts, counted as often as they are reached, or prints as too much text.
    Parts,
}

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nesting => {
                write!(f, "value is nested more than {MAX_NESTING} levels deep, or contains itself")
            }
            Self::Parts => f.write_str("value is too large"),
        }
    }
}

impl std::error::Error for TooLarge {}

/// A walk through a value: bounded in depth and length, on a stack that grows.
#[derive(Default)]
pub(in super::super) struct Walk {
    depth: usize,
    parts: usize,
}

impl Walk {
    /// Visits one value inside the one being visited.
    pub fn step<R>(&mut self, visit: impl FnOnce(&mut Self) -> Result<R, TooLarge>) -> Result<R, TooLarge> {
        self.parts += 1;
        if self.parts > MAX_PARTS || fuel::spend(4).is_err() {
            return Err(TooLarge::Parts);
        }
        if self.depth >= MAX_NESTING {
            return Err(TooLarge::Nesting);
        }
        self.depth += 1;
        let result = stacker::maybe_grow(RED_ZONE, STACK_STEP, || visit(self));
        self.depth -= 1;
        result
    }

    /// Counts what is copied without being visited as if it were: the value being visited and all in it.
    fn skip(&mut self, extent: Extent) -> Result<(), TooLarge> {
        let inner = extent.parts.saturating_sub(1);
        self.parts = self.parts.saturating_add(inner);
        if self.parts > MAX_PARTS
            || fuel::spend(inner.saturating_mul(4).saturating_add(extent.weight)).is_err()
        {
            return Err(TooLarge::Parts);
        }
        if self.depth + extent.depth > MAX_NESTING + 1 {
            return Err(TooLarge::Nesting);
        }
        Ok(())
    }
}

/// The contents of a map or list about to be dropped.
pub(super) enum Level {
    Map(Entries),
    List(Vec<Value>),
}

impl Level {
    /// Whether dropping this drops another map or list, which is what makes the drop recurse.
    fn nests(&self) -> bool {
        fn owns(value: &Value) -> bool {
            match value {
                Value::Map(map) => map.sole_owner(),
                Value::List(list) => list.sole_owner(),
                _ => false,
            }
        }
        match self {
            Self::Map(entries) => entries.values().any(owns),
            Self::List(items) => items.iter().any(owns),
        }
    }
}

/// Nested drops beyond this depth are put off until the outermost one.
const MAX_DROPS: usize = 100;

#[derive(Default)]
struct Pending {
    depth: usize,
    levels: Vec<Level>,
}

thread_local! {
    static PENDING: RefCell<Pending> = RefCell::default();
}

/// Drops contents without recursing deeper than [`MAX_DROPS`], however deep they are nested.
pub(super) fn drop_values(level: Level) {
    if !level.nests() {
        return;
    }
    // The thread-local is gone while the thread ends; then the plain, recursive drop has to do.
    let mut level = Some(level);
    let entered = PENDING.try_with(|pending| {
        let mut pending = pending.borrow_mut();
        if pending.depth >= MAX_DROPS {
            pending.levels.extend(level.take());
            return false;
        }
        pending.depth += 1;
        true
    });
    if entered != Ok(true) {
        return;
    }
    drop(level);
    loop {
        let next = PENDING.try_with(|pending| {
            let mut pending = pending.borrow_mut();
            if pending.depth == 1 { pending.levels.pop() } else { None }
        });
        match next {
            Ok(Some(level)) => drop(level),
            _ => break,
        }
    }
    let _ = PENDING.try_with(|pending| pending.borrow_mut().depth -= 1);
}

pub(super) fn deep_copy(value: &Value, walk: &mut Walk) -> Result<Value, TooLarge> {
    match value {
        Value::Map(map) if !map.is_nil() => walk.step(|walk| {
            if let Some(frozen) = map.unread() {
                walk.skip(frozen.extent())?;
                return Ok(Value::Map(Map::of_frozen(map.ty(), frozen)));
            }
            fuel::note(MAP_SIZE + map.len() * ENTRY_SIZE);
            let copy = map.read(|entries| {
                let mut copy = Entries::with_capacity(entries.len());
                for (key, value) in entries {
                    copy.insert(key.clone(), deep_copy(value, walk)?);
                }
                Ok(copy)
            })?;
            Ok(Value::Map(Map::from_table(map.ty(), copy)))
        }),
        Value::List(list) if !list.is_empty() => walk.step(|walk| {
            fuel::note(LIST_SIZE);
            let items = list.items().iter().map(|item| deep_copy(item, walk)).collect::<Result<_, _>>()?;
            Ok(Value::List(List::with_type(list.ty(), items)))
        }),
        other => Ok(other.clone()),
    }
}

pub(super) fn deep_equal(a: &Value, b: &Value, walk: &mut Walk) -> Result<bool, TooLarge> {
    Ok(match (a, b) {
        (Value::Nil, Value::Nil) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Int(kind_a, a), Value::Int(kind_b, b)) => kind_a == kind_b && a == b,
        (Value::Uint(kind_a, a), Value::Uint(kind_b, b)) => kind_a == kind_b && a == b,
        (Value::Float32(a), Value::Float32(b)) => a == b,
        (Value::Float(a), Value::Float(b)) => a == b,
        (Value::Str(a), Value::Str(b)) => a == b,
        (Value::Bytes(a), Value::Bytes(b)) => a == b,
        (Value::List(a), Value::List(b)) => {
            if a.ty() != b.ty() || a.is_nil() != b.is_nil() || a.len() != b.len() {
                return Ok(false);
            }
            a.same(b) || walk.step(|walk| all_equal(a.items().iter().zip(b.items()), walk))?
        }
        (Value::Map(a), Value::Map(b)) => {
            if a.ty() != b.ty() || a.is_nil() != b.is_nil() || a.len() != b.len() {
                return Ok(false);
            }
            a.same(b)
                || a.read(|a| {
                    b.read(|b| {
                        Ok(a.keys().eq(b.keys())
                            && walk.step(|walk| all_equal(a.values().zip(b.values()), walk))?)
                    })
                })?
        }
        (Value::Object(a), Value::Object(b)) => a.equals(b.as_ref()),
        _ => false,
    })
}

fn all_equal<'v>(
    pairs: impl Iterator<Item = (&'v Value, &'v Value)>,
    walk: &mut Walk,
) -> Result<bool, TooLarge> {
    for (a, b) in pairs {
        if !deep_equal(a, b, walk)? {
            return Ok(false);
        }
    }
    Ok(true)
}
