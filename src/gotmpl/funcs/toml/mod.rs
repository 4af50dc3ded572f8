//! TOML in, as `github.com/BurntSushi/toml` v1.6 reads it.
//!
//! In: bytes. Out: a map for templates, or that library's words with the line and the last key it knew of. What it
//! accepts beside the standard (a key of an inline table extended later, a comma at its end) is accepted here. A time
//! is made by the caller, who knows the machine's zone.

mod lex;

use std::collections::BTreeMap;
use std::rc::Rc;

use lex::{Fault, Item, Lexer, Token, quoted};

use super::super::fuel;
use super::super::str::Str;
use super::super::types::ANY_MAP;
use super::super::value::{ENTRY_SIZE, Entries, LIST_SIZE, List, MAP_SIZE, Map, Value};
use super::super::yaml::tree::MAX_DEPTH;

/// Why there is no map.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// An error that Helm hands to the template as data.
    Error(String),
    /// The library panics, and the template fails.
    Panic(String),
}

/// Makes a time of a text whose letters are capitals; `None` if it is none.
type Times<'a> = &'a dyn Fn(&str) -> Option<Value>;

/// `toml.Unmarshal` into a map.
pub(super) fn read(text: &[u8], times: Times<'_>) -> Result<Value, Failure> {
    let marks: [&[u8]; 3] = [b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf"];
    let text = marks.iter().find_map(|mark| text.strip_prefix(*mark)).unwrap_or(text);
    if text.iter().take(6).any(|byte| *byte == 0) {
        let message = "files cannot contain NULL bytes; probably using UTF-16; TOML files must be UTF-8";
        return Err(Failure::Error(format!("toml: line 1: {message}")));
    }
    let mut reader = Reader {
        lexer: Lexer::new(text),
        times,
        tables: vec![BTreeMap::new()],
        places: vec![Place::default()],
        context: Vec::new(),
        current: Rc::from(""),
        line: 1,
        depth: 0,
    };
    reader.document()?;
    Ok(Value::Map(reader.map(ROOT)))
}

type Part = Rc<str>;
type Read<T> = Result<T, Failure>;

/// Which of [`Reader::tables`].
type Table = usize;
const ROOT: Table = 0;

/// What stands under a key. Tables are named by number: an inline table is reached both through its key and through
/// the array that holds it, and grows through either.
#[derive(Clone)]
enum Node {
    Leaf(Value),
    List(Rc<Vec<Node>>),
    Table(Table),
    /// `[[name]]`.
    Tables(Vec<Table>),
}

/// What is remembered of a path of keys, whether or not something stands there.
#[derive(Default)]
struct Place {
    parts: BTreeMap<Part, usize>,
    /// Made only because a longer path needed it, so that it may still be written once.
    implicit: bool,
    array: bool,
}

struct Reader<'t> {
    lexer: Lexer<'t>,
    times: Times<'t>,
    tables: Vec<BTreeMap<Part, Node>>,
    places: Vec<Place>,
    /// The table that keys belong to.
    context: Vec<Part>,
    /// The key being read.
    current: Part,
    /// Where the first part of the last key stood.
    line: i64,
    depth: usize,
}

/// A path as it is written.
fn path(parts: &[Part]) -> String {
    let mut out = String::new();
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            out.push('.');
        }
        out.push_str(&super::super::yaml::toml_key(part.as_bytes()));
    }
    out
}

fn split(key: &[Part]) -> (Part, &[Part]) {
    match key.split_last() {
        Some((last, parents)) => (Rc::clone(last), parents),
        None => (Rc::from(""), key),
    }
}

impl<'t> Reader<'t> {
    fn error<T>(&self, line: i64, message: &str) -> Read<T> {
        let key = match (self.context.is_empty(), self.current.is_empty()) {
            (_, true) => path(&self.context),
            (true, false) => self.current.to_string(),
            (false, false) => format!("{}.{}", path(&self.context), self.current),
        };
        Err(Failure::Error(if key.is_empty() {
            format!("toml: line {line}: {message}")
        } else {
            format!("toml: line {line} (last key {}): {message}", quoted(&key))
        }))
    }

    /// An error about the last key.
    fn refuse<T>(&self, message: &str) -> Read<T> {
        self.error(self.line, message)
    }

