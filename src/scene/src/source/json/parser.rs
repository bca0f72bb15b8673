//! RFC 8259 from untrusted bytes: size, nesting, number of values and doubled keys are checked; nothing recurses.

use super::tree::{Kind, Node, SHORT_NUMBER, SMALL_OBJECT, Span, Tree};
use crate::{
    error::{ErrorKind, SceneError},
    limits::{MAX_JSON_BYTES, MAX_JSON_DEPTH, MAX_JSON_NUMBER_BYTES, MAX_JSON_VALUES},
};

/// Parses untrusted JSON; a byte order mark is skipped.
pub(crate) fn parse(bytes: &[u8]) -> Result<Tree, SceneError> {
    let over = |text: String| SceneError::new(ErrorKind::OverLimit, "", text);
    if bytes.len() > MAX_JSON_BYTES {
        return Err(over(format!(
            "its JSON has {} bytes, the limit is {MAX_JSON_BYTES}",
            bytes.len()
        )));
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes)
        .map_err(|error| fault(bytes, error.valid_up_to(), "it is not UTF-8 text"))?;
    let values = bound_of_values(bytes);
    if values > MAX_JSON_VALUES && count_values(bytes) > MAX_JSON_VALUES {
        return Err(over(format!(
            "its JSON has more than {MAX_JSON_VALUES} values"
        )));
    }
    let mut parser = Parser {
        text,
        bytes,
        at: 0,
        pending: Vec::new(),
        open: Vec::new(),
        tree: Tree {
            nodes: Vec::with_capacity(values.min(MAX_JSON_VALUES)),
            ..Tree::default()
        },
    };
    parser.document()?;
    let mut tree = parser.tree;
    // Marks in texts have asked for room that nobody needs.
    if tree.nodes.capacity() / 2 > tree.nodes.len() {
        tree.nodes.shrink_to_fit();
    }
    text.clone_into(&mut tree.text);
    Ok(tree)
}

/// A fault at a byte of the text. People look for it by line and column.
fn fault(bytes: &[u8], offset: usize, text: &str) -> SceneError {
    let before = &bytes[..offset.min(bytes.len())];
    let is_text = |byte: &&u8| !byte.is_ascii_whitespace();
    if bytes.iter().find(is_text) != Some(&b'{') {
        let fault = "it is no glTF: it holds no JSON object";
        return SceneError::new(ErrorKind::NotGltf, "", fault);
    }
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let last = before.iter().rposition(|byte| *byte == b'\n');
    let column = offset - last.map_or(0, |last| last + 1) + 1;
    SceneError::new(
        ErrorKind::NotGltf,
        "",
        format!("its JSON cannot be read at line {line}, column {column}: {text}"),
    )
}

/// Each value but one has one of these before it. Texts may have more, so that a large number says nothing yet.
fn bound_of_values(bytes: &[u8]) -> usize {
    let marks = bytes
        .iter()
        .filter(|byte| matches!(byte, b'[' | b'{' | b','));
    marks.count() + 1
}

/// An upper bound of the number of values, without building anything; marks in texts are left out.
fn count_values(bytes: &[u8]) -> usize {
    let (mut values, mut in_text, mut is_escaped) = (1usize, false, false);
    for &byte in bytes {
        if in_text {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' => is_escaped = true,
                b'"' => in_text = false,
                _ => {}
            }
        } else if byte == b'"' {
            in_text = true;
        } else if matches!(byte, b'[' | b'{' | b',') {
            values += 1;
        }
    }
    values
}

/// A container that is being read.
struct Open {
    node: Node,
    /// Where its children begin in [`Parser::pending`].
    first_pending: usize,
}

struct Parser<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    /// Values whose parent is not closed yet.
    pending: Vec<Node>,
    open: Vec<Open>,
    tree: Tree,
}

/// A text between quotes, and whether it was unescaped.
#[derive(Clone, Copy, Default)]
struct Quoted {
    span: Span,
    is_unescaped: bool,
}

