//! Collects findings while a configuration is read, and turns them into problems with masked snippets.
//!
//! A finding never stops the reading: every problem of every file comes out of one run.

use super::problem::{Problem, Severity, Snippet};
use super::raw::{Content, Made, Mark, Origin, Tree, View};
use super::source::{FileId, Sources};

/// Most problems told; a file with more of them has one cause.
const MOST: usize = 200;

/// Most characters of a line shown in a snippet.
const WIDEST: usize = 160;

/// Most characters of a message; names in it come from the file.
const MOST_TOLD: usize = 1_000;

/// Where something was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In a file.
    File(FileId, Mark),
    /// In a file whose text could not be made into a tree, so nothing but the shape of the line may be shown.
    Unread(FileId, Mark),
    /// In this environment variable.
    Variable(String),
}

/// Where something was written, and its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    pub(crate) place: Place,
    pub(crate) path: String,
}

impl Spot {
    /// A file as a whole.
    pub(crate) fn file(id: FileId) -> Self {
        Self { place: Place::File(id, Mark::default()), path: String::new() }
    }
}

/// What is wrong with a value, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) message: String,
    pub(crate) hint: String,
}

impl Fault {
    /// A fault with a way out.
    pub(crate) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into() }
    }
}

#[derive(Debug)]
struct Finding {
    severity: Severity,
    spot: Spot,
    fault: Fault,
}

/// All findings so far.
#[derive(Debug, Default)]
pub(crate) struct Report {
    findings: Vec<Finding>,
    errors: usize,
    warnings: usize,
}

impl Report {
    /// Notes an error.
    pub(crate) fn error(&mut self, spot: Spot, fault: Fault) {
        self.note(Severity::Error, spot, fault);
    }

    /// Notes a warning.
    pub(crate) fn warn(&mut self, spot: Spot, fault: Fault) {
        self.note(Severity::Warning, spot, fault);
    }

    fn note(&mut self, severity: Severity, spot: Spot, fault: Fault) {
        let count = match severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        };
        *count += 1;
        if *count <= MOST {
            self.findings.push(Finding { severity, spot, fault });
        }
    }

    /// Whether there are so many errors that looking for more is not worth the time.
    ///
    /// Security: only errors count. Whoever stops early because of this leaves parts of the file unread, which is
    /// safe only because the file is refused.
    pub(crate) fn is_full(&self) -> bool {
        self.errors >= MOST
    }

    /// How many errors and warnings there are so far.
    pub(crate) fn found(&self) -> usize {
        self.errors + self.warnings
    }

    /// Whether an error about this very place is noted.
    pub(crate) fn has_error_at(&self, spot: &Spot) -> bool {
        self.findings.iter().any(|f| f.severity == Severity::Error && f.spot == *spot)
    }

    /// Whether anything stops the configuration.
    pub(crate) fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// The findings as problems, in the order of files and lines.
    pub(crate) fn into_problems(self, sources: &Sources, trees: &[&Tree]) -> Vec<Problem> {
        if self.findings.is_empty() {
            return Vec::new();
        }
        let inks: Vec<Ink> = trees.iter().map(|tree| Ink::of(tree)).collect();
        let mut sorted = self.findings;
        sorted.sort_by_key(|finding| match &finding.spot.place {
            Place::File(file, mark) | Place::Unread(file, mark) => (Some(*file), mark.start),
            Place::Variable(_) => (None, 0),
        });
        let mut problems: Vec<Problem> =
            sorted.into_iter().map(|finding| problem(finding, sources, &inks)).collect();
        if self.errors >= MOST
            && let Some(last) = problems.last_mut()
        {
            last.hint = format!("these are the first {MOST} errors; there may be more");
        }
        problems
    }
}

