//! Versions and version constraints as Masterminds/semver v3.5 reads them, the library behind Helm's
//! `semver`, `semverCompare`, `kubeVersion` and dependency versions.
//!
//! In: text. Out: [`Version`], [`Constraints`], or an [`Error`] with that library's wording, which charts
//! and users know from Helm. Knows nothing of templates or charts.

use std::cmp::Ordering;
use std::fmt;

use super::strconv::quote;

#[cfg(test)]
mod tests;

/// Longest version text accepted, in bytes.
const MAX_VERSION_LEN: usize = 256;
/// Longest constraint text accepted, in bytes.
const MAX_CONSTRAINT_LEN: usize = 512;
/// Most `||` alternatives accepted.
const MAX_GROUPS: usize = 32;

/// Why a version or a constraint was refused; [`fmt::Display`] gives Helm's wording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// The text is empty (strict parsing only).
    Empty,
    /// Not of the form `1.2.3-pre+meta`.
    Invalid,
    /// Something other than digits in a number.
    Characters,
    /// A number with a leading zero.
    LeadingZero,
    /// A bad part after `+`.
    Metadata,
    /// A bad part after `-`.
    Prerelease,
    /// More than 256 bytes.
    VersionTooLong,
    /// A number above 2^64-1; holds its digits.
    Range(String),
    /// A number that cannot be read in strict parsing; holds the whole message.
    StrictNumber(String),
    /// More than 512 bytes.
    ConstraintTooLong,
    /// More than 32 alternatives.
    TooManyGroups,
    /// Not a constraint; holds the alternative at fault.
    Improper(String),
    /// Matches the grammar, and still is no version.
    ConstraintParser,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("version string empty"),
            Self::Invalid => f.write_str("invalid semantic version"),
            Self::Characters => f.write_str("invalid characters in version"),
            Self::LeadingZero => f.write_str("version segment starts with 0"),
            Self::Metadata => f.write_str("invalid metadata string"),
            Self::Prerelease => f.write_str("invalid prerelease string"),
            Self::VersionTooLong => write!(f, "version string is too long (max {MAX_VERSION_LEN} bytes)"),
            Self::Range(digits) => write!(f, "error parsing version segment: {}", parse_uint_error(digits)),
            Self::StrictNumber(message) => f.write_str(message),
            Self::ConstraintTooLong => {
                write!(f, "constraint string is too long (max {MAX_CONSTRAINT_LEN} bytes)")
            }
            Self::TooManyGroups => write!(f, "too many constraint groups (max {MAX_GROUPS})"),
            Self::Improper(text) => write!(f, "improper constraint: {}", quoted(text)),
            Self::ConstraintParser => f.write_str("constraint parser error"),
        }
    }
}

impl std::error::Error for Error {}

/// A version. Comparison (`Ord`) is by precedence and ignores metadata, so it is not provided as `Eq`:
/// use [`Version::compare`].
#[derive(Debug, Clone)]
pub struct Version {
    /// First number.
    pub major: u64,
    /// Second number, 0 when left out.
    pub minor: u64,
    /// Third number, 0 when left out.
    pub patch: u64,
    /// What follows `-`, else empty.
    pub pre: String,
    /// What follows `+`, else empty.
    pub metadata: String,
    /// The text it was read from.
    pub original: String,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if !self.pre.is_empty() {
            write!(f, "-{}", self.pre)?;
        }
        if !self.metadata.is_empty() {
            write!(f, "+{}", self.metadata)?;
        }
        Ok(())
    }
}

