//! Wording of what evaluation finds.

use super::convert::{Problem, describe};
use super::desired::Address;
use super::value::Value;
use crate::diag::{Diag, codes, nearest};
use crate::source::{ReadError, Span};
use crate::types::ir::Reason;
use std::collections::BTreeMap;
use std::sync::Arc;

fn evaluation(message: impl Into<String>, span: Span, label: impl Into<String>) -> Diag {
    Diag::error(codes::EVALUATION, message).at(span, label)
}

/// Adds where a value was written, when that is elsewhere.
fn with_origin(diag: Diag, value: &Value, span: Span) -> Diag {
    if value.origin == span || diag.labels.iter().any(|l| l.span == value.origin) {
        diag
    } else {
        diag.at(value.origin, "the value comes from here")
    }
}

fn hint<'a>(diag: Diag, word: &str, known: impl IntoIterator<Item = &'a str> + Clone, what: &str) -> Diag {
    match nearest(word, known.clone()) {
        Some(near) => diag.help(format!("did you mean `{near}`?")),
        None => {
            let all: Vec<String> = known.into_iter().take(12).map(|k| format!("`{k}`")).collect();
            if all.is_empty() { diag } else { diag.help(format!("{what} {}", all.join(", "))) }
        }
    }
}

pub fn expected(what: &str, value: &Value, span: Span) -> Diag {
    let diag = Diag::error(codes::TYPE_MISMATCH, format!("expected {what}, found {}", describe(value)))
        .at(span, format!("this is {}", describe(value)));
    with_origin(diag, value, span)
}

pub fn not_convertible(problem: &Problem, value: &Value, span: Span, why: &Reason) -> Diag {
    let what = if why.what.is_empty() { String::new() } else { format!("{}: ", why.what) };
    let place = if problem.path.is_empty() { String::new() } else { format!(" at `{}`", problem.path) };
    let message = format!("{what}expected {}{place}, found {}", problem.expected, problem.found);
    let mut diag =
        Diag::error(codes::TYPE_MISMATCH, message).at(span, format!("this is {}", describe(value)));
    if let Some(declared) = why.declared {
        diag = diag.at(declared, "what is expected is declared here");
    }
    if let Some(help) = &problem.help {
        diag = diag.help(help.clone());
    }
    with_origin(diag, value, span)
}

pub fn no_fields(value: &Value, name: &str, span: Span, base: Span) -> Diag {
    let diag = evaluation(format!("{} has no field `{name}`", describe(value)), span, "no such field");
    with_origin(diag, value, base).help("give it a value, or use `try(…)` where it may be absent")
}

pub fn no_key(name: &str, entries: &BTreeMap<Arc<str>, Value>, span: Span, base: &Value) -> Diag {
    let diag = evaluation(format!("there is no key `{name}`"), span, "not in the map");
    let diag =
        if base.secret { diag } else { hint(diag, name, entries.keys().map(|k| &**k), "its keys are") };
    with_origin(diag, base, span)
}

pub fn out_of_range(index: i64, len: usize, span: Span, base: &Value) -> Diag {
    let message = match len {
        0 => format!("there is no element `{index}`: the list is empty"),
        _ => format!("there is no element `{index}`: the list has {len}, counted from 0"),
    };
    with_origin(evaluation(message, span, "out of range"), base, span)
}

pub fn not_indexable(value: &Value, span: Span) -> Diag {
    evaluation(format!("{} cannot be indexed", describe(value)), span, "expected a list or a map")
}

pub fn not_expandable(value: &Value, span: Span) -> Diag {
    evaluation(format!("`...` needs a list, found {}", describe(value)), span, "expanded here")
}

pub fn overflow(span: Span) -> Diag {
    evaluation("the result is too large for a number", span, "in this operation")
}

pub fn division_by_zero(span: Span) -> Diag {
    evaluation("division by zero", span, "this is 0")
}

