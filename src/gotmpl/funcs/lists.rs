//! sprig's functions on lists. Each takes anything of kind slice and never changes it.

use super::super::fuel;
use super::super::func::{Ctx, Func, FuncError};
use super::super::types::{ANY_SLICE, INT, STRING_SLICE, Type};
use super::super::value::{List, Value};
use super::cast::to_int;
use super::common::{
    ANY, BOOL, MAKESLICE, NIL_POINTER, Res, arg, check_items, elements, fail, int, rest, strslice, strval,
};

/// `[][]interface {}`
const LISTS: Type = Type::Slice(&ANY_SLICE);

/// The functions of this file.
pub(super) const FUNCS: &[Func] = &[
    Func::variadic("list", &[ANY], ANY_SLICE, list),
    Func::variadic("tuple", &[ANY], ANY_SLICE, list),
    Func::new("append", &[ANY, ANY], ANY_SLICE, append),
    Func::new("push", &[ANY, ANY], ANY_SLICE, append),
    Func::new("mustAppend", &[ANY, ANY], ANY_SLICE, append),
    Func::new("mustPush", &[ANY, ANY], ANY_SLICE, append),
    Func::new("prepend", &[ANY, ANY], ANY_SLICE, prepend),
    Func::new("mustPrepend", &[ANY, ANY], ANY_SLICE, prepend),
    Func::new("first", &[ANY], ANY, first),
    Func::new("mustFirst", &[ANY], ANY, first),
    Func::new("last", &[ANY], ANY, last),
    Func::new("mustLast", &[ANY], ANY, last),
    Func::new("rest", &[ANY], ANY_SLICE, tail),
    Func::new("mustRest", &[ANY], ANY_SLICE, tail),
    Func::new("initial", &[ANY], ANY_SLICE, initial),
    Func::new("mustInitial", &[ANY], ANY_SLICE, initial),
    Func::new("reverse", &[ANY], ANY_SLICE, reverse),
    Func::new("mustReverse", &[ANY], ANY_SLICE, reverse),
    Func::new("uniq", &[ANY], ANY_SLICE, uniq),
    Func::new("mustUniq", &[ANY], ANY_SLICE, uniq),
    Func::new("compact", &[ANY], ANY_SLICE, compact),
    Func::new("mustCompact", &[ANY], ANY_SLICE, compact),
    Func::variadic("without", &[ANY, ANY], ANY_SLICE, without),
    Func::variadic("mustWithout", &[ANY, ANY], ANY_SLICE, without),
    Func::new("has", &[ANY, ANY], BOOL, has),
    Func::new("mustHas", &[ANY, ANY], BOOL, has),
    Func::variadic("slice", &[ANY, ANY], ANY, slice),
    Func::variadic("mustSlice", &[ANY, ANY], ANY, slice),
    Func::variadic("concat", &[ANY], ANY, concat),
    Func::new("chunk", &[INT, ANY], LISTS, chunk),
    Func::new("mustChunk", &[INT, ANY], LISTS, chunk),
    Func::new("sortAlpha", &[ANY], STRING_SLICE, sort_alpha),
];

/// A `[]interface {}` result.
fn any_list(items: Vec<Value>) -> Res {
    Ok(Value::List(List::new(items)))
}

fn list(_: &mut Ctx<'_>, a: &[Value]) -> Res {
    any_list(a.to_vec())
}

fn append(_: &mut Ctx<'_>, a: &[Value]) -> Res {
    let list = elements(arg(a, 0), "Cannot push on type")?;
    let mut items = Vec::with_capacity(list.len() + 1);
    items.extend_from_slice(list.items());
    items.push(arg(a, 1).clone());
    any_list(items)
}

fn prepend(_: &mut Ctx<'_>, a: &[Value]) -> Res {
    let list = elements(arg(a, 0), "Cannot prepend on type")?;
    let mut items = Vec::with_capacity(list.len() + 1);
    items.push(arg(a, 1).clone());
    items.extend_from_slice(list.items());
    any_list(items)
}

fn first(_: &mut Ctx<'_>, a: &[Value]) -> Res {
    let list = elements(arg(a, 0), "Cannot find first on type")?;
    Ok(list.items().first().cloned().unwrap_or_default())
}

fn last(_: &mut Ctx<'_>, a: &[Value]) -> Res {
    let list = elements(arg(a, 0), "Cannot find last on type")?;
    Ok(list.items().last().cloned().unwrap_or_default())
}

/// Part of a list; Go gives a nil slice for any part of an empty one.
fn part(list: &List, items: Option<&[Value]>) -> Res {
    match items {
        Some(items) if !list.is_empty() => any_list(items.to_vec()),
        _ => Ok(Value::List(List::nil(Type::Any))),
    }
}