impl Version {
    /// Reads a version leniently (`NewVersion`): a leading `v`, one or two numbers and leading zeros are fine.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.len() > MAX_VERSION_LEN {
            return Err(Error::VersionTooLong);
        }
        let rest = text.strip_prefix('v').unwrap_or(text);
        let (major, rest) = digits(rest).ok_or(Error::Invalid)?;
        let (minor, rest) = dotted_digits(rest);
        let (patch, rest) = dotted_digits(rest);
        let (pre, rest) = identifiers(rest, '-');
        let (metadata, rest) = identifiers(rest, '+');
        if !rest.is_empty() {
            return Err(Error::Invalid);
        }
        let number = |digits: Option<&str>| match digits {
            None => Ok(0),
            Some(digits) => digits.parse::<u64>().map_err(|_| Error::Range(digits.to_owned())),
        };
        let version = Self {
            major: number(Some(major))?,
            minor: number(minor)?,
            patch: number(patch)?,
            pre: pre.unwrap_or_default().to_owned(),
            metadata: metadata.unwrap_or_default().to_owned(),
            original: text.to_owned(),
        };
        if pre.is_some() {
            check_prerelease(&version.pre)?;
        }
        Ok(version)
    }

    /// Reads a version to the letter of SemVer 2 (`StrictNewVersion`).
    pub fn parse_strict(text: &str) -> Result<Self, Error> {
        if text.is_empty() {
            return Err(Error::Empty);
        }
        if text.len() > MAX_VERSION_LEN {
            return Err(Error::VersionTooLong);
        }
        let mut parts = text.splitn(3, '.');
        let (Some(major), Some(minor), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(Error::Invalid);
        };
        let (rest, metadata) = match rest.split_once('+') {
            Some((rest, metadata)) => (rest, Some(metadata)),
            None => (rest, None),
        };
        if let Some(metadata) = metadata {
            check_metadata(metadata)?;
        }
        let (patch, pre) = match rest.split_once('-') {
            Some((patch, pre)) => (patch, Some(pre)),
            None => (rest, None),
        };
        if let Some(pre) = pre {
            check_prerelease(pre)?;
        }
        for part in [major, minor, patch] {
            if !part.bytes().all(|b| b.is_ascii_digit()) {
                return Err(Error::Characters);
            }
            if part.len() > 1 && part.starts_with('0') {
                return Err(Error::LeadingZero);
            }
        }
        let number =
            |digits: &str| digits.parse::<u64>().map_err(|_| Error::StrictNumber(parse_uint_error(digits)));
        Ok(Self {
            major: number(major)?,
            minor: number(minor)?,
            patch: number(patch)?,
            pre: pre.unwrap_or_default().to_owned(),
            metadata: metadata.unwrap_or_default().to_owned(),
            original: text.to_owned(),
        })
    }

    /// Order of precedence: numbers, then a prerelease before its release; metadata does not count.
    pub fn compare(&self, other: &Self) -> Ordering {
        (self.major, self.minor, self.patch).cmp(&(other.major, other.minor, other.patch)).then_with(
            || match (self.pre.is_empty(), other.pre.is_empty()) {
                (true, true) => Ordering::Equal,
                (true, false) => Ordering::Greater,
                (false, true) => Ordering::Less,
                (false, false) => compare_prerelease(&self.pre, &other.pre),
            },
        )
    }

    /// The next patch release; of a prerelease, its release. `None` where the number would overflow.
    pub fn inc_patch(&self) -> Option<Self> {
        let patch = if self.pre.is_empty() { self.patch.checked_add(1)? } else { self.patch };
        Some(self.bumped(self.major, self.minor, patch))
    }

    /// The next minor release; `None` where the number would overflow.
    pub fn inc_minor(&self) -> Option<Self> {
        Some(self.bumped(self.major, self.minor.checked_add(1)?, 0))
    }

    /// The next major release; `None` where the number would overflow.
    pub fn inc_major(&self) -> Option<Self> {
        Some(self.bumped(self.major.checked_add(1)?, 0, 0))
    }

    /// The same version with another prerelease part (empty: none).
    pub fn with_prerelease(&self, pre: &str) -> Result<Self, Error> {
        if !pre.is_empty() {
            check_prerelease(pre)?;
        }
        let mut next = self.clone();
        pre.clone_into(&mut next.pre);
        next.original = format!("{}{next}", self.v_prefix());
        Ok(next)
    }

    /// The same version with other metadata (empty: none).
    pub fn with_metadata(&self, metadata: &str) -> Result<Self, Error> {
        if !metadata.is_empty() {
            check_metadata(metadata)?;
        }
        let mut next = self.clone();
        metadata.clone_into(&mut next.metadata);
        next.original = format!("{}{next}", self.v_prefix());
        Ok(next)
    }

    fn v_prefix(&self) -> &'static str {
        if self.original.starts_with('v') { "v" } else { "" }
    }

    fn bumped(&self, major: u64, minor: u64, patch: u64) -> Self {
        Self {
            major,
            minor,
            patch,
            pre: String::new(),
            metadata: String::new(),
            original: format!("{}{major}.{minor}.{patch}", self.v_prefix()),
        }
    }
}

