//! `docs/CONFIG.md`, written from the key table so that it cannot say something else.

use std::fmt::Write;

use super::table::{Default, Form, Group, ROOT};

const HEAD: &str = include_str!("document/head.md");

/// The whole document.
pub fn config_md() -> String {
    let mut groups: Vec<(&'static Group, Vec<String>)> = Vec::new();
    collect(&ROOT, "", &mut groups);
    let mut text = String::from(HEAD);
    for (group, places) in groups {
        section(group, &places, &mut text);
    }
    text
}

/// Every group once, with the paths it stands at, in the order of first mention.
fn collect(group: &'static Group, path: &str, groups: &mut Vec<(&'static Group, Vec<String>)>) {
    if let Some((_, places)) = groups.iter_mut().find(|(known, _)| known.name == group.name) {
        places.push(path.to_owned());
        return;
    }
    groups.push((group, vec![path.to_owned()]));
    for key in group.keys {
        let path = if path.is_empty() { key.name.to_owned() } else { format!("{path}.{}", key.name) };
        key.forms.iter().for_each(|form| collect_form(*form, &path, groups));
    }
}

fn collect_form(form: Form, path: &str, groups: &mut Vec<(&'static Group, Vec<String>)>) {
    match form {
        Form::Map(group) => collect(group, path, groups),
        Form::List(items) => items.iter().for_each(|item| collect_form(*item, &format!("{path}[]"), groups)),
        Form::Named(values) => values.iter().for_each(|v| collect_form(*v, &format!("{path}.NAME"), groups)),
        Form::Is(_) => {}
    }
}

fn section(group: &Group, places: &[String], text: &mut String) {
    let title = if group.name == ROOT.name { "Top level".to_owned() } else { heading(group.name) };
    let _ = write!(text, "\n## {title}\n\n");
    let named: Vec<String> = places.iter().filter(|p| !p.is_empty()).map(|p| format!("`{p}`")).collect();
    if !named.is_empty() {
        let _ = write!(text, "Stands at {}.\n\n", named.join(", "));
    }
    text.push_str("| Key | Takes | Default | What it does |\n|---|---|---|---|\n");
    for key in group.keys {
        let default = match key.default {
            Default::Required => "**required**".to_owned(),
            Default::Absent => "–".to_owned(),
            Default::Depends(words) => words.to_owned(),
            written @ (Default::Duration(_) | Default::Size(_) | Default::Number(_) | Default::Text(_)) => {
                written.written().map(|text| format!("`{text}`")).unwrap_or_default()
            }
        };
        let takes: Vec<String> = key.forms.iter().map(|form| linked(*form)).collect();
        let row = format!("| `{}` | {} | {default} | {} |\n", key.name, takes.join(" or "), key.doc);
        text.push_str(&row);
    }
}

/// A form in words, its groups as links to their sections.
fn linked(form: Form) -> String {
    let many = |forms: &'static [Form]| {
        let words: Vec<String> = forms.iter().map(|form| linked(*form)).collect();
        words.join(" or ")
    };
    match form {
        Form::Is(kind) => kind.words(),
        Form::List(items) => format!("a list of ({})", many(items)),
        Form::Map(group) => format!("[{}](#{})", heading(group.name), group.name.replace('_', "-")),
        Form::Named(values) => format!("names with ({})", many(values)),
    }
}

fn heading(name: &str) -> String {
    name.replace('_', " ")
}
