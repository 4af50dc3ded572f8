//! Functions that write and read encodings.

use super::{Args, Given};
use crate::eval::handles::from_json;
use crate::eval::value::{Value, ValueKind};
use crate::gotmpl::yaml;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;

pub fn call(name: &str, args: &Args<'_>) -> Option<Given> {
    Some(match name {
        "base64encode" => args.str(0).and_then(|s| args.text(STANDARD.encode(s))),
        "base64decode" => args.str(0).and_then(|s| {
            let bytes = STANDARD.decode(s.trim()).map_err(|_| "the text is not base64".to_owned())?;
            args.text(String::from_utf8(bytes).map_err(|_| "what it encodes is not text".to_owned())?)
        }),
        "jsonencode" => args.get(0).and_then(|v| args.text(json(v).ok_or("the value is not known yet")?)),
        "jsondecode" => args.str(0).and_then(|s| {
            let json: Json =
                serde_json::from_str(s).map_err(|error| format!("the text is not JSON: {error}"))?;
            Ok(from_json(&json, args.span))
        }),
        "urlencode" => args.str(0).and_then(|s| args.text(urlencode(s))),
        "yamlencode" => args.get(0).and_then(|v| {
            let mut out = String::new();
            yaml_value(v, 0, false, &mut out)?;
            args.text(out)
        }),
        "yamldecode" => args.str(0).and_then(|s| {
            let json: Json = yaml::decode(s.as_bytes(), yaml::Root::Any).map_err(|error| {
                let text = error.to_string();
                format!(
                    "the text is not YAML: {}",
                    text.trim_start_matches("error converting YAML to JSON: ")
                )
            })?;
            Ok(from_json(&json, args.span))
        }),
        _ => return None,
    })
}

/// As Terraform writes it: keys in order, no spaces, what HTML would take for markup escaped.
pub fn json(value: &Value) -> Option<String> {
    let text = value.to_json()?.to_string();
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            // These occur inside strings only.
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            c => out.push(c),
        }
    }
    Some(out)
}

/// Everything but letters, digits and `-_.~`, a space as `+`.
fn urlencode(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

/// Block style with quoted keys and strings, as Terraform writes it: nothing in it can be misread.
fn yaml_value(value: &Value, depth: usize, inline: bool, out: &mut String) -> Result<(), String> {
    let pad = "  ".repeat(depth);
    match &value.kind {
        ValueKind::List(items) if !items.is_empty() => {
            for (n, item) in items.iter().enumerate() {
                if !(inline && n == 0) {
                    out.push_str(&pad);
                }
                out.push_str("- ");
                yaml_value(item, depth + 1, true, out)?;
            }
        }
        ValueKind::Map(entries) if !entries.is_empty() => {
            for (n, (key, item)) in entries.iter().enumerate() {
                if !(inline && n == 0) {
                    out.push_str(&pad);
                }
                out.push_str(&Json::String(key.to_string()).to_string());
                let nested = match &item.kind {
                    ValueKind::List(items) => !items.is_empty(),
                    ValueKind::Map(entries) => !entries.is_empty(),
                    _ => false,
                };
                if nested {
                    out.push_str(":\n");
                    // Lists stay at the level of their key.
                    let deeper = if matches!(item.kind, ValueKind::List(_)) { depth } else { depth + 1 };
                    yaml_value(item, deeper, false, out)?;
                } else {
                    out.push_str(": ");
                    yaml_value(item, depth + 1, true, out)?;
                }
            }
        }
        ValueKind::String(text) if is_multiline(text) => {
            out.push_str("|\n");
            for line in text.lines() {
                if line.is_empty() {
                    out.push('\n');
                } else {
                    out.push_str(&format!("{pad}{}{line}\n", if depth == 0 { "  " } else { "" }));
                }
            }
        }
        _ => {
            out.push_str(&value.to_json().ok_or("the value is not known yet")?.to_string());
            out.push('\n');
        }
    }
    Ok(())
}

/// Text that a literal block holds exactly.
fn is_multiline(text: &str) -> bool {
    let plain =
        |c: char| c == '\n' || (!c.is_control() && c != '\u{2028}' && c != '\u{2029}' && c != '\u{85}');
    text.ends_with('\n')
        && !text.ends_with("\n\n")
        && text.trim_end_matches('\n').contains('\n')
        && !text.starts_with([' ', '\n'])
        && text.chars().all(plain)
}
