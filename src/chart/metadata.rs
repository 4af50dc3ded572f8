//! Chart.yaml: the fields Helm knows, read as leniently and validated as strictly as Helm does.

use crate::gotmpl::semver;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Chart.yaml (for `apiVersion: v1` with requirements.yaml read over it). Field names are Helm's.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    pub name: String,
    pub home: String,
    pub sources: Vec<String>,
    pub version: String,
    pub description: String,
    pub keywords: Vec<String>,
    pub maintainers: Vec<Maintainer>,
    pub icon: String,
    /// `v1` when Chart.yaml has none.
    pub api_version: String,
    pub condition: String,
    pub tags: String,
    pub app_version: String,
    pub deprecated: bool,
    pub annotations: BTreeMap<String, String>,
    pub kube_version: String,
    pub dependencies: Vec<Dependency>,
    /// `type`: empty, `application` or `library`.
    pub kind: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Maintainer {
    pub name: String,
    pub email: String,
    pub url: String,
}

/// An entry of Chart.yaml's `dependencies`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dependency {
    pub name: String,
    pub version: String,
    pub repository: String,
    pub condition: String,
    pub tags: Vec<String>,
    pub enabled: bool,
    /// Strings, or maps with `child` and `parent`.
    pub import_values: Vec<Value>,
    pub alias: String,
}

impl Metadata {
    /// Reads a decoded Chart.yaml, or a requirements.yaml over what Chart.yaml said. Keys match without
    /// regard to case and scalars become strings where strings are wanted, as in Helm.
    ///
    /// # Errors
    /// Helm's wording of the first value of the wrong type.
    pub(super) fn merge(&mut self, document: &Value) -> Result<(), String> {
        let mut reader = Reader::default();
        reader.metadata(self, document);
        reader.error.map_or(Ok(()), Err)
    }

    /// Cleans text fields of control characters and checks what Helm checks.
    ///
    /// # Errors
    /// Helm's `validation: …`.
    pub(super) fn validate(&mut self) -> Result<(), String> {
        for text in [
            &mut self.name,
            &mut self.description,
            &mut self.home,
            &mut self.icon,
            &mut self.condition,
            &mut self.tags,
            &mut self.app_version,
            &mut self.kube_version,
        ]
        .into_iter()
        .chain(&mut self.sources)
        .chain(&mut self.keywords)
        {
            clean(text);
        }
        let fail = |why: String| Err(format!("validation: {why}"));
        if self.api_version.is_empty() {
            return fail("chart.metadata.apiVersion is required".into());
        }
        if self.name.is_empty() {
            return fail("chart.metadata.name is required".into());
        }
        if self.name == "." || self.name == ".." {
            return fail(format!("chart.metadata.name {:?} is not allowed", self.name));
        }
        if self.name.contains('/') {
            return fail(format!("chart.metadata.name {:?} is invalid", self.name));
        }
        if self.version.is_empty() {
            return fail("chart.metadata.version is required".into());
        }
        if semver::Version::parse(&self.version).is_err() {
            return fail(format!("chart.metadata.version {:?} is invalid", self.version));
        }
        if !matches!(self.kind.as_str(), "" | "application" | "library") {
            return fail("chart.metadata.type must be application or library".into());
        }
        for person in &mut self.maintainers {
            clean(&mut person.name);
            clean(&mut person.email);
            clean(&mut person.url);
        }
        let mut seen = Vec::new();
        for dependency in &mut self.dependencies {
            dependency.clean();
            let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            if !dependency.alias.chars().all(allowed) {
                return fail(format!(
                    "dependency {:?} has disallowed characters in the alias",
                    dependency.name
                ));
            }
            let key = dependency.effective_name().to_owned();
            if seen.contains(&key) {
                return fail(format!("more than one dependency with name or alias {key:?}"));
            }
            seen.push(key);
        }
        Ok(())
    }
}

impl Dependency {
    /// The alias, or the name where there is none: the key of its values in the parent.
    pub fn effective_name(&self) -> &str {
        if self.alias.is_empty() { &self.name } else { &self.alias }
    }

    fn clean(&mut self) {
        clean(&mut self.name);
        clean(&mut self.version);
        clean(&mut self.repository);
        clean(&mut self.condition);
        self.tags.iter_mut().for_each(clean);
    }
}