fn problem(finding: Finding, sources: &Sources, inks: &[Ink]) -> Problem {
    let Finding { severity, spot, fault } = finding;
    let (file, line, column, snippet) = match spot.place {
        Place::File(id, mark) => {
            let ink = inks.iter().find(|ink| ink.file == id);
            let text = sources.text(id).filter(|_| mark.line > 0);
            let snippet = text.zip(ink).and_then(|(text, ink)| ink.snippet(text, mark));
            (sources.name(id), mark.line, mark.column, snippet)
        }
        Place::Unread(id, mark) => {
            let snippet = sources.text(id).and_then(|text| outline(text, mark));
            (sources.name(id), mark.line, mark.column, snippet)
        }
        Place::Variable(name) => (name, 0, 0, None),
    };
    let drawable = |text: &str| printable(text, MOST_TOLD);
    Problem {
        severity,
        file: drawable(&file),
        path: drawable(&spot.path),
        line,
        column,
        message: drawable(&fault.message),
        hint: drawable(&fault.hint),
        snippet,
    }
}

/// Which bytes of a file are scalars and keys, and which of them may be shown.
struct Ink {
    file: FileId,
    /// Byte ranges in ascending order; `true`: may be shown.
    ranges: Vec<(usize, usize, bool)>,
}

impl Ink {
    fn of(tree: &Tree) -> Self {
        let mut ranges = Vec::with_capacity(tree.len() * 2);
        for view in tree.all() {
            if *view.origin() == Origin::File && !view.key().is_empty() {
                let mark = view.key_mark();
                ranges.push((mark.start, mark.end, !view.is_key_hidden()));
            }
            if let Content::Scalar(_) = view.content() {
                let mark = view.mark();
                ranges.push((mark.start, mark.end, view.is_shown()));
            }
        }
        ranges.extend(tree.refused().iter().map(|(start, end)| (*start, *end, false)));
        ranges.sort_unstable();
        Self { file: tree.file(), ranges }
    }

    /// The line a mark is on: hidden scalars as `***`, comments cut.
    ///
    /// Security: ranges can lie within each other (a value that a variable replaced); what any of them hides stays
    /// hidden.
    fn snippet(&self, text: &str, mark: Mark) -> Option<Snippet> {
        let (from, to) = line_around(text, mark.start)?;
        let mut drawing = Drawing { text: String::new(), count: 0, caret: None, caret_end: 0 };
        let (mut hidden_until, mut inside_until) = (0, 0);
        let mut ranges = self.ranges.iter().take_while(|(start, _, _)| *start < to).peekable();
        let mut at = from;
        while at < to && !drawing.is_wide_enough() {
            while let Some((_, end, is_shown)) = ranges.next_if(|(start, _, _)| *start <= at) {
                inside_until = inside_until.max(*end);
                hidden_until = if *is_shown { hidden_until } else { hidden_until.max(*end) };
            }
            drawing.mark_caret(at, mark);
            if at < hidden_until {
                drawing.hide();
                at = hidden_until.min(to);
            } else {
                let found = text.get(at..to)?.chars().next()?;
                if at >= inside_until && found == '#' && drawing.is_after_space() {
                    break;
                }
                drawing.draw(found);
                at += found.len_utf8();
            }
            drawing.mark_end(at, mark);
        }
        Some(drawing.finish())
    }
}

/// A line being drawn.
struct Drawing {
    text: String,
    count: usize,
    caret: Option<usize>,
    caret_end: usize,
}

impl Drawing {
    fn is_wide_enough(&self) -> bool {
        self.caret.is_some_and(|caret| self.count >= caret + WIDEST)
    }

    fn mark_caret(&mut self, at: usize, mark: Mark) {
        if self.caret.is_none() && at >= mark.start {
            self.caret = Some(self.count);
        }
    }

    fn mark_end(&mut self, at: usize, mark: Mark) {
        if at <= mark.end {
            self.caret_end = self.count;
        }
    }

    fn hide(&mut self) {
        self.text.push_str("***");
        self.count += 3;
    }

    fn draw(&mut self, found: char) {
        self.text.push(drawn(found));
        self.count += 1;
    }

