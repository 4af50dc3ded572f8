//! How much a render may still do: one budget for time and for memory, since either can be had for the other.
//!
//! A step is about 20 nanoseconds of work, such as executing a node, or eight bytes made. [`Fuel`] sets the budget
//! for as long as it lives; without one nothing is refused. The count belongs to the thread, as a render does, so
//! that what copies, prints and reads values can use it up without being handed it. An overdraft stays: whoever
//! swallows the error (`toYaml`) does not get far.

use std::cell::Cell;
use std::fmt;

/// What a render may use up. Of the 463 cases of the development corpus the largest uses a thirtieth.
pub const BUDGET: i64 = 24_000_000;

/// Longest text a template may print or a function return; the corpus' longest is 0.8 MiB. Go knows no limit but
/// memory.
pub const MAX_TEXT: usize = 20 << 20;

/// How many items a function may make out of a number or a text; the corpus' longest list has 303.
pub const MAX_ITEMS: usize = 1_000_000;

thread_local! {
    static LEFT: Cell<i64> = const { Cell::new(i64::MAX) };
}

/// The budget is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsedUp;

impl fmt::Display for UsedUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "gave up after {BUDGET} steps: rendering takes too long or too much memory (a step is a node executed \
             or 8 bytes made)"
        )
    }
}

impl std::error::Error for UsedUp {}

/// Uses up some steps.
///
/// # Errors
/// There were not as many left.
#[inline]
pub fn spend(steps: usize) -> Result<(), UsedUp> {
    LEFT.with(|left| {
        let rest = left.get().saturating_sub_unsigned(steps as u64);
        left.set(rest);
        if rest < 0 { Err(UsedUp) } else { Ok(()) }
    })
}

/// Uses up steps where an error cannot be returned; the next [`spend`] reports it.
#[inline]
pub fn note(steps: usize) {
    let _seen_later = spend(steps);
}

/// Gives back what [`note`] took for something that is gone. May be called while the thread ends.
#[inline]
pub fn give_back(steps: usize) {
    let _ended = LEFT.try_with(|left| left.set(left.get().saturating_add_unsigned(steps as u64)));
}

/// Whether the budget is used up.
pub fn used_up() -> bool {
    LEFT.with(|left| left.get() < 0)
}

/// A budget for what happens on this thread while this lives.
#[derive(Debug)]
pub struct Fuel {
    outer: i64,
}

impl Fuel {
    /// Starts with a full budget.
    #[must_use]
    pub fn full() -> Self {
        Self { outer: LEFT.with(|left| left.replace(BUDGET)) }
    }
}

impl Drop for Fuel {
    fn drop(&mut self) {
        let _ended = LEFT.try_with(|left| left.set(self.outer));
    }
}
