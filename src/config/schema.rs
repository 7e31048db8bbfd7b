//! The key table as a JSON Schema (2020-12), for editors. Says nothing the table does not.

use serde_json::{Map, Value, json};

use super::table::{Default, Form, Group, Key, Kind, ROOT};

/// Where the published schema is.
const ID: &str = "https://sidegate.dev/schema/v1.json";

/// The schema of a version-1 file.
pub fn json_schema() -> Value {
    let mut definitions = Map::new();
    define(&ROOT, &mut definitions);
    let mut root = match definitions.remove(ROOT.name) {
        Some(Value::Object(root)) => root,
        Some(_) | None => Map::new(),
    };
    let reference = json!({
        "type": "string",
        "pattern": r"\$\{",
        "description": "A value with `${VARIABLE}` or `${file:/path}` in it.",
    });
    definitions.insert("reference".to_owned(), reference);
    let mut schema = Map::new();
    schema.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    schema.insert("$id".to_owned(), json!(ID));
    schema.insert("title".to_owned(), json!("Sidegate configuration, version 1"));
    schema.append(&mut root);
    schema.insert("$defs".to_owned(), Value::Object(definitions));
    Value::Object(schema)
}

fn define(group: &'static Group, definitions: &mut Map<String, Value>) {
    if definitions.contains_key(group.name) {
        return;
    }
    // Reserved before its keys are looked at, so that a group met again is not defined twice.
    definitions.insert(group.name.to_owned(), Value::Null);
    let properties: Map<String, Value> =
        group.keys.iter().map(|key| (key.name.to_owned(), property(key, definitions))).collect();
    let required: Vec<&str> = group
        .keys
        .iter()
        .filter(|key| matches!(key.default, Default::Required))
        .map(|key| key.name)
        .collect();
    let mut object = json!({"type": "object", "additionalProperties": false, "properties": properties});
    if let Some(object) = object.as_object_mut().filter(|_| !required.is_empty()) {
        object.insert("required".to_owned(), json!(required));
    }
    definitions.insert(group.name.to_owned(), object);
}

fn property(key: &'static Key, definitions: &mut Map<String, Value>) -> Value {
    let mut schema = any_of(key.forms, definitions);
    schema.insert("description".to_owned(), json!(key.doc));
    if let Some(default) = default(key) {
        schema.insert("default".to_owned(), default);
    }
    Value::Object(schema)
}

fn default(key: &Key) -> Option<Value> {
    let text = key.default.written()?;
    let is_typed = key.forms.iter().any(|form| matches!(form, Form::Is(Kind::Boolean | Kind::Integer(..))));
    match serde_json::from_str(&text) {
        Ok(value) if is_typed => Some(value),
        Ok(_) | Err(_) => Some(json!(text)),
    }
}

fn any_of(forms: &'static [Form], definitions: &mut Map<String, Value>) -> Map<String, Value> {
    let mut choices: Vec<Value> = Vec::new();
    for form in forms {
        choices.extend(choice(*form, definitions));
    }
    match (choices.pop(), choices.is_empty()) {
        (Some(Value::Object(only)), true) => only,
        (Some(last), _) => {
            choices.push(last);
            Map::from_iter([("anyOf".to_owned(), Value::Array(choices))])
        }
        (None, _) => Map::new(),
    }
}

fn choice(form: Form, definitions: &mut Map<String, Value>) -> Vec<Value> {
    match form {
        Form::Is(kind) => kinds(kind),
        Form::List(items) => {
            let items = any_of(items, definitions);
            vec![json!({"type": "array", "minItems": 1, "items": items})]
        }
        Form::Map(group) => {
            define(group, definitions);
            vec![json!({"$ref": format!("#/$defs/{}", group.name)})]
        }
        Form::Named(values) => {
            let values = any_of(values, definitions);
            vec![json!({"type": "object", "minProperties": 1, "additionalProperties": values})]
        }
    }
}

/// What one kind of text looks like; where it is not free text, a reference is accepted beside it.
fn kinds(kind: Kind) -> Vec<Value> {
    let with_reference = |value: Value| vec![value, json!({"$ref": "#/$defs/reference"})];
    let pattern = |pattern: &str| with_reference(json!({"type": "string", "pattern": pattern}));
    match kind {
        Kind::Text | Kind::Secret | Kind::File => vec![json!({"type": ["string", "number"]})],
        Kind::Boolean => with_reference(json!({"type": "boolean"})),
        Kind::Integer(least, most) => {
            with_reference(json!({"type": "integer", "minimum": least, "maximum": most}))
        }
        Kind::Duration(..) => pattern("^([0-9]+(ms|s|m|h|d))+$"),
        Kind::Size(..) => pattern("^[0-9]+(B|KiB|MiB|GiB)$"),
        Kind::Rate => pattern("^[0-9]+/(s|m|h|d)$"),
        Kind::Word(words) => with_reference(json!({"enum": words_of(words)})),
        Kind::Network => pattern("^[0-9a-fA-F:.]+(/[0-9]+)?$"),
        Kind::Address => pattern("^(unix:/.*|.+:[0-9]+)$"),
        Kind::Upstream => pattern("^(unix:/|http://)"),
        Kind::Header => pattern("^[A-Za-z0-9-]+$"),
        Kind::Name => vec![json!({"type": ["string", "integer"]})],
        Kind::Instant => pattern("^[0-9]{4}-[0-9]{2}-[0-9]{2}"),
        Kind::Method => pattern("^[A-Z-]+$"),
        Kind::Host => pattern("^[A-Za-z0-9._:\\[\\]-]+$"),
        Kind::Path => pattern("^/"),
        Kind::Url => pattern("^https?://"),
        Kind::KeyLocation => pattern("^(bearer|basic|(header|cookie|query):.+)$"),
        Kind::KeyDigest => pattern("^(hmac-)?sha256:[0-9a-fA-F]{64}$"),
    }
}

fn words_of(words: &[&str]) -> Vec<Value> {
    let mut values: Vec<Value> = Vec::new();
    for word in words {
        // `version: 1` is a number to YAML, and `off` is false to YAML 1.1.
        values.extend(word.parse::<u64>().ok().map(Value::from));
        values.extend((*word == "off").then_some(Value::Bool(false)));
        values.push(json!(word));
    }
    values
}
