//! The syntax tree of one `.rel` file.
//!
//! In: nothing. Out: plain data that later stages match on, with a [`Span`] on every node. Must not know:
//! how text becomes a tree, nor what any name means. Which blocks and attributes may stand where is not
//! decided here either: the tree holds whatever is shaped like one.
//!
//! Invariant that later stages may key tables on: no two [`Expr`]s of a file have the same span.

use crate::source::{FileId, Span, Spanned};

/// One parsed file. Items that could not be parsed are missing; their errors are in the run's `Diags`.
#[derive(Clone, Debug, PartialEq)]
pub struct File {
    pub id: FileId,
    pub items: Vec<Item>,
    /// False when anything of the file was lost to an error, so that "unused" or "missing" is not claimed of it.
    pub complete: bool,
}

/// What may stand at the top level of a file.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    Import(Import),
    Function(Box<Function>),
    TypeAlias(TypeAlias),
    Block(Block),
    /// `name = value` at the top level: always a mistake, kept so that it can be explained.
    Attr(Attr),
}

impl Item {
    pub fn span(&self) -> Span {
        match self {
            Item::Import(i) => i.span,
            Item::Function(f) => f.span,
            Item::TypeAlias(t) => t.span,
            Item::Block(b) => b.span,
            Item::Attr(a) => a.span,
        }
    }
}

/// A word of the program: an identifier, or a string without interpolation standing where one may.
#[derive(Clone, Debug, PartialEq)]
pub struct Name {
    /// The name itself: without quotes, escapes replaced.
    pub text: String,
    /// Quotes included.
    pub span: Span,
    pub quoted: bool,
}

/// `import "std/aws"`, `import "../lib/names" as names`.
#[derive(Clone, Debug, PartialEq)]
pub struct Import {
    pub path: Name,
    pub alias: Option<Name>,
    pub span: Span,
}

/// `type tier = enum("lower", "prod")`
#[derive(Clone, Debug, PartialEq)]
pub struct TypeAlias {
    pub name: Name,
    /// A type, written as an expression: see [`Expr`].
    pub ty: Expr,
    pub span: Span,
}

/// `function irsa(role: arn, tags: map(string) = {}) -> map(string) = { … }`, or with a body block whose
/// attributes are local to the function and whose `result` is its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    pub name: Name,
    pub params: Vec<Param>,
    /// Absent: inferred from the result.
    pub returns: Option<Expr>,
    /// Attributes of the body block before `result`, in the order written; empty for the `= expr` form.
    pub locals: Vec<Attr>,
    /// [`ExprKind::Error`] when the body was broken or has no `result`; that has been reported.
    pub result: Expr,
    /// Text of the comment lines directly above, without their markers.
    pub doc: Option<String>,
    /// From `function` to the end of the signature.
    pub header: Span,
    pub span: Span,
}

/// `name: type`, `name: type = default`, `name...: type`.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    pub name: Name,
    /// Absent: any.
    pub ty: Option<Expr>,
    pub default: Option<Expr>,
    /// Takes all remaining arguments as a list; `ty` is the type of one of them.
    pub variadic: bool,
    pub span: Span,
}

/// `kind "label" … { body }`
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// Quoted only inside bodies whose blocks are keys (`values`).
    pub kind: Name,
    pub labels: Vec<Name>,
    pub body: Body,
    /// Text of the comment lines directly above, without their markers; top level only.
    pub doc: Option<String>,
    /// From the kind to the last label.
    pub header: Span,
    pub span: Span,
}

/// What stands between the braces of a block, in the order written.
#[derive(Clone, Debug, PartialEq)]
pub struct Body {
    pub items: Vec<BodyItem>,
    /// Braces included.
    pub span: Span,
    /// False when an item was lost to an error: do not report required attributes as missing.
    pub complete: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum BodyItem {
    Attr(Attr),
    Block(Block),
}

/// `name = value`
#[derive(Clone, Debug, PartialEq)]
pub struct Attr {
    pub name: Name,
    /// [`ExprKind::Error`] when the value was broken.
    pub value: Expr,
    pub span: Span,
}

impl Body {
    pub fn attrs(&self) -> impl Iterator<Item = &Attr> {
        self.items.iter().filter_map(|i| match i {
            BodyItem::Attr(a) => Some(a),
            BodyItem::Block(_) => None,
        })
    }

    pub fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.items.iter().filter_map(|i| match i {
            BodyItem::Block(b) => Some(b),
            BodyItem::Attr(_) => None,
        })
    }

    /// The first attribute of that name.
    pub fn attr(&self, name: &str) -> Option<&Attr> {
        self.attrs().find(|a| a.name.text == name)
    }

    /// All nested blocks of that kind.
    pub fn blocks_of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Block> {
        self.blocks().filter(move |b| b.kind.text == kind)
    }
}

