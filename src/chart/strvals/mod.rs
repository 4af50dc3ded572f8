//! Helm's `--set` language: `a.b=1,c[0].d=x,e={1,2}` and its variants, set into a map of values.
//!
//! In: the text of one flag and the values so far. Out: the values changed. Follows Helm's `pkg/strvals`,
//! including what it lets pass: a line that simply ends is never an error, it is only cut short. An error
//! leaves the values half changed; Helm stops there too.

use serde_json::{Map, Value};

use crate::gotmpl::strconv;
use crate::gotmpl::yaml;

/// How the text behind `=` is read.
pub enum Mode<'r> {
    /// `--set`: true, false, null and integers are recognised, the rest is text.
    Typed,
    /// `--set-string`: always text.
    Text,
    /// `--set-json`: JSON; nothing at all means null.
    Json,
    /// `--set-file`: the path of a file whose content is the value.
    File(&'r dyn Fn(&str) -> Result<String, String>),
    /// `--set-literal`: everything to the end of the line, with no escapes anywhere.
    Literal,
}

/// Highest index of a list that may be set.
const MAX_INDEX: i64 = 65_536;
/// How many dots a name may have.
const MAX_LEVEL: usize = 30;

/// Sets what `text` says into `values`.
///
/// # Errors
/// Helm's words for what cannot be read.
pub fn set(values: &mut Map<String, Value>, text: &str, mode: &Mode<'_>) -> Result<(), String> {
    let mut parser = Parser { rest: text, mode };
    loop {
        match parser.key(values, 0) {
            Ok(()) => {}
            Err(Stop::End) => return Ok(()),
            Err(Stop::Failed(message)) => return Err(message),
        }
    }
}

/// Why a step gave up.
enum Stop {
    /// The text ended, which Helm takes for the end of the work wherever it happens.
    End,
    Failed(String),
}

type Step<T> = Result<T, Stop>;

fn fail<T>(message: String) -> Step<T> {
    Err(Stop::Failed(message))
}

struct Parser<'t> {
    rest: &'t str,
    mode: &'t Mode<'t>,
}

/// What stands behind `=` when it is no list in braces.
enum Braces {
    List(Vec<Value>),
    None,
}

