//! What expressions are evaluated in: instances of modules, loop variables, `each`.
//!
//! In: the typed program. Out: [`Env`], shared freely since a pending value keeps its own. Must not know: how
//! expressions are evaluated.

use super::desired::Address;
use super::value::Value;
use crate::source::ReadError;
use crate::types::ir;
use crate::types::ty::Handle;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// Everything an expression can see.
#[derive(Clone, Debug)]
pub struct Env {
    pub instance: Arc<Instance>,
    pub each: Option<Arc<(Value, Value)>>,
    scope: Option<Arc<Scope>>,
}

#[derive(Debug)]
struct Scope {
    name: Arc<str>,
    value: Value,
    outer: Option<Arc<Scope>>,
}

impl Env {
    pub fn new(instance: Arc<Instance>) -> Self {
        Env { instance, each: None, scope: None }
    }

    pub fn with_each(instance: Arc<Instance>, each: Option<(Value, Value)>) -> Self {
        Env { instance, each: each.map(Arc::new), scope: None }
    }

    /// Without loop variables and `each`: what a function starts from.
    pub fn outside(&self) -> Self {
        Env::new(self.instance.clone())
    }

    pub fn bind(&self, name: &Arc<str>, value: Value) -> Self {
        let scope = Scope { name: name.clone(), value, outer: self.scope.clone() };
        Env { scope: Some(Arc::new(scope)), ..self.clone() }
    }

    pub fn bound(&self, name: &str) -> Option<Value> {
        let mut at = self.scope.as_ref();
        while let Some(scope) = at {
            if &*scope.name == name {
                return Some(scope.value.clone());
            }
            at = scope.outer.as_ref();
        }
        None
    }
}

/// What has been worked out once for an instance, with the blocks it refers to.
#[derive(Clone, Debug)]
pub struct Known {
    /// `None`: it failed, and that has been reported.
    pub value: Option<Value>,
    pub touched: Vec<Address>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slot {
    Local(Arc<str>),
    Block(Handle, Arc<str>),
    Outputs(Arc<str>),
}

/// One use of a module.
#[derive(Debug)]
pub struct Instance {
    pub module: Arc<ir::Module>,
    /// What addresses in it begin with: empty for the root, `module.lower.` or `module.lower["a"].`.
    pub prefix: String,
    /// Names of the `module` blocks that lead to it.
    pub path: Vec<String>,
    pub variables: BTreeMap<Arc<str>, Known>,
    /// `None`: being worked out right now.
    slots: Mutex<BTreeMap<Slot, Option<Known>>>,
    children: Mutex<BTreeMap<Arc<str>, Option<Children>>>,
    /// Clusters that things without a `cluster` may be in: the module's own, else its parent's.
    pub clusters: Vec<Address>,
    pub files: Arc<Files>,
}

/// The instances of one `module` block.
#[derive(Clone, Debug)]
pub struct Children {
    /// By key; the one of a block without `for_each` has none.
    pub list: Vec<(Option<Arc<str>>, Arc<Instance>)>,
}

/// Files read so far, so that a pending value can be completed without reading again.
#[derive(Debug, Default)]
pub struct Files {
    read: Mutex<BTreeMap<PathBuf, Result<Arc<str>, ReadError>>>,
}

impl Files {
    pub fn get(&self, path: &PathBuf) -> Option<Result<Arc<str>, ReadError>> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned()
    }

    pub fn put(&self, path: PathBuf, text: Result<Arc<str>, ReadError>) {
        self.read.lock().unwrap_or_else(PoisonError::into_inner).insert(path, text);
    }
}

/// What was found when asking for something that is worked out once.
pub enum Lookup<T> {
    Found(T),
    /// A circle, which `modules` has reported.
    Circular,
    /// The caller is to work it out and put it there.
    Missing,
}

impl Instance {
    pub fn new(
        module: Arc<ir::Module>,
        prefix: String,
        path: Vec<String>,
        variables: BTreeMap<Arc<str>, Known>,
        clusters: Vec<Address>,
        files: Arc<Files>,
    ) -> Self {
        Instance {
            module,
            prefix,
            path,
            variables,
            clusters,
            slots: Mutex::default(),
            children: Mutex::default(),
            files,
        }
    }

    pub fn address(&self, kind: &str, name: &str, key: Option<&str>) -> Address {
        let key = key.map_or(String::new(), |k| format!("[{k:?}]"));
        Address::new(format!("{}{kind}.{name}{key}", self.prefix))
    }

    /// Looks a slot up; when it is missing it is marked as being worked out.
    pub fn enter(&self, slot: &Slot) -> Lookup<Known> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        match slots.get(slot) {
            Some(Some(known)) => Lookup::Found(known.clone()),
            Some(None) => Lookup::Circular,
            None => {
                slots.insert(slot.clone(), None);
                Lookup::Missing
            }
        }
    }

    pub fn leave(&self, slot: Slot, known: Known) {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).insert(slot, Some(known));
    }

    pub fn enter_children(&self, name: &Arc<str>) -> Lookup<Children> {
        let mut children = self.children.lock().unwrap_or_else(PoisonError::into_inner);
        match children.get(name) {
            Some(Some(known)) => Lookup::Found(known.clone()),
            Some(None) => Lookup::Circular,
            None => {
                children.insert(name.clone(), None);
                Lookup::Missing
            }
        }
    }

    pub fn leave_children(&self, name: Arc<str>, found: Children) {
        self.children.lock().unwrap_or_else(PoisonError::into_inner).insert(name, Some(found));
    }
}
