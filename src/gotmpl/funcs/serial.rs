//! YAML, JSON and TOML in and out of templates. The reading and writing is `yaml`'s; Helm's habit of handing errors
//! back as data is here.

use super::super::func::{Func, FuncError};
use super::super::str::Str;
use super::super::types::{ANY_MAP, ANY_SLICE};
use super::super::value::{List, Map, Value};
use super::super::yaml::{self, Root};
use super::common::{ANY, TEXT, arg, fail, string, text};
use super::toml;

/// The functions of this file.
pub(super) const FUNCS: &[Func] = &[
    Func::new("toYaml", &[ANY], TEXT, |_, a| string(yaml::to_yaml(arg(a, 0)))),
    Func::new("toYamlPretty", &[ANY], TEXT, |_, a| string(yaml::to_yaml_pretty(arg(a, 0)))),
    Func::new("mustToYaml", &[ANY], TEXT, |_, a| {
        let mut document = yaml::encode(arg(a, 0)).map_err(words)?;
        document.truncate(document.strip_suffix('\n').map_or(document.len(), str::len));
        string(document)
    }),
    Func::new("fromYaml", &[TEXT], ANY_MAP, |_, a| Ok(map_or_error(yaml::decode(text(a, 0), Root::Map)))),
    Func::new("fromYamlArray", &[TEXT], ANY_SLICE, |_, a| {
        Ok(list_or_error(yaml::decode(text(a, 0), Root::List)))
    }),
    Func::new("toJson", &[ANY], TEXT, |_, a| string(yaml::to_json(arg(a, 0)))),
    Func::new("mustToJson", &[ANY], TEXT, |_, a| string(json(a)?)),
    Func::new("toRawJson", &[ANY], TEXT, |_, a| string(unescaped(&json(a)?))),
    Func::new("mustToRawJson", &[ANY], TEXT, |_, a| string(unescaped(&json(a)?))),
    Func::new("toPrettyJson", &[ANY], TEXT, |_, a| string(indented(&yaml::to_json(arg(a, 0))))),
    Func::new("mustToPrettyJson", &[ANY], TEXT, |_, a| string(indented(&json(a)?))),
    Func::new("fromJson", &[TEXT], ANY_MAP, |_, a| {
        Ok(map_or_error(yaml::decode_json(text(a, 0), Root::Map)))
    }),
    Func::new("fromJsonArray", &[TEXT], ANY_SLICE, |_, a| {
        Ok(list_or_error(yaml::decode_json(text(a, 0), Root::List)))
    }),
    // An error is the result, as in Helm.
    Func::new("toToml", &[ANY], TEXT, |_, a| {
        not_nil(a)?;
        string(yaml::encode_toml(arg(a, 0)).unwrap_or_else(|e| e.to_string()))
    }),
    Func::new("mustToToml", &[ANY], TEXT, |_, a| {
        not_nil(a)?;
        string(yaml::encode_toml(arg(a, 0)).map_err(words)?)
    }),
    Func::new("fromToml", &[TEXT], ANY_MAP, |c, a| {
        match toml::read(text(a, 0), &|text| super::dates::toml_time(c, text)) {
            Ok(map) => Ok(map),
            Err(toml::Failure::Error(words)) => Ok(error_map(words)),
            Err(toml::Failure::Panic(words)) => fail(words),
        }
    }),
    Func::new("mustFromJson", &[TEXT], ANY, |_, a| yaml::decode_json(text(a, 0), Root::Any).map_err(words)),
];

fn words(error: Box<yaml::Error>) -> FuncError {
    FuncError::new(error.to_string())
}

/// The TOML library panics at nil before it can return an error.
fn not_nil(a: &[Value]) -> Result<(), FuncError> {
    if arg(a, 0).is_nil() { fail("reflect: call of reflect.Value.Type on zero Value") } else { Ok(()) }
}

fn json(a: &[Value]) -> Result<String, FuncError> {
    yaml::encode_json(arg(a, 0)).map_err(words)
}

/// Helm puts the error under `Error` in an otherwise empty map.
fn map_or_error(read: Result<Value, Box<yaml::Error>>) -> Value {
    match read {
        Ok(value @ Value::Map(_)) => value,
        Ok(_) => Value::Map(Map::nil(ANY_MAP)),
        Err(e) => error_map(e.to_string()),
    }
}

fn error_map(words: String) -> Value {
    Value::Map([(Str::literal("Error"), Value::string(words))].into_iter().collect())
}

/// Helm makes the error the only item of the list.
fn list_or_error(read: Result<Value, Box<yaml::Error>>) -> Value {
    match read {
        Ok(value @ Value::List(_)) => value,
        Ok(_) => Value::List(List::nil(super::super::types::Type::Any)),
        Err(e) => Value::List(List::new(vec![Value::string(e.to_string())])),
    }
}

/// JSON without the escapes that Go adds for HTML.
fn unescaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut rest = json;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let plain = [("u003c", '<'), ("u003e", '>'), ("u0026", '&')];
        match plain.iter().find_map(|(code, c)| after.strip_prefix(code).map(|tail| (*c, tail))) {
            Some((c, tail)) => {
                out.push(c);
                rest = tail;
            }
            None => {
                // Any other escape, with the character it escapes, which may be a backslash.
                out.push('\\');
                let width = after.chars().next().map_or(0, char::len_utf8);
                let (escaped, tail) = after.split_at_checked(width).unwrap_or((after, ""));
                out.push_str(escaped);
                rest = tail;
            }
        }
    }
    out.push_str(rest);
    out
}

/// Compact JSON spread over lines, two spaces a level (`json.MarshalIndent`).
fn indented(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let mut depth = 0usize;
    let (mut in_string, mut escaped) = (false, false);
    let mut chars = json.chars().peekable();
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    };
    while let Some(c) = chars.next() {
        if in_string {
            out.push(c);
            in_string = escaped || c != '"';
            escaped = c == '\\' && !escaped;
            continue;
        }
        match c {
            '{' | '[' => {
                out.push(c);
                if matches!(chars.peek(), Some('}' | ']')) {
                    out.extend(chars.next());
                } else {
                    depth += 1;
                    line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            _ => {
                in_string = c == '"';
                out.push(c);
            }
        }
    }
    out
}
