//! Times read by a layout: Go's `time.ParseInLocation`, errors included.

use super::duration::leading_int;
use super::layout::{DAYS, Element, MONTHS, Offset, OffsetParts, next_chunk};
use super::{Location, Locations, Time, days_in_month, is_leap, quote};

/// A value that does not fit its element; the caller knows where.
struct Bad;

type Read<T> = Result<T, Bad>;

#[derive(Default)]
struct Fields {
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
    year_day: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanos: u32,
    am: bool,
    pm: bool,
    utc: bool,
    offset: Option<i64>,
    zone_name: Vec<u8>,
    /// Go's name of what is out of range.
    out_of_range: Option<&'static str>,
}

/// Reads a time; what has no zone is in `local`.
pub fn parse(layout: &[u8], value: &[u8], locations: &Locations<'_>) -> Result<Time, String> {
    let cannot = |element: &[u8], rest: &[u8]| {
        format!(
            "parsing time {} as {}: cannot parse {} as {}",
            quote(value),
            quote(layout),
            quote(rest),
            quote(element)
        )
    };
    let failure = |what: &str| format!("parsing time {}: {what}", quote(value));
    let mut fields = Fields::default();
    let (mut layout_rest, mut rest) = (layout, value);
    loop {
        let chunk = next_chunk(layout_rest);
        rest = skip(rest, chunk.prefix).map_err(|at| cannot(chunk.prefix, at))?;
        let Some(element) = chunk.element else {
            if !rest.is_empty() {
                return Err(failure(&format!("extra text: {}", quote(rest))));
            }
            break;
        };
        layout_rest = chunk.rest;
        let hold = rest;
        let read = fields.read(element, &mut rest, layout_rest);
        if let Some(what) = fields.out_of_range {
            return Err(failure(&format!("{what} out of range")));
        }
        if read.is_err() {
            return Err(cannot(chunk.text, hold));
        }
    }
    fields.finish(locations).map_err(failure)
}

/// The value without the layout's literal text; spaces match any number of spaces. The error is where it stopped.
fn skip<'t>(mut value: &'t [u8], mut prefix: &[u8]) -> Result<&'t [u8], &'t [u8]> {
    let spaces = |text: &[u8]| text.iter().take_while(|b| **b == b' ').count();
    while let Some((&want, after)) = prefix.split_first() {
        if want == b' ' {
            if value.first().is_some_and(|b| *b != b' ') {
                return Err(value);
            }
            prefix = prefix.get(spaces(prefix)..).unwrap_or_default();
            value = value.get(spaces(value)..).unwrap_or_default();
            continue;
        }
        match value.split_first() {
            Some((&found, tail)) if found == want => value = tail,
            _ => return Err(value),
        }
        prefix = after;
    }
    Ok(value)
}

fn take<'t>(text: &mut &'t [u8], len: usize) -> Read<&'t [u8]> {
    let (head, tail) = text.split_at_checked(len).ok_or(Bad)?;
    *text = tail;
    Ok(head)
}

fn digit(text: &[u8], at: usize) -> Option<i64> {
    text.get(at).filter(|b| b.is_ascii_digit()).map(|b| i64::from(b - b'0'))
}

/// One digit or two; `fixed` insists on two.
fn number(text: &mut &[u8], fixed: bool) -> Read<i64> {
    let tens = digit(text, 0).ok_or(Bad)?;
    match digit(text, 1) {
        Some(ones) => {
            take(text, 2)?;
            Ok(tens * 10 + ones)
        }
        None if fixed => Err(Bad),
        None => {
            take(text, 1)?;
            Ok(tens)
        }
    }
}

/// Go's own `atoi`: a sign and digits.
fn atoi(text: &[u8]) -> Read<i64> {
    let (negative, digits) = match text.split_first() {
        Some((b'-', digits)) => (true, digits),
        Some((b'+', digits)) => (false, digits),
        _ => (false, text),
    };
    let (value, rest) = leading_int(digits).ok_or(Bad)?;
    if !rest.is_empty() {
        return Err(Bad);
    }
    let value = i64::try_from(value).map_err(|_| Bad)?;
    Ok(if negative { -value } else { value })
}

