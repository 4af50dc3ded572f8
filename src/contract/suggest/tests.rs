use super::*;

#[test]
fn slips_of_the_fingers() {
    for (typed, meant) in [
        ("repositry", "repository"),
        ("repositoory", "repository"),
        ("repositroy", "repository"),
        ("cpux", "cpu"),
        ("TZx", "TZ"),
        ("classs", "class"),
        ("ipAddres", "ipAddress"),
        ("ppc644le", "ppc64le"),
        ("configmap", "configMap"),
    ] {
        assert_eq!(slip(typed, meant), Some(Slip::Sure), "{typed} {meant}");
    }
    assert_eq!(slip("enable", "enabled"), Some(Slip::Perhaps));
    assert_eq!(slip("repositery", "repository"), Some(Slip::Perhaps));
}

#[test]
fn names_that_are_two() {
    for (typed, meant) in [
        ("https", "http"),
        ("httpPort", "httpsPort"),
        ("services", "service"),
        ("port2", "port1"),
        ("port11", "port1"),
        ("http2", "http"),
        ("mtls", "tls"),
        ("uid", "gid"),
        ("app", "api"),
        ("a", "ab"),
        ("same", "same"),
        ("", "a"),
        ("abcdef", "abcxyz"),
    ] {
        assert_eq!(slip(typed, meant), None, "{typed} {meant}");
    }
}
