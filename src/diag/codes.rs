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

/// What a release can accept of findings about its values and rendered objects (`allow`).
pub const ALLOWABLE: &[&str] = &[
    "E0411", "E0412", "E0413", "E0414", "E0416", "E0560", "E0561", "E0562", "E0563", "E0564", "E0565",
    "E0566", "E0570", "E0572", "E0573", "E0574", "E0575",
];

codes! {
    // syntax
    SYNTAX = "E0101", "The text is not valid where the arrow points: another token was expected.";
    TOO_DEEP = "E0102", "Brackets are nested deeper than the parser accepts.";
    UNREADABLE = "E0103", "A source file could not be read, is not UTF-8 or is too large.";
    UNCLOSED = "E0104", "A bracket is not closed, or closes nothing.";
    UNTERMINATED = "E0105", "A string, heredoc or comment has no end.";
    BAD_TEXT = "E0106", "A string holds an escape that does not exist.";
    BAD_CHARACTER = "E0107", "A character that is no part of the language: typographic quotes, invisible blanks, `;`.";
    BAD_NUMBER = "E0108", "What begins like a number is none, or does not fit into 64 bits.";
    // modules and names
    MODULE_SOURCE = "E0201", "The directory of a module, or the library of an import, could not be loaded.";
    MODULE_CYCLE = "E0202", "Modules or libraries use each other in a circle.";
    UNKNOWN_BLOCK = "E0203", "No block of that kind exists.";
    LABELS = "E0204", "A block has too few or too many labels.";
    DUPLICATE = "E0205", "The same name is declared twice.";
    BAD_NAME = "E0206", "A declared name is reserved or is not a valid identifier.";
    UNKNOWN_NAME = "E0207", "A reference names something that is not declared.";
    REFERENCE_CYCLE = "E0208", "Declarations refer to each other in a circle.";
    MISPLACED = "E0209", "Something stands where it means nothing: an attribute outside of a block, a block in a library.";
    UNUSED = "E0210", "A variable, local value or import is never used (a warning).";
    NOT_ALLOWABLE = "E0212", "The `allow` of a release names a code that cannot be accepted, or gives no reason.";
    NO_SUCH_RELEASE = "E0211", "A command names a release that the stack does not have.";
    // types and evaluation
    TYPE_MISMATCH = "E0301", "A value of another type was expected.";
    NO_SUCH_FIELD = "E0302", "An attribute, field, method, output or instance that does not exist.";
    BAD_CALL = "E0303", "A function does not exist or is called with the wrong number of arguments.";
    NOT_EXHAUSTIVE = "E0304", "A `match` does not cover every case.";
    UNREACHABLE_ARM = "E0305", "A case of a `match` is never reached.";
    DUPLICATE_KEY = "E0306", "A key or attribute is given twice.";
    SECRET_LEAK = "E0307", "A secret would be shown: in a name, a label, an address, an output or a message.";
    BAD_OPERATOR = "E0308", "An operator does not work on these types, or compares what is never equal.";
    BAD_FORM = "E0309", "A value does not have the form of its type: an enum's case, a quantity, a duration, a version.";
    UNKNOWN_ATTRIBUTE = "E0310", "A block does not take this attribute or nested block.";
    MISSING_ATTRIBUTE = "E0311", "A block lacks an attribute that it needs.";
    BAD_LABELS = "E0312", "A nested block has too few or too many labels.";
    UNSUPPORTED = "E0313", "Part of the language that this version of relc does not carry out.";
    BAD_TYPE = "E0314", "What stands in the place of a type is none.";
    MODULE_INPUT = "E0315", "An input of a module is missing or unknown.";
    NOT_CONSTANT = "E0316", "A default or a function refers to something outside of it.";
    BAD_FOR_EACH = "E0317", "`for_each` does not go over named things, or a name comes twice.";
    BAD_VARIABLE = "E0318", "A variable has no value, or one that cannot be read as its type.";
    VALIDATION = "E0319", "A value of a variable does not pass its validation.";
    CHECK_FAILED = "E0320", "The condition of a `check` block does not hold.";
    EVALUATION = "E0321", "An expression has no value: a division by zero, an index out of range, a function that fails.";
    KNOWN_TOO_LATE = "E0322", "A value is needed before the release that it comes from is rendered.";
    NOT_RENDERED = "E0323", "A release does not render the object that is referred to.";
    SAME_OBJECT = "E0324", "Two blocks would manage the same namespace or release of a cluster.";
    WHICH_CLUSTER = "E0325", "It is not clear which cluster is meant.";
    REQUIRES = "E0326", "The stack requires another version of relc.";
    RECURSION = "E0327", "Calls of functions go too deep.";
    TOO_LARGE = "E0328", "A value, list or string grows beyond what is reasonable.";
    BAD_FILE = "E0329", "A file that the configuration names could not be read.";
    BAD_OBJECT_NAME = "E0330", "A name that Kubernetes or Helm does not accept.";
    NO_CHART = "E0331", "The `chart` of a release names neither a path nor a chart of a repository.";
    // charts and values
    CHART_NOT_FOUND = "E0401", "There is no chart at the path: a directory with a Chart.yaml, or a .tgz of one, was expected.";
    CHART_METADATA = "E0402", "Chart.yaml, Chart.lock or requirements.yaml is not valid.";
    CHART_VALUES = "E0403", "A values file or a `--set` could not be read.";
    CHART_ARCHIVE = "E0404", "A chart archive is broken, unsafe or too large.";
    CHART_DEPENDENCIES = "E0405", "Chart.yaml names dependencies that are missing from charts/.";
    CHART_NOT_INSTALLABLE = "E0406", "A library chart cannot be installed by itself.";
    CHART_SCHEMA = "E0407", "The values do not meet the chart's values.schema.json.";
    CHART_WARNING = "E0409", "Something in a chart that Helm would log: ignored values, unknown hooks, a deprecated chart.";
    CHART_VERSION = "E0408", "The chart on disk has another version than the release asks for.";
    CHART_FLAG = "E0410", "A flag of `helm template` that is not offered, or that cannot be carried out.";
    UNKNOWN_VALUE = "E0411", "A value is given under a key that nothing in the chart reads.";
    NEAR_MISS = "E0412", "A key in a map that takes any key is, but for a slip, the key of a default.";
    UNKNOWN_FIELD = "E0413", "A key is handed on to a field of a Kubernetes object that has no such field.";
    VALUE_SHAPE = "E0414", "A value of another shape than the chart's templates expect: a text where they look for keys, a quoted `false`.";
    VALUE_REPLACED = "E0415", "A value that takes part of the chart's defaults away: a null, or a list without the default entries (a note).";
    VALUE_DEPRECATED = "E0416", "The chart says that the key is deprecated (a warning).";
    // rendering
    TEMPLATE_SYNTAX = "E0501", "A chart's template is not a valid Go template.";
    TEMPLATE_FAILED = "E0502", "A chart's template failed while it was rendered.";
    MANIFEST_INVALID = "E0503", "What a template rendered is not a Kubernetes object in YAML.";
    VALUES_REFUSED = "E0504", "The values cannot be combined with the chart's own.";
    KUBE_VERSION = "E0505", "The chart does not support the cluster's version of Kubernetes.";
    RELEASE_NAME = "E0506", "A release name is lower-case letters, digits, `-` and `.`, at most 53 characters.";
    NOT_REPRODUCIBLE = "E0507", "Fields of a release that are others at each render: random values, generated keys, dates. Every plan wants to change them, unless the chart looks up what exists, or the value is given.";
    NOT_SECRET = "E0508", "Under `--reproducible`, generated passwords and keys follow from a known seed.";
    OBJECT_FIELD = "E0560", "A rendered object has a field that its kind does not have, in the cluster's version of Kubernetes or in the CRD.";
    FIELD_TYPE = "E0561", "A field of a rendered object has a value of another type, or one that the type cannot hold: a text for a number, a number over 32 bits, no quantity, no time.";
    FIELD_MISSING = "E0562", "A rendered object lacks a field that the API server needs.";
    FIELD_CHOICE = "E0563", "A field of a rendered object has none of the values that it may have.";
    FIELD_VALUE = "E0564", "A field of a rendered object has a value that the API server refuses: a name, a port, labels that no selector matches, a mount of no volume.";
    FIELD_FORBIDDEN = "E0565", "A rendered object has a field that it must not have together with another one, or with the value of another one.";
    FIELD_TWICE = "E0566", "Two items of a list in a rendered object are the same that must not be. As a warning: the API server takes it, server-side apply does not.";
    NO_SUCH_KIND = "E0570", "A rendered object is of a kind that the cluster's version of Kubernetes, or its CRD, does not have.";
    UNCHECKED_KIND = "E0571", "Rendered objects that could not be checked, since no CRD or no types for them are known.";
    REMOVED_API = "E0572", "A rendered object uses an API that the cluster's version of Kubernetes serves no longer.";
    DEPRECATED_API = "E0573", "A rendered object uses an API that is deprecated, and will be gone in a later version (a warning).";
    OPTIONAL_API = "E0574", "A rendered object uses an alpha or beta API, which clusters do not serve unless told to (a warning).";
    OBJECT_TWICE = "E0575", "A release renders the same object twice: the later one overwrites the earlier one (a warning).";
    // graph
    CYCLE = "E0601", "Nodes need each other in a circle, so none of them can be applied first.";
    DUPLICATE_OBJECT = "E0602", "Two nodes of a stack want the same object on the same cluster.";
    // cluster
    KUBECONFIG = "E0701", "The kubeconfig of a cluster is missing, unreadable or incomplete.";
    UNKNOWN_CONTEXT = "E0702", "The kubeconfig has no context of that name.";
    INSECURE_TLS = "E0703", "The kubeconfig turns certificate verification off; relc always verifies.";
    UNREACHABLE = "E0704", "No connection to the cluster's API server.";
    CERTIFICATE = "E0705", "The API server's certificate is not trusted.";
    UNAUTHORIZED = "E0706", "The API server does not accept the credentials, or they could not be produced.";
    FORBIDDEN = "E0707", "The user may not do this on the cluster; the message names verb, resource and namespace.";
    UNKNOWN_KIND = "E0708", "The cluster does not serve this kind at this version.";
    CLUSTER_CONFLICT = "E0709", "The object exists already, changed meanwhile, or another manager owns a field.";
    CLUSTER_INVALID = "E0710", "The API server refuses the object.";
    CLUSTER_API = "E0711", "A request to the API server failed.";
    SANDBOX = "E0712", "The store of an embedded cluster is in use or damaged.";
    // plan
    OBJECT_OWNED = "E0720", "An object exists already and belongs to another release, stack or tool.";
    NAMESPACE_MISSING = "E0721", "A namespace does not exist and nothing in the stack creates it.";
    RECORD_UNREADABLE = "E0722", "A Helm release record or a relc inventory on the cluster cannot be read.";
    RELEASE_BUSY = "E0723", "Another tool is changing the release.";
    PREVENT_DESTROY = "E0724", "The plan would destroy something that `prevent_destroy` protects.";
    BAD_OBJECT = "E0725", "An object lacks what every Kubernetes object has: apiVersion, kind and a name.";
    // apply
    LOCKED = "E0801", "Another apply of this stack holds the lock.";
    NOT_READY = "E0802", "An object did not become ready in time.";
    HOOK_FAILED = "E0803", "A chart's hook failed or did not finish in time.";
    STALE_PLAN = "E0804", "The cluster changed since the plan was made.";
    NOT_DELETED = "E0805", "An object is still there after its deletion was asked for.";
    RECORD_TOO_BIG = "E0806", "A release record is larger than a Secret may be.";
}
