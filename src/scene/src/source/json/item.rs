//! A JSON value that knows its place, so that every fault has a pointer (RFC 6901).

use super::tree::{Kind, Tree};
use crate::{
    error::{ErrorKind, SceneError},
    limits::MAX_NAME_BYTES,
};
use serde_json::Value;

/// Whole numbers below it are exact in double precision.
const MAX_SIZE: u64 = 9_000_000_000_000_000;

/// A JSON value in its document.
#[derive(Clone, Copy)]
pub(crate) struct Item<'a> {
    tree: &'a Tree,
    id: u32,
}

/// As much of a name as is kept of one.
fn beginning(name: &str) -> &str {
    let mut end = name.len().min(MAX_NAME_BYTES);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    &name[..end]
}

/// A name as a step of a pointer.
pub(crate) fn escaped(name: &str) -> String {
    beginning(name).replace('~', "~0").replace('/', "~1")
}

impl<'a> Item<'a> {
    pub(crate) fn root(tree: &'a Tree) -> Self {
        Self {
            tree,
            id: tree.root(),
        }
    }

    fn at(self, id: u32) -> Self {
        Self {
            tree: self.tree,
            id,
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        self.tree.node(self.id).kind
    }

    /// JSON pointer; empty for the root. Of names that are longer than any name may be it holds the beginning.
    pub(crate) fn pointer(&self) -> String {
        let mut steps = Vec::new();
        let mut id = self.id;
        loop {
            let node = self.tree.node(id);
            if node.parent == u32::MAX {
                break;
            }
            let parent = self.tree.node(node.parent);
            steps.push(if parent.kind == Kind::Object {
                escaped(self.tree.key(node))
            } else {
                (id - parent.first_child).to_string()
            });
            id = node.parent;
        }
        steps.iter().rev().map(|step| format!("/{step}")).collect()
    }

    /// How many values it is in.
    pub(crate) fn depth(&self) -> usize {
        let mut depth = 0;
        let mut node = self.tree.node(self.id);
        while node.parent != u32::MAX {
            depth += 1;
            node = self.tree.node(node.parent);
        }
        depth
    }

    /// True when it is the member of that name of an object.
    pub(crate) fn is_member(&self, name: &str) -> bool {
        self.tree.key(self.tree.node(self.id)) == name
    }

    /// The value as JSON text, in the file's own spelling.
    pub(crate) fn json(&self) -> String {
        let node = self.tree.node(self.id);
        let text = self.tree.text(node);
        if node.kind == Kind::Text {
            Value::from(text).to_string()
        } else {
            text.to_owned()
        }
    }

    /// Bytes that [`Item::json`] takes, about.
    pub(crate) fn json_bytes(&self) -> usize {
        self.tree.text(self.tree.node(self.id)).len()
    }

    /// The value with all that it holds, numbers exactly. Nesting is bounded by the parser.
    pub(crate) fn value(&self) -> Result<Value, SceneError> {
        Ok(match self.kind() {
            Kind::Null => Value::Null,
            Kind::False => Value::Bool(false),
            Kind::True => Value::Bool(true),
            Kind::Text => self.as_text().unwrap_or_default().into(),
            Kind::Number => self.exact_number()?,
            Kind::Array => {
                let elements = self.elements(usize::MAX)?;
                elements
                    .map(|element| element.value())
                    .collect::<Result<_, _>>()?
            }
            Kind::Object => {
                let members = self.members();
                let values = members.map(|(key, item)| Ok((key.to_owned(), item.value()?)));
                Value::Object(values.collect::<Result<_, SceneError>>()?)
            }
        })
    }

    fn exact_number(&self) -> Result<Value, SceneError> {
        let text = self.tree.text(self.tree.node(self.id));
        if let Ok(whole) = text.parse::<u64>() {
            return Ok(whole.into());
        }
        match text.parse::<i64>() {
            Ok(whole) if whole != 0 => return Ok(whole.into()),
            _ => {}
        }
        let number = text.parse().ok().and_then(serde_json::Number::from_f64);
        number
            .map(Value::Number)
            .ok_or_else(|| self.fault("is too large a number"))
    }

    pub(crate) fn fault(&self, text: impl Into<String>) -> SceneError {
        SceneError::new(ErrorKind::Invalid, self.pointer(), text)
    }

    pub(crate) fn over_limit(&self, text: impl Into<String>) -> SceneError {
        SceneError::new(ErrorKind::OverLimit, self.pointer(), text)
    }

    /// A member, also when it is null.
    pub(crate) fn member(&self, key: &str) -> Option<Item<'a>> {
        let node = self.tree.node(self.id);
        if node.kind != Kind::Object {
            return None;
        }
        let member = self.tree.member(node, key);
        member.map(|member| self.at(member))
    }

