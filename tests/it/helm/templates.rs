//! Templates out of a grammar: actions, scopes, pipelines, and calls of every function with arguments by its signature.

use super::Case;
use super::draw::Draw;
use std::fs;
use std::path::Path;

/// Functions whose results are others each time, go by the machine's clock, or take long; and those called otherwise here.
const LEFT_OUT: &[&str] = &[
    "ago",
    "bcrypt",
    "buildCustomCert",
    "date",
    "decryptAES",
    "derivePassword",
    "durationRound",
    "encryptAES",
    "env",
    "expandenv",
    "fail",
    "fromToml",
    "genCA",
    "genCAWithKey",
    "genPrivateKey",
    "genSelfSignedCert",
    "genSelfSignedCertWithKey",
    "genSignedCert",
    "genSignedCertWithKey",
    "getHostByName",
    "htmlDate",
    "htpasswd",
    "include",
    "keys",
    "lookup",
    "mustToDate",
    "now",
    "randAlpha",
    "randAlphaNum",
    "randAscii",
    "randBytes",
    "randInt",
    "randNumeric",
    "shuffle",
    "toDate",
    "tpl",
    "uuidv4",
    "values",
    "hello",
    "pluck",
    "repeat",
    "seq",
    "until",
    "untilStep",
    "ternary",
];

/// Functions of Go's own `text/template`, with signatures as in `functions.facts`.
const BUILTIN: &[&str] = &[
    "and func(...interface {}) interface {}",
    "or func(...interface {}) interface {}",
    "not func(interface {}) bool",
    "len func(interface {}) int",
    "eq func(interface {}, interface {}) bool",
    "ne func(interface {}, interface {}) bool",
    "lt func(interface {}, interface {}) bool",
    "le func(string, string) bool",
    "gt func(int, int) bool",
    "ge func(int, int) bool",
    "html func(...interface {}) string",
    "js func(...interface {}) string",
    "urlquery func(...interface {}) string",
    "print func(...interface {}) string",
    "println func(...interface {}) string",
    "index func(map[string]interface {}, string) interface {}",
    "slice func(string, int, int) string",
    "ternary func(interface {}, interface {}, bool) interface {}",
    "until func(small) []int",
    "untilStep func(small, small, small) []int",
    "repeat func(small, string) string",
    "seq func(small, small) string",
    "pluck func(string, map[string]interface {}) []interface {}",
];

struct Function {
    name: String,
    parameters: Vec<String>,
    variadic: bool,
    result: String,
}

fn functions() -> &'static [Function] {
    static ALL: std::sync::OnceLock<Vec<Function>> = std::sync::OnceLock::new();
    ALL.get_or_init(|| {
        let facts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/facts/functions.facts");
        let facts = fs::read_to_string(facts).unwrap();
        let of_helm = facts.lines().filter(|line| !LEFT_OUT.contains(&line.split(' ').next().unwrap()));
        of_helm.chain(BUILTIN.iter().copied()).map(signature).collect()
    })
}

/// Reads `name func(T, ...T) (T, error)`.
fn signature(line: &str) -> Function {
    let (name, rest) = line.split_once(" func(").unwrap();
    let (parameters, result) = rest.split_once(')').unwrap();
    let mut parameters: Vec<String> =
        parameters.split(", ").filter(|p| !p.is_empty()).map(str::to_owned).collect();
    let variadic = parameters.last().is_some_and(|last| last.starts_with("..."));
    if let Some(last) = parameters.last_mut() {
        *last = last.trim_start_matches("...").to_owned();
    }
    let result = result.trim().trim_start_matches('(').split([',', ')']).next().unwrap().to_owned();
    // Where Go's type says less than the function wants.
    let bare = name.strip_prefix("must").unwrap_or(name).to_lowercase();
    let list = match bare.as_str() {
        "first" | "last" | "initial" | "rest" | "reverse" | "uniq" | "compact" | "append" | "push"
        | "prepend" | "without" => 0..1,
        "has" | "chunk" | "join" => 1..2,
        "concat" => 0..1,
        _ => 0..0,
    };
    for parameter in &mut parameters[list] {
        *parameter = "[]interface {}".to_owned();
    }
    if bare == "dig" {
        parameters = ["string", "interface {}", "map[string]interface {}"].map(str::to_owned).to_vec();
    }
    let variadic = variadic && bare != "dig";
    Function { name: name.to_owned(), parameters, variadic, result }
}

