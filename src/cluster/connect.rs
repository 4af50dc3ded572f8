//! From a [`Target`] to a [`Cluster`].
//!
//! Every failure names the file, context or address it is about and what to do next. Reading a kubeconfig
//! is kube's business; the choice of file and context is ours, so that the message can be.

use std::path::{Path, PathBuf};
use std::time::Duration;

use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};

use super::error::{Call, ClusterError, ErrorKind, chain};
use super::{Cluster, Retry, ServerVersion, Target, sandbox};
use crate::diag::nearest;
use crate::source::World;

/// A connection that takes longer is a wrong address or a firewall.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Reaches the cluster and asks for its version. `name` is the `cluster` block's, for messages; `world`
/// says where the kubeconfig is (`KUBECONFIG`, `HOME`).
pub async fn connect(name: &str, target: &Target, world: &dyn World) -> Result<Cluster, ClusterError> {
    match target {
        Target::Sandbox { dir } => {
            let service = sandbox::Sandbox::open(dir).map_err(|e| e.for_cluster(name, dir))?;
            let client = kube::client::ClientBuilder::new(service, "default").build();
            Cluster::new(name, &dir.display().to_string(), client).await
        }
        Target::InCluster => {
            let config = kube::Config::incluster().map_err(|e| {
                ClusterError::new(
                    ErrorKind::Kubeconfig,
                    name,
                    format!(
                        "cluster `{name}` is `in_cluster`, but this is no pod of a cluster: {}",
                        chain(&e)
                    ),
                )
                .help("name a kubeconfig `context` instead, or run inside a pod with a service account")
            })?;
            dial(name, config).await
        }
        Target::Kubeconfig { path, context } => {
            let config = load(name, path.as_deref(), context.as_deref(), world).await?;
            dial(name, config).await
        }
    }
}

async fn dial(name: &str, mut config: kube::Config) -> Result<Cluster, ClusterError> {
    if config.accept_invalid_certs {
        return Err(ClusterError::new(
            ErrorKind::Insecure,
            name,
            format!("the kubeconfig of cluster `{name}` sets `insecure-skip-tls-verify`, which relc does not follow"),
        )
        .help("remove it and put the cluster's CA into `certificate-authority-data`"));
    }
    config.connect_timeout = Some(CONNECT_TIMEOUT);
    // `Retry` decides; kube's own retries would multiply with it.
    config.default_retry = false;
    let address = config.cluster_url.to_string().trim_end_matches('/').to_owned();
    let namespace = config.default_namespace.clone();
    let call = Call { verb: "get", resource: "the server's version", ..Call::default() };
    let inner = kube::Client::try_from(config).map_err(|e| match &e {
        kube::Error::Auth(_) => ClusterError::from_kube(name, &address, &call, &e),
        other => ClusterError::new(
            ErrorKind::Kubeconfig,
            name,
            format!("the kubeconfig of cluster `{name}` cannot be used: {}", chain(other)),
        ),
    })?;
    // Without retries: a wrong address is told at once, and a busy server is asked again below.
    let version = match server_version(name, &address, &inner).await {
        Err(busy) if busy.kind == ErrorKind::Unavailable => {
            let patient =
                kube::client::ClientBuilder::new(Retry::new(inner.clone()), namespace.clone()).build();
            server_version(name, &address, &patient).await?
        }
        other => other?,
    };
    let client = kube::client::ClientBuilder::new(Retry::new(inner), namespace).build();
    Ok(Cluster::with_version(name, &address, client, version))
}

/// `GET /version`; the first request of every run, hence the one that finds a cluster unreachable.
pub(super) async fn server_version(
    name: &str,
    address: &str,
    client: &kube::Client,
) -> Result<ServerVersion, ClusterError> {
    let call = Call { verb: "get", resource: "the server's version", ..Call::default() };
    let info =
        client.apiserver_version().await.map_err(|e| ClusterError::from_kube(name, address, &call, &e))?;
    // Managed clusters write `34+`.
    let number = |text: &str| text.trim_end_matches(|c: char| !c.is_ascii_digit()).parse().ok();
    match (number(&info.major), number(&info.minor)) {
        (Some(major), Some(minor)) => Ok(ServerVersion { major, minor, git_version: info.git_version }),
        _ => Err(ClusterError::new(
            ErrorKind::Other,
            name,
            format!(
                "{address} answers, but not as a Kubernetes API server: its version is `{}.{}`",
                info.major, info.minor
            ),
        )),
    }
}

