//! Randomness, all of it from the render's surroundings: `randAlphaNum` and kin, `randInt`, `randBytes`, `uuidv4`.

use base64::Engine as _;

use super::super::fuel::MAX_TEXT;
use super::super::func::{Ctx, Func};
use super::super::types::INT;
use super::super::value::Value;
use super::common::{MAKESLICE, Res, TEXT, fail, int, string};

/// The functions of this file.
pub(super) const FUNCS: &[Func] = &[
    Func::new("randAlphaNum", &[INT], TEXT, |c, a| letters(c, a, |b| b.is_ascii_alphanumeric())),
    Func::new("randAlpha", &[INT], TEXT, |c, a| letters(c, a, |b| b.is_ascii_alphabetic())),
    Func::new("randNumeric", &[INT], TEXT, |c, a| letters(c, a, |b| b.is_ascii_digit())),
    Func::new("randAscii", &[INT], TEXT, |c, a| letters(c, a, |b| (b' '..=b'~').contains(&b))),
    Func::new("randInt", &[INT, INT], INT, |c, a| {
        let (min, max) = (int(a, 0), int(a, 1));
        match u64::try_from(max.wrapping_sub(min)) {
            Ok(range @ 1..) => Ok(Value::int(min.wrapping_add_unsigned(below(c, range)))),
            _ => fail("invalid argument to Intn"),
        }
    }),
    Func::new("randBytes", &[INT], TEXT, |c, a| {
        let Some(count) = usize::try_from(int(a, 0)).ok().filter(|n| *n <= MAX_TEXT) else {
            return fail(MAKESLICE);
        };
        let mut bytes = vec![0; count];
        c.random(&mut bytes);
        string(base64::engine::general_purpose::STANDARD.encode(bytes))
    }),
    Func::new("uuidv4", &[], TEXT, |c, _| {
        let mut bytes = [0; 16];
        c.random(&mut bytes);
        let number = u128::from_be_bytes(bytes);
        // Version 4, variant 10.
        let number = number & !(0xF << 76) | 0x4 << 76;
        let number = number & !(0x3 << 62) | 0x2 << 62;
        let hex = format!("{number:032x}");
        let part = |from, to| hex.get(from..to).unwrap_or_default();
        string(format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)))
    }),
];

/// A number below `bound`, all equally likely.
pub(super) fn below(ctx: &Ctx<'_>, bound: u64) -> u64 {
    // Numbers from the last, incomplete multiple of the bound would favour the small results.
    let limit = u64::MAX - u64::MAX % bound.max(1);
    loop {
        let mut bytes = [0; 8];
        ctx.random(&mut bytes);
        let number = u64::from_le_bytes(bytes);
        if number < limit || limit == 0 {
            return number % bound.max(1);
        }
    }
}

fn letters(ctx: &mut Ctx<'_>, a: &[Value], fits: impl Fn(u8) -> bool) -> Res {
    // A negative count is an error inside goutils, which sprig turns into the empty text.
    let count = usize::try_from(int(a, 0)).unwrap_or(0);
    if count > MAX_TEXT {
        return fail(MAKESLICE);
    }
    let alphabet: Vec<u8> = (b' '..=b'~').filter(|b| fits(*b)).collect();
    let size = alphabet.len().max(1);
    // As many whole alphabets as fit a byte; bytes beyond would favour its beginning.
    let limit = 256 - 256 % size;
    let mut out = Vec::with_capacity(count);
    let mut pool = [0u8; 64];
    while out.len() < count {
        ctx.random(&mut pool);
        let picked = pool.iter().map(|b| usize::from(*b)).filter(|b| *b < limit);
        out.extend(picked.filter_map(|b| alphabet.get(b % size)).take(count - out.len()));
    }
    string(out)
}