pub fn repeated_key(name: &str, span: Span, secret: bool) -> Diag {
    let name = if secret { String::new() } else { format!(" `{name}`") };
    Diag::error(codes::DUPLICATE_KEY, format!("the key{name} comes twice"))
        .at(span, "given again")
        .help("keys must differ; gather values of equal keys with `=> value...`")
}

pub fn no_case(value: &Value, span: Span) -> Diag {
    evaluation(format!("no case of the `match` covers {}", describe(value)), span, "not covered")
        .help("add a `null` case, or `_ => …` for all others")
}

pub fn nothing_worked(why: Option<&str>, span: Span) -> Diag {
    let diag = evaluation("none of the expressions has a value", span, "in this `try`")
        .help("end it with a value that always works");
    match why {
        Some(why) => diag.note(format!("the last one failed: {why}")),
        None => diag,
    }
}

pub fn too_deep(span: Span) -> Diag {
    Diag::error(codes::RECURSION, "expressions and calls are nested too deeply to evaluate")
        .at(span, "stopped here")
        .help("split it up into `locals`")
}

pub fn too_many_steps(span: Span) -> Diag {
    Diag::error(codes::TOO_LARGE, "evaluation takes too long")
        .at(span, "stopped here after five million steps")
}

pub fn too_long(span: Span) -> Diag {
    Diag::error(codes::TOO_LARGE, "the string is too long").at(span, "longer than 16 MiB")
}

pub fn too_large(span: Span) -> Diag {
    Diag::error(codes::TOO_LARGE, "the value is too large")
        .at(span, "more than a million parts, or 64 MiB of text")
}

pub fn function_failed(name: &str, message: &str, span: Span, signature: &str) -> Diag {
    evaluation(format!("`{name}`: {message}"), span, "in this call").help(format!("signature: `{signature}`"))
}

pub fn unreadable(path: &str, error: &ReadError, span: Span) -> Diag {
    Diag::error(codes::BAD_FILE, format!("cannot read `{path}`: {error}")).at(span, "named here").help(
        if path.contains('*') {
            format!("patterns are expanded by `fileset`: write `fileset(\".\", \"{path}\")`")
        } else {
            "paths are relative to the directory of the module".into()
        },
    )
}

pub fn bad_manifest(path: &str, message: &str, span: Span) -> Diag {
    Diag::error(codes::BAD_FILE, format!("`{path}` does not hold Kubernetes objects: {message}"))
        .at(span, "named here")
}

pub fn file_too_late(path: &str, span: Span) -> Diag {
    Diag::error(codes::KNOWN_TOO_LATE, format!("`{path}` depends on a release that is not rendered yet"))
        .at(span, "files are read before any release is rendered")
        .help("put the `file(…)` into a `locals` value of its own")
}

fn listed(addresses: &[Address]) -> String {
    addresses.iter().map(|a| format!("`{a}`")).collect::<Vec<_>>().join(", ")
}

pub fn not_rendered_yet(reads: &[Address], span: Span) -> Diag {
    Diag::error(codes::KNOWN_TOO_LATE, format!("{} must be rendered first", listed(reads)))
        .at(span, "refers to what it renders")
}

pub fn known_too_late(what: &str, value: &Value, span: Span) -> Diag {
    let mut reads = Vec::new();
    value.reads(&mut reads);
    let diag =
        Diag::error(codes::KNOWN_TOO_LATE, format!("{what} must be known before any release is rendered"))
            .at(span, format!("waits for {}", listed(&reads)))
            .help("only `values` and objects may refer to what another release renders");
    with_origin(diag, value, span)
}

pub fn secret_in(what: &str, value: &Value, span: Span) -> Diag {
    let diag = Diag::error(codes::SECRET_LEAK, format!("{what}: a secret may not go here"))
        .at(span, "computed from a secret")
        .help("secrets may enter `values` and `manifest` objects; names, labels, addresses and outputs are written in clear");
    with_origin(diag, value, span)
}

pub fn missing_variable(name: &str, ty: &str, span: Span) -> Diag {
    Diag::error(codes::BAD_VARIABLE, format!("variable `{name}` has no value"))
        .at(span, format!("expected a `{ty}`"))
        .help(format!("pass `-v {name}=…`, set `RELC_VAR_{name}`, or give it a `default`"))
}

