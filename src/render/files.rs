//! `.Files`: the chart's other files as a Go map with methods. Follows Helm's `pkg/engine/files.go`.

use super::glob::Glob;
use crate::chart::RawFile;
use crate::gotmpl::fuel::{self, MAX_ITEMS, MAX_TEXT};
use crate::gotmpl::func::{Ctx, FuncError, Signature};
use crate::gotmpl::str::Str;
use crate::gotmpl::types::{BYTES, Kind, STRING_SLICE, Type};
use crate::gotmpl::value::{List, Map, Object, Value};
use crate::gotmpl::yaml;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::any::Any;
use std::collections::BTreeMap;
use std::rc::Rc;

const TYPE: &str = "engine.files";

/// Names to contents, of one chart or of a `Glob`.
#[derive(Debug)]
pub(super) struct Files(BTreeMap<Str, RawFile>);

impl Files {
    pub(super) fn of(files: &[RawFile]) -> Files {
        Files(files.iter().map(|f| (Str::from(f.name.as_str()), f.clone())).collect())
    }

    fn bytes(&self, name: &Value) -> Result<Str, FuncError> {
        name.as_str().and_then(|name| self.0.get(name)).map_or_else(|| Ok(Str::empty()), data)
    }

    fn glob(&self, pattern: &Value) -> Files {
        let Some(pattern) = pattern.as_str() else { return Files(BTreeMap::new()) };
        fuel::note(self.0.len() * (4 + pattern.len() / 4));
        let glob = Glob::new(&pattern.to_str_lossy());
        let chosen = self.0.iter().filter(|(name, _)| glob.matches(&name.to_str_lossy()));
        Files(chosen.map(|(name, data)| (name.clone(), data.clone())).collect())
    }

    /// Base names to contents, as YAML.
    fn yaml(&self, content: impl Fn(&Str) -> Str) -> Result<Value, FuncError> {
        let read = self.0.iter().map(|(name, file)| Ok((name, data(file)?)));
        let read: Vec<(&Str, Str)> = read.collect::<Result<_, FuncError>>()?;
        let size: usize = read.iter().map(|(_, data)| data.len()).sum();
        if size > MAX_TEXT {
            return Err(format!("result is larger than {MAX_TEXT} bytes").into());
        }
        fuel::spend(size / 4)?;
        let map: Map = read
            .iter()
            .map(|(name, data)| {
                let bytes = name.as_bytes();
                let base = bytes.rsplit(|b| *b == b'/').next().unwrap_or(bytes);
                (Str::new(base), Value::Str(content(data)))
            })
            .collect();
        Ok(Value::from(yaml::to_yaml(&Value::Map(map))))
    }

    fn lines(&self, name: &Value) -> Result<List, FuncError> {
        let data = self.bytes(name)?;
        let bytes = data.as_bytes();
        if bytes.is_empty() {
            return Ok(List::strings(Vec::<Str>::new()));
        }
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        if bytes.iter().filter(|b| **b == b'\n').count() >= MAX_ITEMS {
            return Err(format!("result is larger than {MAX_ITEMS} items").into());
        }
        fuel::spend(bytes.len() / 8)?;
        Ok(List::strings(bytes.split(|b| *b == b'\n').map(Str::new)))
    }
}

fn data(file: &RawFile) -> Result<Str, FuncError> {
    let data = file.data().map_err(|why| format!("error reading {}: {why}", file.name))?;
    Ok(Str::from_file(data))
}

/// Nothing where it cannot be read: the file remembers that, and the rendering fails for it.
fn value(file: &RawFile) -> Value {
    Value::Bytes(data(file).unwrap_or_else(|_| Str::empty()).into())
}

impl Object for Files {
    fn type_name(&self) -> &'static str {
        TYPE
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn elem(&self) -> Type {
        BYTES
    }

    fn entries(&self) -> Option<Vec<(Str, Value)>> {
        Some(self.0.iter().map(|(name, file)| (name.clone(), value(file))).collect())
    }

    fn entry(&self, key: &[u8]) -> Option<Value> {
        self.0.get(key).map(value)
    }

    fn len(&self) -> Option<usize> {
        Some(self.0.len())
    }

    fn method(&self, name: &str) -> Option<Signature> {
        let (params, result): (&[Type], Type) = match name {
            "GetBytes" => (&[Type::String], BYTES),
            "Get" => (&[Type::String], Type::String),
            "Glob" => (&[Type::String], Type::Object(TYPE)),
            "AsConfig" | "AsSecrets" => (&[], Type::String),
            "Lines" => (&[Type::String], STRING_SLICE),
            _ => return None,
        };
        Some(Signature { params, variadic: false, result })
    }

    fn call(&self, name: &str, _: &mut Ctx<'_>, args: &[Value]) -> Result<Value, FuncError> {
        let argument = args.first().unwrap_or(&Value::Nil);
        Ok(match name {
            "GetBytes" => Value::Bytes(self.bytes(argument)?.into()),
            "Get" => Value::Str(self.bytes(argument)?),
            "Glob" => Value::Object(Rc::new(self.glob(argument))),
            "AsConfig" => self.yaml(Str::clone)?,
            "AsSecrets" => self.yaml(|data| Str::from(STANDARD.encode(data.as_bytes())))?,
            _ => Value::List(self.lines(argument)?),
        })
    }
}
