//! What fields of a layer hold.

use crate::formats::usd::limits::{MAX_TABLES, MAX_VALUES, MAX_VALUES_OF_ONE};
use std::cell::Cell;

/// What a field holds, or a sample of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// Hides what weaker layers say.
    Blocked,
    /// Numbers of every kind: those of vectors, matrices (by rows) and arrays one after the other, truth as 0 and 1.
    /// The real part of a quaternion comes first.
    Numbers(Vec<f64>),
    /// Tokens, strings, asset paths and paths.
    Texts(Vec<String>),
}

impl Value {
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Self::Numbers(own) => own.first().copied(),
            _ => None,
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Texts(own) => own.first().map(String::as_str),
            _ => None,
        }
    }

    /// What it is worth in a budget.
    pub(crate) fn worth(&self) -> usize {
        match self {
            Self::Blocked => 0,
            Self::Numbers(own) => own.len(),
            Self::Texts(own) => own.iter().map(|text| worth_of(text)).sum(),
        }
    }

    pub(crate) fn into_numbers(self) -> Vec<f64> {
        match self {
            Self::Numbers(own) => own,
            _ => Vec::new(),
        }
    }

    pub(crate) fn into_texts(self) -> Vec<String> {
        match self {
            Self::Texts(own) => own,
            _ => Vec::new(),
        }
    }
}

/// Edits of a list: layers that are stronger change what weaker ones say.
#[derive(Clone, Debug)]
pub(crate) struct ListEdit<T> {
    pub(crate) explicit: Option<Vec<T>>,
    pub(crate) prepended: Vec<T>,
    pub(crate) appended: Vec<T>,
    pub(crate) deleted: Vec<T>,
}

impl<T> Default for ListEdit<T> {
    fn default() -> Self {
        Self {
            explicit: None,
            prepended: Vec::new(),
            appended: Vec::new(),
            deleted: Vec::new(),
        }
    }
}

impl<T: Clone + Ord> ListEdit<T> {
    /// Changes a weaker list.
    pub(crate) fn apply(&self, list: &mut Vec<T>) {
        if let Some(explicit) = &self.explicit {
            list.clone_from(explicit);
        }
        let edits = self.deleted.iter().chain(&self.prepended);
        let moved: std::collections::BTreeSet<&T> = edits.chain(&self.appended).collect();
        list.retain(|own| !moved.contains(own));
        list.splice(0..0, self.prepended.iter().cloned());
        list.extend(self.appended.iter().cloned());
    }
}

/// What a text is worth in a budget.
fn worth_of(text: &str) -> usize {
    4 + text.len() / 8
}

/// How much may still be read of all values and tables of a file.
pub(crate) struct Budget {
    left: Cell<usize>,
    /// Of values that are kept, when they are used.
    uses: Cell<usize>,
    entries: Cell<usize>,
}

impl Budget {
    pub(crate) fn new() -> Self {
        Self {
            left: Cell::new(MAX_VALUES),
            uses: Cell::new(MAX_VALUES),
            entries: Cell::new(MAX_TABLES),
        }
    }

    /// Takes some of it, before memory is.
    ///
    /// # Errors
    /// One line when there is not as much left.
    pub(crate) fn take(&self, count: usize) -> Result<(), String> {
        if count > MAX_VALUES_OF_ONE {
            return Err(format!(
                "a value has {count} numbers, the limit is {MAX_VALUES_OF_ONE}"
            ));
        }
        let left =
            self.left.get().checked_sub(count).ok_or_else(|| {
                format!("its values have more than {MAX_VALUES} numbers together")
            })?;
        self.left.set(left);
        Ok(())
    }

    /// Takes what a value is worth that is kept and used once more.
    ///
    /// # Errors
    /// One line when there is not as much left.
    pub(crate) fn take_use(&self, value: &Value) -> Result<(), String> {
        let left = self.uses.get().checked_sub(value.worth()).ok_or_else(|| {
            format!("its prims use values with more than {MAX_VALUES} numbers together")
        })?;
        self.uses.set(left);
        Ok(())
    }

    /// Takes so many entries of a table.
    ///
    /// # Errors
    /// One line when there are not as many left.
    pub(crate) fn take_entries(&self, count: usize) -> Result<(), String> {
        let left = self.entries.get().checked_sub(count).ok_or_else(|| {
            format!("its layers have more than {MAX_TABLES} names, paths and fields together")
        })?;
        self.entries.set(left);
        Ok(())
    }

    /// Takes what a text is worth.
    ///
    /// # Errors
    /// One line when there is not as much left.
    pub(crate) fn take_text(&self, text: &str) -> Result<(), String> {
        self.take(worth_of(text))
    }
}
