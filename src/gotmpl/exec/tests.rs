use std::sync::Arc;

use super::*;
use crate::gotmpl::func::{Func, Funcs};
use crate::gotmpl::types::{ANY_MAP, INT, Type};
use crate::gotmpl::value::{List, Map};

pub(crate) struct Still;

impl Env for Still {
    fn now(&self) -> (i64, u32) {
        (0, 0)
    }
    fn random(&self, bytes: &mut [u8]) {
        bytes.fill(4);
    }
}

fn trunc(_: &mut Ctx<'_>, args: &[Value]) -> Result<Value, FuncError> {
    match args {
        [Value::Int(_, n), Value::Str(s)] => {
            Ok(Value::Str(Str::new(s.get(..usize::try_from(*n).unwrap_or(0)).unwrap_or(s))))
        }
        other => panic!("signature not enforced: {other:?}"),
    }
}

fn fail(_: &mut Ctx<'_>, args: &[Value]) -> Result<Value, FuncError> {
    Err(args[0].as_str().unwrap().to_string().into())
}

fn dict(_: &mut Ctx<'_>, args: &[Value]) -> Result<Value, FuncError> {
    let map = Map::new();
    for pair in args.chunks(2) {
        map.insert(pair[0].as_str().unwrap().clone(), pair[1].clone());
    }
    Ok(map.into())
}

fn set(_: &mut Ctx<'_>, args: &[Value]) -> Result<Value, FuncError> {
    let map = args[0].as_map().unwrap().clone();
    map.insert(args[1].as_str().unwrap().clone(), args[2].clone());
    Ok(map.into())
}

fn list(_: &mut Ctx<'_>, args: &[Value]) -> Result<Value, FuncError> {
    Ok(List::new(args.to_vec()).into())
}

fn coalesce(_: &mut Ctx<'_>, args: &[Value]) -> Result<Value, FuncError> {
    Ok(args.iter().find(|value| value.truth()).cloned().unwrap_or_default())
}

const SOME: &[Func] = &[
    Func::new("trunc", &[INT, Type::String], Type::String, trunc),
    Func::new("fail", &[Type::String], Type::String, fail),
    Func::variadic("dict", &[Type::Any], ANY_MAP, dict),
    Func::new("set", &[ANY_MAP, Type::String, Type::Any], ANY_MAP, set),
    Func::variadic("list", &[Type::Any], Type::Slice(&Type::Any), list),
    Func::variadic("coalesce", &[Type::Any], Type::Any, coalesce),
];

fn data() -> Value {
    let json = serde_json::json!({
        "Values": {
            "s": "text", "n": 3.0, "big": 1_000_000.0, "t": true, "f": false, "nil": null,
            "list": ["a", "b", null], "map": {"z": 1.0, "a": "x"}, "empty": {}, "nums": [1.0, 2.5],
            "deep": {"er": {"most": "core"}},
        },
        "i": 7,
    });
    Value::from_json(&json)
}

