//! Unit tests of evaluation: from text to the desired stack.

use super::desired::{Address, ChartSource, ClusterTarget, Desired};
use super::value::{Renderings, Value};
use super::{Inputs, evaluate};
use crate::diag::{Diags, Severity};
use crate::source::{MemoryWorld, SourceMap};
use crate::{modules, types};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::path::Path;

fn run(world: &MemoryWorld, vars: &[(&str, &str)]) -> (Desired, Vec<String>) {
    let mut sources = SourceMap::default();
    let mut diags = Diags::default();
    let tree = modules::load(Path::new("stack"), world, &mut sources, &mut diags);
    let resolved = modules::resolve(tree, &mut diags);
    let typed = types::check(&resolved, &mut diags);
    let inputs = Inputs { vars: vars.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect() };
    let desired = evaluate(&typed, &inputs, world, &mut diags);
    let errors = diags
        .into_sorted()
        .into_iter()
        .filter(|d| d.severity == Severity::Error)
        .map(|d| format!("{}: {}", d.code, d.message))
        .collect();
    (desired, errors)
}

fn world(text: &str) -> MemoryWorld {
    MemoryWorld::default().with_file("stack/main.rel", text)
}

/// The desired stack of a text without mistakes.
fn desired(text: &str) -> Desired {
    let (desired, errors) = run(&world(text), &[]);
    assert_eq!(errors, Vec::<String>::new());
    desired
}

/// The messages of a text with mistakes.
fn errors(text: &str) -> Vec<String> {
    run(&world(text), &[]).1
}

/// The value of an expression.
pub(super) fn value(expr: &str) -> Json {
    let (desired, errors) = run(&world(&format!("output \"it\" {{ value = {expr} }}")), &[]);
    assert_eq!(errors, Vec::<String>::new(), "{expr}");
    desired.outputs[0].value.to_json().unwrap()
}

/// The first message about an expression.
pub(super) fn failure(expr: &str) -> String {
    let mut errors = errors(&format!("output \"it\" {{ value = {expr} }}"));
    assert!(!errors.is_empty(), "{expr} has a value");
    errors.remove(0)
}

struct Rendered(BTreeMap<Address, Vec<Json>>);

impl Renderings for Rendered {
    fn objects(&self, release: &Address) -> Option<&[Json]> {
        self.0.get(release).map(Vec::as_slice)
    }

    fn namespace(&self, _: &Address) -> Option<&str> {
        Some("data")
    }
}

fn rendered() -> Rendered {
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "postgres"},
        "spec": {"ports": [{"name": "sql", "port": 5432.0}, {"name": "metrics", "port": 9187.0}]}});
    let ingress = json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "shop"},
        "spec": {"rules": [{"host": "shop.example.com"}]}});
    Rendered(BTreeMap::from([(Address::new("release.postgres"), vec![service, ingress])]))
}

const POSTGRES: &str = r#"
namespace "data" {}
release "postgres" {
  namespace = namespace.data
  chart     = "./charts/database"
}
"#;

#[test]
fn a_stack_of_literals() {
    let found = desired(
        r#"
        stack "shop" { requires = ">= 0.1" }
        namespace "web" {
          labels       = { team = "shop" }
          pod_security = "baseline"
          quota        = { "requests.cpu" = "20", pods = 200 }
          limits { default = { cpu = "500m" } }
          role_binding "sre" { role = "admin", groups = ["sre"], service_accounts = ["ci/deployer"] }
        }
        release "web" {
          namespace = namespace.web
          chart     = "./charts/web"
          values { image { tag = "1.2" }, replicas = 2 }
          set = { "a.b" = true, "list[1].x" = 1 }
          timeout = "1h30m"
        }
        "#,
    );
    assert_eq!(found.stack, "shop");
    assert_eq!(found.clusters[0].address.as_str(), "cluster.default");
    assert_eq!(found.clusters[0].target, ClusterTarget::Sandbox);
    let bodies: Vec<Json> = found.namespaces[0].objects.iter().map(|o| o.body.to_json().unwrap()).collect();
    assert_eq!(
        bodies,
        vec![
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "web", "labels":
                {"team": "shop", "pod-security.kubernetes.io/enforce": "baseline"}}}),
            json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "quota", "namespace": "web"},
                "spec": {"hard": {"requests.cpu": "20", "pods": "200"}}}),
            json!({"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "limits", "namespace": "web"},
                "spec": {"limits": [{"type": "Container", "default": {"cpu": "500m"}}]}}),
            json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
                "metadata": {"name": "sre", "namespace": "web"},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin"},
                "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "sre"},
                    {"kind": "ServiceAccount", "name": "deployer", "namespace": "ci"}]}),
        ]
    );
    let release = &found.releases[0];
    assert_eq!((release.name.as_str(), release.namespace.as_str()), ("web", "web"));
    assert_eq!(release.chart.source, ChartSource::Path("stack/charts/web".into()));
    assert_eq!(release.depends_on, vec![Address::new("namespace.web")]);
    assert_eq!(release.timeout.as_secs(), 5400);
    let layers: Vec<Json> = release.values.iter().map(|v| v.to_json().unwrap()).collect();
    assert_eq!(
        layers,
        vec![
            json!({"image": {"tag": "1.2"}, "replicas": 2}),
            json!({"a": {"b": true}, "list": [null, {"x": 1}]}),
        ]
    );
}

