//! sprig's regular expressions and versions.

use std::any::Any;
use std::cell::RefCell;
use std::rc::Rc;

use super::super::func::{Ctx, Func, FuncError, Signature};
use super::super::semver::{Constraints, Error, Version};
use super::super::str::Str;
use super::super::types::{INT, Kind, STRING_SLICE, Type, UintKind};
use super::super::value::{List, Object, Value};
use super::common::{BOOL, Res, TEXT, arg, fail, fail_bytes, int, quoted, string, strings, text};
use super::regexp::{self, Cache, Regexp};

const VERSION: Type = Type::Object(POINTER);
/// What changed versions are: no pointers, so that only methods with value receivers are found on them.
const VERSION_VALUE: Type = Type::Object(STRUCT);
const POINTER: &str = "*semver.Version";
const STRUCT: &str = "semver.Version";

/// The functions of this file.
pub(super) const FUNCS: &[Func] = &[
    Func::new("regexMatch", &[TEXT, TEXT], BOOL, |_, a| {
        // A bad pattern matches nothing.
        Ok(Value::Bool(cached(a).is_ok_and(|re| re.is_match(text(a, 1)))))
    }),
    Func::new("mustRegexMatch", &[TEXT, TEXT], BOOL, |_, a| {
        Ok(Value::Bool(compile(a)?.is_match(text(a, 1))))
    }),
    Func::new("regexFindAll", &[TEXT, TEXT, INT], STRING_SLICE, |_, a| find_all(must_compile(a)?, a)),
    Func::new("mustRegexFindAll", &[TEXT, TEXT, INT], STRING_SLICE, |_, a| find_all(compile(a)?, a)),
    Func::new("regexFind", &[TEXT, TEXT], TEXT, |_, a| string(must_compile(a)?.find(text(a, 1)))),
    Func::new("mustRegexFind", &[TEXT, TEXT], TEXT, |_, a| string(compile(a)?.find(text(a, 1)))),
    Func::new("regexReplaceAll", &[TEXT, TEXT, TEXT], TEXT, |_, a| replace(must_compile(a)?, a, false)),
    Func::new("mustRegexReplaceAll", &[TEXT, TEXT, TEXT], TEXT, |_, a| replace(compile(a)?, a, false)),
    Func::new("regexReplaceAllLiteral", &[TEXT, TEXT, TEXT], TEXT, |_, a| replace(must_compile(a)?, a, true)),
    Func::new("mustRegexReplaceAllLiteral", &[TEXT, TEXT, TEXT], TEXT, |_, a| replace(compile(a)?, a, true)),
    Func::new("regexSplit", &[TEXT, TEXT, INT], STRING_SLICE, |_, a| split(must_compile(a)?, a)),
    Func::new("mustRegexSplit", &[TEXT, TEXT, INT], STRING_SLICE, |_, a| split(compile(a)?, a)),
    Func::new("regexQuoteMeta", &[TEXT], TEXT, |_, a| string(regexp::quote_meta(text(a, 0)))),
    Func::new("semver", &[TEXT], VERSION, |_, a| {
        let version = version(text(a, 0)).map_err(words)?;
        Ok(Value::Object(Rc::new(SemVer { version, pointer: true })))
    }),
    Func::new("semverCompare", &[TEXT, TEXT], BOOL, |_, a| {
        let Ok(constraint) = std::str::from_utf8(text(a, 0)) else {
            return fail(format!("improper constraint: {}", quoted(text(a, 0))));
        };
        let constraint = Constraints::parse(constraint).map_err(words)?;
        Ok(Value::Bool(constraint.check(&version(text(a, 1)).map_err(words)?)))
    }),
];

/// The most patterns remembered; templates that make up patterns without end start anew.
const MAX_CACHED: usize = 512;
/// And of those that compile to megabytes.
const MAX_LARGE: usize = 4;

thread_local! {
    // Compiling is a pure function of the pattern, so remembering it across renders changes no result.
    static CACHE: RefCell<Cache> = RefCell::default();
}

/// The pattern that `a` begins with, compiled for the text that follows.
fn cached(a: &[Value]) -> Result<Rc<Regexp>, regexp::SyntaxError> {
    CACHE.with(|cache| {
        let mut cache = cache.borrow_mut();
        if cache.len() > MAX_CACHED || cache.large() > MAX_LARGE {
            *cache = Cache::default();
        }
        cache.get(text(a, 0), text(a, 1))
    })
}

/// The pattern of a `must` function: Go returns the error.
fn compile(a: &[Value]) -> Result<Rc<Regexp>, FuncError> {
    cached(a).map_err(|e| FuncError::new(e.to_string()))
}

/// The pattern of the others: Go panics.
fn must_compile(a: &[Value]) -> Result<Rc<Regexp>, FuncError> {
    match cached(a) {
        Ok(re) => Ok(re),
        Err(e) => fail_bytes(&regexp::must_compile_message(text(a, 0), &e)),
    }
}

fn list(found: Option<Vec<&[u8]>>) -> Res {
    match found {
        Some(found) => strings(found),
        None => Ok(Value::List(List::nil(Type::String))),
    }
}

