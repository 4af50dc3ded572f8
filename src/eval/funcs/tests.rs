//! Facts about the built-in functions.

use crate::eval::tests::{failure, value};
use serde_json::{Value as Json, json};

fn all(facts: &[(&str, Json)]) {
    for (expr, wanted) in facts {
        assert_eq!(&value(expr), wanted, "{expr}");
    }
}

#[test]
fn text() {
    all(&[
        (r#"chomp("a\r\n\n")"#, json!("a")),
        (r#"endswith("web-01", "-01")"#, json!(true)),
        (r#"startswith("web", "eb")"#, json!(false)),
        (
            r#"format("%s-%03d %5.1f %t %v %q %%", "a", 7, 2.25, true, [1, "x"], "q\"")"#,
            json!("a-007   2.2 true [1,\"x\"] \"q\\\"\" %"),
        ),
        (r#"format("%-4s|%+d|%x|%[1]s", "a", 3, 255)"#, json!("a   |+3|ff|a")),
        (r#"formatlist("%s=%d", ["a", "b"], [1, 2])"#, json!(["a=1", "b=2"])),
        (r#"formatlist("%s/%s", "x", ["a", "b"])"#, json!(["x/a", "x/b"])),
        (r#"indent(2, "a\nb")"#, json!("a\n  b")),
        (r#"join("-", ["a", "b"])"#, json!("a-b")),
        (r#"split(",", "a,b,")"#, json!(["a", "b", ""])),
        (r#"upper(lower("aB"))"#, json!("AB")),
        (r#"title("hello big-world")"#, json!("Hello Big-World")),
        (r#"trim("?!x?!", "!?")"#, json!("x")),
        (r#"trimprefix("helloworld", "hello")"#, json!("world")),
        (r#"trimsuffix("helloworld", "world")"#, json!("hello")),
        (r#"trimspace("  a\n")"#, json!("a")),
        (r#"replace("1 + 2", "+", "-")"#, json!("1 - 2")),
        (r#"replace("hello world", "/w(.)rld/", "W$${1}RLD")"#, json!("hello WoRLD")),
        (r#"regex("[a-z]+", "53453453.345345aaabbbccc23454")"#, json!("aaabbbccc")),
        (r#"regex("(\\d+)-(\\d+)", "10-20")"#, json!(["10", "20"])),
        (r#"regex("(?P<y>\\d+)", "in 2026")"#, json!({"y": "2026"})),
        (r#"regexall("[a-z]", "1a2b")"#, json!(["a", "b"])),
        (r#"substr("hello world", 1, 4)"#, json!("ello")),
        (r#"substr("hello world", -5, -1)"#, json!("world")),
        (r#"strrev("abc")"#, json!("cba")),
        (r#"strcontains("hello", "ell")"#, json!(true)),
        (r#"strcontains("héllo", "x")"#, json!(false)),
    ]);
    assert_eq!(
        failure(r#"format("%d %d", 1)"#),
        "E0321: `format`: the verb `%d` has no argument: there are 1"
    );
    assert_eq!(
        failure(r#"format("%d", "x")"#),
        "E0321: `format`: `%d` expects a number, found the string `x`"
    );
    assert_eq!(failure(r#"regex("x", "y")"#), "E0321: `regex`: the pattern does not match");
    assert!(failure(r#"regex("(", "y")"#).starts_with("E0321: `regex`: `(` is not a regular expression"));
}

#[test]
fn numbers() {
    all(&[
        ("abs(-3)", json!(3)),
        ("[ceil(5.1), floor(5.9), floor(-0.5)]", json!([6, 5, -1])),
        ("max(1, 5, 3.5)", json!(5)),
        ("min([3, 2]...)", json!(2)),
        ("pow(2, 10)", json!(1024)),
        ("log(16, 2)", json!(4)),
        ("signum(-13)", json!(-1)),
        (r#"parseint("ff", 16)"#, json!(255)),
        ("sum([1, 2, 3.5])", json!(6.5)),
        ("range(3)", json!([0, 1, 2])),
        ("range(1, 8, 3)", json!([1, 4, 7])),
        ("range(4, 1)", json!([4, 3, 2])),
        ("[7 / 2, 8 / 2, 7 % 3, -7 % 3, 2 * 3 + 1]", json!([3.5, 4, 1, -1, 7])),
    ]);
    assert_eq!(failure("1 / 0"), "E0321: division by zero");
    assert_eq!(failure("9223372036854775807 + 1"), "E0321: the result is too large for a number");
    assert_eq!(failure("range(100000)"), "E0321: `range`: the range has more than 65536 elements");
    assert_eq!(failure("range(0, 3, 0)"), "E0321: `range`: the step is 0");
}

#[test]
fn collections() {
    all(&[
        ("alltrue([true, false])", json!(false)),
        ("anytrue([true, false])", json!(true)),
        ("alltrue([])", json!(true)),
        ("chunklist([1, 2, 3], 2)", json!([[1, 2], [3]])),
        (r#"coalesce(null, "", "a")"#, json!("a")),
        ("coalescelist([], [1])", json!([1])),
        (r#"compact(["a", "", null, "b"])"#, json!(["a", "b"])),
        ("concat([1], [2, 3], [])", json!([1, 2, 3])),
        (r#"contains(["a"], "a")"#, json!(true)),
        ("distinct([1, 1, 2])", json!([1, 2])),
        ("element([1, 2, 3], 4)", json!(2)),
        ("flatten([[1, [2]], 3, []])", json!([1, 2, 3])),
        (r#"index(["a", "b"], "b")"#, json!(1)),
        ("keys({ b = 1, a = 2 })", json!(["a", "b"])),
        ("values({ b = 1, a = 2 })", json!([2, 1])),
        (r#"[length("héé"), length([1, 2]), length({ a = 1 })]"#, json!([3, 2, 1])),
        (r#"lookup({ a = 1 }, "b", 3)"#, json!(3)),
        (r#"matchkeys(["i1", "i2"], ["us", "eu"], ["eu"])"#, json!(["i2"])),
        ("merge({ a = 1, b = 1 }, { b = 2 }, null)", json!({"a": 1, "b": 2})),
        ("one([5])", json!(5)),
        ("one([])", json!(null)),
        ("reverse([1, 2])", json!([2, 1])),
        ("setunion([2, 1], [1, 3])", json!([1, 2, 3])),
        ("setintersection([1, 2], [2, 3])", json!([2])),
        ("setsubtract([1, 2], [2])", json!([1])),
        (r#"setproduct(["a", "b"], [1, 2])"#, json!([["a", 1], ["a", 2], ["b", 1], ["b", 2]])),
        ("slice([1, 2, 3], 1, 3)", json!([2, 3])),
        (r#"sort(["b", "a"])"#, json!(["a", "b"])),
        (r#"transpose({ a = ["1", "2"], b = ["2"] })"#, json!({"1": ["a"], "2": ["a", "b"]})),
        (r#"zipmap(["a", "b"], [1, 2])"#, json!({"a": 1, "b": 2})),
        ("tolist(toset([3, 1, 1]))", json!([1, 3])),
    ]);
    assert_eq!(failure("element([], 0)"), "E0321: `element`: the list is empty");
    assert_eq!(failure("one([1, 2])"), "E0321: `one`: expected a list of one element or none, found 2");
    assert_eq!(
        failure("slice([1], 0, 2)"),
        "E0321: `slice`: there is no part from 0 to 2: the list has 1 elements"
    );
}

#[test]
fn encodings_and_hashes() {
    all(&[
        (r#"base64encode("hello")"#, json!("aGVsbG8=")),
        (r#"base64decode("aGVsbG8=")"#, json!("hello")),
        (
            r#"jsonencode({ b = [1, true, null], a = "<&>" })"#,
            json!(r#"{"a":"\u003c\u0026\u003e","b":[1,true,null]}"#),
        ),
        (r#"jsondecode("{\"a\": [1, 2.5]}").a[1]"#, json!(2.5)),
        (
            r#"yamlencode({ a = { b = [1, { c = "x" }] }, d = [], e = "l1\nl2\n" })"#,
            json!("\"a\":\n  \"b\":\n  - 1\n  - \"c\": \"x\"\n\"d\": []\n\"e\": |\n  l1\n  l2\n"),
        ),
        (r#"yamldecode("a:\n - 1\n - yes\n")"#, json!({"a": [1, true]})),
        (r#"yamldecode(yamlencode({ a = { t = "x\ny\n" } })).a.t"#, json!("x\ny\n")),
        (r#"urlencode("a b/ä")"#, json!("a+b%2F%C3%A4")),
        (r#"md5("hello world")"#, json!("5eb63bbbe01eeed093cb22bb8f5acdc3")),
        (r#"md5("")"#, json!("d41d8cd98f00b204e9800998ecf8427e")),
        (r#"sha1("hello world")"#, json!("2aae6c35c94fcfb415dbe95f408b9ce91ee846ed")),
        (r#"substr(sha256("hello world"), 0, 16)"#, json!("b94d27b9934d3e08")),
        (r#"substr(sha512("hello world"), 0, 16)"#, json!("309ecc489c12d6eb")),
    ]);
    assert_eq!(failure(r#"base64decode("%")"#), "E0321: `base64decode`: the text is not base64");
    assert!(failure(r#"jsondecode("{")"#).starts_with("E0321: `jsondecode`: the text is not JSON"));
}

#[test]
fn networks() {
    all(&[
        (r#"cidrhost("10.12.112.0/20", 16)"#, json!("10.12.112.16")),
        (r#"cidrhost("10.12.112.0/20", -1)"#, json!("10.12.127.255")),
        (r#"cidrhost("fd00:fd12:3456:7890::/56", 34)"#, json!("fd00:fd12:3456:7800::22")),
        (r#"cidrnetmask("172.16.0.0/12")"#, json!("255.240.0.0")),
        (r#"cidrsubnet("172.16.0.0/12", 4, 2)"#, json!("172.18.0.0/16")),
        (r#"cidrsubnet("fd00:fd12:3456:7890::/56", 16, 162)"#, json!("fd00:fd12:3456:7800:a200::/72")),
        (
            r#"cidrsubnets("10.1.0.0/16", 4, 4, 8, 4)"#,
            json!(["10.1.0.0/20", "10.1.16.0/20", "10.1.32.0/24", "10.1.48.0/20"]),
        ),
    ]);
    assert_eq!(
        failure(r#"cidrhost("10.0.0.0/31", 2)"#),
        "E0321: `cidrhost`: the block `10.0.0.0/31` has no address `2`"
    );
    assert_eq!(
        failure(r#"cidrsubnet("10.0.0.0/30", 3, 0)"#),
        "E0321: `cidrsubnet`: `10.0.0.0/30` has 2 bits left, not 3"
    );
}

#[test]
fn types_and_units() {
    all(&[
        ("[tostring(5), tostring(true), tostring(1.5)]", json!(["5", "true", "1.5"])),
        (r#"[tonumber("5"), tonumber("1.5")]"#, json!([5, 1.5])),
        (r#"tobool("true")"#, json!(true)),
        (r#"type({ a = 1 })"#, json!("object({a = int})")),
        (r#"try(jsondecode("{}").a.b, "none")"#, json!("none")),
        (r#"can(jsondecode("{"))"#, json!(false)),
        (r#"quantity("500m") + "1500m""#, json!("2")),
        (r#"quantity("1Gi") * 2 + "512Mi""#, json!("2560Mi")),
        (r#"quantity("1Gi") / "512Mi""#, json!(2)),
        (r#"quantity("1") / 3"#, json!("333333333n")),
        (r#"quantity("1Gi") > "1G""#, json!(true)),
        (r#"duration("1h") + "30m""#, json!("1h30m")),
        (r#"duration("1m") * 1.5"#, json!("1m30s")),
        (r#"version("1.10") > "1.9""#, json!(true)),
        (r#"version("1.0.0-rc.1") < "1.0.0""#, json!(true)),
    ]);
    assert_eq!(
        failure(r#"tonumber("x")"#),
        "E0321: `tonumber`: expected a number, or a string that holds one, found the string `x`"
    );
    assert_eq!(
        failure(r#"quantity("5MB")"#),
        "E0321: `quantity`: expected a quantity (`MB` is no unit of Kubernetes; did you mean `M`?), found the string `5MB`"
    );
}

/// Every row of the table can be read, and does something.
#[test]
fn every_signature_has_its_function() {
    use crate::types::signatures;
    for signature in signatures::all() {
        let called =
            super::Args { values: &[], span: crate::source::Span::new(crate::source::FileId(0), 0, 0) };
        let known = super::strings::call(signature.name, &called).is_some()
            || super::numbers::call(signature.name, &called).is_some()
            || super::collections::call(signature.name, &called).is_some()
            || super::encoding::call(signature.name, &called).is_some()
            || super::hashes::call(signature.name, &called).is_some()
            || super::networks::call(signature.name, &called).is_some()
            || super::conversions::call(signature.name, &called).is_some()
            || matches!(signature.name, "try" | "can" | "file" | "fileexists" | "fileset");
        assert!(known, "{}", signature.name);
    }
}
