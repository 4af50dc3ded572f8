//! Types as they are written.

use super::domain::Domain;
use super::errors;
use super::expect::Expect;
use super::ty::{EnumTy, Field, Ty};
use super::{Checker, Cx};
use crate::diag::nearest;
use crate::modules::{DeclKind, ModuleId, Target};
use crate::source::Span;
use crate::syntax::ast;
use std::collections::BTreeMap;
use std::sync::Arc;

const PLAIN: &[(&str, Ty)] =
    &[("any", Ty::Any), ("bool", Ty::Bool), ("int", Ty::Int), ("number", Ty::Number), ("string", Ty::String)];
/// Types with arguments, with how they are written.
const APPLIED: &[(&str, &str)] = &[
    ("list", "list(string)"),
    ("set", "set(string)"),
    ("map", "map(string)"),
    ("secret", "secret(string)"),
    ("object", "object({ name = string, size = optional(int, 1) })"),
    ("enum", "enum(\"small\", \"large\")"),
];

/// Whether the language itself has a type of that name.
pub(super) fn is_built_in(name: &str) -> bool {
    PLAIN.iter().any(|(n, _)| *n == name)
        || APPLIED.iter().any(|(n, _)| *n == name)
        || Domain::ALL.iter().any(|d| d.name() == name)
}

