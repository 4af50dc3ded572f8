//! sprig's cryptography: password hashes, AES, private keys, certificates.
//!
//! Salts, initial vectors and serial numbers come from the render's surroundings; keys are drawn by aws-lc
//! from the system, which takes no other source, or in `drawn` where a render is to be repeatable.

use std::any::Any;
use std::net::IpAddr;
use std::rc::Rc;

use aws_lc_rs::cipher::{
    AES_256, DecryptingKey, DecryptionContext, EncryptingKey, EncryptionContext, UnboundCipherKey,
};
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::rsa::KeySize;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::fuel;
use super::super::func::{Ctx, Func, FuncError};
use super::super::str::Str;
use super::super::types::{ANY_SLICE, INT, Type, UINT32};
use super::super::value::{Object, Value};
use super::common::{Res, TEXT, arg, fail, fail_bytes, int, print, string, text};
use super::encoding::decode_base64;
use super::gotime::{Location, Locations, Time};
use certs::{Issuer, Parent, Request};
use keys::PrivateKey;

mod certs;
mod der;
mod drawn;
mod keys;
mod password;
#[cfg(test)]
mod tests;

/// What an RSA key of 2048 bits, and what is made slow on purpose, takes of a render's budget: 400 are too many. The
/// corpus' charts make 8 at most, but a list of users may well have a hundred passwords to hash.
const SLOW: usize = 60_000;

const CERTIFICATE: Type = Type::Object("sprig.certificate");

/// The functions of this folder.
pub(super) const FUNCS: &[Func] = &[
    Func::new("bcrypt", &[TEXT], TEXT, |c, a| string(bcrypt(c, text(a, 0)))),
    Func::new("htpasswd", &[TEXT, TEXT], TEXT, htpasswd),
    Func::new("derivePassword", &[UINT32, TEXT, TEXT, TEXT, TEXT], TEXT, |_, a| {
        let counter = match arg(a, 0) {
            Value::Uint(_, counter) => u32::try_from(*counter).unwrap_or(0),
            _ => 0,
        };
        fuel::spend(SLOW)?;
        string(password::derive(counter, text(a, 1), text(a, 2), text(a, 3), text(a, 4)))
    }),
    Func::new("encryptAES", &[TEXT, TEXT], TEXT, encrypt_aes),
    Func::new("decryptAES", &[TEXT, TEXT], TEXT, decrypt_aes),
    Func::new("genPrivateKey", &[TEXT], TEXT, generate_private_key),
    Func::new("buildCustomCert", &[TEXT, TEXT], CERTIFICATE, build_custom),
    Func::new("genCA", &[TEXT, INT], CERTIFICATE, |c, a| authority(c, a, new_key(c)?)),
    Func::new("genCAWithKey", &[TEXT, INT, TEXT], CERTIFICATE, |c, a| authority(c, a, given_key(a, 2)?)),
    Func::new("genSelfSignedCert", &[TEXT, ANY_SLICE, ANY_SLICE, INT], CERTIFICATE, |c, a| {
        self_signed(c, a, new_key(c)?)
    }),
    Func::new("genSelfSignedCertWithKey", &[TEXT, ANY_SLICE, ANY_SLICE, INT, TEXT], CERTIFICATE, |c, a| {
        self_signed(c, a, given_key(a, 4)?)
    }),
    Func::new("genSignedCert", &[TEXT, ANY_SLICE, ANY_SLICE, INT, CERTIFICATE], CERTIFICATE, |c, a| {
        signed(c, a, new_key(c)?)
    }),
    Func::new(
        "genSignedCertWithKey",
        &[TEXT, ANY_SLICE, ANY_SLICE, INT, CERTIFICATE, TEXT],
        CERTIFICATE,
        |c, a| signed(c, a, given_key(a, 5)?),
    ),
];

/// Go's default cost.
const BCRYPT_COST: u32 = 10;

fn bcrypt(ctx: &Ctx<'_>, password: &[u8]) -> String {
    let failed = |why: &str| format!("failed to encrypt string with bcrypt: {why}");
    if password.len() > 72 {
        return failed("bcrypt: password length exceeds 72 bytes");
    }
    // Refused when the function returns.
    fuel::note(SLOW);
    if fuel::used_up() {
        return String::new();
    }
    let mut salt = [0; 16];
    ctx.random(&mut salt);
    match bcrypt::hash_with_salt(password, BCRYPT_COST, salt) {
        Ok(parts) => parts.format_for_version(bcrypt::Version::TwoA),
        Err(e) => failed(&e.to_string()),
    }
}