/// Go's `%q`.
fn quoted(text: &str) -> String {
    String::from_utf8_lossy(&quote(text.as_bytes())).into_owned()
}

/// Go's error for digits that make no 64-bit number.
fn parse_uint_error(digits: &str) -> String {
    let reason = if digits.is_empty() { "invalid syntax" } else { "value out of range" };
    format!("strconv.ParseUint: parsing {}: {reason}", quoted(digits))
}

/// Splits off leading ASCII digits; `None` without any.
fn digits(text: &str) -> Option<(&str, &str)> {
    let end = text.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
    if end == 0 { None } else { text.split_at_checked(end) }
}

fn dotted_digits(text: &str) -> (Option<&str>, &str) {
    match text.strip_prefix('.').and_then(digits) {
        Some((number, rest)) => (Some(number), rest),
        None => (None, text),
    }
}

/// Splits off `mark` and dot-separated identifiers, when both are there.
fn identifiers(text: &str, mark: char) -> (Option<&str>, &str) {
    let Some(rest) = text.strip_prefix(mark) else {
        return (None, text);
    };
    let bytes = rest.as_bytes();
    let mut end = 0;
    loop {
        let word = bytes.iter().skip(end).take_while(|b| b.is_ascii_alphanumeric() || **b == b'-').count();
        if word == 0 {
            // A dot without an identifier after it is not part of the match.
            end = end.saturating_sub(1);
            break;
        }
        end += word;
        if bytes.get(end) == Some(&b'.') {
            end += 1;
        } else {
            break;
        }
    }
    match rest.split_at_checked(end) {
        Some((ids, after)) if !ids.is_empty() => (Some(ids), after),
        _ => (None, text),
    }
}

fn check_prerelease(pre: &str) -> Result<(), Error> {
    for part in pre.split('.') {
        if part.is_empty() {
            return Err(Error::Prerelease);
        }
        if part.bytes().all(|b| b.is_ascii_digit()) {
            if part.len() > 1 && part.starts_with('0') {
                return Err(Error::LeadingZero);
            }
        } else if !part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Err(Error::Prerelease);
        }
    }
    Ok(())
}

fn check_metadata(metadata: &str) -> Result<(), Error> {
    let fine = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if metadata.split('.').all(fine) { Ok(()) } else { Err(Error::Metadata) }
}

fn compare_prerelease(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left.split('.'), right.split('.'));
    loop {
        let (l, r) = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (l, r) => (l.unwrap_or_default(), r.unwrap_or_default()),
        };
        let order = compare_prerelease_part(l, r);
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// Numbers sort below words, and a missing part below any.
fn compare_prerelease_part(left: &str, right: &str) -> Ordering {
    if left == right {
        return Ordering::Equal;
    }
    if left.is_empty() {
        return Ordering::Less;
    }
    if right.is_empty() {
        return Ordering::Greater;
    }
    let number = |part: &str| if part.starts_with('+') { None } else { part.parse::<u64>().ok() };
    match (number(left), number(right)) {
        (None, None) => left.cmp(right),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        // Two spellings of one number (`1`, `01`) are not equal text: the library then says less.
        (Some(l), Some(r)) if l > r => Ordering::Greater,
        (Some(_), Some(_)) => Ordering::Less,
    }
}

/// A constraint: alternatives (`||`), each a list of comparisons that must all hold.
#[derive(Debug, Clone)]
pub struct Constraints {
    groups: Vec<Group>,
}

#[derive(Debug, Clone)]
struct Group {
    constraints: Vec<Constraint>,
    /// Whether one of them names a prerelease, which admits prereleases to the whole group.
    prereleases: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Op {
    TildeOrEqual,
    NotEqual,
    Greater,
    Less,
    GreaterEqual,
    LessEqual,
    Tilde,
    Caret,
}

#[derive(Debug, Clone)]
struct Constraint {
    op: Op,
    /// The operator as written, for printing.
    op_text: String,
    con: Version,
    /// The version as written, `x` and all.
    orig: String,
    /// Any part left out or `x`; then which one.
    dirty: bool,
    minor_dirty: bool,
    patch_dirty: bool,
}

/// Letters of a number in a constraint; that the library takes `|` for one is its own slip.
fn is_part(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'|' | b'x' | b'X' | b'*')
}

