//! The syntax tree of a template: immutable, `Send + Sync`, shared between renders.
//!
//! Made for two readers: the executor, which wants variables as slots and functions as indices, and static
//! analysis, which wants the name and position of everything. Positions are byte offsets into [`Source::text`].
//!
//! Flat: all nodes of one text lie in a few arrays of its [`Source`], one for each kind, and a node names its
//! children by a [`Run`] of such an array. So a tree is built and dropped with a handful of allocations, and names
//! are not copied out of the text. [`Source::show`] prints a node as Go prints it in error messages.

use std::fmt::{self, Display};
use std::marker::PhantomData;
use std::sync::Arc;

use super::super::func::FuncId;
use super::super::str::{SharedText, Str};
use super::super::strconv::quote;
use super::super::value::Value;
use super::builtin::Builtin;

/// The text templates were parsed from, a file or what was given to `tpl`, and all nodes found in it.
#[derive(Debug)]
pub struct Source {
    /// The name in error messages; for Helm the file's path in the chart, or `gotpl` under `tpl`.
    pub name: Box<str>,
    /// The whole text.
    pub text: SharedText,
    pub(super) arrays: Arc<Arrays>,
}

macro_rules! arrays {
    ($($array:ident: $kind:ty),* $(,)?) => {
        /// The nodes of a text by kind.
        #[derive(Debug)]
        pub(super) struct Arrays {
            $($array: Box<[$kind]>,)*
        }

        /// The nodes of a text that is being read.
        #[derive(Debug, Default)]
        pub(super) struct Growing {
            $(pub $array: Vec<$kind>,)*
        }

        impl Growing {
            /// Moves the nodes out; the room they took stays for the next text.
            pub fn finish(&mut self) -> Arrays {
                // Nearly all kinds are plain data, so this copies each array in one go.
                let arrays = Arrays { $($array: self.$array.as_slice().into(),)* };
                $(self.$array.clear();)*
                arrays
            }
        }

        $(impl Stored for $kind {
            fn array(source: &Source) -> &[Self] {
                &source.arrays.$array
            }
        })*
    };
}

arrays!(
    nodes: Node,
    branches: Branch,
    pipes: Pipe,
    commands: Command,
    operands: Operand,
    idents: Ident,
    variables: Variable,
    chains: Chain,
    numbers: Number,
    strings: StrLiteral,
    calls: TemplateCall,
);

/// Bytes `start..end` of a source's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// One past the last.
    pub end: u32,
}

/// Nodes that lie side by side in their source's array.
pub struct Run<T> {
    pub(super) start: u32,
    pub(super) len: u32,
    kind: PhantomData<fn() -> T>,
}

/// One node, by its place in its source's array.
pub struct Id<T> {
    place: u32,
    kind: PhantomData<fn() -> T>,
}

impl<T> Run<T> {
    pub(super) const EMPTY: Self = Self::new(0, 0);

    pub(super) const fn new(start: u32, len: u32) -> Self {
        Self { start, len, kind: PhantomData }
    }

    /// How many nodes.
    #[must_use]
    pub const fn len(self) -> usize {
        self.len as usize
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.len == 0
    }
}

impl<T> Id<T> {
    pub(super) const fn new(place: u32) -> Self {
        Self { place, kind: PhantomData }
    }
}

impl<T> Clone for Run<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Run<T> {}

impl<T> fmt::Debug for Run<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}", self.start, self.len)
    }
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Id<T> {}

impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.place)
    }
}

/// A kind of node that has an array of its own.
pub trait Stored: Sized + 'static {
    /// The array.
    fn array(source: &Source) -> &[Self];
}

impl Source {
    /// The nodes of a run, which must be of this source.
    #[must_use]
    pub fn all<T: Stored>(&self, run: Run<T>) -> &[T] {
        let start = run.start as usize;
        T::array(self).get(start..start + run.len as usize).unwrap_or_default()
    }

    /// The node of an id. `None` only for an id of another source.
    #[must_use]
    pub fn one<T: Stored>(&self, id: Id<T>) -> Option<&T> {
        T::array(self).get(id.place as usize)
    }

