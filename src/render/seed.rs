//! What a rendering takes from outside besides its request: the time, the machine's zone, and chance.

use aws_lc_rs::digest::{Context, SHA256, digest};
use jiff::tz::TimeZone;

/// The things in a template that are not functions of the request.
#[derive(Clone, Debug, PartialEq)]
pub struct Seed {
    /// What `now` says: seconds since 1970-01-01T00:00:00Z.
    pub seconds: i64,
    pub nanos: u32,
    /// The zone whose clocks Go calls local.
    pub zone: TimeZone,
    /// Where repeatable random sequences start: the same request then renders the same bytes. `None` takes
    /// the operating system's randomness, the only choice for passwords and keys that will be used.
    pub random: Option<[u8; 32]>,
}

impl Seed {
    /// A seed from which everything is known: UTC, a clock that stands still, sequences that a text starts.
    pub fn reproducible(text: &str, seconds: i64) -> Self {
        let mut start = [0; 32];
        for (to, from) in start.iter_mut().zip(digest(&SHA256, text.as_bytes()).as_ref()) {
            *to = *from;
        }
        Seed { seconds, nanos: 0, zone: TimeZone::UTC, random: Some(start) }
    }
}

/// A repeatable sequence of bytes: the SHA-256 of a key and a counter, block by block.
#[derive(Debug)]
pub(super) struct Sequence {
    key: Vec<u8>,
    block: u64,
    rest: Vec<u8>,
}

impl Sequence {
    /// The sequence that a start and names give.
    pub(super) fn new(start: &[u8; 32], names: &[&str]) -> Self {
        let mut key = Context::new(&SHA256);
        key.update(start);
        for name in names {
            key.update(&(name.len() as u64).to_le_bytes());
            key.update(name.as_bytes());
        }
        Sequence { key: key.finish().as_ref().to_vec(), block: 0, rest: Vec::new() }
    }

    pub(super) fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            if self.rest.is_empty() {
                let mut block = Context::new(&SHA256);
                block.update(&self.key);
                block.update(&self.block.to_le_bytes());
                self.block = self.block.wrapping_add(1);
                self.rest = block.finish().as_ref().to_vec();
            }
            *byte = self.rest.pop().unwrap_or_default();
        }
    }
}