/// White space as Go's `\s` has it.
fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\x0c' | b'\r' | b' ')
}

/// Splits off what consists of bytes that fit, at least one.
fn run(text: &str, fits: fn(u8) -> bool) -> Option<(&str, &str)> {
    let end = text.bytes().position(|b| !fits(b)).unwrap_or(text.len());
    if end == 0 { None } else { text.split_at_checked(end) }
}

fn trim_spaces(text: &str) -> &str {
    run(text, is_space).map_or(text, |(_, rest)| rest)
}

/// A version in a constraint, taken apart; parts that are missing are empty.
#[derive(Clone, Copy)]
struct Pattern<'t> {
    whole: &'t str,
    major: &'t str,
    /// With the dot before it, as `patch`.
    minor: &'t str,
    patch: &'t str,
    /// With the dash before it.
    pre: &'t str,
}

impl<'t> Pattern<'t> {
    /// Reads the version at the start.
    fn read(text: &'t str) -> Option<(Self, &'t str)> {
        let before = |rest: &str, after: &str| rest.get(..rest.len() - after.len()).unwrap_or_default().len();
        let dotted = |text: &'t str| match text.strip_prefix('.').and_then(|rest| run(rest, is_part)) {
            Some((_, after)) => text.split_at_checked(before(text, after)).unwrap_or((text, "")),
            None => ("", text),
        };
        let (major, rest) = run(text.strip_prefix('v').unwrap_or(text), is_part)?;
        let (minor, rest) = dotted(rest);
        let (patch, rest) = dotted(rest);
        let (_, after) = identifiers(rest, '-');
        let (pre, rest) = rest.split_at_checked(before(rest, after))?;
        let (_, after) = identifiers(rest, '+');
        let whole = text.get(..before(text, after))?;
        Some((Self { whole, major, minor, patch, pre }, after))
    }
}

/// Reads one comparison at the start: operator, version.
fn read_comparison(text: &str) -> Option<(&str, Pattern<'_>, &str)> {
    let is_operator = |b: u8| matches!(b, b'=' | b'!' | b'<' | b'>' | b'~' | b'^');
    let (operator, rest) = run(text, is_operator).unwrap_or(("", text));
    if !matches!(operator, "" | "=" | "!=" | ">" | "<" | ">=" | "=>" | "<=" | "=<" | "~" | "~>" | "^") {
        return None;
    }
    let (pattern, rest) = Pattern::read(trim_spaces(rest))?;
    Some((operator, pattern, rest))
}

/// Reads a group: comparisons with white space or a comma between them.
fn read_group(text: &str) -> Option<Vec<(&str, Pattern<'_>)>> {
    let mut found = Vec::new();
    let mut rest = trim_spaces(text);
    loop {
        let (operator, pattern, after) = read_comparison(rest)?;
        found.push((operator, pattern));
        rest = trim_spaces(after);
        if rest.is_empty() {
            return Some(found);
        }
        match rest.strip_prefix(',') {
            Some(after) => rest = trim_spaces(after),
            None if rest.len() == after.len() => return None,
            None => {}
        }
    }
}

