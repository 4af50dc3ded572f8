//! Certificates as sprig makes them through Go's `crypto/x509`: same fields, same order, same encodings.

use std::net::IpAddr;

use aws_lc_rs::digest::{SHA256, digest};

use super::super::gotime::Time;
use super::der::{self, Item, Reader};
use super::keys::PrivateKey;

/// What a certificate is to say.
pub struct Request<'a> {
    pub common_name: &'a [u8],
    pub ips: Vec<IpAddr>,
    pub dns_names: Vec<Vec<u8>>,
    pub not_before: Time,
    pub not_after: Time,
    /// 128 random bits.
    pub serial: [u8; 16],
    pub authority: bool,
    /// Sign so that the same request gives the same certificate.
    pub repeatable: bool,
}

/// Who signs it.
pub enum Issuer<'a> {
    /// The certificate's own key.
    Itself,
    Other(&'a Parent, &'a PrivateKey),
}

/// What is needed of a signing certificate.
pub struct Parent {
    /// The subject, as it stands.
    subject: Vec<u8>,
    /// The identifier of its key, where it has one.
    key_id: Option<Vec<u8>>,
    /// The contents of its public key's bit string.
    public_bits: Vec<u8>,
}

/// Key usages as bits from the left of one byte.
const DIGITAL_SIGNATURE: u8 = 0x80;
const KEY_ENCIPHERMENT: u8 = 0x20;
const CERT_SIGN: u8 = 0x04;

const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const SERVER_AUTH: &[u8] = &[0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];
const CLIENT_AUTH: &[u8] = &[0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02];

/// The last byte of the identifiers of extensions, after 2.5.29.
const SUBJECT_KEY_ID: u8 = 14;
const KEY_USAGE: u8 = 15;
const SUBJECT_ALT_NAME: u8 = 17;
const BASIC_CONSTRAINTS: u8 = 19;
const AUTHORITY_KEY_ID: u8 = 35;
const EXTENDED_KEY_USAGE: u8 = 37;

/// Makes and signs a certificate; the result is DER.
pub fn create(request: &Request<'_>, key: &PrivateKey, issuer: &Issuer<'_>) -> Result<Vec<u8>, String> {
    let subject = name(request.common_name);
    let key_id = request.authority.then(|| identifier(key.public_bits()));
    let (signer, issuer_name, issuer_id) = match issuer {
        Issuer::Itself => (key, subject.clone(), key_id.clone()),
        Issuer::Other(parent, signer) => {
            if signer.public_bits() != parent.public_bits {
                return Err(
                    "error creating certificate: x509: provided PrivateKey doesn't match parent's PublicKey"
                        .to_owned(),
                );
            }
            (*signer, parent.subject.clone(), parent.key_id.clone())
        }
    };
    // A certificate signed by itself names no authority.
    let issuer_id = issuer_id.filter(|_| issuer_name != subject);
    let validity = der::nested(der::SEQUENCE, &[&time(&request.not_before)?, &time(&request.not_after)?]);
    let algorithm = signer.signature_algorithm();
    let to_sign = der::nested(
        der::SEQUENCE,
        &[
            &der::value(0xA0, &der::unsigned(&[2])),
            &der::unsigned(&request.serial),
            &algorithm,
            &issuer_name,
            &validity,
            &subject,
            &key.public_info(),
            &der::value(0xA3, &extensions(request, key_id, issuer_id)?),
        ],
    );
    let signature = signer.sign(&to_sign, request.repeatable)?;
    Ok(der::nested(der::SEQUENCE, &[&to_sign, &algorithm, &der::bits(&signature)]))
}

impl Parent {
    /// Reads a certificate in DER.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        Self::read(bytes).ok_or_else(|| "x509: malformed certificate".to_owned())
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let mut outer = Reader::new(bytes);
        let mut certificate = outer.enter(der::SEQUENCE)?;
        let mut body = certificate.enter(der::SEQUENCE)?;
        certificate.expect(der::SEQUENCE)?;
        certificate.expect(der::BIT_STRING)?;
        if !outer.is_empty() || !certificate.is_empty() {
            return None;
        }
        if body.peek() == Some(0xA0) {
            body.any()?;
        }
        body.expect(der::INTEGER)?;
        body.expect(der::SEQUENCE)?;
        body.expect(der::SEQUENCE)?;
        body.expect(der::SEQUENCE)?;
        let subject = body.expect(der::SEQUENCE)?.whole.to_vec();
        let mut public = body.enter(der::SEQUENCE)?;
        public.expect(der::SEQUENCE)?;
        let public_bits = public.expect(der::BIT_STRING)?.contents.get(1..)?.to_vec();
        let mut key_id = None;
        while let Some(item) = body.any() {
            if item.tag == 0xA3 {
                key_id = subject_key_id(item);
            }
        }
        Some(Self { subject, key_id, public_bits })
    }
}

