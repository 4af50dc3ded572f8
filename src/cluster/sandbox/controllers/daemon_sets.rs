//! DaemonSets: one pod on the one node.

use serde_json::json;

use super::{NODE, create, live, misc, owned, pod_from, pods, put_status, template_hash};
use crate::cluster::sandbox::delete::{self, Propagation};
use crate::cluster::sandbox::meta;
use crate::cluster::sandbox::state::State;
use crate::cluster::sandbox::store::Key;

const HASH: &str = "controller-revision-hash";

pub fn daemon_set(state: &mut State, key: &Key, now: &str) {
    let Some(set) = live(state, key) else { return };
    let template = set.pointer("/spec/template").cloned().unwrap_or_default();
    let hash = template_hash(&template);
    let fits = misc::node_matches(template.pointer("/spec/nodeSelector"));
    let wanted = usize::from(fits);
    let on_delete = meta::text(&set, "/spec/updateStrategy/type") == "OnDelete";
    for (pod_key, pod) in owned(state, &set, "pods") {
        if !fits || (meta::label(&pod, HASH) != Some(hash.as_str()) && !on_delete) {
            delete::start(state, &pod_key, &pod, Propagation::Background, now);
        }
    }
    if fits && owned(state, &set, "pods").is_empty() {
        let seed = format!("{}/{hash}/{NODE}", meta::uid(&set));
        let name = format!("{}-{}", key.name, meta::suffix(&seed, 5));
        let mut pod = pod_from(&template, &set, &name);
        let metadata = meta::metadata(&mut pod);
        let labels = meta::as_map(metadata.entry("labels").or_insert(serde_json::Value::Null));
        labels.insert(HASH.to_owned(), hash.clone().into());
        create(state, pod, now);
        pods::pod(state, &Key::new("pods", &key.namespace, &name), now);
    }
    let Some(set) = live(state, key) else { return };
    let own = owned(state, &set, "pods");
    let ready = own.iter().filter(|(_, p)| pods::is_ready(p)).count();
    let updated = own.iter().filter(|(_, p)| meta::label(p, HASH) == Some(hash.as_str())).count();
    let mut status = json!({
        "observedGeneration": set.pointer("/metadata/generation"), "desiredNumberScheduled": wanted,
        "currentNumberScheduled": own.len(), "updatedNumberScheduled": updated, "numberReady": ready,
        "numberAvailable": ready, "numberUnavailable": wanted.saturating_sub(ready), "numberMisscheduled": 0,
    });
    if let Some(map) = status.as_object_mut() {
        map.retain(|k, v| {
            v.as_u64() != Some(0)
                || matches!(
                    k.as_str(),
                    "desiredNumberScheduled"
                        | "currentNumberScheduled"
                        | "numberMisscheduled"
                        | "numberReady"
                )
        });
    }
    put_status(state, key, status, now);
}
