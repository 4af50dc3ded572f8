//! Go's time layouts: the reference time taken apart, and times written by it.

use super::{Civil, Time};

/// How an offset from UTC is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offset {
    /// `Z` for UTC itself.
    pub zulu: bool,
    /// With colons between the parts.
    pub colon: bool,
    /// Which parts.
    pub parts: OffsetParts,
}

/// The parts of a written offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OffsetParts {
    Hours,
    Minutes,
    Seconds,
}

/// An element of a layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Element {
    LongMonth,
    Month,
    NumMonth,
    ZeroMonth,
    LongWeekDay,
    WeekDay,
    Day,
    UnderDay,
    ZeroDay,
    UnderYearDay,
    ZeroYearDay,
    Hour,
    Hour12,
    ZeroHour12,
    Minute,
    ZeroMinute,
    Second,
    ZeroSecond,
    LongYear,
    Year,
    UpperPm,
    LowerPm,
    ZoneName,
    Offset(Offset),
    /// Fractional seconds; `trim` for the form with nines.
    Fraction {
        digits: usize,
        trim: bool,
        comma: bool,
    },
}

pub const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
pub const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// The text before the first element, the element and its text, and the rest.
pub struct Chunk<'t> {
    pub prefix: &'t [u8],
    pub element: Option<Element>,
    pub text: &'t [u8],
    pub rest: &'t [u8],
}

/// Finds the first element of a layout.
pub fn next_chunk(layout: &[u8]) -> Chunk<'_> {
    for at in 0..layout.len() {
        let tail = layout.get(at..).unwrap_or_default();
        if let Some((skip, len, element)) = element_at(tail) {
            let (start, end) = (at + skip, at + skip + len);
            return Chunk {
                prefix: layout.get(..start).unwrap_or_default(),
                element: Some(element),
                text: layout.get(start..end).unwrap_or_default(),
                rest: layout.get(end..).unwrap_or_default(),
            };
        }
    }
    Chunk { prefix: layout, element: None, text: &[], rest: &[] }
}

/// The element at the start: bytes to leave to the prefix, length, element.
fn element_at(tail: &[u8]) -> Option<(usize, usize, Element)> {
    use Element as E;
    let simple = |text: &[u8], element| tail.starts_with(text).then_some((0, text.len(), element));
    // `Jan` and `Mon` do not match at the start of a longer word.
    let word = |text: &[u8], element| {
        let whole = !tail.get(text.len()).is_some_and(u8::is_ascii_lowercase);
        (tail.starts_with(text) && whole).then_some((0, text.len(), element))
    };
    match tail.first()? {
        b'J' => simple(b"January", E::LongMonth).or_else(|| word(b"Jan", E::Month)),
        b'M' => simple(b"Monday", E::LongWeekDay)
            .or_else(|| word(b"Mon", E::WeekDay))
            .or_else(|| simple(b"MST", E::ZoneName)),
        b'0' => simple(b"01", E::ZeroMonth)
            .or_else(|| simple(b"02", E::ZeroDay))
            .or_else(|| simple(b"03", E::ZeroHour12))
            .or_else(|| simple(b"04", E::ZeroMinute))
            .or_else(|| simple(b"05", E::ZeroSecond))
            .or_else(|| simple(b"06", E::Year))
            .or_else(|| simple(b"002", E::ZeroYearDay)),
        b'1' => simple(b"15", E::Hour).or_else(|| simple(b"1", E::NumMonth)),
        b'2' => simple(b"2006", E::LongYear).or_else(|| simple(b"2", E::Day)),
        b'_' => {
            if tail.starts_with(b"_2006") {
                return Some((1, 4, E::LongYear));
            }
            simple(b"_2", E::UnderDay).or_else(|| simple(b"__2", E::UnderYearDay))
        }
        b'3' => Some((0, 1, E::Hour12)),
        b'4' => Some((0, 1, E::Minute)),
        b'5' => Some((0, 1, E::Second)),
        b'P' => simple(b"PM", E::UpperPm),
        b'p' => simple(b"pm", E::LowerPm),
        b'-' => offset(tail, false),
        b'Z' => offset(tail, true),
        b'.' | b',' => fraction(tail),
        _ => None,
    }
}

fn offset(tail: &[u8], zulu: bool) -> Option<(usize, usize, Element)> {
    let after = tail.get(1..)?;
    let forms: [(&[u8], bool, OffsetParts); 5] = [
        (b"070000", false, OffsetParts::Seconds),
        (b"07:00:00", true, OffsetParts::Seconds),
        (b"0700", false, OffsetParts::Minutes),
        (b"07:00", true, OffsetParts::Minutes),
        (b"07", false, OffsetParts::Hours),
    ];
    let (text, colon, parts) = forms.iter().find(|(text, ..)| after.starts_with(text))?;
    Some((0, text.len() + 1, Element::Offset(Offset { zulu, colon: *colon, parts: *parts })))
}

