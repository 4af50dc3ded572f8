//! Where in a manifest a template writes: the field whose value comes next, by the indentation of the text so far.

use crate::contract::sink::Sink;

/// A line of a manifest that begins a field.
#[derive(Clone, Debug)]
struct Line {
    indent: usize,
    name: Box<str>,
    /// What follows on the line.
    follows: Follows,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Follows {
    /// Nothing, so far.
    Nothing,
    /// A value.
    Value,
    /// `|` or `>`: what is below is text.
    Block,
}

/// The fields around the place where text is written.
#[derive(Clone, Debug, Default)]
pub struct Cursor {
    lines: Vec<Line>,
    /// The line that is being written, as far as it is known.
    open: String,
    /// Something that is not known was written on it.
    unknown: bool,
}

impl Cursor {
    /// A text of the template comes next.
    pub fn text(&mut self, text: &str) {
        let mut rest = text;
        while let Some((line, after)) = rest.split_once('\n') {
            self.open.push_str(line);
            self.end_of_line();
            rest = after;
        }
        self.open.push_str(rest);
    }

    /// Something not known is written, on a line of its own after `nindent`.
    pub fn unknown(&mut self, new_line: bool) {
        if new_line {
            self.end_of_line();
        }
        self.unknown = true;
    }

    fn end_of_line(&mut self) {
        let line = std::mem::take(&mut self.open);
        let unknown = std::mem::take(&mut self.unknown);
        if line.trim_start().starts_with("---") {
            self.lines.clear();
            return;
        }
        if let Some(field) = field(&line, unknown) {
            while self.lines.last().is_some_and(|l| l.indent >= field.indent) {
                self.lines.pop();
            }
            if !self.lines.last().is_some_and(|l| l.follows == Follows::Block) {
                self.lines.push(field);
            }
        }
    }

    /// Where a whole value goes that is written now, indented by that many spaces on lines of its own if any. `None`:
    /// nothing around it is known.
    pub fn place(&self, indent: Option<usize>) -> Option<Sink> {
        let here = field(&self.open, self.unknown);
        match (indent, here) {
            // After a line that is whole: what is indented begins another.
            (Some(indent), Some(line)) if line.follows != Follows::Nothing => {
                let mut after = self.clone();
                after.end_of_line();
                after.around(indent)
            }
            // `name: {{ … }}`, and `name: {{- … | nindent 2 }}`.
            (_, Some(line)) => {
                let around = self.lines.iter().filter(|outer| outer.indent < line.indent);
                Some(if inside_text(around) { Sink::Anywhere } else { sink(&line) })
            }
            (Some(indent), None) => self.around(indent),
            (None, None) if self.open.trim().trim_start_matches("- ").is_empty() => {
                self.around(self.open.len())
            }
            // `name: prefix-{{ … }}`
            (None, None) => self.lines.last().map(|_| Sink::Anywhere),
        }
    }

    fn around(&self, indent: usize) -> Option<Sink> {
        // The items of a list may stand as far left as the field they are of.
        let (position, line) = self.lines.iter().enumerate().rev().find(|(_, line)| {
            line.indent < indent || line.indent == indent && line.follows == Follows::Nothing
        })?;
        if inside_text(self.lines.get(..position).unwrap_or_default().iter()) {
            return Some(Sink::Anywhere);
        }
        Some(sink(line))
    }
}

fn sink(line: &Line) -> Sink {
    match line.follows {
        Follows::Nothing => Sink::Field(line.name.clone()),
        Follows::Value | Follows::Block => Sink::Anywhere,
    }
}

fn inside_text<'l>(mut around: impl Iterator<Item = &'l Line>) -> bool {
    around.any(|line| line.follows == Follows::Block)
}

/// The field that a line begins, if it does.
fn field(line: &str, unknown: bool) -> Option<Line> {
    let mut rest = line.trim_start_matches(' ');
    while let Some(item) = rest.strip_prefix("- ") {
        rest = item.trim_start_matches(' ');
    }
    let indent = line.len() - rest.len();
    let (name, after) = rest.split_once(':')?;
    let name = name.trim_matches(['"', '\'']);
    let plausible = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
    if name.is_empty() || !name.chars().all(plausible) || !(after.is_empty() || after.starts_with(' ')) {
        return None;
    }
    let value = after.trim();
    let follows = match value.chars().next() {
        None if unknown => Follows::Value,
        None | Some('#') => Follows::Nothing,
        Some('|' | '>') => Follows::Block,
        Some(_) => Follows::Value,
    };
    Some(Line { indent, name: name.into(), follows })
}
