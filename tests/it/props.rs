//! Whatever a file holds, `check` answers: it never panics, and what it says points into the text.

use proptest::prelude::*;
use relc::driver::{Inputs, Run};
use relc::render::Seed;
use relc::source::MemoryWorld;
use std::path::Path;

const CHART: &[(&str, &str)] = &[
    ("Chart.yaml", "apiVersion: v2\nname: app\nversion: 1.0.0\n"),
    ("values.yaml", "replicas: 1\n"),
    (
        "templates/all.yaml",
        "# {{ toJson .Values }}\napiVersion: v1\nkind: Service\nmetadata:\n  name: {{ .Release.Name }}\nspec:\n  ports: [{name: http, port: 80}]\n\
         ---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {n: \"{{ .Values.replicas }}\"}\n",
    ),
];

/// A stack that is right and uses most of the language.
const STACK: &str = r#"
import "std/network"
stack "s" { requires = ">= 0.1" }
type team = object({ quota = quantity, ports = optional(list(port), [80]) })
function twice(n: int) -> int { m = n * 2, result = m }
variable "tier" {
  type    = enum("lower", "prod")
  default = "prod"
  validation { condition = length(var.tier) > 0, error_message = "a tier, not '${var.tier}'" }
}
variable "teams" { type = map(team), default = { red = { quota = "1Gi" }, "b.c" = { quota = 2, ports = [1, 2] } } }
variable "pw" { type = secret(string), default = "x" }
locals {
  size = match var.tier { "lower" => 1, "prod" => twice(2) }
  text = <<-EOT
    %{ for k, t in var.teams ~}
    ${k}: ${t.quota}
    %{ endfor ~}
    %{ if local.size > 1 && !false }many%{ else }one%{ endif }
  EOT
  all  = [for t in values(var.teams) : t.ports if length(t.ports) > 0]
}
cluster "c" { sandbox = true, kubernetes = "1.34" }
namespace "n" {
  for_each = ["x", "y"]
  cluster  = cluster.c
  name     = "n-${each.key}"
  quota    = { pods = 3 }
  network_policy "deny" { spec = network.deny_all_ingress() }
}
release "a" {
  namespace = namespace.n["x"]
  chart     = "./app"
  values {
    replicas = local.size, password = var.pw, text = local.text
    "q.r" { gone = null, list = [1, { a = -2.5e3 }] }
  }
  set = { "x.y[0]" = true }
}
release "b" {
  for_each  = { one = 1, two = 2 }
  namespace = namespace.n["y"]
  name      = "b-${each.key}"
  chart     = "./app"
  timeout   = "5m"
  values { url = "http://${release.a.service("a").dns}:${release.a.service("a").port("http")}", n = each.value }
}
manifest "m" {
  namespace = namespace.n["x"]
  object { apiVersion = "v1", kind = "ConfigMap", metadata { name = "cm" }, data = { a = join(",", [for p in concat(local.all...) : tostring(p)]) } }
}
check "k" { condition = release.a.service("a").port() == 80, error_message = "port" }
output "o" { value = { for k, r in release.b : k => r.service("b-${k}").dns ?? "none" } }
"#;

fn check(text: &str) -> (bool, Vec<String>) {
    let mut world = MemoryWorld::default().with_file(Path::new("stack/main.rel"), text);
    for (path, content) in CHART {
        world = world.with_file(Path::new("stack/app").join(path), *content);
    }
    let seed = Seed::reproducible("", 0);
    let mut run = Run::new(&world, Path::new("stack"), Inputs::default(), seed);
    let ok = run.check().is_some();
    for label in run.diags.iter().flat_map(|d| &d.labels) {
        let whole = run.sources.text(label.span.file);
        assert!(
            whole.get(label.span.start as usize..label.span.end as usize).is_some(),
            "`{}` at {:?} is outside of the text",
            label.text,
            label.span
        );
    }
    assert_eq!(ok, !run.diags.has_errors(), "a stack comes out exactly when there are no errors");
    (ok, run.diags.iter().map(|d| d.message.clone()).collect())
}

#[test]
fn the_stack_that_is_mutated_is_right() {
    let (ok, messages) = check(STACK);
    assert!(ok && messages.is_empty(), "{messages:?}");
}

/// Pieces of the language in any order get further than random characters.
fn soup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        proptest::sample::select(vec![
            "release",
            "namespace",
            "locals",
            "variable",
            "output",
            "module",
            "manifest",
            "check",
            "function",
            "type",
            "import",
            "match",
            "for",
            "in",
            "if",
            "null",
            "true",
            "_",
            "each.key",
            "var.a",
            "local.a",
            "release.a",
            "\"a\"",
            "\"${",
            "}\"",
            "%{ if",
            "%{ endif }",
            "<<EOT\n",
            "<<-EOT\n",
            "\nEOT\n",
            "{",
            "}",
            "(",
            ")",
            "[",
            "]",
            "=",
            "=>",
            "->",
            "?",
            ":",
            "??",
            "...",
            ".",
            "[*]",
            ".*",
            ",",
            "\n",
            " ",
            "-",
            "!",
            "1",
            "1e9",
            "99999999999999999999",
            "0.5",
            "#",
            "//",
            "/*",
            "*/",
            "\\",
            "\"",
            "$${",
            "a",
            "b",
            "é",
            "\u{0B}",
            "\u{0C}",
            "\u{1A}",
            "\r\n",
            "\u{FEFF}",
            "secret(string)",
            "object({",
            "optional(",
            "length(",
            ".service(\"a\")",
            ".port()",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,4}",
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

/// `STACK` with some ranges cut out, doubled, moved or overwritten.
fn mutated() -> impl Strategy<Value = String> {
    let edit = (any::<prop::sample::Index>(), 0..40usize, any::<prop::sample::Index>(), 0..4u8, soup());
    proptest::collection::vec(edit, 1..4).prop_map(|edits| {
        let mut text: Vec<char> = STACK.chars().collect();
        for (at, len, to, what, other) in edits {
            if text.is_empty() {
                break;
            }
            let start = at.index(text.len());
            let end = (start + len).min(text.len());
            let piece: Vec<char> = match what {
                0 => text.drain(start..end).skip(usize::MAX).collect(),
                1 => text[start..end].to_vec(),
                2 => text.drain(start..end).collect(),
                _ => other.chars().take(len).collect(),
            };
            let to = if what == 3 { start.min(text.len()) } else { to.index(text.len() + 1) };
            text.splice(to..to, piece);
        }
        text.into_iter().collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_answered(text in "\\PC{0,200}") {
        check(&text);
    }

    #[test]
    fn any_soup_is_answered(text in soup()) {
        check(&text);
    }

    #[test]
    fn any_mutation_is_answered(text in mutated()) {
        check(&text);
    }
}
