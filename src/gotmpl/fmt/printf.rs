//! The format string of `printf`.

use super::super::fuel::MAX_TEXT;
use super::super::strconv::decode_rune;
use super::super::value::{TooLarge, Value};
use super::{Flags, Printer};

/// Widths and precisions beyond this are ignored, as in Go.
const MAX_NUMBER: usize = 1_000_000;

struct Format<'a> {
    format: &'a [u8],
    pos: usize,
    args: &'a [Value],
    next_arg: usize,
    reordered: bool,
    /// The directive's argument index was fine.
    good_arg: bool,
    after_index: bool,
}

pub(super) fn run(printer: &mut Printer<'_>, format: &[u8], args: &[Value]) -> Result<(), TooLarge> {
    let mut state =
        Format { format, pos: 0, args, next_arg: 0, reordered: false, good_arg: true, after_index: false };
    state.run(printer)
}

impl Format<'_> {
    fn byte(&self) -> Option<u8> {
        self.format.get(self.pos).copied()
    }

    fn run(&mut self, printer: &mut Printer<'_>) -> Result<(), TooLarge> {
        while self.pos < self.format.len() {
            let rest = self.format.get(self.pos..).unwrap_or_default();
            let text = rest.iter().position(|byte| *byte == b'%').unwrap_or(rest.len());
            printer.out.extend_from_slice(rest.get(..text).unwrap_or_default());
            self.pos += text;
            if self.pos >= self.format.len() {
                break;
            }
            self.pos += 1;
            if !self.directive(printer)? {
                break;
            }
            // Each directive may pad with a million bytes.
            if printer.out.len() > MAX_TEXT {
                return Err(TooLarge::Parts);
            }
        }
        if !self.reordered && self.next_arg < self.args.len() {
            printer.flags = Flags::default();
            printer.out.extend_from_slice(b"%!(EXTRA ");
            for (index, arg) in self.args.iter().skip(self.next_arg).enumerate() {
                if index > 0 {
                    printer.out.extend_from_slice(b", ");
                }
                if arg.is_nil() {
                    printer.out.extend_from_slice(b"<nil>");
                } else {
                    printer.out.extend_from_slice(arg.type_name().as_bytes());
                    printer.out.push(b'=');
                    printer.arg(arg, 'v')?;
                }
            }
            printer.out.push(b')');
        }
        Ok(())
    }

    /// One directive after its `%`; false at the end of the format.
    fn directive(&mut self, printer: &mut Printer<'_>) -> Result<bool, TooLarge> {
        printer.flags = Flags::default();
        self.good_arg = true;
        self.after_index = false;
        while let Some(byte) = self.byte() {
            match byte {
                b'#' => printer.flags.sharp = true,
                b'0' => printer.flags.zero = true,
                b'+' => printer.flags.plus = true,
                b'-' => printer.flags.minus = true,
                b' ' => printer.flags.space = true,
                _ => break,
            }
            self.pos += 1;
        }
        self.arg_index();
        self.width(printer);
        self.precision(printer);
        if !self.after_index {
            self.arg_index();
        }
        let (verb, size) = decode_rune(self.format.get(self.pos..).unwrap_or_default());
        if size == 0 {
            printer.out.extend_from_slice(b"%!(NOVERB)");
            return Ok(false);
        }
        let verb = verb.unwrap_or(char::REPLACEMENT_CHARACTER);
        self.pos += size;
        if verb == '%' {
            printer.out.push(b'%');
            return Ok(true);
        }
        let problem: &[u8] = if self.good_arg { b"(MISSING)" } else { b"(BADINDEX)" };
        let arg = self.args.get(self.next_arg).filter(|_| self.good_arg);
        let Some(arg) = arg else {
            printer.out.extend_from_slice(b"%!");
            printer.push_char(verb);
            printer.out.extend_from_slice(problem);
            return Ok(true);
        };
        self.next_arg += 1;
        if verb == 'v' || verb == 'w' {
            printer.flags.sharp_v = std::mem::take(&mut printer.flags.sharp);
            printer.flags.plus_v = std::mem::take(&mut printer.flags.plus);
        }
        printer.arg(arg, verb)?;
        Ok(true)
    }

    fn width(&mut self, printer: &mut Printer<'_>) {
        if self.byte() == Some(b'*') {
            self.pos += 1;
            match self.int_arg() {
                Some(width) => {
                    if width < 0 {
                        printer.flags.minus = true;
                        printer.flags.zero = false;
                    }
                    printer.flags.width = usize::try_from(width.unsigned_abs()).ok();
                }
                None => printer.out.extend_from_slice(b"%!(BADWIDTH)"),
            }
            self.after_index = false;
        } else {
            printer.flags.width = self.number();
            if self.after_index && printer.flags.width.is_some() {
                self.good_arg = false;
            }
        }
    }

    fn precision(&mut self, printer: &mut Printer<'_>) {
        if self.byte() != Some(b'.') || self.pos + 1 >= self.format.len() {
            return;
        }
        self.pos += 1;
        if self.after_index {
            self.good_arg = false;
        }
        self.arg_index();
        if self.byte() == Some(b'*') {
            self.pos += 1;
            match self.int_arg().map(usize::try_from) {
                Some(Ok(precision)) => printer.flags.precision = Some(precision),
                _ => printer.out.extend_from_slice(b"%!(BADPREC)"),
            }
            self.after_index = false;
        } else {
            printer.flags.precision = Some(self.number().unwrap_or(0));
        }
    }

    fn number(&mut self) -> Option<usize> {
        let mut number = None;
        while let Some(byte) = self.byte().filter(u8::is_ascii_digit) {
            let so_far = number.unwrap_or(0);
            if so_far > MAX_NUMBER {
                self.pos = self.format.len();
                return None;
            }
            number = Some(so_far * 10 + usize::from(byte - b'0'));
            self.pos += 1;
        }
        number
    }

    fn int_arg(&mut self) -> Option<i64> {
        let arg = self.args.get(self.next_arg)?;
        self.next_arg += 1;
        let number = match arg {
            Value::Int(_, number) => *number,
            Value::Uint(_, number) => i64::try_from(*number).ok()?,
            _ => return None,
        };
        (number.unsigned_abs() <= MAX_NUMBER as u64).then_some(number)
    }

    /// `[3]`: the next argument is the third.
    fn arg_index(&mut self) {
        if self.byte() != Some(b'[') {
            self.after_index = false;
            return;
        }
        self.reordered = true;
        let rest = self.format.get(self.pos..).unwrap_or_default();
        let Some(close) = rest.iter().position(|byte| *byte == b']') else {
            self.good_arg = false;
            self.pos += 1;
            self.after_index = false;
            return;
        };
        let index = rest
            .get(1..close)
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|digits| digits.parse::<usize>().ok());
        self.pos += close + 1;
        self.after_index = index.is_some();
        match index.and_then(|number| number.checked_sub(1)) {
            Some(index) if index < self.args.len() => self.next_arg = index,
            _ => self.good_arg = false,
        }
    }
}