impl Parser<'_> {
    fn next(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = self.rest.get(c.len_utf8()..).unwrap_or_default();
        Some(c)
    }

    fn literal(&self) -> bool {
        matches!(self.mode, Mode::Literal)
    }

    /// Text up to one of `stops`, and which; none at the end. A backslash takes the next character as it is.
    fn until(&mut self, stops: &[char]) -> (String, Option<char>) {
        let mut text = String::new();
        while let Some(c) = self.next() {
            if stops.contains(&c) {
                return (text, Some(c));
            }
            if c == '\\' && !self.literal() {
                match self.next() {
                    Some(escaped) => text.push(escaped),
                    None => return (text, None),
                }
            } else {
                text.push(c);
            }
        }
        (text, None)
    }

    fn key(&mut self, data: &mut Map<String, Value>, level: usize) -> Step<()> {
        let stops: &[char] = if self.literal() { &['=', '[', '.'] } else { &['=', '[', ',', '.'] };
        let (name, stop) = self.until(stops);
        match stop {
            None if name.is_empty() => Err(Stop::End),
            None => fail(format!("key {} has no value", quoted(&name))),
            Some('[') => {
                let index = self.index()?;
                let list = match data.get_mut(&name) {
                    None => Vec::new(),
                    Some(Value::Array(list)) => std::mem::take(list),
                    Some(other) => return fail(not_a(other, "[]interface {}")),
                };
                let (list, result) = self.item(list, index, level);
                put_back(data, name, Value::Array(list));
                result
            }
            Some('=') => self.value(data, name),
            Some(',') => fail(format!("key {} has no value (cannot end with ,)", quoted(&name))),
            Some(_) => {
                let level = level + 1;
                if level > MAX_LEVEL {
                    return fail(format!(
                        "value name nested level is greater than maximum supported nested level of {MAX_LEVEL}"
                    ));
                }
                let mut inner = match data.get_mut(&name) {
                    None => Map::new(),
                    Some(Value::Object(inner)) => std::mem::take(inner),
                    Some(other) => return fail(not_a(other, "map[string]interface {}")),
                };
                let result = self.key(&mut inner, level);
                if inner.is_empty() && result.is_ok() {
                    return fail(format!("key map {} has no value", quoted(&name)));
                }
                if !inner.is_empty() || data.contains_key(&name) {
                    put_back(data, name, Value::Object(inner));
                }
                result
            }
        }
    }

    /// What follows `name=`.
    fn value(&mut self, data: &mut Map<String, Value>, name: String) -> Step<()> {
        match self.mode {
            Mode::Literal => {
                let text = std::mem::take(&mut self.rest).to_owned();
                put(data, name, Value::String(text));
                Ok(())
            }
            Mode::Json => {
                let value = self.json()?;
                put(data, name, value);
                Ok(())
            }
            _ => match self.braces() {
                Ok(Braces::List(list)) => {
                    put(data, name, Value::Array(list));
                    Ok(())
                }
                Ok(Braces::None) => {
                    let (text, _) = self.until(&[',']);
                    let value = self.read(&text)?;
                    put(data, name, value);
                    Ok(())
                }
                Err(Stop::End) => {
                    put(data, name, Value::String(String::new()));
                    Err(Stop::End)
                }
                Err(failed) => Err(failed),
            },
        }
    }

    fn index(&mut self) -> Step<i64> {
        let (text, stop) = self.until(&[']']);
        if stop.is_none() {
            return Err(Stop::End);
        }
        let wrong =
            |why: &str| fail(format!("error parsing index: strconv.Atoi: parsing {}: {why}", quoted(&text)));
        let digits = text.strip_prefix(['+', '-']).unwrap_or(&text);
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return wrong("invalid syntax");
        }
        text.parse().or_else(|_| wrong("value out of range"))
    }

    /// What follows `[index]`; gives the list back, changed as far as it got.
    fn item(&mut self, mut list: Vec<Value>, index: i64, level: usize) -> (Vec<Value>, Step<()>) {
        if index < 0 {
            return (list, fail(format!("negative {index} index not allowed")));
        }
        let (text, stop) = self.until(&['[', '.', '=']);
        if !text.is_empty() {
            let shown: Vec<String> = text.chars().map(quoted_char).collect();
            return (list, fail(format!("unexpected data at end of array index: [{}]", shown.join(" "))));
        }
        let at = usize::try_from(index).unwrap_or(usize::MAX);
        let set = |list: Vec<Value>, value: Step<Value>| match value {
            Ok(value) => set_index(list, index, value),
            Err(stop) => (list, Err(stop)),
        };
        match stop {
            None => (list, Err(Stop::End)),
            Some('=') => {
                let value = self.item_value();
                set(list, value)
            }
            Some('[') => {
                let next = match self.index() {
                    Ok(next) => next,
                    Err(stop) => return (list, Err(stop)),
                };
                let inner = match list.get_mut(at) {
                    None | Some(Value::Null) => Vec::new(),
                    Some(Value::Array(inner)) => inner.clone(),
                    Some(other) => {
                        let message = not_a(other, "[]interface {}");
                        return (list, fail(message));
                    }
                };
                let (inner, result) = self.item(inner, next, level);
                set(list, result.map(|()| Value::Array(inner)))
            }
            Some(_) => {
                // An item that exists is changed in place, even if the text then ends too soon.
                if let Some(slot) = list.get_mut(at) {
                    if !slot.is_object() {
                        *slot = Value::Object(Map::new());
                    }
                    let result = match slot {
                        Value::Object(inner) => self.key(inner, level),
                        _ => Ok(()),
                    };
                    return (list, result);
                }
                let mut inner = Map::new();
                let result = self.key(&mut inner, level);
                set(list, result.map(|()| Value::Object(inner)))
            }
        }
    }

    fn item_value(&mut self) -> Step<Value> {
        match self.mode {
            Mode::Literal => Ok(Value::String(std::mem::take(&mut self.rest).to_owned())),
            Mode::Json => self.json(),
            _ => match self.braces() {
                Ok(Braces::List(list)) => Ok(Value::Array(list)),
                Ok(Braces::None) => {
                    let (text, _) = self.until(&[',']);
                    self.read(&text)
                }
                Err(Stop::End) => Ok(Value::String(String::new())),
                Err(failed) => Err(failed),
            },
        }
    }

    /// `{a,b}`: a list. Elements end at the next comma or brace, whatever they hold.
    fn braces(&mut self) -> Step<Braces> {
        if self.rest.is_empty() {
            return Err(Stop::End);
        }
        let Some(inside) = self.rest.strip_prefix('{') else { return Ok(Braces::None) };
        self.rest = inside;
        let mut list = Vec::new();
        loop {
            let (text, stop) = self.until(&[',', '}']);
            if stop.is_none() {
                return fail("list must terminate with '}'".to_owned());
            }
            list.push(self.read(&text)?);
            if stop == Some('}') {
                self.rest = self.rest.strip_prefix(',').unwrap_or(self.rest);
                return Ok(Braces::List(list));
            }
        }
    }

    fn read(&self, text: &str) -> Step<Value> {
        match self.mode {
            Mode::Typed => Ok(typed(text)),
            Mode::File(read) => read(text).map(Value::String).map_err(Stop::Failed),
            _ => Ok(Value::String(text.to_owned())),
        }
    }

    /// A JSON value and the comma after it.
    fn json(&mut self) -> Step<Value> {
        if self.nothing_before_comma() {
            return Ok(Value::Null);
        }
        match yaml::decode_json_prefix(self.rest.as_bytes()) {
            Ok((value, length)) => {
                self.rest = self.rest.get(length..).unwrap_or_default();
                self.nothing_before_comma();
                Ok(value)
            }
            Err(e) => fail(e.to_string()),
        }
    }

    /// Passes white space; true, with a comma passed, if then there is a comma or nothing more.
    fn nothing_before_comma(&mut self) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(',') {
            Some(after) => {
                self.rest = after;
                true
            }
            None => self.rest.is_empty(),
        }
    }
}

