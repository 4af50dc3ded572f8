//! What functions make of values that are not known.
//!
//! Most of them print, compare or convert: nothing that leads to a key comes out. The others are listed here.

use super::abs::{Abs, Object, WHATEVER, concat};
use super::walk::Walk;
use std::collections::BTreeSet;

/// A call. The arguments are those written, then the piped one.
pub fn call(walk: &mut Walk<'_>, name: &str, args: &[Abs]) -> Abs {
    let none = Abs::default();
    let arg = |index: usize| args.get(index).unwrap_or(&none);
    let last = || args.last().unwrap_or(&none);
    match name {
        "include" => walk.include(arg(0), arg(1)),
        "tpl" => walk.tpl(arg(0), arg(1)),

        // One of the arguments, as it is.
        "default" | "coalesce" | "and" | "or" => either(args),
        "ternary" => either(args.get(..2).unwrap_or(args)),
        "required" => last().clone(),
        "deepCopy" | "mustDeepCopy" => fresh(walk, last()),
        "fail" => none,

        // Lists.
        "list" | "tuple" => match args.iter().map(one).collect::<Option<Vec<&str>>>() {
            Some(texts) if !texts.is_empty() && args.iter().all(is_text) => {
                Abs::sequence(texts.into_iter().map(str::to_owned).collect())
            }
            _ => Abs::list(either(args)),
        },
        "concat" => either(args),
        "append" | "push" | "mustAppend" | "mustPush" | "prepend" | "mustPrepend" => {
            arg(0).clone().or(&Abs::list(arg(1).clone()))
        }
        "first" | "mustFirst" | "last" | "mustLast" => walk.heap.each(arg(0)),
        "rest" | "mustRest" | "initial" | "mustInitial" | "reverse" | "mustReverse" | "uniq" | "mustUniq"
        | "compact" | "mustCompact" | "sortAlpha" | "toStrings" => arg(0).clone(),
        "without" | "mustWithout" | "slice" | "mustSlice" => arg(0).clone(),
        "chunk" | "mustChunk" => Abs::list(last().clone()),
        "splitList" if one(arg(0)).is_some() && one(arg(1)).is_some() && is_text(arg(1)) => {
            let (at, text) = (one(arg(0)).unwrap_or_default(), one(arg(1)).unwrap_or_default());
            match at.is_empty() {
                true => Abs::list(Abs::constant(WHATEVER)),
                false => Abs::sequence(text.split(at).map(str::to_owned).collect()),
            }
        }
        "split" | "splitList" | "splitn" | "regexSplit" | "mustRegexSplit" => Abs::list(last().as_text()),

        // Maps.
        "dict" => dict(walk, args),
        "get" => walk.heap.index(arg(0), arg(1)),
        "hasKey" => {
            if !arg(1).constants.is_empty() {
                walk.heap.index(arg(0), arg(1));
            }
            none
        }
        "index" => args.iter().skip(1).fold(arg(0).clone(), |value, key| walk.heap.index(&value, key)),
        "dig" => dig(walk, args),
        "pluck" => {
            let mut found = Abs::default();
            for map in args.iter().skip(1) {
                let field = walk.heap.index(map, arg(0));
                found.join(&field);
            }
            Abs::list(found)
        }
        "pick" => pick(walk, args),
        "omit" => arg(0).clone(),
        "keys" => {
            walk.heap.each(&either(args));
            let names = args.iter().flat_map(|map| walk.heap.names(map)).collect();
            Abs::list(Abs { constants: names, ..Abs::default() })
        }
        "values" => {
            let each = walk.heap.each(arg(0));
            Abs::list(each)
        }
        "set" => {
            walk.heap.write(arg(0), arg(1), arg(2));
            arg(0).clone()
        }
        "unset" => arg(0).clone(),
        "merge" | "mergeOverwrite" | "mustMerge" | "mustMergeOverwrite" => {
            for other in args.iter().skip(1) {
                walk.heap.merge(arg(0), other);
            }
            if arg(0).objects.is_empty() { either(args) } else { arg(0).clone() }
        }

        // Texts of whole values, and back.
        "toYaml" | "mustToYaml" | "toYamlPretty" | "toJson" | "mustToJson" | "toPrettyJson"
        | "mustToPrettyJson" | "toRawJson" | "mustToRawJson" | "toToml" | "mustToToml" => {
            Abs::text_of(last().clone())
        }
        "fromYaml" | "mustFromYaml" | "fromJson" | "mustFromJson" | "fromToml" | "fromYamlArray"
        | "fromJsonArray" => {
            let read = last().text.as_deref().cloned().unwrap_or_default();
            fresh(walk, &read)
        }

        // Nothing of a value is left in its digest.
        "sha256sum" | "sha1sum" | "sha512sum" | "adler32sum" | "bcrypt" | "htpasswd" | "derivePassword" => {
            none
        }

        // Names that are put together.
        "print" | "printf" => formatted(name, args),
        "lower" | "upper" | "title" | "untitle" | "camelcase" | "kebabcase" | "snakecase" | "replace"
        | "trimSuffix" | "trimPrefix" | "trunc" | "nospace" => strings(name, args),
        "trim" | "toString" | "quote" | "squote" | "indent" | "nindent" => {
            Abs { constants: last().constants.clone(), ..last().as_text() }
        }

        // Whatever is left works on text.
        _ => args.iter().fold(none, |all, arg| all.or(&arg.as_text())),
    }
}

