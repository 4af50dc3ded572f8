//! Tokens to a tree of nodes that keeps tags, anchors and positions.
//!
//! In: the bytes of a stream. Out: a [`Tree`] holding its first document (Go's `Unmarshal` reads no further).
//! Scalars are not resolved here. Besides values, the tree serves diagnostics: each node knows its byte span
//! in the source, so a finding about a value can point at its key.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use super::Error;
use super::scan::{Mark, Scanner, TokenKind, input};

/// Nesting accepted when reading and writing, within the stack of any thread. Go stops at 10,000; no chart comes near.
pub const MAX_DEPTH: usize = 250;

/// Nodes accepted in one document, each of which takes a hundred bytes and more. The largest document of the
/// development corpus, a custom resource definition of 0.8 MiB, has some thirty thousand.
pub const MAX_NODES: usize = 1_000_000;

/// Index of a node in its [`Tree`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NodeId(u32);

/// One node of a document.
#[derive(Clone, Debug)]
pub struct Node<'a> {
    pub kind: NodeKind<'a>,
    /// The full tag of a scalar (`tag:yaml.org,2002:int`), if one was written. Tags of collections mean
    /// nothing to Helm and are dropped.
    pub tag: Option<Box<str>>,
    /// Line of the first character, from 0.
    pub line: u32,
    /// Bytes of the node in the source; for a collection, from its first to its last node or bracket.
    pub span: Range<u32>,
}

#[derive(Clone, Debug)]
pub enum NodeKind<'a> {
    /// `plain`: written without quotes (or tagged `!`), so its type follows from its text.
    Scalar { text: Cow<'a, str>, plain: bool },
    /// Items.
    Sequence(Range<u32>),
    /// Keys and values in turn.
    Mapping(Range<u32>),
    /// The node of that anchor.
    Alias { name: Cow<'a, str>, target: NodeId },
}

/// A parsed document; its text is borrowed from the source wherever that is written as it is meant.
#[derive(Clone, Debug, Default)]
pub struct Tree<'a> {
    nodes: Vec<Node<'a>>,
    children: Vec<NodeId>,
    root: Option<NodeId>,
}

impl<'a> Tree<'a> {
    /// Parses the first document of a stream. Errors read as Go's yaml v2 gives them, without its `yaml: `.
    pub fn parse(bytes: &'a [u8]) -> Result<Tree<'a>, Box<Error>> {
        let input = input::decode(bytes);
        match input.text {
            Cow::Borrowed(text) => Parser::new(text, input.skipped, input.broken).document(),
            Cow::Owned(text) => {
                Parser::new(&text, input.skipped, input.broken).document().map(Tree::into_owned)
            }
        }
    }

    /// The same with all text copied, free of the source.
    pub fn into_owned(self) -> Tree<'static> {
        let own = |text: Cow<'a, str>| Cow::Owned(text.into_owned());
        let nodes = self.nodes.into_iter().map(|node| Node {
            kind: match node.kind {
                NodeKind::Scalar { text, plain } => NodeKind::Scalar { text: own(text), plain },
                NodeKind::Alias { name, target } => NodeKind::Alias { name: own(name), target },
                NodeKind::Sequence(items) => NodeKind::Sequence(items),
                NodeKind::Mapping(pairs) => NodeKind::Mapping(pairs),
            },
            tag: node.tag,
            line: node.line,
            span: node.span,
        });
        Tree { nodes: nodes.collect(), children: self.children, root: self.root }
    }

    /// The document's node; none for a stream without a document.
    pub fn root(&self) -> Option<NodeId> {
        self.root
    }

