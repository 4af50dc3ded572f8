//! Types and the relations between them: what may stand for what, and what two of them have in common.
//!
//! In: nothing but each other. Out: [`Ty`], [`assign`], [`unify`]. Must not know: expressions, blocks, values.

use super::domain::Domain;
use super::ir;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// A type. Cheap to clone.
#[derive(Clone, Debug, PartialEq)]
pub enum Ty {
    /// Stands for a mistake that has been reported; agrees with everything.
    Error,
    /// Not known before evaluation; checked then.
    Any,
    /// Of the literal `null`, which may stand for a value of every type.
    Null,
    Bool,
    Int,
    Number,
    String,
    Enum(EnumTy),
    /// The domain's own: a string (a port: a number) of a certain form.
    Domain(Domain),
    List(Arc<Ty>),
    Set(Arc<Ty>),
    Map(Arc<Ty>),
    Object(Arc<ObjectTy>),
    /// Of a value that must never be shown.
    Secret(Arc<Ty>),
    /// A thing of the stack itself, which can be pointed to but is no data.
    Handle(Handle),
    /// A type variable of a function's signature.
    Param(u8),
}

/// A closed set of strings.
///
/// Not only what `enum(…)` declares: a string literal is an inferred enumeration of one case, so that it can be
/// checked against a declared one wherever it ends up. An inferred enumeration prints as `string`.
#[derive(Clone, Debug, PartialEq)]
pub struct EnumTy {
    /// In the order written.
    pub cases: Arc<Vec<Arc<str>>>,
    pub declared: bool,
}

impl EnumTy {
    /// Inferred enumerations beyond this size become plain strings: nobody matches over them.
    pub const MAX_INFERRED: usize = 64;

    pub fn has(&self, case: &str) -> bool {
        self.cases.iter().any(|c| &**c == case)
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct ObjectTy {
    pub fields: BTreeMap<Arc<str>, Field>,
}

#[derive(Clone, Debug)]
pub struct Field {
    pub ty: Ty,
    /// May be absent; reading it then gives the default, or null.
    pub optional: bool,
    pub default: Option<Arc<ir::Expr>>,
}

impl PartialEq for Field {
    fn eq(&self, other: &Self) -> bool {
        // Defaults are part of a declaration, not of what the type is.
        self.ty == other.ty && self.optional == other.optional
    }
}

impl Field {
    pub fn required(ty: Ty) -> Self {
        Field { ty, optional: false, default: None }
    }

    pub fn optional(ty: Ty) -> Self {
        Field { ty, optional: true, default: None }
    }
}

/// What a reference can point to besides data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Handle {
    Cluster,
    Namespace,
    Repository,
    Release,
    Manifest,
    /// `release.x.service(…)`
    Service,
    /// `release.x.ingress(…)`
    Ingress,
}

impl Handle {
    pub fn word(self) -> &'static str {
        match self {
            Handle::Cluster => "cluster",
            Handle::Namespace => "namespace",
            Handle::Repository => "repository",
            Handle::Release => "release",
            Handle::Manifest => "manifest",
            Handle::Service => "Service of a release",
            Handle::Ingress => "Ingress of a release",
        }
    }
}

impl Ty {
    pub fn list(of: Ty) -> Ty {
        Ty::List(Arc::new(of))
    }

    pub fn set(of: Ty) -> Ty {
        Ty::Set(Arc::new(of))
    }

    pub fn map(of: Ty) -> Ty {
        Ty::Map(Arc::new(of))
    }

    pub fn object(fields: impl IntoIterator<Item = (Arc<str>, Field)>) -> Ty {
        Ty::Object(Arc::new(ObjectTy { fields: fields.into_iter().collect() }))
    }

    /// The type of a string literal.
    pub fn literal(text: &str) -> Ty {
        Ty::Enum(EnumTy { cases: Arc::new(vec![text.into()]), declared: false })
    }

    /// A secret of this type; a secret of a secret is a secret.
    pub fn into_secret(self) -> Ty {
        match self {
            Ty::Secret(_) | Ty::Error => self,
            other => Ty::Secret(Arc::new(other)),
        }
    }

    pub fn secret_if(self, secret: bool) -> Ty {
        if secret { self.into_secret() } else { self }
    }

    /// Without an outer `secret(…)`, and whether there was one.
    pub fn reveal(&self) -> (&Ty, bool) {
        match self {
            Ty::Secret(inner) => (inner, true),
            other => (other, false),
        }
    }

