//! Arithmetic on blocks of addresses.

use super::{Args, Given};
use crate::types::domain::Cidr;

pub fn call(name: &str, args: &Args<'_>) -> Option<Given> {
    Some(match name {
        "cidrhost" => cidrhost(args),
        "cidrnetmask" => block(args).and_then(|cidr| {
            if cidr.bits != 32 {
                return Err("only IPv4 blocks have a netmask".into());
            }
            args.text(cidr.print_address(cidr.netmask()))
        }),
        "cidrsubnet" => block(args).and_then(|cidr| {
            let bits = args.int(1)?;
            args.text(print(subnet(cidr, bits, args.int(2)?)?))
        }),
        "cidrsubnets" => cidrsubnets(args),
        _ => return None,
    })
}

fn block(args: &Args<'_>) -> Result<Cidr, String> {
    let text = args.str(0)?;
    Cidr::parse(text).map_err(|reason| format!("`{text}` is not a CIDR block: {reason}"))
}

fn print(cidr: Cidr) -> String {
    format!("{}/{}", cidr.print_address(cidr.base), cidr.prefix)
}

/// How many addresses the free bits make; `None`: all 128.
fn capacity(bits: u32) -> Option<u128> {
    1_u128.checked_shl(bits)
}

/// A negative number counts from the end.
fn cidrhost(args: &Args<'_>) -> Given {
    let cidr = block(args)?;
    let number = args.int(1)?;
    let size = capacity(cidr.bits - cidr.prefix);
    let magnitude = u128::from(number.unsigned_abs());
    let offset = if number >= 0 {
        Some(magnitude).filter(|m| size.is_none_or(|size| *m < size))
    } else {
        match size {
            Some(size) => size.checked_sub(magnitude),
            None => Some(0_u128.wrapping_sub(magnitude)),
        }
    };
    match offset {
        Some(offset) => args.text(cidr.print_address(cidr.base | offset)),
        None => Err(format!("the block `{}` has no address `{number}`", print(cidr))),
    }
}

fn subnet(cidr: Cidr, new_bits: i64, number: i64) -> Result<Cidr, String> {
    let new_bits = u32::try_from(new_bits).map_err(|_| format!("`{new_bits}` bits are not possible"))?;
    let prefix = cidr.prefix.checked_add(new_bits).filter(|p| *p <= cidr.bits);
    let prefix = prefix.ok_or_else(|| {
        format!("`{}` has {} bits left, not {new_bits}", print(cidr), cidr.bits - cidr.prefix)
    })?;
    let index = u128::try_from(number).ok().filter(|n| capacity(new_bits).is_none_or(|size| *n < size));
    let index = index.ok_or_else(|| format!("there is no subnet `{number}`: {new_bits} bits hold fewer"))?;
    let base = cidr.base | index.checked_shl(cidr.bits - prefix).unwrap_or(0);
    Ok(Cidr { base, prefix, bits: cidr.bits })
}

/// Consecutive blocks of the given sizes.
fn cidrsubnets(args: &Args<'_>) -> Given {
    let cidr = block(args)?;
    let mut out = Vec::new();
    let mut next = Some(cidr.base);
    for n in 1..args.values.len() {
        let first = subnet(cidr, args.int(n)?, 0)?;
        let size = capacity(cidr.bits - first.prefix);
        // Blocks begin at multiples of their size.
        let aligned = match (next, size) {
            (Some(at), Some(size)) => at.checked_add(size - 1).map(|at| at & !(size - 1)),
            (Some(at), None) => Some(at).filter(|at| *at == 0),
            (None, _) => None,
        };
        let inside = aligned.filter(|base| base & cidr.netmask() == cidr.base);
        let base = inside.ok_or_else(|| format!("`{}` is full before subnet {n}", print(cidr)))?;
        out.push(print(Cidr { base, ..first }));
        next = size
            .and_then(|size| base.checked_add(size))
            .filter(|at| cidr.bits == 128 || *at <= u128::from(u32::MAX));
    }
    args.texts(out)
}
