//! The wording of this stage's errors.

use std::path::Path;

use super::order::Cycle;
use super::stdlib::LIBRARIES;
use super::{Decl, DeclKind};
use crate::diag::{Diag, codes, nearest};
use crate::source::{ReadError, Span};
use crate::syntax::ast;

/// "`a`, `b` and `c`", cut when there are many.
fn list(names: &[&str]) -> String {
    const MAX: usize = 8;
    let mut names: Vec<&str> = names.to_vec();
    names.sort_unstable();
    names.dedup();
    let quoted: Vec<String> = names.iter().take(MAX).map(|n| format!("`{n}`")).collect();
    let more = names.len().saturating_sub(MAX);
    match quoted.as_slice() {
        [] => String::new(),
        all if more > 0 => format!("{} and {more} more", all.join(", ")),
        [one] => one.clone(),
        [init @ .., last] => format!("{} and {last}", init.join(", ")),
    }
}

// ----------------------------------------------------------------------------------------- loading

pub(super) fn no_files(dir: &Path) -> Diag {
    Diag::error(codes::MODULE_SOURCE, format!("there are no `.rel` files in `{}`", dir.display()))
        .help("name the directory that holds them")
}

pub(super) fn unreadable_dir(dir: &Path, error: &ReadError) -> Diag {
    let diag =
        Diag::error(codes::MODULE_SOURCE, format!("cannot read the directory `{}`: {error}", dir.display()));
    if dir.extension().is_some_and(|e| e == "rel") {
        return diag.help("name the directory, not a file in it: its `.rel` files belong together");
    }
    diag.help("name a directory that holds `.rel` files")
}

pub(super) fn unreadable_file(path: &Path, error: &ReadError, import: Option<Span>) -> Diag {
    let diag = Diag::error(codes::UNREADABLE, format!("cannot read `{}`: {error}", path.display()));
    match import {
        Some(at) => diag.at(at, "imported here"),
        None => diag,
    }
}

pub(super) fn unknown_std(at: Span, name: &str) -> Diag {
    let names: Vec<&str> = LIBRARIES.iter().map(|(n, _)| *n).collect();
    let diag = Diag::error(codes::MODULE_SOURCE, format!("the standard library has no `{name}`"))
        .at(at, "unknown library");
    match nearest(name, names.iter().copied()) {
        Some(near) => diag.help(format!("did you mean `std/{near}`?")),
        None => diag.help(format!("it has {}", list(&names))),
    }
}

pub(super) fn bad_import(at: Span, path: &str) -> Diag {
    let diag = Diag::error(codes::MODULE_SOURCE, format!("`{path}` is no library"))
        .at(at, "expected `std/…`, `./…` or `../…`");
    if LIBRARIES.iter().any(|(n, _)| *n == path) {
        return diag.help(format!("did you mean `std/{path}`?"));
    }
    diag.help("a library of your own is named by a path that begins with `./` or `../`; to use a directory of blocks, write a `module` block")
}

pub(super) fn bad_import_name(at: Span, name: &str) -> Diag {
    Diag::error(codes::BAD_NAME, format!("`{name}` cannot name a library"))
        .at(at, "reserved, or not a name")
        .help("give it another name: `import \"…\" as name`")
}

pub(super) fn import_twice(name: &str, at: Span, first: Span) -> Diag {
    Diag::error(codes::DUPLICATE, format!("`{name}` is imported twice"))
        .at(at, "again here")
        .at(first, "first imported here")
        .help("remove one of them, or name one differently with `as`; an import counts for all files of its directory")
}

pub(super) fn no_source(at: Span, name: &str) -> Diag {
    Diag::error(codes::MODULE_SOURCE, format!("module `{name}` has no `source`"))
        .at(at, "which directory?")
        .help("add `source = \"../path\"`, relative to this file's directory")
}

pub(super) fn computed_source(at: Span) -> Diag {
    Diag::error(codes::MODULE_SOURCE, "a module's `source` must be written out")
        .at(at, "computed")
        .help("modules are loaded before anything is evaluated: write the path as plain text")
}

