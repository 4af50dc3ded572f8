//! Go's `fmt`: how a value prints, and `printf`.
//!
//! Values in, bytes out. Both are bounded: a value that contains itself, fatal to Go, is [`TooLarge`] here.

mod number;
mod printf;

use super::fuel::MAX_TEXT;
use super::str::Str;
use super::strconv::{self, FloatBits, FloatFormat, QuoteStyle};
use super::types::{Kind, Type, UintKind};
use super::value::{List, Object, TooLarge, Value, Walk};

pub(super) fn quote_lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&strconv::quote(bytes)).into_owned()
}

/// Appends what `{{ value }}` writes: `%v`, but nothing at all is `<no value>`.
///
/// # Errors
/// [`TooLarge`].
pub fn print_value(out: &mut Vec<u8>, value: &Value) -> Result<(), TooLarge> {
    match value {
        Value::Str(text) => out.extend_from_slice(text),
        Value::Nil => out.extend_from_slice(b"<no value>"),
        Value::Bool(value) => out.extend_from_slice(if *value { b"true" } else { b"false" }),
        Value::Int(_, number) => push_int(out, *number),
        Value::Object(object) => match object.addressed_string() {
            Some(text) => out.extend_from_slice(&text),
            None => Printer::new(out).arg(value, 'v')?,
        },
        other => Printer::new(out).arg(other, 'v')?,
    }
    Ok(())
}