/// Blanks of any kind become spaces, what cannot be printed goes.
fn clean(text: &mut String) {
    let odd = |c: char| {
        c.is_control()
            || (c.is_whitespace() && c != ' ')
            || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
                | '\u{feff}' | '\u{e000}'..='\u{f8ff}' | '\u{fff0}'..='\u{fffb}' | '\u{f0000}'..)
    };
    if text.contains(odd) {
        *text = text
            .chars()
            .filter_map(|c| if c.is_whitespace() { Some(' ') } else { Some(c).filter(|c| !odd(*c)) })
            .collect();
    }
}

/// Decodes into the structs, remembering the first mismatch, as Go's `encoding/json` does.
#[derive(Default)]
struct Reader {
    error: Option<String>,
    /// Path of JSON names from the root struct.
    path: Vec<&'static str>,
}

impl Reader {
    fn mismatch(&mut self, found: &Value, owner: &str, wanted: &str) {
        let found = match found {
            Value::Null => return,
            Value::Bool(_) => "bool",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        let place = if self.path.is_empty() {
            "Go value".to_owned()
        } else {
            format!("Go struct field {owner}.{}", self.path.join("."))
        };
        self.error.get_or_insert(format!(
            "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {found} into {place} of type \
             {wanted}"
        ));
    }

    fn string(&mut self, into: &mut String, value: &Value, owner: &str) {
        match scalar_text(value) {
            Some(text) => *into = text,
            None => self.mismatch(value, owner, "string"),
        }
    }

    fn boolean(&mut self, into: &mut bool, value: &Value, owner: &str) {
        match value {
            Value::Bool(b) => *into = *b,
            other => self.mismatch(other, owner, "bool"),
        }
    }

    fn strings(&mut self, into: &mut Vec<String>, value: &Value, owner: &str) {
        match value {
            Value::Array(items) => {
                into.clear();
                for item in items {
                    let mut text = String::new();
                    self.string(&mut text, item, owner);
                    into.push(text);
                }
            }
            Value::Null => into.clear(),
            other => self.mismatch(other, owner, "[]string"),
        }
    }

    fn metadata(&mut self, into: &mut Metadata, document: &Value) {
        const OWNER: &str = "Metadata";
        let fields = match document {
            Value::Object(fields) => fields,
            Value::Null => return,
            other => return self.mismatch(other, OWNER, "v2.Metadata"),
        };
        for (key, value) in fields {
            let Some(name) = FIELDS.iter().find(|f| f.eq_ignore_ascii_case(key)).copied() else { continue };
            self.path.push(name);
            match name {
                "name" => self.string(&mut into.name, value, OWNER),
                "home" => self.string(&mut into.home, value, OWNER),
                "sources" => self.strings(&mut into.sources, value, OWNER),
                "version" => self.string(&mut into.version, value, OWNER),
                "description" => self.string(&mut into.description, value, OWNER),
                "keywords" => self.strings(&mut into.keywords, value, OWNER),
                "maintainers" => self.maintainers(&mut into.maintainers, value),
                "icon" => self.string(&mut into.icon, value, OWNER),
                "apiVersion" => self.string(&mut into.api_version, value, OWNER),
                "condition" => self.string(&mut into.condition, value, OWNER),
                "tags" => self.string(&mut into.tags, value, OWNER),
                "appVersion" => self.string(&mut into.app_version, value, OWNER),
                "deprecated" => self.boolean(&mut into.deprecated, value, OWNER),
                "annotations" => self.annotations(&mut into.annotations, value),
                "kubeVersion" => self.string(&mut into.kube_version, value, OWNER),
                "dependencies" => self.dependencies(&mut into.dependencies, value),
                "type" => self.string(&mut into.kind, value, OWNER),
                _ => {}
            }
            self.path.pop();
        }
    }

    fn annotations(&mut self, into: &mut BTreeMap<String, String>, value: &Value) {
        match value {
            Value::Object(entries) => {
                for (key, value) in entries {
                    let mut text = String::new();
                    self.string(&mut text, value, "Metadata");
                    into.insert(key.clone(), text);
                }
            }
            Value::Null => into.clear(),
            other => self.mismatch(other, "Metadata", "map[string]string"),
        }
    }

    /// The objects of a list. Helm refuses empty entries when it validates; here they are refused at once.
    fn objects<'v>(&mut self, value: &'v Value, wanted: &str) -> Vec<&'v Map<String, Value>> {
        let items = match value {
            Value::Array(items) => items,
            Value::Null => return Vec::new(),
            other => {
                self.mismatch(other, "Metadata", &format!("[]*v2.{wanted}"));
                return Vec::new();
            }
        };
        let mut found = Vec::new();
        for item in items {
            match item {
                Value::Object(fields) => found.push(fields),
                Value::Null => {
                    let what = if wanted == "Dependency" { "dependencies" } else { "maintainers" };
                    self.error
                        .get_or_insert(format!("validation: {what} must not contain empty or null nodes"));
                }
                other => self.mismatch(other, "Metadata", &format!("v2.{wanted}")),
            }
        }
        found
    }

    fn maintainers(&mut self, into: &mut Vec<Maintainer>, value: &Value) {
        const OWNER: &str = "Maintainer";
        into.clear();
        for fields in self.objects(value, OWNER) {
            let mut person = Maintainer::default();
            for (key, value) in fields {
                let Some(name) = ["name", "email", "url"].into_iter().find(|f| f.eq_ignore_ascii_case(key))
                else {
                    continue;
                };
                self.path.push(name);
                match name {
                    "name" => self.string(&mut person.name, value, OWNER),
                    "email" => self.string(&mut person.email, value, OWNER),
                    _ => self.string(&mut person.url, value, OWNER),
                }
                self.path.pop();
            }
            into.push(person);
        }
    }

    fn dependencies(&mut self, into: &mut Vec<Dependency>, value: &Value) {
        const OWNER: &str = "Dependency";
        into.clear();
        for fields in self.objects(value, OWNER) {
            let mut dependency = Dependency::default();
            for (key, value) in fields {
                let Some(name) = DEPENDENCY_FIELDS.iter().find(|f| f.eq_ignore_ascii_case(key)).copied()
                else {
                    continue;
                };
                self.path.push(name);
                match name {
                    "name" => self.string(&mut dependency.name, value, OWNER),
                    "version" => self.string(&mut dependency.version, value, OWNER),
                    "repository" => self.string(&mut dependency.repository, value, OWNER),
                    "condition" => self.string(&mut dependency.condition, value, OWNER),
                    "tags" => self.strings(&mut dependency.tags, value, OWNER),
                    "enabled" => self.boolean(&mut dependency.enabled, value, OWNER),
                    "import-values" => match value {
                        Value::Array(items) => dependency.import_values.clone_from(items),
                        other => self.mismatch(other, OWNER, "[]interface {}"),
                    },
                    "alias" => self.string(&mut dependency.alias, value, OWNER),
                    _ => {}
                }
                self.path.pop();
            }
            into.push(dependency);
        }
    }
}

