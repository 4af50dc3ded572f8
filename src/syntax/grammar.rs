//! The parser that pest makes from `grammar/rel.pest`; its `Rule` stays inside `syntax`.

#[derive(pest_derive::Parser)]
#[grammar = "../grammar/rel.pest"]
pub(super) struct RelParser;
