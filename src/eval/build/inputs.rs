//! Values of the root module's variables: from the command line, the environment, defaults.

use crate::eval::convert::{self, convert};
use crate::eval::errors;
use crate::eval::handles::from_json;
use crate::eval::run::Run;
use crate::eval::scope::{Env, Files, Instance, Known};
use crate::eval::value::{Value, ValueKind};
use crate::source::{Span, World};
use crate::types::ir::{TypedStack, Variable};
use crate::types::ty::Ty;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the caller gives.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// Values of variables as text (`-v name=value`): a string as it is, everything else as JSON.
    pub vars: BTreeMap<String, String>,
}

/// The variable in the environment that gives a variable of the stack, like Terraform's `TF_VAR_`.
fn env_name(name: &str) -> String {
    format!("RELC_VAR_{name}")
}

pub fn root_variables(
    run: &mut Run<'_>,
    stack: &TypedStack,
    inputs: &Inputs,
    world: &dyn World,
) -> BTreeMap<Arc<str>, Known> {
    let module = &stack.root;
    for name in inputs.vars.keys().filter(|name| !module.variables.contains_key(name.as_str())) {
        let known: Vec<&str> = module.variables.keys().map(|k| &**k).collect();
        run.diags.push(errors::unknown_variable(name, known));
    }
    // Defaults are constant, so they need nothing of the instance they are evaluated in.
    let nowhere = Env::new(Arc::new(Instance::new(
        module.clone(),
        String::new(),
        Vec::new(),
        BTreeMap::new(),
        Vec::new(),
        Arc::new(Files::default()),
    )));
    let mut out = BTreeMap::new();
    for (name, variable) in &module.variables {
        let given = inputs
            .vars
            .get(&**name)
            .map(|text| (text.clone(), "`-v`".to_owned()))
            .or_else(|| world.env(&env_name(name)).map(|text| (text, format!("`{}`", env_name(name)))));
        let value = match (given, &variable.default) {
            (Some((text, from)), _) => read(run, &nowhere, name, variable, &text, &from),
            (None, Some(default)) => run.eval(default, &nowhere).ok(),
            (None, None) => {
                run.diags.push(errors::missing_variable(name, &variable.ty.to_string(), variable.span));
                None
            }
        };
        let value = value.map(|v| v.taint(variable.ty.reveal().1));
        out.insert(name.clone(), Known { value, touched: Vec::new() });
    }
    out
}

fn read(
    run: &mut Run<'_>,
    env: &Env,
    name: &str,
    variable: &Variable,
    text: &str,
    from: &str,
) -> Option<Value> {
    let (ty, secret) = variable.ty.reveal();
    let span = variable.span;
    let value = match parse(ty, text, secret, span) {
        Ok(value) => value.taint(secret),
        Err(problem) => {
            run.diags.push(errors::bad_variable(name, from, &problem, None, variable.ty_span));
            return None;
        }
    };
    let defaults = &mut |default: &crate::types::ir::E| run.eval(default, env).ok();
    match convert(&value, &variable.ty, defaults) {
        Ok(value) => Some(value),
        Err(problem) => {
            let place =
                if problem.path.is_empty() { String::new() } else { format!(" at `{}`", problem.path) };
            let message = format!("expected {}{place}, found {}", problem.expected, problem.found);
            run.diags.push(errors::bad_variable(name, from, &message, problem.help, variable.ty_span));
            None
        }
    }
}

/// Text as a value of a type: strings as they are, numbers and bools as written, the rest as JSON.
fn parse(ty: &Ty, text: &str, secret: bool, span: Span) -> Result<Value, String> {
    let make = |kind| Ok(Value::new(kind, span));
    let trimmed = text.trim();
    match ty {
        ty if ty.is_stringy() => make(ValueKind::String(text.into())),
        Ty::Bool => match trimmed {
            "true" => make(ValueKind::Bool(true)),
            "false" => make(ValueKind::Bool(false)),
            _ => Err(format!("expected `true` or `false`{}", found(trimmed, secret))),
        },
        ty if ty.is_numeric() => match trimmed.parse::<i64>() {
            Ok(n) => make(ValueKind::Int(n)),
            Err(_) => match trimmed.parse::<f64>().ok().filter(|n| n.is_finite()) {
                Some(n) => make(convert::number(n)),
                None => Err(format!("expected a number{}", found(trimmed, secret))),
            },
        },
        Ty::Any => match serde_json::from_str::<Json>(trimmed) {
            Ok(json) => Ok(from_json(&json, span)),
            Err(_) => make(ValueKind::String(text.into())),
        },
        _ => match serde_json::from_str::<Json>(trimmed) {
            Ok(json) => Ok(from_json(&json, span)),
            // Not the parser's message: it may quote a secret.
            Err(_) => Err(format!("expected JSON for `{ty}`, such as `{}`", example(ty))),
        },
    }
}

/// What was found instead, unless nobody may see it.
fn found(text: &str, secret: bool) -> String {
    match text {
        _ if secret || text.len() > 60 => String::new(),
        "" => ", found nothing".into(),
        _ => format!(", found `{text}`"),
    }
}

fn example(ty: &Ty) -> &'static str {
    match ty {
        Ty::List(_) | Ty::Set(_) => "[\"a\", \"b\"]",
        _ => "{\"key\": \"value\"}",
    }
}
