//! Pipelines, commands and field chains.

use super::super::error::ExecError;
use super::super::fmt::quote_lossy;
use super::super::fuel::{self, MAX_ITEMS, MAX_TEXT};
use super::super::parse::ast::{Command, Function, Id, Ident, Operand, Pipe, Run, Span, Target, Variable};
use super::super::parse::{RED_ZONE, STACK_STEP};
use super::super::types::Type;
use super::super::value::{Map, Value};
use super::call::Callee;
use super::values_type;
use super::walk::{At, Frame};
use super::{Cell, Ctx, Exec, MissingKey};

/// The longest chain of fields that is followed by recursion.
const MOST_DIRECT: usize = 16;

impl<'t> Frame<'t> {
    pub fn pipeline(&mut self, ctx: &mut Ctx<'_>, dot: &Cell, pipe: &'t Pipe) -> Exec<Cell> {
        self.at = At::Pipe(pipe);
        let commands = self.source.all(pipe.commands);
        if let [command] = commands
            && pipe.decl.is_empty()
        {
            let mut result = self.command(ctx, dot, command, None)?;
            result.iface = false;
            return Ok(result);
        }
        let mut value: Option<Cell> = None;
        for command in commands {
            let mut result = self.command(ctx, dot, command, value.take())?;
            // Out of the interface: a nil interface becomes nothing at all.
            result.iface = false;
            value = Some(result);
        }
        let value = value.unwrap_or_default();
        for variable in self.source.all(pipe.decl) {
            self.set(ctx, variable, value.clone())?;
        }
        Ok(value)
    }

    /// A pipeline in parentheses, which nest as deep as the parser allows.
    pub fn nested_pipeline(&mut self, ctx: &mut Ctx<'_>, dot: &Cell, pipe: Id<Pipe>) -> Exec<Cell> {
        let Some(pipe) = self.source.one(pipe) else { return Ok(Cell::NOTHING) };
        stacker::maybe_grow(RED_ZONE, STACK_STEP, || self.pipeline(ctx, dot, pipe))
    }

    pub fn set(&self, ctx: &mut Ctx<'_>, variable: &Variable, value: Cell) -> Exec<()> {
        let slot = variable.slot.and_then(|slot| ctx.vars.get_mut(self.base + slot as usize));
        match slot {
            Some(slot) => {
                *slot = value;
                Ok(())
            }
            None => Err(self.undefined(variable)),
        }
    }

    fn variable(&self, ctx: &Ctx<'_>, variable: &Variable) -> Exec<Cell> {
        let slot = variable.slot.and_then(|slot| ctx.vars.get(self.base + slot as usize));
        slot.cloned().ok_or_else(|| self.undefined(variable))
    }

    #[cold]
    fn undefined(&self, variable: &Variable) -> Box<ExecError> {
        self.error(format!("undefined variable: {}", self.source.name(variable.span)))
    }

    fn command(
        &mut self,
        ctx: &mut Ctx<'_>,
        dot: &Cell,
        command: &'t Command,
        last: Option<Cell>,
    ) -> Exec<Cell> {
        let Some((first, args)) = self.source.all(command.args).split_first() else {
            return Ok(Cell::NOTHING);
        };
        match first {
            Operand::Field(idents) => {
                self.at = At::Operand(first);
                return self.fields(ctx, dot, None, first, *idents, args, last);
            }
            Operand::Chain(_) => return self.chain(ctx, dot, first, args, last),
            Operand::Function(function) => {
                self.at = At::Operand(first);
                return self.function(ctx, dot, function, At::Command(command), args, last);
            }
            Operand::Pipe(pipe) => {
                self.no_arguments(first, args, last.as_ref())?;
                return self.nested_pipeline(ctx, dot, *pipe);
            }
            Operand::Variable(_) => return self.variable_chain(ctx, dot, first, args, last),
            _ => {}
        }
        self.at = At::Operand(first);
        self.no_arguments(first, args, last.as_ref())?;
        match first {
            Operand::Dot(_) => Ok(dot.clone()),
            Operand::Nil(_) => Err(self.error("nil is not a command")),
            constant => self.constant(constant),
        }
    }

    fn no_arguments(&self, first: &Operand, args: &[Operand], last: Option<&Cell>) -> Exec<()> {
        if args.is_empty() && last.is_none() {
            return Ok(());
        }
        Err(self.error(format!("can't give argument to non-function {}", self.source.show(first))))
    }

    /// A constant where no type is asked for.
    pub fn constant(&self, operand: &Operand) -> Exec<Cell> {
        if let Some(value) = self.source.constant(operand) {
            return Ok(Cell::plain(value));
        }
        match operand {
            Operand::Number(id) if self.source.one(*id).is_some_and(|number| number.uint.is_some()) => {
                Err(self.error(format!("{} overflows int", self.source.show(operand))))
            }
            _ => Ok(Cell::NOTHING),
        }
    }

