//! `cargo xtask kubernetes`: the shapes of Kubernetes' types, of several releases in one table.
//!
//! Only facts are taken: names, types, list types, merge keys, defaults, enums, paths, and when an API came and went.
//! `src/kubernetes/mod.rs` tells the format. A line that holds in some releases only begins with their minors.

mod go;
mod json;

use go::Source;
use json::Json;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Tells the table's format, so that the writer and the reader agree.
const TABLE: &str = "src/kubernetes/table.txt";

const SHORT_NAMES: &[(&str, &str)] = &[
    ("certificatesigningrequests", "csr"),
    ("componentstatuses", "cs"),
    ("configmaps", "cm"),
    ("cronjobs", "cj"),
    ("customresourcedefinitions", "crd,crds"),
    ("daemonsets", "ds"),
    ("deployments", "deploy"),
    ("endpoints", "ep"),
    ("events", "ev"),
    ("horizontalpodautoscalers", "hpa"),
    ("ingresses", "ing"),
    ("ipaddresses", "ip"),
    ("limitranges", "limits"),
    ("namespaces", "ns"),
    ("networkpolicies", "netpol"),
    ("nodes", "no"),
    ("persistentvolumeclaims", "pvc"),
    ("persistentvolumes", "pv"),
    ("poddisruptionbudgets", "pdb"),
    ("pods", "po"),
    ("priorityclasses", "pc"),
    ("replicasets", "rs"),
    ("replicationcontrollers", "rc"),
    ("resourcequotas", "quota"),
    ("serviceaccounts", "sa"),
    ("services", "svc"),
    ("statefulsets", "sts"),
    ("storageclasses", "sc"),
];

const CATEGORIES: &[(&str, &[&str])] = &[
    (
        "all",
        &[
            "pods",
            "replicationcontrollers",
            "services",
            "daemonsets",
            "deployments",
            "replicasets",
            "statefulsets",
            "horizontalpodautoscalers",
            "cronjobs",
            "jobs",
        ],
    ),
    (
        "api-extensions",
        &[
            "customresourcedefinitions",
            "mutatingwebhookconfigurations",
            "validatingwebhookconfigurations",
            "validatingadmissionpolicies",
            "validatingadmissionpolicybindings",
            "apiservices",
        ],
    ),
];

/// Types that are values of their own, in Go and in JSON.
const SCALARS: &[(&str, &str)] = &[
    ("api.resource.Quantity", "quantity"),
    ("resource.Quantity", "quantity"),
    ("util.intstr.IntOrString", "intstr"),
    ("meta.v1.Time", "time"),
    ("meta.v1.MicroTime", "microtime"),
    ("meta.v1.Duration", "duration"),
    ("runtime.RawExtension", "any"),
    ("meta.v1.FieldsV1", "any"),
    ("apiextensions.v1.JSON", "any"),
    ("apiextensions.v1.JSONSchemaPropsOrArray", "any"),
    ("apiextensions.v1.JSONSchemaPropsOrBool", "any"),
    ("apiextensions.v1.JSONSchemaPropsOrStringArray", "any"),
];

/// The lines of one release, in the order of the table: a heading and what is indented below it.
type Lines = BTreeMap<(u8, String, String), (String, BTreeMap<String, String>)>;

