//! What the comments of values.yaml tell: keys that are commented out, descriptions, annotations.
//!
//! In: the text of a chart's values.yaml. Out: keys ([`Source::Comment`]), descriptions and types in [`Keys`].
//! Annotations of helm-docs (`# -- text`, `# path -- text`, `# @default -- x`) and of Bitnami's readme generator
//! (`## @param path [type] text`, `@extra`) are understood. A comment never closes a place: it only makes names known.

use super::charts::Instance;
use super::keys::{KeyId, Keys, Source};
use crate::gotmpl::yaml::tree::{NodeId, NodeKind, Tree};
use crate::gotmpl::yaml::{self, Root};
use serde_json::Value;

/// Adds what the comments of a chart's values.yaml tell.
pub fn read(instance: &Instance<'_>, keys: &mut Keys) {
    let Some(text) = instance.chart.values_text.as_ref().and_then(|file| file.text()) else { return };
    read_text(text, instance.root, keys);
}

fn read_text(text: &str, root: KeyId, keys: &mut Keys) {
    let lines = Lines::of(text);
    let tree = Tree::parse(text.as_bytes()).unwrap_or_default();
    let content = vec![false; lines.0.len()];
    let mut outline = Outline { tree: &tree, lines: &lines, entries: Vec::new(), content };
    if let Some(node) = tree.root() {
        outline.node(node, root, None, keys, 0);
    }
    let Outline { mut entries, content, .. } = outline;
    entries.sort_by_key(|entry| entry.line);
    let mut at = 0;
    while at < lines.0.len() {
        let block = lines.block(at, &content);
        if block.is_empty() {
            at += 1;
            continue;
        }
        let next = at + block.len();
        let said = told(&block, root, &entries, keys);
        if let Some(entry) = at_line(&entries, next) {
            keys.describe(entry.id, said.description, said.declared_type);
        }
        at = next;
    }
    for entry in &entries {
        if let Some(trailing) = lines.trailing(entry.line, entry.after) {
            keys.describe(entry.id, Some(trailing), None);
        }
    }
}

/// The first key of a line.
fn at_line(entries: &[Entry], line: usize) -> Option<&Entry> {
    let place = entries.partition_point(|entry| entry.line < line);
    entries.get(place).filter(|entry| entry.line == line)
}

/// The lines of a text, each with the byte it begins at.
struct Lines<'t>(Vec<(usize, &'t str)>);

/// A line of a comment.
#[derive(Debug)]
struct Comment<'t> {
    /// Its number, from 0.
    line: usize,
    /// The column of its first `#`.
    column: usize,
    /// What follows the marks, blanks included.
    text: &'t str,
}

impl<'t> Lines<'t> {
    fn of(text: &'t str) -> Self {
        let mut start = 0;
        let line = |line: &'t str| {
            let at = start;
            start += line.len();
            (at, line.trim_end())
        };
        Lines(text.split_inclusive('\n').map(line).collect())
    }

    fn column(&self, line: usize, byte: usize) -> usize {
        self.0.get(line).map_or(0, |(start, _)| byte.saturating_sub(*start))
    }

    /// The lines of comments from a line on that follow each other.
    fn block(&self, from: usize, content: &[bool]) -> Vec<Comment<'t>> {
        let comment = |(line, (_, text)): (usize, &(usize, &'t str))| {
            let trimmed = text.trim_start();
            let rest = trimmed.strip_prefix('#')?;
            let inside = content.get(line).is_some_and(|inside| *inside);
            let column = text.len() - trimmed.len();
            (!inside).then(|| Comment { line, column, text: rest.trim_start_matches('#') })
        };
        self.0.iter().enumerate().skip(from).map_while(comment).collect()
    }

    /// The comment behind a value of one line.
    fn trailing(&self, line: usize, after: usize) -> Option<String> {
        let (start, text) = self.0.get(line)?;
        let rest = text.get(after.checked_sub(*start)?..)?;
        let comment = rest.trim_start().strip_prefix('#')?;
        let plain = comment.trim_start_matches(['#', ' ', '-']).trim();
        (!plain.is_empty()).then(|| plain.to_owned())
    }
}

/// A key of values.yaml where it stands.
#[derive(Clone, Debug)]
struct Entry {
    line: usize,
    column: usize,
    id: KeyId,
    /// The map that it is in.
    map: KeyId,
    /// What may be below it: a map, a list, or nothing yet.
    holds: bool,
    /// The line of the key around it.
    parent_line: Option<usize>,
    /// The byte behind key and value.
    after: usize,
}

