//! Which resources are served: the built-in ones and those of established CRDs.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use super::builtin;
use super::crd::Custom;
use super::meta;
use super::store::Store;
use crate::kubernetes::{Builtin, Schema, Sub, TypeId, Version, resources};

/// One resource at one version.
#[derive(Debug)]
pub struct Served {
    pub group: String,
    pub version: String,
    pub plural: String,
    pub singular: String,
    pub kind: String,
    pub list_kind: String,
    pub namespaced: bool,
    pub verbs: Vec<String>,
    pub short_names: Vec<String>,
    pub categories: Vec<String>,
    pub subs: Vec<Sub>,
    /// `deployments.apps`: what objects are stored under and errors call it.
    pub resource: String,
    /// The version objects are stored at.
    pub storage_version: String,
    /// `None`: a kind the table has no type for; it is kept as it comes.
    pub ty: Option<TypeId>,
    pub custom: Option<Arc<Custom>>,
}

impl Served {
    pub fn api_version(&self) -> String {
        meta::api_version(&self.group, &self.version)
    }

    pub fn storage_api_version(&self) -> String {
        meta::api_version(&self.group, &self.storage_version)
    }

    pub fn schema(&self) -> &Schema {
        match &self.custom {
            Some(custom) => &custom.schema,
            None => builtin(),
        }
    }

    pub fn sub(&self, name: &str) -> Option<&Sub> {
        self.subs.iter().find(|s| s.name == name)
    }

    pub fn has_status(&self) -> bool {
        self.sub("status").is_some()
    }

    pub fn can(&self, verb: &str) -> bool {
        self.verbs.iter().any(|v| v == verb)
    }

    fn builtin(from: &Builtin) -> Served {
        // The one kind with two versions; see `convert`.
        let storage_version = if from.group == "autoscaling" { "v2" } else { &from.version };
        let resource = meta::qualified(&from.plural, &from.group);
        Served {
            singular: from.kind.to_lowercase(),
            list_kind: format!("{}List", from.kind),
            ty: builtin()
                .kind(&meta::api_version(&from.group, &from.version), &from.kind)
                .map(|kind| kind.ty),
            resource,
            storage_version: storage_version.to_owned(),
            group: from.group.clone(),
            version: from.version.clone(),
            plural: from.plural.clone(),
            kind: from.kind.clone(),
            namespaced: from.namespaced,
            verbs: from.verbs.clone(),
            short_names: from.short_names.clone(),
            categories: from.categories.clone(),
            subs: from.subresources.clone(),
            custom: None,
        }
    }
}

/// All of them; cheap to clone. Rebuilt when a CRD changes.
#[derive(Clone, Debug)]
pub struct Registry {
    all: Arc<BTreeMap<(String, String, String), Arc<Served>>>,
}

impl Registry {
    pub fn new(store: &Store) -> Registry {
        static BUILTIN: OnceLock<Vec<Arc<Served>>> = OnceLock::new();
        let builtin = BUILTIN.get_or_init(|| {
            let stable = |b: &Builtin| !b.version.contains("alpha") && !b.version.contains("beta");
            let served = resources(Version::DEFAULT).into_iter().filter(stable);
            served.map(|b| Arc::new(Served::builtin(&b))).collect()
        });
        let mut all = BTreeMap::new();
        for served in builtin {
            all.insert((served.group.clone(), served.version.clone(), served.plural.clone()), served.clone());
        }
        for (_, crd) in store.list("customresourcedefinitions.apiextensions.k8s.io", "") {
            for served in of_crd(crd) {
                all.entry((served.group.clone(), served.version.clone(), served.plural.clone()))
                    .or_insert_with(|| Arc::new(served));
            }
        }
        Registry { all: Arc::new(all) }
    }

    pub fn get(&self, group: &str, version: &str, plural: &str) -> Option<Arc<Served>> {
        self.all.get(&(group.to_owned(), version.to_owned(), plural.to_owned())).cloned()
    }

