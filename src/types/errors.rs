//! Wording of what the type checker finds.

use super::domain::Domain;
use super::expect::Expect;
use super::ir::{E, Reason};
use super::signatures::Signature;
use super::ty::{EnumTy, Handle, Mismatch, ObjectTy, Ty, Why};
use crate::diag::{Diag, codes, nearest};
use crate::source::Span;

/// `a string`, `an int`.
pub fn a(ty: &Ty) -> String {
    let text = ty.to_string();
    let article = if text.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" };
    match ty {
        Ty::Null => "null".into(),
        Ty::Any => "a value".into(),
        Ty::Handle(h) => format!("a reference to a {}", h.word()),
        _ => format!("{article} `{text}`"),
    }
}

fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(word, candidates).map(|near| format!("did you mean `{near}`?"))
}

/// A few names for a help line: "`a`, `b` and `c`".
pub fn listing<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.into_iter().map(|n| format!("`{n}`")).collect();
    match names.as_slice() {
        [] => "none".into(),
        [one] => one.clone(),
        [head @ .., last] if names.len() <= 18 => format!("{} and {last}", head.join(", ")),
        _ => {
            let more = names.len() - 10;
            format!("{} and {more} more", names.iter().take(10).cloned().collect::<Vec<_>>().join(", "))
        }
    }
}

/// The nearest candidate, or all of them.
pub fn suggest<'a>(
    word: &str,
    what: &str,
    candidates: impl IntoIterator<Item = &'a str> + Clone,
) -> Option<String> {
    did_you_mean(word, candidates.clone()).or_else(|| {
        let all = listing(candidates);
        (all != "none").then(|| format!("{what} {all}"))
    })
}

/// Adds where an expected type was declared.
pub fn with_reason(diag: Diag, why: &Reason) -> Diag {
    match why.declared {
        Some(span) => diag.at(span, "what is expected is declared here"),
        None => diag,
    }
}

fn in_what(why: &Reason) -> String {
    if why.what.is_empty() { String::new() } else { format!("{}: ", why.what) }
}

pub fn mismatch(found: &E, m: &Mismatch, expect: &Expect, origin: Option<(Span, String)>) -> Diag {
    let place = if m.path.is_empty() { String::new() } else { format!(" at `{}`", m.path) };
    let what = in_what(&expect.why);
    let (message, label, help) = match &m.why {
        Why::Secret => {
            let message = format!("{what}a secret may not go here{place}");
            let help =
                "secrets may enter `values` and `manifest` objects; names, labels, addresses and outputs \
                        are written in clear"
                    .to_owned();
            let diag = Diag::error(codes::SECRET_LEAK, message)
                .at(found.span, format!("this is {}", a(&m.found)))
                .help(help);
            return finish(diag, expect, origin);
        }
        Why::Form { text, reason } => {
            let Ty::Domain(domain) = m.expected.reveal().0 else {
                return Diag::error(codes::BAD_FORM, format!("{what}`{text}`: {reason}"))
                    .at(found.span, "here");
            };
            return finish(bad_form(*domain, text, reason, found.span, &what), expect, origin);
        }
        Why::Case(case) => {
            let Ty::Enum(cases) = m.expected.reveal().0 else {
                return Diag::error(codes::TYPE_MISMATCH, message_of(m, &what, &place))
                    .at(found.span, "here");
            };
            return finish(not_a_case(case, cases, found.span, &what), expect, origin);
        }
        Why::OpenString => (
            format!("{what}expected {}{place}, found a `string` that could be anything", a(&m.expected)),
            "this is a `string`".to_owned(),
            Some("declare it with the same `enum(…)` type, or choose with `match`".to_owned()),
        ),
        Why::MissingField(name) => (
            format!("{what}field `{name}` is missing{place}"),
            format!("expected {}", a(&m.expected)),
            Some(format!("add `{name}`, or declare it as `optional(…)`")),
        ),
        Why::UnknownField(name) => {
            let known: Vec<&str> = match m.expected.reveal().0 {
                Ty::Object(o) => o.fields.keys().map(|k| &**k).collect(),
                _ => Vec::new(),
            };
            (
                format!("{what}there is no field `{name}`{place}"),
                format!("expected {}", a(&m.expected)),
                suggest(name, "its fields are", known),
            )
        }
        Why::Other => {
            (message_of(m, &what, &place), format!("this is {}", a(&found.ty)), conversion_help(m, found))
        }
    };
    let mut diag = Diag::error(codes::TYPE_MISMATCH, message).at(found.span, label);
    if let Some(help) = help {
        diag = diag.help(help);
    }
    finish(diag, expect, origin)
}