pub(super) fn foreign_source(at: Span, path: &str) -> Diag {
    let diag = Diag::error(codes::MODULE_SOURCE, format!("`{path}` is not a relative path"))
        .at(at, "expected `./…` or `../…`");
    if path.contains("::") || path.contains("://") || path.contains("git") {
        return diag
            .help("modules are not downloaded: keep them in the repository, for instance as a submodule");
    }
    diag.help(format!("write `./{path}` for a directory beside this file"))
}

pub(super) fn empty_source(at: Span, dir: &Path) -> Diag {
    Diag::error(codes::MODULE_SOURCE, format!("there are no `.rel` files in `{}`", dir.display()))
        .at(at, "the path is relative to this file's directory")
        .help("name a directory that holds `.rel` files; a chart is used by a `release`")
}

pub(super) fn bad_source(at: Span, dir: &Path, error: &ReadError) -> Diag {
    Diag::error(codes::MODULE_SOURCE, format!("cannot read the directory `{}`: {error}", dir.display()))
        .at(at, "no directory of a module")
        .help("the path is relative to this file's directory")
}

pub(super) fn module_cycle(cycle: &Cycle, name: impl Fn(usize) -> String) -> Diag {
    let mut chain: Vec<String> = cycle.iter().map(|(n, _)| format!("`{}`", name(*n))).collect();
    chain.extend(chain.first().cloned());
    let mut diag = Diag::error(
        codes::MODULE_CYCLE,
        format!("modules use each other in a circle: {}", chain.join(" -> ")),
    );
    // Where it closes is what has to change as likely as not, so it comes first.
    for (n, at) in cycle.iter().rev() {
        diag = diag.at(*at, format!("`{}` uses it here", name(*n)));
    }
    diag.help("move what both need into a third one")
}

pub(super) fn too_many_instances(at: Span, limit: usize) -> Diag {
    Diag::error(codes::MODULE_SOURCE, format!("more than {limit} uses of modules"))
        .at(at, "one too many")
        .help("modules that use modules several times multiply; use `for_each` for many alike ones")
}

// ------------------------------------------------------------------------------------ declarations

pub(super) fn top_level_attr(at: Span, name: &str) -> Diag {
    Diag::error(codes::MISPLACED, format!("`{name}` is given a value outside of any block"))
        .at(at, "belongs into a block")
        .help(format!(
            "for a value used in several places write `locals {{ {name} = … }}` and refer to `local.{name}`"
        ))
}

pub(super) fn not_a_block(at: Span, kind: DeclKind, name: Option<&str>) -> Diag {
    let name = name.unwrap_or("name");
    let shape = match kind {
        DeclKind::Type => format!("type {name} = object({{ … }})"),
        _ => format!("function {name}(a: string) -> string = …"),
    };
    Diag::error(codes::SYNTAX, format!("a {} is not declared by a block", kind.word()))
        .at(at, "written like a block")
        .help(format!("write `{shape}`"))
}

/// What people coming from elsewhere write, and what it is here.
fn explanation(block: &ast::Block) -> Option<(&'static str, &'static str)> {
    let first = block.label(0).unwrap_or("");
    Some(match (block.kind.text.as_str(), first) {
        ("resource", "helm_release") => {
            ("a Terraform resource", "write `release \"name\" { … }`; `set` blocks become `values { … }`")
        }
        ("resource", "kubernetes_namespace" | "kubernetes_namespace_v1") => {
            ("a Terraform resource", "write `namespace \"name\" { … }`")
        }
        ("resource", _) => (
            "a Terraform resource",
            "use `release`, `namespace` or `manifest`; other clouds' resources stay in Terraform",
        ),
        ("provider", _) => ("a Terraform provider", "write `cluster \"name\" { context = \"…\" }`"),
        ("data", _) => (
            "a Terraform data source",
            "pass values in by `variable`, or read an existing Secret with a `secret` block",
        ),
        ("terraform", _) => (
            "Terraform's settings",
            "write `stack \"name\" { requires = \">= 0.1\" }`; state and backends are not needed",
        ),
        ("helm_release", _) => ("a Terraform resource", "write `release \"name\" { … }`"),
        ("repositories", _) => ("Helmfile's list", "write one `repository \"name\" { url = \"…\" }` each"),
        ("releases", _) => ("Helmfile's list", "write one `release \"name\" { … }` each"),
        ("environments", _) => {
            ("Helmfile's list", "write a `variable` of an `enum` type and choose with `match`")
        }
        ("local", _) => ("singular", "write `locals { … }`"),
        ("var" | "variables", _) => {
            ("not how variables are declared", "write one `variable \"name\" { … }` each")
        }
        ("outputs", _) => ("not how outputs are declared", "write one `output \"name\" { … }` each"),
        ("if", _) => (
            "not a statement",
            "use `for_each` for blocks that may be absent, and `cond ? a : b` or `match` for values",
        ),
        ("for", _) => ("not a statement", "use `for_each` in a block, and `[for x in … : …]` for values"),
        _ => return None,
    })
}