    /// An error about what has just been read.
    fn wrong<T>(&self, message: &str) -> Read<T> {
        self.error(self.lexer.line, message)
    }

    fn lex<T>(&mut self, next: impl FnOnce(&mut Lexer<'t>) -> Result<T, Fault>) -> Read<T> {
        next(&mut self.lexer).or_else(|fault| self.error(fault.line, &fault.message))
    }

    fn spend(&self, steps: usize) -> Read<()> {
        if fuel::spend(steps).is_err() { self.wrong("document is too large") } else { Ok(()) }
    }

    fn document(&mut self) -> Read<()> {
        while let Some(first) = self.lex(Lexer::top)? {
            if first == '[' {
                self.header()?;
            } else {
                let outer = self.context.clone();
                self.key_and_value()?;
                self.context = outer;
                self.current = Rc::from("");
            }
            self.lex(Lexer::top_end)?;
        }
        Ok(())
    }

    /// `[name]` or `[[name]]`.
    fn header(&mut self) -> Read<()> {
        self.lex(Lexer::next)?;
        let array = self.lex(|lexer| lexer.accept('['))?;
        let mut key = Vec::new();
        loop {
            let part = self.lex(Lexer::table_name)?;
            if key.is_empty() {
                self.line = self.lexer.line;
            }
            key.push(self.part(part)?);
            if self.lex(Lexer::table_name_end)? == Item::End {
                break;
            }
        }
        if array {
            self.lex(Lexer::array_table_end)?;
        }
        self.enter(&key, array)?;
        self.set_kind("", false);
        Ok(())
    }

    /// `a.b = …`: makes the tables in between and the key the current one, and returns their names and the value.
    fn key_and_value(&mut self) -> Read<(Vec<Part>, Node)> {
        self.lex(Lexer::key_start)?;
        let mut key = Vec::new();
        loop {
            let part = self.lex(Lexer::key_name)?;
            if key.is_empty() {
                self.line = self.lexer.line;
            }
            key.push(self.part(part)?);
            if self.lex(Lexer::key_end)? == Item::End {
                break;
            }
        }
        let (last, parents) = split(&key);
        self.current = last;
        for part in parents {
            let mut longer = self.context.clone();
            longer.push(Rc::clone(part));
            self.imply(&longer)?;
            self.enter(&longer, false)?;
        }
        let token = self.lex(Lexer::value)?;
        let array = matches!(token, Token::Array);
        let value = self.value(token, false)?;
        let current = Rc::clone(&self.current);
        self.set(&current, value.clone())?;
        self.set_kind(&current, array);
        let parents = parents.to_vec();
        Ok((parents, value))
    }

    fn part(&mut self, token: Token<'_>) -> Read<Part> {
        match token {
            Token::Text(text) => Ok(Rc::from(text)),
            Token::Escaped(text) => Ok(Rc::from(self.unescape(text)?)),
            // Names are text.
            _ => Ok(Rc::from("")),
        }
    }

    fn value(&mut self, token: Token<'_>, in_array: bool) -> Read<Node> {
        self.spend(4)?;
        Ok(Node::Leaf(match token {
            Token::Text(text) => Value::string(text),
            Token::Escaped(text) => Value::string(self.unescape(text)?),
            Token::Lines(text) => Value::string(self.unescape(&joined(without_first_break(text)))?),
            Token::RawLines(text) => Value::string(without_first_break(text)),
            Token::Bool(b) => Value::Bool(b),
            Token::Integer(text) => self.integer(text)?,
            Token::Float(text) => self.float(text)?,
            Token::Datetime(text) => self.time(text)?,
            Token::Array => return self.nested(Self::array),
            Token::InlineTable => return self.nested(|reader| reader.inline_table(in_array)),
        }))
    }

    fn nested(&mut self, read: impl FnOnce(&mut Self) -> Read<Node>) -> Read<Node> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.wrong(&format!("exceeded max depth of {MAX_DEPTH}"));
        }
        let node = read(self)?;
        self.depth -= 1;
        Ok(node)
    }

    fn array(&mut self) -> Read<Node> {
        let current = Rc::clone(&self.current);
        self.set_kind(&current, true);
        let mut items = Vec::new();
        while self.lex(Lexer::array_item)? == Item::Another {
            let token = self.lex(Lexer::value)?;
            items.push(self.value(token, true)?);
            if self.lex(Lexer::array_separator)? == Item::End {
                break;
            }
        }
        Ok(Node::List(Rc::new(items)))
    }

    fn inline_table(&mut self, in_array: bool) -> Read<Node> {
        let table = self.table();
        let (outer, outer_key) = (self.context.clone(), Rc::clone(&self.current));
        let mut own = outer.clone();
        own.push(Rc::clone(&outer_key));
        // Until it is entered the table is where its parent is.
        self.context.clone_from(&own);
        self.current = Rc::from("");
        self.imply(&own)?;
        self.enter(&own, in_array)?;
        while self.lex(Lexer::table_item)? == Item::Another {
            let (parents, value) = self.key_and_value()?;
            let mut at = table;
            for part in parents {
                let found = self.tables.get(at).and_then(|entries| entries.get(&part)).cloned();
                at = match found {
                    Some(Node::Table(inner)) => inner,
                    Some(_) => {
                        let text = quoted(&path(&self.context));
                        return self.refuse(&format!("{text} is not a table"));
                    }
                    None => {
                        let inner = self.table();
                        self.put(at, part, Node::Table(inner));
                        inner
                    }
                };
            }
            let current = Rc::clone(&self.current);
            self.put(at, current, value);
            self.context.clone_from(&own);
            if self.lex(Lexer::table_separator)? == Item::End {
                break;
            }
        }
        self.context = outer;
        self.current = outer_key;
        Ok(Node::Table(table))
    }

    fn table(&mut self) -> Table {
        fuel::note(MAP_SIZE);
        self.tables.push(BTreeMap::new());
        self.tables.len() - 1
    }

    fn put(&mut self, table: Table, key: Part, node: Node) {
        fuel::note(ENTRY_SIZE);
        if let Some(entries) = self.tables.get_mut(table) {
            entries.insert(key, node);
        }
    }

    /// What stands under a key of a table.
    fn get(&self, table: Table, key: &str) -> Option<&Node> {
        self.tables.get(table).and_then(|entries| entries.get(key))
    }

    /// The table a key leads to: of an array of tables, the last. `None` if it leads to something else.
    fn table_of(node: &Node) -> Option<Table> {
        match node {
            Node::Table(table) => Some(*table),
            Node::Tables(tables) => tables.last().copied(),
            _ => None,
        }
    }

    /// Makes a table the context, new unless an implicit one is there; of an array of tables, the next one.
    fn enter(&mut self, key: &[Part], array: bool) -> Read<()> {
        self.spend(key.len() * 2)?;
        if key.len() > MAX_DEPTH {
            return self.wrong(&format!("exceeded max depth of {MAX_DEPTH}"));
        }
        let (last, parents) = split(key);
        let mut at = ROOT;
        for (i, part) in parents.iter().enumerate() {
            let here = parents.get(..=i).unwrap_or_default();
            let found = match self.get(at, part) {
                Some(node) => Self::table_of(node),
                None => {
                    self.imply(here)?;
                    let table = self.table();
                    self.put(at, Rc::clone(part), Node::Table(table));
                    Some(table)
                }
            };
            at = match found {
                Some(table) => table,
                None => return self.refuse(&format!("Key '{}' was already created as a hash.", path(here))),
            };
        }
        self.context = parents.to_vec();
        if array {
            let table = self.table();
            let entries = self.tables.get_mut(at);
            match entries.and_then(|entries| entries.get_mut(&last)) {
                None => self.put(at, Rc::clone(&last), Node::Tables(vec![table])),
                Some(Node::Tables(tables)) => tables.push(table),
                Some(_) => {
                    let key = path(key);
                    return self
                        .refuse(&format!("Key '{key}' was already created and cannot be used as an array."));
                }
            }
        } else {
            let table = self.table();
            self.set(&last, Node::Table(table))?;
        }
        self.context.push(last);
        Ok(())
    }

    /// Puts a value under a key of the context, where there may be an implicit table at most.
    fn set(&mut self, key: &Part, value: Node) -> Read<()> {
        self.spend(self.context.len())?;
        let mut at = ROOT;
        for (i, part) in self.context.iter().enumerate() {
            let here = || path(self.context.get(..=i).unwrap_or_default());
            at = match self.get(at, part) {
                None => {
                    let key = here();
                    return Err(Failure::Panic(format!(
                        "BUG: Context for key '{key}' has not been established.\n\n"
                    )));
                }
                Some(node) => match Self::table_of(node) {
                    Some(table) => table,
                    None => return self.refuse(&format!("Key '{}' has already been defined.", here())),
                },
            };
        }
        if self.get(at, key).is_some() {
            let mut full = self.context.clone();
            full.push(Rc::clone(key));
            let id = self.place(&full);
            let place = self.places.get_mut(id);
            let (implicit, array) =
                place.as_ref().map_or((false, false), |place| (place.implicit, place.array));
            if !implicit {
                return self.refuse(&format!("Key '{}' has already been defined.", path(&full)));
            }
            if let Some(place) = place {
                place.implicit = false;
            }
            if !array {
                return Ok(());
            }
        }
        self.put(at, Rc::clone(key), value);
        Ok(())
    }

    fn place(&mut self, path: &[Part]) -> usize {
        let mut at = 0;
        for part in path {
            let found = self.places.get(at).and_then(|place| place.parts.get(part)).copied();
            at = found.unwrap_or_else(|| {
                fuel::note(MAP_SIZE);
                let new = self.places.len();
                self.places.push(Place::default());
                if let Some(place) = self.places.get_mut(at) {
                    place.parts.insert(Rc::clone(part), new);
                }
                new
            });
        }
        at
    }

    fn imply(&mut self, path: &[Part]) -> Read<()> {
        self.spend(path.len())?;
        let id = self.place(path);
        if let Some(place) = self.places.get_mut(id) {
            place.implicit = true;
        }
        Ok(())
    }

    /// Notes whether a key holds an array. An empty key counts as the context itself, as it does there.
    fn set_kind(&mut self, key: &str, array: bool) {
        let mut full = self.context.clone();
        if !key.is_empty() || full.is_empty() {
            full.push(Rc::from(key));
        }
        let id = self.place(&full);
        if let Some(place) = self.places.get_mut(id) {
            place.array = array;
        }
    }

    fn integer(&self, text: &str) -> Read<Value> {
        if !underscores_fit(text) {
            return self.wrong(&format!(
                "Invalid integer {}: underscores must be surrounded by digits",
                quoted(text)
            ));
        }
        if has_leading_zero(text) {
            return self.wrong(&format!("Invalid integer {}: cannot have leading zeroes", quoted(text)));
        }
        let digits = text.replace('_', "");
        let (digits, radix) = match digits.get(..2) {
            Some("0x") => (digits.get(2..).unwrap_or_default(), 16),
            Some("0o") => (digits.get(2..).unwrap_or_default(), 8),
            Some("0b") => (digits.get(2..).unwrap_or_default(), 2),
            _ => (digits.as_str(), 10),
        };
        match i64::from_str_radix(digits, radix) {
            Ok(number) => Ok(Value::int64(number)),
            Err(_) => self.wrong(&format!("{text} is out of range for int64")),
        }
    }

    fn float(&self, text: &str) -> Read<Value> {
        let mut parts = text.split(['.', 'e', 'E']).filter(|part| !part.is_empty());
        if !parts.clone().all(underscores_fit) {
            return self
                .wrong(&format!("Invalid float {}: underscores must be surrounded by digits", quoted(text)));
        }
        if parts.next().is_some_and(has_leading_zero) {
            return self.wrong(&format!("Invalid float {}: cannot have leading zeroes", quoted(text)));
        }
        if text.split('.').skip(1).any(|after| !after.starts_with(|c: char| c.is_ascii_digit())) {
            let message = "'.' must be followed by one or more digits";
            return self.wrong(&format!("Invalid float {}: {message}", quoted(text)));
        }
        match text {
            "nan" | "+nan" => return Ok(Value::Float(f64::NAN)),
            "-nan" => return Ok(Value::Float(-f64::NAN)),
            "inf" | "+inf" => return Ok(Value::Float(f64::INFINITY)),
            "-inf" => return Ok(Value::Float(f64::NEG_INFINITY)),
            _ => {}
        }
        match text.replace('_', "").parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Value::Float(number)),
            Ok(_) => self.wrong(&format!("{text} is out of range for float64")),
            Err(_) => self.wrong(&format!("Invalid float value: {}", quoted(text))),
        }
    }

    fn time(&self, text: &str) -> Read<Value> {
        let text = text.replace('z', "Z").replace(['t', ' '], "T");
        match (self.times)(&text) {
            Some(time) => Ok(time),
            None => self.wrong(&format!("invalid datetime: {}", quoted(&text))),
        }
    }

    /// Text without its escapes; the lexer has seen that they are complete.
    fn unescape(&self, text: &str) -> Read<String> {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('\\') {
            out.push_str(before);
            let mut chars = behind.chars();
            let digits = match chars.next() {
                Some(c @ (' ' | '\t')) => return self.wrong(&format!("invalid escape: '\\{c}'")),
                Some('x') => 2,
                Some('u') => 4,
                Some('U') => 8,
                other => {
                    out.push(match other {
                        Some('b') => '\u{8}',
                        Some('t') => '\t',
                        Some('n') => '\n',
                        Some('f') => '\u{c}',
                        Some('r') => '\r',
                        Some('e') => '\u{1b}',
                        other => other.unwrap_or('\\'),
                    });
                    rest = chars.as_str();
                    continue;
                }
            };
            let (code, tail) = chars.as_str().split_at_checked(digits).unwrap_or(("", ""));
            match u32::from_str_radix(code, 16).ok().and_then(char::from_u32) {
                Some(c) => out.push(c),
                None => return self.wrong(&format!("Escaped character '\\u{code}' is not valid UTF-8.")),
            }
            rest = tail;
        }
        out.push_str(rest);
        Ok(out)
    }

    fn map(&self, table: Table) -> Map {
        let entries = self.tables.get(table).into_iter().flatten();
        let entries: Vec<(Str, Value)> =
            entries.map(|(key, node)| (Str::from(&**key), self.build(node))).collect();
        fuel::note(MAP_SIZE + entries.len() * ENTRY_SIZE);
        Map::from_table(ANY_MAP, entries.into_iter().collect::<Entries>())
    }

    fn build(&self, node: &Node) -> Value {
        match node {
            Node::Leaf(value) => value.clone(),
            Node::Table(table) => Value::Map(self.map(*table)),
            Node::List(items) => {
                fuel::note(LIST_SIZE);
                Value::List(List::new(items.iter().map(|item| self.build(item)).collect()))
            }
            Node::Tables(tables) => {
                fuel::note(LIST_SIZE);
                let maps = tables.iter().map(|table| Value::Map(self.map(*table))).collect();
                Value::List(List::with_elem(ANY_MAP, maps))
            }
        }
    }
}

