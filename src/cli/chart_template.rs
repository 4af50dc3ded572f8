//! `relc chart template [NAME] CHART`: what `helm template` prints, without Helm.

use super::chart_flags::Accepted;
use super::clock::Reproducible;
use super::output_dir::OutputDir;
use super::value_args::{ValueArgs, WithStdin};
use super::{Context, Exit, Output, eprint, print};
use crate::chart;
use crate::chart::path_match::Pattern;
use crate::diag::{Diag, Diags, codes};
use crate::render::{self, Capabilities, KubeVersion, Offline, Rendered, Request, Seed};
use crate::report;
use crate::source::SourceMap;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
// As in Helm, a flag given again replaces the one before.
#[command(args_override_self = true)]
pub struct Args {
    /// `[NAME] CHART`: a chart is a directory or a .tgz archive.
    #[arg(required = true, num_args = 1..=2, value_name = "NAME CHART")]
    operands: Vec<String>,
    #[command(flatten)]
    values: ValueArgs,
    /// Namespace of the release.
    #[arg(short, long, default_value = "default")]
    namespace: String,
    /// Kubernetes version to render for.
    #[arg(long, value_name = "VERSION")]
    kube_version: Option<String>,
    /// API versions that the cluster has besides the built-in ones.
    #[arg(short, long, value_name = "GROUP/VERSION", value_delimiter = ',')]
    api_versions: Vec<String>,
    /// Print the chart's CRDs, too.
    #[arg(long, default_missing_value = "true", num_args = 0..=1, require_equals = true, default_value = "false")]
    include_crds: bool,
    /// Leave CRDs out; they are unless --include-crds is given.
    #[arg(long)]
    skip_crds: bool,
    /// Render as an upgrade: `.Release.IsUpgrade` instead of `.Release.IsInstall`.
    #[arg(long, default_missing_value = "true", num_args = 0..=1, require_equals = true, default_value = "false")]
    is_upgrade: bool,
    /// Leave hooks out.
    #[arg(long, default_missing_value = "true", num_args = 0..=1, require_equals = true, default_value = "false")]
    no_hooks: bool,
    /// Print only what these templates of the chart render (`templates/x.yaml`, patterns allowed).
    #[arg(short, long, value_name = "TEMPLATE")]
    show_only: Vec<String>,
    /// Leave test hooks out.
    #[arg(long, default_missing_value = "true", num_args = 0..=1, require_equals = true, default_value = "false")]
    skip_tests: bool,
    /// Do not check values against values.schema.json.
    #[arg(long, default_missing_value = "true", num_args = 0..=1, require_equals = true, default_value = "false")]
    skip_schema_validation: bool,
    /// Helm's deprecated flag; rendering here never contacts a cluster.
    #[arg(long, default_missing_value = "true", num_args = 0..=1, require_equals = true, default_value = "false", hide = true)]
    validate: bool,
    /// Make up a name from the chart's.
    #[arg(short, long)]
    generate_name: bool,
    /// A Go template for the name.
    #[arg(long, value_name = "TEMPLATE")]
    name_template: Option<String>,
    /// Rendering is always done here; `client` is the only mode there is.
    #[arg(long, value_name = "client", num_args = 0..=1, require_equals = true, default_missing_value = "client", hide = true, value_parser = ["client", "true"])]
    dry_run: Option<String>,
    /// Where a rendered text is no YAML, print it all the same, before the error.
    #[arg(long, default_missing_value = "true", num_args = 0..=1, require_equals = true, default_value = "false")]
    debug: bool,
    /// Write each template's manifests to a file of its own under this directory.
    #[arg(long, value_name = "DIR")]
    output_dir: Option<PathBuf>,
    /// With --output-dir, write into a directory of the release's name in it.
    #[arg(long, default_missing_value = "true", num_args = 0..=1, require_equals = true, default_value = "false")]
    release_name: bool,
    #[command(flatten)]
    accepted: Accepted,
    #[command(flatten)]
    reproducible: Reproducible,
    #[command(flatten)]
    output: Output,
}

pub fn run(args: &Args, context: &Context<'_>) -> Exit {
    let mut sources = SourceMap::default();
    let mut diags = Diags::default();
    let exit = match template(args, context, &mut sources, &mut diags) {
        Ok(text) => {
            print(&text);
            Exit::Done
        }
        Err(diag) => {
            diags.push(*diag);
            Exit::Errors
        }
    };
    if !diags.is_empty() {
        eprint(&report::render(&diags.into_sorted(), &sources, args.output.format, context.color_err()));
    }
    exit
}