    pub fn variable_chain(
        &mut self,
        ctx: &mut Ctx<'_>,
        dot: &Cell,
        operand: &'t Operand,
        args: &'t [Operand],
        last: Option<Cell>,
    ) -> Exec<Cell> {
        let Operand::Variable(variable) = operand else { return Ok(Cell::NOTHING) };
        let Some(variable) = self.source.one(*variable) else { return Ok(Cell::NOTHING) };
        self.at = At::Operand(operand);
        let value = self.variable(ctx, variable)?;
        if variable.fields.is_empty() {
            self.no_arguments(operand, args, last.as_ref())?;
            return Ok(value);
        }
        self.fields(ctx, dot, Some(value), operand, variable.fields, args, last)
    }

    pub fn chain(
        &mut self,
        ctx: &mut Ctx<'_>,
        dot: &Cell,
        operand: &'t Operand,
        args: &'t [Operand],
        last: Option<Cell>,
    ) -> Exec<Cell> {
        let Operand::Chain(chain) = operand else { return Ok(Cell::NOTHING) };
        let Some(chain) = self.source.one(*chain) else { return Ok(Cell::NOTHING) };
        self.at = At::Operand(operand);
        let receiver = match &chain.node {
            Operand::Pipe(pipe) => self.nested_pipeline(ctx, dot, *pipe)?,
            node @ Operand::Function(function) => {
                self.at = At::Operand(node);
                self.function(ctx, dot, function, At::Operand(node), &[], None)?
            }
            // The parser makes chains of nothing else.
            other => self.constant(other)?,
        };
        self.fields(ctx, dot, Some(receiver), operand, chain.fields, args, last)
    }