impl Block {
    /// The text of the n-th label.
    pub fn label(&self, n: usize) -> Option<&str> {
        self.labels.get(n).map(|l| l.text.as_str())
    }
}

/// An expression. Types are written as expressions too: `string` is a [`ExprKind::Var`], `list(string)` a
/// [`ExprKind::Call`], `object({ a = string })` a call with an [`ExprKind::Object`]; `types` reads them as such in the
/// places where a type stands (`type =` of a variable, parameters, results, aliases).
///
/// Parentheses leave no node: they only widen the span of what they hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    pub kind: ExprKind,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// Stands for something broken that has been reported; whoever meets it stays silent.
    Error,
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// A string or heredoc without interpolation, escapes replaced, indentation removed.
    Str(String),
    /// A string or heredoc with at least one piece that is no literal. A template that consists of one
    /// [`Piece::Interp`] alone (`"${x}"`) is that value itself, not its text, as in HCL.
    Template(Vec<Piece>),
    /// `[a, b]`
    List(Vec<Expr>),
    /// `{ a = 1, "b" = 2, (c) = 3 }`
    Object(Vec<Entry>),
    /// A bare identifier: the root of `var.x`, a loop variable, a parameter, a type name.
    Var(Name),
    /// `base.name`
    Attr {
        base: Box<Expr>,
        name: Name,
    },
    /// `base[index]`; `base.0` is written so too, as in HCL.
    Index {
        base: Box<Expr>,
        index: Box<Expr>,
    },
    /// `base[*].a.b` or `base.*.a`: a list of `each`, evaluated with [`ExprKind::SplatItem`] bound to every element of
    /// `base` in turn. A `base` that is no list or set counts as a list of one, `null` as an empty one.
    Splat {
        base: Box<Expr>,
        each: Box<Expr>,
    },
    /// The element at hand, the root of [`ExprKind::Splat`]'s `each`; its span is that of `[*]`.
    SplatItem,
    /// `name(args)`
    Call {
        name: Name,
        args: Args,
    },
    /// `base.name(args)`: a method of a value (`release.db.service("x")`) or, when `base` is an imported
    /// namespace, a function of it (`aws.irsa(x)`): name resolution tells.
    MethodCall {
        base: Box<Expr>,
        name: Name,
        args: Args,
    },
    Unary {
        op: Spanned<UnaryOp>,
        expr: Box<Expr>,
    },
    Binary {
        op: Spanned<BinaryOp>,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    /// `cond ? then : otherwise`
    Conditional {
        cond: Box<Expr>,
        then: Box<Expr>,
        otherwise: Box<Expr>,
    },
    /// `[for k, v in iter : value if cond]`
    ForList {
        vars: ForVars,
        iter: Box<Expr>,
        value: Box<Expr>,
        cond: Option<Box<Expr>>,
    },
    /// `{for k, v in iter : key => value... if cond}`
    ForObject {
        vars: ForVars,
        iter: Box<Expr>,
        key: Box<Expr>,
        value: Box<Expr>,
        /// `...` after the value: values of equal keys are gathered in lists.
        group: bool,
        cond: Option<Box<Expr>>,
    },
    /// `match subject { "a" | "b" => x, _ => y }`
    Match {
        subject: Box<Expr>,
        arms: Vec<Arm>,
    },
}

/// The variables of a `for`: `for value in`, `for key, value in`.
#[derive(Clone, Debug, PartialEq)]
pub struct ForVars {
    pub key: Option<Name>,
    pub value: Name,
}

/// Arguments of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Args {
    pub list: Vec<Expr>,
    /// `...` after the last argument, which is then a list of the remaining ones. Span of the dots.
    pub expand: Option<Span>,
    /// Parentheses included.
    pub span: Span,
}

/// One entry of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub key: EntryKey,
    pub value: Expr,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum EntryKey {
    /// `a`, `"a.b"`, `1`: known without evaluation.
    Name(Name),
    /// `(expr)` or `"${…}"`.
    Expr(Expr),
}

impl EntryKey {
    pub fn span(&self) -> Span {
        match self {
            EntryKey::Name(n) => n.span,
            EntryKey::Expr(e) => e.span,
        }
    }
}

/// One arm of a `match`.
#[derive(Clone, Debug, PartialEq)]
pub struct Arm {
    /// Alternatives, separated by `|` in the text; at least one.
    pub patterns: Vec<Pattern>,
    pub body: Expr,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    pub kind: PatternKind,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum PatternKind {
    /// `_`
    Wildcard,
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    /// `!`
    Not,
    /// `-`
    Neg,
}

impl UnaryOp {
    pub fn as_str(self) -> &'static str {
        match self {
            UnaryOp::Not => "!",
            UnaryOp::Neg => "-",
        }
    }
}