pub fn run(mut args: impl Iterator<Item = String>) -> Result<bool, String> {
    let usage = "usage: cargo xtask kubernetes MODULES VERSION…   (see CONTRIBUTING.md)";
    let modules = PathBuf::from(args.next().ok_or(usage)?);
    let mut releases: Vec<(u32, Lines)> = Vec::new();
    let mut cycles: BTreeMap<(String, String), go::Lifecycle> = BTreeMap::new();
    for version in args {
        let release = version.strip_prefix("1.").ok_or(format!("{version}: a version is like 1.34.4"))?;
        let minor = release.split('.').next().and_then(|n| n.parse().ok()).ok_or(usage)?;
        let source = Source::read(&modules, release)?;
        for ((package, kind), cycle) in &source.lifecycles {
            let (_, version) = package.rsplit_once('.').unwrap_or(("", package));
            if let Some(group) = source.groups.get(package).filter(|_| !kind.ends_with("List")) {
                // The newest release knows best.
                cycles.insert((join(group, version), kind.clone()), cycle.clone());
            }
        }
        releases.push((minor, lines(&modules, release, &source)?));
    }
    releases.sort_by_key(|(minor, _)| *minor);
    let (Some((first, _)), Some((last, _))) = (releases.first(), releases.last()) else {
        return Err(usage.into());
    };
    let mut out = format!(
        "# Kubernetes 1.{first} to 1.{last}: resources, kinds and types. Written by `cargo xtask kubernetes`, never by hand.\n"
    );
    for ((group_version, kind), cycle) in &cycles {
        if cycle.deprecated.is_none() && cycle.removed.is_none() {
            continue;
        }
        let minor = |n: Option<u32>| n.map_or("-".to_owned(), |n| n.to_string());
        let replacement = cycle.replacement.as_deref().unwrap_or("-");
        let (gone, going) = (minor(cycle.removed), minor(cycle.deprecated));
        let _ = writeln!(out, "api {group_version} {kind} {going} {gone} {replacement}");
    }
    merge(&releases, &mut out);
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    fs::write(root.join(TABLE), &out).map_err(|why| format!("{TABLE}: {why}"))?;
    println!("{TABLE}: {} lines, {} bytes", out.lines().count(), out.len());
    Ok(true)
}

/// One table of them all.
fn merge(releases: &[(u32, Lines)], out: &mut String) {
    let all: Vec<u32> = releases.iter().map(|(minor, _)| *minor).collect();
    let keys: BTreeSet<_> = releases.iter().flat_map(|(_, lines)| lines.keys()).collect();
    for key in keys {
        let there: Vec<_> =
            releases.iter().filter_map(|(n, lines)| lines.get(key).map(|lines| (*n, lines))).collect();
        for line in ranges(&all, there.iter().map(|(n, (heading, _))| (*n, heading.as_str()))) {
            let _ = writeln!(out, "{line}");
        }
        let own: Vec<u32> = there.iter().map(|(n, _)| *n).collect();
        let names: BTreeSet<&String> = there.iter().flat_map(|(_, (_, fields))| fields.keys()).collect();
        for name in names {
            let fields = there.iter().filter_map(|(n, (_, fields))| Some((*n, fields.get(name)?.as_str())));
            for line in ranges(&own, fields) {
                let _ = writeln!(out, "{line}");
            }
        }
    }
}

/// The different texts among those of some releases, each with the runs of releases it holds in.
fn ranges<'a>(all: &[u32], texts: impl Iterator<Item = (u32, &'a str)>) -> Vec<String> {
    let mut runs: Vec<(u32, u32, &str)> = Vec::new();
    for (minor, text) in texts {
        match runs.last_mut() {
            Some((_, to, last)) if *last == text && *to + 1 == minor => *to = minor,
            _ => runs.push((minor, minor, text)),
        }
    }
    let ends = (all.first().copied(), all.last().copied());
    runs.into_iter()
        .map(|(from, to, text)| match (Some(from), Some(to)) == ends {
            true => text.to_owned(),
            false => format!("@{from}-{to} {text}"),
        })
        .collect()
}