pub(super) fn unknown_block(block: &ast::Block) -> Diag {
    let word = block.kind.text.as_str();
    let at = block.kind.span;
    if let Some((what, help)) = explanation(block) {
        return Diag::error(codes::UNKNOWN_BLOCK, format!("there are no `{word}` blocks"))
            .at(at, what)
            .help(help);
    }
    let words: Vec<&str> = DeclKind::ALL.iter().map(|k| k.word()).collect();
    let diag = Diag::error(codes::UNKNOWN_BLOCK, format!("there are no `{word}` blocks"))
        .at(at, "unknown kind of block");
    match nearest(word, words.iter().copied()) {
        Some(near) => diag.help(format!("did you mean `{near}`?")),
        None if matches!(
            word,
            "values" | "set" | "patch" | "limits" | "network_policy" | "role_binding" | "validation"
        ) =>
        {
            diag.help(format!("`{word}` belongs inside another block; is there a `}}` too many above?"))
        }
        None => diag.help(format!(
            "a file consists of {} blocks",
            words
                .iter()
                .filter(|w| !matches!(**w, "type" | "function"))
                .map(|w| format!("`{w}`"))
                .collect::<Vec<_>>()
                .join(", ")
        )),
    }
}

pub(super) fn block_in_library(at: Span, word: &str) -> Diag {
    Diag::error(codes::MISPLACED, format!("a library holds only functions and types, found `{word}`"))
        .at(at, "not in a library")
        .help("to reuse blocks, put them into a directory and use it by a `module` block")
}

pub(super) fn extra_label(at: Span, kind: DeclKind, text: &str) -> Diag {
    let word = kind.word();
    let diag = match kind.labels() {
        super::kinds::Labels::None => {
            Diag::error(codes::LABELS, format!("`{word}` takes no label, found `{text}`"))
                .at(at, "not expected")
        }
        _ => Diag::error(codes::LABELS, format!("`{word}` takes one label, found `{text}` as well"))
            .at(at, "one too many"),
    };
    diag.help("remove it")
}

pub(super) fn missing_label(at: Span, kind: DeclKind) -> Diag {
    let word = kind.word();
    Diag::error(codes::LABELS, format!("a `{word}` block needs a name"))
        .at(at, "without a name")
        .help(format!("write `{word} \"name\" {{ … }}`"))
}

pub(super) fn reserved_variable(at: Span, name: &str) -> Diag {
    Diag::error(codes::BAD_NAME, format!("a variable cannot be called `{name}`"))
        .at(at, "means something else in `module` blocks, where variables are given their values")
        .help("choose another name")
}

pub(super) fn bad_name(at: Span, kind: DeclKind, name: &str) -> Diag {
    let noun = kind.noun();
    if name.is_empty() {
        return Diag::error(codes::BAD_NAME, format!("the name of a {noun} is empty"))
            .at(at, "empty")
            .help("give it a name");
    }
    if super::decls::is_identifier(name) {
        return Diag::error(codes::BAD_NAME, format!("a {noun} cannot be called `{name}`"))
            .at(at, "reserved by the language")
            .help("choose another name");
    }
    let fixed: String =
        name.chars().map(|c| if c.is_alphanumeric() || matches!(c, '_' | '-') { c } else { '-' }).collect();
    let fixed = fixed.trim_matches('-');
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    let diag = Diag::error(codes::BAD_NAME, format!("`{name}` is not a valid name for {article} {noun}"))
        .at(at, "letters, digits, `_` and `-`, beginning with a letter");
    if super::decls::is_identifier(fixed) {
        diag.help(format!("write \"{fixed}\""))
    } else {
        diag.help("references are written `kind.name`, so it has to be a name")
    }
}

