//! YAML to values the way Helm reads it: `sigs.k8s.io/yaml` `Unmarshal`, which goes YAML, JSON, Go value.
//!
//! In: bytes. Out: any type that implements [`Build`], all numbers as `f64`. The detour through JSON shows in
//! what is refused (infinity, NaN, a null or map as a key), in keys turned into strings and in the wording of
//! errors; it is not taken, only its effects are kept.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::super::fuel;
use super::super::strconv;
use super::resolve::{Flavor, Scalar, is_timestamp, resolve};
use super::tree::{NodeId, NodeKind, Tree};
use super::{Error, number};

/// A kind of value YAML can be read into.
pub trait Build: Sized {
    /// A map being filled.
    type Table: Default;
    fn null() -> Self;
    fn boolean(b: bool) -> Self;
    fn number(f: f64) -> Self;
    fn string(s: Cow<'_, str>) -> Self;
    fn list(items: Vec<Self>) -> Self;
    /// Adds an entry; an equal key is overwritten.
    fn entry(map: &mut Self::Table, key: Cow<'_, str>, value: Self);
    fn map(map: Self::Table) -> Self;
    /// The value of an entry of which only the shape matters: it is checked like any other, but not built.
    /// `None` for an entry that is wanted whole.
    fn shape_only(_key: &str) -> Option<fn(Shape) -> Self> {
        None
    }
    /// An infinity or no number, which JSON cannot hold.
    fn unfit(_: f64) -> Self {
        Self::null()
    }
    /// An entry whose key JSON cannot hold: the key's Go type, the key and, where it is wanted, the value in Go's words.
    fn unfit_entry(_: &mut Self::Table, _kind: &str, _key: String, _value: impl FnOnce() -> String) {}
}

/// What a value is, without its contents. Reading into it finds every error of a text and keeps nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Null,
    Scalar,
    List,
    Map,
}

impl Build for Shape {
    type Table = ();

    fn null() -> Self {
        Shape::Null
    }

    fn boolean(_: bool) -> Self {
        Shape::Scalar
    }

    fn number(_: f64) -> Self {
        Shape::Scalar
    }

    fn string(_: Cow<'_, str>) -> Self {
        Shape::Scalar
    }

    fn list(_: Vec<Self>) -> Self {
        Shape::List
    }

    fn entry((): &mut Self::Table, _: Cow<'_, str>, _: Self) {}

    fn map((): Self::Table) -> Self {
        Shape::Map
    }
}

/// What Go's step from YAML to JSON finds wrong: all keys are looked at before any number, and nothing counts that a
/// later entry of the same key replaced.
#[derive(Default)]
struct Verdict {
    key: Option<Box<Error>>,
    number: Option<Box<Error>>,
}

impl Verdict {
    fn of(parts: impl IntoIterator<Item = Verdict>) -> Self {
        parts.into_iter().fold(Verdict::default(), |all, part| Verdict {
            key: all.key.or(part.key),
            number: all.number.or(part.number),
        })
    }
}

impl Build for Verdict {
    /// By whether the key is unfit, and the key: its place among the others, and what the value comes to.
    type Table = BTreeMap<(bool, String), (usize, Verdict)>;

    fn null() -> Self {
        Verdict::default()
    }

    fn boolean(_: bool) -> Self {
        Verdict::default()
    }

    fn number(_: f64) -> Self {
        Verdict::default()
    }

    fn string(_: Cow<'_, str>) -> Self {
        Verdict::default()
    }

    fn list(items: Vec<Self>) -> Self {
        Verdict::of(items)
    }

    fn entry(map: &mut Self::Table, key: Cow<'_, str>, value: Self) {
        let next = map.len();
        map.entry((false, key.into_owned())).or_insert((next, Verdict::default())).1 = value;
    }

    fn map(map: Self::Table) -> Self {
        let mut keys = Vec::new();
        let mut all = Verdict::default();
        // Go writes JSON in the order of the keys; which key it looks at first is its own secret, so the first here.
        for (place, value) in map.into_values() {
            keys.extend(value.key.map(|error| (place, error)));
            all.number = all.number.or(value.number);
        }
        all.key = keys.into_iter().min_by_key(|(place, _)| *place).map(|(_, error)| error);
        all
    }

