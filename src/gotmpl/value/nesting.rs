//! What walks a whole value: copying, comparing, dropping. A template can nest values as deep as it likes, or make
//! a map contain itself, so nothing here may recurse without a bound.

use std::cell::RefCell;
use std::fmt;

use super::super::parse::{RED_ZONE, STACK_STEP};
use super::{Entries, List, Map, Value};

/// How deep a value may be nested for the operations that recurse into it.
pub const MAX_NESTING: usize = 1_000;

/// A value is nested deeper than [`MAX_NESTING`], or contains itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooDeep;

impl fmt::Display for TooDeep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "value is nested more than {MAX_NESTING} levels deep, or contains itself")
    }
}

impl std::error::Error for TooDeep {}

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

/// One level deeper into a value: with a stack that has room for it.
pub(in super::super) fn deeper<R>(level: impl FnOnce() -> R) -> R {
    stacker::maybe_grow(RED_ZONE, STACK_STEP, level)
}

pub(super) fn deep_copy(value: &Value, depth: usize) -> Result<Value, TooDeep> {
    match value {
        Value::Map(_) | Value::List(_) if depth > MAX_NESTING => Err(TooDeep),
        Value::Map(_) | Value::List(_) => deeper(|| copy_level(value, depth)),
        scalar => Ok(scalar.clone()),
    }
}

fn copy_level(value: &Value, depth: usize) -> Result<Value, TooDeep> {
    Ok(match value {
        Value::Map(map) if !map.is_nil() => {
            let copy = map.read(|entries| {
                let mut copy = Entries::with_capacity(entries.len());
                for (key, value) in entries {
                    copy.insert(key.clone(), deep_copy(value, depth + 1)?);
                }
                Ok(copy)
            })?;
            Value::Map(Map::from_table(map.ty(), copy))
        }
        Value::List(list) if !list.is_empty() => {
            let items =
                list.items().iter().map(|item| deep_copy(item, depth + 1)).collect::<Result<_, _>>()?;
            Value::List(List::with_type(list.ty(), items))
        }
        other => other.clone(),
    })
}

pub(super) fn deep_equal(a: &Value, b: &Value, depth: usize) -> bool {
    if depth > MAX_NESTING {
        return false;
    }
    deeper(|| equal_level(a, b, depth))
}

fn equal_level(a: &Value, b: &Value, depth: usize) -> bool {
    match (a, b) {
        (Value::Nil, Value::Nil) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Int(kind_a, a), Value::Int(kind_b, b)) => kind_a == kind_b && a == b,
        (Value::Uint(kind_a, a), Value::Uint(kind_b, b)) => kind_a == kind_b && a == b,
        (Value::Float32(a), Value::Float32(b)) => a == b,
        (Value::Float(a), Value::Float(b)) => a == b,
        (Value::Str(a), Value::Str(b)) => a == b,
        (Value::Bytes(a), Value::Bytes(b)) => a == b,
        (Value::List(a), Value::List(b)) => {
            a.ty() == b.ty()
                && a.is_nil() == b.is_nil()
                && a.len() == b.len()
                && (a.same(b) || a.items().iter().zip(b.items()).all(|(a, b)| deep_equal(a, b, depth + 1)))
        }
        (Value::Map(a), Value::Map(b)) => {
            a.ty() == b.ty()
                && a.is_nil() == b.is_nil()
                && a.len() == b.len()
                && (a.same(b)
                    || a.read(|a| {
                        b.read(|b| {
                            a.iter()
                                .zip(b)
                                .all(|((key_a, a), (key_b, b))| key_a == key_b && deep_equal(a, b, depth + 1))
                        })
                    }))
        }
        (Value::Object(a), Value::Object(b)) => a.equals(b.as_ref()),
        _ => false,
    }
}
