//! Environment over file: `SIDEGATE__OPERATIONAL__MAINTENANCE_MODE=true` sets `operational.maintenance_mode`.
//!
//! The path is the name after the prefix, cut at `__`; a number stands for an item that the file has. A name that
//! leads to no key is a problem: a misspelt switch must not look as if it were thrown.

use zeroize::Zeroizing;

use super::env::Environment;
use super::nearest::nearest;
use super::raw::{Content, Id, Made, Mark, Origin, Scalar, Step, Tree};
use super::report::{Fault, Place, Report, Spot, printable};
use super::source::Sources;
use super::table::{Form, Group, alternatives};

/// What every such variable starts with.
pub(crate) const PREFIX: &str = "SIDEGATE__";

/// Writes every variable of the overlay into the tree.
pub(crate) fn apply(
    tree: &mut Tree,
    root: &'static Group,
    env: &Environment,
    sources: &mut Sources,
    report: &mut Report,
) {
    for (name, value) in env.starting_with(PREFIX) {
        sources.used_variable(name, value);
        let count = tree.len();
        if let Err(fault) = set(tree, root, name, value) {
            tree.forget_from(count);
            let spot = Spot { place: Place::Variable(printable(name, 200)), path: String::new() };
            report.error(spot, fault);
        }
    }
}

/// Where the walk has come to: a node, and what may stand there.
struct Cursor {
    at: Id,
    forms: &'static [Form],
}

fn set(tree: &mut Tree, root: &'static Group, name: &str, value: &str) -> Result<(), Fault> {
    let path = name.strip_prefix(PREFIX).unwrap_or(name).to_ascii_lowercase();
    let origin = Origin::Variable(name.to_owned());
    let mut steps = path.split("__");
    let mut cursor = {
        let first = steps.next().unwrap_or("");
        let key = root.key(first).ok_or_else(|| unknown(first, root))?;
        Cursor { at: child(tree, tree.root().id(), key.name, &origin)?, forms: key.forms }
    };
    for step in steps {
        cursor = descend(tree, &cursor, step, &origin)?;
    }
    let content = if cursor.forms.iter().any(|form| matches!(form, Form::Is(_))) {
        scalar(name, value)
    } else if cursor.forms.iter().any(|form| matches!(form, Form::List(_))) {
        Content::List(Vec::new())
    } else {
        let hint = format!("set one of its keys: {name}__KEY");
        return Err(Fault::new(format!("a variable cannot hold {}", alternatives(cursor.forms)), hint));
    };
    let is_list = matches!(content, Content::List(_));
    tree.replace(cursor.at, content, origin.clone());
    if is_list {
        for (index, item) in value.split(',').map(str::trim).enumerate() {
            let id = tree.push(Some(cursor.at), Step::Item(index), Mark::default(), Content::Null);
            tree.replace(id, scalar(name, item), origin.clone());
            tree.adopt(cursor.at, id);
        }
    }
    Ok(())
}

fn descend(tree: &mut Tree, cursor: &Cursor, step: &str, origin: &Origin) -> Result<Cursor, Fault> {
    let items = tree.view(cursor.at).items().count();
    for form in cursor.forms {
        match form {
            Form::Map(group) => {
                let key = group.key(step).ok_or_else(|| unknown(step, group))?;
                return Ok(Cursor { at: child(tree, cursor.at, key.name, origin)?, forms: key.forms });
            }
            Form::Named(values) => {
                let names = tree.view(cursor.at).entries().map(|entry| entry.key().to_owned());
                let known = names.filter(|name| name.eq_ignore_ascii_case(step)).last();
                let name = known.unwrap_or_else(|| step.to_owned());
                return Ok(Cursor { at: child(tree, cursor.at, &name, origin)?, forms: values });
            }
            Form::List(forms) => {
                let index = step.parse::<usize>().ok();
                if let Some(item) = index.and_then(|index| tree.view(cursor.at).items().nth(index)) {
                    return Ok(Cursor { at: item.id(), forms });
                }
            }
            Form::Is(_) => {}
        }
    }
    let hint = match items {
        0 => String::new(),
        count => format!("the list has the items 0 to {}", count - 1),
    };
    Err(Fault::new(format!("`{}` leads to no key", printable(step, 64)), hint))
}

/// The value of a key, added when the file does not have it.
fn child(tree: &mut Tree, parent: Id, key: &str, origin: &Origin) -> Result<Id, Fault> {
    let view = tree.view(parent);
    if let Some(known) = view.get(key) {
        return Ok(known.id());
    }
    match view.content() {
        Content::Map(_) => {}
        Content::Null => tree.replace(parent, Content::Map(Vec::new()), origin.clone()),
        Content::Scalar(_) | Content::List(_) => {
            let message =
                format!("the file does not write `{}` as a map, so no key of it can be set", view.path());
            return Err(Fault::new(message, "write it as a map in the file"));
        }
    }
    let step = Step::Key(Zeroizing::new(key.to_owned()), Mark::default());
    let id = tree.push(Some(parent), step, Mark::default(), Content::Null);
    tree.replace(id, Content::Null, origin.clone());
    tree.adopt(parent, id);
    Ok(id)
}

fn scalar(name: &str, value: &str) -> Content {
    let text = Zeroizing::new(value.to_owned());
    Content::Scalar(Scalar { text, made: Made::Variable(name.to_owned()) })
}

fn unknown(step: &str, group: &Group) -> Fault {
    let step = printable(step, 64);
    let hint = match nearest(&step, group.keys.iter().map(|key| key.name)) {
        Some(near) => format!("did you mean {}?", near.to_ascii_uppercase()),
        None => "the path is the key's, in capitals, cut at __".to_owned(),
    };
    Fault::new(format!("`{step}` is no known key"), hint)
}
