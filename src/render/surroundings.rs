//! What functions in templates may ask for besides their arguments: the clock, chance and the cluster.

use super::{Lookup, Seed};
use crate::gotmpl::func::Env;
use crate::gotmpl::value::Value;
use std::cell::Cell;

pub(super) struct Surroundings<'a> {
    lookup: &'a dyn Lookup,
    seed: Seed,
    /// State of the repeatable sequence.
    state: Cell<u64>,
}

impl<'a> Surroundings<'a> {
    pub(super) fn new(lookup: &'a dyn Lookup, seed: Seed) -> Self {
        Surroundings { lookup, seed, state: Cell::new(seed.random.unwrap_or(0)) }
    }

    /// SplitMix64.
    fn next(&self) -> u64 {
        let state = self.state.get().wrapping_add(0x9E37_79B9_7F4A_7C15);
        self.state.set(state);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

impl Env for Surroundings<'_> {
    fn lookup(&self, api_version: &str, kind: &str, namespace: &str, name: &str) -> Result<Value, String> {
        self.lookup.lookup(api_version, kind, namespace, name).map(|found| Value::from_json(&found))
    }

    fn now(&self) -> (i64, u32) {
        (self.seed.seconds, self.seed.nanos)
    }

    fn random(&self, bytes: &mut [u8]) {
        if self.seed.random.is_some() {
            for chunk in bytes.chunks_mut(8) {
                let word = self.next().to_le_bytes();
                for (to, from) in chunk.iter_mut().zip(word) {
                    *to = from;
                }
            }
        } else if getrandom::fill(bytes).is_err() {
            // Going on would hand out guessable passwords.
            std::process::abort();
        }
    }
}
