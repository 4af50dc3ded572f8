//! Values against a chart's values.schema.json, with the report Helm prints.
//!
//! In: the schema as written and the values to check. Out: nothing, or Helm's text: a tree of failures, one a
//! line, each with the place in the values. Drafts 4 to 2020-12; the verdict is the `jsonschema` crate's, the
//! tree is built from its flat errors the way `santhosh-tekuri/jsonschema` (Helm's validator) builds its own.
//! Nothing is fetched: a `$ref` to another document fails, except that `urn:` allows everything, as in Helm.
//!
//! Where Helm goes through a map in Go's random order, here it is by name.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::{Draft, PatternOptions, ReferencingError, Retrieve, Uri, ValidationError};
use serde_json::{Map, Value};

use crate::gotmpl::str::SharedText;
use crate::gotmpl::strconv;
use crate::gotmpl::yaml::{self, Root};

mod plain;

/// A schema made ready: read and compiled once, for however many values are checked against it.
pub struct Schema {
    text: SharedText,
    plain: Option<plain::Plain>,
    /// Made only for values of which the plain schema, if it is one, says nothing.
    general: OnceLock<Result<General, String>>,
}

/// A schema as the general validator reads it.
struct General {
    schema: Value,
    bounds: cost::Bounds,
    validator: OnceLock<Result<jsonschema::Validator, String>>,
}

impl Schema {
    /// A schema as written.
    pub fn new(text: &SharedText) -> Schema {
        Schema { text: Arc::clone(text), plain: plain::read(text), general: OnceLock::new() }
    }

    /// Checks `values` against the schema.
    ///
    /// # Errors
    /// The report: for values that do not fit, lines of `- at 'PLACE': PROBLEM` with a final line break; for a
    /// schema that cannot be used, one sentence without.
    pub fn check(&self, values: &Map<String, Value>) -> Result<(), String> {
        if self.plain.as_ref().is_some_and(|plain| plain.takes(values)) {
            return Ok(());
        }
        match self.general.get_or_init(|| General::read(&self.text)) {
            Ok(general) => general.check(values),
            Err(why) => Err(why.clone()),
        }
    }
}

impl General {
    fn read(text: &[u8]) -> Result<General, String> {
        let schema: Value = match serde_json::from_slice(text) {
            Ok(schema) => schema,
            // Go's words for it, if Go too finds something.
            Err(e) => {
                return Err(match yaml::decode_json::<Value>(text, Root::Any) {
                    // Go reads it as a stream here.
                    Err(go) => go.to_string().replace("unexpected end of JSON input", "unexpected EOF"),
                    Ok(_) => e.to_string(),
                });
            }
        };
        let bounds = cost::Bounds::of(&schema);
        Ok(General { schema, bounds, validator: OnceLock::new() })
    }

    fn check(&self, values: &Map<String, Value>) -> Result<(), String> {
        if !self.bounds.allow(&self.schema, values) {
            return Err(
                "values.schema.json cannot be used: checking these values against it would take too long, \
                        since its references and alternatives multiply"
                    .to_owned(),
            );
        }
        let validator =
            self.validator.get_or_init(|| compile(&self.schema)).as_ref().map_err(String::clone)?;
        let values = values.iter().map(|(key, value)| (key.clone(), whole_numbers(value))).collect();
        let mut found = validator.iter_errors(&values);
        let errors: Vec<ValidationError<'_>> = found.by_ref().take(MAX_ERRORS).collect();
        if errors.is_empty() {
            return Ok(());
        }
        let mut report = report(&errors, &self.schema);
        if found.next().is_some() {
            report.push_str(&format!("- and more: the first {MAX_ERRORS} failures are listed\n"));
        }
        Err(report)
    }
}

fn compile(schema: &Value) -> Result<jsonschema::Validator, String> {
    jsonschema::options()
        .with_pattern_options(PatternOptions::regex())
        .with_base_uri(BASE)
        .with_retriever(Offline)
        // Known to Helm's validator in every draft.
        .with_format("uuid", is_uuid)
        // Helm's validator knows these keywords but does not assert them.
        .without_content_media_type_support("application/json")
        .without_content_encoding_support("base64")
        .build(schema)
        .map_err(|e| invalid_schema(schema).unwrap_or_else(|| unusable(&e)))
}