const FIELDS: &[&str] = &[
    "name",
    "home",
    "sources",
    "version",
    "description",
    "keywords",
    "maintainers",
    "icon",
    "apiVersion",
    "condition",
    "tags",
    "appVersion",
    "deprecated",
    "annotations",
    "kubeVersion",
    "dependencies",
    "type",
];

const DEPENDENCY_FIELDS: &[&str] =
    &["name", "version", "repository", "condition", "tags", "enabled", "import-values", "alias"];

/// A YAML scalar where text is wanted, as sigs.k8s.io/yaml turns it into text; null is empty.
pub(crate) fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::Bool(b) => Some(b.to_string()),
        Value::String(s) => Some(s.clone()),
        Value::Number(n) => Some(
            n.as_i64()
                .map(|i| i.to_string())
                .unwrap_or_else(|| n.as_f64().map_or_else(|| n.to_string(), shortest)),
        ),
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// A number as text: whole numbers plain (YAML read them as integers), others as Go's `%g`.
fn shortest(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 9.2e18 {
        return format!("{number:.0}");
    }
    let scientific = format!("{number:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    match exponent.parse::<i32>() {
        Ok(e) if (-4..21).contains(&e) => number.to_string(),
        Ok(e) => format!("{digits}e{}{:02}", if e < 0 { '-' } else { '+' }, e.abs()),
        Err(_) => scientific,
    }
}
