//! The table of what can be declared.
//!
//! In: nothing. Out: [`DeclKind`]: how each is written and referred to. Must not know: the attributes inside a block.

/// Kinds of declarations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DeclKind {
    Stack,
    Variable,
    /// One attribute of a `locals` block.
    Local,
    Output,
    Module,
    Cluster,
    Repository,
    Namespace,
    Release,
    Manifest,
    Secret,
    Check,
    Test,
    Moved,
    Removed,
    Type,
    Function,
}

/// How many labels the block of a kind takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Labels {
    None,
    Optional,
    One,
}

impl DeclKind {
    pub const ALL: [DeclKind; 17] = [
        DeclKind::Stack,
        DeclKind::Variable,
        DeclKind::Local,
        DeclKind::Output,
        DeclKind::Module,
        DeclKind::Cluster,
        DeclKind::Repository,
        DeclKind::Namespace,
        DeclKind::Release,
        DeclKind::Manifest,
        DeclKind::Secret,
        DeclKind::Check,
        DeclKind::Test,
        DeclKind::Moved,
        DeclKind::Removed,
        DeclKind::Type,
        DeclKind::Function,
    ];

    /// The word that declares it.
    pub fn word(self) -> &'static str {
        match self {
            DeclKind::Stack => "stack",
            DeclKind::Variable => "variable",
            DeclKind::Local => "locals",
            DeclKind::Output => "output",
            DeclKind::Module => "module",
            DeclKind::Cluster => "cluster",
            DeclKind::Repository => "repository",
            DeclKind::Namespace => "namespace",
            DeclKind::Release => "release",
            DeclKind::Manifest => "manifest",
            DeclKind::Secret => "secret",
            DeclKind::Check => "check",
            DeclKind::Test => "test",
            DeclKind::Moved => "moved",
            DeclKind::Removed => "removed",
            DeclKind::Type => "type",
            DeclKind::Function => "function",
        }
    }

    /// The word for one of them in a sentence.
    pub fn noun(self) -> &'static str {
        match self {
            DeclKind::Local => "local value",
            other => other.word(),
        }
    }

    /// The first word of a reference to it; `""` where the bare name is the reference, `None` where there is none.
    pub fn root(self) -> Option<&'static str> {
        match self {
            DeclKind::Variable => Some("var"),
            DeclKind::Local => Some("local"),
            DeclKind::Module => Some("module"),
            DeclKind::Cluster => Some("cluster"),
            DeclKind::Repository => Some("repository"),
            DeclKind::Namespace => Some("namespace"),
            DeclKind::Release => Some("release"),
            DeclKind::Manifest => Some("manifest"),
            DeclKind::Secret => Some("secret"),
            DeclKind::Type | DeclKind::Function => Some(""),
            DeclKind::Stack
            | DeclKind::Output
            | DeclKind::Check
            | DeclKind::Test
            | DeclKind::Moved
            | DeclKind::Removed => None,
        }
    }

    /// The kind that references beginning with `root` mean.
    pub fn of_root(root: &str) -> Option<DeclKind> {
        DeclKind::ALL.into_iter().find(|k| k.root() == Some(root) && !root.is_empty())
    }

    /// The kind that a block of this word declares.
    pub fn of_word(word: &str) -> Option<DeclKind> {
        DeclKind::ALL.into_iter().find(|k| k.word() == word)
    }

    pub fn labels(self) -> Labels {
        match self {
            DeclKind::Local | DeclKind::Moved | DeclKind::Removed => Labels::None,
            DeclKind::Stack => Labels::Optional,
            _ => Labels::One,
        }
    }

    /// Whether such a block makes something for each element of a `for_each`.
    pub fn takes_for_each(self) -> bool {
        matches!(self, DeclKind::Module | DeclKind::Namespace | DeclKind::Release | DeclKind::Manifest)
    }
}
