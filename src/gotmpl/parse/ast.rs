//! The syntax tree of a template: immutable, `Send + Sync`, shared between renders.
//!
//! Made for two readers: the executor, which wants variables as slots and functions as indices, and static
//! analysis, which wants the name and position of everything. Positions are byte offsets into [`Source::text`].
//! `Display` prints a node as Go prints it in error messages: from the tree, not from the text.

use std::fmt;
use std::sync::Arc;

use super::super::func::FuncId;
use super::super::strconv::quote;
use super::super::value::Value;
use super::builtin::Builtin;

/// The text templates were parsed from: a file, or what was given to `tpl`.
#[derive(Debug)]
pub struct Source {
    /// The name in error messages; for Helm the file's path in the chart, or `gotpl` under `tpl`.
    pub name: Box<str>,
    /// The whole text.
    pub text: Box<[u8]>,
}

/// Bytes `start..end` of a source's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// One past the last.
    pub end: u32,
}

/// One named template: a file's main template, or a `define` or `block` in it.
#[derive(Debug)]
pub struct Tree {
    /// The name it is called by.
    pub name: Box<[u8]>,
    /// Where it was parsed from.
    pub source: Arc<Source>,
    /// The quoted name in `define`, or nothing for a main template.
    pub name_span: Option<Span>,
    /// What it consists of.
    pub root: List,
    /// How many variable slots an execution needs; slot 0 is `$`.
    pub slots: u32,
}

impl Tree {
    /// Whether there is nothing in it but space: such a definition does not replace another.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.root.nodes.iter().all(|node| match node {
            Node::Text(span) => {
                let text = self.source.text.get(span.start as usize..span.end as usize).unwrap_or_default();
                // Go trims Unicode space here.
                String::from_utf8_lossy(text).trim().is_empty()
            }
            _ => false,
        })
    }
}

/// A sequence of nodes.
#[derive(Debug, Default)]
pub struct List {
    /// The nodes in order.
    pub nodes: Vec<Node>,
}

/// A node of a template's body.
#[derive(Debug)]
pub enum Node {
    /// Text to copy.
    Text(Span),
    /// `{{pipeline}}`; prints unless it declares or assigns.
    Action(Box<Pipe>),
    /// `{{if}}…{{else if}}…{{else}}…{{end}}`
    If(Box<Branches>),
    /// `{{with}}…{{else with}}…{{else}}…{{end}}`
    With(Box<Branches>),
    /// `{{range}}…{{else}}…{{end}}`
    Range(Box<Range>),
    /// `{{template "name" pipeline}}`, also what `{{block}}` leaves behind.
    Template(Box<TemplateCall>),
    /// `{{break}}`
    Break(u32),
    /// `{{continue}}`
    Continue(u32),
}

/// An `if` or `with` with its `else if`s or `else with`s.
#[derive(Debug)]
pub struct Branches {
    /// From the keyword to the end of `{{end}}`.
    pub span: Span,
    /// The first whose pipeline is true is taken. At least one.
    pub branches: Vec<Branch>,
    /// Taken if none is true.
    pub otherwise: Option<List>,
}

/// One condition and its body.
#[derive(Debug)]
pub struct Branch {
    /// The condition.
    pub pipe: Pipe,
    /// The body.
    pub list: List,
}

/// A `range`.
#[derive(Debug)]
pub struct Range {
    /// From the keyword to the end of `{{end}}`.
    pub span: Span,
    /// What is iterated over; its declarations are the loop's variables.
    pub pipe: Pipe,
    /// The body.
    pub list: List,
    /// Taken if there was nothing to iterate over.
    pub otherwise: Option<List>,
}

/// A `template` call.
#[derive(Debug)]
pub struct TemplateCall {
    /// Where Go says it is: at the quoted name.
    pub pos: u32,
    /// The name, unquoted.
    pub name: Box<[u8]>,
    /// The data, or nothing.
    pub pipe: Option<Pipe>,
}

/// A pipeline, perhaps with declarations: `$x := a | b c`.
#[derive(Debug)]
pub struct Pipe {
    /// Everything between the delimiters or parentheses, without surrounding space.
    pub span: Span,
    /// The variables declared or assigned.
    pub decl: Vec<Variable>,
    /// Whether they are assigned (`=`), not declared (`:=`).
    pub assign: bool,
    /// The commands; at least one.
    pub commands: Vec<Command>,
}

/// One stage of a pipeline: a function, field or variable with its arguments, or a single value.
#[derive(Debug)]
pub struct Command {
    /// Where it stands.
    pub span: Span,
    /// The operands; at least one. The first decides what happens.
    pub args: Vec<Operand>,
}

/// A space-separated word of a command.
#[derive(Debug)]
pub enum Operand {
    /// `.`
    Dot(u32),
    /// `nil`
    Nil(u32),
    /// `true`, `false`
    Bool(u32, bool),
    /// A number or character constant.
    Number(Box<Number>),
    /// A string.
    Str(Box<StrLiteral>),
    /// `.A.B`
    Field(Box<Field>),
    /// `$x` or `$x.A.B`
    Variable(Box<Variable>),
    /// `(pipeline).A.B` or `function.A.B`
    Chain(Box<Chain>),
    /// A function's name.
    Function(Box<Function>),
    /// A parenthesised pipeline.
    Pipe(Box<Pipe>),
}

