//! Directories, libraries and what they use, read and parsed.
//!
//! In: a root directory. Out: [`ModuleTree`]: each directory and library once, with its declarations, and which module a
//! `module` block or an import means. Must not know: what expressions refer to.
//!
//! Modules are loaded from a work list, not recursively; circles among them are found afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::order::{self, Edge};
use super::stdlib::LIBRARIES;
use super::{Decl, DeclId, DeclKind, Import, Module, ModuleId, Origin, decls, messages as say};
use crate::diag::Diags;
use crate::source::{FileId, ReadError, SourceMap, Span, World};
use crate::syntax::{self, ast};

/// Every module of a stack; names are not bound yet.
#[derive(Clone, Debug)]
pub struct ModuleTree {
    pub modules: Vec<Module>,
    pub root: ModuleId,
    /// The directory module of each `module` block whose source could be loaded.
    pub sources: BTreeMap<DeclId, ModuleId>,
    /// Modules after the libraries and child modules that they use.
    pub order: Vec<ModuleId>,
    /// Name of the root directory; `None` for a root without one (`/`).
    pub name: Option<String>,
}

/// Loads the module of a directory and all that it uses.
pub fn load(root: &Path, world: &dyn World, sources: &mut SourceMap, diags: &mut Diags) -> ModuleTree {
    let mut loader = Loader {
        world,
        sources,
        diags,
        tree: ModuleTree {
            modules: Vec::new(),
            root: ModuleId(0),
            sources: BTreeMap::new(),
            order: Vec::new(),
            name: world.dir_name(root),
        },
        known: BTreeMap::new(),
        uses: Vec::new(),
    };
    loader.start(root);
    let mut n = 0;
    while n < loader.tree.modules.len() {
        loader.follow(n);
        n += 1;
    }
    loader.finish()
}

/// The path without `.` and, as far as it goes, without `..`.
pub(super) fn normalise(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => match out.components().next_back() {
                Some(Component::Normal(_)) => {
                    out.pop();
                }
                Some(Component::RootDir) => {}
                _ => out.push(".."),
            },
            other => out.push(other),
        }
    }
    if out.as_os_str().is_empty() { PathBuf::from(".") } else { out }
}

struct Loader<'a> {
    world: &'a dyn World,
    sources: &'a mut SourceMap,
    diags: &'a mut Diags,
    tree: ModuleTree,
    known: BTreeMap<Origin, ModuleId>,
    /// Which module uses which, in the order found.
    uses: Vec<(ModuleId, Edge)>,
}

