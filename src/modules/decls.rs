//! Files to tables of declarations.
//!
//! In: parsed files of a module. Out: its [`Decl`]s; errors about blocks that do not exist, labels, names and duplicates.
//! Must not know: expressions, and the attributes of any block but `locals`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::kinds::Labels;
use super::{Decl, DeclId, DeclItem, DeclKind, Import, Module, messages as say};
use crate::diag::Diags;
use crate::source::Span;
use crate::syntax::ast;

/// Fills the module's table from its files.
pub(super) fn collect(module: &mut Module, files: Vec<ast::File>, diags: &mut Diags) {
    let mut table = Table { seen: BTreeMap::new(), module, diags };
    for file in files {
        for item in file.items {
            table.item(item);
        }
    }
}

/// Enters an import under its name.
pub(super) fn add_import(module: &mut Module, import: Import, diags: &mut Diags) {
    let name = import.name.text.clone();
    if !is_identifier(&name) || is_root(&name) || is_keyword(&name) {
        diags.push(say::bad_import_name(import.name.span, &name));
        return;
    }
    match module.imports.get(&name) {
        Some(first) => diags.push(say::import_twice(&name, import.span, first.span)),
        None => {
            module.imports.insert(name, import);
        }
    }
}

/// First words of references, which no local name may hide at the level of a module.
pub(super) fn is_root(name: &str) -> bool {
    name == "each" || DeclKind::of_root(name).is_some()
}

fn is_keyword(name: &str) -> bool {
    matches!(name, "true" | "false" | "null" | "for" | "in" | "if" | "match" | "import" | "function" | "type")
}

/// What can stand after the dot of a reference.
pub(super) fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && chars.all(|c| c.is_alphanumeric() || c == '_' || c == '-')
}

struct Table<'a> {
    seen: BTreeMap<(DeclKind, String), Span>,
    module: &'a mut Module,
    diags: &'a mut Diags,
}

impl Table<'_> {
    fn item(&mut self, item: ast::Item) {
        match item {
            ast::Item::Import(import) => self.module.import_list.push(import),
            ast::Item::Function(function) => {
                let (name, span) = (function.name.text.clone(), function.name.span);
                self.callable(DeclKind::Function, name, span, DeclItem::Function(Arc::from(function)));
            }
            ast::Item::TypeAlias(alias) => {
                let (name, span) = (alias.name.text.clone(), alias.name.span);
                self.callable(DeclKind::Type, name, span, DeclItem::Type(Arc::new(alias)));
            }
            ast::Item::Attr(attr) => self.diags.push(say::top_level_attr(attr.name.span, &attr.name.text)),
            ast::Item::Block(block) => self.block(block),
        }
    }

    fn callable(&mut self, kind: DeclKind, name: String, span: Span, item: DeclItem) {
        if !is_identifier(&name) || is_keyword(&name) || is_root(&name) {
            self.diags.push(say::bad_name(span, kind, &name));
            return;
        }
        self.declare(kind, name, span, item);
    }

    fn block(&mut self, block: ast::Block) {
        let word = block.kind.text.as_str();
        let kind = match DeclKind::of_word(word) {
            Some(kind @ (DeclKind::Function | DeclKind::Type)) => {
                self.diags.push(say::not_a_block(block.header, kind, block.label(0)));
                return;
            }
            Some(kind) => kind,
            None => {
                self.diags.push(say::unknown_block(&block));
                return;
            }
        };
        if self.module.is_library() {
            self.diags.push(say::block_in_library(block.header, word));
            return;
        }
        if kind == DeclKind::Local {
            self.locals(block);
            return;
        }
        let wanted = match kind.labels() {
            Labels::None => 0,
            Labels::Optional | Labels::One => 1,
        };
        if let Some(extra) = block.labels.get(wanted) {
            self.diags.push(say::extra_label(extra.span, kind, &extra.text));
        }
        let (name, span) = match block.labels.first() {
            Some(label) if wanted == 1 => (label.text.clone(), label.span),
            _ if kind.labels() == Labels::One => {
                self.diags.push(say::missing_label(block.header, kind));
                return;
            }
            _ => (String::new(), block.header),
        };
        let free_text = matches!(kind, DeclKind::Check | DeclKind::Test);
        if wanted == 1 && !(name.is_empty() && block.labels.is_empty()) {
            let reserved =
                kind == DeclKind::Variable && matches!(name.as_str(), "source" | "for_each" | "depends_on");
            if reserved {
                self.diags.push(say::reserved_variable(span, &name));
                return;
            }
            if name.is_empty() || !free_text && !is_identifier(&name) {
                self.diags.push(say::bad_name(span, kind, &name));
                return;
            }
        }
        self.declare(kind, name, span, DeclItem::Block(Arc::new(block)));
    }

    fn locals(&mut self, block: ast::Block) {
        if let Some(extra) = block.labels.first() {
            self.diags.push(say::extra_label(extra.span, DeclKind::Local, &extra.text));
        }
        if !block.body.complete {
            self.module.complete = false;
        }
        for item in block.body.items {
            match item {
                ast::BodyItem::Attr(attr) => {
                    let (name, span) = (attr.name.text.clone(), attr.name.span);
                    if is_identifier(&name) {
                        self.declare(DeclKind::Local, name, span, DeclItem::Local(Arc::new(attr)));
                    } else {
                        self.diags.push(say::bad_name(span, DeclKind::Local, &name));
                    }
                }
                ast::BodyItem::Block(inner) => {
                    self.diags.push(say::block_in_locals(inner.header, &inner.kind.text));
                }
            }
        }
    }

    fn declare(&mut self, kind: DeclKind, name: String, name_span: Span, item: DeclItem) {
        // `moved` and `removed` have no names; of `stack` there is one in a module, however it is named.
        let key = match kind {
            DeclKind::Moved | DeclKind::Removed => None,
            DeclKind::Stack => Some(String::new()),
            _ => Some(name.clone()),
        };
        if let Some(key) = key {
            match self.seen.get(&(kind, key.clone())) {
                Some(first) => self.diags.push(say::duplicate(kind, &name, name_span, *first)),
                None => {
                    self.seen.insert((kind, key), name_span);
                }
            }
        }
        let index = u32::try_from(self.module.decls.len()).unwrap_or(u32::MAX);
        let id = DeclId { module: self.module.id, index };
        self.module.decls.push(Decl { id, kind, name, name_span, item });
    }
}