    /// By `apiVersion` and kind.
    pub fn kind(&self, api_version: &str, kind: &str) -> Option<Arc<Served>> {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        self.all.values().find(|s| s.group == group && s.version == version && s.kind == kind).cloned()
    }

    /// The version objects of a stored resource are kept at.
    pub fn stored(&self, resource: &str) -> Option<Arc<Served>> {
        self.all.values().find(|s| s.resource == resource && s.version == s.storage_version).cloned()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Arc<Served>> {
        self.all.values()
    }

    /// Groups with their versions, most preferred first; the core group is left out.
    pub fn groups(&self) -> Vec<(String, Vec<String>)> {
        let mut out: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for served in self.all.values().filter(|s| !s.group.is_empty()) {
            let versions = out.entry(&served.group).or_default();
            if !versions.contains(&served.version.as_str()) {
                versions.push(&served.version);
            }
        }
        out.into_iter()
            .map(|(group, mut versions)| {
                versions.sort_by_key(|v| std::cmp::Reverse(version_rank(v)));
                (group.to_owned(), versions.into_iter().map(str::to_owned).collect())
            })
            .collect()
    }
}

/// Kubernetes' order: v2 before v1 before v2beta1 before v1alpha3; other names last.
fn version_rank(version: &str) -> (u8, u32, u32) {
    let Some(rest) = version.strip_prefix('v') else { return (0, 0, 0) };
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (major, tail) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let Ok(major) = major.parse() else { return (0, 0, 0) };
    let minor = |text: &str| text.parse().unwrap_or(0);
    if tail.is_empty() {
        (3, major, 0)
    } else if let Some(n) = tail.strip_prefix("beta") {
        (2, major, minor(n))
    } else if let Some(n) = tail.strip_prefix("alpha") {
        (1, major, minor(n))
    } else {
        (0, 0, 0)
    }
}

fn of_crd(crd: &Value) -> Vec<Served> {
    if !super::crd::is_established(crd) {
        return Vec::new();
    }
    let group = meta::text(crd, "/spec/group");
    let names = crd.pointer("/spec/names").cloned().unwrap_or_default();
    let text = |key: &str| names.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let list = |key: &str| meta::strings(&names, &format!("/{key}")).into_iter().map(str::to_owned).collect();
    let storage = meta::list(crd, "/spec/versions").iter().find(|v| meta::flag(v, "/storage"));
    let storage_version = storage.map_or("", |v| meta::text(v, "/name")).to_owned();
    let verbs = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];
    let mut out = Vec::new();
    for version in meta::list(crd, "/spec/versions").iter().filter(|v| meta::flag(v, "/served")) {
        let name = meta::text(version, "/name");
        let mut subs = Vec::new();
        for sub in ["status", "scale"] {
            if version.pointer(&format!("/subresources/{sub}")).is_some() {
                let (group, version, kind) = if sub == "scale" {
                    ("autoscaling", "v1", "Scale".to_owned())
                } else {
                    (group, name, text("kind"))
                };
                subs.push(Sub {
                    name: sub.to_owned(),
                    group: group.to_owned(),
                    version: version.to_owned(),
                    kind,
                    verbs: ["get", "patch", "update"].map(str::to_owned).to_vec(),
                });
            }
        }
        let custom = Custom::new(version);
        out.push(Served {
            group: group.to_owned(),
            version: name.to_owned(),
            plural: text("plural"),
            singular: text("singular"),
            kind: text("kind"),
            list_kind: text("listKind"),
            namespaced: meta::text(crd, "/spec/scope") == "Namespaced",
            verbs: verbs.map(str::to_owned).to_vec(),
            short_names: list("shortNames"),
            categories: list("categories"),
            subs,
            resource: meta::qualified(&text("plural"), group),
            storage_version: storage_version.clone(),
            ty: Some(custom.root),
            custom: Some(Arc::new(custom)),
        });
    }
    out
}