    /// Without any `secret(…)` at any depth, and whether there was one.
    pub fn reveal_deep(&self) -> (Ty, bool) {
        match self {
            Ty::Secret(inner) => (inner.reveal_deep().0, true),
            Ty::List(of) => {
                let (of, secret) = of.reveal_deep();
                (Ty::list(of), secret)
            }
            Ty::Set(of) => {
                let (of, secret) = of.reveal_deep();
                (Ty::set(of), secret)
            }
            Ty::Map(of) => {
                let (of, secret) = of.reveal_deep();
                (Ty::map(of), secret)
            }
            Ty::Object(object) => {
                let mut secret = false;
                let fields = object.fields.iter().map(|(name, field)| {
                    let (ty, s) = field.ty.reveal_deep();
                    secret |= s;
                    (name.clone(), Field { ty, ..field.clone() })
                });
                let ty = Ty::object(fields.collect::<Vec<_>>());
                (ty, secret)
            }
            other => (other.clone(), false),
        }
    }

    pub fn is_error(&self) -> bool {
        matches!(self.reveal().0, Ty::Error)
    }

    /// Whether values of it are text.
    pub fn is_stringy(&self) -> bool {
        match self {
            Ty::String | Ty::Enum(_) => true,
            Ty::Domain(d) => *d != Domain::Port,
            _ => false,
        }
    }

    pub fn is_numeric(&self) -> bool {
        matches!(self, Ty::Int | Ty::Number | Ty::Domain(Domain::Port))
    }

    /// Whether anything below says only at evaluation what it is.
    pub fn is_open(&self) -> bool {
        matches!(self, Ty::Any | Ty::Error)
    }

    /// Inferred enumerations become `string`, at any depth: for types that are written down as declarations are.
    pub fn widen(&self) -> Ty {
        match self {
            Ty::Enum(e) if !e.declared => Ty::String,
            Ty::List(of) => Ty::list(of.widen()),
            Ty::Set(of) => Ty::set(of.widen()),
            Ty::Map(of) => Ty::map(of.widen()),
            Ty::Secret(of) => Ty::Secret(Arc::new(of.widen())),
            Ty::Object(o) => {
                Ty::object(o.fields.iter().map(|(n, f)| (n.clone(), Field { ty: f.ty.widen(), ..f.clone() })))
            }
            other => other.clone(),
        }
    }

    /// Itself, unless it is so large or deep that nobody wrote it: names that are used twice in the next name double
    /// a type at every step. What is then not known is checked at evaluation, which has a limit of its own.
    pub fn modest(&self) -> Ty {
        let mut parts = 10_000;
        if self.fits(&mut parts, 64) { self.clone() } else { Ty::Any }
    }

    fn fits(&self, parts: &mut usize, depth: usize) -> bool {
        let (Some(left), Some(depth)) = (parts.checked_sub(1), depth.checked_sub(1)) else { return false };
        *parts = left;
        match self {
            Ty::List(of) | Ty::Set(of) | Ty::Map(of) | Ty::Secret(of) => of.fits(parts, depth),
            Ty::Object(object) => object.fields.values().all(|f| f.ty.fits(parts, depth)),
            _ => true,
        }
    }

    /// The type of the elements of anything that can be walked through: `(key, value)`.
    pub fn elements(&self) -> Option<(Ty, Ty)> {
        Some(match self {
            Ty::List(of) => (Ty::Int, (**of).clone()),
            Ty::Set(of) => ((**of).clone(), (**of).clone()),
            Ty::Map(of) => (Ty::String, (**of).clone()),
            Ty::Object(o) => {
                let key = enumeration(o.fields.keys().cloned());
                let value = o.fields.values().fold(None, |acc: Option<Ty>, f| {
                    Some(match acc {
                        None => f.ty.clone(),
                        Some(acc) => unify(&acc, &f.ty),
                    })
                });
                (key, value.unwrap_or(Ty::Any))
            }
            Ty::Any => (Ty::Any, Ty::Any),
            Ty::Error => (Ty::Error, Ty::Error),
            _ => return None,
        })
    }
}

/// An inferred enumeration of these cases, or `string` when there are none or too many.
pub fn enumeration(cases: impl IntoIterator<Item = Arc<str>>) -> Ty {
    let mut list: Vec<Arc<str>> = Vec::new();
    for case in cases {
        if !list.contains(&case) {
            list.push(case);
        }
        if list.len() > EnumTy::MAX_INFERRED {
            return Ty::String;
        }
    }
    if list.is_empty() {
        return Ty::String;
    }
    Ty::Enum(EnumTy { cases: Arc::new(list), declared: false })
}

