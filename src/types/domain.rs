//! The domain's own types: strings (and a number) that must have a certain form.
//!
//! In: text. Out: whether it has the form, and what it amounts to. Must not know: where the text is from.

use std::cmp::Ordering;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Domain {
    /// Kubernetes' resource quantities: `500m`, `2Gi`, `1e3`.
    Quantity,
    /// Go's durations: `10m`, `1h30m`, `1.5s`.
    Duration,
    /// Semantic versions, a leading `v` and missing parts allowed: `1.34`, `v2.0.1-rc.1`.
    Version,
    Cidr,
    /// A number from 1 to 65535.
    Port,
    Arn,
}

impl Domain {
    pub const ALL: &[Domain] =
        &[Domain::Quantity, Domain::Duration, Domain::Version, Domain::Cidr, Domain::Port, Domain::Arn];

    pub fn name(self) -> &'static str {
        match self {
            Domain::Quantity => "quantity",
            Domain::Duration => "duration",
            Domain::Version => "version",
            Domain::Cidr => "cidr",
            Domain::Port => "port",
            Domain::Arn => "arn",
        }
    }

    /// What the form looks like, for help.
    pub fn example(self) -> &'static str {
        match self {
            Domain::Quantity => "a quantity looks like `500m`, `2`, `1.5` or `64Gi`",
            Domain::Duration => "a duration looks like `90s`, `10m` or `1h30m`",
            Domain::Version => "a version looks like `1.34` or `65.1.0`",
            Domain::Cidr => "a CIDR block looks like `10.0.0.0/16` or `fd00::/8`",
            Domain::Port => "a port is a whole number from 1 to 65535",
            Domain::Arn => "an ARN looks like `arn:aws:iam::111122223333:role/name`",
        }
    }

    /// Whether a text has the form; the reason when not.
    pub fn check(self, text: &str) -> Result<(), String> {
        match self {
            Domain::Quantity => Quantity::parse(text).map(drop),
            Domain::Duration => parse_duration(text).map(drop),
            Domain::Version => Version::parse(text).map(drop),
            Domain::Cidr => Cidr::parse(text).map(drop),
            Domain::Port => Err("a port is a number, written without quotes".into()),
            Domain::Arn => check_arn(text),
        }
    }
}

/// How a quantity is written, which its sums keep (Kubernetes' `resource.Format`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuantityForm {
    Decimal,
    Binary,
}

/// A resource quantity as `resource.ParseQuantity` of apimachinery reads it, in billionths: the smallest unit it has.
#[derive(Clone, Copy, Debug)]
pub struct Quantity {
    pub nanos: i128,
    pub form: QuantityForm,
}

const NANO: i128 = 1_000_000_000;
const BINARY: [(&str, i128); 6] =
    [("Ei", 1 << 60), ("Pi", 1 << 50), ("Ti", 1 << 40), ("Gi", 1 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10)];
/// Suffix and size in billionths, largest first.
const DECIMAL: [(&str, i128); 10] = [
    ("E", NANO * 1_000_000_000_000_000_000),
    ("P", NANO * 1_000_000_000_000_000),
    ("T", NANO * 1_000_000_000_000),
    ("G", NANO * NANO),
    ("M", NANO * 1_000_000),
    ("k", NANO * 1_000),
    ("", NANO),
    ("m", 1_000_000),
    ("u", 1_000),
    ("n", 1),
];

