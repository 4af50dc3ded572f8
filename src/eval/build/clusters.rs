//! Clusters and repositories; which cluster something is in; what may be there only once.

use crate::diag::Diags;
use crate::eval::desired::{Address, Cluster, ClusterTarget, Desired};
use crate::eval::errors;
use crate::eval::handles::{address_of, map, string};
use crate::eval::run::{Failed, Run};
use crate::eval::scope::Env;
use crate::eval::value::{Value, ValueKind};
use crate::source::Span;
use crate::types::domain::Version;
use crate::types::ir::{self, E};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// The sandbox that a stack without clusters gets.
pub fn implicit() -> Cluster {
    Cluster {
        address: implicit_address(),
        name: "default".into(),
        target: ClusterTarget::Sandbox,
        kubernetes: None,
        span: None,
    }
}

pub fn implicit_address() -> Address {
    Address::new("cluster.default")
}

/// Clusters that a module declares itself; a module without any uses its parent's.
pub fn own(module: &ir::Module, prefix: &str) -> Option<Vec<Address>> {
    let list: Vec<Address> =
        module.clusters.keys().map(|name| Address::new(format!("{prefix}cluster.{name}"))).collect();
    (!list.is_empty()).then_some(list)
}

impl Run<'_> {
    pub(super) fn cluster(
        &mut self,
        env: &Env,
        name: &Arc<str>,
        block: &ir::Cluster,
    ) -> Result<Cluster, Failed> {
        let what = |attr: &str| format!("`{attr}` of cluster `{name}`");
        let context = self.plain(block.context.as_ref(), env, &what("context"))?;
        let path = self.plain(block.kubeconfig.as_ref(), env, &what("kubeconfig"))?;
        let in_cluster = self.flag(block.in_cluster.as_ref(), env, &what("in_cluster"))?.unwrap_or(false);
        let sandbox = self.flag(block.sandbox.as_ref(), env, &what("sandbox"))?;
        let kubernetes = self.plain(block.kubernetes.as_ref(), env, &what("kubernetes"))?;
        if let (Some(text), Some(expr)) = (&kubernetes, &block.kubernetes) {
            let fits = Version::parse(text).is_ok_and(|v| v.given >= 2 && v.parts.first() == Some(&1));
            if !fits {
                self.diags.push(errors::bad_kubernetes(text, expr.span));
                return Err(Failed);
            }
        }
        let target = if in_cluster {
            ClusterTarget::InCluster
        } else if (context.is_none() && path.is_none() && sandbox != Some(false)) || sandbox == Some(true) {
            // `types` refuses a cluster that says nothing; what is left computes to nothing.
            ClusterTarget::Sandbox
        } else {
            ClusterTarget::Kubeconfig {
                // A path into the home directory is not the module's.
                path: path.map(|p| {
                    if p.starts_with('~') {
                        PathBuf::from(&*p)
                    } else {
                        super::manifests::join(&env.instance.module.dir, &p)
                    }
                }),
                context: context.map(|c| c.to_string()),
            }
        };
        Ok(Cluster {
            address: env.instance.address("cluster", name, None),
            name: name.to_string(),
            target,
            kubernetes: kubernetes.map(|k| k.trim_start_matches('v').to_owned()),
            span: Some(block.span),
        })
    }

    pub(super) fn cluster_head(
        &mut self,
        env: &Env,
        name: &Arc<str>,
        address: Address,
    ) -> Result<Value, Failed> {
        let module = env.instance.module.clone();
        let block = module.clusters.get(name).ok_or(Failed)?;
        let span = block.span;
        let kubernetes = match &block.kubernetes {
            Some(expr) => self.eval(expr, env)?,
            None => Value::new(ValueKind::Null, span),
        };
        Ok(map(
            [
                ("address", string(address.as_str(), span)),
                ("name", string(name.clone(), span)),
                ("kubernetes", kubernetes),
            ],
            span,
        ))
    }

    pub(super) fn repository_head(
        &mut self,
        env: &Env,
        name: &Arc<str>,
        address: Address,
    ) -> Result<Value, Failed> {
        let module = env.instance.module.clone();
        let block = module.repositories.get(name).ok_or(Failed)?;
        let url = self.eval(&block.url, env)?;
        Ok(map([("address", string(address.as_str(), block.span)), ("url", url)], block.span))
    }

    /// The cluster that something is in: the one it names, else the only one there is.
    pub(super) fn cluster_of(
        &mut self,
        expr: Option<&E>,
        env: &Env,
        what: &str,
        span: Span,
    ) -> Result<Address, Failed> {
        if let Some(expr) = expr {
            let value = self.eval(expr, env)?;
            if let Some(address) = address_of(&value) {
                return Ok(address);
            }
            if !matches!(value.kind, ValueKind::Null) {
                return Err(Failed);
            }
        }
        match env.instance.clusters.as_slice() {
            [only] => Ok(only.clone()),
            several => {
                self.diags.push(errors::which_cluster(what, several, span));
                Err(Failed)
            }
        }
    }
}

/// Something in a namespace that a block of the stack manages comes after that block, also where it names the
/// namespace by a string.
pub fn implied_namespaces(out: &mut Desired) {
    let blocks: BTreeMap<(Address, String), Address> =
        out.namespaces.iter().map(|n| ((n.cluster.clone(), n.name.clone()), n.address.clone())).collect();
    // A namespace whose own objects refer to the release comes after it, whatever the release says.
    let waits: BTreeMap<Address, Vec<Address>> =
        out.namespaces.iter().map(|n| (n.address.clone(), n.depends_on.clone())).collect();
    let imply = |own: &Address, cluster: &Address, namespace: &str, depends_on: &mut Vec<Address>| {
        let Some(block) = blocks.get(&(cluster.clone(), namespace.to_owned())) else { return };
        let circular = waits.get(block).is_some_and(|waits| waits.contains(own));
        if !circular && !depends_on.contains(block) {
            depends_on.push(block.clone());
            depends_on.sort();
        }
    };
    for release in &mut out.releases {
        imply(&release.address, &release.cluster, &release.namespace, &mut release.depends_on);
    }
    for manifest in &mut out.manifests {
        if let Some(namespace) = &manifest.namespace {
            imply(&manifest.address, &manifest.cluster, namespace, &mut manifest.depends_on);
        }
    }
}

/// Reports namespaces and releases that two blocks would manage.
pub fn duplicates(out: &Desired, diags: &mut Diags) {
    let mut namespaces: BTreeMap<(&Address, &str), (&Address, Span)> = BTreeMap::new();
    for namespace in &out.namespaces {
        let key = (&namespace.cluster, namespace.name.as_str());
        if let Some((other, first)) = namespaces.get(&key) {
            let what = format!("namespace `{}` of `{}`", namespace.name, namespace.cluster);
            diags.push(errors::same_object(&what, namespace.span, *first, other, &namespace.address));
        } else {
            namespaces.insert(key, (&namespace.address, namespace.span));
        }
    }
    let mut releases: BTreeMap<(&Address, &str, &str), (&Address, Span)> = BTreeMap::new();
    for release in &out.releases {
        let key = (&release.cluster, release.namespace.as_str(), release.name.as_str());
        if let Some((other, first)) = releases.get(&key) {
            let what = format!(
                "release `{}` in namespace `{}` of `{}`",
                release.name, release.namespace, release.cluster
            );
            diags.push(errors::same_object(&what, release.span, *first, other, &release.address));
        } else {
            releases.insert(key, (&release.address, release.span));
        }
    }
}