    pub fn node(&self, id: NodeId) -> Option<&Node<'a>> {
        self.nodes.get(id.0 as usize)
    }

    /// The items of a sequence, the keys and values of a mapping, else nothing.
    pub fn children(&self, id: NodeId) -> &[NodeId] {
        match self.node(id).map(|n| &n.kind) {
            Some(NodeKind::Sequence(range) | NodeKind::Mapping(range)) => {
                self.children.get(range.start as usize..range.end as usize).unwrap_or_default()
            }
            _ => &[],
        }
    }

    /// The key and value nodes a path of keys leads to, aliases followed, merges not. A number leads into
    /// a sequence; there the item stands for its own key. Of equal keys the last counts, as it does in Helm.
    pub fn find<'p>(&self, path: impl IntoIterator<Item = &'p str>) -> Option<(NodeId, NodeId)> {
        let mut found = (self.root?, self.root?);
        for name in path {
            let mut at = found.1;
            while let NodeKind::Alias { target, .. } = &self.node(at)?.kind {
                at = *target;
            }
            let children = self.children(at);
            found = match &self.node(at)?.kind {
                NodeKind::Mapping(_) => children
                    .chunks_exact(2)
                    .filter_map(|pair| if let [key, value] = pair { Some((*key, *value)) } else { None })
                    .rfind(|(key, _)| matches!(self.node(*key).map(|n| &n.kind), Some(NodeKind::Scalar { text, .. }) if **text == *name))?,
                NodeKind::Sequence(_) => {
                    let item = *children.get(name.parse::<usize>().ok()?)?;
                    (item, item)
                }
                _ => return None,
            };
        }
        Some(found)
    }
}

struct Parser<'a> {
    scanner: Scanner<'a>,
    tree: Tree<'a>,
    /// Byte order mark in front of the text: positions count it.
    shift: usize,
    anchors: HashMap<&'a str, NodeId>,
    tag_directives: Vec<(String, String)>,
    /// Children of the collections being read, innermost last.
    pending: Vec<NodeId>,
    depth: usize,
}

/// What may stand in front of a node, and where it ends.
struct Properties<'a> {
    anchor: Option<&'a str>,
    tag: Option<Box<str>>,
    end: Mark,
}

type Parsed<T> = Result<T, Box<Error>>;

/// Where a node may stand, which decides what may begin it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Block,
    /// A key or value of a block mapping: a sequence need not be indented there.
    BlockOrIndentless,
    Flow,
}

