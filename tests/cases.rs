//! The language by example: every `tests/cases/STAGE/*.rel` goes through the stages up to STAGE, and the findings must be
//! exactly those that the file announces.
//!
//! ```text
//! replicas 3      # error[E0101]: expected `=` or `{` after `replicas` | write `replicas = 3`
//! ```
//! At the end of a line, what is expected there: severity, code, a part of the message and, after `|`, a part of the
//! help or of a label. `# ^ error[…]` on a line of its own speaks of the line above (a comment cannot follow everywhere),
//! `# ^^ …` of the one above that. A file without such comments is accepted without findings.
//!
//! A line `#--- lib/naming.rel` begins another file of the case; the first is `main.rel`. A new stage is added in
//! [`run`]. With `CASES_SHOW=1` the findings are printed as well.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods,
    reason = "a test that meets the unexpected is to stop there"
)]

use std::path::Path;

use relc::diag::{Diag, Diags, Severity};
use relc::source::{MemoryWorld, SourceMap};
use relc::{eval, modules, syntax, types};

/// Directory of the case's files in the world of the test; left out where a path is compared or shown.
const ROOT: &str = "stack";

fn path_of(sources: &SourceMap, file: relc::source::FileId) -> String {
    let path = sources.path(file);
    path.strip_prefix(ROOT).unwrap_or(path).display().to_string()
}

struct Case {
    files: Vec<(String, String)>,
}

impl Case {
    fn read(text: &str) -> Case {
        let mut files = vec![("main.rel".to_string(), String::new())];
        for line in text.split_inclusive('\n') {
            match line.strip_prefix("#--- ") {
                Some(path) => files.push((path.trim().to_string(), String::new())),
                None => files.last_mut().unwrap().1.push_str(line),
            }
        }
        Case { files }
    }

    fn world(&self) -> MemoryWorld {
        self.files.iter().fold(MemoryWorld::default(), |w, (path, text)| {
            w.with_file(Path::new(ROOT).join(path), text.as_str())
        })
    }
}

/// Runs the stages up to the one that the folder names.
fn run(stage: &str, case: &Case, sources: &mut SourceMap, diags: &mut Diags) {
    match stage {
        "syntax" => {
            for (path, text) in &case.files {
                let id = sources.add(path, text.as_str());
                syntax::parse(id, text, diags);
            }
        }
        "modules" => {
            let tree = modules::load(Path::new(ROOT), &case.world(), sources, diags);
            modules::resolve(tree, diags);
        }
        // Well-typed cases are evaluated too, as they are by the driver.
        "check" => {
            let world = case.world();
            let tree = modules::load(Path::new(ROOT), &world, sources, diags);
            let resolved = modules::resolve(tree, diags);
            let typed = types::check(&resolved, diags);
            if !diags.has_errors() {
                eval::evaluate(&typed, &eval::Inputs::default(), &world, diags);
            }
        }
        other => panic!("tests/cases/{other}: no such stage"),
    }
}

/// One expected finding.
struct Wanted {
    file: String,
    line: usize,
    head: String,
    message: String,
    more: Option<String>,
}

fn wanted(case: &Case) -> Vec<Wanted> {
    let mut out = Vec::new();
    for (file, text) in &case.files {
        for (n, line) in text.lines().enumerate() {
            for comment in line.split("# ").skip(1) {
                let up = comment.chars().take_while(|c| *c == '^').count();
                let comment = comment.trim_start_matches('^').trim();
                if !["error[", "warning["].iter().any(|s| comment.starts_with(s)) {
                    continue;
                }
                let (head, rest) = comment.split_once("]: ").expect("`error[E0000]: message`");
                let (message, more) = match rest.split_once(" | ") {
                    Some((message, more)) => (message, Some(more.trim().to_string())),
                    None => (rest, None),
                };
                out.push(Wanted {
                    file: file.clone(),
                    line: n + 1 - up,
                    head: format!("{head}]"),
                    message: message.trim().to_string(),
                    more,
                });
            }
        }
    }
    out
}

impl Wanted {
    fn is(&self, diag: &Diag, place: &(String, usize)) -> bool {
        let texts = || diag.labels.iter().map(|l| &l.text).chain(&diag.help).chain(&diag.notes);
        (self.file.as_str(), self.line) == (place.0.as_str(), place.1)
            && self.head == head(diag)
            && diag.message.contains(&self.message)
            && self.more.as_ref().is_none_or(|more| texts().any(|t| t.contains(more.as_str())))
    }
}

fn head(diag: &Diag) -> String {
    let severity = match diag.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    format!("{severity}[{}]", diag.code)
}

fn show(diag: &Diag, sources: &SourceMap) -> String {
    let mut out = format!("{}: {}", head(diag), diag.message);
    for label in &diag.labels {
        let (line, column) = sources.line_col(label.span.file, label.span.start);
        let path = path_of(sources, label.span.file);
        let text = sources.slice(label.span).replace('\n', "⏎");
        out += &format!("\n    {path}:{line}:{column} `{text}` <- {}", label.text);
    }
    if let Some(help) = &diag.help {
        out += &format!("\n    help: {help}");
    }
    out
}

fn case(path: &Path, text: String) -> datatest_stable::Result<()> {
    let case = Case::read(&text);
    let stage = path.components().rev().nth(1).map(|c| c.as_os_str().to_string_lossy().into_owned());
    let mut sources = SourceMap::default();
    let mut diags = Diags::default();
    run(&stage.unwrap_or_default(), &case, &mut sources, &mut diags);

    let mut missing = wanted(&case);
    let mut surprising = Vec::new();
    for diag in diags.into_sorted() {
        let place = diag.labels.first().map_or(("main.rel".to_string(), 0), |l| {
            (path_of(&sources, l.span.file), sources.line_col(l.span.file, l.span.start).0)
        });
        if std::env::var_os("CASES_SHOW").is_some() {
            println!("{}", show(&diag, &sources));
        }
        match missing.iter().position(|w| w.is(&diag, &place)) {
            Some(n) => drop(missing.remove(n)),
            None => surprising.push(show(&diag, &sources)),
        }
    }
    if missing.is_empty() && surprising.is_empty() {
        return Ok(());
    }
    let missing: Vec<String> = missing
        .iter()
        .map(|w| {
            format!("{}:{}: {}: {} | {}", w.file, w.line, w.head, w.message, w.more.as_deref().unwrap_or(""))
        })
        .collect();
    Err(format!(
        "expected, but not found:\n{}\n\nfound, but not expected:\n{}\n",
        missing.join("\n"),
        surprising.join("\n")
    )
    .into())
}

datatest_stable::harness! {
    { test = case, root = "tests/cases", pattern = r"\.rel$" },
}