pub fn bad_variable(name: &str, from: &str, problem: &str, help: Option<String>, span: Span) -> Diag {
    let diag = Diag::error(codes::BAD_VARIABLE, format!("variable `{name}`, given by {from}: {problem}"))
        .at(span, "declared here");
    match help {
        Some(help) => diag.help(help),
        None => diag,
    }
}

pub fn unknown_variable<'a>(name: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> Diag {
    let diag = Diag::error(codes::BAD_VARIABLE, format!("the stack has no variable `{name}`"));
    hint(diag, name, known, "its variables are")
}

pub fn validation(name: &str, message: &str, span: Span, value: &Value) -> Diag {
    let diag = Diag::error(codes::VALIDATION, format!("variable `{name}`: {message}"))
        .at(span, "this condition is false");
    with_origin(diag, value, span)
}

pub fn check_failed(name: &str, message: &str, span: Span) -> Diag {
    Diag::error(codes::CHECK_FAILED, format!("check `{name}`: {message}")).at(span, "this condition is false")
}

pub fn for_each_key(value: &Value, span: Span) -> Diag {
    let diag = Diag::error(
        codes::BAD_FOR_EACH,
        format!("keys of `for_each` are strings, found {}", describe(value)),
    )
    .at(span, "here");
    with_origin(diag, value, span).help("use a map, such as `{ for x in … : x.name => x }`")
}

pub fn for_each_value(value: &Value, span: Span) -> Diag {
    let diag = Diag::error(
        codes::BAD_FOR_EACH,
        format!("`for_each` takes a list of strings, or a map, found {}", describe(value)),
    )
    .at(span, "here");
    with_origin(diag, value, span)
}

pub fn for_each_twice(key: &str, span: Span, first: Span) -> Diag {
    let diag = Diag::error(codes::BAD_FOR_EACH, format!("the key `{key}` comes twice in `for_each`"))
        .at(span, "every instance needs a name of its own");
    if first == span { diag } else { diag.at(first, "first here") }
}

pub fn which_cluster(what: &str, clusters: &[Address], span: Span) -> Diag {
    Diag::error(codes::WHICH_CLUSTER, format!("{what} does not say in which cluster it is"))
        .at(span, "there are several clusters")
        .help(format!("add `cluster = …`: {}", listed(clusters)))
}

pub fn two_clusters(release: &str, cluster: &Address, namespace: &Address, span: Span) -> Diag {
    Diag::error(
        codes::WHICH_CLUSTER,
        format!("`{release}` is to go to `{cluster}`, but its namespace is in `{namespace}`"),
    )
    .at(span, "another cluster than that of the namespace")
    .help("leave `cluster` out: a namespace says which cluster it is in")
}

pub fn same_object(what: &str, span: Span, first: Span, one: &Address, other: &Address) -> Diag {
    Diag::error(codes::SAME_OBJECT, format!("`{one}` and `{other}` are both {what}"))
        .at(span, format!("`{other}`"))
        .at(first, format!("`{one}`"))
        .help("give one of them another `name`")
}

pub fn bad_name(kind: &str, name: &str, reason: &str, span: Span) -> Diag {
    Diag::error(codes::BAD_OBJECT_NAME, format!("`{name}` cannot be the name of a {kind}: {reason}"))
        .at(span, "named here")
        .help("names are lower-case letters, digits and dashes; set one with `name = \"…\"`")
}

pub fn no_chart(chart: &str, span: Span) -> Diag {
    let diag =
        Diag::error(codes::NO_CHART, format!("`{chart}` is neither a path nor a chart of a repository"))
            .at(span, "which chart?");
    diag.help(format!("write `\"./{chart}\"` for a directory here, or add `repository = repository.…`"))
}

pub fn path_in_repository(chart: &str, span: Span) -> Diag {
    Diag::error(codes::NO_CHART, format!("`{chart}` is a path, but the release has a `repository` too"))
        .at(span, "a path")
        .help("write the chart's name, or remove `repository`")
}

