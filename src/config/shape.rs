//! Holds a tree against the key table: unknown keys, missing keys, wrong types, values that cannot be read.
//!
//! What passes here can be read by `read` without another check; rules between keys are not its matter.

use super::nearest::nearest;
use super::raw::{Content, Id, Made, Scalar, Tree, View};
use super::report::{Fault, Report, printable, quoted};
use super::scalar;
use super::table::{Default, Form, Group, Kind, alternatives};

/// Keys of the language that this version does not know yet.
const LATER: &[&str] = &[
    "client_certificate",
    "dependencies",
    "handshake",
    "jwt",
    "mode",
    "otlp",
    "policies",
    "proxy_protocol",
    "shared_state",
    "tls",
];

/// Checks a whole document, and marks the scalars that may be shown in a snippet.
pub(crate) fn check(tree: &mut Tree, group: &'static Group, report: &mut Report) {
    let mut shape = Shape { report, shown: Vec::new() };
    let root = tree.root();
    match root.content() {
        Content::Map(_) => shape.map(root, group),
        Content::Null | Content::Scalar(_) | Content::List(_) => {
            let message = format!("expected a map of keys, found {}", found(root));
            shape.report.error(root.spot(), Fault::new(message, "a file is lines of the form `key: value`"));
        }
    }
    for id in shape.shown {
        tree.show(id);
    }
}

struct Shape<'r> {
    report: &'r mut Report,
    shown: Vec<Id>,
}

impl Shape<'_> {
    fn map(&mut self, view: View<'_>, group: &'static Group) {
        for entry in view.entries() {
            if self.report.is_full() {
                return;
            }
            match group.key(entry.key()) {
                Some(key) => self.value(entry, key.forms),
                None => self.unknown(entry, group),
            }
        }
        for key in group.keys.iter().filter(|key| matches!(key.default, Default::Required)) {
            if view.get(key.name).is_none() {
                // Where one word alone is accepted, the hint can be copied: `version: 1`.
                let what = alternatives(key.forms.get(..1).unwrap_or(&[]));
                let hint = format!("write {}: {}", key.name, what.trim_matches('`'));
                let fault = Fault::new(format!("the key `{}` is missing", key.name), hint);
                self.report.error(view.key_spot(), fault);
            }
        }
    }

    fn unknown(&mut self, entry: View<'_>, group: &'static Group) {
        let name = printable(entry.key(), 64);
        let near = nearest(entry.key(), group.keys.iter().map(|key| key.name));
        let (message, hint) = match near {
            _ if LATER.contains(&entry.key()) => {
                (format!("`{name}` is not available in this version"), "remove it".to_owned())
            }
            Some(near) => (format!("unknown key `{name}`"), format!("did you mean `{near}`?")),
            None => {
                let known: Vec<&str> = group.keys.iter().map(|key| key.name).collect();
                (format!("unknown key `{name}`"), format!("known here: {}", known.join(", ")))
            }
        };
        self.report.error(entry.key_spot(), Fault::new(message, hint));
    }

    fn value(&mut self, view: View<'_>, forms: &'static [Form]) {
        if self.report.is_full() {
            return;
        }
        match view.content() {
            Content::Null => {
                let hint = format!("write {}, or remove the key", alternatives(forms));
                self.report.error(view.key_spot(), Fault::new("there is no value", hint));
            }
            Content::Scalar(scalar) => self.scalar(view, scalar, forms),
            Content::List(items) => {
                let Some(form) = forms.iter().find_map(|form| match form {
                    Form::List(items) => Some(*items),
                    Form::Is(_) | Form::Map(_) | Form::Named(_) => None,
                }) else {
                    return self.mismatch(view, forms);
                };
                if items.is_empty() {
                    let hint = "write at least one item, or remove the key";
                    self.report.error(view.spot(), Fault::new("the list is empty", hint));
                }
                view.items().for_each(|item| self.value(item, form));
            }
            Content::Map(entries) => {
                let is_empty = entries.is_empty();
                match forms.iter().find(|form| matches!(form, Form::Map(_) | Form::Named(_))) {
                    Some(Form::Map(group)) => self.map(view, group),
                    Some(Form::Named(_)) if is_empty => {
                        let hint = "write at least one entry, or remove the key";
                        self.report.error(view.spot(), Fault::new("the map is empty", hint));
                    }
                    Some(Form::Named(values)) => view.entries().for_each(|entry| self.value(entry, values)),
                    Some(Form::Is(_) | Form::List(_)) | None => self.mismatch(view, forms),
                }
            }
        }
    }

    fn scalar(&mut self, view: View<'_>, scalar: &Scalar, forms: &'static [Form]) {
        let kinds: Vec<Kind> = forms
            .iter()
            .filter_map(|form| match form {
                Form::Is(kind) => Some(*kind),
                Form::List(_) | Form::Map(_) | Form::Named(_) => None,
            })
            .collect();
        if kinds.is_empty() && scalar.made != Made::Unresolved {
            return self.mismatch(view, forms);
        }
        let is_secret = kinds.iter().any(|kind| matches!(kind, Kind::Secret));
        if !is_secret
            && !kinds.is_empty()
            && kinds.iter().all(|kind| scalar::is_showable(*kind, &scalar.text))
        {
            self.shown.push(view.id());
        }
        match &scalar.made {
            Made::Unresolved => return,
            // What a missing secret means depends on the load mode, which `validate` knows.
            Made::Missing(..) if is_secret => return,
            Made::Missing(path, reason) => {
                self.report.error(view.spot(), reason.fault(path));
                return;
            }
            Made::Written | Made::Variable(_) | Made::File(_) | Made::Mixed => {}
        }
        let faults: Vec<Fault> = kinds.iter().filter_map(|kind| scalar::fault(*kind, &scalar.text)).collect();
        if faults.len() < kinds.len() {
            return;
        }
        let mut fault = match faults.into_iter().next() {
            Some(only) if kinds.len() == 1 && (forms.len() == 1 || !is_word(&kinds)) => only,
            Some(_) | None => Fault::new(format!("expected {}", alternatives(forms)), ""),
        };
        let is_quotable = !is_secret && self.shown.last() == Some(&view.id());
        if is_quotable && fault.message.starts_with("expected") && !fault.message.contains("found") {
            fault.message.push_str(&format!(", found {}", quoted(view)));
        }
        self.report.error(view.spot(), fault);
    }

    fn mismatch(&mut self, view: View<'_>, forms: &'static [Form]) {
        let message = format!("expected {}, found {}", alternatives(forms), found(view));
        let takes_list = forms.iter().any(|form| matches!(form, Form::List(_)));
        let hint = match view.content() {
            Content::Scalar(_) if takes_list => "a list of one is written in brackets: [one]",
            Content::Null | Content::Scalar(_) | Content::List(_) | Content::Map(_) => "",
        };
        self.report.error(view.spot(), Fault::new(message, hint));
    }
}

/// Whether a word was expected: the fault of a missed word does not name the list or map that could stand there.
fn is_word(kinds: &[Kind]) -> bool {
    kinds.iter().any(|kind| matches!(kind, Kind::Word(_)))
}

/// What kind of thing stands there; never its text, which may be a secret in the wrong place.
fn found(view: View<'_>) -> &'static str {
    match view.content() {
        Content::Null => "nothing",
        Content::Scalar(_) => "a single value",
        Content::List(_) => "a list",
        Content::Map(_) => "a map",
    }
}
