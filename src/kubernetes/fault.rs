//! What is wrong with an object, and where in it.
//!
//! Nothing is allocated while an object is walked: [`At`] is a chain on the stack, written out when something is found.

use std::fmt::Write as _;

/// A place in an object, as a chain that ends at its root.
#[derive(Clone, Copy, Debug)]
pub struct At<'a> {
    parent: Option<&'a At<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Step<'a> {
    Root,
    Field(&'a str),
    /// A key of a map.
    Key(&'a str),
    Item(usize),
}

impl<'a> At<'a> {
    pub const ROOT: At<'static> = At { parent: None, step: Step::Root };

    pub fn field(&'a self, name: &'a str) -> At<'a> {
        At { parent: Some(self), step: Step::Field(name) }
    }

    pub fn key(&'a self, name: &'a str) -> At<'a> {
        At { parent: Some(self), step: Step::Key(name) }
    }

    pub fn item(&'a self, index: usize) -> At<'a> {
        At { parent: Some(self), step: Step::Item(index) }
    }

    pub fn path(&self) -> Path {
        let mut steps = self.parent.map(At::path).unwrap_or_default();
        match self.step {
            Step::Root => {}
            Step::Field(name) => steps.0.push(PathStep::Field(name.to_owned())),
            Step::Key(name) => steps.0.push(PathStep::Key(name.to_owned())),
            Step::Item(index) => steps.0.push(PathStep::Item(index)),
        }
        steps
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PathStep {
    Field(String),
    Key(String),
    Item(usize),
}

/// A place written out, from the root; prints as `spec.containers[0].env`, `metadata.labels[app]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Path(pub Vec<PathStep>);

impl std::fmt::Display for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (n, step) in self.0.iter().enumerate() {
            match step {
                PathStep::Field(name) => {
                    if n > 0 {
                        f.write_char('.')?;
                    }
                    f.write_str(name)?;
                }
                PathStep::Key(name) => write!(f, "[{name}]")?,
                PathStep::Item(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// The kinds of mistakes that an API server tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultKind {
    /// No field of that name.
    Unknown,
    /// Another type of JSON value, or a number or text that the type cannot hold.
    Type,
    /// A field that has to be given is not.
    Required,
    /// None of the values that the field may have.
    NotSupported,
    /// The type is right, the value is not.
    Invalid,
    /// Must not be given here.
    Forbidden,
    /// Two items of a list are the same that must not be.
    Duplicate,
}

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub kind: FaultKind,
    /// Of an unknown field: its own place. Of a missing one: the place it would have.
    pub path: Path,
    /// What is wrong, without the place: lower-case, no final period, the user's text in backticks.
    pub message: String,
    /// What to write instead, where it is known.
    pub help: Option<String>,
    /// A plain create passes; server-side apply, with which objects are applied, refuses.
    pub apply_only: bool,
}

/// Collects the mistakes of one object.
#[derive(Debug, Default)]
pub struct Faults(pub Vec<Fault>);

impl Faults {
    pub fn push(&mut self, kind: FaultKind, at: &At<'_>, message: impl Into<String>) {
        let message = message.into();
        self.0.push(Fault { kind, path: at.path(), message, help: None, apply_only: false });
    }

    pub fn push_help(&mut self, kind: FaultKind, at: &At<'_>, message: String, help: Option<String>) {
        self.0.push(Fault { kind, path: at.path(), message, help, apply_only: false });
    }

    pub fn apply_only(&mut self, kind: FaultKind, at: &At<'_>, message: String) {
        self.0.push(Fault { kind, path: at.path(), message, help: None, apply_only: true });
    }

    pub fn required(&mut self, at: &At<'_>, why: &str) {
        self.push(FaultKind::Required, at, if why.is_empty() { "has to be given" } else { why });
    }

    pub fn invalid(&mut self, at: &At<'_>, value: impl std::fmt::Display, why: impl std::fmt::Display) {
        self.push(FaultKind::Invalid, at, format!("`{value}` {why}"));
    }

    /// A text that has to be given, and to be what a function of `names` asks for.
    pub fn well_formed(&mut self, text: &str, rule: fn(&str) -> Option<&'static str>, at: &At<'_>) {
        if text.is_empty() {
            self.required(at, "");
        } else if let Some(why) = rule(text) {
            self.invalid(at, text, why);
        }
    }

    pub fn forbidden(&mut self, at: &At<'_>, why: impl Into<String>) {
        self.push(FaultKind::Forbidden, at, why);
    }

    pub fn duplicate(&mut self, at: &At<'_>, value: impl std::fmt::Display) {
        self.push(FaultKind::Duplicate, at, format!("`{value}` is there twice"));
    }

    /// `value` is none of `allowed`.
    pub fn not_supported<S: AsRef<str>>(&mut self, at: &At<'_>, value: &str, allowed: &[S]) {
        let help = super::nearest(value, allowed.iter().map(AsRef::as_ref));
        let list: Vec<String> =
            allowed.iter().map(AsRef::as_ref).filter(|s| !s.is_empty()).map(|s| format!("`{s}`")).collect();
        let message = format!("`{value}` is none of {}", list.join(", "));
        let help = help.map(|near| format!("did you mean `{near}`?"));
        self.push_help(FaultKind::NotSupported, at, message, help);
    }
}
