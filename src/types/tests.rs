//! Unit tests of the type checker.