/// The keys of a document where they stand, and which lines are texts of several lines.
struct Outline<'t> {
    tree: &'t Tree<'t>,
    lines: &'t Lines<'t>,
    entries: Vec<Entry>,
    content: Vec<bool>,
}

/// As deep as keys are told apart.
const MAX_DEPTH: usize = super::keys::MAX_DEPTH;

impl Outline<'_> {
    fn node(&mut self, node: NodeId, at: KeyId, parent: Option<usize>, keys: &Keys, depth: usize) {
        let Some(known) = self.tree.node(node).filter(|_| depth < MAX_DEPTH) else { return };
        let children = self.tree.children(node);
        match &known.kind {
            NodeKind::Mapping(_) => {
                for pair in children.chunks_exact(2) {
                    if let [key, value] = pair {
                        self.entry(*key, *value, at, parent, keys, depth);
                    }
                }
            }
            NodeKind::Sequence(_) => {
                let each = keys.get(at).each();
                for item in children {
                    match each {
                        Some(each) => self.node(*item, each, parent, keys, depth + 1),
                        None => self.text(*item),
                    }
                }
            }
            _ => self.text(node),
        }
    }

    fn entry(
        &mut self,
        key: NodeId,
        value: NodeId,
        map: KeyId,
        parent: Option<usize>,
        keys: &Keys,
        depth: usize,
    ) {
        let (Some(key), Some(known)) = (self.tree.node(key), self.tree.node(value)) else { return };
        let NodeKind::Scalar { text, .. } = &key.kind else { return };
        let line = key.line as usize;
        let Some(id) = keys.get(map).name(text) else { return self.text(value) };
        let holds = match &known.kind {
            NodeKind::Scalar { text, plain } => *plain && matches!(&**text, "" | "null" | "~"),
            _ => true,
        };
        let column = self.lines.column(line, key.span.start as usize);
        let first = self.lines.0.get(line).and_then(|(_, text)| text.get(..column));
        let mut within = parent;
        if first.is_some_and(|before| before.chars().all(|c| matches!(c, ' ' | '-'))) {
            let after = known.span.end.max(key.span.end) as usize;
            self.entries.push(Entry { line, column, id, map, holds, parent_line: parent, after });
            within = Some(line);
        }
        self.node(value, id, within, keys, depth + 1);
    }

    /// Remembers the lines of a text, whose `#` are no comments.
    fn text(&mut self, node: NodeId) {
        let Some(known) = self.tree.node(node) else { return };
        for child in self.tree.children(node) {
            self.text(*child);
        }
        if matches!(known.kind, NodeKind::Scalar { .. }) {
            let first = known.line as usize + 1;
            let last = self.lines.0.partition_point(|(start, _)| *start < known.span.end as usize);
            if let Some(inside) = self.content.get_mut(first..last) {
                inside.fill(true);
            }
        }
    }
}

/// What a block of comments says of the key under it.
#[derive(Default)]
struct Said {
    description: Option<String>,
    declared_type: Option<String>,
}

