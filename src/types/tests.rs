//! Unit tests of the type checker: relations between types, forms of the domain's types, the tables.

use super::domain::{Cidr, Domain, Quantity, Version, parse_duration, print_duration, satisfies};
use super::signatures;
use super::ty::{EnumTy, Field, Ty, Why, assign, enumeration, unify};
use std::sync::Arc;

fn declared(cases: &[&str]) -> Ty {
    Ty::Enum(EnumTy { cases: Arc::new(cases.iter().map(|c| (*c).into()).collect()), declared: true })
}

fn object(fields: &[(&str, Ty)]) -> Ty {
    Ty::object(fields.iter().map(|(n, t)| ((*n).into(), Field::required(t.clone()))))
}

fn fits(from: &Ty, to: &Ty) -> bool {
    assign(from, to).is_ok()
}

#[test]
fn what_may_stand_for_what() {
    let quantity = Ty::Domain(Domain::Quantity);
    for (from, to) in [
        (Ty::Int, Ty::Number),
        (Ty::Null, Ty::list(Ty::Int)),
        (Ty::Any, Ty::Int),
        (Ty::Int, Ty::Any),
        (Ty::Error, Ty::Bool),
        (Ty::literal("a"), declared(&["a", "b"])),
        (declared(&["a"]), declared(&["a", "b"])),
        (declared(&["a"]), Ty::String),
        (Ty::literal("1Gi"), quantity.clone()),
        (Ty::String, quantity.clone()),
        (quantity.clone(), Ty::String),
        (Ty::Int, quantity.clone()),
        (Ty::Domain(Domain::Port), Ty::Int),
        (Ty::set(Ty::Int), Ty::list(Ty::Number)),
        (object(&[("a", Ty::Int), ("b", Ty::Number)]), Ty::map(Ty::Number)),
        (Ty::String, Ty::String.into_secret()),
        (Ty::String.into_secret(), Ty::Any),
        (object(&[("a", Ty::literal("x"))]), object(&[("a", Ty::String)])),
    ] {
        assert!(fits(&from, &to), "{from} -> {to}");
    }
    for (from, to) in [
        (Ty::Number, Ty::Int),
        (Ty::Int, Ty::String),
        (Ty::String, Ty::Int),
        (Ty::literal("true"), Ty::Bool),
        (Ty::String, declared(&["a"])),
        (declared(&["a", "b"]), declared(&["a"])),
        (Ty::literal("1GB"), quantity.clone()),
        (Ty::literal("80"), Ty::Domain(Domain::Port)),
        (Ty::Int, Ty::list(Ty::Int)),
        (Ty::map(Ty::Int), object(&[("a", Ty::Int)])),
        (Ty::String.into_secret(), Ty::String),
        (object(&[("a", Ty::Int), ("b", Ty::Int)]), object(&[("a", Ty::Int)])),
        (object(&[]), object(&[("a", Ty::Int)])),
    ] {
        assert!(!fits(&from, &to), "{from} -> {to}");
    }
}

#[test]
fn mismatches_tell_where() {
    let from = object(&[("limits", Ty::list(object(&[("cpu", Ty::Bool)])))]);
    let to = object(&[("limits", Ty::list(object(&[("cpu", Ty::Int)])))]);
    let mismatch = assign(&from, &to).unwrap_err();
    assert_eq!((mismatch.path.as_str(), &mismatch.why), (".limits[].cpu", &Why::Other));
}

#[test]
fn what_two_types_have_in_common() {
    let lit = Ty::literal;
    assert_eq!(unify(&lit("a"), &lit("b")), enumeration(["a".into(), "b".into()]));
    assert_eq!(unify(&lit("a"), &Ty::String), Ty::String);
    assert_eq!(unify(&lit("a"), &declared(&["a", "b"])), declared(&["a", "b"]));
    assert_eq!(unify(&lit("c"), &declared(&["a", "b"])), Ty::String);
    assert_eq!(unify(&Ty::Int, &Ty::Number), Ty::Number);
    assert_eq!(unify(&Ty::Int, &Ty::String), Ty::Any);
    assert_eq!(unify(&Ty::Null, &Ty::Int), Ty::Int);
    assert_eq!(unify(&Ty::String.into_secret(), &lit("a")), Ty::String.into_secret());
    assert_eq!(unify(&Ty::list(Ty::Int), &Ty::list(Ty::Number)), Ty::list(Ty::Number));
    let joined = unify(&object(&[("a", Ty::Int)]), &object(&[("a", Ty::Int), ("b", Ty::Bool)]));
    assert_eq!(joined.to_string(), "object({a = int, b = optional(bool)})");
    assert_eq!(unify(&object(&[("a", Ty::Int)]), &Ty::map(Ty::Number)), Ty::map(Ty::Number));
}

