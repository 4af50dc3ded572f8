//! From a URL to what is meant by it.

use std::collections::BTreeMap;

/// What a path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    Version,
    Health,
    /// `/api`.
    Core,
    /// `/apis`.
    Groups,
    /// `/apis/GROUP`.
    Group(String),
    /// `/api/v1`, `/apis/GROUP/VERSION`.
    Resources {
        group: String,
        version: String,
    },
    Objects(ObjectPath),
    /// `/openapi/v3`.
    OpenApi,
    /// `/openapi/v3/apis/GROUP/VERSION`.
    OpenApiOf {
        group: String,
        version: String,
    },
    Unknown,
}

/// `/apis/GROUP/VERSION[/namespaces/NS]/PLURAL[/NAME[/SUB]]`; absent parts are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectPath {
    pub group: String,
    pub version: String,
    pub namespace: String,
    pub plural: String,
    pub name: String,
    pub sub: String,
}

pub fn parse(path: &str) -> Route {
    let decoded: Option<Vec<String>> =
        path.split('/').filter(|p| !p.is_empty()).map(percent_decode).collect();
    let Some(parts) = decoded else { return Route::Unknown };
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    match parts.as_slice() {
        ["version"] => Route::Version,
        ["healthz" | "livez" | "readyz", ..] => Route::Health,
        ["openapi", "v3"] => Route::OpenApi,
        ["openapi", "v3", "api", version] => {
            Route::OpenApiOf { group: String::new(), version: (*version).to_owned() }
        }
        ["openapi", "v3", "apis", group, version] => {
            Route::OpenApiOf { group: (*group).to_owned(), version: (*version).to_owned() }
        }
        ["api"] => Route::Core,
        ["apis"] => Route::Groups,
        ["apis", group] => Route::Group((*group).to_owned()),
        ["api", version] => Route::Resources { group: String::new(), version: (*version).to_owned() },
        ["apis", group, version] => {
            Route::Resources { group: (*group).to_owned(), version: (*version).to_owned() }
        }
        ["api", version, rest @ ..] => objects("", version, rest),
        ["apis", group, version, rest @ ..] => objects(group, version, rest),
        _ => Route::Unknown,
    }
}

fn objects(group: &str, version: &str, rest: &[&str]) -> Route {
    let made = |namespace: &str, plural: &str, name: &str, sub: &str| {
        Route::Objects(ObjectPath {
            group: group.to_owned(),
            version: version.to_owned(),
            namespace: namespace.to_owned(),
            plural: plural.to_owned(),
            name: name.to_owned(),
            sub: sub.to_owned(),
        })
    };
    match rest {
        // A namespace's own subresources look like resources inside it.
        ["namespaces", name, sub @ ("status" | "finalize")] if group.is_empty() => {
            made("", "namespaces", name, sub)
        }
        ["namespaces", namespace, plural] => made(namespace, plural, "", ""),
        ["namespaces", namespace, plural, name] => made(namespace, plural, name, ""),
        ["namespaces", namespace, plural, name, sub] => made(namespace, plural, name, sub),
        [plural] => made("", plural, "", ""),
        [plural, name] => made("", plural, name, ""),
        [plural, name, sub] => made("", plural, name, sub),
        _ => Route::Unknown,
    }
}

fn percent_decode(part: &str) -> Option<String> {
    if !part.contains('%') {
        return Some(part.to_owned());
    }
    let mut bytes = part.bytes();
    let mut out = Vec::new();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let hex = [bytes.next()?, bytes.next()?];
            out.push(u8::from_str_radix(std::str::from_utf8(&hex).ok()?, 16).ok()?);
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).ok()
}

/// The query's parameters; of a repeated one the first counts.
pub fn query(text: &str) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    for (key, value) in url::form_urlencoded::parse(text.as_bytes()) {
        out.entry(key.into_owned()).or_insert(value.into_owned());
    }
    out
}
