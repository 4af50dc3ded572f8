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
pub(super) use lex::has_action;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::error::ParseError;
use super::fmt::quote_lossy;
use super::func::Funcs;
use super::str::SharedText;
use ast::{
    Branch, Branches, Command, Growing, Id, List, Node, Operand, Run, Source, Span, StrLiteral, TemplateCall,
    Tree,
};
use lex::{Kind, Lexer, Token};

/// How deep control structures and parentheses may nest, together. Go allows 10,000 parentheses and any number of
/// control structures; a bound far above any real template keeps the native stack safe here and in the executor.
pub const MAX_NESTING: usize = 1_000;

/// How many tokens a text may have, each of which takes up to a hundred bytes once it is parsed. In the development
/// corpus no template comes to a twentieth.
pub const MAX_TOKENS: usize = 1_000_000;

/// How many variables may be visible in one place; they are searched one by one.
const MAX_VARIABLES: usize = 2_000;

/// The templates of one text: its `define`s and `block`s, and itself, which comes last.
#[derive(Debug, Clone)]
pub struct Parsed {
    /// In the order in which they end in the text.
    pub trees: Vec<Arc<Tree>>,
    /// How many tokens the text had: what the trees take in memory is in proportion.
    pub tokens: usize,
}

impl Parsed {
    /// The text's own template.
    #[must_use]
    pub fn main(&self) -> Option<&Arc<Tree>> {
        self.trees.last()
    }

    /// The text these templates were parsed from.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        match self.main() {
            Some(main) => &main.source.text,
            None => &[],
        }
    }

    /// What [`parse`] makes of the same text under another name, at hardly any cost: the nodes are shared. `None`
    /// where the name matters for more than messages.
    #[must_use]
    pub fn renamed(&self, name: &str) -> Option<Self> {
        let (main, defines) = self.trees.split_last()?;
        let own_name = main.name_span.is_none() && *main.name == *main.source.name.as_bytes();
        if !own_name || defines.iter().any(|define| *define.name == *name.as_bytes()) {
            return None;
        }
        let Source { text, arrays, .. } = &*main.source;
        let source = Source { name: name.into(), text: Arc::clone(text), arrays: Arc::clone(arrays) };
        let source = Arc::new(source);
        let renamed = |tree: &Arc<Tree>, name: &[u8]| {
            let Tree { name_span, root, slots, is_empty, .. } = **tree;
            let source = Arc::clone(&source);
            Arc::new(Tree { name: name.into(), source, name_span, root, slots, is_empty })
        };
        let mut trees: Vec<_> = defines.iter().map(|define| renamed(define, &define.name)).collect();
        trees.push(renamed(main, name.as_bytes()));
        Some(Self { trees, tokens: self.tokens })
    }
}

/// Parses a copy of a text.
///
/// # Errors
/// As of [`parse_shared`].
pub fn parse(name: &str, text: &[u8], funcs: &Funcs) -> Result<Parsed, ParseError> {
    parse_shared(name, &SharedText::new(text.into()), funcs)
}

/// Parses a text, which the templates keep hold of.
///
/// # Errors
/// The first mistake, as Go words it. A text of 4 GiB or more is refused.
pub fn parse_shared(name: &str, text: &SharedText, funcs: &Funcs) -> Result<Parsed, ParseError> {
    if u32::try_from(text.len()).is_err() {
        let message = "template is larger than 4 GiB".to_owned();
        return Err(ParseError { template: name.to_owned(), line: 1, offset: 0, message });
    }
    let (arrays, open) = ROOM.take();
    let mut parser = Parser {
        funcs,
        name,
        text,
        lexer: Lexer::new(text),
        pending: Pending::default(),
        latest: Token::default(),
        tokens: 0,
        arrays,
        open,
        trees: Vec::new(),
        by_name: BTreeMap::new(),
        scope: Scope::new(),
        action_line: None,
        nesting: 0,
    };
    parser.main().map_err(|error| *error)?;
    let Parser { mut arrays, open, trees, tokens, .. } = parser;
    let nodes = Arc::new(arrays.finish());
    if arrays.operands.capacity() <= MOST_ROOM {
        ROOM.set((arrays, open));
    }
    let source = Source { name: name.into(), text: Arc::clone(text), arrays: nodes };
    let source = Arc::new(source);
    let trees = trees.into_iter().flatten().map(|tree| Arc::new(tree.finish(&source))).collect();
    Ok(Parsed { trees, tokens })
}

thread_local! {
    /// Room that the text read last left, so that arrays need not grow anew for each text.
    static ROOM: Cell<(Growing, Open)> = Cell::default();
}

