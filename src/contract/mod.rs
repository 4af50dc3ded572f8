//! What a chart accepts: every key of its values, and what is known of each.
//!
//! In: a [`Chart`]. Out: a [`Contract`], a tree of keys gathered from values.yaml (values and comments),
//! values.schema.json, Chart.yaml and the templates, which are followed through every branch with
//! values that are not known ([`flow`]). And values against it: [`check`].
//! Must not know: releases, rendering, clusters.

pub mod charts;
pub mod check;
mod comments;
mod defaults;
pub mod export;
mod fields;
pub mod finding;
mod flow;
pub mod keys;
mod reads;
pub mod report;
mod schema;
pub mod sink;
pub mod suggest;

use crate::chart::Chart;
use keys::Keys;

/// What a chart accepts.
#[derive(Clone, Debug, Default)]
pub struct Contract {
    /// The keys of its values, those of its subcharts included.
    pub keys: Keys,
    /// The templates were followed to their end. Otherwise keys may be missing.
    pub complete: bool,
}

impl Contract {
    /// Reads a chart and its subcharts.
    pub fn of(chart: &Chart) -> Contract {
        let mut keys = Keys::default();
        let instances = charts::instances(chart, &mut keys);
        for instance in &instances {
            defaults::read(instance, &mut keys);
            comments::read(instance, &mut keys);
            schema::read(instance, &mut keys);
        }
        charts::imports(&instances, &mut keys);
        let complete = flow::follow(&instances, &mut keys);
        Contract { keys, complete }
    }
}
