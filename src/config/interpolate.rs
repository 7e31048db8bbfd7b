//! `${VAR}`, `${VAR:-default}`, `${file:/path}` and `$$` in scalar values, after parsing: what they stand for is
//! never read as YAML. Also in the keys of `key_metadata`.

use zeroize::Zeroizing;

use super::defaults::MOST_SECRET_BYTES;
use super::env::Environment;
use super::nearest::nearest;
use super::raw::{Id, Made, Origin, Tree};
use super::report::{Fault, Report, printable};
use super::source::Sources;

const FORMS: &str = "write ${VAR}, ${VAR:-default} or ${file:/path}; a dollar sign itself is $$";

/// Resolves every reference of a tree; each one that cannot be resolved becomes a problem.
///
/// A scalar that is one `${file:…}` whose file cannot be read becomes [`Made::Missing`]: whether that is an
/// error depends on the key and the load mode.
pub(crate) fn resolve(tree: &mut Tree, env: &Environment, sources: &mut Sources, report: &mut Report) {
    for id in tree.reachable() {
        if report.is_full() {
            return;
        }
        if *tree.view(id).origin() != Origin::File {
            continue;
        }
        resolve_key(tree, id, env, sources, report);
        resolve_value(tree, id, env, sources, report);
    }
}

fn resolve_value(tree: &mut Tree, id: Id, env: &Environment, sources: &mut Sources, report: &mut Report) {
    let view = tree.view(id);
    let Some(text) = view.text().filter(|text| text.contains('$')) else { return };
    match filled(text, env, sources) {
        Ok((text, made)) => {
            if let Some(scalar) = tree.scalar_mut(id) {
                scalar.text = text;
                scalar.made = made;
            }
        }
        Err(fault) => {
            report.error(view.spot(), fault);
            if let Some(scalar) = tree.scalar_mut(id) {
                scalar.made = Made::Unresolved;
            }
        }
    }
}

fn resolve_key(tree: &mut Tree, id: Id, env: &Environment, sources: &mut Sources, report: &mut Report) {
    let view = tree.view(id);
    if !view.is_key_hidden() || !view.key().contains('$') {
        return;
    }
    match filled(view.key(), env, sources) {
        Ok((_, Made::Missing(path, reason))) => {
            report.error(view.key_spot(), reason.fault(&path));
        }
        Ok((name, _)) => tree.rename(id, name),
        Err(fault) => report.error(view.key_spot(), fault),
    }
}

/// The text with every reference replaced, and where it came from.
fn filled(text: &str, env: &Environment, sources: &mut Sources) -> Result<(Zeroizing<String>, Made), Fault> {
    let mut made = Made::Written;
    let mut filled = Zeroizing::new(String::with_capacity(text.len()));
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        filled.push_str(before);
        if let Some(tail) = after.strip_prefix('$') {
            filled.push('$');
            rest = tail;
            continue;
        }
        let Some((name, tail)) = after.strip_prefix('{').and_then(|body| body.split_once('}')) else {
            let message = match after.starts_with('{') {
                true => "`${` has no `}` after it",
                false => "`$` does not start a reference here",
            };
            return Err(Fault::new(message, FORMS));
        };
        let (value, source) = one(name, env, sources)?;
        let is_whole = tail.is_empty() && before.is_empty() && rest.len() == text.len();
        if let Made::Missing(path, reason) = &source
            && !is_whole
        {
            return Err(reason.fault(path));
        }
        made = if is_whole { source } else { Made::Mixed };
        filled.push_str(&value);
        rest = tail;
    }
    filled.push_str(rest);
    Ok((filled, made))
}

/// What the inside of one `${…}` stands for.
fn one(name: &str, env: &Environment, sources: &mut Sources) -> Result<(Zeroizing<String>, Made), Fault> {
    if let Some(path) = name.strip_prefix("file:") {
        return file(path, sources);
    }
    let (variable, default) = match name.split_once(":-") {
        Some((variable, default)) => (variable, Some(default)),
        None => (name, None),
    };
    let is_name = variable.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && variable.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !is_name {
        return Err(Fault::new("this is not the name of a variable", FORMS));
    }
    let value = match (env.get(variable), default) {
        (Some(value), None) => value,
        (Some(value), Some(default)) => {
            if value.is_empty() {
                default
            } else {
                value
            }
        }
        (None, Some(default)) => default,
        (None, None) => {
            let variable = printable(variable, 64);
            let hint = match nearest(&variable, env.names()) {
                Some(near) => format!("set it, or write ${{{variable}:-default}}; did you mean {near}?"),
                None => format!("set it where the gate is started, or write ${{{variable}:-default}}"),
            };
            return Err(Fault::new(format!("the variable {variable} is not set"), hint));
        }
    };
    sources.used_variable(variable, value);
    Ok((Zeroizing::new(value.to_owned()), Made::Variable(variable.to_owned())))
}

fn file(path: &str, sources: &mut Sources) -> Result<(Zeroizing<String>, Made), Fault> {
    if path.is_empty() {
        return Err(Fault::new("`${file:}` names no file", FORMS));
    }
    let (_, found) = sources.read(path, MOST_SECRET_BYTES);
    let bytes = match found {
        Ok(bytes) => bytes,
        Err(reason) => {
            return Ok((Zeroizing::new(String::new()), Made::Missing(path.to_owned(), reason)));
        }
    };
    let Ok(text) = std::str::from_utf8(&bytes) else {
        let hint = "name the file by `file:` beside the secret's id instead; such a file may hold any bytes";
        return Err(Fault::new(format!("file {path} is not UTF-8"), hint));
    };
    Ok((Zeroizing::new(without_newline(text).to_owned()), Made::File(path.to_owned())))
}

/// A file's text without its single trailing newline, which editors add.
pub(crate) fn without_newline(text: &str) -> &str {
    match text.strip_suffix('\n') {
        Some(line) => line.strip_suffix('\r').unwrap_or(line),
        None => text,
    }
}