    /// The bytes of a span.
    #[must_use]
    pub fn bytes(&self, span: Span) -> &[u8] {
        self.text.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    /// The text of a span that is a name, and so always UTF-8.
    #[must_use]
    pub fn name(&self, span: Span) -> &str {
        std::str::from_utf8(self.bytes(span)).unwrap_or_default()
    }

    /// A node as Go prints it: from the tree, not from the text.
    pub const fn show<'s, T>(&'s self, node: &'s T) -> Show<'s, T> {
        Show { source: self, node }
    }

    /// Where Go says an operand is.
    #[must_use]
    pub fn pos(&self, operand: &Operand) -> u32 {
        // A chain of fields from dot or a variable is at the second name's dot if there is one.
        let second = |start: u32, fields: Run<Ident>, at: usize| {
            self.all(fields).get(at).map_or(start, |ident| ident.span.start.saturating_sub(1))
        };
        match *operand {
            Operand::Dot(pos) | Operand::Nil(pos) | Operand::Bool(pos, _) => pos,
            Operand::Number(id) => self.one(id).map_or(0, |number| number.span.start),
            Operand::Str(id) => self.one(id).map_or(0, |literal| literal.span.start),
            Operand::Field(fields) => second(self.span(operand).start, fields, 1),
            Operand::Variable(id) => {
                self.one(id).map_or(0, |variable| second(variable.span.start, variable.fields, 0))
            }
            Operand::Chain(id) => self.one(id).map_or(0, |chain| second(0, chain.fields, 0)),
            Operand::Function(function) => function.span.start,
            Operand::Pipe(id) => self.one(id).map_or(0, |pipe| pipe.span.start),
        }
    }

    /// Where an operand stands; what is in parentheses without them.
    #[must_use]
    pub fn span(&self, operand: &Operand) -> Span {
        let end = |fields: Run<Ident>, or: u32| self.all(fields).last().map_or(or, |ident| ident.span.end);
        match *operand {
            Operand::Dot(start) => Span { start, end: start + 1 },
            Operand::Nil(start) => Span { start, end: start + 3 },
            Operand::Bool(start, value) => Span { start, end: start + if value { 4 } else { 5 } },
            Operand::Number(id) => self.one(id).map_or(Span::NONE, |number| number.span),
            Operand::Str(id) => self.one(id).map_or(Span::NONE, |literal| literal.span),
            Operand::Field(fields) => {
                let start = self.all(fields).first().map_or(0, |ident| ident.span.start.saturating_sub(1));
                Span { start, end: end(fields, start) }
            }
            Operand::Variable(id) => self.one(id).map_or(Span::NONE, |variable| Span {
                start: variable.span.start,
                end: end(variable.fields, variable.span.end),
            }),
            Operand::Chain(id) => self.one(id).map_or(Span::NONE, |chain| chain.span),
            Operand::Function(function) => function.span,
            Operand::Pipe(id) => self.one(id).map_or(Span::NONE, |pipe| pipe.span),
        }
    }

    /// The value of a constant, typed as Go types it where nothing else is asked for.
    #[must_use]
    pub fn constant(&self, operand: &Operand) -> Option<Value> {
        Some(match *operand {
            Operand::Bool(_, value) => Value::Bool(value),
            Operand::Number(id) => match self.one(id)?.ideal {
                Ideal::Int(int) => Value::int(int),
                Ideal::Float(float) => Value::Float(float),
                Ideal::Overflow => return None,
            },
            Operand::Str(id) => Value::Str(self.string(self.one(id)?)),
            _ => return None,
        })
    }

    /// What a string constant means. Long ones share the text.
    #[must_use]
    pub fn string(&self, literal: &StrLiteral) -> Str {
        match &literal.unescaped {
            Some(text) => Str::part_of(text, 0, text.len()),
            None => Str::part_of(
                &self.text,
                literal.span.start as usize + 1,
                literal.span.end.saturating_sub(1) as usize,
            ),
        }
    }

    /// The bytes of [`Source::string`].
    #[must_use]
    pub fn string_bytes<'s>(&'s self, literal: &'s StrLiteral) -> &'s [u8] {
        match &literal.unescaped {
            Some(text) => text,
            None => {
                let Span { start, end } = literal.span;
                self.bytes(Span { start: start + 1, end: end.saturating_sub(1) })
            }
        }
    }
}

impl Span {
    pub(super) const NONE: Self = Self { start: 0, end: 0 };
}

/// One named template: a file's main template, or a `define` or `block` in it.
#[derive(Debug)]
pub struct Tree {
    /// The name it is called by.
    pub name: Box<[u8]>,
    /// Where it was parsed from, with its nodes.
    pub source: Arc<Source>,
    /// The quoted name in `define`, or nothing for a main template.
    pub name_span: Option<Span>,
    /// What it consists of.
    pub root: List,
    /// How many variable slots an execution needs; slot 0 is `$`.
    pub slots: u32,
    /// There is nothing in it but space: such a definition does not replace another.
    pub is_empty: bool,
}

/// A sequence of nodes.
pub type List = Run<Node>;

/// A node of a template's body.
#[derive(Clone, Copy, Debug)]
pub enum Node {
    /// Text to copy.
    Text(Span),
    /// `{{pipeline}}`; prints unless it declares or assigns.
    Action(Pipe),
    /// `{{if}}…{{else if}}…{{else}}…{{end}}`
    If(Branches),
    /// `{{with}}…{{else with}}…{{else}}…{{end}}`
    With(Branches),
    /// `{{range}}…{{else}}…{{end}}`: one branch, whose pipeline is what is iterated over and declares the loop's
    /// variables.
    Range(Branches),
    /// `{{template "name" pipeline}}`, also what `{{block}}` leaves behind.
    Template(Id<TemplateCall>),
    /// `{{break}}`
    Break(u32),
    /// `{{continue}}`
    Continue(u32),
}

/// An `if` or `with` with its `else if`s or `else with`s, or a `range`.
#[derive(Clone, Copy, Debug)]
pub struct Branches {
    /// From the keyword to the end of `{{end}}`.
    pub span: Span,
    /// The first whose pipeline is true is taken. At least one.
    pub branches: Run<Branch>,
    /// Taken if none is true, or there was nothing to iterate over.
    pub otherwise: Option<List>,
}

/// One condition and its body.
#[derive(Clone, Copy, Debug)]
pub struct Branch {
    /// The condition.
    pub pipe: Pipe,
    /// The body.
    pub list: List,
}

/// A `template` call.
#[derive(Clone, Copy, Debug)]
pub struct TemplateCall {
    /// The name; Go says that the call is there.
    pub name: Id<StrLiteral>,
    /// The data, or nothing.
    pub pipe: Option<Pipe>,
}

/// A pipeline, perhaps with declarations: `$x := a | b c`.
#[derive(Clone, Copy, Debug)]
pub struct Pipe {
    /// Everything between the delimiters or parentheses, without surrounding space.
    pub span: Span,
    /// The variables declared or assigned.
    pub decl: Run<Variable>,
    /// Whether they are assigned (`=`), not declared (`:=`).
    pub assign: bool,
    /// The commands; at least one.
    pub commands: Run<Command>,
}

/// One stage of a pipeline: a function, field or variable with its arguments, or a single value.
#[derive(Clone, Copy, Debug)]
pub struct Command {
    /// Where it stands.
    pub span: Span,
    /// The operands; at least one. The first decides what happens.
    pub args: Run<Operand>,
}

/// A space-separated word of a command.
#[derive(Clone, Copy, Debug)]
pub enum Operand {
    /// `.`
    Dot(u32),
    /// `nil`
    Nil(u32),
    /// `true`, `false`
    Bool(u32, bool),
    /// A number or character constant.
    Number(Id<Number>),
    /// A string.
    Str(Id<StrLiteral>),
    /// `.A.B`, a chain of fields from dot; at least one.
    Field(Run<Ident>),
    /// `$x` or `$x.A.B`
    Variable(Id<Variable>),
    /// `(pipeline).A.B` or `function.A.B`
    Chain(Id<Chain>),
    /// A function's name.
    Function(Function),
    /// A parenthesised pipeline.
    Pipe(Id<Pipe>),
}

/// A number constant, with everything Go says it can be.
#[derive(Clone, Copy, Debug)]
pub struct Number {
    /// Where it stands.
    pub span: Span,
    /// Its value as a signed integer, if it has one.
    pub int: Option<i64>,
    /// Its value as an unsigned integer, if it has one.
    pub uint: Option<u64>,
    /// Its value as a float, if it has one.
    pub float: Option<f64>,
    /// What it is where no type is asked for.
    pub ideal: Ideal,
}

/// The value of a number by its syntax alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ideal {
    /// An `int`.
    Int(i64),
    /// A `float64`: it is written with a point or an exponent.
    Float(f64),
    /// Too large for an `int`.
    Overflow,
}