fn message_of(m: &Mismatch, what: &str, place: &str) -> String {
    format!("{what}expected {}{place}, found {}", a(&m.expected), a(&m.found))
}

fn finish(diag: Diag, expect: &Expect, origin: Option<(Span, String)>) -> Diag {
    let diag = with_reason(diag, &expect.why);
    match origin {
        Some((span, text)) => diag.at(span, text),
        None => diag,
    }
}

fn is_literal(found: &E) -> bool {
    use super::ir::ExprKind::{Bool, Float, Int, List, Object, Str};
    matches!(found.kind, Str(_) | Int(_) | Float(_) | Bool(_) | List(_) | Object(_))
}

/// Whether it is a string, written out, of this form.
fn written(found: &E, like: impl Fn(&str) -> bool) -> bool {
    matches!(&found.kind, super::ir::ExprKind::Str(text) if like(text))
}

/// How to get from one to the other, where there is a usual way.
fn conversion_help(m: &Mismatch, found: &E) -> Option<String> {
    let literal = is_literal(found);
    Some(match (&m.found, &m.expected) {
        (Ty::Int | Ty::Number | Ty::Bool | Ty::Domain(Domain::Port), Ty::String) => {
            if literal {
                "write it in quotes".into()
            } else {
                "convert it with `tostring(…)`".into()
            }
        }
        (Ty::Bool, Ty::Enum(_) | Ty::Domain(_)) => "write it in quotes".into(),
        (Ty::Number, Ty::Int | Ty::Domain(Domain::Port)) => "round with `floor(…)` or `ceil(…)`".into(),
        (Ty::String | Ty::Enum(_), Ty::Int | Ty::Number | Ty::Domain(Domain::Port)) => {
            if written(found, |text| text.parse::<f64>().is_ok()) {
                "write it without quotes".into()
            } else if literal {
                return None;
            } else {
                format!("declare it as `{}`, or convert it with `tonumber(…)`", m.expected)
            }
        }
        (Ty::Enum(_), Ty::Bool) if !literal => "compare it: `x == \"…\"`".into(),
        (Ty::String | Ty::Enum(_), Ty::Bool) => {
            if written(found, |text| matches!(text, "true" | "false")) {
                "write it without quotes".into()
            } else if literal {
                "write `true` or `false`".into()
            } else {
                "compare it, or convert it with `tobool(…)`".into()
            }
        }
        (Ty::Int, Ty::Domain(Domain::Duration)) => "write the unit, such as `\"10m\"`".into(),
        (_, Ty::Domain(d)) => d.example().into(),
        (found, Ty::List(of) | Ty::Set(of)) if super::ty::assign(found, of).is_ok() => {
            "put it in brackets: `[…]`".into()
        }
        (Ty::Handle(Handle::Release), _) => {
            "use one of its attributes, such as `.name` or `.service(\"…\").dns`".into()
        }
        (Ty::Handle(Handle::Service), _) => "use `.dns`, `.name` or `.port(\"…\")`".into(),
        (Ty::Handle(Handle::Ingress), _) => "use `.host`".into(),
        (Ty::Handle(Handle::Namespace | Handle::Cluster), _) => "use its `.name`".into(),
        (Ty::Handle(Handle::Repository), _) => "use its `.url`".into(),
        (_, Ty::Handle(h)) => format!("write a reference, such as `{}.name`", h.word()),
        (Ty::Map(_), Ty::Object(_)) => "a map may hold any keys; name the fields with `{ … }`".into(),
        _ => return None,
    })
}

pub fn bad_form(domain: Domain, text: &str, reason: &str, span: Span, what: &str) -> Diag {
    let article = if domain == Domain::Arn { "an" } else { "a" };
    Diag::error(codes::BAD_FORM, format!("{what}`{text}` is not {article} {}: {reason}", domain.name()))
        .at(span, format!("expected {article} `{}`", domain.name()))
        .help(domain.example())
}

