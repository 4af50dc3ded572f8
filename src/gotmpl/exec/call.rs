//! Calls: counting, evaluating and checking arguments against a Go signature.

use std::rc::Rc;

use super::super::error::ExecError;
use super::super::func::{Func, FuncError, Signature, VolatileCall};
use super::super::parse::ast::{Operand, Span};
use super::super::types::Type;
use super::super::value::{Map, Object, Value};
use super::walk::{At, Frame, line_and_column};
use super::{Cell, Ctx, Exec};

/// What is called.
pub(super) enum Callee<'o> {
    Func(&'o Func),
    Method(&'o Rc<dyn Object>, Signature),
    /// A method of `common.Values`.
    Values(&'o Map, &'o Func),
}

impl Callee<'_> {
    const fn signature(&self) -> &Signature {
        match self {
            Self::Func(func) => &func.sig,
            Self::Method(_, sig) => sig,
            Self::Values(_, func) => &func.sig,
        }
    }
}

impl<'t> Frame<'t> {
    /// Calls with the operands as arguments and, in a pipeline, the previous value as the last.
    #[expect(clippy::too_many_arguments, reason = "as many as Go's evalCall")]
    pub fn call(
        &mut self,
        ctx: &mut Ctx<'_>,
        dot: &Cell,
        callee: &Callee<'_>,
        name: Span,
        node: At<'t>,
        args: &'t [Operand],
        last: Option<Cell>,
    ) -> Exec<Cell> {
        let sig = callee.signature();
        self.count(name, sig.params.len(), sig.variadic, args.len(), last.is_some())?;
        let mut values = ctx.spare_args.pop().unwrap_or_default();
        let ready = self.arguments(ctx, dot, sig, args, last, &mut values).and_then(|()| {
            let weight = if let Callee::Func(func) = callee { func.weight } else { 1 };
            self.spend(2 + weight * values.iter().map(reading).sum::<usize>())
        });
        let result = match ready {
            Err(error) => Err(error),
            Ok(()) => match callee {
                Callee::Func(func) => (func.call)(ctx, &values),
                Callee::Method(object, _) => object.call(self.source.name(name), ctx, &values),
                Callee::Values(map, func) => {
                    values.insert(0, Value::Map((*map).clone()));
                    (func.call)(ctx, &values)
                }
            }
            .map_err(|error| {
                self.at = node;
                self.call_failed(name, error)
            }),
        };
        if ctx.volatile.take() {
            self.note_volatile(ctx, name);
        }
        values.clear();
        ctx.spare_args.push(values);
        Ok(Cell { value: result?, iface: sig.result == Type::Any })
    }

    #[cold]
    fn note_volatile(&self, ctx: &Ctx<'_>, name: Span) {
        let source = self.source;
        let (line, _) = line_and_column(source, name.start);
        ctx.env().volatile(&VolatileCall { function: source.name(name), template: &source.name, line });
    }

    /// `error calling NAME: …`
    #[cold]
    pub fn call_failed(&self, name: Span, error: FuncError) -> Box<ExecError> {
        let name = self.source.name(name);
        match error {
            FuncError::Message(text) => self.error(format!("error calling {name}: {text}")),
            FuncError::Template { prefix, inner } => {
                let mut outer = self.error(format!("error calling {name}: {prefix}"));
                outer.cause = Some(inner);
                outer
            }
        }
    }

    #[inline]
    pub fn count(&self, name: Span, params: usize, variadic: bool, args: usize, last: bool) -> Exec<()> {
        let given = args + usize::from(last);
        let fits = if variadic { given + 1 >= params } else { given == params };
        if fits { Ok(()) } else { Err(self.wrong_count(name, params, variadic, args, given)) }
    }

    #[cold]
    fn wrong_count(
        &self,
        name: Span,
        params: usize,
        variadic: bool,
        args: usize,
        given: usize,
    ) -> Box<ExecError> {
        let name = self.source.name(name);
        self.error(if variadic {
            format!("wrong number of args for {name}: want at least {} got {args}", params.saturating_sub(1))
        } else {
            format!("wrong number of args for {name}: want {params} got {given}")
        })
    }

    fn arguments(
        &mut self,
        ctx: &mut Ctx<'_>,
        dot: &Cell,
        sig: &Signature,
        args: &'t [Operand],
        last: Option<Cell>,
        values: &mut Vec<Value>,
    ) -> Exec<()> {
        // The parameter of an index; beyond the fixed ones, the variadic one.
        let param =
            |index: usize| sig.params.get(index).or_else(|| sig.params.last()).copied().unwrap_or(Type::Any);
        for (index, arg) in args.iter().enumerate() {
            let value = self.argument(ctx, dot, param(index), arg)?;
            values.push(value.value);
        }
        if let Some(last) = last {
            let value = self.validate(last, param(args.len()))?;
            values.push(value.value);
        }
        Ok(())
    }

