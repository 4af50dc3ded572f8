//! Creating, replacing and patching objects.
//!
//! The order of steps is the API server's: decode, default, field management, prepare, validate, store.

use std::sync::Arc;

use http::StatusCode;
use serde_json::{Map, Value};

use super::apply::managers::{Application, Managers, Writer, conflict_message};
use super::apply::typed::{self, Ty};
use super::decode::{decode, encode};
use super::merge::{self, PatchError};
use super::registry::Served;
use super::request::{Call, FieldValidation, Reply};
use super::state::State;
use super::status::{Answer, FieldError, Refusal};
use super::store::Key;
use super::{convert, defaults, kinds, meta, validate};

/// What is written: an object or a subresource of it.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    pub served: &'a Served,
    pub namespace: &'a str,
    pub name: &'a str,
    /// Empty for the object itself.
    pub sub: &'a str,
}

impl Place<'_> {
    fn key(&self) -> Key {
        Key::new(&self.served.resource, self.namespace, self.name)
    }

    fn invalid(&self, name: &str, errors: &[FieldError]) -> Refusal {
        Refusal::invalid(&self.served.kind, &self.served.group, name, errors)
    }
}

pub fn create(state: &mut State, place: Place<'_>, call: &Call) -> Answer<Reply> {
    let served = place.served;
    let dry = call.dry_run("CreateOptions")?;
    let manager = call.manager()?;
    let mut object = call.object()?;
    check_identity(served, &mut object)?;
    check_namespace(place, &mut object)?;
    if !meta::text(&object, "/metadata/resourceVersion").is_empty() {
        return Err(Refusal::bad_request("resourceVersion should not be set on objects to be created"));
    }
    let (object, warnings) = normalise(served, object, call.field_validation(), false)?;
    let made = insert(state, place, object, call, Fields::Update(&manager), dry)?;
    Ok(reply(served, StatusCode::CREATED, &made, warnings))
}

/// Who owns the fields of what is written.
pub enum Fields<'a> {
    /// Computed by comparison.
    Update(&'a str),
    /// Computed by an apply.
    Given(Managers),
}

/// Creates an object that is decoded and defaulted already.
fn insert(
    state: &mut State,
    place: Place<'_>,
    mut object: Value,
    call: &Call,
    fields: Fields<'_>,
    dry: bool,
) -> Answer<Arc<Value>> {
    let served = place.served;
    let named = meta::name(&object).to_owned();
    let generated = meta::text(&object, "/metadata/generateName").to_owned();
    let name = if named.is_empty() && !generated.is_empty() {
        let stem: String = generated.chars().take(58).collect();
        format!("{stem}{}", meta::suffix(&format!("{stem}{}", state.store.version()), 5))
    } else {
        named
    };
    state.check_namespace_exists(served, place.namespace, &name)?;
    let metadata = meta::metadata(&mut object);
    if !name.is_empty() {
        metadata.insert("name".to_owned(), name.clone().into());
    }
    for key in [
        "uid",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "generation",
        "selfLink",
    ] {
        metadata.remove(key);
    }
    let managers = match fields {
        Fields::Given(managers) => managers,
        Fields::Update(manager) => {
            let mut managers = Managers::default();
            if let Some(ty) = served.ty {
                let writer =
                    Writer { manager, api_version: &served.api_version(), subresource: "", now: &call.now };
                managers.update(
                    &Ty::new(served.schema(), ty),
                    &zero(served),
                    &object,
                    &writer,
                    served.has_status(),
                );
            }
            managers
        }
    };
    if served.has_status() {
        meta::as_map(&mut object).remove("status");
    }
    let key = Key::new(&served.resource, place.namespace, &name);
    let uid = if dry { dry_uid(&key) } else { state.store.new_uid() };
    meta::metadata(&mut object).insert("uid".to_owned(), uid.into());
    kinds::prepare_create(state, served, &mut object);
    let metadata = meta::metadata(&mut object);
    metadata.insert("creationTimestamp".to_owned(), call.now.clone().into());
    if kinds::has_generation(served) {
        metadata.insert("generation".to_owned(), 1.into());
    }
    let errors = validate::create(served, &object);
    if !errors.is_empty() {
        return Err(place.invalid(&name, &errors));
    }
    if let Some(existing) = state.store.get(&key) {
        let mut refusal = Refusal::already_exists(&served.resource, &name);
        if meta::is_deleting(existing) {
            refusal.message = format!("object is being deleted: {}", refusal.message);
        }
        return Err(refusal);
    }
    kinds::allocate(state, served, &mut object)?;
    managers.write(&mut object);
    settle(served, &mut object);
    if dry {
        return Ok(Arc::new(object));
    }
    let object = stored_form(served, object);
    Ok(state.store.put(key, object))
}

