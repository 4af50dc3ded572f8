//! What functions in templates may ask for besides their arguments: the clock, chance and the cluster.

use super::seed::Sequence;
use super::{Lookup, Seed, Volatile};
use crate::gotmpl::func::{Env, VolatileCall};
use crate::gotmpl::value::Value;
use jiff::tz::TimeZone;
use std::cell::{Cell, RefCell};

/// The name of texts given to `tpl`, in Go's errors too.
const TPL: &str = "gotpl";

pub(super) struct Surroundings<'a> {
    lookup: &'a dyn Lookup,
    seed: &'a Seed,
    /// Name and namespace of the release.
    release: [&'a str; 2],
    file: RefCell<String>,
    /// The repeatable sequence of this file, once it was asked for.
    sequence: RefCell<Option<Sequence>>,
    volatile: RefCell<Vec<Volatile>>,
    looked_up: Cell<bool>,
}

impl<'a> Surroundings<'a> {
    pub(super) fn new(lookup: &'a dyn Lookup, seed: &'a Seed, release: [&'a str; 2]) -> Self {
        Surroundings {
            lookup,
            seed,
            release,
            file: RefCell::default(),
            sequence: RefCell::default(),
            volatile: RefCell::default(),
            looked_up: Cell::new(false),
        }
    }

    /// The next template file. Each has a sequence of its own, so that a call more in one does not change the
    /// others.
    pub(super) fn begin(&self, file: &str) {
        let mut name = self.file.borrow_mut();
        name.clear();
        name.push_str(file);
        self.sequence.replace(None);
    }

    /// The calls whose results would be others next time, and whether `lookup` was called.
    pub(super) fn into_uses(self) -> (Vec<Volatile>, bool) {
        (self.volatile.into_inner(), self.looked_up.get())
    }
}

impl Env for Surroundings<'_> {
    fn lookup(&self, api_version: &str, kind: &str, namespace: &str, name: &str) -> Result<Value, String> {
        self.looked_up.set(true);
        self.lookup.lookup(api_version, kind, namespace, name).map(|found| Value::from_json(&found))
    }

    fn now(&self) -> (i64, u32) {
        (self.seed.seconds, self.seed.nanos)
    }

    fn local_zone(&self) -> Option<&TimeZone> {
        Some(&self.seed.zone)
    }

    fn random(&self, bytes: &mut [u8]) {
        if let Some(start) = &self.seed.random {
            let mut sequence = self.sequence.borrow_mut();
            let [name, namespace] = self.release;
            sequence
                .get_or_insert_with(|| Sequence::new(start, &[namespace, name, &self.file.borrow()]))
                .fill(bytes);
        } else if getrandom::fill(bytes).is_err() {
            // Going on would hand out guessable passwords.
            std::process::abort();
        }
    }

    fn repeatable(&self) -> bool {
        self.seed.random.is_some()
    }

    fn volatile(&self, call: &VolatileCall<'_>) {
        let file = self.file.borrow();
        // A text given to `tpl` is no file: its lines say nothing to a reader.
        let (template, line) =
            if call.template == TPL { (file.as_str(), 0) } else { (call.template, call.line) };
        let mut calls = self.volatile.borrow_mut();
        let known = calls.iter().any(|known| {
            known.function == call.function
                && known.line == line
                && known.template == template
                && known.file == *file
        });
        if !known && calls.len() < MAX_VOLATILE {
            calls.push(Volatile {
                function: call.function.to_owned(),
                template: template.to_owned(),
                line,
                file: file.clone(),
            });
        }
    }
}

/// How many different calls are remembered; real charts have a handful.
const MAX_VOLATILE: usize = 1_000;
