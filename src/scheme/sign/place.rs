//! Puts one value into a query, a form or a JSON text that has none at that place.

use serde_json::{Map, Value};

use crate::scheme::form::escaped;
use crate::scheme::json::Path;

/// Most elements an array is given to reach a position.
const MOST_ELEMENTS: usize = 16;

/// The target with the value in its query, unless it has that name already.
pub(super) fn query(target: &str, name: &str, value: &[u8]) -> String {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    format!("{path}?{}", String::from_utf8_lossy(&form(query.as_bytes(), name, value)))
}

/// A form with the value in it, unless it has that name already.
pub(super) fn form(text: &[u8], name: &str, value: &[u8]) -> Vec<u8> {
    let own = [escaped(name.as_bytes()), "=".to_owned()].concat();
    let has = text.split(|byte| *byte == b'&').any(|pair| pair.starts_with(own.as_bytes()));
    if has {
        return text.to_vec();
    }
    let pair = [own, escaped(value)].concat().into_bytes();
    if text.is_empty() { pair } else { [text, b"&", &pair].concat() }
}

/// A JSON text with the value in it, unless there is something already; `None` when it cannot stand there.
pub(super) fn json(text: &[u8], path: &Path, value: &[u8]) -> Option<Vec<u8>> {
    if path.find(text).is_ok_and(|found| !found.is_empty()) {
        return Some(text.to_vec());
    }
    let mut root = match text.trim_ascii() {
        [] => Value::Object(Map::new()),
        text => serde_json::from_slice(text).ok()?,
    };
    let value = Value::String(String::from_utf8(value.to_vec()).ok()?);
    let steps: Vec<&str> = path.names().collect();
    put(&mut root, &steps, &value)?;
    Some(root.to_string().into_bytes())
}

fn put(at: &mut Value, steps: &[&str], value: &Value) -> Option<()> {
    let Some((step, rest)) = steps.split_first() else {
        if at.is_null() {
            *at = value.clone();
        }
        return Some(());
    };
    let position = if *step == "*" { Some(0) } else { step.parse::<usize>().ok() };
    if at.is_null() {
        *at = if position.is_some() { Value::Array(Vec::new()) } else { Value::Object(Map::new()) };
    }
    match (at, position) {
        (Value::Object(members), _) => {
            put(members.entry((*step).to_owned()).or_insert(Value::Null), rest, value)
        }
        (Value::Array(elements), Some(position)) if position < MOST_ELEMENTS => {
            if elements.len() <= position {
                elements.resize(position.saturating_add(1), Value::Null);
            }
            match *step {
                "*" => elements.iter_mut().try_for_each(|element| put(element, rest, value)),
                _ => put(elements.get_mut(position)?, rest, value),
            }
        }
        (_, _) => None,
    }
}