#[test]
fn references_wait_for_the_rendering() {
    let found = desired(&format!(
        r#"{POSTGRES}
        release "shop" {{
          namespace = "web"
          chart     = "./charts/shop"
          values {{
            host = release.postgres.service("postgres").dns
            url  = "postgres://${{release.postgres.service("postgres").dns}}:${{local.port}}/"
            port = local.port + 1
            on   = local.port > 80 ? "yes" : "no"
          }}
        }}
        locals {{ port = release.postgres.service("postgres").port("sql") }}
        output "host" {{ value = release.postgres.ingress("shop").host }}
        "#
    ));
    let names: Vec<&str> = found.releases.iter().map(|r| r.name.as_str()).collect();
    assert_eq!(names, ["postgres", "shop"]);
    let shop = &found.releases[1];
    assert_eq!(shop.reads, vec![Address::new("release.postgres")]);
    assert_eq!(shop.depends_on, vec![Address::new("release.postgres")]);
    assert!(shop.values[0].to_json().is_none());
    let values = shop.values[0].resolve(&rendered()).unwrap().to_json().unwrap();
    assert_eq!(
        values,
        json!({"host": "postgres.data.svc.cluster.local", "on": "yes", "port": 5433,
            "url": "postgres://postgres.data.svc.cluster.local:5432/"})
    );
    let host = found.outputs[0].value.resolve(&rendered()).unwrap();
    assert_eq!(host.to_json().unwrap(), json!("shop.example.com"));
}

fn unresolved(expr: &str) -> String {
    let found = desired(&format!("{POSTGRES} output \"it\" {{ value = {expr} }}"));
    found.outputs[0].value.resolve(&rendered()).unwrap_err().message
}

#[test]
fn unknown_objects_are_named() {
    assert_eq!(
        unresolved("release.postgres.service(\"postgers\").dns"),
        "`release.postgres` renders no Service `postgers`"
    );
    assert_eq!(
        unresolved("release.postgres.service(\"postgres\").port(\"sqll\")"),
        "Service `postgres` has no port `sqll`"
    );
    assert_eq!(unresolved("release.postgres.service(\"postgres\").port()"), "Service `postgres` has 2 ports");
    assert_eq!(
        unresolved("release.postgres.object(\"Deployment\", \"x\").spec"),
        "`release.postgres` renders nothing of kind `Deployment`"
    );
    let missing = Rendered(BTreeMap::new());
    let found =
        desired(&format!("{POSTGRES} output \"it\" {{ value = release.postgres.service(\"x\").dns }}"));
    assert_eq!(
        found.outputs[0].value.resolve(&missing).unwrap_err().message,
        "`release.postgres` must be rendered first"
    );
}

#[test]
fn names_are_known_at_once() {
    let found = desired(&format!(
        "{POSTGRES} output \"it\" {{ value = \"${{release.postgres.name}}.${{release.postgres.namespace}}\" }}"
    ));
    assert_eq!(found.outputs[0].value.to_json().unwrap(), json!("postgres.data"));
}

