//! The parser: a text and the functions it may call in, named templates out.
//!
//! Reports the first error, in Go's words. Knows nothing of values or execution.

pub mod ast;
mod builtin;
mod expr;
mod lex;
mod literal;
#[cfg(test)]
mod tests;

pub use builtin::Builtin;

use std::sync::Arc;

use super::error::ParseError;
use super::fmt::quote_lossy;
use super::func::Funcs;
use ast::{Branch, Branches, List, Node, Range, Source, Span, TemplateCall, Tree};
use lex::{Kind, Lexer, Token};

/// How deep control structures and parentheses may nest, together. Go allows 10,000 parentheses and any number of
/// control structures; a bound far above any real template keeps the native stack safe here, in the executor, and
/// when the tree is dropped.
pub const MAX_NESTING: usize = 1_000;

/// The templates of one text: its `define`s and `block`s, and itself, which comes last.
#[derive(Debug, Clone)]
pub struct Parsed {
    /// In the order in which they end in the text.
    pub trees: Vec<Arc<Tree>>,
}

impl Parsed {
    /// The text's own template.
    #[must_use]
    pub fn main(&self) -> Option<&Arc<Tree>> {
        self.trees.last()
    }
}

/// Parses a text.
///
/// # Errors
/// The first mistake, as Go words it. A text of 4 GiB or more is refused.
pub fn parse(name: &str, text: &[u8], funcs: &Funcs) -> Result<Parsed, ParseError> {
    if u32::try_from(text.len()).is_err() {
        let message = "template is larger than 4 GiB".to_owned();
        return Err(ParseError { template: name.to_owned(), line: 1, offset: 0, message });
    }
    let source = Arc::new(Source { name: name.into(), text: text.into() });
    let mut parser = Parser {
        funcs,
        source: &source,
        lexer: Lexer::new(&source.text),
        pending: Vec::new(),
        latest: Token { kind: Kind::Eof, start: 0, end: 0, line: 1, error: None },
        trees: Vec::new(),
        scope: Scope::new(),
        action_line: None,
        nesting: 0,
    };
    let root = parser.top()?;
    let slots = parser.scope.slots;
    parser.add(name.as_bytes(), None, root, slots)?;
    Ok(Parsed { trees: parser.trees })
}

/// The variables visible at the moment, and how many slots the template being parsed needs.
struct Scope {
    variables: Vec<(Box<str>, Option<u32>)>,
    next: u32,
    slots: u32,
    range_depth: usize,
}

impl Scope {
    fn new() -> Self {
        Self { variables: vec![("$".into(), Some(0))], next: 1, slots: 1, range_depth: 0 }
    }

    fn declare(&mut self, name: &str) -> u32 {
        let slot = self.next;
        self.next += 1;
        self.slots = self.slots.max(self.next);
        self.variables.push((name.into(), Some(slot)));
        slot
    }

    fn find(&self, name: &str) -> Option<Option<u32>> {
        self.variables.iter().rev().find(|(known, _)| **known == *name).map(|(_, slot)| *slot)
    }

    const fn mark(&self) -> (usize, u32) {
        (self.variables.len(), self.next)
    }

    /// What a body declared is known in the `else` that follows, but was never executed there: the names mean
    /// what they meant before the body.
    fn hide(&mut self, mark: (usize, u32)) {
        let hidden = self.variables.split_off(mark.0);
        for (name, _) in hidden {
            let slot = self.find(&name).flatten();
            self.variables.push((name, slot));
        }
        self.next = mark.1;
    }

    fn pop(&mut self, mark: (usize, u32)) {
        self.variables.truncate(mark.0);
        self.next = mark.1;
    }
}

struct Parser<'t> {
    funcs: &'t Funcs,
    source: &'t Arc<Source>,
    lexer: Lexer<'t>,
    /// Tokens put back, the next one last.
    pending: Vec<Token>,
    /// The token lexed last; errors are reported at its line.
    latest: Token,
    trees: Vec<Arc<Tree>>,
    scope: Scope,
    action_line: Option<u32>,
    nesting: usize,
}