/// A string constant; [`Source::string`] gives what it means.
#[derive(Clone, Debug)]
pub struct StrLiteral {
    /// Where it stands, with its quotes.
    pub span: Span,
    /// What it means, if that is not just what is between the quotes.
    pub(super) unescaped: Option<SharedText>,
}

/// A name in a field chain.
#[derive(Clone, Copy, Debug)]
pub struct Ident {
    /// Where it stands, without its dot.
    pub span: Span,
}

/// A variable, perhaps with a chain of fields.
#[derive(Clone, Copy, Debug)]
pub struct Variable {
    /// The name with its `$`.
    pub span: Span,
    /// Its place in the frame; `None` if it was only ever assigned to, an error when executed.
    pub slot: Option<u32>,
    /// The fields.
    pub fields: Run<Ident>,
}

/// A chain of fields from a parenthesised pipeline or a function.
#[derive(Clone, Copy, Debug)]
pub struct Chain {
    /// Where it stands, with its parentheses.
    pub span: Span,
    /// What the fields are taken from.
    pub node: Operand,
    /// The fields; at least one.
    pub fields: Run<Ident>,
}

/// A function's name.
#[derive(Clone, Copy, Debug)]
pub struct Function {
    /// Where it stands.
    pub span: Span,
    /// Which function it is.
    pub target: Target,
}