    /// `.A.B.C`, from dot if there is no receiver, perhaps with arguments for a method at its end.
    #[expect(
        clippy::too_many_arguments,
        reason = "as many as Go's evalFieldChain; a struct would be built per call"
    )]
    pub fn fields(
        &mut self,
        ctx: &mut Ctx<'_>,
        dot: &Cell,
        receiver: Option<Cell>,
        operand: &'t Operand,
        idents: Run<Ident>,
        args: &'t [Operand],
        last: Option<Cell>,
    ) -> Exec<Cell> {
        let idents = self.source.all(idents);
        if args.is_empty()
            && last.is_none()
            && idents.len() <= MOST_DIRECT
            && let Value::Map(map) = &receiver.as_ref().unwrap_or(dot).value
            && let Some(found) = self.direct(ctx, map, idents)
        {
            return Ok(found);
        }
        let Some((final_ident, path)) = idents.split_last() else { return Ok(Cell::NOTHING) };
        let mut current = match path.split_first() {
            // The first step from dot need not copy dot.
            Some((first, rest)) => {
                let mut current = match &receiver {
                    Some(receiver) => self.field(ctx, dot, receiver, operand, first, &[], None)?,
                    None => self.field(ctx, dot, dot, operand, first, &[], None)?,
                };
                for ident in rest {
                    current = self.field(ctx, dot, &current, operand, ident, &[], None)?;
                }
                Some(current)
            }
            None => receiver,
        };
        let current = current.take();
        self.field(ctx, dot, current.as_ref().unwrap_or(dot), operand, final_ident, args, last)
    }

    /// A chain that leads through maps only: found without taking hold of any of them. `None` leaves it, with
    /// whatever is wrong, to [`Frame::field`].
    fn direct(&self, ctx: &Ctx<'_>, map: &Map, path: &[Ident]) -> Option<Cell> {
        let (ident, rest) = path.split_first()?;
        let name = self.source.bytes(ident.span);
        if map.is_values() && values_type::method(name).is_some() {
            return None;
        }
        let hint = ctx.places.of(name)?;
        map.read(|entries| match entries.get_near(name, usize::from(hint.get())) {
            Some((value, place)) => {
                hint.set(u16::try_from(place).unwrap_or(0));
                match value {
                    value if rest.is_empty() => {
                        Some(Cell { value: value.clone(), iface: map.elem() == Type::Any })
                    }
                    Value::Map(inner) => self.direct(ctx, inner, rest),
                    _ => None,
                }
            }
            None if rest.is_empty() && ctx.missing_key != MissingKey::Error => {
                self.missing(ctx, map.elem(), ident).ok()
            }
            _ => None,
        })
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "as many as Go's evalField; a struct would be built per step"
    )]
    fn field(
        &mut self,
        ctx: &mut Ctx<'_>,
        dot: &Cell,
        receiver: &Cell,
        operand: &'t Operand,
        ident: &'t Ident,
        args: &'t [Operand],
        last: Option<Cell>,
    ) -> Exec<Cell> {
        if let Value::Map(map) = &receiver.value {
            let name = self.source.bytes(ident.span);
            if map.is_values()
                && let Some(method) = values_type::method(name)
            {
                let callee = Callee::Values(map, method);
                return self.call(ctx, dot, &callee, ident.span, At::Operand(operand), args, last);
            }
            if !args.is_empty() || last.is_some() {
                let name = self.source.name(ident.span);
                return Err(self.error(format!("{name} is not a method but has arguments")));
            }
            return match map.get(name) {
                Some(value) => Ok(Cell { value, iface: map.elem() == Type::Any }),
                None => self.missing(ctx, map.elem(), ident),
            };
        }
        let name = self.source.name(ident.span);
        match &receiver.value {
            Value::Nil if receiver.iface => {
                Err(self.error(format!("nil pointer evaluating interface {{}}.{name}")))
            }
            Value::Nil => {
                if ctx.missing_key == MissingKey::Error {
                    let shown = quote_lossy(name.as_bytes());
                    return Err(self.error(format!("nil data; no entry for key {shown}")));
                }
                Ok(Cell::NOTHING)
            }
            Value::Object(object) => {
                if let Some(sig) = object.method(name) {
                    let callee = Callee::Method(object, sig);
                    return self.call(ctx, dot, &callee, ident.span, At::Operand(operand), args, last);
                }
                let has_arguments = !args.is_empty() || last.is_some();
                if let Some(value) = object.field(name) {
                    if has_arguments {
                        let message = format!("{name} has arguments but cannot be invoked as function");
                        return Err(self.error(message));
                    }
                    let iface = object.field_type(name) == Some(Type::Any);
                    return Ok(Cell { value, iface });
                }
                if object.kind() == super::super::types::Kind::Map {
                    if has_arguments {
                        return Err(self.error(format!("{name} is not a method but has arguments")));
                    }
                    let iface = object.elem() == Type::Any;
                    return match object.entry(name.as_bytes()) {
                        Some(value) => Ok(Cell { value, iface }),
                        None => self.missing(ctx, object.elem(), ident),
                    };
                }
                Err(self.no_field(receiver, name))
            }
            _ => Err(self.no_field(receiver, name)),
        }
    }

    fn no_field(&self, receiver: &Cell, name: &str) -> Box<ExecError> {
        let ty = if receiver.iface { "interface {}".to_owned() } else { receiver.value.type_name() };
        self.error(format!("can't evaluate field {name} in type {ty}"))
    }

    fn missing(&self, ctx: &Ctx<'_>, elem: Type, ident: &Ident) -> Exec<Cell> {
        match ctx.missing_key {
            MissingKey::Invalid => Ok(Cell::NOTHING),
            MissingKey::Zero => Ok(Cell { value: Value::zero(elem), iface: elem == Type::Any }),
            MissingKey::Error => {
                let name = quote_lossy(self.source.bytes(ident.span));
                Err(self.error(format!("map has no entry for key {name}")))
            }
        }
    }

    pub fn function(
        &mut self,
        ctx: &mut Ctx<'_>,
        dot: &Cell,
        function: &Function,
        node: At<'t>,
        args: &'t [Operand],
        last: Option<Cell>,
    ) -> Exec<Cell> {
        let name = function.span;
        let result = match function.target {
            Target::Builtin(builtin) => self.builtin(ctx, dot, builtin, name, node, args, last),
            Target::Registered(id) => match ctx.set.funcs().get(id) {
                Some(func) => self.call(ctx, dot, &Callee::Func(func), name, node, args, last),
                None => {
                    let name = quote_lossy(self.source.bytes(name));
                    Err(self.error(format!("{name} is not a defined function")))
                }
            },
        }?;
        let fits = match &result.value {
            Value::Str(text) => text.len() <= MAX_TEXT,
            Value::List(list) => list.len() <= MAX_ITEMS,
            _ => true,
        };
        // This finds out, too, about a function that used up the budget and swallowed the error.
        if fits && fuel::spend(size(&result.value)).is_ok() {
            return Ok(result);
        }
        self.at = node;
        Err(self.too_much(name, &result.value))
    }

    #[cold]
    fn too_much(&self, name: Span, result: &Value) -> Box<ExecError> {
        let name = self.source.name(name);
        self.error(match result {
            Value::Str(text) if text.len() > MAX_TEXT => {
                format!("error calling {name}: result is larger than {MAX_TEXT} bytes")
            }
            Value::List(list) if list.len() > MAX_ITEMS => {
                format!("error calling {name}: result is larger than {MAX_ITEMS} items")
            }
            _ => format!("error calling {name}: {}", fuel::UsedUp),
        })
    }
}

/// What a function's result counts for. Lists count for themselves while they live; here only for the time.
fn size(value: &Value) -> usize {
    match value {
        Value::Str(text) => text.len() / 8,
        Value::Bytes(bytes) => bytes.len() / 8,
        Value::List(list) => list.len() / 4,
        Value::Map(map) => 64 + map.len() * 4,
        _ => 0,
    }
}
