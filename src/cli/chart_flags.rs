//! Flags of `helm template` that say how to install, fetch or reach a cluster: accepted where they change nothing
//! of what is rendered from a chart on disk, refused with the way out where they would.

use crate::diag::{Diag, codes};

// See the module's text.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Flags of Helm without effect here")]
pub struct Accepted {
    #[arg(long, hide = true, default_missing_value = "true", num_args = 0..=1, require_equals = true)]
    create_namespace: Option<bool>,
    #[arg(long, hide = true, default_missing_value = "true", num_args = 0..=1, require_equals = true)]
    disable_openapi_validation: Option<bool>,
    #[arg(long, hide = true, default_missing_value = "true", num_args = 0..=1, require_equals = true)]
    dependency_update: Option<bool>,
    #[arg(long, hide = true, default_missing_value = "true", num_args = 0..=1, require_equals = true)]
    devel: Option<bool>,
    #[arg(long, hide = true, default_missing_value = "true", num_args = 0..=1, require_equals = true)]
    force_conflicts: Option<bool>,
    #[arg(long, hide = true, default_missing_value = "true", num_args = 0..=1, require_equals = true)]
    force_replace: Option<bool>,
    #[arg(long, hide = true, default_missing_value = "true", num_args = 0..=1, require_equals = true)]
    replace: Option<bool>,
    #[arg(long, hide = true, default_missing_value = "true", num_args = 0..=1, require_equals = true)]
    rollback_on_failure: Option<bool>,
    #[arg(long, hide = true, default_missing_value = "true", num_args = 0..=1, require_equals = true)]
    server_side: Option<bool>,
    #[arg(long, hide = true, default_missing_value = "true", num_args = 0..=1, require_equals = true)]
    take_ownership: Option<bool>,
    #[arg(long, hide = true, default_missing_value = "true", num_args = 0..=1, require_equals = true)]
    wait_for_jobs: Option<bool>,
    #[arg(long, hide = true, default_missing_value = "watcher", num_args = 0..=1, require_equals = true)]
    wait: Option<String>,
    #[arg(long, hide = true)]
    description: Option<String>,
    #[arg(short, long, hide = true)]
    labels: Vec<String>,
    #[arg(long, hide = true)]
    timeout: Option<String>,
    /// A constraint on the chart's version; Helm does not look at it for a chart on disk either.
    #[arg(long, hide = true)]
    version: Option<String>,

    #[arg(long, hide = true)]
    repo: Option<String>,
    #[arg(long, hide = true, default_missing_value = "true", num_args = 0..=1, require_equals = true)]
    verify: Option<bool>,
    #[arg(long, hide = true, default_missing_value = "true", num_args = 0..=1, require_equals = true)]
    enable_dns: Option<bool>,
    #[arg(long, hide = true)]
    post_renderer: Option<String>,
    #[arg(long, hide = true)]
    post_renderer_args: Vec<String>,
}

impl Accepted {
    /// # Errors
    /// A flag would change the output, and is not offered.
    pub fn check(&self) -> Result<(), Box<Diag>> {
        let refused = if self.post_renderer.is_some() || !self.post_renderer_args.is_empty() {
            ("--post-renderer", "pipe the output into the program instead")
        } else if self.repo.is_some() {
            ("--repo", "fetch the chart first, and give its directory or .tgz archive")
        } else if self.verify == Some(true) {
            ("--verify", "verify the archive before with `helm verify`")
        } else if self.enable_dns == Some(true) {
            (
                "--enable-dns",
                "rendering asks no name server: give the address as a value, `getHostByName` is empty",
            )
        } else {
            return Ok(());
        };
        let (flag, way_out) = refused;
        Err(Box::new(Diag::error(codes::CHART_FLAG, format!("`{flag}` is not offered")).help(way_out)))
    }
}
