//! The executor.

use super::func::{Env, FuncError};
use super::str::Str;
use super::value::Value;

/// What a function may ask of the render it runs in.
pub struct Ctx<'a> {
    env: &'a dyn Env,
}

impl Ctx<'_> {
    /// The surroundings: clock, randomness, cluster.
    #[must_use]
    pub fn env(&self) -> &dyn Env {
        self.env
    }

    /// Runs a template by name, as Helm's `include`.
    ///
    /// # Errors
    /// The template does not exist, fails, or includes itself too often.
    pub fn include(&mut self, name: &Str, data: Value) -> Result<Str, FuncError> {
        let _ = data;
        Err(FuncError::new(format!(
            "template: no template {} associated with template \"gotpl\"",
            super::fmt::quote_lossy(name)
        )))
    }

    /// Parses and runs a text, as Helm's `tpl`.
    ///
    /// # Errors
    /// The text cannot be parsed, or fails.
    pub fn tpl(&mut self, text: &Str, data: Value) -> Result<Str, FuncError> {
        let _ = data;
        Err(FuncError::new(format!("cannot parse template {}", super::fmt::quote_lossy(text))))
    }
}
