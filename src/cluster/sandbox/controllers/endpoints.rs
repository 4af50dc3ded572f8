//! EndpointSlices of services with a selector.

use serde_json::{Value, json};

use super::{controller_ref, create, pods};
use crate::cluster::sandbox::meta;
use crate::cluster::sandbox::state::State;
use crate::cluster::sandbox::store::Key;

/// Brings the slices of a namespace up to date.
pub fn namespace(state: &mut State, namespace: &str, now: &str) {
    let services: Vec<_> = state.store.list("services", namespace).map(|(_, o)| o.clone()).collect();
    for service in services {
        let selector = service.pointer("/spec/selector").and_then(Value::as_object).filter(|s| !s.is_empty());
        let Some(selector) = selector else { continue };
        let members: Vec<_> = state
            .store
            .list("pods", namespace)
            .filter(|(_, p)| selector.iter().all(|(k, v)| meta::label(p, k) == v.as_str()))
            .filter(|(_, p)| !matches!(meta::text(p, "/status/phase"), "Succeeded" | "Failed"))
            .map(|(_, p)| p.clone())
            .collect();
        let endpoints: Vec<Value> = members.iter().filter_map(|p| endpoint(p)).collect();
        let ports: Vec<Value> = meta::list(&service, "/spec/ports")
            .iter()
            .filter_map(|port| {
                let number = match port.get("targetPort") {
                    Some(Value::String(name)) => named_port(members.first()?, name)?,
                    Some(number) => number.as_i64()?,
                    None => meta::int(port, "/port")?,
                };
                Some(json!({"name": meta::text(port, "/name"), "port": number, "protocol": port.get("protocol")}))
            })
            .collect();
        write(state, &service, endpoints, ports, now);
    }
}

fn named_port(pod: &Value, name: &str) -> Option<i64> {
    meta::list(pod, "/spec/containers")
        .iter()
        .flat_map(|c| meta::list(c, "/ports"))
        .find(|p| meta::text(p, "/name") == name)
        .and_then(|p| meta::int(p, "/containerPort"))
}

fn endpoint(pod: &Value) -> Option<Value> {
    let address = Some(meta::text(pod, "/status/podIP")).filter(|a| !a.is_empty())?;
    let ready = pods::is_ready(pod);
    Some(json!({
        "addresses": [address], "conditions": {"ready": ready, "serving": ready, "terminating": false},
        "nodeName": pod.pointer("/spec/nodeName"),
        "targetRef": {"kind": "Pod", "name": meta::name(pod), "namespace": meta::namespace(pod), "uid": meta::uid(pod)},
    }))
}

fn write(state: &mut State, service: &Value, endpoints: Vec<Value>, ports: Vec<Value>, now: &str) {
    let (namespace, name) = (meta::namespace(service), meta::name(service));
    let slice = format!("{name}-{}", meta::suffix(meta::uid(service), 5));
    let key = Key::new("endpointslices.discovery.k8s.io", namespace, &slice);
    if let Some(live) = state.store.get(&key).cloned() {
        let mut object = (*live).clone();
        let map = meta::as_map(&mut object);
        map.insert("endpoints".to_owned(), Value::Array(endpoints));
        map.insert("ports".to_owned(), Value::Array(ports));
        let before = (live.get("endpoints").cloned(), live.get("ports").cloned());
        if before != (object.get("endpoints").cloned(), object.get("ports").cloned()) {
            super::put(state, &key, &live, object, "", now);
        }
        return;
    }
    create(
        state,
        json!({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {
                "name": slice, "namespace": namespace, "ownerReferences": [controller_ref(service)],
                "labels": {"kubernetes.io/service-name": name,
                    "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io"},
            },
            "endpoints": endpoints, "ports": ports,
        }),
        now,
    );
}