#[test]
fn instances_have_addresses_and_names() {
    let found = desired(
        r#"
        release "shop" {
          for_each  = ["us", "eu"]
          namespace = "shop"
          chart     = "./charts/shop"
          values { region = each.key, all = [for k, r in { a = 1 } : "${k}-${each.value}"] }
        }
        release "other" {
          namespace  = "shop"
          chart      = "./charts/shop"
          depends_on = [release.shop]
          values { peer = release.shop["eu"].name }
        }
        "#,
    );
    let addresses: Vec<&str> = found.releases.iter().map(|r| r.address.as_str()).collect();
    assert_eq!(addresses, ["release.shop[\"eu\"]", "release.shop[\"us\"]", "release.other"]);
    assert_eq!(found.releases[0].name, "shop-eu");
    assert_eq!(found.releases[0].values[0].to_json().unwrap(), json!({"region": "eu", "all": ["a-eu"]}));
    assert_eq!(found.releases[2].depends_on.len(), 2);
}

#[test]
fn modules_are_instantiated_with_their_inputs() {
    let world = MemoryWorld::default()
        .with_file(
            "stack/main.rel",
            r#"
            module "site" {
              source   = "./modules/site"
              for_each = { eu = 1, us = 2 }
              replicas = each.value
            }
            output "all" { value = { for k, m in module.site : k => m.name } }
            output "eu" { value = module.site["eu"].name }
            "#,
        )
        .with_file(
            "stack/modules/site/main.rel",
            r#"
            variable "replicas" { type = int }
            namespace "web" { name = "web-${var.replicas}" }
            release "web" {
              namespace = namespace.web
              chart     = "./chart"
              values { replicas = var.replicas }
            }
            output "name" { value = "${release.web.name}-${var.replicas}" }
            "#,
        );
    let (found, errors) = run(&world, &[]);
    assert_eq!(errors, Vec::<String>::new());
    assert_eq!(found.outputs[0].value.to_json().unwrap(), json!({"eu": "web-1", "us": "web-2"}));
    assert_eq!(found.outputs[1].value.to_json().unwrap(), json!("web-1"));
    let addresses: Vec<&str> = found.releases.iter().map(|r| r.address.as_str()).collect();
    assert_eq!(addresses, ["module.site[\"eu\"].release.web", "module.site[\"us\"].release.web"]);
    assert_eq!(found.releases[0].chart.source, ChartSource::Path("stack/modules/site/chart".into()));
}

