//! A request as the handlers see it, and what they answer.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use serde_json::Value;

use super::status::{Answer, FieldError, Refusal};

#[derive(Clone, Debug)]
pub struct Call {
    pub method: Method,
    pub query: BTreeMap<String, String>,
    pub content_type: String,
    pub accept: String,
    pub user_agent: String,
    pub body: Bytes,
    /// Of this request, so that all it writes carries one time.
    pub now: String,
}

/// What to do about fields a kind does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldValidation {
    Ignore,
    Warn,
    Strict,
}

#[derive(Debug)]
pub enum Reply {
    Json { code: StatusCode, body: Value, warnings: Vec<String> },
    Text(String),
    Watch(super::watch::Watch),
}

impl Reply {
    pub fn ok(body: Value) -> Reply {
        Reply::Json { code: StatusCode::OK, body, warnings: Vec::new() }
    }
}

impl Call {
    pub fn new(method: Method, query: &str, headers: &HeaderMap, body: Bytes, now: String) -> Call {
        let header = |name: http::header::HeaderName| {
            headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned()
        };
        let content_type = header(http::header::CONTENT_TYPE);
        Call {
            method,
            query: super::routes::query(query),
            content_type: content_type.split(';').next().unwrap_or_default().trim().to_owned(),
            accept: header(http::header::ACCEPT),
            user_agent: header(http::header::USER_AGENT),
            body,
            now,
        }
    }

    /// For what the cluster does by itself.
    pub fn internal(now: &str) -> Call {
        Call {
            method: Method::POST,
            query: BTreeMap::new(),
            content_type: String::new(),
            accept: String::new(),
            user_agent: String::new(),
            body: Bytes::new(),
            now: now.to_owned(),
        }
    }

    pub fn param(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }

    pub fn flag(&self, name: &str) -> bool {
        matches!(self.param(name), "true" | "1" | "True" | "TRUE" | "t")
    }

    /// `options` is the kind an error about the parameters is about: `CreateOptions`, `PatchOptions`, …
    pub fn dry_run(&self, options: &str) -> Answer<bool> {
        match self.param("dryRun") {
            "" => Ok(false),
            "All" => Ok(true),
            other => Err(Refusal::invalid(
                options,
                "meta.k8s.io",
                "",
                &[FieldError::unsupported("dryRun", &Value::from(other), &["All"])],
            )),
        }
    }

    pub fn field_validation(&self) -> FieldValidation {
        match self.param("fieldValidation") {
            "Strict" => FieldValidation::Strict,
            "Ignore" => FieldValidation::Ignore,
            _ => FieldValidation::Warn,
        }
    }

    /// The field manager: named, or the program's name from the user agent.
    pub fn manager(&self) -> Answer<String> {
        let named = self.param("fieldManager");
        if named.len() > 128 {
            return Err(Refusal::invalid(
                "PatchOptions",
                "meta.k8s.io",
                "",
                &[FieldError::too_long("fieldManager", 128)],
            ));
        }
        if !named.is_empty() {
            return Ok(named.to_owned());
        }
        let agent = self.user_agent.split('/').next().unwrap_or_default();
        Ok(if agent.is_empty() { "unknown".to_owned() } else { agent.chars().take(128).collect() })
    }

    /// The body as an object.
    pub fn object(&self) -> Answer<Value> {
        // Protobuf and CBOR are not spoken here; clients that prefer them fall back on JSON.
        if self.content_type.contains("protobuf") || self.content_type.contains("cbor") {
            let accepted = "application/json, application/yaml";
            return Err(Refusal {
                message: format!(
                    "the body of the request was in an unknown format - accepted media types include: {accepted}"
                ),
                details: Value::Null,
                ..Refusal::media_type()
            });
        }
        let value = match serde_json::from_slice::<Value>(&self.body) {
            Ok(value) => value,
            Err(error) => super::yaml::parse(&self.body).ok_or_else(|| {
                Refusal::bad_request(format!(
                    "the object provided is unrecognized (must be of type Object): couldn't get version/kind; json parse error: {error}"
                ))
            })?,
        };
        Ok(value)
    }
}
