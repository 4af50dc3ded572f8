//! From pest's pairs to the tree.
//!
//! In: pairs of a piece of text that matched a rule of the grammar. Out: [`ast`] nodes with spans in the whole file.
//! Must not know: error recovery. Nodes get their spans from their tokens, since a pair that ends in something
//! optional reaches over the blanks behind it.

use std::collections::VecDeque;
use std::sync::LazyLock;

use pest::iterators::{Pair, Pairs};
use pest::pratt_parser::{Assoc, Op, PrattParser};

use super::ast::*;
use super::findings::Findings;
use super::grammar::Rule;
use super::{messages as say, template};
use crate::source::{FileId, Span, Spanned};

pub(super) type P<'a> = Pair<'a, Rule>;

/// How high a tree may grow: brackets bound it, but so must long chains (`a.b.c…`, `a + b + …`, `!!!…`), over which
/// every later stage recurses.
pub(super) const MAX_HEIGHT: usize = 256;

/// In the order of the grammar's comment: loosest first.
static PRATT: LazyLock<PrattParser<Rule>> = LazyLock::new(|| {
    let left = |rule| Op::infix(rule, Assoc::Left);
    PrattParser::new()
        .op(Op::infix(Rule::coalesce, Assoc::Right))
        .op(left(Rule::or))
        .op(left(Rule::and))
        .op(left(Rule::eq) | left(Rule::ne))
        .op(left(Rule::lt) | left(Rule::le) | left(Rule::gt) | left(Rule::ge))
        .op(left(Rule::add) | left(Rule::sub))
        .op(left(Rule::mul) | left(Rule::div) | left(Rule::rem))
});

pub(super) struct Lower<'d> {
    pub file: FileId,
    /// Offset in the file of the text the pairs were made from.
    pub base: usize,
    /// The text as written, for comments.
    pub source: &'d str,
    pub diags: &'d mut Findings,
    /// Height of the tree above the node at hand, at most.
    pub height: usize,
}

/// Tokens that carry no meaning of their own.
fn is_punctuation(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::EOI
            | Rule::newline
            | Rule::comma
            | Rule::assign
            | Rule::colon
            | Rule::question
            | Rule::fat_arrow
            | Rule::arrow
            | Rule::pipe
            | Rule::lbrace
            | Rule::rbrace
            | Rule::lparen
            | Rule::rparen
            | Rule::lbracket
            | Rule::rbracket
            | Rule::import_word
            | Rule::as_word
            | Rule::function_word
            | Rule::type_word
            | Rule::for_word
            | Rule::in_word
            | Rule::if_word
            | Rule::match_word
            | Rule::else_word
            | Rule::endif_word
            | Rule::endfor_word
            | Rule::template_end
    )
}