pub(super) fn block_in_locals(at: Span, word: &str) -> Diag {
    Diag::error(codes::MISPLACED, format!("`locals` holds no blocks, found `{word}`"))
        .at(at, "a block")
        .help(format!("write an object: `{word} = {{ … }}`"))
}

/// A parameter, or a name that is local to a function, whose name is taken there.
pub(super) fn duplicate_in_function(name: &str, at: Span, first: Span) -> Diag {
    Diag::error(codes::DUPLICATE, format!("`{name}` is declared twice in this function"))
        .at(at, "again here")
        .at(first, "first declared here")
        .help("rename one of them")
}

pub(super) fn duplicate(kind: DeclKind, name: &str, at: Span, first: Span) -> Diag {
    let message = match kind {
        DeclKind::Stack => "a module has one `stack` block only".to_string(),
        _ => format!("{} `{name}` is declared twice", kind.noun()),
    };
    Diag::error(codes::DUPLICATE, message)
        .at(at, "again here")
        .at(first, "first declared here")
        .help("all files of a directory share their names: rename or remove one of them")
}

// -------------------------------------------------------------------------------------- references

pub(super) fn unknown_decl(
    at: Span,
    kind: DeclKind,
    name: &str,
    names: &[&str],
    other: Option<&Decl>,
) -> Diag {
    let noun = kind.noun();
    let diag = Diag::error(codes::UNKNOWN_NAME, format!("there is no {noun} `{name}`"))
        .at(at, "not declared in this module");
    if let Some(near) = nearest(name, names.iter().copied()) {
        return diag.help(format!("did you mean `{}.{near}`?", kind.root().unwrap_or("")));
    }
    if let Some(other) = other {
        return diag.help(format!("did you mean `{}`?", other.address()));
    }
    if names.is_empty() {
        return diag.help(match kind {
            DeclKind::Local => format!("this module declares none; add `locals {{ {name} = … }}`"),
            _ => format!("this module declares none; add `{} \"{name}\" {{ … }}`", kind.word()),
        });
    }
    diag.help(format!("this module declares {}", list(names)))
}

pub(super) fn unknown_import_member(
    at: Span,
    library: &str,
    kind: DeclKind,
    name: &str,
    names: &[&str],
) -> Diag {
    let diag = Diag::error(codes::UNKNOWN_NAME, format!("`{library}` has no {} `{name}`", kind.noun()))
        .at(at, "not in that library");
    match nearest(name, names.iter().copied()) {
        Some(near) => diag.help(format!("did you mean `{library}.{near}`?")),
        None if names.is_empty() => diag,
        None => diag.help(format!("it has {}", list(names))),
    }
}

pub(super) fn function_as_value(at: Span, name: &str) -> Diag {
    Diag::error(codes::UNKNOWN_NAME, format!("`{name}` is a function, not a value"))
        .at(at, "not called")
        .help(format!("call it: `{name}(…)`"))
}

pub(super) fn bare_root(at: Span, root: &str, names: &[&str]) -> Diag {
    let diag = Diag::error(codes::UNKNOWN_NAME, format!("`{root}` alone is no value"))
        .at(at, format!("expected `{root}.` and a name"));
    if names.is_empty() { diag } else { diag.help(format!("there is {}", list(names))) }
}

pub(super) fn root_indexed(at: Span, root: &str, key: Option<&str>) -> Diag {
    let diag = Diag::error(codes::UNKNOWN_NAME, format!("`{root}` cannot be indexed"))
        .at(at, format!("expected `{root}.` and a name"));
    match key {
        Some(key) => diag.help(format!("write `{root}.{key}`")),
        None => diag.help("names are bound before anything is evaluated: choose with `match`, or put the alternatives into a map"),
    }
}

pub(super) fn unknown_each(at: Span, name: &str) -> Diag {
    Diag::error(codes::UNKNOWN_NAME, format!("`each` has no `{name}`"))
        .at(at, "expected `key` or `value`")
        .help("`each.key` and `each.value` are the element's key and value; the parts of a value are `each.value.part`")
}

