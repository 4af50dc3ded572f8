//! Private keys: made, read from PEM, written to PEM as Go's `crypto/x509` writes them, and used to sign.

use aws_lc_rs::encoding::{AsBigEndian, AsDer};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};

use super::super::super::func::Ctx;
use super::der::{self, Reader};
use super::drawn;

/// Object identifiers, as the contents of their DER.
const RSA_ENCRYPTION: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01];
const SHA256_WITH_RSA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0B];
const EC_PUBLIC_KEY: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01];
const ECDSA_WITH_SHA2: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03];
const ED25519: &[u8] = &[0x2B, 0x65, 0x70];

/// A curve of `crypto/elliptic`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    const ALL: [Self; 3] = [Self::P256, Self::P384, Self::P521];

    fn oid(self) -> &'static [u8] {
        match self {
            Self::P256 => &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07],
            Self::P384 => &[0x2B, 0x81, 0x04, 0x00, 0x22],
            Self::P521 => &[0x2B, 0x81, 0x04, 0x00, 0x23],
        }
    }

    fn algorithm(self) -> &'static EcdsaSigningAlgorithm {
        match self {
            Self::P256 => &ECDSA_P256_SHA256_ASN1_SIGNING,
            Self::P384 => &ECDSA_P384_SHA384_ASN1_SIGNING,
            Self::P521 => &ECDSA_P521_SHA512_ASN1_SIGNING,
        }
    }

    /// Bytes of a private scalar.
    fn size(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    /// The last byte of the identifier of ECDSA with the hash that Go takes for the curve.
    fn hash(self) -> u8 {
        match self {
            Self::P256 => 2,
            Self::P384 => 3,
            Self::P521 => 4,
        }
    }
}

/// A private key.
pub enum PrivateKey {
    /// With its PKCS #1 form.
    Rsa(RsaKeyPair, Vec<u8>),
    Ec(EcdsaKeyPair, Curve),
    Ed25519(Ed25519KeyPair),
}

impl PrivateKey {
    /// A new RSA key.
    pub fn new_rsa(ctx: &Ctx<'_>, size: KeySize) -> Result<Self, String> {
        let failed = |_| "error generating rsa key: out of randomness".to_owned();
        if ctx.draws_keys() {
            let bits = u32::try_from(size.len() * 8).unwrap_or(0);
            let pkcs1 = drawn::rsa(ctx, bits)?;
            let pair = RsaKeyPair::from_der(&pkcs1).map_err(|e| format!("error generating rsa key: {e}"))?;
            return Ok(Self::Rsa(pair, pkcs1));
        }
        let pair = RsaKeyPair::generate(size).map_err(failed)?;
        let pkcs8 = pair.as_der().map_err(failed)?;
        let pkcs1 =
            pkcs1_of(pkcs8.as_ref()).ok_or_else(|| "error generating rsa key: bad encoding".to_owned())?;
        Ok(Self::Rsa(pair, pkcs1))
    }

    /// A new key on P-256.
    pub fn new_ec(ctx: &Ctx<'_>) -> Result<Self, String> {
        while ctx.draws_keys() {
            if let Ok(key) = Self::from_scalar(&drawn::scalar(ctx), Curve::P256) {
                return Ok(key);
            }
        }
        let pair =
            EcdsaKeyPair::generate(Curve::P256.algorithm()).map_err(|_| "out of randomness".to_owned())?;
        Ok(Self::Ec(pair, Curve::P256))
    }

    /// A new Ed25519 key.
    pub fn new_ed25519(ctx: &Ctx<'_>) -> Result<Self, String> {
        if ctx.draws_keys() {
            let pair = Ed25519KeyPair::from_seed_unchecked(&drawn::scalar(ctx));
            return pair.map(Self::Ed25519).map_err(|e| e.to_string());
        }
        Ok(Self::Ed25519(Ed25519KeyPair::generate().map_err(|_| "out of randomness".to_owned())?))
    }