    fn unfit(f: f64) -> Self {
        let name = match f {
            _ if f.is_nan() => "NaN",
            f64::NEG_INFINITY => "-Inf",
            _ => "+Inf",
        };
        Verdict { key: None, number: Some(Error::raw(format!("json: unsupported value: {name}"))) }
    }

    fn unfit_entry(map: &mut Self::Table, kind: &str, key: String, value: impl FnOnce() -> String) {
        let error = format!("unsupported map key of type: {kind}, key: {key}, value: {}", value());
        let next = map.len();
        map.entry((true, key)).or_insert((next, Verdict::default())).1.key = Some(Error::raw(error));
    }
}

impl Build for serde_json::Value {
    type Table = serde_json::Map<String, serde_json::Value>;

    fn null() -> Self {
        serde_json::Value::Null
    }

    fn boolean(b: bool) -> Self {
        serde_json::Value::Bool(b)
    }

    fn number(f: f64) -> Self {
        serde_json::Value::from(f)
    }

    fn string(s: Cow<'_, str>) -> Self {
        serde_json::Value::String(s.into_owned())
    }

    fn list(items: Vec<Self>) -> Self {
        serde_json::Value::Array(items)
    }

    fn entry(map: &mut Self::Table, key: Cow<'_, str>, value: Self) {
        map.insert(key.into_owned(), value);
    }

    fn map(map: Self::Table) -> Self {
        serde_json::Value::Object(map)
    }
}

/// What the Go caller reads into, which decides what else is refused and what an empty or null document gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    Any,
    Map,
    List,
}

/// Reads the first document of `bytes`. The error's text is Go's.
pub fn decode<B: Build>(bytes: &[u8], root: Root) -> Result<B, Box<Error>> {
    let tree = Tree::parse(bytes).map_err(Error::converting)?;
    decode_tree(&tree, root)
}

/// Reads a parsed document. The error's text is Go's.
pub fn decode_tree<B: Build>(tree: &Tree<'_>, root: Root) -> Result<B, Box<Error>> {
    let empty = || match root {
        Root::Any => B::null(),
        Root::Map => B::map(B::Table::default()),
        Root::List => B::list(Vec::new()),
    };
    let Some(id) = tree.root() else { return Ok(empty()) };
    let mut decoder = Decoder { tree, open: Vec::new(), decoded: 1, aliased: 0, doubtful: false, depth: 0 };
    let value = decoder.value(id).map_err(Error::converting)?;
    if decoder.doubtful {
        (decoder.decoded, decoder.aliased) = (1, 0);
        let verdict: Verdict = decoder.value(id).map_err(Error::converting)?;
        if let Some(late) = verdict.key.or(verdict.number) {
            return Err(Error::converting(late));
        }
    }
    match (root, decoder.go_kind(id)) {
        (Root::Any, _) | (Root::Map, "object") | (Root::List, "array") => Ok(value),
        (_, "null") => Ok(empty()),
        (root, found) => Err(Error::wrong_kind(found, root)),
    }
}

struct Decoder<'t> {
    tree: &'t Tree<'t>,
    /// Aliases being expanded.
    open: Vec<NodeId>,
    /// Nodes decoded so far, and how many of them through an alias: the guard against alias bombs.
    decoded: u64,
    aliased: u64,
    /// Whether something was read that JSON cannot hold; see [`Verdict`].
    doubtful: bool,
    depth: usize,
}

type Decoded<T> = Result<T, Box<Error>>;

enum Key<'t> {
    Fit(Cow<'t, str>),
    /// One that JSON cannot hold: its Go type, and the key.
    Unfit(&'static str, String),
}

const MERGE_TAG: &str = "tag:yaml.org,2002:merge";
const STR_TAG: &str = "tag:yaml.org,2002:str";
const BINARY_TAG: &str = "tag:yaml.org,2002:binary";
const LONG_PREFIX: &str = "tag:yaml.org,2002:";

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

/// Share of nodes that may come from aliases: nearly all in a small document, a tenth in a huge one.
fn allowed_alias_share(decoded: u64) -> f64 {
    const LOW: u64 = 400_000;
    const HIGH: u64 = 4_000_000;
    match decoded {
        ..=LOW => 0.99,
        HIGH.. => 0.10,
        n => 0.99 - 0.89 * ((n - LOW) as f64 / (HIGH - LOW) as f64),
    }
}

/// Text with each byte that is not UTF-8 replaced, as Go's JSON encoder does it.
pub fn replace_invalid(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|e| {
        let mut out = String::new();
        for chunk in e.as_bytes().utf8_chunks() {
            out.push_str(chunk.valid());
            out.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
        }
        out
    })
}

