//! sprig's dates and Helm's durations, over `gotime`.

use std::any::Any;
use std::rc::Rc;

use super::super::func::{Ctx, Func, FuncError, Signature};
use super::super::str::Str;
use super::super::strconv::{self, FloatBits, FloatFormat};
use super::super::types::{INT, INT64, IntKind, Kind, Type};
use super::super::value::{Object, Value};
use super::common::{ANY, BOOL, DURATION, FLOAT, Res, TEXT, TIME, arg, fail, int, string, text};
use super::gotime::{self, Location, Locations, Time, duration};
use super::number;

/// The functions of this file.
pub(super) const FUNCS: &[Func] = &[
    Func::new("now", &[], TIME, |c, _| time(now(c))),
    Func::new("date", &[TEXT, ANY], TEXT, |c, a| format_in(c, text(a, 0), arg(a, 1), b"Local")),
    Func::new("dateInZone", &[TEXT, ANY, TEXT], TEXT, |c, a| format_in(c, text(a, 0), arg(a, 1), text(a, 2))),
    Func::new("date_in_zone", &[TEXT, ANY, TEXT], TEXT, |c, a| {
        format_in(c, text(a, 0), arg(a, 1), text(a, 2))
    }),
    Func::new("htmlDate", &[ANY], TEXT, |c, a| format_in(c, b"2006-01-02", arg(a, 0), b"Local")),
    Func::new("htmlDateInZone", &[ANY, TEXT], TEXT, |c, a| {
        format_in(c, b"2006-01-02", arg(a, 0), text(a, 1))
    }),
    Func::new("dateModify", &[TEXT, TIME], TIME, modify),
    Func::new("date_modify", &[TEXT, TIME], TIME, modify),
    Func::new("mustDateModify", &[TEXT, TIME], TIME, must_modify),
    Func::new("must_date_modify", &[TEXT, TIME], TIME, must_modify),
    // Go returns the zero time beside the error, which sprig drops.
    Func::new("toDate", &[TEXT, TEXT], TIME, |c, a| time(parse(c, a).unwrap_or_else(|_| Time::zero()))),
    Func::new("mustToDate", &[TEXT, TEXT], TIME, |c, a| time(parse(c, a)?)),
    Func::new("unixEpoch", &[TIME], TEXT, |_, a| string(time_arg(a, 0).unix().to_string())),
    Func::new("ago", &[ANY], TEXT, ago),
    Func::new("duration", &[ANY], TEXT, |_, a| {
        let seconds = match arg(a, 0) {
            Value::Str(text) => number::parse_int_saturating(text),
            Value::Int(IntKind::Int64, n) => *n,
            _ => 0,
        };
        string(duration::format(seconds.wrapping_mul(duration::SECOND)))
    }),
    Func::new("durationRound", &[ANY], TEXT, duration_round),
    Func::new("mustToDuration", &[ANY], DURATION, |_, a| Ok(Elapsed::value(as_duration(arg(a, 0))?))),
    Func::new("durationSeconds", &[ANY], FLOAT, |_, a| in_float(a, duration::seconds)),
    Func::new("durationMinutes", &[ANY], FLOAT, |_, a| in_float(a, duration::minutes)),
    Func::new("durationHours", &[ANY], FLOAT, |_, a| in_float(a, duration::hours)),
    Func::new("durationDays", &[ANY], FLOAT, |_, a| in_float(a, |d| duration::hours(d) / 24.0)),
    Func::new("durationWeeks", &[ANY], FLOAT, |_, a| in_float(a, |d| duration::hours(d) / 24.0 / 7.0)),
    Func::new("durationMilliseconds", &[ANY], INT64, |_, a| in_int(a, 1_000_000)),
    Func::new("durationMicroseconds", &[ANY], INT64, |_, a| in_int(a, 1_000)),
    Func::new("durationNanoseconds", &[ANY], INT64, |_, a| in_int(a, 1)),
    Func::new("durationRoundTo", &[ANY, ANY], DURATION, |_, a| to_multiple(a, duration::round)),
    Func::new("durationTruncateTo", &[ANY, ANY], DURATION, |_, a| to_multiple(a, duration::truncate)),
];

/// Runs `then` with the machine's zone as the surroundings tell it.
fn with_zones<R>(ctx: &Ctx<'_>, then: impl FnOnce(&Locations<'_>) -> R) -> R {
    then(&Locations { default: Location::Local, local: ctx.env().local_zone() })
}

