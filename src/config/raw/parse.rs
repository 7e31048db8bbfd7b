//! Text → [`Tree`], by the events of a YAML parser. JSON is YAML too.
//!
//! Refuses what makes a file mean something else than it shows: aliases, anchors, merge keys, tags, directives,
//! several documents, keys written twice. Bounded in depth and in number of nodes.

use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle, Span};
use zeroize::Zeroizing;

use super::{Content, Id, Made, Mark, Scalar, Step, Tree};
use crate::config::report::{Fault, Place, Report, Spot};
use crate::config::source::FileId;

/// Deepest nesting; the deepest key we know is at 7.
const DEEPEST: usize = 32;

/// Reads one document.
///
/// `None` when there is no tree to go on with; what was wrong is in `report` either way.
pub(crate) fn parse(text: &str, file: FileId, most_nodes: usize, report: &mut Report) -> Option<Tree> {
    let options = granit_parser::options! {
        disallow_directives: true,
        emit_unresolved_aliases: true,
        emit_anchor_events: true,
        emit_comments: false,
        flow_nesting_limit: DEEPEST,
        block_nesting_limit: DEEPEST,
    };
    let mut growing = Growing::new(file, most_nodes, report);
    for event in Parser::new_from_str_with_options(text, options) {
        let step = match event {
            Ok((event, span)) => {
                if let Some(tag) = span.tag_span() {
                    growing.refuse(
                        mark(&tag),
                        Fault::new("tags (`!name`) are not accepted", "write the value without its tag"),
                    );
                }
                growing.take(event, mark(&span))
            }
            Err(error) => {
                let at = error.marker();
                let mark = Mark {
                    line: number(at.line()),
                    column: number(at.col()).saturating_add(1),
                    start: at.byte_offset().unwrap_or(0),
                    end: at.byte_offset().unwrap_or(0),
                };
                let is_tab = error.info().starts_with("tabs ");
                let hint = if is_tab { "indent with spaces" } else { "" };
                growing.refuse(mark, Fault::new(error.info(), hint));
                Progress::Stop
            }
        };
        match step {
            Progress::Go if !growing.report.is_full() => {}
            Progress::Go | Progress::Stop => return None,
        }
    }
    growing.finish()
}

enum Progress {
    Go,
    Stop,
}

/// A collection whose end has not been seen.
struct Open {
    id: Id,
    kind: Kind,
}

enum Kind {
    List {
        next: usize,
    },
    Map {
        names: HashMap<String, u32>,
        pending: Option<Pending>,
    },
    /// A list or map that was refused: its contents are passed over.
    Void,
}

/// A key whose value comes next.
enum Pending {
    Named(Zeroizing<String>, Mark),
    /// A refused key: its value is read and dropped.
    Dropped,
}

struct Growing<'r> {
    tree: Tree,
    open: Vec<Open>,
    report: &'r mut Report,
    most_nodes: usize,
    documents: usize,
}

impl<'r> Growing<'r> {
    fn new(file: FileId, most_nodes: usize, report: &'r mut Report) -> Self {
        Self {
            tree: Tree { nodes: Vec::new(), refused: Vec::new(), file },
            open: Vec::new(),
            report,
            most_nodes,
            documents: 0,
        }
    }

