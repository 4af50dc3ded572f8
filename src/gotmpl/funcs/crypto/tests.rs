//! Certificates against what Go's `crypto/x509` made of the same key and names.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};

use super::certs::Parent;
use super::der::{self, Reader};
use super::keys::PrivateKey;
use crate::gotmpl::func::Env;
use crate::gotmpl::funcs::tests::{run, run_in};
use std::cell::Cell;

/// The key on P-256 whose scalar is the bytes 1 to 32, in SEC 1 without its public half.
fn key_pem() -> String {
    let scalar: Vec<u8> = (1..=32).collect();
    let curve = [0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07];
    let key = der::nested(
        der::SEQUENCE,
        &[&der::unsigned(&[1]), &der::value(der::OCTET_STRING, &scalar), &der::value(0xA0, &curve)],
    );
    der::to_pem("EC PRIVATE KEY", &key)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The fields of a certificate's body, in order; its signature is checked on the way.
fn fields(pem: &str) -> Vec<String> {
    let (label, bytes) = der::from_pem(pem.as_bytes()).unwrap();
    assert_eq!(label, "CERTIFICATE");
    let mut certificate = Reader::new(&bytes).enter(der::SEQUENCE).unwrap();
    let body = certificate.expect(der::SEQUENCE).unwrap();
    certificate.expect(der::SEQUENCE).unwrap();
    let signature = certificate.expect(der::BIT_STRING).unwrap().contents;
    let key = PrivateKey::from_pem(key_pem().as_bytes()).unwrap();
    let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key.public_bits());
    public.verify(body.whole, &signature[1..]).unwrap();
    let mut body = Reader::new(body.contents);
    std::iter::from_fn(|| body.any()).map(|item| hex(item.whole)).collect()
}

const ISSUER: &str = "3010310e300c060355040313056d792d6361";
const PUBLIC: &str = "3059301306072a8648ce3d020106082a8648ce3d03010703420004515c3d6eb9e396b904d3feca7f54fdcd0cc1e997bf375dca515ad0a6c3b4035f4536be3a50f318fbf9a5475902a221502bef0d57e08c53b2cc0a56f17d9f9354";

#[track_caller]
fn check(pem: &str, issuer: &str, subject: &str, validity: &str, extensions: &str) {
    let fields = fields(pem);
    let expected = [
        "a003020102",
        "020f0102030405060708090a0b0c0d0e0f",
        "300a06082a8648ce3d040302",
        issuer,
        validity,
        subject,
        PUBLIC,
        extensions,
    ];
    assert_eq!(fields, expected);
}

#[test]
fn certificates_are_gos() {
    let key = serde_json::to_string(&key_pem()).unwrap();
    let made = run(&format!(
        r#"{{{{ $k := {key} }}}}{{{{ $ca := genCAWithKey "my-ca" 365 $k }}}}{{{{ $ca.Cert }}}}~
{{{{- with genSignedCertWithKey "leaf*é" (list "10.0.0.1" "::1") (list "a.b" "*.c") 30 $ca $k }}}}{{{{ .Cert }}}}~{{{{ .Key }}}}~{{{{ end }}}}
{{{{- (genSelfSignedCertWithKey "" nil (list "x") 30 $k).Cert }}}}"#
    ))
    .unwrap();
    let parts: Vec<&str> = made.split('~').collect();
    let [authority, leaf, leaf_key, nameless] = parts.as_slice() else { panic!("{made}") };
    // 14 November 2023, 22:13:20, and 365 or 30 days later.
    let (year, month) = (
        "301e170d3233313131343232313332305a170d3234313131333232313332305a",
        "301e170d3233313131343232313332305a170d3233313231343232313332305a",
    );
    check(
        authority,
        ISSUER,
        ISSUER,
        year,
        "a361305f300e0603551d0f0101ff0404030202a4301d0603551d250416301406082b0601050507030106082b06010505070302300f0603551d130101ff040530030101ff301d0603551d0e041604144269889431e3131966fcaf6a457141943ed2c35b",
    );
    check(
        leaf,
        ISSUER,
        "30123110300e06035504030c076c6561662ac3a9",
        month,
        "a3818e30818b300e0603551d0f0101ff0404030205a0301d0603551d250416301406082b0601050507030106082b06010505070302300c0603551d130101ff04023000301f0603551d230418301680144269889431e3131966fcaf6a457141943ed2c35b302b0603551d11042430228203612e6282032a2e6387040a000001871000000000000000000000000000000001",
    );
    check(
        nameless,
        "3000",
        "3000",
        month,
        "a350304e300e0603551d0f0101ff0404030205a0301d0603551d250416301406082b0601050507030106082b06010505070302300c0603551d130101ff04023000300f0603551d110101ff04053003820178",
    );
    let expected = "-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8goAoGCCqGSM49
AwEHoUQDQgAEUVw9brnjlrkE0/7Kf1T9zQzB6Ze/N13KUVrQpsO0A19FNr46UPMY
+/mlR1kCoiFQK+8NV+CMU7LMClbxfZ+TVA==
-----END EC PRIVATE KEY-----
";
    assert_eq!(*leaf_key, expected);
}

