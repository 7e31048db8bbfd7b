//! A configuration as it was written: a tree of nodes with positions. Knows no key and no meaning.
//!
//! An arena instead of nested values, so that any node can tell its path, and every stage can point at the line.

use zeroize::Zeroizing;

use super::report::{Place, Spot};
use super::source::{FileId, Unreadable};

pub(crate) mod parse;

/// A whole document. Cannot be printed as it is: it holds secrets.
pub(crate) struct Tree {
    nodes: Vec<Node>,
    refused: Vec<(usize, usize)>,
    file: FileId,
}

/// One node of a [`Tree`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Id(usize);

/// Where something stands in the file: 1-based line and column, byte range in the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

struct Node {
    parent: Option<Id>,
    step: Step,
    mark: Mark,
    origin: Origin,
    content: Content,
    /// Set once a key table says that this scalar may be shown.
    is_shown: bool,
}

/// How a node is reached from its parent.
pub(crate) enum Step {
    /// It is the document.
    Root,
    /// It is the value of this key.
    Key(Zeroizing<String>, Mark),
    /// It is this item of a list, from 0.
    Item(usize),
}

/// Who wrote a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The file.
    File,
    /// This environment variable, over the file.
    Variable(String),
}

/// What a node holds.
pub(crate) enum Content {
    /// Nothing: an empty value, `~` or `null`.
    Null,
    /// Text; numbers and words are told apart by the key that takes them.
    Scalar(Scalar),
    /// Items in order.
    List(Vec<Id>),
    /// Values in the order of their keys.
    Map(Vec<Id>),
}

/// A piece of text, which may be a secret.
pub(crate) struct Scalar {
    /// The text, references resolved.
    pub(crate) text: Zeroizing<String>,
    /// Where the text came from.
    pub(crate) made: Made,
}

/// Where the text of a scalar came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Made {
    /// It stands there as it is.
    Written,
    /// It is one `${NAME}` and nothing else.
    Variable(String),
    /// It is one `${file:PATH}` and nothing else.
    File(String),
    /// Text with references in it.
    Mixed,
    /// A reference in it could not be resolved, which has been told.
    Unresolved,
    /// It is one `${file:PATH}` whose file cannot be read, for this reason.
    Missing(String, Unreadable),
}

impl Tree {
    /// Adds a node; the caller makes it a child of its parent by [`Tree::adopt`].
    pub(crate) fn push(&mut self, parent: Option<Id>, step: Step, mark: Mark, content: Content) -> Id {
        let id = Id(self.nodes.len());
        let is_shown = false;
        self.nodes.push(Node { parent, step, mark, origin: Origin::File, content, is_shown });
        id
    }

    /// Appends `child` to its parent's items or values.
    pub(crate) fn adopt(&mut self, parent: Id, child: Id) {
        if let Some(node) = self.nodes.get_mut(parent.0) {
            match &mut node.content {
                Content::List(children) | Content::Map(children) => children.push(child),
                Content::Null | Content::Scalar(_) => {}
            }
        }
    }

    /// Takes away every node added since there were `count`.
    pub(crate) fn forget_from(&mut self, count: usize) {
        self.nodes.truncate(count);
        for node in &mut self.nodes {
            match &mut node.content {
                Content::List(children) | Content::Map(children) => children.retain(|child| child.0 < count),
                Content::Null | Content::Scalar(_) => {}
            }
        }
    }

    /// Replaces what a node holds and who wrote it.
    pub(crate) fn replace(&mut self, id: Id, content: Content, origin: Origin) {
        if let Some(node) = self.nodes.get_mut(id.0) {
            node.content = content;
            node.origin = origin;
        }
    }

    /// Sets the name under which a node hangs, after references in it were resolved.
    pub(crate) fn rename(&mut self, id: Id, name: Zeroizing<String>) {
        if let Some(Node { step: Step::Key(text, _), .. }) = self.nodes.get_mut(id.0) {
            *text = name;
        }
    }

    /// Says that a scalar may stand in a snippet.
    pub(crate) fn show(&mut self, id: Id) {
        if let Some(node) = self.nodes.get_mut(id.0) {
            node.is_shown = true;
        }
    }

    /// The scalar of a node, to resolve references in it.
    pub(crate) fn scalar_mut(&mut self, id: Id) -> Option<&mut Scalar> {
        match &mut self.nodes.get_mut(id.0)?.content {
            Content::Scalar(scalar) => Some(scalar),
            Content::Null | Content::List(_) | Content::Map(_) => None,
        }
    }

    /// Every node, also those that something else replaced.
    pub(crate) fn all(&self) -> impl Iterator<Item = View<'_>> {
        (0..self.nodes.len()).map(|id| self.view(Id(id)))
    }

    /// Every node that counts, parents before children.
    pub(crate) fn reachable(&self) -> Vec<Id> {
        let mut found = Vec::with_capacity(self.nodes.len());
        let mut left = vec![Id(0)];
        while let Some(id) = left.pop() {
            found.push(id);
            if let Content::List(children) | Content::Map(children) = self.view(id).content() {
                left.extend(children.iter().rev());
            }
        }
        found
    }

    /// Notes a part of the text that was refused and is in no node: it is never shown.
    pub(crate) fn refuse_text(&mut self, mark: Mark) {
        self.refused.push((mark.start, mark.end));
    }

    /// Byte ranges of the text that were refused.
    pub(crate) fn refused(&self) -> &[(usize, usize)] {
        &self.refused
    }

    /// Number of nodes.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Looks at one node.
    pub(crate) fn view(&self, id: Id) -> View<'_> {
        View { tree: self, id }
    }

    /// Looks at the document.
    pub(crate) fn root(&self) -> View<'_> {
        self.view(Id(0))
    }

    /// The file this tree was read from.
    pub(crate) fn file(&self) -> FileId {
        self.file
    }
}

