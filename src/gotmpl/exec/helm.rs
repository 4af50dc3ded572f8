//! The two functions of Helm that run templates, and the treatment of `<no value>`.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem::Finder;

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

const NO_VALUE: &[u8] = b"<no value>";

/// Removes every `<no value>`, wherever it came from, as Helm does with each rendered file and each `tpl`.
#[must_use]
pub fn strip_no_value(text: &[u8]) -> Cow<'_, [u8]> {
    static MARK: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(NO_VALUE));
    let mut found = MARK.find_iter(text).peekable();
    if found.peek().is_none() {
        return Cow::Borrowed(text);
    }
    let mut out: Vec<u8> = Vec::with_capacity(text.len());
    let mut copied = 0;
    for at in found {
        out.extend_from_slice(text.get(copied..at).unwrap_or_default());
        copied = at + NO_VALUE.len();
    }
    out.extend_from_slice(text.get(copied..).unwrap_or_default());
    Cow::Owned(out)
}