pub fn not_a_case(case: &str, cases: &EnumTy, span: Span, what: &str) -> Diag {
    let all = cases.cases.iter().map(|c| &**c);
    let diag = Diag::error(codes::BAD_FORM, format!("{what}`{case}` is not one of {}", listing(all.clone())))
        .at(span, format!("expected {}", a(&Ty::Enum(EnumTy { declared: true, ..cases.clone() }))));
    match nearest(case, all) {
        Some(near) => diag.help(format!("did you mean `{near}`?")),
        None => diag,
    }
}

pub fn port_range(n: i64, span: Span) -> Diag {
    Diag::error(codes::BAD_FORM, format!("`{n}` is not a port"))
        .at(span, "expected a `port`")
        .help(Domain::Port.example())
}

pub fn no_field(object: &ObjectTy, name: &str, span: Span, base: Span, what: &str) -> Diag {
    let diag = Diag::error(codes::NO_SUCH_FIELD, format!("{what} has no field `{name}`"))
        .at(span, "no such field")
        .at(base, "of this object");
    match suggest(name, "its fields are", object.fields.keys().map(|k| &**k)) {
        Some(help) => diag.help(help),
        None => diag.help("the object is empty"),
    }
}

pub fn no_instance(keys: &[&str], key: &str, what: &str, span: Span) -> Diag {
    let diag = Diag::error(codes::NO_SUCH_FIELD, format!("{what} has no instance `{key}`"))
        .at(span, "not among the keys of its `for_each`");
    match suggest(key, "its instances are", keys.iter().copied()) {
        Some(help) => diag.help(help),
        None => diag,
    }
}

pub fn no_handle_attr(handle: &Handle, name: &str, span: Span, known: &[&str], methods: &[&str]) -> Diag {
    let message = format!("a {} has no attribute `{name}`", handle.word());
    let diag = Diag::error(codes::NO_SUCH_FIELD, message).at(span, "no such attribute");
    if methods.contains(&name) {
        return diag.help(format!("it takes an argument: `.{name}(\"…\")`"));
    }
    match did_you_mean(name, known.iter().chain(methods).copied()) {
        Some(help) => diag.help(help),
        None => diag.help(format!("it has {}", listing(known.iter().chain(methods).copied()))),
    }
}

pub fn no_method(ty: &Ty, name: &str, span: Span, methods: &[&str]) -> Diag {
    let diag = Diag::error(codes::NO_SUCH_FIELD, format!("{} has no method `{name}`", a(ty)))
        .at(span, "no such method");
    match suggest(name, "it has", methods.iter().copied()) {
        Some(help) => diag.help(help),
        None => diag,
    }
}

pub fn no_fields(ty: &Ty, name: &str, base: Span) -> Diag {
    let diag = Diag::error(codes::NO_SUCH_FIELD, format!("{} has no fields, so no `{name}`", a(ty)))
        .at(base, format!("this is {}", a(ty)));
    match ty {
        Ty::List(_) | Ty::Set(_) => diag
            .help(format!("take `{name}` of every element with `[*].{name}`, or of one with `[0].{name}`")),
        _ => diag,
    }
}

pub fn not_indexable(ty: &Ty, base: Span) -> Diag {
    Diag::error(codes::TYPE_MISMATCH, format!("{} cannot be indexed", a(ty)))
        .at(base, "expected a list, a map or an object")
}

pub fn not_iterable(ty: &Ty, span: Span, what: &str) -> Diag {
    Diag::error(codes::TYPE_MISMATCH, format!("{what}: expected a list, set, map or object, found {}", a(ty)))
        .at(span, format!("this is {}", a(ty)))
}

pub fn not_text(ty: &Ty, span: Span) -> Diag {
    let diag = Diag::error(codes::TYPE_MISMATCH, format!("{} cannot be written into a string", a(ty)))
        .at(span, "expected a string, number or bool");
    match ty {
        Ty::List(_) | Ty::Set(_) => {
            diag.help("join its elements with `join(\", \", …)`, or use `jsonencode(…)`")
        }
        Ty::Map(_) | Ty::Object(_) => diag.help("use one of its fields, or `jsonencode(…)`"),
        Ty::Handle(Handle::Release) => diag.help("use one of its attributes, such as `.name`"),
        Ty::Handle(_) => diag.help("use one of its attributes"),
        _ => diag,
    }
}

