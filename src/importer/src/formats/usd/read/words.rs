//! Words of the text form of USD: names, numbers, texts, and values made of them.

use super::value::{Budget, Value};
use crate::formats::usd::limits::MAX_DEPTH;

/// A place in a text.
pub(crate) struct Words<'a> {
    bytes: &'a [u8],
    at: usize,
    pub(crate) budget: &'a Budget,
}

impl<'a> Words<'a> {
    pub(crate) fn new(bytes: &'a [u8], budget: &'a Budget) -> Self {
        Self {
            bytes,
            at: 0,
            budget,
        }
    }

    /// One line that names the place.
    pub(crate) fn fault(&self, what: &str) -> String {
        let before = &self.bytes[..self.at.min(self.bytes.len())];
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        format!("line {line}: {what}")
    }

    fn skip_space(&mut self) {
        while let Some(byte) = self.bytes.get(self.at) {
            let rest = &self.bytes[self.at..];
            if rest.starts_with(b"/*") {
                let end = rest.windows(2).position(|own| own == b"*/");
                self.at += end.map_or(rest.len(), |end| end + 2);
            } else if *byte == b'#' || rest.starts_with(b"//") {
                let end = rest.iter().position(|byte| *byte == b'\n');
                self.at += end.unwrap_or(rest.len());
            } else if byte.is_ascii_whitespace() || *byte == b';' {
                self.at += 1;
            } else {
                break;
            }
        }
    }

    /// The next byte that is no space; it is not taken.
    pub(crate) fn peek(&mut self) -> Option<u8> {
        self.skip_space();
        self.bytes.get(self.at).copied()
    }

