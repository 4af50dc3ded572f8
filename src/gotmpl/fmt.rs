//! Go's `fmt`.

use super::strconv;

pub(super) fn quote_lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&strconv::quote(bytes)).into_owned()
}