fn is_uuid(text: &str) -> bool {
    let lengths = [8, 4, 4, 4, 12];
    text.split('-').map(str::len).eq(lengths) && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
}

/// How many failures are reported; Helm lists them all, be they millions.
const MAX_ERRORS: usize = 10_000;

/// Where Helm tells its validator the schema lies.
const BASE: &str = "file:///values.schema.json";

/// The tree of some errors, a failure a line.
fn report(errors: &[ValidationError<'_>], schema: &Value) -> String {
    let failures: Vec<Failure<'_>> = errors.iter().map(|e| Failure::new(e, schema)).collect();
    let mut out = String::new();
    match schema_node(failures.iter().collect(), 0, 0) {
        Some(node) if node.kind == NodeKind::Group => node.causes.iter().for_each(|n| n.show(0, &mut out)),
        Some(node) => node.show(0, &mut out),
        None => {}
    }
    out
}

/// What the draft a schema names has against it; none if that is not why it cannot be used.
fn invalid_schema(schema: &Value) -> Option<String> {
    use jsonschema::{draft4, draft6, draft7, draft201909, draft202012};
    let (name, validator) = match Draft::default().detect(schema) {
        Draft::Draft4 => ("http://json-schema.org/draft-04/schema", draft4::meta::validator()),
        Draft::Draft6 => ("http://json-schema.org/draft-06/schema", draft6::meta::validator()),
        Draft::Draft7 => ("http://json-schema.org/draft-07/schema", draft7::meta::validator()),
        Draft::Draft201909 => {
            ("https://json-schema.org/draft/2019-09/schema", draft201909::meta::validator())
        }
        Draft::Draft202012 => {
            ("https://json-schema.org/draft/2020-12/schema", draft202012::meta::validator())
        }
        // A draft of their own: compiling tells.
        _ => return None,
    };
    let errors: Vec<ValidationError<'_>> = validator.iter_errors(schema).collect();
    if errors.is_empty() {
        return None;
    }
    // Helm's message ends without the line break that ends a report on values.
    let report = report(&errors, &Value::Null);
    Some(format!(
        "\"{BASE}#\" is not valid against metaschema: jsonschema validation failed with '{name}#'\n{}",
        report.trim_end_matches('\n')
    ))
}

/// Values that came through YAML hold floats only; a schema asks for integers, draft 4 by their spelling.
fn whole_numbers(value: &Value) -> Value {
    match value {
        Value::Number(n) => match n.as_f64() {
            Some(f) if n.is_f64() && f.fract() == 0.0 && f.abs() < 9e15 => Value::from(f as i64),
            _ => value.clone(),
        },
        Value::Array(items) => items.iter().map(whole_numbers).collect(),
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), whole_numbers(value))).collect(),
        _ => value.clone(),
    }
}

/// Refuses every document a schema refers to, but for `urn:`.
struct Offline;

impl Retrieve for Offline {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        if uri.scheme().as_str() == "urn" {
            return Ok(Value::Bool(true));
        }
        Err(NOT_FETCHED.into())
    }
}

/// Why a schema that refers to another document cannot be used. Helm fetches it, or fails.
pub const NOT_FETCHED: &str = "schemas of other documents are not fetched";

/// The sentence for a schema that cannot be used.
fn unusable(error: &ValidationError<'_>) -> String {
    match error.kind() {
        Kind::Referencing(why) => match why {
            ReferencingError::Unretrievable { uri, source } => format!("failing loading \"{uri}\": {source}"),
            ReferencingError::UnknownSpecification { specification } => {
                format!("failing loading \"{specification}\": {NOT_FETCHED}")
            }
            ReferencingError::PointerToNowhere { pointer } => {
                format!("json-pointer in \"{BASE}#{pointer}\" not found")
            }
            ReferencingError::NoSuchAnchor { anchor } => {
                format!("anchor in \"{BASE}#{anchor}\" not found in schema \"{BASE}\"")
            }
            other => format!("values.schema.json cannot be used: {other}"),
        },
        _ => format!(
            "values.schema.json cannot be used: at {}: {error}",
            quote(error.instance_path().as_str())
        ),
    }
}

/// One flat error with its two paths taken apart.
struct Failure<'e> {
    error: &'e ValidationError<'e>,
    /// The whole schema, for what the error does not tell.
    schema: &'e Value,
    /// Keywords and names from the root of the schema, references followed.
    path: Vec<String>,
    /// Names and indices from the root of the values.
    place: Vec<String>,
}