    /// One argument, evaluated for a parameter of a type.
    pub fn argument(&mut self, ctx: &mut Ctx<'_>, dot: &Cell, ty: Type, operand: &'t Operand) -> Exec<Cell> {
        self.at = At::Operand(operand);
        let value = match operand {
            Operand::Str(id) if matches!(ty, Type::String | Type::Any | Type::Reflect) => {
                let text = self.source.one(*id).map(|literal| self.source.string(literal));
                return Ok(Cell::plain(Value::Str(text.unwrap_or_default())));
            }
            Operand::Dot(_) => dot.clone(),
            Operand::Nil(_) => {
                if !ty.can_be_nil() {
                    return Err(self.error(format!("cannot assign nil to {ty}")));
                }
                // The zero value: for an interface a nil interface, for `reflect.Value` nothing at all.
                return Ok(Cell { value: Value::zero(ty), iface: ty == Type::Any });
            }
            Operand::Field(idents) => self.fields(ctx, dot, None, operand, *idents, &[], None)?,
            Operand::Variable(_) => self.variable_chain(ctx, dot, operand, &[], None)?,
            Operand::Pipe(pipe) => self.nested_pipeline(ctx, dot, *pipe)?,
            Operand::Function(function) => {
                self.function(ctx, dot, function, At::Operand(operand), &[], None)?
            }
            Operand::Chain(_) => self.chain(ctx, dot, operand, &[], None)?,
            constant => return self.typed_constant(constant, ty),
        };
        self.validate(value, ty)
    }

    /// A constant for a parameter of a type, which decides what it is.
    fn typed_constant(&self, operand: &Operand, ty: Type) -> Exec<Cell> {
        let expected =
            |what: &str| Err(self.error(format!("expected {what}; found {}", self.source.show(operand))));
        let number = match operand {
            Operand::Number(id) => self.source.one(*id),
            _ => None,
        };
        let value = match (ty.underlying(), operand) {
            (Type::Any | Type::Reflect, _) => return self.constant(operand),
            (Type::Bool, Operand::Bool(_, value)) => Value::Bool(*value),
            (Type::Bool, _) => return expected("bool"),
            (Type::String, Operand::Str(_)) => return self.constant(operand),
            (Type::String, _) => return expected("string"),
            (Type::Int(kind), _) => match number.and_then(|number| number.int) {
                Some(int) => Value::Int(kind, wrap_signed(int, kind.bits())),
                None => return expected("integer"),
            },
            (Type::Uint(kind), _) => match number.and_then(|number| number.uint) {
                Some(uint) => Value::Uint(kind, uint & (u64::MAX >> (64 - kind.bits()))),
                None => return expected("unsigned integer"),
            },
            (Type::Float32 | Type::Float64, _) => match number.and_then(|number| number.float) {
                #[expect(clippy::cast_possible_truncation, reason = "as reflect's SetFloat")]
                Some(float) if ty.underlying() == Type::Float32 => Value::Float32(float as f32),
                Some(float) => Value::Float(float),
                None => return expected("float"),
            },
            _ => {
                return Err(
                    self.error(format!("can't handle {} for arg of type {ty}", self.source.show(operand)))
                );
            }
        };
        Ok(Cell::plain(value))
    }

    /// Go's `validateType`: the value if it may be passed as the type.
    #[inline]
    pub fn validate(&self, cell: Cell, ty: Type) -> Exec<Cell> {
        match (ty, &cell.value) {
            (Type::Any | Type::Reflect, _) => Ok(cell),
            // What nearly all other parameters are and get.
            (Type::String, Value::Str(_)) | (Type::Bool, Value::Bool(_)) => Ok(Cell::plain(cell.value)),
            _ => self.convert(cell, ty),
        }
    }

    fn convert(&self, cell: Cell, ty: Type) -> Exec<Cell> {
        let Some(actual) = cell.value.ty() else {
            if cell.iface {
                return Err(self.error(format!("wrong type for value; expected {ty}; got interface {{}}")));
            }
            if ty.can_be_nil() {
                return Ok(Cell::plain(Value::zero(ty)));
            }
            return Err(self.error(format!("invalid value; expected {ty}")));
        };
        if actual.assignable_to(ty) {
            // Assigning converts: what arrives is of the parameter's type.
            let value = match cell.value {
                Value::Map(map) if map.is_values() && actual != ty => Value::Map(map.as_plain()),
                value => value,
            };
            return Ok(Cell { value, iface: false });
        }
        Err(self.error(format!("wrong type for value; expected {ty}; got {actual}")))
    }
}

/// What it counts for that a function of weight one looks at an argument.
pub(super) fn reading(value: &Value) -> usize {
    match value {
        Value::Str(text) => text.len() / 32,
        Value::Bytes(bytes) => bytes.len() / 32,
        Value::List(list) => list.len() / 8,
        Value::Map(map) => map.len() / 8,
        _ => 0,
    }
}

/// The lowest bits of an integer, as Go's `SetInt` keeps them.
const fn wrap_signed(int: i64, bits: u32) -> i64 {
    let unused = 64 - bits;
    int << unused >> unused
}
