//! The functions of templates: sprig's and Helm's own.

pub mod casing;
pub mod gotime;
pub mod number;
pub mod regexp;
pub mod runes;
pub mod text;