/// In order of precedence, loosest first; all associate to the left but `??`, which associates to the right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOp {
    /// `??`: the left side unless it is null.
    Coalesce,
    Or,
    And,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Add,
    Sub,
    Mul,
    Div,
    Rem,
}

impl BinaryOp {
    pub fn as_str(self) -> &'static str {
        match self {
            BinaryOp::Coalesce => "??",
            BinaryOp::Or => "||",
            BinaryOp::And => "&&",
            BinaryOp::Eq => "==",
            BinaryOp::Ne => "!=",
            BinaryOp::Lt => "<",
            BinaryOp::Le => "<=",
            BinaryOp::Gt => ">",
            BinaryOp::Ge => ">=",
            BinaryOp::Add => "+",
            BinaryOp::Sub => "-",
            BinaryOp::Mul => "*",
            BinaryOp::Div => "/",
            BinaryOp::Rem => "%",
        }
    }
}

/// A piece of a template. Trim markers (`~`) have been applied to the neighbouring literals.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    Lit {
        text: String,
        span: Span,
    },
    /// `${expr}`
    Interp(Expr),
    /// `%{if cond}…%{else}…%{endif}`
    If {
        cond: Expr,
        then: Vec<Piece>,
        otherwise: Vec<Piece>,
        span: Span,
    },
    /// `%{for k, v in iter}…%{endfor}`
    For {
        vars: ForVars,
        iter: Expr,
        body: Vec<Piece>,
        span: Span,
    },
}

impl Expr {
    pub fn new(kind: ExprKind, span: Span) -> Self {
        Expr { kind, span }
    }

    /// The text of a plain string literal.
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            ExprKind::Str(s) => Some(s),
            _ => None,
        }
    }

    pub fn is_error(&self) -> bool {
        matches!(self.kind, ExprKind::Error)
    }

    /// The words of a plain dotted path (`release.db.name`); `None` for anything else.
    pub fn path(&self) -> Option<Vec<&Name>> {
        let mut names = Vec::new();
        let mut at = self;
        loop {
            match &at.kind {
                ExprKind::Attr { base, name } => {
                    names.push(name);
                    at = base;
                }
                ExprKind::Var(name) => {
                    names.push(name);
                    names.reverse();
                    return Some(names);
                }
                _ => return None,
            }
        }
    }

    /// The expressions directly inside this one, in the order written.
    pub fn children(&self) -> Vec<&Expr> {
        let mut out = Vec::new();
        match &self.kind {
            ExprKind::Error
            | ExprKind::Null
            | ExprKind::Bool(_)
            | ExprKind::Int(_)
            | ExprKind::Float(_)
            | ExprKind::Str(_)
            | ExprKind::Var(_)
            | ExprKind::SplatItem => {}
            ExprKind::Template(pieces) => piece_children(pieces, &mut out),
            ExprKind::List(items) => out.extend(items),
            ExprKind::Object(entries) => {
                for entry in entries {
                    if let EntryKey::Expr(key) = &entry.key {
                        out.push(key);
                    }
                    out.push(&entry.value);
                }
            }
            ExprKind::Attr { base, .. } => out.push(base),
            ExprKind::Index { base, index } => out.extend([&**base, &**index]),
            ExprKind::Splat { base, each } => out.extend([&**base, &**each]),
            ExprKind::Call { args, .. } => out.extend(&args.list),
            ExprKind::MethodCall { base, args, .. } => {
                out.push(base);
                out.extend(&args.list);
            }
            ExprKind::Unary { expr, .. } => out.push(expr),
            ExprKind::Binary { left, right, .. } => out.extend([&**left, &**right]),
            ExprKind::Conditional { cond, then, otherwise } => out.extend([&**cond, &**then, &**otherwise]),
            ExprKind::ForList { iter, value, cond, .. } => {
                out.extend([&**iter, &**value]);
                out.extend(cond.as_deref());
            }
            ExprKind::ForObject { iter, key, value, cond, .. } => {
                out.extend([&**iter, &**key, &**value]);
                out.extend(cond.as_deref());
            }
            ExprKind::Match { subject, arms } => {
                out.push(subject);
                out.extend(arms.iter().map(|a| &a.body));
            }
        }
        out
    }
}

fn piece_children<'a>(pieces: &'a [Piece], out: &mut Vec<&'a Expr>) {
    for piece in pieces {
        match piece {
            Piece::Lit { .. } => {}
            Piece::Interp(expr) => out.push(expr),
            Piece::If { cond, then, otherwise, .. } => {
                out.push(cond);
                piece_children(then, out);
                piece_children(otherwise, out);
            }
            Piece::For { iter, body, .. } => {
                out.push(iter);
                piece_children(body, out);
            }
        }
    }
}