impl fmt::Display for Ty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ty::Error => f.write_str("?"),
            Ty::Any => f.write_str("any"),
            Ty::Null => f.write_str("null"),
            Ty::Bool => f.write_str("bool"),
            Ty::Int => f.write_str("int"),
            Ty::Number => f.write_str("number"),
            Ty::String => f.write_str("string"),
            Ty::Enum(e) if !e.declared => f.write_str("string"),
            Ty::Enum(e) => {
                f.write_str("enum(")?;
                for (n, case) in e.cases.iter().enumerate() {
                    if n > 0 {
                        f.write_str(", ")?;
                    }
                    write!(f, "\"{case}\"")?;
                }
                f.write_str(")")
            }
            Ty::Domain(d) => f.write_str(d.name()),
            Ty::List(of) => write!(f, "list({of})"),
            Ty::Set(of) => write!(f, "set({of})"),
            Ty::Map(of) => write!(f, "map({of})"),
            Ty::Object(o) => {
                f.write_str("object({")?;
                for (n, (name, field)) in o.fields.iter().enumerate() {
                    if n > 0 {
                        f.write_str(", ")?;
                    }
                    // Nobody reads a type of thirty fields in a message.
                    if n == 6 {
                        write!(f, "… {} more", o.fields.len() - n)?;
                        break;
                    }
                    if field.optional {
                        write!(f, "{name} = optional({})", field.ty)?;
                    } else {
                        write!(f, "{name} = {}", field.ty)?;
                    }
                }
                f.write_str("})")
            }
            Ty::Secret(of) => write!(f, "secret({of})"),
            Ty::Handle(h) => f.write_str(h.word()),
            Ty::Param(n) => f.write_str(["T", "U", "V"].get(usize::from(*n)).unwrap_or(&"T")),
        }
    }
}