/// A parser error at a token. Go names the line before it counts it, so it is one short of the true one.
fn unexpected<T>(problem: &str, mark: Mark) -> Parsed<T> {
    Err(Error::at(problem, mark.line as usize, mark.pos as usize))
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, shift: usize, broken: Option<&'static str>) -> Self {
        // A rough guess that saves growing: values files have a node to about a dozen bytes.
        let tree = Tree { nodes: Vec::with_capacity(text.len() / 16), ..Tree::default() };
        Parser {
            scanner: Scanner::new(text, broken),
            tree,
            shift,
            anchors: HashMap::new(),
            tag_directives: Vec::new(),
            pending: Vec::new(),
            depth: 0,
        }
    }

    fn document(mut self) -> Parsed<Tree<'a>> {
        self.scanner.take()?; // stream start
        if matches!(self.scanner.peek()?.kind, TokenKind::StreamEnd) {
            return Ok(self.tree);
        }
        self.directives()?;
        let root = if self.tree_is_explicit()? {
            self.scanner.take()?;
            let next = self.scanner.peek()?;
            let at = next.start;
            match next.kind {
                TokenKind::Version(..)
                | TokenKind::TagDirective(_)
                | TokenKind::DocumentStart
                | TokenKind::DocumentEnd
                | TokenKind::StreamEnd => self.empty(at),
                _ => self.node(Place::Block)?,
            }
        } else {
            self.node(Place::Block)?
        };
        self.scanner.peek()?;
        self.tree.root = Some(root);
        Ok(self.tree)
    }

    fn tree_is_explicit(&mut self) -> Parsed<bool> {
        Ok(matches!(self.scanner.peek()?.kind, TokenKind::DocumentStart))
    }

    fn directives(&mut self) -> Parsed<()> {
        let mut version = false;
        let mut any = false;
        loop {
            let token = self.scanner.peek()?;
            let at = token.start;
            match &token.kind {
                TokenKind::Version(..) if version => {
                    return unexpected("found duplicate %YAML directive", at);
                }
                TokenKind::Version(1, 1) => version = true,
                TokenKind::Version(..) => return unexpected("found incompatible YAML document", at),
                TokenKind::TagDirective(parts) => {
                    if self.tag_directives.iter().any(|(known, _)| known == parts.handle) {
                        return unexpected("found duplicate %TAG directive", at);
                    }
                    self.tag_directives.push((parts.handle.to_owned(), parts.rest.clone()));
                }
                TokenKind::DocumentStart => break,
                _ if any => return unexpected("did not find expected <document start>", at),
                _ => break,
            }
            any = true;
            self.scanner.take()?;
        }
        for (handle, prefix) in [("!", "!"), ("!!", "tag:yaml.org,2002:")] {
            if !self.tag_directives.iter().any(|(known, _)| known == handle) {
                self.tag_directives.push((handle.to_owned(), prefix.to_owned()));
            }
        }
        Ok(())
    }

    fn add(&mut self, kind: NodeKind<'a>, tag: Option<Box<str>>, start: Mark, end: Mark) -> NodeId {
        let id = NodeId(u32::try_from(self.tree.nodes.len()).unwrap_or(u32::MAX));
        let place = |mark: Mark| u32::try_from(mark.pos as usize + self.shift).unwrap_or(u32::MAX);
        let node = Node { kind, tag, line: start.line, span: place(start)..place(end) };
        self.tree.nodes.push(node);
        id
    }

    fn empty(&mut self, at: Mark) -> NodeId {
        self.add(NodeKind::Scalar { text: "".into(), plain: true }, None, at, at)
    }

    fn node(&mut self, place: Place) -> Parsed<NodeId> {
        let token = self.scanner.peek()?;
        let start = token.start;
        if let TokenKind::Alias(name) = token.kind {
            let end = token.end;
            let Some(target) = self.anchors.get(name).copied() else {
                return Err(Error::at(&format!("unknown anchor '{name}' referenced"), 0, start.pos as usize));
            };
            self.scanner.take()?;
            return Ok(self.add(NodeKind::Alias { name: name.into(), target }, None, start, end));
        }
        if self.tree.nodes.len() > MAX_NODES {
            let problem = format!("document has more than {MAX_NODES} nodes");
            return Err(Error::at(&problem, start.line as usize + 1, start.pos as usize));
        }
        let Properties { anchor, tag, end: properties_end } = self.properties()?;
        let token = self.scanner.peek()?;
        let (at, end) = (token.start, token.end);
        let content = match &token.kind {
            TokenKind::BlockEntry if place == Place::BlockOrIndentless => Content::Indentless,
            TokenKind::Scalar { .. } => Content::Scalar,
            TokenKind::FlowSequenceStart => Content::FlowSequence,
            TokenKind::FlowMappingStart => Content::FlowMapping,
            TokenKind::BlockSequenceStart if place != Place::Flow => Content::BlockSequence,
            TokenKind::BlockMappingStart if place != Place::Flow => Content::BlockMapping,
            _ if anchor.is_some() || tag.is_some() => Content::Nothing,
            _ => return unexpected("did not find expected node content", at),
        };
        let scalar = match content {
            Content::Scalar => match self.scanner.take()?.kind {
                TokenKind::Scalar { text, plain } => Some((text, plain)),
                _ => None,
            },
            Content::Nothing => Some(("".into(), true)),
            _ => None,
        };
        if let Some((text, plain)) = scalar {
            let plain = match &tag {
                None => plain,
                Some(tag) => content == Content::Scalar && **tag == *"!",
            };
            let end = if content == Content::Nothing { properties_end } else { end };
            let id = self.add(NodeKind::Scalar { text, plain }, tag, start, end);
            self.bind(anchor, id);
            return Ok(id);
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Error::at(
                &format!("exceeded max depth of {MAX_DEPTH}"),
                at.line as usize + 1,
                at.pos as usize,
            ));
        }
        // The anchor must be known inside its own node, so that an alias there is found (and refused later).
        let id = self.add(NodeKind::Sequence(0..0), None, start, end);
        self.bind(anchor, id);
        let first = self.pending.len();
        let mapping = match content {
            Content::Indentless => self.indentless()?,
            Content::BlockSequence => self.block_sequence()?,
            Content::FlowSequence => self.flow_sequence(id)?,
            Content::FlowMapping => self.flow_mapping(id)?,
            _ => self.block_mapping()?,
        };
        self.close(id, first, mapping);
        self.depth -= 1;
        Ok(id)
    }

    fn bind(&mut self, anchor: Option<&'a str>, id: NodeId) {
        if let Some(name) = anchor {
            self.anchors.insert(name, id);
        }
    }

    /// Moves the children read since `first` into node `id`.
    fn close(&mut self, id: NodeId, first: usize, mapping: bool) {
        let start = self.tree.children.len() as u32;
        self.tree.children.extend(self.pending.drain(first..));
        let range = start..self.tree.children.len() as u32;
        let last = self
            .tree
            .children
            .last()
            .filter(|_| !range.is_empty())
            .and_then(|n| self.tree.node(*n))
            .map_or(0, |n| n.span.end);
        if let Some(node) = self.tree.nodes.get_mut(id.0 as usize) {
            node.kind = if mapping { NodeKind::Mapping(range) } else { NodeKind::Sequence(range) };
            node.span.end = node.span.end.max(last);
        }
    }

    fn ends_at(&mut self, id: NodeId, end: Mark) {
        let end = u32::try_from(end.pos as usize + self.shift).unwrap_or(u32::MAX);
        if let Some(node) = self.tree.nodes.get_mut(id.0 as usize) {
            node.span.end = end;
        }
    }

    /// An anchor and a tag, in either order, in front of a node.
    fn properties(&mut self) -> Parsed<Properties<'a>> {
        let mut anchor = None;
        let mut tag = None;
        let mut end = Mark::default();
        for _ in 0..2 {
            match &self.scanner.peek()?.kind {
                TokenKind::Anchor(name) if anchor.is_none() => anchor = Some(*name),
                TokenKind::Tag(_) if tag.is_none() => {}
                _ => break,
            }
            let token = self.scanner.take()?;
            end = token.end;
            if let TokenKind::Tag(parts) = token.kind {
                tag = Some((parts.handle, parts.rest, token.start));
            }
            // The look-ahead past the properties comes before a handle is looked up.
            self.scanner.peek()?;
        }
        let tag = match tag {
            None => None,
            Some(("", suffix, _)) => Some(suffix.into()),
            Some((handle, suffix, at)) => {
                match self.tag_directives.iter().find(|(known, _)| *known == handle) {
                    Some((_, prefix)) => Some(format!("{prefix}{suffix}").into_boxed_str()),
                    None => return unexpected("found undefined tag handle", at),
                }
            }
        };
        // An empty tag is none.
        Ok(Properties { anchor, tag: if tag.as_deref() == Some("") { None } else { tag }, end })
    }

    fn block_sequence(&mut self) -> Parsed<bool> {
        self.scanner.take()?;
        loop {
            let token = self.scanner.peek()?;
            let (start, end) = (token.start, token.end);
            match token.kind {
                TokenKind::BlockEntry => {
                    self.scanner.take()?;
                    let item = match self.scanner.peek()?.kind {
                        TokenKind::BlockEntry | TokenKind::BlockEnd => self.empty(end),
                        _ => self.node(Place::Block)?,
                    };
                    self.pending.push(item);
                }
                TokenKind::BlockEnd => {
                    self.scanner.take()?;
                    return Ok(false);
                }
                _ => return unexpected("did not find expected '-' indicator", start),
            }
        }
    }

    fn indentless(&mut self) -> Parsed<bool> {
        loop {
            let token = self.scanner.peek()?;
            let end = token.end;
            if !matches!(token.kind, TokenKind::BlockEntry) {
                return Ok(false);
            }
            self.scanner.take()?;
            let item = match self.scanner.peek()?.kind {
                TokenKind::BlockEntry | TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd => {
                    self.empty(end)
                }
                _ => self.node(Place::Block)?,
            };
            self.pending.push(item);
        }
    }

    fn block_mapping(&mut self) -> Parsed<bool> {
        self.scanner.take()?;
        loop {
            let token = self.scanner.peek()?;
            let (start, end) = (token.start, token.end);
            match token.kind {
                TokenKind::Key => {
                    self.scanner.take()?;
                    let key = self.block_mapping_part(end)?;
                    self.pending.push(key);
                }
                TokenKind::BlockEnd => {
                    self.scanner.take()?;
                    return Ok(true);
                }
                // A value without a key is not looked for here: a `:` alone makes its own key token only
                // when something stood before it.
                _ => return unexpected("did not find expected key", start),
            }
            let token = self.scanner.peek()?;
            let (start, end) = (token.start, token.end);
            let value = if matches!(token.kind, TokenKind::Value) {
                self.scanner.take()?;
                self.block_mapping_part(end)?
            } else {
                self.empty(start)
            };
            self.pending.push(value);
        }
    }

    fn block_mapping_part(&mut self, at: Mark) -> Parsed<NodeId> {
        match self.scanner.peek()?.kind {
            TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd => Ok(self.empty(at)),
            _ => self.node(Place::BlockOrIndentless),
        }
    }

    fn flow_sequence(&mut self, id: NodeId) -> Parsed<bool> {
        self.scanner.take()?;
        let mut first = true;
        loop {
            let mut token = self.scanner.peek()?;
            if !matches!(token.kind, TokenKind::FlowSequenceEnd) && !first {
                if !matches!(token.kind, TokenKind::FlowEntry) {
                    return unexpected("did not find expected ',' or ']'", token.start);
                }
                self.scanner.take()?;
                token = self.scanner.peek()?;
            }
            first = false;
            match token.kind {
                TokenKind::FlowSequenceEnd => {
                    let end = token.end;
                    self.scanner.take()?;
                    self.ends_at(id, end);
                    return Ok(false);
                }
                TokenKind::Key => {
                    let pair = self.flow_pair()?;
                    self.pending.push(pair);
                }
                _ => {
                    let item = self.node(Place::Flow)?;
                    self.pending.push(item);
                }
            }
        }
    }

    /// `[key: value]`: a mapping of one pair inside a sequence.
    fn flow_pair(&mut self) -> Parsed<NodeId> {
        let token = self.scanner.take()?;
        let (start, end) = (token.start, token.end);
        let id = self.add(NodeKind::Mapping(0..0), None, start, end);
        let first = self.pending.len();
        let token = self.scanner.peek()?;
        let key = match token.kind {
            // Go takes the token that shows that there is no key, even where it is the comma or the bracket that the
            // sequence needs next: `[?]` and `[? , a]` are refused.
            TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowSequenceEnd => {
                let at = token.end;
                self.scanner.take()?;
                self.empty(at)
            }
            _ => self.node(Place::Flow)?,
        };
        self.pending.push(key);
        let value = self.flow_value(false)?;
        self.pending.push(value);
        self.scanner.peek()?;
        self.close(id, first, true);
        Ok(id)
    }

    /// The value after a key of a flow collection, if there is one.
    fn flow_value(&mut self, in_mapping: bool) -> Parsed<NodeId> {
        let mut token = self.scanner.peek()?;
        if matches!(token.kind, TokenKind::Value) {
            self.scanner.take()?;
            token = self.scanner.peek()?;
            let ends = match token.kind {
                TokenKind::FlowEntry => true,
                TokenKind::FlowMappingEnd => in_mapping,
                TokenKind::FlowSequenceEnd => !in_mapping,
                _ => false,
            };
            if !ends {
                return self.node(Place::Flow);
            }
        }
        let at = token.start;
        Ok(self.empty(at))
    }

    fn flow_mapping(&mut self, id: NodeId) -> Parsed<bool> {
        self.scanner.take()?;
        let mut first = true;
        loop {
            let mut token = self.scanner.peek()?;
            if !matches!(token.kind, TokenKind::FlowMappingEnd) && !first {
                if !matches!(token.kind, TokenKind::FlowEntry) {
                    return unexpected("did not find expected ',' or '}'", token.start);
                }
                self.scanner.take()?;
                token = self.scanner.peek()?;
            }
            first = false;
            match token.kind {
                TokenKind::FlowMappingEnd => {
                    let end = token.end;
                    self.scanner.take()?;
                    self.ends_at(id, end);
                    return Ok(true);
                }
                TokenKind::Key => {
                    self.scanner.take()?;
                    let token = self.scanner.peek()?;
                    let at = token.start;
                    let key = match token.kind {
                        TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowMappingEnd => self.empty(at),
                        _ => self.node(Place::Flow)?,
                    };
                    self.pending.push(key);
                    let value = self.flow_value(true)?;
                    self.pending.push(value);
                }
                _ => {
                    let key = self.node(Place::Flow)?;
                    self.pending.push(key);
                    let at = self.scanner.peek()?.start;
                    let value = self.empty(at);
                    self.pending.push(value);
                }
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Content {
    Indentless,
    Scalar,
    FlowSequence,
    FlowMapping,
    BlockSequence,
    BlockMapping,
    /// Only an anchor or a tag.
    Nothing,
}