/// Reads a block: annotations, keys that are commented out, and what is left as a description.
fn told(block: &[Comment<'_>], root: KeyId, entries: &[Entry], keys: &mut Keys) -> Said {
    let mut said = Said::default();
    let mut prose: Vec<String> = Vec::new();
    let mut open = Open { entries, around: None, stack: Vec::new(), text_deeper: None };
    let mut fenced = false;
    for comment in block {
        let text = comment.text.trim();
        if let Some(annotation) = text.strip_prefix('@') {
            // dadav/helm-schema puts a schema between two of these.
            if annotation.trim() == "schema" {
                fenced = !fenced;
            }
            annotated(annotation, root, keys);
            continue;
        }
        if fenced {
            if let Some(named) = text.strip_prefix("type:") {
                said.declared_type = Some(named.trim().to_owned());
            }
            continue;
        }
        if let Some((path, text)) = documented(text) {
            let (declared_type, text) = typed(text);
            if path.is_empty() {
                prose.clear();
                said.declared_type = declared_type;
                prose.push(text.to_owned());
            } else if let Some(id) = enter_path(path, root, keys) {
                keys.describe(id, Some(text.to_owned()), declared_type);
            }
            continue;
        }
        if !open.line(comment, root, keys) {
            prose.push(text.to_owned());
        }
    }
    let text = prose.iter().map(|line| line.trim_matches(['=', '*']).trim());
    let text = text.skip_while(|line| line.is_empty()).collect::<Vec<_>>().join("\n");
    if !text.trim().is_empty() {
        said.description = Some(text.trim().to_owned());
    }
    said
}

/// `path -- text` of helm-docs; the path is empty where the text is about the key below.
fn documented(text: &str) -> Option<(&str, &str)> {
    if let Some(text) = text.strip_prefix("-- ") {
        return Some(("", text.trim()));
    }
    let (path, text) = text.split_once(" -- ")?;
    let path = path.trim();
    let plausible = |part: &str| identifier(part.trim_matches('"'));
    path.split('.').all(plausible).then(|| (path, text.trim()))
}

/// `(int) text`.
fn typed(text: &str) -> (Option<String>, &str) {
    let found = text.strip_prefix('(').and_then(|rest| rest.split_once(')'));
    match found {
        Some((name, text)) if !name.contains(' ') => (Some(name.to_owned()), text.trim()),
        _ => (None, text),
    }
}

/// `@param path [modifiers] text` and `@extra path text` of Bitnami's readme generator.
fn annotated(annotation: &str, root: KeyId, keys: &mut Keys) {
    let mut words = annotation.splitn(2, ' ');
    let (Some("param" | "extra"), Some(rest)) = (words.next(), words.next()) else { return };
    let (path, rest) = rest.trim().split_once([' ', '\t']).unwrap_or((rest.trim(), ""));
    let rest = rest.trim();
    let modifiers = rest.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let (modifiers, text) = modifiers.unwrap_or(("", rest));
    let known = ["string", "object", "array", "boolean", "number", "integer"];
    let declared = modifiers.split(',').map(str::trim).find(|word| known.contains(word)).map(str::to_owned);
    if let Some(id) = enter_path(path, root, keys) {
        let text = text.trim();
        keys.describe(id, (!text.is_empty()).then(|| text.to_owned()), declared);
    }
}

/// `a.b[0].c`, with parts in double quotes.
fn enter_path(path: &str, root: KeyId, keys: &mut Keys) -> Option<KeyId> {
    let mut at = root;
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(quoted) = rest.strip_prefix('"') {
            let (name, after) = quoted.split_once('"')?;
            at = keys.enter(at, name, Source::Comment);
            rest = after;
        } else if let Some(index) = rest.strip_prefix('[') {
            let (_, after) = index.split_once(']')?;
            at = keys.enter_each(at, Source::Comment);
            rest = after;
        } else {
            let end = rest.find(['.', '[', '"']).unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            if !identifier(name) {
                return None;
            }
            at = keys.enter(at, name, Source::Comment);
            rest = after;
        }
        rest = rest.strip_prefix('.').unwrap_or(rest);
    }
    (at != root).then_some(at)
}

/// Where in a block of comments the reader is.
struct Open<'e> {
    entries: &'e [Entry],
    /// The line that the places around were looked up for, with the place that its keys belong to.
    around: Option<(usize, KeyId)>,
    /// Commented keys around, outermost first.
    stack: Vec<Around>,
    /// Lines further in than this are a text.
    text_deeper: Option<usize>,
}

/// A commented key, or what stands for the items of a list.
struct Around {
    column: usize,
    id: KeyId,
    /// A key without a value on its line: a list may follow at the same column.
    bare: bool,
}