fn find_all(re: Rc<Regexp>, a: &[Value]) -> Res {
    list(re.find_all(text(a, 1), int(a, 2)))
}

fn split(re: Rc<Regexp>, a: &[Value]) -> Res {
    list(re.split(text(a, 1), int(a, 2)))
}

fn replace(re: Rc<Regexp>, a: &[Value], literal: bool) -> Res {
    let (whole, replacement) = (text(a, 1), text(a, 2));
    let replaced =
        if literal { re.replace_all_literal(whole, replacement) } else { re.replace_all(whole, replacement) };
    match replaced {
        std::borrow::Cow::Borrowed(_) => Ok(arg(a, 1).clone()),
        std::borrow::Cow::Owned(bytes) => string(bytes),
    }
}

fn words(error: Error) -> FuncError {
    FuncError::new(error.to_string())
}

fn version(text: &[u8]) -> Result<Version, Error> {
    Version::parse(std::str::from_utf8(text).map_err(|_| Error::Invalid)?)
}

/// A `*semver.Version`, or a `semver.Version` as its methods return them.
#[derive(Debug)]
struct SemVer {
    version: Version,
    pointer: bool,
}

const fn method(params: &'static [Type], result: Type) -> Option<Signature> {
    Some(Signature { params, variadic: false, result })
}

impl Object for SemVer {
    fn type_name(&self) -> &'static str {
        if self.pointer { POINTER } else { STRUCT }
    }

    fn kind(&self) -> Kind {
        if self.pointer { Kind::Ptr } else { Kind::Struct }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn string(&self) -> Option<Str> {
        Some(self.version.to_string().into())
    }

    fn plain(&self) -> Value {
        Value::string(self.version.to_string())
    }

    fn method(&self, name: &str) -> Option<Signature> {
        const UINT64: Type = Type::Uint(UintKind::Uint64);
        match name {
            "Major" | "Minor" | "Patch" => method(&[], UINT64),
            "Prerelease" | "Metadata" | "String" => method(&[], TEXT),
            "IncMajor" | "IncMinor" | "IncPatch" => method(&[], VERSION_VALUE),
            "SetPrerelease" | "SetMetadata" => method(&[TEXT], VERSION_VALUE),
            _ if !self.pointer => None,
            "Original" => method(&[], TEXT),
            "Compare" => method(&[VERSION], INT),
            "Equal" | "LessThan" | "LessThanEqual" | "GreaterThan" | "GreaterThanEqual" => {
                method(&[VERSION], BOOL)
            }
            _ => None,
        }
    }

    fn call(&self, name: &str, _: &mut Ctx<'_>, args: &[Value]) -> Result<Value, FuncError> {
        let this = &self.version;
        let other = || match arg(args, 0) {
            Value::Object(object) => {
                object.as_any().downcast_ref::<Self>().map(|other| this.compare(&other.version))
            }
            _ => None,
        };
        let ordered = |fits: fn(std::cmp::Ordering) -> bool| match other() {
            Some(order) => Ok(Value::Bool(fits(order))),
            None => fail(super::common::NIL_POINTER),
        };
        let number = |n: u64| Ok(Value::Uint(UintKind::Uint64, n));
        let value = |version| Ok(Value::Object(Rc::new(Self { version, pointer: false })));
        let next = |version: Option<Version>, part: &str| match version {
            Some(version) => value(version),
            None => fail(format!("{part} version increment would overflow uint64")),
        };
        let made = |version: Result<Version, Error>| value(version.map_err(words)?);
        let part = String::from_utf8_lossy(text(args, 0));
        match name {
            "Major" => number(this.major),
            "Minor" => number(this.minor),
            "Patch" => number(this.patch),
            "Prerelease" => string(this.pre.as_str()),
            "Metadata" => string(this.metadata.as_str()),
            "Original" => string(this.original.as_str()),
            "String" => string(this.to_string()),
            "Compare" => match other() {
                Some(order) => Ok(Value::int(order as i64)),
                None => fail(super::common::NIL_POINTER),
            },
            "Equal" => ordered(std::cmp::Ordering::is_eq),
            "LessThan" => ordered(std::cmp::Ordering::is_lt),
            "LessThanEqual" => ordered(std::cmp::Ordering::is_le),
            "GreaterThan" => ordered(std::cmp::Ordering::is_gt),
            "GreaterThanEqual" => ordered(std::cmp::Ordering::is_ge),
            "IncMajor" => next(this.inc_major(), "major"),
            "IncMinor" => next(this.inc_minor(), "minor"),
            "IncPatch" => next(this.inc_patch(), "patch"),
            "SetPrerelease" => made(this.with_prerelease(&part)),
            "SetMetadata" => made(this.with_metadata(&part)),
            _ => fail(format!("no method {name}")),
        }
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref::<Self>().is_some_and(|other| {
            let key = |v: &Version| {
                (v.major, v.minor, v.patch, v.pre.clone(), v.metadata.clone(), v.original.clone())
            };
            self.pointer == other.pointer && key(&self.version) == key(&other.version)
        })
    }
}