fn template(
    args: &Args,
    context: &Context<'_>,
    sources: &mut SourceMap,
    diags: &mut Diags,
) -> Result<String, Box<Diag>> {
    if args.validate {
        return Err(Box::new(
            Diag::error(
                codes::KUBE_VERSION,
                "`--validate` needs a cluster, which this command does not contact",
            )
            .help("`relc plan` renders and validates against the cluster"),
        ));
    }
    args.accepted.check()?;
    let kube_version = match &args.kube_version {
        Some(text) => KubeVersion::parse(text).map_err(|why| {
            Box::new(Diag::error(codes::KUBE_VERSION, format!("invalid kube version '{text}': {why}")))
        })?,
        None => KubeVersion::default(),
    };
    let seed = args.reproducible.seed(context)?;
    let (name, path) = name_and_chart(args, &seed)?;
    let flags = args.values.flags();
    let values = flags.merge(&WithStdin(context.world)).map_err(|e| Box::new(e.into_diag(sources)))?;
    // The process ends with this command: taking a chart with all its parsed templates apart, piece by piece,
    // would be a tenth of its time.
    let chart = ManuallyDrop::new(
        chart::load(context.world, Path::new(path)).map_err(|e| Box::new(e.into_diag(sources)))?,
    );
    chart.check_installable().map_err(|e| Box::new(e.into_diag(sources)))?;
    let request = Request {
        chart: &chart,
        name: &name,
        namespace: &args.namespace,
        revision: 1,
        is_upgrade: args.is_upgrade,
        values: &values,
        capabilities: &Capabilities::offline(kube_version, &args.api_versions),
        lookup: &Offline,
        seed: &seed,
        // Into a directory, each file of `crds/` goes by itself.
        include_crds: args.include_crds && args.output_dir.is_none(),
        subchart_notes: false,
        skip_schema_validation: args.skip_schema_validation,
        text_only: true,
    };
    let mut rendered = render::render(&request).map_err(|e| {
        // The place of such an error is in the rendered text.
        if let (true, render::RenderErrorKind::Manifest, Some(place)) = (args.debug, e.kind, &e.place) {
            print(&format!("---\n# Source: {}\n{}\n", e.file, place.text));
        }
        Box::new(e.into_diag(sources))
    })?;
    for text in &rendered.warnings {
        diags.push(Diag::warning(codes::CHART_WARNING, text));
    }
    if args.reproducible.asked() && rendered.volatile.iter().any(render::Volatile::makes_secrets) {
        diags.push(not_secret());
    }
    let all = match &args.output_dir {
        None => manifests(&mut rendered, args),
        Some(dir) => write_files(&rendered, dir, &name, args)?,
    };
    if args.show_only.is_empty() { Ok(all) } else { show_only(&all, &args.show_only) }
}

fn not_secret() -> Diag {
    Diag::warning(
        codes::NOT_SECRET,
        "passwords and keys in this output follow from the seed: they are not secret",
    )
    .help("leave `--reproducible` out for what will be applied")
}

/// What Helm calls a release that nobody named.
const UNNAMED: &str = "release-name";

fn name_and_chart<'a>(args: &'a Args, seed: &Seed) -> Result<(String, &'a str), Box<Diag>> {
    let misuse = |text: &str| Box::new(Diag::error(codes::RELEASE_NAME, text));
    match args.operands.as_slice() {
        [name, chart] => {
            if args.generate_name {
                return Err(misuse("cannot set --generate-name and also specify a name"));
            }
            if args.name_template.is_some() {
                return Err(misuse("cannot set --name-template and also specify a name"));
            }
            Ok((name.clone(), chart))
        }
        [chart] => match &args.name_template {
            Some(text) => {
                let name = render::name_from_template(text, seed).map_err(|why: String| misuse(&why))?;
                Ok((name, chart))
            }
            // `helm template` sets the name before it looks at --generate-name.
            None => Ok((UNNAMED.to_owned(), chart)),
        },
        _ => Err(misuse("expected at most two arguments")),
    }
}

/// Manifest, then hooks, as `helm template` writes them.
fn manifests(rendered: &mut Rendered, args: &Args) -> String {
    let mut out = std::mem::take(&mut rendered.manifest);
    out.truncate(out.trim_end().len());
    out.drain(..out.len() - out.trim_start().len());
    out.push('\n');
    for hook in shown_hooks(rendered, args) {
        out.push_str(&format!("---\n# Source: {}\n{}\n", hook.path, hook.manifest));
    }
    out
}

/// Writes everything into files, and says so on standard output; what is left to print is an empty manifest.
fn write_files(rendered: &Rendered, dir: &Path, name: &str, args: &Args) -> Result<String, Box<Diag>> {
    let mut files = OutputDir::new(dir, args.release_name.then_some(name));
    if args.include_crds {
        for crd in &rendered.crds {
            files.write(&crd.filename, &crd.text())?;
        }
    }
    for (path, text) in rendered.documents() {
        files.write(path, text)?;
    }
    for hook in shown_hooks(rendered, args) {
        files.write(&hook.path, &hook.manifest)?;
    }
    Ok("\n".to_owned())
}

fn shown_hooks<'a>(rendered: &'a Rendered, args: &'a Args) -> impl Iterator<Item = &'a render::Hook> {
    let tests = |hook: &render::Hook| hook.events.contains(&render::HookEvent::Test);
    rendered.hooks.iter().filter(move |hook| !(args.no_hooks || args.skip_tests && tests(hook)))
}

/// The documents whose `# Source:` matches one of the patterns, pattern by pattern.
fn show_only(all: &str, patterns: &[String]) -> Result<String, Box<Diag>> {
    let mut out = String::new();
    for text in patterns {
        let pattern = Pattern::parse(text).ok();
        let mut missing = true;
        for document in render::split_manifests(all) {
            let Some(name) = source_name(document) else { continue };
            if pattern.as_ref().is_some_and(|p| p.matches(name)) {
                out.push_str(&format!("---\n{document}\n"));
                missing = false;
            }
        }
        if missing {
            return Err(Box::new(
                Diag::error(codes::TEMPLATE_FAILED, format!("could not find template {text} in chart")).help(
                    "names are relative to the chart, such as `templates/deployment.yaml`; a template that \
                           renders nothing cannot be shown",
                ),
            ));
        }
    }
    Ok(out)
}

/// `templates/a.yaml` of the first `# Source: chart/templates/a.yaml` in a document.
fn source_name(document: &str) -> Option<&str> {
    document.match_indices("# Source: ").find_map(|(at, marker)| {
        let rest = document.get(at + marker.len()..)?.lines().next()?;
        let (chart, name) = rest.split_once('/')?;
        (!chart.is_empty() && !name.is_empty()).then_some(name)
    })
}
