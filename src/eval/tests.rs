//! Unit tests of evaluation.
