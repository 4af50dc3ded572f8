//! The functions of `text/template` itself, except comparisons. Their parameters are `reflect.Value`s, so they see
//! the difference between nothing and a nil interface, and are not in a [`super::super::func::Funcs`].

use super::super::fmt;
use super::super::func::FuncError;
use super::super::parse::Builtin;
use super::super::parse::ast::{Operand, Span};
use super::super::str::Str;
use super::super::types::{Kind, Type, UintKind};
use super::super::value::{TooLarge, Value};
use super::call::reading;
use super::walk::{At, Frame};
use super::{Cell, Ctx, Exec, compare, escape};

type Outcome = Result<Cell, FuncError>;

impl<'t> Frame<'t> {
    #[expect(clippy::too_many_arguments, reason = "as many as Go's evalCall")]
    pub fn builtin(
        &mut self,
        ctx: &mut Ctx<'_>,
        dot: &Cell,
        builtin: Builtin,
        name: Span,
        node: At<'t>,
        args: &'t [Operand],
        last: Option<Cell>,
    ) -> Exec<Cell> {
        let (params, variadic) = arity(builtin);
        self.count(name, params, variadic, args.len(), last.is_some())?;
        if matches!(builtin, Builtin::And | Builtin::Or) {
            return self.short_circuit(ctx, dot, builtin == Builtin::Or, args, last);
        }
        let first_type = if builtin == Builtin::Printf { Type::String } else { Type::Reflect };
        let mut cells = Cells::default();
        for (index, arg) in args.iter().enumerate() {
            let ty = if index == 0 { first_type } else { Type::Reflect };
            cells.push(self.argument(ctx, dot, ty, arg)?);
        }
        if let Some(last) = last {
            let ty = if args.is_empty() { first_type } else { Type::Reflect };
            cells.push(self.validate(last, ty)?);
        }
        // `html` and `js` look at each character; others at most copy.
        let weight = if matches!(builtin, Builtin::Html | Builtin::Js | Builtin::Urlquery) { 64 } else { 1 };
        let looked_at: usize = cells.as_slice().iter().map(|cell| reading(&cell.value)).sum();
        self.spend(1 + weight * looked_at)?;
        let callee = || {
            args.first()
                .map_or_else(|| reflect_string(cells.as_slice()), |arg| self.source.show(arg).to_string())
        };
        run(builtin, cells.as_slice(), &callee).map_err(|error| {
            self.at = node;
            self.call_failed(name, error)
        })
    }

    /// `and` and `or`, which evaluate no more arguments than they must.
    fn short_circuit(
        &mut self,
        ctx: &mut Ctx<'_>,
        dot: &Cell,
        or: bool,
        args: &'t [Operand],
        last: Option<Cell>,
    ) -> Exec<Cell> {
        let mut result = Cell::NOTHING;
        for arg in args {
            result = self.argument(ctx, dot, Type::Reflect, arg)?;
            if result.value.truth() == or {
                return Ok(result);
            }
        }
        Ok(last.unwrap_or(result))
    }
}

/// The arguments of a built-in: up to four without an allocation.
#[derive(Default)]
struct Cells {
    few: [Cell; 4],
    count: usize,
    many: Vec<Cell>,
}

impl Cells {
    fn push(&mut self, cell: Cell) {
        if self.many.is_empty()
            && let Some(slot) = self.few.get_mut(self.count)
        {
            *slot = cell;
            self.count += 1;
            return;
        }
        if self.many.is_empty() {
            self.many.extend(std::mem::take(&mut self.few));
        }
        self.many.push(cell);
    }

    fn as_slice(&self) -> &[Cell] {
        if self.many.is_empty() { self.few.get(..self.count).unwrap_or_default() } else { &self.many }
    }
}

/// How many parameters, the variadic one included, and whether the last is variadic.
const fn arity(builtin: Builtin) -> (usize, bool) {
    match builtin {
        Builtin::Len | Builtin::Not => (1, false),
        Builtin::Ge | Builtin::Gt | Builtin::Le | Builtin::Lt | Builtin::Ne => (2, false),
        Builtin::Html | Builtin::Js | Builtin::Print | Builtin::Println | Builtin::Urlquery => (1, true),
        Builtin::And
        | Builtin::Or
        | Builtin::Call
        | Builtin::Index
        | Builtin::Slice
        | Builtin::Printf
        | Builtin::Eq => (2, true),
    }
}