fn now(ctx: &Ctx<'_>) -> Time {
    let (seconds, nanos) = ctx.now();
    with_zones(ctx, |zones| Time::new(seconds, nanos, &Location::Local, zones))
}

fn time(time: Time) -> Res {
    Ok(Value::Object(Rc::new(GoTime(time))))
}

/// The names under which TOML's local dates and times have the machine's offset of now, with the layouts they are
/// read by, the last without seconds.
const TOML_LOCAL: [(&str, &[&[u8]]); 3] = [
    ("datetime-local", &[b"2006-01-02T15:04:05.999999999", b"2006-01-02T15:04"]),
    ("date-local", &[b"2006-01-02"]),
    ("time-local", &[b"15:04:05.999999999", b"15:04"]),
];

/// A TOML date or time. Go reads an hour of one digit, which TOML does not allow.
pub(super) fn toml_time(ctx: &Ctx<'_>, text: &str) -> Option<Value> {
    let complete = |layout: &[u8]| {
        let marks = layout.iter().take_while(|c| !matches!(c, b'.' | b'Z')).enumerate();
        marks.filter(|(_, c)| !c.is_ascii_digit()).all(|(i, c)| text.as_bytes().get(i) == Some(c))
    };
    let read = |layout: &[u8], zones: &Locations<'_>| {
        let parsed = gotime::parse(layout, text.as_bytes(), zones).ok()?;
        complete(layout).then(|| Value::Object(Rc::new(GoTime(parsed))))
    };
    let zoned: [&[u8]; 2] = [b"2006-01-02T15:04:05.999999999Z07:00", b"2006-01-02T15:04Z07:00"];
    if let Some(time) = zoned.iter().find_map(|layout| with_zones(ctx, |zones| read(layout, zones))) {
        return Some(time);
    }
    let offset = now(ctx).offset();
    TOML_LOCAL.iter().find_map(|(name, layouts)| {
        let default = Location::Fixed { offset, name: (*name).into() };
        let zones = Locations { default, local: ctx.env().local_zone() };
        layouts.iter().find_map(|layout| read(layout, &zones))
    })
}

fn as_time(value: &Value) -> Option<&Time> {
    match value {
        Value::Object(object) => object.as_any().downcast_ref::<GoTime>().map(|time| &time.0),
        _ => None,
    }
}

fn time_arg(a: &[Value], index: usize) -> Time {
    as_time(arg(a, index)).cloned().unwrap_or_else(Time::zero)
}

/// sprig's reading of a date: a time, or seconds since 1970 of the integer types it knows, else now.
fn moment(ctx: &Ctx<'_>, value: &Value, kinds: &[IntKind]) -> Time {
    match value {
        Value::Int(kind, seconds) if kinds.contains(kind) => {
            with_zones(ctx, |zones| Time::new(*seconds, 0, &Location::Local, zones))
        }
        other => as_time(other).cloned().unwrap_or_else(|| now(ctx)),
    }
}

fn format_in(ctx: &mut Ctx<'_>, layout: &[u8], value: &Value, zone: &[u8]) -> Res {
    let moment = moment(ctx, value, &[IntKind::Int, IntKind::Int32, IntKind::Int64]);
    let zone = std::str::from_utf8(zone).ok().and_then(Location::load).unwrap_or(Location::Utc);
    string(with_zones(ctx, |zones| moment.at(&zone, zones).format(layout)))
}

fn modify(ctx: &mut Ctx<'_>, a: &[Value]) -> Res {
    match duration::parse(text(a, 0)) {
        Ok(nanos) => time(with_zones(ctx, |zones| time_arg(a, 1).add(nanos, zones))),
        Err(_) => time(time_arg(a, 1)),
    }
}

fn must_modify(ctx: &mut Ctx<'_>, a: &[Value]) -> Res {
    let nanos = duration::parse(text(a, 0))?;
    time(with_zones(ctx, |zones| time_arg(a, 1).add(nanos, zones)))
}

fn parse(ctx: &Ctx<'_>, a: &[Value]) -> Result<Time, String> {
    with_zones(ctx, |zones| gotime::parse(text(a, 0), text(a, 1), zones))
}

fn ago(ctx: &mut Ctx<'_>, a: &[Value]) -> Res {
    let then = moment(ctx, arg(a, 0), &[IntKind::Int, IntKind::Int64]);
    string(duration::format(duration::round(now(ctx).since(&then), duration::SECOND)))
}

