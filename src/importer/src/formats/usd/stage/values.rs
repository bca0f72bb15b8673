//! What a prim of the stage has: the strongest value of each attribute, and where relationships lead.

use super::compose::{Opinion, Stage};
use crate::formats::usd::{
    limits::{MAX_CONNECTIONS, MAX_KEYS},
    read::{
        layer::{Layer, Property},
        value::{Budget, Value},
    },
};

/// A stage whose values are read.
pub(crate) struct Values<'s> {
    pub(crate) stage: &'s Stage,
    pub(crate) budget: &'s Budget,
}

/// What a shader's input comes from.
pub(crate) enum Source {
    /// The attribute that has the value, if there is one.
    Attribute(usize, String),
    /// The place of a shader, and the name of its output.
    Shader(usize, String),
}

impl<'s> Values<'s> {
    /// What layers say of a property, the strongest first.
    pub(crate) fn told(
        &self,
        prim: usize,
        name: &str,
    ) -> impl Iterator<Item = (&'s Opinion, &'s Layer, &'s Property)> {
        let opinions = self.stage.prims[prim].opinions.iter();
        opinions.filter_map(move |opinion| {
            let layer = &self.stage.layers[opinion.layer];
            let property = layer.prims[opinion.spec].properties.get(name)?;
            Some((opinion, layer, property))
        })
    }

    /// The value of an attribute at rest, with the path of the layer that says it: the one beside time, or the first over time.
    ///
    /// # Errors
    /// One line when a layer is damaged there, or too large.
    fn told_value(&self, prim: usize, name: &str) -> Result<Option<(Value, &'s str)>, String> {
        for (_, layer, property) in self.told(prim, name) {
            let value = match (&property.value, &property.samples) {
                (Some(value), _) => layer.value(value, self.budget)?,
                (None, Some(samples)) => match layer.first_sample(samples, self.budget)? {
                    Some(value) => value,
                    None => continue,
                },
                (None, None) => continue,
            };
            return Ok((value != Value::Blocked).then_some((value, layer.path.as_str())));
        }
        Ok(None)
    }

    pub(crate) fn value(&self, prim: usize, name: &str) -> Result<Option<Value>, String> {
        Ok(self.told_value(prim, name)?.map(|(value, _)| value))
    }

    pub(crate) fn numbers(&self, prim: usize, name: &str) -> Result<Option<Vec<f64>>, String> {
        Ok(self.value(prim, name)?.map(Value::into_numbers))
    }

    pub(crate) fn number(&self, prim: usize, name: &str) -> Result<Option<f64>, String> {
        Ok(self.value(prim, name)?.and_then(|value| value.number()))
    }

    pub(crate) fn texts(&self, prim: usize, name: &str) -> Result<Vec<String>, String> {
        let value = self.value(prim, name)?;
        Ok(value.map(Value::into_texts).unwrap_or_default())
    }

    pub(crate) fn text(&self, prim: usize, name: &str) -> Result<Option<String>, String> {
        let mut texts = self.texts(prim, name)?;
        Ok((!texts.is_empty()).then(|| texts.swap_remove(0)))
    }

    /// An asset path, with the path of the layer that says it.
    pub(crate) fn asset(
        &self,
        prim: usize,
        name: &str,
    ) -> Result<Option<(String, &'s str)>, String> {
        let told = self.told_value(prim, name)?;
        Ok(told.and_then(|(value, layer)| Some((value.text()?.to_owned(), layer))))
    }

    /// Values over time, in seconds; none when there are not several.
    pub(crate) fn samples(&self, prim: usize, name: &str) -> Result<Vec<(f64, Vec<f64>)>, String> {
        for (_, layer, property) in self.told(prim, name) {
            let Some(samples) = &property.samples else {
                match property.value {
                    Some(_) => return Ok(Vec::new()),
                    None => continue,
                }
            };
            let samples = layer.samples(samples, self.budget)?;
            let mut values = Vec::new();
            for (time, value) in samples.into_iter().take(MAX_KEYS) {
                let value = layer.value(&value, self.budget)?.into_numbers();
                if time.is_finite() && !value.is_empty() {
                    values.push((time, value));
                }
            }
            values.sort_by(|one, other| one.0.total_cmp(&other.0));
            return Ok(values);
        }
        Ok(Vec::new())
    }

    /// Where a relationship or connection leads on the stage.
    pub(crate) fn targets(&self, prim: usize, name: &str) -> Vec<String> {
        let told: Vec<_> = self.told(prim, name).collect();
        let mut all = Vec::new();
        for (opinion, _, property) in told.into_iter().rev() {
            let Some(edit) = &property.targets else {
                continue;
            };
            let mut edit = edit.as_ref().clone();
            let lists = [&mut edit.prepended, &mut edit.appended, &mut edit.deleted];
            for list in lists.into_iter().chain(&mut edit.explicit) {
                *list = list
                    .iter()
                    .filter_map(|path| Stage::to_stage(opinion, path))
                    .collect();
            }
            edit.apply(&mut all);
        }
        all
    }

    /// The first prim that a relationship leads to.
    pub(crate) fn target(&self, prim: usize, name: &str) -> Option<usize> {
        self.targets(prim, name)
            .iter()
            .find_map(|path| self.stage.find(path))
    }

    /// The same on the prim, or on the nearest above it that has it.
    pub(crate) fn inherited_target(&self, prim: usize, name: &str) -> Option<usize> {
        self.with_all_above(prim)
            .find_map(|own| self.target(own, name))
    }

    /// The prim and all above it.
    pub(crate) fn with_all_above(&self, prim: usize) -> impl Iterator<Item = usize> {
        let above = |own: &usize| (*own != 0).then(|| self.stage.prims[*own].parent);
        std::iter::successors(Some(prim), above)
    }

    /// What an input comes from, along connections through materials and node graphs.
    pub(crate) fn source(&self, prim: usize, name: &str) -> Source {
        let (mut prim, mut name) = (prim, name.to_owned());
        for _ in 0..MAX_CONNECTIONS {
            let targets = self.targets(prim, &name);
            let led = targets.iter().find_map(|path| {
                let (_, property) = path.split_once('.')?;
                Some((self.stage.find(path)?, property.to_owned()))
            });
            let Some((next, property)) = led else {
                break;
            };
            let is_shader = self.stage.prims[next].type_name == "Shader";
            if let Some(output) = property.strip_prefix("outputs:")
                && is_shader
            {
                return Source::Shader(next, output.to_owned());
            }
            (prim, name) = (next, property);
        }
        Source::Attribute(prim, name)
    }

    /// The strongest that is told of how values are spread over a mesh.
    pub(crate) fn interpolation(&self, prim: usize, name: &str) -> Option<&'s str> {
        self.told(prim, name)
            .find_map(|(_, _, own)| own.interpolation.as_deref())
    }

    /// How many numbers of a list belong together.
    pub(crate) fn element_size(&self, prim: usize, name: &str) -> usize {
        self.told(prim, name)
            .find_map(|(_, _, own)| own.element_size)
            .unwrap_or(1)
            .max(1)
    }
}