impl<'t> Decoder<'t> {
    fn count(&mut self) -> Decoded<()> {
        self.decoded += 1;
        if !self.open.is_empty() {
            self.aliased += 1;
        }
        if fuel::spend(2).is_err() {
            return Err(Error::plain("document is too large"));
        }
        if self.aliased > 100
            && self.decoded > 1000
            && self.aliased as f64 / self.decoded as f64 > allowed_alias_share(self.decoded)
        {
            return Err(Error::plain("document contains excessive aliasing"));
        }
        Ok(())
    }

    fn value<B: Build>(&mut self, id: NodeId) -> Decoded<B> {
        self.count()?;
        let Some(node) = self.tree.node(id) else { return Ok(B::null()) };
        match &node.kind {
            NodeKind::Scalar { text, .. } => {
                let (scalar, text) = self.scalar(id, text)?;
                Ok(match scalar {
                    Scalar::Null => B::null(),
                    Scalar::Bool(b) => B::boolean(b),
                    Scalar::Int(i) => B::number(i as f64),
                    Scalar::Uint(u) => B::number(u as f64),
                    Scalar::Float(f) if f.is_finite() => B::number(f),
                    Scalar::Float(f) => {
                        self.doubtful = true;
                        B::unfit(f)
                    }
                    Scalar::Timestamp | Scalar::Str => B::string(text),
                })
            }
            NodeKind::Alias { .. } => self.through(id, |this, target| this.value(target)),
            NodeKind::Sequence(_) => {
                self.enter(id)?;
                let children = self.tree.children(id);
                let mut items = Vec::with_capacity(children.len());
                for child in children {
                    items.push(self.value(*child)?);
                }
                self.depth -= 1;
                Ok(B::list(items))
            }
            NodeKind::Mapping(_) => {
                let mut map = B::Table::default();
                self.fill::<B>(id, &mut map)?;
                Ok(B::map(map))
            }
        }
    }

    /// Aliases can nest deeper than the text does.
    fn enter(&mut self, id: NodeId) -> Decoded<()> {
        self.depth += 1;
        if self.depth > super::tree::MAX_DEPTH {
            let line = self.tree.node(id).map_or(0, |n| n.line as usize + 1);
            return Err(Error::at(&format!("exceeded max depth of {}", super::tree::MAX_DEPTH), line, 0));
        }
        Ok(())
    }

    fn through<T>(
        &mut self,
        alias: NodeId,
        then: impl FnOnce(&mut Self, NodeId) -> Decoded<T>,
    ) -> Decoded<T> {
        let Some(NodeKind::Alias { name, target }) = self.tree.node(alias).map(|n| &n.kind) else {
            return then(self, alias);
        };
        if self.open.contains(&alias) {
            return Err(Error::plain(&format!("anchor '{name}' value contains itself")));
        }
        self.open.push(alias);
        let result = then(self, *target);
        self.open.pop();
        result
    }

    /// Adds a mapping's entries to `map`. A merge key is carried out where it stands, so it overwrites what
    /// came before it and is overwritten by what follows.
    fn fill<B: Build>(&mut self, id: NodeId, map: &mut B::Table) -> Decoded<()> {
        self.enter(id)?;
        for pair in self.tree.children(id).chunks_exact(2) {
            let [key, value] = pair else { continue };
            if self.is_merge(*key) {
                self.merge::<B>(*value, map)?;
                continue;
            }
            let key = match self.key(*key)? {
                Key::Fit(key) => key,
                Key::Unfit(kind, key) => {
                    self.doubtful = true;
                    self.value::<Shape>(*value)?;
                    B::unfit_entry(map, kind, key, || self.go_value(*value));
                    continue;
                }
            };
            let value = match B::shape_only(&key) {
                Some(shaped) => shaped(self.value(*value)?),
                None => self.value(*value)?,
            };
            B::entry(map, key, value);
        }
        self.depth -= 1;
        Ok(())
    }

