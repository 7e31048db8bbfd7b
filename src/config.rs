//! Text to plain typed data: reads the file, collects every problem, names no runtime object.
//!
//! Three stages: `raw` (a tree of nodes with positions) → [`settings::Settings`] (typed, complete) →
//! `check::Policy` (compiled tables, built above this layer). Called at start, on every reload and by `check`.

use std::path::Path;

use crate::base::clock;

pub mod defaults;
pub mod diff;
mod document;
pub mod env;
mod interpolate;
mod known;
pub(crate) mod nearest;
mod networks;
mod overlay;
mod paths;
pub mod problem;
mod raw;
mod report;
mod scalar;
mod schema;
pub mod settings;
mod shape;
pub mod show;
mod source;
mod table;
mod units;
mod validate;

pub use diff::{diff, restarts};
pub use document::config_md;
use env::Environment;
pub use known::Known;
use problem::{Problem, Problems};
use raw::{Content, Id, Tree};
use report::{Fault, Report, Spot};
pub use schema::json_schema;
use settings::Settings;
use show::Shown;
use source::Sources;
pub use table::{KeyDoc, key_table};
use validate::Reading;

/// How often a load starts again because a file changed under it.
const TRIES: usize = 3;

/// What a secret file that cannot be read means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadMode {
    /// The process starts: what needs the secret answers 503, the rest serves.
    Start,
    /// The process runs: the configuration is refused and the last good one stays.
    Reload,
}

/// A configuration that can be used.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What it means.
    pub settings: Settings,
    /// What someone should look at.
    pub warnings: Vec<Problem>,
    /// What holds and where each value came from, secrets masked.
    pub shown: Shown,
}

/// Reads the configuration at `path`, the files it names, and what `env` puts over it.
///
/// # Errors
/// Every problem found, in one run. [`Problems::inputs`] names the files whose change is worth another try.
pub fn load(path: &Path, mode: LoadMode, env: &Environment) -> Result<Loaded, Problems> {
    load_again(path, mode, env, &mut Known::default())
}

/// The same, for whoever does it again and again: large files whose bytes are `known` are not taken apart anew.
///
/// # Errors
/// As [`load`].
pub fn load_again(
    path: &Path,
    mode: LoadMode,
    env: &Environment,
    known: &mut Known,
) -> Result<Loaded, Problems> {
    let main = Main::File(path);
    for _ in 1..TRIES {
        let (outcome, sources) = attempt(main, mode, env, known);
        if sources.changed().is_none() {
            return kept(outcome, &sources, known);
        }
    }
    let (outcome, sources) = attempt(main, mode, env, known);
    match sources.changed() {
        None => kept(outcome, &sources, known),
        Some(moved) => {
            let message = "the file changed while it was read, several times".to_owned();
            let problem = Problem::error_at(&moved.display().to_string(), 0, String::new(), message)
                .with_hint("it is read again as soon as it stays the same".to_owned());
            Err(Problems { items: vec![problem], inputs: sources.inputs() })
        }
    }
}

fn kept(outcome: Result<Loaded, Problems>, sources: &Sources, known: &mut Known) -> Result<Loaded, Problems> {
    if outcome.is_ok() {
        known.keep(sources.held());
    }
    outcome
}

/// Reads a configuration out of `text`, as if it stood in a file at `path`: for standard input and for the examples
/// in documents. Files it names are read.
///
/// # Errors
/// As [`load`].
pub fn load_text(path: &Path, text: &[u8], mode: LoadMode, env: &Environment) -> Result<Loaded, Problems> {
    attempt(Main::Text(path, text), mode, env, &mut Known::default()).0
}

/// Where the main file's bytes come from.
#[derive(Clone, Copy)]
enum Main<'a> {
    File(&'a Path),
    Text(&'a Path, &'a [u8]),
}

fn attempt(
    main: Main<'_>,
    mode: LoadMode,
    env: &Environment,
    known: &mut Known,
) -> (Result<Loaded, Problems>, Sources) {
    let (Main::File(path) | Main::Text(path, _)) = main;
    known.begin();
    let mut reading = Reading::new(Sources::beside(path), mode, (env, known), clock::now().wall);
    let (tree, settings) = match document(main, &mut reading) {
        Ok(tree) => {
            let settings = validate::settings(tree.root(), &mut reading);
            (Some(tree), settings)
        }
        Err(tree) => (tree, None),
    };
    let Reading { report, sources, trees, .. } = reading;
    let failed = report.has_errors();
    let kept: Vec<&Tree> = tree.iter().chain(&trees).collect();
    let items = report.into_problems(&sources, &kept);
    let outcome = match settings {
        Some(mut settings) if !failed => {
            let shown = tree.as_ref().map(|tree| Shown::of(tree.root(), &table::ROOT, &sources));
            let shown = shown.unwrap_or_default();
            settings.hash = sources.hash(&shown);
            settings.fingerprint = sources.fingerprint();
            settings.inputs = sources.inputs();
            Ok(Loaded { settings, warnings: items, shown })
        }
        Some(_) | None => Err(Problems { items, inputs: sources.inputs() }),
    };
    (outcome, sources)
}

/// Reads the main file into a tree whose keys were held against the table. `Err`: there is nothing to go on with, or
/// only a tree for snippets; the report tells why.
fn document(main: Main<'_>, reading: &mut Reading<'_>) -> Result<Tree, Option<Tree>> {
    let (id, found) = match main {
        Main::File(path) => reading.sources.read_main(path, defaults::MOST_CONFIG_BYTES),
        Main::Text(path, text) => reading.sources.take_main(path, text, defaults::MOST_CONFIG_BYTES),
    };
    let report = &mut reading.report;
    let bytes = match found {
        Ok(bytes) => bytes,
        Err(reason) => {
            let fault = Fault::new(format!("the file cannot be read: {}", reason.0), "");
            report.error(Spot::file(id), fault);
            return Err(None);
        }
    };
    let text = match std::str::from_utf8(&bytes) {
        Ok(text) => text,
        Err(error) => {
            let line = bytes.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count() + 1;
            report.error(
                Spot::file(id),
                Fault::new(format!("line {line} is not UTF-8"), "save the file as UTF-8"),
            );
            return Err(None);
        }
    };
    let mut tree = raw::parse::parse(text, id, defaults::MOST_CONFIG_NODES, report).ok_or(None)?;
    if let Some(version) = foreign_version(&tree, report) {
        tree.show(version);
        return Err(Some(tree));
    }
    overlay::apply(&mut tree, &table::ROOT, reading.env, &mut reading.sources, report);
    interpolate::resolve(&mut tree, reading.env, &mut reading.sources, report);
    shape::check(&mut tree, &table::ROOT, report);
    match tree.root().content() {
        Content::Map(_) => Ok(tree),
        Content::Null | Content::Scalar(_) | Content::List(_) => Err(Some(tree)),
    }
}

/// The version is read first: what another version means by its keys is not known here.
fn foreign_version(tree: &Tree, report: &mut Report) -> Option<Id> {
    let view = tree.root().get("version").filter(|view| view.text() != Some("1"))?;
    let message = format!("this build does not know version {}", report::quoted(view));
    report.error(view.spot(), Fault::new(message, "the known version is 1"));
    Some(view.id())
}

#[cfg(test)]
mod tests;