/// The largest unit that fits, and how many: `3mo`.
fn duration_round(ctx: &mut Ctx<'_>, a: &[Value]) -> Res {
    let nanos = match arg(a, 0) {
        Value::Str(text) => duration::parse(text).unwrap_or(0),
        Value::Int(IntKind::Int64, n) => *n,
        other => as_time(other).map_or(0, |then| now(ctx).since(then)),
    };
    const DAY: u64 = 86_400_000_000_000;
    let units = [
        (365 * DAY, "y"),
        (30 * DAY, "mo"),
        (DAY, "d"),
        (DAY / 24, "h"),
        (60_000_000_000, "m"),
        (1_000_000_000, "s"),
    ];
    let size = nanos.unsigned_abs();
    match units.iter().find(|(unit, _)| size > *unit) {
        Some((unit, name)) => string(format!("{}{name}", size / unit)),
        None => string("0s"),
    }
}

/// Helm's reading of a duration: one, its text, or seconds as a number or its text.
fn as_duration(value: &Value) -> Result<i64, String> {
    match value {
        Value::Nil => Err("invalid duration".to_owned()),
        Value::Str(whole) => {
            let text = super::text::trim_space(whole);
            if text.is_empty() {
                return Err("empty duration".to_owned());
            }
            if let Ok(nanos) = duration::parse(text) {
                return Ok(nanos);
            }
            match number::parse_float(text) {
                Some(seconds) => from_float_seconds(seconds),
                None => Err(format!("could not parse duration {}", super::common::quoted(whole))),
            }
        }
        Value::Int(_, seconds) => seconds
            .checked_mul(duration::SECOND)
            .ok_or_else(|| format!("duration seconds overflow: {seconds}")),
        Value::Uint(_, seconds) => i64::try_from(*seconds)
            .ok()
            .and_then(|seconds| seconds.checked_mul(duration::SECOND))
            .ok_or_else(|| format!("duration seconds overflow: {seconds}")),
        Value::Float32(seconds) => from_float_seconds(f64::from(*seconds)),
        Value::Float(seconds) => from_float_seconds(*seconds),
        Value::Object(object) => match object.as_any().downcast_ref::<Elapsed>() {
            Some(elapsed) => Ok(elapsed.0),
            None => Err(format!("unsupported duration type {}", value.type_name())),
        },
        other => Err(format!("unsupported duration type {}", other.type_name())),
    }
}

fn from_float_seconds(seconds: f64) -> Result<i64, String> {
    // The largest count of seconds whose nanoseconds fit.
    const LIMIT: f64 = 9_223_372_036.854_776;
    let shown = || strconv::format_float(seconds, FloatFormat::General, None, FloatBits::B64);
    if !seconds.is_finite() {
        return Err(format!("invalid duration seconds: {}", shown()));
    }
    if seconds.abs() > LIMIT {
        return Err(format!("duration seconds overflow: {}", shown()));
    }
    Ok(super::cast::float_to_int(seconds * 1e9))
}

fn in_float(a: &[Value], unit: fn(i64) -> f64) -> Res {
    Ok(Value::Float(as_duration(arg(a, 0)).map_or(0.0, unit)))
}

fn in_int(a: &[Value], unit: i64) -> Res {
    Ok(Value::int64(as_duration(arg(a, 0)).map_or(0, |nanos| nanos / unit)))
}

fn to_multiple(a: &[Value], op: fn(i64, i64) -> i64) -> Res {
    let nanos = match (as_duration(arg(a, 0)), as_duration(arg(a, 1))) {
        (Err(_), _) => 0,
        (Ok(nanos), Err(_)) => nanos,
        (Ok(nanos), Ok(unit)) => op(nanos, unit),
    };
    Ok(Elapsed::value(nanos))
}

/// A `time.Time`.
#[derive(Debug)]
struct GoTime(Time);

const fn method(params: &'static [Type], result: Type) -> Option<Signature> {
    Some(Signature { params, variadic: false, result })
}

impl Object for GoTime {
    fn type_name(&self) -> &'static str {
        "time.Time"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn string(&self) -> Option<Str> {
        Some(self.0.to_text().into())
    }

    fn plain(&self) -> Value {
        Value::string(self.0.format(b"2006-01-02T15:04:05.999999999Z07:00"))
    }

