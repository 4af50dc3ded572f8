//! The functions of templates: sprig 3.3.0's and Helm 4.3.1's own, with their Go signatures, results and errors.
//!
//! One table a file ([`helm`] joins them). A function sees its arguments and, through [`Ctx`], what the render's
//! surroundings supply (clock, randomness, cluster); nothing here reads the machine. Text is bytes. Where Go
//! iterates in random order the order here is sorted.
//!
//! [`Ctx`]: super::func::Ctx

use super::exec;
use super::func::Funcs;

mod casing;
mod cast;
mod common;
mod crypto;
mod dates;
mod dicts;
mod encoding;
mod flow;
mod gotime;
mod lists;
mod number;
mod numeric;
mod paths;
mod patterns;
mod random;
mod regexp;
mod runes;
mod serial;
mod strings;
#[cfg(test)]
mod tests;
mod text;
mod toml;
mod urls;

/// How much slower than a copy the functions go through their arguments that do more: rough, and on the safe side.
const WEIGHTS: &[(usize, &[&str])] = &[
    (2, &["b32enc", "b64dec", "b64enc", "indent", "nindent", "quote", "squote", "trim", "upper", "lower"]),
    (
        8,
        &[
            "adler32sum",
            "b32dec",
            "encryptAES",
            "decryptAES",
            "mergeOverwrite",
            "merge",
            "sha1sum",
            "sha256sum",
        ],
    ),
    (8, &["sha512sum", "urlParse", "urlJoin", "regexFind", "mustRegexFind", "regexMatch", "mustRegexMatch"]),
    (
        8,
        &[
            "regexFindAll",
            "mustRegexFindAll",
            "regexReplaceAll",
            "mustRegexReplaceAll",
            "regexReplaceAllLiteral",
        ],
    ),
    (
        8,
        &[
            "mustRegexReplaceAllLiteral",
            "regexSplit",
            "mustRegexSplit",
            "regexQuoteMeta",
            "toJson",
            "mustToJson",
        ],
    ),
    (
        32,
        &[
            "fromYaml",
            "fromYamlArray",
            "fromJson",
            "fromJsonArray",
            "mustFromJson",
            "fromToml",
            "keys",
            "omit",
        ],
    ),
    (
        32,
        &[
            "split",
            "splitList",
            "splitn",
            "toStrings",
            "values",
            "date",
            "dateInZone",
            "date_in_zone",
            "toDate",
        ],
    ),
    (64, &["abbrev", "abbrevboth", "initials", "nospace", "sortAlpha", "substr", "wrap", "wrapWith"]),
    (128, &["camelcase", "kebabcase", "shuffle", "snakecase", "swapcase", "title", "untitle"]),
];

/// Every function a chart's template may call, besides the built-ins of `text/template`.
#[must_use]
pub fn helm() -> Funcs {
    let tables = [
        exec::FUNCS,
        serial::FUNCS,
        strings::FUNCS,
        urls::FUNCS,
        numeric::FUNCS,
        lists::FUNCS,
        crypto::FUNCS,
        dates::FUNCS,
        dicts::FUNCS,
        flow::FUNCS,
        encoding::FUNCS,
        paths::FUNCS,
        patterns::FUNCS,
        random::FUNCS,
    ];
    // The caller adds a few of its own.
    let mut funcs = Funcs::with_capacity(tables.iter().map(|table| table.len()).sum::<usize>() + 16);
    tables.into_iter().for_each(|table| funcs.register(table));
    for (weight, names) in WEIGHTS {
        for name in *names {
            funcs.weigh(name, *weight);
        }
    }
    funcs
}