/// A template, with what it defines and with variables that its expressions may use.
struct Writer<'a> {
    draw: &'a mut Draw,
    head: String,
    variables: Vec<String>,
    /// How many loops the place is in.
    loops: usize,
}

pub fn case(draw: &mut Draw) -> Case {
    let mut writer = Writer { draw, head: String::new(), variables: Vec::new(), loops: 0 };
    let body = writer.list(2);
    Case { head: writer.head, body }
}

impl Writer<'_> {
    /// Text and actions one after the other.
    fn list(&mut self, depth: usize) -> String {
        let known = self.variables.len();
        let mut out = String::new();
        for _ in 0..1 + self.draw.below(2) {
            if self.draw.once_in(3) {
                let text = self.draw.text().replace("{{", "{ {");
                out.push_str(&text);
            }
            out.push_str(&self.action(depth));
        }
        self.variables.truncate(known);
        out
    }

    fn braces(&mut self, inside: &str) -> String {
        let left = if self.draw.once_in(6) { "{{- " } else { self.draw.of(&["{{ ", "{{ ", "{{"]) };
        let right = if self.draw.once_in(6) { " -}}" } else { self.draw.of(&[" }}", " }}", "}}", "\n}}"]) };
        format!("{left}{inside}{right}")
    }

    fn action(&mut self, depth: usize) -> String {
        match self.draw.below(if depth == 0 { 5 } else { 14 }) {
            0..=3 => {
                let inside = self.pipeline(2);
                self.braces(&inside)
            }
            4 => {
                let value = self.pipeline(2);
                if !self.variables.is_empty() && self.draw.once_in(3) {
                    let at = self.draw.below(self.variables.len());
                    let name = self.variables[at].clone();
                    return self.braces(&format!("{name} = {value}"));
                }
                let name = format!("${}", self.draw.name());
                let action = self.braces(&format!("{name} := {value}"));
                self.variables.push(name);
                action
            }
            5..=7 => {
                let (condition, then) = (self.pipeline(2), self.list(depth - 1));
                let mut out = format!("{}{then}", self.braces(&format!("if {condition}")));
                if self.draw.once_in(3) {
                    let (condition, then) = (self.pipeline(1), self.list(depth - 1));
                    out.push_str(&format!("{}{then}", self.braces(&format!("else if {condition}"))));
                }
                if self.draw.once_in(2) {
                    out.push_str(&format!("{}{}", self.braces("else"), self.list(depth - 1)));
                }
                out + &self.braces("end")
            }
            8 | 9 => self.range(depth),
            10 => {
                let value = self.pipeline(1);
                let known = self.variables.len();
                let head = if self.draw.once_in(2) {
                    let name = format!("${}", self.draw.name());
                    self.variables.push(name.clone());
                    format!("with {name} := {value}")
                } else {
                    format!("with {value}")
                };
                let mut out = format!("{}{}", self.braces(&head), self.list(depth - 1));
                if self.draw.once_in(3) {
                    out.push_str(&format!("{}{}", self.braces("else"), self.list(depth - 1)));
                }
                self.variables.truncate(known);
                out + &self.braces("end")
            }
            11 => {
                // A definition knows no variable of this place.
                let outer = std::mem::take(&mut self.variables);
                let loops = std::mem::take(&mut self.loops);
                let (name, body) = (self.draw.name(), self.list(depth - 1));
                (self.variables, self.loops) = (outer, loops);
                self.head.push_str(&format!("{{{{ define {name:?} }}}}{body}{{{{ end }}}}"));
                let data = match self.draw.below(5) {
                    0 => self.argument("interface {}", 1),
                    1 => format!("(dict \"Values\" $.Values \"a\" {})", self.argument("interface {}", 1)),
                    _ => "$".to_owned(),
                };
                let call = if self.draw.once_in(2) {
                    format!(
                        "include {name:?} {data}{}",
                        self.draw.of(&["", " | trim", " | quote", " | nindent 2", " | upper", " | toJson"])
                    )
                } else {
                    format!("template {name:?} {data}")
                };
                self.braces(&call)
            }
            12 => {
                let loops = std::mem::take(&mut self.loops);
                let outer = std::mem::take(&mut self.variables);
                let inner = self.list(1).replace('`', "'");
                (self.variables, self.loops) = (outer, loops);
                self.braces(&format!("tpl `{inner}` $"))
            }
            _ => self
                .draw
                .of(&["{{/* a comment */}}", "{{- /* a comment */ -}}", "{{/* over\nlines */ -}}"])
                .to_owned(),
        }
    }

    fn range(&mut self, depth: usize) -> String {
        let over = match self.draw.below(6) {
            0 => self
                .draw
                .of(&["3", "0", "until 3", "(seq 1 3 | splitList \" \")", "$.Values.n", "1.5", "-1"])
                .to_owned(),
            1 => self.pipeline(1),
            _ => self
                .draw
                .of(&[
                    "$.Values.list",
                    "$.Values.map",
                    "$.Values.labels",
                    "$.Values.names",
                    "$.Values.none",
                    "$.Values.void",
                    "$.Values.pairs",
                    "$.Values.nil",
                    "$.Values.missing",
                ])
                .to_owned(),
        };
        let known = self.variables.len();
        let head = match self.draw.below(3) {
            0 => format!("range {over}"),
            1 => {
                self.variables.push(format!("${}", self.draw.name()));
                format!("range {} := {over}", self.variables[known])
            }
            _ => {
                for _ in 0..2 {
                    let name = format!("${}", self.draw.name());
                    self.variables.push(name);
                }
                format!("range {}, {} := {over}", self.variables[known], self.variables[known + 1])
            }
        };
        self.loops += 1;
        let mut out = format!("{}{}", self.braces(&head), self.list(depth - 1));
        if self.draw.once_in(3) {
            let leave = self.draw.of(&["break", "continue"]);
            let condition = self.pipeline(1);
            out.push_str(&format!("{{{{ if {condition} }}}}{{{{ {leave} }}}}{{{{ end }}}}"));
        }
        self.loops -= 1;
        if self.draw.once_in(3) {
            out.push_str(&format!("{}{}", self.braces("else"), self.list(depth - 1)));
        }
        self.variables.truncate(known);
        out + &self.braces("end")
    }

    /// One command, or several with the value passed on.
    fn pipeline(&mut self, depth: usize) -> String {
        let (mut out, mut kind) = self.head(depth);
        while self.draw.once_in(3) {
            let takes = |f: &&Function| {
                f.parameters.last().is_some_and(|last| *last == kind || last == "interface {}")
            };
            let fitting: Vec<&Function> = functions().iter().filter(takes).collect();
            let function = fitting[self.draw.below(fitting.len())];
            let next = self.call(function, depth, true);
            out = format!("{out} | {next}");
            kind.clone_from(&function.result);
        }
        out
    }

    /// What a pipeline begins with, and its type.
    fn head(&mut self, depth: usize) -> (String, String) {
        if self.draw.once_in(4) {
            let kind = self.draw.of(&["interface {}", "string", "[]interface {}", "map[string]interface {}"]);
            return (self.argument(kind, depth), kind.to_owned());
        }
        let all = functions();
        let function = &all[self.draw.below(all.len())];
        (self.call(function, depth, false), function.result.clone())
    }

    fn call(&mut self, function: &Function, depth: usize, piped: bool) -> String {
        let mut kinds: Vec<&str> = function.parameters.iter().map(String::as_str).collect();
        if function.variadic {
            let last = kinds.pop().unwrap();
            kinds.extend(std::iter::repeat_n(last, self.draw.below(4)));
        }
        if piped {
            kinds.pop();
        }
        if self.draw.once_in(200) {
            kinds.push("interface {}");
        }
        let mut out = function.name.clone();
        for (at, kind) in kinds.iter().enumerate() {
            let argument = match self.known(&function.name, at) {
                // Whatever is no time stands for now.
                Some(fitting)
                    if function.name.contains("InZone")
                        || function.name.contains("in_zone")
                        || !self.draw.once_in(40) =>
                {
                    fitting
                }
                _ => self.argument(kind, depth.saturating_sub(1)),
            };
            out.push(' ');
            out.push_str(&argument);
        }
        out
    }

    /// Arguments that mean something to this function.
    fn known(&mut self, function: &str, at: usize) -> Option<String> {
        let choices: &[&str] = match (function, at) {
            ("printf", 0) => return Some(format!("{:?}", self.format())),
            (name, 0) if name.to_lowercase().contains("regex") && name != "regexQuoteMeta" => &[
                "`a+`",
                "`[a-z]*`",
                "`(\\w+) (\\w+)`",
                "`^$`",
                "`.`",
                "`(?i)WORD`",
                "`\\d{1,3}`",
                "`[^ ]+`",
                "`(a|b)*?`",
                "`(?P<n>x)`",
                "`[`",
                "`\\pL`",
                "`(?m)^.`",
                "`\\b`",
                "`x{2,1}`",
                "``",
                "`[[:alpha:]]+`",
                "`\\Qa.b\\E`",
            ],
            ("dateInZone" | "date_in_zone", 0) => &[
                "\"2006-01-02 15:04:05 MST\"",
                "\"Mon Jan _2\"",
                "\"3:04PM .000\"",
                "\"02/01/06 -0700\"",
                "\"\"",
            ],
            ("dateInZone" | "date_in_zone", 1) => &["0", "1700000000", "(int64 1e9)"],
            ("dateInZone" | "date_in_zone", 2) | ("htmlDateInZone", 1) => {
                &["\"UTC\"", "\"Europe/Berlin\"", "\"Nowhere\"", "\"\""]
            }
            ("htmlDateInZone", 0) => &["0", "1700000000"],
            ("semverCompare", 0) => &[
                "\">=1.2.3\"",
                "\"^1\"",
                "\"~1.2\"",
                "\"1.x || >=3\"",
                "\"1.2 - 2\"",
                "\"!=1.0.0\"",
                "\">1.0-0\"",
                "\"x\"",
            ],
            ("semverCompare", 1) | ("semver", 0) => {
                &["\"1.2.3\"", "\"v2.0.0-rc.1+b\"", "\"1\"", "\"1.2\"", "\"x\"", "\"01.2.3\""]
            }
            ("fromJson" | "mustFromJson", 0) => &[
                "`{\"a\":1,\"b\":[null,1.5e3]}`",
                "`[1]`",
                "`{`",
                "`null`",
                "`1`",
                "\"\"",
                "`{\"a\":\"\\u00e9\\ud83d\"}`",
            ],
            ("fromJsonArray", 0) => &["`[1,\"a\",null]`", "`{}`", "`[1`", "`1 2`"],
            ("fromYaml", 0) => &[
                "\"a: 1\"",
                "\"- a\"",
                "\"a: b: c\"",
                "\"a\"",
                "\"\"",
                "\"a: [1, yes]\\nb: ~\"",
                "$.Values.odd",
            ],
            ("fromYamlArray", 0) => &["\"- a\\n- 1\"", "\"a: 1\"", "\"[1, 2\"", "\"\""],
            ("index", _) | ("get" | "hasKey" | "unset" | "pick" | "omit", 1) | ("pluck" | "dig", 0) => {
                if at == 0 && function == "index" {
                    &["$.Values.map", "$.Values.list", "$.Values.labels", "$.Values.missing"]
                } else {
                    &["\"a\"", "\"b\"", "\"x.y\"", "\"none\"", "0", "\"app\""]
                }
            }
            ("dict", at) if at % 2 == 0 => {
                return Some(format!("{:?}", self.draw.of(&["a", "b", "c d", "", "1"])));
            }
            ("split" | "splitList" | "join" | "regexSplit" | "splitn", 0) => {
                &["\",\"", "\" \"", "\"\"", "\".\"", "\"a\""]
            }
            (
                "indent" | "nindent" | "trunc" | "abbrev" | "wrap" | "substr" | "abbrevboth" | "wrapWith"
                | "initials",
                0,
            )
            | ("substr" | "abbrevboth" | "splitn", 1) => &["0", "1", "2", "5", "10", "-1", "-3", "40"],
            ("kindIs" | "typeIs" | "typeIsLike", 0) => &[
                "\"string\"",
                "\"int\"",
                "\"map\"",
                "\"float64\"",
                "\"slice\"",
                "\"invalid\"",
                "\"[]interface {}\"",
            ],
            ("required", 0) => &["\"is needed\"", "\"\""],
            ("durationRoundTo" | "durationTruncateTo" | "mustToDuration" | "duration", _) => {
                &["\"1h30m5.5s\"", "90", "1.5", "\"x\"", "\"-2m\"", "(int64 90000000000)", "\"100h\""]
            }
            ("round", 1) => &["0", "1", "2", "-1", "5"],
            _ => return None,
        };
        Some(self.draw.of(choices).to_owned())
    }

    fn format(&mut self) -> String {
        let mut format = String::new();
        for _ in 0..1 + self.draw.below(3) {
            format.push_str(self.draw.of(&["", "a ", "%%", "é"]));
            format.push('%');
            format.push_str(self.draw.of(&["", "", "", "+", "-", "#", "0", " ", "+#", "-0", "[1]", "*"]));
            format.push_str(self.draw.of(&["", "", "", "5", "08", "12", ".2", "6.3", ".", ".0", "3."]));
            format.push_str(self.draw.of(&[
                "v", "v", "s", "d", "q", "T", "x", "X", "f", "g", "e", "t", "c", "U", "b", "o", "O", "G",
                "z", "",
            ]));
        }
        format
    }

    /// An operand of a Go type, now and then of another.
    fn argument(&mut self, kind: &str, depth: usize) -> String {
        if self.draw.once_in(120) {
            let other = self.draw.of(&[
                "string",
                "int",
                "bool",
                "map[string]interface {}",
                "[]interface {}",
                "float64",
            ]);
            return self.plain(other);
        }
        if depth > 0 && self.draw.once_in(3) {
            let fitting: Vec<&Function> =
                functions().iter().filter(|f| kind == "interface {}" || f.result == kind).collect();
            if !fitting.is_empty() {
                let function = fitting[self.draw.below(fitting.len())];
                let call = self.call(function, depth - 1, false);
                return if self.draw.once_in(60) { format!("({call}).a") } else { format!("({call})") };
            }
        }
        self.plain(kind)
    }

    fn plain(&mut self, kind: &str) -> String {
        match kind {
            "string" => match self.draw.below(4) {
                0 => self
                    .draw
                    .of(&[
                        "$.Values.s",
                        "$.Values.odd",
                        "$.Values.lines",
                        "$.Values.empty",
                        "$.Values.num",
                        "$.Values.map.b.c.d",
                    ])
                    .to_owned(),
                _ => format!("{:?}", self.draw.text())
                    .replace("\\u{", "\\U{")
                    .split("\\U{")
                    .enumerate()
                    .map(code_point)
                    .collect(),
            },
            "small" => self.draw.of(&["0", "1", "3", "5", "-2"]).to_owned(),
            "int" | "int64" | "uint32" => self.draw.whole(),
            "float64" => self.draw.float(),
            "bool" => self.draw.of(&["true", "false", "$.Values.yes", "$.Values.no"]).to_owned(),
            "map[string]interface {}" => self
                .draw
                .of(&[
                    "$.Values.map",
                    "$.Values.labels",
                    "$.Values.void",
                    "(dict \"a\" 1)",
                    "$.Values.map.b",
                    "(deepCopy $.Values.map)",
                    "(dict)",
                ])
                .to_owned(),
            "[]interface {}" => self
                .draw
                .of(&[
                    "$.Values.list",
                    "$.Values.names",
                    "$.Values.none",
                    "(list 1 \"a\" nil)",
                    "$.Values.pairs",
                    "(list)",
                ])
                .to_owned(),
            "[]string" => "($.Values.s | splitList \"e\")".to_owned(),
            "time.Time" => "(toDate \"2006-01-02\" \"2024-02-29\")".to_owned(),
            _ => match self.draw.below(12) {
                0 => self.plain("string"),
                1 => self.plain("int"),
                2 => self.plain("float64"),
                3 => self.plain("bool"),
                4 => self.plain("map[string]interface {}"),
                5 => self.plain("[]interface {}"),
                6 => ".".to_owned(),
                7 if !self.variables.is_empty() => {
                    let at = self.draw.below(self.variables.len());
                    self.variables[at].clone()
                }
                8 => self
                    .draw
                    .of(&["nil", "$.Values.missing", "$.Values.nil", "($.Values.missing).deeper"])
                    .to_owned(),
                9 => self
                    .draw
                    .of(&["'x'", "'\\n'", "`raw`", "0x1F", "1_000", "1e3", "-0.0", "\"\\x41\\101\\u00e9\""])
                    .to_owned(),
                _ => self
                    .draw
                    .of(&[
                        "$.Values.n",
                        "$.Values.big",
                        "$.Values.f",
                        "$.Values.neg",
                        "$.Values.s",
                        "$.Values.list",
                        "$.Values.map",
                        "$.Values.ints",
                    ])
                    .to_owned(),
            },
        }
    }
}

/// Rust's `\u{e9}` in a quoted text, as Go writes it.
fn code_point((at, part): (usize, &str)) -> String {
    match part.split_once('}') {
        Some((hex, rest)) if at > 0 => format!("\\U{hex:0>8}{rest}"),
        _ => part.to_owned(),
    }
}
