//! How the program is linked on Linux with the GNU C library: so that less is done before it runs.
//!
//! A position-independent program is relocated whenever it starts: 30,000 pointers on 120 pages, a quarter of a
//! millisecond, which is a tenth of what a small chart takes to render. So it is linked at a fixed address; the C
//! library, the heap and the stack are still placed at random; helm, kubectl and terraform are linked so as well.
//!
//! The unwinder, which only a panic uses, is linked in where the compiler has it as an archive: loading `libgcc_s.so`
//! costs a tenth of a millisecond.

#![expect(
    clippy::disallowed_methods,
    reason = "the environment is how Cargo tells a build script its target"
)]

use std::path::PathBuf;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target = |part: &str| std::env::var(format!("CARGO_CFG_TARGET_{part}")).unwrap_or_default();
    if target("OS") != "linux" || target("ENV") != "gnu" {
        return;
    }
    println!("cargo::rustc-link-arg-bin=relc=-no-pie");
    // Another target's linker and its archives are not known here.
    if std::env::var("HOST").ok() == std::env::var("TARGET").ok()
        && let Some(folder) = unwinder()
    {
        println!("cargo::rustc-link-search=native={}", folder.display());
        println!("cargo::rustc-link-lib=static:-bundle=gcc_eh");
    }
}

/// The folder with `libgcc_eh.a`.
fn unwinder() -> Option<PathBuf> {
    let asked = Command::new("cc").arg("-print-file-name=libgcc_eh.a").output().ok()?;
    let path = PathBuf::from(String::from_utf8(asked.stdout).ok()?.trim_end());
    // What it does not find, it answers as it was asked.
    (path.is_absolute() && path.is_file()).then(|| path.parent().map(PathBuf::from))?
}