impl Checker<'_> {
    /// The type that an expression says.
    pub fn type_of(&mut self, module: ModuleId, expr: &ast::Expr) -> Ty {
        match &expr.kind {
            ast::ExprKind::Error => Ty::Error,
            ast::ExprKind::Var(_) | ast::ExprKind::Attr { .. }
                if self.resolved.refs.contains_key(&expr.span) =>
            {
                match self.resolved.refs.get(&expr.span) {
                    Some(Target::Decl(id)) => self.alias(*id, expr.span),
                    _ => Ty::Error,
                }
            }
            ast::ExprKind::Var(name) => self.named_type(module, name),
            ast::ExprKind::Call { name, args } => self.applied_type(module, name, args, expr.span),
            ast::ExprKind::Str(text) => {
                let diag = errors::bad_type("a type is written without quotes", expr.span, "expected a type");
                let known =
                    PLAIN.iter().any(|(n, _)| n == text) || Domain::ALL.iter().any(|d| d.name() == text);
                self.diags.push(if known { diag.help(format!("write `{text}`")) } else { diag });
                Ty::Error
            }
            ast::ExprKind::Object(_) => {
                let diag = errors::bad_type(
                    "an object type is written `object({ … })`",
                    expr.span,
                    "expected a type",
                );
                self.diags.push(diag);
                Ty::Error
            }
            ast::ExprKind::List(_) => {
                let diag = errors::bad_type("a list type is written `list(…)`", expr.span, "expected a type");
                self.diags.push(diag);
                Ty::Error
            }
            _ => {
                let diag =
                    errors::bad_type("this is an expression, not a type", expr.span, "expected a type").help(
                        "types are `string`, `int`, `list(…)`, `object({ … })`, `enum(…)` and the like",
                    );
                self.diags.push(diag);
                Ty::Error
            }
        }
    }

    fn named_type(&mut self, module: ModuleId, name: &ast::Name) -> Ty {
        if let Some((_, ty)) = PLAIN.iter().find(|(n, _)| *n == name.text) {
            return ty.clone();
        }
        if let Some(domain) = Domain::ALL.iter().find(|d| d.name() == name.text) {
            return Ty::Domain(*domain);
        }
        if let Some((_, example)) = APPLIED.iter().find(|(n, _)| *n == name.text) {
            let diag = errors::bad_type(format!("`{}` needs an argument", name.text), name.span, "of what?")
                .help(format!("write it like `{example}`"));
            self.diags.push(diag);
            return Ty::Error;
        }
        let aliases = self.names(module, DeclKind::Type);
        let known = PLAIN
            .iter()
            .map(|(n, _)| *n)
            .chain(APPLIED.iter().map(|(n, _)| *n))
            .chain(Domain::ALL.iter().map(|d| d.name()))
            .chain(aliases.iter().map(String::as_str));
        let diag = errors::bad_type(format!("there is no type `{}`", name.text), name.span, "unknown type");
        // What people bring from other languages.
        let meant = match name.text.as_str() {
            "str" | "text" => Some("string"),
            "integer" | "i64" | "int64" => Some("int"),
            "float" | "double" | "f64" => Some("number"),
            "boolean" => Some("bool"),
            "array" | "tuple" => Some("list"),
            "dict" => Some("map"),
            other => nearest(other, known),
        };
        self.diags.push(match meant {
            Some(meant) => diag.help(format!("did you mean `{meant}`?")),
            None => diag.help("declare it with `type NAME = …`, or use one of the built-in types"),
        });
        Ty::Error
    }

    fn applied_type(&mut self, module: ModuleId, name: &ast::Name, args: &ast::Args, span: Span) -> Ty {
        match (name.text.as_str(), args.list.as_slice()) {
            ("list", [of]) => Ty::list(self.type_of(module, of)),
            ("set", [of]) => Ty::set(self.type_of(module, of)),
            ("map", [of]) => Ty::map(self.type_of(module, of)),
            ("secret", [of]) => self.type_of(module, of).into_secret(),
            ("object", [fields]) => self.object_type(module, fields),
            ("enum", cases) if !cases.is_empty() => self.enum_type(cases),
            ("optional", _) => {
                let diag = errors::bad_type(
                    "`optional` may stand only around a field of an object",
                    span,
                    "not a field",
                );
                self.diags.push(diag.help("a variable becomes optional with `default = …`"));
                Ty::Error
            }
            (other, _) => {
                let diag = match APPLIED.iter().find(|(n, _)| *n == other) {
                    Some((_, example)) => errors::bad_type(
                        format!("`{other}` is not used this way"),
                        span,
                        "unexpected arguments",
                    )
                    .help(format!("write it like `{example}`")),
                    None if PLAIN.iter().any(|(n, _)| *n == other) => {
                        errors::bad_type(format!("`{other}` takes no arguments"), args.span, "unexpected")
                    }
                    None => {
                        let diag = errors::bad_type(
                            format!("there is no type `{other}`"),
                            name.span,
                            "unknown type",
                        );
                        match nearest(other, APPLIED.iter().map(|(n, _)| *n)) {
                            Some(near) => diag.help(format!("did you mean `{near}`?")),
                            None => diag,
                        }
                    }
                };
                self.diags.push(diag);
                Ty::Error
            }
        }
    }

    fn enum_type(&mut self, cases: &[ast::Expr]) -> Ty {
        let mut list: Vec<Arc<str>> = Vec::new();
        for case in cases {
            let Some(text) = case.as_str() else {
                if !case.is_error() {
                    let diag = errors::bad_type(
                        "the cases of an `enum` are plain strings",
                        case.span,
                        "expected a string",
                    );
                    self.diags.push(diag);
                }
                return Ty::Error;
            };
            if list.iter().any(|c| &**c == text) {
                self.diags.push(errors::bad_type(
                    format!("the case `{text}` is given twice"),
                    case.span,
                    "given again",
                ));
                continue;
            }
            list.push(text.into());
        }
        Ty::Enum(EnumTy { cases: Arc::new(list), declared: true })
    }

    fn object_type(&mut self, module: ModuleId, fields: &ast::Expr) -> Ty {
        let ast::ExprKind::Object(entries) = &fields.kind else {
            if !fields.is_error() {
                let diag =
                    errors::bad_type("`object` takes its fields in braces", fields.span, "expected `{ … }`")
                        .help("write it like `object({ name = string, size = optional(int, 1) })`");
                self.diags.push(diag);
            }
            return Ty::Error;
        };
        let mut out: BTreeMap<Arc<str>, Field> = BTreeMap::new();
        let mut spans: BTreeMap<&str, Span> = BTreeMap::new();
        for entry in entries {
            let ast::EntryKey::Name(name) = &entry.key else {
                self.diags.push(errors::bad_type(
                    "a field's name must be known",
                    entry.key.span(),
                    "computed",
                ));
                continue;
            };
            if let Some(first) = spans.insert(&name.text, name.span) {
                self.diags.push(errors::duplicate_key(&name.text, name.span, first));
                continue;
            }
            let field = match &entry.value.kind {
                ast::ExprKind::Call { name: call, args } if call.text == "optional" => {
                    self.optional_field(module, &name.text, args, entry.value.span)
                }
                _ => Field::required(self.type_of(module, &entry.value)),
            };
            out.insert(name.text.as_str().into(), field);
        }
        Ty::object(out)
    }

    fn optional_field(&mut self, module: ModuleId, name: &str, args: &ast::Args, span: Span) -> Field {
        match args.list.as_slice() {
            [ty] => Field::optional(self.type_of(module, ty)),
            [ty, default] => {
                let declared = ty.span;
                let ty = self.type_of(module, ty);
                let expect = Expect::declared(ty.clone(), format!("the default of `{name}`"), declared);
                let default = self.check(&mut Cx::constant(module, "a default of a field"), default, &expect);
                Field { ty, optional: true, default: Some(default) }
            }
            _ => {
                let diag = errors::bad_type(
                    "`optional` takes a type and perhaps a default",
                    span,
                    "unexpected arguments",
                )
                .help("write it like `optional(string)` or `optional(int, 1)`");
                self.diags.push(diag);
                Field::optional(Ty::Error)
            }
        }
    }
}
