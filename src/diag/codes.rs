//! Every code, in one table: number, name in Rust, one line of explanation.
//!
//! Ranges by stage: E01 syntax, E02 modules and names, E03 types and evaluation, E04 charts and values,
//! E05 rendering, E06 graph, E07 cluster and plan, E08 apply.

/// The stable number of a kind of finding, such as `E0101`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(pub &'static str);

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

macro_rules! codes {
    ($($name:ident = $number:literal, $explanation:literal;)*) => {
        $(#[doc = $explanation] pub const $name: Code = Code($number);)*

        /// All codes with their explanations, in the order of the table.
        pub const ALL: &[(Code, &str)] = &[$(($name, $explanation)),*];
    };
}

codes! {
    // syntax
    SYNTAX = "E0101", "The text is not valid where the arrow points: another token was expected.";
    TOO_DEEP = "E0102", "Brackets are nested deeper than the parser accepts.";
    UNREADABLE = "E0103", "A source file could not be read, is not UTF-8 or is too large.";
}
