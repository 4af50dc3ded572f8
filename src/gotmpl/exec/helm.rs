//! The two functions of Helm that run templates, and the treatment of `<no value>`.

use std::borrow::Cow;

use super::super::func::{Ctx, Func, FuncError};
use super::super::str::Str;
use super::super::types::Type;
use super::super::value::Value;

/// `include` and `tpl`.
pub const FUNCS: &[Func] = &[
    Func::new("include", &[Type::String, Type::Any], Type::String, include),
    Func::new("tpl", &[Type::String, Type::Any], Type::String, tpl),
];

fn text_and_data(args: &[Value]) -> Option<(&Str, Value)> {
    match args {
        [Value::Str(text), data] => Some((text, data.clone())),
        _ => None,
    }
}

fn include(ctx: &mut Ctx<'_>, args: &[Value]) -> Result<Value, FuncError> {
    let (name, data) = text_and_data(args).ok_or("wrong arguments")?;
    ctx.include(name, data).map(Value::Str)
}

fn tpl(ctx: &mut Ctx<'_>, args: &[Value]) -> Result<Value, FuncError> {
    let (text, data) = text_and_data(args).ok_or("wrong arguments")?;
    ctx.tpl(text, data).map(Value::Str)
}

/// Removes every `<no value>`, wherever it came from, as Helm does with each rendered file and each `tpl`.
#[must_use]
pub fn strip_no_value(text: &[u8]) -> Cow<'_, [u8]> {
    const MARK: &[u8] = b"<no value>";
    let mut out: Vec<u8> = Vec::new();
    let mut copied = 0;
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.iter().position(|byte| *byte == b'<')) {
        let start = from + at;
        if text.get(start..).is_some_and(|rest| rest.starts_with(MARK)) {
            out.extend_from_slice(text.get(copied..start).unwrap_or_default());
            copied = start + MARK.len();
            from = copied;
        } else {
            from = start + 1;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.extend_from_slice(text.get(copied..).unwrap_or_default());
    Cow::Owned(out)
}
