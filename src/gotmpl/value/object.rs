//! Native objects: what Helm and sprig hand to templates that is neither a scalar, a list nor a plain map, such as
//! `.Files`, `.Capabilities`, a `time.Time`, a certificate, a semantic version.

use std::any::Any;
use std::fmt;

use super::super::func::{Ctx, FuncError, Signature};
use super::super::str::Str;
use super::super::types::{Kind, Type};
use super::{List, Value};

/// A Go value with fields or methods. Everything but the type has a default that suits a struct.
#[expect(clippy::len_without_is_empty, reason = "Go's `len`, which only some objects have")]
pub trait Object: fmt::Debug {
    /// The Go type, as `%T` prints it: `engine.files`, `time.Time`, `*semver.Version`.
    fn type_name(&self) -> &'static str;

    /// The Go kind: struct, pointer, map, slice or a number.
    fn kind(&self) -> Kind {
        Kind::Struct
    }

    /// For downcasts by the functions that take this object.
    fn as_any(&self) -> &dyn Any;

    /// The exported fields of a struct in order, for `.Field` and for printing (`{a b}`); Go prints unexported ones
    /// too, so give them under their lower-case names if they can be seen.
    fn fields(&self) -> Vec<(&'static str, Value)> {
        Vec::new()
    }

    /// One field.
    fn field(&self, name: &str) -> Option<Value> {
        self.fields().into_iter().find(|(field, _)| *field == name).map(|(_, value)| value)
    }

    /// The Go type of a field as declared, where it is not that of its value.
    fn field_type(&self, name: &str) -> Option<Type> {
        let _ = name;
        None
    }

    /// The signature of a method, if there is one of that name.
    fn method(&self, name: &str) -> Option<Signature> {
        let _ = name;
        None
    }

    /// Calls a method that [`Object::method`] declared, with arguments checked against its signature.
    ///
    /// # Errors
    /// What the Go method returns as error.
    fn call(&self, name: &str, ctx: &mut Ctx<'_>, args: &[Value]) -> Result<Value, FuncError> {
        let _ = (ctx, args);
        Err(FuncError::new(format!("no method {name}")))
    }

    /// What `String()` or `Error()` gives, for types that have one: used whenever the value is printed.
    fn string(&self) -> Option<Str> {
        None
    }

    /// What `{{ }}` prints when the value is reached through fields alone. Go then finds `String()` on a pointer to
    /// it, too, which it does not once the value has been an argument: `.Capabilities.KubeVersion`.
    fn addressed_string(&self) -> Option<Str> {
        self.string()
    }

    /// The entries of an object of kind map, sorted by key; for `range`, `index`, printing.
    fn entries(&self) -> Option<Vec<(Str, Value)>> {
        None
    }

    /// The element type of an object of kind map or slice.
    fn elem(&self) -> Type {
        Type::Any
    }

    /// One entry of an object of kind map.
    fn entry(&self, key: &[u8]) -> Option<Value> {
        self.entries()?.into_iter().find(|(name, _)| name.as_bytes() == key).map(|(_, value)| value)
    }

    /// The elements of an object of kind slice.
    fn elements(&self) -> Option<List> {
        None
    }

    /// The length, for maps and slices.
    fn len(&self) -> Option<usize> {
        match self.kind() {
            Kind::Map => self.entries().map(|entries| entries.len()),
            Kind::Slice => self.elements().map(|list| list.len()),
            _ => None,
        }
    }

    /// Go's truth: a struct is always true, a map or slice if it is not empty.
    fn truth(&self) -> bool {
        self.len().is_none_or(|len| len > 0)
    }

    /// The plain value `toYaml` and `toJson` write for it, by Go's JSON rules.
    fn plain(&self) -> Value {
        match self.kind() {
            Kind::Map => Value::Map(self.entries().unwrap_or_default().into_iter().collect()),
            Kind::Slice => self.elements().map_or(Value::Nil, Value::List),
            _ => Value::Map(
                self.fields().into_iter().map(|(name, value)| (Str::literal(name), value)).collect(),
            ),
        }
    }

    /// The members Go's JSON has of a struct, in its order, where that is not the order of their names.
    fn members(&self) -> Option<Vec<(&'static str, Value)>> {
        None
    }

    /// The members TOML has of a struct, which knows no JSON names.
    fn toml_members(&self) -> Option<Vec<(&'static str, Value)>> {
        self.members()
    }

    /// A number of the same type, for an object of kind integer: what `range` counts with.
    fn counted(&self, number: i64) -> Option<Value> {
        let _ = number;
        None
    }

    /// What `toToml` writes for it, quotes included, where that is not what JSON would have.
    fn toml(&self) -> Option<Str> {
        None
    }

    /// Go's `==` and `reflect.DeepEqual` with another object; the default compares types and plain values.
    fn equals(&self, other: &dyn Object) -> bool {
        self.type_name() == other.type_name() && self.plain().deep_equal(&other.plain())
    }
}