    /// The first key of a PEM text: PKCS #1, SEC 1 or PKCS #8.
    pub fn from_pem(text: &[u8]) -> Result<Self, String> {
        let Some((label, bytes)) = der::from_pem(text) else {
            return Err("no PEM data in input".to_owned());
        };
        if label == "PRIVATE KEY" {
            return Self::from_pkcs8(&bytes).map_err(|e| format!("decoding PEM as PKCS#8: {e}"));
        }
        let Some(kind) = label.strip_suffix(" PRIVATE KEY") else {
            return Err(format!("no private key data in PEM block of type {label}"));
        };
        match kind {
            "RSA" => match RsaKeyPair::from_der(&bytes) {
                Ok(pair) => Ok(Self::Rsa(pair, bytes)),
                Err(e) => Err(format!("parsing RSA private key from PEM: {e}")),
            },
            "EC" => {
                Self::from_sec1(&bytes, None).map_err(|e| format!("parsing EC private key from PEM: {e}"))
            }
            "DSA" => {
                Err("parsing DSA private key from PEM: DSA keys are not supported, use RSA, ECDSA or Ed25519"
                    .to_owned())
            }
            _ => Err(format!("invalid private key type {label}")),
        }
    }

    fn from_pkcs8(bytes: &[u8]) -> Result<Self, String> {
        const MALFORMED: &str = "malformed PKCS #8 structure";
        let mut outer = Reader::new(bytes).enter(der::SEQUENCE).ok_or(MALFORMED)?;
        outer.expect(der::INTEGER).ok_or(MALFORMED)?;
        let mut algorithm = outer.enter(der::SEQUENCE).ok_or(MALFORMED)?;
        let oid = algorithm.expect(der::OID).ok_or(MALFORMED)?.contents;
        if oid == RSA_ENCRYPTION {
            let pkcs1 = pkcs1_of(bytes).ok_or(MALFORMED)?;
            let pair = RsaKeyPair::from_pkcs8(bytes).map_err(|e| e.to_string())?;
            return Ok(Self::Rsa(pair, pkcs1));
        }
        if oid == EC_PUBLIC_KEY {
            let curve = algorithm
                .expect(der::OID)
                .and_then(|oid| curve_of(oid.contents))
                .ok_or("unknown elliptic curve")?;
            let inner = outer.expect(der::OCTET_STRING).ok_or(MALFORMED)?;
            return Self::from_sec1(inner.contents, Some(curve));
        }
        if oid == ED25519 {
            return Ed25519KeyPair::from_pkcs8_maybe_unchecked(bytes)
                .map(Self::Ed25519)
                .map_err(|e| e.to_string());
        }
        Err("PKCS#8 wrapping contained private key with unknown algorithm".to_owned())
    }

    /// Reads an `ECPrivateKey`; a curve given from outside goes before the one inside.
    fn from_sec1(bytes: &[u8], curve: Option<Curve>) -> Result<Self, String> {
        const MALFORMED: &str = "failed to parse EC private key";
        let mut fields = Reader::new(bytes).enter(der::SEQUENCE).ok_or(MALFORMED)?;
        fields.expect(der::INTEGER).ok_or(MALFORMED)?;
        let scalar = fields.expect(der::OCTET_STRING).ok_or(MALFORMED)?.contents;
        let inside = fields
            .enter(0xA0)
            .and_then(|mut inner| inner.expect(der::OID))
            .and_then(|oid| curve_of(oid.contents));
        let curve = curve.or(inside).ok_or("unknown elliptic curve")?;
        // The key is rebuilt in the one form that both libraries read, with the scalar at full width.
        let zeros = scalar.len().saturating_sub(curve.size());
        let trimmed = scalar.get(zeros..).unwrap_or_default();
        let mut padded = vec![0; curve.size() - trimmed.len()];
        padded.extend_from_slice(trimmed);
        Self::from_scalar(&padded, curve)
    }

    /// A key of a scalar at full width.
    fn from_scalar(scalar: &[u8], curve: Curve) -> Result<Self, String> {
        let sec1 = der::nested(
            der::SEQUENCE,
            &[
                &der::unsigned(&[1]),
                &der::value(der::OCTET_STRING, scalar),
                &der::value(0xA0, &der::value(der::OID, curve.oid())),
            ],
        );
        let pair = EcdsaKeyPair::from_private_key_der(curve.algorithm(), &sec1).map_err(|e| e.to_string())?;
        Ok(Self::Ec(pair, curve))
    }

