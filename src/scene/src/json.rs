//! Bounded JSON, and a view of it that knows where it is, so that every fault has a pointer.

use crate::{
    error::{ErrorKind, SceneError},
    limits::{MAX_JSON_BYTES, MAX_JSON_DEPTH, MAX_JSON_VALUES, MAX_NAME_BYTES},
};
use serde_json::{Map, Value};

/// Parses untrusted JSON: size, nesting and number of values are checked before anything is built.
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, SceneError> {
    if bytes.len() > MAX_JSON_BYTES {
        return Err(SceneError::new(
            ErrorKind::OverLimit,
            "",
            format!(
                "its JSON has {} bytes, the limit is {MAX_JSON_BYTES}",
                bytes.len()
            ),
        ));
    }
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    scan(text)?;
    serde_json::from_slice(text).map_err(|error| {
        SceneError::new(
            ErrorKind::NotGltf,
            "",
            format!("its JSON cannot be read: {error}"),
        )
    })
}

/// Counts nesting and values without building anything.
fn scan(text: &[u8]) -> Result<(), SceneError> {
    let (mut depth, mut values, mut in_string, mut is_escaped) = (0usize, 0usize, false, false);
    for &byte in text {
        if in_string {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' => is_escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => {
                depth += 1;
                values += 1;
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' => values += 1,
            _ => {}
        }
        if depth > MAX_JSON_DEPTH {
            return Err(SceneError::new(
                ErrorKind::OverLimit,
                "",
                format!("its JSON is nested deeper than {MAX_JSON_DEPTH}"),
            ));
        }
        if values > MAX_JSON_VALUES {
            return Err(SceneError::new(
                ErrorKind::OverLimit,
                "",
                format!("its JSON has more than {MAX_JSON_VALUES} values"),
            ));
        }
    }
    Ok(())
}

/// One step from a value to a part of it.
#[derive(Clone, Copy)]
enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

/// A JSON value that knows its place.
#[derive(Clone, Copy)]
pub(crate) struct Item<'a> {
    value: &'a Value,
    up: Option<&'a Item<'a>>,
    step: Step<'a>,
}

impl<'a> Item<'a> {
    pub(crate) fn root(value: &'a Value) -> Self {
        Self {
            value,
            up: None,
            step: Step::Index(0),
        }
    }

    /// JSON pointer (RFC 6901).
    pub(crate) fn pointer(&self) -> String {
        let mut steps = Vec::new();
        let mut item = self;
        while let Some(up) = item.up {
            steps.push(match item.step {
                Step::Key(key) => key.replace('~', "~0").replace('/', "~1"),
                Step::Index(index) => index.to_string(),
            });
            item = up;
        }
        steps.iter().rev().map(|step| format!("/{step}")).collect()
    }

    pub(crate) fn fault(&self, text: impl Into<String>) -> SceneError {
        SceneError::new(ErrorKind::Invalid, self.pointer(), text)
    }

    pub(crate) fn over_limit(&self, text: impl Into<String>) -> SceneError {
        SceneError::new(ErrorKind::OverLimit, self.pointer(), text)
    }

    pub(crate) fn value(&self) -> &'a Value {
        self.value
    }

    /// A member, when it is there and not null.
    pub(crate) fn get<'b>(&'b self, key: &'b str) -> Option<Item<'b>> {
        let value = self.value.get(key).filter(|value| !value.is_null())?;
        Some(Item {
            value,
            up: Some(self),
            step: Step::Key(key),
        })
    }

    pub(crate) fn require<'b>(&'b self, key: &'b str) -> Result<Item<'b>, SceneError> {
        self.get(key)
            .ok_or_else(|| self.fault(format!("`{key}` is missing")))
    }

    /// An extension's object on this value.
    pub(crate) fn extension<'b>(&'b self, name: &'b str) -> Option<Item<'b>>
    where
        'a: 'b,
    {
        let value = self
            .value
            .get("extensions")?
            .get(name)
            .filter(|value| value.is_object())?;
        Some(Item {
            value,
            up: Some(self),
            step: Step::Key(name),
        })
    }

    /// The elements of an array; an error when it is something else or has too many.
    pub(crate) fn elements<'b>(
        &'b self,
        limit: usize,
    ) -> Result<impl Iterator<Item = Item<'b>>, SceneError> {
        let values = self
            .value
            .as_array()
            .ok_or_else(|| self.fault("must be an array"))?;
        if values.len() > limit {
            return Err(self.over_limit(format!(
                "has {} elements, the limit is {limit}",
                values.len()
            )));
        }
        Ok(values.iter().enumerate().map(move |(index, value)| Item {
            value,
            up: Some(self),
            step: Step::Index(index),
        }))
    }

    pub(crate) fn object(&self) -> Result<&'a Map<String, Value>, SceneError> {
        self.value
            .as_object()
            .ok_or_else(|| self.fault("must be an object"))
    }

    pub(crate) fn text(&self) -> Result<&'a str, SceneError> {
        self.value
            .as_str()
            .ok_or_else(|| self.fault("must be a text"))
    }

    pub(crate) fn flag(&self) -> Result<bool, SceneError> {
        self.value
            .as_bool()
            .ok_or_else(|| self.fault("must be true or false"))
    }

    pub(crate) fn number(&self) -> Result<f32, SceneError> {
        let number = self
            .value
            .as_f64()
            .ok_or_else(|| self.fault("must be a number"))? as f32;
        if number.is_finite() {
            Ok(number)
        } else {
            Err(self.fault("is too large a number"))
        }
    }

    /// A whole number that is not negative; `3.0` counts as one.
    pub(crate) fn size(&self) -> Result<u64, SceneError> {
        let whole = self.value.as_u64().or_else(|| {
            let number = self.value.as_f64()?;
            (number >= 0.0 && number.fract() == 0.0 && number < 9.0e15).then_some(number as u64)
        });
        whole.ok_or_else(|| self.fault("must be a whole number, zero or more"))
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
        let values = self
            .value
            .as_array()
            .filter(|values| values.len() == N)
            .ok_or_else(|| self.fault(format!("must be {N} numbers")))?;
        for (number, (index, value)) in numbers.iter_mut().zip(values.iter().enumerate()) {
            *number = Item {
                value,
                up: Some(self),
                step: Step::Index(index),
            }
            .number()?;
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
        let name = self
            .value
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let mut end = name.len().min(MAX_NAME_BYTES);
        while !name.is_char_boundary(end) {
            end -= 1;
        }
        name[..end].to_owned()
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

    #[test]
    fn faults_carry_their_pointer() {
        let value = parse(br#"{"nodes":[{},{"a/b":["x"]}]}"#).unwrap();
        let root = Item::root(&value);
        let nodes = root.get("nodes").unwrap();
        let node = nodes.elements(10).unwrap().nth(1).unwrap();
        let member = node.get("a/b").unwrap();
        let fault = member
            .elements(10)
            .unwrap()
            .next()
            .unwrap()
            .number()
            .unwrap_err();
        assert_eq!(fault.place, "/nodes/1/a~1b/0");
    }

    #[test]
    fn deep_or_wide_texts_are_refused_before_they_are_built() {
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
    }
}