fn fraction(tail: &[u8]) -> Option<(usize, usize, Element)> {
    let &digit = tail.get(1).filter(|d| matches!(d, b'0' | b'9'))?;
    let digits = tail.iter().skip(1).take_while(|b| **b == digit).count();
    if tail.get(digits + 1).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let comma = tail.first() == Some(&b',');
    Some((0, digits + 1, Element::Fraction { digits, trim: digit == b'9', comma }))
}

/// `Time.Format`.
pub fn format(time: &Time, layout: &[u8]) -> Vec<u8> {
    let civil = time.civil();
    let mut out = Vec::with_capacity(layout.len() + 10);
    let mut rest = layout;
    loop {
        let chunk = next_chunk(rest);
        out.extend_from_slice(chunk.prefix);
        let Some(element) = chunk.element else { break };
        write_element(&mut out, element, time, &civil);
        rest = chunk.rest;
    }
    out
}

fn write_element(out: &mut Vec<u8>, element: Element, time: &Time, civil: &Civil) {
    let number = |value: i64, width: usize| {
        let sign = if value < 0 { "-" } else { "" };
        format!("{sign}{:0width$}", value.unsigned_abs())
    };
    let twelve = |hour: u8| if hour.is_multiple_of(12) { 12 } else { i64::from(hour % 12) };
    let month = MONTHS.get(usize::from(civil.month).wrapping_sub(1)).copied().unwrap_or_default();
    let day = DAYS.get(usize::from(civil.weekday)).copied().unwrap_or_default();
    let short = |name: &str| name.get(..3).unwrap_or_default().to_owned();
    let text = match element {
        Element::LongMonth => month.to_owned(),
        Element::Month => short(month),
        Element::NumMonth => number(civil.month.into(), 0),
        Element::ZeroMonth => number(civil.month.into(), 2),
        Element::LongWeekDay => day.to_owned(),
        Element::WeekDay => short(day),
        Element::Day => number(civil.day.into(), 0),
        Element::UnderDay => format!("{:>2}", civil.day),
        Element::ZeroDay => number(civil.day.into(), 2),
        Element::UnderYearDay => format!("{:>3}", civil.year_day),
        Element::ZeroYearDay => number(civil.year_day.into(), 3),
        Element::Hour => number(civil.hour.into(), 2),
        Element::Hour12 => number(twelve(civil.hour), 0),
        Element::ZeroHour12 => number(twelve(civil.hour), 2),
        Element::Minute => number(civil.minute.into(), 0),
        Element::ZeroMinute => number(civil.minute.into(), 2),
        Element::Second => number(civil.second.into(), 0),
        Element::ZeroSecond => number(civil.second.into(), 2),
        Element::LongYear => number(civil.year, 4),
        Element::Year => number((civil.year % 100).abs(), 2),
        Element::UpperPm => if civil.hour >= 12 { "PM" } else { "AM" }.to_owned(),
        Element::LowerPm => if civil.hour >= 12 { "pm" } else { "am" }.to_owned(),
        Element::ZoneName => zone_name(time),
        Element::Offset(form) => write_offset(time.offset(), form),
        Element::Fraction { digits, trim, comma } => write_fraction(time.nanos(), digits, trim, comma),
    };
    out.extend_from_slice(text.as_bytes());
}

fn zone_name(time: &Time) -> String {
    if !time.zone_name().is_empty() {
        return time.zone_name().to_owned();
    }
    let minutes = time.offset() / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("{sign}{:02}{:02}", (minutes / 60).abs(), (minutes % 60).abs())
}

fn write_offset(offset: i32, form: Offset) -> String {
    if form.zulu && offset == 0 {
        return "Z".to_owned();
    }
    let minutes = offset / 60;
    let colon = if form.colon { ":" } else { "" };
    let mut out = format!("{}{:02}", if minutes < 0 { '-' } else { '+' }, (minutes / 60).abs());
    if form.parts != OffsetParts::Hours {
        out.push_str(&format!("{colon}{:02}", (minutes % 60).abs()));
    }
    if form.parts == OffsetParts::Seconds {
        out.push_str(&format!("{colon}{:02}", (offset % 60).abs()));
    }
    out
}

fn write_fraction(nanos: u32, digits: usize, trim: bool, comma: bool) -> String {
    if trim && nanos == 0 {
        return String::new();
    }
    let mut out = format!("{}{nanos:09}", if comma { ',' } else { '.' });
    out.truncate(digits.min(9) + 1);
    if trim {
        out.truncate(out.trim_end_matches('0').len());
        if out.len() == 1 {
            out.clear();
        }
    }
    out
}
