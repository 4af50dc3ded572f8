//! `.Capabilities` as a Go object: a pointer to a struct with fields and methods.

use super::{Capabilities, HELM_VERSION, KubeVersion};
use crate::gotmpl::func::{Ctx, FuncError, Signature};
use crate::gotmpl::str::Str;
use crate::gotmpl::types::{Kind, Type};
use crate::gotmpl::value::{List, Object, Value};
use std::any::Any;
use std::rc::Rc;

const NO_ARGUMENTS_TO_STRING: Signature = Signature { params: &[], variadic: false, result: Type::String };
const STRING_TO_BOOL: Signature = Signature { params: &[Type::String], variadic: false, result: Type::Bool };

/// The Go release and Kubernetes client that Helm's official builds report.
const GO_VERSION: &str = "go1.26.8";
const KUBE_CLIENT_VERSION: &str = "v1.37";

#[derive(Debug)]
pub(super) struct CapabilitiesObject {
    kube_version: Value,
    api_versions: Value,
    helm_version: Value,
}

impl CapabilitiesObject {
    pub(super) fn new(capabilities: &Capabilities) -> Self {
        CapabilitiesObject {
            kube_version: Value::Object(Rc::new(KubeVersionObject(capabilities.kube_version.clone()))),
            api_versions: Value::Object(Rc::new(VersionSet(List::strings(
                capabilities.api_versions.iter().map(String::as_str),
            )))),
            helm_version: Value::Object(Rc::new(BuildInfo)),
        }
    }
}

impl Object for CapabilitiesObject {
    fn type_name(&self) -> &'static str {
        "*common.Capabilities"
    }

    fn kind(&self) -> Kind {
        Kind::Ptr
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("KubeVersion", self.kube_version.clone()),
            ("APIVersions", self.api_versions.clone()),
            ("HelmVersion", self.helm_version.clone()),
        ]
    }

    fn members(&self) -> Option<Vec<(&'static str, Value)>> {
        Some(self.fields())
    }

    fn field(&self, name: &str) -> Option<Value> {
        match name {
            "KubeVersion" => Some(self.kube_version.clone()),
            "APIVersions" => Some(self.api_versions.clone()),
            "HelmVersion" => Some(self.helm_version.clone()),
            _ => None,
        }
    }
}

#[derive(Debug)]
struct KubeVersionObject(KubeVersion);

impl Object for KubeVersionObject {
    fn type_name(&self) -> &'static str {
        "common.KubeVersion"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("Version", Value::from(self.0.version.as_str())),
            ("normalizedVersion", Value::from(self.0.normalized.as_str())),
            ("Major", Value::from(self.0.major.as_str())),
            ("Minor", Value::from(self.0.minor.as_str())),
        ]
    }

    fn addressed_string(&self) -> Option<Str> {
        Some(Str::from(self.0.normalized.as_str()))
    }

    fn method(&self, name: &str) -> Option<Signature> {
        matches!(name, "String" | "GitVersion").then_some(NO_ARGUMENTS_TO_STRING)
    }

    fn call(&self, name: &str, _: &mut Ctx<'_>, _: &[Value]) -> Result<Value, FuncError> {
        Ok(Value::from(match name {
            "String" => self.0.normalized.as_str(),
            _ => self.0.version.as_str(),
        }))
    }

    fn members(&self) -> Option<Vec<(&'static str, Value)>> {
        let fields = [("Version", &self.0.version), ("Major", &self.0.major), ("Minor", &self.0.minor)];
        Some(fields.into_iter().map(|(name, text)| (name, Value::from(text.as_str()))).collect())
    }

    fn plain(&self) -> Value {
        let members = self.members().unwrap_or_default();
        Value::Map(members.into_iter().map(|(name, value)| (Str::literal(name), value)).collect())
    }
}

/// `.Capabilities.APIVersions`.
#[derive(Debug)]
struct VersionSet(List);

impl Object for VersionSet {
    fn type_name(&self) -> &'static str {
        "common.VersionSet"
    }

    fn kind(&self) -> Kind {
        Kind::Slice
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn elem(&self) -> Type {
        Type::String
    }

    fn elements(&self) -> Option<List> {
        Some(self.0.clone())
    }

    fn method(&self, name: &str) -> Option<Signature> {
        (name == "Has").then_some(STRING_TO_BOOL)
    }

    fn call(&self, _: &str, _: &mut Ctx<'_>, args: &[Value]) -> Result<Value, FuncError> {
        let wanted = args.first().and_then(Value::as_str);
        Ok(Value::Bool(self.0.items().iter().any(|have| have.as_str() == wanted)))
    }
}

/// `.Capabilities.HelmVersion`.
#[derive(Debug)]
struct BuildInfo;

impl Object for BuildInfo {
    fn type_name(&self) -> &'static str {
        "version.BuildInfo"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("Version", Value::from(format!("v{HELM_VERSION}"))),
            ("GitCommit", Value::literal("")),
            ("GitTreeState", Value::literal("")),
            ("GoVersion", Value::literal(GO_VERSION)),
            ("KubeClientVersion", Value::literal(KUBE_CLIENT_VERSION)),
        ]
    }

    fn members(&self) -> Option<Vec<(&'static str, Value)>> {
        // What is empty is left out.
        Some(vec![
            ("version", Value::from(format!("v{HELM_VERSION}"))),
            ("go_version", Value::literal(GO_VERSION)),
            ("kube_client_version", Value::literal(KUBE_CLIENT_VERSION)),
        ])
    }

    fn toml_members(&self) -> Option<Vec<(&'static str, Value)>> {
        Some(self.fields())
    }

    fn plain(&self) -> Value {
        let members = self.members().unwrap_or_default();
        Value::Map(members.into_iter().map(|(name, value)| (Str::literal(name), value)).collect())
    }
}
