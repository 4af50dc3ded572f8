//! Facts recorded from sprig 3.3.0 and Helm 4.3.1's `funcs.go` under Go's own `text/template` (time zone UTC).
//!
//! A fact is a call, or a whole template, and below it `= "type|printed"` or `! "message"`, as JSON strings.

use std::sync::Arc;

use super::super::exec::{Ctx, MissingKey};
use super::super::func::Env;
use super::super::set::TemplateSet;
use super::super::value::Value;

/// A clock that stands still, and randomness that counts.
struct Still;

impl Env for Still {
    fn now(&self) -> (i64, u32) {
        (1_700_000_000, 0)
    }

    fn random(&self, bytes: &mut [u8]) {
        for (byte, n) in bytes.iter_mut().zip((0..=255).cycle()) {
            *byte = n;
        }
    }
}

fn data() -> Value {
    Value::from_json(&serde_json::json!({
        "m": {"a": 1.0, "b": {"c": "x", "d": null}, "e": ["p", "q"], "z": ""},
        "l": ["b", "a", "c", "a", null, ""],
        "n": null, "f": 1.5, "i": 3.0, "s": "text", "t": true, "big": 1e6, "e": {}, "el": [],
        "i64": 7,
    }))
}

/// Runs a template; the error is Go's without its position.
pub(super) fn run(template: &str) -> Result<String, String> {
    run_in(template, &Still)
}

/// Runs a template in other surroundings.
pub(super) fn run_in(template: &str, env: &dyn Env) -> Result<String, String> {
    let mut set = TemplateSet::new(Arc::new(super::helm()));
    set.parse("t", template.as_bytes()).map_err(|e| e.to_string())?;
    let mut ctx = Ctx::new(&set, env, MissingKey::Zero);
    match ctx.execute("t", data()) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(e) => Err(e.message.clone()),
    }
}

fn check(facts: &str) {
    let mut lines = facts.lines();
    let mut wrong = Vec::new();
    while let (Some(call), Some(expected)) = (lines.next(), lines.next()) {
        let text: String = serde_json::from_str(expected.get(2..).unwrap()).unwrap();
        let expected = if expected.starts_with('=') { Ok(text) } else { Err(text) };
        let template = if call.starts_with("{{") {
            call.to_owned()
        } else {
            format!("{{{{ $r := {call} }}}}{{{{ printf \"%T|%v\" $r $r }}}}")
        };
        let got = run(&template);
        if got != expected {
            wrong.push(format!("{call}\n   got {got:?}\n  want {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
}

macro_rules! facts {
    ($($name:ident),*) => {
        $(#[test]
        fn $name() {
            check(include_str!(concat!("facts/", stringify!($name), ".facts")));
        })*
    };
}

facts!(text, number, list, dict, pattern, date);

#[test]
fn functions_that_stop() {
    assert_eq!(
        run(r#"{{ fail "boom" }}"#),
        Err("error calling fail: HELM_ERR_STARTboomHELM_ERR_END".to_owned())
    );
    for missing in [r#""""#, "nil", ".missing"] {
        let message = "error calling required: HELM_ERR_STARTneedHELM_ERR_END".to_owned();
        assert_eq!(run(&format!(r#"{{{{ required "need" {missing} }}}}"#)), Err(message));
    }
}

#[test]
fn randomness() {
    let parts = |template: &str| run(template).unwrap();
    assert_eq!(parts("{{ uuidv4 }}"), "00010203-0405-4607-8809-0a0b0c0d0e0f");
    assert_eq!(parts("{{ randBytes 4 }}"), "AAECAw==");
    for (function, fits) in [
        ("randAlphaNum", (|c| c.is_ascii_alphanumeric()) as fn(char) -> bool),
        ("randAlpha", |c| c.is_ascii_alphabetic()),
        ("randNumeric", |c| c.is_ascii_digit()),
        ("randAscii", |c| (' '..='~').contains(&c)),
    ] {
        let text = parts(&format!("{{{{ {function} 100 }}}}"));
        assert!(text.len() == 100 && text.chars().all(fits), "{function}: {text}");
        assert_eq!(parts(&format!("{{{{ {function} -1 }}}}")), "");
    }
    assert_eq!(parts(r#"{{ shuffle "" }}{{ shuffle "a" }}"#), "a");
    assert_eq!(parts(r#"{{ randInt 3 4 }}"#), "3");
    assert!(parts(r#"{{ htpasswd "u" "p" }}"#).starts_with("u:$2a$10$"));
    assert_eq!(
        run("{{ randBytes -1 }}"),
        Err("error calling randBytes: runtime error: makeslice: len out of range".to_owned())
    );
}

#[test]
fn now_and_ago() {
    assert_eq!(run("{{ now }}").unwrap(), "2023-11-14 22:13:20 +0000 UTC");
    assert_eq!(
        run("{{ ago 1699999990 }} {{ now | htmlDate }} {{ durationRound now }}").unwrap(),
        "10s 2023-11-14 0s"
    );
}