/// Creates an object for a controller.
pub fn make(
    state: &mut State,
    served: &Served,
    mut object: Value,
    manager: &str,
    now: &str,
) -> Answer<Arc<Value>> {
    let namespace = meta::namespace(&object).to_owned();
    let name = meta::name(&object).to_owned();
    check_identity(served, &mut object)?;
    let (object, _) = normalise(served, object, FieldValidation::Ignore, false)?;
    let place = Place { served, namespace: &namespace, name: &name, sub: "" };
    insert(state, place, object, &Call::internal(now), Fields::Update(manager), false)
}

/// A dry run must not use up ids.
fn dry_uid(key: &Key) -> String {
    let hex = format!("{:016x}", meta::digest(&format!("{key:?}")));
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!("{}-{}-4000-8000-000000000000", part(0, 8), part(8, 12))
}

/// The final form of an object: what Go writes.
pub fn settle(served: &Served, object: &mut Value) {
    if let (Some(ty), None) = (served.ty, &served.custom) {
        encode(served.schema(), ty, object);
    }
}

/// What Go calls an empty object of the kind: a new object is compared with it.
fn zero(served: &Served) -> Value {
    let mut out = Value::Object(Map::new());
    settle(served, &mut out);
    out
}

fn split_version(api_version: &str) -> (&str, &str) {
    api_version.split_once('/').unwrap_or(("", api_version))
}

fn stored_form(served: &Served, object: Value) -> Value {
    convert::to_storage(served, object)
}

pub fn reply(served: &Served, code: StatusCode, object: &Value, warnings: Vec<String>) -> Reply {
    Reply::Json { code, body: convert::to_version(served, object), warnings }
}

fn check_identity(served: &Served, object: &mut Value) -> Answer<()> {
    let map = match object {
        Value::Object(map) => map,
        _ => {
            return Err(Refusal::bad_request("the object provided is unrecognized (must be of type Object)"));
        }
    };
    let text = |key: &str| map.get(key).and_then(Value::as_str).unwrap_or_default();
    let (api_version, kind) = (text("apiVersion").to_owned(), text("kind").to_owned());
    // Both may be left out of a body: the URL says what it is.
    let wanted = served.api_version();
    if !api_version.is_empty() && api_version != wanted {
        return Err(Refusal::bad_request(format!(
            "{kind} in version {:?} cannot be handled as a {}: no kind {kind:?} is registered for version {api_version:?} in scheme \"sandbox\"",
            api_version.rsplit('/').next().unwrap_or_default(),
            served.kind
        )));
    }
    if !kind.is_empty() && kind != served.kind {
        return Err(Refusal::bad_request(format!(
            "{kind} in version {:?} cannot be handled as a {}: no kind {kind:?} is registered for version {wanted:?}",
            served.version, served.kind
        )));
    }
    map.insert("apiVersion".to_owned(), wanted.into());
    map.insert("kind".to_owned(), served.kind.clone().into());
    Ok(())
}