impl<'e> Failure<'e> {
    fn new(error: &'e ValidationError<'e>, schema: &'e Value) -> Self {
        Failure {
            error,
            schema,
            path: tokens(error.evaluation_path().as_str()),
            place: tokens(error.instance_path().as_str()),
        }
    }

    fn token(&self, depth: usize) -> &str {
        self.path.get(depth).map_or("", String::as_str)
    }
}

fn tokens(pointer: &str) -> Vec<String> {
    pointer.split('/').skip(1).map(|token| token.replace("~1", "/").replace("~0", "~")).collect()
}

fn pointer(place: &[String]) -> String {
    place.iter().map(|token| format!("/{}", token.replace('~', "~0").replace('/', "~1"))).collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum NodeKind {
    /// Several failures of one schema.
    Group,
    /// What a `$ref` led to; not shown around a single failure.
    Reference,
    Other,
}

/// A failure as it is shown.
struct Node {
    kind: NodeKind,
    place: String,
    text: String,
    causes: Vec<Node>,
}

impl Node {
    fn new(place: &[String], text: String, causes: Vec<Node>) -> Node {
        Node { kind: NodeKind::Other, place: pointer(place), text, causes }
    }

    fn show(&self, indent: usize, out: &mut String) {
        let hidden = self.kind == NodeKind::Reference && self.causes.len() == 1;
        if !hidden {
            out.extend(std::iter::repeat_n("  ", indent));
            out.push_str(&format!("- at {}: {}\n", quote(&self.place), self.text));
        }
        for cause in &self.causes {
            cause.show(if hidden { indent } else { indent + 1 }, out);
        }
    }

    /// The failures behind a reference: those of a group directly.
    fn into_causes(self) -> Vec<Node> {
        if self.kind == NodeKind::Group { self.causes } else { vec![self] }
    }
}

type Failures<'f, 'e> = Vec<&'f Failure<'e>>;

/// Keywords after whose failure Helm's validator looks no further, in the order it asks.
const FINAL: [&str; 4] = ["type", "const", "enum", "format"];

/// The failures of one schema as one node: `depth` tokens of their paths lead to the schema, `level` tokens of
/// their places to the value.
fn schema_node(failures: Failures<'_, '_>, depth: usize, level: usize) -> Option<Node> {
    let first = *failures.first()?;
    let place: Vec<String> = first.place.iter().take(level).cloned().collect();
    if let Some(refused) = failures.iter().find(|f| f.path.len() <= depth) {
        return Some(Node::new(&place, leaf_text(refused), Vec::new()));
    }
    let mut by_keyword: BTreeMap<&str, Failures<'_, '_>> = BTreeMap::new();
    for failure in &failures {
        by_keyword.entry(failure.token(depth)).or_default().push(failure);
    }
    for keyword in FINAL {
        if let Some(found) = by_keyword.get(keyword).and_then(|found| found.first()) {
            return Some(Node::new(&place, leaf_text(found), Vec::new()));
        }
    }
    let mut nodes = Vec::new();
    let mut take = |keyword: &str| by_keyword.remove(keyword).unwrap_or_default();
    reference(take("$ref"), depth, level, &place, &mut nodes);
    for keyword in ["minProperties", "maxProperties"] {
        leaves(take(keyword), &place, &mut nodes);
    }
    required(take("required"), &place, &mut nodes);
    dependencies(take("dependencies"), depth, level, &place, &mut nodes);
    let mut below = take("properties");
    below.extend(take("patternProperties"));
    let (unexpected, additional): (Vec<_>, Vec<_>) = take("additionalProperties")
        .into_iter()
        .partition(|f| f.path.len() == depth + 1 && f.place.len() == level);
    below.extend(additional);
    children(below, depth, level, &mut nodes);
    leaves(unexpected, &place, &mut nodes);
    property_names(take("propertyNames"), &place, &mut nodes);
    for keyword in ["dependentSchemas", "dependentRequired"] {
        dependencies(take(keyword), depth, level, &place, &mut nodes);
    }
    for keyword in ["minItems", "maxItems", "uniqueItems"] {
        leaves(take(keyword), &place, &mut nodes);
    }
    let mut items = take("items");
    items.extend(take("prefixItems"));
    children(items, depth, level, &mut nodes);
    let (too_many, additional): (Vec<_>, Vec<_>) =
        take("additionalItems").into_iter().partition(|f| f.place.len() == level);
    leaves(too_many, &place, &mut nodes);
    children(additional, depth, level, &mut nodes);
    for keyword in [
        "contains",
        "minContains",
        "maxContains",
        "minLength",
        "maxLength",
        "pattern",
        "contentEncoding",
        "contentMediaType",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
    ] {
        leaves(take(keyword), &place, &mut nodes);
    }
    for keyword in ["$recursiveRef", "$dynamicRef"] {
        reference(take(keyword), depth, level, &place, &mut nodes);
    }
    leaves(take("not"), &place, &mut nodes);
    all_of(take("allOf"), depth, level, &place, &mut nodes);
    for keyword in ["anyOf", "oneOf"] {
        alternatives(take(keyword), depth, level, &place, &mut nodes);
    }
    for keyword in ["if", "then", "else"] {
        // The crate puts `then` and `else` below `if`.
        let found = take(keyword);
        let below = usize::from(found.first().is_some_and(|f| matches!(f.token(depth + 1), "then" | "else")));
        nodes.extend(schema_node(found, depth + 1 + below, level));
    }
    unevaluated(take("unevaluatedProperties"), depth, level, &mut nodes);
    unevaluated(take("unevaluatedItems"), depth, level, &mut nodes);
    for (_, unknown) in by_keyword {
        leaves(unknown, &place, &mut nodes);
    }
    match nodes.len() {
        0 | 1 => nodes.pop(),
        _ => Some(Node {
            kind: NodeKind::Group,
            place: pointer(&place),
            text: "validation failed".to_owned(),
            causes: nodes,
        }),
    }
}

fn leaves(failures: Failures<'_, '_>, place: &[String], nodes: &mut Vec<Node>) {
    nodes.extend(failures.iter().map(|f| Node::new(place, leaf_text(f), Vec::new())));
}

fn reference(
    failures: Failures<'_, '_>,
    depth: usize,
    level: usize,
    place: &[String],
    nodes: &mut Vec<Node>,
) {
    if let Some(node) = schema_node(failures, depth + 1, level) {
        nodes.push(Node {
            kind: NodeKind::Reference,
            place: pointer(place),
            text: "validation failed".to_owned(),
            causes: node.into_causes(),
        });
    }
}

/// Names the crate reports one by one, as one failure.
fn missing(failures: &Failures<'_, '_>) -> Vec<String> {
    failures
        .iter()
        .filter_map(|f| match f.error.kind() {
            Kind::Required { property } => property.as_str().map(quote),
            _ => None,
        })
        .collect()
}

fn required(failures: Failures<'_, '_>, place: &[String], nodes: &mut Vec<Node>) {
    let names = missing(&failures);
    match names.as_slice() {
        [] => leaves(failures, place, nodes),
        [name] => nodes.push(Node::new(place, format!("missing property {name}"), Vec::new())),
        names => nodes.push(Node::new(place, format!("missing properties {}", names.join(", ")), Vec::new())),
    }
}

/// `dependencies` and its successors: lists of names, and schemas that hold if a name exists.
fn dependencies(
    failures: Failures<'_, '_>,
    depth: usize,
    level: usize,
    place: &[String],
    nodes: &mut Vec<Node>,
) {
    let (plain, deep): (Failures<'_, '_>, Failures<'_, '_>) = failures
        .into_iter()
        .partition(|f| matches!(f.error.kind(), Kind::Required { .. }) && f.path.len() <= depth + 2);
    if let Some(first) = plain.first() {
        // The crate tells what is missing, not for whom: the schema does.
        let lists = keyword_value(first, depth).and_then(Value::as_object);
        let object = first.error.instance().as_object();
        let exists = |name: &str| object.is_some_and(|o| o.contains_key(name));
        for (name, list) in lists.into_iter().flatten().filter(|(name, _)| exists(name)) {
            let names = list.as_array().map(Vec::as_slice).unwrap_or_default();
            let missing: Vec<String> =
                names.iter().filter_map(Value::as_str).filter(|n| !exists(n)).map(quote).collect();
            if !missing.is_empty() {
                let text = format!("properties {} required, if {} exists", missing.join(", "), quote(name));
                nodes.push(Node::new(place, text, Vec::new()));
            }
        }
    }
    for (_, failures) in grouped(deep, |f| f.token(depth + 1).to_owned()) {
        nodes.extend(schema_node(failures, depth + 2, level));
    }
}

/// The value of the keyword that the token at `depth` of a failure's path names.
fn keyword_value<'e>(failure: &Failure<'e>, depth: usize) -> Option<&'e Value> {
    let keyword = failure.token(depth);
    let path = failure.error.schema_path().as_str();
    let end = path.rfind(&format!("/{keyword}"))? + 1 + keyword.len();
    failure.schema.pointer(path.get(..end)?)
}

