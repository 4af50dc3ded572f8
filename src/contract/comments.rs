//! What the comments of values.yaml tell: keys that are commented out, descriptions, annotations.

use super::charts::Instance;
use super::keys::Keys;

/// Adds what the comments of a chart's values.yaml tell.
pub fn read(_instance: &Instance<'_>, _keys: &mut Keys) {}