pub fn bad_operand(op: &str, ty: &Ty, span: Span, op_span: Span, expected: &str) -> Diag {
    let diag = Diag::error(codes::BAD_OPERATOR, format!("`{op}` works on {expected}, not on {}", a(ty)))
        .at(span, format!("this is {}", a(ty)))
        .at(op_span, "in this operation");
    match (op, ty.is_stringy()) {
        ("+", true) => diag.help("join strings with a template: `\"${a}${b}\"`"),
        ("<" | "<=" | ">" | ">=", true) => {
            diag.help("strings have no order; compare numbers, quantities, durations or versions")
        }
        ("&&" | "||" | "!", true) => diag.help("compare it first: `x == \"…\"`"),
        _ => diag,
    }
}

pub fn mixed_operands(op: &str, left: &E, right: &E, op_span: Span) -> Diag {
    Diag::error(codes::BAD_OPERATOR, format!("`{op}` cannot join {} and {}", a(&left.ty), a(&right.ty)))
        .at(op_span, "these do not go together")
        .at(left.span, format!("this is {}", a(&left.ty)))
        .at(right.span, format!("this is {}", a(&right.ty)))
}

pub fn never_equal(op: &str, left: &E, right: &E, op_span: Span) -> Diag {
    let always = if op == "==" { "false" } else { "true" };
    let message = format!("this is always {always}: {} never equals {}", a(&left.ty), a(&right.ty));
    Diag::error(codes::BAD_OPERATOR, message)
        .at(op_span, "compares different types")
        .at(left.span, format!("this is {}", a(&left.ty)))
        .at(right.span, format!("this is {}", a(&right.ty)))
}

pub fn missing_cases(subject: &E, missing: &[String], span: Span) -> Diag {
    let names: Vec<&str> = missing.iter().map(String::as_str).collect();
    let count = if names.len() == 1 { "a case is" } else { "cases are" };
    Diag::error(
        codes::NOT_EXHAUSTIVE,
        format!("{count} missing in this `match`: {}", listing(names.iter().copied())),
    )
    .at(span, format!("{} not covered", listing(names)))
    .at(subject.span, format!("this is {}", a(&subject.ty)))
    .help("add the missing cases, or `_ => …` for all others")
}

pub fn needs_wildcard(subject: &E, span: Span) -> Diag {
    Diag::error(
        codes::NOT_EXHAUSTIVE,
        format!("a `match` over {} needs a case for everything else", a(&subject.ty)),
    )
    .at(span, "no `_` case")
    .at(subject.span, format!("this is {}", a(&subject.ty)))
    .help("end it with `_ => …`")
}

pub fn unreachable_arm(span: Span, first: Span, why: &str) -> Diag {
    Diag::error(codes::UNREACHABLE_ARM, format!("this case is never reached: {why}"))
        .at(span, "never reached")
        .at(first, "because of this")
        .help("remove it")
}

pub fn wrong_pattern(span: Span, pattern: &str, subject: &E) -> Diag {
    Diag::error(codes::TYPE_MISMATCH, format!("{pattern} is never {}", a(&subject.ty)))
        .at(span, "this case cannot match")
        .at(subject.span, format!("this is {}", a(&subject.ty)))
}

pub fn duplicate_key(name: &str, span: Span, first: Span) -> Diag {
    Diag::error(codes::DUPLICATE_KEY, format!("the key `{name}` is given twice"))
        .at(span, "given again")
        .at(first, "first given here")
        .help("keep one of them")
}

pub fn too_few(signature: &str, name: &str, missing: &[&str], span: Span) -> Diag {
    let (word, verb) = if missing.len() == 1 { ("argument", "is") } else { ("arguments", "are") };
    let message = format!("`{name}`: {word} {} {verb} missing", listing(missing.iter().copied()));
    Diag::error(codes::BAD_CALL, message).at(span, "in this call").help(signature.to_owned())
}

pub fn too_many(signature: &str, name: &str, takes: usize, found: usize, span: Span) -> Diag {
    let plural = if takes == 1 { "" } else { "s" };
    Diag::error(codes::BAD_CALL, format!("`{name}` takes {takes} argument{plural}, found {found}"))
        .at(span, "one too many")
        .help(signature.to_owned())
}

pub fn no_expand(signature: &str, name: &str, span: Span) -> Diag {
    Diag::error(
        codes::BAD_CALL,
        format!("`{name}` has a fixed number of arguments, so `...` cannot stand here"),
    )
    .at(span, "expands a list into arguments")
    .help(signature.to_owned())
}