    fn toml(&self) -> Option<Str> {
        if let Location::Fixed { name, .. } = self.0.location()
            && let Some((_, layouts)) = TOML_LOCAL.iter().find(|(local, _)| **local == **name)
        {
            let utc = Locations { default: Location::Utc, local: None };
            return Some(self.0.at(&Location::Utc, &utc).format(layouts.first()?).into());
        }
        Some(self.0.format(b"2006-01-02T15:04:05.999999999Z07:00").into())
    }

    fn method(&self, name: &str) -> Option<Signature> {
        match name {
            "Year" | "Day" | "Hour" | "Minute" | "Second" | "Nanosecond" | "YearDay" => method(&[], INT),
            "Month" => method(&[], Type::Object("time.Month")),
            "Weekday" => method(&[], Type::Object("time.Weekday")),
            "Unix" | "UnixMilli" | "UnixMicro" | "UnixNano" => method(&[], INT64),
            "Format" => method(&[TEXT], TEXT),
            "String" => method(&[], TEXT),
            "UTC" | "Local" => method(&[], TIME),
            "Add" | "Truncate" | "Round" => method(&[DURATION], TIME),
            "AddDate" => method(&[INT, INT, INT], TIME),
            "Sub" => method(&[TIME], DURATION),
            "Before" | "After" | "Equal" => method(&[TIME], BOOL),
            "Compare" => method(&[TIME], INT),
            "IsZero" => method(&[], BOOL),
            _ => None,
        }
    }

    fn call(&self, name: &str, ctx: &mut Ctx<'_>, args: &[Value]) -> Result<Value, FuncError> {
        let this = &self.0;
        let civil = this.civil();
        let other = time_arg(args, 0);
        let order = (this.unix(), this.nanos()).cmp(&(other.unix(), other.nanos()));
        let nanos = elapsed_arg(args);
        let whole = |unit: i64| this.unix().wrapping_mul(unit);
        let part = |unit: u32| i64::from(this.nanos() / unit);
        let at = |place: &Location| time(with_zones(ctx, |zones| this.at(place, zones)));
        match name {
            "Year" => Ok(Value::int(civil.year)),
            "Day" => Ok(Value::int(civil.day.into())),
            "Hour" => Ok(Value::int(civil.hour.into())),
            "Minute" => Ok(Value::int(civil.minute.into())),
            "Second" => Ok(Value::int(civil.second.into())),
            "Nanosecond" => Ok(Value::int(this.nanos().into())),
            "YearDay" => Ok(Value::int(civil.year_day.into())),
            "Month" => Ok(Value::Object(Rc::new(NamedDay { month: true, number: civil.month }))),
            "Weekday" => Ok(Value::Object(Rc::new(NamedDay { month: false, number: civil.weekday }))),
            "Unix" => Ok(Value::int64(this.unix())),
            "UnixMilli" => Ok(Value::int64(whole(1_000).wrapping_add(part(1_000_000)))),
            "UnixMicro" => Ok(Value::int64(whole(1_000_000).wrapping_add(part(1_000)))),
            "UnixNano" => Ok(Value::int64(whole(duration::SECOND).wrapping_add(part(1)))),
            "Format" => string(this.format(text(args, 0))),
            "String" => string(this.to_text()),
            "UTC" => at(&Location::Utc),
            "Local" => at(&Location::Local),
            "Add" => time(with_zones(ctx, |zones| this.add(nanos, zones))),
            "Truncate" | "Round" => {
                // Go counts multiples from the zero time.
                let zero = i128::from(Time::zero().unix());
                let total = (i128::from(this.unix()) - zero) * 1_000_000_000 + i128::from(this.nanos());
                let rest = i64::try_from(total.rem_euclid(i128::from(nanos.max(1)))).unwrap_or(0);
                let up = name == "Round" && nanos > 0 && i128::from(rest) * 2 >= i128::from(nanos);
                time(with_zones(ctx, |zones| this.add(if up { nanos - rest } else { -rest }, zones)))
            }
            "AddDate" => {
                let date = [
                    civil.year.wrapping_add(int(args, 0)),
                    i64::from(civil.month).wrapping_add(int(args, 1)),
                    i64::from(civil.day).wrapping_add(int(args, 2)),
                    civil.hour.into(),
                    civil.minute.into(),
                    civil.second.into(),
                ];
                time(with_zones(ctx, |zones| Time::from_civil(date, this.nanos(), this.location(), zones)))
            }
            "Sub" => Ok(Elapsed::value(this.since(&other))),
            "Before" => Ok(Value::Bool(order.is_lt())),
            "After" => Ok(Value::Bool(order.is_gt())),
            "Equal" => Ok(Value::Bool(order.is_eq())),
            "Compare" => Ok(Value::int(order as i64)),
            "IsZero" => {
                let zero = Time::zero();
                Ok(Value::Bool((this.unix(), this.nanos()) == (zero.unix(), 0)))
            }
            _ => fail(format!("no method {name}")),
        }
    }
}

