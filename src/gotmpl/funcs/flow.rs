//! Defaults, choices, types, and the functions that stop a render or run another template.

use super::super::func::{Ctx, Func};
use super::super::str::Str;
use super::super::types::ANY_MAP;
use super::super::value::Value;
use super::common::{ANY, BOOL, Res, TEXT, arg, boolean, fail, str_arg, string, text};

/// The functions of this file.
pub(super) const FUNCS: &[Func] =
    &[
        Func::variadic("default", &[ANY, ANY], ANY, |_, a| {
            Ok(arg(a, if a.get(1).is_some_and(Value::truth) { 1 } else { 0 }).clone())
        }),
        Func::new("empty", &[ANY], BOOL, |_, a| Ok(Value::Bool(!arg(a, 0).truth()))),
        Func::variadic("coalesce", &[ANY], ANY, |_, a| {
            Ok(a.iter().find(|v| v.truth()).cloned().unwrap_or_default())
        }),
        Func::variadic("all", &[ANY], BOOL, |_, a| Ok(Value::Bool(a.iter().all(Value::truth)))),
        Func::variadic("any", &[ANY], BOOL, |_, a| Ok(Value::Bool(a.iter().any(Value::truth)))),
        Func::new("ternary", &[ANY, ANY, BOOL], ANY, |_, a| {
            Ok(arg(a, if boolean(a, 2) { 0 } else { 1 }).clone())
        }),
        Func::new("typeOf", &[ANY], TEXT, |_, a| string(arg(a, 0).type_name())),
        Func::new("typeIs", &[TEXT, ANY], BOOL, |_, a| {
            Ok(Value::Bool(arg(a, 1).type_name().as_bytes() == text(a, 0)))
        }),
        Func::new("typeIsLike", &[TEXT, ANY], BOOL, |_, a| {
            let name = arg(a, 1).type_name();
            Ok(Value::Bool(
                [name.as_str(), name.trim_start_matches('*')].iter().any(|n| n.as_bytes() == text(a, 0)),
            ))
        }),
        Func::new("kindOf", &[ANY], TEXT, |_, a| Ok(Value::literal(arg(a, 0).kind().name()))),
        Func::new("kindIs", &[TEXT, ANY], BOOL, |_, a| {
            Ok(Value::Bool(arg(a, 1).kind().name().as_bytes() == text(a, 0)))
        }),
        Func::new("deepEqual", &[ANY, ANY], BOOL, |_, a| Ok(Value::Bool(arg(a, 0).deep_equal(arg(a, 1))))),
        Func::new("fail", &[TEXT], TEXT, |c, a| {
            if c.env().lint() {
                return string("");
            }
            fail(wrap_warning(&str_arg(a, 0)))
        }),
        Func::new("required", &[TEXT, ANY], ANY, required),
        Func::new("lookup", &[TEXT, TEXT, TEXT, TEXT], ANY_MAP, |c, a| {
            let word = |index| String::from_utf8_lossy(text(a, index)).into_owned();
            Ok(c.env().lookup(&word(0), &word(1), &word(2), &word(3))?)
        }),
        Func::new("getHostByName", &[TEXT], TEXT, |c, a| {
            string(c.env().resolve_host(&String::from_utf8_lossy(text(a, 0))))
        }),
    ];

/// Helm's marks around the words of `fail` and `required`, by which it finds them again in the error.
fn wrap_warning(message: &Str) -> String {
    format!("HELM_ERR_START{message}HELM_ERR_END")
}

fn required(ctx: &mut Ctx<'_>, a: &[Value]) -> Res {
    let missing = match arg(a, 1) {
        Value::Nil => true,
        Value::Str(text) => text.is_empty(),
        _ => false,
    };
    if !missing {
        return Ok(arg(a, 1).clone());
    }
    if ctx.env().lint() {
        ctx.env().warn(&format!("missing required value: {}", str_arg(a, 0)));
        return string("");
    }
    fail(wrap_warning(&str_arg(a, 0)))
}
