//! The executor: every case on the sandbox, and on a real control plane where one is given.

mod fixture;
mod lifecycle;
mod lookups;
mod ownership;
mod races;
mod releases;

/// Makes two tests of each case.
macro_rules! cases {
    ($($case:ident)*) => {
        mod sandbox {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                super::$case(super::Fixture::sandbox(stringify!($case)).await).await;
            })*
        }
        mod real {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                if let Some(fixture) = super::Fixture::real(stringify!($case)).await {
                    super::$case(fixture).await;
                }
            })*
        }
    };
}
pub(crate) use cases;