#[test]
fn quantities() {
    for text in ["0", "500m", "1.5", "64Gi", "1e3", "1E3", "8E", "-1", "+2k", ".5", "5.", "100n"] {
        assert_eq!(Domain::Quantity.check(text), Ok(()), "{text}");
    }
    for text in ["", "m", "1 Gi", "1GiB", "1K", "1..2", "1e", "1e99", "abc", "99999999999999999999999999"] {
        assert!(Domain::Quantity.check(text).is_err(), "{text}");
    }
    for (text, canonical) in [
        ("1024Mi", "1Gi"),
        ("1000m", "1"),
        ("1500m", "1500m"),
        ("1.5Gi", "1536Mi"),
        ("1e3", "1k"),
        ("0.5", "500m"),
    ] {
        assert_eq!(Quantity::parse(text).unwrap().print(), canonical);
    }
}

#[test]
fn durations() {
    for (text, seconds) in [("10m", 600), ("1h30m", 5400), ("1.5s", 1), ("0", 0), ("-1m", -60)] {
        assert_eq!(parse_duration(text).unwrap() / 1_000_000_000, seconds, "{text}");
    }
    for text in ["", "10", "m", "1x", "1d", "10 m", "1h30", "99999999h"] {
        assert!(parse_duration(text).is_err(), "{text}");
    }
    for text in ["1h30m", "90ms", "1.5s", "0s", "-2m", "1h0.25s"] {
        assert_eq!(print_duration(parse_duration(text).unwrap()), text);
    }
}

#[test]
fn versions() {
    for text in ["1", "1.34", "v1.2.3", "1.2.3-rc.1+build.5"] {
        assert_eq!(Domain::Version.check(text), Ok(()), "{text}");
    }
    for text in ["", "latest", "1.x", ">=1.2", "1.2.3.4", "1.2-", "^1.2", "1..2"] {
        assert!(Domain::Version.check(text).is_err(), "{text}");
    }
    let version = Version::parse("1.4.2").unwrap();
    for (requirement, holds) in [
        (">= 1.2", true),
        (">= 1.2, < 1.4", false),
        ("~> 1.2", true),
        ("~> 1.4.0", true),
        ("~> 1.3.0", false),
        ("1.4.2", true),
        ("!= 1.4.2", false),
    ] {
        assert_eq!(satisfies(&version, requirement), Ok(holds), "{requirement}");
    }
    assert!(satisfies(&version, "=> 1").is_err());
}

#[test]
fn cidrs_and_arns() {
    assert_eq!(Domain::Cidr.check("10.0.0.0/8"), Ok(()));
    assert_eq!(Domain::Cidr.check("::/0"), Ok(()));
    for text in ["10.0.0.0", "10.0.0.0/33", "10.0.0/8", "x/8", "fd00::/129"] {
        assert!(Domain::Cidr.check(text).is_err(), "{text}");
    }
    let cidr = Cidr::parse("10.1.2.3/16").unwrap();
    assert_eq!(cidr.print_address(cidr.base), "10.1.0.0");
    assert_eq!(Domain::Arn.check("arn:aws:s3:::bucket"), Ok(()));
    assert_eq!(Domain::Arn.check("arn:aws-cn:iam::111122223333:role/a:b"), Ok(()));
    for text in ["", "arn:aws:iam", "arn:gcp:iam::111122223333:role/a", "arn:aws:iam::12:role/a"] {
        assert!(Domain::Arn.check(text).is_err(), "{text}");
    }
}

#[test]
fn every_signature_can_be_read() {
    assert_eq!(signatures::all().count(), signatures::ROWS);
    let join = signatures::signature("join").unwrap();
    assert_eq!(join.params.len(), 2);
    assert_eq!(join.returns, Ty::String);
}
