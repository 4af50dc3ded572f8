//! Arguments in, exit code out; everything else is the library's.

use std::process::ExitCode;

/// A rendering makes and drops millions of small values; the C library's allocator takes a quarter of its time.
/// Without huge pages (see Cargo.toml): they save page faults, but double the peak of a small chart. Its version 2,
/// because version 3 touches 3 MiB more before anything is allocated.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    relc::cli::main()
}
