//! Go's `time`: instants in a location, durations, layouts.
//!
//! Pure: the clock and the machine's zone come from outside ([`Locations`]); named zones come from the
//! database compiled in. The calendar is computed here, over Go's whole range of years.

use std::rc::Rc;

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

pub(super) mod duration;
pub(super) mod layout;
mod parse;

pub use parse::parse;

/// A place whose clocks a time is shown by.
#[derive(Debug, Clone)]
pub enum Location {
    /// UTC.
    Utc,
    /// The machine's zone.
    Local,
    /// Always the same offset in seconds; the name may be empty.
    Fixed { offset: i32, name: Rc<str> },
    /// A zone of the IANA database.
    Named(TimeZone),
}

impl Location {
    /// `time.LoadLocation`; `None` for an unknown name. Names are case-sensitive, as in Go on Linux.
    pub fn load(name: &str) -> Option<Self> {
        match name {
            "" | "UTC" => Some(Self::Utc),
            "Local" => Some(Self::Local),
            _ => {
                let zone = TimeZoneDatabase::bundled().get(name).ok()?;
                (zone.iana_name() == Some(name)).then_some(Self::Named(zone))
            }
        }
    }
}

/// What location-dependent functions need from outside.
pub struct Locations<'a> {
    /// Where a time is that says nothing of it.
    pub default: Location,
    /// The machine's zone; `None` is UTC.
    pub local: Option<&'a TimeZone>,
}

impl Locations<'_> {
    /// Offset and abbreviation in force at a Unix time.
    fn lookup(&self, location: &Location, unix: i64) -> (i32, Rc<str>) {
        match location {
            Location::Utc => (0, "UTC".into()),
            Location::Local => match self.local {
                Some(zone) => in_force(zone, unix),
                None => (0, "UTC".into()),
            },
            Location::Fixed { offset, name } => (*offset, Rc::clone(name)),
            Location::Named(zone) => in_force(zone, unix),
        }
    }
}

/// Offset and abbreviation in force in a zone at a Unix time.
fn in_force(zone: &TimeZone, unix: i64) -> (i32, Rc<str>) {
    let clamped = unix.clamp(Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
    let at = Timestamp::from_second(clamped).unwrap_or_default();
    let info = zone.to_offset_info(at);
    (info.offset().seconds(), info.abbreviation().into())
}

/// An instant, and the place it is shown at.
#[derive(Debug, Clone)]
pub struct Time {
    unix: i64,
    nanos: u32,
    location: Location,
    offset: i32,
    zone_name: Rc<str>,
}

/// A date and a time of day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Civil {
    pub year: i64,
    /// From 1.
    pub month: u8,
    pub day: u8,
    /// From 1.
    pub year_day: u16,
    /// From Sunday, 0.
    pub weekday: u8,
    pub hour: u8,
    pub minute: u8,
    pub second: u8,
}

const DAY: i64 = 86_400;

impl Time {
    /// The instant of a Unix time, shown at a place.
    pub fn new(unix: i64, nanos: u32, location: &Location, locations: &Locations<'_>) -> Self {
        let (offset, zone_name) = locations.lookup(location, unix);
        Self { unix, nanos, location: location.clone(), offset, zone_name }
    }

    /// Go's zero time, 1 January of year 1, UTC.
    pub fn zero() -> Self {
        Self { unix: -62_135_596_800, nanos: 0, location: Location::Utc, offset: 0, zone_name: "UTC".into() }
    }

