//! Label and field selectors of lists and watches.

use serde_json::Value;

use super::meta;
use super::status::Refusal;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    Absent,
}

/// What a list or watch is narrowed to; empty matches everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    labels: Vec<(String, Test)>,
    /// Dotted path, value, whether equal.
    fields: Vec<(String, String, bool)>,
}

impl Selector {
    pub fn parse(labels: &str, fields: &str) -> Result<Selector, Refusal> {
        let labels = parse_labels(labels)
            .map_err(|e| Refusal::bad_request(format!("unable to parse requirement: {e}")))?;
        let mut out = Selector { labels, fields: Vec::new() };
        for part in fields.split(',').filter(|p| !p.trim().is_empty()) {
            let (path, value, equal) = if let Some((k, v)) = part.split_once("!=") {
                (k, v, false)
            } else if let Some((k, v)) = part.split_once("==").or_else(|| part.split_once('=')) {
                (k, v, true)
            } else {
                return Err(Refusal::bad_request(format!(
                    "invalid selector: '{part}'; can't understand '{part}'"
                )));
            };
            out.fields.push((path.trim().to_owned(), value.trim().to_owned(), equal));
        }
        Ok(out)
    }

    pub fn matches(&self, object: &Value) -> bool {
        self.labels.iter().all(|(key, test)| test_label(test, meta::label(object, key)))
            && self.fields.iter().all(|(path, value, equal)| (field(object, path) == *value) == *equal)
    }

    /// Fields other than name and namespace are known only for some kinds.
    pub fn check_fields(&self, plural: &str) -> Result<(), Refusal> {
        let known: &[&str] = match plural {
            "pods" => &[
                "spec.nodeName",
                "spec.restartPolicy",
                "spec.schedulerName",
                "spec.serviceAccountName",
                "spec.hostNetwork",
                "status.phase",
                "status.podIP",
                "status.nominatedNodeName",
            ],
            "events" => &[
                "involvedObject.kind",
                "involvedObject.namespace",
                "involvedObject.name",
                "involvedObject.uid",
                "involvedObject.apiVersion",
                "involvedObject.resourceVersion",
                "involvedObject.fieldPath",
                "reason",
                "reportingComponent",
                "source",
                "type",
            ],
            "secrets" => &["type"],
            "namespaces" => &["status.phase"],
            "nodes" => &["spec.unschedulable"],
            "jobs" => &["status.successful"],
            "services" => &["spec.clusterIP", "spec.type"],
            "replicasets" | "replicationcontrollers" => &["status.replicas"],
            "certificatesigningrequests" => &["spec.signerName"],
            _ => &[],
        };
        for (path, _, _) in &self.fields {
            let path = path.as_str();
            if path != "metadata.name" && path != "metadata.namespace" && !known.contains(&path) {
                // Kinds with fields of their own word it otherwise.
                return Err(Refusal::bad_request(if known.is_empty() {
                    format!(
                        "\"{path}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
                    )
                } else {
                    format!("field label not supported: {path}")
                }));
            }
        }
        Ok(())
    }
}

fn field(object: &Value, path: &str) -> String {
    let pointer = format!("/{}", path.replace('.', "/"));
    match object.pointer(&pointer) {
        Some(Value::String(s)) => s.clone(),
        Some(other) if !other.is_null() => other.to_string(),
        _ if path == "spec.hostNetwork" || path == "spec.unschedulable" => "false".to_owned(),
        _ => String::new(),
    }
}

fn test_label(test: &Test, value: Option<&str>) -> bool {
    match test {
        Test::In(values) => value.is_some_and(|v| values.iter().any(|x| x == v)),
        Test::NotIn(values) => value.is_none_or(|v| values.iter().all(|x| x != v)),
        Test::Exists => value.is_some(),
        Test::Absent => value.is_none(),
    }
}

fn parse_labels(text: &str) -> Result<Vec<(String, Test)>, String> {
    let mut out = Vec::new();
    for part in split_outside_parens(text) {
        let part = part.trim();
        if part.is_empty() {
            continue;
        }
        out.push(requirement(part)?);
    }
    Ok(out)
}

fn split_outside_parens(text: &str) -> Vec<&str> {
    let (mut out, mut depth, mut start) = (Vec::new(), 0i32, 0);
    for (i, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                out.extend(text.get(start..i));
                start = i + 1;
            }
            _ => {}
        }
    }
    out.extend(text.get(start..));
    out
}

fn requirement(part: &str) -> Result<(String, Test), String> {
    let checked = |key: &str, test: Test| {
        let key = key.trim();
        match super::validate::names::qualified_name(key).first() {
            Some(why) => Err(format!("<nil>: Invalid value: {key:?}: {why}")),
            None => Ok((key.to_owned(), test)),
        }
    };
    if let Some(key) = part.strip_prefix('!') {
        return checked(key, Test::Absent);
    }
    if let Some((key, value)) = part.split_once("!=") {
        return checked(key, Test::NotIn(vec![value.trim().to_owned()]));
    }
    if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        return checked(key, Test::In(vec![value.trim().to_owned()]));
    }
    let mut words = part.splitn(2, char::is_whitespace);
    let (key, rest) = (words.next().unwrap_or_default(), words.next().unwrap_or_default().trim());
    let values = |rest: &str| -> Result<Vec<String>, String> {
        let inner = rest.trim().strip_prefix('(').and_then(|r| r.strip_suffix(')'));
        let inner = inner.ok_or_else(|| format!("found '{rest}' expected: '('"))?;
        Ok(inner.split(',').map(|v| v.trim().to_owned()).collect())
    };
    if rest.is_empty() {
        return checked(key, Test::Exists);
    }
    if let Some(rest) = rest.strip_prefix("notin") {
        return checked(key, Test::NotIn(values(rest)?));
    }
    if let Some(rest) = rest.strip_prefix("in") {
        return checked(key, Test::In(values(rest)?));
    }
    Err(format!("found '{rest}', expected: in, notin, =, ==, !=, gt, lt"))
}

/// Whether a `LabelSelector` of an object (`matchLabels`, `matchExpressions`) picks these labels.
pub fn label_selector(selector: &Value, labels: Option<&Value>) -> bool {
    let of = |key: &str| labels.and_then(|l| l.get(key)).and_then(Value::as_str);
    let by_labels = selector.get("matchLabels").and_then(Value::as_object);
    let expressions = meta::list(selector, "/matchExpressions");
    by_labels.into_iter().flatten().all(|(k, v)| of(k) == v.as_str())
        && expressions.iter().all(|e| {
            let values = meta::strings(e, "/values").into_iter().map(str::to_owned).collect();
            let test = match meta::text(e, "/operator") {
                "In" => Test::In(values),
                "NotIn" => Test::NotIn(values),
                "Exists" => Test::Exists,
                _ => Test::Absent,
            };
            test_label(&test, of(meta::text(e, "/key")))
        })
}