fn run_with(texts: &[(&str, &str)], name: &str) -> Result<String, String> {
    let mut funcs = Funcs::new();
    funcs.register(FUNCS);
    funcs.register(SOME);
    let mut set = TemplateSet::new(Arc::new(funcs));
    for (name, text) in texts {
        set.parse(name, text.as_bytes()).map_err(|error| error.to_string())?;
    }
    let mut ctx = Ctx::new(&set, &Still, MissingKey::Zero);
    match ctx.execute(name, data()) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn run(text: &str) -> Result<String, String> {
    run_with(&[("t", text)], "t")
}

#[track_caller]
fn prints(text: &str, expected: &str) {
    assert_eq!(run(text).as_deref(), Ok(expected), "{text}");
}

#[track_caller]
fn fails(text: &str, expected: &str) {
    assert_eq!(run(text).unwrap_err(), expected, "{text}");
}

#[test]
fn values_print_as_go_prints_them() {
    prints("{{.Values.s}} {{.Values.n}} {{.Values.big}} {{.i}} {{.Values.t}}", "text 3 1e+06 7 true");
    prints("{{.Values.list}} {{.Values.map}} {{.Values.nums}}", "[a b <nil>] map[a:x z:1] [1 2.5]");
    prints("{{.Values.nil}}|{{.Values.none}}", "<no value>|<no value>");
}

#[test]
fn scopes() {
    prints("{{$x := 1}}{{if true}}{{$x = 2}}{{$x := 3}}{{$x}}{{end}}{{$x}}", "32");
    prints("{{$x := 1}}{{range $x := .Values.nums}}{{$x}},{{end}}{{$x}}", "1,2.5,1");
    prints("{{$x := 1}}{{with $x := printf \"%d!\" $x}}{{$x}}{{end}}{{$x}}", "1!1");
    prints("{{range $i, $e := .Values.list}}{{$i}}={{$e}};{{end}}", "0=a;1=b;2=<no value>;");
    prints("{{range $k, $v := .Values.map}}{{$k}}={{$v}};{{end}}", "a=x;z=1;");
    prints("{{range .Values.empty}}x{{else}}none{{end}}", "none");
    prints("{{range $i := 3}}{{if eq $i 1}}{{continue}}{{end}}{{$i}}{{end}}", "02");
    prints("{{range .Values.nums}}{{break}}{{.}}{{end}}.", ".");
    prints("{{with .Values.f}}a{{else with .Values.s}}{{.}}{{else}}c{{end}}", "text");
    prints("{{if .Values.f}}a{{else if .Values.none}}b{{else}}c{{end}}", "c");
    prints("{{define \"d\"}}{{$}}{{end}}{{template \"d\" 5}}{{template \"d\"}}", "5<no value>");
    prints("{{block \"b\" .Values.s}}<{{.}}>{{end}}", "<text>");
}

#[test]
fn nothing_and_nil_differ() {
    fails(
        "{{.Values.none.x}}",
        "template: t:1:9: executing \"t\" at <.Values.none.x>: nil pointer evaluating interface {}.x",
    );
    prints("{{(.Values.none).x}}", "<no value>");
    prints("{{$v := .Values.none}}{{$v.x}}", "<no value>");
    fails(
        "{{range .Values.list}}{{.x}}{{end}}",
        "template: t:1:24: executing \"t\" at <.x>: can't evaluate field x in type interface {}",
    );
    fails(
        "{{.Values.s.x}}",
        "template: t:1:9: executing \"t\" at <.Values.s.x>: can't evaluate field x in type interface {}",
    );
    fails(
        "{{(.Values.s).x}}",
        "template: t:1:10: executing \"t\" at <.Values.s>: can't evaluate field x in type string",
    );
}

#[test]
fn signatures_are_enforced() {
    prints("{{trunc 2 .Values.s}}{{.Values.s | trunc 3}}", "tetex");
    fails(
        "{{trunc 2}}",
        "template: t:1:2: executing \"t\" at <trunc>: wrong number of args for trunc: want 2 got 1",
    );
    fails(
        "{{trunc 2 .Values.n}}",
        "template: t:1:17: executing \"t\" at <.Values.n>: wrong type for value; expected string; got float64",
    );
    fails(
        "{{trunc 2 .Values.none}}",
        "template: t:1:17: executing \"t\" at <.Values.none>: wrong type for value; expected string; got interface {}",
    );
    fails(
        "{{trunc 2 (coalesce .Values.none)}}",
        "template: t:1:27: executing \"t\" at <.Values.none>: invalid value; expected string",
    );
    fails(
        "{{trunc \"x\" \"y\"}}",
        "template: t:1:8: executing \"t\" at <\"x\">: expected integer; found \"x\"",
    );
    fails("{{trunc 1 nil}}", "template: t:1:10: executing \"t\" at <nil>: cannot assign nil to string");
    fails(
        "{{fail \"no\" | trunc 1}}",
        "template: t:1:2: executing \"t\" at <fail \"no\">: error calling fail: no",
    );
}

#[test]
fn builtins() {
    prints("{{and 1 0 2}}{{or 0 \"\" \"x\"}}{{not 0}}", "0xtrue");
    prints(
        "{{eq 1 2 1}} {{ne \"a\" \"b\"}} {{lt 1 2}} {{ge 2.5 2.5}} {{eq .Values.nil nil}}",
        "true true true true true",
    );
    fails(
        "{{eq 1 1.0}}",
        "template: t:1:2: executing \"t\" at <eq 1 1.0>: error calling eq: incompatible types for comparison: int and float64",
    );
    prints(
        "{{index .Values.list 1}}{{index .Values.map \"a\"}}{{len .Values.map}}{{index .Values.map \"q\"}}",
        "bx2<no value>",
    );
    fails(
        "{{index .Values.list 4}}",
        "template: t:1:2: executing \"t\" at <index .Values.list 4>: error calling index: index out of range: 4",
    );
    prints(
        "{{slice \"abcdef\" 1 3}} {{html \"<a>\"}} {{urlquery \"a b&\"}} {{js \"it's\"}}",
        "bc &lt;a&gt; a+b%26 it\\'s",
    );
    prints("{{print 1 2 \"a\" 3}} {{println \"x\"}}", "1 2a3 x\n");
}

#[test]
fn include_and_tpl() {
    let define = "{{define \"d\"}}[{{.}}]{{end}}";
    prints(&format!("{define}{{{{include \"d\" 1 | trunc 2}}}}"), "[1");
    prints(&format!("{define}{{{{tpl \"{{{{include \\\"d\\\" .}}}}\" 5}}}}"), "[5]");
    prints("{{tpl \"{{define \\\"n\\\"}}in{{end}}\" 5}}{{tpl \"  \" 5}}|", "  |");
    prints("{{tpl \"a{{.none}}b\" .}}", "ab");
    fails(
        "{{tpl \"{{.Values.s.x}}\" .}}",
        "template: t:1:2: executing \"t\" at <tpl \"{{.Values.s.x}}\" .>: error calling tpl: error during tpl function \
         execution for \"{{.Values.s.x}}\": template: gotpl:1:9: executing \"gotpl\" at <.Values.s.x>: can't evaluate \
         field x in type interface {}",
    );
    fails(
        "{{tpl \"{{\" .}}",
        "template: t:1:2: executing \"t\" at <tpl \"{{\" .>: error calling tpl: cannot parse template \"{{\": \
         template: gotpl:1: unclosed action",
    );
}

#[test]
fn endless_recursion_is_an_error() {
    let error = run("{{define \"r\"}}{{include \"r\" .}}{{end}}{{include \"r\" .}}").unwrap_err();
    assert!(error.ends_with("rendering template has a nested reference name: r: unable to execute template"));
    let error =
        run("{{define \"r\"}}{{if 1}}{{template \"r\" .}}{{end}}{{end}}{{template \"r\" .}}").unwrap_err();
    assert!(error.ends_with("exceeded maximum template depth (100000)"));
    let cycle = "{{$d := dict}}{{$_ := set $d \"d\" $d}}{{$d}}";
    assert!(run(cycle).unwrap_err().contains("contains itself"));
    let nest = "{{$d := dict}}{{range 100000}}{{$d = dict \"d\" $d}}{{end}}ok";
    prints(nest, "ok");
    let parens = format!("{{{{{}1{}}}}}", "(".repeat(5000), ")".repeat(5000));
    fails(&parens, "template: t:1: max expression depth exceeded");
    let ifs = format!("{}{}", "{{if 1}}".repeat(5000), "{{end}}".repeat(5000));
    fails(&ifs, "template: t:1: max nesting depth exceeded");
    prints(&format!("{}x{}", "{{if 1}}".repeat(900), "{{end}}".repeat(900)), "x");
    prints(&format!("{{{{if 0}}}}{}{{{{end}}}}", "{{else if 0}}".repeat(5000)), "");
}

/// What Go 1.26's `text/template` itself prints and says, recorded from it (with sprig, Helm's `include`, `tpl`,
/// `fail`, and `missingkey=zero`).
#[test]
fn facts_of_go() {
    let facts: serde_json::Value = serde_json::from_str(include_str!("facts.json")).unwrap();
    let mut funcs = crate::gotmpl::funcs::helm();
    funcs.register(FUNCS);
    let funcs = Arc::new(funcs);
    let data = Value::from_json(&floats(&facts["data"]));
    let mut wrong = Vec::new();
    for case in facts["cases"].as_array().unwrap() {
        let text = case[0].as_str().unwrap();
        let mut set = TemplateSet::new(Arc::clone(&funcs));
        let result = match set.parse("c/t.yaml", text.as_bytes()) {
            Err(error) => Err(error.to_string()),
            Ok(()) => {
                let mut ctx = Ctx::new(&set, &Still, MissingKey::Zero);
                let data = data.deep_copy().unwrap();
                let result = ctx.execute("c/t.yaml", data);
                result.map(|out| String::from_utf8(out).unwrap()).map_err(|error| error.to_string())
            }
        };
        let expected = match (case[1].as_str(), case[2].as_str().unwrap().to_owned()) {
            (Some("error"), words) => Err(words),
            (_, output) => Ok(output),
        };
        if result != expected {
            wrong.push(format!("{text}\n  go:   {expected:?}\n  here: {result:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Numbers of values are float64 wherever they come from.
fn floats(json: &serde_json::Value) -> serde_json::Value {
    use serde_json::Value as Json;
    match json {
        Json::Number(number) => Json::from(number.as_f64().unwrap()),
        Json::Array(items) => items.iter().map(floats).collect(),
        Json::Object(entries) => entries.iter().map(|(key, value)| (key.clone(), floats(value))).collect(),
        other => other.clone(),
    }
}

/// Small templates that would take for ever, or all memory: each is an error, soon.
#[test]
fn hostile_templates_end() {
    let double = "{{$l := list 1}}{{range 60}}{{$l = list $l $l}}{{end}}\
                  {{$d := dict}}{{range 60}}{{$d = dict \"a\" $d \"b\" $d}}{{end}}\
                  {{$e := dict}}{{range 60}}{{$e = dict \"a\" $e \"b\" $e}}{{end}}";
    let mut funcs = crate::gotmpl::funcs::helm();
    funcs.register(FUNCS);
    let funcs = Arc::new(funcs);
    for hostile in [
        "{{$l}}",
        "{{$d | deepCopy}}",
        "{{merge $d $e}}",
        "{{$d | mustToYaml}}",
        "{{$l | mustToJson}}",
        "{{mustToToml $d}}",
        "{{join \",\" $l}}",
        "{{$l | toStrings}}",
        "{{printf (printf \"%1000s\" \"\" | replace \" \" \"%1000000[1]d\") 1}}",
    ] {
        let mut set = TemplateSet::new(Arc::clone(&funcs));
        set.parse("t", format!("{double}{hostile}").as_bytes()).unwrap();
        let mut ctx = Ctx::new(&set, &Still, MissingKey::Zero);
        assert!(ctx.execute("t", Value::Nil).is_err(), "{hostile}");
    }
    // Comparing, and functions that swallow errors, end as well.
    let mut set = TemplateSet::new(Arc::clone(&funcs));
    let calm = "{{deepEqual $d $e}}{{toJson $l}}{{kindOf $l}}{{len $l}}";
    set.parse("t", format!("{double}{calm}").as_bytes()).unwrap();
    let mut ctx = Ctx::new(&set, &Still, MissingKey::Zero);
    assert_eq!(ctx.execute("t", Value::Nil).unwrap(), b"falseslice2");
}

#[test]
fn bytes_are_printed_as_numbers() {
    let bytes = Value::Bytes(Str::from(&[0, 9, 10, 99, 100, 255][..]).into());
    let print = |format: &str| {
        String::from_utf8(
            crate::gotmpl::fmt::sprintf(format.as_bytes(), std::slice::from_ref(&bytes)).unwrap(),
        )
        .unwrap()
    };
    assert_eq!(print("%v"), "[0 9 10 99 100 255]");
    assert_eq!(print("%+v"), "[0 9 10 99 100 255]");
    assert_eq!(print("%d"), "[0 9 10 99 100 255]");
    assert_eq!(print("%4d"), "[   0    9   10   99  100  255]");
    assert_eq!(print("%#v"), "[]byte{0x0, 0x9, 0xa, 0x63, 0x64, 0xff}");
    assert_eq!(print("%x"), "00090a6364ff");
}
