//! The libraries that come with the compiler, `import "std/NAME"`.
//!
//! In: nothing. Out: their texts. They are ordinary libraries, parsed and checked like anyone's.

/// Name after `std/`, text.
pub const LIBRARIES: &[(&str, &str)] = &[
    ("aws", include_str!("../../stdlib/aws.rel")),
    ("kubernetes", include_str!("../../stdlib/kubernetes.rel")),
    ("network", include_str!("../../stdlib/network.rel")),
];