fn without_first_break(text: &str) -> &str {
    text.strip_prefix('\n').or_else(|| text.strip_prefix("\r\n")).unwrap_or(text)
}

/// Text without each backslash at the end of a line and the white space from there to the next text.
fn joined(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('\\') {
        out.push_str(before);
        let tail = behind.trim_start_matches([' ', '\t', '\r', '\n']);
        if let Some(after) = behind.strip_prefix('\\') {
            out.push_str("\\\\");
            rest = after;
        } else if behind.strip_suffix(tail).is_some_and(|space| space.contains('\n')) {
            rest = tail;
        } else {
            out.push('\\');
            rest = behind;
        }
    }
    out.push_str(rest);
    out
}

fn has_leading_zero(number: &str) -> bool {
    match number.as_bytes() {
        [b'0', second, ..] => !matches!(second, b'b' | b'o' | b'x'),
        [b'-' | b'+', b'0', _, ..] => true,
        _ => false,
    }
}

/// Whether each underscore is between digits; letters up to `f` count as such.
fn underscores_fit(number: &str) -> bool {
    if matches!(number, "nan" | "+nan" | "-nan" | "inf" | "+inf" | "-inf") {
        return true;
    }
    let mut digit = false;
    for c in number.chars() {
        if c == '_' && !digit {
            return false;
        }
        digit = c.is_ascii_hexdigit();
    }
    digit
}
