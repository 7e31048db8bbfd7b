//! The configuration as it holds: every value with where it came from, secrets masked. For `check --show` and the
//! admin API.

use std::fmt;

use serde_json::{Value, json};

use super::raw::{Content, Made, Origin, View};
use super::source::Sources;
use super::table::{Form, Group, Key};

/// What is shown instead of a secret.
const MASK: &str = "***";

/// The whole configuration, one row per value, in the order of the documentation.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// The rows.
    pub rows: Vec<ShownValue>,
}

/// One value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownValue {
    /// Path of the key: `limits.head_timeout`.
    pub path: String,
    /// The value as it would be written; `***` for a secret.
    pub value: String,
    /// `file:line`, the name of a variable, or `default`.
    pub origin: String,
}

impl Shown {
    /// Shows a document that passed every check.
    pub(crate) fn of(root: View<'_>, group: &'static Group, sources: &Sources) -> Self {
        let mut shown = Self::default();
        shown.map(Some(root), "", group, sources);
        shown
    }

    /// The rows as a JSON array.
    pub fn to_json(&self) -> Value {
        let row = |row: &ShownValue| json!({"path": row.path, "value": row.value, "origin": row.origin});
        Value::Array(self.rows.iter().map(row).collect())
    }

    fn map(&mut self, view: Option<View<'_>>, prefix: &str, group: &'static Group, sources: &Sources) {
        for key in group.keys {
            let path = if prefix.is_empty() { key.name.to_owned() } else { format!("{prefix}.{}", key.name) };
            match view.and_then(|view| view.get(key.name)) {
                Some(view) => self.value(view, key.forms, sources),
                None => self.absent(&path, key, sources),
            }
        }
    }

    fn absent(&mut self, path: &str, key: &'static Key, sources: &Sources) {
        if let Some(value) = key.default.written() {
            self.rows.push(ShownValue { path: path.to_owned(), value, origin: "default".to_owned() });
        }
        if let [Form::Map(group)] = key.forms
            && !path.contains('[')
        {
            self.map(None, path, group, sources);
        }
    }

    fn value(&mut self, view: View<'_>, forms: &'static [Form], sources: &Sources) {
        match view.content() {
            Content::Null => {}
            Content::Scalar(_) => {
                self.push(view, scalar_text(view), sources);
                self.rest_of_short_form(view, forms, sources);
            }
            Content::List(_) if view.items().all(|item| item.scalar().is_some()) => {
                let items: Vec<String> = view.items().map(scalar_text).collect();
                self.push(view, format!("[{}]", items.join(", ")), sources);
            }
            Content::List(_) => {
                let of_items = forms.iter().find_map(|form| match form {
                    Form::List(items) => Some(*items),
                    Form::Is(_) | Form::Map(_) | Form::Named(_) => None,
                });
                for (item, forms) in view.items().zip(std::iter::repeat(of_items.unwrap_or(&[]))) {
                    self.value(item, forms, sources);
                }
            }
            Content::Map(_) => {
                for form in forms {
                    match form {
                        Form::Map(group) => self.map(Some(view), &view.path(), group, sources),
                        Form::Named(forms) => {
                            view.entries().for_each(|entry| self.value(entry, forms, sources))
                        }
                        Form::Is(_) | Form::List(_) => {}
                    }
                }
            }
        }
    }

    /// `upstream: URL` leaves the other keys of the long form at their defaults; they hold, so they are shown.
    fn rest_of_short_form(&mut self, view: View<'_>, forms: &'static [Form], sources: &Sources) {
        if !view.is_shown() {
            return;
        }
        for form in forms {
            if let Form::Map(group) = form {
                self.map(None, &view.path(), group, sources);
            }
        }
    }

    fn push(&mut self, view: View<'_>, value: String, sources: &Sources) {
        let reference = match view.scalar().map(|scalar| &scalar.made) {
            Some(Made::Variable(name)) => format!(" (${{{name}}})"),
            Some(Made::File(path) | Made::Missing(path, _)) => format!(" (${{file:{path}}})"),
            Some(Made::Written | Made::Mixed | Made::Unresolved) | None => String::new(),
        };
        let origin = match view.origin() {
            Origin::File => format!("{}{reference}", sources.name_of(view)),
            Origin::Variable(name) => name.clone(),
        };
        self.rows.push(ShownValue { path: view.path(), value, origin });
    }
}

/// Security: shown only where the key table says that this is no secret.
fn scalar_text(view: View<'_>) -> String {
    match view.text() {
        Some(text) if view.is_shown() => super::report::printable(text, 500),
        Some(_) | None => MASK.to_owned(),
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |cell: fn(&ShownValue) -> &str| {
            self.rows.iter().map(|row| cell(row).chars().count()).max().unwrap_or(0).min(56)
        };
        let (path, value) = (width(|row| &row.path), width(|row| &row.value));
        for row in &self.rows {
            writeln!(f, "{:path$}  {:value$}  {}", row.path, row.value, row.origin)?;
        }
        Ok(())
    }
}