    /// Takes the byte if it comes next.
    pub(crate) fn take(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    pub(crate) fn expect(&mut self, byte: u8) -> Result<(), String> {
        match self.take(byte) {
            true => Ok(()),
            false => Err(self.fault(&format!("`{}` is missing", byte as char))),
        }
    }

    /// The next name, which may have parts; empty when there is none.
    pub(crate) fn name(&mut self) -> String {
        self.skip_space();
        let rest = &self.bytes[self.at..];
        let is_part =
            |byte: &u8| byte.is_ascii_alphanumeric() || b"_:.".contains(byte) || *byte >= 0x80;
        let end = rest.iter().position(|byte| !is_part(byte));
        let (own, _) = rest.split_at(end.unwrap_or(rest.len()));
        self.at += own.len();
        String::from_utf8_lossy(own).into_owned()
    }

    /// Takes the name if it comes next.
    pub(crate) fn take_name(&mut self, name: &str) -> bool {
        let start = self.at;
        let is_next = self.name() == name;
        if !is_next {
            self.at = start;
        }
        is_next
    }

    /// A text in quotes of any kind.
    pub(crate) fn text(&mut self) -> Result<String, String> {
        let quote = self.peek().filter(|byte| *byte == b'"' || *byte == b'\'');
        let quote = quote.ok_or_else(|| self.fault("a text in quotes is missing"))?;
        let rest = &self.bytes[self.at..];
        let is_long = rest.starts_with(&[quote; 3]);
        let width = if is_long { 3 } else { 1 };
        self.at += width;
        let mut own = Vec::new();
        loop {
            let rest = &self.bytes[self.at..];
            let Some(byte) = rest.first() else {
                return Err(self.fault("a text has no end"));
            };
            if rest.starts_with(&[quote; 3][..width]) {
                self.at += width;
                break;
            }
            let escaped = rest.get(1).filter(|_| *byte == b'\\');
            own.push(match escaped {
                Some(b'n') => b'\n',
                Some(b't') => b'\t',
                Some(other) => *other,
                None => *byte,
            });
            self.at += if escaped.is_some() { 2 } else { 1 };
        }
        let own = String::from_utf8_lossy(&own).into_owned();
        self.budget.take_text(&own)?;
        Ok(own)
    }

    /// An asset path between `@`.
    pub(crate) fn asset(&mut self) -> Result<String, String> {
        self.skip_space();
        let marks: &[u8] = match self.bytes[self.at..].starts_with(b"@@@") {
            true => b"@@@",
            false => b"@",
        };
        self.between(marks, marks)
    }

    /// A path of a prim or property between angle brackets.
    pub(crate) fn path(&mut self) -> Result<String, String> {
        self.between(b"<", b">")
    }

    fn between(&mut self, start: &[u8], end: &[u8]) -> Result<String, String> {
        self.skip_space();
        let rest = self.bytes[self.at..].strip_prefix(start);
        let rest = rest.ok_or_else(|| self.fault("a path is missing"))?;
        let length = rest.windows(end.len()).position(|own| own == end);
        let length = length.ok_or_else(|| self.fault("a path has no end"))?;
        self.at += start.len() + length + end.len();
        let own = String::from_utf8_lossy(&rest[..length]).into_owned();
        self.budget.take_text(&own)?;
        Ok(own)
    }

    fn number(&mut self) -> Result<f64, String> {
        self.skip_space();
        let rest = &self.bytes[self.at..];
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
        let end = rest.iter().position(|byte| !is_part(byte));
        let (own, _) = rest.split_at(end.unwrap_or(rest.len()));
        let number = std::str::from_utf8(own)
            .ok()
            .and_then(|own| own.parse().ok());
        let number = number.ok_or_else(|| self.fault("a number is none"))?;
        self.at += own.len();
        Ok(number)
    }

    /// A value of any kind but a dictionary.
    pub(crate) fn value(&mut self) -> Result<Value, String> {
        if self.peek().is_some_and(|byte| byte.is_ascii_alphabetic()) {
            let start = self.at;
            match self.name().as_str() {
                "None" | "AnimationBlock" => return Ok(Value::Blocked),
                _ => self.at = start,
            }
        }
        let mut list = List::default();
        self.items(&mut list, 0)?;
        Ok(match list.texts.is_empty() {
            true => Value::Numbers(list.numbers),
            false => Value::Texts(list.texts),
        })
    }

    fn items(&mut self, list: &mut List, depth: usize) -> Result<(), String> {
        if depth > MAX_DEPTH {
            return Err(self.fault("a value is nested too deep"));
        }
        let end = match self.peek() {
            Some(b'[') => b']',
            Some(b'(') => b')',
            Some(b'"' | b'\'') => return list.add_text(self.text()?, self),
            Some(b'@') => return list.add_text(self.asset()?, self),
            Some(b'<') => return list.add_text(self.path()?, self),
            Some(byte) if byte.is_ascii_alphabetic() => {
                let start = self.at;
                let name = self.name();
                let truth = match name.as_str() {
                    "true" | "True" => 1.0,
                    "false" | "False" => 0.0,
                    "inf" | "nan" => {
                        self.at = start;
                        self.number()?
                    }
                    _ => return list.add_text(name, self),
                };
                return list.add_number(truth, self);
            }
            _ => {
                let number = self.number()?;
                return list.add_number(number, self);
            }
        };
        self.at += 1;
        while !self.take(end) {
            self.items(list, depth + 1)?;
            if !self.take(b',') {
                self.expect(end)?;
                break;
            }
        }
        Ok(())
    }

    /// Passes over what nobody reads: anything up to where it ends.
    pub(crate) fn skip_value(&mut self) -> Result<(), String> {
        let is_word =
            |byte: &u8| byte.is_ascii_alphanumeric() || b"+-._:".contains(byte) || *byte >= 0x80;
        let mut depth = 0usize;
        loop {
            match self.peek() {
                Some(b'(' | b'[' | b'{') => {
                    depth += 1;
                    self.at += 1;
                }
                Some(b')' | b']' | b'}') if depth > 0 => {
                    depth -= 1;
                    self.at += 1;
                }
                Some(b'"' | b'\'') => drop(self.text()?),
                Some(b'@') => drop(self.asset()?),
                Some(b'<') => drop(self.path()?),
                Some(b',' | b'=') if depth > 0 => self.at += 1,
                Some(byte) if is_word(&byte) => {
                    let rest = &self.bytes[self.at..];
                    let end = rest.iter().position(|byte| !is_word(byte));
                    self.at += end.unwrap_or(rest.len());
                }
                _ => return Err(self.fault("a value is missing")),
            }
            if depth == 0 {
                return Ok(());
            }
        }
    }
}

#[derive(Default)]
struct List {
    numbers: Vec<f64>,
    texts: Vec<String>,
}

impl List {
    fn add_number(&mut self, number: f64, words: &Words<'_>) -> Result<(), String> {
        words.budget.take(1)?;
        self.numbers.push(number);
        self.check(words)
    }

    fn add_text(&mut self, text: String, words: &Words<'_>) -> Result<(), String> {
        self.texts.push(text);
        self.check(words)
    }

    fn check(&self, words: &Words<'_>) -> Result<(), String> {
        match self.numbers.is_empty() || self.texts.is_empty() {
            true => Ok(()),
            false => Err(words.fault("a value has numbers and texts")),
        }
    }
}