    /// The key in PEM: PKCS #1 for RSA, SEC 1 for elliptic curves, else PKCS #8.
    pub fn to_pem(&self) -> Result<String, String> {
        let failed = |_| "cannot encode the key".to_owned();
        Ok(match self {
            Self::Rsa(_, pkcs1) => der::to_pem("RSA PRIVATE KEY", pkcs1),
            Self::Ec(pair, curve) => {
                let scalar = pair.private_key().as_be_bytes().map_err(failed)?;
                let sec1 = der::nested(
                    der::SEQUENCE,
                    &[
                        &der::unsigned(&[1]),
                        &der::value(der::OCTET_STRING, scalar.as_ref()),
                        &der::value(0xA0, &der::value(der::OID, curve.oid())),
                        &der::value(0xA1, &der::bits(pair.public_key().as_ref())),
                    ],
                );
                der::to_pem("EC PRIVATE KEY", &sec1)
            }
            Self::Ed25519(pair) => der::to_pem("PRIVATE KEY", pair.to_pkcs8v1().map_err(failed)?.as_ref()),
        })
    }

    /// The contents of the public key's bit string, of which Go makes the key's identifier.
    pub fn public_bits(&self) -> &[u8] {
        match self {
            Self::Rsa(pair, _) => pair.public_key().as_ref(),
            Self::Ec(pair, _) => pair.public_key().as_ref(),
            Self::Ed25519(pair) => pair.public_key().as_ref(),
        }
    }

    /// The `SubjectPublicKeyInfo`.
    pub fn public_info(&self) -> Vec<u8> {
        let null = der::value(der::NULL, &[]);
        let algorithm = match self {
            Self::Rsa(..) => der::nested(der::SEQUENCE, &[&der::value(der::OID, RSA_ENCRYPTION), &null]),
            Self::Ec(_, curve) => der::nested(
                der::SEQUENCE,
                &[&der::value(der::OID, EC_PUBLIC_KEY), &der::value(der::OID, curve.oid())],
            ),
            Self::Ed25519(_) => der::nested(der::SEQUENCE, &[&der::value(der::OID, ED25519)]),
        };
        der::nested(der::SEQUENCE, &[&algorithm, &der::bits(self.public_bits())])
    }

    /// The `AlgorithmIdentifier` of the signatures this key makes.
    pub fn signature_algorithm(&self) -> Vec<u8> {
        match self {
            Self::Rsa(..) => {
                let null = der::value(der::NULL, &[]);
                der::nested(der::SEQUENCE, &[&der::value(der::OID, SHA256_WITH_RSA), &null])
            }
            Self::Ec(_, curve) => {
                let oid = [ECDSA_WITH_SHA2, &[curve.hash()]].concat();
                der::nested(der::SEQUENCE, &[&der::value(der::OID, &oid)])
            }
            Self::Ed25519(_) => der::nested(der::SEQUENCE, &[&der::value(der::OID, ED25519)]),
        }
    }

    /// A signature of the message; `repeatable`: always the same one.
    pub fn sign(&self, message: &[u8], repeatable: bool) -> Result<Vec<u8>, String> {
        let failed = |_| "error creating certificate: the key cannot sign".to_owned();
        let random = SystemRandom::new();
        Ok(match self {
            Self::Rsa(pair, _) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).map_err(failed)?;
                signature
            }
            Self::Ec(pair, curve) if repeatable => {
                let scalar = pair.private_key().as_be_bytes().map_err(failed)?;
                drawn::sign(*curve, scalar.as_ref(), message)
                    .ok_or_else(|| failed(aws_lc_rs::error::Unspecified))?
            }
            Self::Ec(pair, _) => pair.sign(&random, message).map_err(failed)?.as_ref().to_vec(),
            Self::Ed25519(pair) => pair.try_sign(message).map_err(failed)?.as_ref().to_vec(),
        })
    }
}

fn curve_of(oid: &[u8]) -> Option<Curve> {
    Curve::ALL.into_iter().find(|curve| curve.oid() == oid)
}

/// The PKCS #1 key inside a PKCS #8 one.
fn pkcs1_of(pkcs8: &[u8]) -> Option<Vec<u8>> {
    let mut outer = Reader::new(pkcs8).enter(der::SEQUENCE)?;
    outer.expect(der::INTEGER)?;
    outer.expect(der::SEQUENCE)?;
    Some(outer.expect(der::OCTET_STRING)?.contents.to_vec())
}
