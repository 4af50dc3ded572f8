//! Nodes: text, actions, control structures. One [`Frame`] is one execution of one template.

use super::super::error::{ExecError, Location};
use super::super::fmt;
use super::super::fuel::{self, MAX_TEXT};
use super::super::parse::ast::{
    Branch, Branches, Command, List, Node, Operand, Pipe, Source, TemplateCall, Tree,
};
use super::super::parse::{RED_ZONE, STACK_STEP};
use super::super::types::{Kind, Type};
use super::super::value::Value;
use super::{Cell, Ctx, Exec, TOO_DEEP};

/// The node execution is at, in the sense of Go's error messages.
#[derive(Clone, Copy)]
pub(super) enum At<'t> {
    Nowhere,
    Operand(&'t Operand),
    Command(&'t Command),
    Pipe(&'t Pipe),
    Template(&'t TemplateCall),
}

/// An execution of one template.
pub(super) struct Frame<'t> {
    pub tree: &'t Tree,
    pub source: &'t Source,
    /// Set before anything that can fail is evaluated, exactly where Go sets it.
    pub at: At<'t>,
    /// Where this frame's variables begin.
    pub base: usize,
}

/// How a list ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    Next,
    Break,
    Continue,
}

impl<'t> Frame<'t> {
    pub fn new(tree: &'t Tree, base: usize) -> Self {
        Self { tree, source: &tree.source, at: At::Nowhere, base }
    }

    /// An error at the node execution is at.
    #[cold]
    pub fn error(&self, message: impl Into<String>) -> Box<ExecError> {
        let source = self.source;
        let (pos, context) = match self.at {
            At::Nowhere => return Box::new(ExecError::plain(message.into())),
            At::Operand(operand) => (source.pos(operand), source.show(operand).to_string()),
            At::Command(command) => (command.span.start, source.show(command).to_string()),
            At::Pipe(pipe) => (pipe.span.start, source.show(pipe).to_string()),
            At::Template(call) => {
                (source.one(call.name).map_or(0, |name| name.span.start), source.show(call).to_string())
            }
        };
        let (line, column) = line_and_column(source, pos);
        let mut error = ExecError::plain(message.into());
        error.at = Some(Location {
            parse_name: source.name.to_string(),
            line,
            column,
            template: String::from_utf8_lossy(&self.tree.name).into_owned(),
            context,
            offset: pos,
        });
        Box::new(error)
    }

    /// Uses up steps of the render's budget.
    pub fn spend(&self, steps: usize) -> Exec<()> {
        if fuel::spend(steps).is_ok() { Ok(()) } else { Err(self.used_up()) }
    }

    #[cold]
    fn used_up(&self) -> Box<ExecError> {
        self.error(fuel::UsedUp.to_string())
    }

    #[cold]
    fn too_long(&self) -> Box<ExecError> {
        self.error(format!("output is larger than {MAX_TEXT} bytes"))
    }

    pub fn list(&mut self, ctx: &mut Ctx<'_>, dot: &Cell, list: List) -> Exec<Flow> {
        let nodes = self.source.all(list);
        // An empty body counts, too: what runs it again and again may be a loop over millions.
        self.spend(1 + nodes.len())?;
        for node in nodes {
            if ctx.out.len() > MAX_TEXT {
                return Err(self.too_long());
            }
            let flow = match node {
                Node::Text(span) => {
                    let text = self.source.bytes(*span);
                    if text.len() >= 64 {
                        self.spend(text.len() / 64)?;
                    }
                    ctx.out.extend_from_slice(text);
                    Flow::Next
                }
                Node::Action(pipe) => {
                    let value = self.pipeline(ctx, dot, pipe)?;
                    if pipe.decl.is_empty() {
                        fmt::print_value(&mut ctx.out, &value.value)
                            .map_err(|error| self.error(error.to_string()))?;
                    }
                    Flow::Next
                }
                Node::If(branches) => self.branches(ctx, dot, branches, false)?,
                Node::With(branches) => self.branches(ctx, dot, branches, true)?,
                Node::Range(range) => self.range(ctx, dot, range)?,
                Node::Template(call) => {
                    if let Some(call) = self.source.one(*call) {
                        self.template(ctx, dot, call)?;
                    }
                    Flow::Next
                }
                Node::Break(_) => Flow::Break,
                Node::Continue(_) => Flow::Continue,
            };
            if flow != Flow::Next {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    /// A list inside a control structure.
    fn nested(&mut self, ctx: &mut Ctx<'_>, dot: &Cell, list: List) -> Exec<Flow> {
        stacker::maybe_grow(RED_ZONE, STACK_STEP, || self.list(ctx, dot, list))
    }

    fn branches(&mut self, ctx: &mut Ctx<'_>, dot: &Cell, node: &'t Branches, with: bool) -> Exec<Flow> {
        for branch in self.source.all(node.branches) {
            let value = self.pipeline(ctx, dot, &branch.pipe)?;
            if value.value.truth() {
                return self.nested(ctx, if with { &value } else { dot }, branch.list);
            }
        }
        match node.otherwise {
            Some(list) => self.nested(ctx, dot, list),
            None => Ok(Flow::Next),
        }
    }

    fn range(&mut self, ctx: &mut Ctx<'_>, dot: &Cell, node: &'t Branches) -> Exec<Flow> {
        let Some(range) = self.source.all(node.branches).first() else { return Ok(Flow::Next) };
        let over = self.pipeline(ctx, dot, &range.pipe)?.value;
        let ran = match &over {
            Value::Nil => false,
            Value::Int(kind, count) => {
                self.one_variable(range, &over)?;
                let items = (0..*count).map(|number| (Cell::NOTHING, Cell::plain(Value::Int(*kind, number))));
                self.iterate(ctx, range, items)?
            }
            Value::Uint(kind, count) => {
                self.one_variable(range, &over)?;
                let items =
                    (0..*count).map(|number| (Cell::NOTHING, Cell::plain(Value::Uint(*kind, number))));
                self.iterate(ctx, range, items)?
            }
            Value::Map(map) => {
                let iface = map.elem() == Type::Any;
                self.spend(map.len())?;
                self.iterate(ctx, range, entries(map.entries(), iface))?
            }
            Value::Object(object) if object.counted(0).is_some() => {
                self.one_variable(range, &over)?;
                let Value::Int(_, count) = object.plain() else { return Ok(Flow::Next) };
                let items = (0..count)
                    .map_while(|number| object.counted(number))
                    .map(|number| (Cell::NOTHING, Cell::plain(number)));
                self.iterate(ctx, range, items)?
            }
            Value::Object(object) if object.kind() == Kind::Map => {
                let iface = object.elem() == Type::Any;
                self.iterate(ctx, range, entries(object.entries().unwrap_or_default(), iface))?
            }
            other => {
                let Some(list) = other.elements() else {
                    let shown = fmt::format_value(other).unwrap_or_default();
                    let shown = String::from_utf8_lossy(&shown);
                    return Err(self.error(format!("range can't iterate over {shown}")));
                };
                let iface = list.elem() == Type::Any;
                let items = list.items().iter().enumerate().map(|(index, item)| {
                    let index = Value::int(i64::try_from(index).unwrap_or(i64::MAX));
                    (Cell::plain(index), Cell { value: item.clone(), iface })
                });
                self.iterate(ctx, range, items)?
            }
        };
        match node.otherwise {
            Some(list) if !ran => self.nested(ctx, dot, list),
            _ => Ok(Flow::Next),
        }
    }

    fn one_variable(&self, range: &Branch, over: &Value) -> Exec<()> {
        if range.pipe.decl.len() < 2 {
            return Ok(());
        }
        let shown = fmt::format_value(over).unwrap_or_default();
        let shown = String::from_utf8_lossy(&shown);
        Err(self.error(format!("can't use {shown} to iterate over more than one variable")))
    }

    /// Runs the body for each item; whether there was any.
    fn iterate(
        &mut self,
        ctx: &mut Ctx<'_>,
        range: &'t Branch,
        items: impl Iterator<Item = (Cell, Cell)>,
    ) -> Exec<bool> {
        let mut ran = false;
        for (index, item) in items {
            ran = true;
            match self.source.all(range.pipe.decl) {
                [] => {}
                [variable] => self.set(ctx, variable, item.clone())?,
                [first, second, ..] => {
                    self.set(ctx, first, index)?;
                    self.set(ctx, second, item.clone())?;
                }
            }
            if self.nested(ctx, &item, range.list)? == Flow::Break {
                break;
            }
        }
        Ok(ran)
    }

    fn template(&mut self, ctx: &mut Ctx<'_>, dot: &Cell, call: &'t TemplateCall) -> Exec<()> {
        self.at = At::Template(call);
        let Some(name) = self.source.one(call.name) else { return Ok(()) };
        let name = self.source.string_bytes(name);
        let Some(tree) = ctx.lookup(name) else {
            return Err(self.error(format!("template {} not defined", fmt::quote_lossy(name))));
        };
        if ctx.depth >= super::MAX_DEPTH {
            return Err(self.error(TOO_DEEP));
        }
        let data = match &call.pipe {
            Some(pipe) => self.pipeline(ctx, dot, pipe)?,
            None => Cell::NOTHING,
        };
        ctx.run(&tree, data)
    }
}

fn entries(entries: Vec<(super::super::str::Str, Value)>, iface: bool) -> impl Iterator<Item = (Cell, Cell)> {
    entries.into_iter().map(move |(key, value)| (Cell::plain(Value::Str(key)), Cell { value, iface }))
}

/// Go's location: the line from 1, the column in bytes from 0 on every line.
pub(super) fn line_and_column(source: &Source, pos: u32) -> (u32, u32) {
    let before = source.text.get(..pos as usize).unwrap_or_default();
    let newlines = before.iter().filter(|byte| **byte == b'\n').count();
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let line = u32::try_from(newlines).unwrap_or(u32::MAX).saturating_add(1);
    (line, u32::try_from(before.len() - start).unwrap_or(u32::MAX))
}
