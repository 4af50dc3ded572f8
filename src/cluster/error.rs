//! Why a cluster did not do what was asked, as plain data.
//!
//! In: a `kube::Error` and the call it answered. Out: [`ClusterError`], which becomes a [`Diag`]. The
//! server's own message is kept word for word: people search for it.

use crate::diag::{Code, Diag, codes};
use kube::core::Status;

/// The call that failed, for the message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Call<'a> {
    /// Kubernetes' verb: `get`, `list`, `create`, `patch`, `delete`, …
    pub verb: &'a str,
    /// Plural with group, `deployments.apps`; free text such as `the server's version` where no resource is meant.
    pub resource: &'a str,
    pub namespace: Option<&'a str>,
    pub name: Option<&'a str>,
}

impl std::fmt::Display for Call<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.verb, self.resource)?;
        if let Some(name) = self.name {
            write!(f, " `{name}`")?;
        }
        if let Some(namespace) = self.namespace {
            write!(f, " in namespace `{namespace}`")?;
        }
        Ok(())
    }
}

/// What went wrong, for deciding; the words are in [`ClusterError::message`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ErrorKind {
    /// Kubeconfig missing, unreadable or incomplete.
    Kubeconfig,
    UnknownContext,
    /// The kubeconfig asks not to verify the server's certificate.
    Insecure,
    /// No connection, or none that lasted: address, DNS, refused, reset, timed out.
    Unreachable,
    /// The server's certificate was not accepted.
    Certificate,
    /// The credentials could not be produced (exec plugin, token file).
    Credentials,
    /// 401.
    Unauthorized,
    /// 403.
    Forbidden,
    /// 403, but for the namespace, which is being deleted and takes nothing new.
    Terminating,
    /// 404 for an object.
    NotFound,
    /// 404 for a kind: the server does not serve it.
    UnknownKind,
    /// 409, an object of that name exists.
    AlreadyExists,
    /// 409, the object changed since it was read, or a field has another manager.
    Conflict,
    /// 422 or 400: the server refuses the object.
    Invalid,
    /// 410: a watch or list has to start over.
    Expired,
    /// 429 and 5xx that lasted longer than the retries.
    Unavailable,
    /// A sandbox's store is unreadable or in use by another process.
    Sandbox,
    Other,
}