/// Why one type cannot stand for another.
#[derive(Clone, Debug, PartialEq)]
pub struct Mismatch {
    /// Where inside, such as `.limits.cpu` or `[]`; empty at the top.
    pub path: String,
    pub expected: Ty,
    pub found: Ty,
    pub why: Why,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Why {
    /// Simply another type.
    Other,
    /// A literal that is not of the form its type asks for, with the reason.
    Form {
        text: Arc<str>,
        reason: String,
    },
    /// A case that the enumeration does not have.
    Case(Arc<str>),
    /// A string that is not known to be one of the cases.
    OpenString,
    MissingField(Arc<str>),
    UnknownField(Arc<str>),
    /// A secret where none may go.
    Secret,
}

/// Whether a value of type `from` may stand where `to` is asked for. Ok also when that is only known at evaluation
/// (`any`, a string that must look like a quantity), where the value is checked.
pub fn assign(from: &Ty, to: &Ty) -> Result<(), Box<Mismatch>> {
    let fail =
        |why| Err(Box::new(Mismatch { path: String::new(), expected: to.clone(), found: from.clone(), why }));
    match (from, to) {
        (Ty::Error, _) | (_, Ty::Error) | (Ty::Null, _) => Ok(()),
        (Ty::Secret(from), Ty::Secret(to)) => assign(from, to),
        (_, Ty::Secret(to)) => assign(from, to),
        (Ty::Secret(_), Ty::Any) => Ok(()),
        (Ty::Secret(_), _) => fail(Why::Secret),
        (Ty::Handle(a), Ty::Handle(b)) if a == b => Ok(()),
        (Ty::Handle(_), _) | (_, Ty::Handle(_)) => fail(Why::Other),
        (_, Ty::Any) | (Ty::Any, _) => Ok(()),
        (Ty::Int, Ty::Number)
        | (Ty::Domain(Domain::Port), Ty::Number | Ty::Int)
        | (Ty::Int, Ty::Domain(Domain::Port))
        | (Ty::Int | Ty::Number, Ty::Domain(Domain::Quantity)) => Ok(()),
        (Ty::Enum(a), Ty::Enum(b)) => match a.cases.iter().find(|c| !b.has(c)) {
            None => Ok(()),
            Some(case) => fail(Why::Case(case.clone())),
        },
        (Ty::Enum(e), Ty::Domain(d)) => match e.cases.iter().find_map(|c| Some((c, d.check(c).err()?))) {
            None => Ok(()),
            Some((case, reason)) => fail(Why::Form { text: case.clone(), reason }),
        },
        (Ty::Enum(_), Ty::String) => Ok(()),
        (Ty::String, Ty::Enum(e)) if e.declared => fail(Why::OpenString),
        (Ty::String, Ty::Enum(_)) => Ok(()),
        (Ty::Domain(a), Ty::Domain(b)) if a == b => Ok(()),
        (Ty::Domain(Domain::Port), _) => {
            if *to == *from {
                Ok(())
            } else {
                fail(Why::Other)
            }
        }
        (Ty::Domain(_), Ty::String) => Ok(()),
        (Ty::String, Ty::Domain(d)) if *d != Domain::Port => Ok(()),
        (Ty::List(a) | Ty::Set(a), Ty::List(b) | Ty::Set(b)) => assign(a, b).map_err(|m| inside("[]", m)),
        (Ty::Map(a), Ty::Map(b)) => assign(a, b).map_err(|m| inside("[…]", m)),
        (Ty::Object(a), Ty::Map(b)) => a
            .fields
            .iter()
            .try_for_each(|(name, field)| assign(&field.ty, b).map_err(|m| inside(&format!(".{name}"), m))),
        (Ty::Object(a), Ty::Object(b)) => assign_objects(a, b, &fail),
        _ if from == to => Ok(()),
        _ => fail(Why::Other),
    }
}

fn assign_objects(
    from: &ObjectTy,
    to: &ObjectTy,
    fail: &dyn Fn(Why) -> Result<(), Box<Mismatch>>,
) -> Result<(), Box<Mismatch>> {
    if let Some(unknown) = from.fields.keys().find(|name| !to.fields.contains_key(*name)) {
        return fail(Why::UnknownField(unknown.clone()));
    }
    for (name, wanted) in &to.fields {
        match from.fields.get(name) {
            Some(found) => {
                assign(&found.ty, &wanted.ty).map_err(|m| inside(&format!(".{name}"), m))?;
            }
            None if wanted.optional => {}
            None => return fail(Why::MissingField(name.clone())),
        }
    }
    Ok(())
}

fn inside(step: &str, mut mismatch: Box<Mismatch>) -> Box<Mismatch> {
    mismatch.path.insert_str(0, step);
    mismatch
}

/// What two types have in common: the type of a list of both, of the two branches of a condition. There are no
/// unions: what has nothing in common is `any`, checked at evaluation.
pub fn unify(a: &Ty, b: &Ty) -> Ty {
    match (a, b) {
        _ if a == b => a.clone(),
        (Ty::Error, other) | (other, Ty::Error) => other.clone(),
        (Ty::Null, other) | (other, Ty::Null) => other.clone(),
        (Ty::Secret(x), y) | (y, Ty::Secret(x)) => unify(x, y.reveal().0).into_secret(),
        (Ty::Any, _) | (_, Ty::Any) => Ty::Any,
        (Ty::Enum(x), Ty::Enum(y)) => match (x.declared, y.declared) {
            (true, true) => Ty::String,
            // A literal among the cases of a declared enumeration does not widen it.
            (true, false) if y.cases.iter().all(|c| x.has(c)) => a.clone(),
            (false, true) if x.cases.iter().all(|c| y.has(c)) => b.clone(),
            (false, false) => enumeration(x.cases.iter().chain(y.cases.iter()).cloned()),
            _ => Ty::String,
        },
        (Ty::Int | Ty::Domain(Domain::Port), Ty::Int | Ty::Domain(Domain::Port)) => Ty::Int,
        (x, y) if x.is_numeric() && y.is_numeric() => Ty::Number,
        (Ty::Enum(_), Ty::Domain(_)) if assign(a, b).is_ok() => b.clone(),
        (Ty::Domain(_), Ty::Enum(_)) if assign(b, a).is_ok() => a.clone(),
        (x, y) if x.is_stringy() && y.is_stringy() => Ty::String,
        (Ty::List(x), Ty::List(y)) => Ty::list(unify(x, y)),
        (Ty::Set(x), Ty::Set(y)) => Ty::set(unify(x, y)),
        (Ty::List(x), Ty::Set(y)) | (Ty::Set(x), Ty::List(y)) => Ty::list(unify(x, y)),
        (Ty::Map(x), Ty::Map(y)) => Ty::map(unify(x, y)),
        (Ty::Object(o), Ty::Map(m)) | (Ty::Map(m), Ty::Object(o)) => {
            Ty::map(o.fields.values().fold((**m).clone(), |acc, field| unify(&acc, &field.ty)))
        }
        (Ty::Object(x), Ty::Object(y)) => unify_objects(x, y),
        _ => Ty::Any,
    }
}

fn unify_objects(x: &ObjectTy, y: &ObjectTy) -> Ty {
    let mut fields = BTreeMap::new();
    for (name, field) in &x.fields {
        let joined = match y.fields.get(name) {
            Some(other) => Field {
                ty: unify(&field.ty, &other.ty),
                optional: field.optional || other.optional,
                default: None,
            },
            None => Field::optional(field.ty.clone()),
        };
        fields.insert(name.clone(), joined);
    }
    for (name, field) in &y.fields {
        fields.entry(name.clone()).or_insert_with(|| Field::optional(field.ty.clone()));
    }
    Ty::Object(Arc::new(ObjectTy { fields }))
}