impl Constraints {
    /// Reads a constraint such as `>=1.2, <3 || ~4.1.x`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.len() > MAX_CONSTRAINT_LEN {
            return Err(Error::ConstraintTooLong);
        }
        let text = rewrite_ranges(text);
        if text.split("||").count() > MAX_GROUPS {
            return Err(Error::TooManyGroups);
        }
        let mut groups = Vec::new();
        for group in text.split("||") {
            let Some(comparisons) = read_group(group) else {
                return Err(Error::Improper(group.to_owned()));
            };
            let mut constraints = Vec::new();
            for (operator, pattern) in comparisons {
                constraints.push(Constraint::new(operator, pattern)?);
            }
            let prereleases = constraints.iter().any(|c: &Constraint| !c.con.pre.is_empty());
            groups.push(Group { constraints, prereleases });
        }
        Ok(Self { groups })
    }

    /// Whether the version satisfies the constraint.
    pub fn check(&self, version: &Version) -> bool {
        self.groups
            .iter()
            .any(|group| group.constraints.iter().all(|c| c.check(version, group.prereleases).is_ok()))
    }

    /// As [`Constraints::check`], with the reasons of every comparison that failed.
    pub fn validate(&self, version: &Version) -> Result<(), Vec<String>> {
        let mut reasons = Vec::new();
        let mut said_prerelease = false;
        for group in &self.groups {
            let mut fits = true;
            for constraint in &group.constraints {
                if !group.prereleases && !version.pre.is_empty() {
                    if !said_prerelease {
                        reasons.push(only_releases(version));
                        said_prerelease = true;
                    }
                    fits = false;
                } else if let Err(reason) = constraint.check(version, group.prereleases) {
                    reasons.push(reason);
                    fits = false;
                }
            }
            if fits {
                return Ok(());
            }
        }
        Err(reasons)
    }
}

impl fmt::Display for Constraints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, group) in self.groups.iter().enumerate() {
            if i > 0 {
                f.write_str(" || ")?;
            }
            for (j, c) in group.constraints.iter().enumerate() {
                write!(f, "{}{}{}", if j > 0 { " " } else { "" }, c.op_text, c.orig)?;
            }
        }
        Ok(())
    }
}

/// `1.2 - 3.4` means `>= 1.2, <= 3.4`. The library finds ranges anywhere in the text.
fn rewrite_ranges(text: &str) -> String {
    let mut out = text.to_owned();
    let mut rest = text;
    while !rest.is_empty() {
        match read_range(rest) {
            Some((low, high, after)) => {
                let whole = rest.get(..rest.len() - after.len()).unwrap_or(rest);
                out = out.replacen(whole, &format!(">= {low}, <= {high} "), 1);
                rest = after;
            }
            None => {
                let mut chars = rest.chars();
                chars.next();
                rest = chars.as_str();
            }
        }
    }
    out
}

/// Reads a range at the start, white space around it included.
fn read_range(text: &str) -> Option<(&str, &str, &str)> {
    let (low, rest) = Pattern::read(trim_spaces(text))?;
    let (_, rest) = run(rest, is_space)?;
    let (_, rest) = run(rest.strip_prefix('-')?, is_space)?;
    let (high, rest) = Pattern::read(rest)?;
    Some((low.whole, high.whole, trim_spaces(rest)))
}

fn is_x(part: &str) -> bool {
    matches!(part, "x" | "X" | "*")
}

fn only_releases(version: &Version) -> String {
    format!("\"{version}\" is a prerelease version and the constraint is only looking for release versions")
}

impl Constraint {
    fn new(operator: &str, pattern: Pattern<'_>) -> Result<Self, Error> {
        let Pattern { whole, major, minor, patch, pre } = pattern;
        let open = |part: &str| part.is_empty() || is_x(part.trim_start_matches('.'));
        let (mut dirty, mut minor_dirty, mut patch_dirty) = (false, false, false);
        let version = if open(major) {
            dirty = true;
            format!("0.0.0{pre}")
        } else if open(minor) {
            (dirty, minor_dirty) = (true, true);
            format!("{major}.0.0{pre}")
        } else if open(patch) {
            (dirty, patch_dirty) = (true, true);
            format!("{major}{minor}.0{pre}")
        } else {
            whole.to_owned()
        };
        let con = Version::parse(&version).map_err(|_| Error::ConstraintParser)?;
        let op = match operator {
            "!=" => Op::NotEqual,
            ">" => Op::Greater,
            "<" => Op::Less,
            ">=" | "=>" => Op::GreaterEqual,
            "<=" | "=<" => Op::LessEqual,
            "~" | "~>" => Op::Tilde,
            "^" => Op::Caret,
            _ => Op::TildeOrEqual,
        };
        Ok(Self {
            op,
            op_text: operator.to_owned(),
            con,
            orig: whole.to_owned(),
            dirty,
            minor_dirty,
            patch_dirty,
        })
    }

