//! An embedded Kubernetes API: a tower service that `kube::Client` talks to instead of a server.
//!
//! In: HTTP requests as the Kubernetes API defines them. Out: its answers, and objects that live in a
//! directory. Must not know: who asks. No network, no processes.

mod status;

use std::convert::Infallible;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use kube::client::Body;
use serde_json::json;
use tower::Service;

use super::error::{ClusterError, ErrorKind};

/// The Kubernetes version the sandbox behaves like.
pub const VERSION: &str = "v1.34.4";

/// Why a sandbox could not be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenError {
    /// Another process has it open; the process id if it left one.
    Locked(Option<u32>),
    Io(String),
    /// The store is not what a sandbox writes: file and line.
    Corrupt(String),
}

impl OpenError {
    pub(super) fn for_cluster(&self, name: &str, dir: &Path) -> ClusterError {
        let dir = dir.display();
        let (message, help) = match self {
            OpenError::Locked(pid) => (
                format!(
                    "sandbox `{name}` in {dir} is in use by {}",
                    pid.map_or("another process".to_owned(), |p| format!("process {p}"))
                ),
                "wait for it to end, or give this cluster another sandbox".to_owned(),
            ),
            OpenError::Io(why) => (
                format!("cannot open sandbox `{name}` in {dir}: {why}"),
                "check the directory's permissions and free space".to_owned(),
            ),
            OpenError::Corrupt(what) => (
                format!("the store of sandbox `{name}` in {dir} is damaged: {what}"),
                format!("delete {dir} to start over with an empty cluster"),
            ),
        };
        ClusterError::new(ErrorKind::Sandbox, name, message).help(help)
    }
}

/// One embedded cluster. Clones share it.
#[derive(Clone, Debug)]
pub struct Sandbox {
    _dir: PathBuf,
}

impl Sandbox {
    /// Opens the cluster in `dir`, creating it if there is none.
    pub fn open(dir: &Path) -> Result<Sandbox, OpenError> {
        std::fs::create_dir_all(dir).map_err(|e| OpenError::Io(e.to_string()))?;
        Ok(Sandbox { _dir: dir.to_owned() })
    }
}

impl Service<Request<Body>> for Sandbox {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let answer = match request.uri().path() {
            "/version" => Response::new(Full::from(
                json!({"major": "1", "minor": "34", "gitVersion": VERSION, "gitCommit": "", "gitTreeState": "", "buildDate": "",
                       "goVersion": "", "compiler": "", "platform": ""})
                .to_string(),
            )),
            _ => status::not_served(),
        };
        Box::pin(async move { Ok(answer) })
    }
}