fn tail(_: &mut Ctx<'_>, a: &[Value]) -> Res {
    let list = elements(arg(a, 0), "Cannot find rest on type")?;
    part(&list, list.items().get(1..))
}

fn initial(_: &mut Ctx<'_>, a: &[Value]) -> Res {
    let list = elements(arg(a, 0), "Cannot find initial on type")?;
    part(&list, list.items().get(..list.len().saturating_sub(1)))
}

fn reverse(_: &mut Ctx<'_>, a: &[Value]) -> Res {
    let list = elements(arg(a, 0), "Cannot find reverse on type")?;
    any_list(list.items().iter().rev().cloned().collect())
}

fn contains(items: &[Value], needle: &Value) -> bool {
    fuel::note(items.len() / 8);
    items.iter().any(|item| needle.deep_equal(item))
}

fn uniq(_: &mut Ctx<'_>, a: &[Value]) -> Res {
    let list = elements(arg(a, 0), "Cannot find uniq on type")?;
    let mut items: Vec<Value> = Vec::new();
    for item in list.items() {
        if fuel::used_up() {
            break;
        }
        if !contains(&items, item) {
            items.push(item.clone());
        }
    }
    any_list(items)
}

fn compact(_: &mut Ctx<'_>, a: &[Value]) -> Res {
    let list = elements(arg(a, 0), "Cannot compact on type")?;
    any_list(list.items().iter().filter(|item| item.truth()).cloned().collect())
}

fn without(_: &mut Ctx<'_>, a: &[Value]) -> Res {
    let list = elements(arg(a, 0), "Cannot find without on type")?;
    any_list(list.items().iter().filter(|item| !contains(rest(a, 1), item)).cloned().collect())
}

fn has(_: &mut Ctx<'_>, a: &[Value]) -> Res {
    if arg(a, 1).is_nil() {
        return Ok(Value::Bool(false));
    }
    let list = elements(arg(a, 1), "Cannot find has on type")?;
    Ok(Value::Bool(contains(list.items(), arg(a, 0))))
}

fn slice(_: &mut Ctx<'_>, a: &[Value]) -> Res {
    let list = elements(arg(a, 0), "list should be type of slice or array but")?;
    if list.is_empty() {
        return Ok(Value::Nil);
    }
    let index = |at: usize, default: usize| match a.get(at) {
        Some(value) => usize::try_from(to_int(value)).ok(),
        None => Some(default),
    };
    let bounds = index(1, 0).zip(index(2, list.len()));
    match bounds.and_then(|(from, to)| list.slice(from, to)) {
        Some(part) => Ok(Value::List(part)),
        None => fail("reflect.Value.Slice: slice index out of bounds"),
    }
}

fn concat(_: &mut Ctx<'_>, a: &[Value]) -> Res {
    let mut items = Vec::new();
    for value in a {
        let Some(list) = value.elements() else {
            return if value.is_nil() {
                fail(NIL_POINTER)
            } else {
                fail(format!("Cannot concat type {} as list", value.kind().name()))
            };
        };
        check_items(items.len() + list.len())?;
        items.extend_from_slice(list.items());
    }
    if items.is_empty() { Ok(Value::List(List::nil(Type::Any))) } else { any_list(items) }
}

fn chunk(_: &mut Ctx<'_>, a: &[Value]) -> Res {
    let list = elements(arg(a, 1), "Cannot chunk type")?;
    let size = match (usize::try_from(int(a, 0)), list.len()) {
        (Ok(size @ 1..), _) => size,
        // With a size below zero sprig's arithmetic comes out at no chunks or one where the list is short, and
        // otherwise at a slice of negative length.
        (Err(_), 1) if int(a, 0) < -1 => 1,
        (Err(_), len @ 2..) if u64::try_from(len).is_ok_and(|len| len - 1 <= int(a, 0).unsigned_abs()) => {
            return Ok(Value::List(List::with_elem(ANY_SLICE, Vec::new())));
        }
        _ => return fail(MAKESLICE),
    };
    let chunks = list.items().chunks(size).map(|items| Value::List(List::new(items.to_vec()))).collect();
    Ok(Value::List(List::with_elem(ANY_SLICE, chunks)))
}

fn sort_alpha(_: &mut Ctx<'_>, a: &[Value]) -> Result<Value, FuncError> {
    let value = arg(a, 0);
    let mut texts = if value.elements().is_some() { strslice(value)? } else { vec![strval(value)?] };
    texts.sort();
    Ok(Value::List(List::strings(texts)))
}