impl From<TooLarge> for FuncError {
    fn from(error: TooLarge) -> Self {
        Self::Message(error.to_string())
    }
}

fn run(builtin: Builtin, args: &[Cell], callee: &dyn Fn() -> String) -> Outcome {
    let plain = |value: Value| Ok(Cell::plain(value));
    let truth = |result: Result<bool, FuncError>| result.map(|value| Cell::plain(Value::Bool(value)));
    let text = |bytes: Vec<u8>| Ok(Cell::plain(Value::Str(Str::from(bytes))));
    let first = args.first().unwrap_or(&Cell::NOTHING);
    let second = args.get(1).unwrap_or(&Cell::NOTHING);
    match builtin {
        Builtin::And | Builtin::Or => plain(Value::Nil),
        Builtin::Not => plain(Value::Bool(!first.value.truth())),
        Builtin::Len => {
            length(first).map(|len| Cell::plain(Value::int(i64::try_from(len).unwrap_or(i64::MAX))))
        }
        Builtin::Index => index(first, args.get(1..).unwrap_or_default()),
        Builtin::Slice => slice(&first.value, args.get(1..).unwrap_or_default()),
        Builtin::Call => match first.value.ty() {
            None => Err("call of nil".into()),
            Some(ty) => Err(format!("non-function {} of type {ty}", callee()).into()),
        },
        Builtin::Eq => {
            let rest = args.get(1..).unwrap_or_default();
            if rest.is_empty() {
                return Err("missing argument for comparison".into());
            }
            truth(compare::eq(&first.value, rest.iter().map(|cell| &cell.value)))
        }
        Builtin::Ne => truth(compare::eq(&first.value, [&second.value]).map(|equal| !equal)),
        Builtin::Lt => truth(compare::lt(&first.value, &second.value)),
        Builtin::Le => truth(compare::le(&first.value, &second.value)),
        Builtin::Gt => truth(compare::le(&first.value, &second.value).map(|le| !le)),
        Builtin::Ge => truth(compare::lt(&first.value, &second.value).map(|lt| !lt)),
        Builtin::Printf => {
            let values = values(args.get(1..).unwrap_or_default());
            let format = first.value.as_str().cloned().unwrap_or_default();
            text(fmt::sprintf(&format, &values)?)
        }
        Builtin::Print => text(fmt::sprint(&values(args))?),
        Builtin::Println => text(fmt::sprintln(&values(args))?),
        Builtin::Html => text(escape::html(&joined(args)?)),
        Builtin::Js => text(escape::js(&joined(args)?)),
        Builtin::Urlquery => text(escape::url_query(&joined(args)?)),
    }
}

/// How Go names what is called when it came through the pipeline: `reflect.Value.String()`.
fn reflect_string(args: &[Cell]) -> String {
    match args.first().map(|cell| &cell.value) {
        Some(Value::Str(text)) => text.to_string(),
        Some(value) if !value.is_nil() => format!("<{} Value>", value.type_name()),
        _ => "<invalid Value>".to_owned(),
    }
}

fn values(args: &[Cell]) -> Vec<Value> {
    args.iter().map(|cell| cell.value.clone()).collect()
}

/// What `html`, `js` and `urlquery` work on: the arguments as `{{ }}` would print them, nothing as `<no value>`.
fn joined(args: &[Cell]) -> Result<Vec<u8>, TooLarge> {
    let values: Vec<Value> = args
        .iter()
        .map(|cell| if cell.value.is_nil() { Value::literal("<no value>") } else { cell.value.clone() })
        .collect();
    fmt::sprint(&values)
}

fn length(item: &Cell) -> Result<usize, FuncError> {
    if let Some(len) = item.value.len() {
        return Ok(len);
    }
    match item.value.ty() {
        Some(ty) => Err(format!("len of type {ty}").into()),
        None if item.iface => Err("len of nil pointer".into()),
        None => Err("reflect: call of reflect.Value.Type on zero Value".into()),
    }
}