pub(super) fn inner(pair: P<'_>) -> impl Iterator<Item = P<'_>> {
    pair.into_inner().filter(|p| !is_punctuation(p.as_rule()))
}

impl Lower<'_> {
    pub fn span(&self, pair: &P<'_>) -> Span {
        let s = pair.as_span();
        Span::new(self.file, self.base + s.start(), self.base + s.end())
    }

    pub fn error(&self, pair: &P<'_>) -> Expr {
        Expr::new(ExprKind::Error, self.span(pair))
    }

    // --------------------------------------------------------------------------------------- items

    /// The items of a `file`.
    pub fn items(&mut self, pairs: Pairs<'_, Rule>) -> Vec<Item> {
        let mut out = Vec::new();
        for file in pairs {
            for pair in inner(file) {
                out.extend(self.item(pair));
            }
        }
        out
    }

    fn item(&mut self, pair: P<'_>) -> Option<Item> {
        Some(match pair.as_rule() {
            Rule::import => Item::Import(self.import(pair)?),
            Rule::function => Item::Function(Box::new(self.function(pair)?)),
            Rule::type_alias => Item::TypeAlias(self.type_alias(pair)?),
            Rule::block => {
                let start = pair.as_span().start();
                let mut block = self.block(pair)?;
                block.doc = self.doc_above(start);
                Item::Block(block)
            }
            _ => Item::Attr(self.attribute(pair)?),
        })
    }

    fn import(&mut self, pair: P<'_>) -> Option<Import> {
        let whole = self.span(&pair);
        let mut parts = inner(pair);
        let path = self.name(parts.next()?)?;
        let alias = parts.next().and_then(|p| self.name(p));
        let end = alias.as_ref().map_or(path.span, |a| a.span);
        let span = Span { end: end.end, ..whole };
        Some(Import { path, alias, span })
    }

    fn type_alias(&mut self, pair: P<'_>) -> Option<TypeAlias> {
        let whole = self.span(&pair);
        let mut parts = inner(pair);
        let name = self.name(parts.next()?)?;
        let ty = self.expr(parts.next()?);
        let span = Span { end: ty.span.end, ..whole };
        Some(TypeAlias { name, ty, span })
    }

    fn function(&mut self, pair: P<'_>) -> Option<Function> {
        let whole = self.span(&pair);
        let doc = self.doc_above(pair.as_span().start());
        let close = pair.clone().into_inner().find(|p| p.as_rule() == Rule::rparen);
        let mut header = close.map_or(whole, |c| Span { end: self.span(&c).end, ..whole });
        let mut parts = inner(pair);
        let name = self.name(parts.next()?)?;
        let mut params = Vec::new();
        let mut returns = None;
        let mut locals = Vec::new();
        let mut result = Expr::new(ExprKind::Error, name.span);
        let mut span = whole;
        for part in parts {
            match part.as_rule() {
                Rule::params => params = inner(part).filter_map(|p| self.param(p)).collect(),
                Rule::returns => {
                    let ty = inner(part).next().map(|e| self.expr(e))?;
                    header.end = ty.span.end;
                    returns = Some(ty);
                }
                Rule::function_value => {
                    result = inner(part).next().map(|e| self.expr(e))?;
                    span.end = result.span.end;
                }
                _ => {
                    span.end = self.span(&part).end;
                    let body = self.body(part);
                    (locals, result) = function_body(body, &name, self.diags);
                }
            }
        }
        Some(Function { name, params, returns, locals, result, doc, header, span })
    }

    fn param(&mut self, pair: P<'_>) -> Option<Param> {
        let mut parts = inner(pair);
        let name = self.name(parts.next()?)?;
        let mut param = Param { span: name.span, name, ty: None, default: None, variadic: false };
        for part in parts {
            let span = self.span(&part);
            match part.as_rule() {
                Rule::ellipsis => {
                    param.variadic = true;
                    param.span = param.span.to(span);
                }
                rule => {
                    let expr = inner(part).next().map(|e| self.expr(e))?;
                    param.span = param.span.to(expr.span);
                    if rule == Rule::param_type { param.ty = Some(expr) } else { param.default = Some(expr) }
                }
            }
        }
        Some(param)
    }

    fn block(&mut self, pair: P<'_>) -> Option<Block> {
        let span = self.span(&pair);
        let mut kind = None;
        let mut labels = Vec::new();
        let mut body = None;
        for part in inner(pair) {
            match part.as_rule() {
                Rule::key => kind = Some(self.name(part)?),
                Rule::label => labels.push(self.name(part)?),
                _ => body = Some(self.body(part)),
            }
        }
        let (kind, body) = (kind?, body?);
        let header = labels.last().map_or(kind.span, |l| kind.span.to(l.span));
        Some(Block { kind, labels, body, doc: None, header, span })
    }

    /// The kind and labels of a `lone_header`.
    pub fn header(&mut self, pairs: Pairs<'_, Rule>) -> Option<(Name, Vec<Name>)> {
        let mut names = pairs.flat_map(inner).map(|p| self.name(p));
        let kind = names.next()??;
        Some((kind, names.collect::<Option<_>>()?))
    }

    /// The item of a `lone_item`.
    pub fn body_items(&mut self, pairs: Pairs<'_, Rule>) -> Vec<BodyItem> {
        pairs.flat_map(inner).filter_map(|p| self.body_item(p)).collect()
    }

    fn body(&mut self, pair: P<'_>) -> Body {
        let span = self.span(&pair);
        let mut complete = true;
        let mut items = Vec::new();
        for part in inner(pair) {
            match self.body_item(part) {
                Some(item) => items.push(item),
                None => complete = false,
            }
        }
        Body { items, span, complete }
    }

    fn body_item(&mut self, pair: P<'_>) -> Option<BodyItem> {
        Some(match pair.as_rule() {
            Rule::block => BodyItem::Block(self.block(pair)?),
            _ => BodyItem::Attr(self.attribute(pair)?),
        })
    }

    fn attribute(&mut self, pair: P<'_>) -> Option<Attr> {
        let mut parts = inner(pair);
        let name = self.name(parts.next()?)?;
        let value = self.expr(parts.next()?);
        Some(Attr { span: name.span.to(value.span), name, value })
    }

    /// A word, or `None` when it has been reported as broken.
    pub fn name(&mut self, pair: P<'_>) -> Option<Name> {
        let pair = match pair.as_rule() {
            Rule::key | Rule::label => pair.into_inner().next()?,
            _ => pair,
        };
        let span = self.span(&pair);
        match pair.as_rule() {
            Rule::ident | Rule::number => Some(Name { text: pair.as_str().to_string(), span, quoted: false }),
            Rule::plain_string => {
                let text = inner(pair).next().map_or(String::new(), |t| template::unescape(t.as_str()));
                Some(Name { text, span, quoted: true })
            }
            _ => None,
        }
    }

    /// The comment lines directly above an offset of the text at hand.
    fn doc_above(&self, start: usize) -> Option<String> {
        let before = self.source.get(..self.base + start)?;
        let before = before
            .strip_suffix(|c| c != '\n')
            .map_or(before, |_| before.get(..before.rfind('\n').map_or(0, |n| n + 1)).unwrap_or(""));
        let mut lines: Vec<&str> = before
            .lines()
            .rev()
            .map_while(|line| {
                let line = line.trim();
                line.strip_prefix('#').or_else(|| line.strip_prefix("//"))
            })
            .map(|line| line.strip_prefix(' ').unwrap_or(line))
            .collect();
        lines.reverse();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }

    // --------------------------------------------------------------------------------- expressions

    /// Lowers with `by` more levels above; reports and gives up where the tree would grow too high.
    fn higher(&mut self, by: usize, pair: &P<'_>, f: impl FnOnce(&mut Self) -> Expr) -> Expr {
        if self.height + by > MAX_HEIGHT {
            let span = self.span(pair);
            self.diags.push(say::too_long(span));
            return self.error(pair);
        }
        self.height += by;
        let expr = f(self);
        self.height -= by;
        expr
    }

    /// An `expr`.
    pub fn expr(&mut self, pair: P<'_>) -> Expr {
        let whole = pair.clone();
        let parts: Vec<P<'_>> = inner(pair).collect();
        self.higher(parts.len(), &whole, |l| {
            let mut parts = parts
                .into_iter()
                .map(|p| match p.as_rule() {
                    Rule::expr => l.expr(p),
                    _ => l.operation(p),
                })
                .collect::<Vec<_>>();
            // condition, then, condition, then, …, otherwise
            let Some(mut result) = parts.pop() else { return l.error(&whole) };
            while let (Some(then), Some(cond)) = (parts.pop(), parts.pop()) {
                let span = cond.span.to(result.span);
                let (cond, then, otherwise) = (Box::new(cond), Box::new(then), Box::new(result));
                result = Expr::new(ExprKind::Conditional { cond, then, otherwise }, span);
            }
            result
        })
    }

    fn operation(&mut self, pair: P<'_>) -> Expr {
        let whole = pair.clone();
        let parts: Vec<P<'_>> = inner(pair).collect();
        self.higher(parts.len() / 2, &whole, |l| {
            let file = l.file;
            let base = l.base;
            PRATT
                .map_primary(|p| l.operand(p))
                .map_infix(|left, op, right| {
                    let span = left.span.to(right.span);
                    let s = op.as_span();
                    let op_span = Span::new(file, base + s.start(), base + s.end());
                    let op = Spanned::new(binary_op(op.as_rule()), op_span);
                    Expr::new(ExprKind::Binary { op, left: Box::new(left), right: Box::new(right) }, span)
                })
                .parse(parts.into_iter())
        })
    }

    fn operand(&mut self, pair: P<'_>) -> Expr {
        let whole = pair.clone();
        let parts: Vec<P<'_>> = inner(pair).collect();
        self.higher(parts.len(), &whole, |l| {
            let mut prefixes = Vec::new();
            let mut expr = None;
            let mut rest = VecDeque::from(parts);
            while let Some(part) = rest.pop_front() {
                let span = l.span(&part);
                match part.as_rule() {
                    Rule::not => prefixes.push(Spanned::new(UnaryOp::Not, span)),
                    Rule::neg => prefixes.push(Spanned::new(UnaryOp::Neg, span)),
                    _ => {
                        expr = Some(l.primary(part));
                        break;
                    }
                }
            }
            let Some(expr) = expr else { return l.error(&whole) };
            let mut expr = l.suffixes(expr, &mut rest);
            for op in prefixes.into_iter().rev() {
                let span = op.span.to(expr.span);
                // A negative number is a literal.
                expr = match (op.node, &expr.kind) {
                    (UnaryOp::Neg, ExprKind::Int(n)) if *n >= 0 => Expr::new(ExprKind::Int(-n), span),
                    (UnaryOp::Neg, ExprKind::Float(n)) if *n >= 0.0 => Expr::new(ExprKind::Float(-n), span),
                    _ => Expr::new(ExprKind::Unary { op, expr: Box::new(expr) }, span),
                };
            }
            expr
        })
    }

    fn suffixes(&mut self, mut expr: Expr, rest: &mut VecDeque<P<'_>>) -> Expr {
        while let Some(part) = rest.pop_front() {
            let end = self.span(&part);
            let span = expr.span.to(end);
            let rule = part.as_rule();
            let mut parts = inner(part);
            let kind = match rule {
                Rule::index => parts
                    .next()
                    .map(|i| self.expr(i))
                    .map(|index| ExprKind::Index { base: Box::new(expr), index: Box::new(index) }),
                Rule::get => parts
                    .next()
                    .and_then(|n| self.name(n))
                    .map(|name| ExprKind::Attr { base: Box::new(expr), name }),
                Rule::method => match (parts.next().and_then(|n| self.name(n)), parts.next()) {
                    (Some(name), Some(args)) => {
                        Some(ExprKind::MethodCall { base: Box::new(expr), name, args: self.args(args) })
                    }
                    _ => None,
                },
                Rule::legacy_index => parts.next().map(|digits| {
                    let at = self.span(&digits);
                    let index = self.number(digits.as_str(), at);
                    ExprKind::Index { base: Box::new(expr), index: Box::new(index) }
                }),
                // `a.*[0]` indexes the list that `a.*` makes, while `a[*][0]` indexes every element, as in HCL.
                Rule::splat_attr | Rule::splat_full => {
                    let item = Expr::new(ExprKind::SplatItem, end);
                    let inside = |op: &P<'_>| match op.as_rule() {
                        Rule::splat_attr | Rule::splat_full => false,
                        Rule::index | Rule::method => rule == Rule::splat_full,
                        _ => true,
                    };
                    let count = rest.iter().take_while(|op| inside(op)).count();
                    let mut ops: VecDeque<P<'_>> = rest.drain(..count).collect();
                    let each = self.suffixes(item, &mut ops);
                    let span = expr.span.to(each.span);
                    let splat =
                        Expr::new(ExprKind::Splat { base: Box::new(expr), each: Box::new(each) }, span);
                    expr = splat;
                    continue;
                }
                _ => None,
            };
            match kind {
                Some(kind) => expr = Expr::new(kind, span),
                None => return Expr::new(ExprKind::Error, span),
            }
        }
        expr
    }

    fn args(&mut self, pair: P<'_>) -> Args {
        let span = self.span(&pair);
        let mut args = Args { list: Vec::new(), expand: None, span };
        for part in inner(pair) {
            match part.as_rule() {
                Rule::ellipsis => args.expand = Some(self.span(&part)),
                _ => args.list.push(self.expr(part)),
            }
        }
        args
    }

    fn primary(&mut self, pair: P<'_>) -> Expr {
        let span = self.span(&pair);
        let kind = match pair.as_rule() {
            Rule::number => return self.number(pair.as_str(), span),
            Rule::string => return template::string(self, pair),
            Rule::heredoc => return template::heredoc(self, pair),
            Rule::list => ExprKind::List(inner(pair).map(|p| self.expr(p)).collect()),
            Rule::object => ExprKind::Object(inner(pair).filter_map(|p| self.entry(p)).collect()),
            Rule::group => return self.group(pair),
            Rule::literal => match inner(pair).next().map(|p| p.as_rule()) {
                Some(Rule::yes) => ExprKind::Bool(true),
                Some(Rule::no) => ExprKind::Bool(false),
                _ => ExprKind::Null,
            },
            Rule::variable => match inner(pair).next().and_then(|p| self.name(p)) {
                Some(name) => ExprKind::Var(name),
                None => ExprKind::Error,
            },
            Rule::call => {
                let mut parts = inner(pair);
                match (parts.next().and_then(|p| self.name(p)), parts.next()) {
                    (Some(name), Some(args)) => ExprKind::Call { name, args: self.args(args) },
                    _ => ExprKind::Error,
                }
            }
            Rule::for_list => self.for_list(pair).unwrap_or(ExprKind::Error),
            Rule::for_object => self.for_object(pair).unwrap_or(ExprKind::Error),
            Rule::match_expr => self.match_expr(pair).unwrap_or(ExprKind::Error),
            _ => ExprKind::Error,
        };
        Expr::new(kind, span)
    }

    /// Parentheses widen the span of what they hold.
    fn group(&mut self, pair: P<'_>) -> Expr {
        let span = self.span(&pair);
        let kind = inner(pair).next().map_or(ExprKind::Error, |p| self.expr(p).kind);
        Expr::new(kind, span)
    }

    fn number(&mut self, text: &str, span: Span) -> Expr {
        let is_float = text.contains(['.', 'e', 'E']);
        let kind = if is_float {
            text.parse().ok().filter(|n: &f64| n.is_finite()).map(ExprKind::Float)
        } else {
            text.parse().ok().map(ExprKind::Int)
        };
        let kind = kind.unwrap_or_else(|| {
            self.diags.push(say::number_range(span, text));
            ExprKind::Error
        });
        Expr::new(kind, span)
    }

    fn entry(&mut self, pair: P<'_>) -> Option<Entry> {
        let mut parts = inner(pair);
        let key = inner(parts.next()?).next()?;
        let key_span = self.span(&key);
        let key = match key.as_rule() {
            Rule::string => {
                let expr = template::string(self, key);
                match expr.kind {
                    ExprKind::Str(text) => EntryKey::Name(Name { text, span: key_span, quoted: true }),
                    _ => EntryKey::Expr(expr),
                }
            }
            Rule::group => EntryKey::Expr(self.group(key)),
            Rule::broken => EntryKey::Expr(self.error(&key)),
            _ => EntryKey::Name(self.name(key)?),
        };
        let value = self.expr(parts.next()?);
        Some(Entry { key, span: key_span.to(value.span), value })
    }

    pub fn for_vars(&mut self, pair: P<'_>) -> Option<ForVars> {
        let mut names = inner(pair).filter_map(|p| self.name(p));
        let first = names.next()?;
        Some(match names.next() {
            Some(second) => ForVars { key: Some(first), value: second },
            None => ForVars { key: None, value: first },
        })
    }

    fn for_list(&mut self, pair: P<'_>) -> Option<ExprKind> {
        let mut parts = inner(pair);
        let vars = self.for_vars(parts.next()?)?;
        let iter = Box::new(self.expr(parts.next()?));
        let value = Box::new(self.expr(parts.next()?));
        let cond = parts.next().and_then(|p| inner(p).next()).map(|p| Box::new(self.expr(p)));
        Some(ExprKind::ForList { vars, iter, value, cond })
    }

    fn for_object(&mut self, pair: P<'_>) -> Option<ExprKind> {
        let mut parts = inner(pair);
        let vars = self.for_vars(parts.next()?)?;
        let iter = Box::new(self.expr(parts.next()?));
        let key = Box::new(self.expr(parts.next()?));
        let value = Box::new(self.expr(parts.next()?));
        let mut group = false;
        let mut cond = None;
        for part in parts {
            match part.as_rule() {
                Rule::ellipsis => group = true,
                _ => cond = inner(part).next().map(|p| Box::new(self.expr(p))),
            }
        }
        Some(ExprKind::ForObject { vars, iter, key, value, group, cond })
    }

    fn match_expr(&mut self, pair: P<'_>) -> Option<ExprKind> {
        let mut parts = inner(pair);
        let subject = Box::new(self.expr(parts.next()?));
        let mut arms = Vec::new();
        for arm in parts {
            let mut halves = inner(arm);
            let patterns: Vec<Pattern> = inner(halves.next()?).map(|p| self.pattern(p)).collect();
            let body = self.expr(halves.next()?);
            let span = patterns.first().map_or(body.span, |p| p.span.to(body.span));
            arms.push(Arm { patterns, body, span });
        }
        Some(ExprKind::Match { subject, arms })
    }

    fn pattern(&mut self, pair: P<'_>) -> Pattern {
        let span = self.span(&pair);
        let kind = inner(pair).next().map(|p| match p.as_rule() {
            Rule::plain_string => self.name(p).map_or(PatternKind::Null, |n| PatternKind::Str(n.text)),
            Rule::literal => match inner(p).next().map(|p| p.as_rule()) {
                Some(Rule::yes) => PatternKind::Bool(true),
                Some(Rule::no) => PatternKind::Bool(false),
                _ => PatternKind::Null,
            },
            Rule::number | Rule::negative => match self.number(p.as_str(), span).kind {
                ExprKind::Int(n) => PatternKind::Int(n),
                ExprKind::Float(n) => PatternKind::Float(n),
                // Out of range, reported.
                _ => PatternKind::Wildcard,
            },
            // Broken ones were reported; as a wildcard they cause no follow-up about missing cases.
            _ => PatternKind::Wildcard,
        });
        Pattern { kind: kind.unwrap_or(PatternKind::Wildcard), span }
    }
}