#[test]
fn variables_come_from_flag_environment_and_default() {
    let text = r#"
        variable "a" { type = int }
        variable "b" { type = list(string), default = ["x"] }
        variable "c" { type = enum("lower", "prod"), default = "lower" }
        variable "d" { type = object({ name = string, size = optional(int, 3) }) }
        output "all" { value = [var.a, var.b, var.c, var.d] }
    "#;
    let world = world(text).with_env("RELC_VAR_b", "[\"y\"]").with_env("RELC_VAR_a", "7");
    let (found, errors) = run(&world, &[("a", "5"), ("d", r#"{"name": "n"}"#)]);
    assert_eq!(errors, Vec::<String>::new());
    assert_eq!(
        found.outputs[0].value.to_json().unwrap(),
        json!([5, ["y"], "lower", {"name": "n", "size": 3}])
    );
    let (_, errors) = run(&world, &[("a", "x"), ("c", "prud"), ("d", "{}"), ("e", "")]);
    assert_eq!(
        errors,
        [
            "E0318: variable `a`, given by `-v`: expected a number, found `x`",
            "E0318: variable `c`, given by `-v`: expected one of `lower`, `prod`, found the string `prud`",
            "E0318: variable `d`, given by `-v`: expected object({name = string, size = optional(int)}), found a map",
            "E0318: the stack has no variable `e`",
        ]
    );
}

#[test]
fn secrets_stay_secret() {
    let text = r#"
        variable "password" { type = secret(string), default = "hunter2" }
        locals { url = "postgres://u:${var.password}@db", plain = { a = 1, b = var.password } }
        release "web" {
          namespace = "web"
          chart     = "./charts/web"
          values { url = local.url, hash = sha256(local.url), plain = local.plain, n = local.plain.a }
        }
    "#;
    let found = desired(text);
    let values = &found.releases[0].values[0];
    let part = |name: &str| super::handles::field(values, name).unwrap();
    let secret = |v: &Value| v.secret;
    assert!(secret(part("url")) && secret(part("hash")) && !secret(part("n")) && !secret(part("plain")));
    assert!(secret(super::handles::field(part("plain"), "b").unwrap()));
}

#[test]
fn pathological_input_ends() {
    let doubling: String = (0..60).map(|n| format!("x{} = [local.x{n}, local.x{n}]\n", n + 1)).collect();
    let text = format!("locals {{\n x0 = [1]\n {doubling} }}\n output \"it\" {{ value = local.x60 }}");
    assert!(errors(&text).iter().all(|e| e.starts_with("E0328")), "{:?}", errors(&text));
    let doubling: String =
        (0..60).map(|n| format!("x{} = {{ a = local.x{n}, b = local.x{n} }}\n", n + 1)).collect();
    let text = format!("locals {{\n x0 = [1]\n {doubling} }}\n output \"it\" {{ value = local.x60 }}");
    assert!(errors(&text).iter().all(|e| e.starts_with("E0328")), "{:?}", errors(&text));
    let functions: String = (0..60)
        .map(|n| format!("function f{}(x: any) = {{ a = f{n}(x), b = [f{n}(x)] }}\n", n + 1))
        .collect();
    let text = format!("{functions} function f0(x: any) = [x]\n output \"it\" {{ value = f60(1) }}");
    assert_eq!(errors(&text), ["E0328: evaluation takes too long"]);
    let nested: String =
        (0..30).map(|n| format!("[for x{} in [{{ a = x{n}, b = x{n} }}] : ", n + 1)).collect();
    let text =
        format!("output \"it\" {{ value = [for x0 in [1] : {nested} merge(x30, x30) {} }}", "]".repeat(31));
    assert!(errors(&text).iter().all(|e| e.starts_with("E0328")), "{:?}", errors(&text));
    let text = "output \"it\" { value = [for a in range(60000) : [for b in range(60000) : [for c in range(60000) : c]]] }";
    assert_eq!(errors(text), ["E0328: evaluation takes too long"]);
    assert_eq!(
        failure("format(\"%9999999999d\", 1)"),
        "E0321: `format`: the width `9999999999` is larger than 1000"
    );
    let plus = "1 + ".repeat(20_000);
    let _ends = errors(&format!("output \"it\" {{ value = {plus} 1 }}"));
}

#[test]
fn two_blocks_may_not_manage_the_same() {
    let found = errors(
        r#"
        namespace "a" { name = "web" }
        namespace "b" { name = "web" }
        release "x" { namespace = namespace.a, chart = "./c", name = "app" }
        release "y" { namespace = "web", chart = "./c", name = "app" }
        "#,
    );
    assert_eq!(
        found,
        [
            "E0324: `namespace.a` and `namespace.b` are both namespace `web` of `cluster.default`",
            "E0324: `release.x` and `release.y` are both release `app` in namespace `web` of `cluster.default`",
        ]
    );
}

#[test]
fn long_chains_are_not_deep() {
    // Backwards, so that the order of names is not that of references.
    let chain: String = (0..5_000).map(|n| format!("x{n:05} = local.x{:05} + 1\n", n + 1)).collect();
    let found =
        desired(&format!("locals {{\n{chain} x05000 = 1\n}}\noutput \"it\" {{ value = local.x00000 }}"));
    assert_eq!(found.outputs[0].value.to_json().unwrap(), json!(5001));
}

#[test]
fn deep_calls_end() {
    let brackets = "[".repeat(40);
    let close = "]".repeat(40);
    let functions: String =
        (0..100).map(|n| format!("function f{n}(x: any) = {brackets}f{}(x){close}\n", n + 1)).collect();
    let text = format!("{functions} function f100(x: any) = x\n output \"it\" {{ value = f0(1) }}");
    let found = errors(&text);
    assert_eq!(found, ["E0327: expressions and calls are nested too deeply to evaluate"]);
}

#[test]
fn checks_may_look_at_what_is_rendered() {
    let found = desired(&format!(
        r#"{POSTGRES}
        check "port" {{
          condition     = release.postgres.service("postgres").port("sql") == 5433
          error_message = "the port is ${{release.postgres.service("postgres").port("sql")}}"
        }}"#
    ));
    assert_eq!(
        super::decide(&found.checks[0], &rendered()).unwrap_err().message,
        "check `port`: the port is 5432"
    );
}