impl Parser<'_> {
    fn fault(&self, offset: usize, text: &str) -> SceneError {
        fault(self.bytes, offset, text)
    }

    fn document(&mut self) -> Result<(), SceneError> {
        let mut key = Quoted::default();
        loop {
            self.skip_space();
            if let Some(node) = self.value(key)? {
                self.pending.push(node);
            } else if let Some(next) = self.enter()? {
                key = next;
                continue;
            }
            match self.leave()? {
                Some(next) => key = next,
                None => break,
            }
        }
        self.skip_space();
        if self.at < self.bytes.len() {
            return Err(self.fault(self.at, "something follows the end"));
        }
        self.flush(0, u32::MAX);
        Ok(())
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    /// A value that is not a container; of a container, only its opening.
    fn value(&mut self, key: Quoted) -> Result<Option<Node>, SceneError> {
        let start = self.at;
        let byte = self
            .peek()
            .ok_or_else(|| self.fault(start, "it ends too early"))?;
        let mut text = Quoted::default();
        let mut place = 0;
        let kind = match byte {
            b'{' | b'[' => {
                self.at += 1;
                if byte == b'{' {
                    Kind::Object
                } else {
                    Kind::Array
                }
            }
            b'"' => {
                text = self.quoted()?;
                Kind::Text
            }
            b't' => self.word(b"true", Kind::True)?,
            b'f' => self.word(b"false", Kind::False)?,
            b'n' => self.word(b"null", Kind::Null)?,
            b'-' | b'0'..=b'9' => {
                place = self.number()?;
                Kind::Number
            }
            _ => return Err(self.fault(start, "a value is expected")),
        };
        let span = if kind == Kind::Text {
            text.span
        } else {
            Span {
                start: start as u32,
                end: self.at as u32,
            }
        };
        let node = Node {
            span,
            key: key.span,
            parent: u32::MAX,
            first_child: place,
            child_count: 0,
            kind,
            is_unescaped: text.is_unescaped,
            is_key_unescaped: key.is_unescaped,
        };
        if !matches!(kind, Kind::Object | Kind::Array) {
            return Ok(Some(node));
        }
        if self.open.len() >= MAX_JSON_DEPTH {
            return Err(SceneError::new(
                ErrorKind::OverLimit,
                "",
                format!("its JSON is nested deeper than {MAX_JSON_DEPTH}"),
            ));
        }
        self.open.push(Open {
            node,
            first_pending: self.pending.len(),
        });
        Ok(None)
    }

    /// After an opening: the key of the first child, or `None` when the container is empty and was closed.
    fn enter(&mut self) -> Result<Option<Quoted>, SceneError> {
        self.skip_space();
        let Some(open) = self.open.last() else {
            return Ok(None);
        };
        let is_object = open.node.kind == Kind::Object;
        let closing = if is_object { b'}' } else { b']' };
        if self.peek() == Some(closing) {
            self.at += 1;
            self.close()?;
            return Ok(None);
        }
        if is_object {
            self.key().map(Some)
        } else {
            Ok(Some(Quoted::default()))
        }
    }

    /// After a value: the key of the next one, or `None` at the end of the document.
    fn leave(&mut self) -> Result<Option<Quoted>, SceneError> {
        while let Some(open) = self.open.last() {
            let is_object = open.node.kind == Kind::Object;
            self.skip_space();
            match (self.peek(), is_object) {
                (Some(b','), _) => {
                    self.at += 1;
                    self.skip_space();
                    return if is_object {
                        self.key().map(Some)
                    } else {
                        Ok(Some(Quoted::default()))
                    };
                }
                (Some(b'}'), true) | (Some(b']'), false) => {
                    self.at += 1;
                    self.close()?;
                }
                (None, _) => return Err(self.fault(self.at, "it ends too early")),
                _ => return Err(self.fault(self.at, "a comma or an end is expected")),
            }
        }
        Ok(None)
    }

    fn key(&mut self) -> Result<Quoted, SceneError> {
        if self.peek() != Some(b'"') {
            return Err(self.fault(self.at, "a name in quotes is expected"));
        }
        let key = self.quoted()?;
        self.skip_space();
        if self.peek() != Some(b':') {
            return Err(self.fault(self.at, "a colon is expected"));
        }
        self.at += 1;
        Ok(key)
    }

    fn close(&mut self) -> Result<(), SceneError> {
        let Some(Open {
            mut node,
            first_pending,
        }) = self.open.pop()
        else {
            return Ok(());
        };
        if node.kind == Kind::Object {
            self.refuse_doubled_keys(first_pending)?;
        }
        node.span.end = self.at as u32;
        node.first_child = self.tree.nodes.len() as u32;
        node.child_count = (self.pending.len() - first_pending) as u32;
        self.flush(first_pending, u32::MAX);
        self.pending.push(node);
        Ok(())
    }

    /// Gives the values from `first_pending` on their final places, and their children their parents.
    fn flush(&mut self, first_pending: usize, parent: u32) {
        for node in self.pending.drain(first_pending..) {
            let place = self.tree.nodes.len() as u32;
            for child in self.tree.children(&node) {
                self.tree.nodes[child as usize].parent = place;
            }
            self.tree.nodes.push(Node { parent, ..node });
        }
    }

    /// Refuses doubled names; the members of a large object are put in the order of their names.
    fn refuse_doubled_keys(&mut self, first_pending: usize) -> Result<(), SceneError> {
        let members = &mut self.pending[first_pending..];
        let (text, unescaped) = (self.text, &self.tree.unescaped);
        let key = |node: &Node| {
            let source = if node.is_key_unescaped {
                unescaped
            } else {
                text
            };
            &source.as_bytes()[node.key.start as usize..node.key.end as usize]
        };
        let doubled = if members.len() <= SMALL_OBJECT {
            let mut members_before = members.iter().enumerate();
            members_before.find_map(|(index, member)| {
                let is_doubled = members[..index]
                    .iter()
                    .any(|other| key(other) == key(member));
                is_doubled.then_some(member)
            })
        } else {
            members.sort_unstable_by(|a, b| key(a).cmp(key(b)));
            let mut pairs = members.windows(2);
            pairs
                .find(|pair| key(&pair[0]) == key(&pair[1]))
                .map(|pair| &pair[1])
        };
        match doubled {
            Some(member) => {
                let name: String = String::from_utf8_lossy(key(member))
                    .chars()
                    .take(40)
                    .collect();
                Err(self.fault(
                    self.at,
                    &format!("the name {name:?} stands twice in one object"),
                ))
            }
            None => Ok(()),
        }
    }

    fn word(&mut self, word: &[u8], kind: Kind) -> Result<Kind, SceneError> {
        if self.bytes[self.at..].starts_with(word) {
            self.at += word.len();
            Ok(kind)
        } else {
            Err(self.fault(self.at, "a value is expected"))
        }
    }

    fn digits(&mut self) -> Result<(), SceneError> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start {
            Err(self.fault(self.at, "a digit is expected"))
        } else {
            Ok(())
        }
    }

    /// Where it is kept, if it is a long one.
    fn number(&mut self) -> Result<u32, SceneError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        let has_exponent = matches!(self.peek(), Some(b'e' | b'E'));
        if has_exponent {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        let length = self.at - start;
        if length > MAX_JSON_NUMBER_BYTES {
            return Err(SceneError::new(
                ErrorKind::OverLimit,
                "",
                format!(
                    "the number at byte {start} of its JSON has {length} characters, the limit is {MAX_JSON_NUMBER_BYTES}"
                ),
            ));
        }
        if length <= SHORT_NUMBER && !has_exponent {
            return Ok(0);
        }
        let number: f64 = self.text[start..self.at].parse().unwrap_or(f64::INFINITY);
        if number.is_infinite() {
            self.tree.huge_number.get_or_insert(start);
        }
        if length <= SHORT_NUMBER {
            return Ok(0);
        }
        let place = self.tree.long_numbers.len() as u32;
        self.tree.long_numbers.push(number);
        Ok(place)
    }

    /// A text; one with escapes is unescaped beside the document.
    fn quoted(&mut self) -> Result<Quoted, SceneError> {
        self.at += 1;
        let start = self.at;
        let mut run = start;
        let mut side = None;
        loop {
            let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..=0x1F);
            let rest = &self.bytes[self.at..];
            self.at += rest.iter().position(is_special).unwrap_or(rest.len());
            match self.peek() {
                None => return Err(self.fault(self.at, "a text has no end")),
                Some(b'"') => break,
                Some(b'\\') => {
                    let text = self.text;
                    let unescaped = &mut self.tree.unescaped;
                    side.get_or_insert(unescaped.len());
                    unescaped.push_str(&text[run..self.at]);
                    self.escape()?;
                    run = self.at;
                }
                Some(_) => return Err(self.fault(self.at, "a control character in a text")),
            }
        }
        let end = self.at;
        self.at += 1;
        let Some(side) = side else {
            return Ok(Quoted {
                span: Span {
                    start: start as u32,
                    end: end as u32,
                },
                is_unescaped: false,
            });
        };
        self.tree.unescaped.push_str(&self.text[run..end]);
        Ok(Quoted {
            span: Span {
                start: side as u32,
                end: self.tree.unescaped.len() as u32,
            },
            is_unescaped: true,
        })
    }

    fn escape(&mut self) -> Result<(), SceneError> {
        let start = self.at;
        self.at += 1;
        let character = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{C}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                let character = self.unicode(start)?;
                self.tree.unescaped.push(character);
                return Ok(());
            }
            _ => return Err(self.fault(start, "an unknown escape")),
        };
        self.at += 1;
        self.tree.unescaped.push(character);
        Ok(())
    }

    /// Four hexadecimal digits, and four more after the first half of a pair; a half alone becomes U+FFFD.
    fn unicode(&mut self, start: usize) -> Result<char, SceneError> {
        let first = self
            .hexadecimal(self.at)
            .ok_or_else(|| self.fault(start, "an unknown escape"))?;
        self.at += 4;
        if (0xD800..0xDC00).contains(&first)
            && self.bytes[self.at..].starts_with(b"\\u")
            && let Some(second) = self.hexadecimal(self.at + 2)
            && (0xDC00..0xE000).contains(&second)
        {
            self.at += 6;
            let code = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
            return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn hexadecimal(&self, at: usize) -> Option<u32> {
        let digits = self.bytes.get(at..at + 4)?;
        digits.iter().try_fold(0, |code, digit| {
            Some(code * 16 + char::from(*digit).to_digit(16)?)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::json::Item;
    use proptest::prelude::*;

    #[test]
    fn deep_wide_or_doubled_texts_are_refused() {
        assert_eq!(
            parse("[".repeat(100).as_bytes()).unwrap_err().kind,
            ErrorKind::OverLimit
        );
        assert_eq!(
            parse(format!("[{}0]", "0,".repeat(MAX_JSON_VALUES + 1)).as_bytes())
                .unwrap_err()
                .kind,
            ErrorKind::OverLimit
        );
        assert!(parse(format!("\"{}\"", "[".repeat(100)).as_bytes()).is_ok());
        let commas = format!("\"\\\"{}\"", ",".repeat(MAX_JSON_VALUES + 1));
        let tree = parse(commas.as_bytes()).unwrap();
        assert!(tree.nodes.capacity() < 100);
        for doubled in [
            r#"{"a":1,"\u0061":2}"#.to_owned(),
            format!(
                "{{{}\"7\":0}}",
                (0..50)
                    .map(|key| format!("\"{key}\":0,"))
                    .collect::<String>()
            ),
        ] {
            let error = parse(doubled.as_bytes()).unwrap_err();
            assert!(error.fault.contains("twice"), "{error}");
        }
    }

    #[test]
    fn a_member_of_a_large_object_is_found_without_a_look_at_all() {
        let members: Vec<String> = (0..100_000).map(|key| format!("\"{key}\":{key}")).collect();
        let text = format!("{{\"\\u0061\":-1,{}}}", members.join(","));
        let tree = parse(text.as_bytes()).unwrap();
        let mut looks = 0;
        for key in (0..100_000).map(|key| key.to_string()) {
            let node = tree.node(tree.root());
            let found = tree.among_many(tree.children(node), |name| {
                looks += 1;
                name.cmp(&key)
            });
            assert_eq!(found.map(|found| tree.text(tree.node(found))), Some(&*key));
        }
        assert!(looks < 100_000 * 20, "{looks}");
        let root = Item::root(&tree);
        assert!(root.get("a").is_some() && root.get("b").is_none() && root.get("").is_none());
    }

    #[test]
    fn long_numbers_are_what_they_say() {
        let texts = [
            "1",
            "0.1234567890123456789012345678901234567890",
            "-12345678901234567890123456789012345678901234567890",
            "3.000000000000000000000000000000",
            "1.00000000000000000000000000000000e-7",
            "2",
        ];
        let tree = parse(format!("[{}]", texts.join(",")).as_bytes()).unwrap();
        let root = Item::root(&tree);
        for (place, text) in texts.into_iter().enumerate() {
            let number = root.element(place).unwrap().as_number();
            assert_eq!(number, text.parse().ok(), "{text}");
        }
        assert_eq!(root.element(3).unwrap().size().unwrap(), 3);
        assert_eq!(root.element(1).unwrap().count(), 0);
    }

    #[test]
    fn endless_numbers_are_refused() {
        let number = |digits: usize| format!("[0.{}]", "0".repeat(digits));
        assert!(parse(number(MAX_JSON_NUMBER_BYTES - 2).as_bytes()).is_ok());
        let error = parse(number(MAX_JSON_NUMBER_BYTES - 1).as_bytes()).unwrap_err();
        assert_eq!(error.kind, ErrorKind::OverLimit);
        assert!(error.fault.contains("characters"), "{error}");
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for text in [
            "",
            "{",
            "[1,]",
            "{\"a\"}",
            "{\"a\":}",
            "01",
            "1.",
            "-",
            "tru",
            "\"\\x\"",
            "\"\\ud8\"",
            "[1}",
            "1 2",
            "\"\n\"",
            "{a:1}",
            "[}",
            ",",
        ] {
            assert!(parse(text.as_bytes()).is_err(), "{text:?}");
        }
    }

    #[test]
    fn escapes_are_undone() {
        let tree = parse(r#"["\u00e9\n\ud83d\ude00\"x", "\ud83d"]"#.as_bytes()).unwrap();
        let root = Item::root(&tree);
        assert_eq!(
            root.element(0).and_then(|item| item.as_text()),
            Some("\u{e9}\n\u{1F600}\"x")
        );
        assert_eq!(
            root.element(1).and_then(|item| item.as_text()),
            Some("\u{FFFD}")
        );
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        use serde_json::Value;
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<i32>().prop_map(|number| Value::from(f64::from(number) / 8.0)),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 64, 8, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                proptest::collection::btree_map(any::<String>(), inner, 0..6)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn agrees_with_serde_json(value in json()) {
            let text = serde_json::to_string_pretty(&value).unwrap();
            let tree = parse(text.as_bytes()).unwrap();
            let again: serde_json::Value = serde_json::from_str(&Item::root(&tree).json()).unwrap();
            prop_assert_eq!(again, value);
        }

        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            drop(parse(&bytes));
        }

        #[test]
        fn accepts_what_serde_json_accepts(text in "[\\[\\]{}\",:0-9eE.+a\\\\u\\- -]{0,24}") {
            let ours = parse(text.as_bytes());
            if serde_json::from_str::<serde_json::Value>(&text).is_ok()
                && let Err(error) = ours {
                    prop_assert!(error.fault.contains("twice"), "{}", error);
                }
        }
    }
}
