//! Retries for a `kube::Client`, as a tower service around it.
//!
//! Only what cannot happen twice is repeated. A request the server certainly did not act on (429, 503 with
//! Retry-After, connection refused) is repeated whatever it is. One that may have been acted on (timeout,
//! reset, 500, 502, 504) is repeated only if a second time is harmless: reads, deletes, and patches, which
//! name their object; never a POST, whose second try could find its own first. A 409 is repeated for a
//! patch that lost a race and carries no resourceVersion of its own; every other conflict is the caller's.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use kube::client::Body;
use tower::Service;

/// First wait; doubled each time up to `MAX_DELAY`.
const FIRST_DELAY: Duration = Duration::from_millis(100);
const MAX_DELAY: Duration = Duration::from_secs(5);
/// 0.1 + 0.2 + … + 3.2 + 5 + 5 s: about 16 s before giving up.
const MAX_TRIES: u32 = 9;
/// A server asking for more than this is treated as down.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(30);
/// Until the head of an answer arrives; the API server's own limit for a request is 60 s.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(65);

/// See the module's text.
#[derive(Clone)]
pub struct Retry {
    inner: kube::Client,
}

impl Retry {
    pub fn new(inner: kube::Client) -> Self {
        Retry { inner }
    }
}

type Answer = Result<Response<Body>, kube::Error>;

impl Service<Request<Body>> for Retry {
    type Response = Response<Body>;
    type Error = tower::BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, tower::BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let client = self.inner.clone();
        Box::pin(async move { run(client, request).await.map_err(Into::into) })
    }
}

async fn run(client: kube::Client, request: Request<Body>) -> Answer {
    let mut delay = FIRST_DELAY;
    let mut current = request;
    for _ in 1..MAX_TRIES {
        let Some(again) = copy(&current) else { break };
        let mut traits = Traits::of(&current);
        let answer = send(&client, current).await;
        let (answer, wait) = judge(answer, &mut traits, delay).await;
        match wait {
            None => return answer,
            Some(wait) => tokio::time::sleep(wait).await,
        }
        delay = (delay * 2).min(MAX_DELAY);
        current = again;
    }
    send(&client, current).await
}

async fn send(client: &kube::Client, request: Request<Body>) -> Answer {
    match tokio::time::timeout(ANSWER_TIMEOUT, client.send(request)).await {
        Ok(answer) => answer,
        Err(_) => {
            Err(kube::Error::Service(format!("no answer within {} seconds", ANSWER_TIMEOUT.as_secs()).into()))
        }
    }
}

fn copy(request: &Request<Body>) -> Option<Request<Body>> {
    let body = request.body().try_clone()?;
    let mut copy = Request::new(body);
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = request.headers().clone();
    *copy.extensions_mut() = request.extensions().clone();
    Some(copy)
}

/// What decides whether a request may be repeated.
struct Traits {
    /// A second time does no harm.
    harmless: bool,
    /// 429 of an eviction means a disruption budget, not load.
    eviction: bool,
    patch: bool,
    /// The body, for a patch: whether it names the version it applies to is looked at only after a 409.
    body: Option<Body>,
}

impl Traits {
    fn of(request: &Request<Body>) -> Traits {
        let dry = request.uri().query().is_some_and(|q| q.split('&').any(|p| p.starts_with("dryRun=")));
        let method = request.method();
        let patch = *method == Method::PATCH;
        // A JSON patch may append; every other kind of patch says the same thing twice.
        let appends = patch
            && request
                .headers()
                .get(http::header::CONTENT_TYPE)
                .is_some_and(|t| t == "application/json-patch+json");
        Traits {
            harmless: dry
                || (patch && !appends)
                || matches!(*method, Method::GET | Method::HEAD | Method::DELETE),
            eviction: request.uri().path().ends_with("/eviction"),
            patch,
            body: request.body().try_clone().filter(|_| patch && !appends),
        }
    }
}

/// How long to wait before another try; `None` gives the answer to the caller.
async fn judge(answer: Answer, traits: &mut Traits, delay: Duration) -> (Answer, Option<Duration>) {
    match answer {
        Ok(response) => {
            let asked = retry_after(&response);
            let wait = asked.unwrap_or(delay).max(delay);
            match response.status() {
                StatusCode::TOO_MANY_REQUESTS
                    if asked.is_none_or(|a| a <= MAX_RETRY_AFTER) && !traits.eviction =>
                {
                    (Ok(response), Some(wait))
                }
                StatusCode::SERVICE_UNAVAILABLE if traits.harmless || asked.is_some() => {
                    (Ok(response), Some(wait))
                }
                StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT if traits.harmless => {
                    (Ok(response), Some(wait))
                }
                StatusCode::INTERNAL_SERVER_ERROR if traits.harmless => broken(response, wait).await,
                StatusCode::CONFLICT if traits.patch => lost_race(response, traits.body.take(), delay).await,
                _ => (Ok(response), None),
            }
        }
        Err(error) => {
            let never_sent = super::error::chain(&error).contains("client error (Connect)");
            // A wrong certificate or a refused login does not get better by waiting.
            let transient =
                matches!(error, kube::Error::HyperError(_) | kube::Error::Service(_)) && !permanent(&error);
            let wait = (transient && (traits.harmless || never_sent)).then_some(delay);
            (Err(error), wait)
        }
    }
}

fn retry_after(response: &Response<Body>) -> Option<Duration> {
    let text = response.headers().get(http::header::RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}

fn permanent(error: &kube::Error) -> bool {
    let text = super::error::chain(error).to_lowercase();
    ["certificate", "dns error", "failed to lookup", "invalid url", "auth exec", "unsupported"]
        .iter()
        .any(|p| text.contains(p))
}

/// The answer with its body read, so that it can be looked at and still given on.
async fn read(response: Response<Body>) -> Result<(Response<Body>, String), kube::Error> {
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await?.to_bytes();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Ok((Response::from_parts(parts, Body::from(bytes)), text))
}

/// A 500 is the server's trouble (its store, a webhook that does not answer) if it says so, or says nothing. One
/// without a reason is about the request: an applied object that does not fit its schema.
async fn broken(response: Response<Body>, wait: Duration) -> (Answer, Option<Duration>) {
    match read(response).await {
        Ok((response, text)) => {
            let status = serde_json::from_str::<serde_json::Value>(&text).ok();
            let status = status.filter(|s| s.get("kind").and_then(|k| k.as_str()) == Some("Status"));
            let passing = status.is_none_or(|s| s.get("reason").is_some_and(|r| r.as_str() != Some("")));
            (Ok(response), passing.then_some(wait))
        }
        Err(error) => (Err(error), None),
    }
}

async fn lost_race(
    response: Response<Body>,
    sent: Option<Body>,
    delay: Duration,
) -> (Answer, Option<Duration>) {
    match read(response).await {
        Ok((response, text)) => {
            let raced = text.contains("the object has been modified") && !carries_version(sent).await;
            (Ok(response), raced.then_some(delay))
        }
        Err(error) => (Err(error), None),
    }
}

async fn carries_version(sent: Option<Body>) -> bool {
    let Some(body) = sent else { return true };
    match body.collect_bytes().await {
        Ok(bytes) => String::from_utf8_lossy(&bytes).contains("\"resourceVersion\""),
        Err(_) => true,
    }
}
