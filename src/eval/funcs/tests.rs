//! Facts about the built-in functions.
