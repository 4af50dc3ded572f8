//! Kubernetes' `Status`: why a request was refused.

use http::StatusCode;
use serde_json::{Map, Value, json};

/// A refusal, before it is made a response.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    pub code: StatusCode,
    pub reason: &'static str,
    pub message: String,
    /// Null: none.
    pub details: Value,
}

/// One field an object is refused for, worded as apimachinery's `field.Error`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// `FieldValueRequired`, `FieldValueInvalid`, …
    pub reason: &'static str,
    pub field: String,
    /// `Required value`, `Invalid value: "x": …`.
    pub message: String,
}

/// What is said, without a `Status`, where no API is.
pub const NO_PAGE: &str = "404 page not found\n";

pub type Answer<T> = Result<T, Refusal>;

impl Refusal {
    pub fn new(code: StatusCode, reason: &'static str, message: impl Into<String>) -> Refusal {
        Refusal { code, reason, message: message.into(), details: Value::Null }
    }

    pub fn not_served() -> Refusal {
        let message = "the server could not find the requested resource";
        Refusal { details: json!({}), ..Refusal::new(StatusCode::NOT_FOUND, "NotFound", message) }
    }

    /// `resource` is qualified: `deployments.apps`.
    pub fn not_found(resource: &str, name: &str) -> Refusal {
        Refusal::new(StatusCode::NOT_FOUND, "NotFound", format!("{resource} {name:?} not found"))
            .about(resource, name)
    }

    pub fn already_exists(resource: &str, name: &str) -> Refusal {
        Refusal::new(StatusCode::CONFLICT, "AlreadyExists", format!("{resource} {name:?} already exists"))
            .about(resource, name)
    }

    pub fn conflict(resource: &str, name: &str, why: &str) -> Refusal {
        let message = format!("Operation cannot be fulfilled on {resource} {name:?}: {why}");
        Refusal::new(StatusCode::CONFLICT, "Conflict", message).about(resource, name)
    }

    pub fn modified(resource: &str, name: &str) -> Refusal {
        Refusal::conflict(
            resource,
            name,
            "the object has been modified; please apply your changes to the latest version and try again",
        )
    }

    pub fn forbidden(resource: &str, name: &str, why: &str) -> Refusal {
        let message = format!("{resource} {name:?} is forbidden: {why}");
        Refusal::new(StatusCode::FORBIDDEN, "Forbidden", message).about(resource, name)
    }

    pub fn bad_request(message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, "BadRequest", message)
    }

    pub fn method_not_allowed() -> Refusal {
        let message = "the server does not allow this method on the requested resource";
        Refusal {
            details: json!({}),
            ..Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", message)
        }
    }

    /// A path that is under no served group version is answered in plain text.
    pub fn no_page() -> Refusal {
        Refusal::new(StatusCode::NOT_FOUND, "", NO_PAGE)
    }

    pub fn media_type() -> Refusal {
        let message = "415: Unsupported Media Type";
        let made = Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaType", message);
        Refusal { details: json!({}), ..made }
    }

    pub fn expired(message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::GONE, "Expired", message)
    }

    pub fn internal(message: impl Into<String>) -> Refusal {
        let message = message.into();
        let mut made = Refusal::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalError",
            format!("Internal error occurred: {message}"),
        );
        made.details = json!({"causes": [{"message": message}]});
        made
    }

    /// 422 with a cause per field.
    pub fn invalid(kind: &str, group: &str, name: &str, errors: &[FieldError]) -> Refusal {
        let lines: Vec<String> = errors.iter().map(|e| format!("{}: {}", e.field, e.message)).collect();
        let all = match lines.as_slice() {
            [only] => only.clone(),
            many => format!("[{}]", many.join(", ")),
        };
        let qualified = if group.is_empty() { kind.to_owned() } else { format!("{kind}.{group}") };
        let mut made = Refusal::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "Invalid",
            format!("{qualified} {name:?} is invalid: {all}"),
        );
        let causes: Vec<Value> = errors
            .iter()
            .map(|e| json!({"reason": e.reason, "message": e.message, "field": e.field}))
            .collect();
        let mut details = Map::new();
        put(&mut details, "name", name);
        put(&mut details, "group", group);
        put(&mut details, "kind", kind);
        details.insert("causes".to_owned(), Value::Array(causes));
        made.details = Value::Object(details);
        made
    }

    fn about(mut self, resource: &str, name: &str) -> Refusal {
        let (plural, group) = resource.split_once('.').unwrap_or((resource, ""));
        let mut details = Map::new();
        put(&mut details, "name", name);
        put(&mut details, "group", group);
        put(&mut details, "kind", plural);
        self.details = Value::Object(details);
        self
    }

    pub fn body(&self) -> Value {
        let mut out = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": self.message,
            "code": self.code.as_u16(),
        });
        if let Some(map) = out.as_object_mut() {
            put(map, "reason", self.reason);
            if !self.details.is_null() {
                map.insert("details".to_owned(), self.details.clone());
            }
        }
        out
    }
}

fn put(map: &mut Map<String, Value>, key: &str, value: &str) {
    if !value.is_empty() {
        map.insert(key.to_owned(), value.into());
    }
}

impl FieldError {
    pub fn required(field: impl Into<String>, detail: &str) -> FieldError {
        let message =
            if detail.is_empty() { "Required value".to_owned() } else { format!("Required value: {detail}") };
        FieldError { reason: "FieldValueRequired", field: field.into(), message }
    }

    pub fn invalid(field: impl Into<String>, value: &Value, detail: &str) -> FieldError {
        FieldError {
            reason: "FieldValueInvalid",
            field: field.into(),
            message: format!("Invalid value: {value}: {detail}"),
        }
    }

    pub fn unsupported(field: impl Into<String>, value: &Value, supported: &[&str]) -> FieldError {
        let list: Vec<String> = supported.iter().map(|s| format!("{s:?}")).collect();
        let field = field.into();
        let message = format!("Unsupported value: {value}: supported values: {}", list.join(", "));
        FieldError { reason: "FieldValueNotSupported", field, message }
    }

    pub fn forbidden(field: impl Into<String>, detail: &str) -> FieldError {
        FieldError {
            reason: "FieldValueForbidden",
            field: field.into(),
            message: format!("Forbidden: {detail}"),
        }
    }

    pub fn duplicate(field: impl Into<String>, value: &Value) -> FieldError {
        FieldError {
            reason: "FieldValueDuplicate",
            field: field.into(),
            message: format!("Duplicate value: {value}"),
        }
    }

    pub fn too_long(field: impl Into<String>, limit: usize) -> FieldError {
        FieldError {
            reason: "FieldValueTooLong",
            field: field.into(),
            message: format!("Too long: may not be more than {limit} bytes"),
        }
    }
}