pub fn bad_argument(diag: Diag, signature: &Signature) -> Diag {
    match &diag.help {
        Some(help) => {
            let help = help.clone();
            diag.help(format!("{help}\nsignature: `{}`", signature.text))
        }
        None => diag.help(format!("signature: `{}`", signature.text)),
    }
}

pub fn unsupported_block(kind: &str, span: Span) -> Diag {
    Diag::error(codes::UNSUPPORTED, format!("`{kind}` blocks are not supported by this version of relc"))
        .at(span, "not supported yet")
        .help("remove it; nothing of it would take effect")
}

pub fn unsupported_function(name: &str, span: Span) -> Diag {
    Diag::error(codes::UNSUPPORTED, format!("`{name}()` is not supported by this version of relc"))
        .at(span, "not supported yet")
}

pub fn unknown_function<'a>(name: &str, span: Span, known: impl IntoIterator<Item = &'a str>) -> Diag {
    let diag = Diag::error(codes::BAD_CALL, format!("there is no function `{name}`")).at(span, "not found");
    let habit = match name {
        "timestamp" | "plantimestamp" | "timeadd" | "formatdate" | "uuid" | "uuidv5" | "bcrypt" => {
            "the same input always gives the same plan: there are no clocks and no randomness; pass the value in by a \
             `variable`"
        }
        "nonsensitive" => "what is computed from a secret stays secret",
        "set" | "list" | "map" => "write the value as `[…]` or `{…}`; `toset(…)` makes a set",
        "abspath" | "pathexpand" | "dirname" | "basename" => {
            "paths are relative to the directory of the module"
        }
        "env" | "getenv" => "pass it in by a `variable`; `RELC_VAR_NAME` in the environment sets it",
        "filebase64" => "write `base64encode(file(…))`",
        _ => "",
    };
    match did_you_mean(name, known) {
        _ if !habit.is_empty() => diag.help(habit),
        Some(help) => diag.help(help),
        None => {
            diag.help("the functions are those of Terraform, and those that this stack declares or imports")
        }
    }
}

pub fn bad_type(message: impl Into<String>, span: Span, label: &str) -> Diag {
    Diag::error(codes::BAD_TYPE, message).at(span, label)
}

/// "an `output` block".
fn a_block(kind: &str) -> String {
    let article = if kind.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} `{kind}` block")
}

pub fn unknown_attribute(block: &str, name: &str, span: Span, known: &[&str], inner_block: bool) -> Diag {
    let thing = if inner_block { "block" } else { "attribute" };
    let diag = Diag::error(codes::UNKNOWN_ATTRIBUTE, format!("{} has no {thing} `{name}`", a_block(block)))
        .at(span, format!("unknown {thing}"));
    match suggest(name, "it takes", known.iter().copied()) {
        Some(help) => diag.help(help),
        None => diag.help("it takes no attributes"),
    }
}

pub fn attribute_is_block(block: &str, name: &str, span: Span) -> Diag {
    Diag::error(
        codes::UNKNOWN_ATTRIBUTE,
        format!("`{name}` of {} is an attribute, not a block", a_block(block)),
    )
    .at(span, "written as a block")
    .help(format!("write `{name} = …`"))
}

pub fn block_is_attribute(block: &str, name: &str, span: Span) -> Diag {
    Diag::error(
        codes::UNKNOWN_ATTRIBUTE,
        format!("`{name}` of {} is a block, not an attribute", a_block(block)),
    )
    .at(span, "written as an attribute")
    .help(format!("write `{name} {{ … }}`"))
}

pub fn missing_attribute(block: &str, name: &str, span: Span, example: &str) -> Diag {
    Diag::error(codes::MISSING_ATTRIBUTE, format!("`{name}` is missing in this `{block}` block"))
        .at(span, format!("`{name}` is required"))
        .help(format!("add `{name} = {example}`"))
}

pub fn cluster_without_target(name: &str, span: Span) -> Diag {
    Diag::error(codes::MISSING_ATTRIBUTE, format!("cluster `{name}` does not say where it is"))
        .at(span, "expected `context`, `kubeconfig`, `in_cluster` or `sandbox`")
        .help("add `context = \"name\"` for a context of your kubeconfig, or `sandbox = true` for the embedded one")
}

