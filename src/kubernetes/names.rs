//! Syntax of names, labels and their values, after apimachinery's `pkg/util/validation`. Each function tells what the text
//! has to be, `None` where it is.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

type Wrong = Option<&'static str>;

fn lower(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit()
}

fn alnum(c: char) -> bool {
    c.is_ascii_alphanumeric()
}

/// Starts and ends with `edge`, only `edge` and `extra` between.
fn framed(text: &str, edge: fn(char) -> bool, extra: &str) -> bool {
    text.starts_with(edge) && text.ends_with(edge) && text.chars().all(|c| edge(c) || extra.contains(c))
}

fn wrong(is: bool, why: &'static str) -> Wrong {
    is.then_some(why)
}

pub(super) fn label(text: &str) -> Wrong {
    wrong(
        text.len() > 63 || !framed(text, lower, "-"),
        "has to be at most 63 lower-case letters, digits and `-`, and begin and end with a letter or digit",
    )
}

pub(super) fn subdomain(text: &str) -> Wrong {
    wrong(
        text.len() > 253 || text.split('.').any(|part| !framed(part, lower, "-")),
        "has to be at most 253 lower-case letters, digits, `-` and `.`, and each part between dots has to begin and end \
         with a letter or digit",
    )
}

/// A subdomain whose first part is `*`.
pub(super) fn wildcard(text: &str) -> Wrong {
    let rest = text.strip_prefix("*.");
    wrong(rest.is_none_or(|rest| subdomain(rest).is_some()), "has to be a name such as `*.example.com`")
}

pub(super) fn label_1035(text: &str) -> Wrong {
    wrong(
        text.len() > 63 || !framed(text, lower, "-") || !text.starts_with(|c: char| c.is_ascii_lowercase()),
        "has to be at most 63 lower-case letters, digits and `-`, begin with a letter, and end with a letter or digit",
    )
}

/// Names that only have to fit into a URL.
pub(super) fn path_segment(text: &str) -> Wrong {
    wrong(
        matches!(text, "." | "..") || text.contains(['/', '%']),
        "must not hold `/` or `%`, or be `.` or `..`",
    )
}

/// Keys of labels and annotations: `example.com/name`.
pub(super) fn qualified(text: &str) -> Wrong {
    const NAME: &str = "has to be at most 63 letters, digits, `-`, `_` and `.`, and begin and end with a letter or digit; \
                        a DNS name and `/` may come before";
    let name = match text.split_once('/') {
        None => text,
        Some((prefix, name)) => {
            if name.contains('/') || subdomain(prefix).is_some() {
                return Some(NAME);
            }
            name
        }
    };
    wrong(name.len() > 63 || !framed(name, alnum, "-_."), NAME)
}

/// Annotations' keys may be upper-case.
pub(super) fn annotation(text: &str) -> Wrong {
    if text.contains(|c: char| c.is_ascii_uppercase()) {
        qualified(&text.to_lowercase())
    } else {
        qualified(text)
    }
}

pub(super) fn label_value(text: &str) -> Wrong {
    wrong(
        text.len() > 63 || (!text.is_empty() && !framed(text, alnum, "-_.")),
        "has to be at most 63 letters, digits, `-`, `_` and `.`, and begin and end with a letter or digit",
    )
}

/// Keys of ConfigMaps and Secrets.
pub(super) fn config_key(text: &str) -> Wrong {
    wrong(
        text.is_empty()
            || text.len() > 253
            || matches!(text, "." | "..")
            || text.starts_with("..")
            || !text.chars().all(|c| alnum(c) || "-_.".contains(c)),
        "has to be at most 253 letters, digits, `-`, `_` and `.`, and must not begin with `..`",
    )
}

/// Names of ports.
pub(super) fn port_name(text: &str) -> Wrong {
    let fits = text.len() <= 15
        && text.chars().all(|c| lower(c) || c == '-')
        && text.chars().any(|c| c.is_ascii_lowercase())
        && !text.contains("--")
        && !text.starts_with('-')
        && !text.ends_with('-');
    wrong(
        !fits,
        "has to be at most 15 lower-case letters, digits and single `-`, with at least one letter, and must not begin or \
         end with `-`",
    )
}

/// Names of environment variables: anything printable but `=`.
pub(super) fn env(text: &str) -> Wrong {
    wrong(
        !text.chars().all(|c| (' '..='~').contains(&c) && c != '='),
        "has to be printable ASCII without `=`",
    )
}

pub(super) fn port(number: i64) -> Wrong {
    wrong(!(1..=65_535).contains(&number), "has to be between 1 and 65535")
}

/// `50%`, and not more than a hundred of it where that matters.
pub(super) fn percent(text: &str) -> Option<i64> {
    let digits = text.strip_suffix('%').filter(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()))?;
    digits.parse().ok()
}

pub(super) fn header(text: &str) -> Wrong {
    wrong(text.is_empty() || !text.chars().all(|c| alnum(c) || c == '-'), "has to be letters, digits and `-`")
}

/// Without the leading zeros that Go's older parser let through.
pub(super) fn ip(text: &str) -> Wrong {
    let sloppy = || {
        let parts: Vec<&str> = text.split('.').collect();
        parts.len() == 4
            && parts.iter().all(|p| {
                !p.is_empty()
                    && p.len() <= 3
                    && p.bytes().all(|b| b.is_ascii_digit())
                    && p.parse::<u16>().is_ok_and(|n| n <= 255)
            })
    };
    wrong(text.parse::<IpAddr>().is_err() && !sloppy(), "has to be an IP address")
}

/// Address and bits of `10.0.0.0/8`.
pub(super) fn cidr(text: &str) -> Option<(IpAddr, u32)> {
    let (address, bits) = text.split_once('/')?;
    let bits: u32 = bits.parse().ok()?;
    match address.parse().ok()? {
        IpAddr::V4(v4) if bits <= 32 => Some((IpAddr::V4(v4), bits)),
        IpAddr::V6(v6) if bits <= 128 => Some((IpAddr::V6(v6), bits)),
        _ => None,
    }
}

/// Whether all of `inner` is in `outer`, and less than all of it.
pub(super) fn inside(outer: (IpAddr, u32), inner: (IpAddr, u32)) -> bool {
    let cut4 = |a: Ipv4Addr, bits: u32| u32::from(a).checked_shr(32 - bits.min(32)).unwrap_or(0);
    let cut6 = |a: Ipv6Addr, bits: u32| u128::from(a).checked_shr(128 - bits.min(128)).unwrap_or(0);
    match (outer, inner) {
        ((IpAddr::V4(a), n), (IpAddr::V4(b), m)) => n < m && cut4(a, n) == cut4(b, n),
        ((IpAddr::V6(a), n), (IpAddr::V6(b), m)) => n < m && cut6(a, n) == cut6(b, n),
        _ => false,
    }
}