/// How many operands there may be room for between two texts; no real template has so many.
const MOST_ROOM: usize = 1 << 16;

/// A tree whose source is still being read.
struct Unfinished {
    name: Box<[u8]>,
    name_span: Option<Span>,
    root: List,
    slots: u32,
    is_empty: bool,
}

impl Unfinished {
    fn finish(self, source: &Arc<Source>) -> Tree {
        let Self { name, name_span, root, slots, is_empty } = self;
        Tree { name, source: Arc::clone(source), name_span, root, slots, is_empty }
    }
}

/// A variable slot; none for what was only ever assigned to.
type Slot = Option<u32>;

/// The variables visible at the moment, by their places in the text, and how many slots the template being parsed
/// needs. `$` is always there, in slot 0.
struct Scope {
    variables: Vec<(Span, Slot)>,
    /// Where those of the template being parsed begin: no definition sees what is outside of it.
    base: usize,
    next: u32,
    slots: u32,
    range_depth: usize,
}

impl Scope {
    const fn new() -> Self {
        Self { variables: Vec::new(), base: 0, next: 1, slots: 1, range_depth: 0 }
    }

    /// A scope of its own for a definition; returns what [`Scope::leave`] restores.
    const fn enter(&mut self) -> (usize, u32, u32, usize) {
        let outer = (self.base, self.next, self.slots, self.range_depth);
        (self.base, self.next, self.slots, self.range_depth) = (self.variables.len(), 1, 1, 0);
        outer
    }

    fn leave(&mut self, outer: (usize, u32, u32, usize)) {
        self.variables.truncate(self.base);
        (self.base, self.next, self.slots, self.range_depth) = outer;
    }

    fn declare(&mut self, name: Span) -> Slot {
        let slot = self.next;
        self.next += 1;
        self.slots = self.slots.max(self.next);
        self.variables.push((name, Some(slot)));
        Some(slot)
    }

    fn find(&self, text: &[u8], name: Span) -> Option<Slot> {
        let wanted = bytes(text, name);
        let visible = self.variables.get(self.base..).unwrap_or_default();
        let found = visible.iter().rev().find(|(known, _)| bytes(text, *known) == wanted);
        found.map(|(_, slot)| *slot).or_else(|| (wanted == b"$").then_some(Some(0)))
    }

    const fn mark(&self) -> (usize, u32) {
        (self.variables.len(), self.next)
    }

    /// What a body declared is known in the `else` that follows, but was never executed there: the names mean
    /// what they meant before the body.
    fn hide(&mut self, text: &[u8], mark: (usize, u32)) {
        let hidden = self.variables.split_off(mark.0);
        for (name, _) in hidden {
            let slot = self.find(text, name).flatten();
            self.variables.push((name, slot));
        }
        self.next = mark.1;
    }

    fn pop(&mut self, mark: (usize, u32)) {
        self.variables.truncate(mark.0);
        self.next = mark.1;
    }
}

/// The nodes of the lists, commands and so on being read, the innermost last: they go to their arrays together when
/// their parent ends.
#[derive(Default)]
struct Open {
    nodes: Vec<Node>,
    branches: Vec<Branch>,
    commands: Vec<Command>,
    operands: Vec<Operand>,
}

/// Moves what was opened since `from` to its array.
fn close<T: Copy>(open: &mut Vec<T>, from: usize, array: &mut Vec<T>) -> Run<T> {
    let start = offset(array.len());
    if open.len() == from + 1 {
        // By far the most frequent.
        array.extend(open.pop());
    } else {
        array.extend_from_slice(open.get(from..).unwrap_or_default());
        open.truncate(from);
    }
    Run::new(start, offset(array.len()) - start)
}

/// Adds a node to its array.
fn store<T>(array: &mut Vec<T>, node: T) -> Id<T> {
    array.push(node);
    Id::new(offset(array.len() - 1))
}

/// Go trims Unicode space to see whether a definition is empty.
fn is_space(text: &[u8]) -> bool {
    match text.iter().find(|byte| !matches!(byte, b' ' | b'\t'..=b'\r')) {
        None => true,
        Some(byte) if byte.is_ascii() => false,
        Some(_) => String::from_utf8_lossy(text).trim().is_empty(),
    }
}

fn bytes(text: &[u8], span: Span) -> &[u8] {
    text.get(span.start as usize..span.end as usize).unwrap_or_default()
}

/// Tokens put back. The grammar never looks more than three ahead.
#[derive(Default)]
struct Pending {
    tokens: [Token; 4],
    len: usize,
}

