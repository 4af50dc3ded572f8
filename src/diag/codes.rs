//! Every code, in one table: number, name in Rust, one line of explanation.
//!
//! Ranges by stage: E01 syntax, E02 modules and names, E03 types and evaluation, E04 charts and values,
//! E05 rendering, E06 graph, E07 cluster and plan, E08 apply.

/// The stable number of a kind of finding, such as `E0101`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(pub &'static str);

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

macro_rules! codes {
    ($($name:ident = $number:literal, $explanation:literal;)*) => {
        $(#[doc = $explanation] pub const $name: Code = Code($number);)*

        /// All codes with their explanations, in the order of the table.
        pub const ALL: &[(Code, &str)] = &[$(($name, $explanation)),*];
    };
}

codes! {
    // syntax
    SYNTAX = "E0101", "The text is not valid where the arrow points: another token was expected.";
    TOO_DEEP = "E0102", "Brackets are nested deeper than the parser accepts.";
    UNREADABLE = "E0103", "A source file could not be read, is not UTF-8 or is too large.";
    // charts and values
    CHART_NOT_FOUND = "E0401", "There is no chart at the path: a directory with a Chart.yaml, or a .tgz of one, was expected.";
    CHART_METADATA = "E0402", "Chart.yaml, Chart.lock or requirements.yaml is not valid.";
    CHART_VALUES = "E0403", "A values file or a `--set` could not be read.";
    CHART_ARCHIVE = "E0404", "A chart archive is broken, unsafe or too large.";
    CHART_DEPENDENCIES = "E0405", "Chart.yaml names dependencies that are missing from charts/.";
    CHART_NOT_INSTALLABLE = "E0406", "A library chart cannot be installed by itself.";
    CHART_SCHEMA = "E0407", "The values do not meet the chart's values.schema.json.";
    // rendering
    TEMPLATE_SYNTAX = "E0501", "A chart's template is not a valid Go template.";
    TEMPLATE_FAILED = "E0502", "A chart's template failed while it was rendered.";
    MANIFEST_INVALID = "E0503", "What a template rendered is not a Kubernetes object in YAML.";
    VALUES_REFUSED = "E0504", "The values cannot be combined with the chart's own.";
    KUBE_VERSION = "E0505", "The chart does not support the cluster's version of Kubernetes.";
    RELEASE_NAME = "E0506", "A release name is lower-case letters, digits, `-` and `.`, at most 53 characters.";
}
