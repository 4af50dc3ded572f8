//! One integration binary: every test file is a module, since each binary links the crate again.

mod charts;
mod cluster;
mod tidy;