#[test]
fn keys_are_read_back() {
    for (kind, label) in [("ecdsa", "EC PRIVATE KEY"), ("ed25519", "PRIVATE KEY")] {
        let pem = run(&format!(r#"{{{{ genPrivateKey "{kind}" }}}}"#)).unwrap();
        assert_eq!(der::from_pem(pem.as_bytes()).unwrap().0, label);
        assert_eq!(PrivateKey::from_pem(pem.as_bytes()).unwrap().to_pem().unwrap(), pem);
    }
    let pem = run(r#"{{ (genCA "ca" 1).Key }}"#).unwrap();
    assert!(pem.starts_with("-----BEGIN RSA PRIVATE KEY-----\n"));
    assert_eq!(PrivateKey::from_pem(pem.as_bytes()).unwrap().to_pem().unwrap(), pem);
}

#[test]
fn mistakes_are_told() {
    let fails = |call: &str, message: &str| {
        assert_eq!(run(&format!("{{{{ {call} }}}}")).unwrap_err(), message, "{call}");
    };
    fails(
        r#"genCAWithKey "ca" 1 "x""#,
        "error calling genCAWithKey: parsing private key: no PEM data in input",
    );
    fails(
        r#"genSelfSignedCert "x" (list 5) nil 1"#,
        "error calling genSelfSignedCert: error parsing ip: 5 is not a string",
    );
    fails(
        r#"genSelfSignedCert "x" (list "a") nil 1"#,
        "error calling genSelfSignedCert: error parsing ip: a",
    );
    fails(
        r#"genSelfSignedCert "x" nil (list nil) 1"#,
        "error calling genSelfSignedCert: error processing alternate dns name: <nil> is not a string",
    );
    fails(r#"buildCustomCert "eA==" "eA==""#, "error calling buildCustomCert: unable to decode certificate");
    assert!(Parent::parse(b"").is_err());
    let other = run(r#"{{ genPrivateKey "ecdsa" }}"#).unwrap();
    let (key, other) = (serde_json::to_string(&key_pem()).unwrap(), serde_json::to_string(&other).unwrap());
    let mixed = format!(
        r#"{{{{ $ca := genCAWithKey "a" 1 {key} }}}}{{{{ $b := buildCustomCert (b64enc $ca.Cert) (b64enc {other}) }}}}{{{{ genSignedCertWithKey "x" nil nil 1 $b {key} }}}}"#
    );
    let message = "error calling genSignedCertWithKey: error creating certificate: x509: provided PrivateKey doesn't match parent's PublicKey";
    assert_eq!(run(&mixed).unwrap_err(), message);
}

/// A randomness that can be repeated.
struct Repeatable(Cell<u64>);

impl Env for Repeatable {
    fn now(&self) -> (i64, u32) {
        (1_700_000_000, 0)
    }

    fn random(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            self.0.set(self.0.get() + 1);
            let block = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &self.0.get().to_le_bytes());
            chunk.copy_from_slice(&block.as_ref()[..chunk.len()]);
        }
    }

    fn repeatable(&self) -> bool {
        true
    }
}

fn repeated(template: &str) -> String {
    let once = |start| run_in(template, &Repeatable(Cell::new(start))).unwrap();
    let first = once(0);
    assert_eq!(first, once(0), "{template}");
    assert_ne!(first, once(1_000_000), "{template}");
    first
}

#[test]
fn keys_and_certificates_follow_from_a_seed() {
    for kind in ["ecdsa", "ed25519", "dsa"] {
        repeated(&format!(r#"{{{{ genPrivateKey "{kind}" }}}}"#));
    }
    let rsa = repeated(
        r#"{{ $ca := genCA "ca" 1 }}{{ $ca.Cert }}{{ (genSignedCert "x" nil nil 1 $ca).Cert }}{{ $ca.Key }}"#,
    );
    let key = rsa.rsplit_once("-----BEGIN RSA").map(|(_, key)| format!("-----BEGIN RSA{key}")).unwrap();
    // The library checks the key's numbers against each other.
    assert_eq!(PrivateKey::from_pem(key.as_bytes()).unwrap().to_pem().unwrap(), key);
    assert_eq!(PrivateKey::from_pem(key.as_bytes()).unwrap().public_bits().len(), 270);
    // A signature with the key on P-256, which `fields` verifies.
    let key = serde_json::to_string(&key_pem()).unwrap();
    fields(&repeated(&format!(r#"{{{{ (genCAWithKey "ca" 1 {key}).Cert }}}}"#)));
    for call in [r#"htpasswd "a" "b""#, r#"bcrypt "a""#, r#"encryptAES "k" "text""#] {
        repeated(&format!("{{{{ {call} }}}}"));
    }
}

#[test]
fn signatures_of_all_curves_follow_from_key_and_message() {
    use aws_lc_rs::signature::{ECDSA_P384_SHA384_ASN1, ECDSA_P521_SHA512_ASN1};
    // RFC 6979, A.2.5: P-256, SHA-256, "sample".
    let scalar: [u8; 32] = [
        0xC9, 0xAF, 0xA9, 0xD8, 0x45, 0xBA, 0x75, 0x16, 0x6B, 0x5C, 0x21, 0x57, 0x67, 0xB1, 0xD6, 0x93, 0x4E,
        0x50, 0xC3, 0xDB, 0x36, 0xE8, 0x9B, 0x12, 0x7B, 0x8A, 0x62, 0x2B, 0x12, 0x0F, 0x67, 0x21,
    ];
    let signature = super::drawn::sign(super::keys::Curve::P256, &scalar, b"sample").unwrap();
    assert!(hex(&signature).contains("efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"));
    assert!(hex(&signature).contains("f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"));
    let curves = [
        (&ECDSA_P384_SHA384_ASN1, 48, &[0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x22]),
        (&ECDSA_P521_SHA512_ASN1, 66, &[0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x23]),
    ];
    for (algorithm, size, curve) in curves {
        let sec1 = der::nested(
            der::SEQUENCE,
            &[
                &der::unsigned(&[1]),
                &der::value(der::OCTET_STRING, &[&[0], vec![7; size - 1].as_slice()].concat()),
                &der::value(0xA0, curve),
            ],
        );
        let key = PrivateKey::from_pem(der::to_pem("EC PRIVATE KEY", &sec1).as_bytes()).unwrap();
        let signature = key.sign(b"message", true).unwrap();
        assert_eq!(signature, key.sign(b"message", true).unwrap());
        UnparsedPublicKey::new(algorithm, key.public_bits()).verify(b"message", &signature).unwrap();
    }
}

/// Version, p, q, g, y, x, as sprig encodes them.
#[test]
fn dsa_keys_are_keys() {
    let pem = run_in(r#"{{ genPrivateKey "dsa" }}"#, &Repeatable(Cell::new(9))).unwrap();
    let (label, bytes) = der::from_pem(pem.as_bytes()).unwrap();
    assert_eq!(label, "DSA PRIVATE KEY");
    let mut fields = Reader::new(&bytes).enter(der::SEQUENCE).unwrap();
    let numbers: Vec<num_bigint::BigUint> =
        std::iter::from_fn(|| fields.any()).map(|n| num_bigint::BigUint::from_bytes_be(n.contents)).collect();
    let [version, p, q, g, y, x] = numbers.as_slice() else { panic!("{numbers:?}") };
    let one = num_bigint::BigUint::from(1u8);
    assert_eq!((version.bits(), p.bits(), q.bits()), (0, 2048, 256));
    assert_eq!((p - &one) % q, num_bigint::BigUint::ZERO);
    assert!(*g > one && g.modpow(q, p) == one && x < q);
    assert_eq!(g.modpow(x, p), *y);
}