impl Quantity {
    pub fn parse(text: &str) -> Result<Quantity, String> {
        let (negative, rest) = match text.strip_prefix(['+', '-']) {
            Some(rest) => (text.starts_with('-'), rest),
            None => (false, text),
        };
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, suffix) = rest.split_at_checked(digits).unwrap_or((rest, ""));
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
            return Err("it does not start with a number".into());
        }
        let (unit, form) = unit_of(suffix)?;
        let too_large = || "it is larger than Kubernetes can hold".to_owned();
        if whole.len() > 20 || fraction.len() > 20 {
            return Err(too_large());
        }
        let digits: i128 = format!("{whole}{fraction}").parse().map_err(|_| too_large())?;
        let scale = 10_i128.pow(u32::try_from(fraction.len()).unwrap_or(0));
        let product = digits.checked_mul(unit).ok_or_else(too_large)?;
        // What is finer than a billionth is rounded up, away from zero, as Kubernetes does.
        let nanos = product / scale + i128::from(product % scale != 0);
        if nanos / NANO > i128::from(i64::MAX) {
            return Err(too_large());
        }
        Ok(Quantity { nanos: if negative { -nanos } else { nanos }, form })
    }

    pub fn from_f64(value: f64) -> Option<Quantity> {
        let scaled = value * 1e9;
        if !scaled.is_finite() || scaled.abs() > 9e27 {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "bounded just above")]
        let nanos = scaled.round() as i128;
        Some(Quantity { nanos, form: QuantityForm::Decimal })
    }

    /// With the largest suffix that leaves a whole number.
    pub fn print(self) -> String {
        if self.nanos == 0 {
            return "0".into();
        }
        if self.form == QuantityForm::Binary && self.nanos % NANO == 0 {
            let whole = self.nanos / NANO;
            for (suffix, unit) in BINARY {
                if whole % unit == 0 {
                    return format!("{}{suffix}", whole / unit);
                }
            }
            return whole.to_string();
        }
        for (suffix, unit) in DECIMAL {
            if self.nanos % unit == 0 {
                return format!("{}{suffix}", self.nanos / unit);
            }
        }
        format!("{}n", self.nanos)
    }

    pub fn compare(self, other: Quantity) -> Ordering {
        self.nanos.cmp(&other.nanos)
    }
}

fn unit_of(suffix: &str) -> Result<(i128, QuantityForm), String> {
    if let Some((_, unit)) = BINARY.iter().find(|(s, _)| *s == suffix) {
        return Ok((unit * NANO, QuantityForm::Binary));
    }
    if let Some((_, unit)) = DECIMAL.iter().find(|(s, _)| *s == suffix) {
        return Ok((*unit, QuantityForm::Decimal));
    }
    if let Some(exponent) = suffix.strip_prefix(['e', 'E']) {
        let exponent: i32 = exponent.parse().map_err(|_| format!("`{suffix}` is no exponent"))?;
        return match exponent {
            -9..=18 => {
                let power = u32::try_from(exponent + 9).unwrap_or(0);
                Ok((10_i128.pow(power), QuantityForm::Decimal))
            }
            _ => Err(format!("the exponent of `{suffix}` is out of range")),
        };
    }
    let meant = match suffix {
        "K" => Some("k"),
        "g" => Some("G"),
        "Mb" | "MB" | "mb" => Some("M"),
        "Gb" | "GB" | "gb" => Some("G"),
        "KB" | "kb" | "Kb" => Some("k"),
        "gi" | "GiB" | "Gib" => Some("Gi"),
        "mi" | "MiB" | "Mib" => Some("Mi"),
        "ki" | "KiB" | "Kib" => Some("Ki"),
        _ => None,
    };
    Err(match meant {
        Some(meant) => format!("`{suffix}` is no unit of Kubernetes; did you mean `{meant}`?"),
        None => {
            format!("`{suffix}` is no unit of Kubernetes (n, u, m, k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi, Ei)")
        }
    })
}

/// Nanoseconds of a duration in the form of Go's `time.ParseDuration`.
pub fn parse_duration(text: &str) -> Result<i128, String> {
    let (negative, mut rest) = match text.strip_prefix(['+', '-']) {
        Some(rest) => (text.starts_with('-'), rest),
        None => (false, text),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err("it is empty".into());
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, tail) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let end = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at_checked(end).unwrap_or((tail, ""));
        let nanos: i128 = match unit {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            "" => return Err(format!("`{number}` has no unit (s, m, h)")),
            "d" => return Err("there is no unit `d`; write days in hours, such as `24h`".into()),
            other => return Err(format!("`{}` is no unit of time (ns, us, ms, s, m, h)", other.trim())),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') || number.len() > 18 {
            return Err(format!("`{number}` is no number"));
        }
        let digits: i128 =
            format!("{whole}{fraction}").parse().map_err(|_| format!("`{number}` is no number"))?;
        total += digits * nanos / 10_i128.pow(u32::try_from(fraction.len()).unwrap_or(0));
        rest = tail;
    }
    if total > i128::from(i64::MAX) {
        return Err("it is longer than 292 years".into());
    }
    Ok(if negative { -total } else { total })
}