pub fn duplicate_attribute(block: &str, name: &str, span: Span, first: Span) -> Diag {
    Diag::error(codes::DUPLICATE_KEY, format!("`{name}` is given twice in this `{block}` block"))
        .at(span, "given again")
        .at(first, "first given here")
        .help("keep one of them")
}

pub fn wrong_labels(block: &str, expected: usize, span: Span, found: usize) -> Diag {
    let example =
        if expected == 0 { format!("{block} {{ … }}") } else { format!("{block} \"name\" {{ … }}") };
    let message = match (expected, found) {
        (0, _) => format!("{} has no label", a_block(block)),
        (_, 0) => format!("{} needs a label: its name", a_block(block)),
        _ => format!("{} has one label, found {found}", a_block(block)),
    };
    Diag::error(codes::BAD_LABELS, message).at(span, "here").help(format!("write `{example}`"))
}

/// Which of two attributes that exclude each other.
pub fn exclusive(block: &str, first: &str, second: &str, span: Span, other: Span) -> Diag {
    Diag::error(
        codes::UNKNOWN_ATTRIBUTE,
        format!("{} takes `{first}` or `{second}`, not both", a_block(block)),
    )
    .at(span, "given too")
    .at(other, "already given here")
    .help("keep one of them")
}

pub fn unknown_input<'a>(
    module: &str,
    name: &str,
    span: Span,
    known: impl IntoIterator<Item = &'a str> + Clone,
) -> Diag {
    let diag = Diag::error(codes::MODULE_INPUT, format!("module `{module}` has no variable `{name}`"))
        .at(span, "no such input");
    match suggest(name, "its variables are", known) {
        Some(help) => diag.help(help),
        None => diag.help("the module declares no variables"),
    }
}

pub fn missing_input(module: &str, name: &str, ty: &Ty, span: Span, declared: Span) -> Diag {
    Diag::error(codes::MODULE_INPUT, format!("input `{name}` of module `{module}` is missing"))
        .at(span, format!("expected `{name}`, {}", a(ty)))
        .at(declared, "declared here without a default")
        .help(format!("add `{name} = …`, or give the variable a default"))
}

pub fn secret_output(name: &str, span: Span) -> Diag {
    Diag::error(codes::SECRET_LEAK, format!("output `{name}` would show a secret"))
        .at(span, "computed from a secret")
        .help("outputs are printed; output something that is not computed from a secret")
}

pub fn secret_for_each(span: Span) -> Diag {
    Diag::error(codes::SECRET_LEAK, "`for_each` cannot go over a secret")
        .at(span, "a secret")
        .help("its keys become part of addresses, which are shown; go over keys that are not secret")
}

pub fn built_in(noun: &str, name: &str, span: Span) -> Diag {
    Diag::error(codes::BAD_NAME, format!("a {noun} cannot be called `{name}`"))
        .at(span, format!("the language has a {noun} of this name"))
        .help("choose another name")
}

pub fn values_list(value: &E) -> Diag {
    let found = a(&value.ty);
    Diag::error(codes::TYPE_MISMATCH, format!("`values` of a release: expected a `map(any)`, found {found}"))
        .at(value.span, format!("this is {found}"))
        .help(
            "`values` may be repeated, later ones win; a file is read with `values = yamldecode(file(\"values.yaml\"))`",
        )
}

pub fn bad_for_each(ty: &Ty, span: Span) -> Diag {
    let diag = Diag::error(
        codes::BAD_FOR_EACH,
        format!("`for_each` takes a list of strings, or a map, found {}", a(ty)),
    )
    .at(span, format!("this is {}", a(ty)));
    match ty {
        Ty::List(_) | Ty::Set(_) => {
            diag.help("every instance needs a name: use a map, such as `{ for x in … : x.name => x }`")
        }
        _ => diag.help("such as `[\"eu\", \"us\"]` or `{ eu = 1, us = 2 }`; `[]` makes no instance"),
    }
}

pub fn requires(requirement: &str, own: &str, span: Span) -> Diag {
    Diag::error(codes::REQUIRES, format!("this stack requires relc {requirement}, this is relc {own}"))
        .at(span, "not satisfied")
        .help("install a version of relc that fits, or change `requires`")
}

pub fn bad_requires(requirement: &str, reason: &str, span: Span) -> Diag {
    Diag::error(codes::BAD_FORM, format!("`{requirement}` is not a version requirement: {reason}"))
        .at(span, "expected comparisons, such as `>= 0.1, < 2`")
}

