//! Helm's report on values that do not meet a schema, taken apart into findings with a place each.

use super::finding::{Finding, Kind, Path, Step};
use crate::chart::Chart;

/// One line of a report with the lines below it.
struct Line<'r> {
    place: Vec<String>,
    text: &'r str,
    below: Vec<Line<'r>>,
}

/// The failures of a report: its charts by name, each with lines of `- at 'PLACE': PROBLEM`.
pub fn findings(chart: &Chart, report: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut prefix: Vec<String> = Vec::new();
    let mut lines: Vec<&str> = Vec::new();
    for line in report.lines().skip(1).chain(["end:"]) {
        if line.trim_start().starts_with("- ") {
            lines.push(line);
        } else if let Some(name) = line.strip_suffix(':').filter(|name| !name.contains(' ')) {
            let mut rest = lines.as_slice();
            for line in read(&mut rest, 0) {
                collect(&line, &prefix, &mut found);
            }
            lines.clear();
            prefix = place_of(chart, name).unwrap_or_default();
        } else {
            // A sentence: the schema cannot be used, or the values of a subchart are no map.
            let path = prefix.iter().cloned().map(Step::Key).collect();
            found.push(Finding {
                path,
                kind: Kind::Schema { text: line.trim().to_owned(), more: Vec::new() },
            });
        }
    }
    found
}

fn read<'r>(lines: &mut &[&'r str], indent: usize) -> Vec<Line<'r>> {
    let mut found = Vec::new();
    while let Some((line, rest)) = lines.split_first() {
        let text = line.trim_start();
        let depth = (line.len() - text.len()) / 2;
        if depth < indent {
            break;
        }
        *lines = rest;
        let (place, text) = parts(text);
        let below = read(lines, depth + 1);
        found.push(Line { place, text, below });
    }
    found
}

/// Place and problem of `- at 'PLACE': PROBLEM`.
fn parts(line: &str) -> (Vec<String>, &str) {
    let split = line.strip_prefix("- at '").and_then(|rest| rest.split_once("': "));
    let Some((pointer, text)) = split else { return (Vec::new(), line) };
    let names = pointer.split('/').skip(1).map(|name| name.replace("~1", "/").replace("~0", "~"));
    (names.collect(), text)
}

fn collect(line: &Line<'_>, prefix: &[String], found: &mut Vec<Finding>) {
    // Nothing but a heading for what is below.
    if matches!(line.text, "validation failed" | "allOf failed") && !line.below.is_empty() {
        return line.below.iter().for_each(|line| collect(line, prefix, found));
    }
    let mut path: Path = prefix.iter().cloned().map(Step::Key).collect();
    path.extend(line.place.iter().map(|name| match name.parse() {
        Ok(index) => Step::Index(index),
        Err(_) => Step::Key(name.clone()),
    }));
    let extra =
        line.text.strip_prefix("additional properties ").and_then(|rest| rest.strip_suffix(" not allowed"));
    for name in extra.into_iter().flat_map(|names| names.split(", ")) {
        let name = name.trim_matches('\'').to_owned();
        let path = path.iter().cloned().chain([Step::Key(name)]).collect();
        found.push(Finding {
            path,
            kind: Kind::Schema { text: "not a property there".to_owned(), more: Vec::new() },
        });
    }
    if extra.is_none() {
        let mut more = Vec::new();
        lines_of(&line.below, &mut more);
        found.push(Finding { path, kind: Kind::Schema { text: line.text.to_owned(), more } });
    }
}

fn lines_of(lines: &[Line<'_>], out: &mut Vec<String>) {
    for line in lines {
        out.push(format!("at `{}`: {}", line.place.join("."), line.text));
        lines_of(&line.below, out);
    }
}

/// Where the values of a chart of this name are.
fn place_of(chart: &Chart, name: &str) -> Option<Vec<String>> {
    if chart.name() == name {
        return Some(Vec::new());
    }
    let declared = |sub: &str| {
        let known = chart.metadata.dependencies.iter().filter(|dependency| dependency.name == sub);
        let mut names: Vec<String> = known.map(|dependency| dependency.effective_name().to_owned()).collect();
        if names.is_empty() {
            names.push(sub.to_owned());
        }
        names
    };
    for sub in &chart.dependencies {
        for own in declared(sub.name()) {
            if own == name {
                return Some(vec![own]);
            }
            let below = place_of(sub, name).filter(|below| !below.is_empty());
            if let Some(below) = below {
                return Some([vec![own], below].concat());
            }
        }
    }
    None
}