/// A copy: what is written into it is not written into the value.
fn fresh(walk: &mut Walk<'_>, value: &Abs) -> Abs {
    if value.keys.is_empty() && value.objects.is_empty() && value.roots.is_empty() {
        return value.clone();
    }
    let object = Object { merged: value.clone(), ..Object::default() };
    Abs { items: value.items.clone(), ..Abs::object(walk.heap.make(object)) }
}

fn either(args: &[Abs]) -> Abs {
    args.iter().fold(Abs::default(), |all, arg| all.or(arg))
}

fn dict(walk: &mut Walk<'_>, args: &[Abs]) -> Abs {
    let mut object = Object::default();
    for pair in args.chunks(2) {
        let [name, rest @ ..] = pair else { continue };
        let value = rest.first().cloned().unwrap_or_default();
        let Some(known) = name.known() else {
            object.rest.join(&value);
            continue;
        };
        for name in known {
            object.fields.entry(name.clone()).or_default().join(&value);
        }
    }
    Abs::object(walk.heap.make(object))
}

/// `dig "a" "b" default map`
fn dig(walk: &mut Walk<'_>, args: &[Abs]) -> Abs {
    let [names @ .., default, map] = args else { return Abs::default() };
    let mut value = map.clone();
    for name in names {
        value = walk.heap.index(&value, name);
    }
    value.or(default)
}

fn pick(walk: &mut Walk<'_>, args: &[Abs]) -> Abs {
    let Some((map, names)) = args.split_first() else { return Abs::default() };
    if names.iter().any(|name| name.constants.is_empty()) {
        return map.clone();
    }
    let mut object = Object::default();
    for name in names.iter().flat_map(|name| &name.constants) {
        if name.contains(WHATEVER) {
            return map.clone();
        }
        let field = walk.heap.field(map, name);
        object.fields.insert(name.clone(), field);
    }
    Abs::object(walk.heap.make(object))
}

/// What `print` and `printf` make of constants; what is not known stays a gap.
fn formatted(name: &str, args: &[Abs]) -> Abs {
    let mut all = args.iter().fold(Abs::default(), |all, arg| all.or(&arg.as_text()));
    let gap = BTreeSet::from([WHATEVER.to_string()]);
    let known = |arg: Option<&Abs>| match arg {
        Some(arg) if !arg.constants.is_empty() => arg.constants.clone(),
        _ => gap.clone(),
    };
    if name == "print" {
        let empty = BTreeSet::from([String::new()]);
        all.constants = args.iter().fold(empty, |texts, arg| concat(&texts, &known(Some(arg))));
        return all;
    }
    let mut texts = BTreeSet::new();
    for format in args.first().map(|format| &format.constants).into_iter().flatten() {
        let mut made = BTreeSet::from([String::new()]);
        let mut parts = format.split('%');
        if let Some(first) = parts.next() {
            made = concat(&made, &BTreeSet::from([first.to_owned()]));
        }
        for (part, arg) in parts.zip(args.iter().skip(1).map(Some).chain(std::iter::repeat(None))) {
            if let Some(after) = part.strip_prefix('s') {
                made = concat(&made, &known(arg));
                made = concat(&made, &BTreeSet::from([after.to_owned()]));
            } else {
                // Another verb, with its flags up to the letter.
                let after = part.find(|c: char| c.is_ascii_alphabetic()).and_then(|at| part.get(at + 1..));
                made = concat(&made, &gap);
                made = concat(&made, &BTreeSet::from([after.unwrap_or_default().to_owned()]));
            }
        }
        texts.append(&mut made);
    }
    all.constants = if texts.len() > 24 { gap } else { texts };
    all
}

/// Functions that change a string: what they make of one that is known is not worth computing but for the plainest.
fn strings(name: &str, args: &[Abs]) -> Abs {
    let mut all = args.iter().fold(Abs::default(), |all, arg| all.or(&arg.as_text()));
    let Some(last) = args.last() else { return all };
    let change: Box<dyn Fn(&str) -> String> = match (name, args) {
        ("lower", _) => Box::new(|text| text.to_lowercase()),
        ("upper", _) => Box::new(|text| text.to_uppercase()),
        ("replace", [old, new, _]) => match (one(old), one(new)) {
            (Some(old), Some(new)) => Box::new(move |text| text.replace(old, new)),
            _ => return all,
        },
        ("trimSuffix", [suffix, _]) => match one(suffix) {
            Some(suffix) => Box::new(move |text| text.strip_suffix(suffix).unwrap_or(text).to_owned()),
            None => return all,
        },
        ("trimPrefix", [prefix, _]) => match one(prefix) {
            Some(prefix) => Box::new(move |text| text.strip_prefix(prefix).unwrap_or(text).to_owned()),
            None => return all,
        },
        // Names are seldom long enough to be cut.
        ("trunc", _) => Box::new(str::to_owned),
        _ => return all,
    };
    all.constants = last.constants.iter().map(|text| change(text)).collect();
    all
}

/// Whether it can be nothing but the strings that are known of it.
fn is_text(arg: &Abs) -> bool {
    *arg == Abs { constants: arg.constants.clone(), ..Abs::default() }
}

/// The only string that an argument can be.
fn one(arg: &Abs) -> Option<&str> {
    let mut constants = arg.constants.iter();
    match (constants.next(), constants.next()) {
        (Some(only), None) if !only.contains(WHATEVER) => Some(only),
        _ => None,
    }
}
