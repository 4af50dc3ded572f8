//! What Kubernetes' Go types say beyond its OpenAPI documents: whether an empty field is written, the values of enums,
//! and when an API was deprecated and removed. Read line by line: the sources are formatted by gofmt.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A field of a struct.
pub struct Field {
    name: String,
    pub omit_empty: bool,
    pub omit_zero: bool,
    pub pointer: bool,
    /// As in Go, without the outermost pointer.
    ty: String,
    inlined: bool,
}

/// When a kind of a group version came and went; minors of 1.x.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lifecycle {
    pub deprecated: Option<u32>,
    pub removed: Option<u32>,
    /// `GROUP/VERSION/KIND`.
    pub replacement: Option<String>,
}

#[derive(Default)]
pub struct Source {
    /// By package (`core.v1`) and struct.
    structs: BTreeMap<(String, String), Vec<Field>>,
    /// Values of the types marked `+enum`, by package and type.
    enums: BTreeMap<(String, String), Vec<String>>,
    /// API groups by package.
    pub groups: BTreeMap<String, String>,
    /// By package and kind.
    pub lifecycles: BTreeMap<(String, String), Lifecycle>,
}

/// Modules and the folder of each that holds API types.
pub const MODULES: &[(&str, &str)] = &[
    ("api", ""),
    ("apimachinery", "pkg/apis/meta"),
    ("apiextensions-apiserver", "pkg/apis/apiextensions"),
    ("kube-aggregator", "pkg/apis/apiregistration"),
];

impl Source {
    /// `modules` holds `api@v0.34.4` and the like; `release` is `34.4`.
    pub fn read(modules: &Path, release: &str) -> Result<Source, String> {
        let mut source = Source::default();
        for (module, below) in MODULES {
            let base = modules.join(format!("{module}@v0.{release}")).join(below);
            let mut files = Vec::new();
            find(&base, &mut files)?;
            for file in files {
                let text = fs::read_to_string(&file).map_err(|why| format!("{}: {why}", file.display()))?;
                let package = package(&file);
                if file.ends_with("zz_generated.prerelease-lifecycle.go") {
                    source.lifecycle(&package, &text);
                } else {
                    source.types(&package, &text);
                }
            }
        }
        Ok(source)
    }

    pub fn field(&self, package: &str, name: &str, json: &str) -> Option<&Field> {
        for field in self.structs.get(&(package.to_owned(), name.to_owned()))? {
            if field.inlined {
                let inner = field.ty.rsplit('.').next().unwrap_or_default();
                let found = self.field(package, inner, json);
                if found.is_some() {
                    return found;
                }
            } else if field.name == json {
                return Some(field);
            }
        }
        None
    }

    /// The values a field, or each item of it, may have; empty where any will do.
    pub fn values(&self, package: &str, field: &Field) -> &[String] {
        let ty = field.ty.trim_start_matches("[]").trim_start_matches('*');
        let key = match ty.split_once('.') {
            // An imported package goes by GROUP and VERSION without the dot: `corev1.Protocol`, `v1.Protocol`.
            Some((import, ty)) if import.ends_with("v1") => {
                let group = import.strip_suffix("v1").filter(|g| !g.is_empty()).unwrap_or("core");
                (format!("{group}.v1"), ty.to_owned())
            }
            Some(_) => return &[],
            None => (package.to_owned(), ty.to_owned()),
        };
        self.enums.get(&key).map_or(&[], Vec::as_slice)
    }