/// The index of the name that the text starts with, in any case.
fn lookup(text: &mut &[u8], names: &[&str], len: Option<usize>) -> Read<i64> {
    for (index, name) in (0..).zip(names) {
        let name = name.as_bytes();
        let name = name.get(..len.unwrap_or(name.len())).unwrap_or(name);
        if text.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name)) {
            take(text, name.len())?;
            return Ok(index);
        }
    }
    Err(Bad)
}

impl Fields {
    fn range(&mut self, fine: bool, what: &'static str) {
        if !fine {
            self.out_of_range = Some(what);
        }
    }

    fn read(&mut self, element: Element, rest: &mut &[u8], layout_rest: &[u8]) -> Read<()> {
        match element {
            Element::Year => {
                let year = atoi(take(rest, 2)?)?;
                self.year = if year >= 69 { year + 1900 } else { year + 2000 };
            }
            Element::LongYear => {
                if rest.len() < 4 || digit(rest, 0).is_none() {
                    return Err(Bad);
                }
                self.year = atoi(take(rest, 4)?)?;
            }
            Element::Month => self.month = Some(lookup(rest, &MONTHS, Some(3))? + 1),
            Element::LongMonth => self.month = Some(lookup(rest, &MONTHS, None)? + 1),
            Element::NumMonth | Element::ZeroMonth => {
                let month = number(rest, element == Element::ZeroMonth)?;
                self.range((1..=12).contains(&month), "month");
                self.month = Some(month);
            }
            Element::WeekDay => _ = lookup(rest, &DAYS, Some(3))?,
            Element::LongWeekDay => _ = lookup(rest, &DAYS, None)?,
            Element::Day | Element::UnderDay | Element::ZeroDay => {
                if element == Element::UnderDay && rest.starts_with(b" ") {
                    take(rest, 1)?;
                }
                self.day = Some(number(rest, element == Element::ZeroDay)?);
            }
            Element::UnderYearDay | Element::ZeroYearDay => self.read_year_day(element, rest)?,
            Element::Hour => {
                self.hour = number(rest, false)?;
                self.range(self.hour < 24, "hour");
            }
            Element::Hour12 | Element::ZeroHour12 => {
                self.hour = number(rest, element == Element::ZeroHour12)?;
                self.range(self.hour <= 12, "hour");
            }
            Element::Minute | Element::ZeroMinute => {
                self.minute = number(rest, element == Element::ZeroMinute)?;
                self.range(self.minute < 60, "minute");
            }
            Element::Second | Element::ZeroSecond => {
                self.second = number(rest, element == Element::ZeroSecond)?;
                self.range(self.second < 60, "second");
                if self.out_of_range.is_none() {
                    self.read_unannounced_fraction(rest, layout_rest)?;
                }
            }
            Element::UpperPm | Element::LowerPm => {
                let upper = element == Element::UpperPm;
                match take(rest, 2)? {
                    b"PM" if upper => self.pm = true,
                    b"AM" if upper => self.am = true,
                    b"pm" if !upper => self.pm = true,
                    b"am" if !upper => self.am = true,
                    _ => return Err(Bad),
                }
            }
            Element::Offset(form) => self.read_offset(form, rest)?,
            Element::ZoneName => {
                if rest.starts_with(b"UTC") {
                    take(rest, 3)?;
                    self.utc = true;
                } else {
                    let len = zone_name_len(rest).ok_or(Bad)?;
                    self.zone_name = take(rest, len)?.to_vec();
                }
            }
            Element::Fraction { digits, trim: false, .. } => {
                self.nanos = self.fraction(take(rest, digits + 1)?)?;
            }
            Element::Fraction { .. } => {
                if matches!(rest.first(), Some(b'.' | b',')) && digit(rest, 1).is_some() {
                    let len = 1 + rest.iter().skip(1).take_while(|b| b.is_ascii_digit()).count();
                    self.nanos = self.fraction(take(rest, len)?)?;
                }
            }
        }
        Ok(())
    }