/// A number constant, with everything Go says it can be.
#[derive(Debug)]
pub struct Number {
    /// Where it stands.
    pub span: Span,
    /// As written.
    pub text: Box<str>,
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

/// A string constant.
#[derive(Debug)]
pub struct StrLiteral {
    /// Where it stands, with its quotes.
    pub span: Span,
    /// As written, with quotes.
    pub quoted: Box<[u8]>,
    /// What it means.
    pub text: Arc<[u8]>,
}

/// A name in a field chain.
#[derive(Debug)]
pub struct Ident {
    /// The name without its dot.
    pub name: Box<str>,
    /// Where it stands, without its dot.
    pub span: Span,
}

/// A chain of fields from dot.
#[derive(Debug)]
pub struct Field {
    /// Where Go says it is: at the second identifier's dot if there is one, else at the first's.
    pub pos: u32,
    /// Where it stands.
    pub span: Span,
    /// The names; at least one.
    pub idents: Vec<Ident>,
}

/// A variable, perhaps with a chain of fields.
#[derive(Debug)]
pub struct Variable {
    /// Where Go says it is, as for [`Field`].
    pub pos: u32,
    /// Where it stands.
    pub span: Span,
    /// The name with its `$`.
    pub name: Box<str>,
    /// Its place in the frame; `None` if it was only ever assigned to, an error when executed.
    pub slot: Option<u32>,
    /// The fields.
    pub fields: Vec<Ident>,
}

/// A chain of fields from a parenthesised pipeline or a function.
#[derive(Debug)]
pub struct Chain {
    /// Where Go says it is: at the first field's dot.
    pub pos: u32,
    /// Where it stands.
    pub span: Span,
    /// What the fields are taken from.
    pub node: Operand,
    /// The fields; at least one.
    pub fields: Vec<Ident>,
}

/// A function's name.
#[derive(Debug)]
pub struct Function {
    /// Where it stands.
    pub span: Span,
    /// The name.
    pub name: Box<str>,
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
    /// Where Go says it is.
    #[must_use]
    pub fn pos(&self) -> u32 {
        match self {
            Self::Dot(pos) | Self::Nil(pos) | Self::Bool(pos, _) => *pos,
            Self::Number(number) => number.span.start,
            Self::Str(literal) => literal.span.start,
            Self::Field(field) => field.pos,
            Self::Variable(variable) => variable.pos,
            Self::Chain(chain) => chain.pos,
            Self::Function(function) => function.span.start,
            Self::Pipe(pipe) => pipe.span.start,
        }
    }

    /// The value of a constant, typed as Go types it where nothing else is asked for.
    #[must_use]
    pub fn constant(&self) -> Option<Value> {
        Some(match self {
            Self::Bool(_, value) => Value::Bool(*value),
            Self::Number(number) => match number.ideal {
                Ideal::Int(int) => Value::int(int),
                Ideal::Float(float) => Value::Float(float),
                Ideal::Overflow => return None,
            },
            Self::Str(literal) => Value::Str(super::super::str::Str::from_template(&literal.text)),
            _ => return None,
        })
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

struct Bytes<'a>(&'a [u8]);

impl fmt::Display for Bytes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(self.0))
    }
}

fn write_fields(f: &mut fmt::Formatter<'_>, fields: &[Ident]) -> fmt::Result {
    fields.iter().try_for_each(|ident| write!(f, ".{}", ident.name))
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dot(_) => f.write_str("."),
            Self::Nil(_) => f.write_str("nil"),
            Self::Bool(_, value) => write!(f, "{value}"),
            Self::Number(number) => f.write_str(&number.text),
            Self::Str(literal) => Bytes(&literal.quoted).fmt(f),
            Self::Field(field) => write_fields(f, &field.idents),
            Self::Variable(variable) => variable.fmt(f),
            Self::Chain(chain) => {
                match &chain.node {
                    Self::Pipe(pipe) => write!(f, "({pipe})")?,
                    other => other.fmt(f)?,
                }
                write_fields(f, &chain.fields)
            }
            Self::Function(function) => f.write_str(&function.name),
            Self::Pipe(pipe) => pipe.fmt(f),
        }
    }
}

impl fmt::Display for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        write_fields(f, &self.fields)
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, arg) in self.args.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            match arg {
                Operand::Pipe(pipe) => write!(f, "({pipe})")?,
                other => other.fmt(f)?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Pipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, variable) in self.decl.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            variable.fmt(f)?;
        }
        if !self.decl.is_empty() {
            f.write_str(if self.assign { " = " } else { " := " })?;
        }
        for (index, command) in self.commands.iter().enumerate() {
            if index > 0 {
                f.write_str(" | ")?;
            }
            command.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for TemplateCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{{template {}", Bytes(&quote(&self.name)))?;
        if let Some(pipe) = &self.pipe {
            write!(f, " {pipe}")?;
        }
        f.write_str("}}")
    }
}