    fn take(&mut self, event: Event<'_>, mark: Mark) -> Progress {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    let hint = "remove the line `---` and what follows it, or write a second file";
                    self.refuse(mark, Fault::new("a second document starts here; a file holds one", hint));
                    return Progress::Stop;
                }
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                self.refuse(mark, Fault::new("aliases (`*name`) are not accepted", "write the value out"));
                let text = Zeroizing::new(String::new());
                self.place(mark, Content::Scalar(Scalar { text, made: Made::Unresolved }));
            }
            Event::Anchor(..) => {
                self.refuse(
                    mark,
                    Fault::new("anchors (`&name`) are not accepted", "write the value out where it is used"),
                );
            }
            Event::Scalar(text, style, _, _) => return self.scalar(text.into_owned(), style, mark),
            Event::SequenceStart(..) => {
                return self.start(mark, Content::List(Vec::new()), Kind::List { next: 0 });
            }
            Event::MappingStart(..) => {
                let kind = Kind::Map { names: HashMap::new(), pending: None };
                return self.start(mark, Content::Map(Vec::new()), kind);
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::StreamStart | Event::StreamEnd | Event::DocumentEnd | Event::Comment(..) | _ => {}
        }
        Progress::Go
    }

    fn scalar(&mut self, text: String, style: ScalarStyle, mark: Mark) -> Progress {
        if self.tree.len() >= self.most_nodes {
            let message = format!("the file has more than {} values", self.most_nodes);
            self.refuse(mark, Fault::new(message, ""));
            return Progress::Stop;
        }
        let text = Zeroizing::new(text);
        if let Some(Open { kind: Kind::Map { names, pending: pending @ None }, .. }) = self.open.last_mut() {
            let (next, fault) = named(names, text, style, mark);
            *pending = Some(next);
            if let Some(fault) = fault {
                self.tree.refuse_text(mark);
                self.refuse(mark, fault);
            }
            return Progress::Go;
        }
        let is_null =
            style == ScalarStyle::Plain && matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL");
        let content =
            if is_null { Content::Null } else { Content::Scalar(Scalar { text, made: Made::Written }) };
        self.place(mark, content);
        Progress::Go
    }

    /// Puts a node where the next one belongs; `None` when it is dropped.
    fn place(&mut self, mark: Mark, content: Content) -> Option<Id> {
        let (parent, step) = match self.open.last_mut() {
            None => (None, Step::Root),
            Some(Open { id, kind: Kind::List { next } }) => {
                *next += 1;
                (Some(*id), Step::Item(*next - 1))
            }
            Some(Open { id, kind: Kind::Map { pending, .. } }) => match pending.take() {
                Some(Pending::Named(name, at)) => (Some(*id), Step::Key(name, at)),
                Some(Pending::Dropped) => {
                    self.tree.refuse_text(mark);
                    return None;
                }
                // An alias or a collection as a key; `start` and the alias refusal have told it.
                None => {
                    *pending = Some(Pending::Dropped);
                    self.tree.refuse_text(mark);
                    return None;
                }
            },
            Some(Open { kind: Kind::Void, .. }) => {
                self.tree.refuse_text(mark);
                return None;
            }
        };
        let id = self.tree.push(parent, step, mark, content);
        if let Some(parent) = parent {
            self.tree.adopt(parent, id);
        }
        Some(id)
    }

    fn start(&mut self, mark: Mark, content: Content, kind: Kind) -> Progress {
        if self.open.len() >= DEEPEST || self.tree.len() >= self.most_nodes {
            let message =
                format!("nested deeper than {DEEPEST} levels, or more than {} values", self.most_nodes);
            self.refuse(mark, Fault::new(message, ""));
            return Progress::Stop;
        }
        let is_key = matches!(self.open.last(), Some(Open { kind: Kind::Map { pending: None, .. }, .. }));
        if is_key {
            self.refuse(mark, Fault::new("a key must be plain text", ""));
        }
        match self.place(mark, content) {
            Some(id) => self.open.push(Open { id, kind }),
            None => self.open.push(Open { id: Id(usize::MAX), kind: Kind::Void }),
        }
        Progress::Go
    }

    fn end(&mut self) {
        self.open.pop();
    }

    /// Notes a problem in a part of the text that may not have become a tree.
    fn refuse(&mut self, mark: Mark, fault: Fault) {
        let path = match self.open.last() {
            Some(open) => self.tree.view(open.id).path(),
            None => String::new(),
        };
        self.report.error(Spot { place: Place::Unread(self.tree.file, mark), path }, fault);
    }

    fn finish(mut self) -> Option<Tree> {
        if self.tree.nodes.is_empty() {
            let mark = Mark { line: 1, column: 1, ..Mark::default() };
            let hint = "the smallest file has version, listen and upstream";
            self.refuse(mark, Fault::new("the file is empty", hint));
            return None;
        }
        Some(self.tree)
    }
}

/// Takes a scalar as the key of a map, and tells what is wrong with it.
fn named(
    names: &mut HashMap<String, u32>,
    text: Zeroizing<String>,
    style: ScalarStyle,
    mark: Mark,
) -> (Pending, Option<Fault>) {
    if text.as_str() == "<<" && style == ScalarStyle::Plain {
        let fault = Fault::new("merge keys (`<<`) are not accepted", "write the keys out");
        return (Pending::Dropped, Some(fault));
    }
    if let Some(first) = names.get(text.as_str()) {
        let message = format!("this key is already written on line {first}");
        return (Pending::Dropped, Some(Fault::new(message, "keep one of the two")));
    }
    names.insert(text.to_string(), mark.line);
    (Pending::Named(text, mark), None)
}

fn mark(span: &Span) -> Mark {
    let range = span.byte_range().unwrap_or(0..0);
    Mark {
        line: number(span.start.line()),
        column: number(span.start.col()).saturating_add(1),
        start: range.start,
        end: range.end,
    }
}

fn number(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}