    fn read_year_day(&mut self, element: Element, rest: &mut &[u8]) -> Read<()> {
        let fixed = element == Element::ZeroYearDay;
        for _ in 0..2 {
            if !fixed && rest.starts_with(b" ") {
                take(rest, 1)?;
            }
        }
        let len = (0..3).take_while(|at| digit(rest, *at).is_some()).count();
        if len == 0 || fixed && len != 3 {
            return Err(Bad);
        }
        self.year_day = Some(atoi(take(rest, len)?)?);
        Ok(())
    }

    /// A fraction after the seconds is read even where the layout has none.
    fn read_unannounced_fraction(&mut self, rest: &mut &[u8], layout_rest: &[u8]) -> Read<()> {
        if !matches!(rest.first(), Some(b'.' | b',')) || digit(rest, 1).is_none() {
            return Ok(());
        }
        if matches!(next_chunk(layout_rest).element, Some(Element::Fraction { .. })) {
            return Ok(());
        }
        let len = 1 + rest.iter().skip(1).take_while(|b| b.is_ascii_digit()).count();
        self.nanos = self.fraction(take(rest, len)?)?;
        Ok(())
    }

    /// A point or comma and digits, of which nine count.
    fn fraction(&mut self, text: &[u8]) -> Read<u32> {
        let (&mark, digits) = text.split_first().ok_or(Bad)?;
        if !matches!(mark, b'.' | b',') {
            return Err(Bad);
        }
        let digits = digits.get(..9).unwrap_or(digits);
        let value = atoi(digits)?;
        self.range(value >= 0, "fractional second");
        let scale = u32::try_from(9 - digits.len()).unwrap_or(0);
        Ok(u32::try_from(value).unwrap_or(0) * 10u32.pow(scale))
    }

    fn read_offset(&mut self, form: Offset, rest: &mut &[u8]) -> Read<()> {
        if form.zulu && rest.starts_with(b"Z") {
            take(rest, 1)?;
            self.utc = true;
            return Ok(());
        }
        // Only the colons Go looks at matter; everything else is read by position.
        let mut text = *rest;
        let parts = match form.parts {
            OffsetParts::Hours => 1,
            OffsetParts::Minutes => 2,
            OffsetParts::Seconds => 3,
        };
        let len = 1 + 2 * parts + if form.colon { parts - 1 } else { 0 };
        if text.len() < len {
            return Err(Bad);
        }
        if form.colon && (2..=parts).any(|part| text.get(part * 3 - 3) != Some(&b':')) {
            return Err(Bad);
        }
        *rest = text.get(len..).unwrap_or_default();
        let sign = take(&mut text, 1)?;
        let mut values = [0; 3];
        let mut bad = false;
        for (part, value) in values.iter_mut().take(parts).enumerate() {
            if part > 0 && form.colon {
                take(&mut text, 1)?;
            }
            let mut two = take(&mut text, 2)?;
            match number(&mut two, true) {
                Ok(number) if !bad => *value = number,
                _ => bad = true,
            }
        }
        let [hours, minutes, seconds] = values;
        self.range(hours <= 24, "time zone offset hour");
        self.range(minutes <= 60, "time zone offset minute");
        self.range(seconds <= 60, "time zone offset second");
        let offset = (hours * 60 + minutes) * 60 + seconds;
        self.offset = Some(match sign {
            b"+" => offset,
            b"-" => -offset,
            _ => return Err(Bad),
        });
        if bad { Err(Bad) } else { Ok(()) }
    }