impl Pending {
    fn push(&mut self, token: Token) {
        debug_assert!(self.len < self.tokens.len(), "too much look-ahead");
        if let Some(slot) = self.tokens.get_mut(self.len) {
            *slot = token;
            self.len += 1;
        }
    }

    fn pop(&mut self) -> Option<Token> {
        self.len = self.len.checked_sub(1)?;
        self.tokens.get(self.len).copied()
    }

    const fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn last(&self) -> Option<Token> {
        self.tokens.get(self.len.checked_sub(1)?).copied()
    }
}

struct Parser<'t> {
    funcs: &'t Funcs,
    name: &'t str,
    text: &'t [u8],
    lexer: Lexer<'t>,
    /// Tokens put back, the next one last.
    pending: Pending,
    /// The token lexed last; errors are reported at its line.
    latest: Token,
    tokens: usize,
    arrays: Growing,
    open: Open,
    /// In the order in which they end; one that another replaced is gone.
    trees: Vec<Option<Unfinished>>,
    by_name: BTreeMap<Box<[u8]>, usize>,
    scope: Scope,
    /// Where the action being read begins.
    action_line: Option<u32>,
    nesting: usize,
}

/// Boxed, because what succeeds is small.
type Parse<T> = Result<T, Box<ParseError>>;

/// What ended a list.
enum End {
    End(Token),
    /// `{{else}}`, or the `if` or `with` after `else` comes next.
    Else,
}

/// A place in a text, or in an array of its nodes, of which it has no more than bytes.
const fn offset(pos: usize) -> u32 {
    // `parse_shared` refuses texts for which this would not be exact.
    pos as u32
}

impl Token {
    const fn span(self) -> Span {
        Span { start: self.start, end: self.end }
    }
}

impl<'t> Parser<'t> {
    #[inline]
    fn next(&mut self) -> Token {
        match self.pending.pop() {
            Some(token) => token,
            None => self.read(),
        }
    }

    /// The next token of the text.
    fn read(&mut self) -> Token {
        self.tokens += 1;
        self.latest = if self.tokens > MAX_TOKENS || self.scope.variables.len() > MAX_VARIABLES {
            self.too_many()
        } else {
            self.lexer.next_token()
        };
        self.latest
    }

    #[cold]
    fn too_many(&mut self) -> Token {
        self.lexer.error(if self.tokens > MAX_TOKENS {
            format!("template has more than {MAX_TOKENS} tokens")
        } else {
            format!("more than {MAX_VARIABLES} variables in one place")
        })
    }

    fn back(&mut self, token: Token) {
        self.pending.push(token);
    }

    fn peek(&mut self) -> Token {
        if let Some(token) = self.pending.last() {
            return token;
        }
        let token = self.next();
        self.pending.push(token);
        token
    }