/// A duration as Go prints it, without zero parts: `1h30m`, `90ms`.
pub fn print_duration(nanos: i128) -> String {
    if nanos == 0 {
        return "0s".into();
    }
    let sign = if nanos < 0 { "-" } else { "" };
    let total = nanos.abs();
    if total < 1_000_000_000 {
        for (suffix, unit) in [("ms", 1_000_000), ("us", 1_000)] {
            if total % unit == 0 {
                return format!("{sign}{}{suffix}", total / unit);
            }
        }
        return format!("{sign}{total}ns");
    }
    let mut out = sign.to_owned();
    let (hours, rest) = (total / 3_600_000_000_000, total % 3_600_000_000_000);
    let (minutes, rest) = (rest / 60_000_000_000, rest % 60_000_000_000);
    if hours > 0 {
        out.push_str(&format!("{hours}h"));
    }
    if minutes > 0 {
        out.push_str(&format!("{minutes}m"));
    }
    if rest > 0 {
        let (seconds, fraction) = (rest / 1_000_000_000, rest % 1_000_000_000);
        out.push_str(&seconds.to_string());
        if fraction > 0 {
            let digits = format!("{fraction:09}");
            out.push('.');
            out.push_str(digits.trim_end_matches('0'));
        }
        out.push('s');
    }
    out
}

/// A semantic version; missing parts are zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    pub parts: [u64; 3],
    /// How many of the parts were written.
    pub given: usize,
    pub pre: Vec<String>,
    pub build: String,
}

impl Version {
    pub fn parse(text: &str) -> Result<Version, String> {
        let rest = text.strip_prefix('v').unwrap_or(text);
        if let Some(c) = rest.chars().find(|c| "<>=~^*|, ".contains(*c)) {
            return Err(format!("`{c}` makes it a range, not a version"));
        }
        let (rest, build) = rest.split_once('+').map_or((rest, ""), |(a, b)| (a, b));
        let (core, pre) = rest.split_once('-').map_or((rest, None), |(a, b)| (a, Some(b)));
        let mut parts = [0; 3];
        let mut given = 0;
        for piece in core.split('.') {
            let Some(slot) = parts.get_mut(given) else {
                return Err("it has more than three numbers".into());
            };
            if piece.is_empty() || !piece.bytes().all(|b| b.is_ascii_digit()) {
                return Err(match piece {
                    "x" | "X" => "`x` makes it a range, not a version".into(),
                    "" => "a number is missing".into(),
                    other => format!("`{other}` is no number"),
                });
            }
            *slot = piece.parse().map_err(|_| format!("`{piece}` is too large"))?;
            given += 1;
        }
        let word = |w: &str| !w.is_empty() && w.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let pre: Vec<String> = pre.map(|p| p.split('.').map(str::to_owned).collect()).unwrap_or_default();
        if let Some(bad) = pre.iter().find(|w| !word(w)) {
            return Err(format!("`{bad}` cannot stand after the dash"));
        }
        if !build.is_empty() && !build.split('.').all(word) {
            return Err(format!("`{build}` cannot stand after the plus"));
        }
        Ok(Version { parts, given, pre, build: build.to_owned() })
    }

    /// Precedence by Semantic Versioning 2.0, section 11.
    pub fn compare(&self, other: &Version) -> Ordering {
        self.parts.cmp(&other.parts).then_with(|| match (self.pre.is_empty(), other.pre.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => {
                for (a, b) in self.pre.iter().zip(&other.pre) {
                    let order = match (a.parse::<u64>(), b.parse::<u64>()) {
                        (Ok(a), Ok(b)) => a.cmp(&b),
                        (Ok(_), Err(_)) => Ordering::Less,
                        (Err(_), Ok(_)) => Ordering::Greater,
                        (Err(_), Err(_)) => a.cmp(b),
                    };
                    if order != Ordering::Equal {
                        return order;
                    }
                }
                self.pre.len().cmp(&other.pre.len())
            }
        })
    }
}

