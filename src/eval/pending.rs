//! Values that wait for a release to be rendered.
//!
//! In: an expression with what it can see. Out: its value, once the releases it reads are rendered.

use super::desired::{Address, PendingCheck};
use super::errors;
use super::run::Run;
use super::scope::Env;
use super::value::{Renderings, Thunk, Value, ValueKind};
use crate::diag::{Diag, Diags};
use crate::types::ir::E;

/// A whole expression, to be evaluated again from the start: nothing of it is kept half-way.
pub struct Delayed {
    pub expr: E,
    pub env: Env,
    pub reads: Vec<Address>,
}

impl std::fmt::Debug for Delayed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not the environment: it holds the whole program, and secrets.
        f.debug_struct("Delayed")
            .field("span", &self.expr.span)
            .field("reads", &self.reads)
            .finish_non_exhaustive()
    }
}

/// Decides a `check` that refers to rendered releases, all of which must be there.
pub fn decide(check: &PendingCheck, renderings: &dyn Renderings) -> Result<(), Box<Diag>> {
    let condition = check.condition.resolve(renderings)?;
    if !matches!(condition.kind, ValueKind::Bool(false)) {
        return Ok(());
    }
    let message = check.message.resolve(renderings)?;
    let text = match &message.kind {
        ValueKind::String(text) if !message.secret => text.to_string(),
        _ => "the condition does not hold".into(),
    };
    Err(Box::new(errors::check_failed(&check.name, &text, check.condition.origin)))
}

impl Thunk for Delayed {
    fn reads(&self) -> &[Address] {
        &self.reads
    }

    fn resolve(&self, renderings: &dyn Renderings) -> Result<Value, Box<Diag>> {
        let mut diags = Diags::default();
        let found = Run::new(None, Some(renderings), &mut diags).eval(&self.expr, &self.env);
        let unready = || Box::new(errors::not_rendered_yet(&self.reads, self.expr.span));
        match found {
            // Otherwise whoever fills it in would ask for ever.
            Ok(value) if matches!(value.kind, ValueKind::Pending(_)) => Err(unready()),
            Ok(value) => Ok(value),
            Err(_) => Err(diags.iter().next().cloned().map_or_else(unready, Box::new)),
        }
    }
}