    /// `Err` holds the reason.
    fn check(&self, v: &Version, prereleases: bool) -> Result<(), String> {
        // An `x` or a missing part never matches a prerelease unless the group names one.
        if !v.pre.is_empty() && !prereleases {
            return Err(only_releases(v));
        }
        match self.op {
            Op::TildeOrEqual if self.dirty => self.check_tilde(v),
            Op::TildeOrEqual => self.require(v.compare(&self.con).is_eq(), v, "is not equal to"),
            Op::NotEqual => self.require(!self.is_equal(v), v, "is equal to"),
            Op::Greater => self.require(self.is_greater(v), v, "is less than or equal to"),
            Op::Less => self.require(v.compare(&self.con).is_lt(), v, "is greater than or equal to"),
            Op::GreaterEqual => self.require(v.compare(&self.con).is_ge(), v, "is less than"),
            Op::LessEqual => self.require(self.is_less_equal(v), v, "is greater than"),
            Op::Tilde => self.check_tilde(v),
            Op::Caret => self.check_caret(v),
        }
    }

    fn require(&self, holds: bool, v: &Version, reason: &str) -> Result<(), String> {
        if holds { Ok(()) } else { Err(format!("\"{v}\" {reason} \"{}\"", self.orig)) }
    }

    fn is_equal(&self, v: &Version) -> bool {
        let con = &self.con;
        if self.dirty {
            if con.major != v.major || (con.minor != v.minor && !self.minor_dirty) {
                return false;
            }
            if self.minor_dirty {
                return true;
            }
            if con.patch != v.patch && !self.patch_dirty {
                return false;
            }
            if self.patch_dirty {
                return compare_prerelease(&v.pre, &con.pre).is_eq();
            }
        }
        v.compare(con).is_eq()
    }

    fn is_greater(&self, v: &Version) -> bool {
        if !self.dirty {
            return v.compare(&self.con).is_gt();
        }
        match v.major.cmp(&self.con.major) {
            Ordering::Greater => true,
            Ordering::Less => false,
            // `>11` needs 12; `>11.1` needs 11.2.
            Ordering::Equal if self.minor_dirty => false,
            Ordering::Equal if self.patch_dirty => v.minor > self.con.minor,
            Ordering::Equal => v.compare(&self.con).is_gt(),
        }
    }

    fn is_less_equal(&self, v: &Version) -> bool {
        if !self.dirty {
            return v.compare(&self.con).is_le();
        }
        !(v.major > self.con.major
            || (v.major == self.con.major && v.minor > self.con.minor && !self.minor_dirty))
    }

    fn check_tilde(&self, v: &Version) -> Result<(), String> {
        let con = &self.con;
        self.require(v.compare(con).is_ge(), v, "is less than")?;
        // `~0.0.0` and `*` accept everything from there on.
        if con.major == 0 && con.minor == 0 && con.patch == 0 && !self.minor_dirty && !self.patch_dirty {
            return Ok(());
        }
        self.require(v.major == con.major, v, "does not have same major version as")?;
        self.require(
            v.minor == con.minor || self.minor_dirty,
            v,
            "does not have same major and minor version as",
        )
    }

    fn check_caret(&self, v: &Version) -> Result<(), String> {
        let con = &self.con;
        self.require(v.compare(con).is_ge(), v, "is less than")?;
        if con.major > 0 || self.minor_dirty {
            return self.require(v.major == con.major, v, "does not have same major version as");
        }
        self.require(v.major == 0, v, "does not have same major version as")?;
        if con.minor > 0 || self.patch_dirty {
            return if v.minor == con.minor {
                Ok(())
            } else {
                Err(format!(
                    "\"{v}\" does not have same minor version as \"{}\". Expected minor versions to match when constraint major version is 0",
                    self.orig
                ))
            };
        }
        self.require(v.minor == 0, v, "does not have same minor version as")?;
        if v.patch == con.patch {
            Ok(())
        } else {
            Err(format!(
                "\"{v}\" does not equal \"{}\". Expect version and constraint to equal when major and minor versions are 0",
                self.orig
            ))
        }
    }
}

/// Whether a version meets a constraint; unreadable ones never do.
#[must_use]
pub fn meets(constraint: &str, version: &str) -> bool {
    let Ok(version) = Version::parse(version) else { return false };
    Constraints::parse(constraint).is_ok_and(|constraints| constraints.check(&version))
}
