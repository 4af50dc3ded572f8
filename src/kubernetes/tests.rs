use super::parse::{Structs, api, lines, resource};
use super::*;

#[test]
fn every_line_of_the_table_is_understood() {
    for version in Version::all() {
        let schema = Schema::of(version);
        let mut structs = Structs::over(schema.clone());
        let mut there = false;
        for (holds, line) in lines(TABLE, version) {
            let understood = if let Some(rest) = line.strip_prefix("type ") {
                there = holds || (there && schema.named(rest.split(' ').next().unwrap()).is_some());
                !holds || schema.named(rest.split(' ').next().unwrap()).is_some()
            } else if !holds {
                true
            } else if let Some(rest) = line.strip_prefix("resource ") {
                resource(rest).is_some()
            } else if let Some(rest) = line.strip_prefix("api ") {
                api(rest).is_some()
            } else if let Some(rest) = line.strip_prefix(' ') {
                !there || structs.read(rest).is_some()
            } else if let Some(rest) = line.strip_prefix("kind ") {
                rest.split(' ').nth(2).is_some_and(|name| schema.named(name).is_some())
            } else {
                line.starts_with('#')
            };
            assert!(understood, "{version}: {line}");
        }
    }
}

fn fields(schema: &'static Schema, name: &str) -> &'static Fields {
    let Shape::Struct { fields, .. } = schema.shape(schema.named(name).unwrap()) else { panic!("{name}") };
    fields
}

#[test]
fn a_type_is_what_its_release_has() {
    let schema = Schema::of(Version::DEFAULT);
    let ports = fields(schema, "core.v1.Container").get("ports").unwrap();
    let Shape::List { kind, .. } = schema.shape(ports.ty) else { panic!() };
    assert_eq!(*kind, ListKind::Map(vec!["containerPort".into(), "protocol".into()]));
    assert_eq!(fields(schema, "core.v1.Container").get("imagePullPolicy").unwrap().values.len(), 3);
    assert!(fields(schema, "core.v1.Container").get("name").unwrap().required);
    // Pods resize since 1.33 declare what they may; 1.30 knows nothing of it.
    let has = |minor: u8, name: &str, field: &str| {
        fields(Schema::of(Version::of_minor(minor).unwrap()), name).get(field).is_some()
    };
    assert!(has(34, "core.v1.PodSpec", "resources") && !has(30, "core.v1.PodSpec", "resources"));
}

#[test]
fn kinds_tell_scope_and_fate() {
    let schema = Schema::of(Version::DEFAULT);
    assert!(schema.kind("apps/v1", "Deployment").is_some_and(|k| k.namespaced && k.creatable));
    assert!(schema.kind("v1", "Namespace").is_some_and(|k| !k.namespaced && k.creatable));
    assert!(schema.kind("autoscaling/v1", "Scale").is_some_and(|k| !k.creatable));
    assert!(schema.kind("apps/v1", "Deploymnet").is_none());
    let old = Schema::of(Version::parse("1.30").unwrap());
    let flow = old.kind("flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema").unwrap();
    assert_eq!((flow.deprecated, flow.removed, flow.is_stable()), (Some(29), Some(32), false));
}

#[test]
fn what_is_gone_names_what_came_after() {
    let of = |version: &str, api: &str, kind: &str| {
        let gone = retired(Version::parse(version).unwrap(), api, kind)?;
        Some((gone.removed.unwrap(), gone.replacement.map(|(api, _)| api).unwrap_or_default()))
    };
    let some = |minor: u8, api: &str| Some((minor, api.to_owned()));
    assert_eq!(of("1.34", "extensions/v1beta1", "Ingress"), some(22, "networking.k8s.io/v1"));
    assert_eq!(of("1.34", "batch/v1beta1", "CronJob"), some(25, "batch/v1"));
    assert_eq!(of("1.34", "policy/v1beta1", "PodSecurityPolicy"), some(25, ""));
    assert_eq!(of("1.34", "policy/v1beta1", "PodDisruptionBudget"), some(25, "policy/v1"));
    assert_eq!(
        of("1.34", "rbac.authorization.k8s.io/v1beta1", "Role"),
        some(22, "rbac.authorization.k8s.io/v1")
    );
    let flow = "flowcontrol.apiserver.k8s.io/v1beta3";
    assert_eq!(of("1.31", flow, "FlowSchema"), None);
    assert_eq!(of("1.32", flow, "FlowSchema"), some(32, "flowcontrol.apiserver.k8s.io/v1"));
    assert_eq!(of("1.34", "apps/v1", "Deployment"), None);
    assert_eq!(of("1.34", "apps/v1", "Deploymnet"), None);
}

#[test]
fn a_name_that_many_types_have_is_found_in_all() {
    let found: Vec<&str> = Schema::of(Version::DEFAULT)
        .fields_named("securityContext")
        .map(|(ty, _)| ty.name.as_ref())
        .collect();
    assert!(found.contains(&"core.v1.Container") && found.contains(&"core.v1.PodSpec"), "{found:?}");
}

#[test]
fn versions_are_read_as_people_write_them() {
    for text in ["1.34", "v1.34.2", "1.34.0-eks-1", "1.34+"] {
        assert_eq!(Version::parse(text), Some(Version::DEFAULT), "{text}");
    }
    for text in ["1.29", "1.38", "2.34", "34", "", "1.", "1.34x", "1.340"] {
        assert_eq!(Version::parse(text), None, "{text}");
    }
}