fn elapsed_arg(args: &[Value]) -> i64 {
    match arg(args, 0) {
        Value::Object(object) => object.as_any().downcast_ref::<Elapsed>().map_or(0, |elapsed| elapsed.0),
        _ => 0,
    }
}

/// A `time.Duration`, in nanoseconds.
#[derive(Debug)]
struct Elapsed(i64);

impl Elapsed {
    fn value(nanos: i64) -> Value {
        Value::Object(Rc::new(Self(nanos)))
    }
}

impl Object for Elapsed {
    fn type_name(&self) -> &'static str {
        "time.Duration"
    }

    fn kind(&self) -> Kind {
        Kind::Int(IntKind::Int64)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn string(&self) -> Option<Str> {
        Some(duration::format(self.0).into())
    }

    fn toml(&self) -> Option<Str> {
        Some(format!("\"{}\"", duration::format(self.0)).into())
    }

    fn truth(&self) -> bool {
        self.0 != 0
    }

    fn plain(&self) -> Value {
        Value::int64(self.0)
    }

    fn counted(&self, number: i64) -> Option<Value> {
        Some(Self::value(number))
    }

    fn method(&self, name: &str) -> Option<Signature> {
        match name {
            "Hours" | "Minutes" | "Seconds" => method(&[], FLOAT),
            "Milliseconds" | "Microseconds" | "Nanoseconds" => method(&[], INT64),
            "String" => method(&[], TEXT),
            "Round" | "Truncate" => method(&[DURATION], DURATION),
            "Abs" => method(&[], DURATION),
            _ => None,
        }
    }

    fn call(&self, name: &str, _: &mut Ctx<'_>, args: &[Value]) -> Result<Value, FuncError> {
        let nanos = self.0;
        match name {
            "Hours" => Ok(Value::Float(duration::hours(nanos))),
            "Minutes" => Ok(Value::Float(duration::minutes(nanos))),
            "Seconds" => Ok(Value::Float(duration::seconds(nanos))),
            "Milliseconds" => Ok(Value::int64(nanos / 1_000_000)),
            "Microseconds" => Ok(Value::int64(nanos / 1_000)),
            "Nanoseconds" => Ok(Value::int64(nanos)),
            "String" => string(duration::format(nanos)),
            "Round" => Ok(Self::value(duration::round(nanos, elapsed_arg(args)))),
            "Truncate" => Ok(Self::value(duration::truncate(nanos, elapsed_arg(args)))),
            "Abs" => Ok(Self::value(nanos.checked_abs().unwrap_or(i64::MAX))),
            _ => fail(format!("no method {name}")),
        }
    }
}

/// A `time.Month` or `time.Weekday`.
#[derive(Debug)]
struct NamedDay {
    month: bool,
    number: u8,
}

impl Object for NamedDay {
    fn type_name(&self) -> &'static str {
        if self.month { "time.Month" } else { "time.Weekday" }
    }

    fn kind(&self) -> Kind {
        Kind::Int(IntKind::Int)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn string(&self) -> Option<Str> {
        let (names, index): (&[&'static str], _) = if self.month {
            (&gotime::layout::MONTHS, usize::from(self.number).wrapping_sub(1))
        } else {
            (&gotime::layout::DAYS, usize::from(self.number))
        };
        Some(match names.get(index) {
            Some(name) => Str::literal(name),
            None => {
                let kind = if self.month { "Month" } else { "Weekday" };
                format!("%!{kind}({})", self.number).into()
            }
        })
    }

    fn truth(&self) -> bool {
        self.number != 0
    }

    fn plain(&self) -> Value {
        Value::int(self.number.into())
    }

    fn counted(&self, number: i64) -> Option<Value> {
        Some(Value::Object(Rc::new(NamedDay { month: self.month, number: u8::try_from(number).ok()? })))
    }

    fn method(&self, name: &str) -> Option<Signature> {
        if name == "String" { method(&[], TEXT) } else { None }
    }

    fn call(&self, _: &str, _: &mut Ctx<'_>, _: &[Value]) -> Result<Value, FuncError> {
        Ok(Value::Str(self.string().unwrap_or_default()))
    }
}