    fn types(&mut self, package: &str, text: &str) {
        if let Some(rest) = text.split("GroupName = \"").nth(1) {
            let group = rest.split('"').next().unwrap_or_default();
            self.groups.insert(package.to_owned(), group.to_owned());
        }
        let (mut open, mut is_enum): (Option<String>, bool) = (None, false);
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("type ") {
                let mut words = rest.split_whitespace();
                let (name, what) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
                if what == "struct" && rest.ends_with('{') {
                    self.structs.insert((package.to_owned(), name.to_owned()), Vec::new());
                    open = Some(name.to_owned());
                } else if what == "string" && is_enum {
                    self.enums.entry((package.to_owned(), name.to_owned())).or_default();
                }
                is_enum = false;
            } else if line.starts_with('}') {
                open = None;
            } else if line.starts_with("//") {
                is_enum |= line.trim() == "// +enum";
            } else if line.trim().is_empty() {
                is_enum = false;
            } else if let Some(name) = &open {
                if let Some(field) = field(line)
                    && let Some(fields) = self.structs.get_mut(&(package.to_owned(), name.clone()))
                {
                    fields.push(field);
                }
            } else if let Some((head, value)) = line.split_once(" = ")
                && let Some(ty) = head.split_whitespace().last()
                && let Some(value) = value.trim().strip_prefix('"').and_then(|v| v.strip_suffix('"'))
                && let Some(values) = self.enums.get_mut(&(package.to_owned(), ty.to_owned()))
            {
                values.push(value.to_owned());
            }
        }
        self.enums.values_mut().for_each(|values| {
            values.sort();
            values.dedup();
        });
    }

    fn lifecycle(&mut self, package: &str, text: &str) {
        let mut current: Option<(String, &str)> = None;
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("func (in *") {
                let kind = rest.split(')').next().unwrap_or_default().to_owned();
                let what = rest.split("APILifecycle").nth(1).and_then(|r| r.split('(').next());
                current = what.map(|what| (kind, what));
                continue;
            }
            let Some((kind, what)) = &current else { continue };
            let Some(rest) = line.trim().strip_prefix("return ") else { continue };
            let entry = self.lifecycles.entry((package.to_owned(), kind.clone())).or_default();
            match *what {
                "Deprecated" => entry.deprecated = rest.split(", ").nth(1).and_then(|n| n.parse().ok()),
                "Removed" => entry.removed = rest.split(", ").nth(1).and_then(|n| n.parse().ok()),
                "Replacement" => {
                    let parts: Vec<&str> = rest.split('"').skip(1).step_by(2).collect();
                    // Kubernetes' own file has a list in the place of the kind once.
                    let name = parts.join("/");
                    let name = name.strip_suffix("List").filter(|_| !kind.ends_with("List")).unwrap_or(&name);
                    entry.replacement = Some(name.to_owned());
                }
                _ => {}
            }
        }
    }
}

/// A line of a struct: `Name Type `json:"name,omitempty"``, or an embedded type.
fn field(line: &str) -> Option<Field> {
    let (head, tag) = line.trim().split_once("`json:\"")?;
    let tag = tag.split('"').next()?;
    let mut options = tag.split(',');
    let name = options.next()?.to_owned();
    let options: Vec<&str> = options.collect();
    let words: Vec<&str> = head.split_whitespace().collect();
    let ty = words.last()?;
    Some(Field {
        inlined: options.contains(&"inline") || (name.is_empty() && words.len() == 1),
        omit_empty: options.contains(&"omitempty"),
        omit_zero: options.contains(&"omitzero"),
        pointer: ty.starts_with('*'),
        ty: ty.trim_start_matches('*').to_owned(),
        name,
    })
}

/// `core.v1` of `…/core/v1/types.go`.
fn package(file: &Path) -> String {
    let parts: Vec<String> = file
        .components()
        .rev()
        .skip(1)
        .take(2)
        .map(|c| c.as_os_str().to_string_lossy().into_owned())
        .collect();
    parts.into_iter().rev().collect::<Vec<_>>().join(".")
}

fn find(dir: &Path, files: &mut Vec<PathBuf>) -> Result<(), String> {
    for path in crate::corpus::listed(dir)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            find(&path, files)?;
        } else if name.ends_with(".go")
            && !name.ends_with("_test.go")
            && (!name.contains("generated") || name.contains("prerelease-lifecycle"))
        {
            files.push(path);
        }
    }
    Ok(())
}