/// Failures of values one level down, by the name or index of the value, then by the subschema.
fn children(failures: Failures<'_, '_>, depth: usize, level: usize, nodes: &mut Vec<Node>) {
    let order = |f: &Failure<'_>| {
        let name = f.place.get(level).cloned().unwrap_or_default();
        (name.parse::<usize>().unwrap_or(usize::MAX), name)
    };
    for (_, of_value) in grouped(failures, order) {
        let rank = |f: &Failure<'_>| {
            let keyword = f.token(depth);
            let rank = ["properties", "patternProperties"].iter().position(|k| *k == keyword).unwrap_or(2);
            // Some keywords hold their subschema directly, others by name or index; `items` may do either.
            let named = match keyword {
                "properties" | "patternProperties" | "prefixItems" => true,
                "items" => f.token(depth + 1).parse::<usize>().is_ok(),
                _ => false,
            };
            (rank, named.then(|| f.token(depth + 1).to_owned()))
        };
        for ((_, name), failures) in grouped(of_value, rank) {
            nodes.extend(schema_node(failures, depth + 1 + usize::from(name.is_some()), level + 1));
        }
    }
}

fn grouped<'f, 'e, K: Ord>(
    failures: Failures<'f, 'e>,
    key: impl Fn(&Failure<'e>) -> K,
) -> BTreeMap<K, Failures<'f, 'e>> {
    let mut groups: BTreeMap<K, Failures<'f, 'e>> = BTreeMap::new();
    for failure in failures {
        groups.entry(key(failure)).or_default().push(failure);
    }
    groups
}

fn property_names(failures: Failures<'_, '_>, place: &[String], nodes: &mut Vec<Node>) {
    let mut by_name: BTreeMap<String, Vec<Node>> = BTreeMap::new();
    for failure in failures {
        let Kind::PropertyNames { error } = failure.error.kind() else { continue };
        let name = error.instance().as_str().unwrap_or_default().to_owned();
        // The name is checked as a document of its own.
        let inner = Failure { error, schema: failure.schema, path: vec![String::new()], place: Vec::new() };
        by_name.entry(name).or_default().push(Node::new(&[], leaf_text(&inner), Vec::new()));
    }
    for (name, causes) in by_name {
        nodes.push(Node::new(place, format!("invalid propertyName {}", quote(&name)), causes));
    }
}

fn all_of(failures: Failures<'_, '_>, depth: usize, level: usize, place: &[String], nodes: &mut Vec<Node>) {
    let by_branch = grouped(failures, |f| f.token(depth + 1).parse::<usize>().unwrap_or(usize::MAX));
    let causes: Vec<Node> =
        by_branch.into_values().filter_map(|branch| schema_node(branch, depth + 2, level)).collect();
    if !causes.is_empty() {
        nodes.push(Node::new(place, "'allOf' failed".to_owned(), causes));
    }
}

fn alternatives(
    failures: Failures<'_, '_>,
    depth: usize,
    level: usize,
    place: &[String],
    nodes: &mut Vec<Node>,
) {
    for failure in failures {
        let branches = match failure.error.kind() {
            Kind::AnyOf { context } | Kind::OneOfNotValid { context } => context,
            _ => {
                nodes.push(Node::new(place, leaf_text(failure), Vec::new()));
                continue;
            }
        };
        let causes = branches
            .iter()
            .filter_map(|branch| {
                let inner: Vec<Failure<'_>> =
                    branch.iter().map(|e| Failure::new(e, failure.schema)).collect();
                schema_node(inner.iter().collect(), depth + 2, level)
            })
            .collect();
        nodes.push(Node::new(place, leaf_text(failure), causes));
    }
}

fn unevaluated(failures: Failures<'_, '_>, depth: usize, level: usize, nodes: &mut Vec<Node>) {
    let (whole, below): (Failures<'_, '_>, Failures<'_, '_>) =
        failures.into_iter().partition(|f| f.place.len() == level);
    for failure in whole {
        let (Kind::UnevaluatedProperties { unexpected } | Kind::UnevaluatedItems { unexpected }) =
            failure.error.kind()
        else {
            nodes.push(Node::new(&failure.place, leaf_text(failure), Vec::new()));
            continue;
        };
        // Items come as their values; they are the last ones, as nothing but a prefix can be evaluated.
        let length = failure.error.instance().as_array().map(Vec::len);
        for (i, name) in unexpected.iter().enumerate() {
            let mut place = failure.place.clone();
            place.push(match length {
                Some(length) => (length.saturating_sub(unexpected.len()) + i).to_string(),
                None => name.clone(),
            });
            nodes.push(Node::new(&place, "false schema".to_owned(), Vec::new()));
        }
    }
    children(below, depth, level, nodes);
}

/// The words for a failure by itself.
fn leaf_text(failure: &Failure<'_>) -> String {
    let got = failure.error.instance();
    let count = |length: Option<usize>| grouped_digits(&length.unwrap_or_default().to_string());
    let items = || count(got.as_array().map(Vec::len));
    let names = || count(got.as_object().map(serde_json::Map::len));
    let chars = || count(got.as_str().map(|s| s.chars().count()));
    let limit = |limit: u64| grouped_digits(&limit.to_string());
    match failure.error.kind() {
        Kind::Type { kind } => format!("got {}, want {}", type_name(got), wanted_types(kind)),
        Kind::Constant { expected_value } => match &**expected_value {
            Value::Array(_) | Value::Object(_) => "'const' failed".to_owned(),
            value => format!("value must be {}", display(value)),
        },
        Kind::Enum { options } => enumeration(options),
        Kind::Format { format } => match format_problem(format, got.as_str().unwrap_or_default()) {
            Some(why) => format!("{} is not valid {format}: {why}", display(got)),
            None => format!("{} is not valid {format}", display(got)),
        },
        Kind::MinProperties { limit: n } => format!("minProperties: got {}, want {}", names(), limit(*n)),
        Kind::MaxProperties { limit: n } => format!("maxProperties: got {}, want {}", names(), limit(*n)),
        Kind::MinItems { limit: n } => format!("minItems: got {}, want {}", items(), limit(*n)),
        Kind::MaxItems { limit: n } => format!("maxItems: got {}, want {}", items(), limit(*n)),
        Kind::MinLength { limit: n } => format!("minLength: got {}, want {}", chars(), limit(*n)),
        Kind::MaxLength { limit: n } => format!("maxLength: got {}, want {}", chars(), limit(*n)),
        Kind::Minimum { limit } => format!("minimum: got {}, want {}", number(got), number(limit)),
        Kind::Maximum { limit } => format!("maximum: got {}, want {}", number(got), number(limit)),
        Kind::ExclusiveMinimum { limit } => {
            format!("exclusiveMinimum: got {}, want {}", number(got), number(limit))
        }
        Kind::ExclusiveMaximum { limit } => {
            format!("exclusiveMaximum: got {}, want {}", number(got), number(limit))
        }
        Kind::MultipleOf { multiple_of } => {
            format!("multipleOf: got {}, want {}", number(got), number(&Value::from(*multiple_of)))
        }
        Kind::AdditionalItems { limit } => {
            let length = got.as_array().map_or(0, Vec::len);
            format!("last {} additionalItem(s) not allowed", count(Some(length.saturating_sub(*limit))))
        }
        Kind::AdditionalProperties { unexpected } => {
            let names: Vec<String> = unexpected.iter().map(|name| quote(name)).collect();
            format!("additional properties {} not allowed", names.join(", "))
        }
        Kind::Required { property } => {
            format!("missing property {}", quote(property.as_str().unwrap_or_default()))
        }
        Kind::Pattern { pattern } => {
            format!("{} does not match pattern {}", quote(got.as_str().unwrap_or_default()), quote(pattern))
        }
        Kind::UniqueItems => match equal_items(got) {
            Some((i, j)) => format!("items at {i} and {j} are equal"),
            None => "items are equal".to_owned(),
        },
        Kind::Contains => "no items match contains schema".to_owned(),
        Kind::FalseSchema => "false schema".to_owned(),
        Kind::Not { .. } => "'not' failed".to_owned(),
        Kind::AnyOf { .. } => "'anyOf' failed".to_owned(),
        Kind::OneOfNotValid { .. } => "'oneOf' failed, none matched".to_owned(),
        Kind::OneOfMultipleValid { context } => {
            let mut matched =
                context.iter().enumerate().filter(|(_, branch)| branch.is_empty()).map(|(i, _)| i);
            match (matched.next(), matched.next()) {
                (Some(a), Some(b)) => format!("'oneOf' failed, subschemas {a}, {b} matched"),
                _ => "'oneOf' failed, more than one subschema matched".to_owned(),
            }
        }
        Kind::ContentEncoding { content_encoding } => {
            format!("value is not {} encoded", quote(content_encoding))
        }
        Kind::ContentMediaType { content_media_type } => {
            format!("value is not of mediatype {}", quote(content_media_type))
        }
        _ => failure.error.to_string(),
    }
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn wanted_types(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(one) => one.to_string(),
        TypeKind::Multiple(set) => {
            let names: Vec<String> = set.iter().map(|t| t.to_string()).collect();
            ["null", "boolean", "number", "integer", "string", "array", "object"]
                .into_iter()
                .filter(|name| names.iter().any(|n| n == name))
                .collect::<Vec<_>>()
                .join(" or ")
        }
    }
}

fn enumeration(options: &Value) -> String {
    let options = options.as_array().map(Vec::as_slice).unwrap_or_default();
    if options.iter().any(|option| option.is_array() || option.is_object()) {
        return "'enum' failed".to_owned();
    }
    let shown: Vec<String> = options.iter().map(display).collect();
    match shown.as_slice() {
        [one] => format!("value must be {one}"),
        _ => format!("value must be one of {}", shown.join(", ")),
    }
}

fn equal_items(value: &Value) -> Option<(usize, usize)> {
    let items = value.as_array()?;
    for (j, later) in items.iter().enumerate() {
        if let Some(i) = items.iter().take(j).position(|earlier| earlier == later) {
            return Some((i, j));
        }
    }
    None
}

/// A scalar as Go prints it in these messages.
fn display(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => quote(text),
        Value::Array(_) | Value::Object(_) => "value".to_owned(),
        other => other.to_string(),
    }
}

