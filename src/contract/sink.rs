//! Where templates put a whole value.

/// A place in what is rendered that takes all of a value, whatever its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sink {
    /// The value of that field of a manifest: `resources` in `resources: {{ toYaml .Values.resources }}`.
    Field(Box<str>),
    /// A part of a manifest that is not known further, or a text such as a configuration file.
    Anywhere,
}
