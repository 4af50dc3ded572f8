//! One integration binary: every test file is a module, since each binary links the crate again.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods,
    reason = "a test that meets the unexpected is to stop there"
)]

mod charts;
mod cli;
mod cluster;
mod facts;
mod helm;
mod hostile;
mod props;
mod reproducible;
mod tidy;
