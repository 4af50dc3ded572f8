//! Links the program at a fixed address on Linux.
//!
//! A position-independent program is relocated whenever it starts: 30,000 pointers on 120 pages, a quarter of a
//! millisecond, which is a tenth of what a small chart takes to render. The C library, the heap and the stack are
//! still placed at random; helm, kubectl and terraform are linked so as well.

#![expect(
    clippy::disallowed_methods,
    reason = "the environment is how Cargo tells a build script its target"
)]

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target = |part: &str| std::env::var(format!("CARGO_CFG_TARGET_{part}")).unwrap_or_default();
    if target("OS") == "linux" && target("ENV") == "gnu" {
        println!("cargo::rustc-link-arg-bin=relc=-no-pie");
    }
}