impl Open<'_> {
    /// Whether a line is a commented-out key or item; it is then known.
    fn line(&mut self, comment: &Comment<'_>, root: KeyId, keys: &mut Keys) -> bool {
        let text = comment.text.trim_start();
        let indent = comment.text.len() - text.len();
        if text.is_empty() {
            return false;
        }
        if self.text_deeper.is_some_and(|column| indent > column) {
            return true;
        }
        self.text_deeper = None;
        let (items, text) = items(text);
        let Some((name, value)) = pair(text) else {
            // An item that is a word of its own names nothing.
            return items > 0;
        };
        if is_heading(name) {
            return false;
        }
        // The column of the line's first character within the comment.
        let first = indent;
        let past =
            |around: &Around| around.column > first || around.column == first && !(items > 0 && around.bare);
        while self.stack.last().is_some_and(past) {
            self.stack.pop();
        }
        let mut at = match self.stack.last() {
            Some(around) => around.id,
            None => match self.around {
                Some((column, id)) if column == first => id,
                _ => {
                    let id = self.place(comment, first, items > 0, root);
                    self.around = Some((first, id));
                    id
                }
            },
        };
        for nth in 0..items {
            at = keys.enter_each(at, Source::Comment);
            self.stack.push(Around { column: first + nth, id: at, bare: false });
        }
        let id = keys.enter(at, name, Source::Comment);
        // The text of an item begins two columns after its dash, more or less.
        self.stack.push(Around { column: first + 2 * items, id, bare: value.is_empty() });
        if value.starts_with(['|', '>']) {
            self.text_deeper = Some(first);
        } else if value.starts_with(['{', '['])
            && let Ok(value) = yaml::decode::<Value>(value.as_bytes(), Root::Any)
        {
            enter_value(id, &value, keys, 0);
        }
        true
    }

    /// The place that commented keys belong to which begin so many characters behind the marks.
    fn place(&self, comment: &Comment<'_>, indent: usize, items: bool, root: KeyId) -> KeyId {
        let until = self.entries.partition_point(|entry| entry.line < comment.line);
        let Some(last) = until.checked_sub(1).and_then(|at| self.entries.get(at)) else { return root };
        // `# key` stands for `key`, and so does `#key`; `#  key` may be either of two.
        let strip = comment.column + indent.saturating_sub(1);
        let plain = comment.column + indent;
        let chain: Vec<&Entry> =
            std::iter::successors(Some(last), |entry| at_line(self.entries, entry.parent_line?))
                .take(MAX_DEPTH)
                .collect();
        let next = self.entries.get(until);
        let known = |column: usize| {
            chain.iter().any(|entry| entry.column == column) || next.is_some_and(|e| e.column == column)
        };
        let column = if !known(strip) && known(plain) { plain } else { strip };
        for entry in &chain {
            if column > entry.column || items && column == entry.column {
                return if entry.holds { entry.id } else { entry.map };
            }
            if column == entry.column {
                return entry.map;
            }
        }
        root
    }
}

fn enter_value(at: KeyId, value: &Value, keys: &mut Keys, depth: usize) {
    if depth > MAX_DEPTH {
        return;
    }
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                let id = keys.enter(at, name, Source::Comment);
                enter_value(id, value, keys, depth + 1);
            }
        }
        Value::Array(items) => {
            for item in items.iter().filter(|item| item.is_object()) {
                let each = keys.enter_each(at, Source::Comment);
                enter_value(each, item, keys, depth + 1);
            }
        }
        _ => {}
    }
}

/// How many `- ` a line begins with, and what follows.
fn items(text: &str) -> (usize, &str) {
    let mut count = 0;
    let mut rest = text;
    while let Some(item) = rest.strip_prefix("- ") {
        count += 1;
        rest = item.trim_start();
    }
    (count, rest)
}

/// `name: value` where it may well be YAML, and no sentence.
fn pair(text: &str) -> Option<(&str, &str)> {
    let (name, value) = match text.strip_prefix('"') {
        Some(quoted) => {
            let (name, rest) = quoted.split_once('"')?;
            (name, rest.strip_prefix(':')?)
        }
        None => {
            let end = text.find(": ").or_else(|| text.ends_with(':').then(|| text.len() - 1))?;
            let (name, rest) = text.split_at(end);
            (name, rest.strip_prefix(':')?)
        }
    };
    let value = value.trim();
    let value = if value.starts_with('#') { "" } else { value.split(" #").next().unwrap_or(value).trim() };
    (identifier(name) && plausible(value)).then_some((name, value))
}

/// What charts call keys.
fn identifier(text: &str) -> bool {
    let first = text.chars().next();
    first.is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && text.len() <= 100
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'))
}

/// A value, not a sentence.
fn plausible(value: &str) -> bool {
    let quoted = value.starts_with(['"', '\'', '[', '{', '|', '>', '&', '*', '!', '<', '$', '%', '-', '/']);
    quoted || !value.ends_with(['.', ',']) && value.split_whitespace().count() <= 3
}

/// Words before a colon that are no keys.
fn is_heading(name: &str) -> bool {
    const WORDS: &[&str] = &[
        "default",
        "defaults",
        "e.g",
        "eg",
        "ex",
        "example",
        "examples",
        "for",
        "http",
        "https",
        "i.e",
        "important",
        "info",
        "link",
        "links",
        "note",
        "notes",
        "ref",
        "refs",
        "see",
        "source",
        "todo",
        "usage",
        "warning",
    ];
    let lower = name.to_ascii_lowercase();
    let capital = name.starts_with(|c: char| c.is_ascii_uppercase());
    WORDS.contains(&lower.as_str())
        && (capital || !matches!(&*lower, "source" | "links" | "info" | "default"))
}

#[cfg(test)]
mod tests;
