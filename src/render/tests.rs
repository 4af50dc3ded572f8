use super::capabilities::KubeVersion;
use super::glob::Glob;
use super::*;

#[test]
fn documents_are_cut_at_dashes() {
    let split = |text: &str| split_manifests(text).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(split("a: 1\n---\nb: 2\n"), ["a: 1\n", "b: 2\n"]);
    assert_eq!(split("---\n---  \t\n\n  \n---\na"), ["a"]);
    assert_eq!(split("---a: 1\n---b: 2"), ["a: 1\n", "b: 2"]);
    assert_eq!(split("-----\nx"), ["--\nx"]);
    assert_eq!(split("x: |\n  ---\n  y"), ["x: |\n  ---\n  y"]);
    assert_eq!(split("--- # note\na"), ["# note\na"]);
    assert_eq!(split("------\n---"), ["---\n"]);
    assert_eq!(split(" \n\t"), Vec::<String>::new());
}

#[test]
fn kinds_have_their_order() {
    let mut kinds = ["Zeta", "Ingress", "Pod", "Alpha", "Namespace", "Service", "PriorityClass"];
    kinds.sort_by_key(|k| install_rank(k));
    assert_eq!(kinds, ["PriorityClass", "Namespace", "Service", "Pod", "Ingress", "Alpha", "Zeta"]);
    kinds.sort_by_key(|k| uninstall_rank(k));
    assert_eq!(kinds, ["Ingress", "Service", "Pod", "Namespace", "PriorityClass", "Alpha", "Zeta"]);
}

#[test]
fn globs_are_gobwas() {
    let yes = [
        ("*", "a"),
        ("**", "a/b"),
        ("a/*", "a/b"),
        ("a/**", "a/b/c"),
        ("{a,b/*}.txt", "b/x.txt"),
        ("[a-c]x", "bx"),
        ("[!a]x", "bx"),
        ("[abc]", "c"),
        ("?", "a"),
        ("a\\*", "a*"),
        ("{x,y{1,2}}", "y2"),
        ("", ""),
        ("**.yaml", "a/b.yaml"),
    ];
    for (pattern, name) in yes {
        assert!(Glob::new(pattern).matches(name), "{pattern} {name}");
    }
    let no = [
        ("*", "a/b"),
        ("a/*", "a/b/c"),
        ("?", "/"),
        ("[!a]x", "ax"),
        ("{a,b}", "c"),
        ("a", "ab"),
        ("[a-c]", "d"),
    ];
    for (pattern, name) in no {
        assert!(!Glob::new(pattern).matches(name), "{pattern} {name}");
    }
    // What cannot be read matches everything.
    for broken in ["[a", "{a", "[a-z0-9]"] {
        assert!(Glob::new(broken).matches("any/thing"), "{broken}");
    }
}

#[test]
fn kubernetes_versions_are_read() {
    let read = |text: &str| KubeVersion::parse(text).map(|v| (v.version, v.normalized, v.major, v.minor));
    let owned =
        |a: &str, b: &str, c: &str, d: &str| Ok((a.to_owned(), b.to_owned(), c.to_owned(), d.to_owned()));
    assert_eq!(read("1.34"), owned("v1.34", "v1.34", "1", "34"));
    assert_eq!(read("v1.33.4-gke.1245000"), owned("v1.33.4-gke.1245000", "v1.33.4", "1", "33"));
    assert_eq!(read("1.31-gke.3"), owned("v1.31-gke.3", "v1.31", "1", "31"));
    assert_eq!(read("1").unwrap_err().0, "illegal version string \"1\"");
    assert_eq!(read("x").unwrap_err().0, "could not parse \"x\" as version");
    assert_eq!(read("01.2").unwrap_err().0, "illegal zero-prefixed version component \"01\" in \"01.2\"");
}

#[test]
fn release_names_are_checked() {
    for good in ["a", "a-b", "a.b", "0", &"x".repeat(53)] {
        assert_eq!(check_name(good), Ok(()), "{good}");
    }
    for bad in ["", "A", "-a", "a-", "a..b", "a_b", &"x".repeat(54)] {
        assert!(check_name(bad).is_err(), "{bad}");
    }
}