    fn finish(mut self, locations: &Locations<'_>) -> Result<Time, &'static str> {
        if self.pm && self.hour < 12 {
            self.hour += 12;
        } else if self.am && self.hour == 12 {
            self.hour = 0;
        }
        if let Some(year_day) = self.year_day {
            let (month, day) = month_and_day(self.year, year_day).ok_or("day-of-year out of range")?;
            if self.month.is_some_and(|m| m != month) {
                return Err("day-of-year does not match month");
            }
            if self.day.is_some_and(|d| d != day) {
                return Err("day-of-year does not match day");
            }
            (self.month, self.day) = (Some(month), Some(day));
        }
        let (month, day) = (self.month.unwrap_or(1), self.day.unwrap_or(1));
        if day < 1 || day > days_in_month(self.year, month) {
            return Err("day out of range");
        }
        let date = [self.year, month, day, self.hour, self.minute, self.second];
        if self.utc {
            return Ok(Time::from_civil(date, self.nanos, &Location::Utc, locations));
        }
        if let Some(offset) = self.offset {
            let utc = Time::from_civil(date, self.nanos, &Location::Utc, locations);
            let seconds = utc.unix() - offset;
            let local = Time::new(seconds, self.nanos, &locations.default, locations);
            let same_name = self.zone_name.is_empty() || local.zone_name().as_bytes() == self.zone_name;
            if i64::from(local.offset()) == offset && same_name {
                return Ok(local);
            }
            return Ok(Time::new(seconds, self.nanos, &self.fixed(offset), locations));
        }
        if !self.zone_name.is_empty() {
            let local = Time::from_civil(date, self.nanos, &locations.default, locations);
            if local.zone_name().as_bytes() == self.zone_name {
                return Ok(local);
            }
            let hours = self.zone_name.strip_prefix(b"GMT").and_then(|hours| atoi(hours).ok()).unwrap_or(0);
            // Go keeps the clock time as UTC here: an abbreviation it does not know has no offset.
            let utc = Time::from_civil(date, self.nanos, &Location::Utc, locations);
            return Ok(Time::new(utc.unix(), self.nanos, &self.fixed(hours * 3600), locations));
        }
        Ok(Time::from_civil(date, self.nanos, &locations.default, locations))
    }

    fn fixed(&self, offset: i64) -> Location {
        let name = String::from_utf8_lossy(&self.zone_name).into();
        Location::Fixed { offset: i32::try_from(offset).unwrap_or(0), name }
    }
}

fn month_and_day(year: i64, year_day: i64) -> Option<(i64, i64)> {
    if !(1..=365 + i64::from(is_leap(year))).contains(&year_day) {
        return None;
    }
    let (mut month, mut day) = (1, year_day);
    while day > days_in_month(year, month) {
        day -= days_in_month(year, month);
        month += 1;
    }
    Some((month, day))
}

/// How long the time zone abbreviation at the start is.
fn zone_name_len(text: &[u8]) -> Option<usize> {
    if text.len() < 3 {
        return None;
    }
    if text.starts_with(b"ChST") || text.starts_with(b"MeST") {
        return Some(4);
    }
    if let Some(after) = text.strip_prefix(b"GMT") {
        return Some(3 + signed_offset_len(after));
    }
    if matches!(text.first(), Some(b'+' | b'-')) {
        return Some(signed_offset_len(text)).filter(|len| *len > 0);
    }
    let upper = text.iter().take(6).take_while(|b| b.is_ascii_uppercase()).count();
    let ends_in_t = |len: usize| text.get(len - 1) == Some(&b'T');
    match upper {
        3 => Some(3),
        4 if ends_in_t(4) || text.starts_with(b"WITA") => Some(4),
        5 if ends_in_t(5) => Some(5),
        _ => None,
    }
}

fn signed_offset_len(text: &[u8]) -> usize {
    let Some((b'+' | b'-', digits)) = text.split_first() else {
        return 0;
    };
    match leading_int(digits) {
        Some((hours, rest)) if rest.len() < digits.len() && hours <= 23 => text.len() - rest.len(),
        _ => 0,
    }
}