async fn load(
    name: &str,
    path: Option<&Path>,
    context: Option<&str>,
    world: &dyn World,
) -> Result<kube::Config, ClusterError> {
    let (kubeconfig, file) = read(name, path, world)?;
    let known: Vec<&str> = kubeconfig.contexts.iter().map(|c| c.name.as_str()).collect();
    let wanted = match context.or(kubeconfig.current_context.as_deref().filter(|c| !c.is_empty())) {
        Some(wanted) => wanted.to_owned(),
        None => return Err(no_current_context(name, &file, &known)),
    };
    if !known.contains(&wanted.as_str()) {
        return Err(unknown_context(name, &wanted, &file, &known));
    }
    let options = KubeConfigOptions { context: Some(wanted.clone()), ..KubeConfigOptions::default() };
    kube::Config::from_custom_kubeconfig(kubeconfig, &options).await.map_err(|e| {
        let what = match &e {
            KubeconfigError::LoadClusterOfContext(cluster) => {
                format!("its cluster `{cluster}` is not defined")
            }
            KubeconfigError::MissingClusterUrl => "its cluster has no `server`".to_owned(),
            other => chain(other),
        };
        ClusterError::new(
            ErrorKind::Kubeconfig,
            name,
            format!("context `{wanted}` of {file} cannot be used: {what}"),
        )
        .help("`kubectl config view` shows what the context refers to")
    })
}

/// The kubeconfig and how to call it in messages.
fn read(name: &str, path: Option<&Path>, world: &dyn World) -> Result<(Kubeconfig, String), ClusterError> {
    let list: Vec<PathBuf> = match path {
        Some(path) => vec![path.to_owned()],
        None => match world.env("KUBECONFIG").filter(|v| !v.is_empty()) {
            Some(value) => std::env::split_paths(&value).filter(|p| !p.as_os_str().is_empty()).collect(),
            None => vec![home(name, world)?.join(".kube").join("config")],
        },
    };
    let mut merged = Kubeconfig::default();
    for file in &list {
        // As kubectl: of several files in KUBECONFIG, missing ones do not matter; a single one does.
        if list.len() > 1 && !file.exists() {
            continue;
        }
        let one = Kubeconfig::read_from(file).map_err(|e| unreadable(name, file, &e))?;
        merged = merged.merge(one).map_err(|e| unreadable(name, file, &e))?;
    }
    let shown = list.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", ");
    Ok((merged, shown))
}

fn home(name: &str, world: &dyn World) -> Result<PathBuf, ClusterError> {
    world.env("HOME").or_else(|| world.env("USERPROFILE")).map(PathBuf::from).ok_or_else(|| {
        ClusterError::new(
            ErrorKind::Kubeconfig,
            name,
            format!("no kubeconfig for cluster `{name}`: neither KUBECONFIG nor HOME is set"),
        )
        .help("set KUBECONFIG, or give the cluster a `kubeconfig` path or `in_cluster = true`")
    })
}

fn unreadable(name: &str, file: &Path, error: &KubeconfigError) -> ClusterError {
    let shown = file.display();
    let (what, help) = match error {
        KubeconfigError::ReadConfig(io, _) if io.kind() == std::io::ErrorKind::NotFound => (
            format!("no kubeconfig for cluster `{name}`: {shown} does not exist"),
            "set KUBECONFIG, give the cluster a `kubeconfig` path, or try `sandbox = true`",
        ),
        KubeconfigError::ReadConfig(io, _) => {
            (format!("cannot read kubeconfig {shown}: {io}"), "check the file's permissions")
        }
        other => (
            format!("kubeconfig {shown} is not valid: {}", chain(other)),
            "`kubectl config view` has to accept it",
        ),
    };
    ClusterError::new(ErrorKind::Kubeconfig, name, what).help(help)
}

fn listed(known: &[&str]) -> String {
    match known {
        [] => "it has no contexts".to_owned(),
        some => format!("it has {}", some.iter().map(|c| format!("`{c}`")).collect::<Vec<_>>().join(", ")),
    }
}

fn no_current_context(name: &str, file: &str, known: &[&str]) -> ClusterError {
    ClusterError::new(
        ErrorKind::UnknownContext,
        name,
        format!("cluster `{name}` names no context, and {file} has no current one; {}", listed(known)),
    )
    .help("set `context` on the cluster block")
}

fn unknown_context(name: &str, wanted: &str, file: &str, known: &[&str]) -> ClusterError {
    let made = ClusterError::new(
        ErrorKind::UnknownContext,
        name,
        format!("context `{wanted}` of cluster `{name}` is not in {file}; {}", listed(known)),
    );
    match nearest(wanted, known.iter().copied()) {
        Some(close) => made.help(format!("did you mean `{close}`?")),
        None => {
            made.help("`kubectl config get-contexts` lists them; set KUBECONFIG if they are in another file")
        }
    }
}
