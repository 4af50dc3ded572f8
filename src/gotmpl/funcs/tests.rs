//! Facts recorded from the real functions.
