//! sprig's `derivePassword`, the algorithm of Master Password: scrypt of the master password, then a
//! keyed hash of the site's name picks letters by a template.

use super::hmac_sha256;

const SEED: &[u8] = b"com.lyndir.masterpassword";

/// Templates of a password type; each letter names a class.
fn templates(kind: &[u8]) -> Option<&'static [&'static [u8]]> {
    Some(match kind {
        b"maximum" => &[b"anoxxxxxxxxxxxxxxxxx", b"axxxxxxxxxxxxxxxxxno"],
        b"long" => &[
            b"CvcvnoCvcvCvcv",
            b"CvcvCvcvnoCvcv",
            b"CvcvCvcvCvcvno",
            b"CvccnoCvcvCvcv",
            b"CvccCvcvnoCvcv",
            b"CvccCvcvCvcvno",
            b"CvcvnoCvccCvcv",
            b"CvcvCvccnoCvcv",
            b"CvcvCvccCvcvno",
            b"CvcvnoCvcvCvcc",
            b"CvcvCvcvnoCvcc",
            b"CvcvCvcvCvccno",
            b"CvccnoCvccCvcv",
            b"CvccCvccnoCvcv",
            b"CvccCvccCvcvno",
            b"CvcvnoCvccCvcc",
            b"CvcvCvccnoCvcc",
            b"CvcvCvccCvccno",
            b"CvccnoCvcvCvcc",
            b"CvccCvcvnoCvcc",
            b"CvccCvcvCvccno",
        ],
        b"medium" => &[b"CvcnoCvc", b"CvcCvcno"],
        b"short" => &[b"Cvcn"],
        b"basic" => &[b"aaanaaan", b"aannaaan", b"aaannaaa"],
        b"pin" => &[b"nnnn"],
        _ => return None,
    })
}

fn class(letter: u8) -> &'static [u8] {
    match letter {
        b'V' => b"AEIOU",
        b'C' => b"BCDFGHJKLMNPQRSTVWXYZ",
        b'v' => b"aeiou",
        b'c' => b"bcdfghjklmnpqrstvwxyz",
        b'a' => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
        b'n' => b"0123456789",
        b'o' => b"@&%?,=[]_:-+*$#!'^~;()/.",
        _ => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
    }
}

fn length(text: &[u8]) -> [u8; 4] {
    u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes()
}

/// The password, or a sentence saying why there is none, as sprig has it.
pub fn derive(counter: u32, kind: &[u8], password: &[u8], user: &[u8], site: &[u8]) -> Vec<u8> {
    let Some(templates) = templates(kind) else {
        return [b"cannot find password template ", kind].concat();
    };
    let salt = [SEED, &length(user), user].concat();
    let mut key = [0; 64];
    let done = scrypt::Params::new(15, 8, 2)
        .is_ok_and(|params| scrypt::scrypt(password, &salt, &params, &mut key).is_ok());
    if !done {
        return b"failed to derive password: bad parameters".to_vec();
    }
    let seed = hmac_sha256(&key, &[SEED, &length(site), site, &counter.to_be_bytes()].concat());
    let mut seed = seed.as_ref().iter().map(|b| usize::from(*b));
    let pick = seed.next().unwrap_or(0) % templates.len();
    let template = templates.get(pick).copied().unwrap_or_default();
    template
        .iter()
        .zip(seed)
        .filter_map(|(letter, byte)| class(*letter).get(byte % class(*letter).len()).copied())
        .collect()
}