pub fn not_static(what: &str, span: Span) -> Diag {
    Diag::error(codes::TYPE_MISMATCH, format!("{what} must be a string without interpolation"))
        .at(span, "expected a plain string")
}

pub fn labels_in_values(span: Span, kind: &str) -> Diag {
    Diag::error(codes::BAD_LABELS, "a block inside `values` is a map and has no label")
        .at(span, "label")
        .help(format!("nest blocks instead: `{kind} {{ name {{ … }} }}`"))
}

pub fn missing_field(name: &str, field: &super::ty::Field, span: Span, why: &Reason) -> Diag {
    let diag = Diag::error(codes::TYPE_MISMATCH, format!("{}field `{name}` is missing", in_what(why)))
        .at(span, format!("expected `{name}`, {}", a(&field.ty)))
        .help(format!("add `{name} = …`"));
    with_reason(diag, why)
}

pub fn choose_instance(kind: &str, block: &str, first: Option<&str>, span: Span) -> Diag {
    let address = format!("{kind}.{block}");
    let example = first.unwrap_or("key");
    Diag::error(codes::NO_SUCH_FIELD, format!("`{address}` has an instance for every key of its `for_each`"))
        .at(span, "of which one?")
        .help(format!("choose one, such as `{address}[\"{example}\"]`, or go over all with `for`"))
}

pub fn no_output(object: &ObjectTy, name: &str, span: Span, what: &str) -> Diag {
    let diag = Diag::error(codes::NO_SUCH_FIELD, format!("{what} has no output `{name}`"))
        .at(span, "no such output");
    match suggest(name, "its outputs are", object.fields.keys().map(|k| &**k)) {
        Some(help) => diag.help(help),
        None => diag.help("the module has no outputs"),
    }
}

pub fn attr_not_method(name: &str, span: Span) -> Diag {
    Diag::error(codes::NO_SUCH_FIELD, format!("`{name}` is an attribute and takes no arguments"))
        .at(span, "called")
        .help(format!("write `.{name}`"))
}

pub fn not_constant(what: &str, address: &str, span: Span) -> Diag {
    let diag = Diag::error(codes::NOT_CONSTANT, format!("{what} may not refer to `{address}`"));
    if what == "a function" {
        diag.at(span, "not a parameter").help("functions know only their parameters; add one and pass it in")
    } else {
        diag.at(span, "not constant").help("only literals and functions of literals can stand here")
    }
}

pub fn not_a_function(address: &str, span: Span) -> Diag {
    Diag::error(codes::BAD_CALL, format!("`{address}` is not a function")).at(span, "called")
}

pub fn string_for_reference(what: &str, text: &str, handle: Handle, span: Span) -> Diag {
    let word = handle.word();
    Diag::error(codes::TYPE_MISMATCH, format!("{what}: expected a reference to a {word}, found a `string`"))
        .at(span, "this is a `string`")
        .help(format!("write `{word}.{text}`, and declare `{word} \"{text}\" {{ … }}`"))
}

pub fn depends_on_list(span: Span) -> Diag {
    Diag::error(codes::TYPE_MISMATCH, "`depends_on` takes a list of references")
        .at(span, "expected a list")
        .help("write `depends_on = [release.other]`")
}

pub fn not_waitable(ty: &Ty, span: Span) -> Diag {
    Diag::error(codes::TYPE_MISMATCH, format!("`depends_on` takes references to blocks, found {}", a(ty)))
        .at(span, "expected a release, namespace, manifest or module")
        .help("write the block itself, without quotes or attributes, such as `release.other`")
}

pub fn no_subjects(span: Span) -> Diag {
    Diag::error(codes::MISSING_ATTRIBUTE, "this `role_binding` binds its role to nobody")
        .at(span, "no subjects")
        .help("add `groups = […]`, `users = […]` or `service_accounts = […]`")
}

pub fn empty_manifest(span: Span) -> Diag {
    Diag::error(codes::MISSING_ATTRIBUTE, "this `manifest` block has no objects")
        .at(span, "nothing to apply")
        .help("add `file = \"objects.yaml\"`, `files = […]` or an `object { … }`")
}

pub fn too_deep(span: Span) -> Diag {
    Diag::error(codes::TOO_LARGE, "blocks are nested too deeply").at(span, "more than 100 levels")
}