    fn is_after_space(&self) -> bool {
        self.text.chars().next_back().is_none_or(char::is_whitespace)
    }

    fn finish(self) -> Snippet {
        let text = self.text.trim_end();
        let start = self.caret.unwrap_or(0).min(text.chars().count());
        windowed(text, start, self.caret_end.saturating_sub(start).max(1))
    }
}

/// What may be shown of a line that was not understood: its indentation and its key.
fn outline(text: &str, mark: Mark) -> Option<Snippet> {
    let (from, to) = line_around(text, mark.start.min(text.len()))?;
    let line = text.get(from..to)?;
    let bare = line.trim_start_matches([' ', '\t', '-']);
    let lead = line.get(..line.len() - bare.len())?;
    let mut shown: String = lead.chars().map(drawn).collect();
    let is_key = |key: &str| {
        key.len() <= 40 && key.chars().all(|c| c.is_ascii_alphanumeric() || "_-.<\"' {[".contains(c))
    };
    match bare
        .split_once(": ")
        .map(|(key, rest)| (key, rest.trim()))
        .or(bare.trim_end().strip_suffix(':').map(|k| (k, "")))
    {
        Some((key, rest)) if is_key(key) => {
            shown.extend(key.chars().map(drawn));
            shown.push_str(if rest.is_empty() { ":" } else { ": ***" });
        }
        None if bare.is_empty() => {}
        Some(_) | None => shown.push_str("***"),
    }
    let before = text.get(from..mark.start).map_or(0, |part| part.chars().count());
    let start = before.min(shown.chars().count());
    Some(windowed(&shown, start, 1))
}

/// Cuts a long line to a window around the caret.
fn windowed(line: &str, start: usize, width: usize) -> Snippet {
    let count = line.chars().count();
    if count <= WIDEST {
        return Snippet {
            text: line.to_owned(),
            start,
            width: width.min(count.saturating_sub(start)).max(1),
        };
    }
    let skip = start.saturating_sub(WIDEST / 2);
    let text: String = line.chars().skip(skip).take(WIDEST).collect();
    let start = start - skip;
    Snippet { text, start, width: width.min(WIDEST.saturating_sub(start)).max(1) }
}

/// Byte range of the line that holds `at`, without its line break.
fn line_around(text: &str, at: usize) -> Option<(usize, usize)> {
    let before = text.get(..at)?;
    let after = text.get(at..)?;
    let from = before.rfind('\n').map_or(0, |end| end + 1);
    let to = after.find('\n').map_or(text.len(), |end| at + end);
    Some((from, to))
}

/// A character as a terminal may draw it: no control, no change of writing direction.
fn drawn(c: char) -> char {
    let is_direction =
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    match c {
        '\t' | '\r' => ' ',
        c if c.is_control() || is_direction || c == '\u{2028}' || c == '\u{2029}' => '\u{fffd}',
        c => c,
    }
}

/// Foreign text for a message: drawable, at most `most` characters.
pub(crate) fn printable(text: &str, most: usize) -> String {
    let mut shown: String = text.chars().take(most).map(drawn).collect();
    if text.chars().nth(most).is_some() {
        shown.push('…');
    }
    shown
}

/// How a value is quoted in a message: as written, unless it came from a reference.
pub(crate) fn quoted(view: View<'_>) -> String {
    match view.scalar() {
        Some(scalar) if scalar.made == Made::Written => format!("`{}`", printable(&scalar.text, 60)),
        Some(scalar) => match &scalar.made {
            Made::Variable(name) => format!("the value of ${{{name}}}"),
            Made::File(path) | Made::Missing(path, _) => format!("the contents of {path}"),
            Made::Mixed | Made::Written | Made::Unresolved => "a text with references".to_owned(),
        },
        None => match view.content() {
            Content::List(_) => "a list".to_owned(),
            Content::Map(_) => "a map".to_owned(),
            Content::Null | Content::Scalar(_) => "nothing".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests;
