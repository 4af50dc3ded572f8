//! Base64, base32 and checksums.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::func::{Ctx, Func};
use super::super::value::Value;
use super::common::{Res, TEXT, string, text};

/// The functions of this file.
pub(super) const FUNCS: &[Func] = &[
    Func::new("b64enc", &[TEXT], TEXT, |_, a| string(STANDARD.encode(text(a, 0)))),
    // Errors are the result, as in sprig.
    Func::new("b64dec", &[TEXT], TEXT, |_, a| match decode_base64(text(a, 0)) {
        Ok(bytes) => string(bytes),
        Err(message) => string(message),
    }),
    Func::new("b32enc", &[TEXT], TEXT, |_, a| string(encode_base32(text(a, 0)))),
    Func::new("b32dec", &[TEXT], TEXT, |_, a| match decode_base32(text(a, 0)) {
        Ok(bytes) => string(bytes),
        Err(message) => string(message),
    }),
    Func::new("sha1sum", &[TEXT], TEXT, |_, a| hash(&digest::SHA1_FOR_LEGACY_USE_ONLY, a)),
    Func::new("sha256sum", &[TEXT], TEXT, |_, a| hash(&digest::SHA256, a)),
    Func::new("sha512sum", &[TEXT], TEXT, |_, a| hash(&digest::SHA512, a)),
    Func::new("adler32sum", &[TEXT], TEXT, adler32),
];

fn hash(algorithm: &'static digest::Algorithm, a: &[Value]) -> Res {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let sum = digest::digest(algorithm, text(a, 0));
    let nibbles = sum.as_ref().iter().flat_map(|byte| [byte >> 4, byte & 15]);
    string(nibbles.filter_map(|nibble| HEX.get(usize::from(nibble)).copied()).collect::<Vec<u8>>())
}

fn adler32(_: &mut Ctx<'_>, a: &[Value]) -> Res {
    let (mut low, mut high) = (1u32, 0u32);
    // 5552 bytes are as many as can be summed before a u32 might overflow.
    for block in text(a, 0).chunks(5552) {
        for &byte in block {
            low += u32::from(byte);
            high += low;
        }
        low %= 65_521;
        high %= 65_521;
    }
    string((high << 16 | low).to_string())
}

/// Go's lenient reading of line breaks, and its error with the offset of the bad byte.
pub(super) fn decode_base64(input: &[u8]) -> Result<Vec<u8>, String> {
    let corrupt = |at: usize| format!("illegal base64 data at input byte {at}");
    let mut out = Vec::with_capacity(input.len() / 4 * 3);
    let mut rest = input.iter().enumerate().filter(|(_, b)| !matches!(b, b'\r' | b'\n'));
    loop {
        let mut quantum = 0u32;
        let mut filled = 0;
        while filled < 4 {
            let Some((at, &byte)) = rest.next() else {
                return if filled == 0 { Ok(out) } else { Err(corrupt(input.len() - filled)) };
            };
            let value = match byte {
                b'A'..=b'Z' => byte - b'A',
                b'a'..=b'z' => byte - b'a' + 26,
                b'0'..=b'9' => byte - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                b'=' => {
                    finish_base64(&mut rest, filled, at, input.len()).map_err(corrupt)?;
                    let bytes = (quantum << (6 * (4 - filled))).to_be_bytes();
                    out.extend(bytes.iter().skip(1).take(filled - 1));
                    return Ok(out);
                }
                _ => return Err(corrupt(at)),
            };
            quantum = quantum << 6 | u32::from(value);
            filled += 1;
        }
        out.extend(quantum.to_be_bytes().iter().skip(1));
    }
}

/// Checks what follows the first `=` at `at`; the error is the offset at fault.
fn finish_base64<'i>(
    rest: &mut impl Iterator<Item = (usize, &'i u8)>,
    filled: usize,
    at: usize,
    len: usize,
) -> Result<(), usize> {
    if filled < 2 {
        return Err(at);
    }
    if filled == 2 {
        match rest.next() {
            None => return Err(len),
            Some((_, b'=')) => {}
            // Go points at the byte before.
            Some((second, _)) => return Err(second - 1),
        }
    }
    match rest.next() {
        None => Ok(()),
        Some((extra, _)) => Err(extra),
    }
}

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn encode_base32(input: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(input.len().div_ceil(5) * 8);
    for block in input.chunks(5) {
        let mut bits = [0u8; 8];
        for (slot, byte) in bits.iter_mut().skip(3).zip(block) {
            *slot = *byte;
        }
        let bits = u64::from_be_bytes(bits);
        let letters = (block.len() * 8).div_ceil(5);
        for letter in 0..8 {
            let index = usize::try_from(bits >> (35 - 5 * letter) & 31).unwrap_or(0);
            out.push(if letter < letters { BASE32.get(index).copied().unwrap_or(b'=') } else { b'=' });
        }
    }
    out
}

fn decode_base32(input: &[u8]) -> Result<Vec<u8>, String> {
    let corrupt = |at: usize| format!("illegal base32 data at input byte {at}");
    let clean: Vec<u8> = input.iter().copied().filter(|b| !matches!(b, b'\r' | b'\n')).collect();
    let mut out = Vec::with_capacity(clean.len() / 8 * 5);
    let mut at = 0;
    while at < clean.len() {
        let mut bits = 0u64;
        let mut letters = 0;
        let mut padded = false;
        while letters < 8 {
            let Some(&byte) = clean.get(at) else {
                // The text ends inside a group.
                return Err(corrupt(clean.len() - letters));
            };
            at += 1;
            if byte == b'=' && letters >= 2 && clean.len() - at < 8 {
                let missing = 8 - letters - 1;
                if clean.len() - at < missing {
                    return Err(corrupt(clean.len()));
                }
                if let Some(bad) = clean.iter().skip(at).take(missing).position(|b| *b != b'=') {
                    // Go points at the byte before.
                    return Err(corrupt(at + bad - 1));
                }
                if matches!(letters, 1 | 3 | 6) {
                    return Err(corrupt(at - 1));
                }
                padded = true;
                break;
            }
            let Some(value) = BASE32.iter().position(|b| *b == byte) else {
                return Err(corrupt(at - 1));
            };
            bits = bits << 5 | value as u64;
            letters += 1;
        }
        let bytes = (bits << (5 * (8 - letters))).to_be_bytes();
        out.extend(bytes.iter().skip(3).take(letters * 5 / 8));
        if padded {
            break;
        }
    }
    Ok(out)
}
