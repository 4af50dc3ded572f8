//! Kubernetes' `Status` answers.

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::Full;
use serde_json::json;

/// A path nothing is served at.
pub fn not_served() -> Response<Full<Bytes>> {
    let body = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": "the server could not find the requested resource", "reason": "NotFound", "details": {}, "code": 404});
    let mut response = Response::new(Full::from(body.to_string()));
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}