/// Whether a version satisfies `>= 0.1, < 2` and the like: comparisons joined by commas, all of which must hold.
/// `~> 1.2` is Terraform's: the last number given may grow.
pub fn satisfies(version: &Version, requirement: &str) -> Result<bool, String> {
    let mut all = true;
    for part in requirement.split(',') {
        let part = part.trim();
        let end = part.find(|c: char| c.is_ascii_digit() || c == 'v').unwrap_or(part.len());
        let (op, bound) = part.split_at_checked(end).unwrap_or((part, ""));
        let bound = Version::parse(bound.trim()).map_err(|why| format!("`{part}`: {why}"))?;
        let order = version.compare(&bound);
        all &= match op.trim() {
            "" | "=" | "==" => order.is_eq(),
            "!=" => order.is_ne(),
            ">" => order.is_gt(),
            ">=" => order.is_ge(),
            "<" => order.is_lt(),
            "<=" => order.is_le(),
            "~>" | "~" | "^" => {
                let keep = match op.trim() {
                    "^" => 1,
                    "~" => bound.given.min(2),
                    _ => bound.given.saturating_sub(1),
                };
                order.is_ge() && version.parts.iter().zip(bound.parts).take(keep).all(|(a, b)| *a == b)
            }
            other => return Err(format!("`{other}` is no comparison")),
        };
    }
    Ok(all)
}

/// A block of addresses. IPv4 is held in the low 32 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    pub base: u128,
    pub prefix: u32,
    /// 32 or 128.
    pub bits: u32,
}

impl Cidr {
    pub fn parse(text: &str) -> Result<Cidr, String> {
        let (address, prefix) =
            text.split_once('/').ok_or_else(|| "the length of the prefix (`/24`) is missing".to_owned())?;
        let address: std::net::IpAddr =
            address.parse().map_err(|_| format!("`{address}` is no IP address"))?;
        let (base, bits) = match address {
            std::net::IpAddr::V4(a) => (u128::from(u32::from(a)), 32),
            std::net::IpAddr::V6(a) => (u128::from(a), 128),
        };
        let prefix = prefix
            .parse::<u32>()
            .ok()
            .filter(|p| *p <= bits)
            .ok_or_else(|| format!("the prefix `/{prefix}` is not from 0 to {bits}"))?;
        Ok(Cidr { base: base & mask(prefix, bits), prefix, bits })
    }

    pub fn print_address(self, address: u128) -> String {
        if self.bits == 32 {
            std::net::Ipv4Addr::from(u32::try_from(address & u128::from(u32::MAX)).unwrap_or(0)).to_string()
        } else {
            std::net::Ipv6Addr::from(address).to_string()
        }
    }

    pub fn netmask(self) -> u128 {
        mask(self.prefix, self.bits)
    }
}

fn mask(prefix: u32, bits: u32) -> u128 {
    let all = if bits == 128 { u128::MAX } else { (1 << bits) - 1 };
    if prefix == 0 { 0 } else { all & !(all.checked_shr(prefix).unwrap_or(0)) }
}

fn check_arn(text: &str) -> Result<(), String> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let [arn, partition, service, _region, account, resource] = parts.as_slice() else {
        return Err("it has fewer than six parts".into());
    };
    if *arn != "arn" {
        return Err("it does not start with `arn:`".into());
    }
    if !partition.starts_with("aws") {
        return Err(format!("`{partition}` is no partition (aws, aws-cn, aws-us-gov)"));
    }
    if service.is_empty() || resource.is_empty() {
        return Err("its service or its resource is empty".into());
    }
    let is_account = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
    if !(account.is_empty() || *account == "aws" || is_account) {
        return Err(format!("`{account}` is no account: twelve digits"));
    }
    Ok(())
}
