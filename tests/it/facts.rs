//! What Go and Helm themselves answered (`tests/facts/record.sh` records), against what the engine answers.

use relc::gotmpl::exec::{Ctx, FUNCS, MissingKey};
use relc::gotmpl::func::{Env, Func, Funcs};
use relc::gotmpl::funcs;
use relc::gotmpl::set::TemplateSet;
use relc::gotmpl::types::Type;
use relc::gotmpl::value::Value;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn fact(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/facts").join(name)).unwrap()
}

/// A clock that stands still; nothing recorded depends on it.
struct Still;

impl Env for Still {
    fn now(&self) -> (i64, u32) {
        (0, 0)
    }

    fn random(&self, bytes: &mut [u8]) {
        bytes.fill(4);
    }
}

fn all_functions() -> Funcs {
    let mut all = funcs::helm();
    all.register(FUNCS);
    all
}

/// Numbers of values are float64, as after Go's JSON.
fn floats(json: &Json) -> Json {
    match json {
        Json::Number(number) => Json::from(number.as_f64().unwrap()),
        Json::Array(items) => items.iter().map(floats).collect(),
        Json::Object(entries) => entries.iter().map(|(key, value)| (key.clone(), floats(value))).collect(),
        other => other.clone(),
    }
}

fn answer(funcs: &Arc<Funcs>, line: &str, data: &Value) -> Result<String, String> {
    let mut set = TemplateSet::new(Arc::clone(funcs));
    for (at, file) in line.replace('⏎', "\n").split('‖').enumerate() {
        set.parse(&format!("f{at}"), file.as_bytes()).map_err(|error| error.to_string())?;
    }
    let mut ctx = Ctx::new(&set, &Still, MissingKey::Zero);
    let printed = ctx.execute("f0", data.deep_copy().unwrap()).map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(&printed).into_owned())
}

/// Actions, literals, scopes, verbs, layouts, version ranges: one template a line.
#[test]
fn templates_are_gos() {
    let funcs = Arc::new(all_functions());
    let data = Value::from_json(&floats(&serde_json::from_str(&fact("data.json")).unwrap()));
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for fact in fact("templates.facts").lines() {
        let [line, kind, text]: [String; 3] = serde_json::from_str(fact).unwrap();
        let wanted = if kind == "prints" { Ok(text) } else { Err(text) };
        // Helm marks where the words of `fail` begin and end, and takes the marks out when it reports.
        let got = answer(&funcs, &line, &data)
            .map_err(|error| error.replace("HELM_ERR_START", "").replace("HELM_ERR_END", ""));
        if got != wanted {
            wrong.push(format!("{line}\n  Go:   {wanted:?}\n  relc: {got:?}"));
        }
        seen.insert(line);
    }
    assert!(wrong.is_empty(), "{} differ\n{}", wrong.len(), wrong.join("\n"));
    for case in fact("templates.cases").lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        assert!(seen.contains(case), "no answer to {case}: run tests/facts/record.sh");
    }
}

/// `func(int, ...string) string`, as Go prints the type; an error result is left out.
fn go_type(func: &Func) -> String {
    let spread = |at: usize| if func.sig.variadic && at + 1 == func.sig.params.len() { "..." } else { "" };
    let params: Vec<String> = func
        .sig
        .params
        .iter()
        .enumerate()
        .map(|(at, param): (usize, &Type)| format!("{}{param}", spread(at)))
        .collect();
    format!("func({}) {}", params.join(", "), func.sig.result)
}

#[test]
fn functions_are_helms() {
    let ours = all_functions();
    let facts = fact("functions.facts");
    let helms: BTreeMap<&str, &str> = facts.lines().map(|line| line.split_once(' ').unwrap()).collect();
    let names: BTreeSet<&str> = ours.names().collect();
    let known: BTreeSet<&str> = helms.keys().copied().collect();
    assert_eq!(names, known, "the names that Helm gives to templates");
    let wrong: Vec<String> = helms
        .into_iter()
        .filter_map(|(name, wanted)| {
            let func = ours.get(ours.find(name.as_bytes())?)?;
            let wanted = match wanted.split_once(") (") {
                Some((params, results)) => format!("{params}) {}", results.trim_end_matches(", error)")),
                None => wanted.to_owned(),
            };
            let got = go_type(func);
            (got != wanted).then(|| format!("{name}: {got}, in Go {wanted}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{} signatures differ\n{}", wrong.len(), wrong.join("\n"));
}

fn templates(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            templates(&path, found);
        } else if path.components().any(|part| part.as_os_str() == "templates") {
            found.push(path);
        }
    }
}

/// A function that no chart of `tests/charts` calls has never been compared with Helm.
#[test]
fn every_function_has_a_chart() {
    let mut files = Vec::new();
    templates(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/charts"), &mut files);
    let mut words = BTreeSet::new();
    for text in files.iter().filter_map(|file| fs::read_to_string(file).ok()) {
        for action in text.split("{{").skip(1).filter_map(|rest| rest.split("}}").next()) {
            let called = |word: &&str| !word.starts_with(['.', '$', '"']);
            let parts = action.split(|c: char| !c.is_alphanumeric() && !"_.$\"".contains(c));
            words.extend(parts.filter(called).map(str::to_owned));
        }
    }
    let builtins = "and call html index slice js len not or print printf println urlquery eq ge gt le lt ne";
    let ours = all_functions();
    let unused: Vec<&str> =
        ours.names().chain(builtins.split(' ')).filter(|name| !words.contains(*name)).collect();
    assert!(unused.is_empty(), "no chart of tests/charts calls {unused:?}");
}