impl ErrorKind {
    pub fn code(self) -> Code {
        match self {
            ErrorKind::Kubeconfig => codes::KUBECONFIG,
            ErrorKind::UnknownContext => codes::UNKNOWN_CONTEXT,
            ErrorKind::Insecure => codes::INSECURE_TLS,
            ErrorKind::Unreachable => codes::UNREACHABLE,
            ErrorKind::Certificate => codes::CERTIFICATE,
            ErrorKind::Credentials | ErrorKind::Unauthorized => codes::UNAUTHORIZED,
            ErrorKind::Forbidden => codes::FORBIDDEN,
            ErrorKind::UnknownKind => codes::UNKNOWN_KIND,
            ErrorKind::AlreadyExists | ErrorKind::Conflict => codes::CLUSTER_CONFLICT,
            ErrorKind::Invalid => codes::CLUSTER_INVALID,
            ErrorKind::Sandbox => codes::SANDBOX,
            ErrorKind::NotFound
            | ErrorKind::Terminating
            | ErrorKind::Expired
            | ErrorKind::Unavailable
            | ErrorKind::Other => codes::CLUSTER_API,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct ClusterError {
    pub kind: ErrorKind,
    /// Name of the `cluster` block.
    pub cluster: String,
    pub message: String,
    /// What to do next.
    pub help: Option<String>,
    /// Further lines: causes of a 422, the chain of a connection error.
    pub notes: Vec<String>,
    /// The server's answer, if it gave one.
    pub status: Option<Box<Status>>,
}

impl std::fmt::Display for ClusterError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ClusterError {}

impl From<ClusterError> for Diag {
    fn from(error: ClusterError) -> Diag {
        let mut diag = Diag::error(error.kind.code(), error.message);
        if let Some(help) = error.help {
            diag = diag.help(help);
        }
        for note in error.notes {
            diag = diag.note(note);
        }
        diag
    }
}

impl ClusterError {
    pub fn new(kind: ErrorKind, cluster: &str, message: impl Into<String>) -> Self {
        ClusterError {
            kind,
            cluster: cluster.to_owned(),
            message: message.into(),
            help: None,
            notes: Vec::new(),
            status: None,
        }
    }

    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Words what `error` says about `call`.
    pub fn from_kube(cluster: &str, address: &str, call: &Call<'_>, error: &kube::Error) -> Self {
        match error {
            kube::Error::Api(status) => Self::from_status(cluster, address, call, status),
            kube::Error::Auth(cause) => credentials(cluster, &chain(cause)),
            kube::Error::SerdeError(cause) => Self::new(
                ErrorKind::Other,
                cluster,
                format!("cannot {call}: the answer of {address} is not what the Kubernetes API returns"),
            )
            .note(cause.to_string()),
            other => transport(cluster, address, call, other),
        }
    }

    fn from_status(cluster: &str, address: &str, call: &Call<'_>, status: &Status) -> Self {
        let kind = kind_of(status);
        let said = if status.message.is_empty() { status.reason.as_str() } else { status.message.as_str() };
        let message = match kind {
            ErrorKind::Unauthorized => {
                format!("cluster `{cluster}` at {address} does not accept the credentials (401)")
            }
            ErrorKind::Forbidden => format!("not allowed to {call} on cluster `{cluster}` (403)"),
            ErrorKind::UnknownKind => format!("cluster `{cluster}` does not serve {}", call.resource),
            _ => format!("cannot {call} on cluster `{cluster}`: {said}"),
        };
        let mut made = Self::new(kind, cluster, message);
        made.help = help_for(kind, call);
        if matches!(kind, ErrorKind::Unauthorized | ErrorKind::Forbidden) && !said.is_empty() {
            made.notes.push(format!("the server says: {said}"));
        }
        if let Some(details) = &status.details {
            for cause in details.causes.iter().filter(|c| !said.contains(c.message.as_str())) {
                made.notes.push(match cause.field.as_str() {
                    "" => cause.message.clone(),
                    field => format!("{field}: {}", cause.message),
                });
            }
        }
        made.status = Some(Box::new(status.clone()));
        made
    }
}

fn kind_of(status: &Status) -> ErrorKind {
    match (status.code, status.reason.as_str()) {
        (401, _) => ErrorKind::Unauthorized,
        (403, _) if is_terminating(status) => ErrorKind::Terminating,
        (403, _) => ErrorKind::Forbidden,
        // An object's 404 carries its name; an unserved path has only this sentence.
        (404, _) if status.message.contains("could not find the requested resource") => {
            ErrorKind::UnknownKind
        }
        (404, _) if status.message.starts_with("404 page not found") => ErrorKind::UnknownKind,
        (404, _) => ErrorKind::NotFound,
        (409, "AlreadyExists") => ErrorKind::AlreadyExists,
        (409, _) => ErrorKind::Conflict,
        (410, _) => ErrorKind::Expired,
        (400 | 413 | 415 | 422, _) => ErrorKind::Invalid,
        // A 500 without a reason is about the object: server-side apply's way of saying that it does not fit.
        (500, "") => ErrorKind::Invalid,
        (429 | 500..=599, _) => ErrorKind::Unavailable,
        _ => ErrorKind::Other,
    }
}

/// Admission (`NamespaceLifecycle`) names the reason among the causes; it has no status of its own.
fn is_terminating(status: &Status) -> bool {
    let causes = status.details.as_ref().map(|d| d.causes.as_slice()).unwrap_or_default();
    causes.iter().any(|cause| cause.reason == "NamespaceTerminating")
}

fn help_for(kind: ErrorKind, call: &Call<'_>) -> Option<String> {
    match kind {
        ErrorKind::Unauthorized => {
            Some("log in again, or check the user of this kubeconfig context".to_owned())
        }
        ErrorKind::Forbidden => {
            let place = call.namespace.map_or(String::new(), |n| format!(" -n {n}"));
            let resource = call.resource;
            Some(format!(
                "grant verb `{}` on `{resource}` with a Role or ClusterRole; `kubectl auth can-i {} {resource}{place}` shows what is granted",
                call.verb, call.verb
            ))
        }
        ErrorKind::Terminating => {
            let namespace = call.namespace.unwrap_or("NAME");
            Some(format!(
                "wait until the namespace is gone and try again; `kubectl get namespace {namespace} -o yaml` says what keeps it"
            ))
        }
        ErrorKind::UnknownKind => Some(
            "install the CRD or the API service that serves it, or use an apiVersion this server has"
                .to_owned(),
        ),
        _ => None,
    }
}

fn credentials(cluster: &str, cause: &str) -> ClusterError {
    ClusterError::new(
        ErrorKind::Credentials,
        cluster,
        format!("cannot get credentials for cluster `{cluster}`: {cause}"),
    )
    .help("run the kubeconfig user's exec command by hand; it has to print an ExecCredential")
}

fn transport(cluster: &str, address: &str, call: &Call<'_>, error: &kube::Error) -> ClusterError {
    let causes = chain(error);
    if let Some(auth) = find::<kube::client::AuthError>(error) {
        return credentials(cluster, &chain(auth));
    }
    let lower = causes.to_lowercase();
    if lower.contains("certificate") {
        return ClusterError::new(
            ErrorKind::Certificate,
            cluster,
            format!("the certificate of cluster `{cluster}` at {address} is not trusted: {causes}"),
        )
        .help("put the right CA into the kubeconfig's `certificate-authority-data`; relc always verifies");
    }
    ClusterError::new(
        ErrorKind::Unreachable,
        cluster,
        format!("cannot reach cluster `{cluster}` at {address}: {}", root_cause(&causes)),
    )
    .help("check the address, VPN or proxy; `kubectl version` with the same context has to answer")
    .note(format!("while trying to {call}"))
}

fn find<'a, E: std::error::Error + 'static>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(e) = next {
        if let Some(found) = e.downcast_ref::<E>() {
            return Some(found);
        }
        next = e.source();
    }
    None
}

/// An error with its sources, outermost first, without repetitions (many print their source themselves).
pub(super) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(e) = next {
        let text = e.to_string();
        parts.retain(|p| !text.contains(p.as_str()));
        if !parts.iter().any(|p| p.contains(&text)) {
            parts.push(text);
        }
        next = e.source();
    }
    parts.join(": ")
}

/// Client libraries put their own layers in front ("ServiceError: client error (Connect): tcp connect
/// error: …"); a person needs what follows.
fn root_cause(causes: &str) -> &str {
    let mut text = causes;
    for layer in [
        "ServiceError: ",
        "HyperError: ",
        "client error (Connect): ",
        "client error (SendRequest): ",
        "tcp connect error: ",
    ] {
        text = text.strip_prefix(layer).unwrap_or(text);
    }
    text
}