pub(super) fn each_in_for_each(at: Span) -> Diag {
    Diag::error(codes::UNKNOWN_NAME, "`each` is not known inside of `for_each` itself")
        .at(at, "there is no element yet")
        .help("`for_each` says what the elements are; compute them with `[for x in … : …]`")
}

pub(super) fn each_without_for_each(at: Span, kind: Option<DeclKind>) -> Diag {
    let diag = Diag::error(codes::UNKNOWN_NAME, "`each` is known only in a block with `for_each`")
        .at(at, "no `for_each` here");
    match kind {
        Some(kind) if kind.takes_for_each() => {
            diag.help(format!("add `for_each = …` to this `{}`", kind.word()))
        }
        Some(kind) => {
            diag.help(format!("`{}` takes no `for_each`; loop with `[for x in … : …]`", kind.word()))
        }
        None => diag,
    }
}

/// Words of Terraform.
pub(super) fn foreign_word(at: Span, word: &str) -> Option<Diag> {
    let help = match word {
        "terraform" => "there are no workspaces; use a `variable`",
        "path" => "relative paths start from the directory of the file they stand in",
        "count" => "use `for_each` and `each.key`",
        "data" => "there are no data sources; pass the value in by a `variable`",
        "self" => "write the values out, or share them by `locals`",
        "True" | "TRUE" => "write `true`",
        "False" | "FALSE" => "write `false`",
        "None" | "nil" | "NULL" | "undefined" => "write `null`",
        "values" => "a release's values are given, not read; share them by `locals`",
        _ => return None,
    };
    Some(
        Diag::error(codes::UNKNOWN_NAME, format!("unknown name `{word}`"))
            .at(at, "not known here")
            .help(help),
    )
}

pub(super) fn unknown_word(at: Span, word: &str, declared: Option<&Decl>, words: &[String]) -> Diag {
    let diag = Diag::error(codes::UNKNOWN_NAME, format!("unknown name `{word}`")).at(at, "not known here");
    if let Some(decl) = declared {
        return diag.help(format!("did you mean `{}`?", decl.address()));
    }
    match nearest(word, words.iter().map(String::as_str)) {
        Some(near) => diag.help(format!("did you mean `{near}`?")),
        None => diag.help(format!("if it is meant as text, put it in quotes: \"{word}\"")),
    }
}

pub(super) fn reference_cycle<'a>(cycle: &Cycle, decl: impl Fn(usize) -> Option<&'a Decl>) -> Diag {
    let address = |n: usize| decl(n).map_or(String::new(), Decl::address);
    let mut chain: Vec<String> = cycle.iter().map(|(n, _)| format!("`{}`", address(*n))).collect();
    chain.extend(chain.first().cloned());
    let chain = chain.join(" -> ");
    let kind = cycle.first().and_then(|(n, _)| decl(*n)).map(|d| d.kind);
    let message = match (cycle.len(), kind) {
        (1, _) => format!("{} refers to itself", chain.split(" -> ").next().unwrap_or("")),
        _ => format!("these refer to each other in a circle: {chain}"),
    };
    let mut diag = Diag::error(codes::REFERENCE_CYCLE, message);
    for (n, at) in cycle {
        diag = diag.at(*at, format!("`{}` refers to it here", address(*n)));
    }
    match kind {
        Some(DeclKind::Function) => diag.help("functions are not recursive; loop with `[for x in … : …]`"),
        Some(DeclKind::Type) => diag.help("types are not recursive; use `any` at the innermost level"),
        Some(DeclKind::Release) => {
            diag.help("one of them has to be installed first: write out what it needs from the other")
        }
        _ => diag.help("write one of the values out, without the reference"),
    }
}

pub(super) fn unused(decl: &Decl) -> Diag {
    Diag::warning(codes::UNUSED, format!("`{}` is never used", decl.address()))
        .at(decl.name_span, "not used in this module")
        .help("remove it, or begin its name with `_`")
}

pub(super) fn unused_import(at: Span, name: &str) -> Diag {
    Diag::warning(codes::UNUSED, format!("the import `{name}` is never used"))
        .at(at, "not used in this module")
        .help("remove it")
}