    /// Year, month, day, hour, minute, second as the clocks of a place show them; months and days may be out
    /// of range and are carried over, as in `time.Date`.
    pub fn from_civil(civil: [i64; 6], nanos: u32, location: &Location, locations: &Locations<'_>) -> Self {
        let [year, month, day, hour, minute, second] = civil;
        let carried = month.wrapping_sub(1);
        let year = year.wrapping_add(carried.div_euclid(12));
        let days = days_from_civil(year, carried.rem_euclid(12) + 1, 1).wrapping_add(day.wrapping_sub(1));
        let clock = hour.wrapping_mul(3600).wrapping_add(minute.wrapping_mul(60)).wrapping_add(second);
        let shown = days.wrapping_mul(DAY).wrapping_add(clock);
        // The offset at the instant depends on the instant: try that of a first guess, then correct once.
        let (guess, _) = locations.lookup(location, shown);
        let mut unix = shown.wrapping_sub(guess.into());
        let (offset, _) = locations.lookup(location, unix);
        if offset != guess {
            let second = shown.wrapping_sub(offset.into());
            if locations.lookup(location, second).0 == offset {
                unix = second;
            }
        }
        Self::new(unix, nanos, location, locations)
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    pub fn unix(&self) -> i64 {
        self.unix
    }

    /// Nanoseconds within the second.
    pub fn nanos(&self) -> u32 {
        self.nanos
    }

    /// Seconds east of UTC.
    pub fn offset(&self) -> i32 {
        self.offset
    }

    /// The abbreviation of the zone, empty when unknown.
    pub fn zone_name(&self) -> &str {
        &self.zone_name
    }

    /// Where it is shown.
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// The same instant at another place.
    #[must_use]
    pub fn at(&self, location: &Location, locations: &Locations<'_>) -> Self {
        Self::new(self.unix, self.nanos, location, locations)
    }

    /// `Time.Add`.
    #[must_use]
    pub fn add(&self, nanos: i64, locations: &Locations<'_>) -> Self {
        let total = i64::from(self.nanos) + nanos % duration::SECOND;
        let unix =
            self.unix.wrapping_add(nanos / duration::SECOND).wrapping_add(total.div_euclid(duration::SECOND));
        let nanos = u32::try_from(total.rem_euclid(duration::SECOND)).unwrap_or(0);
        Self::new(unix, nanos, &self.location, locations)
    }

    /// `Time.Sub`: the duration from another time to this one, at the limits where it does not fit.
    pub fn since(&self, earlier: &Self) -> i64 {
        let nanos = (i128::from(self.unix) - i128::from(earlier.unix)) * i128::from(duration::SECOND)
            + i128::from(self.nanos)
            - i128::from(earlier.nanos);
        i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX })
    }

    /// The date and time of day shown.
    pub fn civil(&self) -> Civil {
        let shown = self.unix.wrapping_add(self.offset.into());
        let (days, clock) = (shown.div_euclid(DAY), shown.rem_euclid(DAY));
        let (year, month, day) = civil_from_days(days);
        let year_day = days - days_from_civil(year, 1, 1) + 1;
        let small = |n: i64| u8::try_from(n).unwrap_or(0);
        Civil {
            year,
            month: small(month),
            day: small(day),
            year_day: u16::try_from(year_day).unwrap_or(0),
            weekday: small((days + 4).rem_euclid(7)),
            hour: small(clock / 3600),
            minute: small(clock / 60 % 60),
            second: small(clock % 60),
        }
    }

    /// `Time.Format`.
    pub fn format(&self, layout: &[u8]) -> Vec<u8> {
        layout::format(self, layout)
    }

    /// `Time.String`, without the reading of the monotonic clock.
    pub fn to_text(&self) -> Vec<u8> {
        self.format(b"2006-01-02 15:04:05.999999999 -0700 MST")
    }
}

/// Days from 1970-01-01 to a date of the Gregorian calendar, in eras of 400 years.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year.wrapping_sub(1) } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era.wrapping_mul(146_097).wrapping_add(day_of_era).wrapping_sub(719_468)
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The quoting of package `time`'s errors: everything outside ASCII, and control characters, as bytes.
fn quote(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for &byte in text {
        match byte {
            b'"' | b'\\' => {
                out.push('\\');
                out.push(char::from(byte));
            }
            b' '..=0x7f => out.push(char::from(byte)),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out.push('"');
    out
}
