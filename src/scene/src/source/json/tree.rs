//! A JSON document as one flat array: 32 bytes a value, children side by side, texts as spans.

use std::cmp::Ordering;

/// Objects with more members than this have them in the order of their names, so that one is found without a look at all.
pub(super) const SMALL_OBJECT: usize = 16;

/// Numbers with more characters are kept as they were read: each reference to what they are part of asks for them, and long ones take
/// long to read.
pub(super) const SHORT_NUMBER: usize = 24;

/// Kinds of JSON value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    False,
    True,
    Number,
    Text,
    Array,
    Object,
}

/// A piece of the document, or of the unescaped texts beside it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
}

/// One value. Children of a container are neighbours in [`Tree::nodes`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    /// Where the value stands; of a text, what is between the quotes.
    pub(super) span: Span,
    /// Name of the member, when the parent is an object.
    pub(super) key: Span,
    pub(super) parent: u32,
    /// Of a long number its place in [`Tree::long_numbers`].
    pub(super) first_child: u32,
    pub(super) child_count: u32,
    pub(super) kind: Kind,
    /// The text had escapes: `span` counts in [`Tree::unescaped`].
    pub(super) is_unescaped: bool,
    /// The same of the key.
    pub(super) is_key_unescaped: bool,
}

/// A parsed document.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    pub(super) text: String,
    pub(super) unescaped: String,
    pub(super) nodes: Vec<Node>,
    pub(super) long_numbers: Vec<f64>,
    /// Byte of the first number that double precision cannot hold.
    pub(crate) huge_number: Option<usize>,
}

impl Tree {
    /// Memory that it takes, about.
    pub(crate) fn memory_bytes(&self) -> u64 {
        let numbers = self.long_numbers.len() * size_of::<f64>();
        let nodes = self.nodes.len() * size_of::<Node>();
        (self.text.len() + self.unescaped.len() + nodes + numbers) as u64
    }

    /// The number that a value is, infinite when it is too large for double precision.
    pub(super) fn number(&self, node: &Node) -> Option<f64> {
        let text = self.text(node);
        match (node.kind, text.len() > SHORT_NUMBER) {
            (Kind::Number, false) => text.parse().ok(),
            (Kind::Number, true) => self.long_numbers.get(node.first_child as usize).copied(),
            _ => None,
        }
    }

    pub(super) fn root(&self) -> u32 {
        self.nodes.len().saturating_sub(1) as u32
    }

    pub(super) fn node(&self, id: u32) -> &Node {
        &self.nodes[id as usize]
    }

    pub(super) fn key(&self, node: &Node) -> &str {
        self.slice(node.key, node.is_key_unescaped)
    }

    /// The same where nobody asks for whole characters.
    fn key_bytes(&self, node: &Node) -> &[u8] {
        let source = self.source(node.is_key_unescaped).as_bytes();
        let key = node.key.start as usize..node.key.end as usize;
        source.get(key).unwrap_or_default()
    }

    pub(super) fn text(&self, node: &Node) -> &str {
        self.slice(node.span, node.is_unescaped)
    }

    fn slice(&self, span: Span, is_unescaped: bool) -> &str {
        self.source(is_unescaped)
            .get(span.start as usize..span.end as usize)
            .unwrap_or_default()
    }

    fn source(&self, is_unescaped: bool) -> &str {
        match is_unescaped {
            true => &self.unescaped,
            false => &self.text,
        }
    }

    /// Id of the member of an object with this name.
    pub(super) fn member(&self, node: &Node, name: &str) -> Option<u32> {
        let mut children = self.children(node);
        if children.len() > SMALL_OBJECT {
            return self.among_many(children, |own| own.cmp(name));
        }
        children.find(|child| {
            let child = self.node(*child);
            // Most names differ in length, and that is seen without a look at them.
            let length = child.key.end.wrapping_sub(child.key.start);
            length as usize == name.len() && self.key_bytes(child) == name.as_bytes()
        })
    }

    /// Of members in the order of their names, the one that `compare` calls equal.
    pub(super) fn among_many(
        &self,
        mut rest: std::ops::Range<u32>,
        mut compare: impl FnMut(&str) -> Ordering,
    ) -> Option<u32> {
        while !rest.is_empty() {
            let middle = rest.start + (rest.end - rest.start) / 2;
            match compare(self.key(self.node(middle))) {
                Ordering::Less => rest.start = middle + 1,
                Ordering::Equal => return Some(middle),
                Ordering::Greater => rest.end = middle,
            }
        }
        None
    }

    /// Ids of the children of a value.
    pub(super) fn children(&self, node: &Node) -> std::ops::Range<u32> {
        node.first_child..node.first_child + node.child_count
    }
}