#[derive(Default)]
struct Resource {
    namespaced: bool,
    kind: String,
    verbs: BTreeSet<&'static str>,
    subs: BTreeMap<String, (String, BTreeSet<&'static str>)>,
}

fn lines(modules: &Path, release: &str, source: &Source) -> Result<Lines, String> {
    let folder = modules.join(format!("kubernetes@v1.{release}/api/openapi-spec/v3"));
    let mut schemas: BTreeMap<String, Json> = BTreeMap::new();
    let mut resources: BTreeMap<(String, String), Resource> = BTreeMap::new();
    for path in crate::corpus::listed(&folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // `api_openapi.json` and the like are about groups.
        if !name.contains("__v") || name.contains("openid") {
            continue;
        }
        let text = fs::read_to_string(&path).map_err(|why| format!("{}: {why}", path.display()))?;
        let document = Json::parse(&text).map_err(|why| format!("{}: {why}", path.display()))?;
        for (url, item) in document.get("paths").entries() {
            resource(url, item, &mut resources);
        }
        let Json::Map(top) = document else { continue };
        let components = top.into_iter().find(|(k, _)| k == "components").map(|(_, v)| v);
        if let Some(Json::Map(parts)) = components
            && let Some((_, Json::Map(all))) = parts.into_iter().find(|(k, _)| k == "schemas")
        {
            schemas.extend(all);
        }
    }
    let mut lines = Lines::new();
    for ((group_version, plural), r) in &resources {
        let short = SHORT_NAMES.iter().find(|(name, _)| name == plural).map_or("-", |(_, short)| short);
        let category = CATEGORIES.iter().find(|(_, of)| of.contains(&plural.as_str()));
        let verbs = |verbs: &BTreeSet<&'static str>| verbs.iter().copied().collect::<Vec<_>>().join(",");
        let mut line = format!(
            "resource {group_version} {plural} {} {} {} {short} {}",
            r.kind,
            if r.namespaced { "ns" } else { "cluster" },
            if r.verbs.is_empty() { "-".to_owned() } else { verbs(&r.verbs) },
            category.map_or("-", |(name, _)| name),
        );
        for (name, (kind, of)) in &r.subs {
            let _ = write!(line, " {name}={kind}={}", verbs(of));
        }
        lines.insert((0, group_version.clone(), plural.clone()), (line, BTreeMap::new()));
    }
    for (full, schema) in &schemas {
        let name = short(full);
        for gvk in schema.get("x-kubernetes-group-version-kind").list() {
            let kind = gvk.get("kind").text();
            if name.starts_with("meta.") || kind.ends_with("List") {
                continue;
            }
            let group_version = join(gvk.get("group").text(), gvk.get("version").text());
            let line = format!("kind {group_version} {kind} {name}");
            lines.insert((1, group_version, kind.to_owned()), (line, BTreeMap::new()));
        }
        let is_list = name.ends_with("List") && schema.get("properties").has("items");
        if SCALARS.iter().any(|(n, _)| *n == name) || is_list {
            continue;
        }
        if schema.get("type").text() != "object" {
            eprintln!("1.{release}: {name} is no object");
        }
        let atomic = if schema.get("x-kubernetes-map-type").text() == "atomic" { " atomic" } else { "" };
        let fields = schema.get("properties").entries().iter().map(|(field, property)| {
            let required = schema.get("required").list().iter().any(|r| r.text() == field);
            (field.clone(), field_line(source, full, field, required, property))
        });
        lines.insert((2, name.to_owned(), String::new()), (format!("type {name}{atomic}"), fields.collect()));
    }
    Ok(lines)
}

fn join(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

fn resource(url: &str, item: &Json, resources: &mut BTreeMap<(String, String), Resource>) {
    let (group_version, rest) = if let Some(rest) = url.strip_prefix("/api/v1/") {
        ("v1".to_owned(), rest)
    } else if let Some(rest) = url.strip_prefix("/apis/") {
        let mut parts = rest.splitn(3, '/');
        let (Some(group), Some(version), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
            return;
        };
        (join(group, version), rest)
    } else {
        return;
    };
    if rest.is_empty() || rest.starts_with("watch/") {
        return;
    }
    let (namespaced, rest) = match rest.strip_prefix("namespaces/{namespace}/") {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let rest = rest.replace("/{name}", "");
    let (plural, sub) = rest.split_once('/').unwrap_or((&rest, ""));
    if sub.contains("{path}") {
        return;
    }
    let entry = resources.entry((group_version, plural.to_owned())).or_default();
    entry.namespaced |= namespaced;
    for method in ["get", "put", "post", "patch", "delete"] {
        let operation = item.get(method);
        if !matches!(operation, Json::Map(_)) {
            continue;
        }
        let gvk = operation.get("x-kubernetes-group-version-kind");
        let kind = gvk.get("kind").text();
        let verb = match operation.get("x-kubernetes-action").text() {
            "get" | "connect" => "get",
            "list" => "list",
            "post" => "create",
            "put" => "update",
            "patch" => "patch",
            "delete" => "delete",
            "deletecollection" => "deletecollection",
            "watch" | "watchlist" => "watch",
            _ => continue,
        };
        if !sub.is_empty() {
            let speaks = format!("{}/{}/{kind}", gvk.get("group").text(), gvk.get("version").text());
            let (_, verbs) = entry.subs.entry(sub.to_owned()).or_insert_with(|| (speaks, BTreeSet::new()));
            verbs.insert(verb);
            continue;
        }
        entry.verbs.insert(verb);
        if matches!(verb, "get" | "list") || entry.kind.is_empty() {
            kind.clone_into(&mut entry.kind);
        }
        if verb == "list" && plural != "componentstatuses" {
            entry.verbs.insert("watch");
        }
    }
}

fn short(name: &str) -> &str {
    let name = name.strip_prefix("io.k8s.").unwrap_or(name);
    const PREFIXES: &[&str] = &[
        "api.",
        "apimachinery.pkg.apis.",
        "apimachinery.pkg.",
        "apiextensions-apiserver.pkg.apis.",
        "kube-aggregator.pkg.apis.",
    ];
    PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name)
}

fn type_of(schema: &Json) -> String {
    let reference = match schema.get("$ref").text() {
        "" => schema.get("allOf").list().first().map_or("", |all| all.get("$ref").text()),
        reference => reference,
    };
    if !reference.is_empty() {
        let name = short(reference.rsplit('/').next().unwrap_or_default());
        let scalar = SCALARS.iter().find(|(n, _)| *n == name);
        return scalar.map_or(name, |(_, scalar)| scalar).to_owned();
    }
    match schema.get("type").text() {
        "array" => format!("[{}]", type_of(schema.get("items"))),
        "object" if schema.has("additionalProperties") => {
            format!("{{{}}}", type_of(schema.get("additionalProperties")))
        }
        "integer" if schema.get("format").text() == "int32" => "int32".to_owned(),
        "integer" => "int64".to_owned(),
        "number" => "double".to_owned(),
        "boolean" => "bool".to_owned(),
        "string" if schema.get("format").text() == "byte" => "byte".to_owned(),
        "string" => "string".to_owned(),
        _ => "any".to_owned(),
    }
}

fn field_line(source: &Source, full: &str, name: &str, required: bool, schema: &Json) -> String {
    let ty = type_of(schema);
    let mut line = format!(" {name}{} {ty}", if required { "!" } else { "" });
    let mut word = |text: &str| {
        line.push(' ');
        line.push_str(text);
    };
    match schema.get("x-kubernetes-list-type").text() {
        "map" => {
            let keys = schema.get("x-kubernetes-list-map-keys").list();
            word(&format!("map:{}", keys.iter().map(Json::text).collect::<Vec<_>>().join(",")));
        }
        "set" => word("set"),
        _ => {}
    }
    if schema.get("x-kubernetes-map-type").text() == "atomic" {
        word("atomic");
    }
    let strategy = schema.get("x-kubernetes-patch-strategy").text();
    if !strategy.is_empty() {
        word(&format!("patch:{strategy}:{}", schema.get("x-kubernetes-patch-merge-key").text()));
    }
    let mut parts = short(full).split('.');
    let package = [parts.next().unwrap_or_default(), parts.next().unwrap_or_default()].join(".");
    let field = source.field(&package, full.rsplit('.').next().unwrap_or_default(), name);
    if let Some(field) = field {
        let scalar = matches!(ty.as_str(), "string" | "bool" | "int32" | "int64" | "double");
        let nullable = match ty.as_str() {
            "time" | "microtime" => !field.pointer && !field.omit_zero,
            "byte" => !field.omit_empty && !field.pointer,
            other => other.starts_with(['[', '{']) && !field.omit_empty && !field.pointer,
        };
        if nullable {
            word("null");
        } else if scalar && field.omit_empty && !field.pointer {
            word("zero");
        }
        let values = source.values(&package, field);
        // The few with blanks in them are open sets.
        if values.len() > 1 && !values.iter().any(|value| value.contains(' ')) {
            word(&format!("enum:{}", values.join("|")));
        }
        if ty == "quantity" && !field.pointer && !schema.has("default") {
            word("=\"0\"");
        }
    }
    if schema.has("default") {
        word(&format!("={}", schema.get("default").compact()));
    }
    line
}