/// Which function a name means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// One of `text/template`'s own.
    Builtin(Builtin),
    /// A registered one.
    Registered(FuncId),
}

impl Operand {
    /// Whether it can only stand for itself, so that no pipeline may lead into it.
    pub(super) const fn is_plain(&self) -> bool {
        matches!(self, Self::Bool(..) | Self::Dot(_) | Self::Nil(_) | Self::Number(_) | Self::Str(_))
    }
}

impl Ideal {
    pub(super) fn of(text: &str, int: Option<i64>, float: Option<f64>) -> Self {
        let hex = text.len() > 2
            && (text.starts_with("0x") || text.starts_with("0X"))
            && !text.contains(['p', 'P']);
        match (int, float) {
            (_, Some(float))
                if !hex && !text.starts_with('\'') && text.contains(['.', 'e', 'E', 'p', 'P']) =>
            {
                Self::Float(float)
            }
            (Some(int), _) => Self::Int(int),
            _ => Self::Overflow,
        }
    }
}

/// A node to print. See [`Source::show`].
pub struct Show<'s, T> {
    source: &'s Source,
    node: &'s T,
}

impl Show<'_, ()> {
    fn lossy(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(bytes))
    }

    fn fields(f: &mut fmt::Formatter<'_>, source: &Source, fields: Run<Ident>) -> fmt::Result {
        source.all(fields).iter().try_for_each(|ident| write!(f, ".{}", source.name(ident.span)))
    }

    /// With the parentheses that a pipeline needs inside something else.
    fn inner(f: &mut fmt::Formatter<'_>, source: &Source, operand: &Operand) -> fmt::Result {
        match operand {
            Operand::Pipe(_) => write!(f, "({})", source.show(operand)),
            _ => source.show(operand).fmt(f),
        }
    }
}

impl fmt::Display for Show<'_, Operand> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = self.source;
        match *self.node {
            Operand::Dot(_) => f.write_str("."),
            Operand::Nil(_) => f.write_str("nil"),
            Operand::Bool(_, value) => write!(f, "{value}"),
            Operand::Field(fields) => Show::fields(f, source, fields),
            Operand::Number(_) | Operand::Str(_) | Operand::Function(_) => {
                Show::lossy(f, source.bytes(source.span(self.node)))
            }
            Operand::Variable(id) => match source.one(id) {
                Some(variable) => source.show(variable).fmt(f),
                None => Ok(()),
            },
            Operand::Chain(id) => match source.one(id) {
                Some(chain) => {
                    Show::inner(f, source, &chain.node)?;
                    Show::fields(f, source, chain.fields)
                }
                None => Ok(()),
            },
            Operand::Pipe(id) => match source.one(id) {
                Some(pipe) => source.show(pipe).fmt(f),
                None => Ok(()),
            },
        }
    }
}

impl fmt::Display for Show<'_, Variable> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.source.name(self.node.span))?;
        Show::fields(f, self.source, self.node.fields)
    }
}

impl fmt::Display for Show<'_, Command> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, arg) in self.source.all(self.node.args).iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            Show::inner(f, self.source, arg)?;
        }
        Ok(())
    }
}

impl fmt::Display for Show<'_, Pipe> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (source, pipe) = (self.source, self.node);
        for (index, variable) in source.all(pipe.decl).iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            source.show(variable).fmt(f)?;
        }
        if !pipe.decl.is_empty() {
            f.write_str(if pipe.assign { " = " } else { " := " })?;
        }
        for (index, command) in source.all(pipe.commands).iter().enumerate() {
            if index > 0 {
                f.write_str(" | ")?;
            }
            source.show(command).fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Show<'_, TemplateCall> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.source.one(self.node.name).map_or(&[][..], |name| self.source.string_bytes(name));
        f.write_str("{{template ")?;
        Show::lossy(f, &quote(name))?;
        if let Some(pipe) = &self.node.pipe {
            write!(f, " {}", self.source.show(pipe))?;
        }
        f.write_str("}}")
    }
}