/// The local values and the result of a function's body block.
fn function_body(body: Body, name: &Name, diags: &mut Findings) -> (Vec<Attr>, Expr) {
    let mut locals = Vec::new();
    let mut result: Option<Expr> = None;
    for item in body.items {
        match item {
            BodyItem::Attr(attr) if attr.name.text == "result" && result.is_none() => {
                result = Some(attr.value)
            }
            BodyItem::Attr(attr) if result.is_some() => {
                diags.push(say::after_result(attr.name.span, &attr.name.text));
            }
            BodyItem::Attr(attr) => locals.push(attr),
            BodyItem::Block(block) => diags.push(say::block_in_function(block.header, &block.kind.text)),
        }
    }
    let result = result.unwrap_or_else(|| {
        if body.complete {
            diags.push(say::no_result(name.span, &name.text));
        }
        Expr::new(ExprKind::Error, body.span)
    });
    (locals, result)
}

fn binary_op(rule: Rule) -> BinaryOp {
    match rule {
        Rule::coalesce => BinaryOp::Coalesce,
        Rule::or => BinaryOp::Or,
        Rule::and => BinaryOp::And,
        Rule::eq => BinaryOp::Eq,
        Rule::ne => BinaryOp::Ne,
        Rule::lt => BinaryOp::Lt,
        Rule::le => BinaryOp::Le,
        Rule::gt => BinaryOp::Gt,
        Rule::ge => BinaryOp::Ge,
        Rule::add => BinaryOp::Add,
        Rule::sub => BinaryOp::Sub,
        Rule::mul => BinaryOp::Mul,
        Rule::div => BinaryOp::Div,
        _ => BinaryOp::Rem,
    }
}
