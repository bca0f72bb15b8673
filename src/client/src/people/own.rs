//! One's own body in first person: there, but without the head that one looks out of.

use super::{Dressed, Figure, Who};
use crate::camera::ViewMode;
use bevy::prelude::*;

/// Shows of each body what its viewer is meant to see.
pub(super) fn show_parts(
    mode: Res<ViewMode>,
    figures: Query<(&Figure, &Dressed)>,
    mut visibilities: Query<&mut Visibility, Without<Figure>>,
) {
    for (figure, Dressed(body)) in &figures {
        let is_self = figure.who == Who::Me && mode.is_first_person;
        for &(seen_by, entity) in &body.parts {
            if let Ok(mut visibility) = visibilities.get_mut(entity) {
                visibility.set_if_neq(if seen_by.is_seen(is_self) {
                    Visibility::Inherited
                } else {
                    Visibility::Hidden
                });
            }
        }
    }
}