fn check_namespace(place: Place<'_>, object: &mut Value) -> Answer<()> {
    let given = meta::namespace(object).to_owned();
    if !given.is_empty() && given != place.namespace {
        return Err(Refusal::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    if !place.namespace.is_empty() {
        meta::metadata(object).insert("namespace".to_owned(), place.namespace.into());
    }
    Ok(())
}

/// Decodes and defaults. Returns warnings about unknown fields, or refuses them.
pub fn normalise(
    served: &Served,
    object: Value,
    validation: FieldValidation,
    patched: bool,
) -> Answer<(Value, Vec<String>)> {
    let (mut object, unknown) = match (&served.custom, served.ty) {
        (Some(custom), _) => {
            let mut object = object;
            let unknown = custom.prune(&mut object);
            custom.default(&mut object);
            decode_metadata(served, &mut object)?;
            (object, unknown)
        }
        (None, Some(ty)) => decode(served.schema(), ty, object).map_err(|why| undecodable(served, &why))?,
        (None, None) => (object, Vec::new()),
    };
    let lines: Vec<String> = unknown.iter().map(|path| format!("unknown field {path:?}")).collect();
    if validation == FieldValidation::Strict && !lines.is_empty() {
        let all = format!("strict decoding error: {}", lines.join(", "));
        if patched {
            return Err(Refusal::bad_request(all));
        }
        return Err(undecodable(served, &all));
    }
    defaults::apply(served, &mut object);
    if let (None, Some(ty)) = (&served.custom, served.ty) {
        encode(served.schema(), ty, &mut object);
    }
    Ok((object, if validation == FieldValidation::Warn { lines } else { Vec::new() }))
}

fn undecodable(served: &Served, why: &str) -> Refusal {
    let (kind, version) = (&served.kind, &served.version);
    Refusal::bad_request(format!("{kind} in version {version:?} cannot be handled as a {kind}: {why}"))
}

fn decode_metadata(served: &Served, object: &mut Value) -> Answer<()> {
    let builtin = super::builtin();
    let Some(ty) = builtin.named("meta.v1.ObjectMeta") else { return Ok(()) };
    if let Some(metadata) = object.get_mut("metadata") {
        let (decoded, _) = decode(builtin, ty, metadata.take()).map_err(|why| undecodable(served, &why))?;
        *metadata = decoded;
        encode(builtin, ty, metadata);
    }
    Ok(())
}

pub fn update(state: &mut State, place: Place<'_>, call: &Call) -> Answer<Reply> {
    let served = place.served;
    let dry = call.dry_run("UpdateOptions")?;
    let manager = call.manager()?;
    let mut object = call.object()?;
    if place.sub == "scale" {
        return super::scale::update(state, place, &object, call, &manager, dry);
    }
    check_identity(served, &mut object)?;
    check_namespace(place, &mut object)?;
    let given = meta::name(&object);
    if given.is_empty() && place.sub.is_empty() {
        return Err(Refusal::bad_request("name must be provided"));
    }
    if !given.is_empty() && given != place.name {
        return Err(Refusal::bad_request(format!(
            "the name of the object ({given}) does not match the name on the URL ({})",
            place.name
        )));
    }
    let (object, warnings) = normalise(served, object, call.field_validation(), false)?;
    let Some(live) = state.store.get(&place.key()).cloned() else {
        if kinds::creates_on_update(served) && place.sub.is_empty() {
            let made = insert(state, place, object, call, Fields::Update(&manager), dry)?;
            return Ok(reply(served, StatusCode::CREATED, &made, warnings));
        }
        return Err(Refusal::not_found(&served.resource, place.name));
    };
    let done = replace(state, place, &live, object, call, Fields::Update(&manager), dry)?;
    Ok(reply(served, StatusCode::OK, &done, warnings))
}

/// Puts a decoded, defaulted object in the place of a live one.
pub fn replace(
    state: &mut State,
    place: Place<'_>,
    live: &Arc<Value>,
    mut object: Value,
    call: &Call,
    fields: Fields<'_>,
    dry: bool,
) -> Answer<Arc<Value>> {
    let served = place.served;
    let live_view = convert::to_version(served, live);
    check_version(place, &live_view, &object)?;
    if !matches!(place.sub, "" | "scale" | "resize" | "ephemeralcontainers") {
        // A subresource changes its part of the object only.
        let status = object.get("status").cloned();
        let finalizers = object.pointer("/spec/finalizers").cloned();
        object = live_view.clone();
        match place.sub {
            "finalize" => meta::set(meta::child(&mut object, "spec"), "finalizers", finalizers),
            _ => meta::set(meta::as_map(&mut object), "status", status),
        }
    } else if served.has_status() {
        meta::set(meta::as_map(&mut object), "status", live_view.get("status").cloned());
    }
    let given_managers = place.sub.is_empty().then(|| Managers::of(&object));
    carry_metadata(&live_view, &mut object);
    kinds::prepare_update(served, &live_view, &mut object);
    settle(served, &mut object);
    let live_managers = Managers::of(&live_view);
    let managers = match fields {
        Fields::Given(managers) => managers,
        Fields::Update(manager) => {
            // A writer may hand fields from one manager to another by writing the list itself.
            let mut managers =
                given_managers.filter(|m| !m.is_empty()).unwrap_or_else(|| live_managers.clone());
            // Where nobody manages anything, or (of a scale) the replicas, nobody begins to by an update.
            let tracked =
                !managers.is_empty() && (place.sub != "scale" || managers.own(&["f:spec", "f:replicas"]));
            if let Some(ty) = served.ty.filter(|_| tracked) {
                let writer = Writer {
                    manager,
                    api_version: &served.api_version(),
                    subresource: place.sub,
                    now: &call.now,
                };
                managers.update(
                    &Ty::new(served.schema(), ty),
                    &live_view,
                    &object,
                    &writer,
                    served.has_status(),
                );
            }
            managers
        }
    };
    if kinds::has_generation(served) && kinds::spec_changed(served, &live_view, &object) {
        let next = meta::int(&live_view, "/metadata/generation").unwrap_or(0) + 1;
        meta::metadata(&mut object).insert("generation".to_owned(), next.into());
    }
    let errors = validate::update(served, &live_view, &object, place.sub);
    if !errors.is_empty() {
        return Err(place.invalid(place.name, &errors));
    }
    kinds::allocate(state, served, &mut object)?;
    let unchanged =
        without_managers(&object) == without_managers(&live_view) && managers.same_but_time(&live_managers);
    if unchanged {
        return Ok(live.clone());
    }
    managers.write(&mut object);
    if dry {
        return Ok(Arc::new(stored_form(served, object)));
    }
    let gone = meta::is_deleting(&object)
        && meta::list(&object, "/metadata/finalizers").is_empty()
        && !kinds::kept_while_deleting(served, &object);
    let done = state.store.put(place.key(), stored_form(served, object));
    if gone {
        state.store.remove(&place.key());
    }
    Ok(done)
}

fn without_managers(object: &Value) -> Value {
    let mut out = object.clone();
    if let Some(Value::Object(metadata)) = out.get_mut("metadata") {
        metadata.remove("managedFields");
        metadata.remove("resourceVersion");
    }
    out
}

fn check_version(place: Place<'_>, live: &Value, object: &Value) -> Answer<()> {
    let served = place.served;
    let given = meta::text(object, "/metadata/resourceVersion");
    if given.is_empty() {
        if !kinds::updates_unconditionally(served) {
            let why = "must be specified for an update";
            let error = FieldError::invalid("metadata.resourceVersion", &Value::from(0), why);
            // Here the server calls it by its resource.
            return Err(Refusal::invalid(&served.plural, &served.group, place.name, &[error]));
        }
    } else if given != meta::text(live, "/metadata/resourceVersion") {
        return Err(Refusal::modified(&served.resource, place.name));
    }
    let uid = meta::uid(object);
    if !uid.is_empty() && uid != meta::uid(live) {
        return Err(Refusal::conflict(
            &served.resource,
            place.name,
            &format!(
                "Precondition failed: UID in precondition: {uid}, UID in object meta: {}",
                meta::uid(live)
            ),
        ));
    }
    Ok(())
}

/// What a client cannot change.
fn carry_metadata(live: &Value, object: &mut Value) {
    const KEPT: &[&str] = &[
        "uid",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "generation",
        "selfLink",
        "generateName",
        "resourceVersion",
    ];
    let metadata = meta::metadata(object);
    for key in KEPT {
        meta::set(metadata, key, live.get("metadata").and_then(|m| m.get(*key)).cloned());
    }
}

pub fn patch(state: &mut State, place: Place<'_>, call: &Call) -> Answer<Reply> {
    let served = place.served;
    let dry = call.dry_run("PatchOptions")?;
    if matches!(call.content_type.as_str(), "application/apply-patch+yaml" | "application/apply-patch") {
        return apply(state, place, call, dry);
    }
    let manager = call.manager()?;
    let Some(live) = state.store.get(&place.key()).cloned() else {
        return Err(Refusal::not_found(&served.resource, place.name));
    };
    if place.sub == "scale" {
        return super::scale::patch(state, place, &live, call, &manager, dry);
    }
    let patch = call.object()?;
    let view = convert::to_version(served, &live);
    let mut object = patched(served, &view, &patch, &call.content_type)?;
    // A patch that does not speak of the version has no opinion of it.
    if object.pointer("/metadata/resourceVersion").is_none() && kinds::updates_unconditionally(served) {
        meta::metadata(&mut object).remove("resourceVersion");
    }
    if meta::name(&object) != place.name {
        let error =
            FieldError::invalid("metadata.name", &Value::from(meta::name(&object)), "field is immutable");
        return Err(place.invalid(place.name, &[error]));
    }
    let (object, warnings) = normalise(served, object, call.field_validation(), true)?;
    let done = replace(state, place, &live, object, call, Fields::Update(&manager), dry)?;
    Ok(reply(served, StatusCode::OK, &done, warnings))
}

/// `live` with a patch of one of the older kinds.
pub fn patched(served: &Served, live: &Value, patch: &Value, content_type: &str) -> Answer<Value> {
    match (content_type, served.ty, &served.custom) {
        ("application/json-patch+json", _, _) => {
            merge::json_patch(live, patch).map_err(|error| match error {
                PatchError::Malformed(why) => Refusal::bad_request(format!("error decoding patch: {why}")),
                PatchError::Refused => Refusal {
                    details: serde_json::json!({}),
                    ..Refusal::new(
                        StatusCode::UNPROCESSABLE_ENTITY,
                        "Invalid",
                        "the server rejected our request due to an error in our request",
                    )
                },
            })
        }
        ("application/merge-patch+json", _, _) => {
            let mut out = live.clone();
            merge::merge_patch(&mut out, patch);
            Ok(out)
        }
        ("application/strategic-merge-patch+json", Some(ty), None) => {
            let mut out = live.clone();
            merge::strategic(served.schema(), ty, &mut out, patch);
            Ok(out)
        }
        ("application/strategic-merge-patch+json", _, Some(_)) => Err(Refusal {
            message: format!(
                "the body of the request was in an unknown format - accepted media types include: {CUSTOM_PATCHES}"
            ),
            details: Value::Null,
            ..Refusal::media_type()
        }),
        _ => Err(Refusal::media_type()),
    }
}

const CUSTOM_PATCHES: &str =
    "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml";

fn apply(state: &mut State, place: Place<'_>, call: &Call, dry: bool) -> Answer<Reply> {
    let served = place.served;
    if call.param("fieldManager").is_empty() {
        let error = FieldError::required("fieldManager", "is required for apply patch");
        return Err(Refusal::invalid("PatchOptions", "meta.k8s.io", "", &[error]));
    }
    let manager = call.manager()?;
    let mut config = call.object()?;
    let text = |key: &str| meta::text(&config, &format!("/{key}")).to_owned();
    if text("kind").is_empty() || text("apiVersion").is_empty() {
        let api_version = text("apiVersion");
        let (group, version) = split_version(&api_version);
        return Err(Refusal::bad_request(format!(
            "invalid object type: {group}/{version}, Kind={}",
            text("kind")
        )));
    }
    check_identity(served, &mut config)?;
    let named = meta::namespace(&config).to_owned();
    check_namespace(place, &mut config)?;
    if config.pointer("/metadata/managedFields").is_some_and(|m| !m.is_null()) {
        return Err(Refusal::bad_request("metadata.managedFields must be nil"));
    }
    let given = meta::name(&config);
    if !given.is_empty() && given != place.name {
        return Err(Refusal::bad_request(format!(
            "the name of the object ({given}) does not match the name on the URL ({})",
            place.name
        )));
    }
    meta::metadata(&mut config).insert("name".to_owned(), place.name.into());
    let Some(ty) = served.ty else { return Err(Refusal::media_type()) };
    check_config(place, ty, &config, &named)?;

    let live = state.store.get(&place.key()).cloned();
    let view = live.as_ref().map(|l| convert::to_version(served, l));
    if let (Some(wanted), None) = (config.pointer("/metadata/uid").and_then(Value::as_str), &view) {
        return Err(Refusal::conflict(
            &served.resource,
            place.name,
            &format!(
                "uid mismatch: the provided object specified uid {wanted}, and no existing object was found"
            ),
        ));
    }
    let version = config.pointer("/metadata/resourceVersion").and_then(Value::as_str).map(str::to_owned);
    let mut managers = view.as_ref().map(Managers::of).unwrap_or_default();
    let writer = Writer {
        manager: &manager,
        api_version: &served.api_version(),
        subresource: place.sub,
        now: &call.now,
    };
    let nothing = zero(served);
    let base = view.as_ref().unwrap_or(&nothing);
    let application = Application {
        live: base,
        config: &config,
        force: call.flag("force"),
        has_status: served.has_status(),
    };
    let merged = managers
        .apply(&Ty::new(served.schema(), ty), &application, &writer)
        .map_err(|conflicts| refuse_conflicts(&conflicts))?;
    let Some(live) = live else {
        if !place.sub.is_empty() {
            return Err(Refusal::not_found(&served.resource, place.name));
        }
        let (object, _) = normalise(served, merged.unwrap_or(config), FieldValidation::Ignore, true)?;
        let made = insert(state, place, object, call, Fields::Given(managers), dry)?;
        return Ok(reply(served, StatusCode::CREATED, &made, Vec::new()));
    };
    let mut object = merged.unwrap_or_else(|| without_managers(base));
    match version {
        Some(version) => meta::metadata(&mut object).insert("resourceVersion".to_owned(), version.into()),
        None => {
            let current = base.pointer("/metadata/resourceVersion").cloned().unwrap_or_default();
            meta::metadata(&mut object).insert("resourceVersion".to_owned(), current)
        }
    };
    let (object, _) = normalise(served, object, FieldValidation::Ignore, true)?;
    let done = replace(state, place, &live, object, call, Fields::Given(managers), dry)?;
    Ok(reply(served, StatusCode::OK, &done, Vec::new()))
}

fn refuse_conflicts(conflicts: &[super::apply::managers::Conflict]) -> Refusal {
    let mut refusal = Refusal::new(StatusCode::CONFLICT, "Conflict", conflict_message(conflicts));
    let causes: Vec<Value> = conflicts
        .iter()
        .map(|c| {
            serde_json::json!({
                "reason": "FieldManagerConflict", "message": format!("conflict with {}", c.manager), "field": c.path,
            })
        })
        .collect();
    refusal.details = serde_json::json!({"causes": causes});
    refusal
}

/// An applied configuration has to fit the schema as it is: nothing is dropped.
///
/// `namespace` is the one the configuration itself names.
fn check_config(
    place: Place<'_>,
    ty: crate::kubernetes::TypeId,
    config: &Value,
    namespace: &str,
) -> Answer<()> {
    let served = place.served;
    let errors = typed::validate(&Ty::new(served.schema(), ty), config);
    if errors.is_empty() {
        return Ok(());
    }
    let all = match errors.as_slice() {
        [only] => only.clone(),
        many => format!("errors:\n{}", many.iter().map(|e| format!("  {e}")).collect::<Vec<_>>().join("\n")),
    };
    Err(Refusal::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "",
        format!(
            "failed to create typed patch object ({namespace}/{}; {}/{}, Kind={}): {all}",
            place.name, served.group, served.version, served.kind
        ),
    ))
}