/// An index into something with a length or capacity; one past the end passes here, as in Go.
fn position(index: &Value, capacity: usize) -> Result<usize, FuncError> {
    let number = match index {
        Value::Int(_, number) => *number,
        Value::Uint(_, number) => i64::from_ne_bytes(number.to_ne_bytes()),
        Value::Object(object) if matches!(object.kind(), Kind::Int(_)) => {
            return position(&object.plain(), capacity);
        }
        Value::Nil => return Err("cannot index slice/array with nil".into()),
        other => return Err(format!("cannot index slice/array with type {}", other.type_name()).into()),
    };
    match usize::try_from(number) {
        Ok(position) if position <= capacity => Ok(position),
        _ => Err(format!("index out of range: {number}").into()),
    }
}

fn index(item: &Cell, indexes: &[Cell]) -> Outcome {
    if item.value.is_nil() {
        return Err("index of untyped nil".into());
    }
    let mut item = item.clone();
    for index in indexes {
        item = match &item.value {
            Value::Nil => return Err("index of nil pointer".into()),
            Value::Str(bytes) => byte(bytes, &index.value, "string")?,
            Value::Bytes(bytes) => byte(bytes, &index.value, "slice")?,
            Value::Map(map) => {
                let key = map_key(&index.value)?;
                let value = map.get(&key).unwrap_or_else(|| Value::zero(map.elem()));
                Cell { value, iface: map.elem() == Type::Any }
            }
            Value::Object(object) if object.kind() == Kind::Map => {
                let key = map_key(&index.value)?;
                let value = object.entry(&key).unwrap_or_else(|| Value::zero(object.elem()));
                Cell { value, iface: object.elem() == Type::Any }
            }
            other => {
                let Some(list) = other.elements() else {
                    return Err(format!("can't index item of type {}", other.type_name()).into());
                };
                let value = list.get(position(&index.value, list.len())?).cloned();
                let value = value.ok_or("reflect: slice index out of range")?;
                Cell { value, iface: list.elem() == Type::Any }
            }
        };
    }
    Ok(item)
}

fn byte(bytes: &[u8], index: &Value, kind: &str) -> Outcome {
    let byte = bytes.get(position(index, bytes.len())?);
    let byte = byte.ok_or_else(|| FuncError::new(format!("reflect: {kind} index out of range")))?;
    Ok(Cell::plain(Value::Uint(UintKind::Uint8, u64::from(*byte))))
}

fn map_key(index: &Value) -> Result<Str, FuncError> {
    match index {
        Value::Str(key) => Ok(key.clone()),
        Value::Nil => Err("value is nil; should be of type string".into()),
        other => Err(format!("value has type {}; should be string", other.type_name()).into()),
    }
}

fn slice(item: &Value, indexes: &[Cell]) -> Outcome {
    if item.is_nil() {
        return Err("slice of untyped nil".into());
    }
    if indexes.len() > 3 {
        return Err(format!("too many slice indexes: {}", indexes.len()).into());
    }
    let list = item.elements();
    let (length, capacity) = match (item, &list) {
        (Value::Str(_), _) if indexes.len() == 3 => return Err("cannot 3-index slice a string".into()),
        (Value::Str(bytes), _) => (bytes.len(), bytes.len()),
        (Value::Bytes(bytes), _) => (bytes.len(), bytes.len()),
        (_, Some(list)) => (list.len(), list.capacity()),
        _ => return Err(format!("can't slice item of type {}", item.type_name()).into()),
    };
    let mut bounds = [0, length, capacity];
    for (bound, index) in bounds.iter_mut().zip(indexes) {
        *bound = position(&index.value, capacity)?;
    }
    let [from, to, limit] = bounds;
    if from > to {
        return Err(format!("invalid slice index: {from} > {to}").into());
    }
    if to > limit {
        return Err(format!("invalid slice index: {to} > {limit}").into());
    }
    let out_of_range = || FuncError::new("reflect.Value.Slice: slice index out of bounds");
    let value = match (item, &list) {
        (Value::Str(bytes), _) => Value::Str(Str::new(bytes.get(from..to).ok_or_else(out_of_range)?)),
        (Value::Bytes(bytes), _) => {
            Value::Bytes(Str::new(bytes.get(from..to).ok_or_else(out_of_range)?).into())
        }
        (_, Some(list)) => Value::List(list.slice(from, to).ok_or_else(out_of_range)?),
        _ => return Err(out_of_range()),
    };
    Ok(Cell::plain(value))
}