    fn is_merge(&self, key: NodeId) -> bool {
        let Some(node) = self.tree.node(key) else { return false };
        match &node.kind {
            NodeKind::Scalar { text, plain } => {
                **text == *"<<" && (*plain || node.tag.as_deref() == Some(MERGE_TAG))
            }
            _ => false,
        }
    }

    fn merge<B: Build>(&mut self, id: NodeId, map: &mut B::Table) -> Decoded<()> {
        match self.tree.node(id).map(|n| &n.kind) {
            // Earlier maps of a list win, so they come last.
            Some(NodeKind::Sequence(_)) => {
                for item in self.tree.children(id).iter().rev() {
                    self.merge_map::<B>(*item, map)?;
                }
                Ok(())
            }
            _ => self.merge_map::<B>(id, map),
        }
    }

    fn merge_map<B: Build>(&mut self, id: NodeId, map: &mut B::Table) -> Decoded<()> {
        let target = match self.tree.node(id).map(|n| &n.kind) {
            Some(NodeKind::Alias { target, .. }) => *target,
            _ => id,
        };
        if !matches!(self.tree.node(target).map(|n| &n.kind), Some(NodeKind::Mapping(_))) {
            return Err(Error::plain("map merge requires map or sequence of maps as the value"));
        }
        self.count()?;
        if target == id {
            return self.fill::<B>(id, map);
        }
        self.through(id, |this, target| {
            this.count()?;
            this.fill::<B>(target, map)
        })
    }