fn subject_key_id(extensions: Item<'_>) -> Option<Vec<u8>> {
    let mut list = Reader::new(extensions.contents).enter(der::SEQUENCE)?;
    while let Some(mut extension) = list.enter(der::SEQUENCE) {
        let oid = extension.expect(der::OID)?.contents;
        if oid == [0x55, 0x1D, SUBJECT_KEY_ID] {
            let value = extension.expect(der::OCTET_STRING)?.contents;
            return Some(Reader::new(value).expect(der::OCTET_STRING)?.contents.to_vec());
        }
    }
    None
}

/// Go's identifier of a key: the first 20 bytes of the SHA-256 of its bits (RFC 7093, method 1).
fn identifier(public_bits: &[u8]) -> Vec<u8> {
    digest(&SHA256, public_bits).as_ref().get(..20).unwrap_or_default().to_vec()
}

/// A name of a common name alone; empty where that is.
fn name(common_name: &[u8]) -> Vec<u8> {
    if common_name.is_empty() {
        return der::value(der::SEQUENCE, &[]);
    }
    // Go's rule for PrintableString takes `*` and `&` besides the standard's set.
    let printable = common_name.iter().all(|b| b.is_ascii_alphanumeric() || b" '()+,-./:=?*&".contains(b));
    let tag = if printable { der::PRINTABLE_STRING } else { der::UTF8_STRING };
    let attribute =
        der::nested(der::SEQUENCE, &[&der::value(der::OID, COMMON_NAME), &der::value(tag, common_name)]);
    der::value(der::SEQUENCE, &der::value(der::SET, &attribute))
}

fn time(time: &Time) -> Result<Vec<u8>, String> {
    match time.civil().year {
        1950..2050 => Ok(der::value(der::UTC_TIME, &time.format(b"060102150405Z"))),
        0..10_000 => Ok(der::value(der::GENERALIZED_TIME, &time.format(b"20060102150405Z"))),
        _ => {
            Err("error creating certificate: asn1: structure error: cannot represent time as GeneralizedTime"
                .to_owned())
        }
    }
}

fn extensions(
    request: &Request<'_>,
    key_id: Option<Vec<u8>>,
    issuer_id: Option<Vec<u8>>,
) -> Result<Vec<u8>, String> {
    let mut list = Vec::new();
    let mut usages = DIGITAL_SIGNATURE | KEY_ENCIPHERMENT;
    if request.authority {
        usages |= CERT_SIGN;
    }
    let unused = u8::try_from(usages.trailing_zeros()).unwrap_or(0);
    list.extend(extension(KEY_USAGE, true, &der::value(der::BIT_STRING, &[unused, usages])));
    let purposes =
        der::nested(der::SEQUENCE, &[&der::value(der::OID, SERVER_AUTH), &der::value(der::OID, CLIENT_AUTH)]);
    list.extend(extension(EXTENDED_KEY_USAGE, false, &purposes));
    let constraints: &[u8] = if request.authority { &[der::BOOLEAN, 1, 0xFF] } else { &[] };
    list.extend(extension(BASIC_CONSTRAINTS, true, &der::value(der::SEQUENCE, constraints)));
    if let Some(id) = key_id {
        list.extend(extension(SUBJECT_KEY_ID, false, &der::value(der::OCTET_STRING, &id)));
    }
    if let Some(id) = issuer_id {
        list.extend(extension(AUTHORITY_KEY_ID, false, &der::value(der::SEQUENCE, &der::value(0x80, &id))));
    }
    if !request.dns_names.is_empty() || !request.ips.is_empty() {
        let names = alternative_names(request)?;
        // Critical where the subject is empty.
        list.extend(extension(SUBJECT_ALT_NAME, request.common_name.is_empty(), &names));
    }
    Ok(der::value(der::SEQUENCE, &list))
}

fn extension(id: u8, critical: bool, contents: &[u8]) -> Vec<u8> {
    let oid = der::value(der::OID, &[0x55, 0x1D, id]);
    let critical: &[u8] = if critical { &[der::BOOLEAN, 1, 0xFF] } else { &[] };
    der::nested(der::SEQUENCE, &[&oid, critical, &der::value(der::OCTET_STRING, contents)])
}

fn alternative_names(request: &Request<'_>) -> Result<Vec<u8>, String> {
    let mut list = Vec::new();
    for dns in &request.dns_names {
        if !dns.is_ascii() {
            let shown = super::super::common::quoted(dns);
            return Err(format!(
                "error creating certificate: x509: {shown} cannot be encoded as an IA5String"
            ));
        }
        list.extend(der::value(0x82, dns));
    }
    for ip in &request.ips {
        list.extend(match ip {
            IpAddr::V4(ip) => der::value(0x87, &ip.octets()),
            IpAddr::V6(ip) => match ip.to_ipv4_mapped() {
                Some(ip) => der::value(0x87, &ip.octets()),
                None => der::value(0x87, &ip.octets()),
            },
        });
    }
    Ok(der::value(der::SEQUENCE, &list))
}