    fn text(&self, token: Token) -> &'t [u8] {
        bytes(self.text, token.span())
    }

    #[cold]
    fn error<T>(&self, message: impl Into<String>) -> Parse<T> {
        self.error_at(self.latest.start, message)
    }

    #[cold]
    fn error_at<T>(&self, offset: u32, message: impl Into<String>) -> Parse<T> {
        Err(Box::new(ParseError {
            template: self.name.to_owned(),
            line: lex::line(self.text, offset),
            offset,
            message: message.into(),
        }))
    }

    #[cold]
    fn unexpected<T>(&self, token: Token, context: &str) -> Parse<T> {
        let shown = self.lexer.describe(token);
        if token.kind != Kind::Error {
            return self.error(format!("unexpected {shown} in {context}"));
        }
        match self.action_line.map(|start| lex::line(self.text, start)) {
            Some(line) if line != lex::line(self.text, token.start) => {
                let place = format!("started at {}:{line}", self.name);
                // "unclosed action in action" would say it twice.
                let link = if shown.ends_with(" action") { " " } else { " in action " };
                self.error(format!("{shown}{link}{place}"))
            }
            _ => self.error(shown),
        }
    }

    fn expect(&mut self, kind: Kind, context: &str) -> Parse<Token> {
        let token = self.next();
        if token.kind == kind { Ok(token) } else { self.unexpected(token, context) }
    }

    fn enter(&mut self, what: &str) -> Parse<()> {
        self.nesting += 1;
        if self.nesting > MAX_NESTING { self.error(what) } else { Ok(()) }
    }

    fn add(&mut self, name: &[u8], name_span: Option<Span>, root: List, slots: u32) -> Parse<()> {
        let start = root.start as usize;
        let nodes = self.arrays.nodes.get(start..start + root.len()).unwrap_or_default();
        let is_empty = nodes.iter().all(|node| match node {
            Node::Text(span) => is_space(bytes(self.text, *span)),
            _ => false,
        });
        let mut tree = Unfinished { name: name.into(), name_span, root, slots, is_empty };
        if let Some(place) = self.by_name.get(name).copied()
            && let Some(known) = self.trees.get_mut(place).and_then(Option::take)
            && !known.is_empty
        {
            if !is_empty {
                return self
                    .error(format!("template: multiple definition of template {}", quote_lossy(name)));
            }
            // The main template stays last even where a `define` of the same name has the body.
            tree = known;
        }
        if name_span.is_some() {
            self.by_name.insert(name.into(), self.trees.len());
        }
        self.trees.push(Some(tree));
        Ok(())
    }

    /// The whole text.
    fn main(&mut self) -> Parse<()> {
        let root = self.top()?;
        self.add(self.name.as_bytes(), None, root, self.scope.slots)
    }

    fn top(&mut self) -> Parse<List> {
        loop {
            let token = self.next();
            match token.kind {
                Kind::Eof => return Ok(close(&mut self.open.nodes, 0, &mut self.arrays.nodes)),
                Kind::LeftDelim => {
                    let word = self.next();
                    if word.kind == Kind::Define {
                        self.define()?;
                        continue;
                    }
                    self.back(word);
                }
                _ => {}
            }
            match self.item(token)? {
                None => {}
                Some(End::End(_)) => return self.error("unexpected {{end}}"),
                Some(End::Else) => return self.error("unexpected {{else}}"),
            }
        }
    }

    fn define(&mut self) -> Parse<()> {
        const CONTEXT: &str = "define clause";
        // A definition is a template of its own: no variable of the outside is visible, no action is open.
        let outer_scope = self.scope.enter();
        let outer_line = self.action_line.take();
        let name = self.template_name(CONTEXT)?;
        self.expect(Kind::RightDelim, CONTEXT)?;
        self.body(&name, outer_scope, outer_line, CONTEXT)
    }

    /// The body of a definition, up to its `{{end}}`.
    fn body(
        &mut self,
        name: &StrLiteral,
        outer_scope: (usize, u32, u32, usize),
        outer_line: Option<u32>,
        context: &str,
    ) -> Parse<()> {
        let (root, end) = self.list()?;
        self.action_line = outer_line;
        if let End::Else = end {
            return self.error(format!("unexpected {{{{else}}}} in {context}"));
        }
        let slots = self.scope.slots;
        self.scope.leave(outer_scope);
        match &name.unescaped {
            Some(unescaped) => self.add(unescaped, Some(name.span), root, slots),
            None => {
                let Span { start, end } = name.span;
                self.add(
                    bytes(self.text, Span { start: start + 1, end: end - 1 }),
                    Some(name.span),
                    root,
                    slots,
                )
            }
        }
    }

    /// A string token, unquoted.
    fn literal(&self, token: Token) -> Parse<StrLiteral> {
        if token.kind == Kind::String && !token.escaped {
            return Ok(StrLiteral { span: token.span(), unescaped: None });
        }
        let unescaped = literal::unquote(self.text(token)).or_else(|message| self.error(message))?;
        Ok(StrLiteral { span: token.span(), unescaped: unescaped.map(|text| Arc::new(text.into())) })
    }

    /// Nodes up to `{{end}}` or `{{else}}`.
    fn list(&mut self) -> Parse<(List, End)> {
        self.enter("max nesting depth exceeded")?;
        stacker::maybe_grow(RED_ZONE, STACK_STEP, || self.items())
    }

    fn items(&mut self) -> Parse<(List, End)> {
        let first = self.open.nodes.len();
        loop {
            let token = self.next();
            if token.kind == Kind::Eof {
                return self.error("unexpected EOF");
            }
            if let Some(end) = self.item(token)? {
                self.nesting -= 1;
                return Ok((close(&mut self.open.nodes, first, &mut self.arrays.nodes), end));
            }
        }
    }

    /// Text or an action, which is added to the open nodes or ends their list.
    fn item(&mut self, token: Token) -> Parse<Option<End>> {
        match token.kind {
            Kind::Text => {
                self.open.nodes.push(Node::Text(token.span()));
                Ok(None)
            }
            Kind::LeftDelim => {
                self.action_line = Some(token.start);
                let end = self.action();
                self.action_line = None;
                end
            }
            _ => self.unexpected(token, "input"),
        }
    }

    fn action(&mut self) -> Parse<Option<End>> {
        let token = self.next();
        let node = match token.kind {
            Kind::Block => self.block()?,
            Kind::Break => Node::Break(self.jump(token, "{{break}}")?),
            Kind::Continue => Node::Continue(self.jump(token, "{{continue}}")?),
            Kind::Else => {
                if !matches!(self.peek().kind, Kind::If | Kind::With) {
                    self.expect(Kind::RightDelim, "else")?;
                }
                return Ok(Some(End::Else));
            }
            Kind::End => return Ok(Some(End::End(self.expect(Kind::RightDelim, "end")?))),
            Kind::If => Node::If(self.branches(token, "if", Kind::If)?),
            Kind::With => Node::With(self.branches(token, "with", Kind::With)?),
            Kind::Range => Node::Range(self.range(token)?),
            Kind::Template => self.template()?,
            _ => Node::Action(self.pipeline_at(token, "command", Kind::RightDelim)?),
        };
        self.open.nodes.push(node);
        Ok(None)
    }

    fn jump(&mut self, token: Token, shown: &str) -> Parse<u32> {
        let next = self.next();
        if next.kind != Kind::RightDelim {
            return self.unexpected(next, shown);
        }
        if self.scope.range_depth == 0 {
            return self.error(format!("{shown} outside {{{{range}}}}"));
        }
        Ok(token.start)
    }

    /// An `if` or `with` with all its `else`s. A chain of `else if` is one node however long it is, where Go
    /// nests; what is visible where is the same.
    fn branches(&mut self, keyword: Token, context: &str, kind: Kind) -> Parse<Branches> {
        let mark = self.scope.mark();
        let first = self.open.branches.len();
        let mut otherwise = None;
        let end = loop {
            let pipe = self.pipeline(context, Kind::RightDelim)?;
            let body = self.scope.mark();
            let (list, end) = self.list()?;
            self.scope.hide(self.text, body);
            self.open.branches.push(Branch { pipe, list });
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
        let branches = close(&mut self.open.branches, first, &mut self.arrays.branches);
        Ok(Branches { span: Span { start: keyword.start, end: end.end }, branches, otherwise })
    }

    fn last_list(&mut self) -> Parse<(List, Token)> {
        match self.list()? {
            (list, End::End(token)) => Ok((list, token)),
            (_, End::Else) => self.error("expected end; found {{else}}"),
        }
    }

    fn range(&mut self, keyword: Token) -> Parse<Branches> {
        let mark = self.scope.mark();
        let pipe = self.pipeline("range", Kind::RightDelim)?;
        let body = self.scope.mark();
        self.scope.range_depth += 1;
        let (list, end) = self.list()?;
        self.scope.range_depth -= 1;
        self.scope.hide(self.text, body);
        let (otherwise, end) = match end {
            End::End(token) => (None, token),
            End::Else => {
                let (list, token) = self.last_list()?;
                (Some(list), token)
            }
        };
        self.scope.pop(mark);
        self.arrays.branches.push(Branch { pipe, list });
        let branches = Run::new(offset(self.arrays.branches.len() - 1), 1);
        Ok(Branches { span: Span { start: keyword.start, end: end.end }, branches, otherwise })
    }

    fn template_name(&mut self, context: &str) -> Parse<StrLiteral> {
        let token = self.next();
        if !matches!(token.kind, Kind::String | Kind::RawString) {
            return self.unexpected(token, context);
        }
        self.literal(token)
    }

    fn template(&mut self) -> Parse<Node> {
        const CONTEXT: &str = "template clause";
        let name = self.template_name(CONTEXT)?;
        let next = self.next();
        let pipe = if next.kind == Kind::RightDelim {
            None
        } else {
            Some(self.pipeline_at(next, CONTEXT, Kind::RightDelim)?)
        };
        Ok(self.call(name, pipe))
    }

    fn call(&mut self, name: StrLiteral, pipe: Option<ast::Pipe>) -> Node {
        let name = store(&mut self.arrays.strings, name);
        Node::Template(store(&mut self.arrays.calls, TemplateCall { name, pipe }))
    }

    fn block(&mut self) -> Parse<Node> {
        const CONTEXT: &str = "block clause";
        let name = self.template_name(CONTEXT)?;
        let pipe = self.pipeline(CONTEXT, Kind::RightDelim)?;
        let outer_scope = self.scope.enter();
        let outer_line = self.action_line.take();
        self.body(&name, outer_scope, outer_line, CONTEXT)?;
        Ok(self.call(name, Some(pipe)))
    }
}

/// Native stack that must be free before going one level deeper, and how much to add when it is not. One level of
/// parsing or executing uses far less than the zone, in debug builds too.
pub const RED_ZONE: usize = 128 * 1024;
pub const STACK_STEP: usize = 2 * 1024 * 1024;
