//! What the function files share: reading checked arguments, building results, Go's panics as messages.

use super::super::fmt;
use super::super::fuel::{self, MAX_ITEMS, MAX_TEXT};
use super::super::func::FuncError;
use super::super::str::Str;
use super::super::types::Type;
use super::super::value::{List, Map, Value};

/// What a function gives back.
pub(super) type Res = Result<Value, FuncError>;

pub(super) const ANY: Type = Type::Any;
pub(super) const BOOL: Type = Type::Bool;
pub(super) const FLOAT: Type = Type::Float64;
pub(super) const TEXT: Type = Type::String;
pub(super) const TIME: Type = Type::Object("time.Time");
pub(super) const DURATION: Type = Type::Object("time.Duration");

/// The message of Go's panic on `reflect.TypeOf(nil).Kind()`, which sprig's list functions run into.
pub(super) const NIL_POINTER: &str = "runtime error: invalid memory address or nil pointer dereference";
/// The message of Go's panic on `make` with an absurd length.
pub(super) const MAKESLICE: &str = "runtime error: makeslice: len out of range";
const NIL: &Value = &Value::Nil;

/// An argument; nil for one that is missing, which the executor's count excludes.
pub(super) fn arg(args: &[Value], index: usize) -> &Value {
    args.get(index).unwrap_or(NIL)
}

/// A `string` argument.
pub(super) fn text(args: &[Value], index: usize) -> &[u8] {
    match args.get(index) {
        Some(Value::Str(text)) => text.as_bytes(),
        Some(Value::Bytes(bytes)) => bytes,
        _ => &[],
    }
}

/// A `string` argument, to be passed on without a copy.
pub(super) fn str_arg(args: &[Value], index: usize) -> Str {
    match args.get(index) {
        Some(Value::Str(text)) => text.clone(),
        _ => Str::empty(),
    }
}

/// An `int` argument.
pub(super) fn int(args: &[Value], index: usize) -> i64 {
    match args.get(index) {
        Some(Value::Int(_, number)) => *number,
        _ => 0,
    }
}

/// A `bool` argument.
pub(super) fn boolean(args: &[Value], index: usize) -> bool {
    matches!(args.get(index), Some(Value::Bool(true)))
}

/// A map argument.
pub(super) fn map(args: &[Value], index: usize) -> Map {
    match args.get(index) {
        Some(Value::Map(map)) => map.clone(),
        _ => Map::nil(super::super::types::ANY_MAP),
    }
}

/// The variadic arguments, from `index` on.
pub(super) fn rest(args: &[Value], index: usize) -> &[Value] {
    args.get(index..).unwrap_or_default()
}

/// A `string` result.
pub(super) fn string(text: impl Into<Str>) -> Res {
    Ok(Value::Str(text.into()))
}

/// A `string` result that is often the argument itself: cloned when nothing was cut off.
pub(super) fn part_of(whole: &Value, part: &[u8]) -> Res {
    match whole {
        Value::Str(text) if text.len() == part.len() => Ok(whole.clone()),
        _ => string(part),
    }
}

/// Refuses to make more of a text than a function may return.
pub(super) fn check_len(len: usize) -> Result<(), FuncError> {
    if len > MAX_TEXT { fail(format!("result is larger than {MAX_TEXT} bytes")) } else { Ok(()) }
}

/// Refuses to make more items than a list may have.
pub(super) fn check_items(count: usize) -> Result<(), FuncError> {
    if count > MAX_ITEMS { fail(format!("result is larger than {MAX_ITEMS} items")) } else { Ok(()) }
}

/// An error of these words.
pub(super) fn fail<T>(message: impl Into<String>) -> Result<T, FuncError> {
    Err(FuncError::new(message))
}

/// An error whose words may hold any bytes.
pub(super) fn fail_bytes<T>(message: &[u8]) -> Result<T, FuncError> {
    fail(String::from_utf8_lossy(message))
}

/// A `[]string`.
pub(super) fn strings<'a>(items: impl IntoIterator<Item = &'a [u8]>) -> Res {
    Ok(Value::List(List::strings(items)))
}

/// sprig's `strval`: the text of a string, `[]byte`, error or Stringer, else what `%v` prints.
pub(super) fn strval(value: &Value) -> Result<Str, FuncError> {
    match value {
        Value::Str(text) => Ok(text.clone()),
        Value::Bytes(bytes) => Ok(bytes.as_string().clone()),
        Value::Bool(true) => Ok(Str::literal("true")),
        Value::Bool(false) => Ok(Str::literal("false")),
        _ => print(value),
    }
}

/// What `%v` prints.
pub(super) fn print(value: &Value) -> Result<Str, FuncError> {
    match fmt::format_value(value) {
        Ok(text) => {
            // A list may hold the same long text, or a value that prints as one, many times.
            fuel::spend(text.len() / 8)?;
            Ok(Str::from(text))
        }
        Err(e) => fail(e.to_string()),
    }
}

/// sprig's `strslice`: the texts of the elements that are not nil; of anything but a list, its own text.
pub(super) fn strslice(value: &Value) -> Result<Vec<Str>, FuncError> {
    match value.elements() {
        Some(list) => list.items().iter().filter(|item| !item.is_nil()).map(strval).collect(),
        None if value.is_nil() => Ok(Vec::new()),
        None => Ok(vec![strval(value)?]),
    }
}

/// The elements of a list argument; `what` completes the sentence of the error for anything else.
pub(super) fn elements(value: &Value, what: &str) -> Result<List, FuncError> {
    match value.elements() {
        Some(list) => Ok(list),
        None if value.is_nil() => fail(NIL_POINTER),
        None => fail(format!("{what} {}", value.kind().name())),
    }
}

/// Go's `%q`.
pub(super) fn quoted(text: &[u8]) -> String {
    String::from_utf8_lossy(&super::super::strconv::quote(text)).into_owned()
}