type Parse<T> = Result<T, ParseError>;

/// What ended a list.
enum End {
    End(Token),
    /// `{{else}}`, or the `if` or `with` after `else` comes next.
    Else,
}

/// What comes next in a list.
enum Item {
    Node(Node),
    End(End),
}

const fn offset(pos: usize) -> u32 {
    // `parse` refuses texts for which this would not be exact.
    if pos > u32::MAX as usize { u32::MAX } else { pos as u32 }
}

const fn span(start: usize, end: usize) -> Span {
    Span { start: offset(start), end: offset(end) }
}

impl Parser<'_> {
    fn next(&mut self) -> Token {
        if let Some(token) = self.pending.pop() {
            return token;
        }
        let token = self.lexer.next_token();
        self.latest = token.clone();
        token
    }

    fn back(&mut self, token: Token) {
        self.pending.push(token);
    }

    fn peek(&mut self) -> &Token {
        if self.pending.is_empty() {
            let token = self.next();
            self.pending.push(token);
        }
        self.pending.last().unwrap_or(&self.latest)
    }

    fn next_word(&mut self) -> Token {
        loop {
            let token = self.next();
            if token.kind != Kind::Space {
                return token;
            }
        }
    }

    fn peek_word(&mut self) -> &Token {
        let token = self.next_word();
        self.pending.push(token);
        self.pending.last().unwrap_or(&self.latest)
    }

    fn text(&self, token: &Token) -> &[u8] {
        self.source.text.get(token.start..token.end).unwrap_or_default()
    }

    /// Identifiers are made of letters and digits, so they are always UTF-8.
    fn word(&self, token: &Token) -> Box<str> {
        String::from_utf8_lossy(self.text(token)).into()
    }

    fn error<T>(&self, message: impl Into<String>) -> Parse<T> {
        Err(ParseError {
            template: self.source.name.to_string(),
            line: self.latest.line,
            offset: offset(self.latest.start),
            message: message.into(),
        })
    }

    fn unexpected<T>(&self, token: &Token, context: &str) -> Parse<T> {
        let shown = token.describe(&self.source.text);
        if token.kind != Kind::Error {
            return self.error(format!("unexpected {shown} in {context}"));
        }
        match self.action_line {
            Some(line) if line != token.line => {
                let place = format!("started at {}:{line}", self.source.name);
                // "unclosed action in action" would say it twice.
                let link = if shown.ends_with(" action") { " " } else { " in action " };
                self.error(format!("{shown}{link}{place}"))
            }
            _ => self.error(shown),
        }
    }

    fn expect(&mut self, kind: Kind, context: &str) -> Parse<Token> {
        let token = self.next_word();
        if token.kind == kind { Ok(token) } else { self.unexpected(&token, context) }
    }

    fn enter(&mut self, what: &str) -> Parse<()> {
        self.nesting += 1;
        if self.nesting > MAX_NESTING { self.error(what) } else { Ok(()) }
    }

    fn add(&mut self, name: &[u8], name_span: Option<Span>, root: List, slots: u32) -> Parse<()> {
        let tree = Tree { name: name.into(), source: Arc::clone(self.source), name_span, root, slots };
        match self.trees.iter().position(|known| *known.name == *name) {
            Some(index) => {
                let known_is_empty = self.trees.get(index).is_some_and(|known| known.is_empty());
                let empty = tree.is_empty();
                if !known_is_empty && !empty {
                    return self
                        .error(format!("template: multiple definition of template {}", quote_lossy(name)));
                }
                // The main template stays last even where a `define` of the same name has the body.
                let known = self.trees.remove(index);
                self.trees.push(if known_is_empty { Arc::new(tree) } else { known });
            }
            None => self.trees.push(Arc::new(tree)),
        }
        Ok(())
    }

    fn top(&mut self) -> Parse<List> {
        let mut list = List::default();
        loop {
            if self.peek().kind == Kind::Eof {
                return Ok(list);
            }
            if self.peek().kind == Kind::LeftDelim {
                let delim = self.next();
                let word = self.next_word();
                if word.kind == Kind::Define {
                    self.define()?;
                    continue;
                }
                self.back(word);
                self.back(delim);
            }
            match self.item()? {
                Item::Node(node) => list.nodes.push(node),
                Item::End(End::End(_)) => return self.error("unexpected {{end}}"),
                Item::End(End::Else) => return self.error("unexpected {{else}}"),
            }
        }
    }

    fn define(&mut self) -> Parse<()> {
        const CONTEXT: &str = "define clause";
        // A definition is a template of its own: no variable of the outside is visible, no action is open.
        let outer_scope = std::mem::replace(&mut self.scope, Scope::new());
        let outer_line = self.action_line.take();
        let name_token = self.next_word();
        if !matches!(name_token.kind, Kind::String | Kind::RawString) {
            return self.unexpected(&name_token, CONTEXT);
        }
        let name = self.unquote(&name_token)?;
        self.expect(Kind::RightDelim, CONTEXT)?;
        let (root, end) = self.list()?;
        if let End::Else = end {
            return self.error(format!("unexpected {{{{else}}}} in {CONTEXT}"));
        }
        let scope = std::mem::replace(&mut self.scope, outer_scope);
        self.action_line = outer_line;
        self.add(&name, Some(span(name_token.start, name_token.end)), root, scope.slots)
    }

    fn unquote(&self, token: &Token) -> Parse<Vec<u8>> {
        literal::unquote(self.text(token)).or_else(|message| self.error(message))
    }

    /// Nodes up to `{{end}}` or `{{else}}`.
    fn list(&mut self) -> Parse<(List, End)> {
        self.enter("max nesting depth exceeded")?;
        let mut list = List::default();
        while self.peek_word().kind != Kind::Eof {
            match self.item()? {
                Item::Node(node) => list.nodes.push(node),
                Item::End(end) => {
                    self.nesting -= 1;
                    return Ok((list, end));
                }
            }
        }
        self.error("unexpected EOF")
    }

    fn item(&mut self) -> Parse<Item> {
        let token = self.next_word();
        match token.kind {
            Kind::Text => Ok(Item::Node(Node::Text(span(token.start, token.end)))),
            Kind::LeftDelim => {
                self.action_line = Some(token.line);
                let item = stacker::maybe_grow(RED_ZONE, STACK_STEP, || self.action());
                self.action_line = None;
                item
            }
            _ => self.unexpected(&token, "input"),
        }
    }

    fn action(&mut self) -> Parse<Item> {
        let token = self.next_word();
        Ok(match token.kind {
            Kind::Block => Item::Node(self.block()?),
            Kind::Break => Item::Node(Node::Break(self.jump(&token, "{{break}}")?)),
            Kind::Continue => Item::Node(Node::Continue(self.jump(&token, "{{continue}}")?)),
            Kind::Else => {
                if !matches!(self.peek_word().kind, Kind::If | Kind::With) {
                    self.expect(Kind::RightDelim, "else")?;
                }
                Item::End(End::Else)
            }
            Kind::End => Item::End(End::End(self.expect(Kind::RightDelim, "end")?)),
            Kind::If => Item::Node(Node::If(Box::new(self.branches(&token, "if", Kind::If)?))),
            Kind::With => Item::Node(Node::With(Box::new(self.branches(&token, "with", Kind::With)?))),
            Kind::Range => Item::Node(Node::Range(Box::new(self.range(&token)?))),
            Kind::Template => Item::Node(self.template()?),
            _ => {
                self.back(token);
                Item::Node(Node::Action(Box::new(self.pipeline("command", Kind::RightDelim)?)))
            }
        })
    }

    fn jump(&mut self, token: &Token, shown: &str) -> Parse<u32> {
        let next = self.next_word();
        if next.kind != Kind::RightDelim {
            return self.unexpected(&next, shown);
        }
        if self.scope.range_depth == 0 {
            return self.error(format!("{shown} outside {{{{range}}}}"));
        }
        Ok(offset(token.start))
    }

    /// An `if` or `with` with all its `else`s. A chain of `else if` is one node however long it is, where Go
    /// nests; what is visible where is the same.
    fn branches(&mut self, keyword: &Token, context: &str, kind: Kind) -> Parse<Branches> {
        let mark = self.scope.mark();
        let mut branches = Vec::new();
        let mut otherwise = None;
        let end = loop {
            let pipe = self.pipeline(context, Kind::RightDelim)?;
            let body = self.scope.mark();
            let (list, end) = self.list()?;
            self.scope.hide(body);
            branches.push(Branch { pipe, list });
            match end {
                End::End(token) => break token,
                End::Else if self.peek().kind == kind => {
                    self.next();
                }
                End::Else => {
                    let (list, token) = self.last_list()?;
                    otherwise = Some(list);
                    break token;
                }
            }
        };
        self.scope.pop(mark);
        Ok(Branches { span: span(keyword.start, end.end), branches, otherwise })
    }

    fn last_list(&mut self) -> Parse<(List, Token)> {
        match self.list()? {
            (list, End::End(token)) => Ok((list, token)),
            (_, End::Else) => self.error("expected end; found {{else}}"),
        }
    }

    fn range(&mut self, keyword: &Token) -> Parse<Range> {
        let mark = self.scope.mark();
        let pipe = self.pipeline("range", Kind::RightDelim)?;
        let body = self.scope.mark();
        self.scope.range_depth += 1;
        let (list, end) = self.list()?;
        self.scope.range_depth -= 1;
        self.scope.hide(body);
        let (otherwise, end) = match end {
            End::End(token) => (None, token),
            End::Else => {
                let (list, token) = self.last_list()?;
                (Some(list), token)
            }
        };
        self.scope.pop(mark);
        Ok(Range { span: span(keyword.start, end.end), pipe, list, otherwise })
    }

    fn template_name(&mut self, context: &str) -> Parse<(Token, Vec<u8>)> {
        let token = self.next_word();
        if !matches!(token.kind, Kind::String | Kind::RawString) {
            return self.unexpected(&token, context);
        }
        let name = self.unquote(&token)?;
        Ok((token, name))
    }

    fn template(&mut self) -> Parse<Node> {
        const CONTEXT: &str = "template clause";
        let (token, name) = self.template_name(CONTEXT)?;
        let next = self.next_word();
        let pipe = if next.kind == Kind::RightDelim {
            None
        } else {
            self.back(next);
            Some(self.pipeline(CONTEXT, Kind::RightDelim)?)
        };
        Ok(Node::Template(Box::new(TemplateCall { pos: offset(token.start), name: name.into(), pipe })))
    }

    fn block(&mut self) -> Parse<Node> {
        const CONTEXT: &str = "block clause";
        let (token, name) = self.template_name(CONTEXT)?;
        let pipe = self.pipeline(CONTEXT, Kind::RightDelim)?;
        let outer_scope = std::mem::replace(&mut self.scope, Scope::new());
        let outer_line = self.action_line.take();
        let (root, end) = self.list()?;
        self.action_line = outer_line;
        if let End::Else = end {
            return self.error(format!("unexpected {{{{else}}}} in {CONTEXT}"));
        }
        let scope = std::mem::replace(&mut self.scope, outer_scope);
        self.add(&name, Some(span(token.start, token.end)), root, scope.slots)?;
        Ok(Node::Template(Box::new(TemplateCall {
            pos: offset(token.start),
            name: name.into(),
            pipe: Some(pipe),
        })))
    }
}

/// Native stack that must be free before going one level deeper, and how much to add when it is not. One level of
/// parsing or executing uses far less than the zone, in debug builds too.
pub(super) const RED_ZONE: usize = 128 * 1024;
pub(super) const STACK_STEP: usize = 2 * 1024 * 1024;