fn htpasswd(ctx: &mut Ctx<'_>, a: &[Value]) -> Res {
    let user = text(a, 0);
    if user.contains(&b':') {
        return string([b"invalid username: ", user].concat());
    }
    string([user, b":", bcrypt(ctx, text(a, 1)).as_bytes()].concat())
}

const BLOCK: usize = 16;

/// The first 32 bytes of a password, filled up with zeros.
fn aes_key(password: &[u8]) -> Result<UnboundCipherKey, FuncError> {
    let mut key = [0; 32];
    for (slot, byte) in key.iter_mut().zip(password) {
        *slot = *byte;
    }
    UnboundCipherKey::new(&AES_256, &key).map_err(|_| FuncError::new("crypto/aes: cannot use the key"))
}

fn encrypt_aes(ctx: &mut Ctx<'_>, a: &[Value]) -> Res {
    let mut content = text(a, 1).to_vec();
    if content.is_empty() {
        return string("");
    }
    let padding = BLOCK - content.len() % BLOCK;
    content.resize(content.len() + padding, u8::try_from(padding).unwrap_or(0));
    let mut iv = [0; BLOCK];
    ctx.random(&mut iv);
    let broken = |_| FuncError::new("crypto/cipher: cannot encrypt");
    let key = EncryptingKey::cbc(aes_key(text(a, 0))?).map_err(broken)?;
    key.less_safe_encrypt(&mut content, EncryptionContext::Iv128(FixedLength::from(&iv))).map_err(broken)?;
    string(STANDARD.encode([iv.as_slice(), &content].concat()))
}

fn decrypt_aes(_: &mut Ctx<'_>, a: &[Value]) -> Res {
    if text(a, 1).is_empty() {
        return string("");
    }
    let crypt = decode_base64(text(a, 1))?;
    let Some((iv, body)) = crypt.split_first_chunk::<BLOCK>() else {
        return fail(format!(
            "runtime error: slice bounds out of range [:{BLOCK}] with capacity {}",
            crypt.len()
        ));
    };
    if body.len() % BLOCK != 0 {
        return fail("crypto/cipher: input not full blocks");
    }
    let broken = |_| FuncError::new("crypto/cipher: cannot decrypt");
    let mut content = body.to_vec();
    if !content.is_empty() {
        let key = DecryptingKey::cbc(aes_key(text(a, 0))?).map_err(broken)?;
        key.decrypt(&mut content, DecryptionContext::Iv128(FixedLength::from(iv))).map_err(broken)?;
    }
    let Some(&padding) = content.last() else {
        return fail("runtime error: index out of range [-1]");
    };
    // Go looks at nothing of the padding but its length.
    match content.len().checked_sub(padding.into()).and_then(|len| content.get(..len)) {
        Some(plain) => string(plain),
        None => {
            let end = i64::try_from(content.len()).unwrap_or(0) - i64::from(padding);
            fail(format!("runtime error: slice bounds out of range [:{end}]"))
        }
    }
}

fn generate_private_key(ctx: &mut Ctx<'_>, a: &[Value]) -> Res {
    let failed = |why: String| FuncError::new(format!("failed to generate private key: {why}"));
    let key = match text(a, 0) {
        b"" | b"rsa" => {
            fuel::spend(5 * SLOW)?;
            PrivateKey::new_rsa(ctx, KeySize::Rsa4096)
        }
        b"ecdsa" => PrivateKey::new_ec(ctx),
        b"ed25519" => PrivateKey::new_ed25519(ctx),
        b"dsa" => {
            fuel::spend(5 * SLOW)?;
            return string(der::to_pem("DSA PRIVATE KEY", &drawn::dsa(ctx).map_err(failed)?));
        }
        other => return string([b"Unknown type ", other].concat()),
    };
    string(key.and_then(|key| key.to_pem()).map_err(failed)?)
}

/// A `sprig.certificate`.
#[derive(Debug)]
struct Certificate {
    cert: Str,
    key: Str,
}

impl Certificate {
    fn value(cert: impl Into<Str>, key: impl Into<Str>) -> Res {
        Ok(Value::Object(Rc::new(Self { cert: cert.into(), key: key.into() })))
    }
}

impl Object for Certificate {
    fn type_name(&self) -> &'static str {
        "sprig.certificate"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![("Cert", Value::Str(self.cert.clone())), ("Key", Value::Str(self.key.clone()))]
    }
}

fn new_key(ctx: &Ctx<'_>) -> Result<PrivateKey, FuncError> {
    fuel::spend(SLOW)?;
    Ok(PrivateKey::new_rsa(ctx, KeySize::Rsa2048)?)
}

fn given_key(a: &[Value], index: usize) -> Result<PrivateKey, FuncError> {
    PrivateKey::from_pem(text(a, index)).map_err(|e| FuncError::new(format!("parsing private key: {e}")))
}