pub fn inexact_version(version: &str, span: Span) -> Diag {
    Diag::error(codes::BAD_FORM, format!("`{version}` is not an exact version of a chart"))
        .at(span, "expected three numbers, such as `65.1.0`")
        .help("ranges and short versions may mean another chart tomorrow")
}

pub fn bad_set_path(path: &str, reason: &str, span: Span) -> Diag {
    Diag::error(codes::EVALUATION, format!("`{path}` is not a path into values: {reason}"))
        .at(span, "in this `set`")
        .help("paths look like `a.b`, `a[0].b` or `a\\.b.c`")
}

pub fn bad_kubernetes(version: &str, span: Span) -> Diag {
    Diag::error(codes::BAD_FORM, format!("`{version}` is not a version of Kubernetes"))
        .at(span, "expected such as `1.34` or `1.34.2`")
}

pub fn not_an_object(what: &str, value: &Value, span: Span) -> Diag {
    let diag = Diag::error(
        codes::TYPE_MISMATCH,
        format!("{what} must be a Kubernetes object with `apiVersion`, `kind` and `metadata.name`"),
    )
    .at(span, format!("this is {}", describe(value)));
    with_origin(diag, value, span)
}

/// A reference to something that a release does not render; `known` is what it renders of that kind.
pub fn not_rendered(release: &str, kind: &str, name: &str, known: &[String], span: Span) -> Diag {
    let diag = Diag::error(codes::NOT_RENDERED, format!("`{release}` renders no {kind} `{name}`"))
        .at(span, "not among what it renders");
    match nearest(name, known.iter().map(String::as_str)) {
        Some(near) => diag.help(format!("did you mean `{near}`?")).note(rendered(release, kind, known)),
        None => diag.help(rendered(release, kind, known)),
    }
}

fn rendered(release: &str, kind: &str, known: &[String]) -> String {
    if known.is_empty() {
        return format!("`{release}` renders no {kind} at all");
    }
    let shown: Vec<String> = known.iter().take(12).map(|n| format!("`{n}`")).collect();
    let more = if known.len() > 12 { format!(" and {} more", known.len() - 12) } else { String::new() };
    format!("`{release}` renders these of kind {kind}: {}{more}", shown.join(", "))
}

pub fn no_kind(release: &str, kind: &str, known: &[String], span: Span) -> Diag {
    let diag = Diag::error(codes::NOT_RENDERED, format!("`{release}` renders nothing of kind `{kind}`"))
        .at(span, "not among what it renders");
    hint(diag, kind, known.iter().map(String::as_str), "it renders objects of kind")
}

pub fn no_port(service: &str, port: Option<&str>, known: &[String], span: Span) -> Diag {
    let message = match port {
        Some(port) => format!("Service `{service}` has no port `{port}`"),
        None if known.is_empty() => format!("Service `{service}` has no ports"),
        None => format!("Service `{service}` has {} ports", known.len()),
    };
    let diag = Diag::error(codes::NOT_RENDERED, message).at(span, "which port?");
    hint(diag, port.unwrap_or(""), known.iter().map(String::as_str), "its ports are")
}

pub fn no_host(ingress: &str, span: Span) -> Diag {
    Diag::error(codes::NOT_RENDERED, format!("Ingress `{ingress}` has no host"))
        .at(span, "no rule names a host")
        .help("set the host in the values of the release that renders it")
}

pub fn not_allowable(code: &str, span: Span) -> Diag {
    Diag::error(codes::NOT_ALLOWABLE, format!("`{code}` cannot be allowed"))
        .at(span, "no finding about values or rendered objects")
        .help("what is found about values (E0411 to E0416) and about objects (E0560 to E0575) can be")
}

pub fn no_reason(code: &str, span: Span) -> Diag {
    Diag::error(codes::NOT_ALLOWABLE, format!("`{code}` is allowed without a reason"))
        .at(span, "expected a text that is not empty")
        .help("say why, for those who read this later: `allow = { E0564 = \"checked by our webhook\" }`")
}