    fn key(&mut self, id: NodeId) -> Decoded<Key<'t>> {
        self.count()?;
        let node = self.tree.node(id);
        match node.map(|n| &n.kind) {
            Some(NodeKind::Scalar { text, .. }) => {
                let (scalar, text) = self.scalar(id, text)?;
                Ok(match scalar {
                    Scalar::Timestamp | Scalar::Str => Key::Fit(text),
                    Scalar::Bool(b) => Key::Fit(Cow::Borrowed(if b { "true" } else { "false" })),
                    Scalar::Int(i) => Key::Fit(Cow::Owned(i.to_string())),
                    Scalar::Float(f) => {
                        let mut text = String::new();
                        number::general_f32(f as f32, &mut text);
                        Key::Fit(Cow::Owned(text))
                    }
                    Scalar::Uint(u) => Key::Unfit("uint64", format!("{u:#x}")),
                    Scalar::Null => Key::Unfit("%!s(<nil>)", "<nil>".to_owned()),
                })
            }
            Some(NodeKind::Alias { .. }) => self.through(id, |this, target| this.key(target)),
            _ => {
                // Reading the key may fail first.
                let _: serde_json::Value = self.collection(id)?;
                Err(Error::plain(&format!("invalid map key: {}", self.go_value(id))))
            }
        }
    }

    /// A collection whose node has been counted already.
    fn collection<B: Build>(&mut self, id: NodeId) -> Decoded<B> {
        self.decoded -= 1;
        if !self.open.is_empty() {
            self.aliased -= 1;
        }
        self.value(id)
    }

    /// Type and text of a scalar node.
    fn scalar(&self, id: NodeId, text: &'t str) -> Decoded<(Scalar, Cow<'t, str>)> {
        let node = self.tree.node(id);
        let plain = matches!(node.map(|n| &n.kind), Some(NodeKind::Scalar { plain: true, .. }));
        let Some(tag) = node.and_then(|n| n.tag.as_deref()) else {
            let scalar = if plain { resolve(text, Flavor::V2) } else { Scalar::Str };
            return Ok((scalar, Cow::Borrowed(text)));
        };
        let borrowed = Cow::Borrowed(text);
        let short = tag.strip_prefix(LONG_PREFIX).unwrap_or("");
        match short {
            "binary" => {
                let clean: Vec<u8> = text.bytes().filter(|b| !matches!(b, b'\r' | b'\n')).collect();
                match BASE64.decode(clean) {
                    Ok(bytes) => Ok((Scalar::Str, Cow::Owned(replace_invalid(bytes)))),
                    Err(_) => Err(Error::plain("!!binary value contains invalid base64 data")),
                }
            }
            "bool" | "int" | "float" | "null" | "timestamp" => {
                let scalar = match resolve(text, Flavor::V2) {
                    // A timestamp is only looked for when nothing or just that is asked for.
                    Scalar::Timestamp if short != "timestamp" => Scalar::Str,
                    Scalar::Int(i) if short == "float" => Scalar::Float(i as f64),
                    other => other,
                };
                if scalar.tag().get(2..) == Some(short) || (scalar == Scalar::Timestamp && is_timestamp(text))
                {
                    return Ok((scalar, borrowed));
                }
                Err(Error::plain(&format!("cannot decode {} `{text}` as a !!{short}", scalar.tag())))
            }
            _ => {
                debug_assert!(tag != STR_TAG || short == "str");
                debug_assert!(tag != BINARY_TAG);
                Ok((Scalar::Str, borrowed))
            }
        }
    }

    /// JSON's name for the kind of a value, as Go's errors have it.
    fn go_kind(&self, id: NodeId) -> &'static str {
        match self.tree.node(id).map(|n| &n.kind) {
            Some(NodeKind::Mapping(_)) => "object",
            Some(NodeKind::Sequence(_)) => "array",
            Some(NodeKind::Alias { target, .. }) if *target != id => self.go_kind(*target),
            Some(NodeKind::Scalar { text, .. }) => match self.scalar(id, text) {
                Ok((Scalar::Null, _)) | Err(_) => "null",
                Ok((Scalar::Bool(_), _)) => "bool",
                Ok((Scalar::Int(_) | Scalar::Uint(_) | Scalar::Float(_), _)) => "number",
                Ok((Scalar::Timestamp | Scalar::Str, _)) => "string",
            },
            _ => "null",
        }
    }

    /// A node as Go's `%#v` shows the value made of it.
    fn go_value(&self, id: NodeId) -> String {
        let mut out = String::new();
        self.write_go(id, true, 0, &mut out);
        out
    }

    fn write_go(&self, id: NodeId, top: bool, depth: usize, out: &mut String) {
        // Enough for any message; expanded aliases could go on for long.
        if depth > 50 || out.len() > 16_384 {
            return;
        }
        match self.tree.node(id).map(|n| &n.kind) {
            Some(NodeKind::Alias { target, .. }) => self.write_go(*target, top, depth + 1, out),
            Some(NodeKind::Scalar { text, .. }) => match self.scalar(id, text) {
                Ok((Scalar::Null, _)) | Err(_) => {
                    out.push_str(if top { "<nil>" } else { "interface {}(nil)" })
                }
                Ok((Scalar::Bool(b), _)) => {
                    let _ = write!(out, "{b}");
                }
                Ok((Scalar::Int(i), _)) => number::integer(i, out),
                Ok((Scalar::Uint(u), _)) => {
                    let _ = write!(out, "{u:#x}");
                }
                Ok((Scalar::Float(f), _)) => match f {
                    _ if f.is_nan() => out.push_str("NaN"),
                    f64::INFINITY => out.push_str("+Inf"),
                    f64::NEG_INFINITY => out.push_str("-Inf"),
                    _ => number::general(f, out),
                },
                Ok((_, text)) => out.push_str(&String::from_utf8_lossy(&strconv::quote(text.as_bytes()))),
            },
            Some(NodeKind::Sequence(_)) => {
                out.push_str("[]interface {}{");
                for (i, child) in self.tree.children(id).iter().enumerate() {
                    if i > 0 {
                        out.push_str(", ");
                    }
                    self.write_go(*child, false, depth + 1, out);
                }
                out.push('}');
            }
            Some(NodeKind::Mapping(_)) => {
                let mut entries: Vec<(String, NodeId)> = Vec::new();
                for pair in self.tree.children(id).chunks_exact(2) {
                    let [key, value] = pair else { continue };
                    let mut text = String::new();
                    self.write_go(*key, false, depth + 1, &mut text);
                    entries.retain(|(known, _)| *known != text);
                    entries.push((text, *value));
                }
                // Go prints keys by type, then value; nil first.
                entries.sort_by(|(a, _), (b, _)| {
                    let nil = |key: &str| key != "interface {}(nil)";
                    (nil(a), a).cmp(&(nil(b), b))
                });
                out.push_str("map[interface {}]interface {}{");
                for (i, (key, value)) in entries.iter().enumerate() {
                    if i > 0 {
                        out.push_str(", ");
                    }
                    out.push_str(key);
                    out.push(':');
                    self.write_go(*value, false, depth + 1, out);
                }
                out.push('}');
            }
            None => {}
        }
    }
}