/// What Helm's validator says is wrong, for the common mistakes in the common formats.
fn format_problem(format: &str, text: &str) -> Option<&'static str> {
    Some(match format {
        "email" if !text.contains('@') => "missing @",
        "ipv4" if text.split('.').count() != 4 => "expected four decimals",
        "ipv6" if !text.contains(':') => "missing colon",
        "hostname" if text.split('.').any(|label| label.starts_with('-')) => "label starts with hyphen",
        "json-pointer" if !text.starts_with('/') => "not starting with /",
        "uuid" if text.split('-').count() != 5 => "must have 5 elements",
        "date-time" if text.len() < 20 => "less than 20 characters long",
        _ => return None,
    })
}

/// A limit or the number it is for, as Go's English message printer writes floats: thousands apart, from a
/// million up and below a ten thousandth in powers of ten.
fn number(value: &Value) -> String {
    let f = value.as_f64().unwrap_or_default();
    let magnitude = f.abs();
    if f != 0.0 && !(1e-4..1e6).contains(&magnitude) {
        let text = format!("{f:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, exponent) = exponent.strip_prefix('-').map_or(("", exponent), |e| ("⁻", e));
        let raised: String = format!("{exponent:0>2}")
            .chars()
            .filter_map(|c| c.to_digit(10).and_then(|d| "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().nth(d as usize)))
            .collect();
        return format!("{digits}×10{sign}{raised}");
    }
    let text = f.to_string();
    match text.split_once('.') {
        Some((whole, decimals)) => format!("{}.{decimals}", grouped_digits(whole)),
        None => grouped_digits(&text),
    }
}

fn grouped_digits(text: &str) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    let mut out = String::from(sign);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// Text in single quotes, escaped as Go does but for its double quotes.
fn quote(text: &str) -> String {
    let quoted =
        String::from_utf8_lossy(&strconv::quote(text.as_bytes())).replace("\\\"", "\"").replace('\'', "\\'");
    let inner = quoted.strip_prefix('"').and_then(|q| q.strip_suffix('"')).unwrap_or(&quoted);
    format!("'{inner}'")
}

mod cost;
#[cfg(test)]
mod tests;
