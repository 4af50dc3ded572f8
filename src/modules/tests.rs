use std::path::Path;

use super::*;
use crate::diag::Diags;
use crate::source::{MemoryWorld, SourceMap};

struct Checked {
    resolved: Resolved,
    findings: Vec<String>,
}

impl Checked {
    fn releases(&self) -> Vec<String> {
        let name = |(instance, decl): &(InstanceId, DeclId)| {
            let mut path = self.resolved.instance(*instance).unwrap().path.clone();
            path.push(self.resolved.decl(*decl).unwrap().name.clone());
            path.join(".")
        };
        self.resolved.releases.iter().map(name).collect()
    }
}

/// Resolves the files, the root being `prod`; findings as `file:line code message [label; …] (help)`.
fn check(files: &[(&str, &str)]) -> Checked {
    let world = files.iter().fold(MemoryWorld::default(), |w, (path, text)| w.with_file(*path, *text));
    let mut sources = SourceMap::default();
    let mut diags = Diags::default();
    let tree = load(Path::new("prod"), &world, &mut sources, &mut diags);
    let resolved = resolve(tree, &mut diags);
    let findings = diags
        .into_sorted()
        .into_iter()
        .map(|d| {
            let place = d.labels.first().map_or(String::new(), |l| {
                let (line, _) = sources.line_col(l.span.file, l.span.start);
                format!("{}:{line} ", sources.path(l.span.file).display())
            });
            format!("{place}{} {}", d.code, d.message)
        })
        .collect();
    Checked { resolved, findings }
}

fn findings(text: &str) -> Vec<String> {
    check(&[("prod/main.rel", text)]).findings
}

#[test]
fn a_directory_is_one_module_whatever_the_order_of_files() {
    let c = check(&[
        ("prod/a.rel", "output \"x\" { value = local.b }"),
        ("prod/z.rel", "locals { b = var.c }\nvariable \"c\" { type = string }"),
    ]);
    assert_eq!(c.findings, Vec::<String>::new());
    let module = &c.resolved.modules[0];
    let order: Vec<String> = module.order.iter().map(|id| module.decl(*id).unwrap().address()).collect();
    assert_eq!(order, ["var.c", "local.b", "output \"x\""]);
}

#[test]
fn a_directory_is_loaded_once_and_used_many_times() {
    let c = check(&[
        (
            "prod/main.rel",
            "module \"a\" { source = \"../base\" }\nmodule \"b\" { source = \"../x/../base\" }\nrelease \"z\" { values { h = module.b.host } }",
        ),
        ("base/main.rel", "release \"db\" { chart = \"./db\" }\noutput \"host\" { value = release.db.name }"),
    ]);
    assert_eq!(c.findings, Vec::<String>::new());
    assert_eq!(c.resolved.modules.len(), 2);
    assert_eq!(c.resolved.instances.len(), 3);
    assert_eq!(c.releases(), ["a.db", "b.db", "z"]);
}

#[test]
fn circles_print_their_chain() {
    assert_eq!(
        findings("locals {\n  a = local.b\n  b = local.a\n}\noutput \"o\" { value = local.a }"),
        ["prod/main.rel:2 E0208 these refer to each other in a circle: `local.a` -> `local.b` -> `local.a`"]
    );
    assert_eq!(
        findings(
            "release \"a\" { values { h = release.b.name } }\nrelease \"b\" { depends_on = [release.a] }"
        ),
        [
            "prod/main.rel:1 E0208 these refer to each other in a circle: `release.a` -> `release.b` -> `release.a`"
        ]
    );
    assert_eq!(
        findings("function f(x: int) = f(x)\noutput \"o\" { value = f(1) }"),
        ["prod/main.rel:1 E0208 `f` refers to itself"]
    );
}

#[test]
fn circles_of_modules_print_their_chain() {
    let c = check(&[
        ("prod/main.rel", "module \"a\" { source = \"../a\" }"),
        ("a/main.rel", "module \"b\" { source = \"../b\" }"),
        ("b/main.rel", "module \"a\" { source = \"../a\" }"),
    ]);
    assert_eq!(c.findings, ["b/main.rel:1 E0202 modules use each other in a circle: `a` -> `b` -> `a`"]);
    assert_eq!(c.resolved.instances.len(), 3);
}

#[test]
fn validation_may_refer_to_its_own_variable() {
    assert_eq!(
        findings(
            "variable \"a\" {\n validation { condition = var.a != \"\", message = \"x\" }\n}\noutput \"o\" { value = var.a }"
        ),
        Vec::<String>::new()
    );
}

#[test]
fn loop_variables_hide_outer_names_inside_only() {
    assert_eq!(
        findings(
            "locals { a = [for k, v in { x = 1 } : \"${k}${v}\"], b = [for release in [1] : release.x], c = k }\noutput \"o\" { value = [local.a, local.b, local.c] }"
        ),
        ["prod/main.rel:1 E0207 unknown name `k`"]
    );
}

#[test]
fn imports_bring_functions_and_types() {
    let c = check(&[
        (
            "prod/main.rel",
            "import \"std/aws\"\nimport \"../lib/naming\" as n\noutput \"a\" { value = [aws.irsa(\"x\"), n.full(\"y\"), n.ful(\"z\")] }\nvariable \"_t\" { type = n.tier }",
        ),
        (
            "lib/naming.rel",
            "type tier = enum(\"a\")\nfunction full(x: string) = \"p-${x}\"\nrelease \"no\" {}",
        ),
    ]);
    assert_eq!(
        c.findings,
        [
            "prod/main.rel:3 E0207 `n` has no function `ful`",
            "lib/naming.rel:3 E0209 a library holds only functions and types, found `release`"
        ]
    );
}
