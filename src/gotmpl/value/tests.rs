use super::*;
use crate::gotmpl::types::{ANY_MAP, HELM_VALUES, STRING_MAP};

#[test]
fn a_value_is_three_words() {
    assert_eq!(size_of::<Value>(), 24);
    assert_eq!(size_of::<Str>(), 24);
}

#[test]
fn strings_compare_by_content_however_they_are_kept() {
    for text in ["", "short", "exactly twenty-two byt", "one that is too long to be kept inline"] {
        let shared: crate::gotmpl::str::SharedText =
            std::sync::Arc::new(format!("<{text}>").into_bytes().into());
        let part = Str::part_of(&shared, 1, 1 + text.len());
        let forms = [Str::from(text), Str::new(text.as_bytes()), part];
        assert!(forms.iter().all(|form| *form == forms[0] && form.as_str() == Some(text)), "{text}");
    }
    assert_eq!(Str::literal("abc"), Str::from("abc"));
    assert_eq!(Str::new(b"\xff").as_str(), None);
    assert_eq!(Str::new(b"a\xff").to_str_lossy(), "a\u{fffd}");
}

#[test]
fn maps_are_shared() {
    let map = Map::new();
    let alias = map.clone();
    map.insert("b", Value::int(1));
    map.insert("a", Value::int(2));
    assert_eq!(alias.keys(), [Str::from("a"), Str::from("b")]);
    assert!(alias.same(&map));
    let copy = Value::Map(map.clone()).deep_copy().unwrap();
    map.remove(b"a");
    assert_eq!(copy.len(), Some(2));
    assert!(!Map::nil(ANY_MAP).insert("a", Value::Nil));
}

#[test]
fn lists_share_what_they_slice() {
    let list = List::new((0..5).map(Value::int).collect());
    let middle = list.slice(1, 3).unwrap();
    assert_eq!((middle.len(), middle.capacity()), (2, 4));
    assert!(middle.slice(0, 4).is_some_and(|all| all.len() == 4));
    assert!(middle.slice(0, 5).is_none() && middle.slice(2, 1).is_none());
    assert!(middle.get(2).is_none());
    assert_eq!(middle.into_items().len(), 2);
}

#[test]
fn types_have_the_names_go_prints() {
    let name = |value: Value| value.type_name();
    assert_eq!(name(Value::Nil), "<nil>");
    assert_eq!(name(Value::from(Map::new())), "map[string]interface {}");
    assert_eq!(name(Value::from(Map::with_type(STRING_MAP))), "map[string]string");
    assert_eq!(name(Value::from(Map::with_type(HELM_VALUES))), "common.Values");
    assert_eq!(name(Value::from(List::strings(["a"]))), "[]string");
    assert_eq!(name(Value::Bytes(Str::empty().into())), "[]uint8");
    assert!(HELM_VALUES.assignable_to(ANY_MAP) && !STRING_MAP.assignable_to(ANY_MAP));
}

#[test]
fn json_keeps_go_number_types() {
    let json = serde_json::json!({"f": 1.0, "i": 1, "u": u64::MAX, "l": [null, "x"]});
    let value = Value::from_json(&json);
    let map = value.as_map().unwrap();
    assert!(matches!(map.get(b"f"), Some(Value::Float(_))));
    assert!(matches!(map.get(b"i"), Some(Value::Int(IntKind::Int64, 1))));
    assert!(matches!(map.get(b"u"), Some(Value::Uint(UintKind::Uint64, u64::MAX))));
    assert_eq!(value.to_json().unwrap(), json);
    assert_eq!(Value::from(List::nil(Type::Any)).to_json().unwrap(), serde_json::Value::Null);
    assert_eq!(Value::Float(f64::INFINITY).to_json(), Err(NotJson::Number(f64::INFINITY)));
}

#[test]
fn equality_asks_for_equal_types() {
    let list = |items: Vec<Value>| Value::from(List::new(items));
    assert!(list(vec![Value::int(1)]).deep_equal(&list(vec![Value::int(1)])));
    assert!(!list(vec![Value::int(1)]).deep_equal(&list(vec![Value::int64(1)])));
    assert!(!list(vec![]).deep_equal(&Value::from(List::nil(Type::Any))));
    assert!(!Value::Float(f64::NAN).deep_equal(&Value::Float(f64::NAN)));
}

#[test]
fn what_contains_itself_is_refused_not_followed() {
    let map = Map::new();
    map.insert("self", Value::from(map.clone()));
    let value = Value::from(map.clone());
    assert_eq!(value.deep_copy().unwrap_err(), TooLarge::Nesting);
    assert_eq!(value.to_json(), Err(NotJson::TooLarge(TooLarge::Nesting)));
    assert!(value.deep_equal(&value));
    map.clear();
}

#[test]
fn deep_nesting_is_dropped_without_recursion() {
    let mut value = Value::Nil;
    for depth in 0..200_000 {
        value = if depth % 2 == 0 {
            Value::from(List::new(vec![value]))
        } else {
            Value::from(Map::from_iter([(Str::from("k"), value)]))
        };
    }
    drop(value);
}

#[test]
fn what_is_small_to_keep_and_endless_to_walk_is_refused() {
    let double =
        || (0..60).fold(Value::int(1), |value, _| Value::from(List::new(vec![value.clone(), value])));
    let value = double();
    assert_eq!(value.deep_copy().unwrap_err(), TooLarge::Parts);
    assert_eq!(value.to_json(), Err(NotJson::TooLarge(TooLarge::Parts)));
    assert!(!value.deep_equal(&double()));
    assert_eq!(crate::gotmpl::fmt::format_value(&value), Err(TooLarge::Parts));
}

#[test]
fn entries_behave_as_a_sorted_map_however_many_they_are() {
    let mut seed = 7_u64;
    let mut random = move |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    for keys in [3, 40, 1_000] {
        let (mut entries, mut model) = (Entries::new(), std::collections::BTreeMap::new());
        for step in 0..3_000 {
            // Short and long keys, with a common beginning and with bytes of nought.
            let key = match random(keys) {
                n if n % 3 == 0 => format!("k{n}"),
                n if n % 3 == 1 => format!("a rather long and common beginning {n}"),
                n => format!("k\0{n}"),
            };
            let hint = usize::try_from(random(50)).unwrap();
            let near =
                entries.get_near(key.as_bytes(), hint).map(|(value, _)| value.deep_equal(&model[&key]));
            assert_eq!(near, model.contains_key(&key).then_some(true));
            if random(3) == 0 {
                assert_eq!(entries.remove(key.as_bytes()).is_some(), model.remove(&key).is_some());
            } else {
                let value = Value::int(step);
                assert_eq!(
                    entries.insert(Str::from(key.as_str()), value.clone()).is_some(),
                    model.insert(key, value).is_some()
                );
            }
        }
        assert_eq!(entries.len(), model.len());
        assert!(entries.keys().map(Str::as_bytes).eq(model.keys().map(String::as_bytes)));
        assert!(entries.values().zip(model.values()).all(|(a, b)| a.deep_equal(b)));
        assert!(model.iter().all(|(key, value)| entries.get(key.as_bytes()).unwrap().deep_equal(value)));
    }
    let twice: Entries =
        [("b", 1), ("a", 2), ("b", 3)].map(|(k, v)| (Str::from(k), Value::int(v))).into_iter().collect();
    assert_eq!(twice.len(), 2);
    assert!(twice.get(b"b").unwrap().deep_equal(&Value::int(3)));
}