/// One node, seen in its tree.
#[derive(Clone, Copy)]
pub(crate) struct View<'t> {
    tree: &'t Tree,
    id: Id,
}

impl<'t> View<'t> {
    fn node(self) -> Option<&'t Node> {
        self.tree.nodes.get(self.id.0)
    }

    /// The node's id.
    pub(crate) fn id(self) -> Id {
        self.id
    }

    /// What it holds.
    pub(crate) fn content(self) -> &'t Content {
        self.node().map_or(&Content::Null, |node| &node.content)
    }

    /// Its text, when it is a scalar.
    pub(crate) fn text(self) -> Option<&'t str> {
        self.scalar().map(|scalar| scalar.text.as_str())
    }

    /// Its scalar.
    pub(crate) fn scalar(self) -> Option<&'t Scalar> {
        match self.content() {
            Content::Scalar(scalar) => Some(scalar),
            Content::Null | Content::List(_) | Content::Map(_) => None,
        }
    }

    /// Its items; none when it is no list.
    pub(crate) fn items(self) -> impl Iterator<Item = View<'t>> {
        let children = match self.content() {
            Content::List(children) => children.as_slice(),
            Content::Null | Content::Scalar(_) | Content::Map(_) => &[],
        };
        let tree = self.tree;
        children.iter().map(move |id| tree.view(*id))
    }

    /// Its values, each of which knows its [`View::key`]; none when it is no map.
    pub(crate) fn entries(self) -> impl Iterator<Item = View<'t>> {
        let children = match self.content() {
            Content::Map(children) => children.as_slice(),
            Content::Null | Content::Scalar(_) | Content::List(_) => &[],
        };
        let tree = self.tree;
        children.iter().map(move |id| tree.view(*id))
    }

    /// The value of a key.
    pub(crate) fn get(self, key: &str) -> Option<View<'t>> {
        self.entries().find(|entry| entry.key() == key)
    }

    /// The key it hangs under; empty for an item.
    pub(crate) fn key(self) -> &'t str {
        match self.node().map(|node| &node.step) {
            Some(Step::Key(name, _)) => name.as_str(),
            Some(Step::Root | Step::Item(_)) | None => "",
        }
    }

    /// Who wrote it.
    pub(crate) fn origin(self) -> &'t Origin {
        self.node().map_or(&Origin::File, |node| &node.origin)
    }

    /// 1-based line of its key, or of the item.
    pub(crate) fn line(self) -> u32 {
        self.key_mark().line
    }

    /// What holds it.
    pub(crate) fn parent(self) -> Option<View<'t>> {
        Some(self.tree.view(self.node()?.parent?))
    }

    /// Where its value stands.
    pub(crate) fn mark(self) -> Mark {
        self.node().map(|node| node.mark).unwrap_or_default()
    }

    /// Where its key stands; where the item stands, when it has none.
    pub(crate) fn key_mark(self) -> Mark {
        match self.node() {
            Some(Node { step: Step::Key(_, mark), .. }) => *mark,
            Some(node) => node.mark,
            None => Mark::default(),
        }
    }

    /// Whether its key must not be printed: the keys of `key_metadata` may be API keys, and a long key of `keys` is
    /// one that was written on the wrong side.
    pub(crate) fn is_key_hidden(self) -> bool {
        /// Names of keys that people give are shorter, raw keys are longer.
        const LONGEST_NAME: usize = 20;
        match self.parent().map(View::key) {
            Some("key_metadata") => true,
            Some("keys") => self.key().len() > LONGEST_NAME,
            Some(_) | None => false,
        }
    }

    /// Whether its scalar may be printed.
    pub(crate) fn is_shown(self) -> bool {
        self.node().is_some_and(|node| node.is_shown)
    }

    /// The place of its value, for a problem about the value.
    pub(crate) fn spot(self) -> Spot {
        self.spot_at(self.mark())
    }

    /// The place of its key, for a problem about the key.
    pub(crate) fn key_spot(self) -> Spot {
        self.spot_at(self.key_mark())
    }

    fn spot_at(self, mark: Mark) -> Spot {
        let place = match self.origin() {
            Origin::File => Place::File(self.tree.file, mark),
            Origin::Variable(name) => Place::Variable(name.clone()),
        };
        Spot { place, path: self.path() }
    }

    /// The path from the document: `routes[2].signature.secrets`.
    pub(crate) fn path(self) -> String {
        let mut steps = Vec::new();
        let mut at = Some(self);
        while let Some(view) = at {
            steps.push(view.step_text());
            at = view.parent();
        }
        let joined: String = steps.iter().rev().map(String::as_str).collect();
        joined.strip_prefix('.').unwrap_or(&joined).to_owned()
    }

    fn step_text(self) -> String {
        match self.node().map(|node| &node.step) {
            Some(Step::Key(..)) if self.is_key_hidden() => {
                let siblings = self.parent().map(|parent| parent.entries().position(|e| e.id == self.id));
                format!("[{}]", siblings.flatten().unwrap_or(0))
            }
            Some(Step::Key(name, _)) => format!(".{}", super::report::printable(name, 64)),
            Some(Step::Item(index)) => format!("[{index}]"),
            Some(Step::Root) | None => String::new(),
        }
    }
}
