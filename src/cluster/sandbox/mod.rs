//! An embedded Kubernetes API: a tower service that `kube::Client` talks to instead of a server.
//!
//! In: HTTP requests as the Kubernetes API defines them. Out: its answers, and objects that live in a
//! directory. Must not know: who asks. No network, no other processes, no randomness; the clock is read once
//! per request.
//!
//! A request goes through [`routes`] (what is meant), [`registry`] (what is served), [`decode`] and
//! [`defaults`] (what the object says), [`apply`] (who owns which field), [`validate`] (what is refused),
//! [`store`] (what is kept), and [`controllers`] (what follows from it).
//!
//! It behaves like Kubernetes 1.34 for the kinds people deploy. What it does not do: authorisation (everything
//! is allowed), admission webhooks and policies, quotas, CEL rules, running containers. A pod fails if its
//! annotation `sandbox.relc.dev/fail` is `ImagePullBackOff`, `CrashLoopBackOff` or `never-ready`.

mod apply;
mod clock;
mod controllers;
mod convert;
mod crd;
mod decode;
mod defaults;
mod delete;
mod discovery;
mod kinds;
mod merge;
mod meta;
mod openapi;
mod read;
mod registry;
mod request;
mod routes;
mod scale;
mod select;
mod special;
mod state;
mod status;
mod store;
#[cfg(test)]
mod tests;
mod validate;
mod watch;
mod write;
mod yaml;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::StreamExt as _;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use kube::client::Body;
use serde_json::{Value, json};
use tower::Service;

use self::request::{Call, Reply};
use self::state::State;
use self::status::Refusal;
use self::store::Store;
use super::error::{ClusterError, ErrorKind};
use crate::kubernetes::{self, Schema};

pub use self::controllers::FAIL;

/// The Kubernetes version the sandbox behaves like.
pub const VERSION: &str = "v1.34.4";

/// Its types.
fn builtin() -> &'static Schema {
    Schema::of(kubernetes::Version::DEFAULT)
}

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
    state: Arc<Mutex<State>>,
}

/// Sandboxes this process has open: opening one twice gives the same one.
static OPEN: Mutex<BTreeMap<PathBuf, Weak<Mutex<State>>>> = Mutex::new(BTreeMap::new());

impl Sandbox {
    /// Opens the cluster in `dir`, creating it if there is none.
    pub fn open(dir: &Path) -> Result<Sandbox, OpenError> {
        let io = |e: std::io::Error| OpenError::Io(e.to_string());
        std::fs::create_dir_all(dir).map_err(io)?;
        let canonical = dir.canonicalize().map_err(io)?;
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(state) = open.get(&canonical).and_then(Weak::upgrade) {
            return Ok(Sandbox { state });
        }
        let mut state = State::new(Store::open(&canonical)?);
        state.bootstrap(&clock::seconds(jiff::Timestamp::now())).map_err(io)?;
        let state = Arc::new(Mutex::new(state));
        open.retain(|_, weak| weak.strong_count() > 0);
        open.insert(canonical, Arc::downgrade(&state));
        Ok(Sandbox { state })
    }

    fn answer(&self, call: &Call, path: &str) -> Result<Reply, Refusal> {
        let route = routes::parse(path);
        self.state.lock().unwrap_or_else(PoisonError::into_inner).handle(&route, call)
    }
}

/// A whole answer, or the events of a watch as they come.
pub type SandboxBody = UnsyncBoxBody<Bytes, Infallible>;

impl Service<Request<Body>> for Sandbox {
    type Response = Response<SandboxBody>;
    type Error = kube::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, kube::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), kube::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let sandbox = self.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let bytes = body.collect_bytes().await?;
            let now = clock::seconds(jiff::Timestamp::now());
            let query = parts.uri.query().unwrap_or_default();
            let call = Call::new(parts.method, query, &parts.headers, bytes, now);
            let answer = sandbox.answer(&call, parts.uri.path());
            Ok(match answer {
                Ok(Reply::Json { code, body, warnings }) => json_response(code, &body, &warnings),
                Ok(Reply::Text(text)) => {
                    respond(StatusCode::OK, "text/plain", Full::from(text).boxed_unsync())
                }
                Ok(Reply::Watch(watch)) => {
                    let frames = watch::stream(sandbox.state, watch).map(|b| Ok(http_body::Frame::data(b)));
                    respond(StatusCode::OK, "application/json", StreamBody::new(frames).boxed_unsync())
                }
                Err(refusal) => refused(&refusal),
            })
        })
    }
}

fn respond(code: StatusCode, content_type: &'static str, body: SandboxBody) -> Response<SandboxBody> {
    let mut response = Response::new(body);
    *response.status_mut() = code;
    response.headers_mut().insert(http::header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn json_response(code: StatusCode, body: &Value, warnings: &[String]) -> Response<SandboxBody> {
    let aggregated = body.get("kind").and_then(Value::as_str) == Some("APIGroupDiscoveryList");
    let content_type = if aggregated { discovery::AGGREGATED_TYPE } else { "application/json" };
    let mut response = respond(code, content_type, Full::from(body.to_string()).boxed_unsync());
    for warning in warnings {
        let quoted = warning.replace('\\', "\\\\").replace('"', "\\\"");
        if let Ok(value) = HeaderValue::from_str(&format!("299 - \"{quoted}\"")) {
            response.headers_mut().append(http::header::WARNING, value);
        }
    }
    response
}

fn refused(refusal: &Refusal) -> Response<SandboxBody> {
    if refusal.message == status::NO_PAGE {
        return respond(refusal.code, "text/plain", Full::from(status::NO_PAGE).boxed_unsync());
    }
    json_response(refusal.code, &refusal.body(), &[])
}

/// The answer of `/version`.
fn version() -> Value {
    json!({
        "major": "1", "minor": "34", "gitVersion": VERSION, "gitCommit": "sandbox", "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z", "goVersion": "none", "compiler": "rustc", "platform": "sandbox",
    })
}

/// How many in this process have the sandbox of a directory open.
#[cfg(test)]
fn users(dir: &Path) -> usize {
    let Ok(canonical) = dir.canonicalize() else { return 0 };
    let open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    open.get(&canonical).map_or(0, Weak::strong_count)
}