impl Loader<'_> {
    fn next_id(&self) -> ModuleId {
        ModuleId(u32::try_from(self.tree.modules.len()).unwrap_or(u32::MAX))
    }

    fn start(&mut self, root: &Path) {
        let dir = normalise(root);
        match self.rel_files(&dir) {
            Ok(files) if files.is_empty() => {
                self.diags.push(say::no_files(&dir));
                self.add_directory(dir, Vec::new());
            }
            Ok(files) => {
                self.add_directory(dir, files);
            }
            Err(error) => {
                self.diags.push(say::unreadable_dir(&dir, &error));
                self.add_directory(dir, Vec::new());
            }
        }
    }

    fn rel_files(&self, dir: &Path) -> Result<Vec<String>, ReadError> {
        let mut names: Vec<String> = self
            .world
            .list(dir)?
            .into_iter()
            .filter(|e| !e.is_dir && e.name.ends_with(".rel") && !e.name.starts_with('.'))
            .map(|e| e.name)
            .collect();
        names.sort();
        Ok(names)
    }

    fn add_text(&mut self, path: PathBuf, text: String) -> (FileId, Arc<str>) {
        let text: Arc<str> = text.into();
        (self.sources.add(path, Arc::clone(&text)), text)
    }

    fn parse(&mut self, path: PathBuf, text: String) -> ast::File {
        let (id, text) = self.add_text(path, text);
        syntax::parse(id, &text, self.diags)
    }

    /// Files are independent of each other: many are parsed on all cores. Results and findings keep the files' order.
    fn parse_all(&mut self, texts: &[(FileId, Arc<str>)]) -> Vec<ast::File> {
        const FEW: usize = 16;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let share = if texts.len() < FEW { texts.len() } else { texts.len().div_ceil(cores) };
        let parse = |part: &[(FileId, Arc<str>)]| {
            let mut diags = Diags::default();
            let files: Vec<ast::File> =
                part.iter().map(|(id, text)| syntax::parse(*id, text, &mut diags)).collect();
            (files, diags)
        };
        let mut parts = texts.chunks(share.max(1));
        let Some(first) = parts.next() else { return Vec::new() };
        let results = std::thread::scope(|scope| {
            let others: Vec<_> = parts.map(|part| (part, scope.spawn(move || parse(part)))).collect();
            let mut results = vec![parse(first)];
            // A thread that died is tried again here, so that its panic is seen as one.
            results.extend(
                others.into_iter().map(|(part, thread)| thread.join().unwrap_or_else(|_| parse(part))),
            );
            results
        });
        let mut files = Vec::new();
        for (parsed, diags) in results {
            files.extend(parsed);
            self.diags.append(diags);
        }
        files
    }

    fn add_directory(&mut self, dir: PathBuf, names: Vec<String>) -> ModuleId {
        let mut texts = Vec::new();
        let before = self.diags.len();
        let mut complete = true;
        for name in names {
            let path = dir.join(&name);
            let path = path.strip_prefix(".").map(Path::to_path_buf).unwrap_or(path);
            match self.world.read_text(&path) {
                Ok(text) => texts.push(self.add_text(path, text)),
                Err(error) => {
                    self.diags.push(say::unreadable_file(&path, &error, None));
                    complete = false;
                }
            }
        }
        let files = self.parse_all(&texts);
        let intact = self.diags.len() == before;
        self.add(Origin::Directory(dir.clone()), dir, files, complete, intact)
    }

    fn add(
        &mut self,
        origin: Origin,
        dir: PathBuf,
        files: Vec<ast::File>,
        complete: bool,
        intact: bool,
    ) -> ModuleId {
        let id = self.next_id();
        self.known.insert(origin.clone(), id);
        let complete = complete && files.iter().all(|f| f.complete);
        let ids: Vec<FileId> = files.iter().map(|f| f.id).collect();
        let mut module = Module {
            id,
            origin,
            dir,
            files: ids,
            decls: Vec::new(),
            imports: BTreeMap::new(),
            import_list: Vec::new(),
            lost_imports: BTreeSet::new(),
            order: Vec::new(),
            complete,
            intact,
        };
        decls::collect(&mut module, files, self.diags);
        self.tree.modules.push(module);
        id
    }

    /// Loads what the n-th module uses, and notes it.
    fn follow(&mut self, n: usize) {
        let Some(module) = self.tree.modules.get_mut(n) else { return };
        let (id, dir) = (module.id, module.dir.clone());
        let imports = std::mem::take(&mut module.import_list);
        let in_std = matches!(module.origin, Origin::Std(_));
        let calls: Vec<Decl> = module.of_kind(DeclKind::Module).cloned().collect();
        for import in imports {
            let name = import.alias.clone().unwrap_or_else(|| default_name(&import));
            let library = self.library(&import, &dir, in_std);
            let Some(module) = self.tree.modules.get_mut(n) else { continue };
            match library {
                Some(library) => {
                    self.uses.push((id, Edge { to: library.0 as usize, at: import.path.span }));
                    decls::add_import(module, Import { name, library, span: import.span }, self.diags);
                }
                None => {
                    module.lost_imports.insert(name.text);
                }
            }
        }
        for call in calls {
            if let Some((child, at)) = self.child(&call, &dir) {
                self.tree.sources.insert(call.id, child);
                self.uses.push((id, Edge { to: child.0 as usize, at }));
            }
        }
    }

    fn library(&mut self, import: &ast::Import, dir: &Path, in_std: bool) -> Option<ModuleId> {
        let path = import.path.text.as_str();
        if let Some(name) = path.strip_prefix("std/") {
            let Some((name, text)) = LIBRARIES.iter().find(|(n, _)| *n == name).copied() else {
                self.diags.push(say::unknown_std(import.path.span, name));
                return None;
            };
            let origin = Origin::Std(name);
            if let Some(id) = self.known.get(&origin) {
                return Some(*id);
            }
            let file = self.parse(PathBuf::from(format!("std/{name}.rel")), text.to_string());
            return Some(self.add(origin, PathBuf::from("std"), vec![file], true, true));
        }
        if in_std || !(path.starts_with("./") || path.starts_with("../")) {
            self.diags.push(say::bad_import(import.path.span, path));
            return None;
        }
        let mut file = normalise(&dir.join(path));
        if file.extension().is_none_or(|e| e != "rel") {
            file.as_mut_os_string().push(".rel");
        }
        let origin = Origin::File(file.clone());
        if let Some(id) = self.known.get(&origin) {
            return Some(*id);
        }
        match self.world.read_text(&file) {
            Ok(text) => {
                let dir = file.parent().map_or(PathBuf::from("."), Path::to_path_buf);
                let parsed = self.parse(file, text);
                Some(self.add(origin, dir, vec![parsed], true, true))
            }
            Err(error) => {
                self.diags.push(say::unreadable_file(&file, &error, Some(import.path.span)));
                None
            }
        }
    }

    /// The module that a `module` block means, and where it says so.
    fn child(&mut self, call: &Decl, dir: &Path) -> Option<(ModuleId, Span)> {
        let block = call.block()?;
        let Some(source) = block.body.attr("source") else {
            if block.body.complete {
                self.diags.push(say::no_source(block.header, &call.name));
            }
            return None;
        };
        let span = source.value.span;
        if source.value.is_error() {
            return None;
        }
        let Some(path) = source.value.as_str() else {
            self.diags.push(say::computed_source(span));
            return None;
        };
        if !(path.starts_with("./") || path.starts_with("../") || path == "." || path == "..") {
            self.diags.push(say::foreign_source(span, path));
            return None;
        }
        let target = normalise(&dir.join(path));
        let origin = Origin::Directory(target.clone());
        if let Some(id) = self.known.get(&origin) {
            return Some((*id, span));
        }
        match self.rel_files(&target) {
            Ok(files) if files.is_empty() => {
                self.diags.push(say::empty_source(span, &target));
                None
            }
            Ok(files) => Some((self.add_directory(target, files), span)),
            Err(error) => {
                self.diags.push(say::bad_source(span, &target, &error));
                None
            }
        }
    }

    /// Orders the modules and cuts circles among them.
    fn finish(self) -> ModuleTree {
        let mut tree = self.tree;
        let mut edges: Vec<Vec<Edge>> = vec![Vec::new(); tree.modules.len()];
        for (from, edge) in self.uses {
            if let Some(list) = edges.get_mut(from.0 as usize) {
                list.push(edge);
            }
        }
        let ordered = order::order(&edges);
        for cycle in &ordered.cycles {
            let name = |n: usize| tree.modules.get(n).map_or(String::new(), |m| m.origin.to_string());
            self.diags.push(say::module_cycle(cycle, name));
        }
        // Each reported circle is cut where it closes, so that nobody walks in it.
        for (from, at) in ordered.cut {
            let Some(module) = tree.modules.get_mut(from) else { continue };
            let id = module.id;
            let decls = &module.decls;
            tree.sources.retain(|decl, _| {
                decl.module != id || decls.get(decl.index as usize).and_then(source_span) != Some(at)
            });
            let closes = |import: &Import| import.span.to(at) == import.span && import.span.file == at.file;
            let lost = module.imports.extract_if(.., |_, import| closes(import)).map(|(name, _)| name);
            module.lost_imports.extend(lost);
        }
        tree.order = ordered.order.iter().filter_map(|n| tree.modules.get(*n)).map(|m| m.id).collect();
        tree
    }
}

fn source_span(decl: &Decl) -> Option<Span> {
    decl.block()?.body.attr("source").map(|a| a.value.span)
}

/// The last part of the path.
fn default_name(import: &ast::Import) -> ast::Name {
    let last = import.path.text.rsplit('/').next().unwrap_or("");
    let text = last.strip_suffix(".rel").unwrap_or(last).to_string();
    ast::Name { text, span: import.path.span, quoted: true }
}
