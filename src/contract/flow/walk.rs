//! Goes through templates: every branch, every call.

use super::abs::{Abs, Object, WHATEVER, concat, fits};
use super::cursor::Cursor;
use super::funcs;
use super::heap::Heap;
use crate::chart::functions;
use crate::contract::charts::Instance;
use crate::contract::keys::Keys;
use crate::contract::sink::Sink;
use crate::gotmpl::parse::ast::{
    Branches, Command, Ident, List, Node, Operand, Pipe, Run, Source, Target, Tree,
};
use crate::gotmpl::parse::{RED_ZONE, STACK_STEP, parse};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// How many nodes are gone through for one chart.
const MAX_STEPS: usize = 4_000_000;

/// How often a template may be inside itself: what it looks at below that, it takes whole.
const MAX_RECURSION: usize = 3;

/// How many templates a name that is not known is taken to be.
const MAX_CANDIDATES: usize = 40;

pub struct Walk<'a> {
    pub heap: Heap<'a>,
    named: &'a BTreeMap<String, Arc<Tree>>,
    /// What a template printed for a context.
    known: HashMap<(*const Tree, String), Abs>,
    active: Vec<*const Tree>,
    /// Texts given to `tpl`, parsed.
    texts: HashMap<String, Option<Arc<Tree>>>,
    assigned: usize,
    steps: usize,
}

/// One template being gone through.
pub struct Frame<'s> {
    source: &'s Source,
    dot: Abs,
    variables: Vec<Abs>,
    cursor: Cursor,
    /// Whole values that it prints, where only who calls it knows what they are part of.
    out: Abs,
    /// The texts that it may print.
    printed: BTreeSet<String>,
    is_file: bool,
    /// In how many branches and loops that may not be gone through.
    uncertain: usize,
}