fn request<'a>(
    ctx: &Ctx<'_>,
    common_name: &'a [u8],
    names: Option<(&Value, &Value)>,
    days: i64,
    authority: bool,
) -> Result<Request<'a>, FuncError> {
    let (ips, dns_names) = match names {
        Some((ips, dns)) => (parse_ips(ips)?, parse_dns(dns)?),
        None => (Vec::new(), Vec::new()),
    };
    let mut serial = [0; 16];
    ctx.random(&mut serial);
    let (seconds, _) = ctx.now();
    let zones = Locations { default: Location::Utc, local: None };
    let now = Time::new(seconds, 0, &Location::Utc, &zones);
    // Go multiplies nanoseconds, which wrap around after 106,751 days.
    let span = super::gotime::duration::HOUR.wrapping_mul(24).wrapping_mul(days);
    let not_after = now.add(span, &zones);
    Ok(Request {
        common_name,
        ips,
        dns_names,
        not_before: now,
        not_after,
        serial,
        authority,
        repeatable: ctx.env().repeatable(),
    })
}

fn parse_ips(list: &Value) -> Result<Vec<IpAddr>, FuncError> {
    let mut ips = Vec::new();
    for item in list.elements().iter().flat_map(|list| list.items()) {
        let Value::Str(text) = item else {
            return fail_bytes(&[b"error parsing ip: ", &*print(item)?, b" is not a string"].concat());
        };
        match text.as_str().and_then(|text| text.parse().ok()) {
            Some(ip) => ips.push(ip),
            None => return fail(format!("error parsing ip: {text}")),
        }
    }
    Ok(ips)
}

fn parse_dns(list: &Value) -> Result<Vec<Vec<u8>>, FuncError> {
    let mut names = Vec::new();
    for item in list.elements().iter().flat_map(|list| list.items()) {
        let Value::Str(text) = item else {
            return fail_bytes(
                &[b"error processing alternate dns name: ", &*print(item)?, b" is not a string"].concat(),
            );
        };
        names.push(text.to_vec());
    }
    Ok(names)
}

fn finish(request: &Request<'_>, key: &PrivateKey, issuer: &Issuer<'_>) -> Res {
    let certificate = certs::create(request, key, issuer)?;
    Certificate::value(der::to_pem("CERTIFICATE", &certificate), key.to_pem()?)
}

fn authority(ctx: &mut Ctx<'_>, a: &[Value], key: PrivateKey) -> Res {
    let request = request(ctx, text(a, 0), None, int(a, 1), true)?;
    finish(&request, &key, &Issuer::Itself)
}

fn self_signed(ctx: &mut Ctx<'_>, a: &[Value], key: PrivateKey) -> Res {
    let request = request(ctx, text(a, 0), Some((arg(a, 1), arg(a, 2))), int(a, 3), false)?;
    finish(&request, &key, &Issuer::Itself)
}

fn signed(ctx: &mut Ctx<'_>, a: &[Value], key: PrivateKey) -> Res {
    let ca = match arg(a, 4) {
        Value::Object(object) => object.as_any().downcast_ref::<Certificate>(),
        _ => None,
    };
    let Some((_, parent)) = ca.and_then(|ca| der::from_pem(&ca.cert)) else {
        return fail("unable to decode certificate");
    };
    let parent = Parent::parse(&parent)
        .map_err(|e| FuncError::new(format!("error parsing certificate: decodedSignerCert.Bytes: {e}")))?;
    let signer = ca.map_or(&[][..], |ca| ca.key.as_bytes());
    let signer = PrivateKey::from_pem(signer)
        .map_err(|e| FuncError::new(format!("error parsing private key: {e}")))?;
    let request = request(ctx, text(a, 0), Some((arg(a, 1), arg(a, 2))), int(a, 3), false)?;
    finish(&request, &key, &Issuer::Other(&parent, &signer))
}

fn build_custom(_: &mut Ctx<'_>, a: &[Value]) -> Res {
    let Ok(cert) = decode_base64(text(a, 0)) else {
        return fail("unable to decode base64 certificate");
    };
    let Ok(key) = decode_base64(text(a, 1)) else {
        return fail("unable to decode base64 private key");
    };
    let Some((_, decoded)) = der::from_pem(&cert) else {
        return fail("unable to decode certificate");
    };
    if let Err(e) = Parent::parse(&decoded) {
        return fail(format!("error parsing certificate: decodedCert.Bytes: {e}"));
    }
    if let Err(e) = PrivateKey::from_pem(&key) {
        return fail(format!("error parsing private key: {e}"));
    }
    Certificate::value(cert, key)
}

/// HMAC with SHA-256.
fn hmac_sha256(key: &[u8], message: &[u8]) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message)
}