/// Decimal digits without going through `core::fmt`.
fn push_int(out: &mut Vec<u8>, number: i64) {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    let mut rest = number.unsigned_abs();
    for slot in digits.iter_mut().rev() {
        *slot = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
        at -= 1;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(digits.get(at..).unwrap_or_default());
}

/// Go's `fmt.Sprint`: `%v` of each, with spaces between two that are both no strings.
///
/// # Errors
/// [`TooLarge`].
pub fn sprint(args: &[Value]) -> Result<Vec<u8>, TooLarge> {
    let mut out = Vec::new();
    let mut printer = Printer::new(&mut out);
    let mut after_string = true;
    for (index, arg) in args.iter().enumerate() {
        let string = matches!(arg, Value::Str(_));
        if index > 0 && !string && !after_string {
            printer.out.push(b' ');
        }
        printer.arg(arg, 'v')?;
        after_string = string;
    }
    Ok(out)
}

/// Go's `fmt.Sprintln`.
///
/// # Errors
/// [`TooLarge`].
pub fn sprintln(args: &[Value]) -> Result<Vec<u8>, TooLarge> {
    let mut out = Vec::new();
    let mut printer = Printer::new(&mut out);
    for (index, arg) in args.iter().enumerate() {
        if index > 0 {
            printer.out.push(b' ');
        }
        printer.arg(arg, 'v')?;
    }
    out.push(b'\n');
    Ok(out)
}

/// Go's `fmt.Sprintf`.
///
/// # Errors
/// [`TooLarge`].
pub fn sprintf(format: &[u8], args: &[Value]) -> Result<Vec<u8>, TooLarge> {
    let mut out = Vec::with_capacity(format.len() + 16);
    printf::run(&mut Printer::new(&mut out), format, args)?;
    Ok(out)
}

/// `%v` of one value, as bytes.
///
/// # Errors
/// [`TooLarge`].
pub fn format_value(value: &Value) -> Result<Vec<u8>, TooLarge> {
    let mut out = Vec::new();
    Printer::new(&mut out).arg(value, 'v')?;
    Ok(out)
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Flags {
    minus: bool,
    plus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    /// `%+v`
    plus_v: bool,
    /// `%#v`
    sharp_v: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

fn push_decimal(out: &mut Vec<u8>, byte: u8) {
    if byte >= 100 {
        out.push(b'0' + byte / 100);
    }
    if byte >= 10 {
        out.push(b'0' + byte / 10 % 10);
    }
    out.push(b'0' + byte % 10);
}

/// What stands for the addresses Go prints for pointers; no chart can depend on one.
const ADDRESS: &[u8] = b"0xc000000000";

struct Printer<'a> {
    out: &'a mut Vec<u8>,
    flags: Flags,
    /// A wrong verb is being reported; methods are not called meanwhile.
    erroring: bool,
    walk: Walk,
}

impl<'a> Printer<'a> {
    fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out, flags: Flags::default(), erroring: false, walk: Walk::default() }
    }

    fn fill(&mut self, count: usize) {
        let byte = if self.flags.zero && !self.flags.minus { b'0' } else { b' ' };
        self.out.resize(self.out.len() + count, byte);
    }

    fn pad(&mut self, bytes: &[u8]) {
        let missing = match self.flags.width {
            Some(width) => width.saturating_sub(rune_count(bytes)),
            None => 0,
        };
        if !self.flags.minus {
            self.fill(missing);
        }
        self.out.extend_from_slice(bytes);
        if self.flags.minus {
            self.fill(missing);
        }
    }

    /// Pads with spaces whatever the `0` flag says: the zeros are already in the number.
    fn pad_number(&mut self, bytes: &[u8]) {
        let zero = std::mem::replace(&mut self.flags.zero, false);
        self.pad(bytes);
        self.flags.zero = zero;
    }

    fn push_char(&mut self, c: char) {
        self.out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }

    /// `%!d(string=x)`
    fn bad_verb(&mut self, verb: char, value: &Value) -> Result<(), TooLarge> {
        self.erroring = true;
        self.out.extend_from_slice(b"%!");
        self.push_char(verb);
        self.out.push(b'(');
        match value {
            Value::Nil => self.out.extend_from_slice(b"<nil>"),
            value => {
                self.out.extend_from_slice(value.type_name().as_bytes());
                self.out.push(b'=');
                self.arg(value, 'v')?;
            }
        }
        self.out.push(b')');
        self.erroring = false;
        Ok(())
    }

    fn arg(&mut self, value: &Value, verb: char) -> Result<(), TooLarge> {
        if self.out.len() > MAX_TEXT {
            return Err(TooLarge::Parts);
        }
        match (value, verb) {
            (Value::Nil, 'T' | 'v') => {
                self.pad(b"<nil>");
                Ok(())
            }
            (Value::Nil, _) => self.bad_verb(verb, value),
            (value, 'T') => {
                let name = value.type_name();
                self.string(name.as_bytes());
                Ok(())
            }
            // Only `errors.Errorf` knows this verb.
            (Value::Map(_) | Value::List(_) | Value::Object(_), 'w') => self.bad_verb(verb, value),
            // An address, different each time in Go; a constant one here.
            (Value::Map(_) | Value::List(_) | Value::Bytes(_), 'p') => {
                self.pad(ADDRESS);
                Ok(())
            }
            _ => self.value(value, verb, 0),
        }
    }

    fn value(&mut self, value: &Value, verb: char, depth: usize) -> Result<(), TooLarge> {
        if depth == 0 {
            return self.level(value, verb, depth);
        }
        if self.out.len() > MAX_TEXT {
            return Err(TooLarge::Parts);
        }
        let mut walk = std::mem::take(&mut self.walk);
        let result = walk.step(|walk| {
            std::mem::swap(&mut self.walk, walk);
            let result = self.level(value, verb, depth);
            std::mem::swap(&mut self.walk, walk);
            result
        });
        self.walk = walk;
        result
    }

    fn level(&mut self, value: &Value, verb: char, depth: usize) -> Result<(), TooLarge> {
        match value {
            Value::Nil => self.out.extend_from_slice(b"<nil>"),
            Value::Bool(flag) => match verb {
                't' | 'v' => self.pad(if *flag { b"true" } else { b"false" }),
                _ => return self.bad_verb(verb, value),
            },
            Value::Int(_, number) => {
                if !self.integer(number.unsigned_abs(), *number < 0, true, verb) {
                    return self.bad_verb(verb, value);
                }
            }
            Value::Uint(_, number) => {
                if !self.integer(*number, false, false, verb) {
                    return self.bad_verb(verb, value);
                }
            }
            Value::Float32(number) => {
                if !self.float(f64::from(*number), FloatBits::B32, verb) {
                    return self.bad_verb(verb, value);
                }
            }
            Value::Float(number) => {
                if !self.float(*number, FloatBits::B64, verb) {
                    return self.bad_verb(verb, value);
                }
            }
            Value::Str(text) => {
                if !self.text(text, verb) {
                    return self.bad_verb(verb, value);
                }
            }
            Value::Bytes(bytes) => return self.bytes(bytes, verb, value, depth),
            Value::List(list) => return self.list(list, verb, depth),
            Value::Map(map) => return self.map(&map.entries(), map.ty(), map.is_nil(), verb, depth),
            Value::Object(object) => return self.object(object.as_ref(), value, verb, depth),
        }
        Ok(())
    }

    fn list(&mut self, list: &List, verb: char, depth: usize) -> Result<(), TooLarge> {
        if matches!(verb, 's' | 'q' | 'x' | 'X') && list.elem() == Type::Uint(UintKind::Uint8) {
            let bytes: Vec<u8> = list
                .items()
                .iter()
                .map(|item| match item {
                    Value::Uint(_, byte) => u8::try_from(*byte).unwrap_or(0),
                    _ => 0,
                })
                .collect();
            self.text(&bytes, verb);
            return Ok(());
        }
        let sharp = self.flags.sharp_v;
        if sharp {
            self.out.extend_from_slice(list.ty().to_string().as_bytes());
            if list.is_nil() {
                self.out.extend_from_slice(b"(nil)");
                return Ok(());
            }
        }
        self.out.push(if sharp { b'{' } else { b'[' });
        for (index, item) in list.items().iter().enumerate() {
            if index > 0 {
                self.out.extend_from_slice(if sharp { b", " } else { b" " });
            }
            self.item(item, list.elem(), verb, depth + 1)?;
        }
        self.out.push(if sharp { b'}' } else { b']' });
        Ok(())
    }

    /// An element, which `%#v` names by its type when it is nil in an interface.
    fn item(&mut self, item: &Value, elem: Type, verb: char, depth: usize) -> Result<(), TooLarge> {
        if item.is_nil() && self.flags.sharp_v {
            self.out.extend_from_slice(elem.to_string().as_bytes());
            self.out.extend_from_slice(b"(nil)");
            return Ok(());
        }
        self.value(item, verb, depth)
    }

    fn map(
        &mut self,
        entries: &[(Str, Value)],
        ty: Type,
        nil: bool,
        verb: char,
        depth: usize,
    ) -> Result<(), TooLarge> {
        let sharp = self.flags.sharp_v;
        if sharp {
            self.out.extend_from_slice(ty.to_string().as_bytes());
            if nil {
                self.out.extend_from_slice(b"(nil)");
                return Ok(());
            }
            self.out.push(b'{');
        } else {
            self.out.extend_from_slice(b"map[");
        }
        for (index, (key, value)) in entries.iter().enumerate() {
            if index > 0 {
                self.out.extend_from_slice(if sharp { b", " } else { b" " });
            }
            if !self.text(key, verb) {
                self.bad_verb(verb, &Value::Str(key.clone()))?;
            }
            self.out.push(b':');
            self.item(value, ty.elem().unwrap_or(Type::Any), verb, depth + 1)?;
        }
        self.out.push(if sharp { b'}' } else { b']' });
        Ok(())
    }

    fn object(
        &mut self,
        object: &dyn Object,
        value: &Value,
        verb: char,
        depth: usize,
    ) -> Result<(), TooLarge> {
        if !self.erroring
            && !self.flags.sharp_v
            && matches!(verb, 'v' | 's' | 'x' | 'X' | 'q')
            && let Some(text) = object.string()
        {
            self.text(&text, verb);
            return Ok(());
        }
        match object.kind() {
            Kind::Map => {
                let entries = object.entries().unwrap_or_default();
                self.map(&entries, Type::Object(object.type_name()), false, verb, depth)
            }
            Kind::Slice => match object.elements() {
                Some(list) => self.list(&list, verb, depth),
                None => self.bad_verb(verb, value),
            },
            Kind::Int(_) => match object.plain() {
                Value::Int(_, number) if self.integer(number.unsigned_abs(), number < 0, true, verb) => {
                    Ok(())
                }
                _ => self.bad_verb(verb, value),
            },
            kind => {
                if kind == Kind::Ptr {
                    if depth > 0 {
                        self.pad(ADDRESS);
                        return Ok(());
                    }
                    self.out.push(b'&');
                }
                self.structure(object, verb, depth)
            }
        }
    }

    fn structure(&mut self, object: &dyn Object, verb: char, depth: usize) -> Result<(), TooLarge> {
        let sharp = self.flags.sharp_v;
        if sharp {
            self.out.extend_from_slice(object.type_name().trim_start_matches('*').as_bytes());
        }
        self.out.push(b'{');
        for (index, (name, field)) in object.fields().iter().enumerate() {
            if index > 0 {
                self.out.extend_from_slice(if sharp { b", " } else { b" " });
            }
            if self.flags.plus_v || sharp {
                self.out.extend_from_slice(name.as_bytes());
                self.out.push(b':');
            }
            self.item(field, Type::Any, verb, depth + 1)?;
        }
        self.out.push(b'}');
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8], verb: char, value: &Value, depth: usize) -> Result<(), TooLarge> {
        if matches!(verb, 's' | 'q' | 'x' | 'X') {
            self.text(bytes, verb);
            return Ok(());
        }
        if !matches!(verb, 'v' | 'd') {
            return match value.elements() {
                Some(list) => self.list(&list, verb, depth),
                None => Ok(()),
            };
        }
        let sharp = self.flags.sharp_v;
        // A context printed whole holds every file of its chart: megabytes of numbers.
        if self.flags == (Flags { plus_v: self.flags.plus_v, ..Flags::default() }) {
            self.out.reserve(bytes.len() * 3);
            self.out.push(b'[');
            for (index, byte) in bytes.iter().enumerate() {
                if index > 0 {
                    self.out.push(b' ');
                }
                push_decimal(self.out, *byte);
            }
            self.out.push(b']');
            return Ok(());
        }
        self.out.extend_from_slice(if sharp { b"[]byte{" } else { b"[" });
        for (index, byte) in bytes.iter().enumerate() {
            if index > 0 {
                self.out.extend_from_slice(if sharp { b", " } else { b" " });
            }
            self.integer(u64::from(*byte), false, false, 'v');
        }
        self.out.push(if sharp { b'}' } else { b']' });
        Ok(())
    }

    /// At most as many characters as the precision allows.
    fn truncate<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        let Some(precision) = self.flags.precision else { return bytes };
        let mut end = 0;
        for _ in 0..precision {
            let (_, width) = strconv::decode_rune(bytes.get(end..).unwrap_or_default());
            if width == 0 {
                break;
            }
            end += width;
        }
        bytes.get(..end).unwrap_or(bytes)
    }

    fn string(&mut self, bytes: &[u8]) {
        let shown = self.truncate(bytes);
        self.pad(shown);
    }

    /// A string under a verb; false if the verb does not fit.
    fn text(&mut self, bytes: &[u8], verb: char) -> bool {
        match verb {
            'v' if self.flags.sharp_v => self.quoted(bytes),
            'v' | 's' => self.string(bytes),
            'x' => self.hex(bytes, false),
            'X' => self.hex(bytes, true),
            'q' => self.quoted(bytes),
            _ => return false,
        }
        true
    }

    fn quoted(&mut self, bytes: &[u8]) {
        let bytes = self.truncate(bytes);
        let mut quoted = Vec::with_capacity(bytes.len() + 2);
        if self.flags.sharp && can_backquote(bytes) {
            quoted.push(b'`');
            quoted.extend_from_slice(bytes);
            quoted.push(b'`');
        } else {
            let style = if self.flags.plus { QuoteStyle::Ascii } else { QuoteStyle::Printable };
            strconv::push_quoted(&mut quoted, bytes, b'"', style);
        }
        self.pad(&quoted);
    }

    fn hex(&mut self, bytes: &[u8], upper: bool) {
        let length = self.flags.precision.map_or(bytes.len(), |precision| precision.min(bytes.len()));
        let mut shown = Vec::with_capacity(length * 2);
        let prefix: &[u8] = if upper { b"0X" } else { b"0x" };
        for (index, byte) in bytes.iter().take(length).enumerate() {
            if index > 0 && self.flags.space {
                shown.push(b' ');
            }
            if self.flags.sharp && (index == 0 || self.flags.space) {
                shown.extend_from_slice(prefix);
            }
            let digits = if upper { format!("{byte:02X}") } else { format!("{byte:02x}") };
            shown.extend_from_slice(digits.as_bytes());
        }
        self.pad(&shown);
    }

    fn float(&mut self, number: f64, bits: FloatBits, verb: char) -> bool {
        let (format, precision, upper) = match verb {
            'v' | 'g' => (FloatFormat::General, None, false),
            'G' => (FloatFormat::General, None, true),
            'f' | 'F' => (FloatFormat::Fixed, Some(6), false),
            'e' => (FloatFormat::Exponent, Some(6), false),
            'E' => (FloatFormat::Exponent, Some(6), true),
            'b' | 'x' | 'X' => {
                let text = number::binary_float(number, bits, verb, self.flags.precision);
                self.signed_float(text, verb, self.flags.precision);
                return true;
            }
            _ => return false,
        };
        let precision = self.flags.precision.or(precision);
        let mut text = strconv::format_float(number, format, precision, bits);
        if upper && number.is_finite() {
            text.make_ascii_uppercase();
        }
        self.signed_float(text, verb, precision);
        true
    }
}

/// Go's `utf8.RuneCount`.
fn rune_count(bytes: &[u8]) -> usize {
    if bytes.is_ascii() {
        return bytes.len();
    }
    let (mut rest, mut count) = (bytes, 0);
    while !rest.is_empty() {
        let (_, width) = strconv::decode_rune(rest);
        rest = rest.get(width..).unwrap_or_default();
        count += 1;
    }
    count
}

/// Go's `strconv.CanBackquote`.
fn can_backquote(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| {
        !text.chars().any(|c| matches!(c, '`' | '\u{feff}' | '\u{7f}') || c < ' ' && c != '\t')
    })
}