fn set_index(mut list: Vec<Value>, index: i64, value: Value) -> (Vec<Value>, Step<()>) {
    if index > MAX_INDEX {
        let message = format!("index of {index} is greater than maximum supported index of {MAX_INDEX}");
        return (list, fail(message));
    }
    let at = usize::try_from(index).unwrap_or_default();
    if list.len() <= at {
        list.resize(at + 1, Value::Null);
    }
    if let Some(slot) = list.get_mut(at) {
        *slot = value;
    }
    (list, Ok(()))
}

/// Sets a key; an empty one is silently not set.
fn put(data: &mut Map<String, Value>, name: String, value: Value) {
    if !name.is_empty() {
        data.insert(name, value);
    }
}

/// Sets a key whose value, if it had one, was only borrowed.
fn put_back(data: &mut Map<String, Value>, name: String, value: Value) {
    match data.get_mut(&name) {
        Some(slot) => *slot = value,
        None => put(data, name, value),
    }
}

/// `--set`'s idea of types. What starts with 0 is text unless it is just 0.
fn typed(text: &str) -> Value {
    // Go compares with Unicode case folding, in which the long s is an s.
    let folded = text.replace('\u{17f}', "s");
    if folded.eq_ignore_ascii_case("true") {
        return Value::Bool(true);
    }
    if folded.eq_ignore_ascii_case("false") {
        return Value::Bool(false);
    }
    if text.eq_ignore_ascii_case("null") {
        return Value::Null;
    }
    if text == "0" {
        return Value::from(0);
    }
    match text.parse::<i64>() {
        Ok(number) if !text.starts_with('0') => Value::from(number),
        _ => Value::String(text.to_owned()),
    }
}

fn quoted(text: &str) -> String {
    String::from_utf8_lossy(&strconv::quote(text.as_bytes())).into_owned()
}

fn quoted_char(c: char) -> String {
    let mut out = vec![b'\''];
    strconv::push_escaped_char(&mut out, c, b'\'', strconv::QuoteStyle::Printable);
    out.push(b'\'');
    String::from_utf8_lossy(&out).into_owned()
}

/// Go's complaint about a value of another type on the way to the one to set.
fn not_a(found: &Value, wanted: &str) -> String {
    let found = match found {
        Value::Null => "nil",
        Value::Bool(_) => "bool",
        Value::Number(n) if n.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    };
    format!("unable to parse key: interface conversion: interface {{}} is {found}, not {wanted}")
}

#[cfg(test)]
mod tests;