impl<'a> Walk<'a> {
    pub fn new(
        instances: &'a [Instance<'a>],
        named: &'a BTreeMap<String, Arc<Tree>>,
        keys: &'a mut Keys,
    ) -> Self {
        Walk {
            heap: Heap::new(instances, keys),
            named,
            known: HashMap::new(),
            active: Vec::new(),
            texts: HashMap::new(),
            assigned: 0,
            steps: 0,
        }
    }

    /// A template that is rendered by itself.
    pub fn file(&mut self, instance: usize, tree: &Arc<Tree>) {
        self.body(tree, Abs::root(instance), true);
    }

    /// Whether all was gone through.
    pub fn is_complete(&self) -> bool {
        self.steps + self.heap.work < MAX_STEPS
    }

    fn body(&mut self, tree: &Tree, dot: Abs, is_file: bool) -> Abs {
        let mut variables = vec![Abs::default(); tree.slots.max(1) as usize];
        if let Some(first) = variables.first_mut() {
            *first = dot.clone();
        }
        let mut frame = Frame {
            source: &tree.source,
            dot,
            variables,
            cursor: Cursor::default(),
            out: Abs::default(),
            printed: BTreeSet::from([String::new()]),
            is_file,
            uncertain: 0,
        };
        stacker::maybe_grow(RED_ZONE, STACK_STEP, || self.list(&mut frame, tree.root));
        let mut out = frame.out;
        out.constants = frame.printed.iter().map(|text| text.trim().to_owned()).collect();
        out
    }

    /// What a named template prints.
    fn call(&mut self, tree: &Arc<Tree>, dot: &Abs) -> Abs {
        let address = Arc::as_ptr(tree);
        let identity = (address, self.heap.identity(dot));
        if let Some(known) = self.known.get(&identity) {
            return known.clone();
        }
        if self.active.iter().filter(|&&active| active == address).count() >= MAX_RECURSION {
            self.heap.sink_parts(dot);
            return Abs::constant(WHATEVER);
        }
        self.active.push(address);
        let before = self.heap.watch();
        let out = self.body(tree, dot.clone(), false);
        self.active.pop();
        // What a template does to maps of its caller, it does each time.
        if !self.heap.touched_since(before) {
            self.known.insert(identity, out.clone());
        }
        out
    }

    /// `include` and `template`.
    pub fn include(&mut self, name: &Abs, dot: &Abs) -> Abs {
        let mut out = Abs::default();
        let named = self.named;
        let mut patterns: Vec<&str> = name.constants.iter().map(String::as_str).collect();
        if patterns.is_empty() {
            patterns.push("\0");
        }
        for pattern in patterns {
            if !pattern.contains(WHATEVER) {
                if let Some(tree) = named.get(pattern) {
                    out.join(&self.call(tree, dot));
                }
                continue;
            }
            for (_, tree) in named.iter().filter(|(name, _)| fits(pattern, name)).take(MAX_CANDIDATES) {
                out.join(&self.call(tree, dot));
            }
        }
        out
    }

    /// `tpl`: the texts are those that values.yaml has, the template's own, and files of the chart.
    pub fn tpl(&mut self, text: &Abs, dot: &Abs) -> Abs {
        let mut texts: Vec<String> =
            text.constants.iter().filter(|t| !t.contains(WHATEVER)).cloned().collect();
        let mut keys = text.keys.clone();
        let mut inner = text.text.clone();
        while let Some(part) = inner {
            keys.extend(&part.keys);
            inner = part.text.clone().or_else(|| part.items.clone());
        }
        for key in keys {
            for value in self.heap.defaults(key) {
                strings(&value, &mut texts);
            }
        }
        for &instance in &text.files {
            let Some(instance) = self.heap.instances.get(instance) else { continue };
            texts.extend(instance.chart.files.iter().filter_map(|file| file.text()).map(str::to_owned));
        }
        let mut out = text.as_text();
        for text in texts {
            if !text.contains("{{") {
                continue;
            }
            let tree = match self.texts.get(&text) {
                Some(tree) => tree.clone(),
                None => {
                    let parsed = parse("tpl", text.as_bytes(), functions()).ok();
                    let tree = parsed.and_then(|parsed| parsed.main().cloned());
                    self.texts.insert(text, tree.clone());
                    tree
                }
            };
            if let Some(tree) = tree {
                out.join(&self.call(&tree, dot));
            }
        }
        out.constants = BTreeSet::from([WHATEVER.to_string()]);
        out
    }

    fn list(&mut self, frame: &mut Frame<'_>, list: List) {
        for node in frame.source.all(list) {
            self.steps += 1;
            if !self.is_complete() {
                return;
            }
            self.node(frame, node);
        }
    }

    fn node(&mut self, frame: &mut Frame<'_>, node: &Node) {
        let source = frame.source;
        match *node {
            Node::Text(span) => {
                let text = String::from_utf8_lossy(source.bytes(span));
                frame.cursor.text(&text);
                if !frame.is_file {
                    frame.printed = concat(&frame.printed, &BTreeSet::from([text.into_owned()]));
                }
            }
            Node::Action(pipe) => {
                let value = self.pipe(frame, &pipe);
                if pipe.decl.is_empty() {
                    let (indent, new_line) = indentation(source, &pipe);
                    self.print(frame, &value, indent, new_line);
                }
            }
            Node::If(branches) => self.branches(frame, &branches, false),
            Node::With(branches) => self.branches(frame, &branches, true),
            Node::Range(range) => self.range(frame, &range),
            Node::Template(id) => {
                let Some(call) = source.one(id) else { return };
                let Some(name) = source.one(call.name) else { return };
                let name = Abs::constant(String::from_utf8_lossy(source.string_bytes(name)));
                let dot = call.pipe.map(|pipe| self.pipe(frame, &pipe)).unwrap_or_default();
                let value = self.include(&name, &dot);
                self.print(frame, &value, None, false);
            }
            Node::Break(_) | Node::Continue(_) => {}
        }
    }

    fn print(&mut self, frame: &mut Frame<'_>, value: &Abs, indent: Option<usize>, new_line: bool) {
        if let Some(text) = &value.text {
            match frame.cursor.place(indent) {
                Some(sink) => self.heap.sink(text, &sink),
                None if frame.is_file => self.heap.sink(text, &Sink::Anywhere),
                None => frame.out.join(&Abs { text: Some(text.clone()), ..Abs::default() }),
            }
        }
        frame.out.files.extend(&value.files);
        frame.cursor.unknown(new_line);
        if !frame.is_file {
            let whatever = BTreeSet::from([WHATEVER.to_string()]);
            let texts = if value.constants.is_empty() { &whatever } else { &value.constants };
            frame.printed = concat(&frame.printed, texts);
        }
    }

    fn branches(&mut self, frame: &mut Frame<'_>, branches: &Branches, with: bool) {
        let source = frame.source;
        let (printed, cursor) = (frame.printed.clone(), frame.cursor.clone());
        let mut all = BTreeSet::new();
        let mut after = None;
        frame.uncertain += 1;
        for branch in source.all(branches.branches) {
            let value = self.pipe(frame, &branch.pipe);
            frame.printed.clone_from(&printed);
            frame.cursor.clone_from(&cursor);
            let outer = with.then(|| std::mem::replace(&mut frame.dot, value));
            self.list(frame, branch.list);
            if let Some(outer) = outer {
                frame.dot = outer;
            }
            all.append(&mut frame.printed);
            after.get_or_insert_with(|| frame.cursor.clone());
        }
        frame.printed = printed;
        if let Some(otherwise) = branches.otherwise {
            frame.cursor = cursor;
            self.list(frame, otherwise);
        }
        frame.uncertain -= 1;
        frame.printed.append(&mut all);
        frame.cursor = after.unwrap_or_default();
        if frame.printed.len() > 24 {
            frame.printed = BTreeSet::from([WHATEVER.to_string()]);
        }
    }

    fn range(&mut self, frame: &mut Frame<'_>, range: &Branches) {
        let source = frame.source;
        let Some(branch) = source.all(range.branches).first() else { return };
        let over = self.commands(frame, &branch.pipe);
        if let Some(texts) = over.sequence.clone() {
            return self.range_in_order(frame, range, &texts);
        }
        let item = self.heap.each(&over);
        let name = Abs { constants: self.heap.names(&over), ..Abs::default() };
        let (printed, cursor) = (frame.printed.clone(), frame.cursor.clone());
        let outer = std::mem::replace(&mut frame.dot, item.clone());
        frame.uncertain += 1;
        // What one round writes, the next may read.
        for _ in 0..3 {
            let before = (self.assigned, self.heap.writes);
            match source.all(branch.pipe.decl) {
                [one] => self.set_variable(frame, one.slot, item.clone(), branch.pipe.assign),
                [key, value] => {
                    self.set_variable(frame, key.slot, name.clone(), branch.pipe.assign);
                    self.set_variable(frame, value.slot, item.clone(), branch.pipe.assign);
                }
                _ => {}
            }
            frame.cursor.clone_from(&cursor);
            frame.printed = BTreeSet::from([String::new()]);
            self.list(frame, branch.list);
            if (self.assigned, self.heap.writes) == before {
                break;
            }
        }
        frame.dot = outer;
        frame.cursor = cursor;
        if let Some(otherwise) = range.otherwise {
            self.list(frame, otherwise);
        }
        frame.uncertain -= 1;
        frame.printed = concat(&printed, &BTreeSet::from([WHATEVER.to_string()]));
    }

    /// A loop over strings that are known: by such, charts step down a path such as `auth.password`.
    fn range_in_order(&mut self, frame: &mut Frame<'_>, range: &Branches, texts: &[String]) {
        let source = frame.source;
        let Some(branch) = source.all(range.branches).first() else { return };
        let outer = frame.dot.clone();
        for text in texts {
            let item = Abs::constant(text.as_str());
            let variable = source.all(branch.pipe.decl).last();
            if let Some(variable) = variable {
                self.set_variable(frame, variable.slot, item.clone(), branch.pipe.assign);
            }
            frame.dot = item;
            self.list(frame, branch.list);
        }
        frame.dot = outer;
    }

    fn set_variable(&mut self, frame: &mut Frame<'_>, slot: Option<u32>, value: Abs, assign: bool) {
        let Some(variable) = slot.and_then(|slot| frame.variables.get_mut(slot as usize)) else { return };
        if assign && frame.uncertain > 0 {
            // The branch that assigns may not be taken.
            let joined = variable.clone().or(&value);
            if joined != *variable {
                *variable = joined;
                self.assigned += 1;
            }
        } else {
            *variable = value;
        }
    }

    fn pipe(&mut self, frame: &mut Frame<'_>, pipe: &Pipe) -> Abs {
        let value = self.commands(frame, pipe);
        for variable in frame.source.all(pipe.decl) {
            self.set_variable(frame, variable.slot, value.clone(), pipe.assign);
        }
        value
    }

    fn commands(&mut self, frame: &mut Frame<'_>, pipe: &Pipe) -> Abs {
        let mut last = None;
        for command in frame.source.all(pipe.commands) {
            last = Some(self.command(frame, command, last));
        }
        last.unwrap_or_default()
    }

    fn command(&mut self, frame: &mut Frame<'_>, command: &Command, last: Option<Abs>) -> Abs {
        let source = frame.source;
        let Some((first, rest)) = source.all(command.args).split_first() else { return Abs::default() };
        let function = match first {
            Operand::Function(function) => Some(function),
            _ => None,
        };
        if function.is_none() && rest.is_empty() && last.is_none() {
            return self.operand(frame, first);
        }
        let mut args: Vec<Abs> = rest.iter().map(|operand| self.operand(frame, operand)).collect();
        args.extend(last);
        match function {
            Some(function) => {
                let name = match function.target {
                    Target::Builtin(_) => source.name(function.span),
                    Target::Registered(id) => functions().get(id).map_or("", |function| function.name),
                };
                funcs::call(self, name, &args)
            }
            // A method with arguments, such as `.Files.Get "x"`.
            None => Abs { files: self.operand(frame, first).files, ..Abs::default() },
        }
    }

    fn operand(&mut self, frame: &mut Frame<'_>, operand: &Operand) -> Abs {
        let source = frame.source;
        match *operand {
            Operand::Dot(_) => frame.dot.clone(),
            Operand::Nil(_) | Operand::Bool(..) | Operand::Number(_) => Abs::default(),
            Operand::Str(id) => source.one(id).map_or_else(Abs::default, |literal| {
                Abs::constant(String::from_utf8_lossy(source.string_bytes(literal)))
            }),
            Operand::Field(fields) => {
                let dot = frame.dot.clone();
                self.chain(source, dot, fields)
            }
            Operand::Variable(id) => {
                let Some(variable) = source.one(id) else { return Abs::default() };
                let value = variable
                    .slot
                    .and_then(|slot| frame.variables.get(slot as usize))
                    .cloned()
                    .unwrap_or_default();
                self.chain(source, value, variable.fields)
            }
            Operand::Chain(id) => {
                let Some(chain) = source.one(id) else { return Abs::default() };
                let value = self.operand(frame, &chain.node);
                self.chain(source, value, chain.fields)
            }
            Operand::Function(function) => {
                let name = source.name(function.span);
                funcs::call(self, name, &[])
            }
            Operand::Pipe(id) => match source.one(id) {
                Some(pipe) => self.pipe(frame, pipe),
                None => Abs::default(),
            },
        }
    }

    fn chain(&mut self, source: &Source, mut value: Abs, fields: Run<Ident>) -> Abs {
        for ident in source.all(fields) {
            value = self.field(&value, source.name(ident.span));
        }
        value
    }

    fn field(&mut self, value: &Abs, name: &str) -> Abs {
        let mut found = self.heap.field(value, name);
        if name == "Template" {
            for &root in &value.roots {
                // `.Template.BasePath`, by which charts include their own files.
                if let Some(instance) = self.heap.instances.get(root) {
                    let mut object = Object::default();
                    let path = format!("{}/templates", instance.path);
                    object.fields.insert("BasePath".to_owned(), Abs::constant(path));
                    let object = self.heap.make(object);
                    found.objects.insert(object);
                }
            }
        }
        found
    }
}

/// How far `indent` or `nindent` at the end of a pipeline indents, and whether it begins a line.
fn indentation(source: &Source, pipe: &Pipe) -> (Option<usize>, bool) {
    let Some(command) = source.all(pipe.commands).last() else { return (None, false) };
    let [Operand::Function(function), Operand::Number(number), ..] = source.all(command.args) else {
        return (None, false);
    };
    let name = source.name(function.span);
    if !matches!(name, "indent" | "nindent") {
        return (None, false);
    }
    let indent = source.one(*number).and_then(|number| usize::try_from(number.int?).ok());
    (indent, name == "nindent")
}

/// All strings in a value.
fn strings(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::String(text) => into.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| strings(item, into)),
        Value::Object(map) => map.values().for_each(|value| strings(value, into)),
        _ => {}
    }
}