    /// A member, when it is there and not null.
    pub(crate) fn get(&self, key: &str) -> Option<Item<'a>> {
        self.member(key).filter(|item| item.kind() != Kind::Null)
    }

    pub(crate) fn require(&self, key: &str) -> Result<Item<'a>, SceneError> {
        self.get(key)
            .ok_or_else(|| self.fault(format!("`{key}` is missing")))
    }

    /// An extension's object on this value.
    pub(crate) fn extension(&self, name: &str) -> Option<Item<'a>> {
        self.member("extensions")?
            .member(name)
            .filter(|item| item.kind() == Kind::Object)
    }

    /// Names and values of an object; nothing when it is something else.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&'a str, Item<'a>)> + use<'a> {
        let item = *self;
        let node = item.tree.node(item.id);
        let children = if node.kind == Kind::Object {
            item.tree.children(node)
        } else {
            0..0
        };
        children.map(move |child| (item.tree.key(item.tree.node(child)), item.at(child)))
    }

    /// One element of an array.
    pub(crate) fn element(&self, index: usize) -> Option<Item<'a>> {
        let node = self.tree.node(self.id);
        let is_there = node.kind == Kind::Array && index < node.child_count as usize;
        is_there.then(|| self.at(node.first_child + index as u32))
    }

    /// Number of elements or members.
    pub(crate) fn count(&self) -> usize {
        self.tree.node(self.id).child_count as usize
    }

    /// The elements of an array; an error when it is something else or has too many.
    pub(crate) fn elements(
        &self,
        limit: usize,
    ) -> Result<impl Iterator<Item = Item<'a>> + use<'a>, SceneError> {
        let item = *self;
        let node = item.tree.node(item.id);
        if node.kind != Kind::Array {
            return Err(self.fault("must be an array"));
        }
        if node.child_count as usize > limit {
            return Err(self.over_limit(format!(
                "has {} elements, the limit is {limit}",
                node.child_count
            )));
        }
        Ok(item.tree.children(node).map(move |child| item.at(child)))
    }

    /// An error when it is not an object.
    pub(crate) fn require_object(&self) -> Result<(), SceneError> {
        if self.kind() == Kind::Object {
            Ok(())
        } else {
            Err(self.fault("must be an object"))
        }
    }

    pub(crate) fn as_text(&self) -> Option<&'a str> {
        let node = self.tree.node(self.id);
        (node.kind == Kind::Text).then(|| self.tree.text(node))
    }

    /// A number in double precision, infinite when it is too large for one.
    pub(crate) fn as_number(&self) -> Option<f64> {
        self.tree.number(self.tree.node(self.id))
    }

    pub(crate) fn text(&self) -> Result<&'a str, SceneError> {
        self.as_text().ok_or_else(|| self.fault("must be a text"))
    }

    pub(crate) fn flag(&self) -> Result<bool, SceneError> {
        match self.kind() {
            Kind::True => Ok(true),
            Kind::False => Ok(false),
            _ => Err(self.fault("must be true or false")),
        }
    }

    pub(crate) fn number(&self) -> Result<f32, SceneError> {
        let number = self
            .as_number()
            .ok_or_else(|| self.fault("must be a number"))? as f32;
        if number.is_finite() {
            Ok(number)
        } else {
            Err(self.fault("is too large a number"))
        }
    }

    /// A whole number that is not negative; `3.0` counts as one.
    pub(crate) fn size(&self) -> Result<u64, SceneError> {
        let node = self.tree.node(self.id);
        let digits = Some(self.tree.text(node)).filter(|_| node.kind == Kind::Number);
        // As nearly all are written.
        if let Some(size) = digits.and_then(|digits| digits.parse().ok())
            && size < MAX_SIZE
        {
            return Ok(size);
        }
        self.as_number()
            .filter(|number| *number >= 0.0 && number.fract() == 0.0 && *number < MAX_SIZE as f64)
            .map(|number| number as u64)
            .ok_or_else(|| self.fault("must be a whole number, zero or more"))
    }

    /// An index below `count`.
    pub(crate) fn index(&self, count: usize, what: &str) -> Result<u32, SceneError> {
        let index = self.size()?;
        if index < count as u64 {
            Ok(index as u32)
        } else {
            Err(self.fault(format!("names {what} {index}, but there are {count}")))
        }
    }

    /// Exactly `N` finite numbers.
    pub(crate) fn numbers<const N: usize>(&self) -> Result<[f32; N], SceneError> {
        let mut numbers = [0.0; N];
        if self.kind() != Kind::Array || self.count() != N {
            return Err(self.fault(format!("must be {N} numbers")));
        }
        for (number, item) in numbers.iter_mut().zip(self.elements(N)?) {
            *number = item.number()?;
        }
        Ok(numbers)
    }

    pub(crate) fn number_or(&self, key: &str, default: f32) -> Result<f32, SceneError> {
        self.get(key).map_or(Ok(default), |item| item.number())
    }

    pub(crate) fn numbers_or<const N: usize>(
        &self,
        key: &str,
        default: [f32; N],
    ) -> Result<[f32; N], SceneError> {
        self.get(key).map_or(Ok(default), |item| item.numbers())
    }

    pub(crate) fn flag_or(&self, key: &str, default: bool) -> Result<bool, SceneError> {
        self.get(key).map_or(Ok(default), |item| item.flag())
    }

    pub(crate) fn index_of(
        &self,
        key: &str,
        count: usize,
        what: &str,
    ) -> Result<Option<u32>, SceneError> {
        self.get(key)
            .map(|item| item.index(count, what))
            .transpose()
    }

    /// The `name` of a glTF object, cut to the limit.
    pub(crate) fn name(&self) -> String {
        let name = self.member("name").and_then(|name| name.as_text());
        beginning(name.unwrap_or_default()).to_owned()
    }

    /// A number in a range, as glTF asks.
    pub(crate) fn number_within(
        &self,
        key: &str,
        default: f32,
        low: f32,
        high: f32,
    ) -> Result<f32, SceneError> {
        let Some(item) = self.get(key) else {
            return Ok(default);
        };
        let number = item.number()?;
        if (low..=high).contains(&number) {
            Ok(number)
        } else {
            Err(item.fault(format!("is {number}, outside of {low} to {high}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::json::parse;

    #[test]
    fn faults_carry_their_pointer() {
        let tree = parse(br#"{"nodes":[{},{"a/b":["x"]}]}"#).unwrap();
        let nodes = Item::root(&tree).get("nodes").unwrap();
        let member = nodes.element(1).unwrap().get("a/b").unwrap();
        let fault = member.element(0).unwrap().number().unwrap_err();
        assert_eq!(fault.place, "/nodes/1/a~1b/0");
        assert_eq!(member.json(), r#"["x"]"#);
    }

    #[test]
    fn whole_numbers_may_be_written_with_a_point() {
        let tree = parse(b"[3.0, -1, 1.5, 1e400]").unwrap();
        let root = Item::root(&tree);
        let sizes: Vec<Option<u64>> = root
            .elements(4)
            .unwrap()
            .map(|item| item.size().ok())
            .collect();
        assert_eq!(sizes, [Some(3), None, None, None]);
        assert!(root.element(3).unwrap().number().is_err());
    }
}
