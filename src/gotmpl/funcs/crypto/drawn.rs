//! Keys drawn from the render's surroundings ([`Env::random`]), where the system's library takes no source of
//! its own: so that a repeatable render gives the same keys and signatures, and for DSA, which no longer is in
//! the library.
//!
//! Primes are found by `crypto-primes`; an RSA key made here is checked by aws-lc when it is read in. ECDSA
//! signatures follow RFC 6979. None of this guards against an observer of its timing: it serves renderings
//! whose seed is known anyway.

use std::convert::Infallible;

use crypto_bigint::BoxedUint;
use crypto_primes::hazmat::{SetBits, SmallFactorsSieveFactory};
use crypto_primes::{Flavor, is_prime, sieve_and_find};
use num_bigint::BigUint;
use p256::ecdsa::signature::Signer as _;
use rand_core::{TryCryptoRng, TryRng};

use super::super::super::func::Ctx;
use super::der;
use super::keys::Curve;

/// The surroundings' randomness, as the crates above want it.
struct Source<'c, 'e>(&'c Ctx<'e>);

impl TryRng for Source<'_, '_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.0.random(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.0.random(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.random(bytes);
        Ok(())
    }
}

impl TryCryptoRng for Source<'_, '_> {}

/// A prime of exactly so many bits.
fn prime(ctx: &Ctx<'_>, bits: u32, set: SetBits) -> Result<BigUint, String> {
    let sieve =
        SmallFactorsSieveFactory::<BoxedUint>::new(Flavor::Any, bits, set).map_err(|e| e.to_string())?;
    let found = sieve_and_find(&mut Source(ctx), sieve, |_, candidate| is_prime(Flavor::Any, candidate));
    let found = found.map_err(|e| e.to_string())?.ok_or("no prime found")?;
    Ok(BigUint::from_bytes_be(&found.to_be_bytes()))
}

/// A new RSA key of so many bits, in its PKCS #1 form.
pub fn rsa(ctx: &Ctx<'_>, bits: u32) -> Result<Vec<u8>, String> {
    let one = BigUint::from(1u8);
    let e = BigUint::from(65_537u32);
    loop {
        // With two bits set in each, the product has all its bits.
        let p = prime(ctx, bits / 2, SetBits::TwoMsb)?;
        let q = prime(ctx, bits / 2, SetBits::TwoMsb)?;
        let (p1, q1) = (&p - &one, &q - &one);
        let (Some(d), Some(inverse)) = (e.modinv(&(&p1 * &q1)), q.modinv(&p)) else {
            continue;
        };
        let fields = [BigUint::ZERO, &p * &q, e, d.clone(), p, q, &d % &p1, &d % &q1, inverse];
        return Ok(sequence(&fields));
    }
}

/// A new DSA key of 2048 and 256 bits, as sprig writes it: version, p, q, g, y, x.
pub fn dsa(ctx: &Ctx<'_>) -> Result<Vec<u8>, String> {
    const L: u64 = 2048;
    const N: u32 = 256;
    let one = BigUint::from(1u8);
    let (p, q) = 'parameters: loop {
        let q = prime(ctx, N, SetBits::Msb)?;
        let step = &q << 1u8;
        for _ in 0..4 * L {
            let mut bytes = [0; 256];
            ctx.random(&mut bytes);
            let mut x = BigUint::from_bytes_be(&bytes);
            x.set_bit(L - 1, true);
            // One more than a multiple of 2q.
            let p = &x - &x % &step + &one;
            if p.bits() == L && !has_small_factor(&p) && is_prime(Flavor::Any, &boxed(&p)) {
                break 'parameters (p, q);
            }
        }
    };
    let exponent = (&p - &one) / &q;
    let mut h = BigUint::from(2u8);
    let g = loop {
        let g = h.modpow(&exponent, &p);
        if g != one {
            break g;
        }
        h += 1u8;
    };
    let x = loop {
        let mut bytes = [0; 32];
        ctx.random(&mut bytes);
        let x = BigUint::from_bytes_be(&bytes);
        if x != BigUint::ZERO && x < q {
            break x;
        }
    };
    let y = g.modpow(&x, &p);
    Ok(sequence(&[BigUint::ZERO, p, q, g, y, x]))
}

/// A private scalar below the order of P-256, most likely: the library refuses the others.
pub fn scalar(ctx: &Ctx<'_>) -> [u8; 32] {
    let mut bytes = [0; 32];
    ctx.random(&mut bytes);
    bytes
}

/// The one ECDSA signature that RFC 6979 gives a message, in DER.
pub fn sign(curve: Curve, scalar: &[u8], message: &[u8]) -> Option<Vec<u8>> {
    Some(match curve {
        Curve::P256 => {
            let signature: p256::ecdsa::Signature =
                p256::ecdsa::SigningKey::from_slice(scalar).ok()?.try_sign(message).ok()?;
            signature.to_der().as_bytes().to_vec()
        }
        Curve::P384 => {
            let signature: p384::ecdsa::Signature =
                p384::ecdsa::SigningKey::from_slice(scalar).ok()?.try_sign(message).ok()?;
            signature.to_der().as_bytes().to_vec()
        }
        Curve::P521 => {
            let signature: p521::ecdsa::Signature =
                p521::ecdsa::SigningKey::from_slice(scalar).ok()?.try_sign(message).ok()?;
            signature.to_der().as_bytes().to_vec()
        }
    })
}

fn sequence(numbers: &[BigUint]) -> Vec<u8> {
    let parts: Vec<Vec<u8>> = numbers.iter().map(|n| der::unsigned(&n.to_bytes_be())).collect();
    der::value(der::SEQUENCE, &parts.concat())
}

fn boxed(n: &BigUint) -> BoxedUint {
    BoxedUint::from_be_slice_vartime(&n.to_bytes_be())
}

/// Cheaper than a primality test, and true of nine in ten odd numbers.
fn has_small_factor(n: &BigUint) -> bool {
    const LIMIT: u32 = 2_000;
    (3..LIMIT).step_by(2).any(|factor| n % factor == BigUint::ZERO)
}
