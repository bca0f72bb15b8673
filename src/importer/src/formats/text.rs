//! Numbers in text.

/// The next number of a row of words.
pub(super) fn number<'t>(words: &mut impl Iterator<Item = &'t str>) -> Option<f32> {
    words
        .next()?
        .parse()
        .ok()
        .filter(|value: &f32| value.is_finite())
}
