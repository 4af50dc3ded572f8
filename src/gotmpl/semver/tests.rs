//! Facts recorded from Masterminds/semver 3.5.0: `constraint | as printed | version | ok or reasons`, and
//! `strict or loose | text | = version or ! error`.

use std::cmp::Ordering;

use super::{Constraints, Error, Version};

#[test]
fn facts() {
    for line in include_str!("semver.facts").lines() {
        let fields: Vec<&str> = line.split(" | ").collect();
        match fields.as_slice() {
            [mode @ ("strict" | "loose"), text, expected] => {
                let parsed =
                    if *mode == "strict" { Version::parse_strict(text) } else { Version::parse(text) };
                let got = match parsed {
                    Ok(version) => format!("= {version}"),
                    Err(e) => format!("! {e}"),
                };
                assert_eq!(&got, expected, "{line}");
            }
            [constraint, printed, version, expected] => {
                let constraint = Constraints::parse(constraint).unwrap();
                assert_eq!(&constraint.to_string(), printed, "{line}");
                let version = Version::parse(version).unwrap();
                let got = match constraint.validate(&version) {
                    Ok(()) => "ok".to_owned(),
                    Err(reasons) => reasons.join("; "),
                };
                assert_eq!(&got, expected, "{line}");
                assert_eq!(constraint.check(&version), *expected == "ok", "{line}");
            }
            // An alternative holds the separator; the checks of such lines are in `alternatives`.
            _ => assert!(line.contains("||"), "{line}"),
        }
    }
}

#[test]
fn alternatives() {
    let constraint = Constraints::parse("<1 || >3").unwrap();
    assert_eq!(constraint.to_string(), "<1 || >3");
    let two = Version::parse("2.0.0").unwrap();
    let reasons = [r#""2.0.0" is greater than or equal to "1""#, r#""2.0.0" is less than or equal to "3""#];
    assert_eq!(constraint.validate(&two).unwrap_err(), reasons);
    assert!(constraint.check(&Version::parse("0.2").unwrap()));
}

#[test]
fn precedence() {
    let order = [
        "1.0.0-1",
        "1.0.0-2",
        "1.0.0-11",
        "1.0.0-a",
        "1.0.0-a.1",
        "1.0.0-b",
        "1.0.0",
        "1.0.1",
        "1.2.0",
        "10.0.0",
    ];
    let versions: Vec<Version> = order.iter().map(|text| Version::parse(text).unwrap()).collect();
    for (i, low) in versions.iter().enumerate() {
        for (j, high) in versions.iter().enumerate() {
            assert_eq!(low.compare(high), i.cmp(&j), "{low} {high}");
        }
    }
    let meta = |text| Version::parse(text).unwrap();
    assert_eq!(meta("1.0.0+a").compare(&meta("1.0.0+b")), Ordering::Equal);
}

#[test]
fn limits() {
    assert_eq!(Constraints::parse(&"1".repeat(513)).unwrap_err(), Error::ConstraintTooLong);
    assert_eq!(Constraints::parse(&vec!["1"; 33].join("||")).unwrap_err(), Error::TooManyGroups);
    assert!(Constraints::parse(&vec!["1"; 32].join("||")).is_ok());
}
