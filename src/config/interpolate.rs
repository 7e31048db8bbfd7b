//! `${VAR}`, `${VAR:-default}`, `${file:/path}` and `$$` in scalar values, after parsing: what they stand for is
//! never read as YAML. Also in the keys of `key_metadata`.

use zeroize::Zeroizing;

use super::defaults::{MOST_FILLED_BYTES, MOST_SECRET_BYTES};
use super::env::Environment;
use super::nearest::nearest;
use super::raw::{Id, Made, Origin, Tree};
use super::report::{Fault, Report, printable};
use super::source::Sources;
use super::units;

const FORMS: &str = "write ${VAR}, ${VAR:-default} or ${file:/path}; a dollar sign itself is $$";

/// Resolves every reference of a tree; each one that cannot be resolved becomes a problem.
///
/// A scalar that is one `${file:…}` whose file cannot be read becomes [`Made::Missing`]: whether that is an
/// error depends on the key and the load mode.
pub(crate) fn resolve(tree: &mut Tree, env: &Environment, sources: &mut Sources, report: &mut Report) {
    let mut filling = Filling { env, sources, room: MOST_FILLED_BYTES };
    for id in tree.reachable() {
        if report.is_full() {
            return;
        }
        if *tree.view(id).origin() == Origin::File {
            filling.key(tree, id, report);
            filling.value(tree, id, report);
        }
    }
}

struct Filling<'a> {
    env: &'a Environment,
    sources: &'a mut Sources,
    /// Bytes that may still be put in, so that one large value named often does not fill the memory.
    room: usize,
}

impl Filling<'_> {
    fn value(&mut self, tree: &mut Tree, id: Id, report: &mut Report) {
        let view = tree.view(id);
        let Some(text) = view.text().filter(|text| text.contains('$')) else { return };
        match self.filled(text) {
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

    fn key(&mut self, tree: &mut Tree, id: Id, report: &mut Report) {
        let view = tree.view(id);
        if !view.is_key_hidden() || !view.key().contains('$') {
            return;
        }
        match self.filled(view.key()) {
            Ok((_, Made::Missing(path, reason))) => {
                report.error(view.key_spot(), reason.fault(&path));
            }
            Ok((name, _)) => tree.rename(id, name),
            Err(fault) => report.error(view.key_spot(), fault),
        }
    }

    /// The text with every reference replaced, and where it came from.
    fn filled(&mut self, text: &str) -> Result<(Zeroizing<String>, Made), Fault> {
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
            let (value, source) = self.one(name)?;
            self.room = self.room.checked_sub(value.len()).ok_or_else(too_much)?;
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
    fn one(&mut self, name: &str) -> Result<(Zeroizing<String>, Made), Fault> {
        if let Some(path) = name.strip_prefix("file:") {
            return self.file(path);
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
        let value = match (self.env.get(variable), default) {
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
                let hint = match nearest(&variable, self.env.names()) {
                    Some(near) => format!("set it where the gate is started; did you mean {near}?"),
                    None => {
                        format!(
                            "set it where the gate is started; ${{{variable}:-…}} gives what is no secret a default"
                        )
                    }
                };
                return Err(Fault::new(format!("the variable {variable} is not set"), hint));
            }
        };
        self.sources.used_variable(variable, value);
        Ok((Zeroizing::new(value.to_owned()), Made::Variable(variable.to_owned())))
    }

    fn file(&mut self, path: &str) -> Result<(Zeroizing<String>, Made), Fault> {
        if path.is_empty() {
            return Err(Fault::new("`${file:}` names no file", FORMS));
        }
        let (_, found) = self.sources.read(path, MOST_SECRET_BYTES);
        let bytes = match found {
            Ok(bytes) => bytes,
            Err(reason) => {
                return Ok((Zeroizing::new(String::new()), Made::Missing(path.to_owned(), reason)));
            }
        };
        let Ok(text) = std::str::from_utf8(&bytes) else {
            let hint =
                "name the file by `file:` beside the secret's id instead; such a file may hold any bytes";
            return Err(Fault::new(format!("file {} is not UTF-8", printable(path, 200)), hint));
        };
        Ok((Zeroizing::new(without_newline(text).to_owned()), Made::File(path.to_owned())))
    }
}

fn too_much() -> Fault {
    let most = units::size_text(u64::try_from(MOST_FILLED_BYTES).unwrap_or(u64::MAX));
    Fault::new(format!("the references of this file stand for more than {most}"), "name large values once")
}

/// A file's text without its single trailing newline, which editors add.
pub(crate) fn without_newline(text: &str) -> &str {
    match text.strip_suffix('\n') {
        Some(line) => line.strip_suffix('\r').unwrap_or(line),
        None => text,
    }
}
